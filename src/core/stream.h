/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream that is sent in place of an image, as the host has it whole: docs/protocol.md,
 * section 16.  Its bytes are what the first session would send: the length, then the blocks.
 * A place in it is an offset in those bytes, also where a later session sends only the rest.
 */
#ifndef OTABENCH_CORE_STREAM_H
#define OTABENCH_CORE_STREAM_H

#include "ota/decoder.h"
#include "ota/skip.h"

enum stream_kind { STREAM_RAW, STREAM_DEFLATE, STREAM_DELTA, STREAM_KINDS };

struct stream {
	enum stream_kind kind;
	const uint8_t *bytes; /* NULL: as long, and unknown; of a recording */
	uint32_t size; /* bytes */
	uint32_t image_size; /* bytes */
	uint32_t count; /* blocks */
	const uint32_t *at; /* count + 1 places: where each block begins, and the end */
	const struct stream_kept *kept; /* what it leaves blocks out by; NULL: it has them all */
};

/*
 * A stream without the blocks that the device holds already, section 18.  In its places these have
 * no bytes; before the first block is room for the map.
 */
struct stream_kept {
	struct stream stream;
	const struct stream *whole; /* with all blocks; NULL: the image's, each stored */
	const uint8_t *image; /* for those; NULL: of a recording */
	uint32_t at[OTA_SKIP_BLOCKS + 1u];
	uint8_t map[OTA_SKIP_MAP]; /* of the blocks that are kept */
	uint32_t bytes; /* of the image in these */
};

/* Begins with nothing kept; image_size is OTA_SKIP_BLOCKS blocks at most.  The caller's whole
 * and image must outlive k, which is not to be moved. */
void stream_keep_begin(struct stream_kept *k, const struct stream *whole, const uint8_t *image,
		       uint32_t image_size);
/* The map was changed. */
void stream_keep(struct stream_kept *k);
/* The blocks' bytes from a place on, which is behind the map; 0 where they are unknown. */
void stream_copy(const struct stream *stream, uint32_t place, uint8_t *to, uint32_t len);

/* "raw", "deflate", "delta" */
const char *stream_kind_name(enum stream_kind kind);
/* OTA_START_* of a session that sends it. */
uint16_t stream_start_flags(const struct stream *stream);
/* The image's bytes that a device can have of the stream's first offset bytes; within a block as
 * if all of it were equally compressible. */
uint32_t stream_image_at(const struct stream *stream, uint32_t offset);
/* The place of a byte of the image, likewise; image is at most image_size. */
uint32_t stream_place_of(const struct stream *stream, uint32_t image);
/* The place of the block that begins at image, a multiple of OTA_BLOCK_SIZE; the end where image
 * is the whole. */
uint32_t stream_block_at(const struct stream *stream, uint32_t image);

#endif
