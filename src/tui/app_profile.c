/* SPDX-License-Identifier: Apache-2.0 */
/* The Profile view's keys: editing, and taking back what was edited. */
#include "tui/app_priv.h"

#include <stdlib.h>
#include <string.h>

bool app_profile_modified(const struct app *app)
{
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (profile_differs(&app->profile, &app->edit.saved, (enum profile_key)key))
			return true;
	}
	return false;
}

/* --- undo */

static void push(struct profile *stack, size_t *count, const struct profile *profile)
{
	if (*count == APP_UNDO_MAX) {
		memmove(stack, stack + 1, (APP_UNDO_MAX - 1) * sizeof(*stack));
		(*count)--;
	}
	stack[(*count)++] = *profile;
}

void app_profile_remember(struct app *app)
{
	push(app->edit.undo, &app->edit.undo_count, &app->profile);
	app->edit.redo_count = 0;
}

/* The newest of one stack comes into force, what was goes to the other. */
static void go(struct app *app, const struct profile *from, size_t *from_count, struct profile *to,
	       size_t *to_count, const char *done)
{
	struct profile before = app->profile;
	char text[SETTING_TEXT_MAX];
	int last = -1;
	bool now = false;

	if (*from_count == 0) {
		app_say(app, CELLS_WARNING, "nothing to %s", done);
		return;
	}
	push(to, to_count, &before);
	app->profile = from[--*from_count];
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (!profile_differs(&before, &app->profile, (enum profile_key)key))
			continue;
		last = key;
		now |= app_tune(app, (enum profile_key)key) == 0;
	}
	if (last < 0)
		return;
	app->edit.selected = (size_t)last;
	app_say(app, CELLS_GOOD, "%s: %s=%s%s", done, profile_settings()[last].name,
		profile_get(&app->profile, (enum profile_key)last, text, sizeof(text)),
		now ? ", in force now" : "");
}

static void undo(struct app *app)
{
	struct app_profile *e = &app->edit;

	go(app, e->undo, &e->undo_count, e->redo, &e->redo_count, "undo");
}

static void redo(struct app *app)
{
	struct app_profile *e = &app->edit;

	go(app, e->redo, &e->redo_count, e->undo, &e->undo_count, "redo");
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
	if (strcmp(name, app->profile.name) == 0)
		app->panel.selected = app->panel.count - 1;
}

static void choose(struct app *app)
{
	app_panel_open(app, APP_PANEL_PROFILES, "Profiles", true);
	app->panel.empty = "none; L types a path";
	(void)profile_each(add_profile, app);
}

void app_profile_panel_chosen(struct app *app, const char *name)
{
	app_profile_load(app, name);
}

/* --- keys */

static void default_key(struct app *app)
{
	const struct setting *setting = &profile_settings()[app->edit.selected];
	char value[SETTING_TEXT_MAX], assignment[SETTING_TEXT_MAX * 2];
	struct profile defaults;

	profile_defaults(&defaults);
	(void)profile_get(&defaults, (enum profile_key)app->edit.selected, value, sizeof(value));
	(void)snprintf(assignment, sizeof(assignment), "%s=%s", setting->name, value);
	app_set(app, assignment);
}

static bool move_key(struct app *app, int32_t key)
{
	size_t *selected = &app->edit.selected;

	switch (key) {
	case 'j':
	case TUI_KEY_DOWN:
		*selected += *selected + 1 < PROFILE_KEYS;
		return true;
	case 'k':
	case TUI_KEY_UP:
		*selected -= *selected > 0;
		return true;
	case 'g':
	case TUI_KEY_HOME:
		*selected = 0;
		return true;
	case 'G':
	case TUI_KEY_END:
		*selected = PROFILE_KEYS - 1;
		return true;
	case TUI_KEY_PAGE_DOWN:
	case KEY_CTRL('d'):
		*selected = *selected + 10 < PROFILE_KEYS ? *selected + 10 : PROFILE_KEYS - 1;
		return true;
	case TUI_KEY_PAGE_UP:
	case KEY_CTRL('u'):
		*selected = *selected > 10 ? *selected - 10 : 0;
		return true;
	default:
		return false;
	}
}

void app_profile_key(struct app *app, int32_t key)
{
	char value[SETTING_TEXT_MAX];

	if (move_key(app, key))
		return;
	switch (key) {
	case TUI_KEY_ENTER:
		app_ask(app, APP_ASK_VALUE,
			profile_get(&app->profile, (enum profile_key)app->edit.selected, value,
				    sizeof(value)));
		break;
	case 'd':
		default_key(app);
		break;
	case 'u':
		undo(app);
		break;
	case KEY_CTRL('r'):
	case 'U':
		redo(app);
		break;
	case 'D':
		app_profile_diff(app);
		break;
	case 'e':
		app_editor_open(app);
		break;
	case 'w':
		app_profile_write(app);
		break;
	case 'W':
		app_ask(app, APP_ASK_SAVE_AS, app->profile.name);
		break;
	case 'L':
		choose(app);
		break;
	default: /* means nothing here */
		break;
	}
}
