/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `otabench sweep` on a terminal: its table while it measures, Ctrl-C in the middle, and the same
 * command goes on with what was measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ptyfolder.h"

/* Slow enough that a key comes in the middle: it lasts some twenty seconds of this clock. */
#define SIM "--sim=devices=1,chip=esp32c3,seed=3,speed=8"

static void start(struct pty *pty)
{
	static char state[4200];
	const char *argv[] = {pty_program, SIM, "sweep", "esp-sim-01", NULL};
	const char *env[] = {state, NULL};

	(void)snprintf(state, sizeof(state), "XDG_STATE_HOME=%s", getenv("XDG_STATE_HOME"));
	pty_start(pty, 100, 30, argv, env);
}

static void test_interrupted(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty);
	pty_until(&pty, "2 measured of");
	assert_true(pty_shows(&pty, "kB/s"));
	pty_send(&pty, "\x03");
	assert_int_equal(pty_end(&pty), 130);
	pty_until(&pty, "interrupted after 2 measurements; the same command goes on");
	assert_false(pty_shows(&pty, "measured of")); /* the table is gone */
	pty_finish(&pty);

	start(&pty);
	pty_until(&pty, "going on with an earlier sweep: 2 measured");
	assert_int_equal(pty_end(&pty), 0);
	assert_true(pty_shows(&pty, "Best "));
	assert_true(pty_shows(&pty, "Profile "));
	pty_finish(&pty);

	/* A sweep that is over is not gone on with. */
	start(&pty);
	pty_until(&pty, "measuring for the first time");
	assert_false(pty_shows(&pty, "going on"));
	pty_send(&pty, "\x03");
	assert_int_equal(pty_end(&pty), 130);
	pty_finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_interrupted)};

	return cmocka_run_group_tests_name("sweep_interrupt", tests, pty_folder_setup,
					   pty_folder_teardown);
}
