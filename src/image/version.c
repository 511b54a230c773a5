/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders version strings as projects for the ESP32 write them: semantic
 * versions (semver.org, section 11), `git describe` behind a tag, and ESP-IDF's
 * "v5.1-dev-1234-gabcdef0".  A downgrade is refused, so when in doubt the
 * answer is "cannot be ordered" rather than a guess.
 */
#include "image/lint.h"

#include <string.h>

struct span {
	const char *p;
	size_t len;
};

struct version {
	struct span name; /* what precedes the first number, less a final 'v': "fw-" */
	struct span numbers; /* "1.2.3" */
	struct span prerelease; /* "rc1", without the dash */
	struct span commits; /* commits since the tag: "12" of "-12-gabcdef" */
	struct span hash; /* of the commit */
	bool dirty;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool same(struct span a, struct span b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* But for case. */
static bool same_word(struct span a, struct span b)
{
	for (size_t i = 0; i < a.len && i < b.len; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	}
	return a.len == b.len;
}

/* Digits of any length, so that no number overflows. */
static int compare_digits(struct span a, struct span b)
{
	while (a.len > 0 && *a.p == '0') {
		a.p++;
		a.len--;
	}
	while (b.len > 0 && *b.p == '0') {
		b.p++;
		b.len--;
	}
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return a.len == 0 ? 0 : memcmp(a.p, b.p, a.len);
}

static struct span take(struct span *rest, bool (*wanted)(char c))
{
	struct span taken = {rest->p, 0};

	while (taken.len < rest->len && wanted(rest->p[taken.len]))
		taken.len++;
	rest->p += taken.len;
	rest->len -= taken.len;
	return taken;
}

/* Takes "-dirty" and then "-N-gHASH" off the end. */
static void cut_describe(struct span *rest, struct version *v)
{
	static const char dirty[] = "-dirty";
	size_t n = sizeof(dirty) - 1, i, hash;

	if (rest->len > n && memcmp(rest->p + rest->len - n, dirty, n) == 0) {
		v->dirty = true;
		rest->len -= n;
	}
	for (i = rest->len; i > 0 && is_hex(rest->p[i - 1]); i--)
		;
	hash = i;
	if (rest->len - hash < 4 || hash < 4 || rest->p[hash - 1] != 'g' ||
	    rest->p[hash - 2] != '-')
		return;
	for (i = hash - 2; i > 0 && is_digit(rest->p[i - 1]); i--)
		;
	if (i == 0 || i == hash - 2 || rest->p[i - 1] != '-')
		return;
	v->commits = (struct span){rest->p + i, hash - 2 - i};
	v->hash = (struct span){rest->p + hash, rest->len - hash};
	rest->len = i - 1;
}

static bool is_number_char(char c)
{
	return is_digit(c) || c == '.';
}

static bool is_prerelease_char(char c)
{
	return is_digit(c) || is_letter(c) || c == '.' || c == '-';
}

static bool not_digit(char c)
{
	return !is_digit(c);
}

/* A lone number is a build number when it is short or a date; else half of all commit
 * hashes of digits only would pass for one. */
static bool is_lone_hash(struct span numbers)
{
	if (memchr(numbers.p, '.', numbers.len) != NULL || numbers.len < 7)
		return false;
	return !(numbers.len == 8 &&
		 (memcmp(numbers.p, "19", 2) == 0 || memcmp(numbers.p, "20", 2) == 0));
}

static bool parse(const char *text, struct version *ret)
{
	struct span rest = {text, strlen(text)};
	bool marked;

	*ret = (struct version){.commits = {text, 0}, .hash = {text, 0}, .prerelease = {text, 0}};
	for (size_t i = 0; i < rest.len; i++) { /* build metadata has no order: semver 10 */
		if (text[i] == '+')
			rest.len = i;
	}
	cut_describe(&rest, ret);
	ret->name = take(&rest, not_digit);
	marked = ret->name.len > 0 && (ret->name.p[ret->name.len - 1] | 0x20) == 'v';
	if (marked)
		ret->name.len--;
	/* "a1b2c3d" is a hash, "fw1.2" and "release-1.2" are named versions. */
	ret->numbers = take(&rest, is_number_char);
	if (ret->numbers.len == 0 || ret->numbers.p[ret->numbers.len - 1] == '.' ||
	    (!marked && is_lone_hash(ret->numbers)))
		return false;
	if (rest.len == 0)
		return true;
	if (*rest.p != '-' || rest.len < 2)
		return false;
	rest.p++;
	rest.len--;
	ret->prerelease = take(&rest, is_prerelease_char);
	return rest.len == 0;
}

/* "1.2" is "1.2.0". */
static int compare_numbers(struct span a, struct span b)
{
	while (a.len > 0 || b.len > 0) {
		int c = compare_digits(take(&a, is_digit), take(&b, is_digit));

		if (c != 0)
			return c;
		if (a.len > 0) {
			a.p++;
			a.len--;
		}
		if (b.len > 0) {
			b.p++;
			b.len--;
		}
	}
	return 0;
}

/* ESP-IDF tags the start of a branch -dev, so dev comes before beta; semver alone would not
 * say so.  -1 for any other word. */
static int stage_of(struct span word)
{
	static const char *const stages[] = {"dev", "alpha", "beta", "pre", "rc"};

	for (int i = 0; i < (int)(sizeof(stages) / sizeof(stages[0])); i++) {
		if (same_word(word, (struct span){stages[i], strlen(stages[i])}))
			return i;
	}
	return -1;
}

/* "hotfix" may be before or after "custom", whatever their letters: only stages have an order. */
static int compare_words(struct span a, struct span b, bool *ret_comparable)
{
	const int x = stage_of(a), y = stage_of(b);

	if (x >= 0 && y >= 0)
		return x - y;
	*ret_comparable = same_word(a, b);
	return 0;
}

/* Semver 11, but with "rc2" before "rc10": runs of digits count as numbers anywhere. */
static int compare_prerelease(struct span a, struct span b, bool *ret_comparable)
{
	if (a.len == 0 || b.len == 0)
		return (b.len != 0) - (a.len != 0);
	while (*ret_comparable && a.len > 0 && b.len > 0) {
		int c;

		if (is_digit(*a.p) != is_digit(*b.p))
			return is_digit(*a.p) ? -1 : 1;
		if (is_digit(*a.p))
			c = compare_digits(take(&a, is_digit), take(&b, is_digit));
		else if (is_letter(*a.p) && is_letter(*b.p))
			c = compare_words(take(&a, is_letter), take(&b, is_letter), ret_comparable);
		else
			c = *a.p++ - *b.p++, a.len--, b.len--;
		if (c != 0)
			return c;
	}
	return (a.len > 0) - (b.len > 0);
}

int lint_compare_versions(const char *a, const char *b, bool *ret_comparable)
{
	struct version x, y;
	int c;

	*ret_comparable = *a != '\0' && *b != '\0';
	if (!*ret_comparable || strcmp(a, b) == 0)
		return 0;
	*ret_comparable = parse(a, &x) && parse(b, &y) && same(x.name, y.name);
	if (!*ret_comparable)
		return 0;
	c = compare_numbers(x.numbers, y.numbers);
	if (c == 0)
		c = compare_prerelease(x.prerelease, y.prerelease, ret_comparable);
	if (!*ret_comparable)
		return 0;
	if (c == 0)
		c = compare_digits(x.commits, y.commits);
	if (c != 0)
		return c < 0 ? -1 : 1;
	/* Versions with equal counts of commits after the tag, but other commits or edits, have
	 * no order. */
	*ret_comparable = same(x.hash, y.hash) && x.dirty == y.dirty;
	return 0;
}
