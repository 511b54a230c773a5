/* SPDX-License-Identifier: Apache-2.0 */
/* What the workbench reads and writes: images, profiles, the Control log. */
#include "config.h" /* system extensions: mkdir(), O_EXCL */

#include "tui/app_priv.h"

#include "host/hash.h"
#include "host/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- image */

void app_image_close(struct app *app)
{
	if (app->have_image)
		image_file_finish(&app->file);
	app->have_image = false;
}

void app_image_compare(struct app *app)
{
	const struct job_snapshot *s = &app->snapshot;
	struct lint_device device = {.version = s->version};

	if (!app->have_image)
		return;
	app->shown = app->report;
	if (!app->have_snapshot || !s->dialect_known)
		return;
	device.info = s->have_info ? &s->info : NULL;
	lint_device(&app->image, &device, &app->shown);
}

bool app_image_refused(const struct app *app)
{
	return !app->have_image || lint_refused(&app->shown, app->config.force);
}

void app_image_open(struct app *app, const char *path)
{
	struct image_file file;
	int r;

	if (app->job && app->goal == SESSION_UPDATE) {
		app_say(app, CELLS_WARNING, "not while an image is being sent");
		return;
	}
	r = image_file_init(&file, path, app->image_error, sizeof(app->image_error));
	app_image_close(app);
	(void)snprintf(app->image_path, sizeof(app->image_path), "%s", path);
	app->image_scroll = 0;
	if (r < 0) {
		app_say(app, CELLS_BAD, "%s", app->image_error);
		return;
	}
	app->image_error[0] = '\0';
	app->file = file;
	app->have_image = true;
	(void)image_read(file.data, file.size, hash_sha256, &app->image, &app->report);
	app_image_compare(app);
	if (app_image_refused(app))
		app_say(app, CELLS_BAD, "this image is refused: see the checks");
	else
		app_say(app, CELLS_GOOD, "image read; u uploads it");
}

void app_image_key(struct app *app, int32_t key)
{
	switch (key) {
	case 'o':
		app_ask(app, APP_ASK_IMAGE, app->image_path);
		break;
	case 'u':
		app_upload(app);
		break;
	case 'j':
	case TUI_KEY_DOWN:
	case TUI_KEY_PAGE_DOWN:
		if (app->have_image && app->image_scroll + 1 < app->shown.count)
			app->image_scroll++;
		break;
	case 'k':
	case TUI_KEY_UP:
	case TUI_KEY_PAGE_UP:
		if (app->image_scroll > 0)
			app->image_scroll--;
		break;
	default: /* means nothing here */
		break;
	}
}

/* --- profile */

void app_profile_load(struct app *app, const char *name)
{
	struct setting_errors errors;
	struct profile_source source;
	char line[VIEW_TEXT * 2];
	struct profile profile;

	if (profile_open(name, &profile, &source, &errors) < 0) {
		app_say(app, CELLS_BAD, "%s", setting_error_format(&errors, 0, line, sizeof(line)));
		return;
	}
	app->profile = app->saved = profile;
	(void)snprintf(app->profile_path, sizeof(app->profile_path), "%.*s",
		       (int)sizeof(app->profile_path) - 1, source.path);
	app_say(app, CELLS_GOOD, "profile %s: with the next upload", profile.name);
}

/* $XDG_CONFIG_HOME/otabench/profiles, made where it is not there. */
static bool make_folder(char *path, size_t size)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config && config[0] == '/')
		(void)snprintf(path, size, "%s/otabench/profiles", config);
	else if (home && home[0] == '/')
		(void)snprintf(path, size, "%s/.config/otabench/profiles", home);
	else
		return false;
	for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		(void)mkdir(path, 0777);
		*slash = '/';
	}
	return mkdir(path, 0777) == 0 || errno == EEXIST;
}

/* First beside it, then renamed: a full disk leaves the old file as it was. */
static void profile_write_user(struct app *app)
{
	char folder[APP_PATH_MAX], path[APP_PATH_MAX * 2], made[APP_PATH_MAX * 2 + 8];
	FILE *out;
	bool whole;

	if (!make_folder(folder, sizeof(folder))) {
		app_say(app, CELLS_BAD, "no folder for profiles: %s", strerror(errno));
		return;
	}
	(void)snprintf(path, sizeof(path), "%s/%s.yaml", folder, app->profile.name);
	(void)snprintf(made, sizeof(made), "%s.new", path);
	out = fopen(made, "w");
	if (!out) {
		app_say(app, CELLS_BAD, "%s: %s", made, strerror(errno));
		return;
	}
	whole = profile_write(&app->profile, out) == 0;
	whole = fclose(out) == 0 && whole;
	if (!whole || rename(made, path) < 0) {
		app_say(app, CELLS_BAD, "%s: %s", path, strerror(errno));
		(void)remove(made);
		return;
	}
	app->saved = app->profile;
	(void)snprintf(app->profile_path, sizeof(app->profile_path), "%.*s",
		       (int)sizeof(app->profile_path) - 1, path);
	app_say(app, CELLS_GOOD, "written: %s", path);
}

static void default_key(struct app *app)
{
	const struct setting *setting = &profile_settings()[app->profile_selected];
	char value[SETTING_TEXT_MAX], assignment[SETTING_TEXT_MAX * 2];
	struct profile defaults;

	profile_defaults(&defaults);
	(void)profile_get(&defaults, (enum profile_key)app->profile_selected, value, sizeof(value));
	(void)snprintf(assignment, sizeof(assignment), "%s=%s", setting->name, value);
	app_set(app, assignment);
}

void app_profile_key(struct app *app, int32_t key)
{
	size_t *selected = &app->profile_selected;
	char value[SETTING_TEXT_MAX];

	switch (key) {
	case 'j':
	case TUI_KEY_DOWN:
		*selected += *selected + 1 < PROFILE_KEYS;
		break;
	case 'k':
	case TUI_KEY_UP:
		*selected -= *selected > 0;
		break;
	case 'g':
	case TUI_KEY_HOME:
		*selected = 0;
		break;
	case 'G':
	case TUI_KEY_END:
		*selected = PROFILE_KEYS - 1;
		break;
	case TUI_KEY_PAGE_DOWN:
		*selected = *selected + 10 < PROFILE_KEYS ? *selected + 10 : PROFILE_KEYS - 1;
		break;
	case TUI_KEY_PAGE_UP:
		*selected = *selected > 10 ? *selected - 10 : 0;
		break;
	case TUI_KEY_ENTER:
		app_ask(app, APP_ASK_VALUE,
			profile_get(&app->profile, (enum profile_key) * selected, value,
				    sizeof(value)));
		break;
	case 'd':
		default_key(app);
		break;
	case 'u':
		app->profile = app->saved;
		app_say(app, CELLS_GOOD, "as it was read");
		break;
	case 'w':
		profile_write_user(app);
		break;
	case 'L':
		app_ask(app, APP_ASK_PROFILE, "");
		break;
	default: /* means nothing here */
		break;
	}
}

/* --- the log */

void app_export(struct app *app, const char *path)
{
	FILE *out = fopen(path, "wx"); /* never over another file */
	uint64_t written = 0;

	if (!out) {
		app_say(app, CELLS_BAD, "%s: %s", path, strerror(errno));
		return;
	}
	for (uint64_t i = 0; i < app->log.count; i++) {
		const struct loglist_line *line = loglist_at(&app->log, i);
		char text[LOGLIST_TEXT + LOGLIST_RAW * 3 + 64], safe[sizeof(text) * 4];

		if (!line || !loglist_matches(&app->log, line))
			continue;
		(void)loglist_format(line, text, sizeof(text));
		(void)output_safe_text(text, strlen(text), safe, sizeof(safe));
		written += fprintf(out, "%s%s\n", safe, line->bookmark ? "  #" : "") > 0;
	}
	if (fclose(out) != 0)
		app_say(app, CELLS_BAD, "%s: %s", path, strerror(errno));
	else
		app_say(app, CELLS_GOOD, "%llu lines written to %s", (unsigned long long)written,
			path);
}
