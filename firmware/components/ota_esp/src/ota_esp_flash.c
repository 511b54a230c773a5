/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations that take time, done by the task without the lock.
 *
 * esp_partition_*, not esp_ota_begin() and esp_ota_write(): those erase the
 * whole image first (seconds of silence) or a sector at a time inside the write
 * (a third of the rate).  esp_ota_set_boot_partition() verifies the image and
 * writes otadata on its own, so nothing of esp_ota_end() is missing.
 */
#include "ota_esp_priv.h"

#include <string.h>

#include "esp_efuse.h"
#include "esp_ota_ops.h"

/* Reading and hashing is all CPU; IDLE's watchdog wants its turn as well. */
#define YIELD_BYTES (4u * OTA_BLOCK_SIZE)

/* The host is told where; ERROR has the offset. */
static int io_result(esp_err_t err, const char *what)
{
	if (err == ESP_OK)
		return 0;
	ota_esp_error(what, err);
	return -OTA_EIO;
}

/*
 * The slot's entry in otadata would outlive its image, and a ROLLBACK then boot whatever
 * is there next.  esp_ota_begin() does so from ESP-IDF 5.5 on, with
 * esp_ota_invalidate_inactive_ota_data_slot(); the entry of a third slot may stay.
 */
static int forget_slot(void)
{
	const esp_partition_t *slot, *otadata;
	uint32_t offset;
	esp_err_t err = ESP_OK;

	for (uint32_t i = 0; err == ESP_OK && i < 2; i++) {
		slot = ota_esp_image_entry(i, &offset, &otadata);
		if (slot && slot->address == ota_esp.update->address)
			err = esp_partition_erase_range(otadata, offset, OTA_SECTOR_SIZE);
	}
	return io_result(err, "erase otadata");
}

/* One erase command of the flash at a time: a block takes at most 4.1 s before
 * the driver gives up (spi_flash_chip_generic.c), and the watchdog has 5. */
static int erase(uint32_t offset, uint32_t len)
{
	const int rc = forget_slot();

	if (rc < 0)
		return rc;
	while (len > 0) {
		const bool block = offset % OTA_BLOCK_SIZE == 0 && len >= OTA_BLOCK_SIZE;
		const uint32_t piece = block ? OTA_BLOCK_SIZE : OTA_SECTOR_SIZE;
		const esp_err_t err = esp_partition_erase_range(ota_esp.update, offset, piece);

		ota_esp_feed();
		if (err != ESP_OK)
			return io_result(err, "erase");
		offset += piece;
		len -= piece;
	}
	return 0;
}

/* Encrypted flash is programmed in units; only an image's last piece has a rest. */
static int write(uint32_t offset, const uint8_t *buf, uint32_t len)
{
	const esp_partition_t *slot = ota_esp.update;
	const uint32_t rest = slot->encrypted ? len % OTA_WRITE_ALIGN : 0;
	uint8_t unit[OTA_WRITE_ALIGN];
	esp_err_t err = ESP_OK;

	if (len > rest)
		err = esp_partition_write(slot, offset, buf, len - rest);
	if (err == ESP_OK && rest > 0) {
		memset(unit, 0xff, sizeof(unit));
		memcpy(unit, buf + (len - rest), rest);
		err = esp_partition_write(slot, offset + len - rest, unit, sizeof(unit));
	}
	return io_result(err, "write");
}

static int read_back(uint32_t offset, uint8_t *buf, uint32_t len)
{
	if (offset % YIELD_BYTES == 0)
		vTaskDelay(1);
	return io_result(esp_partition_read(ota_esp.update, offset, buf, len), "read");
}

static int set_boot(uint32_t size, const uint8_t *sha256)
{
	struct ota_esp_booted booted = {.address = ota_esp.update->address, .size = size};
	esp_err_t err;

	memcpy(booted.sha256, sha256, sizeof(booted.sha256));
	if (ota_esp_booted_store(&booted) < 0)
		ota_esp_warn("NVS is full: trailing bytes will not be reported");
	err = esp_ota_set_boot_partition(ota_esp.update);
	ota_esp_feed();
	/* This code also means a flash that cannot be read; but all of it was read just now. */
	if (err == ESP_ERR_OTA_VALIDATE_FAILED)
		return -OTA_EBADMSG;
	return io_result(err, "set the boot slot");
}

/* A new image that fails its own test restarts unconfirmed, which is what the
 * boot loader rolls back. */
static int fail_self_test(void)
{
	ota_esp_warn("self-test failed: back to the old image");
	ota_esp_enter();
	ota_esp.confirm_wanted = false;
	ota_esp_ops.reboot(&ota_esp, CONFIG_OTA_ESP_REBOOT_DELAY_MS);
	ota_esp_leave();
	return -OTA_EPERM;
}

static int confirm(void)
{
	struct ota_esp *s = &ota_esp;
	bool way_back;
	esp_err_t err;

#ifdef CONFIG_OTA_ESP_CONFIRM_APPLICATION
	if (!s->vouched)
		return -OTA_EAGAIN;
#endif
	if (s->config.self_test && !s->config.self_test(s->config.arg))
		return fail_self_test();
	err = esp_ota_mark_app_valid_cancel_rollback();
	if (err != ESP_OK)
		return io_result(err, "confirm");
	if (s->guard)
		esp_timer_stop(s->guard);
	ota_esp_enter();
	s->confirm_wanted = false;
	s->info.flags &= (uint8_t)~OTA_INFO_PENDING_VERIFY;
	ota_esp_leave();
	/* The way back from a trial may be too old for a ROLLBACK. */
	way_back = ota_esp_image_way_back();
	ota_esp_enter();
	if (!way_back)
		s->info.flags &= (uint8_t)~OTA_INFO_CAN_ROLLBACK;
	s->info.secure_version = esp_efuse_read_secure_version();
	ota_esp_leave();
	return 0;
}

/* esp_ota_mark_app_invalid_rollback_and_reboot() restarts before the host could
 * be answered; until the reboot that ota_core now asks for, it can wait. */
static int roll_back(void)
{
	if (!ota_esp_image_way_back())
		return -OTA_ENOENT;
	ota_esp.rollback = true;
	return 0;
}

int ota_esp_flash_run(const struct ota_esp_job *job)
{
	switch (job->kind) {
	case OTA_ESP_JOB_ERASE:
		return erase(job->offset, job->len);
	case OTA_ESP_JOB_WRITE:
		return write(job->offset, job->in, job->len);
	case OTA_ESP_JOB_READ:
		return read_back(job->offset, job->out, job->len);
	case OTA_ESP_JOB_CHECK:
		return ota_esp_image_check(job->len);
	case OTA_ESP_JOB_SET_BOOT:
		return set_boot(job->len, job->in);
	case OTA_ESP_JOB_PERSIST:
		return ota_esp_record_store(job->record);
	case OTA_ESP_JOB_CONFIRM:
		return confirm();
	case OTA_ESP_JOB_ROLLBACK:
		return roll_back();
	case OTA_ESP_JOB_DECODE:
#ifdef CONFIG_OTA_ESP_DEFLATE
		return ota_esp_stream_decode(job->piece);
#endif
	case OTA_ESP_JOB_NONE:
		break;
	}
	return -OTA_EINVAL;
}
