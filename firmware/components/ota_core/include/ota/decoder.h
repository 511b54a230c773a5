/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder of ota/stream.h: blocks of the stream, each inflated or stored, and then
 * perhaps a patch.  docs/protocol.md, section 16.
 *
 * Each block stands alone and makes OTA_BLOCK_SIZE bytes of the image, the last one what is
 * left.  That is checked here, so that no stream yields more than it may, nor runs for ever.
 *
 * Everything runs in the caller's decode operation (struct ota_stream_config), in a task that
 * may read flash meanwhile.  No heap: each stage's state is the caller's.
 */
#ifndef OTA_DECODER_H
#define OTA_DECODER_H

#include "ota/stream.h"

/* The head that stands before a block: kind in the highest byte, length of what follows below it. */
#define OTA_BLOCK_HEAD 4u
#define OTA_BLOCK_STORED 0u
#define OTA_BLOCK_DEFLATED 1u /* raw deflate, RFC 1951, with its final block */
/* The most that follows: as deflate stores 64 KiB that it cannot make smaller, or a patch. */
#define OTA_BLOCK_MOST 0x12000u

#define OTA_DECODER_MIDDLE 256u /* bytes between two stages */

/* The ways in which a stage's run ends. */
enum {
	OTA_STAGE_HUNGRY = 0, /* all was taken and all given */
	OTA_STAGE_FULL = 1, /* something to give waits for room */
	OTA_STAGE_END = 2, /* the last byte was taken and given: inflate only */
};

/*
 * One stage.  run takes what it can of in and gives what it can to out; used, made and more are
 * 0 before.  It ends with HUNGRY only when it took all and has nothing more to give; with FULL
 * only when it used up the room, or there was none and it has something to give.  Negative:
 * -OTA_EBADMSG the bytes are not well-formed, -OTA_EIO flash could not be read, -OTA_ENOENT it
 * is a patch of another image.
 */
struct ota_stage {
	/* inflate: for each block, where both are 0; a patch: for each session, as
	 * ota_stream_config's begin. */
	int (*begin)(void *ctx, uint32_t offset, uint32_t size);
	int (*run)(void *ctx, struct ota_piece *piece);
	void *ctx;
};

struct ota_decoder {
	struct ota_stage inflate, patch;
	/* Caller's map of blocks that the stream leaves out, as ota/skip.h has it, set after
	 * ota_decoder_init() and all 0 where there are none; NULL: there never are. */
	const uint8_t *kept;
	bool patched; /* in this session */
	bool open; /* a block's head came, and not its end */
	bool deflated; /* it is */
	bool ended; /* all its bytes came, and the middle may still have some */
	bool first; /* no block of the session has ended */
	uint8_t head_len;
	uint8_t head[OTA_BLOCK_HEAD];
	uint32_t left; /* bytes of the block still to come */
	uint32_t at, size; /* of the image: made so far, and all */
	uint32_t block_end; /* of it, which the block must not go beyond */
	uint32_t middle_at, middle_len;
	uint8_t middle[OTA_DECODER_MIDDLE]; /* inflated, for the patch */
};

/* inflate without a run, patch NULL: there is none.  Copies both. */
void ota_decoder_init(struct ota_decoder *decoder, const struct ota_stage *inflate,
		      const struct ota_stage *patch);
/* Does the work of ota_stream_config's begin; patched: the inflated bytes are a patch. */
int ota_decoder_begin(struct ota_decoder *decoder, bool patched, uint32_t offset, uint32_t size);
/* ota_stream_config's decode, done at once. */
int ota_decoder_run(struct ota_decoder *decoder, struct ota_piece *piece);

#endif
