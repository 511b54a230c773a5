/* SPDX-License-Identifier: Apache-2.0 */
/* The expected time of the update with the chosen image, device and profile. */
#ifndef OTABENCH_TUI_APP_ESTIMATE_H
#define OTABENCH_TUI_APP_ESTIMATE_H

#include "tui/app_core.h"

/* "0:50 with default (3 runs)": as long as earlier runs took; "" there are none.  Reads the
 * history, so not for every screen. */
char *app_estimate_past(const struct app *app, char *buf, size_t size);
/* "best known 101.2 kB/s: run 12, fast+": of the device, whatever the values; "" nothing.  Reads
 * the history, too. */
char *app_estimate_best(const struct app *app, char *buf, size_t size);
/* "at least 0:24 (49.0 kB/s)": the time of so many bytes at the link's ceiling; "" unknown. */
char *app_estimate_least(const struct app *app, uint32_t bytes, char *buf, size_t size);

#endif
