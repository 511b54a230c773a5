/* SPDX-License-Identifier: Apache-2.0 */
/* See scrub.h. */
#include "config.h" /* system extensions: open_memstream(), strncasecmp() */

#include "replay/scrub.h"

#include "base/hex.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ADDRESS_LEN 17u /* "24:6F:28:AA:10:02" */

void scrub_init(struct scrub *s, bool anonymous)
{
	const char *home = getenv("HOME");

	memset(s, 0, sizeof(*s));
	s->anonymous = anonymous;
	s->home = home && strlen(home) > 1 ? home : "";
}

static bool is_hex(char c)
{
	return isxdigit((unsigned char)c) != 0;
}

/* Six octets with colons or, as in an object's path, underscores between them. */
static bool is_address(const char *at, const char *end)
{
	if ((size_t)(end - at) < ADDRESS_LEN || (at[2] != ':' && at[2] != '_'))
		return false;
	for (size_t i = 0; i < ADDRESS_LEN; i++)
		if (i % 3 == 2 ? at[i] != at[2] : !is_hex(at[i]))
			return false;
	return at + ADDRESS_LEN == end || !is_hex(at[ADDRESS_LEN]);
}

void scrub_name(struct scrub *s, const char *name)
{
	const size_t len = strnlen(name, SCRUB_NAME_MAX);

	if (len == 0 || is_address(name, name + len))
		return;
	for (size_t i = 0; i < s->name_count; i++)
		if (strncmp(s->names[i], name, SCRUB_NAME_MAX) == 0)
			return;
	if (s->name_count == SCRUB_NAMES_MAX)
		return;
	memcpy(s->names[s->name_count], name, len);
	s->names[s->name_count++][len] = '\0';
}

static size_t address_number(struct scrub *s, const char *at)
{
	char key[ADDRESS_LEN + 1];

	for (size_t i = 0; i < ADDRESS_LEN; i++)
		key[i] = i % 3 == 2 ? ':' : (char)toupper((unsigned char)at[i]);
	key[ADDRESS_LEN] = '\0';
	for (size_t i = 0; i < s->address_count; i++)
		if (strcmp(s->addresses[i], key) == 0)
			return i + 1;
	if (s->address_count == SCRUB_NAMES_MAX)
		return 0; /* all the others are one */
	memcpy(s->addresses[s->address_count], key, sizeof(key));
	return ++s->address_count;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) != 0;
}

/* The longest name that stands here as a word of its own; 0: none. */
static size_t name_at(const struct scrub *s, const char *start, const char *at, const char *end,
		      size_t *ret_number)
{
	size_t best = 0;

	for (size_t i = 0; i < s->name_count; i++) {
		const size_t len = strlen(s->names[i]);

		if (len <= best || len > (size_t)(end - at) || memcmp(at, s->names[i], len) != 0)
			continue;
		if ((at > start && is_word(at[-1]) && is_word(at[0])) ||
		    (at + len < end && is_word(at[len]) && is_word(at[len - 1])))
			continue;
		best = len;
		*ret_number = i + 1;
	}
	return best;
}

/* One thing that is replaced; returns its length, 0: the character stays. */
static size_t replace(struct scrub *s, const char *start, const char *at, const char *end,
		      bool names, FILE *out)
{
	static const char passkey[] = "passkey=";
	const size_t prefix = sizeof(passkey) - 1, left = (size_t)(end - at);
	size_t len = 0, number;

	if (left > prefix && memcmp(at, passkey, prefix) == 0) {
		while (prefix + len < left && at[prefix + len] >= '0' && at[prefix + len] <= '9')
			len++;
		if (len == 0)
			return 0;
		(void)fprintf(out, "%s%.*s", passkey, (int)(len < 6 ? len : 6), "******");
		return prefix + len;
	}
	if (!s->anonymous)
		return 0;
	if ((at == start || !is_hex(at[-1])) && is_address(at, end)) {
		number = address_number(s, at);
		(void)fprintf(out, "00%c00%c00%c00%c00%c%02zX", at[2], at[2], at[2], at[2], at[2],
			      number);
		return ADDRESS_LEN;
	}
	len = strlen(s->home);
	if (len > 0 && len < left && memcmp(at, s->home, len) == 0 && at[len] == '/') {
		(void)fputc('~', out);
		return len;
	}
	len = names ? name_at(s, start, at, end, &number) : 0;
	if (len > 0)
		(void)fprintf(out, "device-%zu", number);
	return len;
}

static void put(struct scrub *s, const char *text, const char *end, bool names, FILE *out)
{
	for (const char *at = text; at < end;) {
		const size_t len = replace(s, text, at, end, names, out);

		if (len == 0)
			(void)fputc(*at, out);
		at += len > 0 ? len : 1;
	}
}

/* Text that was written to memory, or NULL. */
static char *finish(FILE *out, char **text, const size_t *len, size_t *ret_len)
{
	const bool good = fclose(out) == 0;

	*ret_len = *len;
	if (good)
		return *text;
	free(*text);
	return NULL;
}

char *scrub_text(struct scrub *s, const char *text, size_t len, size_t *ret_len)
{
	char *made = NULL;
	size_t made_len = 0;
	FILE *out = open_memstream(&made, &made_len);

	if (!out)
		return NULL;
	put(s, text, text + len, true, out);
	return finish(out, &made, &made_len, ret_len);
}

/* --- recordings */

/* The start of the field after n blanks, or end. */
static const char *field(const char *line, const char *end, unsigned int n)
{
	while (n > 0 && line < end)
		n -= *line++ == ' ';
	return line;
}

static bool is_line(const char *line, const char *end, const char *head)
{
	const char *at = field(line, end, 1);
	const size_t len = strlen(head);

	return (size_t)(end - at) >= len && memcmp(at, head, len) == 0;
}

#define ADVERTISED "< advertisement "
#define ADVERTISED_NAME 7u /* time < advertisement ADDRESS RSSI OTA CONNECTABLE NAME */
#define DATA_WRITTEN "> write 1 " /* GATT_DATA */
#define DATA_BYTES 5u /* time > write CHR MODE BYTES */

static void learn_line(struct scrub *s, const char *line, const char *end)
{
	const char *hex = field(line, end, ADVERTISED_NAME);
	char digits[2 * SCRUB_NAME_MAX + 1];
	uint8_t name[SCRUB_NAME_MAX + 1] = {0};
	size_t len = (size_t)(end - hex);

	if (!is_line(line, end, ADVERTISED))
		return;
	if (len > sizeof(digits) - 1)
		len = sizeof(digits) - 1;
	memcpy(digits, hex, len);
	digits[len] = '\0';
	if (len % 2 == 0 && hex_decode(digits, name, len / 2) == 0)
		scrub_name(s, (const char *)name);
}

static void put_advertisement(struct scrub *s, const char *line, const char *end, FILE *out)
{
	const char *hex = field(line, end, ADVERTISED_NAME);
	char name[SCRUB_NAME_MAX + 1], digits[2 * SCRUB_NAME_MAX + 1];
	size_t number = 0;

	put(s, line, hex, false, out);
	for (size_t i = 0; i < s->name_count && number == 0; i++) {
		const size_t len = strlen(s->names[i]);

		for (size_t j = 0; j < len; j++)
			(void)snprintf(digits + 2 * j, 3, "%02x", (unsigned char)s->names[i][j]);
		if ((size_t)(end - hex) >= 2 * len && memcmp(hex, digits, 2 * len) == 0 &&
		    (hex + 2 * len == end || len == SCRUB_NAME_MAX))
			number = i + 1;
	}
	if (number == 0 && hex < end && *hex != '-') {
		(void)fputs("3f", out); /* more names than are kept, or none that is text: "?" */
	} else if (number == 0) {
		(void)fwrite(hex, 1, (size_t)(end - hex), out);
	} else {
		(void)snprintf(name, sizeof(name), "device-%zu", number);
		for (const char *at = name; *at; at++)
			(void)fprintf(out, "%02x", (unsigned char)*at);
	}
}

/* A run's goal and its fields are words that names must not stand in for. */
static void put_said(struct scrub *s, const char *line, const char *end, FILE *out)
{
	static const char device[] = " device=";
	const char *at = field(line, end, 2);

	if (is_line(line, end, "# run "))
		for (; at < end; at++)
			if ((size_t)(end - at) >= sizeof(device) &&
			    memcmp(at, device, sizeof(device) - 1) == 0)
				break;
	put(s, line, at, false, out);
	put(s, at, end, true, out);
}

static void put_line(struct scrub *s, const char *line, const char *end, FILE *out)
{
	const char *bytes = field(line, end, DATA_BYTES);

	if (is_line(line, end, DATA_WRITTEN)) {
		put(s, line, bytes, false, out);
		for (; bytes < end; bytes++)
			(void)fputc(is_hex(*bytes) ? '0' : *bytes, out);
	} else if (s->anonymous && is_line(line, end, ADVERTISED)) {
		put_advertisement(s, line, end, out);
	} else if (is_line(line, end, "# ") || is_line(line, end, "! ")) {
		put_said(s, line, end, out);
	} else {
		put(s, line, end, false, out);
	}
}

static const char *line_end(const char *line, const char *end)
{
	const char *at = memchr(line, '\n', (size_t)(end - line));

	return at ? at : end;
}

void scrub_learn(struct scrub *s, const char *trace, size_t len)
{
	const char *end = trace + len;

	for (const char *line = trace; line < end; line = line_end(line, end) + 1)
		learn_line(s, line, line_end(line, end));
}

char *scrub_trace(struct scrub *s, const char *text, size_t len, size_t *ret_len)
{
	const char *end = text + len;
	char *made = NULL;
	size_t made_len = 0;
	FILE *out = open_memstream(&made, &made_len);

	if (!out)
		return NULL;
	for (const char *line = text; line < end;) {
		const char *stop = line_end(line, end);

		put_line(s, line, stop, out);
		if (stop < end)
			(void)fputc('\n', out);
		line = stop + 1;
	}
	return finish(out, &made, &made_len, ret_len);
}
