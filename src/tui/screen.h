/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A screen of one view, for a command that has its own event loop and is not the workbench:
 * the terminal, its keys, its size and Ctrl-Z become events of that loop.
 *
 * Keys are drawn at once, everything else at most ten times a second, at a lower priority than
 * the command's own events.  SIGINT, SIGTERM and SIGHUP are the command's; it blocks them before
 * screen_create(), since ncurses would end the program there.
 */
#ifndef OTABENCH_TUI_SCREEN_H
#define OTABENCH_TUI_SCREEN_H

#include "view/cells.h"
#include "view/key.h"

#include <systemd/sd-event.h>

struct screen;

struct screen_ops {
	/* The whole screen, which is blank before. */
	void (*draw)(void *ctx, struct cells *cells);
	/* One that is not Ctrl-L or Ctrl-Z. */
	void (*key)(void *ctx, int32_t key);
	/* Called before each frame: returns true if it differs from the last one. */
	bool (*changed)(void *ctx);
	/* The terminal is gone; nothing is drawn any more. */
	void (*lost)(void *ctx);
};

/* -OTA_ENOTSUP: standard input or output is no terminal that it can use, and ret_text says so;
 * -OTA_ENOMEM; or a negative errno of the event loop. */
int screen_create(sd_event *event, const struct screen_ops *ops, void *ctx, struct screen **ret,
		  char *ret_text, size_t size);
/* Gives the terminal back to the shell.  NULL is allowed. */
void screen_destroy(struct screen *screen);

#endif
