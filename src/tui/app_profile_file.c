/* SPDX-License-Identifier: Apache-2.0 */
/* The profile and its file: reading, writing over comments without touching them, and what
 * differs between the two. */
#include "config.h" /* system extensions: open_memstream() */

#include "tui/app_priv.h"

#include "base/file_save.h"
#include "profile/text_diff.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIFF_CONTEXT 2u

static bool in_file(const struct app *app)
{
	return app->edit.source.text == NULL && app->edit.source.path[0] != '\0';
}

static void say_error(struct app *app, const struct setting_errors *errors)
{
	char line[VIEW_TEXT * 4];

	if (errors->count > 1)
		app_say(app, CELLS_BAD, "%zu mistakes, the first %s", errors->count,
			setting_error_format(errors, 0, line, sizeof(line)));
	else if (errors->count > 0)
		app_say(app, CELLS_BAD, "%s", setting_error_format(errors, 0, line, sizeof(line)));
}

/* The text of the source as it is now; what was kept before is dropped. */
static bool read_text(struct app *app, struct setting_errors *errors)
{
	free(app->edit.text);
	app->edit.text = NULL;
	app->edit.len = 0;
	app->edit.overwrite = false;
	return profile_read_text(&app->edit.source, &app->edit.text, &app->edit.len, errors) == 0;
}

void app_profile_begin(struct app *app)
{
	struct app_profile *e = &app->edit;

	app->profile = e->saved = e->running = app->config.profile;
	setting_errors_init(&e->errors, "");
	if (!app->config.profile_source)
		return;
	e->source = *app->config.profile_source;
	if (!read_text(app, &e->errors))
		return;
	/* --set is a change that is not written. */
	(void)profile_load_text(e->source.path, e->text, e->len, &e->saved, &e->errors);
}

void app_profile_finish(struct app *app)
{
	free(app->edit.text);
	app->edit.text = NULL;
}

/* --- reading */

void app_profile_load_now(struct app *app, const char *name)
{
	struct setting_errors errors;
	struct profile_source source;
	struct profile profile;

	if (profile_open(name, &profile, &source, &errors) < 0) {
		say_error(app, &errors);
		return;
	}
	app_profile_remember(app);
	app->profile = app->edit.saved = profile;
	app->edit.source = source;
	setting_errors_init(&app->edit.errors, source.path);
	(void)read_text(app, &app->edit.errors);
	app_say(app, CELLS_GOOD, "profile %s: with the next upload", profile.name);
}

void app_profile_load(struct app *app, const char *name)
{
	if (!app_profile_modified(app)) {
		app_profile_load_now(app, name);
		return;
	}
	(void)snprintf(app->edit.target, sizeof(app->edit.target), "%s", name);
	app_confirm(app, APP_CONFIRM_LOAD);
}

void app_profile_reread(struct app *app, struct profile *ret_before)
{
	struct app_profile *e = &app->edit;
	struct profile profile;

	*ret_before = app->profile;
	if (!read_text(app, &e->errors) ||
	    profile_load_text(e->source.path, e->text, e->len, &profile, &e->errors) < 0) {
		app_say(app, CELLS_BAD,
			"%zu mistake%s: the last good values are kept; e edits again",
			e->errors.count, e->errors.count == 1 ? "" : "s");
		return;
	}
	(void)snprintf(profile.name, sizeof(profile.name), "%s", app->profile.name);
	app->edit.saved = profile;
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (!profile_differs(&profile, ret_before, (enum profile_key)key))
			continue;
		app_profile_remember(app);
		break;
	}
	app->profile = profile;
}

/* --- writing */

/* Whether somebody changed the file since it was read; a file that is gone is written anew. */
static bool changed_on_disk(struct app *app)
{
	struct setting_errors errors;
	char *text;
	size_t len;
	bool same;

	if (!in_file(app) || !app->edit.text ||
	    profile_read_text(&app->edit.source, &text, &len, &errors) < 0)
		return false;
	same = len == app->edit.len && memcmp(text, app->edit.text, len) == 0;
	free(text);
	return !same;
}

/* The new text; NULL after saying why not. */
static char *make_text(struct app *app, size_t *ret_len)
{
	struct app_profile *e = &app->edit;
	struct setting_errors errors;
	char *made = NULL;
	FILE *out;

	if (e->text) {
		if (profile_edit_text(e->source.path, e->text, e->len, &app->profile, &made,
				      ret_len, &errors) < 0)
			say_error(app, &errors);
		return made;
	}
	out = open_memstream(&made, ret_len);
	if (out && profile_write(&app->profile, out) == 0 && fclose(out) == 0)
		return made;
	app_say(app, CELLS_BAD, "out of memory");
	return NULL;
}

bool app_profile_save_to(struct app *app, const char *path)
{
	struct app_profile *e = &app->edit;
	char error[APP_PATH_MAX + 256];
	size_t len = 0;
	char *made = make_text(app, &len);

	if (!made)
		return false;
	if (file_save(path, made, len, error, sizeof(error)) < 0) {
		free(made);
		app_say(app, CELLS_BAD, "%s", error);
		return false;
	}
	free(e->text);
	e->text = made;
	e->len = len;
	e->overwrite = false;
	e->source = (struct profile_source){.origin = PROFILE_PATH};
	(void)snprintf(e->source.path, sizeof(e->source.path), "%s", path);
	e->saved = app->profile;
	setting_errors_init(&e->errors, path);
	app_say(app, CELLS_GOOD, "written: %s", path);
	return true;
}

/* Over a file that is not the one that was read only after a question. */
static void write_to(struct app *app, const char *path)
{
	if (strcmp(path, app->edit.source.path) == 0 || access(path, F_OK) != 0) {
		(void)app_profile_save_to(app, path);
		return;
	}
	(void)snprintf(app->edit.target, sizeof(app->edit.target), "%s", path);
	app_confirm(app, APP_CONFIRM_OVERWRITE);
}

void app_profile_overwrite(struct app *app)
{
	char path[APP_PATH_MAX];

	memcpy(path, app->edit.target, sizeof(path));
	(void)app_profile_save_to(app, path);
}

void app_profile_write(struct app *app)
{
	struct app_profile *e = &app->edit;
	char path[APP_PATH_MAX];

	if (e->errors.count > 0) {
		app_say(app, CELLS_BAD, "the file has mistakes: e mends them, W writes elsewhere");
	} else if (changed_on_disk(app) && !e->overwrite) {
		e->overwrite = true;
		app_say(app, CELLS_WARNING,
			"the file changed on the disk: w again writes over it, L reads it");
	} else if (profile_save_path(&e->source, app->profile.name, path, sizeof(path)) < 0) {
		app_say(app, CELLS_BAD, "no folder for profiles: neither XDG_CONFIG_HOME nor HOME");
	} else {
		write_to(app, path);
	}
}

void app_profile_write_as(struct app *app, const char *typed)
{
	const char *home = getenv("HOME");
	char name[APP_PATH_MAX], path[APP_PATH_MAX];

	(void)snprintf(name, sizeof(name), "%s%s", strncmp(typed, "~/", 2) == 0 && home ? home : "",
		       strncmp(typed, "~/", 2) == 0 && home ? typed + 1 : typed);
	if (profile_save_path_as(name, path, sizeof(path)) < 0) {
		app_say(app, CELLS_BAD, "expected a plain name, or a path to a .yaml file");
		return;
	}
	write_to(app, path);
	if (strcmp(app->edit.source.path, path) == 0) {
		const char *base = strrchr(path, '/');

		base = base ? base + 1 : path;
		(void)snprintf(app->profile.name, sizeof(app->profile.name), "%.*s",
			       (int)strcspn(base, "."), base);
	}
}

/* --- diff */

static void add_keys(struct app *app)
{
	char from[SETTING_TEXT_MAX], to[SETTING_TEXT_MAX], right[SETTING_TEXT_MAX * 2 + 8];

	for (int i = 0; i < PROFILE_KEYS; i++) {
		const enum profile_key key = (enum profile_key)i;

		if (!profile_differs(&app->edit.saved, &app->profile, key))
			continue;
		(void)snprintf(right, sizeof(right), "%s -> %s",
			       profile_get(&app->edit.saved, key, from, sizeof(from)),
			       profile_get(&app->profile, key, to, sizeof(to)));
		app_panel_add(app, CELLS_NORMAL, profile_settings()[i].name, right);
	}
}

static enum cells_style style_of(char sign)
{
	return sign == '+' ? CELLS_GOOD : sign == '-' ? CELLS_BAD : CELLS_DIM;
}

static void add_lines(struct app *app, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		for (char *tab = line; (tab = strchr(tab, '\t')) != NULL;)
			*tab = ' ';
		app_panel_add(app, style_of(line[0]), line, "");
	}
}

static void add_text(struct app *app)
{
	char *made, *text = NULL;
	size_t len = 0, made_len = 0;
	FILE *out;

	made = app->edit.text ? make_text(app, &made_len) : NULL;
	if (!made)
		return;
	out = open_memstream(&text, &len);
	if (out && text_diff(app->edit.text, app->edit.len, made, made_len, DIFF_CONTEXT, out) < 0)
		app_panel_add(app, CELLS_BAD, "out of memory", "");
	if (out && fclose(out) == 0) {
		app_panel_add(app, CELLS_NORMAL, "", "");
		add_lines(app, text);
	}
	free(text);
	free(made);
}

void app_profile_diff(struct app *app)
{
	if (!app_profile_modified(app)) {
		app_say(app, CELLS_GOOD, "as the file has it: nothing differs");
		return;
	}
	app_panel_open(app, APP_PANEL_DIFF, "Not written yet: file -> profile", false);
	add_keys(app);
	if (app->edit.errors.count == 0)
		add_text(app);
}
