/* SPDX-License-Identifier: Apache-2.0 */
/* See diagnose_capture.h: what a capture shows, as the facts of a diagnosis. */
#include "cli/diagnose_capture.h"

#include "ota/error.h"

#include <stdlib.h>
#include <string.h>

/* The session's default waits; those of the other client are not known. */
#define READY_MS 20000u
#define CONNECT_MS 15000u

static enum session_outcome outcome_of(const struct snoop *s)
{
	if (s->failed)
		return SESSION_DEVICE_ERROR;
	if (s->done)
		return SESSION_DELIVERED;
	if (s->aborted)
		return SESSION_CANCELLED;
	if (s->pairing == GATT_PAIRING_WANTED || s->key_missing)
		return SESSION_NOT_PAIRED;
	if (!s->ever_connected)
		return s->losses[GATT_CONNECT_FAILED] > 0 ? SESSION_LINK_LOST : SESSION_NOT_FOUND;
	if (!s->service)
		return SESSION_NO_SERVICE;
	if (!s->started)
		return s->connected ? SESSION_ANSWERED : SESSION_LINK_LOST;
	if (!s->connected)
		return SESSION_LINK_LOST;
	return snoop_stands(s) ? SESSION_STALLED : SESSION_NO_OUTCOME;
}

static void facts_of(const struct snoop *s, enum session_outcome outcome, struct diagnosis_facts *f)
{
	const bool stands = snoop_stands(s);

	memset(f, 0, sizeof(*f));
	f->goal = s->started ? SESSION_UPDATE : SESSION_LOOK;
	f->state = s->state;
	f->outcome = outcome;
	f->heard = s->ever_connected || s->losses[GATT_CONNECT_FAILED] > 0;
	f->dialect = s->dialect;
	f->stats = &s->stats;
	f->size = s->size;
	f->begun = s->begun;
	f->ended = s->ended;
	f->stalled = stands;
	f->still_us = s->state == SESSION_SENDING ? s->now_us - s->moved_us : 0;
	f->silent_us = s->connected ? s->now_us - s->spoke_us : 0;
	f->state_us = s->now_us - s->state_us;
	f->erase_last = s->erase_last;
	f->unheard = s->unheard;
	f->missing = s->missing;
	f->forgot = s->forgot;
	f->erase_ms = s->erase_ms;
	f->resets = s->resets;
	f->reset_reason = s->reset_reason;
	f->losses.brief = s->brief;
	f->queries = s->queries;
	f->answers = s->answers;
	f->mtu = s->mtu;
	f->chunk = s->chunk;
	f->mode = s->mode;
	f->ready_timeout_ms = READY_MS;
	f->connect_timeout_ms = CONNECT_MS;
	f->link = s->link;
	f->interval_first = s->interval_first;
	f->rssi = f->rssi_most = f->losses.rssi = 127;
	if (s->stats.telemetry_known)
		f->rssi = f->rssi_most = f->losses.rssi = s->stats.telemetry.rssi;
	memcpy(f->losses.by, s->losses, sizeof(f->losses.by));
	f->losses.erasing = s->erasing;
	f->losses.silent_ms = s->silent_ms;
	f->info = s->info_known ? &s->info : NULL;
	f->info_first = s->info_known ? &s->info_first : NULL;
	f->code = s->failed ? s->code : OTA_OK;
	f->opcode = s->opcode;
	f->detail = s->detail;
	f->status = s->too_long ? -OTA_EMSGSIZE : 0;
	f->misremembered = s->misremembered;
	f->key_missing = s->key_missing;
	f->pairing = s->pairing;
}

static void judge(struct diagnose_capture *d, const struct diagnosis_facts *f)
{
	struct diagnosis found[DIAGNOSES_MAX];
	const size_t count = diagnose(f, found);

	for (size_t i = 0; i < count; i++)
		diagnosis_keep(d->found, &d->count, &found[i]);
}

/* A stall on the way, as it is when it is about to end or goes on. */
static void on_stands(void *userdata, const struct snoop *s)
{
	struct diagnosis found[DIAGNOSES_MAX];
	struct diagnose_capture *d = userdata;
	struct diagnosis_facts f;

	facts_of(s, SESSION_NO_OUTCOME, &f);
	if (diagnose(&f, found) > 0)
		diagnosis_keep(d->found, &d->count, &found[0]);
}

static int pass(FILE *in, struct btsnoop_reader *r, struct diagnose_capture *d,
		void (*take)(struct snoop *s, const struct btsnoop_record *record))
{
	struct btsnoop_record record;
	int rc = btsnoop_read_begin(r, in);

	if (rc < 0)
		return rc;
	while ((rc = btsnoop_read(r, &record)) > 0)
		take(&d->snoop, &record);
	d->damaged = rc < 0; /* what stands before it is judged */
	return 0;
}

int diagnose_capture(FILE *in, struct diagnose_capture *d)
{
	struct btsnoop_reader *r = malloc(sizeof(*r));
	struct diagnosis_facts f;
	int rc = r ? 0 : -OTA_ENOMEM;

	memset(d, 0, sizeof(*d));
	snoop_init(&d->snoop);
	d->snoop.stands = on_stands;
	d->snoop.userdata = d;
	if (rc == 0)
		rc = pass(in, r, d, snoop_learn);
	if (rc == 0) {
		rewind(in);
		snoop_begin(&d->snoop);
		rc = pass(in, r, d, snoop_take);
	}
	free(r);
	if (rc < 0)
		return rc;
	facts_of(&d->snoop, outcome_of(&d->snoop), &f);
	judge(d, &f);
	return 0;
}

json_t *cli_diagnosis(const struct diagnosis *d)
{
	const char *verb = diagnosis_verb_name(d->verb);
	json_t *o = json_object();

	if (!o)
		return NULL;
	(void)json_object_set_new(o, "id", json_string(diagnosis_name(d->cause)));
	(void)json_object_set_new(o, "certainty", json_real(d->certainty / 100.0));
	(void)json_object_set_new(o, "text", json_string(diagnosis_text(d->cause)));
	(void)json_object_set_new(o, "evidence", json_string(d->evidence));
	(void)json_object_set_new(o, "cure", json_string(diagnosis_cure(d->cause)));
	(void)json_object_set_new(o, "change",
				  d->change[0] != '\0' ? json_string(d->change) : json_null());
	/* A capture does not tell which device it is: only a command that needs none is offered
	 * whole. */
	(void)json_object_set_new(o, "command",
				  d->verb == DIAGNOSIS_DO_DOCTOR ? json_string("otabench doctor")
								 : json_null());
	(void)json_object_set_new(o, "verb", verb ? json_string(verb) : json_null());
	return o;
}
