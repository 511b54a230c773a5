/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual controller and one virtual ESP32 in the air, and HCI conversations
 * with it as hexadecimal text: what is said, and what must come back.
 */
#ifndef OTABENCH_HCILIB_H
#define OTABENCH_HCILIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "radiod/hci.h"

#define HCI_RIG_PACKETS 4096u

/* The device is 24:6F:28:AA:10:01 "esp-sim-01", an ESP32; it advertises each 100 ms,
 * from 1.05 s on, while the controller listens. */
#define HCI_RIG_ADVERTISE_US 100000u

struct hci_rig_packet {
	uint64_t at_us;
	size_t len;
	uint8_t *bytes;
};

struct hci_rig {
	struct sched sched;
	struct hci_config config;
	struct hci *hci;
	struct esp_config esp_config;
	struct esp *esp;
	struct sched_event advertise;
	bool listening;
	struct hci_rig_packet packets[HCI_RIG_PACKETS]; /* from the controller */
	size_t count, next; /* the next that a test looks at */
};

extern struct hci_rig h;

/* cmocka fixtures.  The controller is a 5.2 one with 8 buffers of 251 octets, refilled
 * inside an event; a test that wants another changes h.config and calls
 * hci_rig_restart(). */
int hci_rig_setup(void **state);
int hci_rig_teardown(void **state);
#define HCI_TEST(fn) cmocka_unit_test_setup_teardown(fn, hci_rig_setup, hci_rig_teardown)
void hci_rig_restart(void);

/* A packet to the controller, as text: "01 030c 00".  Blanks mean nothing. */
void say(const char *text);
/* The next packet from the controller is this; "??" is any octet. */
void expect_packet(const char *text);
/* The controller has said no more. */
void expect_silence(void);
/* Lets time pass. */
void wait_us(uint64_t us);
/* Waits until there is a packet that was not looked at, for a minute at most. */
void wait_packet(void);
/* Forgets what was not looked at. */
void forget(void);
/* Packets not looked at that begin with these octets. */
size_t count_packets(const char *text);

/* Event masks as Linux sets them. */
void hci_rig_masks(void);
/* Connected at 50 ms with handle 0x0040, and nothing left to look at. */
void hci_rig_connect(void);

#endif
