/* SPDX-License-Identifier: Apache-2.0 */
/* The Device view: the dashboard of the chosen device, and the log below it. */
#include "tui/app_device.h"

#include "host/job_blocked.h"
#include "tui/app_image.h"
#include "tui/app_log.h"
#include "tui/app_profile.h"
#include "tui/app_replay.h"
#include "view/view_history.h"

#include <string.h>

static const char *chip_of(const struct job_snapshot *s)
{
	const struct image_chip *chip = s->have_info ? image_chip_by_id(s->info.chip_id) : NULL;

	return chip ? chip->title : "";
}

/* The size of the image that the device holds a part of, if that is the one chosen. */
static uint32_t partial_size(const struct app *app, const struct ota_status *status)
{
	const struct app_image *i = app_image(app);

	return status && i->have && memcmp(status->hash, i->image.sha256, sizeof(status->hash)) == 0
		       ? (uint32_t)i->image.size
		       : 0;
}

static enum cells_style wait_style(enum job_blocked wait)
{
	switch (wait) {
	case JOB_BLOCKED_STALL:
		return CELLS_BAD;
	case JOB_BLOCKED_USER:
		return CELLS_WARNING;
	case JOB_BLOCKED_NONE:
	case JOB_BLOCKED_AGAIN:
	case JOB_BLOCKED_WORK:
		break;
	}
	return CELLS_TITLE;
}

/* Cause, evidence, cure and command, in the words that the log and JSON have, too. */
static void add_cause(const struct app_device *d, char *buf, size_t size)
{
	const size_t len = strlen(buf);
	char line[VIEW_TEXT];

	if (d->cause.cause == DIAGNOSIS_NONE)
		return;
	(void)diagnosis_line(&d->cause, line, sizeof(line));
	(void)snprintf(buf + len, size - len, "%s%s. %s%s%s", len > 0 ? "; " : "", line,
		       diagnosis_cure(d->cause.cause), d->cure_line[0] != '\0' ? " " : "",
		       d->cure_line);
}

/* The run that is shown, live or over. */
static void fill_run(struct app *app, const struct app_device *d, struct view_device *v, char *wait,
		     size_t size)
{
	const struct job_snapshot *s = &d->snapshot;
	const struct view_known *known = app_device_known(app, d->address);

	v->run = true;
	if (d->job)
		v->wait_style = wait_style(job_blocked_text(s, wait, size));
	else if (d->have_result && view_outcome_style(d->result.outcome) != CELLS_GOOD &&
		 d->cause.cause == DIAGNOSIS_NONE)
		(void)snprintf(wait, size, "%s", d->result.advice);
	add_cause(d, wait, size);
	v->scanning = s->scanning;
	v->linked = d->job && d->linked_since > 0;
	v->linked_us = s->now_us - d->linked_since;
	v->link = d->last_link;
	v->goal = d->goal;
	v->state = s->state;
	v->stage = d->stage;
	v->seen = d->seen;
	v->elapsed_us = (d->have_result ? d->ended_us : s->now_us) - s->start_us;
	v->goodput = d->have_result ? d->result.goodput : 0;
	v->outcome = d->have_result ? d->result.outcome : s->outcome;
	v->in_state_us = d->job ? s->now_us - s->state_us : 0;
	v->mtu = d->last_mtu;
	v->chunk = s->chunk;
	v->mode = s->mode;
	v->window = job_window_in_force(s);
	v->pacing_us = s->pacing_us;
	v->ceiling = s->ceiling;
	v->link_best = s->link_best;
	v->stream = s->stream != STREAM_RAW ? stream_kind_name(s->stream) : NULL;
	v->air_size = s->air_size;
	v->flash = s->flash;
	v->total = s->size;
	v->time = s->time;
	v->limit = d->have_result ? d->result.limit_text : d->job ? job_limit_now(d->job) : NULL;
	v->advice = d->have_result ? d->result.limit_advice : NULL;
	v->dialect = s->dialect;
	v->version = d->job || !known ? s->version : known->version;
	v->on_trial = s->running.known && s->running.on_trial;
	v->chip = chip_of(s);
	v->info = s->have_info ? &s->info : NULL;
	v->status = s->stats.status_known ? &s->stats.status : NULL;
	v->partial_size = partial_size(app, v->status);
}

static void dashboard_draw(struct app *app, struct cells *cells, struct area area)
{
	const struct app_device *d = app_device(app);
	const struct app_image *i = app_image(app);
	const struct job_snapshot *s = &d->snapshot;
	char image[VIEW_TEXT] = "", wait[JOB_TEXT_MAX] = "";
	struct view_device v = {
		.chosen = d->address[0] != '\0',
		.name = d->name,
		.address = d->address,
		.profile = app_profile(app)->now.name,
		.image = image,
		.rssi = d->rssi,
		.rssi_count = d->rssi_count,
		.wait = wait,
		.version = "",
		.chip = "",
		.log = app_log_shown(app),
		.log_title = app_log(app)->calls_shown ? "Calls" : "Control",
		.tier = app_config(app)->tier,
		.stats = &s->stats,
		.metrics = &s->metrics,
	};

	app_device_refresh(app);
	if (app_is_replay(app))
		(void)app_replay_image(app, image, sizeof(image));
	if (i->have)
		(void)snprintf(image, sizeof(image), "%s %s", i->image.project, i->image.version);
	if (d->have_snapshot)
		fill_run(app, d, &v, wait, sizeof(wait));
	view_device_draw(&v, cells, area);
}

static bool dashboard_act(struct app *app, enum action action)
{
	return app_log_act(app, action) || app_tune_act(app, action);
}

const struct view_ops device_view = {
	.draw = dashboard_draw, .act = dashboard_act, .move = app_log_move};
