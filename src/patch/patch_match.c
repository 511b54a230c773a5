/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The suffix array of the old image finds, for each place of the new one, the longest string
 * that is in both.  Where such a string is much longer than what the current distance
 * between the two images explains, another distance begins; between two of them is decided byte
 * by byte which one explains more.  The idea is that of C. Percival, "Naive differences of
 * executable code" (2003).
 */
#include "patch/patch_match.h"
#include "patch/patch.h"

#include <divsufsort.h>
#include <stdlib.h>
#include <string.h>

/* A string has to gain so many bytes over the distance in force: a record costs some, and
 * short strings are found by chance. */
#define GAIN 12u
#define STEP 65536u /* bytes: some milliseconds */

struct matcher {
	const uint8_t *old, *new;
	uint32_t old_size, new_size;
	saidx_t *suffixes;
	struct patch_runs *runs;
	const struct steps *steps;
	uint32_t told; /* of the new image, by steps */
	bool given_up;
};

/* A distance that explains the new image's bytes from at on, len of them without a flaw. */
struct anchor {
	uint32_t at, old_at, len;
};

static uint32_t common(const struct matcher *m, uint32_t old_at, uint32_t at, uint32_t from)
{
	const uint32_t old_left = m->old_size - old_at, new_left = m->new_size - at;
	const uint32_t most = old_left < new_left ? old_left : new_left;

	while (from < most && m->old[old_at + from] == m->new[at + from])
		from++;
	return from;
}

/* The longest string of the old image that the new one has at this place; 0: none. */
static uint32_t longest(const struct matcher *m, uint32_t at, uint32_t *ret_old_at)
{
	uint32_t low = 0, high = m->old_size, low_len = 0, high_len = 0, best = 0;

	/* All suffixes between the bounds share the bytes that both bounds share with the new
	 * one. */
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const uint32_t suffix = (uint32_t)m->suffixes[middle];
		const uint32_t known = low_len < high_len ? low_len : high_len;
		const uint32_t len = common(m, suffix, at, known);

		if (len > best) {
			best = len;
			*ret_old_at = suffix;
		}
		if (at + len == m->new_size)
			return best;
		if (suffix + len == m->old_size || m->old[suffix + len] < m->new[at + len]) {
			low = middle + 1;
			low_len = len;
		} else {
			high = middle;
			high_len = len;
		}
	}
	return best;
}

/* Bytes of the new image's range that this distance explains. */
static uint32_t explained(const struct matcher *m, const struct anchor *a, uint32_t at,
			  uint32_t len)
{
	uint32_t count = 0;

	for (uint32_t i = at; i < at + len; i++) {
		const int64_t old_at = (int64_t)a->old_at + i - a->at;

		count += old_at >= 0 && old_at < m->old_size && m->old[old_at] == m->new[i];
	}
	return count;
}

/* Tells steps every so many bytes: false if the rest is not wanted. */
static bool tell(struct matcher *m, uint32_t at)
{
	const uint32_t news = (at < m->new_size ? at : m->new_size) - m->told;

	if (news < STEP)
		return !m->given_up;
	m->told += news;
	m->given_up = !steps_done(m->steps, news * PATCH_MATCH_UNITS);
	return !m->given_up;
}

/* Finds the next place where another distance is better.  False: none. */
static bool next_anchor(struct matcher *m, const struct anchor *now, struct anchor *ret)
{
	uint32_t at = now->at + now->len, old_at = 0;

	while (at < m->new_size && tell(m, at)) {
		const uint32_t len = longest(m, at, &old_at);

		if (len > GAIN && len > explained(m, now, at, len) + GAIN) {
			*ret = (struct anchor){at, old_at, len};
			return true;
		}
		/* Inside a long string nothing is learnt; what begins in it is found behind
		 * it, and grows backwards. */
		at += len > GAIN ? len : 1;
	}
	return false;
}

static int add_run(struct patch_runs *runs, uint32_t at, uint32_t len, bool similar,
		   uint32_t old_at)
{
	struct patch_run *list;

	if (len == 0)
		return 0;
	if (runs->count == runs->room) {
		const size_t room = runs->room ? 2 * runs->room : 256;

		list = realloc(runs->list, room * sizeof(*list));
		if (!list)
			return -OTA_ENOMEM;
		runs->list = list;
		runs->room = room;
	}
	runs->list[runs->count++] = (struct patch_run){at, len, similar ? old_at : 0, similar};
	return 0;
}

/*
 * The length for which one distance is worth while: up to the byte where equal bytes outnumber
 * different ones the most.
 */
static uint32_t forward(const struct matcher *m, const struct anchor *a, uint32_t from,
			uint32_t limit)
{
	uint32_t best = 0, len = 0;
	int64_t score = 0, best_score = 0;

	for (; from + len < limit && a->old_at + (from - a->at) + len < m->old_size;) {
		score += m->old[a->old_at + (from - a->at) + len] == m->new[from + len] ? 1 : -1;
		len++;
		if (score > best_score) {
			best_score = score;
			best = len;
		}
	}
	return best;
}

static uint32_t backward(const struct matcher *m, const struct anchor *b, uint32_t from)
{
	uint32_t best = 0;
	int64_t score = 0, best_score = 0;

	for (uint32_t len = 1; len <= b->at - from && len <= b->old_at; len++) {
		score += m->old[b->old_at - len] == m->new[b->at - len] ? 1 : -1;
		if (score > best_score) {
			best_score = score;
			best = len;
		}
	}
	return best;
}

/* Both want [from, from + len): the place where the first one had better end. */
static uint32_t split(const struct matcher *m, const struct anchor *a, const struct anchor *b,
		      uint32_t from, uint32_t len)
{
	int64_t score = 0, best_score = 0;
	uint32_t best = 0;

	if (!a || !b)
		return 0;
	for (uint32_t i = 0; i < len; i++) {
		score += m->old[a->old_at + (from + i - a->at)] == m->new[from + i];
		score -= m->old[b->old_at - (b->at - (from + i))] == m->new[from + i];
		if (score > best_score) {
			best_score = score;
			best = i + 1;
		}
	}
	return best;
}

/* From where the last run ended to where b's begins.  Returns where that is, or negative. */
static int64_t close_gap(struct matcher *m, const struct anchor *a, uint32_t start,
			 const struct anchor *b)
{
	const uint32_t end = b ? b->at : m->new_size;
	const uint32_t from = a->at + a->len;
	uint32_t reach = from + forward(m, a, from, end), begin = end;

	if (b)
		begin -= backward(m, b, from);
	if (begin < reach) {
		begin += split(m, a, b, begin, reach - begin);
		reach = begin;
	}
	if (add_run(m->runs, start, reach - start, true, a->old_at - (a->at - start)) < 0 ||
	    add_run(m->runs, reach, begin - reach, false, 0) < 0)
		return -OTA_ENOMEM;
	return begin;
}

static int find_runs(struct matcher *m)
{
	struct anchor now = {0, 0, 0}, next;
	int64_t start = 0;

	while (start >= 0 && next_anchor(m, &now, &next)) {
		start = close_gap(m, &now, (uint32_t)start, &next);
		now = next;
	}
	if (start >= 0)
		start = close_gap(m, &now, (uint32_t)start, NULL);
	return start < 0 ? (int)start : m->given_up ? -OTA_ECANCELED : 0;
}

/* Sorts the suffixes; libdivsufsort tells no steps of its own. */
static int sort(const struct matcher *m)
{
	if (m->old_size > 0 && divsufsort(m->old, m->suffixes, (saidx_t)m->old_size) != 0)
		return -OTA_ENOMEM;
	return steps_done(m->steps, m->old_size * PATCH_SORT_UNITS) ? 0 : -OTA_ECANCELED;
}

int patch_runs_init(struct patch_runs *ret, const uint8_t *old, size_t old_size, const uint8_t *new,
		    size_t new_size, const struct steps *steps)
{
	struct matcher m = {.old = old,
			    .new = new,
			    .old_size = (uint32_t)old_size,
			    .new_size = (uint32_t)new_size,
			    .runs = ret,
			    .steps = steps};
	int r;

	memset(ret, 0, sizeof(*ret));
	m.suffixes = malloc((old_size + 1) * sizeof(*m.suffixes));
	if (!m.suffixes)
		return -OTA_ENOMEM;
	r = sort(&m);
	if (r == 0)
		r = find_runs(&m);
	free(m.suffixes);
	if (r < 0)
		patch_runs_finish(ret);
	return r;
}

void patch_runs_finish(struct patch_runs *runs)
{
	free(runs->list);
	memset(runs, 0, sizeof(*runs));
}
