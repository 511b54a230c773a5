/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption of the modelled link: keys that match, that differ, that are not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "linklib.h"

static struct link_key central_key;
static struct {
	struct link_ops ops;
	bool known; /* the peripheral has a key ... */
	uint8_t ltk[LINK_KEY_SIZE]; /* ... and this is it */
	unsigned int asked;
} device;

static void on_key(void *ctx, const uint8_t rand[8], uint16_t ediv)
{
	(void)ctx;
	device.asked++;
	assert_memory_equal(rand, central_key.rand, sizeof(central_key.rand));
	assert_int_equal(ediv, central_key.ediv);
	assert_int_equal(link_answer_key(w.link, device.known ? device.ltk : NULL), 0);
	assert_int_equal(link_answer_key(w.link, device.ltk), -OTA_EINVAL);
}

static void connect_with_keys(void)
{
	central_key = (struct link_key){.ltk = {1, 2, 3}, .rand = {4, 5, 6}, .ediv = 0x1234};
	device.asked = 0;
	device.known = true;
	memcpy(device.ltk, central_key.ltk, sizeof(device.ltk));
	device.ops = *w.config.sides[LINK_PERIPHERAL].ops;
	device.ops.key_wanted = on_key;
	w.config.sides[LINK_PERIPHERAL].ops = &device.ops;
	link_rig_connect();
}

static bool encrypted(void)
{
	struct link_state now;

	link_get_state(w.link, &now);
	return now.encrypted;
}

static void assert_changed(unsigned int count, uint8_t code)
{
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		assert_int_equal(w.host[i].changed[LINK_ENCRYPTION], count);
		assert_int_equal(w.host[i].changed_code, code);
	}
}

static void test_encrypts(void **state)
{
	(void)state;
	connect_with_keys();
	assert_int_equal(link_answer_key(w.link, device.ltk), -OTA_EINVAL);
	assert_int_equal(link_encrypt(w.link, &central_key), 0);
	sched_advance(&w.sched, 20 * INTERVAL_US);
	assert_int_equal(device.asked, 1);
	assert_changed(1, 0);
	assert_true(encrypted());
	/* Another key: nothing is encrypted in between, and everything after. */
	central_key.ltk[0] ^= 1;
	device.ltk[0] ^= 1;
	assert_int_equal(link_encrypt(w.link, &central_key), 0);
	sched_advance(&w.sched, 60 * INTERVAL_US);
	assert_int_equal(device.asked, 2);
	assert_changed(2, 0);
	assert_true(encrypted());
}

static void test_key_missing(void **state)
{
	(void)state;
	connect_with_keys();
	device.known = false;
	assert_int_equal(link_encrypt(w.link, &central_key), 0);
	link_rig_send(LINK_CENTRAL, 100);
	link_rig_send(LINK_PERIPHERAL, 100);
	sched_advance(&w.sched, 30 * INTERVAL_US);
	assert_changed(1, LINK_CODE_KEY_MISSING);
	assert_false(encrypted());
	/* The frames that had to wait were sent. */
	assert_int_equal(central()->frames, 1);
	assert_int_equal(peripheral()->frames, 1);
}

/* A host without a callback has no key. */
static void test_no_callback(void **state)
{
	(void)state;
	link_rig_connect();
	assert_int_equal(link_encrypt(w.link, &central_key), 0);
	sched_advance(&w.sched, 30 * INTERVAL_US);
	assert_changed(1, LINK_CODE_KEY_MISSING);
}

static void test_keys_differ(void **state)
{
	(void)state;
	connect_with_keys();
	device.ltk[15] ^= 0x80;
	assert_int_equal(link_encrypt(w.link, &central_key), 0);
	sched_advance(&w.sched, 100 * INTERVAL_US);
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		assert_int_equal(w.host[i].disconnected, 1);
		assert_int_equal(w.host[i].reason, LINK_REASON_MIC);
	}
}

/* Data pauses while the key is agreed on, and is all there afterwards. */
static void test_data_waits(void **state)
{
	(void)state;
	w.config.sides[LINK_CENTRAL].loss_ppm = w.config.sides[LINK_PERIPHERAL].loss_ppm = 100000;
	w.config.params.supervision_timeout = 3200;
	connect_with_keys();
	for (unsigned int i = 0; i < 20; i++) {
		link_rig_send(LINK_CENTRAL, 500);
		link_rig_send(LINK_PERIPHERAL, 500);
		if (i == 10)
			assert_int_equal(link_encrypt(w.link, &central_key), 0);
	}
	sched_advance(&w.sched, 400 * INTERVAL_US);
	assert_changed(1, 0);
	assert_true(encrypted());
	assert_int_equal(central()->frames, 20);
	assert_int_equal(peripheral()->frames, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINK_TEST(test_encrypts),    LINK_TEST(test_key_missing),
		LINK_TEST(test_no_callback), LINK_TEST(test_keys_differ),
		LINK_TEST(test_data_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
