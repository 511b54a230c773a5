/* SPDX-License-Identifier: Apache-2.0 */
/* The facts that the recover menu reasons from: see host/recover.h. */
#include "tui/app_recover_priv.h"

#include "tui/app_device.h"
#include "tui/app_image.h"
#include "tui/app_journal.h"
#include "view/view_history.h"

static const char *why_no_image(const struct app *app)
{
	if (!app_image(app)->have)
		return "no image chosen (4, then o)";
	return app_image_is_refused(app) ? "this image is refused: 4 tells why" : NULL;
}

/* A question or a command that was answered: a link that ended before that explains nothing. */
static bool was_answered(const struct app_device *d)
{
	return !d->job && d->have_result && d->result.outcome == SESSION_ANSWERED;
}

/*
 * A state that STATUS tells by itself is no cause; then the cause of the failed update before it
 * is.
 */
static const struct diagnosis *cause_of(const struct app_device *d)
{
	if (!was_answered(d) && d->cause.cause != DIAGNOSIS_NONE &&
	    d->cause.cause != DIAGNOSIS_LEFT_BEHIND && d->cause.cause != DIAGNOSIS_ON_TRIAL)
		return &d->cause;
	return d->have_update && d->last_update.diagnosis_count > 0 &&
			       view_outcome_style(d->last_update.outcome) != CELLS_GOOD
		       ? d->last_update.diagnoses
		       : NULL;
}

void app_recover_collect(const struct app *app, const struct recover_tries *tries, bool asks,
			 struct recover_known *k)
{
	const struct app_device *d = app_device(app);
	const struct app_image *i = app_image(app);
	const struct job_snapshot *s = &d->snapshot;
	const struct device_told *told = &d->told;

	*k = (struct recover_known){
		.address = d->address,
		.options = app_config(app)->options,
		.image = i->have ? i->path : "",
		.image_why = why_no_image(app),
		.image_sha256 = i->have ? i->image.sha256 : NULL,
		.readonly = app_config(app)->readonly,
		.own = told->status_known ? app_journal_own(app, told->status.hash) : NULL,
		.on_screen = true,
		.asking = asks && app_device_runs(app),
		.running = app_device_runs(app) ? job_state_name(s) : NULL,
		.goal = d->goal,
		.state = s->state,
		.promised = s->stats.done_us > 0,
		.linked = d->linked_since > 0,
		.asked = s->asked_us > 0,
		.asked_age_us = s->now_us - s->asked_us,
		.hold = s->hold,
		.stack_keeps = app_transport(app)->ops->maintenance != NULL,
		.have_update = d->have_update,
		.outcome = d->last_update.outcome,
		.ended = d->last_update.ended,
		.what = d->last_update.what,
		.received = d->last_received,
		.flushed = d->last_flushed,
		.total = d->last_total,
		.rssi = d->rssi,
		.rssi_count = d->rssi_count,
		.rssi_ms = DEVICE_SAMPLE_US / 1000u,
		.cause = cause_of(d),
		.cure = d->cause.verb,
		.no_service = told->no_service,
		.dialect = told->dialect,
		.unheard = app_device_is_unheard(app),
		.flags_known = told->flags_known,
		.flags = told->flags,
		.features_known = told->features_known,
		.features = told->features,
		.running_sha256 = told->running_known ? told->running_sha256 : NULL,
		.status_known = told->status_known,
		.status = told->status,
		.status_age_us = app_now(app) - told->status_us,
		.tries = *tries,
	};
	if (k->running) { /* what it told before this run is over */
		k->status_known = s->stats.status_known;
		k->status = s->stats.status;
		k->status_age_us = s->now_us - s->stats.status_us;
		k->dialect = s->dialect;
	}
	if (k->running && (d->goal == SESSION_UPDATE || d->goal == SESSION_MEASURE)) {
		k->have_update = true;
		k->outcome = SESSION_NO_OUTCOME;
		k->received = s->stats.received;
		k->flushed = s->stats.flushed;
		k->total = s->size;
	}
}

/* Once another device was chosen, only the end of the run is still known. */
void app_recover_collect_older(struct app *app, struct recover_known *k, char *what, size_t size)
{
	const struct view_known *known = app_device_known(app, app_device(app)->address);

	k->no_service |= known && known->no_service;
	if (k->dialect == DIALECT_UNKNOWN && known)
		k->dialect = known->dialect;
	if (k->have_update || !known || known->outcome == SESSION_NO_OUTCOME)
		return;
	k->have_update = true;
	k->outcome = known->outcome;
	k->what = what;
	(void)snprintf(what, size, "at %u %%, earlier in this session", known->percent);
}
