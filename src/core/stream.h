/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stream that is sent in place of an image, as the host has it whole: docs/protocol.md,
 * section 16.  Its bytes are what the first session would send: the length, then the blocks.
 * A place in it is an offset in those bytes, also where a later session sends only the rest.
 */
#ifndef OTABENCH_CORE_STREAM_H
#define OTABENCH_CORE_STREAM_H

#include <stdint.h>

enum stream_kind { STREAM_RAW, STREAM_DEFLATE, STREAM_DELTA, STREAM_KINDS };

struct stream {
	enum stream_kind kind;
	const uint8_t *bytes; /* NULL: as long, and unknown; of a recording */
	uint32_t size; /* bytes */
	uint32_t image_size; /* bytes */
	uint32_t count; /* blocks */
	const uint32_t *at; /* count + 1 places: where each block begins, and the end */
};

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
