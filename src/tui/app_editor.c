/* SPDX-License-Identifier: Apache-2.0 */
/* The profile's file in the user's editor, and what came of it. */
#include "config.h" /* system extensions: unlink() */

#include "tui/app_priv.h"

#include "profile/editor.h"

#include <string.h>
#include <unistd.h>

/* The editor works on the file itself, so there has to be one, and it has to hold what the
 * screen shows. */
void app_editor_open_now(struct app *app)
{
	struct app_profile *e = &app->edit;
	char path[APP_PATH_MAX];

	if (profile_save_path(&e->source, app->profile.name, path, sizeof(path)) < 0) {
		app_say(app, CELLS_BAD, "no folder for profiles: neither XDG_CONFIG_HOME nor HOME");
		return;
	}
	if ((strcmp(path, e->source.path) != 0 || app_profile_modified(app)) &&
	    e->errors.count == 0 && !app_profile_save_to(app, path))
		return;
	(void)snprintf(e->edit_path, sizeof(e->edit_path), "%s", path);
	e->edit_wanted = true;
}

void app_editor_open(struct app *app)
{
	struct app_profile *e = &app->edit;
	const bool own = e->source.text == NULL && e->source.origin != PROFILE_SYSTEM;

	if (e->editing)
		return;
	/* A file with mistakes is opened as it is. */
	if (e->errors.count == 0 && (!own || app_profile_modified(app)))
		app_confirm(app, APP_CONFIRM_EDIT);
	else
		app_editor_open_now(app);
}

const char *app_take_edit(struct app *app, unsigned int *ret_line)
{
	struct app_profile *e = &app->edit;

	if (!e->edit_wanted)
		return NULL;
	e->edit_wanted = false;
	e->editing = true;
	*ret_line = e->errors.count > 0 ? e->errors.items[0].line : 0;
	return e->edit_path;
}

void app_edited(struct app *app, bool ok)
{
	struct profile before;
	size_t changes = 0;

	app->edit.editing = false;
	app->changed = true;
	if (!ok) {
		app_say(app, CELLS_BAD, "the editor, %s, failed: VISUAL or EDITOR name it",
			editor_name());
		return;
	}
	app_profile_reread(app, &before);
	if (app->edit.errors.count > 0)
		return;
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (!profile_differs(&before, &app->profile, (enum profile_key)key))
			continue;
		changes++;
		(void)app_tune(app, (enum profile_key)key);
	}
	app_say(app, CELLS_GOOD, "read again: %zu value%s changed", changes,
		changes == 1 ? "" : "s");
}
