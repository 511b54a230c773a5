/* SPDX-License-Identifier: Apache-2.0 */
/* The two logs below the dashboard: Control's, and the calls to the stack. */
#ifndef OTABENCH_TUI_APP_LOG_H
#define OTABENCH_TUI_APP_LOG_H

#include "tui/app_core.h"

#include <stdio.h>

struct app_log {
	struct loglist control, calls;
	bool calls_shown;
	struct {
		char search[64];
		uint64_t anchor;
		bool frozen;
	} before; /* the search that is typed */
	int64_t offset_us; /* from the transport's clock to the time of day */
};
const struct app_log *app_log(const struct app *app);

/* A line of Control's, at a time of the transport's clock. */
void app_log_add(struct app *app, uint64_t at_us, enum loglist_kind kind, enum cells_style style,
		 const char *text, const uint8_t *raw, size_t len);
/* One of the operator's, now. */
void app_log_note(struct app *app, const char *text);
/* Puts what the transport's stack is asked into the second log. */
void app_log_watch(struct app *app);
/* Empty logs for a run of a recording; what the reader looks for stays. */
void app_log_clear(struct app *app);
/* Sets a recording's offset from its clock to the time of day. */
void app_log_set_offset(struct app *app, int64_t offset_us);
/* The log that is shown: moves, and what keys of the dashboard do to it; false: nothing. */
const struct loglist *app_log_shown(const struct app *app);
void app_log_move(struct app *app, long by);
bool app_log_act(struct app *app, enum action action);
/* --- app_export.c */
/* Never over another file; "" asks for a name. */
void app_log_export(struct app *app, const char *path);
/* Every line that is kept. */
uint64_t app_log_write(const struct loglist *log, FILE *out);

#endif
