/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed streams, patches, and blocks that the slot holds already (CONFIG_OTA_ESP_DEFLATE,
 * CONFIG_OTA_ESP_DELTA, CONFIG_OTA_ESP_SKIP): ota_core's
 * decoder, the inflate that each chip has in its ROM, and the running slot as a patch's base.
 *
 * What this takes of RAM is had from the heap at START and given back once the flash
 * has the last of it.  A START that finds none is refused as unsupported, and the host sends
 * the image as it is.
 */
#include "ota_esp_priv.h"

#ifdef CONFIG_OTA_ESP_DEFLATE

#include "ota/decoder.h"
#include "ota/patch.h"

#include <string.h>

#include "esp_heap_caps.h"
#ifdef CONFIG_OTA_ESP_SKIP
#include "esp_rom_crc.h"
#endif
#include "miniz.h"

#define WINDOW (1u << CONFIG_OTA_ESP_DEFLATE_WINDOW)

struct ota_esp_unpack {
	struct ota_decoder decoder;
#ifdef CONFIG_OTA_ESP_DELTA
	struct ota_patch patch;
#endif
	tinfl_decompressor tinfl;
	uint32_t filled, given; /* places in window: inflated, and handed on */
	bool ended; /* the block's last byte was inflated */
	uint8_t sector[OTA_SECTOR_SIZE];
	/* The last to be inflated.  tinfl_decompress() wraps in a buffer whose size is a power
	 * of two, and a distance of more than it has lands elsewhere inside. */
	uint8_t window[WINDOW];
};

static int inflate_begin(void *ctx, uint32_t offset, uint32_t size)
{
	struct ota_esp_unpack *u = ctx;

	(void)offset;
	(void)size;
	tinfl_init(&u->tinfl);
	u->filled = u->given = 0;
	u->ended = false;
	return 0;
}

/*
 * Up to the window's end, however little room there is behind it: the function must be given
 * all of the rest.
 */
static int inflate_more(struct ota_esp_unpack *u, struct ota_piece *p)
{
	size_t in = p->in_len - p->used, out;
	tinfl_status status;

	if (u->filled == WINDOW)
		u->filled = u->given = 0;
	out = WINDOW - u->filled;
	/* Without the flag it would read zeros behind the end. */
	status = tinfl_decompress(&u->tinfl, p->in + p->used, &in, u->window, u->window + u->filled,
				  &out, TINFL_FLAG_HAS_MORE_INPUT);
	p->used += (uint32_t)in;
	u->filled += (uint32_t)out;
	if (status < TINFL_STATUS_DONE)
		return -OTA_EBADMSG;
	u->ended = status == TINFL_STATUS_DONE;
	/* The ROM's may have taken bytes behind the end, which are in its bit buffer then. */
	return u->ended && u->tinfl.m_num_bits >= 8 ? -OTA_EBADMSG : 0;
}

static int inflate_run(void *ctx, struct ota_piece *p)
{
	struct ota_esp_unpack *u = ctx;
	uint32_t len;
	int rc;

	for (;;) {
		len = u->filled - u->given;
		if (len > p->room - p->made)
			len = p->room - p->made;
		if (len > 0)
			memcpy(p->out + p->made, u->window + u->given, len);
		p->made += len;
		u->given += len;
		if (u->given < u->filled)
			return OTA_STAGE_FULL;
		if (u->ended)
			return OTA_STAGE_END;
		rc = inflate_more(u, p);
		if (rc < 0)
			return rc;
		if (u->given == u->filled && !u->ended)
			return OTA_STAGE_HUNGRY;
	}
}

#ifdef CONFIG_OTA_ESP_DELTA

static int read_base(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	const struct ota_esp *s = ctx;

	return esp_partition_read(s->running, offset, buf, len) == ESP_OK ? 0 : -OTA_EIO;
}

static struct ota_stage *patch_stage(struct ota_esp *s, struct ota_stage *ret)
{
	/* In its place at once: NimBLE's host task, which brings START, has little stack. */
	struct ota_patch_config *config = &s->unpack->patch.config;

	config->read = read_base;
	config->ctx = s;
	config->base_size = s->info.running_size;
	memcpy(config->base_sha256, s->info.running_sha256, sizeof(config->base_sha256));
	ota_patch_stage(&s->unpack->patch, config, ret);
	return ret;
}

#else

static struct ota_stage *patch_stage(struct ota_esp *s, struct ota_stage *ret)
{
	(void)s;
	(void)ret;
	return NULL;
}

#endif

static bool take_memory(struct ota_esp *s)
{
	if (!s->unpack) {
		s->unpack =
			heap_caps_malloc(sizeof(*s->unpack), MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT);
		/* A stream that reaches back before its beginning finds nothing of what was there. */
		if (s->unpack)
			memset(s->unpack, 0, sizeof(*s->unpack));
	}
	return s->unpack != NULL;
}

static int begin(void *ctx, uint16_t flags, uint32_t offset, uint32_t size)
{
	struct ota_esp *s = ctx;
	struct ota_stage inflate = {.begin = inflate_begin, .run = inflate_run}, patch;

	if (!take_memory(s))
		return -OTA_ENOMEM;
	inflate.ctx = s->unpack;
	ota_decoder_init(&s->unpack->decoder, &inflate, patch_stage(s, &patch));
#ifdef CONFIG_OTA_ESP_SKIP
	s->unpack->decoder.kept = s->skip.map;
#endif
	s->stream.config.sector = s->unpack->sector;
	return ota_decoder_begin(&s->unpack->decoder, (flags & OTA_START_DELTA) != 0, offset, size);
}

static int decode(void *ctx, struct ota_piece *piece)
{
	struct ota_esp *s = ctx;

	s->job.kind = OTA_ESP_JOB_DECODE;
	s->job.piece = piece;
	return 0;
}

int ota_esp_stream_decode(struct ota_piece *piece)
{
	return ota_decoder_run(&ota_esp.unpack->decoder, piece);
}

bool ota_esp_stream_init(struct ota_esp *s)
{
	const struct ota_stream_config config = {
		.flags = OTA_START_COMPRESSED,
		.sector = s->scratch, /* until begin() has one */
		.begin = begin,
		.decode = decode,
		.ctx = s,
	};

	s->info.features |= OTA_FEATURE_COMPRESSED;
	s->info.deflate_window = CONFIG_OTA_ESP_DEFLATE_WINDOW;
#ifdef CONFIG_OTA_ESP_DEFLATE_KEEP
	if (!take_memory(s))
		return false;
#endif
	if (ota_stream_attach(&s->stream, &config, &s->device) < 0)
		return false;
#ifdef CONFIG_OTA_ESP_SKIP
	s->info.features |= OTA_FEATURE_SKIP;
	return ota_skip_attach(&s->skip, esp_rom_crc32_le, &s->stream) == 0;
#else
	return true;
#endif
}

void ota_esp_stream_inspected(struct ota_esp *s)
{
#ifdef CONFIG_OTA_ESP_DELTA
	if (s->info.running_size == 0)
		return;
	s->info.features |= OTA_FEATURE_DELTA;
	s->stream.config.flags |= OTA_START_DELTA;
#else
	(void)s;
#endif
}

void ota_esp_stream_rest(struct ota_esp *s)
{
#ifndef CONFIG_OTA_ESP_DEFLATE_KEEP
	s->stream.config.sector = s->scratch;
	heap_caps_free(s->unpack);
	s->unpack = NULL;
#else
	(void)s;
#endif
}

#endif
