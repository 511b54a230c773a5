/* SPDX-License-Identifier: Apache-2.0 */
/* See sweep_table.h. */
#include "cli/sweep_table.h"

#include "base/output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define SHADES " .:-=+*#%@"
#define CELL 7 /* columns of the heat map */
#define BEST_MAX 8u /* lines of the table */

static void line(struct sweep_table *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void line(struct sweep_table *t, const char *format, ...)
{
	va_list ap;

	if (t->count == SWEEP_TABLE_LINES)
		return;
	va_start(ap, format);
	(void)vsnprintf(t->line[t->count++], SWEEP_TABLE_LINE, format, ap);
	va_end(ap);
}

static void scores(struct sweep_table *t, const struct sweep *s, size_t most)
{
	struct sweep_score all[SWEEP_SAMPLES];
	const size_t count = sweep_scores(s, all);
	char rate[OUTPUT_FIGURE_MAX], text[SWEEP_TABLE_LINE / 2];

	line(t, "       RATE     +-  RUNS  GAPS  SETTINGS");
	for (size_t i = 0; i < count && i < most; i++) {
		const struct sweep_score *x = &all[i];

		line(t, "%s %10s %4.1f %% %4" PRIu32 " %5" PRIu32 "  %s%s", i == 0 ? ">" : " ",
		     output_rate(x->rate, rate, sizeof(rate)),
		     x->rate > 0 ? 100.0 * x->error / x->rate : 0.0, x->runs, x->gaps,
		     sweep_point_text(s, &x->point, text, sizeof(text)),
		     x->not_had ? " (not had)" : "");
	}
}

/* A row a PHY, a column an interval; a shade is a tenth of the best. */
static void heat(struct sweep_table *t, const struct sweep *s, uint32_t best)
{
	const struct sweep_values *phys = &s->axes[SWEEP_PHY], *ms = &s->axes[SWEEP_INTERVAL];
	char row[SWEEP_TABLE_LINE], value[SETTING_TEXT_MAX], cell[16];
	size_t len = (size_t)snprintf(row, sizeof(row), "  ms ");

	for (uint8_t i = 0; i < ms->count; i++)
		len += (size_t)snprintf(
			row + len, sizeof(row) - len, "%*.6s", CELL,
			sweep_value_text(s, SWEEP_INTERVAL, i, value, sizeof(value)));
	line(t, "%s", row);
	for (uint8_t p = 0; p < phys->count; p++) {
		len = (size_t)snprintf(row, sizeof(row), "  %-3.3s",
				       sweep_value_text(s, SWEEP_PHY, p, value, sizeof(value)));
		for (uint8_t i = 0; i < ms->count; i++) {
			const uint32_t rate = sweep_heat(s, SWEEP_PHY, p, SWEEP_INTERVAL, i);
			const size_t shade = best == 0 ? 0 : (size_t)((uint64_t)rate * 9u / best);

			(void)snprintf(cell, sizeof(cell), rate == 0 ? "-" : "%" PRIu32 "%c",
				       rate / 1000u, SHADES[shade > 9u ? 9u : shade]);
			len += (size_t)snprintf(row + len, sizeof(row) - len, "%*s", CELL, cell);
		}
		line(t, "%s", row);
	}
}

void sweep_table_make(struct sweep_table *t, const struct sweep *s, const struct sweep_request *now,
		      size_t rows, size_t width)
{
	const size_t map = s->axes[SWEEP_PHY].count + 1u, around = 3u;
	struct sweep_result r;
	char rate[OUTPUT_FIGURE_MAX], text[SWEEP_TABLE_LINE / 2];
	size_t most = rows > map + around ? rows - map - around : 1u;

	t->count = 0;
	if (!sweep_best(s, &r)) {
		line(t, "measuring for the first time");
		return;
	}
	line(t, "%zu measured of %" PRIu32 "; best so far %s, before %s", s->count, sweep_grid(s),
	     output_rate(r.best.rate, rate, sizeof(rate)),
	     output_rate(r.first_rate, text, OUTPUT_FIGURE_MAX));
	scores(t, s, most < BEST_MAX ? most : BEST_MAX);
	heat(t, s, r.best.rate);
	if (now)
		line(t, "measuring %s (%s)", sweep_point_text(s, &now->point, text, sizeof(text)),
		     sweep_stage_name(now->stage));
	for (size_t i = 0; i < t->count; i++)
		if (width < SWEEP_TABLE_LINE && strlen(t->line[i]) > width)
			t->line[i][width] = '\0';
}

void sweep_screen_clear(struct sweep_screen *screen)
{
	if (!screen->out || screen->lines == 0)
		return;
	/* Up to its first line, and nothing from there on. */
	(void)fprintf(screen->out, "\033[%zuA\r\033[J", screen->lines);
	(void)fflush(screen->out);
	screen->lines = 0;
}

void sweep_screen_draw(struct sweep_screen *screen, const struct sweep *s,
		       const struct sweep_request *now)
{
	struct sweep_table t;
	unsigned int height;

	if (!screen->out)
		return;
	height = output_height(screen->out);
	sweep_table_make(&t, s, now, height > 1 ? height - 1u : SWEEP_TABLE_LINES,
			 output_width(screen->out) - 1u);
	sweep_screen_clear(screen);
	for (size_t i = 0; i < t.count; i++)
		(void)fprintf(screen->out, "%s\n", t.line[i]);
	(void)fflush(screen->out);
	screen->lines = t.count;
}
