/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys as the workbench sees them, whether a terminal or a script presses
 * them: a Unicode character, a control character, or one of these.
 */
#ifndef OTABENCH_VIEW_KEY_H
#define OTABENCH_VIEW_KEY_H

#include <stddef.h>
#include <stdint.h>

#define KEY_CTRL(letter) ((int32_t)((letter) - 'a' + 1))

enum {
	TUI_KEY_NONE = -1,
	TUI_KEY_TAB = 9,
	TUI_KEY_ENTER = 13,
	TUI_KEY_ESCAPE = 27,
	TUI_KEY_BACKSPACE = 127,
	TUI_KEY_UP = 0x110000, /* above every character */
	TUI_KEY_DOWN,
	TUI_KEY_LEFT,
	TUI_KEY_RIGHT,
	TUI_KEY_HOME,
	TUI_KEY_END,
	TUI_KEY_PAGE_UP,
	TUI_KEY_PAGE_DOWN,
	TUI_KEY_DELETE,
	TUI_KEY_BACK_TAB,
	TUI_KEY_HELP, /* F1 */
	TUI_KEY_FILTER, /* F4 */
	TUI_KEY_MOUSE, /* of the terminal: where and what, term_mouse() tells */
};

enum tui_mouse { TUI_MOUSE_CLICK, TUI_MOUSE_UP, TUI_MOUSE_DOWN }; /* the wheel, up and down */

/* A key by the name that a script uses, "Enter", "PgUp", "Ctrl-C" or one character, of len
 * bytes; TUI_KEY_NONE when there is none of that name. */
int32_t key_by_name(const char *name, size_t len);

#endif
