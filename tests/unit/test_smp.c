/* SPDX-License-Identifier: Apache-2.0 */
/* Two Security Managers that talk to each other, and one that is talked to badly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "air/smp.h"

#define QUEUE_MAX 256u
#define PASSKEY 90210

enum { INITIATOR, RESPONDER };

struct side {
	struct smp smp;
	struct smp_config config;
	struct side *peer;
	unsigned int asked, shown, paired, failed, reason;
	bool bond;
	struct smp_key key, encrypts;
	bool encrypting;
};

struct pdu {
	struct side *to;
	size_t len;
	uint8_t bytes[SMP_PDU_MAX];
};

static struct {
	struct sched sched;
	struct rng rng;
	struct side sides[2];
	struct pdu queue[QUEUE_MAX]; /* on the air, in order */
	size_t first, count;
	int32_t typed;
	size_t damage; /* of the PDU of this number, from 1, a bit is flipped */
	size_t damage_at;
	bool deaf; /* nothing is delivered */
} t;

static void on_send(void *ctx, const uint8_t *pdu, size_t len)
{
	struct side *s = ctx;
	struct pdu *p = &t.queue[t.count];

	assert_true(t.count < QUEUE_MAX && len <= SMP_PDU_MAX);
	p->to = s->peer;
	p->len = len;
	memcpy(p->bytes, pdu, len);
	if (++t.count == t.damage)
		p->bytes[t.damage_at % len] ^= 0x10;
}

static void on_random(void *ctx, uint8_t *buf, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)rng_u64(&t.rng);
}

static int32_t on_show(void *ctx)
{
	((struct side *)ctx)->shown++;
	return PASSKEY;
}

static void on_ask(void *ctx)
{
	((struct side *)ctx)->asked++;
}

static void on_encrypt(void *ctx, const struct smp_key *key)
{
	struct side *s = ctx;

	s->encrypting = true;
	s->encrypts = *key;
}

static void on_paired(void *ctx, const struct smp_key *key, bool bond)
{
	struct side *s = ctx;

	s->paired++;
	s->key = *key;
	s->bond = bond;
}

static void on_failed(void *ctx, unsigned int reason)
{
	struct side *s = ctx;

	s->failed++;
	s->reason = reason;
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

static void start(bool secure, bool passkey)
{
	t.first = t.count = t.damage = 0;
	t.typed = PASSKEY;
	t.deaf = false;
	rng_init(&t.rng, 7);
	for (unsigned int i = 0; i < 2; i++) {
		struct side *s = &t.sides[i];

		*s = (struct side){.peer = &t.sides[1 - i]};
		s->config = (struct smp_config){
			.ops = &ops,
			.ctx = s,
			.sched = &t.sched,
			.initiator = i == INITIATOR,
			.io = i == INITIATOR ? SMP_KEYBOARD_ONLY
			      : passkey	     ? SMP_DISPLAY_ONLY
					     : SMP_NO_INPUT_NO_OUTPUT,
			.mitm = i == RESPONDER && passkey,
			.secure_connections = i == INITIATOR || secure,
			.own = {1, 2, 3, 4, 5, (uint8_t)i, 0},
			.peer = {1, 2, 3, 4, 5, (uint8_t)(1 - i), 0},
		};
		smp_init(&s->smp, &s->config);
	}
}

static int setup(void **state)
{
	(void)state;
	sched_init(&t.sched, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		smp_finish(&t.sides[i].smp);
	sched_finish(&t.sched);
	return 0;
}

/* Encrypts with the initiator's key, as a link does. */
static void encrypt(void)
{
	struct side *a = &t.sides[INITIATOR], *b = &t.sides[RESPONDER];
	struct smp_key key;
	bool on;

	a->encrypting = false;
	on = smp_key_wanted(&b->smp, a->encrypts.rand, a->encrypts.ediv, &key) &&
	     memcmp(key.ltk, a->encrypts.ltk, SMP_BLOCK) == 0;
	smp_encrypted(&b->smp, on);
	smp_encrypted(&a->smp, on);
}

/* Until nothing happens any more. */
static void run(void)
{
	struct side *a = &t.sides[INITIATOR];
	unsigned int answered = a->asked;

	for (;;) {
		if (t.first < t.count && !t.deaf) {
			const struct pdu *p = &t.queue[t.first++];
			uint8_t *copy = malloc(p->len); /* of the right size, for the sanitizer */

			assert_non_null(copy);
			memcpy(copy, p->bytes, p->len);
			smp_input(&p->to->smp, copy, p->len);
			free(copy);
		} else if (a->encrypting) {
			encrypt();
		} else if (a->asked > answered) {
			answered = a->asked;
			assert_int_equal(smp_passkey(&a->smp, SMP_PASSKEY_MAX + 1), -OTA_EINVAL);
			assert_int_equal(smp_passkey(&a->smp, t.typed), 0);
		} else {
			return;
		}
	}
}

static void pair(void)
{
	assert_int_equal(smp_pair(&t.sides[INITIATOR].smp), 0);
	assert_int_equal(smp_pair(&t.sides[INITIATOR].smp), -OTA_EBUSY);
	run();
}

static void assert_failed(unsigned int reason)
{
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(t.sides[i].paired, 0);
		assert_int_equal(t.sides[i].failed, 1);
		assert_int_equal(t.sides[i].reason, reason);
		assert_false(smp_busy(&t.sides[i].smp));
	}
}

static void test_pairs(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		const bool secure = i & 1, passkey = i & 2;
		const struct side *a = &t.sides[INITIATOR], *b = &t.sides[RESPONDER];

		start(secure, passkey);
		pair();
		assert_int_equal(a->paired, 1);
		assert_int_equal(b->paired, 1);
		assert_int_equal(a->failed + b->failed, 0);
		assert_true(a->bond && b->bond);
		assert_memory_equal(a->key.ltk, b->key.ltk, SMP_BLOCK);
		assert_memory_equal(a->key.rand, b->key.rand, sizeof(a->key.rand));
		assert_int_equal(a->key.ediv, b->key.ediv);
		assert_true(a->key.authenticated == passkey && b->key.authenticated == passkey);
		assert_int_equal(a->asked, passkey);
		assert_int_equal(b->shown, passkey);
		/* A legacy LTK is asked for by number, one of Secure Connections is the only one. */
		assert_true((a->key.ediv == 0) == secure);
		assert_true(secure || memcmp(a->key.ltk, a->encrypts.ltk, SMP_BLOCK) != 0);
		/* And once more over the same link. */
		t.first = t.count = 0;
		pair();
		assert_int_equal(a->paired, 2);
	}
}

static void test_wrong_passkey(void **state)
{
	(void)state;
	for (unsigned int secure = 0; secure < 2; secure++) {
		start(secure, true);
		t.typed = PASSKEY ^ 1 << 19;
		pair();
		assert_failed(SMP_REASON_CONFIRM);
		start(secure, true);
		t.typed = -1;
		pair();
		assert_failed(SMP_REASON_PASSKEY);
		assert_int_equal(smp_passkey(&t.sides[INITIATOR].smp, PASSKEY), -OTA_EINVAL);
	}
}

/* A bit of any PDU flipped on its way: nobody is paired with a key that the other lacks. */
static void test_damage(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		size_t pdus;

		start(i & 1, i & 2);
		pair();
		pdus = t.count;
		for (size_t at = 0; at < SMP_PDU_MAX; at += 13) {
			for (size_t n = 1; n <= pdus; n++) {
				const struct side *a = &t.sides[INITIATOR];
				const struct side *b = &t.sides[RESPONDER];

				start(i & 1, i & 2);
				t.damage = n;
				t.damage_at = at;
				pair();
				/* The keys that legacy pairing hands over are protected by
				 * encryption alone, and a lost PDU ends in the timeout. */
				if (a->paired && b->paired && (i & 1))
					assert_memory_equal(a->key.ltk, b->key.ltk, SMP_BLOCK);
				sched_advance(&t.sched, sched_now(&t.sched) + SMP_TIMEOUT_US);
				assert_false(smp_busy(&a->smp));
				assert_false(smp_busy(&b->smp));
			}
		}
	}
}

/* A responder that wants a passkey refuses an initiator that cannot type. */
static void test_no_keyboard(void **state)
{
	struct side *a = &t.sides[INITIATOR];

	(void)state;
	for (unsigned int secure = 0; secure < 2; secure++) {
		start(secure, true);
		a->config.io = SMP_NO_INPUT_NO_OUTPUT;
		smp_init(&a->smp, &a->config);
		pair();
		assert_failed(SMP_REASON_AUTHENTICATION);
	}
}

static void test_timeout(void **state)
{
	const struct side *a = &t.sides[INITIATOR];

	(void)state;
	start(true, false);
	t.deaf = true;
	pair();
	sched_advance(&t.sched, sched_now(&t.sched) + SMP_TIMEOUT_US - 1);
	assert_int_equal(a->failed, 0);
	sched_advance(&t.sched, sched_now(&t.sched) + 1);
	assert_int_equal(a->failed, 1);
	assert_int_equal(a->reason, SMP_REASON_TIMEOUT);
	/* 3.4: not again over this link. */
	assert_int_equal(smp_pair(&t.sides[INITIATOR].smp), -OTA_ETIMEDOUT);
}

static void tell(unsigned int side, const char *text)
{
	uint8_t pdu[2 * SMP_PDU_MAX] = {0}, *copy;
	size_t len = 0;

	for (; text[0]; text += text[0] == ' ' ? 1 : 2) {
		unsigned int high =
			(unsigned int)(text[0] <= '9' ? text[0] - '0' : text[0] - 'a' + 10);

		if (text[0] == ' ')
			continue;
		pdu[len++] =
			(uint8_t)(high << 4 | (unsigned int)(text[1] <= '9' ? text[1] - '0'
									    : text[1] - 'a' + 10));
	}
	copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, pdu, len);
	smp_input(&t.sides[side].smp, copy, len);
	free(copy);
}

#define REQUEST "01 03 00 01 10 00 01" /* Pairing Request, legacy, just works */

static void test_bad_requests(void **state)
{
	static const struct {
		const char *pdu;
		uint8_t reason; /* 0: no answer */
	} rows[] = {
		{"", 0},
		{"00", 0}, /* reserved */
		{"0f 00", 0},
		{"ff", 0},
		{"0e 00", 0}, /* keypress */
		{"05 08", 0}, /* nothing failed */
		{"02 03 00 01 10 00 01", 0}, /* a response to nothing */
		{"04 00000000000000000000000000000000", 0},
		{"01", SMP_REASON_PARAMETERS},
		{"01 03 00 01 10 00", SMP_REASON_PARAMETERS},
		{"01 03 00 01 10 00 01 00", SMP_REASON_PARAMETERS},
		{"01 05 00 01 10 00 01", SMP_REASON_PARAMETERS}, /* no such capability */
		{"01 03 02 01 10 00 01", SMP_REASON_PARAMETERS}, /* no such OOB flag */
		{"01 03 00 01 11 00 01", SMP_REASON_PARAMETERS}, /* key of 17 octets */
		{"01 03 00 01 06 00 01", SMP_REASON_PARAMETERS}, /* of 6 */
		{"01 03 00 01 07 00 01", SMP_REASON_KEY_SIZE}, /* allowed, but not here */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(true, false);
		tell(RESPONDER, rows[i].pdu);
		assert_int_equal(t.count, rows[i].reason != 0);
		if (rows[i].reason) {
			assert_int_equal(t.queue[0].len, 2);
			assert_int_equal(t.queue[0].bytes[0], 0x05);
			assert_int_equal(t.queue[0].bytes[1], rows[i].reason);
		}
		assert_false(smp_busy(&t.sides[RESPONDER].smp));
	}
}

/* Out of turn, or of another length: the pairing ends, and another can begin. */
static void test_out_of_turn(void **state)
{
	static const char *const rows[] = {
		REQUEST,
		"04 00000000000000000000000000000000",
		"06 00000000000000000000000000000000",
		"07 00000000000000000000",
		"0d 00000000000000000000000000000000",
		"03 00",
		"03 0000000000000000000000000000000000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		start(false, false);
		tell(RESPONDER, REQUEST);
		assert_int_equal(t.count, 1);
		assert_true(smp_busy(&t.sides[RESPONDER].smp));
		tell(RESPONDER, rows[i]);
		assert_int_equal(t.count, 2);
		assert_int_equal(t.queue[1].bytes[0], 0x05);
		assert_int_equal(t.sides[RESPONDER].failed, 1);
		tell(RESPONDER, REQUEST);
		assert_true(smp_busy(&t.sides[RESPONDER].smp));
		tell(RESPONDER, "05 04");
		assert_int_equal(t.sides[RESPONDER].reason, 4);
		assert_false(smp_busy(&t.sides[RESPONDER].smp));
	}
}

/* Keys that were not asked for, a key of the peer's own, and one beside the curve. */
static void test_bad_answers(void **state)
{
	char pdu[3 + 2 * SMP_PUBLIC + 1] = "0c ";

	(void)state;
	start(true, false);
	assert_int_equal(smp_pair(&t.sides[INITIATOR].smp), 0);
	tell(INITIATOR, "02 03 00 01 10 00 03");
	assert_int_equal(t.sides[INITIATOR].reason, SMP_REASON_PARAMETERS);
	start(true, false);
	t.deaf = true;
	assert_int_equal(smp_pair(&t.sides[INITIATOR].smp), 0);
	tell(INITIATOR, "02 03 00 09 10 00 00");
	assert_int_equal(t.queue[1].bytes[0], 0x0c);
	smp_input(&t.sides[INITIATOR].smp, t.queue[1].bytes, t.queue[1].len);
	assert_int_equal(t.sides[INITIATOR].reason, SMP_REASON_PARAMETERS);
	start(true, false);
	tell(RESPONDER, "01 03 00 09 10 00 00");
	memset(pdu + 3, '1', 2 * SMP_PUBLIC);
	tell(RESPONDER, pdu);
	assert_int_equal(t.sides[RESPONDER].reason, SMP_REASON_PARAMETERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pairs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_passkey, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_keyboard, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timeout, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_out_of_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_answers, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
