/* SPDX-License-Identifier: Apache-2.0 */
/* The profile and its file: reading, writing over comments without touching them, what differs
 * between the two, and the file in the user's editor. */
#include "config.h" /* system extensions: open_memstream() */

#include "tui/app_profile.h"

#include "base/file_save.h"
#include "host/sweep_files.h"
#include "profile/editor.h"
#include "profile/profile_edit.h"
#include "profile/text_diff.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIFF_CONTEXT 2u

static struct app_profile *mine(const struct app *app)
{
	return app_part(app, PART_PROFILE);
}

static bool in_file(const struct app *app)
{
	return mine(app)->source.text == NULL && mine(app)->source.path[0] != '\0';
}

static void say_error(struct app *app, const struct setting_errors *errors)
{
	char line[VIEW_TEXT * 4];

	if (errors->count > 1)
		app_refuse(app, CELLS_BAD, "%zu mistakes, the first %s", errors->count,
			   setting_error_format(errors, 0, line, sizeof(line)));
	else if (errors->count > 0)
		app_refuse(app, CELLS_BAD, "%s",
			   setting_error_format(errors, 0, line, sizeof(line)));
}

/* The text of the source as it is now; what was kept before is dropped. */
static bool read_text(struct app *app, struct setting_errors *errors)
{
	struct app_profile *e = mine(app);

	free(e->text);
	e->text = NULL;
	e->len = 0;
	e->overwrite = false;
	return profile_read_text(&e->source, &e->text, &e->len, errors) == 0;
}

static void profile_file_begin(struct app *app)
{
	struct app_profile *e = mine(app);

	e->now = e->saved = e->running = app_config(app)->profile;
	e->named = app_config(app)->profile_named;
	setting_errors_init(&e->errors, "");
	if (!app_config(app)->profile_source)
		return;
	e->source = *app_config(app)->profile_source;
	if (!read_text(app, &e->errors))
		return;
	/* --set is a change that is not written. */
	(void)profile_load_text(e->source.path, e->text, e->len, &e->saved, &e->errors);
}

static void profile_file_finish(struct app *app)
{
	free(mine(app)->text);
}

const struct app_part_ops profile_part = {sizeof(struct app_profile), profile_file_begin,
					  profile_file_finish, app_profile_on};

/* --- reading */

/* now: saved, with changes or without. */
static void take_file(struct app *app, const struct profile *now, const struct profile *saved,
		      const struct profile_source *source)
{
	struct app_profile *e = mine(app);

	app_profile_take(app, now);
	e->saved = *saved;
	e->source = *source;
	setting_errors_init(&e->errors, source->path);
	(void)read_text(app, &e->errors);
}

void app_profile_load_now(struct app *app, const char *name)
{
	struct setting_errors errors;
	struct profile_source source;
	struct profile profile;

	if (profile_open(name, &profile, &source, &errors) < 0) {
		say_error(app, &errors);
		return;
	}
	take_file(app, &profile, &profile, &source);
	mine(app)->named = true;
	mine(app)->swept = false;
	app_say(app, CELLS_GOOD, "profile %s: with the next upload", profile.name);
}

/* Returns that profile, with the changes made here that are not in the file. */
static struct profile with_changes(const struct app *app, const struct profile *profile)
{
	const struct app_profile *e = mine(app);
	struct profile r = *profile;

	for (int key = 0; key < PROFILE_KEYS; key++) {
		const struct setting *setting = &profile_settings()[key];

		if (key != PROFILE_KEY_DESCRIPTION && /* which is the file's */
		    profile_differs(&e->now, &e->saved, (enum profile_key)key))
			setting_put(setting, &r, setting_get(setting, &e->now));
	}
	return r;
}

const struct profile *app_profile_bounds(struct app *app)
{
	struct app_profile *e = mine(app);

	e->bounds = e->swept ? with_changes(app, &e->base) : e->now;
	return &e->bounds;
}

static bool find_swept(const struct app *app, const char *device, char name[PROFILE_NAME_MAX])
{
	struct transport *transport = app_transport(app);
	struct sweep_pair pair = {.simulated = app_simulation(app)};
	struct transport_link link;

	transport->ops->link_state(transport, &link);
	(void)snprintf(pair.adapter, sizeof(pair.adapter), "%s", link.adapter);
	return sweep_profile_of(&pair, device, name);
}

void app_profile_take_swept(struct app *app, const char *device)
{
	struct app_profile *e = mine(app);
	struct profile saved, now;
	struct setting_errors errors;
	struct profile_source source;
	char name[PROFILE_NAME_MAX];

	if (e->named || app_is_replay(app))
		return;
	if (find_swept(app, device, name) && profile_open(name, &saved, &source, &errors) == 0) {
		if (e->swept && memcmp(&saved, &e->saved, sizeof(saved)) == 0)
			return;
		if (!e->swept) {
			e->base = e->saved;
			e->base_source = e->source;
		}
		now = with_changes(app, &saved);
		take_file(app, &now, &saved, &source);
		e->swept = true;
	} else if (e->swept) {
		now = with_changes(app, &e->base);
		take_file(app, &now, &e->base, &e->base_source);
		e->swept = false;
	}
}

static void load_target(struct app *app)
{
	app_profile_load_now(app, mine(app)->target);
}

void app_profile_load(struct app *app, const char *name)
{
	struct app_profile *e = mine(app);

	if (!app_profile_is_modified(app)) {
		app_profile_load_now(app, name);
		return;
	}
	(void)snprintf(e->target, sizeof(e->target), "%s", name);
	app_confirm_open(app, load_target, "Changes are not written. Load %.100s instead? y/n ",
			 name);
}

static void reread(struct app *app, struct profile *ret_before)
{
	struct app_profile *e = mine(app);
	struct profile profile;

	*ret_before = mine(app)->now;
	if (!read_text(app, &e->errors) ||
	    profile_load_text(e->source.path, e->text, e->len, &profile, &e->errors) < 0) {
		app_say(app, CELLS_BAD,
			"%zu mistake%s: the last good values are kept; e edits again",
			e->errors.count, e->errors.count == 1 ? "" : "s");
		return;
	}
	(void)snprintf(profile.name, sizeof(profile.name), "%s", mine(app)->now.name);
	mine(app)->saved = profile;
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (!profile_differs(&profile, ret_before, (enum profile_key)key))
			continue;
		app_profile_take(app, &profile);
		break;
	}
	e->now = profile;
}

/* --- writing */

/* Returns true if the file changed since it was read; a file that is gone is written anew. */
static bool changed_on_disk(struct app *app)
{
	struct setting_errors errors;
	char *text;
	size_t len;
	bool same;

	if (!in_file(app) || !mine(app)->text ||
	    profile_read_text(&mine(app)->source, &text, &len, &errors) < 0)
		return false;
	same = len == mine(app)->len && memcmp(text, mine(app)->text, len) == 0;
	free(text);
	return !same;
}

/* The new text; NULL after saying why not. */
static char *make_text(struct app *app, size_t *ret_len)
{
	struct app_profile *e = mine(app);
	struct setting_errors errors;
	char *made = NULL;
	FILE *out;

	if (e->text) {
		if (profile_edit_text(e->source.path, e->text, e->len, &mine(app)->now, &made,
				      ret_len, &errors) < 0)
			say_error(app, &errors);
		return made;
	}
	out = open_memstream(&made, ret_len);
	if (out && profile_write(&mine(app)->now, out) == 0 && fclose(out) == 0)
		return made;
	app_say(app, CELLS_BAD, "out of memory");
	return NULL;
}

static bool save_to(struct app *app, const char *path)
{
	struct app_profile *e = mine(app);
	char error[APP_PATH_MAX + 256];
	size_t len = 0;
	char *made = make_text(app, &len);

	if (!made)
		return false;
	if (file_save(path, made, len, error, sizeof(error)) < 0) {
		free(made);
		app_refuse(app, CELLS_BAD, "%s", error);
		return false;
	}
	free(e->text);
	e->text = made;
	e->len = len;
	e->overwrite = false;
	e->source = (struct profile_source){.origin = PROFILE_PATH};
	e->named = true;
	e->swept = false;
	(void)snprintf(e->source.path, sizeof(e->source.path), "%s", path);
	e->saved = mine(app)->now;
	setting_errors_init(&e->errors, path);
	app_say(app, CELLS_GOOD, "written: %s", path);
	return true;
}

static void overwrite_target(struct app *app)
{
	char path[APP_PATH_MAX];

	memcpy(path, mine(app)->target, sizeof(path));
	(void)save_to(app, path);
}

/* Over a file that is not the one that was read only after a question. */
static void write_to(struct app *app, const char *path)
{
	struct app_profile *e = mine(app);

	if (strcmp(path, e->source.path) == 0 || access(path, F_OK) != 0) {
		(void)save_to(app, path);
		return;
	}
	(void)snprintf(e->target, sizeof(e->target), "%s", path);
	app_confirm_open(app, overwrite_target, "%.200s exists. Replace it? y/n ", path);
}

static void write_as(struct app *app, const char *typed)
{
	const char *home = getenv("HOME");
	char name[APP_PATH_MAX], path[APP_PATH_MAX];

	(void)snprintf(name, sizeof(name), "%s%s", strncmp(typed, "~/", 2) == 0 && home ? home : "",
		       strncmp(typed, "~/", 2) == 0 && home ? typed + 1 : typed);
	if (profile_save_path_as(name, path, sizeof(path)) < 0) {
		app_refuse(app, CELLS_BAD, "expected a plain name, or a path to a .yaml file");
		return;
	}
	write_to(app, path);
	if (strcmp(mine(app)->source.path, path) == 0) {
		const char *base = strrchr(path, '/');

		base = base ? base + 1 : path;
		(void)snprintf(mine(app)->now.name, sizeof(mine(app)->now.name), "%.*s",
			       (int)strcspn(base, "."), base);
	}
}

void app_profile_ask_name(struct app *app)
{
	const struct prompt prompt = {.label = "write as NAME, or FILE.yaml: ",
				      .done = app_profile_write,
				      .complete = app_prompt_complete_path,
				      .filled = true};

	app_prompt_open(app, &prompt, mine(app)->now.name);
}

/* The file is not the operator's to change: it is built in, or the system's. */
static bool is_others(const struct app *app)
{
	const enum profile_origin origin = mine(app)->source.origin;

	return origin == PROFILE_BUILTIN || origin == PROFILE_SYSTEM;
}

void app_profile_write(struct app *app, const char *name)
{
	struct app_profile *e = mine(app);
	char path[APP_PATH_MAX];

	if (name[0] != '\0') {
		write_as(app, name);
	} else if (is_others(app) && !app_profile_is_modified(app)) {
		app_say(app, CELLS_NORMAL, "nothing to write: %s is %s; W writes a copy",
			e->now.name,
			e->source.origin == PROFILE_BUILTIN ? "built in" : "the system's");
	} else if (is_others(app)) {
		app_profile_ask_name(app);
	} else if (e->errors.count > 0) {
		app_say(app, CELLS_BAD, "the file has mistakes: e edits it, W writes elsewhere");
	} else if (changed_on_disk(app) && !e->overwrite) {
		e->overwrite = true;
		app_say(app, CELLS_WARNING,
			"the file changed on the disk: w again writes over it, L reads it");
	} else if (profile_save_path(&e->source, mine(app)->now.name, path, sizeof(path)) < 0) {
		app_say(app, CELLS_BAD, "no folder for profiles: neither XDG_CONFIG_HOME nor HOME");
	} else {
		write_to(app, path);
	}
}

/* --- diff */

static void add_keys(struct app *app)
{
	char from[SETTING_TEXT_MAX], to[SETTING_TEXT_MAX], right[SETTING_TEXT_MAX * 2 + 8];

	for (int i = 0; i < PROFILE_KEYS; i++) {
		const enum profile_key key = (enum profile_key)i;

		if (!profile_differs(&mine(app)->saved, &mine(app)->now, key))
			continue;
		(void)snprintf(right, sizeof(right), "%s -> %s",
			       profile_get(&mine(app)->saved, key, from, sizeof(from)),
			       profile_get(&mine(app)->now, key, to, sizeof(to)));
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

	made = mine(app)->text ? make_text(app, &made_len) : NULL;
	if (!made)
		return;
	out = open_memstream(&text, &len);
	if (out &&
	    text_diff(mine(app)->text, mine(app)->len, made, made_len, DIFF_CONTEXT, out) < 0)
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
	const struct panel panel = {.title = "Not written yet: file -> profile"};

	if (!app_profile_is_modified(app)) {
		app_say(app, CELLS_GOOD, "no differences from the file");
		return;
	}
	app_panel_open(app, &panel);
	add_keys(app);
	if (mine(app)->errors.count == 0)
		add_text(app);
}

/* --- the editor */

/* The editor works on the file itself, so there has to be one, and it has to hold what the
 * screen shows. */
static void edit_now(struct app *app)
{
	struct app_profile *e = mine(app);
	char path[APP_PATH_MAX];

	if (profile_save_path(&e->source, mine(app)->now.name, path, sizeof(path)) < 0) {
		app_say(app, CELLS_BAD, "no folder for profiles: neither XDG_CONFIG_HOME nor HOME");
		return;
	}
	if ((strcmp(path, e->source.path) != 0 || app_profile_is_modified(app)) &&
	    e->errors.count == 0 && !save_to(app, path))
		return;
	app_edit(app, path, e->errors.count > 0 ? e->errors.items[0].line : 0);
	e->editing = true;
}

void app_profile_open_editor(struct app *app)
{
	struct app_profile *e = mine(app);
	const bool own = e->source.text == NULL && e->source.origin != PROFILE_SYSTEM;

	if (e->editing)
		return;
	/* A file with mistakes is opened as it is. */
	if (e->errors.count == 0 && (!own || app_profile_is_modified(app)))
		app_confirm_open(
			app, edit_now, "%s y/n ",
			e->source.text ? "It is built in. Write a file of your own and edit that?"
				       : "Changes are not written. Write them, and edit the file?");
	else
		edit_now(app);
}

bool app_profile_edited(struct app *app, bool ok, struct profile *ret_before)
{
	mine(app)->editing = false;
	if (ok)
		reread(app, ret_before);
	else
		app_say(app, CELLS_BAD, "the editor, %s, failed: VISUAL or EDITOR selects it",
			editor_name());
	return ok && mine(app)->errors.count == 0;
}
