/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of MCUmgr's Simple Management Protocol (SMP), for both sides: a header of eight
 * octets, big-endian, and a map in CBOR.
 *
 * Sources: Zephyr's doc/services/device_mgmt/smp_protocol.rst and smp_groups (group 0: os, group
 * 1: image), with subsys/mgmt/mcumgr; apache/mynewt-mcumgr for version 1.
 */
#ifndef OTABENCH_CORE_MCUMGR_H
#define OTABENCH_CORE_MCUMGR_H

#include "core/cbor.h"
#include "ota/proto.h"

#define MCUMGR_HEADER 8u
#define MCUMGR_IMAGES 4u /* that a list is read of */
#define MCUMGR_VERSION_TEXT 32u
#define MCUMGR_RESET_MS                                                                            \
	250u /* until a device resets, behind its answer: CONFIG_MCUMGR_GRP_OS_RESET_MS */

enum mcumgr_op { MCUMGR_READ, MCUMGR_READ_ANSWER, MCUMGR_WRITE, MCUMGR_WRITE_ANSWER };
enum mcumgr_group { MCUMGR_OS, MCUMGR_IMAGE };
/* Commands of the group os, and of the group image. */
enum mcumgr_os { MCUMGR_RESET = 5, MCUMGR_PARAMETERS = 6 };
enum mcumgr_image_command { MCUMGR_STATE = 0, MCUMGR_UPLOAD = 1, MCUMGR_ERASE = 5 };

/* "rc" of any group (enum mcumgr_err_t) ... */
enum mcumgr_rc {
	MCUMGR_RC_OK = 0,
	MCUMGR_RC_UNKNOWN = 1,
	MCUMGR_RC_INVALID = 3,
	MCUMGR_RC_NO_ENTRY = 5,
	MCUMGR_RC_BAD_STATE = 6,
	MCUMGR_RC_UNSUPPORTED = 8,
	MCUMGR_RC_BUSY = 10,
	MCUMGR_RC_DENIED = 11,
	MCUMGR_RC_TOO_NEW = 13,
};
/* ... and "err" of the group image, which came with version 2 (enum img_mgmt_err_code_t). */
enum mcumgr_image_rc {
	MCUMGR_IMAGE_HASH_NOT_FOUND = 8,
	MCUMGR_IMAGE_NO_FREE_SLOT = 9,
	MCUMGR_IMAGE_WRITE_FAILED = 12,
	MCUMGR_IMAGE_ERASE_FAILED = 13,
	MCUMGR_IMAGE_INVALID_OFFSET = 20,
	MCUMGR_IMAGE_INVALID_LENGTH = 21,
	MCUMGR_IMAGE_INVALID_HEADER = 22,
	MCUMGR_IMAGE_INVALID_MAGIC = 23,
	MCUMGR_IMAGE_INVALID_HASH = 24,
	MCUMGR_IMAGE_NEWER = 27, /* that which runs */
	MCUMGR_IMAGE_PENDING = 28,
	MCUMGR_IMAGE_TOO_LARGE = 30,
	MCUMGR_IMAGE_OVERRUN = 31,
	MCUMGR_IMAGE_CONFIRM_DENIED = 32,
	MCUMGR_IMAGE_TEST_DENIED = 33, /* of the one that runs */
};

struct mcumgr_header {
	uint8_t version; /* 0: SMP version 1; 1: version 2 */
	enum mcumgr_op op;
	uint16_t length; /* octets of the map */
	uint16_t group;
	uint8_t sequence, command;
};

void mcumgr_header_put(uint8_t *buf, const struct mcumgr_header *header);
/* len is at least MCUMGR_HEADER. */
void mcumgr_header_get(const uint8_t *buf, struct mcumgr_header *ret);

/* An image in a slot of the device. */
struct mcumgr_image {
	uint32_t number, slot;
	char version[MCUMGR_VERSION_TEXT]; /* as it came, and NUL */
	bool has_hash;
	uint8_t hash[OTA_SHA256_SIZE]; /* MCUboot's, of header, code and protected TLVs */
	bool bootable, pending, confirmed, active, permanent;
};

/* Whatever an answer has: which of it, the question tells. */
struct mcumgr_answer {
	uint32_t rc; /* 0: no error */
	bool grouped; /* rc is of the group, "err" */
	uint32_t group; /* then */
	bool has_off;
	uint32_t off;
	bool has_match, match; /* "match": what was uploaded has the hash that was told */
	uint32_t buf_size, buf_count; /* 0: not told */
	bool has_images;
	unsigned int count;
	struct mcumgr_image images[MCUMGR_IMAGES];
};

/* Reads the map of an answer; -OTA_EBADMSG where it is none. */
int mcumgr_answer_decode(const uint8_t *buf, size_t len, struct mcumgr_answer *ret);

#endif
