/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See smp.h: what is to be exchanged, whose turn it is, and legacy pairing.
 * Sections are those of Core Vol 3 Part H.
 */
#include "air/smp_priv.h"
#include "base/bytes.h"

#include <string.h>

#define AUTH_BONDING 0x01u
#define AUTH_BONDING_MASK 0x03u
#define AUTH_MITM 0x04u
#define AUTH_SECURE 0x08u
#define DISTRIBUTE_LTK 0x01u
#define KEY_SIZE_MAX 16u
#define KEY_SIZE_MIN 7u

/* Octets of the features, after the code (3.5.1). */
enum { FEATURE_IO = 1, FEATURE_OOB, FEATURE_AUTH, FEATURE_KEY_SIZE, FEATURE_INIT, FEATURE_RESP };

void smp_init(struct smp *s, const struct smp_config *config)
{
	*s = (struct smp){.config = *config, .step = SMP_IDLE};
}

/* --- the end */

static void smp_settle(struct smp *s, enum smp_step step)
{
	sched_cancel(s->config.sched, &s->timeout);
	s->step = step;
}

void smp_finish(struct smp *s)
{
	if (s->config.sched)
		smp_settle(s, SMP_DEAD);
}

static void smp_end(struct smp *s, unsigned int reason)
{
	smp_settle(s, reason == SMP_REASON_TIMEOUT ? SMP_DEAD : SMP_IDLE);
	s->config.ops->failed(s->config.ctx, reason);
}

static void smp_timed_out(void *ctx, uint64_t now_us)
{
	(void)now_us;
	smp_end(ctx, SMP_REASON_TIMEOUT);
}

static void patience(struct smp *s)
{
	s->timeout = (struct sched_event){.fn = smp_timed_out, .ctx = s};
	sched_at(s->config.sched, &s->timeout, sched_now(s->config.sched) + SMP_TIMEOUT_US);
}

void smp_send(struct smp *s, enum smp_code code, const uint8_t *data, size_t len)
{
	uint8_t pdu[SMP_PDU_MAX] = {(uint8_t)code};

	memcpy(pdu + 1, data, len);
	if (s->step != SMP_IDLE) {
		sched_cancel(s->config.sched, &s->timeout);
		patience(s);
	}
	s->config.ops->send(s->config.ctx, pdu, 1 + len);
}

void smp_fail(struct smp *s, unsigned int reason)
{
	const uint8_t data = (uint8_t)reason;

	smp_send(s, SMP_PAIRING_FAILED, &data, 1);
	smp_end(s, reason);
}

bool smp_broken(struct smp *s, int rc)
{
	if (rc < 0)
		smp_fail(s, SMP_REASON_UNSPECIFIED);
	return rc < 0;
}

static void paired(struct smp *s)
{
	smp_settle(s, SMP_IDLE);
	s->config.ops->paired(s->config.ctx, &s->key, s->bond);
}

/* --- features */

/* Table 2.8, for a responder that shows and an initiator that types. */
static bool passkey_possible(uint8_t initiator, uint8_t responder)
{
	return (initiator == SMP_KEYBOARD_ONLY || initiator == SMP_KEYBOARD_DISPLAY) &&
	       (responder == SMP_DISPLAY_ONLY || responder == SMP_DISPLAY_YES_NO ||
		responder == SMP_KEYBOARD_DISPLAY);
}

static uint8_t auth_offered(const struct smp *s)
{
	return (uint8_t)(AUTH_BONDING | (s->config.mitm ? AUTH_MITM : 0) |
			 (s->config.secure_connections ? AUTH_SECURE : 0));
}

/* Judges the peer's features: SMP_REASON_NONE, or the reason to refuse them. */
static enum smp_reason features_wrong(const uint8_t f[SMP_FEATURES])
{
	if (f[FEATURE_KEY_SIZE] < KEY_SIZE_MIN || f[FEATURE_KEY_SIZE] > KEY_SIZE_MAX ||
	    f[FEATURE_IO] >= SMP_IOS || f[FEATURE_OOB] > 1)
		return SMP_REASON_PARAMETERS;
	return f[FEATURE_KEY_SIZE] < KEY_SIZE_MAX ? SMP_REASON_KEY_SIZE : SMP_REASON_NONE;
}

/* Both sides' features are known: what follows from them.  False: pairing has failed. */
static bool agree(struct smp *s)
{
	const uint8_t *request = s->pairing.request, *response = s->pairing.response;
	const uint8_t both = request[FEATURE_AUTH] & response[FEATURE_AUTH];
	const uint8_t either = request[FEATURE_AUTH] | response[FEATURE_AUTH];

	s->secure = (both & AUTH_SECURE) != 0;
	s->typed =
		(either & AUTH_MITM) && passkey_possible(request[FEATURE_IO], response[FEATURE_IO]);
	s->bond = (request[FEATURE_AUTH] & AUTH_BONDING_MASK) == AUTH_BONDING &&
		  (response[FEATURE_AUTH] & AUTH_BONDING_MASK) == AUTH_BONDING;
	s->distribute = response[FEATURE_RESP] & DISTRIBUTE_LTK;
	s->key = (struct smp_key){.authenticated = s->typed};
	memset(s->tk, 0, sizeof(s->tk));
	s->passkey = 0;
	s->round = 0;
	if (!s->config.mitm || s->typed)
		return true;
	smp_fail(s, SMP_REASON_AUTHENTICATION);
	return false;
}

static void features(const struct smp *s, enum smp_code code, uint8_t distribute,
		     uint8_t ret[SMP_FEATURES])
{
	ret[0] = (uint8_t)code;
	ret[FEATURE_IO] = (uint8_t)s->config.io;
	ret[FEATURE_OOB] = 0;
	ret[FEATURE_AUTH] = auth_offered(s);
	ret[FEATURE_KEY_SIZE] = KEY_SIZE_MAX;
	ret[FEATURE_INIT] = 0;
	ret[FEATURE_RESP] = distribute;
}

static void set_passkey(struct smp *s, int32_t passkey)
{
	s->passkey = passkey;
	for (unsigned int i = 0; i < 4; i++)
		s->tk[i] = (uint8_t)((uint32_t)passkey >> 8 * i);
}

void smp_show(struct smp *s)
{
	if (s->typed)
		set_passkey(s, s->config.ops->show(s->config.ctx));
}

static void addresses(struct smp *s)
{
	const bool first = s->config.initiator;

	memcpy(s->pairing.initiator, first ? s->config.own : s->config.peer, SMP_ADDRESS);
	memcpy(s->pairing.responder, first ? s->config.peer : s->config.own, SMP_ADDRESS);
}

static void on_request(struct smp *s, const uint8_t *pdu)
{
	enum smp_reason wrong;
	const bool secure = s->config.secure_connections && (pdu[FEATURE_AUTH] & AUTH_SECURE) != 0;

	memcpy(s->pairing.request, pdu, SMP_FEATURES);
	wrong = features_wrong(pdu);
	if (wrong != SMP_REASON_NONE) {
		smp_fail(s, wrong);
		return;
	}
	addresses(s);
	/* With Secure Connections both sides make the LTK. */
	features(s, SMP_PAIRING_RESPONSE, secure ? 0 : pdu[FEATURE_RESP] & DISTRIBUTE_LTK,
		 s->pairing.response);
	if (!agree(s))
		return;
	s->step = s->secure ? SMP_PUBLIC_KEY : SMP_CONFIRM;
	smp_send(s, SMP_PAIRING_RESPONSE, s->pairing.response + 1, SMP_FEATURES - 1);
	if (!s->secure)
		smp_show(s);
}

int smp_pair(struct smp *s)
{
	if (s->step == SMP_DEAD)
		return -OTA_ETIMEDOUT;
	if (s->step != SMP_IDLE || !s->config.initiator)
		return -OTA_EBUSY;
	addresses(s);
	features(s, SMP_PAIRING_REQUEST, DISTRIBUTE_LTK, s->pairing.request);
	s->step = SMP_RESPONSE;
	smp_send(s, SMP_PAIRING_REQUEST, s->pairing.request + 1, SMP_FEATURES - 1);
	return 0;
}

/* --- legacy pairing, 2.3.5.5 */

static void send_confirm(struct smp *s)
{
	uint8_t confirm[SMP_BLOCK];

	s->config.ops->random(s->config.ctx, s->own_random, SMP_BLOCK);
	if (!smp_broken(s, smp_c1(s->tk, s->own_random, &s->pairing, confirm)))
		smp_send(s, SMP_PAIRING_CONFIRM, confirm, SMP_BLOCK);
}

static void on_response(struct smp *s, const uint8_t *pdu)
{
	enum smp_reason wrong;

	memcpy(s->pairing.response, pdu, SMP_FEATURES);
	wrong = features_wrong(pdu);
	/* Distribution may take away from what was asked for, never add (3.6.1). */
	if (wrong == SMP_REASON_NONE && (pdu[FEATURE_INIT] & ~s->pairing.request[FEATURE_INIT] ||
					 pdu[FEATURE_RESP] & ~s->pairing.request[FEATURE_RESP]))
		wrong = SMP_REASON_PARAMETERS;
	if (wrong != SMP_REASON_NONE) {
		smp_fail(s, wrong);
		return;
	}
	if (!agree(s))
		return;
	if (s->secure) {
		smp_secure_begin(s);
	} else if (s->typed) {
		s->step = SMP_TYPING;
		s->config.ops->ask(s->config.ctx);
	} else {
		s->step = SMP_CONFIRM;
		send_confirm(s);
	}
}

int smp_passkey(struct smp *s, int32_t passkey)
{
	if (s->step != SMP_TYPING || passkey > SMP_PASSKEY_MAX)
		return -OTA_EINVAL;
	if (passkey < 0) {
		smp_fail(s, SMP_REASON_PASSKEY);
		return 0;
	}
	set_passkey(s, passkey);
	s->step = SMP_CONFIRM;
	if (s->secure)
		smp_secure_typed(s);
	else
		send_confirm(s);
	return 0;
}

static void legacy_confirm(struct smp *s, const uint8_t *data)
{
	memcpy(s->peer_confirm, data, SMP_BLOCK);
	s->step = SMP_RANDOM;
	if (s->config.initiator)
		smp_send(s, SMP_PAIRING_RANDOM, s->own_random, SMP_BLOCK);
	else
		send_confirm(s);
}

static void legacy_random(struct smp *s, const uint8_t *data)
{
	uint8_t confirm[SMP_BLOCK];
	const bool first = s->config.initiator;

	memcpy(s->peer_random, data, SMP_BLOCK);
	if (smp_broken(s, smp_c1(s->tk, s->peer_random, &s->pairing, confirm)))
		return;
	if (memcmp(confirm, s->peer_confirm, SMP_BLOCK) != 0) {
		smp_fail(s, SMP_REASON_CONFIRM);
		return;
	}
	if (smp_broken(s, smp_s1(s->tk, first ? s->peer_random : s->own_random,
				 first ? s->own_random : s->peer_random, s->key.ltk)))
		return;
	s->step = SMP_ENCRYPTION;
	if (first)
		smp_start_encryption(s);
	else
		smp_send(s, SMP_PAIRING_RANDOM, s->own_random, SMP_BLOCK);
}

/* --- keys */

void smp_start_encryption(struct smp *s)
{
	s->step = SMP_ENCRYPTION;
	s->config.ops->encrypt(s->config.ctx, &s->key);
}

bool smp_key_wanted(const struct smp *s, const uint8_t rand[8], uint16_t ediv, struct smp_key *ret)
{
	if (s->step != SMP_ENCRYPTION || ediv != 0 ||
	    memcmp(rand, s->key.rand, sizeof(s->key.rand)) != 0)
		return false;
	*ret = s->key;
	return true;
}

/* 3.6.1: the LTK that the STK gives way to, and the number by which it is asked for. */
static void distribute(struct smp *s)
{
	uint8_t identification[2 + sizeof(s->key.rand)], ediv[2];

	s->config.ops->random(s->config.ctx, s->key.ltk, SMP_BLOCK);
	s->config.ops->random(s->config.ctx, s->key.rand, sizeof(s->key.rand));
	s->config.ops->random(s->config.ctx, ediv, sizeof(ediv));
	s->key.ediv = bytes_get16(ediv);
	memcpy(identification, ediv, sizeof(ediv));
	memcpy(identification + 2, s->key.rand, sizeof(s->key.rand));
	smp_send(s, SMP_ENCRYPTION_INFORMATION, s->key.ltk, SMP_BLOCK);
	smp_send(s, SMP_CENTRAL_IDENTIFICATION, identification, sizeof(identification));
}

void smp_encrypted(struct smp *s, bool on)
{
	if (s->step != SMP_ENCRYPTION)
		return;
	if (!on) {
		smp_end(s, SMP_REASON_UNSPECIFIED);
	} else if (s->secure) {
		paired(s);
	} else if (!s->distribute) {
		s->bond = false; /* the STK ends with the link */
		paired(s);
	} else if (s->config.initiator) {
		s->step = SMP_KEYS;
	} else {
		distribute(s);
		paired(s);
	}
}

static void on_identification(struct smp *s, const uint8_t *data)
{
	s->key.ediv = bytes_get16(data);
	memcpy(s->key.rand, data + 2, sizeof(s->key.rand));
	paired(s);
}

/* --- PDUs */

/* Length of each, and the step in which it is this side's turn to hear it. */
static const struct {
	uint8_t len;
	bool known;
	enum smp_step step;
} pdus[SMP_CODES] = {
	[SMP_PAIRING_REQUEST] = {SMP_FEATURES, true, SMP_IDLE},
	[SMP_PAIRING_RESPONSE] = {SMP_FEATURES, true, SMP_RESPONSE},
	[SMP_PAIRING_CONFIRM] = {1 + SMP_BLOCK, true, SMP_CONFIRM},
	[SMP_PAIRING_RANDOM] = {1 + SMP_BLOCK, true, SMP_RANDOM},
	[SMP_ENCRYPTION_INFORMATION] = {1 + SMP_BLOCK, true, SMP_KEYS},
	[SMP_CENTRAL_IDENTIFICATION] = {11, true, SMP_IDENTIFICATION},
	[SMP_PAIRING_PUBLIC_KEY] = {1 + SMP_PUBLIC, true, SMP_PUBLIC_KEY},
	[SMP_PAIRING_DHKEY_CHECK] = {1 + SMP_BLOCK, true, SMP_CHECK},
};

static void dispatch(struct smp *s, const uint8_t *pdu)
{
	const uint8_t *data = pdu + 1;

	switch ((enum smp_code)pdu[0]) {
	case SMP_PAIRING_REQUEST:
		on_request(s, pdu);
		break;
	case SMP_PAIRING_RESPONSE:
		on_response(s, pdu);
		break;
	case SMP_PAIRING_CONFIRM:
		if (s->secure)
			smp_secure_confirm(s, data);
		else
			legacy_confirm(s, data);
		break;
	case SMP_PAIRING_RANDOM:
		if (s->secure)
			smp_secure_random(s, data);
		else
			legacy_random(s, data);
		break;
	case SMP_ENCRYPTION_INFORMATION:
		memcpy(s->key.ltk, data, SMP_BLOCK);
		s->step = SMP_IDENTIFICATION;
		break;
	case SMP_CENTRAL_IDENTIFICATION:
		on_identification(s, data);
		break;
	case SMP_PAIRING_PUBLIC_KEY:
		smp_secure_public_key(s, data);
		break;
	case SMP_PAIRING_DHKEY_CHECK:
		smp_secure_check(s, data);
		break;
	case SMP_PAIRING_FAILED:
	case SMP_SECURITY_REQUEST:
	case SMP_KEYPRESS:
	case SMP_CODES:
		break;
	}
}

/* Wanted in this step by this side. */
static bool in_turn(const struct smp *s, uint8_t code)
{
	if (code == SMP_PAIRING_REQUEST && s->config.initiator)
		return false;
	return pdus[code].step == s->step;
}

void smp_input(struct smp *s, const uint8_t *pdu, size_t len)
{
	const bool pairs = smp_busy(s);

	if (len == 0 || s->step == SMP_DEAD)
		return;
	if (pdu[0] == SMP_PAIRING_FAILED) {
		if (pairs)
			smp_end(s, len > 1 ? pdu[1] : SMP_REASON_UNSPECIFIED);
		return;
	}
	/* Reserved codes are ignored, 3.3; so are those that need no answer here. */
	if (pdu[0] >= SMP_CODES || !pdus[pdu[0]].known)
		return;
	if (!in_turn(s, pdu[0])) {
		if (pairs)
			smp_fail(s, SMP_REASON_UNSPECIFIED);
		else if (pdu[0] == SMP_PAIRING_REQUEST)
			smp_fail(s, SMP_REASON_NOT_SUPPORTED);
		return;
	}
	if (len != pdus[pdu[0]].len)
		smp_fail(s, SMP_REASON_PARAMETERS);
	else
		dispatch(s, pdu);
}

bool smp_busy(const struct smp *s)
{
	return s->step != SMP_IDLE && s->step != SMP_DEAD;
}

const char *smp_reason_text(unsigned int reason)
{
	switch (reason) {
	case SMP_REASON_PASSKEY:
		return "no passkey was typed";
	case SMP_REASON_AUTHENTICATION:
		return "a passkey is required, and this pairing has none";
	case SMP_REASON_CONFIRM:
		return "wrong passkey";
	case SMP_REASON_NOT_SUPPORTED:
		return "pairing is not supported";
	case SMP_REASON_KEY_SIZE:
		return "the key would be too short";
	case SMP_REASON_PARAMETERS:
		return "parameters out of range";
	case SMP_REASON_DHKEY:
		return "the keys do not match";
	case SMP_REASON_TIMEOUT:
		return "no answer for 30 s";
	default:
		return "it failed";
	}
}
