/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first and the last minute: an upload from the list of devices by one key,
 * and what ends the program - q, after a question where something would be lost,
 * and never Esc.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ptyfolder.h"

#define SIM "--sim=devices=2,chip=esp32,seed=1,speed=8"

static void start(struct pty *pty, const char *image)
{
	const char *argv[] = {pty_program, SIM, "workbench", image, NULL};

	pty_start(pty, 100, 30, argv, NULL);
	pty_until(pty, "esp-sim-01");
}

static void end(struct pty *pty)
{
	assert_int_equal(pty_end(pty), 0);
	pty_check_restored(pty);
	pty_finish(pty);
}

/* The workbench connects, checks the image against what runs, asks, and sends. */
static void test_upload(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, "image.bin");
	pty_until(&pty, "u uploads it");
	pty_send(&pty, "u");
	pty_until(&pty, "esp-sim-01? y/n");
	pty_until(&pty, "y yes  n no");
	assert_true(pty_shows(&pty, "Device   esp-sim-01 24:6F:28:AA:10:01"));
	assert_true(pty_shows(&pty, "Version  1.0.0 -> 2.0.0: upgrade"));
	assert_true(pty_shows(&pty, "Size     300.0 kB"));
	assert_true(pty_shows(&pty, "Time     at least 0:0"));
	assert_true(pty_shows(&pty, "Profile  default "));
	pty_send(&pty, "y");
	pty_until(&pty, "confirmed:");
	pty_send(&pty, "1");
	pty_until(&pty, "updated");
	/* Once more, the question knows that it runs this image. */
	pty_send(&pty, "u");
	pty_until(&pty, "runs this very image");
	pty_send(&pty, "n1q");
	end(&pty);
}

/* Without an image it asks for one first. */
static void test_upload_asks_for_image(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, NULL);
	pty_send(&pty, "u");
	pty_until(&pty, "image file:");
	pty_send(&pty, "\025image.bin\r");
	pty_until(&pty, "Upload ");
	pty_send(&pty, "nq");
	pty_until(&pty, "1 Scan]");
	pty_send(&pty, "q");
	end(&pty);
}

static void test_escape(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, NULL);
	pty_send(&pty, "\033");
	pty_until(&pty, "q ends the program");
	pty_send(&pty, "\033j\033\r"); /* Alt-j, Alt-Enter */
	pty_until(&pty, "[2 Device]");
	pty_until(&pty, "answered:");
	pty_send(&pty, "\033");
	pty_until(&pty, "[1 Scan]");
	pty_send(&pty, "q");
	end(&pty);
}

static void test_unsaved(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, NULL);
	pty_send(&pty, ":set retries=7\r");
	pty_until(&pty, "retries=7: with the next upload");
	pty_press(&pty, ":connect esp-sim-01\r", "answered:");
	pty_press(&pty, ":flash image.bin\r", "Profile  default with 1 change: retries=7");
	pty_press(&pty, "n1", "[1 Scan]");
	pty_send(&pty, "q");
	pty_until(&pty, "not written");
	pty_send(&pty, "n");
	pty_until_gone(&pty, "not written");
	pty_send(&pty, ":set retries=5\r"); /* as it was: nothing would be lost */
	pty_until(&pty, "retries=5:");
	pty_send(&pty, "3u");
	pty_until(&pty, "undo: retries=7");
	pty_send(&pty, "1:quit\r");
	pty_until(&pty, "not written");
	pty_send(&pty, "y");
	end(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upload),
		cmocka_unit_test(test_upload_asks_for_image),
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_unsaved),
	};

	return cmocka_run_group_tests(tests, pty_folder_setup, pty_folder_teardown);
}
