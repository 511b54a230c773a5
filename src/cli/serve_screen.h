/* SPDX-License-Identifier: Apache-2.0 */
/* The screen of otabench serve in a terminal: keys in, faults and the end out. */
#ifndef OTABENCH_CLI_SERVE_SCREEN_H
#define OTABENCH_CLI_SERVE_SCREEN_H

#include "cli/serve_watch.h"

#include <systemd/sd-event.h>

struct serve_screen;

struct serve_screen_config {
	sd_event *event;
	struct serve_watch *watch;
	void (*end)(void *ctx); /* the user wants to end it, or the terminal is gone */
	void *ctx;
};

/* As screen_create(), whose signals are blocked before. */
int serve_screen_create(const struct serve_screen_config *config, struct serve_screen **ret,
			char *ret_text, size_t size);
/* NULL is allowed. */
void serve_screen_destroy(struct serve_screen *s);

#endif
