/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA on P-256 with SHA-256 (FIPS 186-5; curve: SP 800-186, 3.2.1.3), by libgcrypt.
 *
 * Numbers are big-endian and of fixed length: 32 bytes a scalar or coordinate, 64 a point
 * (x, y) or signature (r, s).
 */
#ifndef OTABENCH_BASE_ECDSA_H
#define OTABENCH_BASE_ECDSA_H

#include <stddef.h>
#include <stdint.h>

#define ECDSA_SCALAR 32u
#define ECDSA_POINT 64u
#define ECDSA_SIGNATURE 64u

struct ecdsa_key {
	uint8_t secret[ECDSA_SCALAR]; /* all 0: only the public half is known */
	uint8_t point[ECDSA_POINT];
};

/* A new key from the system's random numbers.  0, -OTA_ENOMEM. */
int ecdsa_generate(struct ecdsa_key *ret);
/* The point of a secret, 1..n-1.  0, -OTA_EINVAL. */
int ecdsa_complete(struct ecdsa_key *key);
/* 0 where the point lies on the curve, else -OTA_EINVAL. */
int ecdsa_check_point(const uint8_t point[ECDSA_POINT]);
/* The nonce follows from key and message (RFC 6979): no bad random number gives the key
 * away, and the same image has the same signature.  0, -OTA_EINVAL, -OTA_ENOMEM. */
int ecdsa_sign(const struct ecdsa_key *key, const void *message, size_t len,
	       uint8_t ret[ECDSA_SIGNATURE]);
/* 0; -OTA_EPERM: not this key's signature of this message, or none at all; -OTA_ENOMEM. */
int ecdsa_verify(const uint8_t point[ECDSA_POINT], const void *message, size_t len,
		 const uint8_t signature[ECDSA_SIGNATURE]);
/* Forgets the secret. */
void ecdsa_wipe(struct ecdsa_key *key);

#endif
