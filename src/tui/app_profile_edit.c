/* SPDX-License-Identifier: Apache-2.0 */
/* The values of the profile: changing them, and taking back what was changed. */
#include "tui/app_profile.h"

#include <string.h>

const struct app_profile *app_profile(const struct app *app)
{
	return app_part(app, PART_PROFILE);
}

bool app_profile_is_modified(const struct app *app)
{
	const struct app_profile *e = app_profile(app);

	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (profile_differs(&e->now, &e->saved, (enum profile_key)key))
			return true;
	}
	return false;
}

bool app_profile_is_unsaved(const struct app *app)
{
	return app_profile(app)->undo_count > 0 && app_profile_is_modified(app);
}

static void push(struct profile *stack, size_t *count, const struct profile *profile)
{
	if (*count == PROFILE_UNDO_MAX) {
		memmove(stack, stack + 1, (PROFILE_UNDO_MAX - 1) * sizeof(*stack));
		(*count)--;
	}
	stack[(*count)++] = *profile;
}

void app_profile_take(struct app *app, const struct profile *profile)
{
	struct app_profile *e = app_part(app, PART_PROFILE);

	push(e->undo, &e->undo_count, &e->now);
	e->redo_count = 0;
	e->now = *profile;
}

bool app_profile_assign(struct app *app, const char *assignment)
{
	struct profile changed = app_profile(app)->now;
	struct setting_errors errors;
	char line[VIEW_TEXT * 4];

	if (profile_set(&changed, &assignment, 1, "set", &errors) < 0) {
		app_refuse(app, CELLS_BAD, "%s",
			   setting_error_format(&errors, 0, line, sizeof(line)));
		return false;
	}
	if (memcmp(&changed, &app_profile(app)->now, sizeof(changed)) != 0)
		app_profile_take(app, &changed);
	return true;
}

/* The newest of one stack comes into force, what was goes to the other. */
bool app_profile_step(struct app *app, bool redo, struct profile *ret_before)
{
	struct app_profile *e = app_part(app, PART_PROFILE);
	size_t *count = redo ? &e->redo_count : &e->undo_count;

	if (*count == 0) {
		app_say(app, CELLS_WARNING, "nothing to %s", redo ? "redo" : "undo");
		return false;
	}
	*ret_before = e->now;
	e->now = redo ? e->redo[--*count] : e->undo[--*count];
	if (redo)
		push(e->undo, &e->undo_count, ret_before);
	else
		push(e->redo, &e->redo_count, ret_before);
	return true;
}

void app_profile_on(struct app *app, enum app_event event)
{
	struct app_profile *e = app_part(app, PART_PROFILE);

	if (event == APP_JOB_RUNS)
		e->running = e->now;
}

void app_profile_took(struct app *app, enum profile_key key)
{
	struct app_profile *e = app_part(app, PART_PROFILE);
	const struct setting *setting = &profile_settings()[key];

	setting_put(setting, &e->running, setting_get(setting, &e->now));
}

void app_profile_replay(struct app *app, const struct profile *profile)
{
	struct app_profile *e = app_part(app, PART_PROFILE);

	e->now = e->saved = e->running = *profile;
	(void)snprintf(e->source.path, sizeof(e->source.path), "in the recording");
}
