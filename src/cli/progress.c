/* SPDX-License-Identifier: Apache-2.0 */
/* See progress.h. */
#include "cli/progress.h"

#include "base/output.h"

#include <string.h>

#define REDRAW_US 100000u
#define BAR_MIN 10u
#define BAR_MAX 40u
#define PART_MAX 520u /* a reason to wait; figures take less */

static size_t part(uint32_t bytes, uint32_t size, size_t width)
{
	return size ? (size_t)((uint64_t)bytes * width / size) : 0;
}

static void bar(const struct progress *p, size_t width, char *to)
{
	const size_t flushed = part(p->flushed, p->size, width);
	const size_t received = part(p->received, p->size, width);
	const size_t queued = part(p->queued, p->size, width);

	for (size_t i = 0; i < width; i++) {
		to[i] = '.';
		if (i < queued)
			to[i] = '-';
		if (i < received)
			to[i] = '=';
		if (i < flushed)
			to[i] = '#';
	}
	to[width] = '\0';
}

#define FIGURES_MAX 6u

/* The figures behind the bar, the most important first.  Returns how many. */
static size_t figures(const struct progress *p, char parts[FIGURES_MAX][PART_MAX])
{
	const uint32_t there = p->received_known ? p->received : p->queued;
	const unsigned int percent = p->size ? (unsigned int)((uint64_t)there * 100u / p->size) : 0;
	char received[24], total[24], figure[24];
	size_t count = 0;

	(void)output_bytes(there, received, sizeof(received));
	(void)output_bytes(p->size, total, sizeof(total));
	if (p->wait[0] != '\0') {
		(void)snprintf(parts[count++], PART_MAX, "%3u%% of %s", percent, total);
		(void)snprintf(parts[count++], PART_MAX, "%s", p->wait);
		return count;
	}
	if (!p->received_known) {
		(void)snprintf(parts[count++], PART_MAX, "%3u%% queued %s of %s", percent, received,
			       total);
		(void)snprintf(parts[count++], PART_MAX, "not acknowledged");
		return count;
	}
	(void)snprintf(parts[count++], PART_MAX, "%3u%% %s of %s", percent, received, total);
	(void)snprintf(parts[count++], PART_MAX, "%s",
		       output_rate(p->rate, figure, sizeof(figure)));
	if (p->air > 0)
		(void)snprintf(parts[count++], PART_MAX, "%s on air",
			       output_bytes(p->air, figure, sizeof(figure)));
	(void)snprintf(
		parts[count++], PART_MAX, "ETA %s",
		p->eta_us == UINT64_MAX ? "-" : output_duration(p->eta_us, figure, sizeof(figure)));
	(void)snprintf(parts[count++], PART_MAX, "queued %s",
		       output_bytes(p->queued, figure, sizeof(figure)));
	(void)snprintf(parts[count++], PART_MAX, "flushed %s",
		       output_bytes(p->flushed, figure, sizeof(figure)));
	return count;
}

/* Joins as many whole figures as fit into columns.  The first is there in any case, cut if it
 * must be, and so is a reason to wait: half a sentence is better than none. */
static void progress_join(const struct progress *p, size_t columns, char *buf, size_t size)
{
	char parts[FIGURES_MAX][PART_MAX];
	const size_t count = figures(p, parts);
	size_t len = (size_t)snprintf(buf, size, "%s", parts[0]);

	for (size_t i = 1; i < count; i++) {
		if (len + 2 + strlen(parts[i]) > columns && p->wait[0] == '\0')
			break;
		len += (size_t)snprintf(buf + len, size - len, "  %s", parts[i]);
	}
}

char *progress_format(const struct progress *p, size_t width, char *buf, size_t size)
{
	const size_t columns = width < size ? width : size - 1;
	const size_t label = 16; /* phase, blank and the bar's brackets */
	char text[PART_MAX * 2], fill[BAR_MAX + 1];
	size_t room, with_bar = columns > label + BAR_MIN ? columns - label - BAR_MIN : 0;

	progress_join(p,
		      columns > 60 && p->wait[0] == '\0' ? with_bar
							 : columns - (columns > 13 ? 13 : 0),
		      text, sizeof(text));
	room = columns > strlen(text) + label ? columns - strlen(text) - label : 0;
	if (room > BAR_MAX)
		room = BAR_MAX;
	if (room >= BAR_MIN) {
		bar(p, room, fill);
		(void)snprintf(buf, columns + 1, "%-12.12s [%s] %s", p->phase, fill, text);
	} else if (p->wait[0] != '\0') { /* it says what phase it is in */
		(void)snprintf(buf, columns + 1, "%s", text);
	} else {
		(void)snprintf(buf, columns + 1, "%.12s %s", p->phase, text);
	}
	return buf;
}

void progress_draw(struct progress_line *line, const struct progress *p, uint64_t now_us)
{
	char text[300];
	size_t width;

	if (!line->out || now_us < line->next_us)
		return;
	line->next_us = now_us + REDRAW_US;
	line->shown = true;
	width = output_width(line->out);
	/* A full line would wrap on some terminals, and so would the ^C that they echo. */
	(void)fprintf(line->out, "\r%s\033[K",
		      progress_format(p, width > 3 ? width - 3 : 1, text, sizeof(text)));
	(void)fflush(line->out);
}

void progress_clear(struct progress_line *line)
{
	if (!line->shown)
		return;
	line->shown = false;
	(void)fprintf(line->out, "\r\033[K");
	(void)fflush(line->out);
}
