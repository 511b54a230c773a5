/* SPDX-License-Identifier: Apache-2.0 */
/* The question whether a device that has changed since it was last met is to be trusted. */
#ifndef OTABENCH_TUI_APP_TRUST_H
#define OTABENCH_TUI_APP_TRUST_H

#include "tui/app_core.h"

/* A job has ended: asks, where it was refused for that, and does it again after a yes. */
void app_trust_settled(struct app *app);

#endif
