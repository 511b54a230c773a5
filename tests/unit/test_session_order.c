/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that overtake each other, as over several bearers of ATT (EATT, Core Vol 3 Part F 3.2.11):
 * each bearer keeps its own order, and no order holds between two of them.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/sha256.h"
#include "image/image_build.h"
#include "transport/wrap.h"
#include "updatelib.h"

#define LATE_US 3000u /* of a bearer whose PDUs wait, where nothing else is sent meanwhile */
#define SIZE 120000u
#define ALL 1000000u

static uint8_t image[SIZE + 1000u];
static size_t image_size;

/* A command is held back until the next one went, or for LATE_US. */
struct bearers {
	struct wrap wrap;
	uint32_t ppm; /* of the commands are held back ... */
	unsigned int most; /* ... and no more than so many in all */
	struct rng rng;
	uint64_t alarm_at, held_until; /* UINT64_MAX: none */
	uint8_t held[OTA_VALUE_MAX];
	size_t held_len;
	unsigned int overtaken;
};

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = SIZE, .seed = 5};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

static struct bearers *bearers_of(struct transport *t)
{
	return (struct bearers *)t;
}

static uint64_t bearers_now(const struct bearers *b)
{
	return b->wrap.inner->ops->now_us(b->wrap.inner);
}

static void bearers_arm(struct bearers *b)
{
	const uint64_t at = b->held_until < b->alarm_at ? b->held_until : b->alarm_at;

	assert_int_equal(b->wrap.inner->ops->set_alarm(b->wrap.inner, at), 0);
}

static int bearers_set_alarm(struct transport *t, uint64_t at_us)
{
	bearers_of(t)->alarm_at = at_us;
	bearers_arm(bearers_of(t));
	return 0;
}

static void release(struct bearers *b)
{
	struct transport *t = b->wrap.inner;

	b->held_until = UINT64_MAX;
	/* A stack without room drops it: what is lost here is lost to the device. */
	(void)t->ops->write(t, GATT_DATA, GATT_COMMAND, b->held, b->held_len);
	bearers_arm(b);
}

static int bearers_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
			 const uint8_t *buf, size_t len)
{
	struct bearers *b = bearers_of(t);
	const bool command = chr == GATT_DATA && mode == GATT_COMMAND;
	int rc;

	if (command && b->held_until == UINT64_MAX && b->overtaken < b->most &&
	    rng_chance(&b->rng, b->ppm)) {
		memcpy(b->held, buf, len);
		b->held_len = len;
		b->held_until = bearers_now(b) + LATE_US;
		bearers_arm(b);
		return 0;
	}
	rc = b->wrap.inner->ops->write(b->wrap.inner, chr, mode, buf, len);
	if (rc == 0 && command && b->held_until != UINT64_MAX) {
		b->overtaken++;
		release(b);
	}
	return rc;
}

static void bearers_event(void *userdata, const struct transport_event *e)
{
	struct bearers *b = userdata;

	if (e->kind == TRANSPORT_DISCONNECTED)
		b->held_until = UINT64_MAX;
	if (e->kind != TRANSPORT_ALARM) {
		wrap_emit(&b->wrap, e);
		return;
	}
	if (b->held_until <= bearers_now(b))
		release(b);
	if (b->alarm_at <= bearers_now(b)) {
		b->alarm_at = UINT64_MAX;
		wrap_emit(&b->wrap, e);
	}
	bearers_arm(b);
}

static void bearers_destroy(struct transport *t)
{
	t = bearers_of(t)->wrap.inner;
	t->ops->destroy(t);
}

static void begin(struct update *u, struct bearers *b, uint32_t ppm)
{
	static const struct transport_ops ops = {
		.name = "bearers",
		.set_alarm = bearers_set_alarm,
		.write = bearers_write,
		.destroy = bearers_destroy,
	};

	*b = (struct bearers){
		.ppm = ppm,
		.most = UINT_MAX,
		.alarm_at = UINT64_MAX,
		.held_until = UINT64_MAX,
	};
	rng_init(&b->rng, 3);
	update_open(u);
	wrap_init(&b->wrap, u->simulator, &ops, bearers_event);
	update_start(u, &b->wrap.base, UPDATE_DEVICE);
}

/* It ends confirmed, on its first link, and the device runs the image. */
static void expect_confirmed(struct update *u, const struct bearers *b)
{
	update_finish(u, 1200);
	if (u->s.outcome != SESSION_CONFIRMED || u->losses > 0 || u->s.tries > 0)
		fail_msg("%u ppm, %u overtaken, %u gaps: %s", b->ppm, b->overtaken, u->s.stats.gaps,
			 session_outcome_name(u->s.outcome));
	assert_true(update_check_boots(u));
}

static void test_some_overtaken(void **state)
{
	static const uint32_t ppm[] = {0, 10000, 100000, 300000, 500000, 800000, ALL};
	struct update u;
	struct bearers b;

	(void)state;
	for (size_t i = 0; i < sizeof(ppm) / sizeof(ppm[0]); i++) {
		update_init(&u, image, image_size);
		begin(&u, &b, ppm[i]);
		expect_confirmed(&u, &b);
		assert_int_equal(u.s.stats.gaps > 0, ppm[i] > 0);
		update_end(&u);
	}
}

/* If each is, values go as requests: few are sent twice. */
static void test_all_overtaken(void **state)
{
	struct update u;
	struct bearers b;
	bool requests = false;

	(void)state;
	update_init(&u, image, image_size);
	begin(&u, &b, ALL);
	while (!session_finished(&u.s)) {
		assert_true(update_step(&u));
		if (u.s.state != SESSION_SENDING || u.s.flow.single_to == 0)
			continue;
		requests = true;
		assert_int_equal(u.s.mode, GATT_REQUEST);
		assert_int_equal(u.s.choices.mode.reason, SESSION_BY_GAPS);
	}
	assert_true(requests);
	assert_true(u.s.stats.sent_bytes < 3u * image_size);
	expect_confirmed(&u, &b);
	update_end(&u);
}

/* One value under way at a time, which the device acknowledges after its patience. */
static void test_commands_asked_for(void **state)
{
	struct update u;
	struct bearers b;

	(void)state;
	for (uint32_t window = 0; window <= 20000; window += 20000) {
		update_init(&u, image, image_size);
		u.session.mode_auto = false;
		u.session.mode = GATT_COMMAND;
		u.session.window = window;
		begin(&u, &b, ALL);
		while (!session_finished(&u.s)) {
			assert_true(update_step(&u));
			if (u.s.state == SESSION_SENDING)
				assert_int_equal(u.s.mode, GATT_COMMAND);
		}
		assert_true(u.s.flow.singles > 0);
		expect_confirmed(&u, &b);
		update_end(&u);
	}
}

/* Not for ever: many may have been lost for another reason. */
static void test_order_comes_back(void **state)
{
	struct update u;
	struct bearers b;

	(void)state;
	update_init(&u, image, image_size);
	begin(&u, &b, ALL);
	b.most = 60;
	expect_confirmed(&u, &b);
	assert_true(u.s.flow.singles > 0);
	assert_int_equal(u.s.choices.mode.value, GATT_COMMAND);
	update_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_some_overtaken),
		cmocka_unit_test(test_all_overtaken),
		cmocka_unit_test(test_commands_asked_for),
		cmocka_unit_test(test_order_comes_back),
	};

	return cmocka_run_group_tests_name("session_order", tests, build, NULL);
}
