/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes an image for MCUboot apart, in the order in which bootutil_img_validate() does, and
 * judges it.  A signature is found and named; only the device's boot loader has the key.
 */
#include "image/mcuboot.h"
#include "image/image_parse.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define AT_LOAD 4u
#define AT_HEADER 8u
#define AT_PROTECTED 10u
#define AT_BODY 12u
#define AT_FLAGS 16u
#define AT_VERSION 20u

#define FLAG_ENCRYPTED 0x0cu /* IMAGE_F_ENCRYPTED_AES128, _AES256 */
#define FLAG_NON_BOOTABLE 0x10u

#define AGAIN "Build or download it again."

bool mcuboot_is(const uint8_t *data, size_t size)
{
	return size >= 4 && bytes_get32(data) == MCUBOOT_MAGIC;
}

/* img_mgmt_ver_str() of Zephyr: as a device tells it. */
static void version_text(struct image *image)
{
	const uint8_t *v = image->data + AT_VERSION;
	const uint32_t number = bytes_get32(v + 4);
	int len = snprintf(image->version, sizeof(image->version), "%u.%u.%u", v[0], v[1],
			   bytes_get16(v + 2));

	if (number != 0 && len > 0)
		(void)snprintf(image->version + len, sizeof(image->version) - (size_t)len, ".%u",
			       number);
}

static void parse_header(struct image *image)
{
	const uint8_t *h = image->data;
	struct image_mcuboot *m = &image->mcuboot;

	m->load_address = bytes_get32(h + AT_LOAD);
	m->header_size = bytes_get16(h + AT_HEADER);
	m->protected_size = bytes_get16(h + AT_PROTECTED);
	m->body_size = bytes_get32(h + AT_BODY);
	m->flags = bytes_get32(h + AT_FLAGS);
	version_text(image);
}

/* The names of signatures, IMAGE_TLV_RSA2048_PSS and so on. */
static const char *signature_name(uint16_t type)
{
	switch (type) {
	case 0x20:
		return "RSA-2048";
	case 0x21:
	case 0x22:
		return "ECDSA";
	case 0x23:
		return "RSA-3072";
	case 0x24:
	case 0x25:
		return "Ed25519";
	default:
		return NULL;
	}
}

static void take_tlv(struct image *image, uint16_t type, const uint8_t *value, size_t len,
		     bool is_protected)
{
	struct image_mcuboot *m = &image->mcuboot;

	m->tlvs++;
	if (type == MCUBOOT_TLV_SHA256 && len == OTA_SHA256_SIZE && !is_protected) {
		m->hashes++;
		memcpy(m->hash, value, OTA_SHA256_SIZE);
	} else if (type == MCUBOOT_TLV_COUNTER && len == 4 && is_protected) {
		m->has_counter = true;
		m->counter = bytes_get32(value);
	} else if (signature_name(type) && !m->signature) {
		m->signature = signature_name(type);
	}
}

/* Returns the offset behind the area at at, or 0: it is none, or leads beyond the file. */
static size_t parse_area(struct image *image, size_t at, uint16_t magic)
{
	const uint8_t *p = image->data;
	size_t end;

	if (image->size - at < MCUBOOT_TLV_HEADER || bytes_get16(p + at) != magic)
		return 0;
	end = at + bytes_get16(p + at + 2);
	at += MCUBOOT_TLV_HEADER;
	if (end < at || end > image->size)
		return 0;
	while (end - at >= MCUBOOT_TLV_HEADER) {
		const uint16_t len = bytes_get16(p + at + 2);

		if (len > end - at - MCUBOOT_TLV_HEADER)
			return 0;
		take_tlv(image, bytes_get16(p + at), p + at + MCUBOOT_TLV_HEADER, len,
			 magic == MCUBOOT_TLV_PROTECTED_MAGIC);
		at += MCUBOOT_TLV_HEADER + len;
	}
	return at == end ? end : 0;
}

void mcuboot_parse(struct image *image, image_sha256_fn *sha256)
{
	struct image_mcuboot *m = &image->mcuboot;
	uint8_t digest[OTA_SHA256_SIZE];
	size_t at, hashed;

	image->kind = IMAGE_MCUBOOT;
	if (image->size < MCUBOOT_HEADER_SIZE)
		return;
	parse_header(image);
	at = m->header_size;
	if (at < MCUBOOT_HEADER_SIZE || at > image->size || m->body_size > image->size - at)
		return;
	hashed = at = at + m->body_size;
	if (m->protected_size > 0) {
		at = parse_area(image, at, MCUBOOT_TLV_PROTECTED_MAGIC);
		if (at == 0 || at - hashed != m->protected_size)
			return;
		hashed = at;
	}
	at = parse_area(image, at, MCUBOOT_TLV_MAGIC);
	if (at == 0)
		return;
	image->image_size = at;
	image->trailing = image->size - at;
	image->has_hash = m->hashes == 1;
	if (!image->has_hash)
		return;
	sha256(image->data, hashed, digest);
	image->hash_ok = memcmp(digest, m->hash, sizeof(digest)) == 0;
}

/* --- what is to be said about it */

static void lint_header(const struct image *image, struct lint_report *report)
{
	const struct image_mcuboot *m = &image->mcuboot;

	if (m->flags & FLAG_NON_BOOTABLE)
		lint_add(report, LINT_FORMAT, LINT_WARNING, false,
			 "An MCUboot image whose header says that it does not boot by itself.");
	else
		lint_add(report, LINT_FORMAT, LINT_OK, false,
			 "An MCUboot image, version %s: for devices that speak SMP.",
			 image->version);
	if (m->flags & FLAG_ENCRYPTED)
		lint_add(report, LINT_ENCRYPTED, LINT_NOTE, false,
			 "Its code is encrypted. Only a device with the key boots it.");
	lint_add(report, LINT_CHIP, LINT_NOTE, false,
		 "An MCUboot image does not name its chip. Make sure that it is for your device: "
		 "its boot loader does not know either.");
}

static void lint_hash(const struct image *image, struct lint_report *report)
{
	const struct image_mcuboot *m = &image->mcuboot;

	if (m->hashes != 1)
		lint_add(report, LINT_HASH, LINT_ERROR, false,
			 "It has %s SHA-256, by which devices know an image: they would refuse "
			 "it. Sign it again (imgtool sign).",
			 m->hashes == 0 ? "no" : "more than one");
	else if (!image->hash_ok)
		lint_add(report, LINT_HASH, LINT_ERROR, false,
			 "The SHA-256 behind the code does not match it: the file is "
			 "damaged. " AGAIN);
	else
		lint_add(report, LINT_HASH, LINT_OK, false,
			 "The SHA-256 behind the code matches it.");
	if (m->signature)
		lint_add(report, LINT_SIGNATURE, LINT_OK, false,
			 "An %s signature follows. Only the device's boot loader can verify it.",
			 m->signature);
	else
		lint_add(report, LINT_SIGNATURE, LINT_NOTE, false,
			 "Not signed. A boot loader that demands a signature refuses it after the "
			 "transfer.");
	if (m->has_counter)
		lint_add(report, LINT_SECURE_VERSION, LINT_OK, false, "Security counter %u.",
			 m->counter);
}

void lint_mcuboot(const struct image *image, struct lint_report *report)
{
	if (image->size < MCUBOOT_HEADER_SIZE) {
		lint_add(report, LINT_TRUNCATED, LINT_ERROR, false,
			 "The file has %zu bytes; an MCUboot image's header alone has %u. It is "
			 "cut off. " AGAIN,
			 image->size, MCUBOOT_HEADER_SIZE);
		return;
	}
	lint_header(image, report);
	if (image->image_size == 0) {
		lint_add(report, LINT_TRUNCATED, LINT_ERROR, false,
			 "Behind header and code, %u and %u bytes, there is no whole area with the "
			 "hash: the file is cut off or damaged. " AGAIN,
			 image->mcuboot.header_size, image->mcuboot.body_size);
		return;
	}
	lint_add(report, LINT_TRUNCATED, LINT_OK, false,
		 "All %zu bytes that the headers require are there.", image->image_size);
	lint_hash(image, report);
	lint_trailing(image, report);
}
