/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal's size, swept from 20x5 to 200x60 and back in mid transfer: at
 * every step the emulated terminal must hold the very cells that the program
 * draws, which the same script on the same virtual clock prints without one.
 */
#include "config.h" /* system extensions: popen() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "picturelib.h"
#include "ptyfolder.h"

/* Slow enough that it still sends after the last step: a turn of the loop is up to 0.1 s. */
#define SIM "--sim=devices=1,chip=esp32,seed=1,phy=1M,interval=50"
#define SLOW "--set=write_mode=request"
#define STEPS_MAX 1000u

struct size {
	int width, height;
};

static struct size steps[STEPS_MAX];
static size_t step_count;

static void step(int width, int height)
{
	assert_true(step_count < STEPS_MAX);
	steps[step_count++] = (struct size){width, height};
}

/* Both ways along the diagonal, then each of the two alone, through what layouts turn on. */
static void plan(void)
{
	for (int i = 0; i <= 110; i++)
		step(20 + i * 180 / 110, 5 + i * 55 / 110);
	for (int i = 110; i >= 0; i--)
		step(20 + i * 180 / 110, 5 + i * 55 / 110);
	for (int width = 20; width <= 200; width += 3)
		step(width, 24);
	for (int height = 60; height >= 5; height--)
		step(80, height);
	for (int height = 5; height <= 60; height++)
		step(160, height);
	for (int width = 200; width >= 20; width -= 3)
		step(width, 50);
}

static int setup(void **state)
{
	return pty_folder_setup(state) == 0
		       ? pty_run("sample-image --force --size=600000 image.bin")
		       : -1;
}

static void write_script(bool terminal)
{
	FILE *out = fopen("script", "w");

	assert_non_null(out);
	(void)fprintf(out, "wait 1\nkeys Enter\nuntil answered:\ntype :flash image.bin\n"
			   "keys Enter y\nuntil [DATA]\n");
	for (size_t i = 0; i < step_count; i++) {
		(void)fprintf(out, "wait 0.01\n");
		if (terminal)
			(void)fprintf(out, "show\n");
		else
			(void)fprintf(out, "size %d %d\nscreen %zu\n", steps[i].width,
				      steps[i].height, i);
	}
	/* Still under way, and none the worse: the device's own hash is the proof. */
	(void)fprintf(out, "size 80 24\nuntil sending\nuntil confirmed:\n%s\n",
		      terminal ? "show" : "screen last");
	assert_int_equal(fclose(out), 0);
}

static char *printed(void)
{
	char command[8192], *text;
	FILE *in;

	write_script(false);
	(void)snprintf(command, sizeof(command), "'%s' " SIM " " SLOW " --script script",
		       pty_program);
	in = popen(command, "r"); /* NOLINT(cert-env33-c): as a user runs it */
	assert_non_null(in);
	text = picture_read_all(in);
	assert_int_equal(pclose(in), 0);
	return text;
}

/* The screen that begins at *text after its head, which moves on to the next one. */
static char *next_screen(char **text)
{
	char *from = strchr(*text, '\n'), *to;

	assert_non_null(from);
	from++;
	to = strstr(from, "\n=== ");
	*text = to ? to + 1 : from + strlen(from);
	return strndup(from, (size_t)(*text - from));
}

static void test_sweep(void **state)
{
	static const char *const env[] = {"TERM=tmux-256color", NULL};
	const char *argv[] = {pty_program, SIM, SLOW, "--script", "script", NULL};
	char *all, *text, name[32];
	struct pty pty;

	(void)state;
	plan();
	all = text = printed();
	write_script(true);
	/* The screen tells the known rate of a flash, which the first run has found out. */
	assert_int_equal(setenv("OTABENCH_HISTORY", "second.db", 1), 0);
	pty_start(&pty, steps[0].width, steps[0].height, argv, env);
	for (size_t i = 0; i <= step_count; i++) {
		char *expected = next_screen(&text);

		(void)snprintf(name, sizeof(name), "step %zu, %dx%d", i, pty.width, pty.height);
		pty_until_screen(&pty, expected, name);
		free(expected);
		if (i + 1 < step_count)
			pty_resize(&pty, steps[i + 1].width, steps[i + 1].height);
		else
			pty_resize(&pty, 80, 24);
		pty_send(&pty, " ");
	}
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
	free(all);
	print_message("%zu sizes\n", step_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, setup, pty_folder_teardown);
}
