/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the values that a session chose or got, with the reason of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "image/image_build.h"
#include "updatelib.h"

static uint8_t image[100000];
static size_t image_size;
static uint8_t large[800000];
static size_t large_size;
static struct update u;
static struct session_choices got;

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 90000, .seed = 3};
	const struct image_build l = {.version = "2.0.0", .size = 800000, .seed = 3};

	(void)state;
	if (image_build(&l, sha256_buffer, large, sizeof(large), &large_size) < 0)
		return -1;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

static void begin(void)
{
	update_init(&u, image, image_size);
	u.sim.phy = OTA_PHY_UNKNOWN; /* nothing is pinned */
	u.sim.interval = u.sim.supervision = 0;
	u.session.link_auto = true;
	u.session.link.phys = OTA_PHYS_2M;
	u.session.link.supervision_timeout = 500;
}

/* Until it sends: got is what it says then of its link. */
static void run(void)
{
	struct transport_link link;

	update_begin(&u);
	while (u.s.state != SESSION_SENDING) {
		assert_false(session_finished(&u.s));
		assert_true(update_step(&u));
	}
	memset(&link, 0, sizeof(link));
	u.transport->ops->link_state(u.transport, &link);
	session_tell_choices(&u.s, &link.link, &got);
}

static void expect(const struct session_choice *choice, uint32_t value, uint32_t asked,
		   enum session_reason reason)
{
	assert_int_equal(choice->value, value);
	assert_int_equal(choice->asked, asked);
	assert_string_equal(session_reason_name(choice->reason), session_reason_name(reason));
}

static void test_auto(void **state)
{
	(void)state;
	begin();
	run();
	expect(&got.chunk, 495, 0, SESSION_BY_AIR_TIME);
	expect(&got.mode, GATT_COMMAND, GATT_COMMAND, SESSION_BY_DIALECT);
	assert_int_equal(got.window.value,
			 u.s.window < u.s.info.ring_size ? u.s.window : u.s.info.ring_size);
	expect(&got.latency, 0, 0, SESSION_ASKED);
	expect(&got.supervision_timeout, 500, 500, SESSION_ASKED);
	expect(&got.data_length, got.data_length.value, 0, SESSION_KEPT);
	assert_true(got.data_length.value > 0);
	assert_int_equal(got.link_code, 0);
	update_end(&u);
}

/* The interval follows the PHY that the chip has. */
static void test_phy(void **state)
{
	(void)state;
	begin();
	u.sim.kind.chip_id = 5; /* has 2M */
	run();
	expect(&got.phy, OTA_PHY_2M, OTA_PHY_2M, SESSION_ASKED);
	expect(&got.interval, 8, 8, SESSION_BY_PHY);
	update_end(&u);
	begin();
	u.sim.phy = OTA_PHY_1M;
	run();
	expect(&got.phy, OTA_PHY_1M, OTA_PHY_2M, SESSION_UNSUPPORTED);
	expect(&got.interval, 12, 12, SESSION_BY_PHY);
	update_end(&u);
}

static void test_limits(void **state)
{
	(void)state;
	begin();
	u.session.chunk = 400;
	u.session.window = 1u << 20;
	u.session.ack_interval = 3000;
	u.sim.kind.mtu = 247;
	run();
	expect(&got.chunk, 244, 400, SESSION_BY_MTU);
	expect(&got.window, u.s.info.ring_size, 1u << 20, SESSION_BY_RING);
	expect(&got.ack_interval, 3000, 3000, SESSION_ASKED);
	update_end(&u);
	begin();
	u.session.chunk = 200;
	u.session.window = 4000;
	u.session.mode_auto = false;
	u.session.mode = GATT_REQUEST;
	run();
	expect(&got.chunk, 200, 200, SESSION_ASKED);
	expect(&got.window, 4000, 4000, SESSION_ASKED);
	expect(&got.ack_interval, 1000, 0, SESSION_BY_WINDOW);
	expect(&got.mode, GATT_REQUEST, GATT_REQUEST, SESSION_ASKED);
	/* START said it: another window while it sends does not change it. */
	assert_int_equal(session_set_window(&u.s, 8000, update_now(&u)), 0);
	session_tell_choices(&u.s, &(struct ota_link){0}, &got);
	expect(&got.window, 8000, 8000, SESSION_ASKED);
	expect(&got.ack_interval, 1000, 0, SESSION_BY_WINDOW);
	update_end(&u);
}

/* Adapters have a mind of their own, and a device may say that it cannot. */
static void test_given_another(void **state)
{
	struct ota_link link = {.interval = 40, .tx_phy = OTA_PHY_1M};

	(void)state;
	begin();
	u.session.link_auto = false;
	u.session.link.interval_min = u.session.link.interval_max = 24;
	u.sim.kind.chip_id = 5; /* has 2M */
	run();
	expect(&got.interval, 24, 24, SESSION_ASKED);
	session_tell_choices(&u.s, &link, &got);
	expect(&got.interval, 40, 24, SESSION_BY_STACK);
	expect(&got.phy, OTA_PHY_1M, OTA_PHY_2M, SESSION_BY_STACK);
	update_end(&u);
	begin();
	u.session.link_auto = false;
	u.session.link.interval_min = u.session.link.interval_max = 24;
	u.sim.interval = 40; /* pinned: the adapter refuses another */
	run();
	expect(&got.interval, 40, 24, SESSION_DECLINED);
	assert_int_equal(got.link_code, OTA_ERR_LINK);
	update_end(&u);
}

static void test_basic(void **state)
{
	(void)state;
	begin();
	u.sim.kind.dialect = ESP_BASIC;
	run();
	expect(&got.mode, GATT_REQUEST, GATT_REQUEST, SESSION_BY_DIALECT);
	expect(&got.ack_interval, 0, 0, SESSION_BY_DIALECT);
	assert_int_equal(got.interval.reason, SESSION_BY_DIALECT);
	assert_int_equal(got.phy.reason, SESSION_BY_DIALECT);
	assert_int_equal(got.data_length.reason, SESSION_KEPT);
	update_end(&u);
}

/* Buffers that are filled once an event want as many events as there can be. */
static void test_adapter(void **state)
{
	(void)state;
	begin();
	u.session.link.data_length = 251;
	u.sim.buffers = 3;
	u.sim.buffer_octets = 251;
	run();
	expect(&got.interval, 6, 6, SESSION_BY_ADAPTER);
	update_end(&u);
	begin();
	u.session.link.data_length = 251;
	u.sim.buffers = 3;
	u.sim.buffer_octets = 251;
	u.sim.refill = true;
	run();
	expect(&got.interval, 12, 12, SESSION_BY_PHY);
	update_end(&u);
}

static const struct transport_ops *honest;
static unsigned int asked; /* LINK requests */

/* Knows what bluetoothd does: how many buffers there are, and not how they are filled. */
static void knows_little(struct transport *t, struct transport_link *ret)
{
	honest->link_state(t, ret);
	ret->refill = true;
}

static int counting(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
		    const uint8_t *buf, size_t len)
{
	asked += chr == GATT_CONTROL && buf[0] == OTA_CMD_LINK;
	return honest->write(t, chr, mode, buf, len);
}

static void finish_over_stack(int (*write)(struct transport *t, enum gatt_chr chr,
					   enum gatt_write mode, const uint8_t *buf, size_t len))
{
	struct transport_ops ops;

	asked = 0;
	update_open(&u);
	honest = u.simulator->ops;
	ops = *honest;
	ops.link_state = knows_little;
	ops.write = write;
	u.simulator->ops = &ops;
	update_start(&u, u.simulator, UPDATE_DEVICE);
	update_finish(&u, 600);
	assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
	session_tell_choices(&u.s, &u.s.stats.link, &got);
	u.simulator->ops = honest;
}

/* A rate far below what the stack lets one expect: another interval is tried, and kept. */
static void test_measured(void **state)
{
	(void)state;
	begin();
	u.session.image = large;
	u.session.image_size = (uint32_t)large_size;
	sha256_buffer(large, large_size, u.session.sha256);
	u.session.link.data_length = 251;
	u.sim.buffers = 3;
	u.sim.buffer_octets = 251;
	finish_over_stack(counting);
	assert_int_equal(u.s.tune.best, 6);
	assert_int_equal(u.s.choices.interval.reason, SESSION_BY_RATE);
	assert_true(asked <= 3); /* before START, the trial, and after the reboot */
	assert_int_equal(session_learned_interval(&u.s), 6); /* far better: worth remembering */
	update_end(&u);
}

/* If a shorter interval is clearly slower, a longer one is tried, and kept: 15 ms is best for an
 * adapter that prepares its events late, which no stack tells. */
static void test_late_refill(void **state)
{
	(void)state;
	begin();
	u.session.image = large;
	u.session.image_size = (uint32_t)large_size;
	sha256_buffer(large, large_size, u.session.sha256);
	u.sim.phy = OTA_PHY_2M;
	u.sim.kind.phys = OTA_PHYS_1M | OTA_PHYS_2M;
	u.sim.buffers = 8;
	u.sim.buffer_octets = 251;
	u.sim.refill = u.sim.late = true;
	finish_over_stack(counting);
	assert_int_equal(u.s.tune.best, 12);
	assert_int_equal(session_learned_interval(&u.s), 12);
	assert_int_equal(u.s.choices.interval.reason, SESSION_BY_RATE);
	update_end(&u);
}

/* An earlier run has found it out. */
static void test_known(void **state)
{
	(void)state;
	begin();
	u.sim.kind.chip_id = 5; /* has 2M */
	update_begin(&u);
	session_know_intervals(&u.s, 6, 24);
	while (u.s.state != SESSION_SENDING)
		assert_true(update_step(&u));
	session_tell_choices(&u.s, &u.s.stats.link, &got);
	expect(&got.interval, 24, 24, SESSION_BY_ADAPTER);
	update_end(&u);
}

/* If the trial is no faster, the interval from before is asked for again, and that is all. */
static void test_undone(void **state)
{
	(void)state;
	begin();
	u.session.image = large;
	u.session.image_size = (uint32_t)large_size;
	sha256_buffer(large, large_size, u.session.sha256);
	u.sim.kind.chip_id = 0;
	u.session.link.data_length = 251;
	u.sim.buffers = 8;
	u.sim.buffer_octets = 251;
	u.sim.refill = u.sim.late = true;
	finish_over_stack(counting);
	assert_int_equal(u.s.tune.best, 12);
	assert_int_equal(session_learned_interval(&u.s), 0);
	assert_int_equal(u.s.choices.interval.asked, 12);
	assert_int_equal(u.s.tune.step, SESSION_TUNED);
	assert_true(asked >= 3);
	assert_true(asked <= 4);
	update_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auto),	cmocka_unit_test(test_phy),
		cmocka_unit_test(test_limits),	cmocka_unit_test(test_given_another),
		cmocka_unit_test(test_adapter), cmocka_unit_test(test_measured),
		cmocka_unit_test(test_known),	cmocka_unit_test(test_late_refill),
		cmocka_unit_test(test_undone),	cmocka_unit_test(test_basic),
	};

	return cmocka_run_group_tests_name("session_choice", tests, build, NULL);
}
