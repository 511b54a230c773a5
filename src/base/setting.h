/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A setting that a user types - a profile's key, a --sim option - described
 * once: its range, unit, words and reason.  Reading, messages, help texts and
 * writing back all come from that description, so that they cannot disagree.
 *
 * Numbers may have decimals: they are handled as integers times 10^decimals and
 * kept divided by divisor, e.g. a connection interval of "7.5" ms is 750 (two
 * decimals) and kept as 6 (divisor 125, units of 1.25 ms).
 */
#ifndef OTABENCH_BASE_SETTING_H
#define OTABENCH_BASE_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_kind {
	SETTING_NUMBER, /* int32_t in the structure */
	SETTING_CHOICE, /* one of words; int32_t or an enum in the structure */
	SETTING_TEXT, /* char array in the structure */
};

struct setting_word {
	const char *word;
	int32_t value; /* kept in the structure */
};

#define SETTING_WORDS_MAX 16u /* no setting has more */

struct setting {
	const char *name;
	enum setting_kind kind;
	const char *unit; /* "bytes", "ms"; NULL: none */
	const char *help; /* why one would change it */
	const struct setting_word *words; /* instead of a number; ends with a NULL word; or NULL */
	int32_t min, max, step; /* of numbers, times 10^decimals; step 0 is 1 */
	int32_t divisor; /* 0 is 1 */
	unsigned int decimals;
	int32_t initial; /* default, as kept in the structure; of text: "" */
	size_t offset; /* in the structure */
	size_t size; /* of the char array; lengths are < size */
	const char *expected; /* replaces the generated text, for special forms; or NULL */
};

/* Longest output of the functions below, NUL included. */
#define SETTING_TEXT_MAX 256u

/* Index into table, or -1. */
int setting_find(const struct setting *table, size_t count, const char *name);

/* "auto or a whole number, 20..512 bytes".  Returns buf. */
char *setting_expected(const struct setting *setting, char *buf, size_t size);
/*
 * A NUMBER or CHOICE as typed, len bytes; quoted: only a word is acceptable, as
 * YAML says that "5" is text.  0; -OTA_EINVAL: no such word or number;
 * -OTA_ERANGE: a number out of range or between the steps.
 */
int setting_parse(const struct setting *setting, const char *text, size_t len, bool quoted,
		  int32_t *ret);
/* The value as one would type it.  Returns buf. */
char *setting_format(const struct setting *setting, int32_t value, char *buf, size_t size);

/* Access to the structure that offset counts in. */
int32_t setting_get(const struct setting *setting, const void *structure);
void setting_put(const struct setting *setting, void *structure, int32_t value);

/*
 * Every mistake in a file or an argument at once, so that a user need not
 * find one mistake a run.  Texts are harmless for a terminal.
 */
#define SETTING_ERRORS_MAX 32u
struct setting_error {
	unsigned int line, column; /* from 1; 0: no place */
	char key[48]; /* "": about the whole */
	char text[SETTING_TEXT_MAX * 4]; /* "expected ..., found ..." */
};
struct setting_errors {
	char name[256]; /* file, or option */
	size_t count;
	size_t dropped; /* found, but over SETTING_ERRORS_MAX */
	bool names_listed; /* one error has told all names already */
	struct setting_error items[SETTING_ERRORS_MAX];
};

void setting_errors_init(struct setting_errors *errors, const char *name);
#if defined(__GNUC__)
__attribute__((format(printf, 5, 6)))
#endif
void setting_errors_add(struct setting_errors *errors, unsigned int line, unsigned int column,
			const char *key, const char *format, ...);
/* "expected (what setting takes), found (text)", with "did you mean" for a word. */
void setting_errors_add_value(struct setting_errors *errors, unsigned int line, unsigned int column,
			      const struct setting *setting, const char *text, size_t len,
			      bool quoted);
/* "unknown key", with "did you mean", or, once, with the names of all. */
void setting_errors_add_unknown(struct setting_errors *errors, unsigned int line,
				unsigned int column, const char *key, const struct setting *table,
				size_t count);
/* "name:line:column: key: text".  Returns buf; index < errors->count. */
char *setting_error_format(const struct setting_errors *errors, size_t index, char *buf,
			   size_t size);

#endif
