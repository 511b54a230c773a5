/* SPDX-License-Identifier: Apache-2.0 */
/* UUIDs as texts; words for gatt.h's enumerations, for logs and JSON. */
#include "core/gatt.h"

#include <string.h>

static const char base[] = GATT_UUID16("0000");
static const char digits[] = "0123456789abcdef";

/* The octets of a text are the other way round on the air. */
void gatt_uuid_text(const uint8_t *uuid, size_t len, char ret[GATT_UUID_TEXT])
{
	const size_t from = len == 2 ? 4 : 0, to = len == 2 ? 8 : GATT_UUID_TEXT - 1u;
	size_t left = len;

	memcpy(ret, base, sizeof(base));
	for (size_t i = from; i < to && left > 0; i += 2) {
		if (base[i] == '-')
			i++;
		left--;
		ret[i] = digits[uuid[left] >> 4];
		ret[i + 1] = digits[uuid[left] & 0x0fu];
	}
}

static int digit_of(char c)
{
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

size_t gatt_uuid_octets(const char *text, uint8_t ret[16])
{
	uint8_t octets[16];
	size_t left = sizeof(octets);

	if (strlen(text) != GATT_UUID_TEXT - 1u)
		return 0;
	for (size_t i = 0; i < GATT_UUID_TEXT - 1u; i += 2) {
		int high, low;

		if (base[i] == '-' && text[i++] != '-')
			return 0;
		high = digit_of(text[i]);
		low = digit_of(text[i + 1]);
		if (high < 0 || low < 0)
			return 0;
		octets[--left] = (uint8_t)(high * 16 + low);
	}
	if (memcmp(text, base, 4) == 0 && strcmp(text + 8, base + 8) == 0) {
		memcpy(ret, octets + 12, 2);
		return 2;
	}
	memcpy(ret, octets, sizeof(octets));
	return sizeof(octets);
}

const char *gatt_reason_name(enum gatt_reason reason)
{
	switch (reason) {
	case GATT_BY_HOST:
		return "by-host";
	case GATT_BY_DEVICE:
		return "by-device";
	case GATT_SUPERVISION:
		return "supervision-timeout";
	case GATT_NOT_FOUND:
		return "not-found";
	case GATT_CONNECT_FAILED:
		return "connect-failed";
	case GATT_NO_ADAPTER:
		return "no-adapter";
	case GATT_KEY_MISSING:
		return "key-missing";
	case GATT_UNKNOWN:
		break;
	}
	return "unknown";
}

const char *gatt_write_name(enum gatt_write mode)
{
	switch (mode) {
	case GATT_REQUEST:
		return "request";
	case GATT_COMMAND:
		return "command";
	case GATT_ACQUIRE:
		return "acquire";
	}
	return "unknown";
}
