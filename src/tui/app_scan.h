/* SPDX-License-Identifier: Apache-2.0 */
/* The list of devices.  Scanning itself goes on whenever no job has the transport. */
#ifndef OTABENCH_TUI_APP_SCAN_H
#define OTABENCH_TUI_APP_SCAN_H

#include "tui/app_core.h"

void app_scan_begin(struct app *app);
/* Chooses a device by its name or address; false after app_say(). */
bool app_scan_choose(struct app *app, const char *name);
/* Completes names and addresses of devices heard, for struct prompt. */
size_t app_scan_complete(struct app *app, struct input *input, size_t start, char *list,
			 size_t size);

#endif
