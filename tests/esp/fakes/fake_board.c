/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flash, slots, otadata and NVS, as far as ota_esp can tell them from a chip's.
 * The virtual ESP32 in src/board models them exactly; here they only have to
 * hold what ESP-IDF's functions promise, and to fail when told to.
 */
#include "fake.h"

#include "bootloader_common.h"
#include "esp_chip_info.h"
#include "esp_efuse.h"
#include "esp_image_format.h"
#include "esp_log.h"
#include "esp_mac.h"
#include "esp_ota_ops.h"
#include "esp_random.h"
#include "esp_secure_boot.h"
#include "esp_system.h"
#include "hal/efuse_hal.h"
#include "nvs_flash.h"
#include "ota_esp_priv.h"
#include "testlib.h"

#include "base/sha256.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 65536u
#define SECTOR 4096u
#define BLOBS 4

struct fake_board fake_board;

static esp_partition_t slots[2];
static const esp_partition_t otadata = {.size = 2 * SECTOR};
static esp_app_desc_t description;
static struct {
	char key[16];
	uint8_t value[256];
	size_t size;
} blobs[BLOBS];

static int slot_of(const esp_partition_t *partition)
{
	return (int)(partition - slots);
}

/* Counts down a fault; true when it strikes. */
static bool strikes(int *fault)
{
	return *fault > 0 && --*fault == 0;
}

/* --- esp_partition */

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type,
						esp_partition_subtype_t subtype, const char *label)
{
	(void)label;
	if (type == ESP_PARTITION_TYPE_DATA)
		return subtype == ESP_PARTITION_SUBTYPE_DATA_OTA ? &otadata : NULL;
	for (int i = 0; i < 2; i++)
		if (slots[i].subtype == subtype)
			return &slots[i];
	return NULL; /* no factory partition */
}

/* Entry i is about slot i, as after two updates. */
static void otadata_read(size_t offset, void *ret, size_t size)
{
	const size_t i = offset / SECTOR;
	esp_ota_select_entry_t entry = {.ota_seq = (uint32_t)i + 1u,
					.ota_state = (uint32_t)fake_board.state[i]};

	if (offset % SECTOR || size != sizeof(entry))
		fake_broke("otadata is read elsewhere than ESP-IDF has its entries");
	if (fake_board.forgotten[i])
		memset(&entry, 0xff, sizeof(entry));
	memcpy(ret, &entry, size);
}

static void otadata_erase(size_t offset)
{
	if ((int)(offset / SECTOR) == fake_board.running)
		fake_broke("otadata loses the running slot");
	fake_board.otadata_erases++;
	fake_block_us(fake_board.erase_sector_ms * 1000ull);
	fake_board.forgotten[offset / SECTOR] = true;
}

bool bootloader_common_ota_select_valid(const esp_ota_select_entry_t *s)
{
	return s->ota_seq != UINT32_MAX && s->ota_state != ESP_OTA_IMG_INVALID &&
	       s->ota_state != ESP_OTA_IMG_ABORTED; /* nothing damages an entry here */
}

esp_err_t esp_partition_read(const esp_partition_t *partition, size_t src_offset, void *dst,
			     size_t size)
{
	if (src_offset + size > partition->size)
		return ESP_ERR_INVALID_SIZE;
	fake_block_us(fake_board.read_us);
	if (partition == &otadata) {
		otadata_read(src_offset, dst, size);
		return ESP_OK;
	}
	if (strikes(&fake_board.fail_read))
		return ESP_FAIL;
	memcpy(dst, fake_board.slot[slot_of(partition)] + src_offset, size);
	return ESP_OK;
}

esp_err_t esp_partition_write(const esp_partition_t *partition, size_t dst_offset, const void *src,
			      size_t size)
{
	uint8_t *flash = fake_board.slot[slot_of(partition)] + dst_offset;

	if (dst_offset + size > partition->size)
		return ESP_ERR_INVALID_SIZE;
	if (partition->encrypted && (dst_offset % 16u || size % 16u))
		return ESP_ERR_INVALID_ARG;
	if (slot_of(partition) == fake_board.running)
		fake_broke("the running slot is written");
	fake_board.writes++;
	fake_block_us(fake_board.write_us);
	if (strikes(&fake_board.fail_write))
		return ESP_FAIL;
	for (size_t i = 0; i < size; i++) {
		if (flash[i] != 0xff)
			fake_broke("flash is programmed that was not erased");
		flash[i] &= ((const uint8_t *)src)[i];
	}
	return ESP_OK;
}

esp_err_t esp_partition_erase_range(const esp_partition_t *partition, size_t offset, size_t size)
{
	if (offset % SECTOR || size % SECTOR || offset + size > partition->size)
		return ESP_ERR_INVALID_ARG;
	if (partition == &otadata) {
		otadata_erase(offset);
		return ESP_OK;
	}
	if (slot_of(partition) == fake_board.running)
		fake_broke("the running slot is erased");
	fake_board.erases++;
	if (offset % BLOCK == 0 && size % BLOCK == 0)
		fake_block_us(size / BLOCK * fake_board.erase_block_ms * 1000ull);
	else
		fake_block_us(size / SECTOR * fake_board.erase_sector_ms * 1000ull);
	if (strikes(&fake_board.fail_erase))
		return ESP_FAIL;
	memset(fake_board.slot[slot_of(partition)] + offset, 0xff, size);
	for (size_t at = offset; at < offset + size && slot_of(partition) == 1; at += SECTOR)
		fake_board.wear[at / SECTOR]++;
	return ESP_OK;
}

/* --- images */

/* Length by the image's own header (docs/protocol.md does not care; ESP-IDF's
 * esp_image_format.c does): 0 when it is none, or does not hash to its digest. */
static uint32_t image_length(const uint8_t *flash, bool verify)
{
	uint32_t at = 24, length;
	uint8_t digest[32];

	if (flash[0] != 0xe9 || flash[1] == 0 || flash[1] > 16)
		return 0;
	for (int i = 0; i < flash[1]; i++) {
		memcpy(&length, flash + at + 4, sizeof(length));
		if (length > FAKE_SLOT_SIZE - at - 64)
			return 0;
		at += 8 + length;
	}
	at = (at + 16u) & ~15u; /* the checksum is the last byte of a 16-byte unit */
	if (flash[23] == 0)
		return at;
	sha256_buffer(flash, at, digest);
	if (verify && memcmp(digest, flash + at, sizeof(digest)) != 0)
		return 0;
	return at + 32;
}

static const uint8_t *at_position(const esp_partition_pos_t *part)
{
	for (int i = 0; i < 2; i++)
		if (slots[i].address == part->offset)
			return fake_board.slot[i];
	return NULL;
}

esp_err_t esp_image_get_metadata(const esp_partition_pos_t *part, esp_image_metadata_t *metadata)
{
	memset(metadata, 0, sizeof(*metadata));
	metadata->image_len = image_length(at_position(part), false);
	return metadata->image_len > 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_image_verify(esp_image_load_mode_t mode, const esp_partition_pos_t *part,
			   esp_image_metadata_t *data)
{
	(void)mode;
	memset(data, 0, sizeof(*data));
	fake_board.verifies++;
	if (fake_board.fail_verify_io)
		return ESP_ERR_IMAGE_FLASH_FAIL;
	fake_block_us(300000);
	data->image_len = image_length(at_position(part), true);
	return data->image_len > 0 ? ESP_OK : ESP_ERR_IMAGE_INVALID;
}

esp_err_t esp_ota_get_partition_description(const esp_partition_t *partition,
					    esp_app_desc_t *app_desc)
{
	memcpy(app_desc, fake_board.slot[slot_of(partition)] + 32, sizeof(*app_desc));
	return app_desc->magic_word == 0xabcd5432u ? ESP_OK : ESP_ERR_NOT_FOUND;
}

const esp_app_desc_t *esp_app_get_description(void)
{
	return &description;
}

/* --- slots */

const esp_partition_t *esp_ota_get_running_partition(void)
{
	return &slots[fake_board.running];
}

const esp_partition_t *esp_ota_get_next_update_partition(const esp_partition_t *start_from)
{
	(void)start_from;
	return fake_board.no_update_slot ? NULL : &slots[1 - fake_board.running];
}

uint8_t esp_ota_get_app_partition_count(void)
{
	return 2;
}

esp_err_t esp_ota_get_state_partition(const esp_partition_t *partition,
				      esp_ota_img_states_t *ota_state)
{
	if (!fake_board.bound)
		return ESP_ERR_NOT_FOUND; /* otadata is empty */
	*ota_state = (esp_ota_img_states_t)fake_board.state[slot_of(partition)];
	return ESP_OK;
}

esp_err_t esp_ota_set_boot_partition(const esp_partition_t *partition)
{
	const esp_partition_pos_t position = {.offset = partition->address,
					      .size = partition->size};
	const int slot = slot_of(partition);
	esp_image_metadata_t image;

	if (fake_board.fail_set_boot)
		return ESP_FAIL;
	if (esp_image_verify(ESP_IMAGE_VERIFY, &position, &image) != ESP_OK)
		return ESP_ERR_OTA_VALIDATE_FAILED;
	fake_board.boot = slot;
	fake_board.state[slot] = ESP_OTA_IMG_NEW;
	fake_board.forgotten[slot] = false;
	fake_board.bound = true;
	return ESP_OK;
}

esp_err_t esp_ota_mark_app_valid_cancel_rollback(void)
{
	fake_block_us(50000);
	fake_board.state[fake_board.running] = ESP_OTA_IMG_VALID;
	fake_board.confirms++;
	return ESP_OK;
}

bool esp_ota_check_rollback_is_possible(void)
{
	const int other = 1 - fake_board.running;

	fake_block_us(300000);
	return image_length(fake_board.slot[other], true) > 0 && !fake_board.forgotten[other] &&
	       fake_board.state[other] != ESP_OTA_IMG_INVALID &&
	       fake_board.state[other] != ESP_OTA_IMG_ABORTED;
}

esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot(void)
{
	if (!esp_ota_check_rollback_is_possible())
		return ESP_FAIL;
	fake_board.state[fake_board.running] = ESP_OTA_IMG_INVALID;
	fake_board.boot = 1 - fake_board.running;
	fake_board.rollbacks++;
	esp_restart();
}

/* --- NVS: a blob is replaced in one step or not at all */

esp_err_t nvs_flash_init(void)
{
	return fake_board.nvs_gone ? ESP_ERR_NVS_NO_FREE_PAGES : ESP_OK;
}

esp_err_t nvs_flash_erase(void)
{
	memset(blobs, 0, sizeof(blobs));
	fake_board.nvs_gone = false;
	return ESP_OK;
}

esp_err_t nvs_open(const char *namespace_name, nvs_open_mode_t open_mode, nvs_handle_t *out_handle)
{
	(void)open_mode;
	if (strlen(namespace_name) > 15)
		fake_broke("an NVS namespace has over 15 characters");
	*out_handle = 1;
	return fake_board.nvs_gone ? ESP_ERR_NVS_NOT_INITIALIZED : ESP_OK;
}

static int find_blob(const char *key)
{
	for (int i = 0; i < BLOBS; i++)
		if (strcmp(blobs[i].key, key) == 0)
			return i;
	return -1;
}

esp_err_t nvs_set_blob(nvs_handle_t handle, const char *key, const void *value, size_t length)
{
	int at = find_blob(key);

	(void)handle;
	fake_block_us(2000);
	if (fake_board.nvs_full)
		return ESP_ERR_NVS_NOT_ENOUGH_SPACE;
	if (at < 0)
		at = find_blob("");
	if (at < 0 || length > sizeof(blobs[0].value))
		return ESP_ERR_NVS_NOT_ENOUGH_SPACE;
	snprintf(blobs[at].key, sizeof(blobs[0].key), "%s", key);
	memcpy(blobs[at].value, value, length);
	blobs[at].size = length;
	return ESP_OK;
}

esp_err_t nvs_get_blob(nvs_handle_t handle, const char *key, void *out_value, size_t *length)
{
	const int at = find_blob(key);

	(void)handle;
	if (at < 0)
		return ESP_ERR_NVS_NOT_FOUND;
	if (*length < blobs[at].size)
		return ESP_ERR_NVS_INVALID_LENGTH;
	memcpy(out_value, blobs[at].value, blobs[at].size);
	*length = blobs[at].size;
	return ESP_OK;
}

esp_err_t nvs_commit(nvs_handle_t handle)
{
	(void)handle;
	return ESP_OK;
}

void nvs_close(nvs_handle_t handle)
{
	(void)handle;
}

/* --- the rest */

void fake_log(char level, const char *tag, const char *format, ...)
{
	char line[200];
	const size_t used = strlen(fake_board.log);
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (used + strlen(line) + 20 < sizeof(fake_board.log))
		snprintf(fake_board.log + used, sizeof(fake_board.log) - used, "%c %s: %s\n", level,
			 tag, line);
}

void esp_chip_info(esp_chip_info_t *out_info)
{
	*out_info = (esp_chip_info_t){.revision = 301, .cores = 2};
}

uint32_t esp_efuse_read_secure_version(void)
{
	return fake_board.efuse_version;
}

uint32_t efuse_hal_blk_version(void)
{
	return 103;
}

esp_reset_reason_t esp_reset_reason(void)
{
	return (esp_reset_reason_t)fake_board.reset_reason;
}

bool esp_secure_boot_enabled(void)
{
	return false;
}

esp_err_t esp_read_mac(uint8_t *mac, esp_mac_type_t type)
{
	static const uint8_t address[6] = {0x24, 0x6f, 0x28, 0x01, 0x5a, 0x3c};

	memcpy(mac, address, sizeof(address));
	return type == ESP_MAC_BT ? ESP_OK : ESP_ERR_INVALID_ARG;
}

uint32_t esp_random(void)
{
	return 0xfffffff0u;
}

/* --- what tests do */

static void layout(void)
{
	for (int i = 0; i < 2; i++)
		slots[i] = (esp_partition_t){
			.subtype = (esp_partition_subtype_t)(ESP_PARTITION_SUBTYPE_APP_OTA_0 + i),
			.address = 0x10000u + (uint32_t)i * FAKE_SLOT_SIZE,
			.size = FAKE_SLOT_SIZE,
			.encrypted = fake_board.encrypted,
		};
	memcpy(&description, fake_board.slot[fake_board.running] + 32, sizeof(description));
}

void fake_board_reset(void)
{
	memset(&fake_board, 0, sizeof(fake_board));
	memset(fake_board.slot, 0xff, sizeof(fake_board.slot));
	memset(blobs, 0, sizeof(blobs));
	fake_board.state[0] = fake_board.state[1] = ESP_OTA_IMG_UNDEFINED;
	fake_board.erase_block_ms = 180;
	fake_board.erase_sector_ms = 50;
	fake_board.write_us = 14600; /* 280 kB/s */
	fake_board.read_us = 500;
	fake_board.efuse_version = 1;
	fake_board.reset_reason = ESP_RST_BROWNOUT;
	ota_esp_wear = 0xa5a5a5a5; /* RTC memory after power-on: anything */
	fake_breach = NULL;
	layout();
}

void fake_flash_image(int slot, const uint8_t *image, size_t size)
{
	memset(fake_board.slot[slot], 0xff, FAKE_SLOT_SIZE);
	memcpy(fake_board.slot[slot], image, size);
	layout();
}

/* Chooses as bootloader_utility.c does with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE. */
void fake_boot(void)
{
	fake_rtos_stop();
	const bool rolls_back = !fake_board.no_rollback;

	if (rolls_back && fake_board.state[fake_board.boot] == ESP_OTA_IMG_PENDING_VERIFY) {
		fake_board.state[fake_board.boot] = ESP_OTA_IMG_ABORTED;
		fake_board.boot = 1 - fake_board.boot;
	} else if (rolls_back && fake_board.state[fake_board.boot] == ESP_OTA_IMG_NEW) {
		fake_board.state[fake_board.boot] = ESP_OTA_IMG_PENDING_VERIFY;
	}
	if (image_length(fake_board.slot[fake_board.boot], true) == 0)
		fake_board.boot = 1 - fake_board.boot;
	fake_board.running = fake_board.boot;
	layout();
	fake_radio_off();
	fake_rtos_boot();
	fake_radio_boot();
	ota_esp_hash_end(&ota_esp.hash); /* what a real chip's memory simply forgets */
	fake_heap_boot();
	fake_tinfl_boot();
	memset(&ota_esp, 0, sizeof(ota_esp));
}
