/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slots' contents: the running image as Info describes it, and whether a
 * received one may run.
 */
#include "ota_esp_priv.h"

#include <string.h>

#include "bootloader_common.h"
#include "esp_app_desc.h"
#include "esp_chip_info.h"
#include "esp_efuse.h"
#include "esp_image_format.h"
#include "esp_ota_ops.h"
#include "esp_secure_boot.h"
#include "esp_system.h"
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 2, 0)
#include "hal/efuse_hal.h"
#endif

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

static esp_ota_img_states_t slot_state(const esp_partition_t *slot)
{
	esp_ota_img_states_t state;

	return esp_ota_get_state_partition(slot, &state) == ESP_OK ? state : ESP_OTA_IMG_UNDEFINED;
}

static uint8_t slot_flags(const esp_partition_t *running)
{
	uint8_t flags = 0;

	if (slot_state(running) == ESP_OTA_IMG_PENDING_VERIFY)
		flags |= OTA_INFO_PENDING_VERIFY;
	if (running->encrypted) /* all app partitions are, with flash encryption on */
		flags |= OTA_INFO_ENCRYPTED;
	if (esp_secure_boot_enabled())
		flags |= OTA_INFO_SECURE_BOOT;
	return flags;
}

const esp_partition_t *ota_esp_image_entry(uint32_t index, uint32_t *ret_offset,
					   const esp_partition_t **ret_otadata)
{
	const esp_partition_t *otadata = esp_partition_find_first(
		ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_OTA, NULL);
	esp_ota_select_entry_t entry;

	*ret_otadata = otadata;
	*ret_offset = index * OTA_SECTOR_SIZE;
	if (!otadata || esp_partition_read(otadata, *ret_offset, &entry, sizeof(entry)) != ESP_OK ||
	    !bootloader_common_ota_select_valid(&entry))
		return NULL;
	return esp_partition_find_first(
		ESP_PARTITION_TYPE_APP,
		(esp_partition_subtype_t)(ESP_PARTITION_SUBTYPE_APP_OTA_MIN +
					  (entry.ota_seq - 1u) % ota_esp.info.slot_count),
		NULL);
}

static uint16_t block_revision(void)
{
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 2, 0)
	return (uint16_t)efuse_hal_blk_version();
#else
	return OTA_REVISION_UNKNOWN;
#endif
}

bool ota_esp_image_slots(void)
{
	struct ota_esp *s = &ota_esp;
	struct ota_esp_booted booted;
	esp_chip_info_t chip;

	s->running = esp_ota_get_running_partition();
	s->update = esp_ota_get_next_update_partition(NULL);
	if (!s->running || !s->update || s->update == s->running)
		return false;
	esp_chip_info(&chip);
	s->info = (struct ota_info){
		.version = OTA_PROTOCOL_VERSION,
		.min_version = OTA_PROTOCOL_VERSION,
		.features = OTA_FEATURE_RESUME | OTA_FEATURE_SINK | OTA_FEATURE_LINK |
			    OTA_FEATURE_PREPARE,
		.chip_id = CONFIG_IDF_FIRMWARE_CHIP_ID,
		.chip_revision = chip.revision,
		.slot_count = esp_ota_get_app_partition_count(),
		.running_slot = slot_number(s->running),
		.flags = slot_flags(s->running),
		.phys = OTA_PHYS_1M,
		.slot_size = s->update->size,
		.secure_version = esp_efuse_read_secure_version(),
		.block_revision = block_revision(),
		.reset_reason = (uint8_t)esp_reset_reason(),
	};
#ifdef OTA_ESP_2M
	s->info.phys |= OTA_PHYS_2M;
#endif
#ifdef CONFIG_OTA_ESP_TELEMETRY
	s->info.features |= OTA_FEATURE_TELEMETRY | OTA_FEATURE_TIMES | OTA_FEATURE_PATTERN;
#endif
#ifdef CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
	s->info.features |= OTA_FEATURE_ROLLBACK;
#endif
#ifdef CONFIG_OTA_ESP_SIGNED
	s->info.features |= OTA_FEATURE_SIGNED;
	s->info.features &= ~(OTA_FEATURE_PREPARE | OTA_FEATURE_PATTERN); /* would be refused */
	s->info.abilities |= OTA_ABILITY_SIGNED_ONLY;
#endif
#ifdef CONFIG_SPI_FLASH_AUTO_SUSPEND
	s->info.abilities |= OTA_ABILITY_AUTO_SUSPEND;
#endif
#ifdef CONFIG_SPIRAM_XIP_FROM_PSRAM
	s->info.abilities |= OTA_ABILITY_XIP_PSRAM;
#endif
	/* A boot loader with rollback has made it pending verify; one without it, such as
	 * older Arduino cores bring, leaves it new for as long as it runs. */
	if (slot_state(s->running) == ESP_OTA_IMG_NEW) {
		ota_esp_warn("no trial: the boot loader does not roll back");
		s->info.abilities |= OTA_ABILITY_NO_ROLLBACK;
		s->info.features &= ~OTA_FEATURE_ROLLBACK;
	}
	/* On trial; or back again from the image that was made bootable last. */
	s->new_image = (s->info.flags & OTA_INFO_PENDING_VERIFY) != 0 ||
		       (ota_esp_booted_load(&booted) == 0 && booted.address != s->running->address);
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
	const bool goes_back = ota_esp_image_way_back();
	uint8_t sha256[OTA_SHA256_SIZE] = {0};
	uint32_t size = 0;

	if (running_hash(s, &size, sha256) < 0)
		ota_esp_warn("running image cannot be read");
	ota_esp_enter();
	s->info.running_size = size;
	memcpy(s->info.running_sha256, sha256, sizeof(sha256));
	if (goes_back && !s->session) /* a session has begun to erase it */
		s->info.flags |= OTA_INFO_CAN_ROLLBACK;
	s->inspected = true;
#ifdef CONFIG_OTA_ESP_DEFLATE
	ota_esp_stream_inspected(s);
#endif
	ota_esp_leave();
}

/* The slot that a ROLLBACK goes to: the one that otadata names beside the running one. */
static const esp_partition_t *way_back(void)
{
	const esp_partition_t *slot, *otadata;
	uint32_t offset;

	for (uint32_t i = 0; i < 2; i++) {
		slot = ota_esp_image_entry(i, &offset, &otadata);
		if (slot && slot->address != ota_esp.running->address)
			return slot;
	}
	return esp_partition_find_first(ESP_PARTITION_TYPE_APP, ESP_PARTITION_SUBTYPE_APP_FACTORY,
					NULL);
}

bool ota_esp_image_way_back(void)
{
	const esp_partition_t *slot;

	if (!esp_ota_check_rollback_is_possible())
		return false;
	/* The image of before may always follow one on trial. */
	if (ota_esp.info.flags & OTA_INFO_PENDING_VERIFY)
		return true;
	slot = way_back();
	return slot && ota_esp_policy_slot(slot) == 0;
}

int ota_esp_image_check(uint32_t size)
{
	const esp_partition_pos_t pos = position(ota_esp.update);
	esp_image_metadata_t image;
	esp_err_t err;
	int rc;

	/* Only the headers are read: esp_ota_set_boot_partition() reads and checks all of it,
	 * with secure boot's signed updates the signature, too, even after a check. */
	err = esp_image_get_metadata(&pos, &image);
	if (err != ESP_OK)
		return err == ESP_ERR_IMAGE_FLASH_FAIL ? -OTA_EIO : -OTA_EBADMSG;
	if (image.image_len > size) {
		ota_esp_warn("the image is longer than sent");
		return -OTA_EBADMSG;
	}
	rc = ota_esp_policy_slot(ota_esp.update);
	if (rc < 0)
		ota_esp_warn("image refused by policy");
	return rc;
}
