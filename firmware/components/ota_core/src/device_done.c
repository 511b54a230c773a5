/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a flash operation, and what follows from it: progress, the next step of a command, or
 * the session's failure.
 */
#include "device_priv.h"
#include "device_skip.h"
#include "device_stream.h"

/* Returns true if flash work still is for the session, not left over from one that ended. */
static bool session_needs_flash(const struct ota_device *dev)
{
	switch (dev->state) {
	case OTA_STATE_PREPARING:
		return dev->prepare != OTA_PREPARE_ADOPT || device_can_adopt(dev);
	case OTA_STATE_RECEIVING:
	case OTA_STATE_VERIFYING:
		return true;
	case OTA_STATE_SUSPENDED:
		return dev->rx.drain;
	case OTA_STATE_IDLE:
	case OTA_STATE_REBOOTING:
	case OTA_STATE_ABORTING:
		break;
	}
	return false;
}

static void read_done(struct ota_device *dev)
{
	const struct ota_device_config *c = &dev->config;
	const bool kept = dev->rx.kind != OTA_KIND_PATTERN ||
			  memcmp(c->scratch, c->ring + dev->op_at % c->ring_size, dev->op_len) == 0;

	if (kept && c->ops->hash_update(c->ctx, c->scratch, dev->op_len) == 0) {
		dev->rx.hashed = dev->op_at + dev->op_len;
		return;
	}
	if (session_needs_flash(dev)) {
		device_fail(dev, kept ? OTA_ERR_INTERNAL : OTA_ERR_HASH, 0, dev->op_at);
		return;
	}
	/* The hash so far is lost; the recorded bytes are hashed anew on a resume. */
	dev->rx.valid = false;
	if (dev->state == OTA_STATE_SUSPENDED)
		dev->state = device_rest_state(dev);
}

static void command_done(struct ota_device *dev, enum ota_op op, int result)
{
	const uint8_t opcode = op == OTA_OP_CONFIRM ? OTA_CMD_CONFIRM : OTA_CMD_ROLLBACK;
	uint8_t code = OTA_OK;

	if (result < 0)
		code = op == OTA_OP_ROLLBACK && result != -OTA_EIO ? OTA_ERR_NO_ROLLBACK
								   : OTA_ERR_BOOT_SLOT;
	if (op == OTA_OP_CONFIRM && result == -OTA_EAGAIN)
		code = OTA_ERR_STATE;
	dev->command = 0;
	if (code == OTA_OK)
		dev->confirm_waits = dev->self_confirm = false;
	device_send_result(dev, dev->command_conn, opcode, code);
	if (code == OTA_OK && op == OTA_OP_ROLLBACK)
		device_reboot(dev);
	else if (code != OTA_OK && op == OTA_OP_CONFIRM && dev->state == OTA_STATE_PREPARING)
		device_fail(dev, OTA_ERR_STATE, OTA_CMD_START, device_state_detail(dev));
}

static void record_longest(uint16_t *longest, uint32_t ms)
{
	if (ms > *longest)
		*longest = (uint16_t)min_u32(ms, UINT16_MAX);
}

/*
 * A record that cannot be stored is said in STATUS but not fatal: the boot slot
 * decides what boots, the record only what can be skipped when sending again.
 * But a basic host's image that does not know it may stay would be rolled back.
 */
static void record_ended(struct ota_device *dev, bool stored)
{
	if (dev->state != OTA_STATE_VERIFYING)
		return;
	if (dev->verify == OTA_VERIFY_RECORD)
		dev->verify = OTA_VERIFY_DONE;
	else if (dev->verify == OTA_VERIFY_MARK && stored)
		dev->verify = OTA_VERIFY_SET_BOOT;
	else if (dev->verify == OTA_VERIFY_MARK)
		device_fail(dev, OTA_ERR_PERSIST, OTA_CMD_END, 0);
}

static void op_succeeded(struct ota_device *dev, enum ota_op op)
{
	switch (op) {
	case OTA_OP_ERASE:
		record_longest(&dev->erase_ms, dev->now - dev->op_started);
		dev->rx.erased = dev->op_at + dev->op_len;
		if (dev->op_at <= dev->blank)
			dev->blank = dev->rx.erased;
		break;
	case OTA_OP_WRITE:
		record_longest(&dev->write_ms, dev->now - dev->op_started);
		dev->rx.flushed = dev->op_at + dev->op_len;
		/* The session may have failed meanwhile and let go of what was not flushed. */
		if (dev->rx.received < dev->rx.flushed)
			dev->rx.received = dev->rx.flushed;
		if (dev->state == OTA_STATE_RECEIVING)
			device_ack(dev, dev->rx.flushed == dev->rx.image_size);
		break;
	case OTA_OP_READ:
		read_done(dev);
		break;
	case OTA_OP_PERSIST:
		dev->record = dev->new_record;
		record_ended(dev, true);
		break;
	case OTA_OP_CHECK:
		dev->verify =
			dev->rx.kind == OTA_KIND_BASIC ? OTA_VERIFY_MARK : OTA_VERIFY_SET_BOOT;
		break;
	case OTA_OP_SET_BOOT:
		dev->verify = dev->rx.kind == OTA_KIND_BASIC ? OTA_VERIFY_DONE : OTA_VERIFY_RECORD;
		break;
	case OTA_OP_CONFIRM:
	case OTA_OP_ROLLBACK:
		command_done(dev, op, 0);
		break;
	case OTA_OP_DECODE:
	case OTA_OP_DIGEST:
	case OTA_OP_NONE:
		break;
	}
}

static void flash_failed(struct ota_device *dev, uint8_t code)
{
	struct ota_receive *rx = &dev->rx;

	/* The contents of the flash from here on are unknown. */
	dev->blank = min_u32(dev->blank, dev->op_at);
	/* The sector is erased and sent again. */
	if (code == OTA_ERR_WRITE)
		rx->flushed = rx->erased = dev->op_at - dev->op_at % OTA_SECTOR_SIZE;
	if (session_needs_flash(dev))
		device_fail(dev, code, 0, dev->op_at);
	else if (code == OTA_ERR_WRITE)
		rx->received = rx->flushed;
}

static uint8_t end_code(enum ota_op op, int result)
{
	if (result == -OTA_EPERM)
		return OTA_ERR_VERSION;
	if (result != -OTA_EIO)
		return OTA_ERR_IMAGE;
	return op == OTA_OP_CHECK ? OTA_ERR_READ : OTA_ERR_BOOT_SLOT;
}

static void op_failed(struct ota_device *dev, enum ota_op op, int result)
{
	switch (op) {
	case OTA_OP_ERASE:
		flash_failed(dev, OTA_ERR_ERASE);
		break;
	case OTA_OP_WRITE:
		flash_failed(dev, OTA_ERR_WRITE);
		break;
	case OTA_OP_READ:
		flash_failed(dev, OTA_ERR_READ);
		break;
	case OTA_OP_CHECK:
	case OTA_OP_SET_BOOT:
		device_fail(dev, end_code(op, result), OTA_CMD_END, 0);
		break;
	case OTA_OP_PERSIST:
		dev->last_error = OTA_ERR_PERSIST;
		record_ended(dev, false);
		break;
	case OTA_OP_CONFIRM:
	case OTA_OP_ROLLBACK:
		command_done(dev, op, result);
		break;
	case OTA_OP_DECODE:
	case OTA_OP_DIGEST:
	case OTA_OP_NONE:
		break;
	}
}

static void op_ended(struct ota_device *dev, int result)
{
	const enum ota_op op = dev->op;

	dev->op = OTA_OP_NONE;
	if (OTA_CORE_STREAM && op == OTA_OP_DECODE)
		device_stream_decoded(dev, result);
	else if (OTA_CORE_SKIP && op == OTA_OP_DIGEST)
		device_skip_read(dev, result);
	else if (result < 0)
		op_failed(dev, op, result);
	else
		op_succeeded(dev, op);
}

void device_op_started(struct ota_device *dev, int rc)
{
	if (rc < 0)
		op_ended(dev, rc);
}

void ota_device_op_done(struct ota_device *dev, int result, uint32_t now_ms)
{
	device_pass(dev, now_ms);
	if (dev->op == OTA_OP_NONE)
		return;
	op_ended(dev, result);
	device_work(dev);
}
