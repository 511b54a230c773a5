/* SPDX-License-Identifier: Apache-2.0 */
/* See progress.h. */
#include "cli/progress.h"

#include "base/output.h"

#include <string.h>

#define REDRAW_US 100000u
#define BAR_MIN 10u
#define BAR_MAX 40u

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

/* What stands behind the bar, the most important first: it is cut at the right. */
static void figures(const struct progress *p, char *buf, size_t size)
{
	const uint32_t there = p->received_known ? p->received : p->queued;
	const unsigned int percent = p->size ? (unsigned int)((uint64_t)there * 100u / p->size) : 0;
	char received[24], total[24], rate[24], eta[24] = "-", queued[24], flushed[24];

	if (p->eta_us != UINT64_MAX)
		(void)output_duration(p->eta_us, eta, sizeof(eta));
	(void)output_bytes(there, received, sizeof(received));
	(void)output_bytes(p->size, total, sizeof(total));
	(void)output_rate(p->rate, rate, sizeof(rate));
	(void)output_bytes(p->queued, queued, sizeof(queued));
	(void)output_bytes(p->flushed, flushed, sizeof(flushed));
	if (p->wait[0] != '\0')
		(void)snprintf(buf, size, "%3u%% of %s  %s", percent, total, p->wait);
	else if (p->received_known)
		(void)snprintf(buf, size, "%3u%% %s of %s  %s  ETA %s  queued %s  flushed %s",
			       percent, received, total, rate, eta, queued, flushed);
	else
		(void)snprintf(buf, size, "%3u%% queued %s of %s, the device does not acknowledge",
			       percent, received, total);
}

char *progress_format(const struct progress *p, size_t width, char *buf, size_t size)
{
	const size_t columns = width < size ? width : size - 1;
	char text[600], fill[BAR_MAX + 1];
	size_t room;

	figures(p, text, sizeof(text));
	room = columns > strlen(text) + 16 ? columns - strlen(text) - 16 : 0;
	if (room > BAR_MAX)
		room = BAR_MAX;
	if (room < BAR_MIN && columns > 60 && p->wait[0] == '\0')
		room = BAR_MIN;
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
	/* One column stays free: a full line would wrap on some terminals. */
	(void)fprintf(line->out, "\r%s\033[K",
		      progress_format(p, width > 1 ? width - 1 : 1, text, sizeof(text)));
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
