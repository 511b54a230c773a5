/* SPDX-License-Identifier: Apache-2.0 */
/* See term.h. */
#include "config.h" /* system extensions */

#define NCURSES_WIDECHAR 1

#include "tui/term.h"
#include "tui/term_crash.h"

#include "base/text.h"
#include "ota/error.h"

#include <curses.h>
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#define ESCAPE_MS 25 /* a longer silence after ESC means the key itself */

#define EVENTS_MAX 8u /* of the mouse; ncurses keeps no more */

struct mouse_event {
	enum tui_mouse what;
	int x, y;
};

struct terminal {
	SCREEN *screen;
	struct cells shown; /* what is on the screen */
	bool shown_valid;
	bool ascii, blocks, mouse;
	attr_t attributes[CELLS_STYLES];
	short pairs[CELLS_STYLES];
	struct mouse_event events[EVENTS_MAX]; /* oldest last */
	size_t event_count;
};

/*
 * True if the terminal says so, as rxvt, Konsole and others do: "0;15", the last number being
 * the background's. 7 and 9 to 15 are the light ones of the sixteen colours.
 */
static bool is_light(const char *colorfgbg)
{
	const char *last = colorfgbg ? strrchr(colorfgbg, ';') : NULL;
	uint64_t colour;

	return last && text_parse_unsigned(last + 1, strlen(last + 1), &colour) == 0 &&
	       (colour == 7 || (colour >= 9 && colour <= 15));
}

/* Yellow and cyan cannot be read on white. */
static short on_light(short colour)
{
	return colour == COLOR_YELLOW ? COLOR_MAGENTA : colour == COLOR_CYAN ? COLOR_BLUE : colour;
}

static void set_colours(struct terminal *term)
{
	static const struct {
		attr_t mono, colour;
		short foreground, background;
	} styles[CELLS_STYLES] = {
		[CELLS_NORMAL] = {A_NORMAL, A_NORMAL, -1, -1},
		[CELLS_DIM] = {A_DIM, A_DIM, -1, -1},
		[CELLS_TITLE] = {A_BOLD, A_BOLD, COLOR_CYAN, -1},
		[CELLS_GOOD] = {A_NORMAL, A_NORMAL, COLOR_GREEN, -1},
		[CELLS_WARNING] = {A_BOLD, A_BOLD, COLOR_YELLOW, -1},
		[CELLS_BAD] = {A_BOLD | A_UNDERLINE, A_BOLD, COLOR_RED, -1},
		[CELLS_KEY] = {A_BOLD, A_BOLD, -1, -1},
	};
	const char *no_color = getenv("NO_COLOR");
	const bool light = is_light(getenv("COLORFGBG"));
	const bool colour = has_colors() && !(no_color && no_color[0] != '\0') &&
			    start_color() == OK && use_default_colors() == OK;

	for (int i = 0; i < CELLS_STYLES; i++) {
		term->attributes[i] = colour ? styles[i].colour : styles[i].mono;
		term->pairs[i] = 0;
		if (!colour || (styles[i].foreground < 0 && styles[i].background < 0))
			continue;
		(void)init_pair((short)(i + 1),
				light ? on_light(styles[i].foreground) : styles[i].foreground,
				styles[i].background);
		term->pairs[i] = (short)(i + 1); /* 0 is the terminal's own */
	}
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static void find_characters(struct terminal *term)
{
	const char *name = getenv("TERM");

	name = name ? name : "";
	term->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || starts_with(name, "vt1") ||
		      starts_with(name, "vt2");
	term->blocks = !term->ascii && !starts_with(name, "linux");
}

static void set_modes(void)
{
	(void)raw(); /* Ctrl-C and Ctrl-Z are keys: an update may be under way */
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, TRUE);
	(void)nodelay(stdscr, TRUE);
	(void)set_escdelay(ESCAPE_MS);
	(void)scrollok(stdscr, FALSE);
	(void)leaveok(stdscr, FALSE);
}

/* ncurses would take a terminal that knows lines only, and fill it with what it cannot show. */
static bool can_place_cursor(void)
{
	int error = 0;
	bool can;

	if (setupterm(NULL, STDOUT_FILENO, &error) != OK)
		return false;
	can = term_capability("cup")[0] != '\0';
	(void)del_curterm(cur_term);
	return can;
}

int term_create(struct terminal **ret, char *ret_text, size_t size)
{
	const char *name = getenv("TERM");
	struct terminal *term;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || term_crash_remember() < 0) {
		(void)snprintf(ret_text, size, "standard input and output must be a terminal");
		return -OTA_ENOTSUP;
	}
	term = calloc(1, sizeof(*term));
	if (!term)
		return -OTA_ENOMEM;
	term->screen = can_place_cursor() ? newterm(NULL, stdout, stdin) : NULL;
	if (!term->screen) {
		(void)snprintf(ret_text, size,
			       "the terminal's type, TERM=%s, is not known or cannot "
			       "place its cursor",
			       name ? name : "");
		free(term);
		return -OTA_ENOTSUP;
	}
	find_characters(term);
	set_modes();
	set_colours(term);
	term_crash_prepare();
	*ret = term;
	return 0;
}

/* Some terminals bring a cursor back as it was when the screen was entered, hidden after a
 * pause for an editor, so that it is shown once more behind the change of screens. */
static void leave_screen(void)
{
	(void)endwin();
	(void)fputs(term_capability("cnorm"), stdout);
	(void)fflush(stdout);
}

void term_destroy(struct terminal *term)
{
	if (!term)
		return;
	leave_screen();
	term_crash_forget();
	delscreen(term->screen);
	cells_finish(&term->shown);
	free(term);
}

void term_size(struct terminal *term, int *ret_width, int *ret_height)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0 &&
	    (size.ws_col != COLS || size.ws_row != LINES)) {
		(void)resizeterm(size.ws_row, size.ws_col);
		term_redraw(term);
	}
	*ret_width = COLS;
	*ret_height = LINES;
}

bool term_is_ascii(const struct terminal *term)
{
	return term->ascii;
}

bool term_has_blocks(const struct terminal *term)
{
	return term->blocks;
}

void term_redraw(struct terminal *term)
{
	term->shown_valid = false;
	(void)clearok(curscr, TRUE);
}

static void show_cell(const struct terminal *term, const struct cell *cell, int x, int y)
{
	attr_t attributes = term->attributes[cell->style];

	if (cell->selected) /* dim on the bar would be grey on grey */
		attributes = (attributes & ~A_DIM) | A_REVERSE;
	(void)attr_set(attributes, term->pairs[cell->style], NULL);
	(void)mvaddstr(y, x, cell->text);
}

void term_show(struct terminal *term, const struct cells *cells)
{
	if (!term->shown_valid || term->shown.width != cells->width ||
	    term->shown.height != cells->height) {
		cells_finish(&term->shown);
		if (cells_init(&term->shown, cells->width, cells->height, cells->ascii) < 0)
			return;
		(void)erase();
		term->shown_valid = true;
	}
	for (int y = 0; y < cells->height; y++) {
		for (int x = 0; x < cells->width; x++) {
			const size_t i = (size_t)y * (size_t)cells->width + (size_t)x;

			if (memcmp(&cells->grid[i], &term->shown.grid[i], sizeof(*cells->grid)) ==
			    0)
				continue;
			term->shown.grid[i] = cells->grid[i];
			if (cells->grid[i].width > 0)
				show_cell(term, &cells->grid[i], x, y);
		}
	}
	(void)curs_set(cells->cursor_x >= 0 ? 1 : 0);
	(void)move(cells->cursor_y >= 0 ? cells->cursor_y : cells->height - 1,
		   cells->cursor_x >= 0 ? cells->cursor_x : cells->width - 1);
	(void)refresh();
}

static int32_t from_curses(wint_t code)
{
	switch (code) {
	case KEY_UP:
		return TUI_KEY_UP;
	case KEY_DOWN:
		return TUI_KEY_DOWN;
	case KEY_LEFT:
		return TUI_KEY_LEFT;
	case KEY_RIGHT:
		return TUI_KEY_RIGHT;
	case KEY_HOME:
		return TUI_KEY_HOME;
	case KEY_END:
		return TUI_KEY_END;
	case KEY_PPAGE:
		return TUI_KEY_PAGE_UP;
	case KEY_NPAGE:
		return TUI_KEY_PAGE_DOWN;
	case KEY_DC:
		return TUI_KEY_DELETE;
	case KEY_BTAB:
		return TUI_KEY_BACK_TAB;
	case KEY_ENTER:
		return TUI_KEY_ENTER;
	case KEY_BACKSPACE:
		return TUI_KEY_BACKSPACE;
	case KEY_MOUSE:
		return TUI_KEY_MOUSE;
	case KEY_F(1):
		return TUI_KEY_HELP;
	case KEY_F(4):
		return TUI_KEY_FILTER;
	default: /* ncurses knows hundreds */
		return 0;
	}
}

int32_t term_key(struct terminal *term)
{
	(void)term;
	for (;;) {
		wint_t code = 0;
		const int kind = get_wch(&code);
		int32_t key = 0;

		if (kind == ERR)
			return TUI_KEY_NONE;
		if (kind == KEY_CODE_YES)
			key = from_curses(code);
		else if (code == '\n')
			key = TUI_KEY_ENTER;
		else if (code == '\b')
			key = TUI_KEY_BACKSPACE;
		else
			key = (int32_t)code;
		if (key != 0)
			return key;
	}
}

/* --- the mouse */

void term_use_mouse(struct terminal *term, bool use)
{
	const mmask_t wanted =
		BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED;

	if (term->mouse == use)
		return;
	term->mouse = use;
	/* A press is told at once, not after a while in which it might become a click. */
	(void)mouseinterval(0);
	(void)mousemask(use ? wanted : 0, NULL);
}

static bool meaning_of(mmask_t state, enum tui_mouse *ret)
{
	if (state & (BUTTON1_PRESSED | BUTTON1_CLICKED))
		*ret = TUI_MOUSE_CLICK;
	else if (state & BUTTON4_PRESSED)
		*ret = TUI_MOUSE_UP;
	else if (state & BUTTON5_PRESSED)
		*ret = TUI_MOUSE_DOWN;
	else
		return false;
	return true;
}

/* ncurses takes in all that came at once, and gives the latest first. */
static void take_events(struct terminal *term)
{
	MEVENT event;

	while (term->event_count < EVENTS_MAX && getmouse(&event) == OK) {
		struct mouse_event *to = &term->events[term->event_count];

		if (!meaning_of(event.bstate, &to->what))
			continue;
		to->x = event.x;
		to->y = event.y;
		term->event_count++;
	}
}

bool term_mouse(struct terminal *term, enum tui_mouse *ret_what, int *ret_x, int *ret_y)
{
	const struct mouse_event *oldest;

	if (term->event_count == 0)
		take_events(term);
	if (term->event_count == 0)
		return false;
	oldest = &term->events[--term->event_count];
	*ret_what = oldest->what;
	*ret_x = oldest->x;
	*ret_y = oldest->y;
	return true;
}

/* --- the clipboard */

/* terminfo's extended "Ms" says that the terminal takes OSC 52.  These do, and have no entry of
 * it, or one under a name that this machine's terminfo may map to a lesser terminal. */
static bool takes_copies(void)
{
	static const char *const known[] = {"xterm",   "tmux",	  "foot", "alacritty", "kitty",
					    "wezterm", "contour", "st-",  "ghostty",   "rio"};
	const char *name = getenv("TERM");

	if (term_capability("Ms")[0] != '\0')
		return true;
	for (size_t i = 0; name && i < sizeof(known) / sizeof(known[0]); i++) {
		if (starts_with(name, known[i]))
			return true;
	}
	return false;
}

static size_t base64(const char *text, char *buf, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const size_t len = strlen(text);
	size_t made = 0;

	for (size_t i = 0; i < len && made + 4 < size; i += 3) {
		const size_t left = len - i < 3 ? len - i : 3;
		uint32_t bits = 0;

		for (size_t j = 0; j < 3; j++)
			bits |= j < left ? (uint32_t)(unsigned char)text[i + j] << (16 - 8 * j) : 0;
		for (size_t j = 0; j < 4; j++)
			buf[made++] = j <= left ? digits[bits >> (18 - 6 * j) & 0x3f] : '=';
	}
	buf[made] = '\0';
	return made;
}

bool term_copy(struct terminal *term, const char *text)
{
	char coded[4096];

	(void)term;
	if (!takes_copies())
		return false;
	(void)base64(text, coded, sizeof(coded));
	(void)fprintf(stdout, "\033]52;c;%s\a", coded);
	return fflush(stdout) == 0;
}

/* --- suspended */

void term_leave(struct terminal *term)
{
	(void)term;
	leave_screen();
}

void term_enter(struct terminal *term)
{
	(void)refresh();
	set_modes();
	term_redraw(term);
}

/* SIGTSTP stops this process while the kernel's default acts on it; the shell goes on. */
void term_suspend(struct terminal *term)
{
	struct sigaction standard = {.sa_handler = SIG_DFL}, old;
	sigset_t stop, before;

	if (term)
		term_leave(term);
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTSTP);
	(void)sigaction(SIGTSTP, &standard, &old);
	(void)kill(getpid(), SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &stop, &before);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)sigaction(SIGTSTP, &old, NULL);
	if (term)
		term_enter(term);
}
