/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated central's ATT client and the virtual ESP32's server with air between
 * them that a test can look into. */
#ifndef OTABENCH_ATTCLIB_H
#define OTABENCH_ATTCLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "air/att.h"
#include "air/attc.h"

#define ATTC_RIG_PDUS 64u
#define ATTC_RIG_NOTES 64u

struct attc_pdu {
	bool to_server;
	size_t len;
	uint8_t bytes[600];
};

struct attc_note {
	struct attc_event event;
	uint8_t data[600];
};

struct attc_rig {
	struct sched sched;
	struct att_server server;
	struct attc client;
	/* the air */
	struct attc_pdu pdus[ATTC_RIG_PDUS];
	unsigned int pdu_first, pdu_count, to_server;
	bool cut; /* what the client sends is lost */
	int send_error;
	/* what the client told */
	struct attc_note notes[ATTC_RIG_NOTES];
	unsigned int note_count;
	bool chain; /* asks on from within events */
	/* the device */
	uint8_t value[ATT_VALUE_MAX];
	size_t value_len;
	unsigned int writes, commands;
	enum att_value_id id;
	int answer;
	size_t read_len;
};

extern struct attc_rig attc_rig;

void attc_rig_start(enum att_table table);
/* cmocka fixtures: the full table */
int attc_rig_setup(void **state);
int attc_rig_teardown(void **state);
#define ATTC_TEST(fn) cmocka_unit_test_setup_teardown(fn, attc_rig_setup, attc_rig_teardown)

/* Delivers everything that is in the air. */
void attc_rig_run(void);
/* The last event, which must be of that kind. */
const struct attc_note *attc_rig_last(enum attc_event_kind kind, int status);
void attc_rig_exchange(void);
void attc_rig_discover(void);

#endif
