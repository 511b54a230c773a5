/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision whether a device is asked which blocks of the image its slot holds already:
 * docs/protocol.md, section 18.  Asking costs the time that the device reads, leaving blocks out
 * saves what sending them would take; the slot's contents are known of devices that were updated or
 * sent back from here.
 */
#include "host/job_priv.h"

#include "host/image_store.h"
#include "host/known.h"
#include "ota/skip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Per block of 64 KiB: the device reads and sums up slow flash at 4 MB/s; where nothing else is
 * known, the fastest link and flash that were ever seen take 200 kB/s. */
#define READ_US 16000u
#define SEND_US 320000u
/* The command, and its first answer, at the longest usual interval. */
#define ROUND_US 100000u

static uint32_t block_len(uint32_t size, uint32_t block)
{
	const uint32_t left = size - block * OTA_BLOCK_SIZE;

	return left < OTA_BLOCK_SIZE ? left : OTA_BLOCK_SIZE;
}

static bool is_blank(const uint8_t *bytes, uint32_t len)
{
	return bytes[0] == 0xff && memcmp(bytes, bytes + 1, len - 1u) == 0;
}

/*
 * Flash whose erase lost its power may read as erased and not last, so that a block of FF is never
 * kept: it is given a digest that it does not have.
 */
static void digest(const uint8_t *image, uint32_t size, uint32_t *ret)
{
	for (uint32_t i = 0; i * OTA_BLOCK_SIZE < size; i++) {
		const uint8_t *block = image + i * OTA_BLOCK_SIZE;
		const uint32_t len = block_len(size, i);

		ret[i] = (uint32_t)crc32(0, block, len);
		if (is_blank(block, len))
			ret[i] ^= 1u;
	}
}

/* Blocks that two images have in common. */
static uint32_t common(const struct image *image, const struct image_file *other)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i * OTA_BLOCK_SIZE < image->size; i++) {
		const uint32_t at = i * OTA_BLOCK_SIZE, len = block_len((uint32_t)image->size, i);

		n += at + len <= other->size &&
		     memcmp(image->data + at, other->data + at, len) == 0;
	}
	return n;
}

/* The most blocks of the image that any of the images has which the slot may hold. */
static uint32_t expected(const struct job *job, const struct known *k, uint32_t blocks)
{
	const struct image *image = job->config.image;
	char error[IMAGE_STORE_TEXT_MAX];
	struct image_file file;
	uint32_t most = 0;

	for (size_t i = 0; i < k->held_count; i++) {
		uint32_t n;

		if (memcmp(k->held[i], image->sha256, OTA_SHA256_SIZE) == 0)
			return blocks;
		if (image_store_get(k->held[i], &file, error, sizeof(error)) < 0)
			continue;
		n = common(image, &file);
		image_file_finish(&file);
		if (n > most)
			most = n;
	}
	return most;
}

/*
 * Looks up how many blocks the slot is expected to hold; false: nothing is known, so that there is
 * nothing to say either.
 */
static bool look_up(const struct job *job, uint32_t blocks, uint32_t *ret)
{
	struct known *k = job->config.place ? calloc(1, sizeof(*k)) : NULL;
	char error[KNOWN_TEXT_MAX];
	bool found;

	if (!k)
		return false;
	found = known_load(job->config.place, job->address, k, error, sizeof(error)) == 0 &&
		k->held_count > 0;
	if (found)
		*ret = expected(job, k, blocks);
	free(k);
	return found;
}

/* Microseconds that an update is shorter by, if n blocks are not sent. */
static uint64_t spared(const struct job *job, const struct ota_info *info, uint32_t blocks,
		       uint32_t n)
{
	const uint32_t image = job->session_config.image_size;
	const uint32_t air = job->stream.ready ? job->stream.stream.size : image;
	const uint32_t left = blocks - n;
	struct predict update;
	uint64_t whole, rest;

	if (!job_stream_expect(job, info, 0, &update))
		return (uint64_t)n * SEND_US;
	whole = job_stream_us(&update, image, air);
	rest = left == 0 ? 0
			 : job_stream_us(&update, (uint32_t)((uint64_t)image * left / blocks),
					 (uint32_t)((uint64_t)air * left / blocks));
	return whole > rest ? whole - rest : 0;
}

static bool worth_asking(struct job *job, const struct ota_info *info, uint32_t blocks)
{
	const uint64_t cost = ROUND_US + (uint64_t)blocks * READ_US;
	char text[JOB_TEXT_MAX / 2];
	uint32_t n;
	bool worth;

	if (job->profile.skip != PROFILE_SKIP_AUTO)
		return job->profile.skip == PROFILE_SKIP_YES;
	if (!look_up(job, blocks, &n))
		return false;
	worth = n > 0 && spared(job, info, blocks, n) > cost;
	(void)snprintf(text, sizeof(text),
		       "skip: %s, the slot may hold %u of %u blocks already (auto: least time)",
		       worth ? "asked" : "not asked", n, blocks);
	job_stream_tell(job, text);
	return worth;
}

const uint32_t *job_skip_digests(struct job *job, const struct ota_info *info)
{
	const struct job_recorded *r = job->config.recorded;
	const struct image *image = job->config.image;
	const uint32_t blocks = ((uint32_t)image->size + OTA_BLOCK_SIZE - 1u) / OTA_BLOCK_SIZE;

	if (r)
		return r->digests == blocks ? r->digest : NULL;
	if (image->size == 0 || blocks > OTA_SKIP_BLOCKS || !worth_asking(job, info, blocks))
		return NULL;
	digest(image->data, (uint32_t)image->size, job->digest);
	job_record_digests(job, job->digest, blocks);
	return job->digest;
}
