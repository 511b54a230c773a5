/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of a run on the dashboard: bar, telemetry, rates, counters. */
#include "view/view_device_priv.h"

#include "base/output.h"

#include <string.h>

static unsigned int percent_of(uint32_t part, uint32_t total)
{
	return total > 0 ? (unsigned int)((uint64_t)part * 100u / total) : 0;
}

static bool tells_progress(const struct view_device *v)
{
	return dialect_get(v->dialect)->has_acknowledgements;
}

/* Received, or where the device does not tell it, queued. */
static uint32_t progress_of(const struct view_device *v)
{
	return v->stats->received_known || tells_progress(v) ? v->stats->received
							     : v->stats->queued;
}

/* A second that has begun is still to wait for: "ETA 0:00" would be the end. */
static void eta_text(const struct view_device *v, char *buf, size_t size)
{
	const uint64_t eta = metrics_eta_us(v->metrics);
	char time[24];

	if (v->state == SESSION_SENDING && eta != UINT64_MAX)
		(void)snprintf(buf, size, "ETA %s",
			       view_duration(eta + 999999u, time, sizeof(time)));
	else
		buf[0] = '\0';
}

/* The device's own progress while the host waits: erasing, verifying. */
static bool phase_of(const struct view_device *v, uint32_t *ret_done, uint32_t *ret_total)
{
	const struct ota_progress *p = &v->stats->progress;

	if ((v->state != SESSION_PREPARING && v->state != SESSION_VERIFYING) || p->phase == 0)
		return false;
	*ret_done = p->done;
	*ret_total = p->total;
	return true;
}

/* "elapsed 0:20  ETA 0:24"; when it has ended, "took 0:44, goodput 48.1 kB/s". */
static char *time_text(const struct view_device *v, bool wide, char *buf, size_t size)
{
	char eta[32], time[24], rate[OUTPUT_FIGURE_MAX];

	eta_text(v, eta, sizeof(eta));
	(void)view_duration(v->elapsed_us, time, sizeof(time));
	if (!wide)
		(void)snprintf(buf, size, "%s", eta[0] != '\0' ? eta : time);
	else if (view_device_runs(v))
		(void)snprintf(buf, size, "elapsed %s%s%s", time, eta[0] != '\0' ? "  " : "", eta);
	else if (v->goodput > 0)
		(void)snprintf(buf, size, "took %s, goodput %s", time,
			       output_rate(v->goodput, rate, sizeof(rate)));
	else
		(void)snprintf(buf, size, "took %s", time);
	return buf;
}

/* Figures right of the bar: in fields as wide as they will get, or its end would jump. */
static void bar_text(const struct view_device *v, unsigned int percent, const char *phase,
		     int width, char *buf, size_t size)
{
	const unsigned int total = v->total / 1000u;
	char kb[48], time[96];
	int digits;

	(void)time_text(v, width >= LAYOUT_FULL_W, time, sizeof(time));
	digits = snprintf(kb, sizeof(kb), "%u", total);
	if (width < 60)
		(void)snprintf(buf, size, " %3u%%  %-9s", percent, time);
	else if (phase)
		(void)snprintf(buf, size, " %3u%%  %-*s  %-23s", percent, 2 * digits + 6, phase,
			       time);
	else
		(void)snprintf(buf, size, " %3u%%  %*u / %u kB  %-23s", percent, digits,
			       progress_of(v) / 1000u, total, time);
}

void view_bar_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct session_stats *s = v->stats;
	uint32_t done = 0, total = 0;
	char right[128];
	int width;

	if (phase_of(v, &done, &total))
		bar_text(v, percent_of(done, total), ota_phase_name(s->progress.phase), area.w,
			 right, sizeof(right));
	else
		bar_text(v, percent_of(progress_of(v), v->total), NULL, area.w, right,
			 sizeof(right));
	width = area.w - cells_columns(cells, right) - 2;
	cells_right(cells, area, 0, view_state_style(v), right);
	if (width < 4)
		return;
	(void)cells_text(cells, area, 0, 0, CELLS_DIM, "[");
	(void)cells_text(cells, area, width + 1, 0, CELLS_DIM, "]");
	if (total > 0)
		plot_bar(cells, area, 1, 0, width, done, done, done, total);
	else
		plot_bar(cells, area, 1, 0, width, s->flushed, s->received, s->queued, v->total);
}

/* A text that does not fit as a whole is not drawn: half a figure is a wrong one. */
static int draw_whole(struct cells *cells, struct area area, int x, enum cells_style style,
		      const char *text)
{
	if (x + cells_columns(cells, text) > area.w)
		return x;
	return cells_text(cells, area, x, 0, style, text);
}

/* Ring, erase and write times from telemetry. */
void view_telemetry_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct ota_telemetry *t = &v->stats->telemetry;
	const struct dialect *dialect = dialect_get(v->dialect);
	char text[128], fill[OUTPUT_FIGURE_MAX];
	int x;

	if (!v->stats->telemetry_known) {
		if (view_device_runs(v) && dialect->has_telemetry)
			(void)cells_text(cells, area, 0, 0, CELLS_DIM, "device: no telemetry yet");
		else if (view_device_runs(v))
			(void)cells_printf(cells, area, 0, 0, CELLS_DIM,
					   "device: no telemetry in the %s dialect", dialect->name);
		return;
	}
	(void)snprintf(text, sizeof(text),
		       "device: ring %s  erase %u ms  write %u ms  %u value%s dropped",
		       output_bytes(t->ring_fill, fill, sizeof(fill)), t->erase_ms, t->write_ms,
		       t->dropped, t->dropped == 1 ? "" : "s");
	x = draw_whole(cells, area, 0,
		       t->dropped > 0 || t->notify_fails > 0 ? CELLS_WARNING : CELLS_NORMAL, text);
	(void)snprintf(text, sizeof(text), "  RSSI %d dBm", t->rssi);
	(void)draw_whole(cells, area, x, CELLS_NORMAL, text);
}

static char *rate_text(uint32_t rate, char *buf, size_t size)
{
	const uint32_t tenths = rate / 100u + (rate % 100u >= 50u);

	(void)snprintf(buf, size, "%u.%u", tenths / 10u, tenths % 10u);
	return buf;
}

static int draw_trouble(const struct session_stats *s, struct cells *cells, struct area area, int x)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%sstalls %u retries %u", x > 0 ? "  " : "", s->stalls,
		       s->retries);
	return draw_whole(cells, area, x, s->stalls + s->retries > 0 ? CELLS_WARNING : CELLS_DIM,
			  text);
}

static char *flight_text(const struct view_device *v, const char *label, char *buf, size_t size)
{
	char flight[OUTPUT_FIGURE_MAX];

	(void)snprintf(buf, size, "  %s %s", label,
		       output_bytes(v->stats->queued - progress_of(v), flight, sizeof(flight)));
	return buf;
}

void view_rates_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	char now[24], average[24], flight[64];
	int x;

	(void)rate_text(metrics_rate_average(v->metrics), average, sizeof(average));
	if (view_device_runs(v))
		x = cells_printf(cells, area, 0, 0, CELLS_NORMAL, "now %s avg %s kB/s",
				 rate_text(metrics_rate_now(v->metrics), now, sizeof(now)),
				 average);
	else
		x = cells_printf(cells, area, 0, 0, CELLS_NORMAL, "goodput %s kB/s", average);
	x = draw_trouble(v->stats, cells, area, x);
	(void)draw_whole(
		cells, area, x, CELLS_DIM,
		flight_text(v, area.w >= 66 ? "in flight" : "flight", flight, sizeof(flight)));
}

#define FIGURES_VALUE 13 /* column, after the label */

static void figure(struct cells *cells, struct area area, int *y, enum cells_style style,
		   const char *label, const char *value)
{
	if (*y >= area.h)
		return;
	(void)cells_text(cells, area, 2, *y, CELLS_DIM, label);
	(void)cells_text(cells, area, FIGURES_VALUE, (*y)++, style, value);
}

/* Draws each figure in a row of its own if the area has enough rows, else several in one. */
static void draw_progress(const struct view_device *v, struct cells *cells, struct area area,
			  int *y)
{
	const struct session_stats *s = v->stats;
	char text[64], a[OUTPUT_FIGURE_MAX], b[OUTPUT_FIGURE_MAX];

	if (area.h < 8 && tells_progress(v)) {
		(void)snprintf(text, sizeof(text), "%u/%u/%u kB", s->queued / 1000u,
			       s->received / 1000u, s->flushed / 1000u);
		if (cells_columns(cells, text) > area.w - FIGURES_VALUE)
			text[strlen(text) - 3] = '\0';
		figure(cells, area, y, CELLS_NORMAL, "q/rcvd/fl", text);
		return;
	}
	figure(cells, area, y, CELLS_NORMAL, "queued", output_bytes(s->queued, text, sizeof(text)));
	figure(cells, area, y, CELLS_NORMAL, "received",
	       s->received_known || tells_progress(v) ? output_bytes(s->received, a, sizeof(a))
						      : "unknown");
	figure(cells, area, y, CELLS_NORMAL, "flushed",
	       tells_progress(v) ? output_bytes(s->flushed, b, sizeof(b)) : "unknown");
}

static void rate_figure(struct cells *cells, struct area area, int *y, enum cells_style style,
			const char *label, uint32_t rate)
{
	char figure_text[24], text[32];

	(void)snprintf(text, sizeof(text), "%s kB/s",
		       rate_text(rate, figure_text, sizeof(figure_text)));
	figure(cells, area, y, style, label, text);
}

/* While it sends: now, on average, at worst. Nothing is "now" once it has ended. */
static void draw_speeds(const struct view_device *v, struct cells *cells, struct area area, int *y)
{
	const uint32_t average = metrics_rate_average(v->metrics);
	const bool low_known = v->metrics->lowest != UINT32_MAX;
	const uint32_t lowest = metrics_rate_lowest(v->metrics);
	char text[64], a[24], b[24];

	if (view_device_runs(v))
		rate_figure(cells, area, y, CELLS_TITLE, "now", metrics_rate_now(v->metrics));
	else
		rate_figure(cells, area, y, CELLS_TITLE, "goodput", average);
	if (view_device_runs(v) && area.h < 10) {
		(void)snprintf(text, sizeof(text), "%s, %s kB/s", rate_text(average, a, sizeof(a)),
			       low_known ? rate_text(lowest, b, sizeof(b)) : "n/a");
		figure(cells, area, y, CELLS_NORMAL, "avg, low", text);
		return;
	}
	if (view_device_runs(v))
		rate_figure(cells, area, y, CELLS_NORMAL, "average", average);
	if (low_known)
		rate_figure(cells, area, y, CELLS_NORMAL, "lowest", lowest);
	else
		figure(cells, area, y, CELLS_NORMAL, "lowest", "n/a");
}

void view_figures_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct session_stats *s = v->stats;
	char text[64];
	int y = 0;

	draw_speeds(v, cells, area, &y);
	if (v->ceiling > 0)
		rate_figure(cells, area, &y, CELLS_DIM, "ceiling", v->ceiling);
	(void)snprintf(text, sizeof(text), "%u, retries %u", s->stalls, s->retries);
	figure(cells, area, &y, s->stalls + s->retries > 0 ? CELLS_WARNING : CELLS_NORMAL, "stalls",
	       text);
	draw_progress(v, cells, area, &y);
	figure(cells, area, &y, CELLS_NORMAL, "in flight",
	       output_bytes(s->queued - progress_of(v), text, sizeof(text)));
	if (v->stream)
		figure(cells, area, &y, CELLS_NORMAL, "on air",
		       output_bytes(s->sent_bytes, text, sizeof(text)));
	(void)snprintf(text, sizeof(text), "%u us", v->pacing_us);
	figure(cells, area, &y, CELLS_NORMAL, "pacing", text);
	(void)snprintf(text, sizeof(text), "%u, resyncs %u", s->gaps, s->resyncs);
	figure(cells, area, &y, CELLS_NORMAL, "gaps", text);
	if (v->link_best > 0)
		rate_figure(cells, area, &y, CELLS_DIM, "at best", v->link_best);
	if (v->flash > 0)
		rate_figure(cells, area, &y, CELLS_DIM, "flash", v->flash);
	if (s->resumed)
		figure(cells, area, &y, CELLS_GOOD, "resumed at",
		       output_bytes(s->resumed_from, text, sizeof(text)));
}

/* --- on a small screen */

void view_small_draw(const struct view_device *v, const struct layout_device *l,
		     struct cells *cells)
{
	char text[64], rate[24];
	int x;

	x = cells_printf(cells, l->head, 0, 0, CELLS_TITLE, "%s ",
			 v->name[0] != '\0' ? v->name : v->address);
	x = cells_text(cells, l->head, x, 0, view_state_style(v), view_condition(v));
	if (v->linked && v->rssi_count > 0 && v->rssi[v->rssi_count - 1] != PLOT_NONE) {
		(void)snprintf(text, sizeof(text), " %d dBm", v->rssi[v->rssi_count - 1]);
		(void)draw_whole(cells, l->head, x, CELLS_DIM, text);
	}
	if (v->run && (v->goal == SESSION_LOOK || v->goal == SESSION_COMMAND)) {
		(void)cells_printf(cells, l->bar, 0, 0, CELLS_NORMAL, "runs %s",
				   v->version[0] != '\0' ? v->version : "unknown");
		if (v->status)
			(void)cells_printf(
				cells, l->rates, 0, 0, CELLS_NORMAL, "update %s %s",
				ota_state_name(v->status->state),
				v->status->state == OTA_STATE_IDLE
					? ""
					: output_bytes(v->status->flushed, text, sizeof(text)));
	} else if (v->run) {
		x = cells_printf(cells, l->bar, 0, 0, view_state_style(v), "%u%% %s kB/s ",
				 percent_of(progress_of(v), v->total),
				 rate_text(view_device_runs(v) ? metrics_rate_now(v->metrics)
							       : metrics_rate_average(v->metrics),
					   rate, sizeof(rate)));
		(void)draw_whole(cells, l->bar, x, view_state_style(v),
				 time_text(v, false, text, sizeof(text)));
		x = draw_trouble(v->stats, cells, l->rates, 0);
		(void)draw_whole(cells, l->rates, x, CELLS_DIM,
				 flight_text(v, "in flight", text, sizeof(text)));
	}
}
