/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Security Manager of one side of a link (Core Vol 3 Part H): the virtual
 * ESP32's as responder, the simulated central's as initiator.
 *
 * Pairing by LE Secure Connections where both sides have them, else LE legacy
 * pairing; just works, or a passkey that the responder shows and the initiator
 * types.  What else there is (out of band, numeric comparison, 7-octet keys,
 * signing, identities) the devices modelled here do not use, and a peer that
 * insists on it is refused.
 *
 * Nothing that the peer sends is trusted: what is malformed or out of turn ends
 * the pairing with the reason that 3.5.5 has for it.
 */
#ifndef OTABENCH_AIR_SMP_H
#define OTABENCH_AIR_SMP_H

#include <stdbool.h>

#include "base/sched.h"
#include "air/smp_crypto.h"

#define SMP_PDU_MAX 65u /* octets; a public key */
#define SMP_PASSKEY_MAX 999999
#define SMP_TIMEOUT_US 30000000u /* 3.4: then this link pairs no more */

/* 2.3.2 */
enum smp_io {
	SMP_DISPLAY_ONLY,
	SMP_DISPLAY_YES_NO,
	SMP_KEYBOARD_ONLY,
	SMP_NO_INPUT_NO_OUTPUT,
	SMP_KEYBOARD_DISPLAY,
	SMP_IOS
};

/* 3.5.5 */
enum smp_reason {
	SMP_REASON_NONE,
	SMP_REASON_PASSKEY = 0x01, /* the user did not type it */
	SMP_REASON_AUTHENTICATION = 0x03, /* what this side asks for cannot be had */
	SMP_REASON_CONFIRM = 0x04, /* wrong passkey */
	SMP_REASON_KEY_SIZE = 0x06,
	SMP_REASON_NOT_SUPPORTED = 0x05,
	SMP_REASON_UNSPECIFIED = 0x08,
	SMP_REASON_PARAMETERS = 0x0a,
	SMP_REASON_DHKEY = 0x0b,
	SMP_REASON_TIMEOUT = 0x100, /* never on the air */
};

/* Input of an encryption start: the LTK, and the responder's identifier of it. */
struct smp_key {
	uint8_t ltk[SMP_BLOCK];
	uint8_t rand[8];
	uint16_t ediv;
	bool authenticated; /* somebody typed a passkey */
};

struct smp;

/* Called from within the functions below; may call none of them.  All but the last are required. */
struct smp_ops {
	void (*send)(void *ctx, const uint8_t *pdu, size_t len);
	void (*random)(void *ctx, uint8_t *buf, size_t len);
	/* Responder: the passkey that it shows from now on, 0..999999. */
	int32_t (*show)(void *ctx);
	/* Initiator: smp_passkey() is awaited. */
	void (*ask)(void *ctx);
	/* Initiator: start encryption with it; smp_encrypted() follows. */
	void (*encrypt)(void *ctx, const struct smp_key *key);
	/* Pairing ended, and these keys are to be kept where bond says so. */
	void (*paired)(void *ctx, const struct smp_key *key, bool bond);
	/* Pairing ended otherwise: enum smp_reason, or a number of the peer's. */
	void (*failed)(void *ctx, unsigned int reason);
};

struct smp_config {
	const struct smp_ops *ops;
	void *ctx;
	struct sched *sched; /* must outlive it */
	bool initiator;
	enum smp_io io;
	bool mitm; /* nothing less than a passkey will do */
	bool secure_connections; /* offers them */
	uint8_t own[SMP_ADDRESS], peer[SMP_ADDRESS];
};

enum smp_step {
	SMP_IDLE,
	SMP_RESPONSE, /* initiator: for the Pairing Response */
	SMP_PUBLIC_KEY,
	SMP_TYPING, /* initiator: for the user */
	SMP_CONFIRM,
	SMP_RANDOM,
	SMP_CHECK, /* for the DHKey Check */
	SMP_ENCRYPTION, /* with the key just made */
	SMP_KEYS, /* initiator, legacy: for the LTK */
	SMP_IDENTIFICATION, /* ... and what it is known by */
	SMP_DEAD, /* timed out */
};

/* Memory from the caller; contents private. */
struct smp {
	struct smp_config config;
	enum smp_step step;
	struct sched_event timeout;
	struct smp_pairing pairing;
	bool secure, typed, bond; /* as negotiated: Secure Connections, passkey, keys are kept */
	uint8_t distribute; /* responder, legacy: it sends its LTK */
	int32_t passkey;
	unsigned int round; /* of twenty */
	uint8_t tk[SMP_BLOCK];
	uint8_t own_random[SMP_BLOCK], peer_random[SMP_BLOCK], peer_confirm[SMP_BLOCK];
	uint8_t secret[SMP_PRIVATE], own_public[SMP_PUBLIC], peer_public[SMP_PUBLIC];
	uint8_t dhkey[SMP_DHKEY], mac_key[SMP_BLOCK];
	struct smp_key key; /* STK or LTK */
};

void smp_init(struct smp *s, const struct smp_config *config);
/* The link is gone: no further calls are made. */
void smp_finish(struct smp *s);

/* A frame of LINK_CID_SECURITY, any bytes. */
void smp_input(struct smp *s, const uint8_t *pdu, size_t len);
/* Initiator: begins.  -OTA_EBUSY while it pairs, -OTA_ETIMEDOUT after a timeout. */
int smp_pair(struct smp *s);
/* Initiator: what the user typed, or negative: he will not.  -OTA_EINVAL when nothing asks. */
int smp_passkey(struct smp *s, int32_t passkey);
/* Responder: whether it is this pairing's key that encryption is to start with. */
bool smp_key_wanted(const struct smp *s, const uint8_t rand[8], uint16_t ediv, struct smp_key *ret);
/* Encryption started, or did not. */
void smp_encrypted(struct smp *s, bool on);
bool smp_busy(const struct smp *s);
/* "wrong passkey"; for texts. */
const char *smp_reason_text(unsigned int reason);

#endif
