/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated adapter switched off and on.  Nobody else uses it, so that there
 * is nothing to hang up; and of devices it remembers the bond and the services, so
 * that forgetting one is soon done.
 */
#include "sim/sim_priv.h"

#define OFF_US 500000u /* as long as a USB adapter takes */

static void sim_maintenance_tell(struct sim *sim, enum transport_event_kind kind, int status)
{
	const struct transport_event event = {.kind = kind, .status = status};

	sim_emit(sim, &event);
}

void sim_maintenance_step(void *ctx, uint64_t now_us)
{
	struct sim *sim = ctx;

	if (!sim->cycling) {
		sim_maintenance_tell(sim, TRANSPORT_MAINTENANCE, 0);
		return;
	}
	if (sim->scanning) {
		sim->scanning = false;
		fleet_listen(sim->fleet, false);
	}
	if (!sim->off) {
		sim->off = true;
		sched_at(&sim->sched, &sim->cycle, now_us + OFF_US);
		sim_maintenance_tell(sim, TRANSPORT_ADAPTER, -OTA_ENODEV);
		return;
	}
	sim->off = sim->cycling = false;
	sim_maintenance_tell(sim, TRANSPORT_ADAPTER, 0);
	sim_maintenance_tell(sim, TRANSPORT_MAINTENANCE, 0);
}

int sim_maintenance(struct transport *t, enum transport_maintenance what, const char *device)
{
	struct sim *sim = (struct sim *)t;

	if (sim->link || sim->connecting || sim->cycling)
		return -OTA_EBUSY;
	if (what != TRANSPORT_POWER_CYCLE && !fleet_find(sim->fleet, device))
		return -OTA_ENOENT;
	switch (what) {
	case TRANSPORT_HANG_UP:
		return -OTA_ENOTCONN;
	case TRANSPORT_FORGET:
		sim_security_forget(sim, fleet_find(sim->fleet, device));
		sim_table_forget(sim, fleet_find(sim->fleet, device));
		break;
	case TRANSPORT_READ_TABLE:
		return sim_table_look(sim, device);
	case TRANSPORT_POWER_CYCLE:
		sim->cycling = true;
		break;
	}
	sched_at(&sim->sched, &sim->cycle, sched_now(&sim->sched));
	sim_clock_kick(sim);
	return 0;
}
