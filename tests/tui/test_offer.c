/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workbench is killed in the middle of an update, with the simulated device in its process,
 * whose flash is in a folder: the next start offers to resume, and R leads to the end.
 */
#include "config.h" /* system extensions: kill() */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ptyfolder.h"

#define SIM "--sim=devices=1,chip=esp32,seed=1,state=boards,flash_mode=usual,speed="
#define FEED_MS 1000 /* for news of the screen; it is read as soon as there is any */

static void drop_boards(void)
{
	const int r = system("rm -rf boards"); /* NOLINT(cert-env33-c): the test's own folder */

	assert_int_equal(r, 0);
}

static void start(struct pty *pty, const char *sim, const char *image)
{
	const char *argv[] = {pty_program, sim, "workbench", image, NULL};
	char state[4096];
	const char *env[] = {state, NULL};

	(void)snprintf(state, sizeof(state), "XDG_STATE_HOME=%s", getenv("XDG_STATE_HOME"));
	pty_start(pty, 100, 30, argv, env);
}

/* The percent behind the bar that the screen shows; 0: none. */
static unsigned int percent_shown(struct pty *pty)
{
	char *text = pty_text(pty);
	unsigned int percent = 0;

	for (const char *at = text; percent == 0 && (at = strchr(at, ']')) != NULL; at++) {
		char *end;
		const unsigned long n = strtoul(at + 1, &end, 10);

		if (*end == '%' && end > at + 1)
			percent = (unsigned int)n;
	}
	free(text);
	return percent;
}

/* Sends, and dies when at least so many percent are shown. */
static void begin_and_die(unsigned int percent)
{
	struct pty pty;

	start(&pty, SIM "2", "image.bin");
	pty_until(&pty, "esp-sim-01");
	pty_press(&pty, "u", "esp-sim-01? y/n");
	pty_press(&pty, "y", "[DATA]");
	while (percent_shown(&pty) < percent && !pty.ended)
		(void)pty_feed(&pty, FEED_MS);
	assert_int_equal(kill(pty.child, SIGKILL), 0);
	assert_int_equal(pty_end(&pty), -SIGKILL);
	pty_finish(&pty);
}

static void test_killed(void **state)
{
	static const unsigned int percents[] = {0, 20, 60};
	struct pty pty;

	(void)state;
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
		drop_boards();
		begin_and_die(percents[i]);
		/* Not the path: the journal has it. */
		start(&pty, SIM "20", NULL);
		pty_until(&pty, "your update of image.bin to esp-sim-01 stopped at ");
		assert_true(pty_shows(&pty, "%: resume? (R)"));
		pty_press(&pty, "R", "y/n");
		assert_false(pty_shows(&pty, "Another host"));
		pty_press(&pty, "y", "confirmed:");
		pty_quit(&pty);
		pty_finish(&pty);
		/* The update has ended, and nothing is offered any more. */
		assert_int_equal(pty_run(SIM "20 resume esp-sim-01"), 66);
	}
}

/* Another key leaves the offer, and the command line has it, too. */
static void test_declined(void **state)
{
	struct pty pty;

	(void)state;
	drop_boards();
	begin_and_die(60);
	start(&pty, SIM "20", NULL);
	pty_until(&pty, "resume? (R)");
	pty_until(&pty, "esp-sim-01  ");
	pty_press(&pty, "\r", "answered:");
	pty_press(&pty, "R", "Your update of image.bin stopped at ");
	assert_false(pty_shows(&pty, "Another host"));
	pty_send(&pty, "q");
	pty_until_gone(&pty, "Your update of");
	pty_quit(&pty);
	pty_finish(&pty);
	/* Renamed and built anew: the hash finds it. */
	assert_int_equal(rename("image.bin", "image-1.bin"), 0);
	assert_int_equal(pty_run("sample-image --size=300000 --version-text=9.9 image.bin"), 0);
	assert_int_equal(pty_run(SIM "20 resume esp-sim-01"), 0);
	assert_int_equal(rename("image-1.bin", "image.bin"), 0);
}

static void test_given_up(void **state)
{
	(void)state;
	drop_boards();
	begin_and_die(60);
	/* The journal names the image, so that what is safe completes the update. */
	assert_int_equal(pty_run(SIM "20 recover --yes esp-sim-01"), 0);
	assert_int_equal(pty_run(SIM "20 resume esp-sim-01"), 66);
	drop_boards();
	begin_and_die(0);
	assert_int_equal(pty_run(SIM "20 resume --give-up esp-sim-01"), 0);
	assert_int_equal(pty_run(SIM "20 resume esp-sim-01"), 66);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_declined),
		cmocka_unit_test(test_given_up),
	};

	return cmocka_run_group_tests(tests, pty_folder_setup, pty_folder_teardown);
}
