/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sorted list is the whole implementation: a world has a few events per
 * board, most of them armed behind all others, so searching from the end finds
 * the place at once.
 */
#include "base/sched.h"

#include <stddef.h>

void sched_init(struct sched *s, uint64_t now_us)
{
	*s = (struct sched){.now_us = now_us};
}

void sched_finish(struct sched *s)
{
	while (s->first)
		sched_cancel(s, s->first);
}

uint64_t sched_now(const struct sched *s)
{
	return s->now_us;
}

void sched_at(struct sched *s, struct sched_event *ev, uint64_t at_us)
{
	struct sched_event *before;

	sched_cancel(s, ev);
	ev->at_us = at_us < s->now_us ? s->now_us : at_us;
	before = s->last;
	while (before && before->at_us > ev->at_us)
		before = before->prev;
	ev->queue = s;
	ev->prev = before;
	ev->next = before ? before->next : s->first;
	if (ev->next)
		ev->next->prev = ev;
	else
		s->last = ev;
	if (before)
		before->next = ev;
	else
		s->first = ev;
}

void sched_cancel(struct sched *s, struct sched_event *ev)
{
	if (ev->queue != s)
		return;
	if (ev->prev)
		ev->prev->next = ev->next;
	else
		s->first = ev->next;
	if (ev->next)
		ev->next->prev = ev->prev;
	else
		s->last = ev->prev;
	ev->queue = NULL;
	ev->prev = ev->next = NULL;
}

bool sched_armed(const struct sched_event *ev)
{
	return ev->queue != NULL;
}

bool sched_next(const struct sched *s, uint64_t *ret_at_us)
{
	if (!s->first)
		return false;
	*ret_at_us = s->first->at_us;
	return true;
}

bool sched_step(struct sched *s)
{
	struct sched_event *ev = s->first;

	if (!ev)
		return false;
	s->now_us = ev->at_us;
	/* Off the queue first: the handler may arm the event again or free its owner. */
	sched_cancel(s, ev);
	ev->fn(ev->ctx, s->now_us);
	return true;
}

void sched_advance(struct sched *s, uint64_t until_us)
{
	uint64_t at_us;

	while (sched_next(s, &at_us) && at_us <= until_us)
		(void)sched_step(s);
	if (s->now_us < until_us)
		s->now_us = until_us;
}
