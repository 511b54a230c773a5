/* SPDX-License-Identifier: Apache-2.0 */
/* From the workbench's state to the Profile view. */
#include "tui/app_priv.h"

#include <string.h>

/* A run that ended is still to be understood. */
bool app_profile_run(const struct app *app, struct job_snapshot *ret)
{
	if (!app->have_snapshot || (app->last_mtu == 0 && app->snapshot.mtu == 0))
		return false;
	*ret = app->snapshot;
	ret->link = app->last_link;
	if (app->last_mtu > 0)
		ret->mtu = app->last_mtu;
	return true;
}

/* A key that was changed since says so: it is the next upload's. */
static void mark_later(const struct app *app, enum profile_key key, struct effective *to)
{
	char text[SETTING_TEXT_MAX];

	if (!profile_differs(&app->profile, &app->edit.running, key) || to->value[0] == '\0')
		return;
	(void)snprintf(to->why, sizeof(to->why), "%.60s with the next upload",
		       profile_get(&app->profile, key, text, sizeof(text)));
	to->differs = true;
}

void app_profile_draw(struct app *app, struct cells *cells, struct area area)
{
	static struct job_snapshot run; /* too large for a stack; one screen a process */
	struct effective keys[PROFILE_KEYS];
	char ceiling[VIEW_TEXT];
	bool known;
	struct view_profile v = {
		.profile = &app->profile,
		.saved = &app->edit.saved,
		.path = app->edit.source.path,
		.in_force = keys,
		.errors = app->edit.errors.count > 0 ? &app->edit.errors : NULL,
		.ceiling = ceiling,
		.selected = app->edit.selected,
	};

	app_refresh(app);
	known = app_profile_run(app, &run);
	for (int i = 0; i < PROFILE_KEYS; i++) {
		effective(&app->edit.running, known ? &run : NULL, (enum profile_key)i, &keys[i]);
		if (known)
			mark_later(app, (enum profile_key)i, &keys[i]);
	}
	if (effective_ceiling(&app->profile, known ? &run : NULL, ceiling, sizeof(ceiling)) == 0)
		v.ceiling = "";
	view_profile_draw(&v, cells, area);
}
