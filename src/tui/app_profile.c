/* SPDX-License-Identifier: Apache-2.0 */
/* The Profile view: the values, those in force, and the effects of keys on them. */
#include "tui/app_profile.h"

#include "base/output.h"
#include "host/effective.h"
#include "tui/app_device.h"
#include "tui/app_effect.h"
#include "tui/app_estimate.h"
#include "view/layout.h"

#include <string.h>

struct profile_state {
	size_t selected; /* key */
	char typed[INPUT_MAX]; /* a value that is being typed; "": none */
	/* The best that is known, as of: */
	char best[VIEW_TEXT];
	char best_address[SCAN_ADDRESS_SIZE];
	uint64_t best_us;
};

static struct profile_state *mine(const struct app *app)
{
	return app_part(app, VIEW_PROFILE);
}

/* --- what is drawn */

/* A key that was changed since says so: it is the next upload's. */
static void mark_later(const struct app *app, enum profile_key key, struct effective *to)
{
	const struct app_profile *e = app_profile(app);
	char text[SETTING_TEXT_MAX];

	if (!profile_differs(&e->now, &e->running, key) || to->value[0] == '\0')
		return;
	(void)snprintf(to->why, sizeof(to->why), "%.60s with the next upload",
		       profile_get(&e->now, key, text, sizeof(text)));
	to->differs = true;
}

/* With the value that is being typed, where it is one. */
static struct profile as_typed(const struct app *app)
{
	const struct profile_state *p = mine(app);
	struct profile profile = app_profile(app)->now;
	char assignment[INPUT_MAX + 64], *const given = assignment;
	struct setting_errors errors;

	(void)snprintf(assignment, sizeof(assignment), "%s=%s",
		       profile_settings()[p->selected].name, p->typed);
	if (p->typed[0] != '\0')
		(void)profile_set(&profile, &(const char *){given}, 1, "typed", &errors);
	return profile;
}

static char *what_if_text(const struct app *app, const struct profile *profile, char *buf,
			  size_t size)
{
	uint32_t now;
	const uint32_t then = app_effect_predict(app, profile, false, &now);

	const bool changed = memcmp(profile, &app_profile(app)->running, sizeof(*profile)) != 0;

	buf[0] = '\0';
	if (then > 0 && changed)
		(void)snprintf(buf, size, "predicted %.1f kB/s; %.1f measured last", then / 1000.0,
			       now / 1000.0);
	else if (then > 0)
		(void)snprintf(buf, size, "%.1f kB/s measured last", now / 1000.0);
	return buf;
}

/* Read from the history when a run has ended, or the device is another one. */
static const char *best_text(const struct app *app)
{
	const struct app_device *d = app_device(app);
	struct profile_state *p = mine(app);

	/* A run is in the history once its job is gone. */
	if (d->job || (p->best_us == d->ended_us + 1 && strcmp(p->best_address, d->address) == 0))
		return p->best;
	p->best_us = d->ended_us + 1; /* 0: never read */
	(void)snprintf(p->best_address, sizeof(p->best_address), "%.17s", d->address);
	p->best[0] = '\0';
	if (d->address[0] != '\0' && !app_config(app)->no_history)
		(void)app_estimate_best(app, p->best, sizeof(p->best));
	return p->best;
}

/* Of these settings, of the link with the best ones, and of the flash, as far as they are known. */
static bool ceilings_text(const struct profile *profile, const struct job_snapshot *run, char *buf,
			  size_t size)
{
	char text[VIEW_TEXT], best[OUTPUT_FIGURE_MAX], flash[OUTPUT_FIGURE_MAX];
	const char *settings;

	if (effective_ceiling(profile, run, text, sizeof(text)) == 0)
		return false;
	settings = strchr(text, ':');
	if (!run || run->link_best == 0 || !settings) {
		(void)snprintf(buf, size, "%s", text);
		return true;
	}
	(void)snprintf(
		buf, size, "%.*s, link at best %s%s%s%s", (int)(settings - text), text,
		output_rate(run->link_best, best, sizeof(best)), run->flash > 0 ? ", flash " : "",
		run->flash > 0 ? output_rate(run->flash, flash, sizeof(flash)) : "", settings);
	return true;
}

static void profile_draw(struct app *app, struct cells *cells, struct area area)
{
	static struct job_snapshot run; /* too large for a stack; one screen a process */
	struct effective keys[PROFILE_KEYS];
	const struct app_profile *e = app_profile(app);
	const struct profile typed = as_typed(app);
	char ceiling[VIEW_TEXT], what_if[VIEW_TEXT];
	bool known;
	struct view_profile v = {
		.profile = &e->now,
		.saved = &e->saved,
		.path = e->source.path,
		.in_force = keys,
		.errors = e->errors.count > 0 ? &e->errors : NULL,
		.ceiling = ceiling,
		.what_if = what_if_text(app, &typed, what_if, sizeof(what_if)),
		.best = best_text(app),
		.selected = mine(app)->selected,
	};

	app_device_refresh(app);
	known = app_device_last_run(app, &run);
	for (int i = 0; i < PROFILE_KEYS; i++) {
		effective(&e->running, known ? &run : NULL, (enum profile_key)i, &keys[i]);
		if (known)
			mark_later(app, (enum profile_key)i, &keys[i]);
	}
	if (!ceilings_text(&typed, known ? &run : NULL, ceiling, sizeof(ceiling)))
		v.ceiling = "";
	view_profile_draw(&v, cells, area);
}

/* --- choosing */

static void add_profile(void *userdata, const char *name, const struct profile_source *source)
{
	struct app *app = userdata;
	struct setting_errors errors;
	char right[VIEW_TEXT * 3], line[SETTING_TEXT_MAX * 4];
	struct profile profile;
	const bool good = profile_open(name, &profile, NULL, &errors) == 0;

	(void)snprintf(right, sizeof(right), "%-8s %s%s", profile_origin_name(source->origin),
		       good ? "" : "unusable: ",
		       good ? profile.description
			    : setting_error_format(&errors, 0, line, sizeof(line)));
	right[VIEW_TEXT - 1] = '\0';
	app_panel_add(app, good ? CELLS_NORMAL : CELLS_BAD, name, right);
	if (strcmp(name, app_profile(app)->now.name) == 0)
		app_panel_select(app, app_panel_count(app) - 1);
}

static void type(struct app *app)
{
	const struct prompt prompt = {.label = "profile, or a .yaml file: ",
				      .done = app_profile_load,
				      .complete = app_prompt_complete_path,
				      .filled = true};

	app_prompt_open(app, &prompt, "");
}

static void profile_choose(struct app *app)
{
	const struct panel panel = {.title = "Profiles",
				    .empty = "none; L types a path",
				    .choose = app_profile_load,
				    .type = type};

	app_panel_open(app, &panel);
	(void)profile_each(add_profile, app);
}

void app_profile_show(struct app *app, const char *name)
{
	app_show(app, VIEW_PROFILE);
	if (name[0] != '\0')
		app_profile_load(app, name);
}

/* --- keys */

static void typing_value(struct app *app, const char *text)
{
	(void)snprintf(mine(app)->typed, sizeof(mine(app)->typed), "%s", text);
}

static void typing_end(struct app *app)
{
	mine(app)->typed[0] = '\0';
}

static void set_value(struct app *app, const char *text)
{
	char assignment[INPUT_MAX + 64];

	typing_end(app);

	(void)snprintf(assignment, sizeof(assignment), "%s=%s",
		       profile_settings()[mine(app)->selected].name, text);
	app_tune_set(app, assignment);
}

static size_t complete_value(struct app *app, struct input *input, char *list, size_t size)
{
	return app_tune_complete_value(input, 0, &profile_settings()[mine(app)->selected], list,
				       size);
}

static void ask_value(struct app *app)
{
	const struct prompt prompt = {.label = "value: ",
				      .done = set_value,
				      .complete = complete_value,
				      .typing = typing_value,
				      .cancelled = typing_end};
	char value[SETTING_TEXT_MAX];

	app_prompt_open(app, &prompt,
			profile_get(&app_profile(app)->now, (enum profile_key)mine(app)->selected,
				    value, sizeof(value)));
}

static void default_key(struct app *app)
{
	const struct setting *setting = &profile_settings()[mine(app)->selected];
	char value[SETTING_TEXT_MAX], assignment[SETTING_TEXT_MAX * 2];
	struct profile defaults;

	profile_defaults(&defaults);
	(void)profile_get(&defaults, (enum profile_key)mine(app)->selected, value, sizeof(value));
	(void)snprintf(assignment, sizeof(assignment), "%s=%s", setting->name, value);
	app_tune_set(app, assignment);
}

static void select_changed(struct app *app, int key)
{
	if (key >= 0)
		mine(app)->selected = (size_t)key;
}

static void profile_move(struct app *app, long by)
{
	mine(app)->selected = layout_moved(mine(app)->selected, by, PROFILE_KEYS - 1);
}

static bool profile_act(struct app *app, enum action action)
{
	if (action == ACTION_ENTER)
		ask_value(app);
	else if (action == ACTION_DEFAULT)
		default_key(app);
	else if (action == ACTION_UNDO)
		select_changed(app, app_tune_step(app, false));
	else if (action == ACTION_REDO)
		select_changed(app, app_tune_step(app, true));
	else if (action == ACTION_DIFF)
		app_profile_diff(app);
	else if (action == ACTION_EDIT)
		app_profile_open_editor(app);
	else if (action == ACTION_WRITE_AS)
		app_profile_ask_name(app);
	else if (action == ACTION_LOAD)
		profile_choose(app);
	else
		return false;
	return true;
}

const struct view_ops profile_view = {
	.part = {.size = sizeof(struct profile_state)},
	.draw = profile_draw,
	.act = profile_act,
	.move = profile_move,
};
