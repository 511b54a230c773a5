/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flash pipeline: which operation comes next.
 *
 * The order is what hides the flash behind the link.  A complete sector in the
 * ring is written first, since that opens the host's limit; a block is erased
 * ahead while the ring is nearly empty, so that it can fill meanwhile; reading
 * back for the hash takes what time is left.  But where the flash is what
 * limits the transfer no time is left, so a resume record that is due comes
 * before all of that, reading back included: about a fiftieth of the time that
 * its block took.
 */
#include "device_priv.h"
#include "device_stream.h"

/* Up to this much, sectors cost less than the block erase that covers them. */
#define SECTOR_ERASE_MAX (3u * OTA_SECTOR_SIZE)

void device_pass(struct ota_device *dev, uint32_t now_ms)
{
	dev->op_ms[dev->op] = (uint16_t)(dev->op_ms[dev->op] + (now_ms - dev->now));
	dev->now = now_ms;
}

static uint32_t round_up(uint32_t value, uint32_t unit)
{
	return (value + unit - 1u) / unit * unit;
}

uint32_t device_limit(const struct ota_device *dev)
{
	const struct ota_receive *rx = &dev->rx;
	const bool waits = rx->kind < OTA_KIND_SINK; /* for the flash */
	const uint32_t from = waits ? rx->flushed : rx->received;
	const struct ota_stream *s = device_stream(dev);

	/* A stream's end is not known before it begins, and a limit must not go back. */
	if (s)
		return s->taken + dev->config.ring_size;
	return min_u32(rx->image_size - from, dev->config.ring_size) + from;
}

void device_op(struct ota_device *dev, enum ota_op op, uint32_t at, uint32_t len)
{
	dev->op = op;
	dev->op_at = at;
	dev->op_len = len;
	dev->op_started = dev->now;
}

bool device_persist(struct ota_device *dev, const struct ota_record *record)
{
	dev->new_record = *record;
	dev->record_dirty = false; /* whatever storage holds is replaced */
	dev->reset_uncounted = false;
	device_op(dev, OTA_OP_PERSIST, 0, 0);
	device_op_started(dev, dev->config.ops->persist(dev->config.ctx, &dev->new_record));
	return true;
}

/*
 * Not tried again when storing fails: a record that outlives its data costs a
 * re-hash which then finds out.
 */
void device_clear_record(struct ota_device *dev)
{
	memset(&dev->record, 0, sizeof(dev->record));
	device_persist(dev, &dev->record);
}

bool device_hash_step(struct ota_device *dev, uint32_t end)
{
	const uint32_t at = dev->rx.hashed;
	const uint32_t to_block = OTA_BLOCK_SIZE - at % OTA_BLOCK_SIZE;
	const uint32_t len = min_u32(min_u32(end - at, OTA_SECTOR_SIZE), to_block);

	if (at >= end)
		return false;
	device_op(dev, OTA_OP_READ, at, len);
	device_op_started(
		dev, dev->config.ops->flash_read(dev->config.ctx, at, dev->config.scratch, len));
	return true;
}

uint32_t device_worn(struct ota_device *dev)
{
	uint32_t *wear = dev->config.wear;
	const uint32_t periods = (dev->now - dev->wear_time) / OTA_WEAR_MS;

	dev->wear_time += periods * OTA_WEAR_MS;
	*wear -= min_u32(periods, *wear - WEAR_NONE);
	if (*wear - WEAR_NONE < dev->config.wear_burst)
		return 0;
	return (dev->wear_time + OTA_WEAR_MS - dev->now) / 1000u + 1u;
}

static bool erase(struct ota_device *dev, uint32_t at, uint32_t len)
{
	device_op(dev, OTA_OP_ERASE, at, len);
	device_op_started(dev, dev->config.ops->flash_erase(dev->config.ctx, at, len));
	return true;
}

bool device_erase_step(struct ota_device *dev)
{
	const uint32_t end = round_up(dev->rx.image_size, OTA_SECTOR_SIZE);
	uint32_t at, len = OTA_SECTOR_SIZE, block;

	device_skip_erased(dev);
	at = dev->rx.erased;
	block = at - at % OTA_BLOCK_SIZE;
	if (at >= end)
		return false;
	/* A whole block is erased even if part of it is erased already, as long as nothing is
	 * written. */
	if (end - at > SECTOR_ERASE_MAX && dev->rx.slot_size - block >= OTA_BLOCK_SIZE &&
	    dev->rx.flushed <= block) {
		at = block;
		len = OTA_BLOCK_SIZE;
	}
	*dev->config.wear += !dev->rx.worn;
	dev->rx.worn = true;
	device_skip_touch(dev);
	/* The host may hear nothing from the device until the erase is over. */
	if (dev->state == OTA_STATE_RECEIVING)
		device_ack(dev, true);
	device_send_progress(dev, OTA_PHASE_ERASE, at, end);
	return erase(dev, at, len);
}

/* Bytes of the ring to write now, 0 for none. */
static uint32_t piece_length(const struct ota_device *dev)
{
	const struct ota_receive *rx = &dev->rx;
	const uint32_t fill = rx->received - rx->flushed;
	const uint32_t whole = dev->config.write_size - rx->flushed % dev->config.write_size;
	const bool rest = rx->received == rx->image_size;

	if (fill >= whole)
		return whole;
	if (device_stream_waits(dev))
		return 0; /* more comes of it at once */
	if (rest || dev->state == OTA_STATE_VERIFYING)
		return fill;
	/* A lost link: what is whole units goes to flash, the rest is sent again. */
	if (dev->state == OTA_STATE_SUSPENDED || dev->state == OTA_STATE_PREPARING)
		return fill - fill % OTA_WRITE_ALIGN;
	return 0;
}

static bool record_due(const struct ota_receive *rx)
{
	return rx->kind == OTA_KIND_IMAGE && rx->hashed > rx->recorded &&
	       rx->hashed % OTA_BLOCK_SIZE == 0;
}

/* A failed record costs a longer resume after power loss, not the update. */
static bool record_step(struct ota_device *dev)
{
	struct ota_record record = {
		.flags = dev->record.flags & OTA_RECORD_COUNTS,
		.image_size = dev->rx.image_size,
		.offset = dev->rx.hashed,
	};

	dev->rx.recorded = dev->rx.hashed;
	memcpy(record.sha256, dev->rx.sha256, sizeof(record.sha256));
	if (dev->config.ops->hash_peek(dev->config.ctx, record.prefix) < 0)
		return false;
	return device_persist(dev, &record);
}

static bool write_step(struct ota_device *dev, uint32_t len)
{
	const uint32_t at = dev->rx.flushed;

	/* The whole image's erase, so that it goes by blocks even when it is late. */
	if (dev->rx.erased < at + len)
		return device_erase_step(dev);
	dev->blank = 0;
	device_op(dev, OTA_OP_WRITE, at, len);
	device_op_started(
		dev, dev->config.ops->flash_write(dev->config.ctx, at, device_bytes(dev, at), len));
	return true;
}

bool device_flash_step(struct ota_device *dev)
{
	struct ota_receive *rx = &dev->rx;
	uint32_t len;

	/* Nothing is erased for a START alone, nor for an image that will be refused. */
	if (!rx->valid || rx->kind == OTA_KIND_SINK || !rx->judged)
		return rx->valid && device_stream(dev) && device_stream_step(dev);
	/* Blocks that are kept outlive a loss of power; no record is needed. */
	if (record_due(rx) && !device_skip_keeps(dev, rx->hashed) && record_step(dev))
		return true;
	if (rx->kind == OTA_KIND_IMAGE &&
	    rx->flushed / OTA_BLOCK_SIZE > rx->hashed / OTA_BLOCK_SIZE)
		return device_hash_step(dev, rx->flushed);
	len = piece_length(dev);
	if (len > 0)
		return write_step(dev, len);
	if (device_stream(dev) && device_stream_step(dev))
		return true;
	device_skip_erased(dev);
	if (dev->state == OTA_STATE_RECEIVING && rx->erased < rx->image_size &&
	    (rx->paused || rx->erased < rx->received + OTA_BLOCK_SIZE))
		return device_erase_step(dev);
	if (rx->flushed - rx->hashed >= OTA_SECTOR_SIZE)
		return device_hash_step(dev, rx->flushed);
	return false;
}

/* CONFIRM, ROLLBACK or REBOOT, when the flash is free. */
static bool command_step(struct ota_device *dev)
{
	const struct ota_device_ops *ops = dev->config.ops;

	if (dev->command == OTA_CMD_CONFIRM) {
		device_op(dev, OTA_OP_CONFIRM, 0, 0);
		device_op_started(dev, ops->confirm(dev->config.ctx));
		return true;
	}
	if (dev->command == OTA_CMD_ROLLBACK) {
		device_op(dev, OTA_OP_ROLLBACK, 0, 0);
		device_op_started(dev, ops->rollback(dev->config.ctx));
		return true;
	}
	if (dev->command == OTA_CMD_REBOOT) {
		dev->command = 0;
		device_send_result(dev, dev->command_conn, OTA_CMD_REBOOT, OTA_OK);
		device_reboot(dev);
		return true;
	}
	return false;
}

bool device_counts_reset(const struct ota_device *dev)
{
	return dev->reset_uncounted && dev->state == OTA_STATE_SUSPENDED && dev->op == OTA_OP_NONE;
}

/* Before anything else is done: a REBOOT must not find the image whole. */
static bool spoil_step(struct ota_device *dev)
{
	if (!dev->spoil)
		return false;
	dev->spoil = false;
	++*dev->config.wear;
	return erase(dev, 0, OTA_SECTOR_SIZE);
}

static bool idle_step(struct ota_device *dev)
{
	if (spoil_step(dev) || command_step(dev))
		return true;
	if (dev->record_dirty) {
		device_clear_record(dev);
		return true;
	}
	if (device_counts_reset(dev))
		return device_persist(dev, &dev->record);
	if (dev->state == OTA_STATE_SUSPENDED && dev->rx.drain) {
		if (device_flash_step(dev))
			return true;
		dev->rx.drain = false;
		dev->rx.received = dev->rx.flushed;
	}
	return false;
}

void device_reboot(struct ota_device *dev)
{
	dev->state = OTA_STATE_REBOOTING;
	dev->reboot_due = true;
	dev->reboot_time = dev->now;
}

/* Not before the host was told, unless it cannot be told. */
static void reboot_step(struct ota_device *dev)
{
	if (!dev->reboot_due ||
	    (dev->queue_count > 0 && dev->now - dev->reboot_time < REBOOT_WAIT_MS))
		return;
	dev->reboot_due = false;
	dev->config.ops->reboot(dev->config.ctx, dev->config.reboot_delay_ms);
}

static bool step(struct ota_device *dev)
{
	switch (dev->state) {
	case OTA_STATE_IDLE:
	case OTA_STATE_SUSPENDED:
		return idle_step(dev);
	case OTA_STATE_PREPARING:
		return spoil_step(dev) || command_step(dev) || device_prepare_step(dev);
	case OTA_STATE_RECEIVING:
		/* A measurement leaves the flash alone: the image on trial is confirmed beside it. */
		return (dev->rx.kind == OTA_KIND_SINK && command_step(dev)) ||
		       device_flash_step(dev);
	case OTA_STATE_VERIFYING:
		return device_verify_step(dev);
	case OTA_STATE_ABORTING:
		device_abort_finish(dev);
		return true;
	case OTA_STATE_REBOOTING:
		reboot_step(dev);
		return false;
	}
	return false;
}

void device_work(struct ota_device *dev)
{
	while (dev->op == OTA_OP_NONE && step(dev))
		;
}
