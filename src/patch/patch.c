/* SPDX-License-Identifier: Apache-2.0 */
/* Patches as streams: made out of runs, read and applied by ota_core's own code. */
#include "patch/patch.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sha256.h"
#include "patch/patch_match.h"

struct maker {
	struct patch *patch;
	const uint8_t *base, *image;
	size_t room;
	uint32_t base_at; /* as the reader has it */
	int error;
};

static void put(struct maker *m, const void *bytes, size_t len)
{
	struct patch *p = m->patch;
	uint8_t *data;

	if (m->error < 0)
		return;
	if (p->size + len > m->room) {
		m->room = 2 * (p->size + len) + 4096;
		data = realloc(p->data, m->room);
		if (!data) {
			m->error = -OTA_ENOMEM;
			return;
		}
		p->data = data;
	}
	memcpy(p->data + p->size, bytes, len);
	p->size += len;
}

static void put_number(struct maker *m, uint32_t number)
{
	uint8_t bytes[5];
	size_t len = 0;

	for (; number > 0x7f; number >>= 7)
		bytes[len++] = (uint8_t)(number | 0x80);
	bytes[len++] = (uint8_t)number;
	put(m, bytes, len);
}

/* At the image's byte at, a multiple of the block: what begins there, and where that is. */
static void put_head(struct maker *m, uint32_t at)
{
	struct patch *p = m->patch;
	uint8_t head[OTA_PATCH_HEADER] = {'O', 'T', 'A', 'D', OTA_PATCH_VERSION, 16, 0, 0};

	p->borders[p->border_count++] = (uint32_t)p->size;
	m->base_at = at;
	if (at == 0) {
		bytes_put32(head + 8, p->base_size);
		bytes_put32(head + 12, p->image_size);
		memcpy(head + 16, p->base_sha256, OTA_SHA256_SIZE);
		put(m, head, OTA_PATCH_HEADER);
		return;
	}
	bytes_put32(head, at);
	memcpy(head + 4, p->base_sha256, OTA_PATCH_PREFIX);
	put(m, head, OTA_PATCH_BORDER);
}

/* Bytes that resemble the base, then bytes that do not; one of the two may be none. */
static void put_record(struct maker *m, uint32_t at, uint32_t old_at, uint32_t diff, uint32_t extra)
{
	const uint32_t seek = diff > 0 ? old_at - m->base_at : 0;

	put_number(m, seek & 0x80000000u ? ~seek << 1 | 1 : seek << 1);
	put_number(m, diff);
	put_number(m, extra);
	for (uint32_t i = 0; i < diff; i++) {
		const uint8_t byte = (uint8_t)(m->image[at + i] - m->base[old_at + i]);

		put(m, &byte, 1);
	}
	put(m, m->image + at + diff, extra);
	m->base_at += seek + diff;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Cuts the runs at the borders; a run without likeness goes into the record before it. */
static void put_runs(struct maker *m, const struct patch_runs *runs)
{
	const uint32_t size = m->patch->image_size;
	const struct patch_run *run = runs->list, *end = runs->list + runs->count;
	uint32_t used = 0; /* of *run */

	for (uint32_t at = 0; at < size;) {
		uint32_t room = OTA_PATCH_BLOCK - at % OTA_PATCH_BLOCK;
		uint32_t diff = 0, extra = 0, old_at = 0;

		if (at % OTA_PATCH_BLOCK == 0)
			put_head(m, at);
		if (run->similar) {
			diff = least(run->len - used, room);
			old_at = run->old_at + used;
			room -= diff;
			used += diff;
			if (used == run->len && run + 1 < end) {
				run++;
				used = 0;
			}
		}
		if (!run->similar && room > 0) {
			extra = least(run->len - used, room);
			used += extra;
			if (used == run->len && run + 1 < end) {
				run++;
				used = 0;
			}
		}
		put_record(m, at, old_at, diff, extra);
		at += diff + extra;
	}
}

int patch_make_steps(struct patch *ret, const uint8_t *base, size_t base_size, const uint8_t *image,
		     size_t image_size, const struct steps *steps)
{
	struct maker m = {.patch = ret, .base = base, .image = image};
	struct patch_runs runs;
	int r;

	memset(ret, 0, sizeof(*ret));
	if (image_size == 0 || image_size > PATCH_IMAGE_MAX || base_size > PATCH_IMAGE_MAX)
		return -OTA_EINVAL;
	ret->base_size = (uint32_t)base_size;
	ret->image_size = (uint32_t)image_size;
	sha256_buffer(base, base_size, ret->base_sha256);
	r = patch_runs_init(&runs, base, base_size, image, image_size, steps);
	if (r < 0)
		return r;
	put_runs(&m, &runs);
	patch_runs_finish(&runs);
	ret->borders[ret->border_count++] = (uint32_t)ret->size;
	if (m.error < 0)
		patch_finish(ret);
	return m.error;
}

int patch_make(struct patch *ret, const uint8_t *base, size_t base_size, const uint8_t *image,
	       size_t image_size)
{
	return patch_make_steps(ret, base, base_size, image, image_size, NULL);
}

struct source {
	const uint8_t *base; /* NULL: zeros, for who looks at the patch alone */
};

static int read_base(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	const struct source *source = ctx;

	if (source->base)
		memcpy(buf, source->base + offset, len);
	else
		memset(buf, 0, len);
	return 0;
}

/* Applies data block by block, so that each border is seen; image or borders may be NULL. */
static int walk(const struct ota_patch_config *config, const uint8_t *data, size_t size,
		uint8_t *image, struct patch *borders, enum ota_patch_fault *ret_fault)
{
	static const uint8_t more = 0;
	uint8_t buf[4096] = {0};
	struct ota_patch state;
	size_t at = 0, one = 1, room = 1;
	int r = ota_patch_init(&state, config, 0);

	while (r == 0 && !ota_patch_done(&state)) {
		const uint32_t left = least(OTA_PATCH_BLOCK - state.made % OTA_PATCH_BLOCK,
					    config->image_size - state.made);
		size_t taken = size - at, given = least(left, sizeof(buf));
		uint8_t *out = image ? image + state.made : buf;

		if (borders && state.made % OTA_PATCH_BLOCK == 0 &&
		    state.state == OTA_PATCH_IN_HEAD)
			borders->borders[borders->border_count++] = (uint32_t)at;
		r = ota_patch_step(&state, data + at, &taken, out, &given);
		at += taken;
		if (r == 0 && taken == 0 && given == 0)
			r = -OTA_EBADMSG; /* it ends early */
	}
	if (r == 0 && at < size)
		r = ota_patch_step(&state, &more, &one, buf, &room);
	*ret_fault = state.fault;
	return r;
}

int patch_read(struct patch *ret, uint8_t *data, size_t size, enum ota_patch_fault *ret_fault)
{
	static struct source nothing;
	struct ota_patch_config config = {.read = read_base, .ctx = &nothing};
	struct patch patch;
	int r;

	memset(&patch, 0, sizeof(patch));
	*ret_fault = OTA_PATCH_OK;
	if (size < OTA_PATCH_HEADER || size > PATCH_MAX)
		return -OTA_EBADMSG;
	/* The header is compared with itself: what it asks for is for others to judge. */
	config.base_size = bytes_get32(data + 8);
	config.image_size = bytes_get32(data + 12);
	memcpy(config.base_sha256, data + 16, OTA_SHA256_SIZE);
	if (config.image_size == 0 || config.image_size > PATCH_IMAGE_MAX ||
	    config.base_size > PATCH_IMAGE_MAX) {
		*ret_fault = OTA_PATCH_SIZE;
		return -OTA_EBADMSG;
	}
	r = walk(&config, data, size, NULL, &patch, ret_fault);
	if (r < 0)
		return -OTA_EBADMSG;
	patch.data = data;
	patch.size = size;
	patch.base_size = config.base_size;
	patch.image_size = config.image_size;
	memcpy(patch.base_sha256, config.base_sha256, OTA_SHA256_SIZE);
	patch.borders[patch.border_count++] = (uint32_t)size;
	*ret = patch;
	return 0;
}

int patch_apply(const struct patch *patch, const uint8_t *base, size_t base_size,
		const uint8_t base_sha256[OTA_SHA256_SIZE], uint8_t *image)
{
	struct source source = {.base = base};
	struct ota_patch_config config = {.read = read_base,
					  .ctx = &source,
					  .base_size = (uint32_t)base_size,
					  .image_size = patch->image_size};
	enum ota_patch_fault fault;

	memcpy(config.base_sha256, base_sha256, OTA_SHA256_SIZE);
	return walk(&config, patch->data, patch->size, image, NULL, &fault);
}

void patch_finish(struct patch *patch)
{
	free(patch->data);
	memset(patch, 0, sizeof(*patch));
}

const char *patch_fault_text(enum ota_patch_fault fault)
{
	static const char *const text[OTA_PATCH_FAULTS] = {
		[OTA_PATCH_OK] = "it ends early",
		[OTA_PATCH_MAGIC] = "it is no patch",
		[OTA_PATCH_FORMAT] = "it has a format that is not known here",
		[OTA_PATCH_BASE] = "it was made against another image",
		[OTA_PATCH_SIZE] = "its sizes are out of range, or not those of this image",
		[OTA_PATCH_PLACE] = "a block is not where it should be",
		[OTA_PATCH_NUMBER] = "a number is too long",
		[OTA_PATCH_EMPTY] = "a record is empty",
		[OTA_PATCH_LENGTH] = "a record is longer than its block",
		[OTA_PATCH_RANGE] = "a record takes bytes from outside of the base",
		[OTA_PATCH_END] = "bytes follow its end",
		[OTA_PATCH_READ] = "the base could not be read",
	};

	return text[fault];
}
