/* SPDX-License-Identifier: Apache-2.0 */
/* A job's figures as JSON: the fields that scripts may rely on. */
#include "config.h" /* system extensions: strnlen() */

#include "cli/run.h"
#include "base/hex.h"

#include "host/known.h"
#include "host/pdu_text.h"
#include "host/job_blocked.h"

#include <stdlib.h>
#include <string.h>

static void set(json_t *o, const char *key, json_t *value)
{
	(void)json_object_set_new(o, key, value);
}

static void set_known(json_t *o, const char *key, uint64_t value, bool known)
{
	set(o, key, known ? json_integer((json_int_t)value) : json_null());
}

json_t *run_json_hex(const uint8_t *bytes, size_t len)
{
	char *text = malloc(2 * len + 1);
	json_t *value;

	if (!text)
		return NULL;
	value = json_string(hex_encode(bytes, len, text));
	free(text);
	return value;
}

void run_json_progress(json_t *o, const struct job_snapshot *now)
{
	const struct session_stats *st = &now->stats;
	char wait[JOB_TEXT_MAX];

	set(o, "state", json_string(job_state_name(now)));
	set(o, "size", json_integer(now->size));
	set(o, "queued", json_integer(st->queued));
	set_known(o, "received", st->received, st->received_known);
	set_known(o, "flushed", st->flushed, dialect_get(now->dialect)->has_acknowledgements);
	set(o, "air_bytes", json_integer((json_int_t)st->sent_bytes));
	set(o, "chunk", json_integer(now->chunk));
	set(o, "window", json_integer(now->window));
	set(o, "write_mode", json_string(gatt_write_name(now->mode)));
	set(o, "rate", json_integer(metrics_rate_now(&now->metrics)));
	set(o, "average", json_integer(metrics_rate_average(&now->metrics)));
	if (job_blocked_text(now, wait, sizeof(wait)) != JOB_BLOCKED_NONE)
		set(o, "wait", output_json_text(wait, strlen(wait)));
	if (now->compressing) {
		set(o, "phase", json_string("compressing"));
		set(o, "phase_done", json_integer(now->compressed));
		set(o, "phase_total", json_integer(100));
	} else if (st->progress.phase) {
		set(o, "phase", json_string(ota_phase_name(st->progress.phase)));
		set(o, "phase_done", json_integer(st->progress.done));
		set(o, "phase_total", json_integer(st->progress.total));
	}
}

void run_json_link(json_t *o, const struct job_snapshot *now)
{
	const struct ota_link *l = &now->link.link;

	set(o, "mtu", json_integer(now->mtu));
	set(o, "mtu_source", json_string(transport_source_name(now->link.mtu_source)));
	set(o, "interval_ms", l->interval ? json_real(l->interval * 1.25) : json_null());
	set(o, "encrypted", json_boolean(now->link.encrypted));
	set_known(o, "latency", l->latency, l->interval != 0);
	set_known(o, "supervision_timeout_ms", l->supervision_timeout * 10u, l->interval != 0);
	set(o, "phy", l->rx_phy ? json_string(pdu_text_phy(l->rx_phy)) : json_null());
	set_known(o, "data_length", l->rx_octets, l->rx_octets != 0);
	set(o, "link_source", json_string(transport_source_name(now->link.link_source)));
	set(o, "rssi", now->link.rssi == 127 ? json_null() : json_integer(now->link.rssi));
	set(o, "rssi_source", json_string(transport_source_name(now->link.rssi_source)));
}

/* A device that tells neither gets null, unless its Info has them. */
static void set_resets(json_t *o, uint8_t reason, uint8_t resets, uint8_t panics)
{
	const bool known = reason != OTA_RESET_UNKNOWN || resets > 0;

	if (!known && json_object_get(o, "resets"))
		return;
	set(o, "reset_reason",
	    reason != OTA_RESET_UNKNOWN ? json_string(ota_reset_name(reason)) : json_null());
	set_known(o, "resets", resets, known);
	set_known(o, "panics", panics, known);
}

void run_json_status(json_t *o, const struct ota_status *status)
{
	set(o, "state", json_string(ota_state_name(status->state)));
	set(o, "received", json_integer(status->received));
	set(o, "flushed", json_integer(status->flushed));
	set(o, "image_prefix", run_json_hex(status->hash, sizeof(status->hash)));
	set(o, "slot", json_integer(status->slot));
	set(o, "last_error", json_string(ota_code_name(status->last_error)));
	set(o, "resumable", json_boolean(status->flags & OTA_INFO_RESUMABLE));
	set(o, "pending_verify", json_boolean(status->flags & OTA_INFO_PENDING_VERIFY));
	set(o, "can_rollback", json_boolean(status->flags & OTA_INFO_CAN_ROLLBACK));
	set_resets(o, status->reset_reason, status->resets, status->panics);
}

void run_json_dialect(json_t *o, enum dialect_id id)
{
	const struct dialect *dialect = dialect_get(id);

	set(o, "dialect", id != DIALECT_UNKNOWN ? json_string(dialect->name) : json_null());
	if (!dialect_is_driven(dialect))
		set(o, "tool", json_string(dialect->tool));
}

void run_json_info(json_t *o, const struct job_snapshot *now)
{
	const struct ota_info *i = &now->info;
	const struct image_chip *chip = image_chip_by_id(i->chip_id);

	run_json_dialect(o, now->dialect);
	set(o, "version", json_string(now->version));
	set(o, "model", json_string(now->model));
	if (!now->have_info) {
		if (now->running.known) {
			set(o, "running_sha256",
			    run_json_hex(now->running.sha256, OTA_SHA256_SIZE));
			set(o, "pending_verify", json_boolean(now->running.on_trial));
			set(o, "can_rollback", json_boolean(now->running.can_go_back));
		}
		return;
	}
	set(o, "protocol", json_integer(i->version));
	set(o, "features", json_integer(i->features));
	set(o, "chip", chip ? json_string(chip->name) : json_integer(i->chip_id));
	set(o, "chip_revision", json_integer(i->chip_revision));
	set_known(o, "block_revision", i->block_revision,
		  i->block_revision != OTA_REVISION_UNKNOWN);
	set_resets(o, i->reset_reason, i->resets, i->panics);
	set(o, "abilities", json_integer(i->abilities));
	set(o, "slots", json_integer(i->slot_count));
	set(o, "running_slot", json_integer(i->running_slot));
	set(o, "slot_size", json_integer(i->slot_size));
	set(o, "ring_size", json_integer(i->ring_size));
	set(o, "project", output_json_text(i->project, strnlen(i->project, sizeof(i->project))));
	set(o, "running_size", json_integer(i->running_size));
	set(o, "running_sha256", run_json_hex(i->running_sha256, sizeof(i->running_sha256)));
	set(o, "secure_version", json_integer(i->secure_version));
	set(o, "pending_verify", json_boolean(i->flags & OTA_INFO_PENDING_VERIFY));
	set(o, "can_rollback", json_boolean(i->flags & OTA_INFO_CAN_ROLLBACK));
	set(o, "resumable", json_boolean(i->flags & OTA_INFO_RESUMABLE));
}

static json_t *time_object(const uint64_t *us, size_t count)
{
	json_t *o = json_object();

	for (size_t i = 0; o && i < count; i++)
		set(o, budget_share_name((enum budget_share)i), json_real((double)us[i] / 1e6));
	return o;
}

/* The names of limits and shares are the manual's. */
static void set_limit(json_t *o, const struct job_result *r)
{
	const struct limit *l = &r->limit;

	set(o, "time", time_object(r->transfer_time, BUDGET_TRANSFER_SHARES));
	set(o, "time_run", time_object(r->time, BUDGET_SHARES));
	if (l->cause == LIMIT_NONE)
		return;
	set(o, "limit", json_string(limit_cause_name(l->cause)));
	set(o, "limit_share", json_real(l->share_ppm / 1e6));
	set(o, "second_limit",
	    l->second == LIMIT_NONE ? json_null() : json_string(limit_cause_name(l->second)));
	set(o, "second_share", json_real(l->second_ppm / 1e6));
	set(o, "limit_text", json_string(r->limit_text));
	if (!r->advice[0])
		set(o, "advice", json_string(r->limit_advice));
	set(o, "change", l->change[0] ? json_string(l->change) : json_null());
	set(o, "predicted", json_integer(l->predicted));
	set(o, "possible", json_integer(l->possible));
	set(o, "link_best", json_integer(l->link_best));
	set_known(o, "flash", l->flash, l->flash > 0);
}

static void set_transfer(json_t *o, const struct job_snapshot *now, const struct job_result *r)
{
	set(o, "bytes", json_integer(r->bytes));
	set(o, "seconds", output_json_seconds(r->seconds_us));
	set(o, "goodput", json_integer(r->goodput));
	set(o, "ceiling", json_integer(r->ceiling));
	set(o, "ratio", json_real(r->ratio));
	set(o, "lowest", json_integer(r->rate_lowest));
	set(o, "mtu", json_integer(r->mtu));
	set(o, "chunk", json_integer(r->chunk));
	set(o, "window", json_integer(r->window));
	set(o, "write_mode", json_string(gatt_write_name(r->mode)));
	set(o, "signed", json_boolean(r->is_signed));
	set(o, "stream", json_string(stream_kind_name(r->stream)));
	set(o, "air_bytes", json_integer((json_int_t)r->air_bytes));
	set(o, "skipped_bytes", json_integer(r->skipped_bytes));
	set(o, "sent_bytes", json_integer((json_int_t)r->sent_bytes));
	set(o, "retries", json_integer(r->retries));
	set(o, "gaps", json_integer(r->gaps));
	set(o, "resyncs", json_integer(r->resyncs));
	set(o, "stalls", json_integer(r->stalls));
	set(o, "longest_stall_ms", json_integer(r->longest_stall_ms));
	set(o, "resumed_from", json_integer(r->resumed_from));
	run_json_dialect(o, now->dialect != DIALECT_UNKNOWN ? r->dialect : DIALECT_UNKNOWN);
	if (r->link_known) {
		set(o, "interval_ms", json_real(r->link.interval_us / 1000.0));
		set(o, "phy", json_string(pdu_text_phy((uint8_t)r->link.phy)));
		set(o, "data_length", json_integer(r->link.data_length));
	}
}

static json_t *changed_names(unsigned int changes)
{
	json_t *names = json_array();

	for (unsigned int bit = 1; names && bit != 0 && bit <= changes; bit <<= 1) {
		if (changes & bit)
			(void)json_array_append_new(
				names, json_string(known_change_name((enum known_change)bit)));
	}
	return names;
}

json_t *run_json_result(const struct cli *cli, const struct job_snapshot *now,
			const struct job_result *r, enum cli_exit code)
{
	const bool transfers = now->size > 0;
	json_t *o = cli_event_at(now->now_us, "result");

	(void)cli;
	if (!o)
		return NULL;
	set(o, "ok", json_boolean(code == CLI_OK));
	set(o, "outcome", json_string(session_outcome_name(r->outcome)));
	set(o, "exit", json_integer(code));
	set(o, "clock", json_string(r->virtual_clock ? "virtual" : "real"));
	set(o, "device", json_string(now->device));
	set(o, "address", json_string(now->address));
	set(o, "encrypted", json_boolean(r->encrypted));
	set(o, "authenticated", json_boolean(r->authenticated));
	if (r->known_changes != 0)
		set(o, "changed", changed_names(r->known_changes));
	set(o, "text", json_string(r->what));
	if (r->advice[0])
		set(o, "advice", json_string(r->advice));
	if (r->outcome == SESSION_DEVICE_ERROR) {
		set(o, "error", json_string(ota_code_name(r->code)));
		set(o, "error_command", json_string(ota_command_name(r->opcode)));
		set(o, "error_detail", json_integer(r->detail));
	}
	if (transfers)
		set_transfer(o, now, r);
	if (r->begun)
		set_limit(o, r);
	/* Not every dialect tells the hash of what runs. */
	if (r->running_version[0])
		set(o, "running_version", json_string(r->running_version));
	if (r->running_known) {
		set(o, "running_sha256",
		    dialect_get(r->dialect)->has_hash
			    ? run_json_hex(r->running_sha256, sizeof(r->running_sha256))
			    : json_null());
	}
	return o;
}
