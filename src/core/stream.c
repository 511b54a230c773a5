/* SPDX-License-Identifier: Apache-2.0 */
/* See stream.h. */
#include "core/stream.h"

#include "ota/device.h"

const char *stream_kind_name(enum stream_kind kind)
{
	static const char *const names[STREAM_KINDS] = {
		[STREAM_RAW] = "raw",
		[STREAM_DEFLATE] = "deflate",
		[STREAM_DELTA] = "delta",
	};

	return kind < STREAM_KINDS ? names[kind] : "raw";
}

uint16_t stream_start_flags(const struct stream *s)
{
	static const uint16_t flags[STREAM_KINDS] = {
		[STREAM_DEFLATE] = OTA_START_COMPRESSED,
		[STREAM_DELTA] = OTA_START_COMPRESSED | OTA_START_DELTA,
	};

	return (uint16_t)(flags[s->kind] | (s->kept ? OTA_START_SKIP : 0u));
}

/* Bytes of the image that a block makes. */
static uint32_t makes(const struct stream *s, uint32_t block)
{
	const uint32_t left = s->image_size - block * OTA_BLOCK_SIZE;

	return left < OTA_BLOCK_SIZE ? left : OTA_BLOCK_SIZE;
}

uint32_t stream_image_at(const struct stream *s, uint32_t offset)
{
	uint32_t block = 0, within, of;

	if (offset >= s->size)
		return s->image_size;
	while (block + 1u < s->count && offset >= s->at[block + 1u])
		block++;
	if (offset <= s->at[block])
		return block * OTA_BLOCK_SIZE;
	within = offset - s->at[block];
	of = s->at[block + 1u] - s->at[block];
	return block * OTA_BLOCK_SIZE + (uint32_t)((uint64_t)within * makes(s, block) / of);
}

uint32_t stream_place_of(const struct stream *s, uint32_t image)
{
	const uint32_t block = image / OTA_BLOCK_SIZE;
	const uint32_t within = image % OTA_BLOCK_SIZE;

	if (image >= s->image_size)
		return s->size;
	return s->at[block] +
	       (uint32_t)((uint64_t)within * (s->at[block + 1u] - s->at[block]) / makes(s, block));
}

uint32_t stream_block_at(const struct stream *s, uint32_t image)
{
	const uint32_t block = image / OTA_BLOCK_SIZE;

	return s->at[block < s->count ? block : s->count];
}
