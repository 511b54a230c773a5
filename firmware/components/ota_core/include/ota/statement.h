/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statement that a signature of an update is made over: docs/protocol.md, section 15.
 *
 * A hash alone says which bytes are meant.  Chip, project, version, secure version and
 * size are said beside it, so that a device can refuse what is not meant for it
 * before it takes one byte of the image.
 */
#ifndef OTA_STATEMENT_H
#define OTA_STATEMENT_H

#include "ota/proto.h"

#define OTA_STATEMENT_LABEL "otabench-image-1" /* 16 bytes, no NUL: what kind of thing is signed */
#define OTA_STATEMENT_LABEL_SIZE 16u
#define OTA_STATEMENT_TEXT 32u /* esp_app_desc_t's project_name and version */
#define OTA_STATEMENT_SIZE 122u
#define OTA_SIGNATURE_SIZE 64u /* ECDSA on P-256: r, then s, 32 bytes each, big-endian */

struct ota_statement {
	uint16_t chip_id; /* esp_image_header_t.chip_id */
	uint32_t secure_version; /* esp_app_desc_t.secure_version */
	uint32_t image_size; /* bytes */
	uint8_t project[OTA_STATEMENT_TEXT]; /* up to the first NUL; 0 from there on */
	uint8_t version[OTA_STATEMENT_TEXT]; /* likewise */
	uint8_t sha256[OTA_SHA256_SIZE]; /* of the image */
};

/* The bytes that are signed, by ECDSA with SHA-256 (FIPS 186-5, 6.4). */
void ota_statement_pack(const struct ota_statement *statement, uint8_t ret[OTA_STATEMENT_SIZE]);
/* The rest of a START with the flag *signed*, behind its 46 bytes: chip id, secure version,
 * project, version, signature.  Size and hash stand in START. */
#define OTA_SIGNED_SIZE 134u
void ota_statement_encode(const struct ota_statement *statement,
			  const uint8_t signature[OTA_SIGNATURE_SIZE],
			  uint8_t ret[OTA_SIGNED_SIZE]);
/* A text of 32 bytes as it stands in a descriptor: what follows its end becomes 0. */
void ota_statement_text(uint8_t ret[OTA_STATEMENT_TEXT], const uint8_t *text);

#endif
