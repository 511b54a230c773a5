/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual ESP32's ATT server between a central that speaks hexadecimal and a device
 * that notes what it is told. */
#ifndef OTABENCH_ATTLIB_H
#define OTABENCH_ATTLIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "air/att.h"

#define CONTROL_VALUE "15 00" /* handle 21 */
#define CONTROL_CCC "16 00"
#define DATA_VALUE "18 00"
#define INFO_VALUE "1a 00"
/* fb1e40xx-54ae-4a28-9f74-dfccb248601d from its last octet */
#define OTA_UUID(xx) "1d 60 48 b2 cc df 74 9f 28 4a ae 54 " xx " 40 1e fb"

struct att_rig {
	struct att_server server;
	char sent[4096]; /* PDUs in hex, one a line */
	unsigned int sends;
	bool full; /* no buffer */
	/* the last write */
	unsigned int writes;
	enum att_value_id id;
	uint8_t value[600];
	size_t len;
	bool command;
	int answer; /* to writes */
	int done; /* answers from within the callback with that */
	/* others */
	int read_error;
	unsigned int subscribed, mtus, confirmed;
	uint16_t ccc, mtu;
};

extern struct att_rig d;
extern const struct att_server_ops att_rig_ops;

void att_rig_start(enum att_table table, uint16_t mtu);
/* cmocka fixture: the full table, an MTU of 517 to be exchanged */
int att_rig_setup(void **state);
#define ATT_TEST(fn) cmocka_unit_test_setup(fn, att_rig_setup)

/* A PDU from the central; what is sent back waits for expect_sent(). */
void att_rig_input(const uint8_t *bytes, size_t len);
void att_rig_input_hex(const char *hex);
/* PDUs in hex, one a line, "" for none. */
void expect_sent(const char *out);
/* One PDU in, the PDUs that come back. */
void says(const char *in, const char *out);
void att_rig_exchange(uint16_t mtu);

#endif
