/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workbench in a real pseudo-terminal, by keys alone, against the virtual
 * ESP32: a whole session, its size changed in the middle of a transfer, its
 * terminal taken away, and a terminal without colours or UTF-8.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "ptylib.h"

static char program[4096], folder[64], image[128];

/* An image that the program makes, for a chip that the first virtual device has. */
static int setup(void **state)
{
	const char *build = getenv("OTABENCH_BUILDDIR");
	char command[8192];

	(void)state;
	(void)snprintf(program, sizeof(program), "%s/otabench", build ? build : ".");
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-tui-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(image, sizeof(image), "%s/image.bin", folder);
	(void)snprintf(command, sizeof(command),
		       "'%s' sample-image --quiet --size=300000 '%s' >/dev/null", program, image);
	return system(command) == 0 ? 0 : -1; /* NOLINT(cert-env33-c): our own words */
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(image);
	return rmdir(folder);
}

static void start(struct pty *pty, int width, int height, const char *sim, const char *const *env)
{
	const char *argv[] = {program, sim, NULL};

	pty_start(pty, width, height, argv, env);
	pty_until(pty, "esp-sim-01");
}

static void choose_image(struct pty *pty)
{
	pty_send(pty, "4");
	pty_until(pty, "no image chosen");
	pty_send(pty, "o");
	pty_until(pty, "image file:");
	/* Tab fills in the rest of the name. */
	pty_send(pty, folder);
	pty_send(pty, "/im\t");
	pty_until(pty, "image.bin");
	pty_send(pty, "\r");
	pty_until(pty, "may be sent");
}

static void begin_upload(struct pty *pty)
{
	pty_send(pty, "u");
	pty_until(pty, "y/n");
	pty_send(pty, "y");
	pty_until(pty, "[DATA]");
}

/* The terminal's own modes must come back; the screen is told by the emulator. */
static void check_left(struct pty *pty)
{
	assert_int_equal(pty_end(pty), 0);
	assert_false(pty_shows(pty, "1 Scan"));
	pty_check_restored(pty);
}

static void test_session(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, 80, 24, "--sim=devices=3,chip=esp32,seed=1,speed=8", NULL);
	pty_send(&pty, "/sim-01\r");
	pty_send(&pty, "\r");
	pty_until(&pty, "answered:");
	choose_image(&pty);
	begin_upload(&pty);
	/* Tuned and paused in the middle. */
	pty_send(&pty, "]");
	pty_until(&pty, "pacing_us=100: in force now");
	pty_send(&pty, "}");
	pty_until(&pty, "window=");
	pty_send(&pty, "p");
	pty_until(&pty, "paused");
	pty_send(&pty, "p");
	pty_until_gone(&pty, "paused 0");
	pty_send(&pty, "x");
	pty_until(&pty, "y/n");
	pty_send(&pty, "y");
	pty_until(&pty, "cancelled:");
	/* Recovered: again, to the end, proved. */
	pty_send(&pty, "[R");
	pty_until(&pty, "Recover esp-sim-01");
	/* Recover has nothing left to do; the next choice sends the image again, and has a
	 * command. */
	pty_until(&pty, "STATUS just now");
	pty_send(&pty, "j");
	pty_until(&pty, "otabench --sim");
	pty_send(&pty, "y");
	pty_until(&pty, "copied: otabench --sim");
	pty_until_raw(&pty, "\033]52;c;b3RhYmVuY2gg"); /* "otabench " */
	pty_send(&pty, "s");
	pty_until(&pty, "y/n");
	pty_send(&pty, "y");
	pty_until(&pty, "confirmed:");
	pty_send(&pty, "1");
	pty_until(&pty, "updated");
	pty_send(&pty, "?");
	pty_until(&pty, "HELP  Scan");
	pty_send(&pty, "qq");
	pty_until(&pty, "not written");
	pty_send(&pty, "y");
	check_left(&pty);
	pty_finish(&pty);
}

static void begin(struct pty *pty, const char *sim)
{
	start(pty, 80, 24, sim, NULL);
	pty_send(pty, "\r");
	pty_until(pty, "answered:");
	choose_image(pty);
}

/* The link is lost in the middle for good: asked what it is at, it goes on there. */
static void test_recover_resume(void **state)
{
	const char *argv[] = {program, "--set=retries=0",
			      "--sim=devices=1,chip=esp32,seed=1,speed=8,fault=disconnect@150000",
			      NULL};
	struct pty pty;

	(void)state;
	pty_start(&pty, 80, 24, argv, NULL);
	pty_until(&pty, "esp-sim-01");
	pty_send(&pty, "\r");
	pty_until(&pty, "answered:");
	choose_image(&pty);
	begin_upload(&pty);
	pty_until(&pty, "link-lost:");
	/* R works in the list as well. */
	pty_send(&pty, "1R");
	pty_until(&pty, "of 300000 bytes");
	pty_until(&pty, "running slot untouched");
	/* The device is asked before anything is offered. */
	pty_until(&pty, "STATUS just now: suspended at");
	pty_until(&pty, "(chosen)");
	pty_until(&pty, "-s retries=0 resume");
	/* An action that is not possible says why. */
	pty_send(&pty, "c");
	pty_until(&pty, "not possible: it is not on trial");
	/* A digit, which is a tab's, does nothing here; what writes asks first. */
	pty_send(&pty, "1r");
	pty_until(&pty, "Reconnect, resume: resumes at");
	pty_send(&pty, "y");
	pty_until(&pty, "[2 Device]");
	pty_until(&pty, "confirmed:");
	pty_send(&pty, "R");
	pty_until(&pty, "it has nothing to resume");
	pty_send(&pty, "qqq");
	check_left(&pty);
	pty_finish(&pty);
}

/* Another program left an update on the device: it is seen, and dropped. */
static void test_recover_foreign(void **state)
{
	char sim[256], command[8192];
	struct pty pty;

	(void)state;
	(void)snprintf(command, sizeof(command),
		       "'%s' --quiet --sim=devices=1,chip=esp32,seed=1,state=%s/air,"
		       "fault=disconnect@150000 --set=retries=0 flash esp-sim-01 '%s' 2>/dev/null",
		       program, folder, image);
	/* NOLINTNEXTLINE(cert-env33-c): our own words */
	assert_int_equal(WEXITSTATUS(system(command)), 75);
	(void)snprintf(sim, sizeof(sim), "--sim=devices=1,chip=esp32,seed=1,speed=8,state=%s/air",
		       folder);
	start(&pty, 80, 24, sim, NULL);
	pty_send(&pty, "\r");
	pty_until(&pty, "holds another host's update of image");
	pty_send(&pty, "R");
	pty_until(&pty, "Another host left an update of image");
	pty_until(&pty, "no image chosen");
	pty_send(&pty, "a");
	pty_until(&pty, "Abort, wait for idle: drops what was received. y/n");
	pty_send(&pty, "y");
	pty_until(&pty, "No update is in progress");
	pty_send(&pty, "Ri");
	pty_until(&pty, "STATUS just now: idle");
	/* The adapter, off and on. */
	pty_send(&pty, "oy");
	pty_until(&pty, "was switched off and on");
	pty_send(&pty, "Rdy");
	pty_until(&pty, "there is no link to end");
	pty_send(&pty, "qq");
	check_left(&pty);
	pty_finish(&pty);
	(void)snprintf(command, sizeof(command), "rm -r '%s/air'", folder);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): our own words */
}

/* An image on trial is rolled back, uploaded again, and confirmed. */
static void test_recover_trial(void **state)
{
	struct pty pty;

	(void)state;
	begin(&pty, "--sim=devices=1,chip=esp32,seed=1,speed=1");
	pty_send(&pty, ":set confirm=never\r");
	pty_until(&pty, "with the next upload");
	begin_upload(&pty);
	pty_until(&pty, "unconfirmed:");
	pty_send(&pty, "R");
	pty_until(&pty, "ends its trial");
	pty_send(&pty, "b");
	pty_until(&pty, "y/n");
	pty_send(&pty, "y");
	pty_until(&pty, "rolls back to the image");
	pty_send(&pty, "Ri");
	pty_until(&pty, "STATUS just now: idle");
	pty_until(&pty, "it is not on trial");
	pty_send(&pty, "sy");
	pty_until(&pty, "[DATA]");
	pty_until(&pty, "unconfirmed:");
	pty_send(&pty, "Rc");
	pty_until(&pty, "y/n");
	pty_send(&pty, "y");
	pty_until(&pty, "running image is confirmed");
	pty_send(&pty, "R");
	pty_until(&pty, "it is not on trial");
	pty_send(&pty, "qqq");
	pty_until(&pty, "not written");
	pty_send(&pty, "y");
	check_left(&pty);
	pty_finish(&pty);
}

/* The screen must equal a fresh drawing of it. */
static void check_redraw(struct pty *pty)
{
	char *is, *fresh;

	pty_drain(pty, 120);
	is = pty_text(pty);
	pty_send(pty, "\f");
	pty_drain(pty, 120);
	fresh = pty_text(pty);
	assert_string_equal(is, fresh);
	free(is);
	free(fresh);
}

static void test_resize(void **state)
{
	static const int widths[] = {20, 38, 59, 60, 79, 80, 149, 150, 200};
	static const int heights[] = {5, 8, 15, 16, 24, 50, 60};
	struct pty pty;

	(void)state;
	start(&pty, 80, 24, "--sim=devices=1,chip=esp32,seed=1,speed=2", NULL);
	pty_send(&pty, "\r");
	pty_until(&pty, "answered:");
	choose_image(&pty);
	begin_upload(&pty);
	for (size_t i = 0; i < 7; i++) {
		for (size_t j = 0; j < 9; j++) {
			pty_resize(&pty, widths[i % 2 ? 8 - j : j], heights[i]);
			pty_drain(&pty, 2);
		}
	}
	/* The other way round, standing still, cell by cell: nothing comes or goes in the list. */
	pty_resize(&pty, 80, 24);
	pty_until(&pty, "confirmed:");
	pty_send(&pty, "4");
	pty_until(&pty, "Checks");
	for (int i = 6; i >= 0; i -= 2) {
		for (int j = 8; j >= 0; j -= 2) {
			pty_resize(&pty, widths[j], heights[i]);
			/* A key that is answered: by then the new size has been seen. */
			pty_send(&pty, "?");
			pty_until(&pty, "HELP");
			pty_send(&pty, "q");
			pty_until_gone(&pty, "HELP");
			check_redraw(&pty);
		}
	}
	pty_send(&pty, "qq");
	check_left(&pty);
	pty_finish(&pty);
}

static void test_plain(void **state)
{
	static const char *const env[] = {"LC_ALL=C", "TERM=vt100", "NO_COLOR=1", NULL};
	struct pty pty;
	char *text;

	(void)state;
	start(&pty, 80, 24, "--sim=devices=1,chip=esp32,seed=1", env);
	pty_send(&pty, "2");
	pty_until(&pty, "no device chosen");
	pty_send(&pty, "\tG");
	pty_until(&pty, "-- confirm ---");
	text = pty_text(&pty);
	for (const char *s = text; *s != '\0'; s++)
		assert_true((unsigned char)*s < 0x80);
	free(text);
	pty_send(&pty, ":nonsense\r");
	pty_until(&pty, "no command nonsense");
	pty_send(&pty, "\025qui\t\r");
	assert_int_equal(pty_end(&pty), 0); /* a vt100 has no other screen to go back to */
	pty_finish(&pty);
}

/* Ctrl-C asks while something runs; y cancels on the device, then ends. */
static void test_interrupt(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, 80, 24, "--sim=devices=1,chip=esp32,seed=1,speed=4", NULL);
	pty_send(&pty, "\r");
	pty_until(&pty, "answered:");
	choose_image(&pty);
	begin_upload(&pty);
	pty_send(&pty, "\003");
	pty_until(&pty, "cancel and end");
	pty_send(&pty, "y");
	assert_int_equal(pty_end(&pty), 130);
	pty_finish(&pty);
	/* The second one ends at once. */
	start(&pty, 80, 24, "--sim=devices=1,chip=esp32,seed=1,speed=4", NULL);
	pty_send(&pty, "\r");
	pty_until(&pty, "answered:");
	choose_image(&pty);
	begin_upload(&pty);
	pty_send(&pty, "\003");
	pty_until(&pty, "cancel and end");
	pty_send(&pty, "\003");
	assert_int_equal(pty_end(&pty), 130);
	pty_finish(&pty);
}

static char *play(const char *script)
{
	char command[8192], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size), *in;
	int c;

	(void)snprintf(command, sizeof(command),
		       "'%s' --sim=devices=2,chip=esp32,seed=3 --script '%s'", program, script);
	assert_non_null(out);
	in = popen(command, "r"); /* NOLINT(cert-env33-c): as a user runs it */
	assert_non_null(in);
	while ((c = fgetc(in)) != EOF)
		(void)fputc(c, out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(pclose(in), 0);
	return text;
}

/* Same keys, same seed: the same screens, to the last cell. */
static void test_script(void **state)
{
	char script[128], *first, *second;
	FILE *out;

	(void)state;
	(void)snprintf(script, sizeof(script), "%s/script", folder);
	out = fopen(script, "w");
	assert_non_null(out);
	(void)fprintf(out,
		      "# a whole update\nwait 1\nscreen list\nkeys Enter\nuntil answered:\n"
		      "type :flash %s\nkeys Enter y\nuntil [DATA]\nwait 1\nscreen sending\n"
		      "keys ]\nwait 0.5\nsize 60 16\nascii\nscreen small\nsize 80 24\nutf8\n"
		      "until confirmed:\nscreen done\n",
		      image);
	assert_int_equal(fclose(out), 0);
	first = play(script);
	second = play(script);
	assert_non_null(strstr(first, "=== small 60x16 ASCII"));
	assert_non_null(strstr(first, "confirmed: It runs the image"));
	assert_string_equal(first, second);
	free(first);
	free(second);
	assert_int_equal(unlink(script), 0);
}

/* A crash gives the terminal back, and is still told as a crash. */
static void test_signals(void **state)
{
	struct pty pty;
	struct termios mode;

	(void)state;
	start(&pty, 80, 24, "--sim=devices=1,seed=1", NULL);
	(void)kill(pty.child, SIGTERM);
	check_left(&pty);
	pty_finish(&pty);
	if (getenv("OTABENCH_INSTRUMENTED"))
		return; /* the sanitizer handles what follows */
	start(&pty, 80, 24, "--sim=devices=1,seed=1", NULL);
	assert_int_equal(tcgetattr(pty.fd, &mode), 0);
	assert_int_equal(mode.c_lflag & (ECHO | ICANON), 0);
	(void)kill(pty.child, SIGSEGV);
	pty_drain(&pty, 300);
	assert_false(pty_shows(&pty, "1 Scan"));
	assert_int_equal(pty_end(&pty), -SIGSEGV);
	pty_finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session),		cmocka_unit_test(test_recover_resume),
		cmocka_unit_test(test_recover_foreign), cmocka_unit_test(test_recover_trial),
		cmocka_unit_test(test_resize),		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_interrupt),	cmocka_unit_test(test_signals),
		cmocka_unit_test(test_script),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
