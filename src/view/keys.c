/* SPDX-License-Identifier: Apache-2.0 */
/* See keys.h. */
#include "view/keys.h"

#include "view/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define HINT(text) .hints = {{(text), 0}}
#define HINT_WHEN(text, condition) .hints = {{(text), (condition)}}
#define NO_HINT .hints = {{NULL, 0}}
#define NOTE(place, text) {.where = (place), .keys = "", .words = (text)}
#define COMMAND(name, args, does, text) \
	{.where = PLACE_COMMON, .keys = "", .actions = {does}, .words = (text), \
	 .command = (name), .argument = (args)}

/* Help has the rows in this order, and so has the last line. */
const struct keys_row keys_rows[] = {
	{PLACE_SCAN, "Enter", {ACTION_ENTER}, NULL,
	 "choose this device, connect and ask what it runs", HINT("Enter connect")},
	{PLACE_SCAN, "u", {ACTION_UPLOAD}, NULL,
	 "connect to this device and upload the chosen image (asks)",
	 HINT_WHEN("u upload", KEYS_IMAGE)},
	{PLACE_SCAN, "R", {ACTION_RECOVER}, NULL,
	 "recover: what happened to this device, and the actions that fit", HINT("R recover")},
	{PLACE_SCAN, "/ n N", {ACTION_SEARCH, ACTION_SEARCH_NEXT, ACTION_SEARCH_PREVIOUS}, "/  n N",
	 "search in names and addresses; next, previous", HINT("/ search")},
	{PLACE_SCAN, "\\|F4", {ACTION_FILTER}, "\\",
	 "filter, terms that must all hold: ota  rssi>-80  part of a name  !term",
	 HINT("\\ filter")},
	{PLACE_SCAN, "s", {ACTION_SORT}, NULL,
	 "sort: as found, then by each column; a click on its head does so, again reverses",
	 HINT("s sort")},
	{PLACE_SCAN, "Z", {ACTION_FREEZE}, NULL,
	 "freeze the order, new rows come last; Z again: sort as they change", NO_HINT},
	{PLACE_SCAN, "Space", {ACTION_MARK}, NULL,
	 "mark: sorted first, passes every filter", HINT("Space mark")},
	NOTE(PLACE_SCAN, "OTA: the dialect; maybe, other: the service is shared, Enter asks; - none"),

	{PLACE_DEVICE, "u", {ACTION_UPLOAD}, NULL, "upload the chosen image (asks)",
	 HINT_WHEN("u upload", KEYS_IDLE), .command = "flash", .argument = "[IMAGE]"},
	{PLACE_DEVICE, "p", {ACTION_PAUSE}, NULL, "pause, continue",
	 .hints = {{"p continue", KEYS_HELD}, {"p pause", KEYS_RUNS}}, .command = "pause"},
	{PLACE_DEVICE, "x", {ACTION_CANCEL}, NULL,
	 "cancel: the device becomes idle, its firmware stays (asks)",
	 HINT_WHEN("x cancel", KEYS_RUNS), .command = "cancel"},
	{PLACE_DEVICE, "R", {ACTION_RECOVER}, NULL,
	 "recover: what happened, and the actions that fit", HINT_WHEN("R recover", KEYS_IDLE),
	 .command = "recover"},
	{PLACE_DEVICE, "[ ]", {ACTION_PACING_LESS, ACTION_PACING_MORE}, NULL,
	 "pacing: less, more time between values; in force at once",
	 HINT_WHEN("[ ] pacing", KEYS_RUNS)},
	{PLACE_DEVICE, "m", {ACTION_MODE}, NULL, "write mode: request, command; in force at once",
	 HINT_WHEN("m mode", KEYS_RUNS)},
	{PLACE_DEVICE, "- +", {ACTION_CHUNK_LESS, ACTION_CHUNK_MORE}, NULL,
	 "chunk: smaller at once, larger with the next upload", HINT_WHEN("- + chunk", KEYS_RUNS)},
	{PLACE_DEVICE, "{ }", {ACTION_WINDOW_LESS, ACTION_WINDOW_MORE}, NULL,
	 "window: half, double; in force at once", HINT_WHEN("{ } window", KEYS_RUNS)},
	{PLACE_DEVICE, "B", {ACTION_BENCH}, NULL,
	 "bench: measure link, flash or whole updates several times", NO_HINT,
	 .command = "bench"},
	{PLACE_DEVICE, "S", {ACTION_SWEEP}, NULL,
	 "sweep: find the best settings for this device by measuring", NO_HINT,
	 .command = "sweep"},
	{PLACE_DEVICE, "c", {ACTION_LOOK}, NULL, "connect and ask the device what it runs",
	 HINT_WHEN("c look again", KEYS_IDLE), .command = "info"},
	{PLACE_DEVICE, "T", {ACTION_GRAPH}, NULL,
	 "graph of braille, blocks or ASCII; dotted: the link's ceiling", NO_HINT,
	 .reads = true},
	{PLACE_DEVICE, "Z", {ACTION_FREEZE}, "PgUp PgDn",
	 "scroll the log, the selected line in full; End or Z follows again", NO_HINT,
	 .reads = true},
	{PLACE_DEVICE, "@", {ACTION_CALLS}, NULL,
	 "switch between the Control log and the stack log",
	 HINT_WHEN("@ calls", KEYS_IDLE), .reads = true},
	{PLACE_DEVICE, "f", {ACTION_FOLD}, NULL,
	 "each ACK, PROGRESS, TELEMETRY and TIMES in the log, or the newest alone", NO_HINT,
	 .reads = true},
	{PLACE_DEVICE, "/ n N", {ACTION_SEARCH, ACTION_SEARCH_NEXT, ACTION_SEARCH_PREVIOUS},
	 "/  n N", "search the log; older, newer", NO_HINT, .reads = true},
	{PLACE_DEVICE, "\\|F4", {ACTION_FILTER}, "\\",
	 "filter the log, terms that must all hold: part of a line  !term  > < * ! ~",
	 NO_HINT, .reads = true},
	{PLACE_DEVICE, "b ' \"", {ACTION_BOOKMARK, ACTION_BOOKMARK_BEFORE, ACTION_BOOKMARK_AFTER},
	 "b  ' \"", "bookmark the line; go to the previous, next bookmark", NO_HINT, .reads = true},
	{PLACE_DEVICE, "y", {ACTION_COPY}, NULL, "copy the line to the terminal's clipboard",
	 NO_HINT, .reads = true},
	{PLACE_DEVICE, "E", {ACTION_EXPORT}, NULL, "write both logs to a file, with all bytes",
	 HINT_WHEN("E export", KEYS_IDLE), .command = "export", .argument = "[FILE]",
	 .reads = true},
	NOTE(PLACE_DEVICE, "in the log: > sent  < received  * state  ! event  ~ tuned by you"),
	NOTE(PLACE_DEVICE, "filtered: !ACK !~ leaves out ACKs and tuning, <! has two kinds alone"),
	NOTE(PLACE_DEVICE, "below the graph: S stall  R retry  r resumed  g gap  ~ tuned"),
	NOTE(PLACE_DEVICE, "q/rcvd/fl: queued, received by the device, flushed to its flash"),

	{PLACE_PROFILE, "Enter", {ACTION_ENTER}, NULL,
	 "type a new value; a mistake shows what is expected", HINT("Enter edit")},
	{PLACE_PROFILE, "d", {ACTION_DEFAULT}, NULL, "reset to the default", HINT("d default")},
	{PLACE_PROFILE, "D", {ACTION_DIFF}, NULL, "differences from the file: keys, then lines",
	 HINT("D diff")},
	{PLACE_PROFILE, "e", {ACTION_EDIT}, NULL,
	 "open the file in $VISUAL or $EDITOR; it is read again afterwards", HINT("e $EDITOR")},
	{PLACE_PROFILE, "w", {ACTION_WRITE}, NULL,
	 "write the changed values, comments stay; asks for a name if it is built in",
	 HINT("w write"), .command = "write", .argument = "[NAME]"},
	{PLACE_PROFILE, "W", {ACTION_WRITE_AS}, NULL, "write as another NAME, or FILE.yaml",
	 HINT("W as")},
	{PLACE_PROFILE, "u Ctrl-R|U", {ACTION_UNDO, ACTION_REDO}, "u  Ctrl-R",
	 "undo, redo: step by step, whatever changed a value", HINT("u undo")},
	{PLACE_PROFILE, "L", {ACTION_LOAD}, NULL, "choose another profile; L again: type a path",
	 HINT("L load")},
	NOTE(PLACE_PROFILE, "IN FORCE, WHY: the value that the last run used, and the reason"),

	{PLACE_IMAGE, "o", {ACTION_OPEN}, NULL,
	 "open an image file: Tab completes, Up Down choose a recent one", HINT("o open"),
	 .command = "image", .argument = "[FILE]"},
	NOTE(PLACE_IMAGE, "a folder lists the images in it and in its build/"),
	{PLACE_IMAGE, "u", {ACTION_UPLOAD}, NULL, "upload it to the chosen device (asks)",
	 HINT("u upload")},
	{PLACE_IMAGE, "c", {ACTION_COMPARE}, NULL, "compare with the device's firmware",
	 HINT("c compare with device")},
	{PLACE_IMAGE, "y", {ACTION_COPY}, NULL, "copy the SHA-256 to the terminal's clipboard",
	 HINT("y copy sha")},
	NOTE(PLACE_IMAGE, "a changed file is read again at once"),

	{PLACE_HISTORY, "Enter", {ACTION_ENTER}, NULL,
	 "open the run: everything that is recorded; q closes it", HINT_WHEN("Enter open", KEYS_LIST)},
	{PLACE_HISTORY, "Space", {ACTION_MARK}, NULL, "mark a run; two of them can be compared",
	 HINT_WHEN("Space mark", KEYS_LIST)},
	{PLACE_HISTORY, "c", {ACTION_COMPARE}, NULL,
	 "compare the marked runs, or the marked with the selected; c closes it",
	 HINT_WHEN("c compare", KEYS_LIST)},
	{PLACE_HISTORY, "t", {ACTION_TREND}, NULL,
	 "trend of its device: runs over time, and what changed where they fell",
	 HINT("t trend"), .command = "trend", .argument = "[DEV]"},
	{PLACE_HISTORY, "r", {ACTION_RERUN}, NULL,
	 "run again: same device, image and profile, even if it is up to date (asks)",
	 HINT_WHEN("r run again", KEYS_RECORDED)},
	{PLACE_HISTORY, "E", {ACTION_EXPORT}, NULL, "export to a file: NAME.csv, NAME.ndjson",
	 HINT_WHEN("E export", KEYS_RECORDED)},
	{PLACE_HISTORY, "/ n N", {ACTION_SEARCH, ACTION_SEARCH_NEXT, ACTION_SEARCH_PREVIOUS},
	 "/  n N", "search in devices, profiles, versions and results; next, previous",
	 HINT_WHEN("/ search", KEYS_LIST)},
	{PLACE_HISTORY, "\\|F4", {ACTION_FILTER}, "\\",
	 "filter, terms that must all hold: a text  !term  sim  real  rate>90  possible<80  gaps>0",
	 HINT_WHEN("\\ filter", KEYS_LIST)},
	{PLACE_HISTORY, "s", {ACTION_SORT}, NULL,
	 "sort: by each column in turn; a click on its head does so, again reverses",
	 HINT_WHEN("s sort", KEYS_LIST)},
	{PLACE_HISTORY, "d", {ACTION_DELETE}, NULL, "delete the run (asks)",
	 HINT_WHEN("d delete", KEYS_RECORDED)},
	{PLACE_HISTORY, "T", {ACTION_GRAPH}, NULL, "graph of braille, blocks or ASCII", NO_HINT},
	NOTE(PLACE_HISTORY, "~ simulated   + values changed   STL stalls   RSSI median in dBm"),
	NOTE(PLACE_HISTORY, "%MAX: of what link at its best and flash can carry"),
	NOTE(PLACE_HISTORY, "below a run's graph: S stall  R retry  r resumed  g gap  ~ tuned"),

	NOTE(PLACE_REPLAY, "in a recording (otabench replay), which has no device:"),
	{PLACE_REPLAY, "Space|p", {ACTION_PLAY}, "Space p",
	 "pause, continue; at the end: play again", HINT_WHEN("Space pause", KEYS_IN(PLACE_DEVICE))},
	{PLACE_REPLAY, "-|< +|> =", {ACTION_SLOWER, ACTION_FASTER, ACTION_REAL_TIME}, "- +  < >",
	 "slower, faster: 0.25x to 64x, then without limit; = real time",
	 HINT_WHEN("+ - speed", KEYS_IN(PLACE_DEVICE))},
	{PLACE_REPLAY, ". ,", {ACTION_STEP, ACTION_STEP_BACK}, NULL, "one event forward, one back",
	 HINT_WHEN(". , step", KEYS_IN(PLACE_DEVICE))},
	{PLACE_REPLAY, "Home End Left Right",
	 {ACTION_BEGINNING, ACTION_END, ACTION_SECONDS_BACK, ACTION_SECONDS_ON}, "Left Right",
	 "5 s back, 5 s forward; Home, End: the start, the end",
	 HINT_WHEN("Home End", KEYS_IN(PLACE_DEVICE))},
	{PLACE_REPLAY, "{ }", {ACTION_MARK_BEFORE, ACTION_MARK_AFTER}, NULL,
	 "previous, next mark: states, stalls, retries, tuning",
	 HINT_WHEN("{ } marks", KEYS_IN(PLACE_DEVICE))},
	{PLACE_REPLAY, "( )", {ACTION_RUN_BEFORE, ACTION_RUN_AFTER}, NULL,
	 "previous, next run of the recording", NO_HINT},

	{PLACE_COMMON, "1|2|3|4|5 Tab BackTab",
	 {ACTION_VIEW, ACTION_NEXT_VIEW, ACTION_PREVIOUS_VIEW}, "1 - 5  Tab", "views", NO_HINT,
	 .reads = true},
	{PLACE_COMMON, "j|Down k|Up g|Home G|End PgDn|Ctrl-D PgUp|Ctrl-U",
	 {ACTION_DOWN, ACTION_UP, ACTION_FIRST, ACTION_LAST, ACTION_PAGE_DOWN, ACTION_PAGE_UP},
	 "j k  arrows", "move; g G first, last; PgUp PgDn by pages",
	 .hints = {{"j k move", KEYS_ROWS}, {"j k scroll", KEYS_TEXT}},
	 .over = true, .reads = true},
	{PLACE_COMMON, ":", {ACTION_COMMAND}, NULL,
	 "command line (Tab completes); :help lists the commands", NO_HINT},
	{PLACE_COMMON, "?|F1", {ACTION_HELP}, "?  F1", "this help; q or Esc closes it",
	 HINT("? help"), .reads = true},
	{PLACE_COMMON, "Ctrl-C", {ACTION_INTERRUPT}, NULL,
	 "offers to cancel an update; twice ends the program", NO_HINT, .over = true,
	 .reads = true},
	{PLACE_COMMON, "Ctrl-L", {ACTION_REDRAW}, NULL, "redraw the screen", NO_HINT,
	 .over = true, .reads = true},
	{PLACE_COMMON, "M", {ACTION_MOUSE}, NULL,
	 "mouse: click and scroll here, or select text in the terminal", NO_HINT, .reads = true},
	{PLACE_COMMON, "Ctrl-Z", {ACTION_SUSPEND}, NULL, "suspend; the transfer waits for fg",
	 NO_HINT, .over = true, .reads = true},
	{PLACE_COMMON, "q Esc", {ACTION_LEAVE, ACTION_BACK}, "q  Esc",
	 "back; in the list of devices q ends the program, Esc never does",
	 .hints = {{"q quit", KEYS_IN(PLACE_SCAN)},
		   {"q quit", KEYS_IN(PLACE_REPLAY) | KEYS_IN(PLACE_DEVICE)},
		   {"q back", KEYS_IN(PLACE_REPLAY)},
		   {"q back", KEYS_IN(PLACE_DEVICE) | KEYS_IDLE},
		   {"q back", KEYS_IN(PLACE_HISTORY) | KEYS_TEXT}},
	 .reads = true},

	COMMAND("abort", NULL, ACTION_ABORT, "drop the bytes that the device has received (asks)"),
	COMMAND("bundle", NULL, ACTION_BUNDLE, "write everything known about the run into a file"),
	COMMAND("confirm", NULL, ACTION_CONFIRM, "keep the image that runs on trial (asks)"),
	COMMAND("connect", "DEV", ACTION_CONNECT, "choose a device, connect and ask what it runs"),
	COMMAND("device", NULL, ACTION_SHOW_DEVICE, "show the dashboard"),
	COMMAND("disconnect", NULL, ACTION_DISCONNECT, "end this host's link to the device"),
	COMMAND("doctor", NULL, ACTION_DOCTOR, "check this computer's Bluetooth"),
	COMMAND("forget", NULL, ACTION_FORGET,
	 "delete the device's cached services and bond (asks)"),
	COMMAND("help", NULL, ACTION_COMMANDS, "list the commands"),
	COMMAND("history", "[RUN [RUN]]", ACTION_HISTORY,
	 "list the recorded runs; open one; compare two: 12, -1 the newest, last"),
	COMMAND("power-cycle", NULL, ACTION_POWER_CYCLE, "switch the adapter off and on (asks)"),
	COMMAND("prepare", NULL, ACTION_PREPARE,
	 "erase the device's other slot ahead of an update (asks)"),
	COMMAND("profile", "[NAME]", ACTION_PROFILE, "show the profile view, or load a profile"),
	COMMAND("quit", NULL, ACTION_QUIT, "end the program"),
	COMMAND("reboot", NULL, ACTION_REBOOT, "restart the device (asks)"),
	COMMAND("resume", NULL, ACTION_RESUME, "resume an interrupted update (asks)"),
	COMMAND("rollback", NULL, ACTION_ROLLBACK, "roll back to the image in the other slot (asks)"),
	COMMAND("scan", NULL, ACTION_SHOW_SCAN, "show the list of devices"),
	COMMAND("set", "KEY=VALUE", ACTION_SET,
	 "change a key of the profile; in force at once if possible"),
	COMMAND("status", NULL, ACTION_STATUS, "ask the device for the progress of its update"),

	{PLACE_BENCH, "Enter", {ACTION_ENTER}, NULL,
	 "start; asks where a slot is written", HINT_WHEN("Enter start", KEYS_IDLE)},
	{PLACE_BENCH, "Space", {ACTION_MARK}, NULL, "choose the part, or leave it out",
	 HINT_WHEN("Space choose", KEYS_IDLE)},
	{PLACE_BENCH, "- +|=", {ACTION_RUNS_LESS, ACTION_RUNS_MORE}, "- +",
	 "fewer runs of each part, more", HINT_WHEN("- + runs", KEYS_IDLE)},
	{PLACE_BENCH, "w", {ACTION_WARM_UP}, NULL,
	 "runs before these that do not count: none, 1, 2", HINT_WHEN("w warm-up", KEYS_IDLE)},
	{PLACE_BENCH, "x", {ACTION_CANCEL}, NULL, "cancel the run under way, and the bench",
	 HINT_WHEN("x cancel", KEYS_RUNS)},
	{PLACE_BENCH, "?|F1", {ACTION_HELP}, "?  F1", "this help; q or Esc closes it",
	 HINT("? help")},
	{PLACE_BENCH, "q|Esc|B", {ACTION_CLOSE}, "q  Esc", "close it; its runs go on",
	 HINT("q back")},

	{PLACE_SWEEP, "Enter", {ACTION_ENTER}, NULL,
	 "start, or go on where it was interrupted", HINT_WHEN("Enter start", KEYS_IDLE)},
	{PLACE_SWEEP, "o", {ACTION_OBJECTIVE}, NULL, "what is the best: fastest, no gaps, small window",
	 HINT_WHEN("o objective", KEYS_IDLE)},
	{PLACE_SWEEP, "r", {ACTION_ANEW}, NULL, "start anew: what was measured is dropped",
	 HINT_WHEN("r anew", KEYS_IDLE | KEYS_TEXT)},
	{PLACE_SWEEP, "x", {ACTION_CANCEL}, NULL, "interrupt it; what was measured is kept",
	 HINT_WHEN("x interrupt", KEYS_RUNS)},
	{PLACE_SWEEP, "?|F1", {ACTION_HELP}, "?  F1", "this help; q or Esc closes it",
	 HINT("? help")},
	{PLACE_SWEEP, "q|Esc|S", {ACTION_CLOSE}, "q  Esc", "close it; it goes on",
	 HINT("q back")},

	{PLACE_SERVE, "d", {ACTION_DROP_LINK}, NULL,
	 "drop the link: nothing is heard until its supervision timeout",
	 HINT_WHEN("d drop link", KEYS_RUNS)},
	{PLACE_SERVE, "h", {ACTION_HANG_UP}, NULL, "the device ends the link",
	 HINT_WHEN("h hang up", KEYS_RUNS)},
	{PLACE_SERVE, "r", {ACTION_RESET}, NULL, "reset the device, as its button does",
	 HINT_WHEN("r reset", KEYS_RUNS)},
	{PLACE_SERVE, "p", {ACTION_POWER_CUT}, NULL,
	 "cut the device's power during its next flash operation",
	 HINT_WHEN("p power cut", KEYS_RUNS)},
	{PLACE_SERVE, "b", {ACTION_BLOCK}, NULL,
	 "the device's Bluetooth task stands still for 2 s", NO_HINT},
	{PLACE_SERVE, "e", {ACTION_SLOW_ERASE}, NULL,
	 "the flash takes ten times as long for each erase from now on", NO_HINT},
	{PLACE_SERVE, "n", {ACTION_NO_BOOT}, NULL,
	 "the next new image does not come up, until it is rolled back", NO_HINT},
	{PLACE_SERVE, "f", {ACTION_FOLD}, NULL,
	 "each ACK, PROGRESS, TELEMETRY and TIMES in the log, or the newest alone", NO_HINT},
	{PLACE_SERVE, "E", {ACTION_EXPORT}, NULL,
	 "write the log to a new file, otabench-serve.log, with all bytes", NO_HINT},
	{PLACE_SERVE, "?|F1", {ACTION_HELP}, "?  F1", "this help; q or Esc closes it",
	 HINT("? help")},
	{PLACE_SERVE, "q", {ACTION_QUIT}, NULL, "end; asks while a client is connected",
	 HINT("q quit")},
	{PLACE_SERVE, "Ctrl-C", {ACTION_LEAVE}, NULL, "end at once", NO_HINT},
	NOTE(PLACE_SERVE, "in the log: > written or read  < notified  ! a rule broken, a link lost"),
	NOTE(PLACE_SERVE, "* the device or the connection changed  ~ caused by a key"),

	{PLACE_PANEL, "Enter", {ACTION_ENTER}, NULL, "choose the row",
	 HINT_WHEN("Enter choose", KEYS_ROWS)},
	{PLACE_PANEL, "L", {ACTION_TYPE}, NULL, "type a path that is not in the list",
	 HINT_WHEN("L type a path", KEYS_TYPE)},
	{PLACE_PANEL, "Space", {ACTION_PAGE_DOWN}, NULL, "ten rows down", NO_HINT},
	{PLACE_PANEL, "q|Esc|D", {ACTION_CLOSE}, "q  Esc", "close it", HINT("q back")},

	{PLACE_MENU, "Enter", {ACTION_ENTER}, NULL, "run the selected action; what changes the device asks first", HINT("Enter run")},
	{PLACE_MENU, "r|s|a|i|c|b|t|e|d|f|o|v|p|x", {ACTION_CHOOSE}, "a letter",
	 "run the action of this letter; what changes the device asks first", NO_HINT},
	{PLACE_MENU, "y", {ACTION_COPY}, NULL, "copy the equivalent command line",
	 HINT("y copy command")},
	{PLACE_MENU, "?|F1", {ACTION_HELP}, "?  F1", "this help; q or Esc closes it",
	 HINT("? help")},
	{PLACE_MENU, "q|Esc", {ACTION_CLOSE}, "q  Esc", "close it", HINT("q back")},

	{PLACE_HELP, "Space", {ACTION_PAGE_DOWN}, NULL, "one page down", NO_HINT},
	{PLACE_HELP, "/ n N", {ACTION_SEARCH, ACTION_SEARCH_NEXT, ACTION_SEARCH_PREVIOUS},
	 "/  n N", "search in help; next, previous", HINT_WHEN("/ search", KEYS_TYPE)},
	{PLACE_HELP, "q|Esc|?|F1", {ACTION_CLOSE}, "q  Esc", "close it", HINT("q close")},

	{PLACE_CONFIRM, "y|Y", {ACTION_YES}, "y", "do it", HINT("y yes")},
	{PLACE_CONFIRM, "n|N|q|Esc", {ACTION_NO}, "n", "do not", HINT("n no")},

	{PLACE_PROMPT, "Enter", {ACTION_ENTER}, NULL, "accept the text", HINT("Enter ok")},
	{PLACE_PROMPT, "Up Down", {ACTION_UP, ACTION_DOWN}, NULL,
	 "a row of the list; an earlier command, a later one",
	 HINT_WHEN("Up Down from the list", KEYS_LIST)},
	{PLACE_PROMPT, "Tab", {ACTION_COMPLETE}, NULL, "complete the text",
	 HINT_WHEN("Tab complete", KEYS_TAB)},
	{PLACE_PROMPT, "Esc|Ctrl-C", {ACTION_CLOSE}, "Esc", "cancel", HINT("Esc cancel")},
};
const size_t keys_row_count = sizeof(keys_rows) / sizeof(keys_rows[0]);
/* clang-format on */

static const struct {
	const char *name, *tab;
} views[VIEWS] = {
#define VIEW_NAMES(upper, lower, name, tab) {name, tab},
	VIEW_EACH(VIEW_NAMES)};

const char *view_name(enum view view)
{
	return view < VIEWS ? views[view].name : "";
}

const char *view_tab(enum view view)
{
	return view < VIEWS ? views[view].tab : "";
}

const char *keys_place_name(enum keys_place place)
{
	static const char *const names[PLACES] = {
		[PLACE_REPLAY] = "In a recording",    [PLACE_COMMON] = "In all views",
		[PLACE_BENCH] = "In the bench",	      [PLACE_SWEEP] = "In the sweep",
		[PLACE_SERVE] = "In otabench serve",  [PLACE_PANEL] = "In a list or text",
		[PLACE_MENU] = "In the recover menu", [PLACE_HELP] = "In help",
		[PLACE_CONFIRM] = "At a question",    [PLACE_PROMPT] = "In a line that is typed"};

	return names[place] ? names[place] : view_name((enum view)place);
}

/* The action of the key in the row; NONE: it is none of its keys. */
static enum action action_of(const struct keys_row *row, int32_t key)
{
	const char *at = row->keys;
	size_t group = 0;

	while (*at != '\0') {
		const size_t len = 1 + strcspn(at + 1, " |");

		if (key_by_name(at, len) == key)
			return row->actions[group] != ACTION_NONE ? row->actions[group]
								  : row->actions[0];
		at += len;
		group += *at == ' ';
		at += *at != '\0';
	}
	return ACTION_NONE;
}

static enum action keys_find(enum keys_place place, int32_t key, bool over, bool reads)
{
	for (size_t i = 0; i < keys_row_count; i++) {
		const struct keys_row *row = &keys_rows[i];
		enum action action;

		if (row->where != place || (over && !row->over) || (reads && !row->reads))
			continue;
		action = action_of(row, key);
		if (action != ACTION_NONE)
			return action;
	}
	return ACTION_NONE;
}

enum action keys_action(enum keys_place place, int32_t key)
{
	const enum action own = keys_find(place, key, false, false);

	if (own != ACTION_NONE || place == PLACE_PROMPT)
		return own;
	return keys_find(PLACE_COMMON, key, place > PLACE_COMMON, false);
}

enum action keys_replay_action(enum view view, int32_t key)
{
	enum action action = ACTION_NONE;

	/* On the dashboard Home and End are the recording's. */
	if (view != VIEW_DEVICE)
		action = keys_find(PLACE_COMMON, key, true, true);
	if (action == ACTION_NONE)
		action = keys_find(PLACE_REPLAY, key, false, false);
	if (action == ACTION_NONE)
		action = keys_find((enum keys_place)view, key, false, true);
	return action != ACTION_NONE ? action : keys_find(PLACE_COMMON, key, false, true);
}

static const char *hint_of(const struct keys_row *row, unsigned int now)
{
	for (size_t i = 0; i < KEYS_HINTS && row->hints[i].text; i++) {
		if ((row->hints[i].when & now) == row->hints[i].when)
			return row->hints[i].text;
	}
	return NULL;
}

const char *keys_footer(enum keys_place place, unsigned int now, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	now |= KEYS_IN(place);
	for (size_t i = 0; i < keys_row_count && len < size; i++) {
		const struct keys_row *row = &keys_rows[i];
		const bool common =
			row->where == PLACE_COMMON && (place < PLACE_COMMON || row->over);
		const char *hint = row->where == place || common ? hint_of(row, now) : NULL;

		if (hint)
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len > 0 ? "  " : "",
						hint);
	}
	return buf;
}

const char *keys_label(const struct keys_row *row, char *buf, size_t size)
{
	if (row->command && row->keys[0] == '\0')
		(void)snprintf(buf, size, ":%s%s%s", row->command, row->argument ? " " : "",
			       row->argument ? row->argument : "");
	else
		(void)snprintf(buf, size, "%s", row->label ? row->label : row->keys);
	return buf;
}

const struct keys_row *keys_command(const char *name)
{
	for (size_t i = 0; i < keys_row_count; i++) {
		if (keys_rows[i].command && strcmp(keys_rows[i].command, name) == 0)
			return &keys_rows[i];
	}
	return NULL;
}

static int by_command(const void *a, const void *b)
{
	return strcmp((*(const struct keys_row *const *)a)->command,
		      (*(const struct keys_row *const *)b)->command);
}

size_t keys_commands(const struct keys_row *ret[KEYS_COMMANDS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < keys_row_count && count < KEYS_COMMANDS_MAX; i++) {
		if (keys_rows[i].command)
			ret[count++] = &keys_rows[i];
	}
	qsort(ret, count, sizeof(struct keys_row *), by_command);
	return count;
}
