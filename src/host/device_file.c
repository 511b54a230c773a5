/* SPDX-License-Identifier: Apache-2.0 */
/* See device_file.h. */
#include "host/device_file.h"

#include "host/scan.h"

#include "base/file_read.h"
#include "base/file_save.h"
#include "base/hex.h"
#include "base/output.h"
#include "base/sha256.h"
#include "ota/error.h"
#include "ota/proto.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACE_HASH 8u /* bytes of it in a file's name */
#define HASH_TEXT (2u * OTA_SHA256_SIZE)

/* --- names */

int device_file_folder(const struct device_file *kind, char *buf, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const bool xdg = state && state[0] == '/';
	int n;

	if (!xdg && !(home && home[0] == '/'))
		return -OTA_EINVAL;
	n = snprintf(buf, size, "%s%s/otabench/%s", xdg ? state : home, xdg ? "" : "/.local/state",
		     kind->folder);
	return n > 0 && (size_t)n < size ? 0 : -OTA_EINVAL;
}

int device_file_path(const struct device_file *kind, const char *place, const char *address,
		     char *buf, size_t size)
{
	char folder[PATH_MAX], digits[SCAN_ADDRESS_SIZE] = "", sim[2 * PLACE_HASH + 8] = "";
	uint8_t hash[OTA_SHA256_SIZE];
	size_t len = 0;
	int n;

	if (!scan_is_address(address) || device_file_folder(kind, folder, sizeof(folder)) < 0)
		return -OTA_EINVAL;
	for (const char *c = address; *c; c++) {
		if (*c != ':')
			digits[len++] = *c >= 'a' && *c <= 'f' ? (char)(*c - 'a' + 'A') : *c;
	}
	if (strcmp(place, DEVICE_PLACE_AIR) != 0) {
		memcpy(sim, "-sim", 4);
		sha256_buffer((const uint8_t *)place, strlen(place), hash);
		(void)hex_encode(hash, PLACE_HASH, sim + 4);
	}
	n = snprintf(buf, size, "%s/%s%s%s", folder, digits, sim, kind->suffix);
	return n > 0 && (size_t)n < size ? 0 : -OTA_EINVAL;
}

/* --- the text */

static size_t head_size(const struct device_file *kind)
{
	return strlen(kind->head) + 2u + HASH_TEXT + 1u; /* "... 1 HASH\n" */
}

char *device_file_format(const struct device_file *kind, const json_t *object, size_t *ret_len)
{
	const size_t head = head_size(kind);
	uint8_t hash[OTA_SHA256_SIZE];
	char digits[HASH_TEXT + 1], *body = object ? json_dumps(object, JSON_INDENT(1)) : NULL;
	char *text;

	if (!body)
		return NULL;
	sha256_buffer((const uint8_t *)body, strlen(body), hash);
	*ret_len = head + strlen(body);
	text = malloc(*ret_len + 1);
	if (text)
		(void)snprintf(text, *ret_len + 1, "%s%c %s\n%s", kind->head, kind->version,
			       hex_encode(hash, sizeof(hash), digits), body);
	free(body);
	return text;
}

static bool has_hash(const char *text, size_t len, size_t head)
{
	uint8_t told[OTA_SHA256_SIZE], is[OTA_SHA256_SIZE];

	if (text[head - 1] != '\n' ||
	    hex_decode(text + head - 1 - HASH_TEXT, told, sizeof(told)) < 0)
		return false;
	sha256_buffer((const uint8_t *)text + head, len - head, is);
	return memcmp(told, is, sizeof(is)) == 0;
}

static json_t *refuse(char *why, size_t size, const char *text, const char *what)
{
	(void)snprintf(why, size, "%s%s", text, what);
	return NULL;
}

json_t *device_file_parse(const struct device_file *kind, const char *text, size_t len, char *why,
			  size_t size)
{
	const size_t head = head_size(kind), name = strlen(kind->head);
	json_t *json;

	if (len < head || len > kind->size_max || memcmp(text, kind->head, name) != 0)
		return refuse(why, size, "not ", kind->what);
	if (text[name] != kind->version || text[name + 1] != ' ')
		return refuse(why, size, "written by another version of otabench", "");
	if (!has_hash(text, len, head))
		return refuse(why, size, "damaged: its SHA-256 does not fit", "");
	json = json_loadb(text + head, len - head, JSON_REJECT_DUPLICATES, NULL);
	return json ? json : refuse(why, size, "damaged: JSON is missing or out of range", "");
}

/* --- files */

int device_file_cannot(const char *path, const char *why, int code, char *error, size_t size)
{
	char safe[PATH_MAX];

	(void)output_safe_text(path, strlen(path), safe, sizeof(safe));
	(void)snprintf(error, size, "%s: %s", safe, why);
	return code;
}

int device_file_read(const struct device_file *kind, const char *path, char **ret, size_t *ret_len,
		     char *error, size_t size)
{
	FILE *in = file_read_stream(path);
	size_t len;
	char *text;
	int r = 0;

	if (!in && errno == ENOENT)
		return -OTA_ENOENT;
	if (!in)
		return device_file_cannot(path, file_read_why(errno), -OTA_EIO, error, size);
	text = malloc(kind->size_max + 1);
	len = text ? fread(text, 1, kind->size_max + 1, in) : 0;
	if (!text)
		r = -OTA_ENOMEM;
	else if (ferror(in))
		r = device_file_cannot(path, "cannot be read", -OTA_EIO, error, size);
	(void)fclose(in);
	if (r < 0) {
		free(text);
		return r;
	}
	*ret = text;
	*ret_len = len;
	return 0;
}

int device_file_write(const struct device_file *kind, const char *place, const char *address,
		      const char *text, size_t len, char *error, size_t size)
{
	char path[PATH_MAX];
	const int r = device_file_path(kind, place, address, path, sizeof(path));

	if (r < 0) {
		(void)snprintf(error, size, "neither HOME nor XDG_STATE_HOME is set");
		return r;
	}
	if (!text)
		return device_file_cannot(path, "out of memory", -OTA_ENOMEM, error, size);
	return file_save_as(path, FILE_SAVE_REPLACE | FILE_SAVE_PRIVATE | FILE_SAVE_FOLDERS, text,
			    len, error, size);
}

void device_file_drop(const struct device_file *kind, const char *place, const char *address)
{
	char path[PATH_MAX];

	if (device_file_path(kind, place, address, path, sizeof(path)) == 0)
		(void)unlink(path);
}

static bool is_of(const struct device_file *kind, const char *name)
{
	const size_t len = strlen(name), suffix = strlen(kind->suffix);

	return len > suffix && strcmp(name + len - suffix, kind->suffix) == 0;
}

int device_file_each(const struct device_file *kind, int (*take)(void *ctx, const char *path),
		     void *ctx)
{
	char folder[PATH_MAX], path[PATH_MAX];
	const struct dirent *entry;
	DIR *dir = NULL;
	int r = 0;

	if (device_file_folder(kind, folder, sizeof(folder)) == 0)
		dir = opendir(folder);
	while (dir && r == 0 && (entry = readdir(dir)) != NULL) {
		if (is_of(kind, entry->d_name) &&
		    (size_t)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) <
			    sizeof(path))
			r = take(ctx, path);
	}
	if (dir)
		(void)closedir(dir);
	return r;
}

/* --- values */

json_int_t device_reader_number(struct device_reader *r, const json_t *from, const char *key,
				json_int_t most)
{
	const json_t *v = json_object_get(from, key);
	const json_int_t n = json_integer_value(v);

	if (json_is_integer(v) && n >= 0 && n <= most)
		return n;
	r->bad = key;
	return 0;
}

bool device_reader_truth(struct device_reader *r, const json_t *from, const char *key)
{
	const json_t *v = json_object_get(from, key);

	if (!json_is_boolean(v))
		r->bad = key;
	return json_is_true(v);
}

void device_reader_bytes(struct device_reader *r, const json_t *from, const char *key, void *ret,
			 size_t len)
{
	const char *digits = json_string_value(json_object_get(from, key));

	if (!digits || strlen(digits) != 2 * len || hex_decode(digits, ret, len) < 0)
		r->bad = key;
}

/* A path or a name is bytes, and JSON is UTF-8: what is not goes as hexadecimal digits. */
json_t *device_text_json(const char *text)
{
	const size_t len = strlen(text);
	json_t *json = json_string(text);
	char *digits;

	if (json)
		return json;
	digits = malloc(2 * len + 1);
	if (digits)
		json = json_pack("{s:s}", "hex", hex_encode((const uint8_t *)text, len, digits));
	free(digits);
	return json;
}

void device_reader_text(struct device_reader *r, const json_t *from, const char *key, char *ret,
			size_t size)
{
	const json_t *v = json_object_get(from, key), *hex = json_object_get(v, "hex");
	const size_t len = json_string_length(json_is_object(v) ? hex : v);
	const char *text = json_string_value(json_is_object(v) ? hex : v), *before = r->bad;

	ret[0] = '\0';
	r->bad = key;
	if (!text || strlen(text) != len || (len / (json_is_object(v) ? 2 : 1)) >= size)
		return;
	if (!json_is_object(v)) {
		memcpy(ret, text, len + 1);
	} else {
		if (len % 2 != 0 || hex_decode(text, (uint8_t *)ret, len / 2) < 0 ||
		    memchr(ret, '\0', len / 2))
			return;
		ret[len / 2] = '\0';
	}
	r->bad = before;
}
