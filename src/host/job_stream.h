/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stream that an update sends: the image as it is, or compressed for the device that was
 * found.  job_stream.c makes it whole, in as many bytes of memory as it has at most, between the
 * device's Info and START.
 */
#ifndef OTABENCH_HOST_JOB_STREAM_H
#define OTABENCH_HOST_JOB_STREAM_H

#include "core/stream.h"
#include "base/steps.h"
#include "patch/patch.h"

#include <stdbool.h>

#define JOB_STREAM_BLOCKS 257u /* of IMAGE_FILE_MAX, and one more */
#define JOB_STREAM_TEXTS 4u /* sentences on the choice */

struct job_stream {
	struct stream stream;
	uint8_t *bytes; /* heap; NULL: none, or of a recording */
	uint32_t at[JOB_STREAM_BLOCKS];
	bool ready; /* stream can be sent */
};

/* Fills s with image, compressed for a window (log2 of bytes).  -OTA_EINVAL: out of range;
 * -OTA_ENOMEM.  The caller ends with job_stream_finish(). */
int job_stream_deflate(struct job_stream *s, const uint8_t *image, uint32_t size,
		       unsigned int window);
/* The same, with a step for each block, in bytes of the image.  -OTA_ECANCELED. */
int job_stream_deflate_steps(struct job_stream *s, const uint8_t *image, uint32_t size,
			     unsigned int window, const struct steps *steps);
/* The same of a patch, which is looked at in the call alone.  -OTA_EINVAL also where a block of it
 * is longer than a device takes. */
int job_stream_delta(struct job_stream *s, const struct patch *patch, unsigned int window);
int job_stream_delta_steps(struct job_stream *s, const struct patch *patch, unsigned int window,
			   const struct steps *steps);
/* A stream out of a recording, which has only the bytes of each block. */
int job_stream_recorded(struct job_stream *s, enum stream_kind kind, uint32_t image_size,
			const uint32_t *blocks, uint32_t count);
/* Moves from's contents to to; from owns nothing afterwards. */
void job_stream_move(struct job_stream *to, struct job_stream *from);
void job_stream_finish(struct job_stream *s);

#endif
