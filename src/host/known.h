/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices that this computer's user has met: what each was when it was met first, or proven
 * last.  A device that is something else at the next meeting may be another one in its place, so
 * its user is asked before anything is sent.
 *
 * This is no proof: whoever can read Info can copy it.  Only a bond, whose key no other device
 * has, tells a copy from the device; so a device that was met over an encrypted link and now
 * is not is a change, too.
 */
#ifndef OTABENCH_HOST_KNOWN_H
#define OTABENCH_HOST_KNOWN_H

#include "host/device_file.h"
#include "host/scan.h"
#include "ota/proto.h"

#include <stdint.h>

#define KNOWN_FILE_MAX 16384u /* bytes; more is none */
#define KNOWN_IMAGES 4u
#define KNOWN_HELD 3u
#define KNOWN_DEVICES_MAX 256u /* files that are kept, the latest */
#define KNOWN_TEXT_MAX DEVICE_FILE_TEXT_MAX
#define KNOWN_PROJECT 33u

struct known {
	char place[DEVICE_PLACE_MAX];
	char address[SCAN_ADDRESS_SIZE]; /* its identity address, as the stack tells it */
	char name[SCAN_NAME_SIZE]; /* safe to print */
	int64_t at; /* seconds of the computer's clock: met first, or proven last */
	bool encrypted; /* the link was, and the stack keeps a bond */
	/* The members below are from Info, and unset for a device without one. */
	bool told;
	bool signed_only;
	uint16_t chip_id;
	char project[KNOWN_PROJECT]; /* as Info has it, terminated; not safe to print */
	/* The image that it runs, then those that it may run as well: it ran them before, or was
	 * sent them and has not proven them.  None: it told no hash, or was sent back to one
	 * that is not known. */
	uint8_t images[KNOWN_IMAGES][OTA_SHA256_SIZE];
	size_t image_count;
	/* Images that its free slot may hold, the likeliest first: it ran them before, or was
	 * sent them last. */
	uint8_t held[KNOWN_HELD][OTA_SHA256_SIZE];
	size_t held_count;
};

enum known_change {
	KNOWN_TOLD = 0x01, /* it has no Info any more, or tells nothing by it */
	KNOWN_CHIP = 0x02,
	KNOWN_PROJECT_NAME = 0x04,
	KNOWN_IMAGE = 0x08,
	KNOWN_SIGNED = 0x10, /* it took signed images only */
	KNOWN_ENCRYPTED = 0x20,
	KNOWN_ADDRESS = 0x40, /* its name is another's that was met; known_by_name() */
};

extern const struct device_file known_kind;

/* The same contract as struct journal's.  *ret is unchanged after -OTA_EBADMSG, which has words. */
int known_parse(const char *text, size_t len, struct known *ret, char *why, size_t size);
char *known_format(const struct known *known, size_t *ret_len);

/* 0; -OTA_ENOENT none; -OTA_EBADMSG, -OTA_EIO with a sentence that names the file; -OTA_ENOMEM. */
int known_load(const char *place, const char *address, struct known *ret, char *error, size_t size);
/* Saves one device, and removes those beyond KNOWN_DEVICES_MAX, the oldest first.  0, or the
 * errors of file_save() with a sentence; -OTA_ENOMEM. */
int known_save(const struct known *known, char *error, size_t size);
void known_drop(const char *place, const char *address);

struct known_list {
	struct known *items; /* the latest first */
	size_t count;
	char bad[KNOWN_TEXT_MAX]; /* a sentence on a file that cannot be read; "": none */
};

/* Those of a place; NULL: of all.  -OTA_ENOMEM. */
int known_list(const char *place, struct known_list *ret);
void known_list_finish(struct known_list *list);

/* Takes over what a device says of itself; info NULL: nothing.  The images stay as they are. */
void known_take(struct known *known, const struct ota_info *info);
/* The image becomes the first, which it runs, or the last, which it may run. */
void known_runs(struct known *known, const uint8_t sha256[OTA_SHA256_SIZE]);
void known_may_run(struct known *known, const uint8_t sha256[OTA_SHA256_SIZE]);
/* The image is what its free slot holds, as far as is known. */
void known_holds(struct known *known, const uint8_t sha256[OTA_SHA256_SIZE]);

/*
 * The latest device of this name that was met at another address: a device that advertises
 * another's name gets the image that was meant for that one.  -OTA_ENOENT: none; -OTA_ENOMEM.
 */
int known_by_name(const char *place, const char *name, const char *address, struct known *ret);
/* The stack has dropped its bond with the device of this name or address, as its user asked: the
 * next link need not be encrypted.  None was met: nothing to do. */
void known_unbound(const char *place, const char *typed);
/* KNOWN_* bits.  encrypted: false only where the stack keeps bonds and tells that it is not. */
unsigned int known_compare(const struct known *known, const struct ota_info *info, bool encrypted);
/* "chip esp32c3, was esp32; project ..."; returns buf. */
char *known_changes_text(const struct known *known, const struct ota_info *info,
			 unsigned int changes, char *buf, size_t size);
/* "chip": a word for scripts. */
const char *known_change_name(enum known_change change);

#endif
