/* SPDX-License-Identifier: Apache-2.0 */
/* The codecs of ota/skip.h, apart from proto.c's tables: most devices and hosts need neither. */
#include "ota/skip.h"

#include "ota/error.h"

#include <string.h>

static void put(uint8_t *p, uint32_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(value >> (8u * i));
}

static uint32_t get(const uint8_t *p, unsigned int bytes)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint32_t)p[i] << (8u * i);
	return value;
}

int ota_blocks_request_encode(const struct ota_blocks_request *m, uint8_t *buf, size_t size)
{
	if (size < OTA_BLOCKS_REQUEST_SIZE)
		return -OTA_ENOSPC;
	buf[0] = OTA_CMD_BLOCKS;
	put(buf + 1, m->first, 2);
	put(buf + 3, m->count, 2);
	return OTA_BLOCKS_REQUEST_SIZE;
}

int ota_blocks_request_decode(const uint8_t *buf, size_t len, struct ota_blocks_request *ret)
{
	if (len > 0 && buf[0] != OTA_CMD_BLOCKS)
		return -OTA_EBADMSG;
	if (len < OTA_BLOCKS_REQUEST_SIZE)
		return -OTA_EMSGSIZE;
	ret->first = (uint16_t)get(buf + 1, 2);
	ret->count = (uint16_t)get(buf + 3, 2);
	return 0;
}

int ota_blocks_encode(const struct ota_blocks *m, uint8_t *buf, size_t size)
{
	const size_t len = 3u + 4u * (size_t)m->count;

	if (m->count > OTA_DIGESTS || size < len)
		return -OTA_ENOSPC;
	buf[0] = OTA_EVT_BLOCKS;
	put(buf + 1, m->first, 2);
	for (unsigned int i = 0; i < m->count; i++)
		put(buf + 3u + 4u * i, m->crc[i], 4);
	return (int)len;
}

int ota_blocks_decode(const uint8_t *buf, size_t len, struct ota_blocks *ret)
{
	if (len > 0 && buf[0] != OTA_EVT_BLOCKS)
		return -OTA_EBADMSG;
	if (len < 7)
		return -OTA_EMSGSIZE;
	memset(ret, 0, sizeof(*ret));
	ret->first = (uint16_t)get(buf + 1, 2);
	for (size_t at = 3; at + 4u <= len && ret->count < OTA_DIGESTS; at += 4)
		ret->crc[ret->count++] = get(buf + at, 4);
	return 0;
}
