/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard of one device: link, states, progress, figures, Control log. */
#include "tui/view.h"

#include "host/output.h"
#include "tui/layout.h"

#include <string.h>

/* --- head and link */

static bool running(const struct view_device *v)
{
	return v->run && v->state != SESSION_IDLE && v->state != SESSION_DONE &&
	       v->state != SESSION_FAILED;
}

static enum cells_style state_style(const struct view_device *v)
{
	if (!v->run)
		return CELLS_NORMAL;
	switch (v->state) {
	case SESSION_DONE:
		return v->outcome == SESSION_CANCELLED ? CELLS_WARNING : CELLS_GOOD;
	case SESSION_FAILED:
		return CELLS_BAD;
	case SESSION_PAUSED:
	case SESSION_WAITING:
	case SESSION_CANCELLING:
		return CELLS_WARNING;
	case SESSION_IDLE:
	case SESSION_CONNECTING:
	case SESSION_DISCOVERING:
	case SESSION_PREPARING:
	case SESSION_SENDING:
	case SESSION_VERIFYING:
	case SESSION_REBOOTING:
	case SESSION_RECONNECTING:
	case SESSION_CONFIRMING:
	case SESSION_STATES:
		break;
	}
	return CELLS_NORMAL;
}

/* What one word says about the device. */
static const char *condition(const struct view_device *v)
{
	if (!v->run)
		return v->linked ? "connected" : "not connected";
	if (v->scanning)
		return "looking for it";
	if (v->state == SESSION_DONE || v->state == SESSION_FAILED)
		return session_outcome_name(v->outcome);
	return session_state_name(v->state);
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
	if (v->rssi[v->rssi_count - 1] == PLOT_NONE)
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

/* --- states */

struct stage {
	const char *name;
	enum session_state first, last; /* of the session's states that it stands for */
};

static const struct stage stages[] = {
	{"CONNECT", SESSION_CONNECTING, SESSION_DISCOVERING},
	{"PREPARE", SESSION_PREPARING, SESSION_PREPARING},
	{"DATA", SESSION_SENDING, SESSION_PAUSED},
	{"VERIFY", SESSION_VERIFYING, SESSION_VERIFYING},
	{"REBOOT", SESSION_REBOOTING, SESSION_REBOOTING},
	{"RETURN", SESSION_RECONNECTING, SESSION_RECONNECTING},
	{"CONFIRM", SESSION_CONFIRMING, SESSION_CONFIRMING},
	{"DONE", SESSION_DONE, SESSION_DONE},
};
#define STAGES (sizeof(stages) / sizeof(stages[0]))

static void draw_strip(const struct view_device *v, struct cells *cells, struct area area)
{
	const char *arrow = area.w >= LAYOUT_FULL_W ? " > " : ">";
	char text[64], time[24];
	bool found = false;
	int x = 0, end;

	(void)snprintf(text, sizeof(text), "%s %s", condition(v),
		       view_duration(v->in_state_us, time, sizeof(time)));
	end = area.w - cells_columns(cells, text) - 1;
	cells_right(cells, area, 0, state_style(v), text);
	for (size_t i = 0; i < STAGES; i++) {
		const bool here = v->state >= stages[i].first && v->state <= stages[i].last;
		const char *name = stages[i].name;

		found |= here;
		if (x + (int)strlen(name) + 2 > end)
			break;
		x = cells_printf(cells, area, x, 0, here ? state_style(v) : CELLS_DIM, "%s%s%s",
				 here ? "[" : "", name, here ? "]" : "");
		if (i + 1 < STAGES)
			x = cells_text(cells, area, x, 0, CELLS_DIM, arrow);
	}
	if (!found && v->state != SESSION_IDLE && x + 14 < end)
		(void)cells_printf(cells, area, x + 1, 0, state_style(v), "[%s]",
				   session_state_name(v->state));
}

/* --- progress */

static unsigned int percent_of(uint32_t part, uint32_t total)
{
	return total > 0 ? (unsigned int)((uint64_t)part * 100u / total) : 0;
}

/* Received, or where a basic device tells nothing, queued. */
static uint32_t progress_of(const struct view_device *v)
{
	return v->stats->received_known || v->full ? v->stats->received : v->stats->queued;
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

static void draw_bar(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct session_stats *s = v->stats;
	uint32_t done = 0, total = 0;
	char left[64], right[96], eta[32];
	int width;

	eta_text(v, eta, sizeof(eta));
	if (phase_of(v, &done, &total)) {
		(void)snprintf(left, sizeof(left), "%s ", ota_phase_name(s->progress.phase));
		(void)snprintf(right, sizeof(right), " %u%%", percent_of(done, total));
		s = NULL;
	} else {
		const uint32_t progress = progress_of(v);

		left[0] = '\0';
		(void)snprintf(right, sizeof(right), " %u%%%s%s", percent_of(progress, v->total),
			       eta[0] != '\0' ? "  " : "", eta);
		if (area.w >= 60)
			(void)snprintf(right, sizeof(right), " %u%%  %u / %u kB%s%s",
				       percent_of(progress, v->total), progress / 1000u,
				       v->total / 1000u, eta[0] != '\0' ? "  " : "", eta);
	}
	width = area.w - cells_columns(cells, left) - cells_columns(cells, right) - 2;
	(void)cells_text(cells, area, 0, 0, CELLS_NORMAL, left);
	cells_right(cells, area, 0, state_style(v), right);
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
	char fill[OUTPUT_FIGURE_MAX];

	if (!v->stats->telemetry_known) {
		if (running(v))
			(void)cells_text(cells, area, 0, 0, CELLS_DIM,
					 v->full ? "device: no telemetry yet"
						 : "device: speaks basic, which tells nothing");
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

static void draw_rates(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct session_stats *s = v->stats;
	char now[24], average[24], flight[OUTPUT_FIGURE_MAX];
	int x;

	x = cells_printf(cells, area, 0, 0, CELLS_NORMAL, "now %s avg %s kB/s",
			 rate_text(metrics_rate_now(v->metrics), now, sizeof(now)),
			 rate_text(metrics_rate_average(v->metrics), average, sizeof(average)));
	if (area.w >= 50)
		x = cells_printf(cells, area, x, 0, CELLS_DIM, "  in flight %s",
				 output_bytes(s->queued - progress_of(v), flight, sizeof(flight)));
	if (s->stalls + s->retries > 0 || area.w >= 36)
		(void)cells_printf(cells, area, x, 0,
				   s->stalls + s->retries > 0 ? CELLS_WARNING : CELLS_DIM,
				   "  stalls %u retries %u", s->stalls, s->retries);
}

static void figure(struct cells *cells, struct area area, int *y, enum cells_style style,
		   const char *label, const char *value)
{
	if (*y >= area.h)
		return;
	(void)cells_text(cells, area, 2, *y, CELLS_DIM, label);
	(void)cells_text(cells, area, 13, (*y)++, style, value);
}

static void draw_figures(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct session_stats *s = v->stats;
	char text[64], a[OUTPUT_FIGURE_MAX];
	int y = 0;

	figure(cells, area, &y, CELLS_TITLE, "now",
	       output_rate(metrics_rate_now(v->metrics), text, sizeof(text)));
	figure(cells, area, &y, CELLS_NORMAL, "average",
	       output_rate(metrics_rate_average(v->metrics), text, sizeof(text)));
	if (v->ceiling > 0)
		figure(cells, area, &y, CELLS_DIM, "ceiling",
		       output_rate(v->ceiling, text, sizeof(text)));
	(void)snprintf(text, sizeof(text), "%u, retries %u", s->stalls, s->retries);
	figure(cells, area, &y, s->stalls + s->retries > 0 ? CELLS_WARNING : CELLS_NORMAL, "stalls",
	       text);
	figure(cells, area, &y, CELLS_NORMAL, "queued",
	       output_bytes(s->queued, text, sizeof(text)));
	figure(cells, area, &y, CELLS_NORMAL, "received",
	       s->received_known || v->full ? output_bytes(s->received, text, sizeof(text))
					    : "not told");
	figure(cells, area, &y, CELLS_NORMAL, "flushed",
	       v->full ? output_bytes(s->flushed, text, sizeof(text)) : "not told");
	(void)snprintf(text, sizeof(text), "%s",
		       output_bytes(s->queued - progress_of(v), a, sizeof(a)));
	figure(cells, area, &y, CELLS_NORMAL, "in flight", text);
	figure(cells, area, &y, CELLS_NORMAL, "lowest",
	       output_rate(metrics_rate_lowest(v->metrics), text, sizeof(text)));
	(void)snprintf(text, sizeof(text), "%u us", v->pacing_us);
	figure(cells, area, &y, CELLS_NORMAL, "pacing", text);
	(void)snprintf(text, sizeof(text), "%u, resyncs %u", s->gaps, s->resyncs);
	figure(cells, area, &y, CELLS_NORMAL, "gaps", text);
	if (s->resumed)
		figure(cells, area, &y, CELLS_GOOD, "resumed at",
		       output_bytes(s->resumed_from, text, sizeof(text)));
}

/* --- log, and all of it */

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

static void draw_small(const struct view_device *v, const struct layout_device *l,
		       struct cells *cells)
{
	char eta[32], rate[24];
	int x;

	x = cells_printf(cells, l->head, 0, 0, CELLS_TITLE, "%s ",
			 v->name[0] != '\0' ? v->name : v->address);
	x = cells_text(cells, l->head, x, 0, state_style(v), condition(v));
	if (v->rssi_count > 0 && v->rssi[v->rssi_count - 1] != PLOT_NONE)
		(void)cells_printf(cells, l->head, x, 0, CELLS_DIM, " %d dBm",
				   v->rssi[v->rssi_count - 1]);
	if (v->run) {
		eta_text(v, eta, sizeof(eta));
		(void)cells_printf(cells, l->bar, 0, 0, state_style(v), "%u%% %s kB/s %s",
				   percent_of(progress_of(v), v->total),
				   rate_text(metrics_rate_now(v->metrics), rate, sizeof(rate)),
				   eta);
		(void)cells_printf(cells, l->rates, 0, 0,
				   v->stats->stalls + v->stats->retries > 0 ? CELLS_WARNING
									    : CELLS_DIM,
				   "stalls %u retries %u", v->stats->stalls, v->stats->retries);
	}
	if (v->wait[0] != '\0')
		(void)cells_field(cells, l->link, 0, 0, l->link.w, v->wait_style, v->wait);
	else if (v->linked)
		draw_link(v, cells, l->link);
	draw_log(v, cells, l->log);
}

void view_device_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	const struct layout_device l = layout_device(area);

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
	else if (v->wait[0] != '\0' && l.rates.h > 0)
		(void)cells_field(cells, l.rates, 0, 0, l.rates.w, v->wait_style, v->wait);
	if (v->run) {
		draw_strip(v, cells, l.strip);
		if (v->goal == SESSION_UPDATE || v->goal == SESSION_MEASURE) {
			draw_bar(v, cells, l.bar);
			draw_device(v, cells, l.device);
			if (v->wait[0] == '\0') /* rates say little while nothing moves */
				draw_rates(v, cells, l.rates);
			draw_figures(v, cells, l.figures);
		}
	}
	view_graph_draw(v, cells, l.graph);
	draw_log(v, cells, l.log);
}
