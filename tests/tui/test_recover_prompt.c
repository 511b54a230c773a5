/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The questions of 'otabench recover DEV' in a terminal: what is no answer does nothing to the
 * device, and every end leaves it as it was.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ptyfolder.h"

#define ASKS "q to end: "
#define LEFT 75 /* an update is left on the device */
#define AIR "devices=1,chip=esp32,seed=1,state="

/* A device in a state of its own, which has a part of the image. */
static void leave_part(const char *name)
{
	assert_int_equal(pty_run("--sim=" AIR "%s,fault=disconnect@150000 -s retries=0 flash "
				 "esp-sim-01 image.bin",
				 name),
			 LEFT);
}

static size_t seen; /* bytes of raw that were waited for */

/* Waits for text behind the one found before; a program that ends or is silent for long fails. */
static void await(struct pty *pty, const char *says)
{
	const char *at;

	while (!(at = pty->raw ? strstr(pty->raw + seen, says) : NULL))
		if (!pty_feed(pty, 60000))
			fail_msg("it does not say: %s", says);
	seen = (size_t)(at - pty->raw) + strlen(says);
}

static void recover_in(struct pty *pty, const char *name, const char *fault, int width, int height)
{
	char sim[256];
	const char *argv[] = {pty_program, sim,		 "-s",
			      "retries=0", "-s",	 "reconnect_timeout_ms=1000",
			      "recover",   "esp-sim-01", "image.bin",
			      NULL};

	(void)snprintf(sim, sizeof(sim), "--sim=" AIR "%s%s", name, fault);
	pty_start(pty, width, height, argv, NULL);
	seen = 0;
	await(pty, ASKS);
}

static void answer(struct pty *pty, const char *keys, const char *says)
{
	pty_send(pty, keys);
	await(pty, says);
}

static void expect_left(const char *name)
{
	assert_int_equal(pty_run("--sim=" AIR "%s --json status esp-sim-01 | grep -q "
				 "'\"state\": *\"suspended\"'",
				 name),
			 0);
}

/* Letters that are none, more than one, a line that is pasted with an answer at its end. */
static void test_wrong_letters(void **state)
{
	static const char *const wrong[] = {
		"z\r", "R\r", "\x1b[A\r", "rr\r",
		"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrry\r"};
	struct pty pty;

	(void)state;
	leave_part("wrong");
	recover_in(&pty, "wrong", "", 100, 40);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		answer(&pty, wrong[i], "none of these letters");
	answer(&pty, "r\r", "y/n ");
	answer(&pty, "yikes\r", ASKS); /* only a plain yes is one */
	answer(&pty, "r\r", "y/n ");
	answer(&pty, "\r", ASKS);
	pty_send(&pty, "q\r");
	assert_int_equal(pty_end(&pty), LEFT);
	pty_finish(&pty);
	expect_left("wrong");
}

static void test_yes(void **state)
{
	struct pty pty;

	(void)state;
	leave_part("yes");
	recover_in(&pty, "yes", "", 100, 40);
	answer(&pty, "\r", "y/n ");
	answer(&pty, "y\r", "nothing is left to do");
	await(&pty, "A letter, " ASKS);
	pty_send(&pty, "\r"); /* nothing is advised: Enter ends it */
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

/* Ctrl-D at either question. */
static void test_end_of_input(void **state)
{
	struct pty pty;

	(void)state;
	leave_part("eof");
	for (int asked = 0; asked < 2; asked++) {
		recover_in(&pty, "eof", "", 100, 40);
		if (asked)
			answer(&pty, "r\r", "y/n ");
		pty_send(&pty, "\x04");
		assert_int_equal(pty_end(&pty), LEFT);
		pty_finish(&pty);
		expect_left("eof");
	}
}

static void test_interrupted(void **state)
{
	struct pty pty;

	(void)state;
	leave_part("int");
	for (int asked = 0; asked < 2; asked++) {
		recover_in(&pty, "int", "", 100, 40);
		if (asked)
			answer(&pty, "r\r", "y/n ");
		pty_send(&pty, "\x03");
		assert_int_equal(pty_end(&pty), -SIGINT);
		pty_finish(&pty);
		expect_left("int");
	}
}

/*
 * On a screen that is too small the menu scrolls; the question is there, and its answer does what
 * it says.
 */
static void test_small(void **state)
{
	struct pty pty;

	(void)state;
	leave_part("small");
	recover_in(&pty, "small", "", 20, 5);
	answer(&pty, "x\r", "none of these letters");
	answer(&pty, "r\r", "y/n ");
	answer(&pty, "y\r", "nothing is left to do");
	pty_send(&pty, "q\r");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

/* The device is not heard any more when the image is sent: recover says so, and asks again. */
static void test_vanished(void **state)
{
	struct pty pty;
	int status;

	(void)state;
	leave_part("gone");
	recover_in(&pty, "gone", ",boot_delay=60000", 100, 40);
	answer(&pty, "r\r", "y/n ");
	answer(&pty, "y\r", "did not come back");
	await(&pty, ASKS);
	answer(&pty, "i\r", ASKS);
	pty_send(&pty, "q\r");
	status = pty_end(&pty);
	assert_true(status > 0); /* whatever it left, it is not well */
	pty_finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_letters), cmocka_unit_test(test_yes),
		cmocka_unit_test(test_end_of_input),  cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_small),	      cmocka_unit_test(test_vanished),
	};

	return cmocka_run_group_tests(tests, pty_folder_setup, pty_folder_teardown);
}
