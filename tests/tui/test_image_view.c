/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image view by keys in a real pseudo-terminal: a build's folder, the images
 * opened last, the comparison with the device, and a build that replaces the
 * file while it is open and while it is being sent.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ptylib.h"

#define CLEAR "\x15" /* Ctrl-U: the whole line */
#define DOWN "\033OB" /* as the terminal sends it in keypad mode */

static char program[4096], folder[64], state_env[128], history_env[] = "OTABENCH_HISTORY=no";

/* build/NAME with this version, made beside it and then put in its place, as linkers do. */
static void build_image(const char *name, const char *options)
{
	char command[16384];

	(void)snprintf(command, sizeof(command),
		       "cd '%s' && '%s' sample-image --quiet %s made >/dev/null && mv made "
		       "build/%s",
		       folder, program, options, name);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): our own words */
}

static int setup(void **state)
{
	const char *build = getenv("OTABENCH_BUILDDIR");
	char here[2048], path[128];

	(void)state;
	if (!getcwd(here, sizeof(here)))
		return -1;
	if (build && build[0] == '/')
		(void)snprintf(program, sizeof(program), "%s/otabench", build);
	else
		(void)snprintf(program, sizeof(program), "%s/%s/otabench", here,
			       build ? build : ".");
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-image-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/build", folder);
	(void)snprintf(state_env, sizeof(state_env), "XDG_STATE_HOME=%s", folder);
	return mkdir(path, 0700);
}

static int teardown(void **state)
{
	char command[256];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command); /* NOLINT(cert-env33-c): our own words */
}

static void start(struct pty *pty, const char *sim)
{
	const char *argv[] = {program, sim, NULL};
	const char *env[] = {state_env, history_env, NULL};

	pty_start(pty, 80, 24, argv, env);
	pty_until(pty, "esp-sim-01");
	pty_send(pty, "/sim-01\r");
	pty_send(pty, "4");
	pty_until(pty, "no image chosen");
}

static void finish(struct pty *pty)
{
	pty_send(pty, "qq");
	assert_int_equal(pty_end(pty), 0);
	pty_finish(pty);
}

static void connect_device(struct pty *pty)
{
	pty_send(pty, "1\r");
	pty_until(pty, "answered:");
	pty_send(pty, "4");
	pty_until(pty, "[4 Image]");
}

static void test_open(void **state)
{
	struct pty pty;

	(void)state;
	build_image("gw.bin", "--size=300000 --version-text=1.5.0");
	build_image("c3.bin", "--size=300000 --chip=esp32c3 --version-text=0.9.0");
	start(&pty, "--sim=devices=3,chip=esp32,seed=1");
	pty_send(&pty, "o");
	pty_until(&pty, "image file:");
	/* A folder shows what was built in it. */
	pty_send(&pty, CLEAR);
	pty_send(&pty, folder);
	pty_send(&pty, "\r");
	pty_until(&pty, "otabench-sim 0.9.0  ESP32-C3");
	pty_until(&pty, "otabench-sim 1.5.0  ESP32 ");
	pty_send(&pty, DOWN DOWN "\r");
	pty_until(&pty, "image read");
	pty_until(&pty, "version 1.5.0");
	/* The device is not known yet, so it is asked. */
	connect_device(&pty);
	pty_until(&pty, "esp-sim-01 runs 1.0.0: upgrade");
	pty_send(&pty, "c");
	pty_until(&pty, "Image and esp-sim-01: upgrade");
	pty_until(&pty, "ESP32 v3.1");
	pty_send(&pty, "q");
	pty_until_gone(&pty, "ESP32 v3.1");
	pty_send(&pty, "y");
	pty_until(&pty, "copied:");
	/* The file opened last comes first. */
	pty_send(&pty, "o");
	pty_until(&pty, "Built here, and opened last");
	pty_send(&pty, CLEAR DOWN);
	pty_until(&pty, "image file: /tmp/otabench-image-");
	pty_until(&pty, "/build/gw.bin");
	pty_send(&pty, "\033");
	pty_until_gone(&pty, "opened last");
	finish(&pty);
}

static void open_image(struct pty *pty)
{
	pty_send(pty, "o");
	pty_until(pty, "image file:");
	pty_send(pty, CLEAR);
	pty_send(pty, folder);
	pty_send(pty, "/build/gw.bin\r");
	pty_until(pty, "image read");
}

static void test_rebuilt(void **state)
{
	struct pty pty;

	(void)state;
	build_image("gw.bin", "--size=300000 --version-text=1.5.0");
	start(&pty, "--sim=devices=3,chip=esp32,seed=1");
	open_image(&pty);
	build_image("gw.bin", "--size=300000 --version-text=1.5.1");
	pty_until(&pty, "changed on disk, read again: otabench-sim 1.5.1");
	pty_until(&pty, "version 1.5.1");
	/* For another chip than the device's: refused from then on. */
	connect_device(&pty);
	build_image("gw.bin", "--size=300000 --chip=esp32c3 --version-text=1.5.2");
	pty_until(&pty, "1.5.2, refused: see the checks");
	pty_send(&pty, "u");
	pty_until(&pty, "this image is refused");
	finish(&pty);
}

/* The update goes on with the bytes that it began with; then the new ones are there. */
static void test_rebuilt_under_way(void **state)
{
	struct pty pty;

	(void)state;
	build_image("gw.bin", "--size=300000 --version-text=1.5.0");
	start(&pty, "--sim=devices=3,chip=esp32,seed=1,speed=8");
	open_image(&pty);
	connect_device(&pty);
	pty_send(&pty, "u");
	pty_until(&pty, "y/n");
	pty_send(&pty, "y");
	pty_until(&pty, "[DATA]");
	pty_send(&pty, "p");
	pty_until(&pty, "paused");
	build_image("gw.bin", "--size=300000 --version-text=1.6.0");
	pty_until(&pty, "this update sends what was read before");
	pty_send(&pty, "p");
	pty_until(&pty, "changed on disk, read again: otabench-sim 1.6.0");
	pty_send(&pty, "1");
	pty_until(&pty, "1.5.0");
	pty_until(&pty, "updated");
	finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_rebuilt),
		cmocka_unit_test(test_rebuilt_under_way),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
