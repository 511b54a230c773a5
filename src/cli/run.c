/* SPDX-License-Identifier: Apache-2.0 */
/* See run.h. */
#include "cli/run_priv.h"

#include "cli/command_line.h"
#include "cli/open.h"
#include "cli/passkey.h"
#include "cli/signals.h"
#include "base/text.h"
#include "host/image_report.h"
#include "history/history.h"
#include "history/recorder.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* --- Ctrl-C */

static int run_on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct run *r = userdata;

	(void)source;
	progress_clear(&r->line);
	/* A closed terminal or a lost SSH connection is no wish to cancel: what the device has is
	 * worth going on with. */
	r->hangup = si->ssi_signo == SIGHUP;
	if (r->hangup || r->interrupts++ > 0) {
		r->left = true;
		return 0;
	}
	log_write(&r->cli->log, LOG_LEVEL_WARNING,
		  "cancelling on the device; Ctrl-C again exits at once");
	job_cancel(r->job);
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
	case SESSION_DEVICE_CHANGED:
		return CLI_CHANGED;
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
	case SESSION_NO_HEADWAY:
	case SESSION_TIMED_OUT:
		return CLI_LINK_LOST;
	case SESSION_DEVICE_ERROR:
		return result->code == OTA_ERR_PERMISSION ? CLI_NO_PERMISSION : CLI_DEVICE_ERROR;
	case SESSION_NOT_PAIRED:
		return CLI_NO_PERMISSION;
	case SESSION_ROLLED_BACK:
	case SESSION_NO_SERVICE:
	case SESSION_OTHER_DIALECT:
	case SESSION_PROTOCOL:
		return CLI_DEVICE_ERROR;
	case SESSION_NO_OUTCOME:
	case SESSION_OUTCOMES:
		break;
	}
	return CLI_DEFECT;
}

/* No command line reaches what the device holds. */
static void tell_vain(const struct run *r)
{
	if (command_line_is_vain(r->cli))
		log_write(&r->cli->log, LOG_LEVEL_WARNING,
			  "the simulated device ends with this program; --sim=state=DIR keeps it");
}

void run_tell_failure(const struct run *r, bool with_cause)
{
	/* A file that could not be written was told where it failed. */
	if (run_exit(&r->result) == CLI_OK)
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
	if (with_cause)
		run_diagnose_tell(r);
	if (r->result.begun)
		tell_vain(r);
}

void run_tell_end(struct run *r, const struct run_report *report, enum cli_exit code)
{
	struct job_snapshot now;
	json_t *object;
	bool told;

	progress_clear(&r->line);
	job_snapshot(r->job, &now);
	now.now_us = r->ended_us;
	if (r->cli->json) {
		object = run_json_result(r->cli, &now, &r->result, code);
		if (object && report && report->image) {
			(void)json_object_set_new(
				object, "image_sha256",
				run_json_hex(report->image->sha256, OTA_SHA256_SIZE));
			(void)json_object_set_new(object, "image_size",
						  json_integer((json_int_t)report->image->size));
		}
		if (object)
			(void)json_object_set_new(object, "diagnosis", run_diagnose_json(r));
		if (object && report && report->json)
			report->json(object, &now, &r->result);
		cli_emit(r->cli, object);
		return;
	}
	told = run_exit(&r->result) == CLI_OK ||
	       (report &&
		(report->always || (report->others && r->result.outcome == SESSION_OTHER_DIALECT)));
	if (told && report && report->words && (report->asked || !r->cli->quiet))
		report->words(r->cli, &now, &r->result);
	run_tell_failure(r, !report || !report->always);
}

static void run_on_unrecorded(void *userdata, const char *text)
{
	struct run *r = userdata;

	progress_clear(&r->line);
	log_write(&r->cli->log, LOG_LEVEL_WARNING, "%s", text);
}

static int run_create(struct run *r, const struct job_config *config,
		      const struct job_listener *listener)
{
	char options[HISTORY_OPTIONS_MAX];
	const struct recorder_config record = {
		.off = r->cli->no_history,
		.options = cli_reach(r->cli, options, sizeof(options)),
		.image_path = config->image_name,
		.saved = r->cli->saved_known ? &r->cli->saved : NULL,
		.warn = run_on_unrecorded,
		.userdata = r,
	};

	return recorder_job_create(&record, r->transport, config, listener, &r->job, &r->recorder);
}

/* The loop ended before the job did: what is true of the device then. */
static int tell_left(struct run *r, int rc)
{
	enum cli_exit code = CLI_DEFECT;
	char line[JOB_COMMAND_MAX];
	struct job_snapshot now;

	progress_clear(&r->line);
	job_snapshot(r->job, &now);
	if (r->hangup)
		code = CLI_LINK_LOST;
	else if (r->interrupts > 1)
		code = CLI_CANCELLED;
	if (code == CLI_DEFECT)
		return cli_fail(r->cli, code, "%s", strerror(rc < 0 ? -rc : OTA_EIO));
	if (now.stats.done_us != 0)
		return cli_fail(r->cli, code,
				"exited at once: the device has the whole image and boots it; %s "
				"shows which image runs",
				job_command_line(r->job, "info", JOB_COMMAND_DEVICE, line));
	if (now.stats.queued == 0)
		return cli_fail(r->cli, code, "exited at once");
	tell_vain(r);
	if (!dialect_get(now.dialect)->can_resume)
		return cli_fail(r->cli, code,
				"exited at once: the device has a part of the image, and %s sends "
				"it from the start",
				job_command_line(r->job, "flash", JOB_COMMAND_IMAGE, line));
	if (r->hangup)
		return cli_fail(r->cli, code,
				"exited at once: the terminal is gone; the device keeps the bytes "
				"it has received, and %s resumes the update",
				job_command_line(r->job, "resume", JOB_COMMAND_IMAGE, line));
	return cli_fail(r->cli, code,
			"exited at once: unless the device was still cancelled, it keeps the bytes "
			"it has received, and %s resumes the update",
			job_command_line(r->job, "resume", JOB_COMMAND_IMAGE, line));
}

int run_once(struct run *r, const struct job_config *config)
{
	const struct job_listener listener = run_listener(r);
	struct job_config mine = *config;
	int rc;

	mine.place = cli_place(r->cli, r->place);
	mine.trust_change = r->cli->trust_change;
	rc = run_create(r, &mine, &listener);
	r->ended = r->closed = false;
	if (rc < 0)
		return cli_fail(r->cli, rc == -OTA_EINVAL ? CLI_USAGE : CLI_DEFECT, "%s",
				rc == -OTA_EINVAL ? "a setting is out of range" : strerror(-rc));
	passkey_init(&r->passkey, r->cli, r->event);
	job_start(r->job);
	while (rc >= 0 && !(r->early ? r->ended : r->closed) && !r->left)
		rc = sd_event_run(r->event, UINT64_MAX);
	passkey_forget(&r->passkey);
	progress_clear(&r->line);
	return r->ended ? (int)run_exit(&r->result) : tell_left(r, rc);
}

void run_release(struct run *r)
{
	job_destroy(r->job);
	recorder_finish(r->recorder);
	r->job = NULL;
	r->recorder = NULL;
}

static int loop(struct run *r, const struct job_config *config, const struct run_report *report)
{
	const char *bundle = cli_value(r->cli, "bundle");
	int code, rc = 0;

	/* A bundle, trace or capture goes on to the run's last event; without one nobody has to
	 * wait for that. */
	r->early = !bundle && !r->cli->trace && !r->cli->btsnoop;
	code = run_once(r, config);
	if (r->ended) {
		if (bundle)
			code = run_bundle(r, bundle, config->profile, code);
		/* The words must agree with the exit status. */
		code = cli_recorded(r->cli, r->transport, code);
		run_tell_end(r, report, code);
		(void)fflush(r->cli->out);
	}
	while (rc >= 0 && r->ended && !r->closed && !r->left)
		rc = sd_event_run(r->event, UINT64_MAX);
	run_release(r);
	return code;
}

#define TIMEOUT_MAX 86400u /* s */

static int timeout(struct cli *cli, const char *option, uint32_t *ret_ms)
{
	const char *text = cli_value(cli, option);
	uint64_t seconds;

	if (!text)
		return CLI_OK;
	if (text_parse_unsigned(text, strlen(text), &seconds) < 0 || seconds < 1 ||
	    seconds > TIMEOUT_MAX)
		return cli_fail(cli, CLI_USAGE, "--%s: expected 1 to %u seconds", option,
				TIMEOUT_MAX);
	*ret_ms = (uint32_t)seconds * 1000u;
	return CLI_OK;
}

int run_settle(struct cli *cli, struct run_settings *settings, struct job_config *config)
{
	int code = CLI_OK;

	config->log = &cli->log;
	config->options = command_line_reach(cli, settings->options, sizeof(settings->options));
	config->sending = command_line_sending(cli, settings->sending, sizeof(settings->sending));
	if (!config->profile)
		code = cli_load_profile(cli, NULL, &settings->profile, NULL);
	if (code == CLI_OK)
		code = timeout(cli, "device-timeout", &config->scan_timeout_ms);
	if (code == CLI_OK)
		code = timeout(cli, "timeout", &config->timeout_ms);
	if (!config->profile)
		config->profile = &settings->profile;
	config->forced |= cli->force;
	return code;
}

int run_open(struct run *r, struct cli *cli)
{
	int code, rc;

	*r = (struct run){.cli = cli};
	if (!cli->json && !cli->quiet && output_is_terminal(cli->err))
		r->line.out = cli->err;
	if (sd_event_new(&r->event) < 0)
		return cli_fail(cli, CLI_DEFECT, "no event loop: out of memory or descriptors");
	code = cli_open(cli, r->event, &r->transport);
	if (code != CLI_OK) {
		sd_event_unref(r->event);
		return code;
	}
	/* Neither costs anything if neither is wanted. */
	if (cli_value(cli, "bundle") || cli->verbose > 1)
		transport_watch(r->transport, run_on_call, r);
	rc = cli_catch_signals(r->event, run_on_signal, r);
	if (rc >= 0)
		return CLI_OK;
	return run_close(r, cli_fail(cli, CLI_DEFECT, "%s", strerror(-rc)));
}

int run_close(struct run *r, int code)
{
	transport_watch(r->transport, NULL, NULL);
	stack_log_lines_finish(&r->calls);
	code = cli_close(r->cli, r->transport, code);
	sd_event_unref(r->event);
	return code;
}

int run_job(struct cli *cli, const struct job_config *config, const struct run_report *report)
{
	struct run_settings settings;
	struct job_config mine = *config;
	struct run r;
	int code = run_settle(cli, &settings, &mine);

	if (code == CLI_OK)
		code = run_open(&r, cli);
	if (code != CLI_OK)
		return code;
	if (!config->profile && mine.goal == SESSION_UPDATE)
		code = run_take_swept(&r, mine.device, &settings.profile);
	return run_close(&r, code == CLI_OK ? loop(&r, &mine, report) : code);
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
