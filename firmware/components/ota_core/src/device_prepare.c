/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From START to READY: where to begin.
 *
 * A session that a lost link left continues where the flash stands.  What a power loss
 * left is taken up at the recorded offset, but only after its bytes were read
 * back and hash to what the record says.  Anything else starts at 0.
 */
#include "device_priv.h"
#include "device_stream.h"

static bool same_image(const struct ota_device *dev, uint32_t image_size,
		       const uint8_t sha256[OTA_SHA256_SIZE])
{
	return dev->start_kind == OTA_KIND_IMAGE && !(dev->start.flags & OTA_START_RESTART) &&
	       image_size == dev->start.image_size &&
	       memcmp(sha256, dev->start.sha256, OTA_SHA256_SIZE) == 0;
}

bool device_can_adopt(const struct ota_device *dev)
{
	const struct ota_receive *rx = &dev->rx;

	return rx->valid && rx->kind == OTA_KIND_IMAGE &&
	       same_image(dev, rx->image_size, rx->sha256);
}

static bool can_rehash(const struct ota_device *dev)
{
	return dev->record.offset > 0 &&
	       same_image(dev, dev->record.image_size, dev->record.sha256);
}

static uint16_t ack_interval(const struct ota_device *dev)
{
	const uint32_t most = dev->config.ring_size / 2u;
	uint32_t wanted = dev->start.ack_interval;

	if (wanted == 0)
		wanted = dev->config.ack_interval;
	return (uint16_t)min_u32(min_u32(wanted, most), UINT16_MAX);
}

static uint8_t start_opcode(const struct ota_device *dev)
{
	return dev->start_kind == OTA_KIND_BLANK ? OTA_CMD_PREPARE : OTA_CMD_START;
}

/* Returns true if the session to begin erases the slot's first block. */
static bool wears(const struct ota_device *dev)
{
	return dev->start_kind != OTA_KIND_SINK &&
	       (dev->start_kind == OTA_KIND_PATTERN ||
		dev->blank < min_u32(dev->start.image_size, OTA_BLOCK_SIZE));
}

static bool begin_fresh(struct ota_device *dev)
{
	struct ota_receive *rx = &dev->rx;
	struct ota_info info;

	device_info(dev, &info);
	device_stream_none(dev);
	memset(rx, 0, sizeof(*rx));
	rx->kind = dev->start_kind;
	rx->slot_size = info.slot_size;
	rx->worn = !wears(dev);
	rx->erased = rx->kind == OTA_KIND_PATTERN ? 0 : dev->blank;
	rx->image_size = dev->start.image_size;
	memcpy(rx->sha256, dev->start.sha256, sizeof(rx->sha256));
	if (dev->config.ops->hash_init(dev->config.ctx) < 0) {
		device_fail(dev, OTA_ERR_INTERNAL, start_opcode(dev), 0);
		return false;
	}
	return true;
}

static void rehashed(struct ota_device *dev)
{
	struct ota_receive *rx = &dev->rx;
	uint8_t hash[OTA_SHA256_SIZE];

	if (dev->config.ops->hash_peek(dev->config.ctx, hash) == 0 &&
	    memcmp(hash, dev->record.prefix, sizeof(hash)) == 0) {
		rx->received = rx->flushed = rx->erased = rx->recorded = dev->record.offset;
		dev->prepare = OTA_PREPARE_READY;
	} else if (begin_fresh(dev)) {
		dev->prepare = OTA_PREPARE_CLEAR;
	}
}

/* Values of an earlier session may still be on their way on the same connection. */
static void number_values(struct ota_device *dev)
{
	if (dev->expected_conn == dev->conn)
		dev->expected = (uint16_t)(dev->expected + OTA_SEQ_JUMP);
	else
		dev->expected = 0;
	dev->expected_conn = dev->conn;
}

/*
 * The device's own bytes, which the ring repeats as often as needed.  The first one is
 * none that an image begins with.
 */
static void fill_ring(struct ota_device *dev)
{
	for (uint32_t i = 0; i < dev->config.ring_size; i++)
		dev->config.ring[i] = (uint8_t)(i * 40503u >> 8);
	dev->rx.received = dev->rx.image_size;
	dev->rx.judged = true;
}

static void ready(struct ota_device *dev)
{
	struct ota_receive *rx = &dev->rx;

	rx->valid = true;
	rx->drain = rx->paused = false;
	rx->received = rx->flushed;
	rx->judged = rx->kind == OTA_KIND_SINK;
	if (rx->kind == OTA_KIND_PATTERN)
		fill_ring(dev);
	if (OTA_CORE_STREAM && !device_stream_begin(dev))
		return;
	number_values(dev);
	rx->ack_interval = ack_interval(dev);
	rx->gap_apart = UINT32_MAX;
	rx->gap_at = device_received(dev);
	rx->acked_received = device_received(dev);
	rx->acked_flushed = rx->flushed;
	rx->acked_limit = device_limit(dev);
	dev->gap = false;
	dev->ack_due = false;
	dev->data_refused = false;
	dev->dropped = 0;
	dev->last_data = dev->now;
	dev->state = OTA_STATE_RECEIVING;
	device_send_ready(dev);
}

void device_take_over(struct ota_device *dev)
{
	if (begin_fresh(dev))
		ready(dev);
}

static void after_adopt(struct ota_device *dev)
{
	uint32_t seconds;

	if (device_can_adopt(dev)) {
		dev->prepare = OTA_PREPARE_READY;
		return;
	}
	seconds = wears(dev) ? device_worn(dev) : 0;
	if (seconds > 0) {
		device_fail(dev, OTA_ERR_BUSY, start_opcode(dev), seconds);
		return;
	}
	if (!begin_fresh(dev))
		return;
	if (dev->rx.kind == OTA_KIND_SINK)
		dev->prepare = OTA_PREPARE_READY;
	else
		dev->prepare = can_rehash(dev) ? OTA_PREPARE_REHASH : OTA_PREPARE_CLEAR;
}

bool device_prepare_step(struct ota_device *dev)
{
	switch (dev->prepare) {
	case OTA_PREPARE_ADOPT:
		if (device_can_adopt(dev) && device_flash_step(dev))
			return true;
		after_adopt(dev);
		return true;
	case OTA_PREPARE_REHASH:
		if (dev->rx.hashed % OTA_BLOCK_SIZE == 0)
			device_send_progress(dev, OTA_PHASE_REHASH, dev->rx.hashed,
					     dev->record.offset);
		if (!device_hash_step(dev, dev->record.offset))
			rehashed(dev);
		return true;
	case OTA_PREPARE_CLEAR:
		dev->prepare = dev->rx.kind == OTA_KIND_BASIC || dev->rx.kind == OTA_KIND_BLANK
				       ? OTA_PREPARE_ERASE
				       : OTA_PREPARE_READY;
		if (dev->record.offset > 0 || dev->record.flags != 0 || dev->record_dirty)
			device_clear_record(dev);
		return true;
	case OTA_PREPARE_ERASE:
		if (device_erase_step(dev))
			return true;
		dev->prepare = OTA_PREPARE_READY;
		if (dev->rx.kind == OTA_KIND_BLANK) {
			dev->state = OTA_STATE_IDLE;
			device_send_result(dev, dev->conn, OTA_CMD_PREPARE, OTA_OK);
		}
		return true;
	case OTA_PREPARE_READY:
		ready(dev);
		return true;
	}
	return false;
}
