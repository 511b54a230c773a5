/* SPDX-License-Identifier: Apache-2.0 */
/* See output.h: text from outside made harmless. */
#include "config.h" /* system extensions: wcwidth(), newlocale() */

#include "base/output.h"

#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define FIRST_MARK 0x300u
#define MARKS_MAX 2u /* on one character: Vietnamese, Thai and Hebrew need no more */

/*
 * Length of the well-formed UTF-8 character at s (Unicode 15, table 3-7), or 0;
 * *ret_code is its code point.
 */
static size_t utf8_decode(const unsigned char *s, size_t len, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t code = s[0];
	size_t need;

	if (code < 0x80)
		need = 1;
	else if ((code & 0xe0) == 0xc0)
		need = 2;
	else if ((code & 0xf0) == 0xe0)
		need = 3;
	else if ((code & 0xf8) == 0xf0)
		need = 4;
	else
		return 0;
	if (need > len)
		return 0;
	if (need > 1)
		code &= 0x7fu >> need;
	for (size_t i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fu);
	}
	if (code < least[need] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return need;
}

static bool code_is_harmless(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} harmful[] = {
		{0x0, 0x1f}, /* C0 */
		{0x7f, 0x9f}, /* DEL and C1 */
		{0xa0, 0xa0}, /* a space that looks like the usual one */
		{0xad, 0xad}, /* soft hyphen */
		{0x34f, 0x34f}, /* joins nothing that could be seen */
		{0x61c, 0x61c}, /* Arabic letter mark */
		{0x115f, 0x1160}, /* Hangul fillers */
		{0x1680, 0x1680}, /* a space */
		{0x17b4, 0x17b5}, /* Khmer vowels without a shape */
		{0x180b, 0x180f}, /* Mongolian selectors, a space without width */
		{0x2000, 0x200f}, /* spaces, zero width, direction marks */
		{0x2028, 0x202f}, /* separators, embeddings and overrides, a space */
		{0x205f, 0x206f}, /* a space, invisible operators, isolates */
		{0x2800, 0x2800}, /* Braille without a dot */
		{0x3000, 0x3000}, /* a space */
		{0x3164, 0x3164}, /* Hangul filler */
		{0xfdd0, 0xfdef}, /* noncharacters */
		{0xfe00, 0xfe0f}, /* variation selectors */
		{0xfeff, 0xfeff}, /* byte order mark */
		{0xffa0, 0xffa0}, /* Hangul filler */
		{0xfff0, 0xfffb}, /* interlinear annotation */
		{0x13430, 0x1343f}, /* Egyptian layout */
		{0x1bca0, 0x1bca3}, /* shorthand layout */
		{0x1d173, 0x1d17a}, /* musical layout */
		{0xe0000, 0xe0fff}, /* tags, more variation selectors */
	};

	if ((code & 0xfffe) == 0xfffe)
		return false; /* a plane's last two: noncharacters */
	for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
		if (code >= harmful[i].first && code <= harmful[i].last)
			return false;
	}
	return true;
}

/* --- marks that are drawn over the character before them */

static locale_t utf8;

static void open_locale(void)
{
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* The C library's table, whatever the program's locale is. */
static bool is_mark(uint32_t code)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	locale_t before;
	int width;

	if (code < FIRST_MARK)
		return false;
	(void)pthread_once(&once, open_locale);
	if (!utf8)
		return false;
	before = uselocale(utf8);
	width = wcwidth((wchar_t)code);
	(void)uselocale(before);
	return width == 0;
}

/* The number of marks that may follow the character written last: none after a blank, which also
 * stands for this program's own text before the string. */
static unsigned int marks_after(uint32_t code)
{
	return code == ' ' ? 0 : MARKS_MAX;
}

size_t output_safe_text(const void *bytes, size_t len, char *buf, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = bytes;
	size_t total = 0, written = 0;
	unsigned int marks = 0; /* that may still follow */

	for (size_t i = 0; i < len;) {
		uint32_t code = 0;
		size_t n = utf8_decode(s + i, len - i, &code);
		const bool mark = n > 0 && is_mark(code);
		char unit[4] = {'\\', 'x', hex[s[i] >> 4], hex[s[i] & 0xf]};
		size_t unit_len = sizeof(unit);

		if (n > 0 && code_is_harmless(code) && (!mark || marks > 0)) {
			memcpy(unit, s + i, n);
			unit_len = n;
			i += n;
			marks = mark ? marks - 1 : marks_after(code);
		} else {
			i++;
			marks = 0;
		}
		/* Once something did not fit nothing after it is written. */
		if (written == total && written + unit_len < size) {
			memcpy(buf + written, unit, unit_len);
			written += unit_len;
		}
		total += unit_len;
	}
	if (size > 0)
		buf[written] = '\0';
	return total;
}

void output_put_safe(FILE *out, const char *text)
{
	const size_t size = output_safe_text(text, strlen(text), NULL, 0) + 1;
	char *safe = malloc(size);

	if (safe)
		(void)output_safe_text(text, strlen(text), safe, size);
	(void)fputs(safe ? safe : "?", out);
	free(safe);
}

bool output_is_safe(const void *bytes, size_t len)
{
	return output_safe_text(bytes, len, NULL, 0) == len;
}
