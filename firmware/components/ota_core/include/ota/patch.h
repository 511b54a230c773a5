/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Applies a patch: makes an image out of another one, its base, and what differs.
 * docs/protocol.md, section 17.
 *
 * A patch is read once from its first byte to its last, in pieces of any size, and the image
 * comes out in order: neither needs to be held.  At each 64 KiB of the image it can be gone on
 * with from there, by the bytes of the patch that begin at that border.  Of the base any
 * part may be asked for at any time.
 *
 * No patch can make it write more than the image's size, read outside of the base, or
 * work without end: each record gives a byte of the image at least.  Whether the image is
 * the right one is not judged here; its SHA-256 does that.
 */
#ifndef OTA_PATCH_H
#define OTA_PATCH_H

#include "ota/decoder.h"
#include "ota/error.h"

#define OTA_PATCH_BLOCK 65536u /* of the image: a patch can be gone on with at its multiples */
#define OTA_PATCH_HEADER 48u /* bytes at the patch's start */
#define OTA_PATCH_BORDER 12u /* bytes at each other border */
#define OTA_PATCH_PREFIX 8u /* of the base's SHA-256, at a border */
#define OTA_PATCH_RECORD_MAX 15u /* bytes of a record's three numbers */
#define OTA_PATCH_VERSION 1u

/* The reason why a patch was refused. */
enum ota_patch_fault {
	OTA_PATCH_OK,
	OTA_PATCH_MAGIC, /* no patch */
	OTA_PATCH_FORMAT, /* a version, block size or flags of a later one */
	OTA_PATCH_BASE, /* made against another base */
	OTA_PATCH_SIZE, /* makes an image of another size */
	OTA_PATCH_PLACE, /* a border tells another offset than is due */
	OTA_PATCH_NUMBER, /* a number of more than 32 bits */
	OTA_PATCH_EMPTY, /* a record that gives no byte */
	OTA_PATCH_LENGTH, /* a record that passes a border or the image's end */
	OTA_PATCH_RANGE, /* a record that takes bytes from outside of the base */
	OTA_PATCH_END, /* bytes behind the end */
	OTA_PATCH_READ, /* the base could not be read */
};
#define OTA_PATCH_FAULTS (OTA_PATCH_READ + 1u)

struct ota_patch_config {
	/* Reads len bytes of the base from offset on, inside of base_size; 0 or negative. */
	int (*read)(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len);
	void *ctx;
	uint32_t base_size, image_size; /* bytes */
	uint8_t base_sha256[OTA_SHA256_SIZE];
};

enum ota_patch_state {
	OTA_PATCH_IN_HEAD, /* of the patch, or at a border */
	OTA_PATCH_IN_SEEK, /* the three numbers of a record */
	OTA_PATCH_IN_DIFF_LEN,
	OTA_PATCH_IN_EXTRA_LEN,
	OTA_PATCH_IN_DATA,
};

struct ota_patch {
	struct ota_patch_config config;
	enum ota_patch_state state;
	enum ota_patch_fault fault; /* != OTA_PATCH_OK: it takes nothing more */
	uint32_t made; /* bytes of the image so far */
	uint32_t base_at; /* the next byte of the base */
	uint32_t seek, diff, extra; /* of the record: as read, then bytes that are left */
	uint8_t have; /* bytes of head, or of the number being read */
	uint8_t head[OTA_PATCH_HEADER];
};

/*
 * offset: bytes of the image that are there already, a multiple of OTA_PATCH_BLOCK below
 * image_size; the patch's bytes from that border on follow.  -OTA_EINVAL: another one, or a size
 * of 0.
 */
int ota_patch_init(struct ota_patch *patch, const struct ota_patch_config *config, uint32_t offset);

/*
 * Takes up to *in_len bytes of the patch and gives up to *out_len of the image; both tell
 * afterwards how many it were, also with an error.  It stops as soon as either is used up: at
 * a border the patch's bytes for what follows are not touched while there is no room for it.
 * -OTA_EBADMSG: damaged, see patch->fault; -OTA_EPERM: the patch is for another base; -OTA_EIO:
 * the base could not be read.  The same comes from each call after that.
 */
int ota_patch_step(struct ota_patch *patch, const uint8_t *in, size_t *in_len, uint8_t *out,
		   size_t *out_len);

/*
 * The patch stage of a decoder (ota/decoder.h): config's read, ctx and base; what image it makes
 * the decoder tells.  patch must outlive it.
 */
void ota_patch_stage(struct ota_patch *patch, const struct ota_patch_config *config,
		     struct ota_stage *ret);

/* Returns true if the whole image was made. */
bool ota_patch_done(const struct ota_patch *patch);

#endif
