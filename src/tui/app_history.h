/* SPDX-License-Identifier: Apache-2.0 */
/* The workbench's side of the history: its view's keys, and the open file for whoever asks. */
#ifndef OTABENCH_TUI_APP_HISTORY_H
#define OTABENCH_TUI_APP_HISTORY_H

#include "history/history.h"
#include "view/cells.h"

struct app;

/* The history, opened when there is one; NULL: nothing was recorded yet, or it cannot be read.
 * The app's. */
struct history *app_history_store(struct app *app);

void app_history_draw(struct app *app, struct cells *cells, struct area area);
const char *app_history_keys(const struct app *app);
void app_history_key(struct app *app, int32_t key);
/* Closes a run, or a comparison; false: there was none open. */
bool app_history_back(struct app *app);
/* ":history 12" opens a run, ":history 12 9" compares. */
void app_history_open(struct app *app, const char *argument);
void app_history_search(struct app *app, const char *text);
void app_history_export(struct app *app, const char *path);
void app_history_confirm_text(const struct app *app, char *buf, size_t size);
void app_history_rerun(struct app *app);
void app_history_delete(struct app *app);
void app_history_destroy(struct app *app);

#endif
