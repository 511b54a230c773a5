/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host that is busy: its program gets its turn late (host_delay), or its stack takes its time
 * for each value (stack_delay).  The world goes on meanwhile.
 */
#include "sim/sim_priv.h"

#include <string.h>

/* An event that waits for the program; len bytes of its data follow. */
struct waiting {
	struct transport_event event;
};

static void deliver(struct sim *sim, const struct transport_event *event)
{
	sim_calls_event(sim, event);
	if (sim->base.handler)
		sim->base.handler(sim->base.userdata, event);
}

static void wait_for_turn(struct sim *sim, const struct transport_event *event)
{
	const struct waiting w = {.event = *event};
	uint8_t *to = fifo_push(&sim->waiting, sizeof(w) + event->len);

	if (!to) /* better early than never */
		return deliver(sim, event);
	memcpy(to, &w, sizeof(w));
	if (event->len > 0)
		memcpy(to + sizeof(w), event->data, event->len);
	sim->waiting_alarms += event->kind == TRANSPORT_ALARM ? 1u : 0u;
	if (sim->waiting_count++ == 0)
		sched_at(&sim->sched, &sim->program,
			 sched_now(&sim->sched) + sim->config.host_delay_us);
}

/* All that has come until now, in one turn; what that brings about waits for the next. */
static void on_turn(void *ctx, uint64_t now_us)
{
	struct sim *sim = ctx;
	uint8_t data[ATT_VALUE_MAX];
	struct waiting w;

	for (unsigned int left = sim->waiting_count; left > 0; left--) {
		memcpy(&w, fifo_peek(&sim->waiting), sizeof(w));
		memcpy(data, fifo_peek(&sim->waiting) + sizeof(w), w.event.len);
		fifo_pop(&sim->waiting, sizeof(w) + w.event.len);
		sim->waiting_count--;
		sim->waiting_alarms -= w.event.kind == TRANSPORT_ALARM ? 1u : 0u;
		w.event.data = data;
		deliver(sim, &w.event);
	}
	if (sim->waiting_count > 0)
		sched_at(&sim->sched, &sim->program, now_us + sim->config.host_delay_us);
}

static void on_stack_free(void *ctx, uint64_t now_us)
{
	const struct transport_event event = {.kind = TRANSPORT_WRITABLE};

	(void)now_us;
	sim_emit(ctx, &event);
}

void sim_turn_create(struct sim *sim)
{
	sim->program = (struct sched_event){.fn = on_turn, .ctx = sim};
	sim->stack_free = (struct sched_event){.fn = on_stack_free, .ctx = sim};
}

void sim_turn_destroy(struct sim *sim)
{
	fifo_finish(&sim->waiting);
}

void sim_emit(struct sim *sim, const struct transport_event *event)
{
	const bool now = sim->config.host_delay_us == 0 || event->kind == TRANSPORT_ADVERTISEMENT ||
			 event->len > ATT_VALUE_MAX;

	if (sim->looking && event->kind != TRANSPORT_ALARM)
		sim_table_event(sim, event);
	else if (now)
		deliver(sim, event);
	else
		wait_for_turn(sim, event);
}

bool sim_stack_takes(struct sim *sim)
{
	const uint64_t now = sched_now(&sim->sched);

	if (sim->config.stack_delay_us == 0)
		return true;
	if (now < sim->stack_busy) {
		if (!sched_armed(&sim->stack_free))
			sched_at(&sim->sched, &sim->stack_free, sim->stack_busy);
		return false;
	}
	sim->stack_busy = now + sim->config.stack_delay_us;
	return true;
}
