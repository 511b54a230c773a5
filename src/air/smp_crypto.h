/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cryptographic toolbox of the Security Manager (Core Vol 3 Part H 2.2, 2.3.5.6).
 *
 * Values are as on the air, least significant octet first; libgcrypt wants them
 * the other way round, which is what the functions turn.  What fails in
 * libgcrypt (no memory) is -OTA_ENOMEM.
 */
#ifndef OTABENCH_AIR_SMP_CRYPTO_H
#define OTABENCH_AIR_SMP_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "ota/error.h"

#define SMP_BLOCK 16u /* octets of keys, random numbers and confirm values */
#define SMP_PUBLIC 64u /* octets of a P-256 point: X, Y */
#define SMP_PRIVATE 32u
#define SMP_DHKEY 32u
#define SMP_ADDRESS 7u /* address, then its type: 0 public, 1 random */
#define SMP_FEATURES 7u /* of a Pairing Request or Response, code included */

/* Security function e, 2.2.1. */
int smp_e(const uint8_t key[SMP_BLOCK], const uint8_t text[SMP_BLOCK], uint8_t ret[SMP_BLOCK]);

/* Inputs of c1 besides key and random number. */
struct smp_pairing {
	uint8_t request[SMP_FEATURES], response[SMP_FEATURES];
	uint8_t initiator[SMP_ADDRESS], responder[SMP_ADDRESS];
};

/* Confirm value of legacy pairing, 2.2.3. */
int smp_c1(const uint8_t key[SMP_BLOCK], const uint8_t random[SMP_BLOCK],
	   const struct smp_pairing *pairing, uint8_t ret[SMP_BLOCK]);
/* Short Term Key, 2.2.4: the responder's random number, then the initiator's. */
int smp_s1(const uint8_t key[SMP_BLOCK], const uint8_t responder[SMP_BLOCK],
	   const uint8_t initiator[SMP_BLOCK], uint8_t ret[SMP_BLOCK]);
/* Confirm value of LE Secure Connections, 2.2.6; u and v are X coordinates. */
int smp_f4(const uint8_t u[32], const uint8_t v[32], const uint8_t x[SMP_BLOCK], uint8_t z,
	   uint8_t ret[SMP_BLOCK]);
/* MacKey and LTK, 2.2.7; n1, a1: the initiator's. */
int smp_f5(const uint8_t w[SMP_DHKEY], const uint8_t n1[SMP_BLOCK], const uint8_t n2[SMP_BLOCK],
	   const uint8_t a1[SMP_ADDRESS], const uint8_t a2[SMP_ADDRESS], uint8_t ret_mac[SMP_BLOCK],
	   uint8_t ret_ltk[SMP_BLOCK]);
/* Check value, 2.2.8; io: capability, OOB flag, AuthReq as on the air. */
int smp_f6(const uint8_t w[SMP_BLOCK], const uint8_t n1[SMP_BLOCK], const uint8_t n2[SMP_BLOCK],
	   const uint8_t r[SMP_BLOCK], const uint8_t io[3], const uint8_t a1[SMP_ADDRESS],
	   const uint8_t a2[SMP_ADDRESS], uint8_t ret[SMP_BLOCK]);

/* The P-256 point that belongs to a private key; -OTA_EINVAL: the key is out of range. */
int smp_public_key(const uint8_t key[SMP_PRIVATE], uint8_t ret[SMP_PUBLIC]);
/* The shared secret; -OTA_EBADMSG: the peer's point is not on the curve. */
int smp_dhkey(const uint8_t key[SMP_PRIVATE], const uint8_t peer[SMP_PUBLIC],
	      uint8_t ret[SMP_DHKEY]);

#endif
