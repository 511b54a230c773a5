/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard of one device: link, states, progress, figures, Control log. */
#include "view/view.h"

#include "base/output.h"
#include "view/layout.h"

#include <string.h>

/* --- head and link */

static bool running(const struct view_device *v)
{
	return v->run && v->state != SESSION_IDLE && v->state != SESSION_DONE &&
	       v->state != SESSION_FAILED;
}

static void draw_head(const struct view_device *v, struct cells *cells, struct area area)
{
	char time[24];
	int x;

	x = cells_text(cells, area, 0, 0, CELLS_TITLE, v->name[0] != '\0' ? v->name : v->address);
	if (area.w >= 100 && v->name[0] != '\0')
		x = cells_printf(cells, area, x + 1, 0, CELLS_DIM, "%s", v->address);
	x = cells_printf(cells, area, x + 2, 0, v->linked ? CELLS_GOOD : CELLS_DIM, "%s",
			 v->linked ? "linked" : "no link");
	if (v->linked)
		x = cells_printf(cells, area, x + 1, 0, CELLS_DIM, "%s",
				 view_duration(v->linked_us, time, sizeof(time)));
	if (area.w >= 60 && v->version[0] != '\0')
		x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL, "runs %s%s%s", v->version,
				 v->chip[0] != '\0' ? " on " : "", v->chip);
	if (area.w >= LAYOUT_FULL_W) {
		char right[VIEW_TEXT];

		(void)snprintf(right, sizeof(right), "%s%s%s", v->profile,
			       v->image[0] != '\0' ? "  " : "", v->image);
		if (x + 2 + cells_columns(cells, right) <= area.w)
			cells_right(cells, area, 0, CELLS_NORMAL, right);
	}
}

#define RSSI_STEP 10 /* dB: the scale's ends are multiples */
#define RSSI_SPAN 20 /* dB from end to end at least, or noise would look like a mountain */

/* From red to green as a radio's user reads it: below -85 dBm packets are lost. */
static enum cells_style rssi_style(int32_t dbm)
{
	return dbm >= -70 ? CELLS_GOOD : dbm >= -85 ? CELLS_WARNING : CELLS_BAD;
}

static void draw_radio(const struct view_device *v, struct cells *cells, struct area area)
{
	const int width = area.w / 4;
	int32_t low = 0, high = PLOT_NONE, from, to, latest = PLOT_NONE;
	int x;

	for (size_t i = 0; i < v->rssi_count; i++) {
		if (v->rssi[i] == PLOT_NONE)
			continue;
		latest = v->rssi[i];
		low = v->rssi[i] < low ? v->rssi[i] : low;
		high = v->rssi[i] > high ? v->rssi[i] : high;
	}
	if (high == PLOT_NONE) {
		(void)cells_text(cells, area, 0, 0, CELLS_DIM, "RSSI n/a");
		return;
	}
	from = (low - RSSI_STEP + 1) / RSSI_STEP * RSSI_STEP;
	to = high / RSSI_STEP * RSSI_STEP;
	if (to - from < RSSI_SPAN)
		from = to - RSSI_SPAN;
	/* Without a link nobody measures any more: what stands there is the last that was. */
	if (!v->linked)
		x = cells_printf(cells, area, 0, 0, CELLS_DIM, "RSSI %3d last ", latest);
	else if (v->rssi[v->rssi_count - 1] == PLOT_NONE)
		x = cells_text(cells, area, 0, 0, CELLS_DIM, "RSSI      n/a ");
	else
		x = cells_printf(cells, area, 0, 0, rssi_style(latest), "RSSI %4d dBm ", latest);
	x = cells_printf(cells, area, x, 0, CELLS_DIM, "%4d ", from);
	plot_trend(cells, area, x, 0, width, rssi_style(latest), v->rssi, v->rssi_count, from, to);
	x = cells_printf(cells, area, x + width + 1, 0, CELLS_DIM, "%d", to);
	x = cells_printf(cells, area, x + 2, 0, CELLS_DIM, "min %d max %d", low, high);
	(void)cells_printf(cells, area, x + 2, 0, CELLS_DIM, "source: %s",
			   transport_source_name(v->link.rssi_source));
}

static const char *phy_name(uint8_t phy)
{
	static const char *const names[] = {"n/a", "1M", "2M", "coded"};

	return names[phy < sizeof(names) / sizeof(names[0]) ? phy : 0];
}

/* "15 ms", "7.5 ms"; units of 1.25 ms. */
static char *interval_text(uint16_t interval, char *buf, size_t size)
{
	const unsigned int hundredths = interval * 125u;

	if (interval == 0)
		(void)snprintf(buf, size, "n/a");
	else if (hundredths % 100 == 0)
		(void)snprintf(buf, size, "%u ms", hundredths / 100);
	else
		(void)snprintf(buf, size, "%u.%.*u ms", hundredths / 100,
			       hundredths % 10 == 0 ? 1 : 2,
			       hundredths % 10 == 0 ? hundredths % 100 / 10 : hundredths % 100);
	return buf;
}

static void draw_link(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct ota_link *l = &v->link.link;
	char interval[24], window[OUTPUT_FIGURE_MAX];
	int x;

	x = cells_printf(cells, area, 0, 0, CELLS_NORMAL, "MTU %u", v->mtu);
	if (area.w >= LAYOUT_FULL_W)
		x = cells_printf(cells, area, x, 0, CELLS_DIM, " (%s)",
				 transport_source_name(v->link.mtu_source));
	if (v->chunk > 0)
		x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL, "chunk %u", v->chunk);
	if (v->chunk > 0 && area.w >= LAYOUT_FULL_W)
		x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL,
				 area.w >= 100 ? "window %s  %s" : "win %s  %s",
				 output_bytes(v->window, window, sizeof(window)),
				 gatt_write_name(v->mode));
	x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL, area.w >= 100 ? "interval %s" : "%s",
			 interval_text(l->interval, interval, sizeof(interval)));
	x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL, "PHY %s/%s", phy_name(l->tx_phy),
			 phy_name(l->rx_phy));
	x = cells_printf(cells, area, x + 2, 0, CELLS_NORMAL, "DLE %u/%u", l->tx_octets,
			 l->rx_octets);
	if (v->link.encrypted)
		(void)cells_printf(cells, area, x + 2, 0, CELLS_GOOD,
				   area.w >= 100 ? "encrypted" : "enc");
}

/* --- progress */

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

static void eta_text(const struct view_device *v, char *buf, size_t size)
{
	const uint64_t eta = metrics_eta_us(v->metrics);
	char time[24];

	if (v->state == SESSION_SENDING && eta != UINT64_MAX)
		(void)snprintf(buf, size, "ETA %s", view_duration(eta, time, sizeof(time)));
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
	else if (running(v))
		(void)snprintf(buf, size, "elapsed %s%s%s", time, eta[0] != '\0' ? "  " : "", eta);
	else if (v->goodput > 0)
		(void)snprintf(buf, size, "took %s, goodput %s", time,
			       output_rate(v->goodput, rate, sizeof(rate)));
	else
		(void)snprintf(buf, size, "took %s", time);
	return buf;
}

static void draw_bar(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct session_stats *s = v->stats;
	uint32_t done = 0, total = 0;
	char left[64], right[128], time[96];
	int width;

	(void)time_text(v, area.w >= LAYOUT_FULL_W, time, sizeof(time));
	if (phase_of(v, &done, &total)) {
		(void)snprintf(left, sizeof(left), "%s ", ota_phase_name(s->progress.phase));
		(void)snprintf(right, sizeof(right), " %u%%  %s", percent_of(done, total), time);
		s = NULL;
	} else {
		const uint32_t progress = progress_of(v);

		left[0] = '\0';
		(void)snprintf(right, sizeof(right), " %u%%  %s", percent_of(progress, v->total),
			       time);
		if (area.w >= 60)
			(void)snprintf(right, sizeof(right), " %u%%  %u / %u kB  %s",
				       percent_of(progress, v->total), progress / 1000u,
				       v->total / 1000u, time);
	}
	width = area.w - cells_columns(cells, left) - cells_columns(cells, right) - 2;
	(void)cells_text(cells, area, 0, 0, CELLS_NORMAL, left);
	cells_right(cells, area, 0, view_state_style(v), right);
	if (width < 4)
		return;
	(void)cells_text(cells, area, cells_columns(cells, left), 0, CELLS_DIM, "[");
	(void)cells_text(cells, area, cells_columns(cells, left) + width + 1, 0, CELLS_DIM, "]");
	plot_bar(cells, area, cells_columns(cells, left) + 1, 0, width, s ? s->flushed : done,
		 s ? s->received : done, s ? s->queued : done, s ? v->total : total);
}

/* Ring, erase and write times from telemetry. */
static void draw_device(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct ota_telemetry *t = &v->stats->telemetry;
	const struct dialect *dialect = dialect_get(v->dialect);
	char fill[OUTPUT_FIGURE_MAX];

	if (!v->stats->telemetry_known) {
		if (running(v) && dialect->has_telemetry)
			(void)cells_text(cells, area, 0, 0, CELLS_DIM, "device: no telemetry yet");
		else if (running(v))
			(void)cells_printf(cells, area, 0, 0, CELLS_DIM,
					   "device: no telemetry in the %s dialect", dialect->name);
		return;
	}
	(void)cells_printf(cells, area, 0, 0,
			   t->dropped > 0 || t->notify_fails > 0 ? CELLS_WARNING : CELLS_NORMAL,
			   "device: ring %s  erase %u ms  write %u ms  dropped %u  RSSI %d",
			   output_bytes(t->ring_fill, fill, sizeof(fill)), t->erase_ms, t->write_ms,
			   t->dropped, t->rssi);
}

static char *rate_text(uint32_t rate, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%u.%u", rate / 1000u, rate % 1000u / 100u);
	return buf;
}

/* Nothing is drawn where not all of it fits: half a figure is a wrong one. */
static int draw_whole(struct cells *cells, struct area area, int x, enum cells_style style,
		      const char *text)
{
	if (x + cells_columns(cells, text) > area.w)
		return x;
	return cells_text(cells, area, x, 0, style, text);
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

static void draw_rates(const struct view_device *v, struct cells *cells, struct area area)
{
	char now[24], average[24], flight[64];
	int x;

	x = cells_printf(cells, area, 0, 0, CELLS_NORMAL, "now %s avg %s kB/s",
			 rate_text(metrics_rate_now(v->metrics), now, sizeof(now)),
			 rate_text(metrics_rate_average(v->metrics), average, sizeof(average)));
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

static void draw_figures(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct session_stats *s = v->stats;
	const bool few = area.h < 10;
	char text[64], average[24], lowest[24];
	int y = 0;

	figure(cells, area, &y, CELLS_TITLE, "now",
	       output_rate(metrics_rate_now(v->metrics), text, sizeof(text)));
	(void)snprintf(text, sizeof(text), "%s, %s kB/s",
		       rate_text(metrics_rate_average(v->metrics), average, sizeof(average)),
		       rate_text(metrics_rate_lowest(v->metrics), lowest, sizeof(lowest)));
	if (few) {
		figure(cells, area, &y, CELLS_NORMAL, "avg, low", text);
	} else {
		figure(cells, area, &y, CELLS_NORMAL, "average",
		       output_rate(metrics_rate_average(v->metrics), text, sizeof(text)));
		figure(cells, area, &y, CELLS_NORMAL, "lowest",
		       output_rate(metrics_rate_lowest(v->metrics), text, sizeof(text)));
	}
	if (v->ceiling > 0)
		figure(cells, area, &y, CELLS_DIM, "ceiling",
		       output_rate(v->ceiling, text, sizeof(text)));
	(void)snprintf(text, sizeof(text), "%u, retries %u", s->stalls, s->retries);
	figure(cells, area, &y, s->stalls + s->retries > 0 ? CELLS_WARNING : CELLS_NORMAL, "stalls",
	       text);
	draw_progress(v, cells, area, &y);
	figure(cells, area, &y, CELLS_NORMAL, "in flight",
	       output_bytes(s->queued - progress_of(v), text, sizeof(text)));
	(void)snprintf(text, sizeof(text), "%u us", v->pacing_us);
	figure(cells, area, &y, CELLS_NORMAL, "pacing", text);
	(void)snprintf(text, sizeof(text), "%u, resyncs %u", s->gaps, s->resyncs);
	figure(cells, area, &y, CELLS_NORMAL, "gaps", text);
	if (s->resumed)
		figure(cells, area, &y, CELLS_GOOD, "resumed at",
		       output_bytes(s->resumed_from, text, sizeof(text)));
}

/* --- log, and all of it */

#define LOG_ROWS 5 /* that facts leave to the log */

static void draw_log(const struct view_device *v, struct cells *cells, struct area area)
{
	struct area rest = area;
	const struct area head = area_top(&rest, 1);
	char title[192];

	if (area.h < 1)
		return;
	(void)snprintf(title, sizeof(title), "%s%s%s%s%s", v->log_title,
		       v->log->filter[0] != '\0' ? " only: " : "", v->log->filter,
		       v->log->search[0] != '\0' ? " / " : "", v->log->search);
	cells_rule(cells, head, 0, title);
	if (head.w >= 36)
		(void)cells_text(cells, head, head.w - 11, 0,
				 v->log->frozen ? CELLS_WARNING : CELLS_DIM,
				 v->log->frozen ? " FROZEN " : " follow ");
	loglist_draw(v->log, cells, rest);
}

/* Between the chain of states and the log, which keeps a few rows; where the device was only
 * asked, no rate and no progress is to be shown there. */
static bool draw_facts(const struct view_device *v, struct layout_device *l, struct cells *cells)
{
	struct area facts = l->log;
	int rows;

	facts.h += facts.y - l->bar.y;
	facts.y = l->bar.y;
	l->log = area_bottom(&facts, facts.h > 2 * LOG_ROWS ? LOG_ROWS : facts.h / 2);
	rows = view_facts_draw(v, cells, facts);
	if (rows == 0)
		return false;
	l->log.h += facts.h - rows - 1;
	l->log.y -= facts.h - rows - 1;
	return true;
}

static void draw_small(const struct view_device *v, const struct layout_device *l,
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
				 rate_text(metrics_rate_now(v->metrics), rate, sizeof(rate)));
		(void)draw_whole(cells, l->bar, x, view_state_style(v),
				 time_text(v, false, text, sizeof(text)));
		x = draw_trouble(v->stats, cells, l->rates, 0);
		(void)draw_whole(cells, l->rates, x, CELLS_DIM,
				 flight_text(v, "in flight", text, sizeof(text)));
	}
	if (v->wait[0] != '\0')
		(void)cells_field(cells, l->link, 0, 0, l->link.w, v->wait_style, v->wait);
	else if (v->linked)
		draw_link(v, cells, l->link);
	draw_log(v, cells, l->log);
}

void view_device_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	struct layout_device l = layout_device(area), asked = l;

	if (!v->chosen) {
		(void)cells_text(cells, area, 0, area.h > 2 ? 1 : 0, CELLS_DIM,
				 "no device chosen: 1 opens the list, Enter there chooses");
		return;
	}
	if (layout_small(area)) {
		draw_small(v, &l, cells);
		return;
	}
	draw_head(v, cells, l.head);
	draw_radio(v, cells, l.radio);
	draw_link(v, cells, l.link);
	if (l.wait.h > 0)
		(void)cells_field(cells, l.wait, 0, 0, l.wait.w, v->wait_style, v->wait);
	else if (v->wait[0] != '\0' && l.rates.h > 0 && running(v))
		(void)cells_field(cells, l.rates, 0, 0, l.rates.w, v->wait_style, v->wait);
	if (v->run) {
		view_strip_draw(v, cells, l.strip);
		if (v->goal == SESSION_UPDATE || v->goal == SESSION_MEASURE) {
			draw_bar(v, cells, l.bar);
			draw_device(v, cells, l.device);
			if (v->wait[0] == '\0' ||
			    !running(v)) /* rates say little while nothing moves */
				draw_rates(v, cells, l.rates);
			draw_figures(v, cells, l.figures);
		}
	}
	if (draw_facts(v, &asked, cells))
		l.log = asked.log;
	else
		view_graph_draw(v, cells, l.graph);
	draw_log(v, cells, l.log);
}
