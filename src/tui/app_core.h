/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workbench's parts and how they meet.  A part - a view, what opens over a
 * view, a service - owns a state that only its own files write; others read it
 * through a const pointer.  The core calls views and modals through their
 * operations; these call services, and the functions below.
 */
#ifndef OTABENCH_TUI_APP_CORE_H
#define OTABENCH_TUI_APP_CORE_H

#include "tui/app.h"
#include "tui/input.h"
#include "view/keys.h"
#include "view/view.h"

#define APP_PATH_MAX 1024u

/* Each view is a part by its own number; then what opens over a view, from the lowest to the
 * one that gets keys first; then services. */
enum app_part {
	PART_BENCH = VIEWS,
	PART_SWEEP,
	PART_PANEL,
	PART_MENU,
	PART_HELP,
	PART_CONFIRM,
	PART_PROMPT,
	PART_COMMAND,
	PART_LOG,
	PART_DEVICE,
	PART_PROFILE,
	PART_IMAGE,
	PART_UPLOAD,
	PART_TRUST,
	PART_JOURNAL,
	PART_LEFT,
	PART_OFFER,
	PART_EFFECT,
	PART_REPLAY,
	APP_PARTS,
	PART_MODALS = PART_BENCH, /* the first of them ... */
	PART_SERVICES = PART_COMMAND, /* ... and behind the last one */
};

/* A part tells these events to the parts above it, which it does not know. */
enum app_event {
	APP_DEVICE_CHANGED, /* another one, or more is known of it */
	APP_JOB_STARTS, /* it needs the transport */
	APP_JOB_RUNS,
	APP_TRANSPORT_FREE, /* the job did not start after all, or the adapter is back */
	APP_MAINTENANCE_ENDED, /* well or not */
	APP_IMAGE_CHANGED, /* its file was read again, and holds another one */
};

/* The life of a part's state: size bytes of zeroes, then begin(), at last finish(). */
struct app_part_ops {
	size_t size;
	void (*begin)(struct app *app);
	void (*finish)(struct app *app);
	void (*on)(struct app *app, enum app_event event);
};

struct view_ops {
	struct app_part_ops part;
	void (*draw)(struct app *app, struct cells *cells, struct area area);
	/* Does what a key stands for; false: not here, the core does it. */
	bool (*act)(struct app *app, enum action action);
	/* Moves by rows; LONG_MIN and LONG_MAX: to the first and the last. */
	void (*move)(struct app *app, long by);
	/* KEYS_* that hold now; may be NULL, as what follows. */
	unsigned int (*now)(const struct app *app);
	void (*click)(struct app *app, struct area area, int x, int y);
	bool (*back)(struct app *app); /* closes something; false: there was nothing open */
	int wheel; /* rows of a step; 0: the usual */
};

/* A modal opens over a view.  Its number is that of its part. */
struct modal_ops {
	struct app_part_ops part;
	enum keys_place place;
	/* NULL: it draws nothing in the body; a line at the bottom it is asked for by line(). */
	void (*draw)(struct app *app, struct cells *cells, struct area area);
	void (*line)(struct app *app, struct view_frame *frame);
	/* Every key of its own; action is what the table makes of it. */
	void (*key)(struct app *app, enum action action, int32_t key);
	void (*move)(struct app *app, long by); /* NULL: moves are keys like others */
	unsigned int (*now)(const struct app *app);
	void (*click)(struct app *app, struct area area, int x, int y);
	int wheel;
};
extern const struct modal_ops bench_modal, sweep_modal, panel_modal, menu_modal, help_modal,
	confirm_modal, prompt_modal;

#define VIEW_OPS(upper, lower, name, tab) extern const struct view_ops lower##_view;
VIEW_EACH(VIEW_OPS)
extern const struct app_part_ops command_part, log_part, device_part, profile_part, image_part,
	upload_part, trust_part, journal_part, left_part, offer_part, effect_part, replay_part;

/* --- app_core.c */
/* A part's state, for its own files and for its const accessor. */
void *app_part(const struct app *app, size_t part);
const struct app_config *app_config(const struct app *app);
/* The screen of now as text; not while one is drawn. */
void app_screen(struct app *app, FILE *out);
void app_tell(struct app *app, enum app_event event);
bool app_is_replay(const struct app *app);
struct transport *app_transport(const struct app *app);
/* The options of the simulation; NULL: the devices are real. */
const char *app_simulation(const struct app *app);
/* Changes the transport: in a recording each run has its own. */
void app_use_transport(struct app *app, struct transport *transport);
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void app_say(struct app *app, enum cells_style style, const char *format, ...);
void app_hush(struct app *app); /* nothing is said any more */
void app_touch(struct app *app); /* the screen is to be drawn again */
void app_show(struct app *app, enum view view);
enum view app_view(const struct app *app);
/* Columns and rows that were drawn last, and the body between tabs and messages. */
int app_width(const struct app *app);
struct area app_body(const struct app *app);
/* Copies text to the terminal's clipboard, and says so. */
void app_copy(struct app *app, const char *text);
/* A file for the operator's editor, at a line, 0: none. */
void app_edit(struct app *app, const char *path, unsigned int line);
/* false after app_say() with --readonly. */
bool app_may_change(struct app *app);

/* --- what is open over a view */
void app_modal_open(struct app *app, size_t part);
void app_modal_close(struct app *app, size_t part);
bool app_modal_is_open(const struct app *app, size_t part);
/* The one that keys go to; 0: none. */
size_t app_modal_top(const struct app *app);

/* Text asked for in the line at the bottom. */
struct prompt {
	const char *label; /* must last */
	void (*done)(struct app *app, const char *text);
	/* Tab calls this: returns how many words fit, and their list; NULL: Tab does nothing. */
	size_t (*complete)(struct app *app, struct input *input, char *list, size_t size);
	void (*cancelled)(struct app *app);
	/* Up (-1) and Down; NULL: nothing. */
	void (*recall)(struct app *app, struct input *input, int direction);
	/* After every change of the text, NULL: nothing. */
	void (*typing)(struct app *app, const char *text);
	bool filled; /* Enter on an empty line gives up */
	bool list; /* the panel belongs to it: Up and Down take its rows */
};
void app_prompt_open(struct app *app, const struct prompt *prompt, const char *text);
/* app_say(), and where a prompt called done(): it stays open, with the text that was not taken. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void app_refuse(struct app *app, enum cells_style style, const char *format, ...);
/* Completes paths, for struct prompt. */
size_t app_prompt_complete_path(struct app *app, struct input *input, char *list, size_t size);
/* Closes the prompt that would call this. */
void app_prompt_drop(struct app *app, void (*done)(struct app *app, const char *text));

/* A question; yes() is called for y. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void app_confirm_open(struct app *app, void (*yes)(struct app *app), const char *format, ...);
/* Adds a line above the question that was opened last, in a box of that title. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
void app_confirm_fact(struct app *app, const char *title, const char *label, const char *format,
		      ...);
/* The question that stands would call this; and closes it, where it fits no more. */
bool app_confirm_asks(const struct app *app, void (*yes)(struct app *app));
void app_confirm_drop(struct app *app, void (*yes)(struct app *app));

/* A list to choose from, or lines to read.  choose() gets the row's left part; NULL: to read. */
struct panel {
	const char *title; /* made harmless */
	const char *empty; /* NULL: "" */
	void (*choose)(struct app *app, const char *left);
	void (*type)(struct app *app); /* L: for what is not in the list; NULL */
};
void app_panel_open(struct app *app, const struct panel *panel);
/* Copied. */
void app_panel_add(struct app *app, enum cells_style style, const char *left, const char *right);
/* A label in so many columns, and a text in as many rows as it takes. */
void app_panel_add_text(struct app *app, enum cells_style style, int label_w, const char *label,
			const char *text);
size_t app_panel_count(const struct app *app);
const char *app_panel_left(const struct app *app, size_t row);
void app_panel_select(struct app *app, size_t row);
/* Selects the next row (1) or the one before (-1); returns its left part. */
const char *app_panel_step(struct app *app, int direction);

#endif
