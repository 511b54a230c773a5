/* SPDX-License-Identifier: Apache-2.0 */
/* The workbench's message at its start on an update that was interrupted, and R to resume it. */
#ifndef OTABENCH_TUI_APP_OFFER_H
#define OTABENCH_TUI_APP_OFFER_H

#include "tui/app_core.h"

/* At the start: says it, where there is one. */
void app_offer_begin(struct app *app);
/* R: true if it was meant for the offer, which is taken; the device is asked, then the user. */
bool app_offer_take(struct app *app);
/* Another key: R is for the chosen device again. */
void app_offer_decline(struct app *app);
/* A job has ended: the device has told how it stands. */
void app_offer_settled(struct app *app);

#endif
