/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time budget of a run: all of its time, divided into named shares.
 *
 * The owner tells what it sees of the session after each event (struct budget_view), and
 * the link whenever that changes.  Nothing else is needed, so that a run over a real adapter is
 * divided by the same rules as a simulated one.  A share is inferred, not measured:
 *
 * - What was handed to the stack is carried at the rate that the link carries at most
 *   (airtime_ceiling()).  While something is left of it the air is busy; after that it is
 *   idle, for the reason for which the host handed over nothing more.
 * - An acknowledgement that names fewer bytes than must have been carried by then shows that the
 *   link was slower: that time is the device's, as far as its code stood still for its flash,
 *   else lost packets.
 * - Where intervals are long or packets were lost, the idle time is divided as where the same
 *   transfer is played (budget_play(), at its end).
 * - Of the time without credit, the part in which an erase was announced is the erase's; the
 *   device's TIMES divide the rest.  So they do with the time behind the last byte.
 *
 * Shares are moved, never made: their sum is the time that passed, to the microsecond.
 * Freestanding: no clock, heap or file.
 */
#ifndef OTABENCH_EXPLAIN_BUDGET_H
#define OTABENCH_EXPLAIN_BUDGET_H

#include "core/airtime.h"
#include "explain/predict.h"

enum budget_share {
	/* Shares of the transfer: START written to DONE notified. */
	BUDGET_AIR, /* data on the air, with the gaps that the link layer needs */
	BUDGET_ACK, /* notifications on the air */
	BUDGET_HOST, /* the host had nothing ready, or reacted late */
	BUDGET_STACK, /* the host's stack took no value */
	BUDGET_BUFFERS, /* the adapter's buffers were empty before the connection event ended */
	BUDGET_RESPONSE, /* a write request waited for its response */
	BUDGET_PACING,
	BUDGET_WINDOW, /* the window was full, and the air idle */
	BUDGET_ERASE, /* no credit, or no reception, while the device erased */
	BUDGET_PROGRAM, /* no credit while it programmed */
	BUDGET_READ, /* ... read back and hashed */
	BUDGET_TASK, /* ... stored records, or did nothing */
	BUDGET_LOSS, /* link layer packets that were sent again */
	BUDGET_GAPS, /* Data values that were sent again */
	BUDGET_DOWN, /* the link was down, or being made anew */
	BUDGET_PAUSED, /* by the user */
	BUDGET_START, /* START to READY */
	BUDGET_END, /* the last value's way, and END to DONE, but for what the flash does then */
	/* Around it. */
	BUDGET_CONNECT,
	BUDGET_DISCOVER,
	BUDGET_PREPARE, /* link parameters, telemetry */
	BUDGET_REBOOT, /* DONE to the end of the link */
	BUDGET_RECONNECT,
	BUDGET_CONFIRM,
	BUDGET_SHARES
};
#define BUDGET_TRANSFER_SHARES BUDGET_CONNECT

/* Why the host hands over no further value. */
enum budget_wait {
	BUDGET_WAIT_NONE, /* nothing hinders it */
	BUDGET_WAIT_STACK,
	BUDGET_WAIT_RESPONSE,
	BUDGET_WAIT_PACING,
	BUDGET_WAIT_WINDOW,
	BUDGET_WAIT_CREDIT,
	BUDGET_WAIT_LAST, /* all is handed over */
	BUDGET_WAITS
};

/* The session after an event. */
struct budget_view {
	/* AIR while it sends, whatever the air does; else the share that the time goes to. */
	enum budget_share phase;
	enum budget_wait wait; /* with AIR */
	uint64_t sent; /* payload bytes handed to the stack, repeated ones included */
	uint32_t queued, received, flushed; /* offsets in the image */
	bool received_known;
	uint32_t values, gaps, notifications; /* counters */
	bool erasing; /* the device's latest PROGRESS announced an erase ... */
	uint32_t erase_at; /* ... behind so many bytes */
	uint64_t start_us, done_us; /* of the transfer; 0: not yet */
	uint16_t write_ms; /* the longest write lately; 0: not known */
	const struct ota_times *times; /* the latest; NULL: none on this link */
};

/* The device's own figures of its flash, in all. */
struct budget_flash {
	uint64_t erase_ms, write_ms, read_ms, store_ms;
	/* Reading back 4 KiB takes 2 ms, whatever the flash.  What it takes beyond that is the
	 * device's task, which is late with each operation, and in none of the times above. */
	uint64_t late_ms;
	uint32_t late_us; /* with each */
	uint32_t erases; /* of these times: so many erases, and so many bytes written */
	uint64_t written;
	uint32_t
		write_size; /* bytes that it writes at once: a sector, or a half or quarter of it */
};

/*
 * The same transfer as it is played (predict.h), with as many lost packets as make it take as long.
 * What an acknowledgement tells is as old as two intervals: where these are long, or events end
 * before their time, it tells neither what was on the air nor what the device did meanwhile.
 */
struct budget_played {
	bool known;
	uint32_t loss_ppm;
	uint64_t lost_us; /* of the whole, as it is played, in which the air was idle by these */
	uint64_t spent[PREDICT_SPENT];
};

/* When all had been sent (budget_end.c). */
struct budget_end {
	bool known;
	uint64_t written; /* bytes by then */
	uint32_t flushed, erase_at; /* of the image; the latest erase, where one was announced */
	bool announced, erasing;
	uint64_t erasing_us; /* since then, where it was under way */
};

/* The caller's memory; contents are private except for flash. */
struct budget {
	bool begun;
	uint64_t at_us, start_us, done_us;
	uint64_t run[BUDGET_SHARES], transfer[BUDGET_TRANSFER_SHARES];

	/* The link: bytes of payload per second, and its parameters as far as they are needed. */
	uint32_t rate, free_rate; /* with the adapter's buffers, and without their limit */
	uint32_t interval_us, notify_us;
	struct airtime_link link;
	uint64_t value_us; /* a value alone on the air */
	uint64_t useful_us; /* on the air, of what arrived */
	bool request;

	struct budget_view last;
	uint64_t backlog, stale; /* bytes in the stack as reckoned; of them before a GAP */
	/* Since the latest acknowledgement. */
	uint64_t carried_us, idle_us[BUDGET_WAITS];
	uint64_t idle_erase_us; /* ... and for an erase */
	bool erase_seen;
	uint64_t erase_from; /* a PROGRESS announced it; 0: none under way */
	uint32_t erase_flushed, erase_heard; /* flushed, and notifications, then */
	/* Carried nothing though there was something, as it was taken when an acknowledgement
	 * told of it: for the erase that was under way, and for lost packets. */
	uint64_t slow_erase_us, slow_us;
	uint64_t full_us; /* without credit and not erasing, yet to be divided */
	uint64_t full_erase_us; /* without credit, and erasing */
	uint64_t last_us; /* for what was handed over last */
	uint64_t held_us; /* what the device's controller keeps while its code stands still */
	bool stands_still;
	uint64_t late_us; /* this program's turn */
	uint64_t waited_us, waited_erase_us; /* for what it waits for now; of erases too */
	uint64_t sent_us; /* the latest value was handed over */
	uint64_t stack_all_us; /* between values of which the second waited for the stack ... */
	uint32_t stack_waits; /* ... so many times */
	uint32_t erases, erases_told; /* announced; and of them in the times told */
	uint64_t written, written_told; /* bytes flushed; and of them in the times told */
	uint64_t written_from; /* not told of on this link: those up to here ... */
	uint32_t erases_from; /* ... and these erases */
	uint32_t erase_ms; /* of one, by what was told; 0: not known */
	uint16_t write_ms; /* of one write */
	uint32_t notifications; /* while sending */

	struct ota_times times;
	bool times_known;
	struct budget_flash flash;
	struct budget_played played;
	struct budget_end end;
};

void budget_init(struct budget *b, uint64_t now_us);
/*
 * The link and the values that go over it from now on.  held_pdus: as struct predict has it, what
 * the device's controller keeps while the flash stops its code; 0: it stops nothing.
 */
void budget_link(struct budget *b, const struct airtime_link *link, uint16_t value, uint16_t header,
		 bool request, uint16_t held_pdus);
/* This program got its turn so much later than it had asked for. */
void budget_late(struct budget *b, uint64_t late_us);
/* After each event; now_us never goes back. */
void budget_see(struct budget *b, const struct budget_view *view, uint64_t now_us);
/*
 * The transfer as it was up to now, without lost packets and values: plays it, and the shares are
 * those that follow.  Takes as long as some ten transfers are played.
 */
void budget_play(struct budget *b, const struct predict *now);
/*
 * The shares up to the last budget_see(), in microseconds.  run: all; transfer: from START to
 * DONE, in BUDGET_TRANSFER_SHARES, or 0 each before START.  Either may be NULL.
 */
void budget_shares(const struct budget *b, uint64_t run[BUDGET_SHARES],
		   uint64_t transfer[BUDGET_TRANSFER_SHARES]);

void budget_flash(const struct budget *b, struct budget_flash *ret);
/* The host's stack takes a value so long after the one before; 0: no value waited for it. */
uint32_t budget_stack_us(const struct budget *b);

/* "air", "gaps": the names in JSON and on screens. */
const char *budget_share_name(enum budget_share share);

#endif
