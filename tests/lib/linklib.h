/* SPDX-License-Identifier: Apache-2.0 */
/* One modelled link on a clock of its own, and two hosts that count what it tells them. */
#ifndef OTABENCH_LINKLIB_H
#define OTABENCH_LINKLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "air/link.h"
#include "base/rng.h"

#define INTERVAL_US 15000u
#define TIMEOUT_US 420000u

/* One side's host as the tests see it. */
struct link_host {
	enum link_role role;
	uint64_t frames, bytes;
	uint16_t last_cid;
	size_t last_len;
	uint64_t last_us; /* of the last frame */
	unsigned int completed, completed_calls;
	uint64_t completed_us;
	unsigned int writable;
	unsigned int changed[LINK_PROCEDURES];
	uint8_t changed_code;
	uint64_t changed_us;
	unsigned int disconnected;
	uint8_t reason;
	uint64_t disconnected_us;
	bool no_room;
	bool refuse_params;
	bool check; /* frames are of the pseudo-random stream */
	struct rng rng; /* of the frames expected */
	bool stream; /* sends a frame for each buffer that came back */
	bool destroy; /* the link when it is disconnected */
	unsigned int starts;
};

struct link_rig {
	struct sched sched;
	struct link_config config;
	struct link *link;
	struct link_host host[LINK_ROLES];
};

extern struct link_rig w;
extern const struct link_ops link_rig_piece_ops; /* of a host that takes fragments */

/* cmocka fixtures.  The configuration is 1M, 251 octets, 15 ms, no latency, 420 ms,
 * with the first event at 1250 us; a test changes it before it connects. */
int link_rig_setup(void **state);
int link_rig_teardown(void **state);
#define LINK_TEST(fn) cmocka_unit_test_setup_teardown(fn, link_rig_setup, link_rig_teardown)

void link_rig_connect(void);
/* len zeros on the ATT channel */
void link_rig_send(enum link_role role, size_t len);
/* The next frame of a pseudo-random stream, up to 519 octets: its length. */
size_t link_rig_frame(struct rng *rng, uint8_t *buf);
/* Number of the interval that a time is in, the first event's being 0. */
uint64_t interval_of(uint64_t us);
struct link_host *central(void);
struct link_host *peripheral(void);

#endif
