/* SPDX-License-Identifier: Apache-2.0 */
/* See job.h: a job's life, from the name to the end, and what the user may do. */
#include "host/job_priv.h"

#include "host/adapters.h"

#include "base/command.h"
#include "base/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000ull
#define SCAN_MS 15000u
/* Devices with the same name are heard by then: twice the longest interval that is usual. */
#define SETTLE_MS 1000u
#define CLOSE_MS 5000u /* for the end of the link */

uint64_t job_now(const struct job *job)
{
	return job->transport->ops->now_us(job->transport);
}

/* --- making one */

#define PATTERN_TELEMETRY_MS 500u

static void configure(struct job *job)
{
	struct session_config *c = &job->session_config;
	const struct job_config *from = &job->config;

	job_apply_profile(from->profile, c);
	c->goal = from->goal;
	c->command = from->command;
	c->restart = from->restart;
	c->resume_only = from->resume_only;
	c->force_same = (from->forced & (1u << LINT_SAME)) != 0;
	if (from->no_confirm)
		c->confirm = false;
	if (from->goal == SESSION_UPDATE) {
		c->image = from->image->data;
		c->stream_only = from->patch != NULL;
		c->image_size = (uint32_t)from->image->size;
		memcpy(c->sha256, from->image->sha256, sizeof(c->sha256));
		memcpy(c->boot_sha256, from->image->mcuboot.hash, sizeof(c->boot_sha256));
		(void)snprintf(c->version, sizeof(c->version), "%s", from->image->version);
	} else {
		c->image_size = from->bytes;
		c->pattern = from->pattern;
		if (c->pattern) /* the device's times come with it */
			c->telemetry_ms = PATTERN_TELEMETRY_MS;
	}
	/* One question does not need a faster link. */
	if (from->goal == SESSION_LOOK || from->goal == SESSION_COMMAND)
		c->telemetry_ms = 0;
}

static void name_image(struct job *job, const char *path)
{
	struct command c;

	(void)output_safe_text(path, strlen(path), job->image_name, sizeof(job->image_name));
	command_begin_part(&c, job->image_word, sizeof(job->image_word));
	command_file(&c, path);
	if (!command_end(&c))
		(void)snprintf(job->image_word, sizeof(job->image_word), "IMAGE");
}

int job_create(struct transport *transport, const struct job_config *config,
	       const struct job_listener *listener, struct job **ret)
{
	struct job *job;
	int rc;

	if (!config->device || !config->profile ||
	    (config->goal == SESSION_UPDATE && !config->image))
		return -OTA_EINVAL;
	job = calloc(1, sizeof(*job));
	if (!job)
		return -OTA_ENOMEM;
	job->entries = calloc(JOB_LOG_MAX, sizeof(*job->entries));
	if (!job->entries) {
		free(job);
		return -OTA_ENOMEM;
	}
	job->transport = transport;
	job->config = *config;
	if (listener)
		job->listener = *listener;
	(void)snprintf(job->device, sizeof(job->device), "%s", config->device);
	name_image(job, config->image_name ? config->image_name : "IMAGE");
	job->deadline = job->expires = job->probe_us = JOB_NEVER;
	scan_init(&job->scan);
	job->seen.rssi = job->seen.rssi_most = job->seen.losses.rssi = 127;
	metrics_init(&job->metrics);
	configure(job);
	job->profile = *config->profile;
	job->config.profile = NULL; /* copied */
	(void)snprintf(job->history, sizeof(job->history), "%s",
		       config->history ? config->history : "");
	(void)snprintf(job->reach, sizeof(job->reach), "%s", config->reach ? config->reach : "");
	job_signed_read(job, config->image_name);
	if (config->recorded && config->recorded->stream_blocks > 0)
		(void)job_stream_recorded(
			&job->stream, config->recorded->stream, job->session_config.image_size,
			config->recorded->stream_block, config->recorded->stream_blocks);
	if (config->report)
		job->report = *config->report;
	job->pump = (struct pump){
		.session = &job->session,
		.transport = transport,
		.address = job->address,
		.owner = &job_pump_owner,
		.ctx = job,
	};
	rc = pump_init(&job->pump, &job->session_config);
	if (rc < 0) {
		job_destroy(job);
		return rc;
	}
	*ret = job;
	return 0;
}

void job_destroy(struct job *job)
{
	if (!job)
		return;
	job->listener = (struct job_listener){.userdata = NULL}; /* its owner goes */
	job_journal_leave(job);
	if (job->transport->userdata == job) {
		job->transport->handler = NULL;
		job->transport->userdata = NULL;
		(void)job->transport->ops->set_alarm(job->transport, JOB_NEVER);
	}
	job_stream_leave(job);
	job_stream_finish(&job->stream);
	free(job->entries);
	free(job);
}

/* --- the end */

/* Without a session, or instead of one. */
static void job_end(struct job *job, enum session_outcome outcome, int status, const char *what)
{
	job->result.outcome = outcome;
	job->result.status = status;
	(void)snprintf(job->result.what, sizeof(job->result.what), "%s", what);
	if (job->stage == JOB_SCANNING)
		(void)job->transport->ops->scan_stop(job->transport);
	job->stage = JOB_CLOSING;
	job->deadline = job->end_us = job_now(job);
}

/* Not being able to remember is no reason to say anything. */
static void learn_adapter(const struct job *job)
{
	const uint16_t interval = session_learned_interval(&job->session);
	const bool phy_2m = job->session.stats.link.rx_phy == OTA_PHY_2M;

	if (interval > 0 && job->adapter[0] != '\0' && !job->config.recorded)
		(void)adapters_learn(job->adapter, phy_2m, interval);
}

/* Tells the result, once; after it only the link's end is left. */
static void tell_result(struct job *job)
{
	if (job->has_result)
		return;
	job->has_result = true;
	job_make_result(job);
	learn_adapter(job);
	job_journal_end(job);
	job_journal_heard(job);
	job_known_remember(job);
	if (job->listener.result)
		job->listener.result(job->listener.userdata, &job->result);
	job->listener = (struct job_listener){.userdata = job->listener.userdata,
					      .finished = job->listener.finished};
}

static void job_finish(struct job *job)
{
	job->stage = JOB_FINISHED;
	(void)job->transport->ops->set_alarm(job->transport, JOB_NEVER);
	job_record_end(job);
	if (job->listener.finished)
		job->listener.finished(job->listener.userdata, &job->result);
}

static void job_arm(struct job *job)
{
	uint64_t at = job->deadline, other = JOB_NEVER;

	if (job->stage == JOB_RUNNING)
		other = session_deadline(&job->session);
	else if (job->stage == JOB_SCANNING && job_now(job) < job->settled)
		other = job->settled;
	if (job->stage != JOB_CLOSING && job->expires < other)
		other = job->expires;
	if (job->probe_us < other)
		other = job->probe_us;
	(void)job->transport->ops->set_alarm(job->transport, other < at ? other : at);
}

/* The run takes longer than it may. */
static void expire(struct job *job)
{
	char what[JOB_TEXT_MAX];

	if (job->stage == JOB_SCANNING) {
		(void)snprintf(what, sizeof(what),
			       "The run took longer than %" PRIu32
			       " s, and the device was not heard.",
			       job->config.timeout_ms / 1000u);
		job_end(job, SESSION_TIMED_OUT, 0, what);
	} else if (job->stage == JOB_RUNNING) {
		session_expire(&job->session, job_now(job));
	}
}

/* Alarms while sending, only to see how late they come. */
static void probe(struct job *job)
{
	const uint64_t now = job_now(job);

	if (job->stage != JOB_RUNNING || job->session.state != SESSION_SENDING)
		job->probe_us = JOB_NEVER;
	else if (job->probe_us == JOB_NEVER)
		job->probe_us = now + job_limit_probe_ms(job) * MS;
}

void job_settle(struct job *job)
{
	probe(job);
	if (job->session_begun) {
		job_limit_see(job);
		job_journal_see(job);
		job_diagnose_see(job);
	}
	if (job_now(job) >= job->expires)
		expire(job);
	if (job->stage == JOB_RUNNING && session_finished(&job->session)) {
		job_stream_leave(job);
		job->stage = JOB_CLOSING;
		job->end_us = job_now(job);
		job->deadline = job->end_us + CLOSE_MS * MS;
	}
	if (job->stage == JOB_CLOSING)
		tell_result(job);
	if (job->stage == JOB_CLOSING &&
	    (job_now(job) >= job->deadline || !job->session_begun || !job->session.closing)) {
		job_finish(job);
		return;
	}
	job_arm(job);
	if (job->listener.progress)
		job->listener.progress(job->listener.userdata);
}

/* --- finding the device */

static void run(struct job *job, const struct scan_device *device)
{
	(void)job->transport->ops->scan_stop(job->transport);
	(void)snprintf(job->name, sizeof(job->name), "%s", device->name);
	(void)snprintf(job->address, sizeof(job->address), "%s", device->address);
	if (job->listener.found)
		job->listener.found(job->listener.userdata, device);
	job->stage = JOB_RUNNING;
	job->deadline = JOB_NEVER;
	job->session_begun = true;
	session_start(&job->session, job_now(job));
}

static void resolve(struct job *job)
{
	const struct scan_device *device = NULL;
	char text[JOB_TEXT_MAX / 2] = "", what[JOB_TEXT_MAX], name[JOB_TEXT_MAX / 4];
	const int rc = scan_find(&job->scan, job->device, &device, text, sizeof(text));
	const uint64_t now = job_now(job);

	/* A name may still turn out to be that of several. */
	if (rc != -OTA_ENOENT && now < job->settled && !scan_is_address(job->device))
		return;
	if (rc == 0) {
		run(job, device);
		return;
	}
	(void)output_safe_text(job->device, strlen(job->device), name, sizeof(name));
	if (rc == -OTA_EINVAL)
		(void)snprintf(what, sizeof(what), "Several devices are called %s: %s.", name,
			       text);
	else if (now < job->deadline)
		return;
	else
		(void)snprintf(what, sizeof(what), "No device %s was heard in %llu s.", name,
			       (unsigned long long)((now - job->start_us) / (1000 * MS)));
	job_end(job, SESSION_NOT_FOUND, rc, what);
}

void job_scan_event(struct job *job, const struct transport_event *event)
{
	if (event->kind == TRANSPORT_ADVERTISEMENT)
		(void)scan_add(&job->scan, event->adv, job_now(job));
	if (event->kind == TRANSPORT_ADAPTER && event->status < 0)
		job_end(job, SESSION_NO_ADAPTER, event->status, "The adapter is gone.");
	else if (event->kind == TRANSPORT_ADVERTISEMENT || event->kind == TRANSPORT_ALARM)
		resolve(job);
}

void job_start(struct job *job)
{
	const uint32_t ms = job->config.scan_timeout_ms ? job->config.scan_timeout_ms : SCAN_MS;
	uint64_t now;
	int rc;

	if (job->stage != JOB_IDLE)
		return;
	job_record_start(job);
	job_act(job, "start");
	now = job_now(job);
	job->transport->handler = job_handle;
	job->transport->userdata = job;
	job->start_us = job->state_us = now;
	job->stage = JOB_SCANNING;
	job->deadline = now + ms * MS;
	job->settled = now + SETTLE_MS * MS;
	if (job->config.timeout_ms > 0)
		job->expires = now + job->config.timeout_ms * MS;
	if (job->settled > job->deadline)
		job->settled = job->deadline;
	rc = job->transport->ops->scan_start(job->transport);
	if (rc < 0)
		job_end(job, SESSION_NO_ADAPTER, rc, "The adapter does not scan.");
	job_arm(job); /* what ended already is told at the first alarm */
	job_acted(job);
}

/* --- the user */

void job_pause(struct job *job)
{
	if (job->stage != JOB_RUNNING)
		return;
	job_act(job, "pause");
	job_hold_overrule(job, true);
	session_pause(&job->session, job_now(job));
	job_settle(job);
	job_acted(job);
}

void job_resume(struct job *job)
{
	if (job->stage != JOB_RUNNING)
		return;
	job_act(job, "resume");
	job_hold_overrule(job, false);
	session_resume(&job->session, job_now(job));
	job_settle(job);
	job_acted(job);
}

void job_cancel(struct job *job)
{
	job->cancelling = true;
	if (job->stage != JOB_SCANNING && job->stage != JOB_RUNNING)
		return;
	job_act(job, "cancel");
	if (job->stage == JOB_SCANNING)
		job_end(job, SESSION_CANCELLED, 0, "Cancelled before anything was sent.");
	else
		session_cancel(&job->session, job_now(job));
	job_settle(job);
	job_acted(job);
}

int job_ask(struct job *job)
{
	int rc;

	if (job->stage != JOB_RUNNING)
		return -OTA_ENOTCONN;
	job_act(job, "ask");
	rc = session_ask(&job->session, job_now(job));
	job_settle(job);
	job_acted(job);
	return rc;
}

int job_passkey(struct job *job, int32_t passkey)
{
	int rc;

	if (job->stage != JOB_RUNNING || job->passkey != JOB_PASSKEY_WANTED)
		return -OTA_EINVAL;
	rc = job->config.recorded ? 0 : transport_passkey(job->transport, passkey);
	if (rc < 0)
		return rc;
	/* The digits are not told, but that there were some distinguishes a wrong passkey from
	 * none. */
	job_act(job, passkey < 0 ? "passkey refused" : "passkey given");
	job->passkey_given |= passkey >= 0;
	job->passkey = passkey < 0 ? JOB_PASSKEY_REFUSED : JOB_PASSKEY_GIVEN;
	job_settle(job);
	job_acted(job);
	return 0;
}

static int tuned(struct job *job, enum job_tunable what, int rc, uint32_t value)
{
	if (rc == 0) {
		if (job->session.state == SESSION_SENDING || job->session.state == SESSION_PAUSED) {
			job->tuned = true;
			job_take_link(job);
		}
		metrics_mark(&job->metrics, job_now(job), METRICS_TUNING, value);
		if (job->listener.tuned)
			job->listener.tuned(job->listener.userdata, what, value);
	}
	job_settle(job);
	job_acted(job);
	return rc;
}

int job_tune_pacing(struct job *job, uint32_t us)
{
	if (job->stage != JOB_RUNNING)
		return -OTA_EBUSY;
	job_act(job, "pacing %" PRIu32, us);
	return tuned(job, JOB_PACING, session_set_pacing(&job->session, us, job_now(job)), us);
}

int job_tune_window(struct job *job, uint32_t bytes)
{
	if (job->stage != JOB_RUNNING)
		return -OTA_EBUSY;
	job_act(job, "window %" PRIu32, bytes);
	return tuned(job, JOB_WINDOW, session_set_window(&job->session, bytes, job_now(job)),
		     bytes);
}

int job_tune_chunk(struct job *job, uint16_t bytes)
{
	if (job->stage != JOB_RUNNING)
		return -OTA_EBUSY;
	job_act(job, "chunk %u", bytes);
	return tuned(job, JOB_CHUNK, session_set_chunk(&job->session, bytes, job_now(job)), bytes);
}

int job_tune_mode(struct job *job, enum gatt_write mode)
{
	if (job->stage != JOB_RUNNING)
		return -OTA_EBUSY;
	job_act(job, "mode %u", (unsigned int)mode);
	return tuned(job, JOB_MODE, session_set_mode(&job->session, mode, job_now(job)),
		     (uint32_t)mode);
}
