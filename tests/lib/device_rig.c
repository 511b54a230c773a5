/* SPDX-License-Identifier: Apache-2.0 */
/* See device_rig.h: the harness and its flash; operations are in device_rig_ops.c. */
#include "device_rig_priv.h"

#include "base/deflate.h"
#include "base/sha256.h"

#include <stdlib.h>
#include <string.h>

#define MANY_OPERATIONS 1000000u /* more than any update in a test needs */

int dut_init(struct dut *dut, const struct dut_options *options)
{
	const uint32_t slot = options->slot_size ? options->slot_size : 4u * OTA_BLOCK_SIZE;
	const uint32_t ring = options->ring_size ? options->ring_size : 2u * OTA_SECTOR_SIZE;

	memset(dut, 0, sizeof(*dut));
	dut->now = 1000;
	dut->manual = options->manual;
	dut->rssi = -50;
	dut->memory = malloc(ring + OTA_SECTOR_SIZE);
	for (unsigned int i = 0; i < 2; i++) {
		dut->slots[i] = malloc(slot);
		dut->clean[i] = calloc(1, slot);
		if (dut->slots[i] == NULL || dut->clean[i] == NULL || dut->memory == NULL) {
			dut_finish(dut);
			return -OTA_ENOMEM;
		}
		memset(dut->slots[i], 0xa5, slot); /* an old image: must be erased first */
	}
	dut->info = (struct ota_info){
		.version = OTA_PROTOCOL_VERSION,
		.min_version = OTA_PROTOCOL_VERSION,
		.features = OTA_FEATURE_RESUME | OTA_FEATURE_SINK | OTA_FEATURE_PATTERN,
		.chip_id = DUT_CHIP,
		.slot_count = 2,
		.flags = OTA_INFO_CAN_ROLLBACK,
		.phys = OTA_PHYS_1M,
		.slot_size = slot,
		.ring_size = ring,
		.project = "dut",
	};
	dut->config = (struct ota_device_config){
		.ops = &dut_device_ops,
		.ctx = dut,
		.ring = dut->memory,
		.ring_size = ring,
		.scratch = dut->memory + ring,
		.max_value = options->max_value,
		.ack_interval = options->ack_interval,
		.write_size = options->write_size,
		.confirm_timeout_ms = options->confirm_timeout_ms,
		.basic_only = options->basic_only,
		.wear = &dut->wear,
		.wear_burst = options->wear_burst ? options->wear_burst : UINT16_MAX,
	};
	dut->window = options->window;
	dut->base = options->base;
	dut->base_size = options->base_size;
	dut->skips = options->skip;
	if (dut->skips)
		dut->info.features |= OTA_FEATURE_SKIP;
	if (dut->base)
		dut->info.features |= OTA_FEATURE_DELTA;
	if (dut->window > 0) {
		dut->info.features |= OTA_FEATURE_COMPRESSED;
		if (inflate_create(dut->window, &dut->inflate) < 0) {
			dut_finish(dut);
			return -OTA_ENOMEM;
		}
	}
	dut_boot(dut);
	return 0;
}

void dut_finish(struct dut *dut)
{
	sha256_finish(&dut->hash);
	inflate_destroy(&dut->inflate);
	for (unsigned int i = 0; i < 2; i++) {
		free(dut->slots[i]);
		free(dut->clean[i]);
	}
	free(dut->memory);
	memset(dut, 0, sizeof(*dut));
}

unsigned int dut_update_slot(const struct dut *dut)
{
	return dut->info.running_slot == 0 ? 1 : 0;
}

void dut_boot(struct dut *dut)
{
	dut->off = false;
	dut->op = OTA_OP_NONE;
	if (dut->boot_slot != dut->info.running_slot) {
		dut->info.flags &= (uint8_t) ~(OTA_INFO_PENDING_VERIFY | OTA_INFO_CAN_ROLLBACK);
		if (dut->boots_pending)
			dut->info.flags |= OTA_INFO_PENDING_VERIFY | OTA_INFO_CAN_ROLLBACK;
	}
	dut->info.reset_reason = (uint8_t)(dut->reset_reason  ? dut->reset_reason
					   : dut->reboots > 0 ? OTA_RESET_SOFTWARE
							      : OTA_RESET_POWER_ON);
	dut->info.running_slot = (uint8_t)dut->boot_slot;
	dut->info.running_size = dut->image_size[dut->boot_slot];
	memcpy(dut->info.running_sha256, dut->image_hash[dut->boot_slot], OTA_SHA256_SIZE);
	memset(dut->memory, 0x5a, dut->config.ring_size + OTA_SECTOR_SIZE);
	if (ota_device_init(&dut->dev, &dut->config, dut->have_record ? &dut->record : NULL,
			    dut->now) < 0)
		dut_violation(dut, "the configuration was refused");
	if (dut->window > 0 || dut->skips)
		dut_attach_stream(dut);
}

void dut_violation(struct dut *dut, const char *text)
{
	if (dut->violation == NULL)
		dut->violation = text;
}

/* Checks the invariants that hold between any two calls. */
static void check_state(struct dut *dut)
{
	const struct ota_device *dev = &dut->dev;
	const struct ota_receive *rx = &dev->rx;
	struct ota_status status;

	if (dev->queue_count > OTA_NOTIFY_QUEUE || dev->queue_head >= OTA_NOTIFY_QUEUE)
		dut_violation(dut, "notification queue out of bounds");
	if ((dut->op == OTA_OP_NONE) != (dev->op == OTA_OP_NONE))
		dut_violation(dut, "core and platform disagree about the operation");
	ota_device_status(&dut->dev, &status);
	if (status.state == OTA_STATE_SUSPENDED && !(status.flags & OTA_INFO_RESUMABLE))
		dut_violation(dut, "suspended with nothing to resume");
	if (!rx->valid)
		return;
	if (rx->received > rx->image_size ||
	    (rx->kind != OTA_KIND_SINK && rx->flushed > rx->received))
		dut_violation(dut, "flushed <= received <= image size does not hold");
	if (dev->stream && dev->stream->received - dev->stream->taken > dut->config.ring_size)
		dut_violation(dut, "the stream overflows the ring");
	if (rx->kind < OTA_KIND_SINK && rx->received - rx->flushed > dut->config.ring_size)
		dut_violation(dut, "ring overflow");
	if (rx->kind != OTA_KIND_SINK &&
	    (rx->hashed > rx->flushed || rx->image_size > rx->slot_size))
		dut_violation(dut, "hashed <= flushed, image <= slot does not hold");
}

static void after(struct dut *dut)
{
	if (!dut->off)
		check_state(dut);
	if (!dut->manual)
		dut_settle(dut);
}

void dut_connect(struct dut *dut, uint16_t conn)
{
	if (dut->off)
		return;
	ota_device_connected(&dut->dev, conn, dut->now);
	after(dut);
}

void dut_disconnect(struct dut *dut, uint16_t conn)
{
	if (dut->off)
		return;
	ota_device_disconnected(&dut->dev, conn, dut->now);
	after(dut);
}

void dut_control(struct dut *dut, uint16_t conn, const uint8_t *buf, size_t len)
{
	if (dut->off)
		return;
	ota_device_control(&dut->dev, conn, buf, len, dut->now);
	after(dut);
}

void dut_command(struct dut *dut, uint16_t conn, enum ota_command cmd)
{
	const uint8_t op = (uint8_t)cmd;

	dut_control(dut, conn, &op, 1);
}

int dut_data(struct dut *dut, uint16_t conn, const uint8_t *buf, size_t len, bool can_wait)
{
	int rc;

	if (dut->off)
		return -OTA_ENOTCONN;
	rc = ota_device_data(&dut->dev, conn, buf, len, can_wait, dut->now);
	after(dut);
	return rc;
}

bool dut_op_end(struct dut *dut)
{
	int result;

	if (dut->off || dut->op == OTA_OP_NONE)
		return false;
	result = dut_op_perform(dut);
	dut->op = OTA_OP_NONE;
	if (dut->off)
		return true;
	ota_device_op_done(&dut->dev, result, dut->now);
	if (!dut->off)
		check_state(dut);
	return true;
}

void dut_settle(struct dut *dut)
{
	for (uint32_t i = 0; dut_op_end(dut); i++) {
		if (i < MANY_OPERATIONS)
			continue;
		dut_violation(dut, "operations never end");
		return;
	}
}

void dut_wait(struct dut *dut, uint32_t ms)
{
	const uint32_t end = dut->now + ms;
	uint32_t at, ticks = 0;

	while (!dut->off) {
		if (!ota_device_deadline(&dut->dev, &at) || (int32_t)(at - end) > 0)
			break;
		if ((int32_t)(at - dut->now) > 0)
			dut->now = at;
		ota_device_tick(&dut->dev, dut->now);
		after(dut);
		if (++ticks > 2u * ms + 100u) {
			dut_violation(dut, "a deadline that never moves");
			break;
		}
	}
	dut->now = end;
	if (dut->off)
		return;
	ota_device_tick(&dut->dev, dut->now);
	after(dut);
}

bool dut_take(struct dut *dut, struct dut_note *ret)
{
	if (dut->note_count == 0)
		return false;
	*ret = dut->notes[dut->note_head];
	dut->note_head = (dut->note_head + 1u) % DUT_NOTES;
	dut->note_count--;
	return true;
}

bool dut_take_event(struct dut *dut, uint8_t event, struct dut_note *ret)
{
	while (dut_take(dut, ret))
		if (ret->bytes[0] == event)
			return true;
	return false;
}

void dut_forget_notes(struct dut *dut)
{
	dut->note_count = 0;
}

void dut_image(uint8_t *buf, uint32_t size, uint64_t seed)
{
	struct rng rng;

	rng_init(&rng, seed);
	for (uint32_t i = 0; i < size; i++)
		buf[i] = (uint8_t)rng_u64(&rng);
	if (size > 0)
		buf[0] = 0xe9;
	if (size > 13) {
		buf[12] = DUT_CHIP & 0xffu;
		buf[13] = DUT_CHIP >> 8;
	}
}

void dut_start(struct ota_start *m, const uint8_t *image, uint32_t size)
{
	*m = (struct ota_start){
		.version = OTA_PROTOCOL_VERSION,
		.image_size = size,
		.stream_size = size,
	};
	sha256_buffer(image, size, m->sha256);
}
