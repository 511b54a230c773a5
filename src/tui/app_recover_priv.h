/* SPDX-License-Identifier: Apache-2.0 */
/* Between app_recover.c, the menu, and app_recover_known.c. */
#ifndef OTABENCH_TUI_APP_RECOVER_PRIV_H
#define OTABENCH_TUI_APP_RECOVER_PRIV_H

#include "host/recover.h"
#include "tui/app_core.h"

/*
 * Facts about the chosen device and its job, which are the app's and hold until it changes.
 * tries: of this device; asks: the job under way is a question of the menu's own.
 */
void app_recover_collect(const struct app *app, const struct recover_tries *tries, bool asks,
			 struct recover_known *k);
/* Adds what is known from before another device was chosen; what: where a sentence may be put. */
void app_recover_collect_older(struct app *app, struct recover_known *k, char *what, size_t size);

#endif
