/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expected time of a transfer: the pipeline from the host's window to the device's flash,
 * packet by packet, with the rates that were measured or are asked about.
 *
 * The model is its own, told nothing by the simulator: connection events end where neither side has
 * another packet ready (Core Vol 6 Part B 4.5.6), a notification goes out with the next answer of
 * the device, both sides hear of what the air brought a little later, acknowledgements come when
 * enough has arrived or the host is nearly out of credit, and the flash does one thing at a time.
 * Code that runs from that flash stands still meanwhile: no packet is taken then beyond those that
 * the controller keeps.  Some blocks of the transfer are played, and the rest takes as long as the
 * last of these.  Freestanding.
 */
#ifndef OTABENCH_EXPLAIN_PREDICT_H
#define OTABENCH_EXPLAIN_PREDICT_H

#include "core/airtime.h"

struct predict {
	struct airtime_link link;
	uint16_t value, header; /* bytes of a Data value, and of them not payload */
	bool request; /* each value waits for its response */
	uint32_t window; /* bytes under way at most */
	uint32_t pacing_us; /* least time between values */
	uint32_t stack_us; /* the host's stack takes another one so long after a value */
	uint32_t ack_interval, ring; /* bytes; ring 0: no flash behind it */
	uint32_t erase_us, write_us, read_us; /* of 64 KiB */
	uint32_t write_size; /* bytes that it writes at once, up to 4096; 0: 4096 */
	/* Packets that the device's controller keeps while an erase or a write stops its code;
	 * 0: these stop nothing. */
	uint16_t held_pdus;
	uint32_t host_us; /* the host's program gets its turn so late */
	uint32_t late_us; /* the device's task goes on so late after each flash operation */
	uint32_t loss_ppm; /* link layer packets lost */
	uint32_t drop_ppm; /* Data values lost */
	uint32_t size; /* bytes of the transfer, as the air has them */
	uint32_t image; /* bytes of flash that they become; 0: as many.  Else equally everywhere. */
	bool ahead; /* the first erase passed before, while the link changed */
};

/* Microseconds from READY until all is in flash, read back and set to boot; 0: no such link. */
uint64_t predict_us(const struct predict *p);

/* The kinds of time that a played transfer consists of. */
enum predict_spent {
	PREDICT_AIR,
	PREDICT_BUFFERS, /* the adapter has no more for this event */
	PREDICT_RESPONSE, /* the host waits for a response ... */
	PREDICT_PACING, /* ... for its own time ... */
	PREDICT_STACK, /* ... for its stack ... */
	PREDICT_WINDOW, /* ... for an acknowledgement ... */
	PREDICT_ERASE, /* ... for credit, or for a packet to be taken, while the device erases ... */
	PREDICT_WRITE, /* ... writes ... */
	PREDICT_READ, /* ... reads back ... */
	PREDICT_TASK, /* ... or does nothing */
	PREDICT_LOSS, /* an event ended with a lost packet */
	PREDICT_GAPS, /* a value is missing */
	PREDICT_END, /* all is handed over */
	PREDICT_SPENT
};

/* Does the same as predict_us(); ret: the time of the played blocks by kind, in microseconds. */
uint64_t predict_spent(const struct predict *p, uint64_t ret[PREDICT_SPENT]);

/*
 * The time that so much time on the air becomes, where an acknowledgement comes each so often: one
 * may leave room for a packet less in its event.  Never less than us.
 */
uint64_t predict_beside_acks(const struct airtime_link *link, uint64_t us, uint64_t each_us);

#endif
