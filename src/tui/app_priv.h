/* SPDX-License-Identifier: Apache-2.0 */
/* The workbench's own state, for the files of its core alone. */
#ifndef OTABENCH_TUI_APP_PRIV_H
#define OTABENCH_TUI_APP_PRIV_H

#include "tui/app_core.h"

#define APP_STATUS_CANCELLED 130 /* as the command line has them */
#define APP_STATUS_LOST 75

struct app {
	struct app_config config;
	struct transport *transport;
	void *parts[APP_PARTS]; /* states; each is its part's */
	const struct app_part_ops *ops[APP_PARTS];
	bool open[PART_SERVICES]; /* of the modals */
	enum view view;
	bool changed, redraw, suspend, mouse_off;
	/* app_draw_text(), from the first screen on: drawing lies above what may ask for it. */
	void (*text)(struct app *app, FILE *out);
	int width, height; /* of the screen drawn last */
	bool ended, quitting;
	int status;
	char message[VIEW_TEXT];
	enum cells_style message_style;
	char copy[APP_PATH_MAX + 64]; /* for the terminal's clipboard */
	bool copy_wanted, edit_wanted;
	char edit_path[APP_PATH_MAX];
	unsigned int edit_line;
};

extern const struct view_ops *const app_views[VIEWS];
extern const struct modal_ops *const app_modals[PART_SERVICES];

/* --- app_settle.c: a job that ended makes room; scanning goes on. */
void app_settle(struct app *app);

/* --- app_key.c: what a ":" command or a key of all views does */
void app_act(struct app *app, enum action action, const char *argument);
/* Returns the KEYS_* bits that choose the last line's keys, and their place. */
unsigned int app_now_keys(const struct app *app, enum keys_place *ret_place);

/* --- app_command.c */
/* Asks for a line, and calls act() for the command in it. */
void app_command(struct app *app,
		 void (*act)(struct app *app, enum action action, const char *argument));

/* app_draw.c: as app_screen(), which leads here. */
void app_draw_text(struct app *app, FILE *out);

#endif
