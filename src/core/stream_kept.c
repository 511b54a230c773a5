/* SPDX-License-Identifier: Apache-2.0 */
/* See stream.h: streams that leave out blocks which the device holds. */
#include "core/stream.h"

#include "base/bytes.h"

#include <string.h>

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t makes(const struct stream_kept *k, uint32_t block)
{
	return least(k->stream.image_size - block * OTA_BLOCK_SIZE, OTA_BLOCK_SIZE);
}

/* Bytes of a block in what is sent, were it not kept. */
static uint32_t takes(const struct stream_kept *k, uint32_t block)
{
	return k->whole ? k->whole->at[block + 1u] - k->whole->at[block]
			: OTA_BLOCK_HEAD + makes(k, block);
}

void stream_keep(struct stream_kept *k)
{
	uint32_t at = OTA_STREAM_HEAD + ota_skip_map_size(k->stream.image_size);

	k->bytes = 0;
	k->at[0] = at;
	for (uint32_t i = 0; i < k->stream.count; i++) {
		if (ota_skip_has(k->map, i * OTA_BLOCK_SIZE))
			k->bytes += makes(k, i);
		else
			at += takes(k, i);
		k->at[i + 1u] = at;
	}
	k->stream.size = at;
}

void stream_keep_begin(struct stream_kept *k, const struct stream *whole, const uint8_t *image,
		       uint32_t image_size)
{
	memset(k, 0, sizeof(*k));
	k->whole = whole;
	k->image = image;
	k->stream = (struct stream){
		.kind = whole ? whole->kind : STREAM_RAW,
		.image_size = image_size,
		.count = (image_size + OTA_BLOCK_SIZE - 1u) / OTA_BLOCK_SIZE,
		.at = k->at,
		.kept = k,
	};
	stream_keep(k);
}

/* A stored block of the image: its head, then the bytes. */
static void copy_stored(const struct stream_kept *k, uint32_t block, uint32_t from, uint8_t *to,
			uint32_t len)
{
	uint8_t head[OTA_BLOCK_HEAD];

	bytes_put32(head, makes(k, block)); /* and the kind, OTA_BLOCK_STORED */
	for (; len > 0 && from < OTA_BLOCK_HEAD; len--)
		*to++ = head[from++];
	if (len == 0)
		return;
	if (k->image)
		memcpy(to, k->image + block * OTA_BLOCK_SIZE + from - OTA_BLOCK_HEAD, len);
	else
		memset(to, 0, len);
}

/* Bytes of what would be sent with all blocks. */
static void copy_whole(const struct stream *s, uint32_t place, uint8_t *to, uint32_t len)
{
	if (s->bytes)
		memcpy(to, s->bytes + place, len);
	else
		memset(to, 0, len);
}

void stream_copy(const struct stream *s, uint32_t place, uint8_t *to, uint32_t len)
{
	const struct stream_kept *k = s->kept;
	uint32_t block = 0;

	if (!k) {
		copy_whole(s, place, to, len);
		return;
	}

	while (len > 0) {
		uint32_t part, from;

		while (block + 1u < k->stream.count && place >= k->at[block + 1u])
			block++;
		from = place - k->at[block];
		part = least(len, k->at[block + 1u] - place);
		if (part == 0)
			break; /* behind the end */
		if (!k->whole)
			copy_stored(k, block, from, to, part);
		else
			copy_whole(k->whole, k->whole->at[block] + from, to, part);
		place += part;
		to += part;
		len -= part;
	}
}
