/* SPDX-License-Identifier: Apache-2.0 */
/* The recover menu over a view; host/recover.c works out its choices. */
#ifndef OTABENCH_TUI_APP_RECOVER_H
#define OTABENCH_TUI_APP_RECOVER_H

#include "view/view_recover.h"

struct app;

void app_menu_open(struct app *app);
/* Opens it at its entry of that action, and does what its key would. */
void app_menu_run(struct app *app, enum recover_action action);
/* All that is known, into a folder. */
void app_menu_bundle(struct app *app);
/* A job has ended: says what it tells of another host's update; and fills an open menu anew. */
void app_menu_tell_foreign(struct app *app);
void app_menu_settled(struct app *app);

#endif
