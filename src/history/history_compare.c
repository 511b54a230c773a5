/* SPDX-License-Identifier: Apache-2.0 */
/* See history_compare.h. */
#include "history/history_compare.h"

#include "history/history_priv.h"
#include "base/output.h"
#include "host/pdu_text.h"

#include <inttypes.h>
#include <string.h>

#define SECOND_US 1000000.0

/* --- one run's figures */

char *history_rate_text(const struct history_run *run, char *buf, size_t size)
{
	if (run->result.goodput == 0)
		(void)snprintf(buf, size, "-");
	else
		(void)output_rate(run->result.goodput, buf, size);
	return buf;
}

char *history_time_text(const struct history_run *run, char *buf, size_t size)
{
	if (run->result.seconds_us == 0)
		(void)snprintf(buf, size, "-");
	else
		(void)output_duration(run->result.seconds_us, buf, size);
	return buf;
}

/* 15, 11.25, 7.5: as one writes it. */
static void interval_text(uint32_t us, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%g", us / 1000.0);
}

char *history_link_text(const struct history_run *run, char *buf, size_t size)
{
	const struct job_result *r = &run->result;
	char interval[24];

	if (!r->link_known) {
		(void)snprintf(buf, size, "-");
		return buf;
	}
	interval_text(r->link.interval_us, interval, sizeof(interval));
	(void)snprintf(buf, size, "%u / %s / %s", r->mtu, interval,
		       pdu_text_phy((uint8_t)r->link.phy));
	return buf;
}

char *history_rssi_text(const struct history_run *run, char *buf, size_t size)
{
	if (run->rssi_median == 127)
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%d (%d)", run->rssi_median, run->rssi_min);
	return buf;
}

static void stalls_text(const struct history_run *run, char *buf, size_t size)
{
	const struct job_result *r = &run->result;

	if (r->longest_stall_ms == 0)
		(void)snprintf(buf, size, "%" PRIu32 " / -", r->stalls);
	else
		(void)snprintf(buf, size, "%" PRIu32 " / %.1f s", r->stalls,
			       r->longest_stall_ms / 1000.0);
}

/* --- rows */

static struct history_row *add_row(struct history_comparison *c, const char *key, const char *label)
{
	struct history_row *row = &c->rows[c->row_count++];

	memset(row, 0, sizeof(*row));
	row->key = key;
	row->label = label;
	return row;
}

static void percent(struct history_row *row, double a, double b)
{
	if (a > 0 && b > 0)
		(void)snprintf(row->delta, sizeof(row->delta), "%+.0f %%", (a - b) / b * 100.0);
	/* A difference that rounds to 0 % is not shown. */
	if (strcmp(row->delta, "+0 %") == 0 || strcmp(row->delta, "-0 %") == 0)
		row->delta[0] = '\0';
}

static void difference(struct history_row *row, int64_t a, int64_t b)
{
	if (a != b)
		(void)snprintf(row->delta, sizeof(row->delta), "%+" PRId64, a - b);
}

static void differs(struct history_row *row)
{
	if (strcmp(row->a, row->b) != 0)
		(void)snprintf(row->delta, sizeof(row->delta), "<- differs");
}

/* "355.5 kB deflate" */
static void air_text(const struct job_result *r, char *buf, size_t size)
{
	char bytes[OUTPUT_FIGURE_MAX];

	(void)snprintf(buf, size, "%s %s", output_bytes(r->air_bytes, bytes, sizeof(bytes)),
		       stream_kind_name(r->stream));
}

static void add_result(struct history_comparison *c, const struct history_run *a,
		       const struct history_run *b)
{
	struct history_row *row = add_row(c, "result", "result");

	(void)snprintf(row->a, sizeof(row->a), "%s", history_outcome(a));
	(void)snprintf(row->b, sizeof(row->b), "%s", history_outcome(b));
	differs(row);
	row = add_row(c, "throughput", "throughput");
	(void)history_rate_text(a, row->a, sizeof(row->a));
	(void)history_rate_text(b, row->b, sizeof(row->b));
	percent(row, a->result.goodput, b->result.goodput);
	if (a->result.stream != STREAM_RAW || b->result.stream != STREAM_RAW) {
		row = add_row(c, "on_air", "on air");
		air_text(&a->result, row->a, sizeof(row->a));
		air_text(&b->result, row->b, sizeof(row->b));
		percent(row, (double)a->result.air_bytes, (double)b->result.air_bytes);
	}
	row = add_row(c, "wall_time", "wall time");
	(void)history_time_text(a, row->a, sizeof(row->a));
	(void)history_time_text(b, row->b, sizeof(row->b));
	percent(row, (double)a->result.seconds_us, (double)b->result.seconds_us);
	if (a->result.virtual_clock != b->result.virtual_clock)
		(void)snprintf(row->delta, sizeof(row->delta), "<- %s is simulated",
			       a->result.virtual_clock ? "the first" : "the second");
	row = add_row(c, "stalls", "stalls / longest");
	stalls_text(a, row->a, sizeof(row->a));
	stalls_text(b, row->b, sizeof(row->b));
	difference(row, a->result.stalls, b->result.stalls);
}

static void ceiling_text(const struct history_run *run, char *buf, size_t size)
{
	if (run->result.ceiling == 0)
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%.0f %%", run->result.ratio * 100.0);
}

/* The rate as a share of the lower of link's and flash's. */
static void possible_text(const struct job_result *r, char *buf, size_t size)
{
	char rate[OUTPUT_FIGURE_MAX];

	if (r->limit.possible == 0 || r->goodput == 0)
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%.0f %% of %s", r->goodput * 100.0 / r->limit.possible,
			       output_rate(r->limit.possible, rate, sizeof(rate)));
}

static void limit_text(const struct job_result *r, char *buf, size_t size)
{
	if (r->limit.cause == LIMIT_NONE)
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%s, %.0f %%", limit_cause_name(r->limit.cause),
			       r->limit.share_ppm / 1e4);
}

/* A run that sent nothing chose nothing. */
static void chunk_text(const struct job_result *r, char *buf, size_t size)
{
	if (r->chunk == 0)
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%u / %s", r->chunk, gatt_write_name(r->mode));
}

static void window_text(const struct job_result *r, char *buf, size_t size)
{
	if (r->window == 0)
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%" PRIu32, r->window);
}

/* Columns that a narrow table leaves out. */
static void add_rest(struct history_comparison *c, const struct history_run *a,
		     const struct history_run *b)
{
	const struct job_result *x = &a->result, *y = &b->result;
	struct history_row *row = add_row(c, "chunk", "chunk / mode");

	chunk_text(x, row->a, sizeof(row->a));
	chunk_text(y, row->b, sizeof(row->b));
	if (x->chunk > 0 && y->chunk > 0)
		differs(row);
	row = add_row(c, "window", "window");
	window_text(x, row->a, sizeof(row->a));
	window_text(y, row->b, sizeof(row->b));
	percent(row, x->window, y->window);
	row = add_row(c, "of_ceiling", "of the ceiling");
	ceiling_text(a, row->a, sizeof(row->a));
	ceiling_text(b, row->b, sizeof(row->b));
	row = add_row(c, "of_possible", "of the possible");
	possible_text(x, row->a, sizeof(row->a));
	possible_text(y, row->b, sizeof(row->b));
	row = add_row(c, "limited_by", "limited by");
	limit_text(x, row->a, sizeof(row->a));
	limit_text(y, row->b, sizeof(row->b));
	if (x->limit.cause != LIMIT_NONE && y->limit.cause != LIMIT_NONE)
		differs(row);
	row = add_row(c, "retries", "retries / gaps");
	(void)snprintf(row->a, sizeof(row->a), "%" PRIu32 " / %" PRIu32, x->retries, x->gaps);
	(void)snprintf(row->b, sizeof(row->b), "%" PRIu32 " / %" PRIu32, y->retries, y->gaps);
	difference(row, (int64_t)x->retries + x->gaps, (int64_t)y->retries + y->gaps);
	row = add_row(c, "image", "image");
	(void)snprintf(row->a, sizeof(row->a), "%s", a->version[0] ? a->version : "-");
	(void)snprintf(row->b, sizeof(row->b), "%s", b->version[0] ? b->version : "-");
	if (memcmp(a->sha256, b->sha256, sizeof(a->sha256)) != 0)
		(void)snprintf(row->delta, sizeof(row->delta), "<- another image");
}

/* Only what differs: that it did not is said by its absence. */
static void add_circumstance(struct history_comparison *c, const char *key, const char *label,
			     const char *a, const char *b)
{
	struct history_row *row;

	if (a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0)
		return;
	row = add_row(c, key, label);
	(void)snprintf(row->a, sizeof(row->a), "%.63s", a);
	(void)snprintf(row->b, sizeof(row->b), "%.63s", b);
	differs(row);
}

static void add_circumstances(struct history_comparison *c, const struct history_run *a,
			      const struct history_run *b)
{
	add_circumstance(c, "device", "device", a->address, b->address);
	add_circumstance(c, "chip", "chip", a->chip, b->chip);
	add_circumstance(c, "device_firmware", "device firmware", a->device_version,
			 b->device_version);
	/* The host says nothing of virtual devices. */
	if (a->result.virtual_clock || b->result.virtual_clock)
		return;
	add_circumstance(c, "kernel", "kernel", a->kernel, b->kernel);
	add_circumstance(c, "bluetoothd", "bluetoothd", a->bluetoothd, b->bluetoothd);
	add_circumstance(c, "adapter", "adapter", a->adapter, b->adapter);
	add_circumstance(c, "adapter_firmware", "adapter fw", a->firmware, b->firmware);
}

static void add_link(struct history_comparison *c, const struct history_run *a,
		     const struct history_run *b)
{
	const struct job_result *x = &a->result, *y = &b->result;
	struct history_row *row = add_row(c, "link", "MTU / itvl / PHY");
	const char *comma = "";
	size_t len;

	(void)history_link_text(a, row->a, sizeof(row->a));
	(void)history_link_text(b, row->b, sizeof(row->b));
	if (x->link_known && y->link_known && strcmp(row->a, row->b) != 0) {
		const struct {
			bool is;
			const char *name;
		} parts[] = {{x->mtu != y->mtu, "MTU"},
			     {x->link.interval_us != y->link.interval_us, "itvl"},
			     {x->link.phy != y->link.phy, "PHY"}};

		len = (size_t)snprintf(row->delta, sizeof(row->delta), "<- ");
		for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
			if (!parts[i].is)
				continue;
			len += (size_t)snprintf(row->delta + len, sizeof(row->delta) - len, "%s%s",
						comma, parts[i].name);
			comma = ", ";
		}
	}
	row = add_row(c, "rssi", "RSSI med (min)");
	(void)history_rssi_text(a, row->a, sizeof(row->a));
	(void)history_rssi_text(b, row->b, sizeof(row->b));
	if (a->rssi_median != 127 && b->rssi_median != 127)
		difference(row, a->rssi_median, b->rssi_median);
}

/* --- the profile */

const struct history_key *history_find_key(const struct history_detail *d, const char *name)
{
	for (size_t i = 0; i < d->key_count; i++) {
		if (strcmp(d->keys[i].name, name) == 0)
			return &d->keys[i];
	}
	return NULL;
}

static void add_change(struct history_comparison *c, const char *key, const char *a, const char *b)
{
	if (c->change_count < HISTORY_CHANGES_MAX && strcmp(key, "description") != 0 &&
	    strcmp(a, b) != 0)
		c->changes[c->change_count++] = (struct history_change){.key = key, .a = a, .b = b};
}

static void add_changes(struct history_comparison *c, const struct history_detail *a,
			const struct history_detail *b)
{
	for (size_t i = 0; i < a->key_count; i++) {
		const struct history_key *other = history_find_key(b, a->keys[i].name);

		add_change(c, a->keys[i].name, a->keys[i].asked, other ? other->asked : "-");
	}
	for (size_t i = 0; i < b->key_count; i++) {
		if (!history_find_key(a, b->keys[i].name))
			add_change(c, b->keys[i].name, "-", b->keys[i].asked);
	}
}

void history_compare(const struct history_detail *a, const struct history_detail *b,
		     struct history_comparison *ret)
{
	memset(ret, 0, sizeof(*ret));
	add_result(ret, &a->run, &b->run);
	add_link(ret, &a->run, &b->run);
	add_rest(ret, &a->run, &b->run);
	add_circumstances(ret, &a->run, &b->run);
	add_changes(ret, a, b);
}

/* --- rates */

uint64_t history_span(const struct history_detail *d)
{
	const uint64_t last = d->sample_count ? d->samples[d->sample_count - 1].at_us : 0;
	const uint64_t span = last > d->run.start_us ? last - d->run.start_us : 0;

	/* The reboot and what follows it are no part of the transfer. */
	return span > d->run.result.seconds_us ? d->run.result.seconds_us : span;
}

/* Received at a time since START; *from is where the search goes on, as times only grow. */
static double received_at(const struct history_detail *d, uint64_t since_us, size_t *from,
			  double *most)
{
	const uint64_t at = d->run.start_us + since_us;
	const struct history_sample *s = d->samples;
	double part, value;

	while (*from + 1 < d->sample_count && s[*from + 1].at_us <= at)
		(*from)++;
	value = s[*from].received;
	if (*from + 1 < d->sample_count && s[*from].at_us <= at) {
		const uint64_t span = s[*from + 1].at_us - s[*from].at_us;

		part = span ? (double)(at - s[*from].at_us) / (double)span : 0;
		value += part * ((double)s[*from + 1].received - value);
	}
	/* Back to an earlier offset and there again brings nothing new. */
	if (value > *most)
		*most = value;
	return *most;
}

/* Bytes that come too early for the link, carried back from the end; the rest at the start. */
static double carry_back(uint32_t *rates, size_t count, uint64_t span_us, uint64_t last_us,
			 uint32_t ceiling, bool write)
{
	double carry = 0;

	for (size_t i = count; i-- > 0;) {
		const double us = (double)(i + 1 == count ? last_us : span_us);
		const double bytes = rates[i] * us + carry, room = ceiling * us;

		carry = bytes > room ? bytes - room : 0;
		if (write)
			rates[i] = (uint32_t)history_whole((bytes - carry) / us, UINT32_MAX);
	}
	return carry;
}

size_t history_rates(const struct history_detail *d, uint64_t span_us, uint32_t *ret, size_t max)
{
	const uint64_t whole = history_span(d);
	const uint32_t ceiling = d->run.result.ceiling;
	double before, now, most;
	uint64_t last_us = span_us;
	size_t count = 0, from = 0;

	if (whole == 0 || span_us == 0)
		return 0;
	before = most = d->run.result.resumed_from;
	for (uint64_t at = 0; at < whole && count < max; at += span_us) {
		const uint64_t to = at + span_us < whole ? at + span_us : whole;

		now = received_at(d, to, &from, &most);
		ret[count++] = (uint32_t)history_whole(
			(now - before) * SECOND_US / (double)(to - at), UINT32_MAX);
		before = now;
		last_us = to - at;
	}
	/* A device tells in bursts what it received meanwhile, and no burst was faster than the
	 * link; but a ceiling that the run contradicts is not that of all of it. */
	if (ceiling > 0 && carry_back(ret, count, span_us, last_us, ceiling, false) == 0)
		(void)carry_back(ret, count, span_us, last_us, ceiling, true);
	return count;
}
