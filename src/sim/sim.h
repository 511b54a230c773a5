/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport to virtual ESP32s in this process.
 *
 * One queue of events is the whole world: boards, links, advertisements and
 * the host's alarms.  At speed 0 it runs as fast as the machine can, otherwise
 * it follows the real clock by a factor; either way the same seed gives the
 * same run, as long as the host does the same.
 */
#ifndef OTABENCH_SIM_SIM_H
#define OTABENCH_SIM_SIM_H

#include "board/flash.h"
#include "esp/fleet.h"
#include "transport/transport.h"

#include <systemd/sd-event.h>

struct sim_config {
	struct fleet_kind kind; /* of the devices in the air */
	enum ota_phy phy; /* OTA_PHY_UNKNOWN: starts at 1M and may change */
	uint16_t interval; /* 1.25 ms; 0: starts at 50 ms as Linux does, and may change */
	uint16_t supervision; /* 10 ms; 0: starts at 420 ms as Linux does, and may change */
	uint16_t buffers, buffer_octets; /* the adapter's; 0: no limit */
	bool refill; /* ... free again inside a connection event, as the host takes it */
	bool late; /* ... which prepares its events late, whatever the host takes it for */
	/* The host's link has kind.data_length, kind.mtu and kind.loss_ppm, too. */
	bool encrypted; /* from the start, with a key that was not agreed on over the air */
	uint32_t host_delay_us; /* the program gets its turn so late */
	uint32_t stack_delay_us; /* the stack takes so long for a Data value */
	uint32_t speed; /* thousandths of real time; 0: as fast as possible */
	void (*log)(void *ctx, const char *text); /* what devices say; may be NULL */
	void *log_ctx;
};

/* On failure ret_text (may be NULL) says why.  event must outlive the transport. */
int sim_create(sd_event *event, const struct sim_config *config, struct transport **ret,
	       char *ret_text, size_t size);

/* The simulation's inside, for tests and for the bench. */
struct esp *sim_device(struct transport *t, const char *name_or_address);
struct sched *sim_sched(struct transport *t);
/* For who steps sim_sched(): runs the loop for as long as the clock stands still for the host. */
void sim_wait(struct transport *t);

#endif
