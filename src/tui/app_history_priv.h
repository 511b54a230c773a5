/* SPDX-License-Identifier: Apache-2.0 */
/* The history's state in the workbench, and what its two files share. */
#ifndef OTABENCH_TUI_APP_HISTORY_PRIV_H
#define OTABENCH_TUI_APP_HISTORY_PRIV_H

#include "tui/app_history.h"
#include "view/view_history.h"

struct app_history {
	struct history *store; /* NULL: not open */
	char error[512]; /* why; "" nothing was recorded yet */
	bool loaded;
	struct history_run *runs; /* newest first */
	size_t count;
	int64_t selected; /* number of a run; 0: the newest */
	int64_t marked[VIEW_MARKED_MAX];
	bool comparing, showing;
	struct history_detail compare[2], shown;
	size_t scroll;
	char search[64];
};

/* --- app_history.c */
size_t app_history_row(const struct app_history *h, int64_t id);
/* The run that keys act on; NULL after app_say(). */
const struct history_run *app_history_selected(struct app *app);
/* false after app_say(). */
bool app_history_load(struct app *app, int64_t id, struct history_detail *ret);
void app_history_reload(struct app_history *h);
void app_history_close_run(struct app_history *h);
void app_history_close_compare(struct app_history *h);

/* --- app_history_act.c */
void app_history_ask_export(struct app *app);
void app_history_ask_rerun(struct app *app);
void app_history_ask_delete(struct app *app);

#endif
