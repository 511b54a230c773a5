/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The views: each draws a structure that says all that it shows into cells, and
 * nothing else - no clock, no terminal, no device - so that a test can put any
 * state on any screen.
 */
#ifndef OTABENCH_VIEW_VIEW_H
#define OTABENCH_VIEW_VIEW_H

#include "image/lint.h"
#include "core/session.h"
#include "host/effective.h"
#include "host/metrics.h"
#include "profile/profile.h"
#include "host/scan.h"
#include "transport/transport.h"
#include "view/cells.h"
#include "view/keys.h"
#include "view/loglist.h"
#include "view/plot.h"

#define VIEW_TEXT 256u

/* --- what surrounds a view */

struct view_frame {
	enum view view;
	const char *title; /* instead of tabs, where there is one view alone; NULL: tabs */
	const char *source; /* right of the tabs: "hci0", "virtual ESP32s" */
	enum cells_style source_style;
	const char *message; /* "" none */
	enum cells_style message_style;
	const char *prompt; /* NULL: no input under way; else the label before input */
	const char *input;
	size_t input_cursor; /* bytes of input before the cursor */
	const char *keys; /* "Enter connect  / search": the word before a blank is a key */
};
/* tabs, message or prompt, keys; the body is left alone. */
void view_frame_draw(const struct view_frame *frame, struct cells *cells);
/* Returns the tab or the key at column x of a screen of this width; VIEWS or TUI_KEY_NONE: there
 * is none. */
enum view view_frame_tab_at(enum view open, int width, int x);
int32_t view_frame_key_at(const char *keys, int width, int x);

/* --- Scan */

/* The column by which rows are sorted. */
enum view_scan_sort {
	VIEW_SORT_SEEN_FIRST,
	VIEW_SORT_RSSI, /* the strongest first */
	VIEW_SORT_NAME,
	VIEW_SORT_ADDRESS,
	VIEW_SORT_OTA,
	VIEW_SORT_FIRMWARE,
	VIEW_SORT_AGE, /* heard last first */
	VIEW_SORT_STATE,
	VIEW_SORTS
};
const char *view_scan_sort_name(enum view_scan_sort sort);

/* Facts that a device told over a link. */
struct view_known {
	char address[SCAN_ADDRESS_SIZE];
	enum dialect_id dialect; /* UNKNOWN: it was not asked */
	bool no_service; /* it has none that otabench speaks */
	char version[SESSION_TEXT];
	enum session_outcome outcome; /* of the last update; NO_OUTCOME: none */
	uint32_t percent; /* how far it came */
};

#define VIEW_MARKS_MAX 32u
/* Devices that are shown first, whatever the filter says. */
struct view_scan_marks {
	char addresses[VIEW_MARKS_MAX][SCAN_ADDRESS_SIZE];
	size_t count;
};
bool view_scan_marked(const struct view_scan_marks *marks, const char *address);
/* Marks it, or takes the mark away; the oldest of too many goes. */
void view_scan_mark(struct view_scan_marks *marks, const char *address);

struct view_scan {
	const struct scan *scan;
	const struct view_known *known;
	size_t known_count;
	const uint16_t *order; /* indices into scan->devices, in the order of the rows */
	size_t count;
	size_t selected; /* row */
	const char *filter, *search; /* "" none */
	const struct view_scan_marks *marks; /* or NULL */
	const char *last; /* how the last update ended, where it failed; "" */
	const char *busy; /* address of the device under way; "" none */
	const char *busy_text; /* "sending 54%"; where that has no room, what follows its blank */
	enum view_scan_sort sort;
	bool reversed;
	bool scanning, frozen;
	uint64_t now_us, since_us; /* scanning since */
};
/* The filter and the order of the devices that are shown. */
struct view_scan_order {
	const struct scan *scan;
	const struct view_known *known;
	size_t known_count;
	const struct view_scan_marks *marks; /* or NULL */
	const char *filter; /* "" none */
	enum view_scan_sort sort;
	bool reversed; /* what is unknown comes last all the same */
	bool frozen; /* rows stay where they are, new devices come last */
};
/* Writes up to SCAN_DEVICES_MAX indices, of which count are in order already (0: sort afresh);
 * returns how many. */
size_t view_scan_order(const struct view_scan_order *by, uint16_t *order, size_t count);
/* The words of the columns OTA and STATE; their colours. */
const char *view_scan_ota(const struct scan_device *device, const struct view_known *known,
			  enum cells_style *ret_style);
const char *view_scan_outcome(enum session_outcome outcome, enum cells_style *ret_style);
/* The order of the column whose head is at a cell of the area; VIEW_SORTS: no head is. */
enum view_scan_sort view_scan_sort_at(struct area area, int x, int y);
/*
 * A filter is terms with blanks between them that must all hold: "ota", "rssi>-80",
 * "rssi<-60", else a part of the name or address; "!" before a term turns it round.
 */
bool view_scan_passes(const struct scan_device *device, const char *filter);
/* Returns the filter's mistake in words; NULL: it has none. */
const char *view_scan_filter_error(const char *filter);
/* The row at a line of the area; count where there is none. */
size_t view_scan_row_at(struct area area, size_t count, size_t selected, int line);
void view_scan_draw(const struct view_scan *v, struct cells *cells, struct area area);

/* --- Device: the dashboard */

struct view_device {
	bool chosen; /* a device was chosen at all */
	const char *name, *address; /* safe to print */
	const char *profile; /* its name */
	const char *image; /* "gw-app 1.5.0"; "" none chosen */
	bool linked;
	uint64_t linked_us; /* for so long */
	struct transport_link link;
	const int32_t *rssi; /* PLOT_NONE where unknown; newest last */
	size_t rssi_count;
	bool scanning; /* the device is looked for; state says nothing yet */
	bool run; /* a session is or was there: what follows says something */
	enum session_goal goal;
	enum session_state state;
	enum session_state stage; /* the last one on the way to DONE; IDLE: none yet */
	uint32_t seen; /* 1u << enum session_state: those that this run was in */
	enum session_outcome outcome;
	uint64_t in_state_us;
	uint64_t elapsed_us; /* since the run began, or how long it took */
	uint32_t goodput; /* bytes per second, once it has ended; 0 unknown */
	uint16_t mtu, chunk;
	const char *chunk_why;
	enum gatt_write mode;
	uint32_t window, pacing_us;
	uint32_t ceiling; /* bytes per second that the link allows; 0 unknown */
	uint32_t link_best, flash; /* the link with the best settings, the flash; 0 unknown */
	const char *stream; /* kind of what is sent in place of the image; NULL: the image itself */
	uint32_t air_size; /* bytes of that stream */
	uint32_t total; /* bytes of the image */
	const uint64_t *time; /* BUDGET_TRANSFER_SHARES, microseconds; NULL: not known */
	const char *limit; /* what limited it, once it has ended; NULL or "": not known */
	const char *advice; /* what to change; likewise */
	const struct session_stats *stats;
	const struct metrics *metrics;
	const char *wait; /* why it does not go on; "" it does, or is over */
	enum cells_style wait_style;
	enum dialect_id dialect;
	const char *version; /* of the running firmware; "" unknown */
	bool on_trial; /* it is, where a dialect without Info tells so */
	const char *chip; /* "" unknown */
	/* The device's last report; NULL: there was none. */
	const struct ota_info *info;
	const struct ota_status *status;
	uint32_t partial_size; /* bytes of the image that status is about; 0 unknown */
	const struct loglist *log;
	const char *log_title; /* "Control", "Calls" */
	enum plot_tier tier;
};
void view_device_draw(const struct view_device *v, struct cells *cells, struct area area);
/* The device's own facts, after it was asked (view_facts.c); returns the rows drawn: 0
 * where another run is shown, or nothing was told. */
int view_facts_draw(const struct view_device *v, struct cells *cells, struct area area);
/* The transfer's time, and what limits it (view_budget.c), in the area's first rows;
 * returns the rows drawn: 0 where it is narrower than this, or nothing is known. */
#define VIEW_BUDGET_W 60
/*
 * The bar of the time's parts, in one row, and the verdict in at most two; the verdict returns the
 * rows drawn.
 */
void view_budget_bar(const uint64_t *time, struct cells *cells, struct area area);
int view_budget_verdict(const char *limit, struct cells *cells, struct area area);
int view_budget_draw(const struct view_device *v, struct cells *cells, struct area area);
/* The run's condition in one word, its colour, and the chain of states (view_strip.c). */
const char *view_condition(const struct view_device *v);
enum cells_style view_state_style(const struct view_device *v);
/* The signal and its trend; the link's parameters (view_link.c). */
void view_radio_draw(const struct view_device *v, struct cells *cells, struct area area);
void view_link_draw(const struct view_device *v, struct cells *cells, struct area area);
void view_strip_draw(const struct view_device *v, struct cells *cells, struct area area);
/* The graph of the rate, with stalls, retries and changes marked; nothing before a transfer. */
void view_graph_draw(const struct view_device *v, struct cells *cells, struct area area);

/* --- Image */

struct view_image {
	const char *path; /* safe to print; "" none chosen */
	const char *error; /* why it could not be read; "" it could */
	const struct image *image;
	const struct lint_report *report;
	bool refused;
	const char *estimate; /* "0:50 (last 5 runs)  at least 0:24 (49 kB/s)"; "" unknown */
	const char *device; /* "esp-gw-07 runs 1.4.2: upgrade"; "" nothing known */
	enum cells_style device_style;
	size_t scroll; /* lines of the checks to skip */
};
enum cells_style view_severity_style(enum lint_severity severity);
void view_image_draw(const struct view_image *v, struct cells *cells, struct area area);

/* --- Profile */

struct view_profile {
	const struct profile *profile;
	const struct profile *saved; /* as the file has it, for what changed */
	const char *path;
	const struct effective *in_force; /* PROFILE_KEYS of them */
	const struct setting_errors *errors; /* of the file as it is on the disk; NULL: none */
	const char *ceiling; /* what the link allows at most, with what it rests on; "" unknown */
	const char *what_if; /* the rate that these values would give; "" unknown */
	const char *best; /* the best that is known of this device; "" nothing */
	size_t selected;
};
void view_profile_draw(const struct view_profile *v, struct cells *cells, struct area area);

/* --- over a view */

/* One entry of a menu; its letter chooses it. */
struct view_choice {
	char key;
	const char *title;
	const char *effect; /* what it will do */
	const char *command; /* the equivalent command line */
	bool possible;
};
struct view_menu {
	const char *title;
	enum cells_style what; /* of the first fact */
	const char *facts[8]; /* lines above the choices; NULL ends */
	const struct view_choice *choices;
	size_t count, selected;
};
/* The choice of a letter; count: it is none of theirs. */
size_t view_menu_of(const struct view_choice *choices, size_t count, int32_t key);
/* The choice at a cell of the screen; count where there is none. */
size_t view_menu_at(const struct view_menu *v, struct area area, int x, int y);
void view_menu_draw(const struct view_menu *v, struct cells *cells, struct area area);
/* The keys of a view, or of what is open over it.  search: rows that hold it stand out; "" none. */
void view_help_draw(enum keys_place place, size_t scroll, const char *search, struct cells *cells,
		    struct area area);
/* The next row after from that holds the text, or with a negative direction the one before, round
 * the ends; SIZE_MAX: none does, or from: before the first one. */
size_t view_help_find(enum keys_place place, const char *search, size_t from, int direction,
		      struct area area);
/* The greatest scroll of view_help_draw(): there its last line is in the last row. */
size_t view_help_end(enum keys_place place, struct area area);

/* A list to choose from, or lines to read, in a frame over the view. */
struct view_row {
	const char *left, *right; /* right "": left has the whole row */
	enum cells_style style;
};
struct view_panel {
	const char *title;
	const char *empty; /* what to say where there is no row */
	const struct view_row *rows;
	size_t count;
	size_t selected; /* the row that Enter chooses; with !choose the first one shown */
	bool choose;
};
void view_panel_draw(const struct view_panel *v, struct cells *cells, struct area area);
/* The greatest selected: the last row, or with !choose, where that is in the last line. */
size_t view_panel_end(const struct view_panel *v, struct area area);

/* "0:27", "1:02:03". */
char *view_duration(uint64_t us, char *buf, size_t size);

#endif
