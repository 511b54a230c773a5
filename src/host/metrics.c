/* SPDX-License-Identifier: Apache-2.0 */
/* See metrics.h. */
#include "host/metrics.h"

#include <string.h>

#define SECOND_US 1000000u

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
}

static uint32_t add(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

/* Bytes of the METRICS_SLOTS slots before the current one. */
static uint32_t last_second(const struct metrics *m)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < METRICS_SLOTS + 1; i++) {
		if (i != m->slot % (METRICS_SLOTS + 1))
			sum = add(sum, m->slots[i]);
	}
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
	if (slot > m->slot + 2 * METRICS_SLOTS) {
		memset(m->slots, 0, sizeof(m->slots));
		m->lowest = 0;
		m->slot = slot;
		return;
	}
	while (m->slot < slot) {
		m->slot++;
		m->slots[m->slot % (METRICS_SLOTS + 1)] = 0;
		if (m->slot < METRICS_SLOTS)
			continue;
		sum = last_second(m);
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

void metrics_sample(struct metrics *m, uint64_t now_us, uint32_t received)
{
	uint32_t bytes = 0;
	size_t bucket;

	if (!m->started || now_us < m->now_us)
		return;
	m->now_us = now_us;
	slots_pass(m);
	bucket = bucket_now(m);
	if (received > m->received)
		bytes = received - m->received;
	m->received = received;
	m->slots[m->slot % (METRICS_SLOTS + 1)] =
		add(m->slots[m->slot % (METRICS_SLOTS + 1)], bytes);
	m->buckets[bucket] = add(m->buckets[bucket], bytes);
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
	return per_second((uint64_t)last_second(m) + m->slots[m->slot % (METRICS_SLOTS + 1)],
			  whole * METRICS_SLOT_US + current);
}

uint32_t metrics_rate_average(const struct metrics *m)
{
	if (!m->started || m->received < m->first)
		return 0;
	return per_second(m->received - m->first, m->now_us - m->start_us);
}

uint32_t metrics_rate_lowest(const struct metrics *m)
{
	return m->lowest == UINT32_MAX ? 0 : m->lowest;
}

uint64_t metrics_eta_us(const struct metrics *m)
{
	const uint64_t rate =
		((uint64_t)metrics_rate_now(m) + (uint64_t)metrics_rate_average(m)) / 2;

	if (!m->started || m->received > m->size)
		return UINT64_MAX;
	if (m->received == m->size)
		return 0;
	return rate == 0 ? UINT64_MAX : (uint64_t)(m->size - m->received) * SECOND_US / rate;
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
