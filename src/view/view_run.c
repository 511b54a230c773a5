/* SPDX-License-Identifier: Apache-2.0 */
/* One recorded run: its facts, its result, its rate over time, and its events. */
#include "view/view_history.h"

#include "base/hex.h"
#include "history/history_compare.h"
#include "base/output.h"
#include "base/text.h"
#include "host/pdu_text.h"
#include "view/layout.h"
#include "host/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 640u
#define MARKS_SHOWN 400u
#define RATES_MAX 512
#define BAR_W 2 /* right of the text: a blank, and the scroll bar */

struct line {
	enum cells_style style;
	bool follows; /* belongs to the line above */
	bool is_key; /* of the profile: its label is long */
	char label[32], text[JOB_TEXT_MAX + 64];
};

struct lines {
	struct line at[LINES_MAX];
	size_t count;
};

static void add(struct lines *l, enum cells_style style, const char *label, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void add(struct lines *l, enum cells_style style, const char *label, const char *format, ...)
{
	struct line *line = &l->at[l->count];
	va_list ap;

	if (l->count == LINES_MAX)
		return;
	l->count++;
	line->style = style;
	line->follows = line->is_key = false;
	(void)snprintf(line->label, sizeof(line->label), "%s", label);
	va_start(ap, format);
	(void)vsnprintf(line->text, sizeof(line->text), format, ap);
	va_end(ap);
}

static void add_more(struct lines *l, enum cells_style style, const char *text)
{
	add(l, style, "", "%s", text);
	l->at[l->count - 1].follows = true;
}

/* --- facts */

static void add_end(struct lines *l, const struct history_run *run)
{
	const struct job_result *r = &run->result;

	if (run->state == HISTORY_KILLED)
		add(l, CELLS_BAD, "Result",
		    "killed at %u %%: its program is gone and recorded no end (SIGKILL, a crash, "
		    "no power, a full disk)",
		    history_percent(run));
	else if (run->state == HISTORY_LEFT)
		add(l, CELLS_BAD, "Result", "left at %u %%: the program ended at once",
		    history_percent(run));
	else
		add(l, view_history_style(run), "Result", "%s%s%s", history_outcome(run),
		    r->what[0] != '\0' ? ": " : "", r->what);
	if (r->advice[0] != '\0')
		add_more(l, CELLS_NORMAL, r->advice);
}

static void add_image(struct lines *l, const struct history_run *run)
{
	char bytes[OUTPUT_FIGURE_MAX], hash[2 * OTA_SHA256_SIZE + 1];

	if (run->goal == SESSION_MEASURE) {
		(void)output_bytes(run->size, bytes, sizeof(bytes));
		if (run->pattern)
			add(l, CELLS_NORMAL, "Measured",
			    "the flash alone: %s written to the other slot, no update", bytes);
		else
			add(l, CELLS_NORMAL, "Measured",
			    "the link alone with %s, flash untouched, no update", bytes);
		return;
	}
	hex_encode(run->sha256, OTA_SHA256_SIZE, hash);
	add(l, CELLS_NORMAL, "Image", "%s %s, %s, SHA-256 %.16s...", run->project, run->version,
	    output_bytes(run->size, bytes, sizeof(bytes)), hash);
	if (run->image[0] != '\0')
		add(l, CELLS_NORMAL, "File", "%s", run->image);
	if (run->restart || run->resume_only || run->no_confirm || run->forced)
		add(l, CELLS_NORMAL, "Asked for", "%s%s%s%s", run->restart ? "restart " : "",
		    run->resume_only ? "resume only " : "",
		    run->no_confirm ? "not to confirm " : "", run->forced ? "checks forced" : "");
}

static char *link_words(const struct job_result *r, char *buf, size_t size)
{
	(void)snprintf(buf, size, "MTU %u, interval %g ms, PHY %s", r->mtu,
		       r->link.interval_us / 1000.0, pdu_text_phy((uint8_t)r->link.phy));
	return buf;
}

static char *rssi_words(const struct history_run *run, char *buf, size_t size)
{
	if (run->rssi_median == 127)
		(void)snprintf(buf, size, "not known");
	else
		(void)snprintf(buf, size, "median %d dBm, weakest %d dBm", run->rssi_median,
			       run->rssi_min);
	return buf;
}

static void add_trouble(struct lines *l, const struct job_result *r)
{
	char stalls[TEXT_COUNT_MAX], retries[TEXT_COUNT_MAX], gaps[TEXT_COUNT_MAX],
		longest[32] = "";

	if (r->stalls > 0)
		(void)snprintf(longest, sizeof(longest), "%s %.1f s",
			       r->stalls > 1 ? ", the longest" : " of",
			       r->longest_stall_ms / 1000.0);
	add(l, r->stalls + r->retries > 0 ? CELLS_WARNING : CELLS_NORMAL, "Trouble", "%s%s, %s, %s",
	    text_count(r->stalls, "stall", stalls, sizeof(stalls)), longest,
	    text_count(r->retries, "retry", retries, sizeof(retries)),
	    text_count(r->gaps, "gap", gaps, sizeof(gaps)));
}

static void add_possible(struct lines *l, const struct history_run *run)
{
	const struct limit *limit = &run->result.limit;
	char best[OUTPUT_FIGURE_MAX], flash[OUTPUT_FIGURE_MAX] = "not measured";

	if (view_history_possible(run) < 0)
		return;
	if (limit->flash > 0)
		(void)output_rate(limit->flash, flash, sizeof(flash));
	add(l, CELLS_NORMAL, "Possible", "%d %%: link at its best %s, flash %s",
	    view_history_possible(run), output_rate(limit->link_best, best, sizeof(best)), flash);
	if (limit->cause != LIMIT_NONE)
		add(l, CELLS_NORMAL, "Limited by", "%s, %.0f %%", limit_cause_name(limit->cause),
		    limit->share_ppm / 1e4);
}

/* "kernel 6.1, bluetoothd 5.82": what is known of these. */
static void append(char *buf, size_t size, const char *label, const char *value)
{
	const size_t len = strlen(buf);

	if (value[0] != '\0' && len < size)
		(void)snprintf(buf + len, size - len, "%s%s%s%s", len > 0 ? ", " : "", label,
			       label[0] != '\0' ? " " : "", value);
}

static void add_circumstances(struct lines *l, const struct history_run *run)
{
	char device[160] = "", host[256] = "";

	append(device, sizeof(device), "", run->chip);
	append(device, sizeof(device), "firmware", run->device_version);
	if (device[0] != '\0')
		add(l, CELLS_NORMAL, "Received by", "%s", device);
	if (run->result.virtual_clock)
		return; /* this machine had no part in it */
	append(host, sizeof(host), "kernel", run->kernel);
	append(host, sizeof(host), "bluetoothd", run->bluetoothd);
	append(host, sizeof(host), "adapter", run->adapter);
	append(host, sizeof(host), "of", run->maker);
	append(host, sizeof(host), "firmware", run->firmware);
	if (host[0] != '\0')
		add(l, CELLS_NORMAL, "Host", "%s", host);
}

static void add_figures(struct lines *l, const struct history_run *run)
{
	const struct job_result *r = &run->result;
	char bytes[OUTPUT_FIGURE_MAX], rate[OUTPUT_FIGURE_MAX], ceiling[OUTPUT_FIGURE_MAX],
		time[OUTPUT_FIGURE_MAX], link[64], rssi[64];

	if (r->seconds_us > 0)
		add(l, CELLS_NORMAL, "Transfer", "%s in %s%s",
		    output_bytes(r->bytes, bytes, sizeof(bytes)),
		    output_duration(r->seconds_us, time, sizeof(time)),
		    r->virtual_clock ? " (simulated, on the virtual clock)" : "");
	if (r->stream != STREAM_RAW && r->seconds_us > 0)
		add(l, CELLS_NORMAL, "On air", "%s (%s), %s",
		    output_bytes(r->air_bytes, bytes, sizeof(bytes)), stream_kind_name(r->stream),
		    output_rate(r->air_bytes * 1000000u / r->seconds_us, rate, sizeof(rate)));
	if (r->goodput > 0 && r->ceiling > 0)
		add(l, CELLS_NORMAL, "Rate", "%s, %.1f %% of %s", history_rate_text(run, rate, 32),
		    r->ratio * 100.0, output_rate(r->ceiling, ceiling, sizeof(ceiling)));
	add_possible(l, run);
	if (r->link_known) {
		add(l, CELLS_NORMAL, "Link", "%s, data length %u",
		    link_words(r, link, sizeof(link)), r->link.data_length);
		add(l, CELLS_NORMAL, "Sent as",
		    "values of %u bytes by %s, window %s, pacing %" PRIu32 " us", r->chunk,
		    gatt_write_name(r->mode), output_bytes(r->window, bytes, sizeof(bytes)),
		    run->pacing_us);
	}
	add(l, CELLS_NORMAL, "RSSI", "%s", rssi_words(run, rssi, sizeof(rssi)));
	add_trouble(l, r);
	if (r->resumed_from > 0)
		add(l, CELLS_NORMAL, "Resumed", "from %s",
		    output_bytes(r->resumed_from, bytes, sizeof(bytes)));
	if (run->lost_samples > 0)
		add(l, CELLS_WARNING, "Not recorded", "%" PRIu32 " samples and marks",
		    run->lost_samples);
}

static void add_run(struct lines *l, const struct history_run *run)
{
	char when[24], dialect[32] = "dialect unknown";

	add_end(l, run);
	if (run->result.dialect != DIALECT_UNKNOWN)
		(void)snprintf(dialect, sizeof(dialect), "%s dialect",
			       dialect_get(run->result.dialect)->name);
	add(l, CELLS_NORMAL, "Device", "%s %s, %s", run->device, run->address,
	    run->address[0] == '\0' ? "not found" : dialect);
	add(l, CELLS_NORMAL, "Begun", "%s, by %s", view_when(run->started_ms, true, when, 24),
	    run->program);
	add(l, CELLS_NORMAL, "With", "%s",
	    run->options[0] != '\0' ? run->options : "the first adapter");
	add_image(l, run);
	add_figures(l, run);
	add_circumstances(l, run);
}

static void add_keys(struct lines *l, const struct history_detail *d)
{
	add(l, CELLS_TITLE, "", "Profile %s%s", d->run.profile,
	    d->run.profile_changed ? ", with changed values" : "");
	for (size_t i = 0; i < d->key_count; i++) {
		const struct history_key *k = &d->keys[i];

		if (k->in_force[0] != '\0' && strcmp(k->in_force, k->asked) != 0)
			add(l, CELLS_NORMAL, k->name, "%s, in force %s", k->asked, k->in_force);
		else
			add(l, CELLS_NORMAL, k->name, "%s", k->asked);
		l->at[l->count - 1].is_key = true;
	}
}

static enum cells_style mark_style(enum history_mark_kind kind)
{
	switch (kind) {
	case HISTORY_STALL:
	case HISTORY_GAP:
	case HISTORY_RETRY:
		return CELLS_WARNING;
	case HISTORY_LINK_LOST:
		return CELLS_BAD;
	case HISTORY_RESUME:
	case HISTORY_MOVING:
		return CELLS_GOOD;
	case HISTORY_TUNING:
		return CELLS_TITLE;
	case HISTORY_STATE:
	case HISTORY_MARKS:
		break;
	}
	return CELLS_DIM;
}

static void add_marks(struct lines *l, const struct history_detail *d)
{
	char label[32];

	add(l, CELLS_TITLE, "", "What happened%s",
	    d->mark_count == 0 ? ": no events, or no longer kept" : ", in seconds since it began");
	for (size_t i = 0; i < d->mark_count && i < MARKS_SHOWN; i++) {
		const struct history_mark *m = &d->marks[i];

		(void)snprintf(label, sizeof(label), "%9.3f", (double)m->at_us / 1e6);
		add(l, mark_style(m->kind), label, "%s%s",
		    m->kind == HISTORY_TUNING ? "tuned: " : "", m->text);
	}
	if (d->mark_count > MARKS_SHOWN)
		add(l, CELLS_DIM, "", "and %zu more; export has them all",
		    d->mark_count - MARKS_SHOWN);
}

static void make_lines(struct lines *l, const struct history_detail *d)
{
	l->count = 0;
	add_run(l, &d->run);
	add_marks(l, d);
	add_keys(l, d);
}

/* --- the graph */

static char sign_of(enum history_mark_kind kind)
{
	switch (kind) {
	case HISTORY_STALL:
		return 'S';
	case HISTORY_GAP:
		return 'g';
	case HISTORY_RETRY:
	case HISTORY_LINK_LOST:
		return 'R';
	case HISTORY_RESUME:
		return 'r';
	case HISTORY_TUNING:
		return '~';
	case HISTORY_MOVING:
	case HISTORY_STATE:
	case HISTORY_MARKS:
		break;
	}
	return 0;
}

static void draw_graph(const struct history_detail *d, enum plot_tier tier, struct cells *cells,
		       struct area area)
{
	struct plot_mark marks[METRICS_MARKS_MAX];
	uint32_t rates[RATES_MAX];
	const uint64_t whole = history_span(d);
	size_t room = area.w > PLOT_AXIS ? (size_t)(area.w - PLOT_AXIS) : 0, mark_count = 0;
	struct plot_series series = {.samples = rates,
				     .marks = marks,
				     .tier = plot_tier_for(cells, tier),
				     .unit = "kB/s",
				     .divisor = 1000,
				     .past = true};
	uint64_t span;

	if (whole == 0 || room == 0 || area.h < 3)
		return;
	room = room > RATES_MAX ? RATES_MAX : room;
	span = (whole + room - 1) / room;
	span = span < 1000 ? 1000 : span;
	series.count = history_rates(d, span, rates, room);
	series.sample_us = span;
	for (size_t i = 0; i < d->mark_count && mark_count < METRICS_MARKS_MAX; i++) {
		const struct history_mark *m = &d->marks[i];
		const uint64_t since = m->at_us > d->run.start_us ? m->at_us - d->run.start_us : 0;

		if (!sign_of(m->kind) || since / span >= series.count)
			continue;
		marks[mark_count++] = (struct plot_mark){.sample = (uint32_t)(since / span),
							 .sign = sign_of(m->kind),
							 .style = mark_style(m->kind)};
	}
	series.mark_count = mark_count;
	plot_series(cells, area, &series);
}

/* --- all of it */

/* Length without the last word, or what follows the last comma but one; 0: it is one piece. */
static size_t shorten(const char *text, size_t len)
{
	size_t end = len;

	while (end > 0 && text[end - 1] != ' ')
		end--;
	if (end > 1)
		return end - 1;
	for (end = len > 0 ? len - 1 : 0; end > 0 && text[end - 1] != ',';)
		end--;
	return end;
}

/* Draws the line's text from column x on, broken at blanks or commas, and returns the row after
 * it.  If nothing of the area is left at y, nothing is drawn. */
static int draw_wrapped(const struct line *line, struct cells *cells, struct area area, int x,
			int y)
{
	const char *text = line->text;
	const int width = area.w - x;
	char part[sizeof(line->text)];

	for (;;) {
		size_t len = strlen(text), end;

		(void)snprintf(part, sizeof(part), "%s", text);
		while (cells_columns(cells, part) > width) {
			end = shorten(part, len);
			if (end == 0)
				break; /* a word that does not fit is cut */
			len = end;
			part[len] = '\0';
		}
		(void)cells_field(cells, area, x, y++, width, line->style, part);
		text += len;
		text += strspn(text, " ");
		if (*text == '\0' || width <= 0)
			return y;
	}
}

size_t view_run_lines(const struct history_detail *d)
{
	struct lines *lines = malloc(sizeof(*lines)); /* too many for the stack */
	size_t count = 0;

	if (lines) {
		make_lines(lines, d);
		count = lines->count;
	}
	free(lines);
	return count;
}

struct run_layout {
	struct area head, graph, rest;
	int label_w, key_w;
};

static struct run_layout lay_run(const struct history_detail *d, struct area area)
{
	struct run_layout l = {.rest = area};

	l.label_w = area.w >= 44 ? 14 : 10;
	l.key_w = area.w >= LAYOUT_FULL_W ? 24 : area.w >= 44 ? 17 : 10;
	if (area.h >= 4)
		l.head = area_top(&l.rest, 1);
	if (l.rest.h >= 14 && d->sample_count > 0)
		l.graph = area_top(&l.rest, l.rest.h / 3 > 10 ? 10 : l.rest.h / 3);
	return l;
}

static int draw_line(const struct run_layout *l, const struct line *line, struct cells *cells,
		     int y)
{
	const int width = line->is_key ? l->key_w : l->label_w;
	const int x = line->label[0] != '\0' || line->follows ? width : 0;
	struct area text = l->rest;

	text.w -= BAR_W;

	(void)cells_field(cells, l->rest, 0, y, width - 1, CELLS_DIM, line->label);
	return draw_wrapped(line, cells, text, x, y);
}

/* A line takes as many rows as its words need, so each is laid out below the last row. */
void view_run_bar(const struct history_detail *d, size_t scroll, struct cells *cells,
		  struct area area)
{
	const struct run_layout l = lay_run(d, area);
	struct lines *lines = malloc(sizeof(*lines));
	size_t first = 0, total = 0;

	if (!lines)
		return;
	make_lines(lines, d);
	for (size_t i = 0; i < lines->count; i++) {
		const int rows = draw_line(&l, &lines->at[i], cells, l.rest.h) - l.rest.h;

		total += (size_t)rows;
		first += i < scroll ? (size_t)rows : 0;
	}
	cells_scroll_bar(cells, l.rest, first, total);
	free(lines);
}

size_t view_run_scroll(const struct history_detail *d, size_t scroll, struct cells *cells,
		       struct area area)
{
	const struct run_layout l = lay_run(d, area);
	struct lines *lines = malloc(sizeof(*lines));
	int rows = 0;

	if (!lines)
		return scroll;
	make_lines(lines, d);
	scroll = scroll < lines->count ? scroll : lines->count;
	for (size_t i = lines->count; i > 0; i--) {
		rows += draw_line(&l, &lines->at[i - 1], cells, l.rest.h) - l.rest.h;
		if (rows > l.rest.h) {
			scroll = scroll < i ? scroll : i;
			break;
		}
		if (i == 1)
			scroll = 0; /* all of it fits */
	}
	free(lines);
	return scroll;
}

int view_run_draw(const struct history_detail *d, enum plot_tier tier, size_t scroll,
		  struct cells *cells, struct area area)
{
	const struct run_layout l = lay_run(d, area);
	struct lines *lines = malloc(sizeof(*lines));
	char title[96];
	int y = 0;

	if (!lines)
		return 0;
	make_lines(lines, d);
	(void)snprintf(title, sizeof(title), "run %" PRId64 " %s", d->run.id,
		       history_goal_name(d->run.goal));
	if (l.head.h > 0)
		cells_rule(cells, l.head, 0, title);
	draw_graph(d, tier, cells, l.graph);
	for (size_t i = scroll; y < l.rest.h && i < lines->count; i++)
		y = draw_line(&l, &lines->at[i], cells, y);
	free(lines);
	return area.h - l.rest.h + y;
}
