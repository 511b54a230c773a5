/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams that are not the image itself: docs/protocol.md, section 16.
 *
 * With a flag of START that says so, the bytes over Data are decoded between the ring and the
 * flash.  Credit, ACK, GAP and the ring count bytes of the stream, beginning with 0 in each
 * session; what is erased, written, recorded, read back and hashed are bytes of the image.
 * A session begins at a multiple of OTA_BLOCK_SIZE of the image with a decoder that knows
 * nothing of earlier bytes, so that any host's encoder can go on where another's was cut off.
 * What of that block is in flash already is decoded and dropped.
 *
 * This file is the device's hook; ota/decoder.h makes what a product gives it.  The core must
 * be compiled with OTA_CORE_STREAM=1, and does not grow by it otherwise.
 */
#ifndef OTA_STREAM_H
#define OTA_STREAM_H

#include "ota/device.h"

/* The length of all that a session sends, these bytes included, comes first. */
#define OTA_STREAM_HEAD 4u

/* Bytes that one call of a decoder takes and gives. */
struct ota_piece {
	const uint8_t *in;
	uint32_t in_len; /* may be 0 where more was told */
	uint8_t *out;
	uint32_t room; /* bytes of out; 0 once the image is complete: what is left yields nothing */
	uint32_t used, made; /* told: bytes taken of in, and put into out; 0 before */
	bool more; /* told: further bytes of the image wait for room */
};

struct ota_stream_config {
	uint16_t flags; /* of START, OTA_START_DECODED's: the ones that the decoder understands */
	/* The caller's; OTA_SECTOR_SIZE bytes: the image's, until they are in flash.  Another may be
	 * set in ota_stream.config while no session is under way, and in begin. */
	uint8_t *sector;
	/*
	 * Begins anew: what comes next yields the image's bytes from offset, a multiple of
	 * OTA_BLOCK_SIZE, to size.  flags are START's.  Never called while a decode is under way.
	 * Where it fails, as without memory for it, START is refused as unsupported: the
	 * host may send the image itself.
	 */
	int (*begin)(void *ctx, uint16_t flags, uint32_t offset, uint32_t size);
	/*
	 * [async] as struct ota_device_ops has it, beside no other operation: takes all of in,
	 * unless room runs out.  Ends with -OTA_EBADMSG where the stream is damaged, -OTA_EIO
	 * where flash could not be read, -OTA_ENOENT where it is of another base.  in and out
	 * are the ring's and sector's, and stay until then.
	 */
	int (*decode)(void *ctx, struct ota_piece *piece);
	void *ctx;
};

struct ota_skip; /* ota/skip.h */

struct ota_stream {
	struct ota_stream_config config;
	struct ota_piece piece; /* of the decode under way */
	bool live; /* it is still wanted */
	bool more; /* the decoder has bytes that waited for room */
	uint32_t size; /* of the whole stream, as START says */
	uint32_t offset; /* of the image, at which the session began */
	uint32_t end; /* of the session's stream; 0 until its first bytes came */
	uint32_t received, taken; /* bytes accepted in order; given to the decoder */
	struct ota_skip *blocks; /* that may be kept; NULL: none */
	uint32_t head; /* bytes before the first block of the session */
	uint32_t skip; /* bytes that the image has in flash and that are to be decoded again */
};

/*
 * After each ota_device_init().  -OTA_EINVAL: a function or the sector is missing, or a flag
 * is none of OTA_START_DECODED.  -OTA_ENOTSUP: the core was compiled without.  stream must
 * outlive dev.
 */
int ota_stream_attach(struct ota_stream *stream, const struct ota_stream_config *config,
		      struct ota_device *dev);

#endif
