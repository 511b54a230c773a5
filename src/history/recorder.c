/* SPDX-License-Identifier: Apache-2.0 */
/* See recorder.h: what the job tells, as figures, samples and marks for the writer's thread. */
#include "config.h" /* system extensions: realpath(), PACKAGE_STRING */

#include "history/recorder_priv.h"

#include "profile/profile_edit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#define SAMPLE_US 250000u /* of the transport's clock, at first ... */
/* ... and so many in the time that has passed: a run of an hour has some thousands in all. */
#define SAMPLE_SHARE 1024u
/* Marks that a run keeps: a device in a loop makes some a second, for as long as it lasts. */
#define MARKS_MAX 4096u

int64_t recorder_date_ms(struct transport *transport)
{
	const char *epoch = transport->virtual_clock ? getenv("SOURCE_DATE_EPOCH") : NULL;
	struct timespec now = {0};
	long long seconds;
	char *end;

	if (epoch && epoch[0] >= '0' && epoch[0] <= '9') {
		seconds = strtoll(epoch, &end, 10);
		if (*end == '\0' && seconds < INT64_C(1) << 40)
			return (int64_t)seconds * 1000 +
			       (int64_t)(transport->ops->now_us(transport) / 1000u);
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t since_start(const struct recorder *r)
{
	const uint64_t now = r->transport->ops->now_us(r->transport);

	return now > r->start_us ? now - r->start_us : 0;
}

static void recorder_tell(struct recorder *r)
{
	char text[sizeof(r->warning)];

	if (recorder_take_warning(r, text, sizeof(text)) && r->warn)
		r->warn(r->warn_userdata, text);
}

/* --- the series */

static void take_sample(struct recorder *r)
{
	struct job_snapshot now;
	struct history_sample sample;
	const uint64_t at = since_start(r);

	job_snapshot(r->job, &now);
	r->next_us = at + (at / SAMPLE_SHARE > SAMPLE_US ? at / SAMPLE_SHARE : SAMPLE_US);
	recorder_take(r, &now);
	sample = (struct history_sample){
		.at_us = at,
		.queued = now.stats.queued,
		.received = now.stats.received,
		.flushed = now.stats.flushed,
		.rate = metrics_rate_now(&now.metrics),
		.rssi = now.link.rssi == 0 ? 127 : now.link.rssi,
		.ring = now.stats.telemetry.ring_fill,
		.ring_known = now.stats.telemetry_known,
	};
	recorder_put(r, now.metrics.started ? &sample : NULL, NULL);
	recorder_tell(r);
}

static void recorder_mark(struct recorder *r, enum history_mark_kind kind, uint32_t value,
			  const char *text)
{
	struct history_mark m = {.at_us = since_start(r), .kind = kind, .value = value};

	if (r->marks >= MARKS_MAX)
		return;
	r->marks++;
	(void)snprintf(m.text, sizeof(m.text), "%s%s", text,
		       r->marks == MARKS_MAX ? "; later marks are not recorded" : "");
	recorder_put(r, NULL, &m);
}

/* --- the job's listener: the inner one hears everything first */

#define INNER(r, fn, ...)                                                                          \
	do {                                                                                       \
		if ((r)->inner.fn)                                                                 \
			(r)->inner.fn((r)->inner.userdata, ##__VA_ARGS__);                         \
	} while (0)

static void recorder_on_state(void *userdata, enum session_state from, enum session_state to)
{
	struct recorder *r = userdata;

	INNER(r, state, from, to);
	recorder_mark(r, HISTORY_STATE, 0, session_state_name(to));
	if (r->marks < MARKS_MAX) /* else those by the clock must do */
		take_sample(r);
}

static void recorder_on_found(void *userdata, const struct scan_device *device)
{
	struct recorder *r = userdata;

	INNER(r, found, device);
	take_sample(r);
}

static void recorder_on_link(void *userdata)
{
	struct recorder *r = userdata;

	INNER(r, link);
}

static void recorder_on_ready(void *userdata)
{
	struct recorder *r = userdata;

	INNER(r, ready);
	take_sample(r);
}

static void recorder_on_lint(void *userdata, const struct lint_report *report, bool refused)
{
	struct recorder *r = userdata;

	INNER(r, lint, report, refused);
}

static void recorder_on_note(void *userdata, enum session_note note, uint32_t value,
			     const char *text)
{
	struct recorder *r = userdata;

	INNER(r, note, note, value, text);
	switch (note) {
	case SESSION_NOTE_STALL:
		recorder_mark(r, HISTORY_STALL, value, text);
		break;
	case SESSION_NOTE_MOVING:
		recorder_mark(r, HISTORY_MOVING, value, text);
		break;
	case SESSION_NOTE_GAP:
		recorder_mark(r, HISTORY_GAP, value, text);
		break;
	case SESSION_NOTE_RETRY:
		recorder_mark(r, HISTORY_RETRY, value, text);
		break;
	case SESSION_NOTE_RESUMED:
		recorder_mark(r, HISTORY_RESUME, value, text);
		break;
	case SESSION_NOTE_LINK_LOST:
		recorder_mark(r, HISTORY_LINK_LOST, value, text);
		break;
	case SESSION_NOTE_HELD:
	case SESSION_NOTE_STALL_PAUSED:
	case SESSION_NOTE_STALL_ENDED:
		recorder_mark(r, HISTORY_STALL, value, text);
		break;
	case SESSION_NOTE_RELEASED:
		recorder_mark(r, HISTORY_MOVING, value, text);
		break;
	case SESSION_NOTE_DIALECT:
	case SESSION_NOTE_CHUNK:
	case SESSION_NOTE_BURST:
	case SESSION_NOTE_PACING:
	case SESSION_NOTE_INTERVAL_TRIED:
	case SESSION_NOTE_INTERVAL_KEPT:
	case SESSION_NOTE_INTERVAL_BACK:
	case SESSION_NOTE_WINDOW:
	case SESSION_NOTE_WINDOW_RATE:
	case SESSION_NOTE_WINDOW_GAPS:
	case SESSION_NOTE_SINGLE:
	case SESSION_NOTE_RESYNC:
	case SESSION_NOTE_QUERY:
	case SESSION_NOTE_ERROR:
	case SESSION_NOTE_LATE:
	case SESSION_NOTE_ADAPTER: /* what it does to the link has a mark of its own */
	case SESSION_NOTE_PASSKEY:
	case SESSION_NOTE_PAIRED:
	case SESSION_NOTE_KEPT:
	case SESSION_NOTE_KEPT_NOT:
	case SESSION_NOTE_STREAM_RAW:
	case SESSION_NOTES:
		break;
	}
}

static void recorder_on_passkey(void *userdata, int32_t shown)
{
	struct recorder *r = userdata;

	INNER(r, passkey, shown);
}

static void on_tuned(void *userdata, enum job_tunable what, uint32_t value)
{
	struct recorder *r = userdata;
	char text[HISTORY_MARK_TEXT] = "";

	INNER(r, tuned, what, value);
	switch (what) {
	case JOB_PACING:
		(void)snprintf(text, sizeof(text), "pacing %u us", value);
		break;
	case JOB_WINDOW:
		(void)snprintf(text, sizeof(text), value ? "window %u" : "window auto", value);
		break;
	case JOB_CHUNK:
		(void)snprintf(text, sizeof(text), value ? "chunk %u" : "chunk auto", value);
		break;
	case JOB_MODE:
		(void)snprintf(text, sizeof(text), "mode %s",
			       gatt_write_name((enum gatt_write)value));
		break;
	}
	recorder_mark(r, HISTORY_TUNING, value, text);
}

static void recorder_on_log(void *userdata, const struct job_log_entry *entry)
{
	struct recorder *r = userdata;

	INNER(r, log, entry);
}

static void recorder_on_diagnosed(void *userdata, const struct diagnosis *diagnosis)
{
	const struct recorder *r = userdata;

	if (r->inner.diagnosed)
		r->inner.diagnosed(r->inner.userdata, diagnosis);
}

static void recorder_on_warned(void *userdata, const char *text)
{
	const struct recorder *r = userdata;

	if (r->inner.warned)
		r->inner.warned(r->inner.userdata, text);
}

static void recorder_on_progress(void *userdata)
{
	struct recorder *r = userdata;

	INNER(r, progress);
	if (since_start(r) >= r->next_us)
		take_sample(r);
}

static void recorder_on_result(void *userdata, const struct job_result *result)
{
	struct recorder *r = userdata;

	take_sample(r);
	r->run.result = *result;
	r->run.state = HISTORY_ENDED;
	r->run.ended_ms = recorder_date_ms(r->transport);
	/* DONE says that all was received, whatever was last told before it. */
	if (result->bytes + result->resumed_from > r->run.received)
		r->run.received = result->bytes + result->resumed_from;
	recorder_put(r, NULL, NULL);
	INNER(r, result, result);
}

static void recorder_on_finished(void *userdata, const struct job_result *result)
{
	struct recorder *r = userdata;

	INNER(r, finished, result);
}

/* --- life */

/* A comment that differs is no other way to send. */
static bool is_changed(const struct profile *profile, const struct profile *saved)
{
	for (int key = 0; saved && key < PROFILE_KEYS; key++) {
		if (key != PROFILE_KEY_DESCRIPTION &&
		    profile_differs(profile, saved, (enum profile_key)key))
			return true;
	}
	return false;
}

static void describe(struct recorder *r, const struct recorder_config *config,
		     const struct job_config *job)
{
	struct history_run *run = &r->run;
	char *path = config->image_path ? realpath(config->image_path, NULL) : NULL;
	struct utsname system;

	run->state = HISTORY_RUNNING;
	run->started_ms = recorder_date_ms(r->transport);
	(void)snprintf(run->program, sizeof(run->program), "%s", PACKAGE_STRING);
	run->goal = job->goal;
	(void)snprintf(run->options, sizeof(run->options), "%s",
		       config->options ? config->options : "");
	(void)snprintf(run->device, sizeof(run->device), "%s", job->device);
	(void)snprintf(run->profile, sizeof(run->profile), "%s", job->profile->name);
	run->profile_changed = is_changed(job->profile, config->saved);
	if (uname(&system) == 0)
		(void)snprintf(run->kernel, sizeof(run->kernel), "%.47s", system.release);
	if (path && strlen(path) < sizeof(run->image))
		(void)snprintf(run->image, sizeof(run->image), "%s", path);
	free(path);
	run->size = job->bytes;
	run->restart = job->restart;
	run->resume_only = job->resume_only;
	run->no_confirm = r->no_confirm = job->no_confirm;
	run->forced = job->forced;
	run->pattern = job->pattern;
	run->rssi_median = run->rssi_min = 127;
	run->result.virtual_clock = r->transport->virtual_clock;
	if (job->goal != SESSION_UPDATE)
		return;
	run->size = (uint32_t)job->image->size;
	memcpy(run->sha256, job->image->sha256, sizeof(run->sha256));
	memcpy(run->project, job->image->project, sizeof(run->project));
	memcpy(run->version, job->image->version, sizeof(run->version));
}

static struct recorder *recorder_create(const struct recorder_config *config,
					struct transport *transport, const struct job_config *job,
					const struct job_listener *listener)
{
	struct recorder *r;

	if (config->off || (job->goal != SESSION_UPDATE && job->goal != SESSION_MEASURE) ||
	    !job->device || !job->profile || (job->goal == SESSION_UPDATE && !job->image))
		return NULL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->transport = transport;
	r->start_us = transport->ops->now_us(transport);
	r->inner = *listener;
	r->warn = config->warn;
	r->warn_userdata = config->userdata;
	r->profile = *job->profile;
	describe(r, config, job);
	if (recorder_begin(r, config->path) == 0)
		return r;
	free(r);
	return NULL;
}

int recorder_job_create(const struct recorder_config *config, struct transport *transport,
			const struct job_config *job_config, const struct job_listener *listener,
			struct job **ret_job, struct recorder **ret_recorder)
{
	struct job_listener mine = {
		.state = recorder_on_state,
		.found = recorder_on_found,
		.link = recorder_on_link,
		.ready = recorder_on_ready,
		.lint = recorder_on_lint,
		.note = recorder_on_note,
		.tuned = on_tuned,
		.passkey = recorder_on_passkey,
		.log = recorder_on_log,
		.diagnosed = recorder_on_diagnosed,
		.warned = recorder_on_warned,
		.progress = recorder_on_progress,
		.result = recorder_on_result,
		.finished = recorder_on_finished,
	};
	struct job_config asking = *job_config;
	struct recorder *r;
	int rc;

	*ret_recorder = NULL;
	asking.flash = config->off ? NULL : history_flash;
	asking.history = config->path;
	asking.reach = config->options;
	r = recorder_create(config, transport, job_config, listener);
	if (!r)
		return job_create(transport, &asking, listener, ret_job);
	mine.userdata = r;
	rc = job_create(transport, &asking, &mine, ret_job);
	if (rc < 0) {
		recorder_drop(r);
		return rc;
	}
	r->job = *ret_job;
	recorder_put(r, NULL, NULL); /* only now is there a run */
	*ret_recorder = r;
	return 0;
}

void recorder_finish(struct recorder *r)
{
	if (!r)
		return;
	if (r->run.state == HISTORY_RUNNING) {
		r->run.state = HISTORY_LEFT;
		r->run.ended_ms = recorder_date_ms(r->transport);
		recorder_put(r, NULL, NULL);
	}
	recorder_end(r);
	recorder_tell(r);
	free(r);
}
