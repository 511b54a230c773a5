/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From END to DONE: nothing is called done that was not read back from flash,
 * compared, validated by the boot loader's own check and made bootable.
 */
#include "device_priv.h"
#include "device_stream.h"

static void enter(struct ota_device *dev, enum ota_verify_step next, uint8_t phase, uint32_t done)
{
	dev->verify = next;
	device_send_progress(dev, phase, done, dev->rx.image_size);
}

static void compare(struct ota_device *dev)
{
	struct ota_receive *rx = &dev->rx;
	uint8_t hash[OTA_SHA256_SIZE];

	if (dev->config.ops->hash_peek(dev->config.ctx, hash) < 0) {
		device_fail(dev, OTA_ERR_INTERNAL, OTA_CMD_END, 0);
		return;
	}
	/* A basic host sends no hash: the boot loader's check alone decides. */
	if (rx->kind == OTA_KIND_BASIC)
		memcpy(rx->sha256, hash, sizeof(hash));
	if (memcmp(hash, rx->sha256, sizeof(hash)) != 0) {
		device_fail(dev, OTA_ERR_HASH, OTA_CMD_END, rx->image_size);
		return;
	}
	enter(dev, OTA_VERIFY_CHECK, OTA_PHASE_VALIDATE, 0);
}

static void done(struct ota_device *dev)
{
	device_send_done(dev, min_u32(dev->config.reboot_delay_ms, OTA_NO_REBOOT - 1u));
	dev->rx.valid = false;
	device_reboot(dev);
}

bool device_verify_step(struct ota_device *dev)
{
	const struct ota_device_ops *ops = dev->config.ops;
	const struct ota_record mark = {.flags = OTA_RECORD_SELF_CONFIRM};

	switch (dev->verify) {
	case OTA_VERIFY_DRAIN:
		if (dev->rx.flushed < dev->rx.received || device_stream_waits(dev))
			return device_flash_step(dev);
		enter(dev, OTA_VERIFY_HASH, OTA_PHASE_VERIFY, dev->rx.hashed);
		return true;
	case OTA_VERIFY_HASH:
		if (device_hash_step(dev, dev->rx.image_size))
			return true;
		if (dev->rx.kind == OTA_KIND_PATTERN)
			device_measured(dev);
		else
			compare(dev);
		return true;
	case OTA_VERIFY_CHECK:
		device_op(dev, OTA_OP_CHECK, 0, dev->rx.image_size);
		device_op_started(dev, ops->image_check(dev->config.ctx, dev->rx.image_size));
		return true;
	case OTA_VERIFY_MARK:
		return device_persist(dev, &mark);
	case OTA_VERIFY_SET_BOOT:
		device_op(dev, OTA_OP_SET_BOOT, 0, dev->rx.image_size);
		device_op_started(
			dev, ops->set_boot(dev->config.ctx, dev->rx.image_size, dev->rx.sha256));
		return true;
	case OTA_VERIFY_RECORD:
		dev->record.flags |= OTA_RECORD_TRIED;
		return device_persist(dev, &dev->record);
	case OTA_VERIFY_DONE:
		done(dev);
		return true;
	}
	return false;
}
