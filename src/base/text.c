/* SPDX-License-Identifier: Apache-2.0 */
/* See text.h: numbers and words as people type them. */
#include "base/text.h"

#include "ota/error.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits at text[0..len); 0, -OTA_EINVAL or -OTA_ERANGE. */
static int parse_digits(const char *text, size_t len, uint64_t *ret)
{
	uint64_t value = 0;
	bool over = false;

	if (len == 0)
		return -OTA_EINVAL;
	for (size_t i = 0; i < len; i++) {
		unsigned int digit = (unsigned int)(text[i] - '0');

		if (!is_digit(text[i]))
			return -OTA_EINVAL;
		if (value > (UINT64_MAX - digit) / 10)
			over = true;
		else
			value = value * 10 + digit;
	}
	if (over)
		return -OTA_ERANGE;
	*ret = value;
	return 0;
}

int text_parse_unsigned(const char *text, size_t len, uint64_t *ret)
{
	if (len > 1 && text[0] == '0')
		return -OTA_EINVAL;
	return parse_digits(text, len, ret);
}

int text_parse_passkey(const char *text, int32_t *ret)
{
	uint64_t value;

	if (strlen(text) != TEXT_PASSKEY || parse_digits(text, TEXT_PASSKEY, &value) < 0)
		return -OTA_EINVAL;
	*ret = (int32_t)value;
	return 0;
}

/* The digits after the point, scaled to the full number of decimals. */
static int parse_fraction(const char *text, size_t len, unsigned int decimals, uint64_t *ret)
{
	uint64_t value = 0;
	int r;

	r = parse_digits(text, len, &value);
	if (r == -OTA_EINVAL)
		return r;
	while (len > 0 && text[len - 1] == '0')
		len--;
	if (len > decimals)
		return -OTA_ERANGE;
	if (len > 0)
		(void)parse_digits(text, len, &value);
	for (size_t i = len; i < decimals; i++)
		value *= 10;
	*ret = value;
	return 0;
}

int text_parse_decimal(const char *text, size_t len, unsigned int decimals, int64_t *ret)
{
	const char *point;
	uint64_t whole = 0, fraction = 0, scale = 1;
	bool negative;
	int r, r2 = 0;

	if (decimals > TEXT_DECIMALS_MAX)
		return -OTA_EINVAL;
	negative = len > 0 && text[0] == '-';
	if (negative) {
		text++;
		len--;
	}
	point = memchr(text, '.', len);
	r = text_parse_unsigned(text, point ? (size_t)(point - text) : len, &whole);
	if (r == -OTA_EINVAL)
		return r;
	if (point)
		r2 = parse_fraction(point + 1, len - (size_t)(point + 1 - text), decimals,
				    &fraction);
	if (r2 < 0 || r < 0)
		return r2 < 0 ? r2 : r;
	for (unsigned int i = 0; i < decimals; i++)
		scale *= 10;
	if (whole > ((uint64_t)INT64_MAX - fraction) / scale)
		return -OTA_ERANGE;
	*ret = (int64_t)(whole * scale + fraction);
	if (negative)
		*ret = -*ret;
	return 0;
}

char *text_format_decimal(int64_t value, unsigned int decimals, char *buf, size_t size)
{
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	uint64_t scale = 1;

	while (decimals > 0 && magnitude % 10 == 0) {
		magnitude /= 10;
		decimals--;
	}
	for (unsigned int i = 0; i < decimals; i++)
		scale *= 10;
	if (decimals == 0)
		(void)snprintf(buf, size, "%s%llu", value < 0 ? "-" : "",
			       (unsigned long long)magnitude);
	else
		(void)snprintf(buf, size, "%s%llu.%0*llu", value < 0 ? "-" : "",
			       (unsigned long long)(magnitude / scale), (int)decimals,
			       (unsigned long long)(magnitude % scale));
	return buf;
}

char *text_count(uint64_t count, const char *noun, char *buf, size_t size)
{
	const size_t len = strlen(noun);
	const bool ies = len > 1 && noun[len - 1] == 'y' && !strchr("aeiou", noun[len - 2]);

	if (count == 1)
		(void)snprintf(buf, size, "1 %s", noun);
	else
		(void)snprintf(buf, size, "%" PRIu64 " %.*s%s", count, (int)(ies ? len - 1 : len),
			       noun, ies ? "ies" : "s");
	return buf;
}

bool text_is_number(const char *text, size_t len)
{
	int64_t value;
	int r;

	r = text_parse_decimal(text, len, TEXT_DECIMALS_MAX, &value);
	return r == 0 || r == -OTA_ERANGE;
}

/* Folds a letter for a comparison. */
static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '-' ? '_' : c;
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int text_distance(const char *a, const char *b)
{
	/* Rows i - 2, i - 1 and i of the optimal string alignment table. */
	unsigned int rows[3][TEXT_WORD_MAX + 1];
	unsigned int *before = rows[0], *last = rows[1], *row = rows[2];
	size_t len_a = strlen(a), len_b = strlen(b);

	if (len_a > TEXT_WORD_MAX || len_b > TEXT_WORD_MAX)
		return UINT_MAX;
	memset(rows, 0, sizeof(rows));
	for (size_t j = 0; j <= len_b; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= len_a; i++) {
		unsigned int *spare = before;

		before = last;
		last = row;
		row = spare;
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= len_b; j++) {
			char ca = fold(a[i - 1]), cb = fold(b[j - 1]);

			row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == fold(b[j - 2]) && cb == fold(a[i - 2]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return row[len_b];
}

void text_nearest_offer(struct text_nearest *nearest, const char *candidate)
{
	size_t len = strlen(nearest->word);
	unsigned int distance = text_distance(nearest->word, candidate);
	/* A third of the letters may be wrong; more is another word. */
	unsigned int limit = (unsigned int)(len / 3);

	/* "supervision" for "supervision_timeout_ms": a beginning is a good guess too. */
	if (len >= 3 && distance > limit && strncmp(nearest->word, candidate, len) == 0)
		distance = limit;
	if (distance > limit || distance >= strlen(candidate))
		return;
	if (nearest->best && distance >= nearest->distance)
		return;
	nearest->best = candidate;
	nearest->distance = distance;
}
