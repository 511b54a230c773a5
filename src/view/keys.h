/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every key and every ":" command of the workbench: what it does, where, and the
 * words for it.  The last line, help, the mouse on the last line, completion and
 * the lists in docs/ are made from this table, and keys act through it.
 */
#ifndef OTABENCH_VIEW_KEYS_H
#define OTABENCH_VIEW_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
/* The views: enumerator, the name of its operations, its tab, its tab in a narrow terminal. */
#define VIEW_EACH(row) \
	row(SCAN, scan, "Scan", "Scan") \
	row(DEVICE, device, "Device", "Dev") \
	row(PROFILE, profile, "Profile", "Prof") \
	row(IMAGE, image, "Image", "Img") \
	row(HISTORY, history, "History", "Hist")
/* clang-format on */

#define VIEW_ENUMERATOR(upper, lower, name, tab) VIEW_##upper,
enum view { VIEW_EACH(VIEW_ENUMERATOR) VIEWS };
const char *view_name(enum view view);
const char *view_tab(enum view view);

#define PLACE_ENUMERATOR(upper, lower, name, tab) PLACE_##upper,
/* A key's place: one view, all views, or a modal over a view. */
enum keys_place {
	VIEW_EACH(PLACE_ENUMERATOR) PLACE_REPLAY, /* a recording, which has no device */
	PLACE_COMMON,
	PLACE_BENCH,
	PLACE_SWEEP,
	PLACE_SERVE, /* the screen of otabench serve */
	PLACE_PANEL,
	PLACE_MENU,
	PLACE_HELP,
	PLACE_CONFIRM,
	PLACE_PROMPT,
	PLACES
};
const char *keys_place_name(enum keys_place place);

/* clang-format off */
enum action {
	ACTION_NONE,
	/* moving, which means the same everywhere */
	ACTION_DOWN, ACTION_UP, ACTION_FIRST, ACTION_LAST, ACTION_PAGE_DOWN, ACTION_PAGE_UP,
	/* the program; LEAVE is BACK, and out where there is no way back */
	ACTION_VIEW, ACTION_NEXT_VIEW, ACTION_PREVIOUS_VIEW, ACTION_BACK, ACTION_LEAVE,
	ACTION_QUIT, ACTION_COMMAND, ACTION_HELP, ACTION_COMMANDS, ACTION_INTERRUPT,
	ACTION_REDRAW, ACTION_SUSPEND, ACTION_MOUSE, ACTION_GRAPH,
	/* what several views have */
	ACTION_ENTER, ACTION_MARK, ACTION_FREEZE, ACTION_SEARCH, ACTION_SEARCH_NEXT,
	ACTION_SEARCH_PREVIOUS, ACTION_FILTER, ACTION_COPY, ACTION_EXPORT, ACTION_COMPARE,
	/* the list of devices */
	ACTION_SORT, ACTION_SHOW_SCAN, ACTION_CONNECT,
	/* a device */
	ACTION_SHOW_DEVICE, ACTION_UPLOAD, ACTION_PAUSE, ACTION_CANCEL, ACTION_RECOVER,
	ACTION_LOOK, ACTION_STATUS, ACTION_RESUME, ACTION_ABORT, ACTION_CONFIRM,
	ACTION_ROLLBACK, ACTION_REBOOT, ACTION_PREPARE,
	ACTION_DISCONNECT, ACTION_FORGET, ACTION_POWER_CYCLE, ACTION_BUNDLE, ACTION_DOCTOR,
	ACTION_BENCH, ACTION_RUNS_LESS, ACTION_RUNS_MORE, ACTION_WARM_UP,
	ACTION_SWEEP, ACTION_OBJECTIVE, ACTION_ANEW,
	ACTION_PACING_LESS, ACTION_PACING_MORE, ACTION_MODE, ACTION_CHUNK_LESS, ACTION_CHUNK_MORE,
	ACTION_WINDOW_LESS, ACTION_WINDOW_MORE,
	/* the logs */
	ACTION_CALLS, ACTION_FOLD, ACTION_BOOKMARK, ACTION_BOOKMARK_BEFORE, ACTION_BOOKMARK_AFTER,
	/* the profile */
	ACTION_PROFILE, ACTION_SET, ACTION_DEFAULT, ACTION_UNDO, ACTION_REDO, ACTION_DIFF,
	ACTION_EDIT, ACTION_WRITE, ACTION_WRITE_AS, ACTION_LOAD,
	/* the image */
	ACTION_OPEN,
	/* the history */
	ACTION_HISTORY, ACTION_TREND, ACTION_RERUN, ACTION_DELETE,
	/* a recording */
	ACTION_PLAY, ACTION_SLOWER, ACTION_FASTER, ACTION_REAL_TIME, ACTION_STEP,
	ACTION_STEP_BACK, ACTION_SECONDS_BACK, ACTION_SECONDS_ON, ACTION_BEGINNING, ACTION_END,
	ACTION_MARK_BEFORE, ACTION_MARK_AFTER, ACTION_RUN_BEFORE, ACTION_RUN_AFTER,
	/* what befalls the device of otabench serve */
	ACTION_DROP_LINK, ACTION_HANG_UP, ACTION_RESET, ACTION_POWER_CUT, ACTION_BLOCK,
	ACTION_SLOW_ERASE, ACTION_NO_BOOT,
	/* over a view; CHOOSE is the entry of the key pressed */
	ACTION_CLOSE, ACTION_CHOOSE, ACTION_TYPE, ACTION_YES, ACTION_NO, ACTION_COMPLETE, ACTIONS
};
/* clang-format on */

/* Conditions that choose the last line's entries: bits beside those of places. */
#define KEYS_IN(place) (1u << (unsigned int)(place))
#define KEYS_IDLE (1u << 16) /* no job runs */
#define KEYS_RUNS (1u << 17) /* one does ... */
#define KEYS_HELD (1u << 18) /* one does, but the operator holds it */
#define KEYS_LIST (1u << 19) /* the list, nothing opened from it */
#define KEYS_ROWS (1u << 23) /* rows to choose from */
#define KEYS_IMAGE (1u << 24) /* an image is open */
#define KEYS_TEXT (1u << 20) /* lines to read */
#define KEYS_TAB (1u << 21) /* Tab completes what is typed */
#define KEYS_RECORDED (1u << 25) /* a recorded run is selected, or open */
#define KEYS_TYPE (1u << 22) /* what is chosen, or looked for, may be typed */

#define KEYS_ACTIONS 6u
#define KEYS_HINTS 5u
struct keys_row {
	enum keys_place where;
	/* Names with a blank between; "a|b" do the same.  "": a command, or an explanation. */
	const char *keys;
	enum action actions[KEYS_ACTIONS]; /* of each in turn, or of all where it is one */
	const char *label; /* the keys as lists show them; NULL: keys will do */
	const char *words; /* what they do */
	/* Entries of the last line; the first one counts of which every bit of when holds. */
	struct keys_hint {
		const char *text; /* begins with keys of the row */
		unsigned int when;
	} hints[KEYS_HINTS];
	const char *command, *argument; /* after ":", for the first action; NULL none */
	bool over; /* applies to a menu or panel open over a view, too */
	bool reads; /* needs no device: applies to a recording, too */
};
extern const struct keys_row keys_rows[];
extern const size_t keys_row_count;

/* Returns the action of a key at a place; NONE: it has none. */
enum action keys_action(enum keys_place place, int32_t key);
/* The same in a recording, where the view that is open has moves and keys that read. */
enum action keys_replay_action(enum view view, int32_t key);
/* The entries of the last line, two blanks between; now: KEYS_* that hold.  Returns buf. */
const char *keys_footer(enum keys_place place, unsigned int now, char *buf, size_t size);
/* The row's keys as lists show them. */
const char *keys_label(const struct keys_row *row, char *buf, size_t size);
#define KEYS_COMMANDS_MAX 48u
/* The rows with a command, by its name; returns how many. */
size_t keys_commands(const struct keys_row *ret[KEYS_COMMANDS_MAX]);
/* The row of the command of that name; NULL: there is none. */
const struct keys_row *keys_command(const char *name);

#endif
