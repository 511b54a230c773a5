/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session with nothing behind it: the test plays the stack and the device.
 * Actions come out as words in the order in which they were taken, e.g.
 * "request control 05" or "command data 0000e903", and the test takes each of
 * them; what is left over at the end is a failure.
 */
#ifndef OTABENCH_SESSION_PLAY_H
#define OTABENCH_SESSION_PLAY_H

#include "core/session.h"

#define PLAY_FULL ((const uint8_t[GATT_CHRS]){0x18, 0x0c, 0x02, 0x02, 0x02, 0x02})
#define PLAY_BASIC ((const uint8_t[GATT_CHRS]){0x18, 0x0c, 0, 0x02, 0, 0})
/* A project that shares the service UUID, and of which nothing else is known. */
#define PLAY_FOREIGN ((const uint8_t[GATT_CHRS]){0x08, 0x20, 0, 0, 0, 0})

#define PLAY_ACTIONS 8192u
#define PLAY_ACTION_TEXT 160u /* longer values are cut */

struct play {
	struct session s;
	struct session_config config;
	struct ota_info info;
	const char *version; /* of the device */
	struct airtime_link link;
	uint64_t now; /* us */
	char (*actions)[PLAY_ACTION_TEXT];
	size_t taken, done;
	char states[1024], notes[2048]; /* names in order, a blank after each */
	uint32_t data_bytes; /* payload and headers of all Data values */
	int approve_rc, connect_rc, disconnect_rc, discover_rc, subscribe_rc, read_rc, control_rc,
		data_rc;
	uint32_t approvals;
	uint32_t data_room; /* Data values taken before -OTA_EAGAIN */
};

/* An update of size bytes (0, 1, 2 ... as image) with the default profile's figures. */
void play_init(struct play *play, enum session_goal goal, uint32_t size);
/* Fails when an action was not taken. */
void play_finish(struct play *play);
/* After changes of play->config. */
void play_start(struct play *play);

/* Takes the next action and compares it; blanks between bytes are ignored. */
void play_expect(struct play *play, const char *action);
void play_expect_none(struct play *play);
/* Forgets the actions so far. */
void play_skip(struct play *play);
/* The number of actions not taken yet that begin with this. */
size_t play_count(const struct play *play, const char *prefix);

/* Time passes: every deadline on the way is met. */
void play_pass(struct play *play, uint32_t ms);

/* A Control notification, in hexadecimal; blanks are ignored. */
void play_rx(struct play *play, const char *hex);
void play_rx_ack(struct play *play, uint32_t received, uint32_t flushed, uint32_t limit);
void play_rx_gap(struct play *play, uint16_t sequence, uint32_t offset, uint8_t reason);
void play_rx_ready(struct play *play, uint32_t offset, uint32_t limit);
void play_rx_done(struct play *play, uint32_t size, uint16_t reboot_ms);
void play_rx_status(struct play *play, enum ota_state state, uint32_t received);
void play_rx_error(struct play *play, uint8_t code, uint8_t opcode, uint32_t detail);
/* CONFIRM was written: it is answered, with ok, and Info is read again as play->info has it. */
void play_confirmed(struct play *play);
/* Info is being read: as play->info has it. */
void play_info(struct play *play);
/* Write request answered. */
void play_written(struct play *play, enum gatt_chr chr);
void play_lost(struct play *play, enum gatt_reason reason);

/* The device has the OTA service's characteristics with these properties; PLAY_*. */
void play_discovered(struct play *play, const uint8_t *properties);
/* The connection up to Info and the versions, taking its actions; properties as PLAY_*. */
void play_link_up(struct play *play, uint16_t mtu, const uint8_t *properties);
/* The same, and START with its answer: SENDING at offset.  Sent values are left to be taken. */
void play_sending(struct play *play, uint16_t mtu, uint32_t offset, uint32_t limit);

/* --- an update of 60 bytes, from nothing as far as that */
#define PLAY_SIZE 60u
void play_begin(struct play *play); /* CONNECTING */
void play_to_sending(struct play *play); /* all of it sent, nothing acknowledged */
void play_to_verifying(struct play *play);
/* DONE seen, link down, the new image runs on the device. */
void play_to_rebooted(struct play *play);
/* Takes all actions that are left, and finishes play. */
void play_end(struct play *play);

#endif
