/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual ESP32's advertisement and scan response (Core Specification
 * Supplement, Part A): the service's UUID in the advertisement, the name in the
 * scan response, since both do not fit in one.
 */
#include "esp/esp_priv.h"

#include <string.h>

enum { AD_FLAGS = 0x01, AD_UUIDS_128 = 0x07, AD_NAME_SHORT = 0x08, AD_NAME = 0x09 };

#define FLAGS_LE_GENERAL 0x06u /* general discoverable, no BR/EDR */

const uint8_t *esp_address_octets(const struct esp *esp)
{
	return esp->config.address;
}

uint8_t esp_address_type(const struct esp *esp)
{
	return esp->config.random_address ? 1 : 0;
}

uint8_t esp_phys(const struct esp *esp)
{
	return esp->phys;
}

size_t esp_advertisement(const struct esp *esp, uint8_t ret[ESP_ADV_MAX])
{
	/* fb1e4001-54ae-4a28-9f74-dfccb248601d */
	static const uint8_t uuid[16] = {0x1d, 0x60, 0x48, 0xb2, 0xcc, 0xdf, 0x74, 0x9f,
					 0x28, 0x4a, 0xae, 0x54, 0x01, 0x40, 0x1e, 0xfb};
	size_t len = 0;

	ret[len++] = 2;
	ret[len++] = AD_FLAGS;
	ret[len++] = FLAGS_LE_GENERAL;
	if (esp_advertises_ota(esp)) {
		ret[len++] = 1 + sizeof(uuid);
		ret[len++] = AD_UUIDS_128;
		memcpy(ret + len, uuid, sizeof(uuid));
		len += sizeof(uuid);
	}
	return len;
}

size_t esp_scan_response(const struct esp *esp, uint8_t ret[ESP_ADV_MAX])
{
	const size_t whole = strlen(esp->name);
	const size_t len = whole <= ESP_ADV_MAX - 2u ? whole : ESP_ADV_MAX - 2u;

	if (whole == 0)
		return 0;
	ret[0] = (uint8_t)(1 + len);
	ret[1] = len == whole ? AD_NAME : AD_NAME_SHORT;
	memcpy(ret + 2, esp->name, len);
	return 2 + len;
}
