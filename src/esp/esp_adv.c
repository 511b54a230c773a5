/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual ESP32's advertisement and scan response (Core Specification
 * Supplement, Part A): the service's UUID in the advertisement, the name in the
 * scan response, since both do not fit in one.
 */
#include "esp/esp_priv.h"

#include <string.h>

enum {
	AD_FLAGS = 0x01,
	AD_UUIDS_16 = 0x03,
	AD_UUIDS_128 = 0x07,
	AD_NAME_SHORT = 0x08,
	AD_NAME = 0x09,
	AD_SERVICE_DATA = 0x16,
};

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

/* The service that it advertises; "": none, as some projects' examples. */
static const char *advertised(const struct esp *esp)
{
	const struct dialect *d = dialect_get(DIALECT_FULL);

	/* An unknown project has the service's UUID, too. */
	if (esp->config.dialect >= ESP_FOREIGN && esp->config.foreign != DIALECT_UNKNOWN &&
	    esp->config.foreign != DIALECT_FOREIGN)
		d = dialect_get(esp->config.foreign);
	return d->advertised ? d->services[0] : "";
}

uint32_t esp_advertised_dialects(const struct esp *esp)
{
	return dialects_of_service(advertised(esp));
}

/* Matter tells its service by the data that goes with it (Core Specification 5.4.2.5.6):
 * opcode, discriminator, vendor, product, flags. */
static size_t put_matter(uint8_t *to)
{
	static const uint8_t data[8] = {0x00, 0x00, 0x0f, 0xf1, 0xff, 0x00, 0x80, 0x00};

	memcpy(to, data, sizeof(data));
	return sizeof(data);
}

size_t esp_advertisement(const struct esp *esp, uint8_t ret[ESP_ADV_MAX])
{
	const bool matter = esp->config.foreign == DIALECT_MATTER;
	uint8_t uuid[16];
	const size_t n = gatt_uuid_octets(advertised(esp), uuid);
	size_t len = 0, at;

	ret[len++] = 2;
	ret[len++] = AD_FLAGS;
	ret[len++] = FLAGS_LE_GENERAL;
	if (n == 0)
		return len;
	at = len++;
	ret[len++] = matter ? AD_SERVICE_DATA : n == 2 ? AD_UUIDS_16 : AD_UUIDS_128;
	memcpy(ret + len, uuid, n);
	len += n;
	if (matter)
		len += put_matter(ret + len);
	ret[at] = (uint8_t)(len - at - 1u);
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
