/* SPDX-License-Identifier: Apache-2.0 */
/* The effect of a changed value on the rate, and the prediction for one that is being typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ptyfolder.h"

static void test_effect(void **state)
{
	static const char *const words[] = {"--sim=devices=1,chip=esp32,flash=ideal,seed=1,speed=4",
					    "workbench", "long.bin", NULL};
	struct pty pty;

	(void)state;
	assert_int_equal(pty_run("sample-image --size=1200000 long.bin"), 0);
	pty_workbench(&pty, 80, 24, words);
	/* Before anything was sent, only the ceiling is predicted. */
	pty_press(&pty, "\r", "answered:");
	pty_press(&pty, "3", "predicted ceiling");
	pty_press(&pty,
		  "j\r\025"
		  "64",
		  "predicted ceiling");
	pty_press(&pty, "\033", "d default");
	pty_press(&pty, "2u", "y/n");
	pty_press(&pty, "y", "elapsed 0:05");
	/* By a key: predicted at once, then measured over what is acknowledged. */
	pty_press(&pty, "--", "(predicted)");
	pty_until(&pty, "~ chunk 182: ");
	pty_until(&pty, " -> ");
	/* A value is weighed while it is typed; Esc takes it back. */
	pty_press(&pty, "3", "measured last");
	pty_press(&pty,
		  "\r\025"
		  "64",
		  "64-byte commands");
	pty_until(&pty, "predicted ");
	pty_until(&pty, "kB/s; ");
	pty_press(&pty, "\033", "182-byte commands");
	pty_until(&pty, "confirmed:");
	pty_until(&pty, "best known ");
	pty_press(&pty, ":set chunk=64\r", "with the next upload, about ");
	pty_press(&pty, ":quit\r", "not written. End? y/n");
	pty_send(&pty, "y");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_effect, pty_folder_setup, pty_folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
