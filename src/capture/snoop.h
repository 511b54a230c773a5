/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An update as a capture shows it, also one by another client on another host: HCI events,
 * L2CAP and ATT are followed, and what went over Control, Data and Info is kept as a
 * diagnosis wants it.  Freestanding: packets go in.
 *
 * Where the file begins behind the discovery, as a phone's does that remembers the device,
 * handles are told by their traffic: Data is what most is written to, Control what is written
 * a START and notifies, Info what reads as one.
 */
#ifndef OTABENCH_CAPTURE_SNOOP_H
#define OTABENCH_CAPTURE_SNOOP_H

#include "capture/btsnoop_read.h"
#include "core/session.h"

#define SNOOP_HANDLES 64u
#define SNOOP_LINKS 8u
#define SNOOP_PDU_MAX 2048u /* L2CAP: more than any ATT MTU here */

/* Facts on an attribute whose UUID is not known yet. */
struct snoop_handle {
	uint16_t handle;
	uint32_t values; /* written */
	uint64_t bytes;
	bool started; /* a START, or the one octet of the basic dialect, was written */
	bool notifies;
};

/* A part of an L2CAP frame, one way on one link. */
struct snoop_frame {
	uint8_t bytes[SNOOP_PDU_MAX];
	size_t len, want; /* want 0: none is under way */
	bool skip; /* longer than this, or on another channel */
};

struct snoop_link {
	bool used;
	uint16_t index, handle;
	uint16_t mtu_asked; /* by the host, in Exchange MTU */
	uint16_t reading; /* handle of the Read Request under way */
	struct snoop_frame frames[2]; /* sent, received */
};

struct snoop {
	/* The findings. */
	struct session_stats stats;
	struct ota_link link; /* zero fields are unknown */
	uint16_t interval_first; /* while sending */
	struct ota_info info, info_first;
	bool info_known;
	uint32_t size; /* of the image; 0: unknown */
	enum session_state state;
	enum dialect_id dialect;
	bool connected, ever_connected, service; /* the OTA service was seen */
	bool begun, ended, done, aborted, started;
	bool failed; /* ERROR, and code tells */
	uint8_t code, opcode;
	uint32_t detail;
	enum gatt_pairing pairing;
	bool key_missing, misremembered, too_long;
	uint16_t losses[GATT_REASONS], erasing;
	uint32_t silent_ms; /* before the latest loss by supervision timeout */
	bool erase_last;
	uint32_t unheard, queries, answers;
	uint32_t asked_at, missing; /* as in struct diagnosis_facts, like the next four */
	uint32_t forgot;
	uint16_t erase_ms, brief;
	uint8_t resets, reset_reason; /* of Info, when the transfer moved last */
	uint16_t mtu, chunk;
	enum gatt_write mode;
	uint64_t now_us, moved_us, spoke_us, state_us; /* of the file */
	/* A record is about to be taken after received stood still for two seconds, or READY did not
	 * come in that time; or Info was read again in mid update. */
	void (*stands)(void *userdata, const struct snoop *s);
	void *userdata;

	/* Private. */
	bool asked; /* a query is unanswered */
	uint32_t flushed_before; /* the latest START */
	uint16_t chrs[GATT_CHRS]; /* value handles, 0 unknown */
	bool listed; /* a list of characteristics named them */
	struct snoop_handle handles[SNOOP_HANDLES];
	size_t handle_count;
	bool learning;
	struct snoop_link links[SNOOP_LINKS];
};

/* Bytes are large: not on a stack. */
void snoop_init(struct snoop *s);
/* The first pass finds what handles mean ... */
void snoop_learn(struct snoop *s, const struct btsnoop_record *r);
/* ... and this one, from the file's beginning, what happened. */
void snoop_begin(struct snoop *s);
void snoop_take(struct snoop *s, const struct btsnoop_record *r);
bool snoop_stands(const struct snoop *s);

/* snoop_att.c: one attribute PDU.  Private. */
void snoop_att(struct snoop *s, struct snoop_link *link, bool sent, const uint8_t *pdu, size_t len);

#endif
