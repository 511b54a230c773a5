/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any conversation with a Security Manager, in either role.
 *
 * The first octet chooses role, capability and what is insisted on.  Then steps:
 * an octet 0 and another: what the link or the user does; or an octet 1..255 and
 * that many octets: a PDU.
 */
#include <stdlib.h>
#include <string.h>

#include "air/smp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENCRYPTED, NOT_ENCRYPTED, TYPED, REFUSED, PAIR, TIME, STEPS };

static struct sched sched;
static struct smp smp;
static uint8_t noise;

/* A PDU has the length of its kind, whatever was said before. */
static void on_send(void *ctx, const uint8_t *pdu, size_t len)
{
	static const uint8_t lengths[] = {0, 7, 7, 17, 17, 2, 17, 11, 0, 0, 0, 0, 65, 17};

	(void)ctx;
	if (len == 0 || pdu[0] >= sizeof(lengths) || len != lengths[pdu[0]])
		abort();
}

static void on_random(void *ctx, uint8_t *buf, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		buf[i] = noise = (uint8_t)(noise * 5u + 1u);
}

static int32_t on_show(void *ctx)
{
	(void)ctx;
	return 123456;
}

static void on_ask(void *ctx)
{
	(void)ctx;
}

static void on_encrypt(void *ctx, const struct smp_key *key)
{
	(void)ctx;
	if (key->ediv != 0)
		abort();
}

static void on_paired(void *ctx, const struct smp_key *key, bool bond)
{
	(void)bond;
	/* A pairing must not be weaker than what was insisted on. */
	if (((const struct smp_config *)ctx)->mitm && !key->authenticated)
		abort();
}

static void on_failed(void *ctx, unsigned int reason)
{
	(void)ctx;
	(void)smp_reason_text(reason);
}

static const struct smp_ops ops = {
	.send = on_send,
	.random = on_random,
	.show = on_show,
	.ask = on_ask,
	.encrypt = on_encrypt,
	.paired = on_paired,
	.failed = on_failed,
};

static void step(uint8_t what)
{
	static const uint8_t none[8];
	struct smp_key key;

	switch (what % STEPS) {
	case ENCRYPTED:
		(void)smp_key_wanted(&smp, none, 0, &key);
		smp_encrypted(&smp, true);
		break;
	case NOT_ENCRYPTED:
		smp_encrypted(&smp, false);
		break;
	case TYPED:
		(void)smp_passkey(&smp, 123456);
		break;
	case REFUSED:
		(void)smp_passkey(&smp, -1);
		break;
	case PAIR:
		(void)smp_pair(&smp);
		break;
	case TIME:
		sched_advance(&sched, sched_now(&sched) + SMP_TIMEOUT_US / 2);
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smp_config config = {.ops = &ops, .sched = &sched};

	if (size == 0)
		return 0;
	sched_init(&sched, 0);
	noise = 1;
	config.ctx = &config;
	config.initiator = data[0] & 1;
	config.secure_connections = data[0] & 2;
	config.mitm = data[0] & 4;
	config.io = (enum smp_io)((data[0] >> 3) % SMP_IOS);
	smp_init(&smp, &config);
	for (data++, size--; size >= 2;) {
		const size_t n = data[0] < size ? data[0] : size - 1;

		if (data[0] == 0) {
			step(data[1]);
			data += 2;
			size -= 2;
			continue;
		}
		smp_input(&smp, data + 1, n);
		data += 1 + n;
		size -= 1 + n;
	}
	smp_finish(&smp);
	sched_finish(&sched);
	return 0;
}
