/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records in NVS that survive a power cut: ota_core's resume record, and which bytes
 * were made bootable last.
 *
 * nvs_set_blob() writes the new value before it drops the old one, which is the
 * atomicity that ops->persist demands.  A record is written per 64 KiB, about
 * 20 an update, so that NVS's pages wear a thousand times slower than the slot.
 */
#include "ota_esp_priv.h"

#include "nvs.h"

#define SPACE "ota_esp" /* 15 characters at most: NVS_KEY_NAME_MAX_SIZE */

static int store(const char *key, const void *value, size_t size)
{
	nvs_handle_t handle;
	esp_err_t err = nvs_open(SPACE, NVS_READWRITE, &handle);

	if (err != ESP_OK)
		return -OTA_EIO;
	err = nvs_set_blob(handle, key, value, size);
	if (err == ESP_OK)
		err = nvs_commit(handle);
	nvs_close(handle);
	if (err == ESP_ERR_NVS_NOT_ENOUGH_SPACE)
		return -OTA_ENOSPC;
	return err == ESP_OK ? 0 : -OTA_EIO;
}

/* A blob of another size is from a firmware with another idea of it. */
static int load(const char *key, void *ret, size_t size)
{
	nvs_handle_t handle;
	size_t stored = size;
	esp_err_t err = nvs_open(SPACE, NVS_READONLY, &handle);

	if (err != ESP_OK)
		return -OTA_ENOENT;
	err = nvs_get_blob(handle, key, ret, &stored);
	nvs_close(handle);
	return err == ESP_OK && stored == size ? 0 : -OTA_ENOENT;
}

int ota_esp_record_load(struct ota_record *ret)
{
	return load("record", ret, sizeof(*ret));
}

int ota_esp_record_store(const struct ota_record *record)
{
	return store("record", record, sizeof(*record));
}

int ota_esp_booted_load(struct ota_esp_booted *ret)
{
	return load("booted", ret, sizeof(*ret));
}

int ota_esp_booted_store(const struct ota_esp_booted *booted)
{
	return store("booted", booted, sizeof(*booted));
}
