/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See journal.h: a journal as text.  The first line has the version and the SHA-256 of what
 * follows it, which is JSON: what half a write or a bad disk left is not taken for a journal.
 */
#include "host/journal.h"

#include "base/hex.h"
#include "base/output.h"
#include "base/sha256.h"
#include "ota/device.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "otabench-journal "
#define VERSION '1'
#define HASH_TEXT (2u * OTA_SHA256_SIZE)
#define HEAD_SIZE (sizeof(HEAD) - 1u + 2u + HASH_TEXT + 1u) /* "... 1 HASH\n" */

/* --- writing */

/* A path is bytes, and JSON is UTF-8: what is not goes as hexadecimal digits. */
static json_t *text_to_json(const char *text)
{
	char digits[2 * PATH_MAX + 1];
	json_t *plain = json_string(text);

	return plain ? plain
		     : json_pack("{s:s}", "hex",
				 hex_encode((const uint8_t *)text, strlen(text), digits));
}

static json_t *image_to_json(const struct journal_image *i)
{
	char hash[HASH_TEXT + 1];

	return json_pack("{s:s,s:I,s:I,s:I,s:b,s:b,s:I,s:s,s:o}", "sha256",
			 hex_encode(i->sha256, sizeof(i->sha256), hash), "size",
			 (json_int_t)i->size, "received", (json_int_t)i->received, "flushed",
			 (json_int_t)i->flushed, "ended", i->ended, "no_confirm", i->no_confirm,
			 "forced", (json_int_t)i->forced, "outcome",
			 session_outcome_name(i->outcome), "path", text_to_json(i->path));
}

char *journal_format(const struct journal *j, size_t *ret_len)
{
	json_t *images = json_array(), *json;
	uint8_t hash[OTA_SHA256_SIZE];
	char digits[HASH_TEXT + 1], *body = NULL, *text = NULL;

	for (size_t i = 0; images && i < j->count; i++)
		(void)json_array_append_new(images, image_to_json(&j->images[i]));
	json = json_pack("{s:o,s:s,s:o,s:I,s:I,s:I,s:o}", "place", text_to_json(j->place),
			 "address", j->address, "name", text_to_json(j->name), "process",
			 (json_int_t)j->process, "at", (json_int_t)j->at, "order",
			 (json_int_t)j->order, "images", images);
	if (json)
		body = json_dumps(json, JSON_INDENT(1));
	json_decref(json);
	if (!body)
		return NULL;
	sha256_buffer((const uint8_t *)body, strlen(body), hash);
	*ret_len = HEAD_SIZE + strlen(body);
	text = malloc(*ret_len + 1);
	if (text)
		(void)snprintf(text, *ret_len + 1, HEAD "%c %s\n%s", VERSION,
			       hex_encode(hash, sizeof(hash), digits), body);
	free(body);
	return text;
}

/* --- reading */

struct reader {
	const char *bad; /* the key that is missing or out of range; NULL: none */
};

static json_int_t number(struct reader *r, const json_t *from, const char *key, json_int_t most)
{
	const json_t *v = json_object_get(from, key);
	const json_int_t n = json_integer_value(v);

	if (json_is_integer(v) && n >= 0 && n <= most)
		return n;
	r->bad = key;
	return 0;
}

static bool truth(struct reader *r, const json_t *from, const char *key)
{
	const json_t *v = json_object_get(from, key);

	if (!json_is_boolean(v))
		r->bad = key;
	return json_is_true(v);
}

/* A text that fits and ends where it seems to. */
static void words(struct reader *r, const json_t *from, const char *key, char *ret, size_t size)
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

static void image_from_json(struct reader *r, const json_t *from, struct journal_image *ret)
{
	const char *hash = json_string_value(json_object_get(from, "sha256"));
	const char *outcome = json_string_value(json_object_get(from, "outcome"));
	int o = 0;

	if (!hash || strlen(hash) != HASH_TEXT ||
	    hex_decode(hash, ret->sha256, OTA_SHA256_SIZE) < 0)
		r->bad = "sha256";
	ret->size = (uint32_t)number(r, from, "size", UINT32_MAX);
	if (ret->size == 0)
		r->bad = "size";
	ret->received = (uint32_t)number(r, from, "received", ret->size);
	ret->flushed = (uint32_t)number(r, from, "flushed", ret->size);
	ret->ended = truth(r, from, "ended");
	ret->no_confirm = truth(r, from, "no_confirm");
	ret->forced = (uint32_t)number(r, from, "forced", UINT32_MAX);
	while (o < SESSION_OUTCOMES && outcome &&
	       strcmp(outcome, session_outcome_name((enum session_outcome)o)) != 0)
		o++;
	if (!outcome || o == SESSION_OUTCOMES)
		r->bad = "outcome";
	else
		ret->outcome = (enum session_outcome)o;
	words(r, from, "path", ret->path, sizeof(ret->path));
	if (ret->path[0] != '/')
		r->bad = "path";
}

static void journal_from_json(struct reader *r, const json_t *from, struct journal *ret)
{
	const json_t *images = json_object_get(from, "images");
	char safe[SCAN_NAME_SIZE];

	words(r, from, "place", ret->place, sizeof(ret->place));
	words(r, from, "address", ret->address, sizeof(ret->address));
	if (!scan_is_address(ret->address))
		r->bad = "address";
	words(r, from, "name", ret->name, sizeof(ret->name));
	/* What is printed without a further look. */
	(void)output_safe_text(ret->name, strlen(ret->name), safe, sizeof(safe));
	(void)snprintf(ret->name, sizeof(ret->name), "%s", safe);
	ret->process = number(r, from, "process", INT64_MAX);
	ret->at = number(r, from, "at", INT64_MAX);
	ret->order = (uint64_t)number(r, from, "order", INT64_MAX - 1);
	ret->count = json_array_size(images);
	if (ret->count == 0 || ret->count > JOURNAL_IMAGES)
		r->bad = "images";
	for (size_t i = 0; !r->bad && i < ret->count; i++)
		image_from_json(r, json_array_get(images, i), &ret->images[i]);
}

static bool has_hash(const char *text, size_t len)
{
	uint8_t told[OTA_SHA256_SIZE], is[OTA_SHA256_SIZE];

	if (text[HEAD_SIZE - 1] != '\n' ||
	    hex_decode(text + HEAD_SIZE - 1 - HASH_TEXT, told, sizeof(told)) < 0)
		return false;
	sha256_buffer((const uint8_t *)text + HEAD_SIZE, len - HEAD_SIZE, is);
	return memcmp(told, is, sizeof(is)) == 0;
}

static int refuse(char *why, size_t size, const char *text)
{
	(void)snprintf(why, size, "%s", text);
	return -OTA_EBADMSG;
}

int journal_parse(const char *text, size_t len, struct journal *ret, char *why, size_t size)
{
	struct reader r = {.bad = NULL};
	struct journal *j;
	json_t *json;

	if (len < HEAD_SIZE || len > JOURNAL_FILE_MAX || memcmp(text, HEAD, sizeof(HEAD) - 1) != 0)
		return refuse(why, size, "not a journal");
	if (text[sizeof(HEAD) - 1] != VERSION || text[sizeof(HEAD)] != ' ')
		return refuse(why, size, "written by another version of otabench");
	if (!has_hash(text, len))
		return refuse(why, size, "damaged: its SHA-256 does not fit");
	json = json_loadb(text + HEAD_SIZE, len - HEAD_SIZE, JSON_REJECT_DUPLICATES, NULL);
	j = calloc(1, sizeof(*j));
	if (!json || !j)
		r.bad = "JSON";
	else
		journal_from_json(&r, json, j);
	if (!r.bad)
		*ret = *j;
	free(j);
	json_decref(json);
	if (!r.bad)
		return 0;
	(void)snprintf(why, size, "damaged: %s is missing or out of range", r.bad);
	return -OTA_EBADMSG;
}

/* --- in words */

const struct journal_image *journal_image_of(const struct journal *j,
					     const uint8_t prefix[OTA_HASH_PREFIX])
{
	for (size_t i = 0; i < j->count; i++) {
		if (memcmp(j->images[i].sha256, prefix, OTA_HASH_PREFIX) == 0)
			return &j->images[i];
	}
	return NULL;
}

unsigned int journal_percent(const struct journal_image *i)
{
	return (unsigned int)((uint64_t)i->received * 100u / i->size);
}

char *journal_stopped_at(const struct journal_image *i, char *buf, size_t size)
{
	if (i->ended)
		(void)snprintf(buf, size, "100 %%, not proven");
	else
		(void)snprintf(buf, size, "%u %%", journal_percent(i));
	return buf;
}

char *journal_age(const struct journal *j, int64_t now, char *buf, size_t size)
{
	const int64_t s = now - j->at;

	if (s < 0)
		(void)snprintf(buf, size, "the computer's clock was set back since");
	else if (s < 120)
		(void)snprintf(buf, size, "%" PRId64 " s ago", s);
	else if (s < 7200)
		(void)snprintf(buf, size, "%" PRId64 " min ago", s / 60);
	else if (s < 172800)
		(void)snprintf(buf, size, "%" PRId64 " h ago", s / 3600);
	else
		(void)snprintf(buf, size, "%" PRId64 " days ago", s / 86400);
	return buf;
}

char *journal_image_name(const struct journal_image *i, char *buf, size_t size)
{
	const char *slash = strrchr(i->path, '/');
	const char *name = slash ? slash + 1 : i->path;

	(void)output_safe_text(name, strlen(name), buf, size);
	return buf;
}

/* A record follows each block of flash, so two of them leave one behind whatever happened. */
bool journal_expects_part(const struct journal_image *i)
{
	return i->ended || i->flushed >= 2u * OTA_BLOCK_SIZE;
}
