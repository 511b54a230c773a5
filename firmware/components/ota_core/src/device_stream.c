/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the ring and the flash: see ota/stream.h.
 *
 * To the rest of the core the session's received bytes are those that came out of the decoder
 * and wait in the sector.  The decoder runs as an operation of the flash's, so that the task
 * that delivers values never waits for it, and is called for BATCH bytes at least: a task
 * that is woken for each value would cost more than the decoding.
 */
#include "device_priv.h"
#include "device_stream.h"

#define BATCH 1024u

int ota_stream_attach(struct ota_stream *s, const struct ota_stream_config *config,
		      struct ota_device *dev)
{
	if (!OTA_CORE_STREAM)
		return -OTA_ENOTSUP;
	if (!config->begin || !config->decode || !config->sector || config->flags == 0 ||
	    (config->flags & ~OTA_START_DECODED))
		return -OTA_EINVAL;
	memset(s, 0, sizeof(*s));
	s->config = *config;
	dev->decoder = s;
	return 0;
}

static void stream_fail(struct ota_device *dev, uint8_t code, uint32_t detail)
{
	device_fail(dev, code, 0, detail);
	/* Bytes of it may be in flash: they are no beginning of the image. */
	device_refuse(dev);
	dev->state = device_rest_state(dev);
}

bool device_stream_begin(struct ota_device *dev)
{
	struct ota_stream *s = dev->decoder;
	const struct ota_receive *rx = &dev->rx;
	int rc;

	if (device_skip(dev))
		device_skip_forget(dev);
	dev->stream = NULL;
	if (rx->kind != OTA_KIND_IMAGE || !device_start_decodes(&dev->start))
		return true;
	s->live = s->more = false;
	s->size = dev->start.stream_size;
	s->offset = rx->flushed - rx->flushed % OTA_BLOCK_SIZE;
	s->skip = rx->flushed - s->offset;
	s->received = s->taken = s->end = 0;
	rc = s->config.begin(s->config.ctx, dev->start.flags, s->offset, rx->image_size);
	if (rc < 0) {
		device_fail(dev, OTA_ERR_UNSUPPORTED, OTA_CMD_START, OTA_START_KNOWN);
		return false;
	}
	dev->stream = s;
	s->head = OTA_STREAM_HEAD;
	if (OTA_CORE_SKIP && s->blocks)
		device_skip_begin(dev);
	return true;
}

void device_stream_ready(struct ota_device *dev, const struct ota_ready *m)
{
	uint8_t buf[OTA_NOTIFY_MAX];
	int len = ota_event_encode(OTA_EVT_READY, m, buf, sizeof(buf));

	for (unsigned int i = 0; i < 4; i++)
		buf[len++] = (uint8_t)(dev->stream->offset >> (8u * i));
	device_notify(dev, dev->conn, buf, len);
}

void device_stream_check(struct ota_device *dev)
{
	const struct ota_stream *s = dev->stream;
	const struct ota_receive *rx = &dev->rx;

	if (s->taken == s->end && !s->more && (s->skip > 0 || rx->received < rx->image_size) &&
	    !device_skip_next(dev))
		stream_fail(dev, OTA_ERR_STREAM, rx->received - s->skip);
}

/* The session's length, once its first bytes came: the whole stream's, or of a rest of it. */
static bool take_head(struct ota_device *dev)
{
	struct ota_stream *s = dev->stream;
	const uint8_t *b = dev->config.ring;
	const uint32_t end =
		b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;

	/* The blocks that are kept were not known when START was written. */
	if (end < s->head || end > s->size ||
	    (s->offset == 0 && end != s->size && !device_skip(dev))) {
		stream_fail(dev, OTA_ERR_STREAM, s->offset);
		return false;
	}
	if (OTA_CORE_SKIP && s->blocks)
		memcpy(s->blocks->map, b + OTA_STREAM_HEAD, s->head - OTA_STREAM_HEAD);
	s->taken = s->head;
	s->end = end;
	device_stream_check(dev); /* a head alone */
	return dev->state == OTA_STATE_RECEIVING;
}

int device_stream_accept(struct ota_device *dev, const uint8_t *buf, uint32_t len)
{
	struct ota_stream *s = dev->stream;

	if (len > device_limit(dev) - s->received) {
		device_fail(dev, OTA_ERR_OVERFLOW, 0, device_limit(dev));
		return -OTA_EPROTO;
	}
	ring_put(dev, s->received, buf, len);
	s->received += len;
	if (s->end == 0 && s->received >= s->head && !take_head(dev))
		return -OTA_EPROTO;
	if (s->end > 0 && s->received > s->end) {
		device_fail(dev, OTA_ERR_OVERFLOW, 0, s->end);
		return -OTA_EPROTO;
	}
	dev->last_data = dev->now;
	dev->gap = false;
	dev->rx.paused = false;
	return 0;
}

bool device_stream_step(struct ota_device *dev)
{
	struct ota_stream *s = dev->stream;
	const struct ota_receive *rx = &dev->rx;
	const uint32_t waits = s->received - s->taken;
	const uint32_t at = s->taken % dev->config.ring_size;
	const uint32_t in_sector = s->skip ? 0 : rx->received % OTA_SECTOR_SIZE;
	const uint32_t left = s->skip ? s->skip : rx->image_size - rx->received;

	if (OTA_CORE_SKIP && device_skip_step(dev))
		return true;
	if (!device_stream_waits(dev) || (dev->state == OTA_STATE_RECEIVING && rx->judged &&
					  !s->more && waits < BATCH && s->received < s->end))
		return false;
	/* A kept block that has to wait, since another START came: there is nothing to decode. */
	if (waits == 0 && !s->more)
		return false;
	s->piece = (struct ota_piece){
		.in = dev->config.ring + at,
		.in_len = min_u32(waits, dev->config.ring_size - at),
		.out = s->config.sector + in_sector,
		.room = min_u32(left, OTA_SECTOR_SIZE - in_sector),
	};
	s->live = true;
	device_op(dev, OTA_OP_DECODE, s->taken, s->piece.in_len);
	device_op_started(dev, s->config.decode(s->config.ctx, &s->piece));
	return true;
}

static uint8_t decode_code(int result)
{
	if (result == -OTA_ENOENT)
		return OTA_ERR_BASE;
	return result == -OTA_EIO ? OTA_ERR_READ : OTA_ERR_STREAM;
}

void device_stream_decoded(struct ota_device *dev, int result)
{
	struct ota_stream *s = dev->stream;
	struct ota_receive *rx = &dev->rx;

	if (!s || !s->live || !rx->valid)
		return; /* of a session that ended meanwhile */
	s->live = false;
	/* A decoder that neither takes nor gives bytes would be asked for ever. */
	if (result == 0 && s->piece.used == 0 && s->piece.made == 0 &&
	    (s->piece.in_len > 0 || s->piece.more))
		result = -OTA_EBADMSG;
	if (result < 0) {
		stream_fail(dev, decode_code(result), rx->received - s->skip);
		return;
	}
	s->taken += s->piece.used;
	s->more = s->piece.more;
	if (s->skip > 0)
		s->skip -= s->piece.made;
	else
		rx->received += s->piece.made;
	device_stream_check(dev);
	if (rx->valid && device_head_ok(dev) && dev->state == OTA_STATE_RECEIVING)
		device_ack(dev, false);
}
