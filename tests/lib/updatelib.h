/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One update of a virtual ESP32, stepped event by event, so that a test can put
 * a fault anywhere and look at the device at any moment.
 */
#ifndef OTABENCH_UPDATELIB_H
#define OTABENCH_UPDATELIB_H

#include "host/job_stream.h"
#include "host/pump.h"
#include "transport/fault.h"
#include "sim/sim.h"

#define UPDATE_DEVICE "esp-sim-01"
#define UPDATE_FAULTS 8u

struct update {
	/* set by update_init(), changed by the test before update_begin() */
	struct sim_config sim;
	struct session_config session;
	struct fault_spec faults[UPDATE_FAULTS];
	size_t fault_count;
	uint64_t fault_seed;
	bool asks; /* for blocks that the slot holds, which are not sent then */
	bool deceived; /* ... by a device that says of each that it is the image's */
	unsigned int window; /* the image goes deflated for it; 0: as it is */
	bool delta; /* ... as a patch of the firmware that the device came with */
	const char *record; /* file to record the run to; NULL: none */
	/* the run */
	sd_event *event;
	struct transport *simulator; /* itself, without the faults */
	struct transport *transport; /* what the session uses: faults around it */
	struct session s;
	struct pump pump;
	struct job_stream stream;
	uint32_t digest[OTA_SKIP_BLOCKS];
	unsigned int losses; /* links lost while it ran */
	int32_t typed; /* what a user answers to a passkey: that number, or -1 */
	unsigned int asked, paired; /* times that he was, and that pairing succeeded */
	bool to_answer;
	bool refuse; /* approve() answers -OTA_EPERM */
	uint32_t most_window; /* the session's, which follows what gets through */
	uint32_t most_in_flight; /* bytes handed to the stack and not yet acknowledged */
	uint8_t factory[OTA_SHA256_SIZE]; /* what ran before */
};

/* image must outlive the run; defaults: 1M, 15 ms, typical flash, everything that retries. */
void update_init(struct update *u, const uint8_t *image, size_t size);
/* Adds a fault as --sim=fault= takes it; fails the test when it is malformed. */
void update_fault(struct update *u, const char *spec);
void update_begin(struct update *u);
/*
 * The two halves of update_begin(), for another transport than the simulator: the
 * virtual device alone, and the session over t, whose name for it is address.
 */
void update_open(struct update *u);
void update_start(struct update *u, struct transport *t, const char *address);
/* Instead of update_begin(): the same session against a recorded file, to its end. */
void update_replay(struct update *u, const char *path);
/* One event of the world; false when there is none. */
bool update_step(struct update *u);
/* Until the session ended, at most seconds of virtual time; the test fails beyond. */
void update_finish(struct update *u, unsigned int seconds);
/* The bytes in flash of the firmware that runs. */
const uint8_t *update_running(const struct update *u, uint32_t *ret_size);
/* Lets the world run on. */
void update_wait(struct update *u, uint64_t us);
uint64_t update_now(const struct update *u);
struct esp *update_device(const struct update *u);
/*
 * Presses reset, and fails the test unless the device boots an image whose bytes in
 * flash hash to the factory's or the update's; true: the update's.
 */
bool update_check_boots(struct update *u);
void update_end(struct update *u);

/* A whole run; the outcome. */
enum session_outcome update_run(struct update *u, unsigned int seconds);

#endif
