/* SPDX-License-Identifier: Apache-2.0 */
/* See metrics.h. */
#include "host/metrics.h"

#include <string.h>

#define SECOND_US 1000000u
#define EARLY 4u /* this part of a second's bytes may wait to be counted */

void metrics_init(struct metrics *m)
{
	memset(m, 0, sizeof(*m));
	m->lowest = UINT32_MAX;
	m->bucket_us = METRICS_BUCKET_US;
}

void metrics_start(struct metrics *m, uint64_t start_us, uint32_t offset, uint32_t size)
{
	if (!m->started) {
		m->started = true;
		m->start_us = m->now_us = start_us;
		m->first = offset;
		m->bucket_count = 1;
	}
	m->size = size;
	m->received = offset; /* what is sent again is received again */
	m->most = offset > m->most ? offset : m->most;
}

void metrics_ceiling(struct metrics *m, uint32_t ceiling)
{
	m->ceiling = ceiling;
}

void metrics_ready(struct metrics *m, uint64_t now_us)
{
	if (m->started && now_us > m->start_us)
		m->ready_us = now_us - m->start_us;
}

void metrics_end(struct metrics *m, uint64_t end_us, uint32_t received)
{
	m->end_us = end_us;
	m->most = received > m->most ? received : m->most;
}

static uint32_t add(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Bytes of the METRICS_SLOTS slots before the one of this number. */
static uint32_t second_before(const struct metrics *m, uint64_t slot)
{
	uint32_t sum = 0;

	for (uint64_t i = 1; i <= METRICS_SLOTS && i <= slot; i++)
		sum = add(sum, m->slots[(slot - i) % METRICS_KEPT]);
	return sum;
}

/* Since the start; what a sample tells happened before it, so a span's end belongs to it. */
static uint64_t span_of(const struct metrics *m, uint64_t span_us)
{
	const uint64_t since = m->now_us - m->start_us;

	return since == 0 ? 0 : (since - 1) / span_us;
}

static void slots_pass(struct metrics *m)
{
	const uint64_t slot = span_of(m, METRICS_SLOT_US);
	uint32_t sum;

	/* After a longer silence every second of it is empty. */
	if (slot >= m->slot + METRICS_KEPT) {
		memset(m->slots, 0, sizeof(m->slots));
		m->lowest = 0;
		m->slot = slot;
		return;
	}
	while (m->slot < slot) {
		m->slot++;
		m->slots[m->slot % METRICS_KEPT] = 0;
		if (m->slot < 2 * METRICS_SLOTS)
			continue;
		sum = second_before(m, m->slot - METRICS_SLOTS);
		if (sum < m->lowest)
			m->lowest = sum;
	}
}

static void coarsen(struct metrics *m)
{
	for (size_t i = 0; i < METRICS_BUCKETS / 2; i++)
		m->buckets[i] = add(m->buckets[2 * i], m->buckets[2 * i + 1]);
	memset(m->buckets + METRICS_BUCKETS / 2, 0, METRICS_BUCKETS / 2 * sizeof(m->buckets[0]));
	m->bucket_us *= 2;
}

static size_t bucket_now(struct metrics *m)
{
	while (span_of(m, m->bucket_us) >= METRICS_BUCKETS)
		coarsen(m);
	m->bucket_count = (size_t)span_of(m, m->bucket_us) + 1;
	return m->bucket_count - 1;
}

/* Spans of equal length since the start, of which the last is under way: a ring. */
struct spans {
	uint32_t *at;
	size_t size; /* of the ring */
	uint64_t last; /* number */
	uint64_t us; /* of each */
};

/* Bytes that the link can still have carried in a span, beyond what counts there. */
static uint32_t room_in(const struct metrics *m, const struct spans *s, uint64_t number)
{
	const uint64_t since = m->now_us - m->start_us;
	const uint64_t from = number * s->us > m->ready_us ? number * s->us : m->ready_us;
	const uint64_t to = (number + 1) * s->us < since ? (number + 1) * s->us : since;
	const uint64_t room = to > from ? (to - from) * m->ceiling / SECOND_US : 0;
	const uint32_t there = s->at[number % s->size];

	return room > there ? (uint32_t)(room - there > UINT32_MAX ? UINT32_MAX : room - there) : 0;
}

static void count(const struct spans *s, uint64_t number, uint32_t bytes)
{
	s->at[number % s->size] = add(s->at[number % s->size], bytes);
}

/* Counts bytes backwards from now, in each span what it can have carried; returns the rest. */
static uint32_t spread(const struct metrics *m, const struct spans *s, uint32_t bytes)
{
	for (uint64_t back = 0; m->ceiling > 0 && bytes > 0 && back < s->size && back <= s->last;
	     back++) {
		const uint64_t number = s->last - back;
		const uint32_t room = room_in(m, s, number);
		const uint32_t part = room < bytes ? room : bytes;

		count(s, number, part);
		bytes -= part;
		if (number * s->us <= m->ready_us)
			break;
	}
	return bytes;
}

static void take(struct metrics *m, uint32_t bytes)
{
	const struct spans slots = {m->slots, METRICS_KEPT, m->slot, METRICS_SLOT_US};
	const struct spans buckets = {m->buckets, METRICS_BUCKETS, bucket_now(m), m->bucket_us};
	const uint32_t rest = spread(m, &slots, bytes);

	m->early = rest < m->ceiling / EARLY ? rest : m->ceiling / EARLY;
	count(&slots, slots.last, rest - m->early);
	count(&buckets, buckets.last, spread(m, &buckets, bytes - m->early));
}

void metrics_sample(struct metrics *m, uint64_t now_us, uint32_t received)
{
	uint32_t bytes = 0;

	if (!m->started || now_us < m->now_us)
		return;
	m->now_us = now_us;
	slots_pass(m);
	if (received > m->received)
		bytes = received - m->received;
	m->received = received;
	m->most = received > m->most ? received : m->most;
	take(m, add(bytes, m->early));
}

void metrics_mark(struct metrics *m, uint64_t now_us, enum metrics_mark_kind kind, uint32_t value)
{
	m->marks[m->mark_count++ % METRICS_MARKS_MAX] = (struct metrics_mark){
		.at_us = m->started && now_us > m->start_us ? now_us - m->start_us : 0,
		.kind = kind,
		.value = value,
	};
}

static uint32_t per_second(uint64_t bytes, uint64_t us)
{
	const uint64_t rate = us == 0 ? 0 : (bytes * SECOND_US + us / 2) / us;

	return rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
}

uint32_t metrics_rate_now(const struct metrics *m)
{
	const uint64_t since = m->now_us - m->start_us;
	const uint64_t current = since - m->slot * METRICS_SLOT_US;
	uint64_t whole = m->slot < METRICS_SLOTS ? m->slot : METRICS_SLOTS;

	if (!m->started)
		return 0;
	return per_second((uint64_t)second_before(m, m->slot) + m->slots[m->slot % METRICS_KEPT],
			  whole * METRICS_SLOT_US + current);
}

uint32_t metrics_rate_average(const struct metrics *m)
{
	const uint64_t to = m->end_us > m->start_us ? m->end_us : m->now_us;

	if (!m->started || m->most < m->first)
		return 0;
	return per_second(m->most - m->first, to - m->start_us);
}

uint32_t metrics_rate_lowest(const struct metrics *m)
{
	return m->lowest == UINT32_MAX ? 0 : m->lowest;
}

uint64_t metrics_eta_us(const struct metrics *m)
{
	const uint32_t now = metrics_rate_now(m);
	const uint64_t rate = ((uint64_t)now + (uint64_t)metrics_rate_average(m)) / 2;

	if (!m->started || m->received > m->size)
		return UINT64_MAX;
	if (m->received == m->size)
		return 0;
	if (now == 0 || rate == 0 || m->now_us - m->start_us < SECOND_US)
		return UINT64_MAX;
	return (uint64_t)(m->size - m->received) * SECOND_US / rate;
}

size_t metrics_series(const struct metrics *m, uint32_t *ret, uint64_t *ret_span_us)
{
	const uint64_t since = m->now_us - m->start_us;

	*ret_span_us = m->bucket_us;
	for (size_t i = 0; i < m->bucket_count; i++) {
		const bool last = i + 1 == m->bucket_count;
		const uint64_t passed = since - i * m->bucket_us;

		/* The one under way counts the time that has passed in it, but no instant. */
		ret[i] = per_second(m->buckets[i],
				    last && passed > METRICS_BUCKET_US / 2 ? passed : m->bucket_us);
	}
	return m->bucket_count;
}

const struct metrics_mark *metrics_mark_at(const struct metrics *m, size_t index)
{
	const size_t kept = m->mark_count < METRICS_MARKS_MAX ? m->mark_count : METRICS_MARKS_MAX;

	if (index >= kept)
		return NULL;
	return &m->marks[(m->mark_count - kept + index) % METRICS_MARKS_MAX];
}
