/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signature of an image in a file of its own, IMAGE.sig: the ECDSA-Sig-Value of RFC 3279
 * (2.2.3) as 'openssl dgst -sha256 -sign' writes it, over the statement of docs/protocol.md,
 * section 15.
 */
#ifndef OTABENCH_SIGN_SIGNATURE_H
#define OTABENCH_SIGN_SIGNATURE_H

#include "image/image.h"
#include "ota/statement.h"

#include <stdbool.h>
#include <stddef.h>

#define SIGNATURE_DER_MOST 72u /* bytes of the file: two numbers of at most 33 bytes */
#define SIGNATURE_SUFFIX ".sig"

/* -OTA_EINVAL: no application, or one without a descriptor, which names nothing to sign. */
int signature_statement(const struct image *image, struct ota_statement *ret);

/* Returns the length; 0: no memory. */
size_t signature_to_der(const uint8_t signature[OTA_SIGNATURE_SIZE],
			uint8_t ret[SIGNATURE_DER_MOST]);
/* -OTA_EBADMSG: no such thing; DER has one way to write each number, and others are refused. */
int signature_from_der(const uint8_t *der, size_t len, uint8_t ret[OTA_SIGNATURE_SIZE]);

/* A file's; errors as image_file_init(), with a sentence that names path. */
int signature_read(const char *path, uint8_t ret[OTA_SIGNATURE_SIZE], char *error, size_t size);
/* image's name with SIGNATURE_SUFFIX; false where it does not fit. */
bool signature_path(const char *image, char *buf, size_t size);

#endif
