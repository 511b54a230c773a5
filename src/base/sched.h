/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual world's clock: a queue of events on a microsecond clock that
 * moves only from event to event.
 *
 * Boards and links share one queue, so that a run is decided by its seed alone:
 * events run in order of time, and those of the same time in the order in which
 * they were armed.  Whoever wants real time sleeps until sched_next() and then
 * calls sched_advance().
 *
 * Events are embedded in their owners; the queue allocates nothing.
 */
#ifndef OTABENCH_BASE_SCHED_H
#define OTABENCH_BASE_SCHED_H

#include <stdbool.h>
#include <stdint.h>

struct sched;

/* Zeroed and given fn and ctx by its owner before first use; the rest is private. */
struct sched_event {
	void (*fn)(void *ctx, uint64_t now_us); /* runs disarmed: may arm itself again */
	void *ctx;
	struct sched *queue; /* NULL: not armed */
	struct sched_event *prev, *next;
	uint64_t at_us;
};

struct sched {
	uint64_t now_us;
	struct sched_event *first, *last;
};

void sched_init(struct sched *s, uint64_t now_us);
/* Disarms every event; none runs. */
void sched_finish(struct sched *s);

uint64_t sched_now(const struct sched *s);
/* Arms ev for at_us, a time in the past meaning now; moves it when it is armed.
 * It then runs after all events armed earlier for the same time. */
void sched_at(struct sched *s, struct sched_event *ev, uint64_t at_us);
/* No-op when ev is not armed. */
void sched_cancel(struct sched *s, struct sched_event *ev);
bool sched_armed(const struct sched_event *ev);

/* True and the time of the next event, or false when none is armed. */
bool sched_next(const struct sched *s, uint64_t *ret_at_us);
/* Moves the clock to the next event and runs it; false when none is armed. */
bool sched_step(struct sched *s);
/* Runs all events up to and at until_us, those that they arm included, then sets
 * the clock to until_us.  Never moves the clock back. */
void sched_advance(struct sched *s, uint64_t until_us);

#endif
