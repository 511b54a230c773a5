/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slots' contents: the running image as Info describes it, and whether a
 * received one may run.
 */
#include "ota_esp_priv.h"

#include <string.h>

#include "esp_app_desc.h"
#include "esp_chip_info.h"
#include "esp_efuse.h"
#include "esp_image_format.h"
#include "esp_log.h"
#include "esp_ota_ops.h"
#include "esp_secure_boot.h"
#include "esp_system.h"
#include "hal/efuse_hal.h"

static const char tag[] = "ota_esp";

/* Info has ESP-IDF's numbers. */
_Static_assert((int)ESP_RST_POWERON == OTA_RESET_POWER_ON &&
		       (int)ESP_RST_SW == OTA_RESET_SOFTWARE &&
		       (int)ESP_RST_PANIC == OTA_RESET_PANIC &&
		       (int)ESP_RST_TASK_WDT == OTA_RESET_TASK_WATCHDOG &&
		       (int)ESP_RST_BROWNOUT == OTA_RESET_BROWN_OUT,
	       "esp_reset_reason_t changed");

static esp_partition_pos_t position(const esp_partition_t *slot)
{
	return (esp_partition_pos_t){.offset = slot->address, .size = slot->size};
}

static uint8_t slot_number(const esp_partition_t *slot)
{
	if (slot->subtype < ESP_PARTITION_SUBTYPE_APP_OTA_MIN ||
	    slot->subtype >= ESP_PARTITION_SUBTYPE_APP_OTA_MAX)
		return 0xff; /* the factory partition */
	return (uint8_t)(slot->subtype - ESP_PARTITION_SUBTYPE_APP_OTA_MIN);
}

static uint8_t slot_flags(const esp_partition_t *running)
{
	esp_ota_img_states_t state = ESP_OTA_IMG_UNDEFINED;
	uint8_t flags = 0;

	if (esp_ota_get_state_partition(running, &state) == ESP_OK &&
	    state == ESP_OTA_IMG_PENDING_VERIFY)
		flags |= OTA_INFO_PENDING_VERIFY;
	if (running->encrypted) /* all app partitions are, with flash encryption on */
		flags |= OTA_INFO_ENCRYPTED;
	if (esp_secure_boot_enabled())
		flags |= OTA_INFO_SECURE_BOOT;
	return flags;
}

bool ota_esp_image_slots(void)
{
	struct ota_esp *s = &ota_esp;
	esp_chip_info_t chip;

	s->running = esp_ota_get_running_partition();
	s->update = esp_ota_get_next_update_partition(NULL);
	if (!s->running || !s->update || s->update == s->running)
		return false;
	esp_chip_info(&chip);
	s->info = (struct ota_info){
		.version = OTA_PROTOCOL_VERSION,
		.min_version = OTA_PROTOCOL_VERSION,
		.features = OTA_FEATURE_RESUME | OTA_FEATURE_SINK | OTA_FEATURE_LINK,
		.chip_id = CONFIG_IDF_FIRMWARE_CHIP_ID,
		.chip_revision = chip.revision,
		.slot_count = esp_ota_get_app_partition_count(),
		.running_slot = slot_number(s->running),
		.flags = slot_flags(s->running),
		.phys = OTA_PHYS_1M,
		.slot_size = s->update->size,
		.secure_version = esp_efuse_read_secure_version(),
		.block_revision = (uint16_t)efuse_hal_blk_version(),
		.reset_reason = (uint8_t)esp_reset_reason(),
	};
#ifdef OTA_ESP_2M
	s->info.phys |= OTA_PHYS_2M;
#endif
#ifdef CONFIG_OTA_ESP_TELEMETRY
	s->info.features |= OTA_FEATURE_TELEMETRY;
#endif
#ifdef CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
	s->info.features |= OTA_FEATURE_ROLLBACK;
#endif
	s->new_image = (s->info.flags & OTA_INFO_PENDING_VERIFY) != 0;
	memcpy(s->info.project, esp_app_get_description()->project_name, sizeof(s->info.project));
	return true;
}

static int hash_running(struct ota_esp *s, uint32_t size, uint8_t ret[OTA_SHA256_SIZE])
{
	struct ota_esp_hash hash = {.active = false};
	int rc = ota_esp_hash_begin(&hash);

	for (uint32_t at = 0; rc == 0 && at < size; at += OTA_SECTOR_SIZE) {
		const uint32_t len = size - at < OTA_SECTOR_SIZE ? size - at : OTA_SECTOR_SIZE;

		if (at % (4u * OTA_BLOCK_SIZE) == 0)
			vTaskDelay(1); /* IDLE's watchdog */
		if (esp_partition_read(s->running, at, s->scratch, len) != ESP_OK)
			rc = -OTA_EIO;
		else
			rc = ota_esp_hash_add(&hash, s->scratch, len);
	}
	if (rc == 0)
		rc = ota_esp_hash_peek(&hash, ret);
	ota_esp_hash_end(&hash);
	return rc;
}

/*
 * The hash of the bytes that a host sent, which is what it compares with.  How
 * many these were is known from the note made when they were made bootable; a
 * note that does not fit what is in flash is from another image.  An image that
 * came by cable ends where its own header says.
 */
static int running_hash(struct ota_esp *s, uint32_t *ret_size, uint8_t ret[OTA_SHA256_SIZE])
{
	const esp_partition_pos_t pos = position(s->running);
	struct ota_esp_booted booted;
	esp_image_metadata_t image;

	if (ota_esp_booted_load(&booted) == 0 && booted.address == pos.offset &&
	    booted.size <= pos.size && hash_running(s, booted.size, ret) == 0 &&
	    memcmp(ret, booted.sha256, OTA_SHA256_SIZE) == 0) {
		*ret_size = booted.size;
		return 0;
	}
	if (esp_image_get_metadata(&pos, &image) != ESP_OK || image.image_len > pos.size)
		return -OTA_EIO;
	*ret_size = image.image_len;
	return hash_running(s, image.image_len, ret);
}

void ota_esp_image_inspect(void)
{
	struct ota_esp *s = &ota_esp;
	const bool way_back = esp_ota_check_rollback_is_possible();
	uint8_t sha256[OTA_SHA256_SIZE] = {0};
	uint32_t size = 0;

	if (running_hash(s, &size, sha256) < 0)
		ESP_LOGE(tag, "running image cannot be read");
	ota_esp_enter();
	s->info.running_size = size;
	memcpy(s->info.running_sha256, sha256, sizeof(sha256));
	if (way_back && !s->session) /* a session has begun to erase it */
		s->info.flags |= OTA_INFO_CAN_ROLLBACK;
	s->inspected = true;
	ota_esp_leave();
}

/* --- versions */

/* The next number of a version; false when there is none. */
static bool next_number(const char **at, uint32_t *ret)
{
	const char *p = *at;
	uint32_t number = 0;

	while (*p >= '0' && *p <= '9' && number < 100000000u)
		number = number * 10u + (uint32_t)(*p++ - '0');
	if (p == *at || (*p != '.' && *p != '-' && *p != '+' && *p != ' ' && *p != '\0'))
		return false;
	*at = *p == '.' ? p + 1 : "";
	*ret = number;
	return true;
}

bool ota_esp_version_older(const char *a, const char *b)
{
	uint32_t left = 0, right = 0;
	bool more_left, more_right;

	a += *a == 'v' || *a == 'V';
	b += *b == 'v' || *b == 'V';
	if (!next_number(&a, &left) || !next_number(&b, &right))
		return false; /* a commit's hash, say: no order to be told */
	do {
		if (left != right)
			return left < right;
		left = right = 0;
		more_left = next_number(&a, &left);
		more_right = next_number(&b, &right);
	} while (more_left || more_right);
	return false;
}

/* --- a received image */

#if defined(CONFIG_OTA_ESP_DOWNGRADE_SECURE_VERSION) ||                                            \
	defined(CONFIG_OTA_ESP_DOWNGRADE_VERSION) || defined(CONFIG_OTA_ESP_SAME_PROJECT)
static int policy_check(const struct ota_esp *s)
{
	const esp_app_desc_t *running = esp_app_get_description();
	esp_app_desc_t received;

	if (esp_ota_get_partition_description(s->update, &received) != ESP_OK)
		return -OTA_EBADMSG;
#ifdef CONFIG_OTA_ESP_SAME_PROJECT
	if (strncmp(received.project_name, running->project_name, sizeof(received.project_name)) !=
	    0)
		return -OTA_EBADMSG;
#endif
#ifndef CONFIG_OTA_ESP_DOWNGRADE_ALLOWED
	if (received.secure_version < running->secure_version)
		return -OTA_EPERM;
#endif
#ifdef CONFIG_OTA_ESP_DOWNGRADE_VERSION
	received.version[sizeof(received.version) - 1] = '\0';
	if (ota_esp_version_older(received.version, running->version))
		return -OTA_EPERM;
#endif
	return 0;
}
#else
static int policy_check(const struct ota_esp *s)
{
	(void)s;
	return 0;
}
#endif

int ota_esp_image_check(uint32_t size)
{
	const esp_partition_pos_t pos = position(ota_esp.update);
	esp_image_metadata_t image;
	esp_err_t err;
	int rc;

	/* With secure boot's signed updates this checks the signature, too. */
	err = esp_image_verify(ESP_IMAGE_VERIFY, &pos, &image);
	if (err != ESP_OK)
		return err == ESP_ERR_IMAGE_FLASH_FAIL ? -OTA_EIO : -OTA_EBADMSG;
	ota_esp_feed();
	if (image.image_len > size) {
		ESP_LOGE(tag, "image has %u bytes, %u were sent", (unsigned int)image.image_len,
			 (unsigned int)size);
		return -OTA_EBADMSG;
	}
	rc = policy_check(&ota_esp);
	if (rc < 0)
		ESP_LOGE(tag, "image refused by policy");
	return rc;
}
