/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every fault at fifty places of an update: it ends confirmed or with a named
 * error, and the board boots a whole image in either case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "image/image_build.h"
#include "base/sha256.h"
#include "testlib.h"
#include "updatelib.h"

#define PLACES 50u

static uint8_t image[180000];
static size_t image_size;

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 170000, .seed = 5};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

static uint32_t window(void)
{
	return 39600; /* what session_choose() takes at 1M */
}

/* Runs with one fault and says where it went wrong when it did. */
static void expect_confirmed(const char *spec, uint32_t most_resent)
{
	struct update u;
	enum session_outcome outcome;

	update_init(&u, image, image_size);
	update_fault(&u, spec);
	outcome = update_run(&u, 600);
	if (outcome != SESSION_CONFIRMED)
		fail_msg("%s: %s (device: %s)", spec, session_outcome_name(outcome),
			 ota_code_name(u.s.code));
	/* A gap costs a window; so does each answer to a question asked in the silence. */
	if (u.s.stats.sent_bytes > image_size + most_resent + u.s.stats.gaps * window())
		fail_msg("%s: %u bytes sent again after %u gaps", spec,
			 (unsigned int)(u.s.stats.sent_bytes - image_size), u.s.stats.gaps);
	assert_true(update_check_boots(&u));
	update_end(&u);
}

/* Places spread over the values of the transfer, the first and the last included. */
static uint32_t place(uint32_t i, uint32_t count)
{
	return 1u + (uint32_t)((uint64_t)i * (count - 1u) / (PLACES - 1u));
}

static uint32_t values(void)
{
	return (uint32_t)((image_size + 492u) / 493u);
}

static void each(const char *format, uint32_t count, uint32_t most_resent)
{
	char spec[64];

	for (uint32_t i = 0; i < PLACES; i++) {
		/* NOLINTNEXTLINE: the formats are the literals below */
		snprintf(spec, sizeof(spec), format, place(i, count));
		expect_confirmed(spec, most_resent);
	}
}

static void test_drop_data(void **state)
{
	(void)state;
	each("drop-data@%u", values(), 0);
}

static void test_drop_notify(void **state)
{
	(void)state;
	each("drop-notify@%u", 40, 0);
}

static void test_duplicates(void **state)
{
	(void)state;
	each("dup-data@%u", values(), 0);
	each("dup-notify@%u", 40, 0);
}

static void test_delays(void **state)
{
	(void)state;
	each("delay-data@%u:300", values(), 0);
	each("delay-data@%u:5000", values(), window());
	each("delay-notify@%u:700", 40, 0);
	each("delay-notify@%u:6000", 40, window());
}

static void test_disconnect(void **state)
{
	(void)state;
	each("disconnect@%u", (uint32_t)image_size, OTA_BLOCK_SIZE + window());
	each("terminate@%u", (uint32_t)image_size, OTA_BLOCK_SIZE + window());
}

static void test_reboot(void **state)
{
	(void)state;
	each("reboot@%u", (uint32_t)image_size, OTA_BLOCK_SIZE + window());
}

static void test_write_fails(void **state)
{
	(void)state;
	each("write-fail@%u", (uint32_t)image_size - 1u, OTA_BLOCK_SIZE + window());
}

static void test_slow_erase(void **state)
{
	(void)state;
	expect_confirmed("slow-erase:10", 0);
	expect_confirmed("slow-erase:30", 3u * window());
}

/* A share of everything lost, doubled and late, together with a bad link. */
static void test_shares(void **state)
{
	struct update u;

	(void)state;
	for (uint64_t seed = 1; seed <= PLACES; seed++) {
		update_init(&u, image, image_size);
		u.fault_seed = u.sim.kind.seed = seed;
		u.sim.kind.loss_ppm = (uint32_t)(seed % 5u) * 20000u;
		update_fault(&u, "drop-data%0.5");
		update_fault(&u, "dup-data%1");
		update_fault(&u, "drop-notify%3");
		update_fault(&u, "dup-notify%3");
		update_fault(&u, "delay-notify%2:150");
		if (update_run(&u, 1200) != SESSION_CONFIRMED)
			fail_msg("seed %u: %s", (unsigned int)seed,
				 session_outcome_name(u.s.outcome));
		assert_true(update_check_boots(&u));
		update_end(&u);
	}
}

/* Most notifications are lost: a run may fail for it, but not one whose image runs for good. */
static void test_unheard(void **state)
{
	unsigned int confirmed = 0;
	struct update u;

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		update_init(&u, image, image_size);
		u.fault_seed = seed;
		update_fault(&u, "drop-notify%70");
		if (update_run(&u, 3600) == SESSION_CONFIRMED)
			confirmed++;
		else
			assert_false(u.s.ended);
		assert_int_equal(update_check_boots(&u), u.s.outcome == SESSION_CONFIRMED);
		update_end(&u);
	}
	assert_true(confirmed >= 25); /* else hardly any came as far as END */
}

/* If nothing gets through, the end has a name, and the device still boots. */
static void test_hopeless(void **state)
{
	static const char *const specs[] = {"drop-data%100", "drop-notify%100"};
	static const enum session_outcome ends[] = {SESSION_STALLED, SESSION_STALLED};
	struct update u;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		update_init(&u, image, image_size);
		u.session.retries = 2;
		update_fault(&u, specs[i]);
		assert_int_equal(update_run(&u, 3600), ends[i]);
		assert_false(update_check_boots(&u));
		update_end(&u);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop_data),   cmocka_unit_test(test_drop_notify),
		cmocka_unit_test(test_duplicates),  cmocka_unit_test(test_delays),
		cmocka_unit_test(test_disconnect),  cmocka_unit_test(test_reboot),
		cmocka_unit_test(test_write_fails), cmocka_unit_test(test_slow_erase),
		cmocka_unit_test(test_shares),	    cmocka_unit_test(test_unheard),
		cmocka_unit_test(test_hopeless),
	};

	return cmocka_run_group_tests_name("update faults", tests, build, NULL);
}
