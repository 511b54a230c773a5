/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The effect of changed values on the rate: measured for those that are in force, else predicted.
 */
#ifndef OTABENCH_TUI_APP_EFFECT_H
#define OTABENCH_TUI_APP_EFFECT_H

#include "host/rate_change.h"
#include "tui/app_core.h"

struct app_effect {
	/* The latest transfer of the device, with the profile that it was given. */
	bool known;
	struct job_snapshot run;
	struct profile given;
	uint32_t rate; /* bytes per second, its goodput or so far */
	char address[SCAN_ADDRESS_SIZE];
	/* A change under way. */
	struct rate_change change;
	char what[SETTING_TEXT_MAX]; /* "chunk 244"; "": none that is not told */
	uint32_t from, predicted; /* the rate before it; 0: cannot be told */
	bool was_running;
};

/* The rate that the device would have with a profile, in the transfer that is under way or in
 * the next one; *ret_now: what its latest transfer had.
 * Bytes per second; 0: nothing was sent to it yet. */
uint32_t app_effect_predict(const struct app *app, const struct profile *profile, bool under_way,
			    uint32_t *ret_now);
/* "key=value" came into force: it is measured from now on, and told. */
void app_effect_begin(struct app *app, const char *assignment);
/* Time has passed. */
void app_effect_tick(struct app *app);

#endif
