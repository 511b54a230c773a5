/* SPDX-License-Identifier: Apache-2.0 */
/* See hex.h. */
#include "base/hex.h"

#include "ota/error.h"

char *hex_encode(const uint8_t *buf, size_t len, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		ret[2 * i] = digits[buf[i] >> 4];
		ret[2 * i + 1] = digits[buf[i] & 15];
	}
	ret[2 * len] = '\0';
	return ret;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_decode(const char *text, uint8_t *ret, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const int high = hex_digit(text[2 * i]);
		const int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

		if (low < 0)
			return -OTA_EBADMSG;
		ret[i] = (uint8_t)(high * 16 + low);
	}
	return 0;
}
