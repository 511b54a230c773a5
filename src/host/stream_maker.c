/* SPDX-License-Identifier: Apache-2.0 */
/* See stream_maker.h. */
#include "host/stream_maker.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *copy_of(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size + 1u);

	if (copy)
		memcpy(copy, bytes, size);
	return copy;
}

struct stream_maker *stream_maker_create(const struct stream_order *order)
{
	struct stream_maker *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->order = *order;
	m->order.image = NULL;
	m->order.patch = NULL;
	if (order->patch) {
		m->patch = *order->patch;
		m->patch.data = copy_of(order->patch->data, order->patch->size);
		m->order.patch = &m->patch;
	} else {
		m->order.image = copy_of(order->image, order->size);
	}
	if (m->order.patch ? m->patch.data != NULL : m->order.image != NULL)
		return m;
	free(m);
	return NULL;
}

void stream_maker_destroy(void *ctx)
{
	struct stream_maker *m = ctx;

	if (!m)
		return;
	for (int kind = 0; kind < STREAM_KINDS; kind++)
		job_stream_finish(&m->made[kind]);
	patch_finish(&m->patch);
	free((void *)(uintptr_t)m->order.image);
	free(m);
}

uint64_t stream_maker_units(const struct stream_maker *m)
{
	const struct stream_order *o = &m->order;

	if (o->patch)
		return m->patch.size;
	/* The base is as long, as a rule; the patch is compressed at the image's length. */
	return (o->delta ? PATCH_UNITS(o->size, o->size) + o->size : 0) +
	       (o->deflate || !o->delta ? o->size : 0);
}

static void compress_patch(struct stream_maker *m, const struct steps *steps)
{
	const int r =
		job_stream_delta_steps(&m->made[STREAM_DELTA], &m->patch, m->order.window, steps);

	m->no_delta = r == 0		 ? STREAM_DELTA_MADE
		      : r == -OTA_ENOMEM ? STREAM_DELTA_NO_MEMORY
					 : STREAM_DELTA_NOT;
}

static void make_delta(struct stream_maker *m, const struct steps *steps)
{
	const struct stream_order *o = &m->order;
	struct image_file base;
	int r;

	m->no_delta = STREAM_DELTA_NO_BASE;
	if (image_store_get(o->base, &base, m->error, sizeof(m->error)) < 0)
		return;
	r = patch_make_steps(&m->patch, base.data, base.size, o->image, o->size, steps);
	image_file_finish(&base);
	m->no_delta = r == -OTA_ENOMEM ? STREAM_DELTA_NO_MEMORY : STREAM_DELTA_NOT;
	if (r == 0)
		compress_patch(m, steps);
	patch_finish(&m->patch);
}

void stream_maker_work(void *ctx, const struct steps *steps)
{
	struct stream_maker *m = ctx;
	const struct stream_order *o = &m->order;

	if (o->patch) {
		compress_patch(m, steps);
		return;
	}
	if (o->delta)
		make_delta(m, steps);
	if ((o->deflate || !m->made[STREAM_DELTA].ready) && steps_done(steps, 0))
		(void)job_stream_deflate_steps(&m->made[STREAM_DEFLATE], o->image, o->size,
					       o->window, steps);
}
