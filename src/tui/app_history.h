/* SPDX-License-Identifier: Apache-2.0 */
/* The History view: what is open in it. */
#ifndef OTABENCH_TUI_APP_HISTORY_H
#define OTABENCH_TUI_APP_HISTORY_H

#include "history/history.h"
#include "tui/app_core.h"
#include "view/view_history.h"

struct history_shown {
	struct history *store; /* NULL: not open */
	char error[512]; /* why; "" nothing was recorded yet */
	bool loaded;
	struct history_run *runs; /* as they are shown */
	size_t count;
	int64_t selected; /* number of a run; 0: the newest */
	int64_t marked[VIEW_MARKED_MAX];
	bool comparing, showing, trending; /* at most one fills the view */
	char device[SCAN_NAME_SIZE]; /* or address */
	struct history_trend trend; /* of that device */
	struct history_detail compare[2], shown;
	size_t scroll;
	enum view_history_sort sort;
	bool reversed;
	char search[64], filter[64];
	size_t hidden; /* runs that do not pass it */
	struct {
		char search[64];
		int64_t selected;
	} before; /* the search that is typed */
};

/* ":history 12" opens a run, ":history 12 9" compares. */
void app_history_show(struct app *app, const char *argument);

/* ":trend DEV"; "": of the selected run's device. */
void app_history_trend(struct app *app, const char *device);

/* --- app_history.c, for the two files below */
/* Reads the runs again if another process has recorded one. */
struct history_shown *app_history_refresh(struct app *app);
/* The row of a run's number; 0: it is not listed. */
size_t app_history_row(const struct history_shown *h, int64_t id);
/* The run that keys act on; NULL after app_say(). */
const struct history_run *app_history_selected(struct app *app);
/* false after app_say(). */
bool app_history_open_run(struct app *app, int64_t id, struct history_detail *ret);
/* Removes a run; the selection stays where it is on the screen. */
void app_history_remove(struct app *app, int64_t id);

/* --- app_history_act.c: export, run again, delete; false: another action */
bool app_history_act(struct app *app, enum action action);

/* --- app_history_find.c: order, filter, search; false: another action */
bool app_history_find_act(struct app *app, enum action action);

#endif
