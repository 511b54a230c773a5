/* SPDX-License-Identifier: Apache-2.0 */
/* Updates that this program leaves on devices: a part of an image, an image on trial. */
#ifndef OTABENCH_TUI_APP_LEFT_H
#define OTABENCH_TUI_APP_LEFT_H

#include "tui/app_core.h"

/* Takes the end of a job, whose result app_device() has. */
void app_left_settled(struct app *app);

#endif
