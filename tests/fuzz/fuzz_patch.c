/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A patch as anybody may send it: read whole, and applied in pieces by a device whose base and
 * image are those that it names, from its start and from a border.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sha256.h"
#include "patch/patch_file.h"

#define BASE 70000u
#define IMAGE 200000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_base(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	const struct ota_patch_config *c = ctx;

	if (len == 0 || offset > c->base_size || len > c->base_size - offset)
		abort();
	for (uint32_t i = 0; i < len; i++)
		buf[i] = (uint8_t)(offset + i);
	return 0;
}

/* piece: bytes at once; the result must not depend on it. */
static uint32_t apply(const uint8_t *data, size_t size, uint32_t offset, size_t piece,
		      int *ret_error)
{
	struct ota_patch_config c = {.read = read_base, .base_size = BASE, .image_size = IMAGE};
	uint32_t sum = 0;
	struct ota_patch p;

	c.ctx = &c;
	if (size >= OTA_PATCH_HEADER && offset == 0) {
		c.base_size = bytes_get32(data + 8) % (BASE + 1);
		c.image_size = bytes_get32(data + 12) % IMAGE + 1;
		memcpy(c.base_sha256, data + 16, OTA_SHA256_SIZE);
	} else if (size >= OTA_PATCH_BORDER) {
		memcpy(c.base_sha256, data + 4, OTA_PATCH_PREFIX);
	}
	if (ota_patch_init(&p, &c, offset) < 0)
		abort();
	for (*ret_error = 0; size > 0 && *ret_error == 0;) {
		uint8_t out[512];
		size_t in = piece < size ? piece : size, given = piece < 512 ? piece : 512;
		const uint32_t was = p.made;

		*ret_error = ota_patch_step(&p, data, &in, out, &given);
		if (p.made != was + given || p.made > c.image_size ||
		    (*ret_error == 0 && in + given == 0))
			abort();
		for (size_t i = 0; i < given; i++)
			sum = sum * 31 + out[i];
		data += in;
		size -= in;
	}
	return sum + p.made + p.fault;
}

/* Parses the bytes as a file, with a checksum that fits: otherwise no change would get past it. */
static void as_file(uint8_t *data, size_t size)
{
	struct patch_file file;
	size_t again = 0;
	char why[256];

	if (size > OTA_SHA256_SIZE)
		sha256_buffer(data, size - OTA_SHA256_SIZE, data + size - OTA_SHA256_SIZE);
	if (patch_file_parse(&file, data, size, why, sizeof(why)) < 0)
		return;
	free(patch_file_format(&file, &again));
	patch_file_finish(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum ota_patch_fault fault;
	struct patch patch;
	uint8_t *copy = malloc(size + 1);
	int error, again;

	for (uint32_t offset = 0; offset <= OTA_PATCH_BLOCK; offset += OTA_PATCH_BLOCK) {
		const uint32_t sum = apply(data, size, offset, 512, &error);

		if (apply(data, size, offset, 7, &again) != sum || error != again)
			abort();
	}
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	as_file(copy, size);
	memcpy(copy, data, size);
	if (patch_read(&patch, copy, size, &fault) == 0) {
		if (patch.borders[patch.border_count - 1] != size)
			abort();
		patch_finish(&patch);
	} else {
		(void)patch_fault_text(fault);
		free(copy);
	}
	return 0;
}
