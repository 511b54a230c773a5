/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices the scan list shows, and in which order. */
#include "view/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TERM_MAX 64u

const char *view_scan_sort_name(enum view_scan_sort sort)
{
	switch (sort) {
	case VIEW_SORT_SEEN_FIRST:
		return "as found";
	case VIEW_SORT_RSSI:
		return "RSSI";
	case VIEW_SORT_NAME:
		return "name";
	case VIEW_SORT_AGE:
		return "last seen";
	case VIEW_SORTS:
		break;
	}
	return "";
}

/* --- the filter: terms with blanks between them, all of which must hold */

/* The next term of *text, without a leading '!'; false: there is none. */
static bool next_term(const char **text, char term[TERM_MAX], bool *ret_not)
{
	const char *start = *text + strspn(*text, " ");
	size_t len = strcspn(start, " ");

	*text = start + len;
	*ret_not = len > 1 && start[0] == '!';
	if (*ret_not) {
		start++;
		len--;
	}
	(void)snprintf(term, TERM_MAX, "%.*s", (int)(len < TERM_MAX ? len : TERM_MAX - 1), start);
	return len > 0;
}

/* "rssi>-80": 1, with *ret_limit and *ret_above; 0: another term; negative: no number. */
static int parse_rssi(const char *term, long *ret_limit, bool *ret_above)
{
	char *end;

	if (strncmp(term, "rssi<", 5) != 0 && strncmp(term, "rssi>", 5) != 0)
		return 0;
	*ret_above = term[4] == '>';
	*ret_limit = strtol(term + 5, &end, 10);
	return end == term + 5 || *end != '\0' ? -EINVAL : 1;
}

static bool holds(const struct scan_device *d, const char *term)
{
	long limit;
	bool above;

	if (strcmp(term, "ota") == 0)
		return d->ota_service;
	if (parse_rssi(term, &limit, &above) > 0)
		return d->rssi != 127 && (above ? d->rssi > limit : d->rssi < limit);
	return loglist_contains(d->name, term) || loglist_contains(d->address, term);
}

bool view_scan_passes(const struct scan_device *device, const char *filter)
{
	char term[TERM_MAX];
	bool not ;

	while (next_term(&filter, term, &not )) {
		if (holds(device, term) == not )
			return false;
	}
	return true;
}

const char *view_scan_filter_error(const char *filter)
{
	char term[TERM_MAX];
	long limit;
	bool not, above;

	while (next_term(&filter, term, &not )) {
		if (parse_rssi(term, &limit, &above) < 0)
			return "rssi: expected a number of dBm, such as rssi>-80";
	}
	return NULL;
}

/* --- the order */

bool view_scan_marked(const struct view_scan_marks *marks, const char *address)
{
	for (size_t i = 0; marks && i < marks->count; i++) {
		if (strcmp(marks->addresses[i], address) == 0)
			return true;
	}
	return false;
}

void view_scan_mark(struct view_scan_marks *marks, const char *address)
{
	for (size_t i = 0; i < marks->count; i++) {
		if (strcmp(marks->addresses[i], address) != 0)
			continue;
		memmove(marks->addresses[i], marks->addresses[i + 1],
			(--marks->count - i) * sizeof(marks->addresses[0]));
		return;
	}
	if (marks->count == VIEW_MARKS_MAX)
		memmove(marks->addresses[0], marks->addresses[1],
			--marks->count * sizeof(marks->addresses[0]));
	(void)snprintf(marks->addresses[marks->count++], SCAN_ADDRESS_SIZE, "%s", address);
}

/* Strength for sorting: unknown comes last. */
static int strength(const struct scan_device *d)
{
	return d->rssi == 127 ? -200 : d->rssi;
}

static bool before(const struct scan *scan, enum view_scan_sort sort,
		   const struct view_scan_marks *marks, uint16_t a, uint16_t b)
{
	const struct scan_device *x = &scan->devices[a], *y = &scan->devices[b];
	const bool marked = view_scan_marked(marks, x->address);
	int order;

	if (marked != view_scan_marked(marks, y->address))
		return marked;
	switch (sort) {
	case VIEW_SORT_RSSI:
		if (strength(x) != strength(y))
			return strength(x) > strength(y);
		break;
	case VIEW_SORT_NAME:
		order = strcmp(x->name, y->name);
		if (order != 0)
			return x->name[0] != '\0' && (y->name[0] == '\0' || order < 0);
		break;
	case VIEW_SORT_AGE:
		if (x->last_us != y->last_us)
			return x->last_us > y->last_us;
		break;
	case VIEW_SORT_SEEN_FIRST:
	case VIEW_SORTS:
		break;
	}
	return a < b;
}

static bool view_scan_order_shown(const struct scan_device *d, const char *filter,
				  const struct view_scan_marks *marks)
{
	return view_scan_marked(marks, d->address) || view_scan_passes(d, filter);
}

size_t view_scan_order(const struct scan *scan, enum view_scan_sort sort, const char *filter,
		       const struct view_scan_marks *marks, bool frozen, uint16_t *order,
		       size_t count)
{
	bool there[SCAN_DEVICES_MAX] = {false};
	size_t kept = 0;

	for (size_t i = 0; frozen && i < count; i++) {
		if (order[i] >= scan->count ||
		    !view_scan_order_shown(&scan->devices[order[i]], filter, marks))
			continue;
		there[order[i]] = true;
		order[kept++] = order[i];
	}
	/* Those that are there already stay; the new ones are sorted in behind them. */
	for (size_t first = kept, i = 0; i < scan->count; i++) {
		size_t at = kept;

		if (there[i] || !view_scan_order_shown(&scan->devices[i], filter, marks))
			continue;
		while (at > first && before(scan, sort, marks, (uint16_t)i, order[at - 1])) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = (uint16_t)i;
		kept++;
	}
	return kept;
}
