/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run in words, for people. */
#include "cli/run.h"
#include "base/hex.h"
#include "base/text.h"

#include "host/pdu_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void run_print_field(FILE *out, const char *label, const char *format, ...)
{
	va_list ap;

	(void)fprintf(out, "  %-13s ", label);
	va_start(ap, format);
	(void)vfprintf(out, format, ap);
	va_end(ap);
	(void)fputc('\n', out);
}

/* Prints the bytes on the air, if they are not the image's. */
static void print_air(FILE *out, const struct job_result *r)
{
	char air[OUTPUT_FIGURE_MAX], rate[OUTPUT_FIGURE_MAX];

	if (r->stream == STREAM_RAW || r->seconds_us == 0)
		return;
	run_print_field(out, "On air", "%s (%s), %s", output_bytes(r->air_bytes, air, sizeof(air)),
			stream_kind_name(r->stream),
			output_rate(r->air_bytes * 1000000u / r->seconds_us, rate, sizeof(rate)));
}

static void print_rate(FILE *out, const struct job_result *r)
{
	char bytes[OUTPUT_FIGURE_MAX], time[OUTPUT_FIGURE_MAX], rate[OUTPUT_FIGURE_MAX],
		ceiling[OUTPUT_FIGURE_MAX];

	(void)output_bytes(r->bytes, bytes, sizeof(bytes));
	(void)output_duration(r->seconds_us, time, sizeof(time));
	(void)output_rate(r->goodput, rate, sizeof(rate));
	(void)output_rate(r->ceiling, ceiling, sizeof(ceiling));
	run_print_field(out, "Transfer", "%s in %s%s", bytes, time,
			r->virtual_clock ? " (simulated, on the virtual clock)" : "");
	print_air(out, r);
	if (r->skipped_bytes > 0)
		run_print_field(out, "Not sent", "%s that the slot held already",
				output_bytes(r->skipped_bytes, bytes, sizeof(bytes)));
	if (r->bytes == 0)
		return;
	if (r->limit.possible > 0)
		run_print_field(out, "Rate", "%s, %" PRIu32 " %% of what is possible", rate,
				limit_of_possible(&r->limit));
	else if (r->ceiling)
		run_print_field(out, "Rate", "%s, %.1f %% of the %s that these settings can carry",
				rate, r->ratio * 100.0, ceiling);
	else
		run_print_field(out, "Rate", "%s", rate);
}

static void print_limit(FILE *out, const struct job_result *r)
{
	const struct limit *l = &r->limit;
	char possible[OUTPUT_FIGURE_MAX], link[OUTPUT_FIGURE_MAX], flash[OUTPUT_FIGURE_MAX] = "";
	char ceiling[OUTPUT_FIGURE_MAX];

	if (l->cause == LIMIT_NONE)
		return;
	if (l->flash > 0)
		(void)output_rate(l->flash, flash, sizeof(flash));
	run_print_field(out, "Possible", "%s: these settings carry %s, the link at its best %s%s%s",
			output_rate(l->possible, possible, sizeof(possible)),
			output_rate(r->ceiling, ceiling, sizeof(ceiling)),
			output_rate(l->link_best, link, sizeof(link)),
			l->flash > 0 ? ", the device's flash " : "", flash);
	run_print_field(out, "Limited by", "%s", r->limit_text);
	run_print_field(out, "Advice", "%s", r->limit_advice);
}

static void print_link(FILE *out, const struct job_result *r)
{
	if (r->link_known)
		run_print_field(out, "Link", "%s, interval %.2f ms, data length %u, MTU %u%s",
				pdu_text_phy((uint8_t)r->link.phy), r->link.interval_us / 1000.0,
				r->link.data_length, r->mtu, r->encrypted ? ", encrypted" : "");
	run_print_field(out, "Sent as", "values of %u bytes by %s, at most %" PRIu32 " under way",
			r->chunk, gatt_write_name(r->mode), r->window);
}

static void print_trouble(FILE *out, const struct job_result *r)
{
	char from[OUTPUT_FIGURE_MAX], retries[TEXT_COUNT_MAX], gaps[TEXT_COUNT_MAX],
		stalls[TEXT_COUNT_MAX];

	if (r->resumed_from)
		run_print_field(out, "Resumed", "from %s",
				output_bytes(r->resumed_from, from, sizeof(from)));
	run_print_field(out, "Trouble", "%s, %s, %s%s",
			text_count(r->retries, "retry", retries, sizeof(retries)),
			text_count(r->gaps, "gap", gaps, sizeof(gaps)),
			text_count(r->stalls, "stall", stalls, sizeof(stalls)),
			r->retries + r->gaps + r->stalls == 0 ? ": none" : "");
}

void run_print_time(FILE *out, const struct job_result *r)
{
	uint64_t left[BUDGET_TRANSFER_SHARES];
	char text[JOB_TEXT_MAX] = "";
	size_t len = 0;

	memcpy(left, r->transfer_time, sizeof(left));
	for (;;) {
		size_t most = 0;

		for (size_t i = 1; i < BUDGET_TRANSFER_SHARES; i++)
			most = left[i] > left[most] ? i : most;
		if (left[most] == 0 || left[most] * 200u < r->seconds_us || len >= sizeof(text))
			break;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %.1f %%",
					len > 0 ? ", " : "",
					budget_share_name((enum budget_share)most),
					(double)left[most] * 100.0 / (double)r->seconds_us);
		left[most] = 0;
	}
	if (text[0] != '\0')
		run_print_field(out, "Time", "%s", text);
}

void run_summary(struct cli *cli, const struct job_snapshot *now, const struct job_result *r)
{
	FILE *out = cli->out;
	char hash[9];

	(void)fprintf(out, "%s\n\n", r->what);
	run_print_field(out, "Device", "%s %s", now->device, now->address);
	if (r->outcome == SESSION_CONFIRMED || r->outcome == SESSION_UNCONFIRMED)
		run_print_field(out, "Proof", "%s",
				r->authenticated
					? "the device's word over an authenticated link"
					: "the device's word over an unauthenticated link: "
					  "whoever answers may claim the hash");
	if (r->bytes > 0 || r->skipped_bytes > 0) {
		print_rate(out, r);
		print_link(out, r);
		print_trouble(out, r);
		print_limit(out, r);
	}
	if (!r->running_known)
		return;
	if (!dialect_get(r->dialect)->has_hash)
		run_print_field(out, "Now runs", "%s (this device reports no hash)",
				r->running_version);
	else
		run_print_field(out, "Now runs", "%s, SHA-256 %s...",
				r->running_version[0] ? r->running_version : "an unnamed version",
				hex_encode(r->running_sha256, 4, hash));
}

void run_print_status(FILE *out, const struct ota_status *s)
{
	char received[OUTPUT_FIGURE_MAX], flushed[OUTPUT_FIGURE_MAX], flags[80], resets[80],
		hash[9], slot[8];

	run_print_field(out, "State", "%s", ota_state_name(s->state));
	if (s->state != OTA_STATE_IDLE) {
		run_print_field(out, "Received", "%s, %s of it flushed",
				output_bytes(s->received, received, sizeof(received)),
				output_bytes(s->flushed, flushed, sizeof(flushed)));
		run_print_field(out, "Image", "SHA-256 %s...", hex_encode(s->hash, 4, hash));
	}
	run_print_field(out, "Running slot", "%s", pdu_text_slot(s->slot, slot, sizeof(slot)));
	run_print_field(out, "Last error", "%s", ota_code_text(s->last_error));
	run_print_field(out, "Flags", "%s", pdu_text_flags(s->flags, flags, sizeof(flags)));
	(void)pdu_text_resets(s->reset_reason, s->resets, s->panics, resets, sizeof(resets));
	if (resets[0] != '\0')
		run_print_field(out, "Last reset", "%s", resets);
}
