/* SPDX-License-Identifier: Apache-2.0 */
/* The host in what is played: what it hears, and what it may send. */
#include "explain/predict_priv.h"

#include <string.h>

static void hear(struct play *s, const struct play_note *note)
{
	if (note->response)
		s->waiting = false;
	if (note->received > s->acked)
		s->acked = note->received;
	if (note->limit > s->limit)
		s->limit = note->limit;
	if (!note->gap || !s->lost)
		return;
	s->gap = s->lost = false;
	s->stale += s->queued - s->carried;
	if (s->left > 0 && !s->left_stale) {
		s->stale -= min_u32(s->left_len, s->stale);
		s->left_stale = true;
	}
	s->queued = s->carried = s->arrived;
	s->acked = s->received;
}

static void host_hear(struct play *s)
{
	struct play_note note;

	while (s->sent > 0 && s->notes[0].at <= s->t) {
		note = s->notes[0];
		s->sent--;
		s->count--;
		memmove(&s->notes[0], &s->notes[1], s->count * sizeof(s->notes[0]));
		hear(s, &note);
	}
}

static bool may_send(const struct play *s, uint32_t bound)
{
	const uint32_t len = min_u32(s->payload, s->size - s->queued);

	if (s->queued >= bound || s->waiting)
		return false;
	return s->queued == s->acked ||
	       (s->queued + len - s->acked <= s->p->window && s->queued + len <= bound);
}

/* An alarm is heard as late as all else. */
static uint64_t paced_until(const struct play *s)
{
	return s->next_send + (s->paced ? s->p->host_us : 0);
}

static void host_send(struct play *s)
{
	const uint32_t bound = min_u32(s->limit, s->size);
	uint64_t at;

	while (may_send(s, bound)) {
		/* If only pacing was waited for, the value went when that was over. */
		at = s->t;
		if (s->paced || s->stacked)
			at = play_host_next(s);
		if (s->t < play_host_next(s)) {
			s->paced = s->t < paced_until(s);
			s->stacked = s->t < s->stack_free;
			return;
		}
		s->paced = s->p->pacing_us > 0;
		s->stacked = s->p->stack_us > 0;
		s->queued += min_u32(s->payload, bound - s->queued);
		s->next_send = at + s->p->pacing_us;
		s->stack_free = at + s->p->stack_us;
		s->waiting = s->p->request;
	}
	s->paced = s->stacked = false;
}

uint64_t play_host_next(const struct play *s)
{
	return s->stack_free > paced_until(s) ? s->stack_free : paced_until(s);
}

void play_host(struct play *s)
{
	host_hear(s);
	host_send(s);
}
