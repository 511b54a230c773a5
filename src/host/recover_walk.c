/* SPDX-License-Identifier: Apache-2.0 */
/* See recover_walk.h. */
#include "host/recover_walk.h"

bool recover_walk_is_good(enum session_outcome outcome)
{
	return outcome == SESSION_CONFIRMED || outcome == SESSION_UNCONFIRMED ||
	       outcome == SESSION_DELIVERED || outcome == SESSION_ALREADY_RUNNING ||
	       outcome == SESSION_ANSWERED;
}

static bool command_of(enum recover_action action, enum ota_command *ret)
{
	switch (action) {
	case RECOVER_ABORT:
	case RECOVER_CANCEL:
		*ret = OTA_CMD_ABORT;
		return true;
	case RECOVER_CONFIRM:
		*ret = OTA_CMD_CONFIRM;
		return true;
	case RECOVER_ROLLBACK:
		*ret = OTA_CMD_ROLLBACK;
		return true;
	case RECOVER_REBOOT:
		*ret = OTA_CMD_REBOOT;
		return true;
	case RECOVER_PREPARE:
		*ret = OTA_CMD_PREPARE;
		return true;
	case RECOVER_RESUME:
	case RECOVER_RESTART:
	case RECOVER_LOOK:
	case RECOVER_DISCONNECT:
	case RECOVER_FORGET:
	case RECOVER_POWER_CYCLE:
	case RECOVER_BUNDLE:
	case RECOVER_PAUSE:
	case RECOVER_CLOSE:
	case RECOVER_ACTIONS:
		break;
	}
	return false;
}

bool recover_walk_job(enum recover_action action, struct job_config *ret)
{
	if (action == RECOVER_RESUME || action == RECOVER_RESTART) {
		ret->goal = SESSION_UPDATE;
		ret->resume_only = action == RECOVER_RESUME;
		ret->restart = action == RECOVER_RESTART;
		return true;
	}
	ret->goal = action == RECOVER_LOOK ? SESSION_LOOK : SESSION_COMMAND;
	return action == RECOVER_LOOK || command_of(action, &ret->command);
}

bool recover_walk_stack(enum recover_action action, enum transport_maintenance *ret)
{
	if (action == RECOVER_DISCONNECT)
		*ret = TRANSPORT_HANG_UP;
	else if (action == RECOVER_FORGET)
		*ret = TRANSPORT_FORGET;
	else if (action == RECOVER_POWER_CYCLE)
		*ret = TRANSPORT_POWER_CYCLE;
	else
		return false;
	return true;
}

void recover_walk_ended(struct recover_walk *w, enum recover_action action,
			const struct job_config *config, const struct job_snapshot *s,
			const struct job_result *r)
{
	told_ended(&w->told, config->goal, config->command, s, r);
	recover_tried(&w->tries, action, recover_walk_is_good(r->outcome), s->stats.received);
	w->unheard = r->outcome == SESSION_NOT_FOUND || r->outcome == SESSION_NOT_BACK;
	w->cause = (struct diagnosis){.cause = DIAGNOSIS_NONE};
	if (r->diagnosis_count > 0)
		w->cause = r->diagnoses[0];
	if (config->goal != SESSION_UPDATE)
		return;
	w->have_update = true;
	w->update = *r;
	w->received = s->stats.received;
	w->flushed = s->stats.flushed;
	w->total = s->size;
}

void recover_walk_known(const struct recover_walk *w, struct recover_known *k)
{
	const struct device_told *told = &w->told;

	k->have_update = w->have_update;
	k->outcome = w->update.outcome;
	k->ended = w->update.ended;
	k->what = w->update.what;
	k->received = w->received;
	k->flushed = w->flushed;
	k->total = w->total;
	k->cause = w->cause.cause != DIAGNOSIS_NONE ? &w->cause : NULL;
	k->cure = w->cause.verb;
	k->no_service = told->no_service;
	k->dialect = told->dialect;
	k->unheard = w->unheard;
	k->flags_known = told->flags_known;
	k->flags = told->flags;
	k->features_known = told->features_known;
	k->features = told->features;
	k->running_sha256 = told->running_known ? told->running_sha256 : NULL;
	k->status_known = told->status_known;
	k->status = told->status;
	k->tries = w->tries;
}
