/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: what this computer's user was sending to which device, so that the next program
 * knows it after the death of this one.  One file for each device, written before START and as
 * the transfer goes on, removed when the update has ended or is given up.
 *
 * A journal tells where the image is and how far it came.  It decides nothing: what the device
 * holds is what the device says, and which file is sent is what its hash says.
 */
#ifndef OTABENCH_HOST_JOURNAL_H
#define OTABENCH_HOST_JOURNAL_H

#include "core/session.h"
#include "host/device_file.h"
#include "host/scan.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_FILE_MAX 32768u /* bytes; more is no journal */
#define JOURNAL_IMAGES 2u
#define JOURNAL_PLACE_MAX DEVICE_PLACE_MAX
#define JOURNAL_TEXT_MAX DEVICE_FILE_TEXT_MAX
#define JOURNALS_MAX 64u /* files that are kept, the latest */

#define JOURNAL_AIR DEVICE_PLACE_AIR

extern const struct device_file journal_kind;

struct journal_image {
	uint8_t sha256[OTA_SHA256_SIZE];
	uint32_t size; /* bytes, not 0 */
	uint32_t received, flushed; /* bytes that the device told of; at most size */
	bool ended; /* END was written: what runs may be the image */
	bool no_confirm; /* the image was to stay on trial */
	uint32_t forced; /* checks that were overridden, 1u << enum lint_check */
	enum session_outcome outcome; /* NO_OUTCOME: the program ended before its run did */
	char path[PATH_MAX]; /* absolute; not safe to print */
};

struct journal {
	char place[JOURNAL_PLACE_MAX];
	char address[SCAN_ADDRESS_SIZE];
	char name[SCAN_NAME_SIZE]; /* safe to print */
	int64_t process; /* its number, of the program that wrote it */
	int64_t at; /* seconds of the computer's clock, which may have been set since */
	uint64_t order; /* of journals, the latest has the highest: no clock decides that */
	/* The one that is sent last; behind it what the device held before, until the device has
	 * said READY to the new one and so has dropped the other. */
	struct journal_image images[JOURNAL_IMAGES];
	size_t count; /* 1..JOURNAL_IMAGES */
};

/* Reads a file's text.  -OTA_EBADMSG with words: not a journal, damaged, of another version;
 * *ret is then as it was. */
int journal_parse(const char *text, size_t len, struct journal *ret, char *why, size_t size);
/* The journal as a file's text.  To be freed; NULL: out of memory. */
char *journal_format(const struct journal *journal, size_t *ret_len);

/* The journal's file.  -OTA_EINVAL: no folder for it (neither XDG_STATE_HOME nor HOME). */
int journal_path(const char *place, const char *address, char *buf, size_t size);
/* 0; -OTA_ENOENT none; -OTA_EBADMSG, -OTA_EIO with a sentence that names the file; -OTA_ENOMEM. */
int journal_load(const char *place, const char *address, struct journal *ret, char *error,
		 size_t size);
/* 0, or the errors of file_save() with a sentence; -OTA_ENOMEM. */
int journal_save(const struct journal *journal, char *error, size_t size);
/* None: nothing to do. */
void journal_drop(const char *place, const char *address);

struct journal_list {
	struct journal *items; /* the latest first */
	size_t count;
	uint64_t order; /* the highest of all places; 0: none */
	char bad[JOURNAL_TEXT_MAX]; /* a sentence on a file that cannot be read; "": none */
};

/* Those of a place; NULL: of all.  -OTA_ENOMEM; what cannot be read is told in bad. */
int journal_list(const char *place, struct journal_list *ret);
void journal_list_finish(struct journal_list *list);
/* Removes the journals beyond JOURNALS_MAX, the oldest first. */
void journal_prune(void);
/*
 * The latest of a device, by its name or address.  -OTA_ENOENT: none; -OTA_EINVAL: several
 * devices have that name; -OTA_EBADMSG with a sentence in error; -OTA_ENOMEM.
 */
int journal_find(const char *place, const char *typed, struct journal *ret, char *error,
		 size_t size);

/*
 * One program at a time updates a device.  The kernel ends the claim with the program, however
 * that ends.  A descriptor to be closed; -OTA_EBUSY another program has it; -OTA_EIO.
 */
int journal_lock(const char *place, const char *address);
/* Another program, or another job of this one, has the claim. */
bool journal_is_claimed(const char *place, const char *address);

/* The image that STATUS names by a prefix of its hash; NULL: not in this journal. */
const struct journal_image *journal_image_of(const struct journal *journal,
					     const uint8_t prefix[OTA_HASH_PREFIX]);
unsigned int journal_percent(const struct journal_image *image);
/* "45 %", or "the end, unproven"; what it stopped at.  Returns buf. */
char *journal_stopped_at(const struct journal_image *image, char *buf, size_t size);
/* "3 min ago"; of a time to come, "the clock was set back since".  Returns buf. */
char *journal_age(const struct journal *journal, int64_t now, char *buf, size_t size);
/* The last part of the image's path, safe to print.  Returns buf. */
char *journal_image_name(const struct journal_image *image, char *buf, size_t size);
/* Returns true if the device must hold a part of it: so much was in its flash that a record of
 * it was written (docs/protocol.md, resume record), or all was sent. */
bool journal_expects_part(const struct journal_image *image);

/*
 * The image's file: the path in the journal, then the images that were opened last, then the
 * files beside it.  Only one whose bytes have the hash counts.  False: none has.
 */
bool journal_find_image(const struct journal_image *image, char path[PATH_MAX]);

#endif
