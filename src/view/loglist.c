/* SPDX-License-Identifier: Apache-2.0 */
/* See loglist.h. */
#include "view/loglist.h"

#include "view/terms.h"

#include <string.h>

#define SIGNS "><*!~" /* of all kinds: loglist_sign() */

void loglist_init(struct loglist *list)
{
	memset(list, 0, sizeof(*list));
}

void loglist_add(struct loglist *list, uint64_t at_us, enum loglist_kind kind,
		 enum cells_style style, const char *text, const uint8_t *raw, size_t len)
{
	struct loglist_line *line = &list->lines[list->count++ % LOGLIST_LINES];

	*line = (struct loglist_line){.at_us = at_us, .kind = kind, .style = style};
	(void)snprintf(line->text, sizeof(line->text), "%s", text);
	line->raw_len = (uint8_t)(len < LOGLIST_RAW ? len : LOGLIST_RAW);
	if (line->raw_len > 0)
		memcpy(line->raw, raw, line->raw_len);
	if (kind == LOGLIST_ROUTINE) {
		list->routine++;
		list->newest_routine = list->count - 1;
	}
}

bool loglist_folds(const struct loglist *list)
{
	return !list->unfolded && list->filter[0] == '\0' && list->search[0] == '\0';
}

static uint64_t oldest(const struct loglist *list)
{
	return list->count > LOGLIST_LINES ? list->count - LOGLIST_LINES : 0;
}

const struct loglist_line *loglist_at(const struct loglist *list, uint64_t number)
{
	if (number < oldest(list) || number >= list->count)
		return NULL;
	return &list->lines[number % LOGLIST_LINES];
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool loglist_contains(const char *text, const char *part)
{
	for (;; text++) {
		size_t i = 0;

		while (part[i] != '\0' && lower(text[i]) == lower(part[i]))
			i++;
		if (part[i] == '\0')
			return true;
		if (*text == '\0')
			return false;
	}
}

static bool has(const struct loglist_line *line, const char *term)
{
	if (strspn(term, SIGNS) == strlen(term))
		return strchr(term, loglist_sign(line->kind)) != NULL;
	return loglist_contains(line->text, term);
}

bool loglist_matches(const struct loglist *list, const struct loglist_line *line)
{
	const char *filter = list->filter;
	char term[TERMS_TEXT];
	bool not ;

	if (line->kind == LOGLIST_ROUTINE && loglist_folds(list) &&
	    line != &list->lines[list->newest_routine % LOGLIST_LINES])
		return false;
	while (terms_next(&filter, term, &not )) {
		if (has(line, term) == not )
			return false;
	}
	return true;
}

/* The newest line that may be shown last. */
static uint64_t last_shown(const struct loglist *list)
{
	const uint64_t first = oldest(list);

	if (!list->frozen || list->anchor >= list->count)
		return list->count > 0 ? list->count - 1 : 0;
	return list->anchor < first ? first : list->anchor;
}

void loglist_scroll(struct loglist *list, int lines)
{
	uint64_t at = last_shown(list);

	if (list->count == 0 || lines == 0)
		return;
	while (lines != 0) {
		const int step = lines < 0 ? -1 : 1;
		uint64_t next = at;

		do {
			if (step < 0 ? next == oldest(list) : next + 1 >= list->count)
				break;
			next = step < 0 ? next - 1 : next + 1;
		} while (!loglist_matches(list, loglist_at(list, next)));
		if (!loglist_matches(list, loglist_at(list, next)) || next == at)
			break;
		at = next;
		lines -= step;
	}
	list->anchor = at;
	list->frozen = at + 1 < list->count;
}

void loglist_follow(struct loglist *list)
{
	list->frozen = false;
}

static bool loglist_own_selected(const struct loglist *list, uint64_t *ret)
{
	uint64_t at = last_shown(list);

	while (loglist_at(list, at) && !loglist_matches(list, loglist_at(list, at)) && at > 0)
		at--;
	if (!loglist_at(list, at) || !loglist_matches(list, loglist_at(list, at)))
		return false;
	*ret = at;
	return true;
}

const struct loglist_line *loglist_selected(const struct loglist *list)
{
	uint64_t at;

	return loglist_own_selected(list, &at) ? loglist_at(list, at) : NULL;
}

void loglist_bookmark(struct loglist *list)
{
	uint64_t at;

	if (loglist_own_selected(list, &at)) {
		struct loglist_line *line = &list->lines[at % LOGLIST_LINES];

		line->bookmark = !line->bookmark;
	}
}

static bool holds(const struct loglist *list, const struct loglist_line *line)
{
	return list->search[0] != '\0' && loglist_contains(line->text, list->search);
}

static bool is_marked(const struct loglist *list, const struct loglist_line *line)
{
	(void)list;
	return line->bookmark;
}

static bool loglist_own_find(struct loglist *list, int direction,
			     bool (*wanted)(const struct loglist *list,
					    const struct loglist_line *line))
{
	const struct loglist_line *line;
	uint64_t at;

	if (!loglist_own_selected(list, &at))
		return false;
	for (;;) {
		if (direction < 0 && at-- == 0)
			return false;
		if (direction > 0)
			at++;
		line = loglist_at(list, at);
		if (!line)
			return false;
		if (loglist_matches(list, line) && wanted(list, line))
			break;
	}
	list->anchor = at;
	list->frozen = true;
	return true;
}

bool loglist_find(struct loglist *list, int direction)
{
	return loglist_own_find(list, direction, holds);
}

bool loglist_find_bookmark(struct loglist *list, int direction)
{
	return loglist_own_find(list, direction, is_marked);
}

char loglist_sign(enum loglist_kind kind)
{
	switch (kind) {
	case LOGLIST_SENT:
		return '>';
	case LOGLIST_RECEIVED:
	case LOGLIST_ROUTINE:
		return '<';
	case LOGLIST_STATE:
		return '*';
	case LOGLIST_EVENT:
		return '!';
	case LOGLIST_TUNING:
		return '~';
	}
	return '?';
}

/* Time of day or since the start: hours, minutes, seconds, milliseconds. */
void loglist_format_time(uint64_t us, char *buf, size_t size)
{
	const uint64_t ms = us / 1000u;

	(void)snprintf(buf, size, "%02u:%02u:%02u.%03u", (unsigned int)(ms / 3600000u % 24u),
		       (unsigned int)(ms / 60000u % 60u), (unsigned int)(ms / 1000u % 60u),
		       (unsigned int)(ms % 1000u));
}

void loglist_format_raw(const struct loglist_line *line, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < line->raw_len && len + 4 < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%02x", i > 0 ? " " : "",
					line->raw[i]);
}

char *loglist_format(const struct loglist_line *line, char *buf, size_t size)
{
	char at[24], raw[LOGLIST_RAW * 3 + 1];

	loglist_format_time(line->at_us, at, sizeof(at));
	loglist_format_raw(line, raw, sizeof(raw));
	(void)snprintf(buf, size, "%s %c %s%s%s%s", at, loglist_sign(line->kind), line->text,
		       raw[0] != '\0' ? "  [" : "", raw, raw[0] != '\0' ? "]" : "");
	return buf;
}
