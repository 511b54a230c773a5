/* SPDX-License-Identifier: Apache-2.0 */
/* See patch_file.h. */
#include "patch/patch_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/sha256.h"

#define AT_SIZE 8u
#define AT_STORED 12u
#define AT_HASH 16u
#define AT_HEAD 48u
#define AT_PATCH (AT_HEAD + OTA_HEAD_SIZE)

static const uint8_t magic[8] = {'O', 'B', 'D', 'E', 'L', 'T', 'A', 1};

bool patch_file_is(const uint8_t *data, size_t size)
{
	return size >= sizeof(magic) && memcmp(data, magic, sizeof(magic) - 1) == 0;
}

void patch_file_init(struct patch_file *ret, struct patch *patch, const uint8_t *image)
{
	const uint32_t size = patch->image_size;

	memset(ret->head, 0, sizeof(ret->head));
	memcpy(ret->head, image, size < OTA_HEAD_SIZE ? size : OTA_HEAD_SIZE);
	sha256_buffer(image, size, ret->image_sha256);
	ret->patch = *patch;
	memset(patch, 0, sizeof(*patch));
}

void patch_file_finish(struct patch_file *file)
{
	patch_finish(&file->patch);
}

static int refuse(char *why, size_t size, const char *text)
{
	(void)snprintf(why, size, "%s", text);
	return -OTA_EBADMSG;
}

/* The patch's bytes, which are as many as the header says. */
static int inflate_patch(const uint8_t *data, uint32_t stored, uint32_t size, uint8_t **ret,
			 char *why, size_t why_size)
{
	uint8_t *bytes = malloc((size_t)size + 1);
	uLongf len = size;
	int r;

	if (!bytes)
		return -OTA_ENOMEM;
	r = uncompress(bytes, &len, data + AT_PATCH, stored);
	if (r == Z_OK && len == size) {
		*ret = bytes;
		return 0;
	}
	free(bytes);
	return r == Z_MEM_ERROR ? -OTA_ENOMEM
				: refuse(why, why_size, "its patch cannot be decompressed");
}

int patch_file_parse(struct patch_file *ret, const uint8_t *data, size_t size, char *why,
		     size_t why_size)
{
	uint8_t hash[OTA_SHA256_SIZE], *bytes = NULL;
	enum ota_patch_fault fault;
	uint32_t stored, len;
	int r;

	if (!patch_file_is(data, size))
		return refuse(why, why_size, "not a patch file");
	if (data[7] != magic[7])
		return refuse(why, why_size, "a patch file of a later version of otabench");
	if (size < AT_PATCH + OTA_SHA256_SIZE || size > PATCH_FILE_MAX)
		return refuse(why, why_size, "a patch file of an impossible length");
	sha256_buffer(data, size - OTA_SHA256_SIZE, hash);
	if (memcmp(hash, data + size - OTA_SHA256_SIZE, OTA_SHA256_SIZE) != 0)
		return refuse(why, why_size, "damaged, or not whole: its checksum is wrong");
	len = bytes_get32(data + AT_SIZE);
	stored = bytes_get32(data + AT_STORED);
	if (stored != size - AT_PATCH - OTA_SHA256_SIZE || len > PATCH_MAX)
		return refuse(why, why_size, "its lengths contradict each other");
	r = inflate_patch(data, stored, len, &bytes, why, why_size);
	if (r < 0)
		return r;
	r = patch_read(&ret->patch, bytes, len, &fault);
	if (r < 0) {
		free(bytes);
		(void)snprintf(why, why_size, "its patch cannot be used: %s",
			       patch_fault_text(fault));
		return r;
	}
	memcpy(ret->image_sha256, data + AT_HASH, OTA_SHA256_SIZE);
	memcpy(ret->head, data + AT_HEAD, OTA_HEAD_SIZE);
	return 0;
}

uint8_t *patch_file_format(const struct patch_file *file, size_t *ret_size)
{
	uLongf stored = compressBound((uLong)file->patch.size);
	uint8_t *data = calloc(1, AT_PATCH + stored + OTA_SHA256_SIZE);

	if (!data)
		return NULL;
	if (compress2(data + AT_PATCH, &stored, file->patch.data, (uLong)file->patch.size,
		      Z_BEST_COMPRESSION) != Z_OK) {
		free(data);
		return NULL;
	}
	memcpy(data, magic, sizeof(magic));
	bytes_put32(data + AT_SIZE, (uint32_t)file->patch.size);
	bytes_put32(data + AT_STORED, (uint32_t)stored);
	memcpy(data + AT_HASH, file->image_sha256, OTA_SHA256_SIZE);
	memcpy(data + AT_HEAD, file->head, OTA_HEAD_SIZE);
	sha256_buffer(data, AT_PATCH + stored, data + AT_PATCH + stored);
	*ret_size = AT_PATCH + stored + OTA_SHA256_SIZE;
	return data;
}
