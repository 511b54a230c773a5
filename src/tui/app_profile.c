/* SPDX-License-Identifier: Apache-2.0 */
/* The Profile view's keys: editing, loading and writing a profile. */
#include "config.h" /* system extensions: mkdir() */

#include "tui/app_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
