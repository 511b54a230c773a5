/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the streams that a job chooses from: compresses the image, compares it with the one that the
 * device runs.  That takes seconds of a large image, so that it has all that it needs itself, and a
 * thread can do it.
 *
 * Memory: a copy of the image, and while a delta is made the base, its suffix array of four bytes
 * for each byte, and the patch; then a stream of each kind.  Images are PATCH_IMAGE_MAX bytes at
 * most, so that it is below 128 MiB; where that is not to be had, there is no delta.
 */
#ifndef OTABENCH_HOST_STREAM_MAKER_H
#define OTABENCH_HOST_STREAM_MAKER_H

#include "host/image_store.h"
#include "host/job_stream.h"

struct stream_order {
	const uint8_t *image; /* copied; NULL: a patch is all there is */
	uint32_t size; /* bytes of image */
	const struct patch *patch; /* likewise copied, or NULL */
	unsigned int window; /* log2 of bytes */
	bool delta; /* against the image with this hash, of the store ... */
	uint8_t base[OTA_SHA256_SIZE];
	bool deflate; /* ... or in any case, not only where there is no delta */
};

enum stream_no_delta {
	STREAM_DELTA_MADE, /* or not ordered */
	STREAM_DELTA_NO_BASE, /* it is not kept; error may say why */
	STREAM_DELTA_NO_MEMORY,
	STREAM_DELTA_NOT, /* it cannot be sent to such a device */
};

struct stream_maker {
	struct stream_order order; /* image and patch: its own */
	struct patch patch;
	/* The results, once the work is done: */
	struct job_stream made[STREAM_KINDS]; /* ready: it could be made */
	enum stream_no_delta no_delta;
	char error[IMAGE_STORE_TEXT_MAX];
};

/* NULL: out of memory. */
struct stream_maker *stream_maker_create(const struct stream_order *order);
/* Functions for struct worker_task, ctx being the maker; steps may be NULL. */
void stream_maker_work(void *ctx, const struct steps *steps);
void stream_maker_destroy(void *ctx);
/* Of all its steps, as far as that can be told before. */
uint64_t stream_maker_units(const struct stream_maker *m);

#endif
