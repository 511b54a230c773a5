/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated adapter switched off and on.  Nobody else uses it, so that there
 * is nothing to hang up; and of devices it remembers the bond alone, so that
 * forgetting one is soon done.
 */
#include "transport/sim_priv.h"

#define OFF_US 500000u /* as long as a USB adapter takes */

static void tell(struct sim *sim, enum transport_event_kind kind, int status)
{
	const struct transport_event event = {.kind = kind, .status = status};

	sim_emit(sim, &event);
}

void sim_upkeep_step(void *ctx, uint64_t now_us)
{
	struct sim *sim = ctx;

	if (!sim->cycling) {
		tell(sim, TRANSPORT_UPKEEP, 0);
		return;
	}
	if (sim->scanning) {
		sim->scanning = false;
		world_listen(sim->world, false);
	}
	if (!sim->off) {
		sim->off = true;
		sched_at(&sim->sched, &sim->cycle, now_us + OFF_US);
		tell(sim, TRANSPORT_ADAPTER, -OTA_ENODEV);
		return;
	}
	sim->off = sim->cycling = false;
	tell(sim, TRANSPORT_ADAPTER, 0);
	tell(sim, TRANSPORT_UPKEEP, 0);
}

int sim_upkeep(struct transport *t, enum transport_upkeep what, const char *device)
{
	struct sim *sim = (struct sim *)t;

	if (sim->link || sim->connecting || sim->cycling)
		return -OTA_EBUSY;
	if (what != TRANSPORT_POWER_CYCLE && !world_find(sim->world, device))
		return -OTA_ENOENT;
	switch (what) {
	case TRANSPORT_HANG_UP:
		return -OTA_ENOTCONN;
	case TRANSPORT_FORGET:
		sim_security_forget(sim, world_find(sim->world, device));
		break;
	case TRANSPORT_POWER_CYCLE:
		sim->cycling = true;
		break;
	}
	sched_at(&sim->sched, &sim->cycle, sched_now(&sim->sched));
	sim_clock_kick(sim);
	return 0;
}
