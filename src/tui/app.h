/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workbench: keys in, screens out, one transport underneath.
 *
 * The app knows neither terminal nor real time, so that a terminal, a script and a test drive the
 * same program.  Everything that it does to a device goes through struct work, which runs the same
 * jobs as the command line.
 */
#ifndef OTABENCH_TUI_APP_H
#define OTABENCH_TUI_APP_H

#include "profile/profile.h"
#include "transport/transport.h"
#include "view/cells.h"
#include "view/key.h"
#include "view/plot.h"

#include <stdio.h>
#include <systemd/sd-event.h>

struct app_config {
	sd_event *event; /* must outlive the app, as the transport must */
	struct transport *transport;
	const char *source; /* what the transport is, for the first line */
	const char *options; /* global options for equivalent command lines, "--sim"; or "" */
	bool vain; /* devices end with this program: no other one meets them */
	/* Gets the updates left unfinished on devices, and how each goes on, when the program
	 * ends; NULL: they are not told. */
	FILE *left;
	struct profile profile;
	const struct profile_source *profile_source; /* where it is from; NULL: nowhere */
	bool profile_named; /* the user asked for that one: none that a sweep found takes its place */
	const char *image; /* to open at once; NULL: none */
	uint32_t force; /* checks of the image that do not refuse, 1u << enum lint_check */
	bool readonly;
	const char *place; /* where devices are, for their journals; NULL: nothing outlives this */
	const char *trace; /* file that the transport is recorded to; NULL: none */
	bool no_history; /* neither recorded nor shown */
	const char *reach; /* the options that say how devices are reached, for the history */
	bool no_mouse; /* leave the mouse to the terminal, M changes it */
	enum plot_tier tier;
	/* A recording to show instead of a device (transport is NULL then), which must outlive
	 * the app, and which of its runs. */
	struct replay *replay;
	size_t replay_run;
};

struct app;

int app_create(const struct app_config *config, struct app **ret);
void app_destroy(struct app *app);

/* A key; see view/key.h. */
void app_key(struct app *app, int32_t key);
/* At a cell of the screen that was drawn last. */
void app_mouse(struct app *app, enum tui_mouse what, int x, int y);
/* Returns true if it takes mouse events, which then do not select text in the terminal. */
bool app_wants_mouse(const struct app *app);
void app_draw(struct app *app, struct cells *cells);
/* Takes samples for graphs; to be called when time has passed. */
void app_tick(struct app *app);
/* Real time has passed: a recording goes on. */
void app_advance(struct app *app, uint64_t us);
/* Returns true if the screen differs from the last app_draw(), as far as events tell. */
bool app_changed(const struct app *app);
/* The operator wants to leave; *ret_status is the program's exit status. */
bool app_ended(const struct app *app, int *ret_status);
/* The system wants the program to end: brings a transfer to a safe point; app_ended() when that
 * is done. */
void app_quit(struct app *app);
/* The terminal is gone, which is no wish to cancel: ends, and what a device has received stays
 * there, to be resumed. */
void app_hang_up(struct app *app);
/* Lines about updates that are left on devices; nothing if none is. */
void app_tell_left(struct app *app, FILE *out);
/* Set by keys: the caller suspends the process (Ctrl-Z), or draws all anew (Ctrl-L). */
bool app_take_suspend(struct app *app);
bool app_take_redraw(struct app *app);
/* A text that is to go to the terminal's clipboard, valid until the next key, or NULL; and
 * the caller's word that it could not. */
const char *app_take_copy(struct app *app);
void app_copy_failed(struct app *app);
/* A file that the operator wants to edit: the caller leaves the terminal to the editor, while
 * everything else goes on, and says how it ended.  NULL: none. */
const char *app_take_edit(struct app *app, unsigned int *ret_line);
/* The editor ended well, or failed, or (text) could not be started. */
void app_edited(struct app *app, bool ok);
/* Microseconds of the transport's clock. */
uint64_t app_now(const struct app *app);

/* Runs it in the terminal until it ends; returns the exit status, or -OTA_ENOTSUP with
 * ret_text when there is no terminal that it can use. */
int app_run(const struct app_config *config, char *ret_text, size_t size);
/*
 * Plays a script and prints the screens that it asks for.  Returns the exit
 * status; negative when the script cannot be read or is not fulfilled, with
 * ret_text.  One command a line:
 *   size COLUMNS ROWS     of the screen, 80 24 at first
 *   ascii, utf8           characters that it may hold, utf8 at first
 *   keys KEY...           press keys: a character, or Enter, PgUp, Ctrl-C ...
 *   type TEXT             press the keys of a text
 *   wait SECONDS          of the transport's clock
 *   until TEXT            until the screen holds it, at most 600 s
 *   screen NAME           print it
 *   svg FILE              write it as a picture
 *   show                  draw it on the terminal, of the terminal's size; wait for a key
 */
int app_script(const struct app_config *config, const char *path, FILE *out, char *ret_text,
	       size_t size);

#endif
