/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power cut at every flash operation of a whole update, and cancel at fifty
 * places: the board always boots, and what was begun can be completed.
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

static uint8_t image[150000];
static size_t image_size;

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 140000, .seed = 3};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

static uint64_t operations(const struct update *u)
{
	struct flash_counters c;

	board_flash_counters(esp_board(update_device(u)), &c);
	return c.operations;
}

/* Flash operations of an undisturbed update, confirmation included. */
static uint64_t count_operations(void)
{
	struct update u;
	uint64_t before, n;

	update_init(&u, image, image_size);
	update_begin(&u);
	before = operations(&u);
	update_finish(&u, 60);
	assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
	n = operations(&u) - before;
	update_end(&u);
	return n;
}

/* Another session with the same device. */
static void again(struct update *u)
{
	update_wait(u, 2000000u);
	assert_int_equal(pump_init(&u->pump, &u->session), 0);
	session_start(&u->s, update_now(u));
	update_finish(u, 60);
}

static void test_power_cut_everywhere(void **state)
{
	const uint64_t n = count_operations();
	struct board_counters counters;
	struct update u;
	char spec[32];

	(void)state;
	assert_true(n > 40); /* 35 sectors, 3 erases, records, otadata */
	for (uint64_t op = 1; op <= n; op++) {
		update_init(&u, image, image_size);
		u.sim.kind.seed = op; /* another torn content each time */
		snprintf(spec, sizeof(spec), "power-cut@%u", (unsigned int)op);
		update_fault(&u, spec);
		update_run(&u, 300);
		board_counters(esp_board(update_device(&u)), &counters);
		assert_int_equal(counters.power_losses, 1);
		/* Cut after DONE, the boot loader may have to give the new image up: that
		 * is told, and the next session completes. */
		if (u.s.outcome == SESSION_ROLLED_BACK && u.s.stats.done_us != 0)
			again(&u);
		if (u.s.outcome != SESSION_CONFIRMED)
			fail_msg("%s of %u: %s", spec, (unsigned int)n,
				 session_outcome_name(u.s.outcome));
		if (u.s.stats.sent_bytes > image_size + OTA_BLOCK_SIZE + u.s.window)
			fail_msg("%s: %u bytes sent again", spec,
				 (unsigned int)(u.s.stats.sent_bytes - image_size));
		assert_true(update_check_boots(&u));
		update_end(&u);
	}
}

static void test_cancel(void **state)
{
	struct ota_status status;
	struct update u;
	uint64_t asked;

	(void)state;
	for (uint32_t i = 0; i < PLACES; i++) {
		const uint32_t at = (uint32_t)((uint64_t)image_size * i / PLACES);

		update_init(&u, image, image_size);
		update_begin(&u);
		while (u.s.state != SESSION_SENDING || u.s.stats.queued < at)
			assert_true(update_step(&u));
		asked = update_now(&u);
		session_cancel(&u.s, asked);
		do
			esp_status(update_device(&u), &status);
		while (status.state != OTA_STATE_IDLE && update_step(&u));
		assert_true(update_now(&u) - asked <= 1000000u); /* of link time */
		update_finish(&u, 10);
		assert_int_equal(u.s.outcome, SESSION_CANCELLED);
		esp_status(update_device(&u), &status);
		assert_int_equal(status.flags & OTA_INFO_RESUMABLE, 0);
		assert_false(update_check_boots(&u));
		update_end(&u);
	}
}

/* The next session resumes from the bytes that an aborted run left. */
static void test_resume_by_another_session(void **state)
{
	struct update u;

	(void)state;
	update_init(&u, image, image_size);
	u.session.retries = 0;
	update_fault(&u, "disconnect@90000");
	assert_int_equal(update_run(&u, 60), SESSION_LINK_LOST);
	again(&u);
	assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
	assert_true(u.s.stats.resumed);
	assert_true(u.s.stats.resumed_from >= 32768);
	update_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cut_everywhere),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_resume_by_another_session),
	};

	return cmocka_run_group_tests_name("update power", tests, build, NULL);
}
