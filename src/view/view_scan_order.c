/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that the scan list shows, and their order. */
#include "view/view.h"

#include "view/terms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *view_scan_sort_name(enum view_scan_sort sort)
{
	switch (sort) {
	case VIEW_SORT_SEEN_FIRST:
		return "as found";
	case VIEW_SORT_RSSI:
		return "RSSI";
	case VIEW_SORT_NAME:
		return "name";
	case VIEW_SORT_ADDRESS:
		return "address";
	case VIEW_SORT_OTA:
		return "OTA";
	case VIEW_SORT_FIRMWARE:
		return "firmware";
	case VIEW_SORT_AGE:
		return "last seen";
	case VIEW_SORT_STATE:
		return "state";
	case VIEW_SORTS:
		break;
	}
	return "";
}

/* --- the filter */

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
		return dialects_driven(d->dialects);
	if (parse_rssi(term, &limit, &above) > 0)
		return d->rssi != 127 && (above ? d->rssi > limit : d->rssi < limit);
	return loglist_contains(d->name, term) || loglist_contains(d->address, term);
}

bool view_scan_passes(const struct scan_device *device, const char *filter)
{
	char term[TERMS_TEXT];
	bool not ;

	while (terms_next(&filter, term, &not )) {
		if (holds(device, term) == not )
			return false;
	}
	return true;
}

const char *view_scan_filter_error(const char *filter)
{
	char term[TERMS_TEXT];
	long limit;
	bool not, above;

	while (terms_next(&filter, term, &not )) {
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

static const struct view_known *known_of(const struct view_scan_order *by, const char *address)
{
	for (size_t i = 0; i < by->known_count; i++) {
		if (strcmp(by->known[i].address, address) == 0)
			return &by->known[i];
	}
	return NULL;
}

/* The text by which a column of words is sorted; "" unknown. */
static const char *word_of(const struct view_scan_order *by, const struct scan_device *d)
{
	const struct view_known *known = known_of(by, d->address);
	enum cells_style style;
	const char *word;

	switch (by->sort) {
	case VIEW_SORT_NAME:
		return d->name;
	case VIEW_SORT_ADDRESS:
		return d->address;
	case VIEW_SORT_OTA:
		word = view_scan_ota(d, known, &style);
		return strcmp(word, "-") == 0 ? "" : word;
	case VIEW_SORT_FIRMWARE:
		return known ? known->version : "";
	case VIEW_SORT_STATE:
		return known && known->outcome != SESSION_NO_OUTCOME
			       ? view_scan_outcome(known->outcome, &style)
			       : "";
	case VIEW_SORT_SEEN_FIRST:
	case VIEW_SORT_RSSI:
	case VIEW_SORT_AGE:
	case VIEW_SORTS:
		break;
	}
	return "";
}

static bool is_unknown(const struct view_scan_order *by, const struct scan_device *d)
{
	switch (by->sort) {
	case VIEW_SORT_RSSI:
		return d->rssi == SCAN_RSSI_UNKNOWN;
	case VIEW_SORT_NAME:
	case VIEW_SORT_ADDRESS:
	case VIEW_SORT_OTA:
	case VIEW_SORT_FIRMWARE:
	case VIEW_SORT_STATE:
		return word_of(by, d)[0] == '\0';
	case VIEW_SORT_SEEN_FIRST:
	case VIEW_SORT_AGE:
	case VIEW_SORTS:
		break;
	}
	return false;
}

/* Negative: x comes before y; 0: neither before the other. */
static int compare(const struct view_scan_order *by, const struct scan_device *x,
		   const struct scan_device *y)
{
	switch (by->sort) {
	case VIEW_SORT_RSSI:
		return y->rssi - x->rssi;
	case VIEW_SORT_AGE:
		return (x->last_us < y->last_us) - (x->last_us > y->last_us);
	case VIEW_SORT_NAME:
	case VIEW_SORT_ADDRESS:
	case VIEW_SORT_OTA:
	case VIEW_SORT_FIRMWARE:
	case VIEW_SORT_STATE:
		return strcmp(word_of(by, x), word_of(by, y));
	case VIEW_SORT_SEEN_FIRST:
	case VIEW_SORTS:
		break;
	}
	return 0;
}

static bool before(const struct view_scan_order *by, uint16_t a, uint16_t b)
{
	const struct scan_device *x = &by->scan->devices[a], *y = &by->scan->devices[b];
	const bool marked = view_scan_marked(by->marks, x->address);
	const bool unknown = is_unknown(by, x);
	int order;

	if (marked != view_scan_marked(by->marks, y->address))
		return marked;
	if (unknown != is_unknown(by, y))
		return !unknown;
	order = compare(by, x, y);
	if (order == 0)
		order = (int)a - (int)b; /* as found */
	return by->reversed ? order > 0 : order < 0;
}

static bool is_shown(const struct view_scan_order *by, uint16_t i)
{
	const struct scan_device *d = &by->scan->devices[i];

	return view_scan_marked(by->marks, d->address) || view_scan_passes(d, by->filter);
}

size_t view_scan_order(const struct view_scan_order *by, uint16_t *order, size_t count)
{
	bool there[SCAN_DEVICES_MAX] = {false};
	size_t kept = 0;

	for (size_t i = 0; by->frozen && i < count; i++) {
		if (order[i] >= by->scan->count || !is_shown(by, order[i]))
			continue;
		there[order[i]] = true;
		order[kept++] = order[i];
	}
	/* Those that are there already stay; the new ones are sorted in behind them. */
	for (size_t first = kept, i = 0; i < by->scan->count; i++) {
		size_t at = kept;

		if (there[i] || !is_shown(by, (uint16_t)i))
			continue;
		while (at > first && before(by, (uint16_t)i, order[at - 1])) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = (uint16_t)i;
		kept++;
	}
	return kept;
}
