/* SPDX-License-Identifier: Apache-2.0 */
/* See replay.h: runs of a recording, played by a job. */
#include "config.h" /* system extensions, as everywhere in this folder */

#include "replay/archive.h"
#include "replay/bundle.h"
#include "replay/replay_priv.h"
#include "base/file_read.h"
#include "base/os_error.h"

#include "base/text.h"
#include "base/output.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* --- opening */

int replay_open_stream(FILE *file, const char *name, struct replay **ret, char *ret_why,
		       size_t size)
{
	struct replay *r = calloc(1, sizeof(*r));
	int rc = r ? trace_file_read(file, &r->file, &r->damaged) : -OTA_ENOMEM;

	if (rc == 0)
		rc = replay_read_runs(r);
	if (rc == 0 && r->run_count == 0)
		rc = -OTA_EBADMSG;
	if (rc == 0) {
		r->marked = SIZE_MAX;
		*ret = r;
		return 0;
	}
	if (rc == -OTA_EBADMSG && r->file)
		(void)snprintf(ret_why, size, "%s: this recording holds no run%s", name,
			       r->damaged > 0 ? " (it is damaged)" : "");
	else if (rc == -OTA_EBADMSG)
		(void)snprintf(ret_why, size,
			       "%s: not a recording of otabench (--trace writes one)", name);
	else
		(void)snprintf(ret_why, size, "%s: %s", name, strerror(-rc));
	replay_close(r);
	return rc;
}

/* A bundle: its recording, read into memory. */
static int open_bundle(FILE *file, const char *name, struct replay **ret, char *ret_why,
		       size_t size)
{
	char why[300], *text = NULL;
	size_t len = 0;
	int rc = archive_take(file, BUNDLE_TRACE, &text, &len, why, sizeof(why));
	FILE *in;

	if (rc < 0) {
		(void)snprintf(ret_why, size, "%s: %s", name, why);
		return rc == -OTA_ENOENT ? -OTA_EBADMSG : rc;
	}
	in = fmemopen(text, len > 0 ? len : 1, "r");
	rc = in ? replay_open_stream(in, name, ret, ret_why, size) : -OTA_ENOMEM;
	if (in)
		(void)fclose(in);
	else
		(void)snprintf(ret_why, size, "%s: out of memory", name);
	free(text);
	return rc;
}

int replay_open(const char *path, struct replay **ret, char *ret_why, size_t size)
{
	FILE *file = file_read_stream(path);
	char inside[PATH_MAX];
	int rc;

	if (!file && errno == EISDIR &&
	    snprintf(inside, sizeof(inside), "%s/" BUNDLE_TRACE, path) < (int)sizeof(inside)) {
		file = file_read_stream(inside);
		errno = file ? 0 : EISDIR; /* no bundle in a folder, either */
	}

	if (!file) {
		rc = os_error_code(errno);
		(void)snprintf(ret_why, size, "%s: %s", path, file_read_why(errno));
		return rc;
	}
	rc = archive_is(file) ? open_bundle(file, path, ret, ret_why, size)
			      : replay_open_stream(file, path, ret, ret_why, size);
	(void)fclose(file);
	return rc;
}

static void replay_stop(struct replay *r)
{
	job_destroy(r->job);
	r->job = NULL;
	if (r->transport)
		r->transport->ops->destroy(r->transport);
	r->transport = NULL;
	free(r->blank);
	r->blank = NULL;
}

void replay_close(struct replay *r)
{
	if (!r)
		return;
	replay_stop(r);
	trace_file_free(r->file);
	free(r->runs);
	free(r);
}

const char *replay_recorded(const struct replay *r)
{
	return r->recorded;
}

const char *replay_program(const struct replay *r)
{
	return r->program;
}

const char *replay_source(const struct replay *r)
{
	return r->source;
}

bool replay_simulated(const struct replay *r)
{
	return trace_file_virtual(r->file);
}

int64_t replay_day_offset(const struct replay *r)
{
	const char *t = r->recorded + 11;
	const size_t len = strlen(r->recorded);

	for (size_t i = 11; i < 19; i++) {
		if (len < 19 ||
		    ((i == 13 || i == 16) ? r->recorded[i] != ':'
					  : r->recorded[i] < '0' || r->recorded[i] > '9'))
			return 0;
	}
	if (replay_simulated(r))
		return 0;
	return ((((t[0] - '0') * 10 + t[1] - '0') * 60 + (t[3] - '0') * 10 + t[4] - '0') * 60 +
		(t[6] - '0') * 10 + t[7] - '0') *
		       INT64_C(1000000) -
	       (int64_t)r->recorded_us;
}

unsigned int replay_damaged_line(const struct replay *r)
{
	return r->damaged;
}

size_t replay_runs(const struct replay *r)
{
	return r->run_count;
}

const struct replay_run *replay_run(const struct replay *r, size_t index)
{
	return &r->runs[index];
}

size_t replay_main_run(const struct replay *r)
{
	size_t found = r->run_count - 1;

	for (size_t i = 0; i < r->run_count; i++)
		if (r->runs[i].config.goal == SESSION_UPDATE)
			found = i;
	return found;
}

/* --- marks, from a pass that is not shown */

/* One moment, one mark: what happened says more than the state that it led to. */
static void add_mark(struct replay *r, bool state, const char *text)
{
	const uint64_t now = replay_now(r);
	struct replay_mark *m = r->mark_count > 0 ? &r->marks[r->mark_count - 1] : NULL;

	if (m && m->at_us == now) {
		if (state || !m->state)
			return;
	} else if (r->mark_count < REPLAY_MARKS_MAX) {
		m = &r->marks[r->mark_count++];
	} else {
		return;
	}
	m->at_us = now;
	m->state = state;
	(void)snprintf(m->text, sizeof(m->text), "%s", text);
}

static void mark_state(void *userdata, enum session_state from, enum session_state to)
{
	(void)from;
	add_mark(userdata, true, session_state_name(to));
}

static void mark_note(void *userdata, enum session_note note, uint32_t value, const char *text)
{
	(void)value;
	if (note == SESSION_NOTE_STALL || note == SESSION_NOTE_GAP || note == SESSION_NOTE_RETRY ||
	    note == SESSION_NOTE_ERROR || note == SESSION_NOTE_LINK_LOST)
		add_mark(userdata, false, text);
}

const struct replay_mark *replay_mark(const struct replay *r, size_t index)
{
	return index < r->mark_count ? &r->marks[index] : NULL;
}

/* --- the user's doings */

static void do_tune(struct job *job, const char *what, size_t len, uint32_t value)
{
	if (len == 6 && strncmp(what, "pacing", len) == 0)
		(void)job_tune_pacing(job, value);
	else if (len == 6 && strncmp(what, "window", len) == 0)
		(void)job_tune_window(job, value);
	else if (len == 5 && strncmp(what, "chunk", len) == 0 && value <= UINT16_MAX)
		(void)job_tune_chunk(job, (uint16_t)value);
	else if (len == 4 && strncmp(what, "mode", len) == 0 && value <= GATT_ACQUIRE)
		(void)job_tune_mode(job, (enum gatt_write)value);
}

static void on_act(void *userdata, const char *text)
{
	struct replay *r = userdata;
	struct job *job = r->job;
	const size_t len = strcspn(text, " ");
	uint64_t value;

	if (r->marked != r->current)
		add_mark(r, false, text);
	if (strcmp(text, "start") == 0)
		job_start(job);
	else if (strcmp(text, "pause") == 0)
		job_pause(job);
	else if (strcmp(text, "resume") == 0)
		job_resume(job);
	else if (strcmp(text, "cancel") == 0)
		job_cancel(job);
	else if (strcmp(text, "stream made") == 0)
		job_stream_made(job);
	else if (strcmp(text, "ask") == 0)
		(void)job_ask(job);
	else if (strcmp(text, "passkey given") == 0)
		(void)job_passkey(job, 0);
	else if (strcmp(text, "passkey refused") == 0)
		(void)job_passkey(job, -1);
	else if (text[len] == ' ' &&
		 text_parse_unsigned(text + len + 1, strlen(text + len + 1), &value) == 0 &&
		 value <= UINT32_MAX)
		do_tune(job, text, len, (uint32_t)value);
	if (r->acted)
		r->acted(r->acted_userdata, text);
}

/* --- playing */

static int begin(struct replay *r, size_t index, const struct job_listener *listener)
{
	struct replay_run *run = &r->runs[index];
	int rc;

	replay_stop(r);
	r->acted = NULL;
	r->current = index;
	r->state = REPLAY_PLAYING;
	run->config.device = run->device;
	run->config.profile = &run->profile;
	run->config.image_name = run->image_name[0] != '\0' ? run->image_name : NULL;
	run->config.recorded = &run->recorded;
	if (run->config.goal == SESSION_UPDATE) {
		if (run->image.size == 0)
			return -OTA_EBADMSG;
		r->blank = calloc(1, run->image.size);
		if (!r->blank)
			return -OTA_ENOMEM;
		run->image.data = r->blank;
		run->config.image = &run->image;
		run->config.report = &run->recorded.report;
	}
	rc = trace_play(r->file, run->first, run->last, &r->transport);
	if (rc < 0)
		return rc;
	trace_play_acts(r->transport, on_act, r);
	rc = job_create(r->transport, &run->config, listener, &r->job);
	return rc == -OTA_EINVAL ? -OTA_EBADMSG : rc;
}

int replay_begin(struct replay *r, size_t run, const struct job_listener *listener)
{
	const struct job_listener marker = {.userdata = r, .state = mark_state, .note = mark_note};
	int rc;

	if (r->marked != run) {
		r->mark_count = 0;
		rc = begin(r, run, &marker);
		if (rc < 0)
			return rc;
		(void)replay_until(r, UINT64_MAX, 0);
		r->marked = run;
	}
	return begin(r, run, listener);
}

void replay_on_act(struct replay *r, void (*fn)(void *userdata, const char *text), void *userdata)
{
	r->acted = fn;
	r->acted_userdata = userdata;
}

uint64_t replay_before(const struct replay *r, uint64_t us)
{
	const struct replay_run *run = &r->runs[r->current];
	uint64_t found = run->start_us;

	for (size_t i = run->first; i < run->last; i++) {
		const struct trace_line line = trace_file_line(r->file, i);

		if (line.at_us >= us)
			break;
		if (line.kind == '<' || line.kind == '!')
			found = line.at_us;
	}
	return found;
}

size_t replay_current(const struct replay *r)
{
	return r->current;
}

struct job *replay_job(const struct replay *r)
{
	return r->job;
}

struct transport *replay_transport(const struct replay *r)
{
	return r->transport;
}

uint64_t replay_now(const struct replay *r)
{
	return r->transport->ops->now_us(r->transport);
}

enum replay_state replay_state(const struct replay *r)
{
	return r->state;
}

unsigned int replay_line(const struct replay *r)
{
	return r->state == REPLAY_DEPARTED ? trace_mismatch(r->transport)
					   : trace_next_line(r->transport);
}

/* One line; false when it does not go on. */
static bool step(struct replay *r, enum trace_step *ret)
{
	if (r->state != REPLAY_PLAYING)
		return false;
	*ret = trace_step(r->transport);
	if (*ret == TRACE_DEPARTED)
		r->state = REPLAY_DEPARTED;
	else if (job_is_finished(r->job))
		r->state = REPLAY_FINISHED;
	else if (*ret == TRACE_ENDED)
		r->state = REPLAY_CUT;
	return r->state == REPLAY_PLAYING;
}

enum replay_state replay_until(struct replay *r, uint64_t us, size_t max)
{
	enum trace_step how;
	size_t lines = 0;

	while (r->state == REPLAY_PLAYING && (max == 0 || lines++ < max)) {
		if (trace_next_us(r->transport) > us && trace_next_us(r->transport) != UINT64_MAX) {
			trace_pass(r->transport, us);
			break;
		}
		if (!step(r, &how))
			break;
	}
	return r->state;
}

enum replay_state replay_step(struct replay *r)
{
	enum trace_step how;

	while (step(r, &how) && how == TRACE_PASSED)
		;
	return r->state;
}

void replay_explain(const struct replay *r, char *buf, size_t size)
{
	const struct replay_run *run = &r->runs[r->current];

	buf[0] = '\0';
	if (r->state == REPLAY_DEPARTED)
		(void)snprintf(buf, size,
			       "line %u: this program behaves differently from %s, which recorded "
			       "this, so the rest is not shown",
			       replay_line(r), r->program[0] != '\0' ? r->program : "the program");
	else if (r->state == REPLAY_CUT && r->damaged > 0 && r->damaged > run->last_line)
		(void)snprintf(buf, size, "line %u is damaged: the run is shown up to there",
			       r->damaged);
	else if (r->state == REPLAY_CUT)
		(void)snprintf(buf, size, "line %u: the recording ends here, before the run does",
			       run->last_line);
}
