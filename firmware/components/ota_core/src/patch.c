/* SPDX-License-Identifier: Apache-2.0 */
/* See patch.h. */
#include "ota/patch.h"

#include <string.h>

#define AT_FORMAT 4u /* version, log2 of the block, two bytes of flags */
#define AT_BASE_SIZE 8u
#define AT_IMAGE_SIZE 12u
#define AT_BASE_SHA256 16u
#define AT_BORDER_PREFIX 4u

static const uint8_t magic[8] = {'O', 'T', 'A', 'D', OTA_PATCH_VERSION, 16, 0, 0};

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int fail(struct ota_patch *patch, enum ota_patch_fault fault)
{
	patch->fault = fault;
	if (fault == OTA_PATCH_BASE)
		return -OTA_EPERM;
	return fault == OTA_PATCH_READ ? -OTA_EIO : -OTA_EBADMSG;
}

int ota_patch_init(struct ota_patch *patch, const struct ota_patch_config *config, uint32_t offset)
{
	if (config->image_size == 0 || offset % OTA_PATCH_BLOCK != 0 ||
	    offset >= config->image_size || config->read == NULL)
		return -OTA_EINVAL;
	if (config != &patch->config)
		patch->config = *config;
	patch->state = OTA_PATCH_IN_HEAD;
	patch->fault = OTA_PATCH_OK;
	patch->made = offset;
	patch->diff = patch->extra = 0;
	patch->have = 0;
	return 0;
}

bool ota_patch_done(const struct ota_patch *patch)
{
	return patch->fault == OTA_PATCH_OK && patch->made == patch->config.image_size;
}

/* The patch's head, which tells what it is for. */
static enum ota_patch_fault judge_header(const struct ota_patch *patch)
{
	const struct ota_patch_config *c = &patch->config;
	const uint8_t *h = patch->head;

	if (memcmp(h, magic, AT_FORMAT) != 0)
		return OTA_PATCH_MAGIC;
	if (memcmp(h, magic, sizeof(magic)) != 0)
		return OTA_PATCH_FORMAT;
	if (get32(h + AT_BASE_SIZE) != c->base_size ||
	    memcmp(h + AT_BASE_SHA256, c->base_sha256, OTA_SHA256_SIZE) != 0)
		return OTA_PATCH_BASE;
	return get32(h + AT_IMAGE_SIZE) == c->image_size ? OTA_PATCH_OK : OTA_PATCH_SIZE;
}

static enum ota_patch_fault judge_border(const struct ota_patch *patch)
{
	if (get32(patch->head) != patch->made)
		return OTA_PATCH_PLACE;
	return memcmp(patch->head + AT_BORDER_PREFIX, patch->config.base_sha256,
		      OTA_PATCH_PREFIX) == 0
		       ? OTA_PATCH_OK
		       : OTA_PATCH_BASE;
}

static int take_head(struct ota_patch *patch, uint8_t byte)
{
	enum ota_patch_fault fault;

	patch->head[patch->have++] = byte;
	if (patch->have < (patch->made == 0 ? OTA_PATCH_HEADER : OTA_PATCH_BORDER))
		return 0;
	fault = patch->made == 0 ? judge_header(patch) : judge_border(patch);
	if (fault != OTA_PATCH_OK)
		return fail(patch, fault);
	patch->have = 0;
	patch->base_at = patch->made;
	patch->state = OTA_PATCH_IN_SEEK;
	return 0;
}

/* Seven bits a byte, the lowest first; the top bit says that more follow.  1: complete. */
static int take_number(struct ota_patch *patch, uint32_t *number, uint8_t byte)
{
	if (patch->have == 0)
		*number = 0;
	if (patch->have == 4 && byte > 0x0f)
		return fail(patch, OTA_PATCH_NUMBER);
	*number |= (uint32_t)(byte & 0x7f) << (7u * patch->have++);
	if (byte & 0x80)
		return 0;
	patch->have = 0;
	return 1;
}

/* A record's numbers are there: does it stay inside of block, image and base? */
static int begin_record(struct ota_patch *patch)
{
	const struct ota_patch_config *c = &patch->config;
	const uint32_t block = OTA_PATCH_BLOCK - patch->made % OTA_PATCH_BLOCK;
	const uint32_t image = c->image_size - patch->made;
	const uint32_t room = block < image ? block : image;

	if (patch->diff == 0 && patch->extra == 0)
		return fail(patch, OTA_PATCH_EMPTY);
	if (patch->diff > room || patch->extra > room - patch->diff)
		return fail(patch, OTA_PATCH_LENGTH);
	/* The lowest bit is the sign.  A distance beyond the base wraps, and fails below. */
	patch->base_at += patch->seek & 1 ? ~(patch->seek >> 1) : patch->seek >> 1;
	if (patch->diff > 0 &&
	    (patch->base_at > c->base_size || patch->diff > c->base_size - patch->base_at))
		return fail(patch, OTA_PATCH_RANGE);
	patch->state = OTA_PATCH_IN_DATA;
	return 0;
}

static int take_byte(struct ota_patch *patch, uint8_t byte)
{
	int r;

	switch (patch->state) {
	case OTA_PATCH_IN_HEAD:
		return take_head(patch, byte);
	case OTA_PATCH_IN_SEEK:
		r = take_number(patch, &patch->seek, byte);
		if (r > 0)
			patch->state = OTA_PATCH_IN_DIFF_LEN;
		return r;
	case OTA_PATCH_IN_DIFF_LEN:
		r = take_number(patch, &patch->diff, byte);
		if (r > 0)
			patch->state = OTA_PATCH_IN_EXTRA_LEN;
		return r;
	case OTA_PATCH_IN_EXTRA_LEN:
		r = take_number(patch, &patch->extra, byte);
		return r > 0 ? begin_record(patch) : r;
	case OTA_PATCH_IN_DATA:
		break;
	}
	return 0;
}

/* Bytes of the image: the base's plus the patch's, or the patch's alone.  Returns how many. */
static int give(struct ota_patch *patch, const uint8_t *in, size_t in_len, uint8_t *out,
		size_t out_len)
{
	const uint32_t left = patch->diff > 0 ? patch->diff : patch->extra;
	uint32_t len = left;

	len = in_len < len ? (uint32_t)in_len : len;
	len = out_len < len ? (uint32_t)out_len : len;
	if (patch->diff > 0) {
		if (patch->config.read(patch->config.ctx, patch->base_at, out, len) < 0)
			return fail(patch, OTA_PATCH_READ);
		for (uint32_t i = 0; i < len; i++)
			out[i] = (uint8_t)(out[i] + in[i]);
		patch->diff -= len;
		patch->base_at += len;
	} else {
		memcpy(out, in, len);
		patch->extra -= len;
	}
	patch->made += len;
	if (patch->diff == 0 && patch->extra == 0)
		patch->state =
			patch->made % OTA_PATCH_BLOCK == 0 ? OTA_PATCH_IN_HEAD : OTA_PATCH_IN_SEEK;
	return (int)len;
}

int ota_patch_step(struct ota_patch *patch, const uint8_t *in, size_t *in_len, uint8_t *out,
		   size_t *out_len)
{
	size_t taken = 0, given = 0;
	int r = patch->fault != OTA_PATCH_OK ? fail(patch, patch->fault) : 0;

	while (r >= 0 && taken < *in_len && given < *out_len) {
		if (patch->made == patch->config.image_size) {
			r = fail(patch, OTA_PATCH_END);
		} else if (patch->state != OTA_PATCH_IN_DATA) {
			r = take_byte(patch, in[taken++]);
		} else {
			r = give(patch, in + taken, *in_len - taken, out + given, *out_len - given);
			taken += r > 0 ? (size_t)r : 0;
			given += r > 0 ? (size_t)r : 0;
		}
	}
	*in_len = taken;
	*out_len = given;
	return r < 0 ? r : 0;
}

static int stage_begin(void *ctx, uint32_t offset, uint32_t size)
{
	struct ota_patch *patch = ctx;

	patch->config.image_size = size;
	return ota_patch_init(patch, &patch->config, offset);
}

/* All that it gives it gives while it takes: when all was taken nothing waits. */
static int stage_run(void *ctx, struct ota_piece *piece)
{
	size_t used = piece->in_len, made = piece->room;
	const int r = ota_patch_step(ctx, piece->in, &used, piece->out, &made);

	piece->used = (uint32_t)used;
	piece->made = (uint32_t)made;
	if (r < 0)
		return r == -OTA_EPERM ? -OTA_ENOENT : r;
	return used < piece->in_len ? OTA_STAGE_FULL : OTA_STAGE_HUNGRY;
}

void ota_patch_stage(struct ota_patch *patch, const struct ota_patch_config *config,
		     struct ota_stage *ret)
{
	patch->config = *config;
	*ret = (struct ota_stage){.begin = stage_begin, .run = stage_run, .ctx = patch};
}
