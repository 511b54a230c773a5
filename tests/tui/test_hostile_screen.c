/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workbench with devices that lie, flood or erase for ever: keys are
 * answered, the end has a name, memory stays that of a run with a good device, and no byte of
 * theirs steers the terminal.
 */
#include "config.h" /* system extensions: memmem() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ptyfolder.h"

#define AIR "--sim=devices=1,chip=esp32,seed=5,rssi=-50,speed=100"

/* KiB that the program had at most. */
static unsigned long memory_of(const struct pty *pty)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pty->child);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtoul(line + 6, NULL, 10);
	(void)fclose(file);
	assert_true(kib > 0);
	return kib;
}

/* An update of that image to its end; how it ends has to be told in these words. */
static unsigned long update(const char *fault, const char *image, const char *end)
{
	char sim[256], choose[64];
	const char *const words[] = {sim, "--no-history", "-s", "retries=2", "-p", "default", NULL};
	unsigned long kib;
	struct pty pty;

	(void)snprintf(sim, sizeof(sim), AIR "%s", fault);
	(void)snprintf(choose, sizeof(choose), ":image %s\r", image);
	pty_workbench(&pty, 160, 40, words);
	pty_press(&pty, "\r", "answered");
	pty_press(&pty, choose, "may be sent");
	pty_press(&pty, "u", "y/n");
	pty_send(&pty, "y");
	pty_until(&pty, end);
	assert_true(strcmp(end, "confirmed:") == 0 || !pty_shows(&pty, "confirmed:"));
	pty_press(&pty, "?", "HELP  Device"); /* a key is answered */
	pty_send(&pty, "q");
	pty_until_gone(&pty, "HELP  Device");
	kib = memory_of(&pty);
	assert_null(memmem(pty.raw, pty.raw_len, "\x1b]0;EVIL", 8));
	assert_null(memmem(pty.raw, pty.raw_len, "EVIL\x07", 5));
	pty_quit(&pty);
	pty_finish(&pty);
	return kib;
}

static void test_hostile(void **state)
{
	static const struct {
		const char *fault, *end;
	} rows[] = {
		{",fault=garble-notify%100", "protocol-error:"},
		{",fault=garble-notify%5", "protocol-error:"},
		{",fault=flood-notify:200", "confirmed:"}, /* too much, and nothing that is wrong */
		{",fault=slow-erase:1000", "not-found:"},
	};
	const unsigned long good = update("", "image.bin", "confirmed:");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const unsigned long kib = update(rows[i].fault, "image.bin", rows[i].end);

		if (kib > good + good / 2u)
			fail_msg("%s: %lu KiB, and %lu with a good device", rows[i].fault, kib,
				 good);
	}
}

/* Versions of the image and of what then runs, with bytes that would steer the terminal. */
static void test_escapes(void **state)
{
	(void)state;
	assert_int_equal(pty_run("sample-image --size=300000 --chip=esp32 "
				 "--version-text=\"$(printf '2\\033]0;EVIL\\007\\033[31m')\" "
				 "evil.bin"),
			 0);
	(void)update("", "evil.bin", "confirmed:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_escapes),
	};

	return cmocka_run_group_tests(tests, pty_folder_setup, pty_folder_teardown);
}
