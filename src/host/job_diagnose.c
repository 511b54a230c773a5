/* SPDX-License-Identifier: Apache-2.0 */
/* A job's observations, as the facts that a diagnosis is made of. */
#include "host/job_priv.h"

#include "ota/device.h"

#include <stdio.h>
#include <string.h>

/* --- what the session does not keep */

#define SLOW_INTERVAL 80u /* 100 ms: longer than Linux or a device asks for by itself */
#define LESS_CERTAIN 10u /* percent */
#define BRIEF_TIMEOUT 100u /* 1 s: an erase of 64 KiB may take 2 s (data sheets) */
#define HEARD_US 1000000u
#define LOOK_US 100000u /* between two looks at the link: a signal fades in seconds */
#define UNANSWERED_US 2000000u /* an ATT request takes two connection events */
#define SILENCE_US 1250000u /* whatever stands, TELEMETRY comes once a second */
#define SOON_US 20000000u /* between two silences of one cause */

static struct session *session_of(struct job *job)
{
	return &job->session;
}

/*
 * Counts a link lost in mid run: not the reboot that was announced, nor a link that the host ended.
 */
static void lost(struct job *job, enum gatt_reason reason)
{
	const struct session *s = session_of(job);
	struct diagnosis_losses *l = &job->seen.losses;
	const struct ota_progress *p = &s->stats.progress;
	const bool erasing = p->phase == OTA_PHASE_ERASE && p->done < p->total &&
			     session_image_at(s, s->stats.flushed) <= p->done;

	if (session_finished(s) || (unsigned int)reason >= GATT_REASONS)
		return;
	if (s->state == SESSION_REBOOTING || s->state == SESSION_RECONNECTING) {
		if (reason == GATT_NOT_FOUND)
			l->by[GATT_NOT_FOUND]++;
		return;
	}
	l->by[reason]++;
	job->seen.interval_first = 0; /* the next link begins as it likes */
	if (reason != GATT_SUPERVISION)
		return;
	if (s->state == SESSION_SENDING && job->seen.timeout > 0 &&
	    job->seen.timeout < BRIEF_TIMEOUT)
		l->brief++;
	if (erasing || (s->state == SESSION_PREPARING && s->stats.start_us != 0))
		l->erasing++;
	l->rssi = job->seen.rssi;
	l->silent_ms = (uint32_t)((job_now(job) - s->spoke_at) / 1000u);
}

static void see_rssi(struct job *job, int8_t rssi)
{
	if (rssi == 127 || rssi == 0)
		return;
	job->seen.rssi = rssi;
	if (job->seen.rssi_most == 127 || rssi > job->seen.rssi_most)
		job->seen.rssi_most = rssi;
}

static void see_link(struct job *job)
{
	struct job_seen *seen = &job->seen;
	struct transport_link l;

	seen->link_us = job_now(job);
	pump_link_state(&job->pump, &l);
	if (l.link.interval == 0)
		return;
	seen->interval = l.link.interval;
	see_rssi(job, l.rssi);
	seen->timeout = l.link.supervision_timeout;
	seen->latency = l.link.latency;
	if (session_of(job)->state == SESSION_SENDING && seen->interval_first == 0)
		seen->interval_first = l.link.interval;
}

/*
 * A silence that ends before the supervision timeout: one may have any cause.  An erase that
 * was announced is none.
 */
static void see_heard(struct job *job)
{
	struct job_seen *seen = &job->seen;
	const uint64_t now = job_now(job);
	const uint64_t us = seen->heard_us > 0 ? now - seen->heard_us : 0;

	seen->heard_us = now;
	if (session_of(job)->state != SESSION_SENDING || us < SILENCE_US || seen->erase_last ||
	    us >= seen->timeout * 10000ull)
		return;
	if (now > seen->silence_us + SOON_US)
		seen->silences = 0;
	seen->silences++;
	seen->silence_us = now;
}

void job_diagnose_event(struct job *job, const struct transport_event *event)
{
	if (event->kind == TRANSPORT_NOTIFIED ||
	    (event->kind == TRANSPORT_WRITTEN && event->chr == GATT_CONTROL))
		see_heard(job);
	if (event->kind == TRANSPORT_DISCONNECTED) {
		lost(job, event->reason);
		job->seen.control_us = job->seen.heard_us = 0;
	} else if (event->kind == TRANSPORT_WRITTEN && event->chr == GATT_CONTROL) {
		job->seen.written += event->status == 0;
		job->seen.control_us = 0;
	} else if (event->kind == TRANSPORT_CONNECTED || event->kind == TRANSPORT_LINK ||
		   event->kind == TRANSPORT_MTU || job_now(job) >= job->seen.link_us + LOOK_US)
		see_link(job);
}

/* Told by an answer, where an ACK should have. */
static void see_received(struct job_seen *seen, const struct session *s, uint32_t received)
{
	if (s->begun && received >= s->stats.received + s->ready.ack_interval)
		seen->unheard = received - s->stats.received;
}

/* The answer to STATUS comes after everything that was written before the question. */
static void see_status(struct job_seen *seen, const struct session *s,
		       const struct ota_status *status)
{
	see_received(seen, s, status->received);
	if (seen->query && status->received < seen->asked_at)
		seen->missing = seen->asked_at - status->received;
}

/* A stream goes on at the block that the flash has a part of. */
static void see_ready(struct job_seen *seen, const struct session *s, uint32_t image)
{
	const uint32_t flushed = session_image_at(s, s->stats.flushed);

	if (image + (s->stream ? OTA_BLOCK_SIZE : 0) < flushed)
		seen->forgot = flushed - image;
}

void job_diagnose_received(struct job *job, const uint8_t *bytes, size_t len)
{
	struct job_seen *seen = &job->seen;
	const struct session *s = session_of(job);
	struct ota_telemetry telemetry;
	struct ota_progress progress;
	struct ota_status status;
	struct ota_ready ready;
	struct ota_gap gap;
	struct ota_ack ack;

	if (s->have_info && !seen->info_known) {
		seen->info_first = s->info;
		seen->info_known = true;
		seen->resets = s->info.resets;
		seen->reset_reason = s->info.reset_reason;
	}
	if (ota_telemetry_decode(bytes, len, &telemetry) == 0) {
		see_rssi(job, telemetry.rssi);
		if (telemetry.erase_ms > seen->erase_ms)
			seen->erase_ms = telemetry.erase_ms;
		if (telemetry.write_ms > 0)
			seen->write_ms = telemetry.write_ms;
	}
	seen->erase_last = ota_progress_decode(bytes, len, &progress) == 0 &&
			   progress.phase == OTA_PHASE_ERASE;
	seen->written = 0;
	if (ota_ack_decode(bytes, len, &ack) == 0)
		seen->unheard = 0;
	if (s->state == SESSION_SENDING && ota_gap_decode(bytes, len, &gap) == 0)
		see_received(seen, s, session_place(s, gap.offset));
	if (ota_ready_decode(bytes, len, &ready) == 0)
		see_ready(seen, s, ota_ready_image_offset(&ready, bytes, len));
	if (s->state == SESSION_SENDING && ota_status_decode(bytes, len, &status) == 0) {
		session_place_status(s, &status);
		see_status(seen, s, &status);
	}
	seen->answers += seen->query;
	seen->query = false;
}

void job_diagnose_sent(struct job *job)
{
	job->seen.control_us = job_now(job);
}

void job_diagnose_note(struct job *job, enum session_note note)
{
	struct job_seen *seen = &job->seen;

	if (note == SESSION_NOTE_QUERY || note == SESSION_NOTE_RESYNC) {
		seen->queries++;
		seen->query = true;
		seen->asked_at = session_of(job)->stats.queued;
	}
	if (note == SESSION_NOTE_ERROR)
		seen->erred = true;
	if (note == SESSION_NOTE_GAP)
		seen->gap = true;
}

/* --- the facts */

static void facts_of_link(const struct job *job, struct diagnosis_facts *f)
{
	const struct job_seen *seen = &job->seen;
	struct transport_link l;

	pump_link_state(&job->pump, &l);
	f->link = l.link.interval > 0 ? l.link : job->last_link;
	f->rssi = l.rssi != 0 && l.rssi != 127 ? l.rssi : seen->rssi;
	f->rssi_most = seen->rssi_most;
	f->interval_first = seen->interval_first;
	f->losses = seen->losses;
	f->misremembered = l.misremembered;
	f->data_held = l.data_held;
	f->adapter_gone = job->session.adapter_gone;
	f->host = l.host;
	f->pairing = l.pairing;
	f->release = transport_release(l.bluetoothd);
}

static void facts_of_transfer(const struct job *job, struct diagnosis_facts *f)
{
	const struct session *s = &job->session;
	const uint64_t now = job_now(job);
	const bool moves = s->state != SESSION_SENDING;

	f->stats = &s->stats;
	f->size = session_size(&job->session);
	f->begun = s->begun;
	f->ended = s->ended;
	f->proved = s->proved;
	f->verdict = s->verdict;
	f->stalled = session_finished(s) ? job->seen.stood : s->stalled;
	f->stack_full = job->seen.stack_full || s->blocked;
	f->silent_us = session_finished(s)		 ? job->seen.silent_us
		       : s->link_up && now > s->spoke_at ? now - s->spoke_at
							 : 0;
	f->still_us = moves || now < s->stall_at ? 0 : now - s->stall_at;
	f->state_us = now > job->state_us ? now - job->state_us : 0;
	f->erase_last = job->seen.erase_last;
	f->unheard = job->seen.unheard;
	f->missing = job->seen.missing;
	f->written = job->seen.written;
	f->forgot = job->seen.forgot;
	f->erase_ms = job->seen.erase_ms;
	f->write_ms = job->seen.write_ms;
	f->unanswered = job->seen.unanswered;
	f->silences = job->seen.silences;
	f->queries = job->seen.queries;
	f->answers = job->seen.answers;
	f->mtu = s->mtu;
	f->chunk = s->chunk;
	f->mode = s->mode;
	f->window = s->choices.window.value;
	f->ack_interval = s->begun ? s->ready.ack_interval : 0;
	f->timeout_asked = job->session_config.link.supervision_timeout;
	f->ready_timeout_ms = dialect_get(job->dialect)->has_acknowledgements
				      ? job->session_config.ready_timeout_ms
				      : job->session_config.basic_ready_timeout_ms;
	f->connect_timeout_ms = job->session_config.connect_timeout_ms;
}

static void facts(const struct job *job, struct diagnosis_facts *f)
{
	const struct session *s = &job->session;
	const struct scan_device *device;

	memset(f, 0, sizeof(*f));
	f->goal = job->config.goal;
	f->state = s->state;
	f->outcome = job->session_begun ? s->outcome : job->result.outcome;
	f->scanning = job->stage == JOB_SCANNING;
	f->dialect = job->dialect;
	if (scan_find(&job->scan, job->address[0] ? job->address : job->device, &device, NULL, 0) ==
	    0) {
		f->heard = true;
		f->not_connectable = !device->connectable;
	}
	facts_of_transfer(job, f);
	facts_of_link(job, f);
	f->info = s->have_info ? &s->info : NULL;
	f->info_first = job->seen.info_known ? &job->seen.info_first : NULL;
	f->resets = job->seen.resets;
	f->reset_reason = job->seen.reset_reason;
	f->code = s->outcome == SESSION_DEVICE_ERROR ||
				  (s->outcome == SESSION_NO_OUTCOME && job->seen.erred)
			  ? s->code
			  : OTA_OK;
	f->erred = job->seen.erred;
	f->opcode = s->opcode;
	f->detail = s->detail;
	f->status = s->status;
	f->key_missing = s->key_missing;
	f->passkey_asked = job->passkey != JOB_PASSKEY_NONE;
	f->passkey_given = job->passkey == JOB_PASSKEY_GIVEN;
}

size_t job_diagnose(const struct job *job, struct diagnosis ret[DIAGNOSES_MAX])
{
	struct diagnosis_facts f;

	facts(job, &f);
	return diagnose(&f, ret);
}

/* An interval that the transfer feels, and that no trial of the session's asks for. */
static bool slowed(const struct job *job)
{
	const struct job_seen *seen = &job->seen;

	return seen->interval_first > 0 && seen->interval >= SLOW_INTERVAL &&
	       seen->interval >= 2u * seen->interval_first;
}

/* Most events find a run that goes on, and cost nothing here. */
static bool in_trouble(const struct job *job)
{
	const struct session *s = &job->session;

	switch (s->state) {
	case SESSION_WAITING:
		return true;
	case SESSION_PREPARING:
		return job->seen.troubled || job_now(job) - job->state_us > 2000000u;
	case SESSION_CONNECTING:
	case SESSION_DISCOVERING:
		return s->stats.retries > 0;
	case SESSION_SENDING:
		return s->stalled || slowed(job) || (job->seen.gap && s->stats.gaps >= 3);
	default:
		return s->stalled;
	}
}

/* Bytes move again: the suspected cause belongs to the stall that is over. */
static void trouble_over(struct job *job)
{
	struct job_seen *seen = &job->seen;
	const struct session *s = &job->session;

	if (seen->troubled && seen->suspect.cause != DIAGNOSIS_NONE) {
		seen->suspect_us = job_now(job) - seen->trouble_us;
		job_suspect_keep(seen);
	}
	seen->suspect.cause = DIAGNOSIS_NONE;
	seen->troubled = seen->erred = seen->gap = seen->stack_full = false;
	seen->missing = seen->forgot = 0;
	seen->unanswered = false;
	if (s->have_info) {
		seen->resets = s->info.resets;
		seen->reset_reason = s->info.reset_reason;
	}
}

bool job_cause(const struct job *job, struct diagnosis *ret)
{
	struct diagnosis found[DIAGNOSES_MAX];

	if (job->stage != JOB_RUNNING || !in_trouble(job) || job_diagnose(job, found) == 0)
		return false;
	*ret = found[0];
	return true;
}

void job_diagnose_see(struct job *job)
{
	const struct session *s = &job->session;
	struct job_seen *seen = &job->seen;
	struct diagnosis found[DIAGNOSES_MAX];

	if (session_finished(s))
		return;
	seen->stood = s->stalled;
	seen->stack_full |= s->blocked && s->stalled;
	seen->unanswered |=
		seen->control_us > 0 && job_now(job) >= seen->control_us + UNANSWERED_US;
	seen->silent_us = s->link_up && job_now(job) > s->spoke_at ? job_now(job) - s->spoke_at : 0;
	if (!in_trouble(job)) {
		const bool moves =
			s->state == SESSION_SENDING && s->stats.received > seen->received;

		seen->received = s->stats.received;
		if (moves)
			trouble_over(job);
		if (moves || !seen->troubled)
			return;
	}
	if (!seen->troubled) {
		seen->troubled = true;
		seen->trouble_us = job_now(job);
	}
	if (job_diagnose(job, found) == 0)
		return;
	/* A cause that is less certain does not explain the stall better. */
	if (seen->suspect.cause != DIAGNOSIS_NONE &&
	    found[0].certainty + LESS_CERTAIN < seen->suspect.certainty)
		return;
	seen->suspect = found[0];
	seen->suspect_us = job_now(job) - seen->trouble_us;
	if (seen->told & (1ull << found[0].cause))
		return;
	seen->told |= 1ull << found[0].cause;
	if (job->listener.diagnosed)
		job->listener.diagnosed(job->listener.userdata, &found[0]);
}

void job_diagnose_stall(const struct job *job, char *text, size_t size)
{
	struct diagnosis found[DIAGNOSES_MAX];
	const size_t used = strlen(text);

	if (used >= size)
		return;
	if (job_diagnose(job, found) > 0)
		(void)snprintf(text + used, size - used, ": %s", diagnosis_text(found[0].cause));
	else if (job_now(job) - job->session.spoke_at >= HEARD_US)
		(void)snprintf(text + used, size - used, ": nothing was heard for %u ms",
			       (unsigned int)((job_now(job) - job->session.spoke_at) / 1000u));
	else
		(void)snprintf(text + used, size - used,
			       ": the device speaks, and receives nothing");
}

void job_diagnose_result(struct job *job, struct job_result *r)
{
	struct job_seen *seen = &job->seen;
	size_t count;

	if (seen->troubled && seen->suspect.cause != DIAGNOSIS_NONE)
		job_suspect_keep(seen);
	count = job_diagnose(job, r->diagnoses);
	/* The end's own causes first, then what was found on the way. */
	for (size_t i = 0; i < seen->found_count && count < DIAGNOSES_MAX; i++) {
		size_t at = 0;

		while (at < count && r->diagnoses[at].cause != seen->found[i].cause)
			at++;
		if (at == count)
			r->diagnoses[count++] = seen->found[i];
	}
	r->diagnosis_count = count;
}

char *job_cure_line(const struct job *job, const struct diagnosis *diagnosis,
		    char buf[JOB_COMMAND_MAX])
{
	static const enum job_command_on on[] = {
		[DIAGNOSIS_DO_RESUME] = JOB_COMMAND_IMAGE,
		[DIAGNOSIS_DO_FLASH] = JOB_COMMAND_IMAGE,
		[DIAGNOSIS_DO_CONFIRM] = JOB_COMMAND_DEVICE,
		[DIAGNOSIS_DO_FORGET] = JOB_COMMAND_DEVICE,
		[DIAGNOSIS_DO_DISCONNECT] = JOB_COMMAND_DEVICE,
		[DIAGNOSIS_DO_INFO] = JOB_COMMAND_DEVICE,
		[DIAGNOSIS_DO_SCAN] = JOB_COMMAND_ALONE,
		[DIAGNOSIS_DO_DOCTOR] = JOB_COMMAND_ALONE,
	};
	const char *verb = diagnosis_verb_name(diagnosis->verb);

	if (!verb)
		return NULL;
	/* Without an update of this run nothing can be resumed by it. */
	if (diagnosis->verb == DIAGNOSIS_DO_RESUME && !dialect_get(job->dialect)->can_resume)
		verb = diagnosis_verb_name(DIAGNOSIS_DO_FLASH);
	return job_command_with(job, diagnosis->change, verb, on[diagnosis->verb], buf);
}
