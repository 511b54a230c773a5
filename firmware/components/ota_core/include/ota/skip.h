/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks that the free slot holds already: docs/protocol.md, sections 4.13, 5.12 and 18.
 *
 * In a session whose START has the flag *skip* the host may ask for digests of the slot's blocks,
 * and a map in the stream's head says which of the image's blocks are kept: they are not in the
 * stream, and are neither erased nor written.  The map is not trusted: kept blocks are read back
 * for the image's SHA-256 like all others, so that a wrong map ends with OTA_ERR_HASH.
 *
 * The core must be compiled with OTA_CORE_SKIP=1 beside OTA_CORE_STREAM=1; otherwise this code adds
 * nothing to its size.
 */
#ifndef OTA_SKIP_H
#define OTA_SKIP_H

#include "ota/stream.h"

#ifndef OTA_CORE_SKIP
#define OTA_CORE_SKIP 0
#endif

#define OTA_SKIP_BLOCKS 256u /* of an image, at most: 16 MiB */
#define OTA_SKIP_MAP (OTA_SKIP_BLOCKS / 8u) /* bytes */
#define OTA_DIGESTS 4u /* in one notification */
#define OTA_BLOCKS_REQUEST_SIZE 5u

/* Section 4.13: digests of count blocks from first on, or of fewer where the image ends. */
struct ota_blocks_request {
	uint16_t first, count;
};

/* Section 5.12: CRC-32 (that of zlib) of the slot's bytes where the image's blocks would be, the
 * last one as long as the image's. */
struct ota_blocks {
	uint16_t first;
	uint8_t count; /* 1..OTA_DIGESTS */
	uint32_t crc[OTA_DIGESTS];
};

/* Codecs, as those of ota/proto.h. */
int ota_blocks_request_encode(const struct ota_blocks_request *m, uint8_t *buf, size_t size);
int ota_blocks_request_decode(const uint8_t *buf, size_t len, struct ota_blocks_request *ret);
int ota_blocks_encode(const struct ota_blocks *m, uint8_t *buf, size_t size);
int ota_blocks_decode(const uint8_t *buf, size_t len, struct ota_blocks *ret);

/* Bytes of the map in the head of a stream of that image; bit n is the image's block n, the lowest
 * of a byte first. */
static inline uint32_t ota_skip_map_size(uint32_t image_size)
{
	const uint32_t count = image_size / OTA_BLOCK_SIZE + (image_size % OTA_BLOCK_SIZE > 0);

	return (count + 7u) / 8u;
}

/* Returns true if the map has the block of the image's byte at. */
static inline bool ota_skip_has(const uint8_t *map, uint32_t at)
{
	const uint32_t n = at / OTA_BLOCK_SIZE;

	return n < OTA_SKIP_BLOCKS && (map[n / 8u] >> n % 8u & 1u);
}

struct ota_skip {
	/* Goes on with a CRC-32 of which crc is that of all bytes before, and 0 that of none; as
	 * zlib's crc32() and ESP-IDF's esp_rom_crc32_le(). */
	uint32_t (*crc)(uint32_t crc, const uint8_t *buf, uint32_t len);
	uint8_t map[OTA_SKIP_MAP]; /* kept in this session; all 0: none */
	bool touched; /* something of the slot was erased, or may have been */
	bool judges; /* the read under way is of what the image begins with */
	uint16_t end; /* blocks are still to be told up to here */
	uint32_t at; /* of the slot: read so far for the next one that is told */
	uint32_t sum; /* ... and its CRC-32 */
	struct ota_blocks told; /* until it is whole */
};

/*
 * After ota_stream_attach(), whose flags it adds to; the decoder must be ota/decoder.h's, and know
 * skip->map (struct ota_decoder's kept).  -OTA_EINVAL: a part is missing; -OTA_ENOTSUP: the core was
 * compiled without.  skip must outlive the device.
 */
int ota_skip_attach(struct ota_skip *skip,
		    uint32_t (*crc)(uint32_t crc, const uint8_t *buf, uint32_t len),
		    struct ota_stream *stream);

#endif
