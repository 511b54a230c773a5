/* SPDX-License-Identifier: Apache-2.0 */
/* Between smp.c (features, steps, legacy pairing) and smp_secure.c (LE Secure Connections). */
#ifndef OTABENCH_AIR_SMP_PRIV_H
#define OTABENCH_AIR_SMP_PRIV_H

#include "air/smp.h"

/* 3.3 */
enum smp_code {
	SMP_PAIRING_REQUEST = 0x01,
	SMP_PAIRING_RESPONSE = 0x02,
	SMP_PAIRING_CONFIRM = 0x03,
	SMP_PAIRING_RANDOM = 0x04,
	SMP_PAIRING_FAILED = 0x05,
	SMP_ENCRYPTION_INFORMATION = 0x06,
	SMP_CENTRAL_IDENTIFICATION = 0x07,
	SMP_SECURITY_REQUEST = 0x0b,
	SMP_PAIRING_PUBLIC_KEY = 0x0c,
	SMP_PAIRING_DHKEY_CHECK = 0x0d,
	SMP_KEYPRESS = 0x0e,
	SMP_CODES
};

/* One code and len octets; restarts the timer, as every PDU does. */
void smp_send(struct smp *s, enum smp_code code, const uint8_t *data, size_t len);
/* Tells the peer and the host, and is idle then.  reason: enum smp_reason. */
void smp_fail(struct smp *s, unsigned int reason);
/* rc of the toolbox; true: it failed, and so did the pairing. */
bool smp_broken(struct smp *s, int rc);
/* The passkey that the responder shows. */
void smp_show(struct smp *s);
/* Initiator: the key is made. */
void smp_start_encryption(struct smp *s);

/* smp_secure.c: what follows the features' exchange. */
void smp_secure_begin(struct smp *s); /* initiator */
void smp_secure_public_key(struct smp *s, const uint8_t *data);
void smp_secure_confirm(struct smp *s, const uint8_t *data);
void smp_secure_random(struct smp *s, const uint8_t *data);
void smp_secure_check(struct smp *s, const uint8_t *data);
void smp_secure_typed(struct smp *s);

#endif
