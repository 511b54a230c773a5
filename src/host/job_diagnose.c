/* SPDX-License-Identifier: Apache-2.0 */
/* A job's observations, as the facts that a diagnosis is made of. */
#include "host/job_priv.h"

#include <stdio.h>
#include <string.h>

/* --- what the session does not keep */

static struct session *session_of(struct job *job)
{
	return &job->session;
}

/* In mid run: not the reboot that was announced, nor a link that the host ended. */
static void lost(struct job *job, enum gatt_reason reason)
{
	const struct session *s = session_of(job);
	struct diagnosis_losses *l = &job->seen.losses;
	const struct ota_progress *p = &s->stats.progress;
	const bool erasing =
		p->phase == OTA_PHASE_ERASE && p->done < p->total && s->stats.flushed <= p->done;

	if (session_finished(s) || (unsigned int)reason >= GATT_REASONS)
		return;
	if (s->state == SESSION_REBOOTING || s->state == SESSION_RECONNECTING) {
		if (reason == GATT_NOT_FOUND)
			l->by[GATT_NOT_FOUND]++;
		return;
	}
	l->by[reason]++;
	if (reason != GATT_SUPERVISION)
		return;
	if (erasing || (s->state == SESSION_PREPARING && s->stats.start_us != 0))
		l->erasing++;
	l->rssi = job->seen.rssi;
	l->silent_ms = (uint32_t)((job_now(job) - s->spoke_at) / 1000u);
}

static void see_link(struct job *job)
{
	struct job_seen *seen = &job->seen;
	struct transport_link l;

	pump_link_state(&job->pump, &l);
	if (l.link.interval == 0)
		return;
	seen->timeout = l.link.supervision_timeout;
	seen->latency = l.link.latency;
	if (session_of(job)->state == SESSION_SENDING && seen->interval_first == 0)
		seen->interval_first = l.link.interval;
}

static void see_rssi(struct job *job, int8_t rssi)
{
	if (rssi == 127 || rssi == 0)
		return;
	job->seen.rssi = rssi;
	if (job->seen.rssi_most == 127 || rssi > job->seen.rssi_most)
		job->seen.rssi_most = rssi;
}

void job_diagnose_event(struct job *job, const struct transport_event *event)
{
	if (event->kind == TRANSPORT_DISCONNECTED)
		lost(job, event->reason);
	else if (event->kind == TRANSPORT_CONNECTED || event->kind == TRANSPORT_LINK ||
		 event->kind == TRANSPORT_MTU)
		see_link(job);
}

void job_diagnose_received(struct job *job, const uint8_t *bytes, size_t len)
{
	struct job_seen *seen = &job->seen;
	const struct session *s = session_of(job);
	struct ota_telemetry telemetry;
	struct ota_progress progress;
	struct ota_status status;

	if (s->have_info && !seen->info_known) {
		seen->info_first = s->info;
		seen->info_known = true;
	}
	if (ota_telemetry_decode(bytes, len, &telemetry) == 0)
		see_rssi(job, telemetry.rssi);
	seen->erase_last = ota_progress_decode(bytes, len, &progress) == 0 &&
			   progress.phase == OTA_PHASE_ERASE;
	seen->answers += seen->query;
	seen->query = false;
	if (s->state == SESSION_SENDING && ota_status_decode(bytes, len, &status) == 0 &&
	    status.received > s->stats.received)
		seen->unheard = status.received - s->stats.received;
}

void job_diagnose_note(struct job *job, enum session_note note)
{
	struct job_seen *seen = &job->seen;

	if (note == SESSION_NOTE_QUERY || note == SESSION_NOTE_RESYNC) {
		seen->queries++;
		seen->query = true;
	}
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
	f->size = job->session_config.image_size;
	f->begun = s->begun;
	f->ended = s->ended;
	f->proved = s->proved;
	f->verdict = s->verdict;
	f->stalled = session_finished(s) ? job->seen.stood : s->stalled;
	f->stack_full = session_finished(s) ? job->seen.stack_full : s->blocked;
	f->silent_us = session_finished(s)		 ? job->seen.silent_us
		       : s->link_up && now > s->spoke_at ? now - s->spoke_at
							 : 0;
	f->still_us = moves || now < s->stall_at ? 0 : now - s->stall_at;
	f->state_us = now > job->state_us ? now - job->state_us : 0;
	f->erase_last = job->seen.erase_last;
	f->unheard = job->seen.unheard;
	f->queries = job->seen.queries;
	f->answers = job->seen.answers;
	f->mtu = s->mtu;
	f->chunk = s->chunk;
	f->mode = s->mode;
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
	f->code = s->outcome == SESSION_DEVICE_ERROR ? s->code : OTA_OK;
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

/* Most events find a run that goes on, and cost nothing here. */
static bool in_trouble(const struct job *job)
{
	const struct session *s = &job->session;

	return s->stalled || s->state == SESSION_WAITING ||
	       (s->state == SESSION_PREPARING && job_now(job) - job->state_us > 2000000u) ||
	       (s->state == SESSION_CONNECTING && s->stats.retries > 0);
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
	struct diagnosis found[DIAGNOSES_MAX];

	if (session_finished(s))
		return;
	job->seen.stood = s->stalled;
	job->seen.stack_full = s->blocked;
	job->seen.silent_us =
		s->link_up && job_now(job) > s->spoke_at ? job_now(job) - s->spoke_at : 0;
	if (!in_trouble(job) || job_diagnose(job, found) == 0)
		return;
	diagnosis_keep(job->seen.found, &job->seen.found_count, &found[0]);
	if (job->seen.told & (1ull << found[0].cause))
		return;
	job->seen.told |= 1ull << found[0].cause;
	if (job->listener.diagnosed)
		job->listener.diagnosed(job->listener.userdata, &found[0]);
}

void job_diagnose_stall(const struct job *job, char *text, size_t size)
{
	struct diagnosis found[DIAGNOSES_MAX];
	const size_t used = strlen(text);

	if (used < size && job_diagnose(job, found) > 0)
		(void)snprintf(text + used, size - used, ": %s", diagnosis_text(found[0].cause));
}

void job_diagnose_result(const struct job *job, struct job_result *r)
{
	const struct job_seen *seen = &job->seen;
	size_t count = job_diagnose(job, r->diagnoses);

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
	return job_command_line(job, verb, on[diagnosis->verb], buf);
}
