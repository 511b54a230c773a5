/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ESP32's decoder of compressed streams: zlib in place of the ROM's inflate.  It takes
 * no time: what a chip needs for 64 KiB was never measured.
 */
#include "esp/esp_priv.h"

#include "base/deflate.h"

static int begin(void *ctx, uint16_t flags, uint32_t offset, uint32_t size)
{
	struct esp *esp = ctx;

	(void)flags;
	return ota_decoder_begin(&esp->decoder, false, offset, size);
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

void esp_stream_start(struct esp *esp)
{
	const struct ota_stream_config config = {
		.flags = OTA_START_COMPRESSED,
		.sector = esp->sector,
		.begin = begin,
		.decode = decode,
		.ctx = esp,
	};

	esp->decode = (struct sched_event){.fn = decoded, .ctx = esp};
	if (esp->config.deflate_window == 0 || esp->config.dialect != ESP_FULL)
		return;
	if (!esp->inflate.ctx && inflate_create(esp->config.deflate_window, &esp->inflate) < 0)
		return;
	ota_decoder_init(&esp->decoder, &esp->inflate, NULL);
	(void)ota_stream_attach(&esp->stream, &config, &esp->device);
}

void esp_stream_stop(struct esp *esp)
{
	sched_cancel(esp->config.sched, &esp->decode);
}

void esp_stream_info(const struct esp *esp, struct ota_info *info)
{
	if (!esp->inflate.ctx)
		return;
	info->features |= OTA_FEATURE_COMPRESSED;
	info->deflate_window = (uint8_t)esp->config.deflate_window;
}

void esp_stream_finish(struct esp *esp)
{
	inflate_destroy(&esp->inflate);
}
