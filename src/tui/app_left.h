/* SPDX-License-Identifier: Apache-2.0 */
/* Updates that this program leaves on devices: a part of an image, an image on trial. */
#ifndef OTABENCH_TUI_APP_LEFT_H
#define OTABENCH_TUI_APP_LEFT_H

#include "tui/app_core.h"

/* A job has ended, and app_device() knows what came of it. */
void app_left_settled(struct app *app);

#endif
