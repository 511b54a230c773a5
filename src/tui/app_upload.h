/* SPDX-License-Identifier: Apache-2.0 */
/* The image to the device: looks first where nothing is known of it, asks, and sends. */
#ifndef OTABENCH_TUI_APP_UPLOAD_H
#define OTABENCH_TUI_APP_UPLOAD_H

#include "tui/app_core.h"

/* Asks before it sends; asks for an image where there is none. */
void app_upload(struct app *app);
/* Without a question; same: may send what the device runs already. */
void app_upload_now(struct app *app, bool restart, bool resume_only, bool same);
/* Options that make a command line send as this program would: the profile and its changes,
 * and the checks that do not refuse.  Returns buf. */
char *app_upload_options(const struct app *app, char *buf, size_t size);
/* A look that an upload asked for has ended. */
void app_upload_settled(struct app *app);

#endif
