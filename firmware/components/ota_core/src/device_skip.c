/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks that stay as they are: see ota/skip.h.
 *
 * A kept block is passed when the flash stands at its beginning: received, flushed and erased
 * move behind it at once.  The decoder leaves it out by itself (decoder.c), so that what it gives
 * next belongs behind the block, and has room only up to it.
 */
#include "device_priv.h"
#include "device_stream.h"

int ota_skip_attach(struct ota_skip *skip,
		    uint32_t (*crc)(uint32_t crc, const uint8_t *buf, uint32_t len),
		    struct ota_stream *stream)
{
	if (!OTA_CORE_SKIP)
		return -OTA_ENOTSUP;
	if (!crc || !stream->config.decode)
		return -OTA_EINVAL;
	memset(skip, 0, sizeof(*skip));
	skip->crc = crc;
	stream->blocks = skip;
	stream->config.flags |= OTA_START_SKIP;
	return 0;
}

struct ota_skip *device_skip_of(const struct ota_device *dev)
{
	const struct ota_stream *s = dev->stream;

	return s && s->head > OTA_STREAM_HEAD ? s->blocks : NULL;
}

bool device_skip_has(const struct ota_device *dev, uint32_t at)
{
	const struct ota_skip *skip = device_skip_of(dev);

	return skip && at < dev->rx.image_size && ota_skip_has(skip->map, at);
}

void device_skip_begin(struct ota_device *dev)
{
	struct ota_stream *s = dev->stream;
	struct ota_skip *skip = s->blocks;

	if (dev->start.flags & OTA_START_SKIP)
		s->head += ota_skip_map_size(dev->rx.image_size);
	memset(skip->map, 0, sizeof(skip->map));
	skip->touched = dev->rx.flushed > 0; /* by an earlier session */
	skip->judges = false;
	skip->end = 0;
}

/* BLOCKS, of the session's owner, before anything of the stream came. */
uint8_t device_skip_asked(struct ota_device *dev, const uint8_t *buf, size_t len)
{
	struct ota_skip *skip = device_skip(dev);
	const uint32_t blocks = (dev->rx.image_size + OTA_BLOCK_SIZE - 1u) / OTA_BLOCK_SIZE;
	struct ota_blocks_request m;

	if (ota_blocks_request_decode(buf, len, &m) < 0)
		return OTA_ERR_LENGTH;
	if (!skip || dev->stream->received > 0 || m.first >= blocks || m.count == 0)
		return OTA_ERR_STATE;
	skip->end = (uint16_t)min_u32(blocks, (uint32_t)m.first + m.count);
	skip->at = m.first * OTA_BLOCK_SIZE;
	skip->sum = 0;
	skip->told = (struct ota_blocks){.first = m.first};
	return OTA_OK;
}

static bool read(struct ota_device *dev, uint32_t at, uint8_t *buf, uint32_t len)
{
	device_op(dev, OTA_OP_DIGEST, at, len);
	device_op_started(dev, dev->config.ops->flash_read(dev->config.ctx, at, buf, len));
	return true;
}

/* Reads on for the digest that is told next, unless no connection could be told it. */
static bool digest_step(struct ota_device *dev, const struct ota_skip *skip)
{
	const uint32_t image = min_u32(dev->rx.image_size, skip->end * OTA_BLOCK_SIZE);

	if (dev->state != OTA_STATE_RECEIVING || skip->at >= image || dev->queue_count > 0)
		return false;
	return read(dev, skip->at, dev->config.scratch, min_u32(image - skip->at, OTA_SECTOR_SIZE));
}

/* Returns true if the session goes on, and nobody has begun another. */
static bool wanted(const struct ota_device *dev)
{
	return dev->state == OTA_STATE_RECEIVING || dev->state == OTA_STATE_VERIFYING;
}

/* A block's end is the image's bytes before it. */
static uint32_t block_end(const struct ota_device *dev, uint32_t at)
{
	const uint32_t next = at - at % OTA_BLOCK_SIZE + OTA_BLOCK_SIZE;

	return min_u32(next, dev->rx.image_size);
}

static void pass(struct ota_device *dev)
{
	struct ota_receive *rx = &dev->rx;
	const uint32_t end = block_end(dev, rx->received);

	rx->received = end;
	dev->stream->skip = 0;
	if (!device_head_ok(dev))
		return;
	rx->flushed = end;
	if (rx->erased < end)
		rx->erased = end;
	device_stream_check(dev);
}

bool device_skip_step(struct ota_device *dev)
{
	const struct ota_skip *skip = device_skip(dev);
	const struct ota_receive *rx = &dev->rx;
	struct ota_stream *s = dev->stream;

	if (!skip)
		return false;
	if (digest_step(dev, skip))
		return true;
	if (!device_skip_next(dev))
		return false;
	/* The image is judged by its first bytes, even if their block is kept. */
	if (!rx->judged && rx->flushed == 0) {
		if (!wanted(dev))
			return false;
		s->blocks->judges = true;
		return read(dev, 0, s->config.sector, min_u32(rx->image_size, OTA_HEAD_SIZE));
	}
	pass(dev);
	return true;
}

static void digested(struct ota_device *dev, struct ota_skip *skip)
{
	struct ota_blocks *m = &skip->told;
	uint8_t buf[OTA_NOTIFY_MAX];

	skip->sum = skip->crc(skip->sum, dev->config.scratch, dev->op_len);
	skip->at = dev->op_at + dev->op_len;
	if (skip->at != block_end(dev, dev->op_at))
		return;
	m->crc[m->count++] = skip->sum;
	skip->sum = 0;
	if (m->count < OTA_DIGESTS && m->first + m->count < skip->end)
		return;
	device_notify(dev, dev->conn, buf, ota_blocks_encode(m, buf, sizeof(buf)));
	m->first = (uint16_t)(m->first + m->count);
	m->count = 0;
}

void device_skip_read(struct ota_device *dev, int result)
{
	struct ota_skip *skip = device_skip(dev);

	if (!skip || !wanted(dev) || !dev->rx.valid)
		return; /* of a session that ended meanwhile */
	if (result < 0) {
		device_fail(dev, OTA_ERR_READ, 0, dev->op_at);
	} else if (skip->judges) {
		skip->judges = false;
		pass(dev);
	} else if (dev->op_at == skip->at) { /* else BLOCKS came anew */
		digested(dev, skip);
	}
}

void device_skip_leave(struct ota_device *dev)
{
	struct ota_receive *rx = &dev->rx;

	while (device_skip_keeps(dev, rx->erased))
		rx->erased = block_end(dev, rx->erased);
}

void device_skip_forget(struct ota_device *dev)
{
	struct ota_receive *rx = &dev->rx;
	const uint32_t end = min_u32(rx->erased, rx->image_size);

	for (uint32_t at = rx->flushed; at < end; at = block_end(dev, at))
		if (device_skip_has(dev, at)) {
			rx->erased = at;
			break;
		}
}
