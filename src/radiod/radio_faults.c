/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --sim=fault=SPEC on the devices' side.  The in-process simulator counts what its
 * own host writes; here the host is anyone, so what counts is what the first
 * device has received.
 */
#include "radiod/radio.h"

#define TICK_US 1000u

bool radio_fault_possible(enum fault_kind kind, const char **ret_why)
{
	const char *why = NULL;

	switch (kind) {
	case FAULT_DROP_DATA:
	case FAULT_DROPS:
	case FAULT_DROP_NOTIFY:
	case FAULT_DUP_DATA:
	case FAULT_DUP_NOTIFY:
	case FAULT_DELAY_DATA:
	case FAULT_DELAY_NOTIFY:
	case FAULT_GARBLE_NOTIFY:
	case FAULT_FLOOD_NOTIFY:
		why = "a link layer loses, doubles and reorders nothing; use loss=PERCENT";
		break;
	case FAULT_DISCONNECT:
	case FAULT_TERMINATE:
	case FAULT_REBOOT:
	case FAULT_POWER_CUT:
	case FAULT_WRITE_FAIL:
	case FAULT_SLOW_ERASE:
	case FAULT_NO_BOOT:
	case FAULT_BLOCK:
	case FAULT_LOSS:
		break;
	case FAULT_BUFFERS:
		why = "the host was told the adapter's buffers; use buffers=COUNTxBYTES";
		break;
	case FAULT_STALE_CACHE:
		why = "the stack is the host's own here";
		break;
	case FAULT_KINDS:
		why = "unknown fault";
		break;
	}
	if (why && ret_why)
		*ret_why = why;
	return why == NULL;
}

/* The link to the first device, when it has received what the fault waits for. */
static bool due(struct radio *radio, const struct fault_spec *spec)
{
	struct ota_status status;
	struct esp *esp = fleet_device(radio->fleet, 0);

	esp_status(esp, &status);
	return status.state != OTA_STATE_IDLE && status.received >= spec->at &&
	       hci_link(radio->hci, esp) != NULL;
}

/* False for kinds that do not wait. */
static bool strike(struct radio *radio, const struct fault_spec *spec)
{
	struct esp *esp = fleet_device(radio->fleet, 0);

	switch (spec->kind) {
	case FAULT_DISCONNECT:
		link_set_silent(hci_link(radio->hci, esp), true);
		break;
	case FAULT_TERMINATE:
		esp_terminate(esp);
		break;
	case FAULT_REBOOT:
		esp_reset(esp);
		break;
	case FAULT_BLOCK:
		esp_block(esp, spec->arg);
		break;
	case FAULT_LOSS:
		link_set_loss(hci_link(radio->hci, esp), LINK_CENTRAL, spec->arg);
		link_set_loss(hci_link(radio->hci, esp), LINK_PERIPHERAL, spec->arg);
		break;
	default:
		return false;
	}
	log_write(&radio->log, LOG_LEVEL_INFO, "fault %s at %u", fault_kind_name(spec->kind),
		  spec->at);
	return true;
}

static void radio_faults_on_tick(void *ctx, uint64_t now_us)
{
	struct radio *radio = ctx;
	bool more = false;

	for (unsigned int i = 0; i < radio->options.sim.fault_count; i++) {
		struct radio_fault *fault = &radio->faults[i];

		if (!fault->done && due(radio, fault->spec))
			fault->done = strike(radio, fault->spec);
		more |= !fault->done;
	}
	if (more)
		sched_at(&radio->sched, &radio->fault_tick, now_us + TICK_US);
}

/* Those that the board keeps by itself. */
static bool arm_board(struct radio *radio, const struct fault_spec *spec)
{
	struct board *board = esp_board(fleet_device(radio->fleet, 0));

	if (!board)
		return true; /* the log says why */
	switch (spec->kind) {
	case FAULT_POWER_CUT:
		board_cut_power_in(board, spec->at);
		return true;
	case FAULT_WRITE_FAIL:
		board_fail_write(board, spec->at);
		return true;
	case FAULT_SLOW_ERASE:
		board_slow_erase(board, spec->arg);
		return true;
	case FAULT_NO_BOOT:
		board_break_update(board);
		return true;
	default:
		return false;
	}
}

void radio_faults_begin(struct radio *radio)
{
	bool wait = false;

	for (unsigned int i = 0; i < radio->options.sim.fault_count; i++) {
		struct radio_fault *fault = &radio->faults[i];

		fault->spec = &radio->options.sim.faults[i];
		fault->done = arm_board(radio, fault->spec);
		wait |= !fault->done;
	}
	radio->fault_tick = (struct sched_event){.fn = radio_faults_on_tick, .ctx = radio};
	if (wait)
		sched_at(&radio->sched, &radio->fault_tick, sched_now(&radio->sched) + TICK_US);
}
