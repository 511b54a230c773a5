/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and words as people type them, read the same way in a profile, in an
 * option and in a fault specification: decimal only (010 would be eight to a
 * YAML 1.1 reader and ten to a user, so it is refused), and with the nearest
 * known word for a misspelt one.
 *
 * Pure: no allocation, no locale.
 */
#ifndef OTABENCH_BASE_TEXT_H
#define OTABENCH_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_WORD_MAX 40u /* longest word that text_distance() looks at */
#define TEXT_DECIMALS_MAX 9u
#define TEXT_PASSKEY 6u /* digits, Core Vol 3 Part C 3.2.3.1 */

/*
 * A whole number without sign, blanks or leading zeros.  0; -OTA_EINVAL: not
 * such a number; -OTA_ERANGE: over 2^64 - 1.
 */
int text_parse_unsigned(const char *text, size_t len, uint64_t *ret);

/* A passkey as it is shown: exactly six digits, leading zeros included; else -OTA_EINVAL. */
int text_parse_passkey(const char *text, int32_t *ret);

/*
 * A number with an optional '-' and at most decimals (0..TEXT_DECIMALS_MAX)
 * digits after a point, times 10^decimals: "7.5" with 2 gives 750.  0;
 * -OTA_EINVAL: not a number; -OTA_ERANGE: a number, but with more decimals or
 * too large for an int64_t.
 */
int text_parse_decimal(const char *text, size_t len, unsigned int decimals, int64_t *ret);

/* The reverse, without trailing zeros: 750 with 2 gives "7.5".  Returns buf. */
char *text_format_decimal(int64_t value, unsigned int decimals, char *buf, size_t size);

#define TEXT_COUNT_MAX 40u
/* "1 retry", "2 retries", "0 gaps": count and the English noun that follows it.  Returns buf. */
char *text_count(uint64_t count, const char *noun, char *buf, size_t size);

/* Returns true if text reads as a number of any kind, so that a message need not quote it. */
bool text_is_number(const char *text, size_t len);

/*
 * Edit distance: characters to insert, delete, replace or swap with their
 * neighbour; case is ignored and '-' equals '_'.  UINT_MAX when a word is longer
 * than TEXT_WORD_MAX.
 */
unsigned int text_distance(const char *a, const char *b);

/*
 * The candidate to offer as "did you mean", picked while going through any kind of table.  Starts
 * out zeroed except for the word; best stays NULL when nothing is near enough.
 */
struct text_nearest {
	const char *word;
	const char *best; /* the caller's string */
	unsigned int distance;
};
void text_nearest_offer(struct text_nearest *nearest, const char *candidate);

#endif
