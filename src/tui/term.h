/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal: cells out, keys in.  The one file that knows ncurses.
 *
 * One terminal a process, since ncurses keeps its state for itself.  However
 * the program ends, also by a crash, the terminal is as it was before.
 */
#ifndef OTABENCH_TUI_TERM_H
#define OTABENCH_TUI_TERM_H

#include "view/cells.h"
#include "view/key.h"

struct terminal;

/* -OTA_ENOTSUP: standard input or output is no terminal, or one that cannot place its
 * cursor; ret_text says so. */
int term_create(struct terminal **ret, char *ret_text, size_t size);
void term_destroy(struct terminal *term);
/* Columns and rows now; asks the terminal. */
void term_size(struct terminal *term, int *ret_width, int *ret_height);
/* Returns true without UTF-8: by the locale, or by TERM. */
bool term_is_ascii(const struct terminal *term);
/* Returns true if the font has partial block characters (the Linux console's has not). */
bool term_has_blocks(const struct terminal *term);
/* Shows cells, of the size that term_size() told; only what changed goes out. */
void term_show(struct terminal *term, const struct cells *cells);
/* Forgets the screen's contents: it is drawn anew. */
void term_redraw(struct terminal *term);
/* The next key that is there, or TUI_KEY_NONE.  Never waits for one. */
int32_t term_key(struct terminal *term);
/* Mouse events come as TUI_KEY_MOUSE, or stay the terminal's own. */
void term_use_mouse(struct terminal *term, bool use);
/* After TUI_KEY_MOUSE: one event at a cell; false: there is none left that means anything. */
bool term_mouse(struct terminal *term, enum tui_mouse *ret_what, int *ret_x, int *ret_y);
/* Puts text on the terminal's clipboard (OSC 52); false where it has no way to. */
bool term_copy(struct terminal *term, const char *text);
/* Gives the terminal back to the shell, and takes it again. */
void term_leave(struct terminal *term);
void term_enter(struct terminal *term);
/* Stops this process, as Ctrl-Z does, until the shell lets it go on.  NULL: the terminal is given
 * to another program already. */
void term_suspend(struct terminal *term);

#endif
