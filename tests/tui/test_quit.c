/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates that the workbench leaves on devices are told when it ends, each with a command line that
 * does what is said when it is copied into a shell.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ptyfolder.h"

#define AIR "devices=1,chip=esp32,seed=1,speed=8,state=air"

/* The line of the screen that begins with "  otabench ", without that. */
static void copied(struct pty *pty, char *line, size_t size)
{
	static const char begin[] = "  otabench ";
	char row[512];

	for (int y = 0; y < pty->height; y++) {
		(void)pty_row(pty, y, row, sizeof(row));
		if (strncmp(row, begin, strlen(begin)) != 0)
			continue;
		(void)snprintf(line, size, "%s", row + strlen(begin));
		return;
	}
	fail_msg("no command line on the screen");
}

static void upload(struct pty *pty, const char *sim, const char *until)
{
	const char *const words[] = {sim, "--no-history", "-s", "retries=0", "-p", "default", NULL};

	pty_workbench(pty, 200, 40, words);
	pty_press(pty, "\r", "answered:");
	pty_press(pty, ":image image.bin\r", "may be sent");
	pty_press(pty, "u", "y/n");
	pty_press(pty, "y", until);
}

static void test_suspended(void **state)
{
	char line[512];
	struct pty pty;

	(void)state;
	upload(&pty, "--sim=" AIR ",fault=disconnect@150000", "link-lost:");
	pty_until(&pty, "':resume' resumes the update"); /* a key of the screen, no shell's word */
	pty_quit(&pty);
	assert_true(pty_shows(&pty, "24:6F:28:AA:10:01: the update is suspended at "));
	copied(&pty, line, sizeof(line));
	assert_string_equal(line, "--sim=" AIR " --no-history -s retries=0 resume "
				  "24:6F:28:AA:10:01 image.bin");
	assert_int_equal(pty_run("%s", line), 0);
	pty_finish(&pty);
}

static void test_trial(void **state)
{
	const char *const words[] = {"--sim=" AIR, "-s", "confirm=never", NULL};
	char line[512];
	struct pty pty;

	(void)state;
	assert_int_equal(pty_run("sample-image --size=300000 --version-text=3.0.0 next.bin"), 0);
	pty_workbench(&pty, 200, 40, words);
	pty_press(&pty, "\r", "answered:");
	pty_press(&pty, ":flash next.bin\r", "y/n");
	pty_press(&pty, "y", "unconfirmed:");
	pty_quit(&pty);
	assert_true(pty_shows(&pty, "image 3.0.0 is on trial"));
	copied(&pty, line, sizeof(line));
	assert_string_equal(line, "--sim=" AIR " confirm 24:6F:28:AA:10:01");
	assert_int_equal(pty_run("%s", line), 0);
	pty_finish(&pty);
}

#define STILL_MS 120000 /* long enough for a machine with much to do */

/* Until the bar shows at least so many percent. */
static void until_percent(struct pty *pty, long least)
{
	for (long shown = 0; shown < least;) {
		char *text = pty_text(pty);
		const char *sign = strchr(text, '%');

		shown = sign && sign - text > 3 ? strtol(sign - 3, NULL, 10) : 0;
		free(text);
		if (shown < least && !pty_feed(pty, STILL_MS))
			fail_msg("the screen stands still at %ld %%", shown);
	}
}

/* The terminal goes away: nobody asked to cancel, so the update can be resumed. */
static void test_hangup(void **state)
{
	struct pty pty;

	(void)state;
	assert_int_equal(pty_run("sample-image --force --version-text=4.0.0 image.bin"), 0);
	/* Power was lost while an image was on trial: what is left of that could be gone on with. */
	assert_int_equal(pty_run("--sim=" AIR " cancel 24:6F:28:AA:10:01"), 0);
	upload(&pty, "--sim=" AIR, "[DATA]");
	until_percent(&pty, 30); /* more than the device keeps at once */
	assert_int_equal(kill(pty.child, SIGHUP), 0);
	assert_int_equal(pty_end(&pty), 75);
	pty_finish(&pty);
	assert_int_equal(pty_run("--sim=" AIR " -s confirm=auto resume 24:6F:28:AA:10:01 "
				 "image.bin"),
			 0);
}

/* Devices that nobody meets again have no command line. */
static void test_vain(void **state)
{
	struct pty pty;

	(void)state;
	upload(&pty, "--sim=devices=1,chip=esp32,seed=1,speed=8,fault=disconnect@150000",
	       "link-lost:");
	pty_quit(&pty);
	assert_true(pty_shows(&pty, "the update is suspended at "));
	assert_true(pty_shows(&pty, "--sim=state=DIR keeps both"));
	assert_false(pty_shows(&pty, "  otabench "));
	pty_finish(&pty);
}

static void test_nothing(void **state)
{
	const char *const words[] = {"--sim=devices=1,chip=esp32,seed=1,speed=8", NULL};
	struct pty pty;

	(void)state;
	pty_workbench(&pty, 100, 30, words);
	pty_press(&pty, "\r", "answered:");
	pty_quit(&pty);
	assert_false(pty_shows(&pty, "24:6F"));
	pty_finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suspended), cmocka_unit_test(test_trial),
		cmocka_unit_test(test_hangup),	  cmocka_unit_test(test_vain),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, pty_folder_setup, pty_folder_teardown);
}
