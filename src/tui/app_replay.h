/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that is shown instead of a device. */
#ifndef OTABENCH_TUI_APP_REPLAY_H
#define OTABENCH_TUI_APP_REPLAY_H

#include "tui/app_core.h"

int app_replay_open(struct app *app);
/* Does what keys do in a recording; true: nothing is left to do. */
bool app_replay_act(struct app *app, enum action action, int32_t key);
/* Each returns buf: right of the tabs; where nothing else is said; the image. */
const char *app_replay_badge(const struct app *app, char *buf, size_t size);
const char *app_replay_text(const struct app *app, char *buf, size_t size);
const char *app_replay_image(const struct app *app, char *buf, size_t size);

#endif
