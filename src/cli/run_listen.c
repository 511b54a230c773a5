/* SPDX-License-Identifier: Apache-2.0 */
/* The events of a running job as words, JSON or the progress line. */
#include "config.h" /* system extensions: clock_gettime() */

#include "cli/run_priv.h"

#include "host/job_blocked.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define JSON_PROGRESS_US 250000u /* of the transport's clock */

static uint64_t real_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static json_t *event_now(struct run *r, const char *name)
{
	return cli_event_at(r->transport->ops->now_us(r->transport), name);
}

/* --- what the job tells */

static void run_listen_on_state(void *userdata, enum session_state from, enum session_state to)
{
	struct run *r = userdata;
	json_t *event;

	if (r->cli->json) {
		event = event_now(r, "state");
		if (event) {
			(void)json_object_set_new(event, "from",
						  json_string(session_state_name(from)));
			(void)json_object_set_new(event, "to", json_string(session_state_name(to)));
		}
		cli_emit(r->cli, event);
		return;
	}
	progress_clear(&r->line);
	log_write(&r->cli->log, LOG_LEVEL_INFO, "%s", session_state_name(to));
}

static void run_listen_on_found(void *userdata, const struct scan_device *device)
{
	struct run *r = userdata;
	json_t *event;

	if (!r->cli->json) {
		if (device->rssi == SCAN_RSSI_UNKNOWN)
			log_write(&r->cli->log, LOG_LEVEL_INFO, "found %s %s, connected",
				  device->name, device->address);
		else
			log_write(&r->cli->log, LOG_LEVEL_INFO, "found %s %s, %d dBm", device->name,
				  device->address, device->rssi);
		return;
	}
	event = event_now(r, "found");
	if (event) {
		(void)json_object_set_new(event, "name", json_string(device->name));
		(void)json_object_set_new(event, "address", json_string(device->address));
		(void)json_object_set_new(event, "rssi",
					  device->rssi == SCAN_RSSI_UNKNOWN
						  ? json_null()
						  : json_integer(device->rssi));
	}
	cli_emit(r->cli, event);
}

static void with_snapshot(struct run *r, const char *name,
			  void (*fill)(json_t *object, const struct job_snapshot *now))
{
	struct job_snapshot now;
	json_t *event;

	if (!r->cli->json)
		return;
	job_snapshot(r->job, &now);
	event = event_now(r, name);
	if (event)
		fill(event, &now);
	cli_emit(r->cli, event);
}

static void run_listen_on_link(void *userdata)
{
	with_snapshot(userdata, "link", run_json_link);
}

static void run_listen_on_ready(void *userdata)
{
	struct run *r = userdata;
	struct job_snapshot now;

	with_snapshot(r, "ready", run_json_progress);
	if (r->cli->json)
		return;
	job_snapshot(r->job, &now);
	log_write(&r->cli->log, LOG_LEVEL_INFO, "chunk %u, window %" PRIu32 ", from %" PRIu32,
		  now.chunk, now.window, now.stats.received);
}

static void tell_finding(struct run *r, const struct lint_finding *f, bool refused)
{
	const bool forced =
		f->severity == LINT_ERROR && f->can_force && (r->cli->force & (1u << f->check));
	json_t *event;

	if (r->cli->json) {
		event = event_now(r, "finding");
		if (event) {
			(void)json_object_set_new(event, "check",
						  json_string(lint_check_name(f->check)));
			(void)json_object_set_new(event, "severity",
						  json_string(lint_severity_name(f->severity)));
			(void)json_object_set_new(event, "forced", json_boolean(forced));
			(void)json_object_set_new(event, "text", json_string(f->text));
		}
		cli_emit(r->cli, event);
		return;
	}
	if (f->severity < LINT_WARNING)
		return;
	progress_clear(&r->line);
	log_write(&r->cli->log,
		  f->severity == LINT_ERROR && !forced ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
		  "%s%s: %s%s%s", forced ? "forced, " : "", lint_check_name(f->check), f->text,
		  refused && f->severity == LINT_ERROR && f->can_force && !forced ? " --force="
										  : "",
		  refused && f->severity == LINT_ERROR && f->can_force && !forced
			  ? lint_check_name(f->check)
			  : "");
}

static void run_listen_on_lint(void *userdata, const struct lint_report *report, bool refused)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->findings[i].severity != LINT_OK)
			tell_finding(userdata, &report->findings[i], refused);
}

static void run_listen_on_note(void *userdata, enum session_note note, uint32_t value,
			       const char *text)
{
	struct run *r = userdata;
	json_t *event;

	if (!r->cli->json) {
		progress_clear(&r->line);
		log_write(&r->cli->log,
			  note == SESSION_NOTE_LINK_LOST || note == SESSION_NOTE_ERROR ||
					  note == SESSION_NOTE_STALL || note == SESSION_NOTE_LATE ||
					  note == SESSION_NOTE_ADAPTER ||
					  note == SESSION_NOTE_HELD ||
					  note == SESSION_NOTE_STALL_PAUSED ||
					  note == SESSION_NOTE_STALL_ENDED
				  ? LOG_LEVEL_WARNING
				  : LOG_LEVEL_INFO,
			  "%s", text);
		return;
	}
	event = event_now(r, "note");
	if (event) {
		(void)json_object_set_new(event, "note", json_string(session_note_name(note)));
		(void)json_object_set_new(event, "value", json_integer(value));
		(void)json_object_set_new(event, "text", json_string(text));
	}
	cli_emit(r->cli, event);
}

static void run_listen_on_log(void *userdata, const struct job_log_entry *entry)
{
	static const char *const arrows[] = {
		[JOB_OUT] = ">", [JOB_IN] = "<", [JOB_STATE] = "!", [JOB_NOTE] = "!"};
	struct run *r = userdata;
	json_t *event;

	if (!job_log_is_value(entry) || r->cli->verbose < 2)
		return; /* notes are told by on_note() */
	if (!r->cli->json) {
		progress_clear(&r->line);
		log_write(&r->cli->log, LOG_LEVEL_INFO, "%9.3f %s %s", (double)entry->at_us / 1e6,
			  arrows[entry->direction], entry->text);
		return;
	}
	event = cli_event_at(entry->at_us, "log");
	if (event) {
		(void)json_object_set_new(event, "direction",
					  json_string(entry->direction == JOB_OUT ? "out" : "in"));
		(void)json_object_set_new(event, "bytes",
					  run_json_hex(entry->bytes, entry->len < JOB_BYTES_MAX
									     ? entry->len
									     : JOB_BYTES_MAX));
		(void)json_object_set_new(event, "text",
					  output_json_text(entry->text, strlen(entry->text)));
	}
	cli_emit(r->cli, event);
}

/* Returns true if only the link's end follows, which is of no interest after the result. */
static bool is_over(const struct run *r)
{
	return r->early && r->ended;
}

void run_on_call(void *userdata, const struct transport_call *call)
{
	struct run *r = userdata;
	char text[STACK_LOG_TEXT];
	json_t *event;

	stack_log_lines_add(&r->calls, call);
	if (r->cli->verbose < 2 || is_over(r))
		return;
	if (!r->cli->json) {
		progress_clear(&r->line);
		log_write(&r->cli->log, LOG_LEVEL_DEBUG, "%9.3f %c %s", (double)call->at_us / 1e6,
			  stack_log_lines_sign(call->kind),
			  stack_log_lines_text(call, text, sizeof(text)));
		return;
	}
	event = cli_event_at(call->at_us, "call");
	if (event) {
		(void)json_object_set_new(event, "kind",
					  json_string(transport_call_name(call->kind)));
		(void)json_object_set_new(event, "id",
					  call->id > 0 ? json_integer(call->id) : json_null());
		if (call->id > 0 && call->kind != TRANSPORT_CALL)
			(void)json_object_set_new(event, "took",
						  output_json_seconds(call->took_us));
		(void)json_object_set_new(event, "text",
					  output_json_text(call->text, strlen(call->text)));
	}
	cli_emit(r->cli, event);
}

static const char *phase_of(const struct job_snapshot *now)
{
	const bool waits = now->state == SESSION_PREPARING || now->state == SESSION_VERIFYING;

	if (now->scanning)
		return "scanning";
	if (now->stats.progress.phase && (waits || now->state == SESSION_SENDING))
		return ota_phase_name(now->stats.progress.phase);
	return session_state_name(now->state);
}

static void run_listen_draw(struct run *r, const struct job_snapshot *now)
{
	char wait[JOB_TEXT_MAX], phase[64];
	const struct progress p = {
		.wait = wait,
		.phase = phase,
		.size = now->size,
		.queued = now->stats.queued,
		.received = now->stats.received,
		.flushed = now->stats.flushed,
		.received_known = now->stats.received_known,
		.rate = metrics_rate_now(&now->metrics),
		.eta_us = metrics_eta_us(&now->metrics),
		.air = now->stream == STREAM_RAW ? 0 : now->stats.sent_bytes,
	};

	(void)snprintf(phase, sizeof(phase), "%s%s", r->turn, phase_of(now));
	(void)job_blocked_text(now, wait, sizeof(wait));
	if (now->size > 0)
		progress_draw(&r->line, &p, real_now());
}

static void run_listen_on_passkey(void *userdata, int32_t shown)
{
	struct run *r = userdata;
	struct job_snapshot now;
	char digits[12];
	json_t *event;

	progress_clear(&r->line);
	job_snapshot(r->job, &now);
	if (r->cli->json) {
		event = event_now(r, "passkey");
		(void)snprintf(digits, sizeof(digits), "%06d", (int)shown);
		if (event && shown >= 0)
			(void)json_object_set_new(event, "shown", json_string(digits));
		cli_emit(r->cli, event);
	}
	passkey_ask(&r->passkey, r->job, now.device, shown);
}

/* The question stands where the progress line would be. */
static bool asks(struct run *r)
{
	struct job_snapshot now;

	if (!passkey_asking(&r->passkey))
		return false;
	job_snapshot(r->job, &now);
	if (!now.passkey_wanted)
		passkey_forget(&r->passkey);
	return now.passkey_wanted;
}

/* While an image is compressed a virtual clock stands, so that a script is told of each tenth. */
static bool is_due(struct run *r, const struct job_snapshot *now)
{
	const unsigned int tenths = now->compressing ? now->compressed / 10 + 1 : 0;
	const bool more = tenths > r->json_tenths;

	r->json_tenths = tenths;
	if (now->compressing)
		return more;
	return !now->scanning && now->stats.start_us > 0;
}

static void run_listen_on_progress(void *userdata)
{
	struct run *r = userdata;
	const uint64_t now_us = r->transport->ops->now_us(r->transport);
	struct job_snapshot now;

	if (r->cli->json) {
		if (now_us < r->json_next)
			return;
		job_snapshot(r->job, &now);
		if (!is_due(r, &now))
			return;
		if (!now.compressing)
			r->json_next = now_us + JSON_PROGRESS_US;
		with_snapshot(r, "progress", run_json_progress);
		return;
	}
	if (asks(r) || !r->line.out || real_now() < r->line.next_us)
		return;
	job_snapshot(r->job, &now);
	run_listen_draw(r, &now);
}

static void run_listen_on_warned(void *userdata, const char *text)
{
	struct run *r = userdata;

	progress_clear(&r->line);
	log_write(&r->cli->log, LOG_LEVEL_WARNING, "%s", text);
}

static void run_listen_on_result(void *userdata, const struct job_result *result)
{
	struct run *r = userdata;

	r->ended = true;
	r->ended_us = r->transport->ops->now_us(r->transport);
	r->result = *result;
}

static void run_listen_on_finished(void *userdata, const struct job_result *result)
{
	struct run *r = userdata;

	(void)result;
	r->closed = true;
}

struct job_listener run_listener(struct run *r)
{
	return (struct job_listener){
		.userdata = r,
		.state = run_listen_on_state,
		.found = run_listen_on_found,
		.link = run_listen_on_link,
		.ready = run_listen_on_ready,
		.lint = run_listen_on_lint,
		.note = run_listen_on_note,
		.log = run_listen_on_log,
		.passkey = run_listen_on_passkey,
		.diagnosed = run_on_diagnosed,
		.warned = run_listen_on_warned,
		.progress = run_listen_on_progress,
		.result = run_listen_on_result,
		.finished = run_listen_on_finished,
	};
}
