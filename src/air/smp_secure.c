/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LE Secure Connections (Core Vol 3 Part H 2.3.5.6): public keys, then just works
 * (2.3.5.6.2) or twenty rounds of a passkey (2.3.5.6.3), then the check of the
 * secret that both sides derived.
 */
#include "air/smp_priv.h"

#include <string.h>

#define ROUNDS 20u /* bits of a passkey */

/* Draws keys until the private one is in range, which it is except for one in 2^32. */
static bool make_keys(struct smp *s)
{
	int rc = -OTA_EINVAL;

	for (unsigned int tries = 0; tries < 8 && rc == -OTA_EINVAL; tries++) {
		s->config.ops->random(s->config.ctx, s->secret, SMP_PRIVATE);
		rc = smp_public_key(s->secret, s->own_public);
	}
	return !smp_broken(s, rc);
}

static void send_public_key(struct smp *s)
{
	smp_send(s, SMP_PAIRING_PUBLIC_KEY, s->own_public, SMP_PUBLIC);
}

void smp_secure_begin(struct smp *s)
{
	s->step = SMP_PUBLIC_KEY;
	if (make_keys(s))
		send_public_key(s);
}

/* The last input of f4: a bit of the passkey. */
static uint8_t round_bit(const struct smp *s)
{
	if (!s->typed)
		return 0;
	return (uint8_t)(0x80u | ((uint32_t)s->passkey >> s->round & 1u));
}

static void send_confirm(struct smp *s)
{
	uint8_t confirm[SMP_BLOCK];

	s->config.ops->random(s->config.ctx, s->own_random, SMP_BLOCK);
	if (!smp_broken(
		    s, smp_f4(s->own_public, s->peer_public, s->own_random, round_bit(s), confirm)))
		smp_send(s, SMP_PAIRING_CONFIRM, confirm, SMP_BLOCK);
}

void smp_secure_typed(struct smp *s)
{
	send_confirm(s);
}

void smp_secure_public_key(struct smp *s, const uint8_t *data)
{
	int rc;

	memcpy(s->peer_public, data, SMP_PUBLIC);
	if (!s->config.initiator && !make_keys(s))
		return;
	rc = smp_dhkey(s->secret, s->peer_public, s->dhkey);
	/* A point that is not on the curve, or this side's own given back (2.3.5.6.1). */
	if (rc == -OTA_EBADMSG || memcmp(s->peer_public, s->own_public, 32) == 0) {
		smp_fail(s, SMP_REASON_PARAMETERS);
		return;
	}
	if (smp_broken(s, rc))
		return;
	if (!s->config.initiator)
		send_public_key(s);
	s->step = SMP_CONFIRM;
	if (s->config.initiator && s->typed) {
		s->step = SMP_TYPING;
		s->config.ops->ask(s->config.ctx);
	} else if (!s->config.initiator && s->typed) {
		smp_show(s);
	} else if (!s->config.initiator) {
		/* Only the responder commits itself where nothing is compared. */
		s->step = SMP_RANDOM;
		send_confirm(s);
	}
}

void smp_secure_confirm(struct smp *s, const uint8_t *data)
{
	memcpy(s->peer_confirm, data, SMP_BLOCK);
	s->step = SMP_RANDOM;
	if (!s->config.initiator) {
		send_confirm(s);
		return;
	}
	if (!s->typed)
		s->config.ops->random(s->config.ctx, s->own_random, SMP_BLOCK);
	smp_send(s, SMP_PAIRING_RANDOM, s->own_random, SMP_BLOCK);
}

/* The check value of one side: own, or what the peer's must be. */
static int check_value(const struct smp *s, bool own, uint8_t ret[SMP_BLOCK])
{
	const bool of_initiator = own == s->config.initiator;
	const struct smp_pairing *p = &s->pairing;

	return smp_f6(s->mac_key, own ? s->own_random : s->peer_random,
		      own ? s->peer_random : s->own_random, s->tk,
		      (of_initiator ? p->request : p->response) + 1,
		      of_initiator ? p->initiator : p->responder,
		      of_initiator ? p->responder : p->initiator, ret);
}

static void send_check(struct smp *s)
{
	uint8_t check[SMP_BLOCK];

	if (!smp_broken(s, check_value(s, true, check)))
		smp_send(s, SMP_PAIRING_DHKEY_CHECK, check, SMP_BLOCK);
}

/* Both sides have committed themselves and shown what to. */
static void derive(struct smp *s)
{
	const bool first = s->config.initiator;

	if (smp_broken(s, smp_f5(s->dhkey, first ? s->own_random : s->peer_random,
				 first ? s->peer_random : s->own_random, s->pairing.initiator,
				 s->pairing.responder, s->mac_key, s->key.ltk)))
		return;
	s->step = SMP_CHECK;
	if (first)
		send_check(s);
}

void smp_secure_random(struct smp *s, const uint8_t *data)
{
	const bool committed = s->typed || s->config.initiator;
	uint8_t confirm[SMP_BLOCK];

	memcpy(s->peer_random, data, SMP_BLOCK);
	if (committed) {
		if (smp_broken(s, smp_f4(s->peer_public, s->own_public, s->peer_random,
					 round_bit(s), confirm)))
			return;
		if (memcmp(confirm, s->peer_confirm, SMP_BLOCK) != 0) {
			smp_fail(s, SMP_REASON_CONFIRM);
			return;
		}
	}
	if (!s->config.initiator)
		smp_send(s, SMP_PAIRING_RANDOM, s->own_random, SMP_BLOCK);
	if (!s->typed || ++s->round == ROUNDS) {
		derive(s);
		return;
	}
	s->step = SMP_CONFIRM;
	if (s->config.initiator)
		send_confirm(s);
}

void smp_secure_check(struct smp *s, const uint8_t *data)
{
	uint8_t check[SMP_BLOCK];

	if (smp_broken(s, check_value(s, false, check)))
		return;
	if (memcmp(check, data, SMP_BLOCK) != 0) {
		smp_fail(s, SMP_REASON_DHKEY);
		return;
	}
	if (s->config.initiator) {
		smp_start_encryption(s);
		return;
	}
	s->step = SMP_ENCRYPTION;
	send_check(s);
}
