/* SPDX-License-Identifier: Apache-2.0 */
/* See run.h. */
#include "config.h" /* system extensions: sigprocmask() */

#include "cli/run.h"

#include "cli/open.h"
#include "core/text.h"
#include "host/image_report.h"
#include "host/history.h"
#include "host/recorder.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define JSON_PROGRESS_US 250000u /* of the transport's clock */

struct run {
	struct cli *cli;
	sd_event *event;
	struct transport *transport;
	struct job *job;
	struct recorder *recorder;
	struct progress_line line;
	uint64_t json_next; /* progress event */
	unsigned int interrupts;
	bool ended;
	struct job_result result;
};

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

static void on_state(void *userdata, const char *from, const char *to)
{
	struct run *r = userdata;
	json_t *event;

	if (r->cli->json) {
		event = event_now(r, "state");
		if (event) {
			(void)json_object_set_new(event, "from", json_string(from));
			(void)json_object_set_new(event, "to", json_string(to));
		}
		cli_emit(r->cli, event);
		return;
	}
	progress_clear(&r->line);
	log_write(&r->cli->log, LOG_LEVEL_INFO, "%s", to);
}

static void on_found(void *userdata, const struct scan_device *device)
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

static void on_link(void *userdata)
{
	with_snapshot(userdata, "link", run_json_link);
}

static void on_ready(void *userdata)
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

static void on_lint(void *userdata, const struct lint_report *report, bool refused)
{
	for (size_t i = 0; i < report->count; i++)
		if (report->findings[i].severity != LINT_OK)
			tell_finding(userdata, &report->findings[i], refused);
}

static void on_note(void *userdata, enum session_note note, uint32_t value, const char *text)
{
	struct run *r = userdata;
	json_t *event;

	if (!r->cli->json) {
		progress_clear(&r->line);
		log_write(&r->cli->log,
			  note == SESSION_NOTE_LINK_LOST || note == SESSION_NOTE_ERROR ||
					  note == SESSION_NOTE_STALL || note == SESSION_NOTE_LATE
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

static void on_log(void *userdata, const struct job_log_entry *entry)
{
	static const char *const arrows[] = {[JOB_OUT] = ">", [JOB_IN] = "<", [JOB_NOTE] = "!"};
	struct run *r = userdata;
	json_t *event;

	if (entry->direction == JOB_NOTE || r->cli->verbose < 2)
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

static const char *phase_of(const struct job_snapshot *now)
{
	const bool waits = now->state == SESSION_PREPARING || now->state == SESSION_VERIFYING;

	if (now->scanning)
		return "scanning";
	if (now->stats.progress.phase && (waits || now->state == SESSION_SENDING))
		return ota_phase_name(now->stats.progress.phase);
	return session_state_name(now->state);
}

static void draw(struct run *r, const struct job_snapshot *now)
{
	const struct progress p = {
		.phase = phase_of(now),
		.size = now->size,
		.queued = now->stats.queued,
		.received = now->stats.received,
		.flushed = now->stats.flushed,
		.received_known = now->stats.received_known,
		.rate = metrics_rate_now(&now->metrics),
		.eta_us = metrics_eta_us(&now->metrics),
	};

	if (now->size > 0)
		progress_draw(&r->line, &p, real_now());
}

static void on_progress(void *userdata)
{
	struct run *r = userdata;
	const uint64_t now_us = r->transport->ops->now_us(r->transport);
	struct job_snapshot now;

	if (r->cli->json) {
		if (now_us < r->json_next)
			return;
		job_snapshot(r->job, &now);
		if (now.scanning || now.stats.start_us == 0)
			return;
		r->json_next = now_us + JSON_PROGRESS_US;
		with_snapshot(r, "progress", run_json_progress);
		return;
	}
	if (!r->line.out || real_now() < r->line.next_us)
		return;
	job_snapshot(r->job, &now);
	draw(r, &now);
}

static void on_finished(void *userdata, const struct job_result *result)
{
	struct run *r = userdata;

	r->ended = true;
	r->result = *result;
	(void)sd_event_exit(r->event, 0);
}

/* --- Ctrl-C */

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct run *r = userdata;

	(void)source;
	(void)si;
	progress_clear(&r->line);
	if (r->interrupts++ > 0)
		return sd_event_exit(r->event, 0);
	log_write(&r->cli->log, LOG_LEVEL_WARNING,
		  "cancelling: the device is told; again to leave at once");
	job_cancel(r->job);
	return 0;
}

static int catch_signals(struct run *r)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaddset(&set, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		const int rc = sd_event_add_signal(r->event, NULL, signals[i], on_signal, r);

		if (rc < 0)
			return rc;
	}
	return 0;
}

/* --- the end */

enum cli_exit run_exit(const struct job_result *result)
{
	switch (result->outcome) {
	case SESSION_CONFIRMED:
	case SESSION_UNCONFIRMED:
	case SESSION_DELIVERED:
	case SESSION_ALREADY_RUNNING:
	case SESSION_MEASURED:
	case SESSION_ANSWERED:
		return CLI_OK;
	case SESSION_REFUSED:
		return CLI_REFUSED;
	case SESSION_CANCELLED:
		return CLI_CANCELLED;
	case SESSION_NOT_FOUND:
		return result->begun ? CLI_LINK_LOST : CLI_NO_DEVICE;
	case SESSION_NO_ADAPTER:
		return result->begun ? CLI_LINK_LOST : CLI_NO_ADAPTER;
	case SESSION_LINK_LOST:
	case SESSION_STALLED:
	case SESSION_NOT_BACK:
	case SESSION_IN_USE:
		return CLI_LINK_LOST;
	case SESSION_DEVICE_ERROR:
		return result->code == OTA_ERR_PERMISSION ? CLI_NO_PERMISSION : CLI_DEVICE_ERROR;
	case SESSION_ROLLED_BACK:
	case SESSION_NO_SERVICE:
	case SESSION_PROTOCOL:
		return CLI_DEVICE_ERROR;
	case SESSION_NO_OUTCOME:
	case SESSION_OUTCOMES:
		break;
	}
	return CLI_DEFECT;
}

static void tell_end(struct run *r, const struct run_report *report, enum cli_exit code)
{
	struct job_snapshot now;
	json_t *object;

	progress_clear(&r->line);
	job_snapshot(r->job, &now);
	if (r->cli->json) {
		object = run_json_result(r->cli, &now, &r->result, code);
		if (object && report && report->image) {
			(void)json_object_set_new(
				object, "image_sha256",
				run_json_hex(report->image->sha256, OTA_SHA256_SIZE));
			(void)json_object_set_new(object, "image_size",
						  json_integer((json_int_t)report->image->size));
		}
		if (object && report && report->json)
			report->json(object, &now, &r->result);
		cli_emit(r->cli, object);
		return;
	}
	if (code == CLI_OK && report && report->words)
		report->words(r->cli, &now, &r->result);
	if (code == CLI_OK)
		return;
	if (r->result.outcome == SESSION_REFUSED && r->result.status == -OTA_EPERM &&
	    job_report(r->job)) {
		/* Each reason was told by itself, with what overrides it. */
		log_write(&r->cli->log, LOG_LEVEL_ERROR, "refused: nothing was sent");
		return;
	}
	log_write(&r->cli->log, LOG_LEVEL_ERROR, "%s", r->result.what);
	if (r->result.advice[0])
		log_write(&r->cli->log, LOG_LEVEL_ERROR, "%s", r->result.advice);
}

static void on_unrecorded(void *userdata, const char *text)
{
	struct run *r = userdata;

	progress_clear(&r->line);
	log_write(&r->cli->log, LOG_LEVEL_WARNING, "%s", text);
}

static int create(struct run *r, const struct job_config *config,
		  const struct job_listener *listener)
{
	char options[HISTORY_OPTIONS_MAX];
	const struct recorder_config record = {
		.off = r->cli->no_history,
		.options = cli_reach(r->cli, options, sizeof(options)),
		.image_path = config->image_name,
		.warn = on_unrecorded,
		.userdata = r,
	};

	return recorder_job_create(&record, r->transport, config, listener, &r->job, &r->recorder);
}

static int loop(struct run *r, const struct job_config *config, const struct run_report *report)
{
	const struct job_listener listener = {
		.userdata = r,
		.state = on_state,
		.found = on_found,
		.link = on_link,
		.ready = on_ready,
		.lint = on_lint,
		.note = on_note,
		.log = on_log,
		.progress = on_progress,
		.finished = on_finished,
	};
	const char *bundle = cli_value(r->cli, "bundle");
	enum cli_exit code;
	int rc = create(r, config, &listener);

	if (rc < 0)
		return cli_fail(r->cli, rc == -OTA_EINVAL ? CLI_USAGE : CLI_DEFECT, "%s",
				rc == -OTA_EINVAL ? "a setting is out of range" : strerror(-rc));
	rc = catch_signals(r);
	if (rc >= 0) {
		job_start(r->job);
		rc = sd_event_loop(r->event);
	}
	if (!r->ended) {
		progress_clear(&r->line);
		code = r->interrupts > 1 ? CLI_CANCELLED : CLI_DEFECT;
		(void)cli_fail(r->cli, code, "%s",
			       r->interrupts > 1
				       ? "left at once: the device keeps what it has, and gives it "
					 "up after a minute"
				       : strerror(rc < 0 ? -rc : OTA_EIO));
	} else {
		code = run_exit(&r->result);
		progress_clear(&r->line);
		if (bundle)
			code = run_bundle(r->cli, bundle, r->transport, r->job, config->profile,
					  code);
		tell_end(r, report, code);
	}
	job_destroy(r->job);
	recorder_finish(r->recorder);
	return code;
}

#define TIMEOUT_MAX 3600u /* s */

static int device_timeout(struct cli *cli, uint32_t *ret_ms)
{
	const char *text = cli_value(cli, "device-timeout");
	uint64_t seconds;

	if (!text)
		return CLI_OK;
	if (text_parse_unsigned(text, strlen(text), &seconds) < 0 || seconds < 1 ||
	    seconds > TIMEOUT_MAX)
		return cli_fail(cli, CLI_USAGE, "--device-timeout: expected 1 to %u seconds",
				TIMEOUT_MAX);
	*ret_ms = (uint32_t)seconds * 1000u;
	return CLI_OK;
}

int run_job(struct cli *cli, const struct job_config *config, const struct run_report *report)
{
	struct run r = {.cli = cli};
	struct job_config mine = *config;
	struct profile profile;
	int code = CLI_OK;

	if (!mine.profile)
		code = cli_load_profile(cli, NULL, &profile, NULL);
	if (code == CLI_OK)
		code = device_timeout(cli, &mine.scan_timeout_ms);
	if (code != CLI_OK)
		return code;
	if (!mine.profile)
		mine.profile = &profile;
	mine.forced = cli->force;
	if (!cli->json && !cli->quiet && output_is_terminal(cli->err))
		r.line.out = cli->err;
	if (sd_event_new(&r.event) < 0)
		return cli_fail(cli, CLI_DEFECT, "no event loop: out of memory or descriptors");
	code = cli_open(cli, r.event, &r.transport);
	if (code == CLI_OK) {
		code = loop(&r, &mine, report);
		code = cli_close(cli, r.transport, code);
	}
	sd_event_unref(r.event);
	return code;
}

int run_command(struct cli *cli, const char *device, enum ota_command command,
		const struct run_report *report)
{
	const struct job_config config = {
		.goal = SESSION_COMMAND,
		.command = command,
		.device = device,
	};

	return run_job(cli, &config, report);
}

int run_write_command(struct cli *cli, const char *device, enum ota_command command,
		      const struct run_report *report)
{
	if (cli->readonly)
		return cli_fail(cli, CLI_USAGE, "--readonly: this command changes the device");
	return run_command(cli, device, command, report);
}
