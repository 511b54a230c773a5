/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a played transfer, which host, link layer and device share. */
#ifndef OTABENCH_EXPLAIN_PREDICT_PRIV_H
#define OTABENCH_EXPLAIN_PREDICT_PRIV_H

#include "explain/predict.h"

#define PREDICT_NEVER UINT64_MAX
#define PREDICT_BLOCK 65536u
#define PREDICT_NOTES 8u /* notifications on their way; more tell no more than the last */

enum play_op { PLAY_NONE, PLAY_ERASE, PLAY_WRITE, PLAY_READ };

/* A message of the device: an ACK, a GAP or the response to a write. */
struct play_note {
	uint64_t at; /* the controller has it; once it was sent: the host hears it */
	uint32_t received, limit;
	bool gap, response;
};

struct play {
	const struct predict *p;
	uint32_t size, played, payload;
	uint32_t image; /* bytes of flash: of flushed, erased and hashed */
	uint32_t write_size;
	uint64_t t;

	/* The host. */
	uint32_t queued, acked, limit;
	uint64_t next_send, stack_free;
	bool waiting; /* for a response */
	bool paced; /* nothing but next_send hindered the latest value ... */
	bool stacked; /* ... or nothing but the stack */

	/* The link layer. */
	uint64_t event_end; /* the next anchor */
	bool open; /* the connection event goes on */
	uint32_t in_event; /* the adapter's buffers that this event has begun, or went on with */
	uint32_t buffer; /* octets left of the latest; 0: the next packet begins one */
	uint64_t data_us; /* when the latest one had been answered */
	bool unprepared; /* a late central has nothing in hand for this event */
	uint32_t left; /* octets of the value on the air that are still to come; 0: none is */
	uint32_t left_len; /* payload of it */
	bool left_stale;
	uint32_t carried, stale; /* payload in order; what is queued behind a gap */
	uint32_t keep_ppm; /* a pair of packets gets through */
	uint32_t survives, draw; /* until the next loss, in a million */
	/* The kind of time of the latest pair, and of that until the next anchor.
	 * PREDICT_SPENT: the time of whatever is waited for then. */
	enum predict_spent pair, rest;

	/* Values that get lost. */
	uint64_t drops, drop_stall_us;
	bool lost, gap; /* a value is missing; and the device has seen that */

	/* The device. */
	uint32_t arrived, received, flushed, erased, hashed;
	uint32_t acked_received, acked_limit;
	uint32_t gap_at, gap_apart; /* the latest gap, and how far behind the one before it */
	uint32_t held; /* packets that the controller keeps */
	uint64_t last_data;
	bool unanswered;
	enum play_op op;
	uint64_t op_end, still_end; /* its task goes on; the flash is done */
	bool awake; /* its code ran since */

	/* The first ones were sent, and the host has yet to hear them. */
	struct play_note notes[PREDICT_NOTES];
	uint32_t sent, count;
};

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The host hears what came, and hands on what it may. */
void play_host(struct play *s);
/* When the host next may hand on a value, if nothing is to be heard; at most t: it need not wait. */
uint64_t play_host_next(const struct play *s);
/* Bytes of flash that the first so many bytes of the air become, and the other way round. */
uint32_t play_image(const struct play *s, uint32_t air);
uint32_t play_air(const struct play *s, uint32_t image);
/* Returns true while the device's code stands still, and takes nothing. */
bool play_still(const struct play *s);
/* The device, up to t. */
void play_device(struct play *s, uint64_t t);
/* Gives the device a value's last packet; its application hears of it at the time given. */
void play_take(struct play *s, uint32_t len, uint64_t at);
/* When it next does something by itself; PREDICT_NEVER: it does not. */
uint64_t play_device_next(const struct play *s);
void play_notify(struct play *s, uint64_t at, bool gap, bool response);

#endif
