/* SPDX-License-Identifier: Apache-2.0 */
/* Lays out an image for MCUboot as imgtool does, with pseudo-random bytes for code. */
#include "image/mcuboot.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "image/image_build.h"
#include "image/image_random.h"

static size_t put_area(uint8_t *to, uint16_t magic, uint16_t type, uint16_t len)
{
	bytes_put16(to, magic);
	bytes_put16(to + 2, 2u * MCUBOOT_TLV_HEADER + len);
	bytes_put16(to + 4, type);
	bytes_put16(to + 6, len);
	return 2u * MCUBOOT_TLV_HEADER;
}

static void put_header(const struct mcuboot_build *b, uint8_t *h, uint32_t body, uint32_t covered)
{
	memset(h, 0, MCUBOOT_HEADER_SIZE);
	bytes_put32(h, MCUBOOT_MAGIC);
	bytes_put16(h + 8, MCUBOOT_HEADER_SIZE);
	bytes_put16(h + 10, covered);
	bytes_put32(h + 12, body);
	h[20] = b->major;
	h[21] = b->minor;
	bytes_put16(h + 22, b->revision);
	bytes_put32(h + 24, b->number);
}

int mcuboot_build(const struct mcuboot_build *b, image_sha256_fn *sha256, uint8_t *buf, size_t size)
{
	const uint32_t covered = b->has_counter ? 2u * MCUBOOT_TLV_HEADER + 4u : 0;
	const uint32_t tail = covered + 2u * MCUBOOT_TLV_HEADER + OTA_SHA256_SIZE;
	uint32_t body, at = MCUBOOT_HEADER_SIZE;
	uint64_t random = b->seed;

	if (b->size < MCUBOOT_BUILD_MIN || b->size > IMAGE_BUILD_MAX)
		return -OTA_EINVAL;
	if (size < b->size)
		return -OTA_ENOSPC;
	body = b->size - tail - MCUBOOT_HEADER_SIZE;
	put_header(b, buf, body, covered);
	for (uint32_t i = 0; i < body; i++)
		buf[at++] = (uint8_t)(image_random(&random) >> 56);
	if (b->has_counter) {
		at += (uint32_t)put_area(buf + at, MCUBOOT_TLV_PROTECTED_MAGIC, MCUBOOT_TLV_COUNTER,
					 4);
		bytes_put32(buf + at, b->counter);
		at += 4;
	}
	sha256(buf, at, buf + at + 2u * MCUBOOT_TLV_HEADER);
	(void)put_area(buf + at, MCUBOOT_TLV_MAGIC, MCUBOOT_TLV_SHA256, OTA_SHA256_SIZE);
	return 0;
}

/* A number up to most that ends at one of the characters of ends, or with the text. */
static const char *number(const char *p, const char *ends, uint32_t most, uint32_t *ret)
{
	uint64_t value = 0;

	if (*p < '0' || *p > '9')
		return NULL;
	while (*p >= '0' && *p <= '9' && value <= most)
		value = value * 10u + (uint64_t)(*p++ - '0');
	if (value > most || (*p != '\0' && !strchr(ends, *p)))
		return NULL;
	*ret = (uint32_t)value;
	return p;
}

int mcuboot_version_parse(const char *text, struct mcuboot_build *ret)
{
	static const uint32_t most[] = {UINT8_MAX, UINT8_MAX, UINT16_MAX};
	uint32_t part[3] = {0}, build = 0;
	const char *p = text;

	for (unsigned int i = 0; i < 3; i++) {
		p = number(p, i < 2 ? ".+" : "+", most[i], &part[i]);
		if (!p)
			return -OTA_EINVAL;
		if (*p != '.')
			break;
		p++;
	}
	if (*p == '+')
		p = number(p + 1, "", UINT32_MAX, &build);
	if (!p || *p != '\0')
		return -OTA_EINVAL;
	ret->major = (uint8_t)part[0];
	ret->minor = (uint8_t)part[1];
	ret->revision = (uint16_t)part[2];
	ret->number = build;
	return 0;
}
