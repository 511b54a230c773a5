/* SPDX-License-Identifier: Apache-2.0 */
/* See text_diff.h: the longest common subsequence of lines, between what both texts begin and
 * end with. */
#include "profile/text_diff.h"

#include "base/output.h"
#include "ota/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Cells of the table.  Texts that differ in more than two thousand lines each are told as one
 * replaced by the other; its square root also bounds what a cell counts. */
#define TABLE_MAX 4000000u
#define LINE_SHOWN 512u

struct line {
	const char *text;
	size_t len;
};

struct lines {
	struct line *line;
	size_t count;
};

struct differ {
	struct lines a, b;
	size_t before, after; /* lines that both begin, and end, with */
	uint16_t *table; /* common lines from a's i-th and b's j-th of the middle on */
	char *script; /* ' ', '-', '+' a line */
	size_t count;
};

static int split(const char *text, size_t len, struct lines *ret)
{
	const char *end = text + len;
	size_t count = 1;

	for (size_t i = 0; i < len; i++)
		count += text[i] == '\n';
	ret->line = calloc(count, sizeof(*ret->line));
	ret->count = 0;
	if (!ret->line)
		return -OTA_ENOMEM;
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		stop = stop ? stop : end;
		ret->line[ret->count++] = (struct line){text, (size_t)(stop - text)};
		text = stop + 1;
	}
	return 0;
}

static bool text_diff_same(const struct differ *d, size_t i, size_t j)
{
	const struct line *a = &d->a.line[i], *b = &d->b.line[j];

	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

static void trim(struct differ *d)
{
	const size_t least = d->a.count < d->b.count ? d->a.count : d->b.count;

	while (d->before < least && text_diff_same(d, d->before, d->before))
		d->before++;
	while (d->before + d->after < least &&
	       text_diff_same(d, d->a.count - 1 - d->after, d->b.count - 1 - d->after))
		d->after++;
}

static void put(struct differ *d, char sign, size_t count)
{
	memset(d->script + d->count, sign, count);
	d->count += count;
}

/* Both middles as a table of (rows + 1) x (columns + 1). */
static void text_diff_fill(struct differ *d, size_t rows, size_t columns)
{
	const size_t width = columns + 1;

	for (size_t i = rows; i-- > 0;) {
		for (size_t j = columns; j-- > 0;) {
			const uint16_t below = d->table[(i + 1) * width + j],
				       right = d->table[i * width + j + 1];

			d->table[i * width + j] =
				text_diff_same(d, d->before + i, d->before + j)
					? (uint16_t)(d->table[(i + 1) * width + j + 1] + 1u)
				: below >= right ? below
						 : right;
		}
	}
}

static void walk(struct differ *d, size_t rows, size_t columns)
{
	const size_t width = columns + 1;
	size_t i = 0, j = 0;

	while (i < rows && j < columns) {
		if (text_diff_same(d, d->before + i, d->before + j)) {
			put(d, ' ', 1);
			i++;
			j++;
		} else if (d->table[(i + 1) * width + j] >= d->table[i * width + j + 1]) {
			put(d, '-', 1);
			i++;
		} else {
			put(d, '+', 1);
			j++;
		}
	}
	put(d, '-', rows - i);
	put(d, '+', columns - j);
}

static int text_diff_compare(struct differ *d)
{
	size_t rows, columns;

	trim(d);
	rows = d->a.count - d->before - d->after;
	columns = d->b.count - d->before - d->after;
	d->script = malloc(d->a.count + d->b.count + 1);
	if (!d->script)
		return -OTA_ENOMEM;
	put(d, ' ', d->before);
	if ((rows + 1) * (columns + 1) > TABLE_MAX) {
		put(d, '-', rows);
		put(d, '+', columns);
	} else {
		d->table = calloc((rows + 1) * (columns + 1), sizeof(*d->table));
		if (!d->table)
			return -OTA_ENOMEM;
		text_diff_fill(d, rows, columns);
		walk(d, rows, columns);
	}
	put(d, ' ', d->after);
	return 0;
}

static void print_line(char sign, const struct line *line, FILE *out)
{
	const char *at = line->text, *end = at + line->len;
	char safe[LINE_SHOWN];

	if (end > at && end[-1] == '\r')
		end--;
	(void)fputc(sign, out);
	while (at < end) {
		const char *tab = memchr(at, '\t', (size_t)(end - at));
		const char *stop = tab ? tab : end;

		(void)output_safe_text(at, (size_t)(stop - at), safe, sizeof(safe));
		(void)fprintf(out, "%s%s", safe, tab ? "\t" : "");
		at = stop + (tab != NULL);
	}
	(void)fputc('\n', out);
}

/* Script entries from..to, of which a and b lines come before. */
static void print_hunk(const struct differ *d, size_t from, size_t to, size_t a, size_t b,
		       FILE *out)
{
	size_t olds = 0, news = 0;

	for (size_t i = from; i < to; i++) {
		olds += d->script[i] != '+';
		news += d->script[i] != '-';
	}
	(void)fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", a + (olds > 0), olds, b + (news > 0), news);
	for (size_t i = from; i < to; i++) {
		const char sign = d->script[i];

		print_line(sign, sign == '+' ? &d->b.line[b] : &d->a.line[a], out);
		a += sign != '+';
		b += sign != '-';
	}
}

/* From the first change at or behind at to where no other is near; false: there is none. */
static bool find_hunk(const struct differ *d, size_t at, size_t context, size_t *ret_from,
		      size_t *ret_to)
{
	size_t last;

	while (at < d->count && d->script[at] == ' ')
		at++;
	if (at == d->count)
		return false;
	*ret_from = at;
	last = at;
	for (size_t i = at; i < d->count && i - last <= 2 * context + 1; i++) {
		if (d->script[i] != ' ')
			last = i;
	}
	*ret_to = last + 1;
	return true;
}

static int print(const struct differ *d, size_t context, FILE *out)
{
	size_t at = 0, a = 0, b = 0, from, to;
	int changes = 0;

	while (find_hunk(d, at, context, &from, &to)) {
		const size_t start = from - at > context ? from - context : at;

		to = d->count - to > context ? to + context : d->count;
		a += start - at; /* unchanged lines lie between */
		b += start - at;
		print_hunk(d, start, to, a, b, out);
		for (size_t i = start; i < to; i++) {
			changes += d->script[i] != ' ';
			a += d->script[i] != '+';
			b += d->script[i] != '-';
		}
		at = to;
	}
	return changes;
}

int text_diff(const char *old, size_t old_len, const char *new, size_t new_len,
	      unsigned int context, FILE *out)
{
	struct differ d = {.count = 0};
	int r = split(old, old_len, &d.a);

	if (r == 0)
		r = split(new, new_len, &d.b);
	if (r == 0)
		r = text_diff_compare(&d);
	if (r == 0)
		r = print(&d, context, out);
	free(d.a.line);
	free(d.b.line);
	free(d.table);
	free(d.script);
	return r;
}
