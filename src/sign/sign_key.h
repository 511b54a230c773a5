/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of signed updates as files that openssl reads and writes: PEM (RFC 7468) of PKCS #8
 * (RFC 5958), encrypted or not, SEC 1's EC PRIVATE KEY (RFC 5915), and SubjectPublicKeyInfo
 * (RFC 5480).  Only ECDSA on P-256.  GnuTLS reads and writes the files; base/ecdsa.h reckons.
 */
#ifndef OTABENCH_SIGN_SIGN_KEY_H
#define OTABENCH_SIGN_SIGN_KEY_H

#include "base/ecdsa.h"

#include <stdbool.h>

#define SIGN_KEY_ID 17u /* 16 hexadecimal digits and NUL */
#define SIGN_KEY_POINT (2 * ECDSA_POINT + 1) /* of hexadecimal digits, with NUL */
#define SIGN_PASSPHRASE 256u /* with NUL */

struct sign_key {
	struct ecdsa_key pair;
	bool secret; /* a private key; else only the public half */
};

/*
 * Asks for the passphrase of the encrypted key path: into buf of SIGN_PASSPHRASE bytes, 0; or a
 * negative OTA_E* after telling the user why there is none.
 */
typedef int sign_ask_fn(void *ctx, const char *path, char *buf);

/*
 * A private or a public key.  ask NULL: an encrypted key is refused.
 * -OTA_ENOENT, -OTA_EIO: the file; -OTA_EBADMSG: no such key; -OTA_EPERM: a wrong passphrase,
 * or not readable; -OTA_ENOMEM; or what ask returned, with error empty.  Else error has a
 * sentence that names path.  The caller ends with sign_key_finish(), also after a failure.
 */
int sign_key_read(struct sign_key *ret, const char *path, sign_ask_fn *ask, void *ctx, char *error,
		  size_t size);
/* The same of PEM text in memory; name stands for it in messages. */
int sign_key_parse(struct sign_key *ret, const char *text, size_t len, const char *name,
		   sign_ask_fn *ask, void *ctx, char *error, size_t size);
/*
 * PEM for a new file: PKCS #8, under a passphrase (PBES2, AES-256) where it is not NULL or "".
 * To be freed by the caller, who wipes it before; NULL: no memory.
 */
char *sign_key_private_pem(const struct sign_key *key, const char *passphrase);
/* SubjectPublicKeyInfo.  To be freed by the caller; NULL: no memory. */
char *sign_key_public_pem(const struct sign_key *key);
/* The first half of SHA-256 of the point: to tell keys apart, not to trust one.  Returns buf. */
char *sign_key_id(const struct sign_key *key, char buf[SIGN_KEY_ID]);
/* x and y as the firmware's configuration takes them.  Returns buf. */
char *sign_key_point(const struct sign_key *key, char buf[SIGN_KEY_POINT]);
/* Forgets the secret. */
void sign_key_finish(struct sign_key *key);

#endif
