/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded run in words: its facts, its result, its events. */
#include "view/view_run_priv.h"

#include "base/hex.h"
#include "base/output.h"
#include "base/text.h"
#include "history/history_compare.h"
#include "host/metrics.h"
#include "host/pdu_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define MARKS_SHOWN 400u

static void add(struct view_run_text *l, enum cells_style style, const char *label,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

static void add(struct view_run_text *l, enum cells_style style, const char *label,
		const char *format, ...)
{
	struct view_run_line *line = &l->at[l->count];
	va_list ap;

	if (l->count == VIEW_RUN_LINES_MAX)
		return;
	l->count++;
	line->style = style;
	line->follows = line->is_key = false;
	(void)snprintf(line->label, sizeof(line->label), "%s", label);
	va_start(ap, format);
	(void)vsnprintf(line->text, sizeof(line->text), format, ap);
	va_end(ap);
}

static void add_more(struct view_run_text *l, enum cells_style style, const char *text)
{
	add(l, style, "", "%s", text);
	l->at[l->count - 1].follows = true;
}

static void add_end(struct view_run_text *l, const struct history_run *run)
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

static void add_image(struct view_run_text *l, const struct history_run *run)
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

static void add_trouble(struct view_run_text *l, const struct job_result *r)
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

static void add_possible(struct view_run_text *l, const struct history_run *run)
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

static void add_circumstances(struct view_run_text *l, const struct history_run *run)
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

static void add_figures(struct view_run_text *l, const struct history_run *run)
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

static void add_run(struct view_run_text *l, const struct history_run *run)
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

static void add_keys(struct view_run_text *l, const struct history_detail *d)
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

enum cells_style view_mark_style(enum history_mark_kind kind)
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

static void add_marks(struct view_run_text *l, const struct history_detail *d)
{
	char label[32];

	add(l, CELLS_TITLE, "", "What happened%s",
	    d->mark_count == 0 ? ": no events, or no longer kept" : ", in seconds since it began");
	for (size_t i = 0; i < d->mark_count && i < MARKS_SHOWN; i++) {
		const struct history_mark *m = &d->marks[i];

		(void)snprintf(label, sizeof(label), "%9.3f", (double)m->at_us / 1e6);
		add(l, view_mark_style(m->kind), label, "%s%s",
		    m->kind == HISTORY_TUNING ? "tuned: " : "", m->text);
	}
	if (d->mark_count > MARKS_SHOWN)
		add(l, CELLS_DIM, "", "and %zu more; export has them all",
		    d->mark_count - MARKS_SHOWN);
}

void view_run_words(struct view_run_text *l, const struct history_detail *d)
{
	l->count = 0;
	add_run(l, &d->run);
	add_marks(l, d);
	add_keys(l, d);
}
