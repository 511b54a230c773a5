/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A patch in a file, with what an update must know of the image without having it or its base: size,
 * SHA-256, and the first bytes, by which a device judges it.
 *
 *	0	8	"OBDELTA", 1
 *	8	4	bytes of the patch
 *	12	4	bytes of the patch as they are in this file, compressed
 *	16	32	SHA-256 of the image
 *	48	288	the image's first bytes, then 0 where it has fewer
 *	336		the patch (docs/protocol.md, section 17) in zlib's format, RFC 1950
 *	end - 32	32	SHA-256 of all before it
 *
 * Numbers are little-endian.  The patch is whole and not as it goes over the air: how it is cut and
 * compressed there follows from the device's window and from where an update goes on.
 */
#ifndef OTABENCH_PATCH_PATCH_FILE_H
#define OTABENCH_PATCH_PATCH_FILE_H

#include "ota/device.h"
#include "patch/patch.h"

#define PATCH_FILE_MAX (PATCH_MAX + 65536u) /* bytes of a file */

struct patch_file {
	struct patch patch;
	uint8_t image_sha256[OTA_SHA256_SIZE];
	uint8_t head[OTA_HEAD_SIZE]; /* as many bytes as the image has */
};

/* Returns true if the bytes begin as such a file does. */
bool patch_file_is(const uint8_t *data, size_t size);

/*
 * -OTA_EBADMSG with a clause in why: damaged, or of a later version; -OTA_ENOMEM.  The caller
 * ends *ret with patch_file_finish().
 */
int patch_file_parse(struct patch_file *ret, const uint8_t *data, size_t size, char *why,
		     size_t why_size);
/* Fills in what a file tells of the image beside its patch, which is moved into *ret. */
void patch_file_init(struct patch_file *ret, struct patch *patch, const uint8_t *image);
/* The file's bytes, to be freed; NULL: out of memory. */
uint8_t *patch_file_format(const struct patch_file *file, size_t *ret_size);
void patch_file_finish(struct patch_file *file);

#endif
