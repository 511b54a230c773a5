/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `otabench prepare DEV`, then `otabench flash DEV IMAGE`.  A device in the simulator lives
 * as long as the program and forgets at its end what was erased, so both run here, on one
 * device, with the settings of a profile that says nothing.
 */
#include "bench_prepare.h"

#include "base/sha256.h"
#include "host/job_priv.h"
#include "image/image_build.h"
#include "sim/simopts.h"
#include "updatelib.h"

#include <stdlib.h>

#define SECONDS 600u /* of virtual time, of each of both */

/* Makes the configuration that open_sim() makes of --sim's value. */
static bool configure(const char *sim, struct sim_config *ret)
{
	char partitions[SLOTS_CSV_MAX];
	struct setting_errors errors;
	struct sim_options o;

	simopts_defaults(&o);
	if (simopts_parse(&o, sim, &errors) < 0)
		return false;
	simopts_kind(&o, partitions, &ret->kind);
	ret->phy = (enum ota_phy)o.phy;
	ret->interval = (uint16_t)o.interval;
	return true;
}

static void prepare(struct update *u)
{
	const struct session_config update = u->session;

	u->session.goal = SESSION_COMMAND;
	u->session.command = OTA_CMD_PREPARE;
	update_start(u, u->simulator, UPDATE_DEVICE);
	update_finish(u, SECONDS);
	u->session = update;
}

double bench_prepared(const char *sim, const char *chip, uint32_t size)
{
	struct image_build build = {.version = "2.0.0", .size = size, .seed = 1};
	const struct image_chip *c = image_chip_by_name(chip);
	struct profile profile;
	struct update u;
	uint8_t *image = malloc(image_build_size(size));
	double rate = 0;
	size_t len;

	build.chip_id = c ? c->id : 0;
	if (!image || image_build(&build, sha256_buffer, image, image_build_size(size), &len) < 0) {
		free(image);
		return 0;
	}
	update_init(&u, image, len);
	profile_defaults(&profile);
	job_apply_profile(&profile, &u.session);
	if (configure(sim, &u.sim)) {
		update_open(&u);
		prepare(&u);
		if (u.s.outcome == SESSION_ANSWERED) {
			update_start(&u, u.simulator, UPDATE_DEVICE);
			update_finish(&u, SECONDS);
		}
		if (u.s.outcome == SESSION_CONFIRMED)
			rate = (double)len * 1e6 / (double)(u.s.stats.done_us - u.s.stats.start_us);
		update_end(&u);
	}
	free(image);
	return rate;
}
