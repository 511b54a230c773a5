/* SPDX-License-Identifier: Apache-2.0 */
/* The time of a transfer as a stacked bar with its legend, and the verdict. */
#include "view/view_device_priv.h"

#include "view/layout.h"

#include <string.h>

#define BAR_PARTS 2u /* of the row's width, one of so many */

/* A letter for each share, so that the bar reads without colours. */
static char letter(enum budget_share share)
{
	static const char letters[BUDGET_TRANSFER_SHARES] = {
		[BUDGET_AIR] = '=',	[BUDGET_ACK] = 'a',	[BUDGET_HOST] = 'h',
		[BUDGET_STACK] = 's',	[BUDGET_BUFFERS] = 'b', [BUDGET_RESPONSE] = 'r',
		[BUDGET_PACING] = 'p',	[BUDGET_WINDOW] = 'w',	[BUDGET_ERASE] = 'e',
		[BUDGET_PROGRAM] = 'P', [BUDGET_READ] = 'R',	[BUDGET_TASK] = 't',
		[BUDGET_LOSS] = 'l',	[BUDGET_GAPS] = 'g',	[BUDGET_DOWN] = 'd',
		[BUDGET_PAUSED] = '.',	[BUDGET_START] = '<',	[BUDGET_END] = '>',
	};

	return letters[share];
}

static enum cells_style share_style(enum budget_share share)
{
	static const enum cells_style styles[BUDGET_TRANSFER_SHARES] = {
		[BUDGET_AIR] = CELLS_GOOD,	  [BUDGET_ACK] = CELLS_DIM,
		[BUDGET_HOST] = CELLS_WARNING,	  [BUDGET_STACK] = CELLS_WARNING,
		[BUDGET_BUFFERS] = CELLS_WARNING, [BUDGET_RESPONSE] = CELLS_WARNING,
		[BUDGET_PACING] = CELLS_WARNING,  [BUDGET_WINDOW] = CELLS_WARNING,
		[BUDGET_ERASE] = CELLS_WARNING,	  [BUDGET_PROGRAM] = CELLS_WARNING,
		[BUDGET_READ] = CELLS_WARNING,	  [BUDGET_TASK] = CELLS_WARNING,
		[BUDGET_LOSS] = CELLS_BAD,	  [BUDGET_GAPS] = CELLS_BAD,
		[BUDGET_DOWN] = CELLS_BAD,	  [BUDGET_PAUSED] = CELLS_DIM,
		[BUDGET_START] = CELLS_DIM,	  [BUDGET_END] = CELLS_DIM,
	};

	return styles[share];
}

static enum budget_share largest(const uint64_t *us)
{
	enum budget_share most = BUDGET_AIR;

	for (enum budget_share s = BUDGET_AIR; s < BUDGET_TRANSFER_SHARES; s++)
		if (us[s] > us[most])
			most = s;
	return most;
}

/* Half a percent and more. */
static bool is_told(uint64_t time, uint64_t sum)
{
	return time > 0 && time * 200u >= sum;
}

/* Largest first, while there is room for them in whole. */
static void draw_legend(const uint64_t *time, uint64_t sum, struct cells *cells, struct area area,
			int x)
{
	uint64_t left[BUDGET_TRANSFER_SHARES];
	enum budget_share s;
	char text[32];

	memcpy(left, time, sizeof(left));
	for (;;) {
		s = largest(left);
		if (!is_told(left[s], sum))
			return;
		(void)snprintf(text, sizeof(text), " %c %s %u%%", letter(s), budget_share_name(s),
			       (unsigned int)((left[s] * 200u / sum + 1u) / 2u));
		if (x + cells_columns(cells, text) > area.w)
			return;
		x = cells_text(cells, area, x, 0, share_style(s), text);
		left[s] = 0;
	}
}

/*
 * Columns in the order of what each share still lacks, so that none has one before a larger share
 * has its own; shares of less than the legend tells have none.
 */
static void divide_columns(const uint64_t *time, uint64_t sum, int width,
			   int ret[BUDGET_TRANSFER_SHARES])
{
	uint64_t lacks[BUDGET_TRANSFER_SHARES]; /* of one column more */
	int left = width, most;

	for (int s = 0; s < BUDGET_TRANSFER_SHARES; s++) {
		const uint64_t part = is_told(time[s], sum) ? time[s] * (uint64_t)width : 0;

		ret[s] = (int)(part / sum);
		lacks[s] = part % sum;
		left -= ret[s];
	}
	for (; left > 0; left--) {
		most = BUDGET_AIR;
		for (int s = 0; s < BUDGET_TRANSFER_SHARES; s++)
			if (lacks[s] > lacks[most])
				most = s;
		if (lacks[most] == 0) /* what is not told is left */
			most = (int)largest(time);
		lacks[most] = 0;
		ret[most]++;
	}
}

void view_budget_bar(const uint64_t *time, struct cells *cells, struct area area)
{
	const int width = area.w / (int)BAR_PARTS;
	int columns[BUDGET_TRANSFER_SHARES], x = 0;
	uint64_t sum = 0;

	for (unsigned int i = 0; i < BUDGET_TRANSFER_SHARES; i++)
		sum += time[i];
	if (sum == 0)
		return;
	divide_columns(time, sum, width, columns);
	for (enum budget_share s = BUDGET_AIR; s < BUDGET_TRANSFER_SHARES; s++) {
		const char text[] = {letter(s), '\0'};

		while (columns[s]-- > 0)
			x = cells_text(cells, area, x, 0, share_style(s), text);
	}
	draw_legend(time, sum, cells, area, width);
}

/* In whole where two rows are enough; returns the rows. */
static int draw_sentence(const char *head, const char *text, enum cells_style style,
			 struct cells *cells, struct area area)
{
	const int x = cells_text(cells, area, 0, 0, CELLS_DIM, head);
	const int first = cells_break(text, area.w - x);
	const char *rest = text + first;

	rest += strspn(rest, " ");
	if (*rest == '\0' || area.h < 2) {
		(void)cells_field(cells, area, x, 0, area.w - x, style, text);
		return 1;
	}
	(void)cells_printf(cells, area, x, 0, style, "%.*s", first, text);
	(void)cells_field(cells, area, 0, 1, area.w, style, rest);
	return 2;
}

int view_budget_verdict(const char *limit, struct cells *cells, struct area area)
{
	return draw_sentence("limited by ", limit, CELLS_TITLE, cells, area);
}

#define LOG_KEEPS 3 /* rows, its title among them */

int view_budget_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	/* A row of the log stays. */
	const int left = area.h - 3 > 2 ? 2 : 1;
	int used;

	if (!v->time || v->stats->start_us == 0 || area.w < VIEW_BUDGET_W)
		return 0;
	view_budget_bar(v->time, cells, (struct area){area.x, area.y, area.w, 1});
	if (!v->limit || v->limit[0] == '\0')
		return 1;
	if (view_device_runs(v)) {
		/* One row always: the log is not to jump as figures change. */
		(void)draw_sentence("limited so far by ", v->limit, CELLS_TITLE, cells,
				    (struct area){area.x, area.y + 1, area.w, 1});
		return 2;
	}
	used = 1 + view_budget_verdict(v->limit, cells,
				       (struct area){area.x, area.y + 1, area.w, left});
	if (!v->advice || v->advice[0] == '\0' || area.h - used <= LOG_KEEPS)
		return used;
	return used + draw_sentence("advice ", v->advice, CELLS_NORMAL, cells,
				    (struct area){area.x, area.y + used, area.w,
						  area.h - used - LOG_KEEPS});
}
