/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that come from outside the simulated device; see inject() in transport.h. */
#include "sim/sim_priv.h"

#define USUAL_OCTETS 251u /* of a buffer, where there was no limit before */

void sim_apply_air(struct sim *sim)
{
	const struct sim_config *c = &sim->config;

	if (!sim->link)
		return;
	if (sim->air.loss_changed) {
		link_set_loss(sim->link, LINK_CENTRAL, sim->air.loss_ppm);
		link_set_loss(sim->link, LINK_PERIPHERAL, sim->air.loss_ppm);
	}
	if (!sim->air.buffers_changed)
		return;
	if (sim->air.buffers > 0)
		link_set_buffers(sim->link, LINK_CENTRAL, sim->air.buffers,
				 c->buffer_octets ? c->buffer_octets : USUAL_OCTETS, false);
	else
		link_set_buffers(sim->link, LINK_CENTRAL, c->buffers, c->buffer_octets,
				 (c->refill && !c->late) || c->buffers == 0);
}

int sim_inject(struct transport *t, enum transport_fault_kind kind, uint64_t arg)
{
	struct sim *sim = (struct sim *)t;
	struct esp *esp = sim->target;

	if (!esp)
		return -OTA_ENOTCONN;
	if (kind == TRANSPORT_FAULT_STALE_CACHE) {
		sim_table_misremember(sim);
		return 0;
	}
	if (!esp_board(esp))
		return -OTA_ENOMEM;
	sim_clock_kick(sim);
	switch (kind) {
	case TRANSPORT_FAULT_REBOOT:
		sim->reset = esp;
		sched_at(&sim->sched, &sim->faulty, sched_now(&sim->sched));
		return 0;
	case TRANSPORT_FAULT_POWER_CUT:
		board_cut_power_in(esp_board(esp), arg);
		return 0;
	case TRANSPORT_FAULT_TERMINATE:
		esp_terminate(esp);
		return 0;
	case TRANSPORT_FAULT_LINK_LOSS:
		if (sim->link)
			link_set_silent(sim->link, true);
		return 0;
	case TRANSPORT_FAULT_WRITE_FAIL:
		board_fail_write(esp_board(esp), (uint32_t)arg);
		return 0;
	case TRANSPORT_FAULT_ERASE_SLOW:
		board_slow_erase(esp_board(esp), (uint32_t)arg);
		return 0;
	case TRANSPORT_FAULT_NO_BOOT:
		board_break_update(esp_board(esp));
		return 0;
	case TRANSPORT_FAULT_BLOCK:
		esp_block(esp, (uint32_t)arg);
		return 0;
	case TRANSPORT_FAULT_LOSS:
		sim->air.loss_changed = true;
		sim->air.loss_ppm = (uint32_t)arg;
		sim_apply_air(sim);
		return 0;
	case TRANSPORT_FAULT_BUFFERS:
		sim->air.buffers_changed = true;
		sim->air.buffers = (uint16_t)arg;
		sim_apply_air(sim);
		return 0;
	case TRANSPORT_FAULT_STALE_CACHE:
		break;
	}
	return -OTA_ENOTSUP;
}

/* Not from within a write that may come from the link's own callback. */
void sim_faulty(void *ctx, uint64_t now_us)
{
	struct sim *sim = ctx;

	(void)now_us;
	esp_reset(sim->reset);
}
