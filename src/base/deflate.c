/* SPDX-License-Identifier: Apache-2.0 */
/* See deflate.h. */
#include "base/deflate.h"

#include "ota/error.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MEMORY_LEVEL 8 /* zlib's default: 9 makes images larger, by longer blocks of its own */

static void put_head(uint8_t *out, uint32_t len, uint8_t kind)
{
	out[0] = (uint8_t)len;
	out[1] = (uint8_t)(len >> 8);
	out[2] = (uint8_t)(len >> 16);
	out[3] = kind;
}

/* Deflates into fewer bytes than in has: their number; 0 where it cannot. */
static int deflate_less(const uint8_t *in, uint32_t len, unsigned int window, uint8_t *out)
{
	z_stream z = {.next_in = (z_const Bytef *)in, .avail_in = len};
	int rc, made;

	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, -(int)window, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -OTA_ENOMEM;
	z.next_out = out;
	z.avail_out = len;
	rc = deflate(&z, Z_FINISH);
	made = (int)(len - z.avail_out);
	deflateEnd(&z);
	return rc == Z_STREAM_END && made < (int)len ? made : 0;
}

int deflate_block(const uint8_t *in, uint32_t len, unsigned int window, uint8_t *out, uint32_t room)
{
	int made;

	if (window < DEFLATE_WINDOW_LEAST || window > DEFLATE_WINDOW_MOST || len > OTA_BLOCK_MOST)
		return -OTA_EINVAL;
	if (room < DEFLATE_BLOCK_ROOM(len))
		return -OTA_ENOSPC;
	made = deflate_less(in, len, window, out + OTA_BLOCK_HEAD);
	if (made < 0)
		return made;
	put_head(out, made > 0 ? (uint32_t)made : len,
		 made > 0 ? OTA_BLOCK_DEFLATED : OTA_BLOCK_STORED);
	if (made == 0 && len > 0)
		memcpy(out + OTA_BLOCK_HEAD, in, len);
	return (int)OTA_BLOCK_HEAD + (made > 0 ? made : (int)len);
}

struct inflater {
	z_stream z;
	bool ended; /* the final block's last byte was taken */
	bool spare; /* a byte was made that had no room: */
	uint8_t byte;
};

static int begin(void *ctx, uint32_t offset, uint32_t size)
{
	struct inflater *f = ctx;

	(void)offset;
	(void)size;
	f->ended = f->spare = false;
	return inflateReset(&f->z) == Z_OK ? 0 : -OTA_EINVAL;
}

static void give_spare(struct inflater *f, struct ota_piece *p)
{
	if (!f->spare || p->room == 0)
		return;
	p->out[p->made++] = f->byte;
	f->spare = false;
}

/*
 * If there is no room, a spare byte tells whether more is to come: zlib does not say so of output
 * that is full to the last byte.
 */
static int run(void *ctx, struct ota_piece *p)
{
	struct inflater *f = ctx;
	uint32_t room;
	int rc;

	give_spare(f, p);
	if (f->spare)
		return OTA_STAGE_FULL;
	if (f->ended)
		return OTA_STAGE_END;
	room = p->room - p->made;
	f->z.next_in = (z_const Bytef *)p->in;
	f->z.avail_in = p->in_len;
	f->z.next_out = room > 0 ? p->out + p->made : &f->byte;
	f->z.avail_out = room > 0 ? room : 1;
	rc = inflate(&f->z, Z_NO_FLUSH);
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
		return rc == Z_MEM_ERROR ? -OTA_ENOMEM : -OTA_EBADMSG;
	p->used = p->in_len - f->z.avail_in;
	f->ended = rc == Z_STREAM_END;
	f->spare = room == 0 && f->z.avail_out == 0;
	p->made += room > 0 ? room - f->z.avail_out : 0;
	if (f->spare)
		return OTA_STAGE_FULL;
	if (f->ended)
		return OTA_STAGE_END;
	return f->z.avail_out == 0 ? OTA_STAGE_FULL : OTA_STAGE_HUNGRY;
}

int inflate_create(unsigned int window, struct ota_stage *ret)
{
	struct inflater *f;

	if (window < DEFLATE_WINDOW_LEAST || window > DEFLATE_WINDOW_MOST)
		return -OTA_EINVAL;
	f = calloc(1, sizeof(*f));
	if (!f || inflateInit2(&f->z, -(int)window) != Z_OK) {
		free(f);
		return -OTA_ENOMEM;
	}
	*ret = (struct ota_stage){.begin = begin, .run = run, .ctx = f};
	return 0;
}

void inflate_destroy(struct ota_stage *stage)
{
	struct inflater *f = stage->ctx;

	if (f)
		inflateEnd(&f->z);
	free(f);
	*stage = (struct ota_stage){.ctx = NULL};
}
