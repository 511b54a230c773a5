/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progress and rate: the received offset and the time go in, figures and a series for graphs come
 * out.  Pure, so that a screen, a progress line and a test see the same figures for the same
 * samples.
 *
 * Bytes count when the device says that it has received them in order, never when they were queued.
 * Times are microseconds of the transport's clock and never go back.
 */
#ifndef OTABENCH_HOST_METRICS_H
#define OTABENCH_HOST_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_BUCKETS 256u /* of the series; two become one when they run out */
#define METRICS_BUCKET_US 100000u /* of the series at first */
#define METRICS_SLOTS 10u /* one second ... */
#define METRICS_SLOT_US 100000u /* ... in these */
#define METRICS_KEPT                                                                               \
	64u /* slots, the current one included: more than the longest connection
			   * interval, 4 s (Core Vol 6 Part B 4.5.1) */
#define METRICS_MARKS_MAX 64u /* the latest are kept */

enum metrics_mark_kind {
	METRICS_STALL, /* value: offset */
	METRICS_GAP, /* offset to go back to */
	METRICS_RETRY, /* number of the try */
	METRICS_RESUME, /* offset */
	METRICS_TUNING, /* the new value */
};

struct metrics_mark {
	uint64_t at_us; /* since the start */
	enum metrics_mark_kind kind;
	uint32_t value;
};

struct metrics {
	bool started;
	uint64_t start_us, now_us; /* now: of the latest sample */
	uint64_t end_us; /* of the transfer; 0: not yet */
	uint64_t ready_us; /* of the latest READY, since the start */
	uint32_t size; /* bytes of the image */
	uint32_t first; /* offset of the first READY */
	uint32_t received; /* of the latest sample */
	uint32_t most; /* the largest offset ever received */
	uint32_t ceiling; /* of the link, in bytes per second; 0: unknown */
	uint32_t early; /* bytes told before the link can have carried them on average */
	uint64_t slot; /* number of the current slot since the start */
	uint32_t slots[METRICS_KEPT]; /* bytes in each; a ring */
	uint32_t lowest; /* bytes in the leanest whole second; UINT32_MAX: none yet */
	uint32_t buckets[METRICS_BUCKETS]; /* bytes in each */
	uint64_t bucket_us;
	size_t bucket_count;
	struct metrics_mark marks[METRICS_MARKS_MAX]; /* a ring */
	size_t mark_count; /* marks ever made */
};

void metrics_init(struct metrics *m);
/*
 * START was written at start_us and READY came with offset, of size bytes: from
 * here on samples count.  Called again after a resume, only the offset counts.
 */
void metrics_start(struct metrics *m, uint64_t start_us, uint32_t offset, uint32_t size);
/*
 * Sets the rate that the link carries at most from now on, in bytes per second (airtime_ceiling());
 * 0 is unknown.  A device tells in bursts the bytes that it received meanwhile, after an erase or
 * at the next connection event: with a ceiling, bytes count in the time in which the link can have
 * carried them, which is before the sample.  The ceiling is an average: bytes that a connection
 * event brings ahead of it, a quarter of a second's worth, wait for their time.  Bytes that even
 * that does not explain count as told, because they did arrive.
 */
void metrics_ceiling(struct metrics *m, uint32_t ceiling);
/* READY came, or came again after a lost link: what later samples tell arrived after this. */
void metrics_ready(struct metrics *m, uint64_t now_us);
/* The transfer ended at end_us with all before this offset: the average is the goodput. */
void metrics_end(struct metrics *m, uint64_t end_us, uint32_t received);
/* The device has received everything before this offset; also just to let time pass. */
void metrics_sample(struct metrics *m, uint64_t now_us, uint32_t received);
void metrics_mark(struct metrics *m, uint64_t now_us, enum metrics_mark_kind kind, uint32_t value);

/* Bytes per second; 0 before anything is known. */
uint32_t metrics_rate_now(const struct metrics *m); /* over the last second */
/* Each byte once, since START and up to the end, if there was one. */
uint32_t metrics_rate_average(const struct metrics *m);
/*
 * The lowest rate of any second since the first, up to a second ago: later bursts may still belong
 * there.
 */
uint32_t metrics_rate_lowest(const struct metrics *m);
/*
 * Microseconds until all is received at the mean of rate now and average.  UINT64_MAX is
 * unknown: before a second has passed, and while nothing has arrived for one.
 */
uint64_t metrics_eta_us(const struct metrics *m);

/*
 * Bytes per second of at most METRICS_BUCKETS equal spans of *ret_span_us since
 * the start, the last one under way.  Returns how many, written to ret, which
 * has room for METRICS_BUCKETS.
 */
size_t metrics_series(const struct metrics *m, uint32_t *ret, uint64_t *ret_span_us);
/* The index-th of the marks kept, oldest first; NULL past the end. */
const struct metrics_mark *metrics_mark_at(const struct metrics *m, size_t index);

#endif
