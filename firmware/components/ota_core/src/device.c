/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's entry points: connections, Data values, what it tells of itself.
 *
 * Data is the path that runs 340 times a second: it copies into the ring,
 * counts, and leaves everything slow to device_work().
 */
#include "device_priv.h"
#include "device_stream.h"

#define HEADER_SIZE 16u /* what is looked at of an image too short for a descriptor */

static bool device_resumable(const struct ota_device *dev)
{
	return (dev->rx.valid && dev->rx.kind == OTA_KIND_IMAGE) || dev->record.offset > 0;
}

void device_info(const struct ota_device *dev, struct ota_info *ret)
{
	*ret = (struct ota_info){.block_revision = OTA_REVISION_UNKNOWN};
	dev->config.ops->info(dev->config.ctx, ret);
	if (!device_resumable(dev))
		return;
	ret->flags |= OTA_INFO_RESUMABLE;
	ret->resets = (uint8_t)(dev->record.flags / OTA_RECORD_RESET);
	ret->panics = (uint8_t)(dev->record.flags / OTA_RECORD_PANIC);
}

static bool record_valid(const struct ota_record *record)
{
	return record->offset % OTA_BLOCK_SIZE == 0 && record->offset <= record->image_size;
}

/*
 * This start is one, and a panic where the firmware failed or hung, whoever noticed it.
 * Panics are some of the resets, and no more are counted than these.  The record is stored
 * as soon as there is time.
 */
static void count_reset(struct ota_device *dev, uint8_t reason)
{
	if ((uint8_t)(dev->record.flags / OTA_RECORD_RESET) == UINT8_MAX)
		return;
	dev->record.flags += OTA_RECORD_RESET;
	if (ota_reset_is_panic(reason))
		dev->record.flags += OTA_RECORD_PANIC;
	dev->reset_uncounted = true;
}

static void take_record(struct ota_device *dev, const struct ota_record *record,
			const struct ota_info *info)
{
	const bool part = record->offset > 0;
	const bool runs =
		part && memcmp(record->sha256, info->running_sha256, sizeof(record->sha256)) == 0;

	/* The image on trial came by it.  If the trial fails, the firmware before decides. */
	if (runs && (info->flags & OTA_INFO_PENDING_VERIFY))
		return;
	/* An image that was tried and failed is not to be gone on with, unless its supply did. */
	dev->record_dirty = runs || (part && (record->flags & OTA_RECORD_TRIED) &&
				     !ota_reset_is_supply(info->reset_reason));
	if (dev->record_dirty)
		return;
	dev->record = *record;
	if (part) {
		dev->record.flags &= ~OTA_RECORD_TRIED;
		count_reset(dev, info->reset_reason);
	}
}

static uint16_t max_write(const struct ota_device_config *config)
{
	return config->write_size > 0 ? config->write_size : OTA_SECTOR_SIZE;
}

int ota_device_init(struct ota_device *dev, const struct ota_device_config *config,
		    const struct ota_record *record, uint32_t now_ms)
{
	struct ota_info info;

	if (config->ring_size % OTA_SECTOR_SIZE != 0 || config->ring_size < 2u * OTA_SECTOR_SIZE ||
	    config->ring_size > (1u << 20) || config->max_value > OTA_VALUE_MAX ||
	    (config->max_value > 0 && config->max_value < 20) ||
	    OTA_SECTOR_SIZE % max_write(config) != 0 || max_write(config) % OTA_WRITE_ALIGN != 0)
		return -OTA_EINVAL;
	memset(dev, 0, sizeof(*dev));
	dev->config = *config;
	dev->config.write_size = max_write(config);
	if (dev->config.max_value == 0)
		dev->config.max_value = OTA_VALUE_MAX;
	if (dev->config.ack_interval == 0)
		dev->config.ack_interval = (uint16_t)min_u32(config->ring_size / 4u, 0xfffcu);
	if (dev->config.idle_timeout_ms == 0)
		dev->config.idle_timeout_ms = 60000;
	if (dev->config.gap_repeat_ms == 0)
		dev->config.gap_repeat_ms = 500;
	if (dev->config.reboot_delay_ms == 0)
		dev->config.reboot_delay_ms = 300;
	if (!dev->config.wear)
		dev->config.wear = &dev->wear;
	if (*dev->config.wear - WEAR_NONE > UINT16_MAX)
		*dev->config.wear = WEAR_NONE;
	if (dev->config.wear_burst == 0)
		dev->config.wear_burst = OTA_WEAR_BURST;
	dev->now = now_ms;
	dev->wear_time = now_ms;
	dev->boot_time = now_ms;
	dev->conn = OTA_NO_CONN;
	memset(dev->conns, 0xff, sizeof(dev->conns)); /* OTA_NO_CONN */
	device_info(dev, &info);
	if (record && record_valid(record))
		take_record(dev, record, &info);
	dev->state = device_rest_state(dev);
	dev->confirm_waits = (info.flags & OTA_INFO_PENDING_VERIFY) != 0;
	dev->self_confirm = dev->confirm_waits && (dev->record.flags & OTA_RECORD_SELF_CONFIRM);
	return 0;
}

void device_drop(struct ota_device *dev)
{
	dev->rx.valid = false;
	dev->rx.drain = false;
	dev->gap = false;
	dev->ack_due = false;
	dev->record_dirty = dev->record_dirty || dev->record.offset > 0 || dev->record.flags != 0;
	dev->reset_uncounted = false;
	memset(&dev->record, 0, sizeof(dev->record));
}

/*
 * A whole image in the slot is one that the boot loader falls back to when the running
 * one is damaged.  What a record of an earlier boot left is not looked at where the slot
 * is the way back: another image came there since.
 */
void device_refuse(struct ota_device *dev)
{
	struct ota_info info;

	device_info(dev, &info);
	if (dev->rx.valid ? dev->rx.flushed > 0 && dev->rx.kind != OTA_KIND_SINK &&
				    !device_skip_untouched(dev)
			  : dev->record.offset > 0 && !(info.flags & OTA_INFO_CAN_ROLLBACK))
		dev->spoil = true;
	device_drop(dev);
}

enum ota_state device_rest_state(const struct ota_device *dev)
{
	return device_resumable(dev) ? OTA_STATE_SUSPENDED : OTA_STATE_IDLE;
}

void device_measured(struct ota_device *dev)
{
	device_send_done(dev, OTA_NO_REBOOT);
	if (dev->rx.kind == OTA_KIND_PATTERN)
		device_refuse(dev);
	dev->rx.valid = false;
	dev->ack_due = false;
	dev->state = device_rest_state(dev);
}

/* Codes that say that these bytes will never do, however often they are sent. */
static bool image_at_fault(uint8_t code)
{
	return code == OTA_ERR_HASH || code == OTA_ERR_IMAGE || code == OTA_ERR_CHIP ||
	       code == OTA_ERR_SIZE || code == OTA_ERR_VERSION || code == OTA_ERR_INTERNAL;
}

void device_fail(struct ota_device *dev, uint8_t code, uint8_t opcode, uint32_t detail)
{
	if (dev->state == OTA_STATE_ABORTING)
		return; /* on its way to idle already */
	dev->last_error = code;
	dev->data_refused = true; /* values on their way need no answer */
	device_send_error(dev, dev->conn, code, opcode, detail);
	dev->rx.drain = false;
	dev->gap = false;
	dev->ack_due = false;
	if (dev->rx.kind == OTA_KIND_SINK)
		dev->rx.valid = false; /* a record is of another session */
	else if (image_at_fault(code) || dev->rx.kind != OTA_KIND_IMAGE)
		device_refuse(dev);
	dev->rx.received = dev->rx.flushed;
	device_stream_forget(dev);
	dev->state = device_rest_state(dev);
}

void ota_device_connected(struct ota_device *dev, uint16_t conn, uint32_t now_ms)
{
	device_pass(dev, now_ms);
	dev->data_refused = false;
	if (dev->self_confirm && !dev->command) {
		dev->command = OTA_CMD_CONFIRM;
		dev->command_conn = OTA_NO_CONN;
	}
	(void)conn;
	device_work(dev);
}

static void owner_lost(struct ota_device *dev)
{
	struct ota_receive *rx = &dev->rx;
	const bool begun = dev->state == OTA_STATE_RECEIVING ||
			   (dev->state == OTA_STATE_PREPARING &&
			    dev->prepare == OTA_PREPARE_ADOPT && rx->valid);

	dev->conn = OTA_NO_CONN;
	dev->ack_due = false;
	dev->gap = false;
	if (dev->state != OTA_STATE_RECEIVING && dev->state != OTA_STATE_PREPARING)
		return; /* END was given: the device goes on alone */
	if (begun && rx->kind != OTA_KIND_IMAGE && rx->kind != OTA_KIND_SINK)
		device_refuse(dev);
	/* Too little to know the image by was not kept. */
	rx->valid = begun && rx->kind == OTA_KIND_IMAGE && (rx->judged || rx->flushed > 0);
	rx->drain = rx->valid;
	dev->state = device_rest_state(dev);
}

void ota_device_disconnected(struct ota_device *dev, uint16_t conn, uint32_t now_ms)
{
	device_pass(dev, now_ms);
	device_notify_forget(dev, conn);
	if (dev->command_conn == conn)
		dev->command_conn = OTA_NO_CONN;
	for (size_t i = 0; i < sizeof(dev->conns) / sizeof(dev->conns[0]); i++)
		if (dev->conns[i] == conn)
			dev->conns[i] = OTA_NO_CONN;
	if (dev->conn == conn)
		owner_lost(dev);
	device_work(dev);
}

/* ESP-IDF's esp_image_header_t, as far as it is the same for all chips. */
static uint8_t header_code(const struct ota_device *dev, uint32_t *ret_detail)
{
	const uint8_t *h = device_bytes(dev, 0);
	struct ota_info info;

	*ret_detail = 0;
	if (h[0] != 0xe9) /* ESP_IMAGE_HEADER_MAGIC */
		return OTA_ERR_IMAGE;
	device_info(dev, &info);
	*ret_detail = 12;
	return (uint16_t)(h[12] | (uint16_t)(h[13] << 8)) == info.chip_id ? OTA_OK : OTA_ERR_CHIP;
}

/* A ring holds more than OTA_HEAD_SIZE, and nothing leaves it before it was judged. */
bool device_head_ok(struct ota_device *dev)
{
	struct ota_receive *rx = &dev->rx;
	const bool whole = rx->image_size >= OTA_HEAD_SIZE;
	const uint32_t len = whole ? OTA_HEAD_SIZE : min_u32(rx->image_size, HEADER_SIZE);
	uint32_t detail = 0;
	uint8_t code = OTA_OK;
	int rc = 0;

	if (rx->judged || rx->received < len)
		return true;
	rx->judged = true;
	if (rx->flushed > 0)
		return true; /* it was, before the session was interrupted */
	if (len >= HEADER_SIZE)
		code = header_code(dev, &detail);
	if (code == OTA_OK && whole)
		rc = dev->config.ops->head_check(dev->config.ctx, device_bytes(dev, 0), &detail);
	if (rc < 0)
		code = rc == -OTA_EPERM ? OTA_ERR_VERSION : OTA_ERR_IMAGE;
	if (code != OTA_OK)
		device_fail(dev, code, 0, detail);
	return code == OTA_OK;
}

/* The next value in order: 0 when there was room for it. */
static int accept(struct ota_device *dev, const uint8_t *buf, uint32_t len, bool can_wait)
{
	struct ota_receive *rx = &dev->rx;

	if (len > rx->image_size - rx->received) {
		device_fail(dev, OTA_ERR_OVERFLOW, 0, rx->image_size);
		return -OTA_EPROTO;
	}
	if (len > device_limit(dev) - rx->received) {
		if (rx->kind == OTA_KIND_BASIC && can_wait)
			return -OTA_EAGAIN;
		device_fail(dev, OTA_ERR_OVERFLOW, 0, device_limit(dev));
		return -OTA_EPROTO;
	}
	if (rx->kind != OTA_KIND_SINK)
		ring_put(dev, rx->received, buf, len);
	rx->received += len;
	dev->last_data = dev->now;
	dev->gap = false;
	rx->paused = false;
	return device_head_ok(dev) ? 0 : -OTA_EPROTO;
}

static int take_numbered(struct ota_device *dev, const uint8_t *buf, size_t len)
{
	uint16_t sequence, ahead;
	int rc;

	if (len < OTA_DATA_HEADER || len > dev->config.max_value) {
		device_fail(dev, OTA_ERR_LENGTH, 0, (uint32_t)len);
		return -OTA_EMSGSIZE;
	}
	sequence = (uint16_t)(buf[0] | (uint16_t)(buf[1] << 8));
	if (sequence != dev->expected) {
		if (dev->dropped < UINT16_MAX)
			dev->dropped++;
		ahead = (uint16_t)(sequence - dev->expected);
		/*
		 * Behind: a duplicate, or sent before the last GAP.  A little ahead of what a
		 * GAP told: the host heard it, and its first value was lost again.
		 */
		if (ahead < (dev->gap ? OTA_SEQ_WINDOW : 0x8000u))
			device_send_gap(dev, OTA_GAP_MISSING);
		return -OTA_EPROTO;
	}
	buf += OTA_DATA_HEADER;
	len -= OTA_DATA_HEADER;
	rc = device_stream(dev) ? device_stream_accept(dev, buf, (uint32_t)len)
				: accept(dev, buf, (uint32_t)len, false);
	if (rc == 0)
		dev->expected++;
	return rc;
}

/*
 * A basic host need not wait for `01` if the platform can hold its values back; if it cannot, the
 * host must be told that they are lost.  A full host's values are left over from a session that
 * ended, unless it never asked for a session.
 */
static int data_unexpected(struct ota_device *dev, uint16_t conn, bool can_wait)
{
	const bool other = device_owned_by_other(dev, conn);

	if (dev->state == OTA_STATE_PREPARING && dev->start_kind == OTA_KIND_BASIC && !other) {
		if (can_wait)
			return -OTA_EAGAIN;
		device_fail(dev, OTA_ERR_STATE, 0, device_state_detail(dev));
	} else if (!dev->data_refused &&
		   (other || dev->state == OTA_STATE_IDLE || dev->state == OTA_STATE_SUSPENDED)) {
		dev->data_refused = true;
		device_send_error(dev, conn, other ? OTA_ERR_BUSY : OTA_ERR_STATE, 0,
				  device_state_detail(dev));
	}
	return -OTA_EPROTO;
}

int ota_device_data(struct ota_device *dev, uint16_t conn, const uint8_t *buf, size_t len,
		    bool can_wait, uint32_t now_ms)
{
	int rc;

	device_pass(dev, now_ms);
	if (dev->state != OTA_STATE_RECEIVING || conn != dev->conn) {
		rc = data_unexpected(dev, conn, can_wait);
		device_work(dev);
		return rc;
	}
	rc = dev->rx.kind == OTA_KIND_BASIC ? accept(dev, buf, (uint32_t)len, can_wait)
					    : take_numbered(dev, buf, len);
	if (rc == 0)
		device_ack(dev, false);
	device_work(dev);
	return rc;
}

void ota_device_link_changed(struct ota_device *dev, uint16_t conn, uint8_t code, uint32_t now_ms)
{
	device_pass(dev, now_ms);
	if (dev->link_conn == conn)
		device_send_link(dev, conn, code);
}

int ota_device_read_info(struct ota_device *dev, uint8_t *buf, size_t size)
{
	struct ota_info info;

	device_info(dev, &info);
	return ota_info_encode(&info, buf, size);
}

void ota_device_status(struct ota_device *dev, struct ota_status *ret)
{
	const uint8_t *hash = NULL;
	struct ota_info info;

	device_info(dev, &info);
	memset(ret, 0, sizeof(*ret)); /* a literal's members would all be loaded before */
	ret->state = (uint8_t)dev->state;
	ret->slot = info.running_slot;
	ret->last_error = dev->last_error;
	ret->flags = info.flags;
	ret->reset_reason = info.reset_reason;
	ret->resets = info.resets;
	ret->panics = info.panics;
	if (dev->rx.valid) {
		ret->received = device_received(dev);
		ret->flushed = dev->rx.flushed;
		hash = dev->rx.sha256;
	} else if (dev->record.offset > 0) {
		ret->received = ret->flushed = dev->record.offset;
		hash = dev->record.sha256;
	}
	if (hash)
		memcpy(ret->hash, hash, sizeof(ret->hash));
}
