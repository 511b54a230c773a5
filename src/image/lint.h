/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every reason why an image should not, or perhaps should not, go to a device,
 * each with a name, a severity and a sentence that says what to do.
 *
 * image_read() looks at the file alone; lint_device() compares it with the
 * connected device.  Both append to the same report, in which "ok" findings say
 * what was checked and held.
 */
#ifndef OTABENCH_IMAGE_LINT_H
#define OTABENCH_IMAGE_LINT_H

#include "image/image.h"

enum lint_severity { LINT_OK, LINT_NOTE, LINT_WARNING, LINT_ERROR };

/* Names are lint_check_name(): the words --force takes. */
enum lint_check {
	LINT_FORMAT, /* "format": not an ESP application image (ESP8266, ELF, merged, boot loader ...) */
	LINT_TRUNCATED, /* "truncated" */
	LINT_SEGMENTS, /* "segments": count, lengths, addresses for this chip */
	LINT_CHECKSUM, /* "checksum" */
	LINT_HASH, /* "hash": appended SHA-256 */
	LINT_DESCRIPTOR, /* "descriptor": application descriptor missing or damaged */
	LINT_SIGNATURE, /* "signature" */
	LINT_ENCRYPTED, /* "encrypted": looks like ciphertext */
	LINT_TRAILING, /* "trailing": bytes after the image */
	LINT_CHIP, /* "chip": unknown, without Bluetooth LE, or not the device's */
	LINT_REVISION, /* "revision" */
	LINT_SIZE, /* "size": fits the slot */
	LINT_PROJECT, /* "project": another project than the one that runs */
	LINT_DOWNGRADE, /* "downgrade": older than the one that runs */
	LINT_SECURE_VERSION, /* "secure-version": anti-rollback */
	LINT_ROLLBACK, /* "rollback": no way back from an image that fails */
	LINT_SAME, /* "same": this very image already runs */
	LINT_SIGNED, /* "signed": the signature of the update, for devices that check it */
	LINT_CHECKS
};

#define LINT_TEXT_SIZE 200u

struct lint_finding {
	enum lint_check check;
	enum lint_severity severity;
	bool can_force; /* false: damaged; no --force overrides it */
	char text[LINT_TEXT_SIZE]; /* the finding and what to do; printable ASCII */
};

#define LINT_FINDINGS_MAX 40u
struct lint_report {
	size_t count;
	struct lint_finding findings[LINT_FINDINGS_MAX];
};

/* The connected device's report: Info, and its firmware revision string. */
struct lint_device {
	const struct ota_info *info; /* NULL: basic dialect, only version is known */
	const char *version; /* 0x2A26, or of the slot that runs; "" when unknown */
	bool mcuboot; /* its boot loader takes MCUboot images, and no others */
	const uint8_t *running_hash; /* of an MCUboot image that runs; NULL: unknown */
};

/*
 * Reads an image from the caller's memory, which *ret goes on pointing to.
 * Returns 0 when it is an application or MCUboot image without an error finding, else
 * -OTA_EBADMSG; *ret and *report are filled as far as the bytes went.
 */
int image_read(const uint8_t *data, size_t size, image_sha256_fn *sha256, struct image *ret,
	       struct lint_report *report);
/* Compares with the device; appends to the report. */
void lint_device(const struct image *image, const struct lint_device *device,
		 struct lint_report *report);
/*
 * Appends a finding.  With LINT_FINDINGS_MAX there already, the first one of
 * lower severity makes room, so that no error is lost.
 */
void lint_add(struct lint_report *report, enum lint_check check, enum lint_severity severity,
	      bool can_force, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The worst severity found; LINT_OK when there is no finding. */
enum lint_severity lint_worst(const struct lint_report *report);
/* Returns true if an error is outside the set of forced checks (1u << enum lint_check). */
bool lint_refused(const struct lint_report *report, uint32_t forced);
const char *lint_check_name(enum lint_check check);
const char *lint_severity_name(enum lint_severity severity);
/* -1 when there is no check of that name. */
int lint_check_by_name(const char *name);
/* <0, 0, >0 as version a is older, same, newer than b (semantic versions, git describe,
 * ESP-IDF's "v5.2.1-3-gabc"); *ret_comparable false when they cannot be ordered. */
int lint_compare_versions(const char *a, const char *b, bool *ret_comparable);

#endif
