/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ESP32's decoder of compressed streams: zlib in place of the ROM's inflate.  Decoding
 * takes no time, nor does the reading of a delta's base: a chip's times were never measured.
 */
#include "esp/esp_priv.h"

#include "base/deflate.h"

#include <string.h>
#include <zlib.h>

static int begin(void *ctx, uint16_t flags, uint32_t offset, uint32_t size)
{
	struct esp *esp = ctx;

	return ota_decoder_begin(&esp->decoder, (flags & OTA_START_DELTA) != 0, offset, size);
}

/* The running image, as a chip reads it through its cache: at once. */
static int read_base(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	const struct esp *esp = ctx;
	const struct board_running *running = board_running(esp->board);
	const uint8_t *slot = board_slot_map(esp->board, running->slot, running->size);

	if (!slot)
		return -OTA_EIO;
	memcpy(buf, slot + offset, len);
	return 0;
}

/* The base is the running image as the board knows it, with its hash. */
static bool has_base(const struct esp *esp)
{
	return esp->config.delta && board_running(esp->board)->size > 0;
}

static void make_decoder(struct esp *esp)
{
	const struct board_running *running = board_running(esp->board);
	struct ota_patch_config config = {
		.read = read_base, .ctx = esp, .base_size = running->size};
	struct ota_stage patch;

	memcpy(config.base_sha256, running->sha256, OTA_SHA256_SIZE);
	ota_patch_stage(&esp->patch, &config, &patch);
	ota_decoder_init(&esp->decoder, &esp->inflate, has_base(esp) ? &patch : NULL);
}

static int decode(void *ctx, struct ota_piece *piece)
{
	struct esp *esp = ctx;

	esp->piece = piece;
	sched_at(esp->config.sched, &esp->decode, sched_now(esp->config.sched));
	return 0;
}

static void decoded(void *ctx, uint64_t now_us)
{
	struct esp *esp = ctx;

	(void)now_us;
	ota_device_op_done(&esp->device, ota_decoder_run(&esp->decoder, esp->piece),
			   esp_now_ms(esp));
	esp_hold(esp);
	esp_rearm(esp);
}

/* The CRC-32 of a chip's ROM.  The time of reading is the flash's. */
static uint32_t digest(uint32_t before, const uint8_t *buf, uint32_t len)
{
	return (uint32_t)crc32(before, buf, len);
}

static void start_skip(struct esp *esp)
{
	if (esp->config.skip && ota_skip_attach(&esp->skip, digest, &esp->stream) == 0)
		esp->decoder.kept = esp->skip.map;
}

void esp_stream_start(struct esp *esp)
{
	const unsigned int window = esp->config.deflate_window;
	const struct ota_stream_config config = {
		.flags = (uint16_t)((window > 0 ? OTA_START_COMPRESSED : OTA_START_SKIP) |
				    (window > 0 && has_base(esp) ? OTA_START_DELTA : 0u)),
		.sector = esp->sector,
		.begin = begin,
		.decode = decode,
		.ctx = esp,
	};

	esp->decode = (struct sched_event){.fn = decoded, .ctx = esp};
	if ((window == 0 && !esp->config.skip) || esp->config.dialect != ESP_FULL)
		return;
	if (window > 0 && !esp->inflate.ctx && inflate_create(window, &esp->inflate) < 0)
		return;
	make_decoder(esp);
	if (ota_stream_attach(&esp->stream, &config, &esp->device) == 0)
		start_skip(esp);
}

void esp_stream_stop(struct esp *esp)
{
	sched_cancel(esp->config.sched, &esp->decode);
}

void esp_stream_info(const struct esp *esp, struct ota_info *info)
{
	if (esp->decoder.kept)
		info->features |= OTA_FEATURE_SKIP;
	if (!esp->inflate.ctx)
		return;
	info->features |= OTA_FEATURE_COMPRESSED;
	if (has_base(esp))
		info->features |= OTA_FEATURE_DELTA;
	info->deflate_window = (uint8_t)esp->config.deflate_window;
}

void esp_stream_finish(struct esp *esp)
{
	inflate_destroy(&esp->inflate);
}
