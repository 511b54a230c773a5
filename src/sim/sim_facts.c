/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated device as it sees itself; see facts() in transport.h. */
#include "sim/sim_priv.h"

#include <string.h>

static void of_board(struct board *board, struct transport_facts *ret)
{
	const struct board_running *running = board_running(board);
	struct board_counters counters;
	struct ota_info info = {.chip_id = 0};

	board_info(board, &info);
	board_counters(board, &counters);
	ret->up = board_state(board) == BOARD_RUNNING;
	ret->chip_id = info.chip_id;
	ret->slot_count = info.slot_count;
	ret->slot = (uint8_t)running->slot;
	ret->on_trial = running->pending_verify;
	ret->can_rollback = running->can_rollback;
	ret->erasing = board_erasing(board);
	ret->writing = !ret->erasing && board_stalled(board);
	ret->boots = counters.boots;
	ret->rollbacks = counters.rollbacks;
	ret->power_losses = counters.power_losses;
	memcpy(ret->project, running->project, sizeof(ret->project));
	memcpy(ret->version, running->version, sizeof(ret->version));
}

int sim_facts(struct transport *t, const char *address, struct transport_facts *ret)
{
	struct esp *esp = fleet_find(sim_of(t)->fleet, address);
	struct ota_status status;

	if (!esp)
		return -OTA_ENODEV;
	if (!esp_is_made(esp))
		return -OTA_EAGAIN;
	memset(ret, 0, sizeof(*ret));
	of_board(esp_board(esp), ret);
	if (sim_of(t)->config.kind.dialect != ESP_FULL &&
	    sim_of(t)->config.kind.dialect != ESP_BASIC)
		return 0;
	esp_status(esp, &status);
	ret->has_status = true;
	ret->state = status.state;
	ret->received = status.received;
	ret->flushed = status.flushed;
	return 0;
}
