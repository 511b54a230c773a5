/* SPDX-License-Identifier: Apache-2.0 */
/* See view_serve.h. */
#include "view/view_serve.h"

#include "base/output.h"
#include "base/text.h"
#include "host/pdu_text.h"
#include "view/layout.h"

#include <stdarg.h>
#include <string.h>

#define LABEL_W 9
#define LEAST_W 20 /* below these nothing useful fits */
#define LEAST_H 3
#define LINE 256u
/* The list of all rules, right of the log, has what the log leaves. */
#define LOG_W 100
#define RULES_LEAST_W 64
#define RULES_MOST_W 112 /* the longest rule */
#define GAP_W 2

/* A row with its label; on a narrow screen the text alone. */
static void draw_row(struct cells *cells, struct area area, const char *label,
		     enum cells_style style, const char *text)
{
	const int x = area.w >= LAYOUT_FULL_W ? LABEL_W : 0;

	if (area.h < 1)
		return;
	if (x > 0)
		(void)cells_field(cells, area, 0, 0, x - 1, CELLS_DIM, label);
	(void)cells_field(cells, area, x, 0, area.w - x, style, text);
}

/* Adds to a line of parts with commas between them. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
add(char line[LINE], const char *format, ...)
{
	size_t len = strlen(line);
	va_list ap;

	if (len > 0 && len + 3 < LINE) {
		memcpy(line + len, ", ", 3);
		len += 2;
	}
	va_start(ap, format);
	(void)vsnprintf(line + len, LINE - len, format, ap);
	va_end(ap);
}

/* --- the device */

static void device_text(const struct view_serve *v, char line[LINE])
{
	const struct transport_facts *f = v->facts;
	char slot[16];

	line[0] = '\0';
	if (v->chip[0] != '\0')
		add(line, "simulated %s", v->chip);
	if (v->dialect[0] != '\0')
		add(line, "dialect %s", v->dialect);
	if (f && f->up && f->project[0] != '\0')
		add(line, "%s %s", f->project, f->version);
	if (f && f->up)
		add(line,
		    strcmp(pdu_text_slot(f->slot, slot, sizeof(slot)), "factory") == 0
			    ? "%s partition"
			    : "slot %s",
		    slot);
	if (line[0] == '\0')
		add(line, "the simulated device starts");
}

static enum cells_style state_text(const struct view_serve *v, char line[LINE])
{
	const struct transport_facts *f = v->facts;
	char count[TEXT_COUNT_MAX];

	line[0] = '\0';
	if (!f)
		return CELLS_DIM;
	if (!f->up)
		add(line, "starts, or has no power");
	else
		add(line, "%s", f->has_status ? ota_state_name(f->state) : "runs");
	if (f->erasing || f->writing)
		add(line, "the flash %s", f->erasing ? "erases" : "writes");
	if (f->on_trial)
		add(line, "on trial until it is confirmed");
	add(line, "%s", text_count(f->boots, "start", count, sizeof(count)));
	if (f->rollbacks > 0)
		add(line, "%s", text_count(f->rollbacks, "roll-back", count, sizeof(count)));
	if (f->power_losses > 0)
		add(line, "%s", text_count(f->power_losses, "power cut", count, sizeof(count)));
	return !f->up || f->on_trial ? CELLS_WARNING : CELLS_NORMAL;
}

static void setup_text(const struct view_serve *v, char line[LINE])
{
	line[0] = '\0';
	if (v->faults[0] != '\0')
		add(line, "%s", v->faults);
	if (v->security[0] != '\0')
		add(line, "the link has to be %s", v->security);
	if (line[0] == '\0')
		add(line, "none from the command line");
}

/* --- the client */

static enum cells_style client_text(const struct view_serve *v, char line[LINE])
{
	char time[24], count[TEXT_COUNT_MAX];

	line[0] = '\0';
	if (v->connected) {
		add(line, "%s for %s", v->client,
		    view_duration(v->connected_us, time, sizeof(time)));
		if (v->mtu > 0)
			add(line, "ATT MTU %u", v->mtu);
		add(line, "notifications %s", v->subscribed ? "on" : "off");
	} else
		add(line, "none is connected");
	if (!v->connected && v->clients > 0)
		add(line, "%s", text_count(v->clients, "connection", count, sizeof(count)));
	if (v->losses > 0)
		add(line, "%s", text_count(v->losses, "lost link", count, sizeof(count)));
	return v->connected ? CELLS_GOOD : CELLS_DIM;
}

/* --- the update */

static bool runs(const struct view_serve *v)
{
	return v->facts && v->facts->has_status && v->facts->state != OTA_STATE_IDLE;
}

static unsigned int percent_of(const struct view_serve *v)
{
	return v->total > 0 ? (unsigned int)((uint64_t)v->received * 100u / v->total) : 0;
}

static void draw_bar(const struct view_serve *v, struct cells *cells, struct area area)
{
	char received[OUTPUT_FIGURE_MAX], flushed[OUTPUT_FIGURE_MAX], total[OUTPUT_FIGURE_MAX];
	char text[LINE] = "";
	int from, width;

	if (area.h < 1)
		return;
	if (v->facts && !v->facts->has_status) {
		draw_row(cells, area, "Update", CELLS_DIM, "this firmware tells no progress");
		return;
	}
	if (v->received == 0 && !runs(v)) {
		draw_row(cells, area, "Update", CELLS_DIM, "none is under way");
		return;
	}
	(void)output_bytes(v->received, received, sizeof(received));
	(void)output_bytes(v->flushed, flushed, sizeof(flushed));
	(void)output_bytes(v->total, total, sizeof(total));
	if (v->total > 0 && area.w >= LAYOUT_FULL_W)
		(void)snprintf(text, sizeof(text), "%3u %%  %s of %s received, %s flushed",
			       percent_of(v), received, total, flushed);
	else if (v->total > 0)
		(void)snprintf(text, sizeof(text), "%3u %%  %s of %s", percent_of(v), received,
			       total);
	else
		(void)snprintf(text, sizeof(text), "%s received, %s flushed", received, flushed);
	if (v->total == 0) {
		draw_row(cells, area, "Update", CELLS_NORMAL, text);
		return;
	}
	draw_row(cells, area, "Update", CELLS_NORMAL, "");
	from = area.w >= LAYOUT_FULL_W ? LABEL_W : 0;
	width = area.w - from - cells_columns(cells, text) - 3;
	cells_right(cells, area, 0, CELLS_NORMAL, text);
	if (width < 4)
		return;
	(void)cells_text(cells, area, from, 0, CELLS_DIM, "[");
	(void)cells_text(cells, area, from + width + 1, 0, CELLS_DIM, "]");
	plot_bar(cells, area, from + 1, 0, width, v->flushed, v->received, v->received, v->total);
}

static void rate_text(const struct view_serve *v, char line[LINE])
{
	char figure[OUTPUT_FIGURE_MAX], time[OUTPUT_FIGURE_MAX], count[TEXT_COUNT_MAX];

	line[0] = '\0';
	if (v->rate > 0)
		add(line, "%s now", output_rate(v->rate, figure, sizeof(figure)));
	if (v->average > 0)
		add(line, "%s average in %s", output_rate(v->average, figure, sizeof(figure)),
		    output_duration(v->took_us, time, sizeof(time)));
	if (v->values > 0)
		add(line, "%s (%s)", text_count(v->values, "value", count, sizeof(count)),
		    output_bytes(v->bytes, figure, sizeof(figure)));
	if (line[0] == '\0')
		add(line, "nothing was written to Data");
}

/* --- the verdict */

static size_t count_of(const struct view_serve *v, enum view_serve_mark mark)
{
	size_t count = 0;

	for (size_t i = 0; i < v->rule_count; i++)
		count += v->rules[i].mark == mark;
	return count;
}

static enum cells_style rules_text(const struct view_serve *v, char line[LINE])
{
	const size_t broken = count_of(v, VIEW_SERVE_BROKEN), kept = count_of(v, VIEW_SERVE_KEPT);

	line[0] = '\0';
	if (v->rule_count == 0) {
		add(line, "this dialect is not judged");
		return CELLS_DIM;
	}
	add(line, "%zu kept", kept);
	add(line, "%zu broken", broken);
	add(line, "%zu not seen", count_of(v, VIEW_SERVE_UNSEEN));
	return broken > 0 ? CELLS_BAD : kept > 0 ? CELLS_GOOD : CELLS_DIM;
}

/* The broken rule that follows the one at after_us, rule after; NULL: there is none. */
static const struct view_serve_rule *next_broken(const struct view_serve *v,
						 const struct view_serve_rule *after)
{
	const struct view_serve_rule *next = NULL;

	for (size_t i = 0; i < v->rule_count; i++) {
		const struct view_serve_rule *r = &v->rules[i];

		if (r->mark != VIEW_SERVE_BROKEN ||
		    (after && (r->first_us < after->first_us ||
			       (r->first_us == after->first_us && r <= after))))
			continue;
		if (!next || r->first_us < next->first_us)
			next = r;
	}
	return next;
}

static void broken_text(const struct view_serve_rule *r, char line[LINE])
{
	char count[TEXT_COUNT_MAX];

	(void)snprintf(line, LINE, "%s (%s)", r->fault, r->section);
	if (r->detail[0] != '\0') {
		const size_t len = strlen(line);

		(void)snprintf(line + len, LINE - len, ": %s", r->detail);
	}
	if (r->times > 1)
		add(line, "%s in all", text_count(r->times, "time", count, sizeof(count)));
}

/* In the order in which they were broken; the last row says how many have no room. */
static void draw_broken(const struct view_serve *v, struct cells *cells, struct area area)
{
	const struct view_serve_rule *r = NULL;
	char line[LINE];
	size_t left = count_of(v, VIEW_SERVE_BROKEN);

	for (int y = 0; y < area.h && (r = next_broken(v, r)) != NULL; y++, left--) {
		const struct area row = {area.x, area.y + y, area.w, 1};

		if (y + 1 == area.h && left > 1) {
			(void)snprintf(line, sizeof(line), "and %zu more", left);
			draw_row(cells, row, "", CELLS_BAD, line);
			return;
		}
		broken_text(r, line);
		draw_row(cells, row, "", CELLS_BAD, line);
	}
}

/* Every rule, where there is room beside the log. */
static void draw_rules(const struct view_serve *v, struct cells *cells, struct area area)
{
	static const char *const marks[] = {"not seen", "kept", "broken"};
	static const enum cells_style styles[] = {CELLS_DIM, CELLS_GOOD, CELLS_BAD};

	cells_rule(cells, area, 0, "Rules of the protocol");
	for (size_t i = 0; i < v->rule_count && (int)i + 1 < area.h; i++) {
		const struct view_serve_rule *r = &v->rules[i];
		int x = cells_field(cells, area, 0, (int)i + 1, 9, styles[r->mark], marks[r->mark]);

		x = cells_field(cells, area, x, (int)i + 1, 6, CELLS_DIM, r->section);
		(void)cells_field(cells, area, x, (int)i + 1, area.w - x,
				  r->mark == VIEW_SERVE_UNSEEN ? CELLS_DIM : CELLS_NORMAL, r->text);
	}
}

/* --- the screen */

static void draw_log(const struct view_serve *v, struct cells *cells, struct area area)
{
	const struct area rule = area_top(&area, area.h > 2 ? 1 : 0);
	int w = area.w - LOG_W - GAP_W;

	if (v->rule_count > 0 && w >= RULES_LEAST_W && area.h >= (int)v->rule_count) {
		w = w < RULES_MOST_W ? w : RULES_MOST_W;
		draw_rules(v, cells,
			   (struct area){area.x + area.w - w, rule.y, w, area.h + rule.h});
		area.w -= w + GAP_W;
	}
	if (rule.h > 0)
		cells_rule(cells, (struct area){rule.x, rule.y, area.w, 1}, 0,
			   v->log->frozen ? "Log (End follows again)" : "Log");
	loglist_draw(v->log, cells, area);
}

static void draw_full(const struct view_serve *v, struct cells *cells, struct area area)
{
	const size_t broken = count_of(v, VIEW_SERVE_BROKEN);
	const int most = area.h >= 16 ? area.h / 5 : 1;
	enum cells_style style;
	char line[LINE];

	device_text(v, line);
	draw_row(cells, area_top(&area, 1), "Device", CELLS_NORMAL, line);
	style = state_text(v, line);
	draw_row(cells, area_top(&area, 1), "State", style, line);
	if (area.h >= 14) {
		setup_text(v, line);
		draw_row(cells, area_top(&area, 1), "Faults", CELLS_DIM, line);
	}
	style = client_text(v, line);
	draw_row(cells, area_top(&area, 1), "Client", style, line);
	draw_bar(v, cells, area_top(&area, 1));
	rate_text(v, line);
	draw_row(cells, area_top(&area, 1), "Rate", CELLS_NORMAL, line);
	style = rules_text(v, line);
	draw_row(cells, area_top(&area, 1), "Rules", style, line);
	draw_broken(v, cells, area_top(&area, broken < (size_t)most ? (int)broken : most));
	draw_log(v, cells, area);
}

/* The client, how far it is, and whether it does well. */
static void draw_small(const struct view_serve *v, struct cells *cells, struct area area)
{
	const struct view_serve_rule *first = next_broken(v, NULL);
	char line[LINE], rate[OUTPUT_FIGURE_MAX];
	enum cells_style style;

	style = client_text(v, line);
	draw_row(cells, area_top(&area, 1), "", style, line);
	if (v->total > 0 && v->received > 0)
		(void)snprintf(line, sizeof(line), "%u %% %s", percent_of(v),
			       v->rate > 0 ? output_rate(v->rate, rate, sizeof(rate)) : "received");
	else
		rate_text(v, line);
	draw_row(cells, area_top(&area, 1), "", CELLS_NORMAL, line);
	style = rules_text(v, line);
	draw_row(cells, area_top(&area, 1), "", style, line);
	if (first) {
		broken_text(first, line);
		draw_row(cells, area_top(&area, 1), "", CELLS_BAD, line);
	}
	if (area.h >= 3)
		draw_log(v, cells, area);
}

static void draw_frame(const struct view_serve *v, struct cells *cells)
{
	char title[LINE], source[LINE], keys[LINE];
	struct view_frame frame = {
		.source = source,
		.source_style = v->advertises ? CELLS_GOOD : CELLS_DIM,
		.title = title,
		.message = v->message,
		.message_style = v->message_style,
	};

	(void)snprintf(title, sizeof(title), "otabench serve: %s", v->name);
	(void)snprintf(source, sizeof(source), "%s%s %s", v->front, v->front[0] ? ":" : "",
		       v->connected    ? "connected"
		       : v->advertises ? "advertises"
				       : "does not advertise");
	frame.keys = keys_footer(v->help ? PLACE_HELP : PLACE_SERVE,
				 v->help ? KEYS_TEXT : KEYS_TEXT | (v->connected ? KEYS_RUNS : 0),
				 keys, sizeof(keys));
	view_frame_draw(&frame, cells);
}

size_t view_serve_help_end(const struct cells *cells)
{
	return view_help_end(PLACE_SERVE, layout_frame(cells_area(cells)).body);
}

void view_serve_draw(const struct view_serve *v, struct cells *cells)
{
	const struct area body = layout_frame(cells_area(cells)).body;

	if (cells->width < LEAST_W || cells->height < LEAST_H) {
		(void)cells_wrap(cells, cells_area(cells), 0, CELLS_WARNING, "terminal too small");
		return;
	}
	draw_frame(v, cells);
	if (v->help)
		view_help_draw(PLACE_SERVE, v->help_scroll, "", cells, body);
	else if (layout_small(body))
		draw_small(v, cells, body);
	else
		draw_full(v, cells, body);
}
