/* SPDX-License-Identifier: Apache-2.0 */
/* See job_stream.h: streams themselves; job_stream.c has what a job does with them. */
#include "host/job_stream.h"

#include "base/bytes.h"
#include "base/deflate.h"
#include "ota/decoder.h"
#include "ota/error.h"

#include <stdlib.h>
#include <string.h>

static uint32_t blocks_of(uint32_t size)
{
	return (size + OTA_BLOCK_SIZE - 1u) / OTA_BLOCK_SIZE;
}

static void begin(struct job_stream *s, enum stream_kind kind, uint32_t size)
{
	memset(s, 0, sizeof(*s));
	s->at[0] = OTA_STREAM_HEAD;
	s->stream = (struct stream){
		.kind = kind,
		.image_size = size,
		.count = blocks_of(size),
		.at = s->at,
	};
}

/* The bytes to compress, and where in them each 64 KiB of the image begins. */
struct source {
	const uint8_t *bytes;
	const uint32_t *borders; /* of a patch; NULL: the image itself */
	uint32_t size;
};

static uint32_t border(const struct source *source, uint32_t block)
{
	const uint32_t at = block * OTA_BLOCK_SIZE;

	if (source->borders)
		return source->borders[block];
	return at < source->size ? at : source->size;
}

static int make(struct job_stream *s, const struct source *source, unsigned int window,
		const struct steps *steps)
{
	const uint32_t room =
		OTA_STREAM_HEAD + source->size + blocks_of(s->stream.image_size) * OTA_BLOCK_HEAD;
	uint32_t at = OTA_STREAM_HEAD;
	uint8_t *shrunk;

	if (s->stream.image_size == 0 || s->stream.count >= JOB_STREAM_BLOCKS)
		return -OTA_EINVAL;
	s->bytes = malloc(room);
	if (!s->bytes)
		return -OTA_ENOMEM;
	for (uint32_t i = 0; i < s->stream.count; i++) {
		const uint32_t from = border(source, i), len = border(source, i + 1u) - from;
		const int made =
			deflate_block(source->bytes + from, len, window, s->bytes + at, room - at);

		if (made < 0) {
			job_stream_finish(s);
			return made;
		}
		at += (uint32_t)made;
		s->at[i + 1u] = at;
		if (!steps_done(steps, len)) {
			job_stream_finish(s);
			return -OTA_ECANCELED;
		}
	}
	bytes_put32(s->bytes, at);
	shrunk = realloc(s->bytes, at);
	if (shrunk)
		s->bytes = shrunk;
	s->stream.bytes = s->bytes;
	s->stream.size = at;
	s->ready = true;
	return 0;
}

int job_stream_deflate_steps(struct job_stream *s, const uint8_t *image, uint32_t size,
			     unsigned int window, const struct steps *steps)
{
	const struct source source = {.bytes = image, .size = size};

	begin(s, STREAM_DEFLATE, size);
	return make(s, &source, window, steps);
}

int job_stream_deflate(struct job_stream *s, const uint8_t *image, uint32_t size,
		       unsigned int window)
{
	return job_stream_deflate_steps(s, image, size, window, NULL);
}

int job_stream_delta_steps(struct job_stream *s, const struct patch *patch, unsigned int window,
			   const struct steps *steps)
{
	const struct source source = {
		.bytes = patch->data, .borders = patch->borders, .size = (uint32_t)patch->size};

	begin(s, STREAM_DELTA, patch->image_size);
	return make(s, &source, window, steps);
}

int job_stream_delta(struct job_stream *s, const struct patch *patch, unsigned int window)
{
	return job_stream_delta_steps(s, patch, window, NULL);
}

int job_stream_recorded(struct job_stream *s, enum stream_kind kind, uint32_t image_size,
			const uint32_t *blocks, uint32_t count)
{
	begin(s, kind, image_size);
	if (image_size == 0 || count != s->stream.count || count >= JOB_STREAM_BLOCKS)
		return -OTA_EINVAL;
	for (uint32_t i = 0; i < count; i++) {
		if (blocks[i] < OTA_BLOCK_HEAD || blocks[i] > OTA_BLOCK_HEAD + OTA_BLOCK_MOST)
			return -OTA_EINVAL;
		s->at[i + 1u] = s->at[i] + blocks[i];
	}
	s->stream.size = s->at[count];
	s->ready = true;
	return 0;
}

void job_stream_move(struct job_stream *to, struct job_stream *from)
{
	*to = *from;
	to->stream.at = to->at;
	*from = (struct job_stream){.ready = false};
}

void job_stream_finish(struct job_stream *s)
{
	free(s->bytes);
	s->bytes = NULL;
	s->stream.bytes = NULL;
	s->ready = false;
}
