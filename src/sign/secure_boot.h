/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of secure boot v2 inside an image, compared with a key: up to three blocks of 1216
 * bytes in the sector behind the image, RSA-PSS on 3072 bits or ECDSA on P-192, P-256, P-384.
 * Source: ESP-IDF, Secure Boot V2, "Signature Block Format"; esptool's espsecure.
 */
#ifndef OTABENCH_SIGN_SECURE_BOOT_H
#define OTABENCH_SIGN_SECURE_BOOT_H

#include "image/image.h"

#define SECURE_BOOT_BLOCKS 3u

enum secure_boot_block {
	SECURE_BOOT_DAMAGED, /* its check sum or digest is not that of these bytes */
	SECURE_BOOT_OTHER_KEY,
	SECURE_BOOT_SIGNED, /* by the key */
};

struct secure_boot {
	unsigned int count; /* blocks, 0..SECURE_BOOT_BLOCKS */
	enum secure_boot_block blocks[SECURE_BOOT_BLOCKS];
	/* SHA-256 of each block's public key, as the eFuse BLOCK_KEY holds it. */
	uint8_t digests[SECURE_BOOT_BLOCKS][OTA_SHA256_SIZE];
	bool is_signed; /* one of them, by the key */
};

/*
 * pem: a public key, or a private one that is not encrypted.  0 where the key could be read,
 * whatever the verdict; -OTA_EBADMSG: no such key; -OTA_ENOMEM.
 */
int secure_boot_check(const struct image *image, const char *pem, size_t len,
		      struct secure_boot *ret);
/* "signed by the key" ... */
const char *secure_boot_text(enum secure_boot_block block);

#endif
