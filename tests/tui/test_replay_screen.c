/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording on the screen: a run of the workbench, tuned and paused by keys, and
 * the same run replayed, come to the same picture; and the replay's keys in a real
 * pseudo-terminal.
 */
#include "config.h" /* system extensions: mkdtemp(), popen() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ptylib.h"

static char program[4096], folder[64], image[128], trace[128], script[128];

static int setup(void **state)
{
	const char *build = getenv("OTABENCH_BUILDDIR");
	char command[8192];

	(void)state;
	(void)snprintf(program, sizeof(program), "%s/otabench", build ? build : ".");
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-screen-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(image, sizeof(image), "%s/image.bin", folder);
	(void)snprintf(trace, sizeof(trace), "%s/run.trace", folder);
	(void)snprintf(script, sizeof(script), "%s/script", folder);
	(void)snprintf(command, sizeof(command),
		       "'%s' sample-image --quiet --size=300000 '%s' >/dev/null", program, image);
	return system(command) == 0 ? 0 : -1; /* NOLINT(cert-env33-c): our own words */
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(image);
	(void)unlink(trace);
	(void)unlink(script);
	return rmdir(folder);
}

/* Returns the output of a script, to be freed. */
static char *play(const char *arguments, const char *text)
{
	char command[16384], *out = NULL, buf[4096];
	size_t size = 0, n;
	FILE *file = fopen(script, "w"), *in, *mem = open_memstream(&out, &size);
	int status;

	assert_non_null(file);
	assert_non_null(mem);
	(void)fputs(text, file);
	assert_int_equal(fclose(file), 0);
	(void)snprintf(command, sizeof(command), "'%s' --no-history --script='%s' %s 2>&1", program,
		       script, arguments);
	in = popen(command, "r"); /* NOLINT(cert-env33-c): the shell is what users run it from */
	assert_non_null(in);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		(void)fwrite(buf, 1, n, mem);
	status = pclose(in);
	assert_int_equal(fclose(mem), 0);
	if (status != 0)
		fail_msg("%s", out);
	return out;
}

/* The rows of a view: without the tabs above, and message and keys below, where it says that
 * it is a replay. */
static void keep_body(char *screen)
{
	char *body = strchr(screen, '\n'), *end;

	assert_non_null(body);
	body = strchr(body + 1, '\n'); /* behind "=== name" and the tabs */
	assert_non_null(body);
	memmove(screen, body + 1, strlen(body + 1) + 1);
	for (int i = 0; i < 3; i++) {
		end = strrchr(screen, '\n');
		assert_non_null(end);
		*end = '\0';
	}
}

/* Samples of the signal are taken when the screen is looked at: live, more seldom. */
static void drop_line(char *screen, const char *begin)
{
	char *at = strstr(screen, begin), *end = at ? strchr(at, '\n') : NULL;

	if (end)
		memmove(at, end + 1, strlen(end + 1) + 1);
}

static void check_rows(const char *again, const char *live)
{
	while (*again != '\0' || *live != '\0') {
		const size_t a = strcspn(again, "\n"), b = strcspn(live, "\n");

		if (a != b || strncmp(again, live, a) != 0)
			fail_msg("replayed: %.*s\nlive:     %.*s", (int)a, again, (int)b, live);
		again += a + (again[a] == '\n');
		live += b + (live[b] == '\n');
	}
}

static void check_same(const char *sim, const char *keys, const char *until)
{
	char arguments[512], text[1024], *live, *again;

	(void)unlink(trace);
	(void)snprintf(arguments, sizeof(arguments),
		       "--sim=devices=1,seed=4%s --trace='%s' workbench '%s'", sim, trace, image);
	(void)snprintf(text, sizeof(text),
		       "size 100 40\nuntil esp-sim-01\nkeys Enter\nuntil answered:\nkeys u y\n%s"
		       "until %s\nscreen end\n",
		       keys, until);
	live = play(arguments, text);
	(void)snprintf(arguments, sizeof(arguments), "replay '%s'", trace);
	(void)snprintf(text, sizeof(text), "size 100 40\nkeys End\nuntil %s\nscreen end\n", until);
	again = play(arguments, text);
	assert_non_null(strstr(again, "REPLAY end"));
	keep_body(live);
	keep_body(again);
	drop_line(live, "RSSI");
	drop_line(again, "RSSI");
	/* Live, the log begins with the look before it: the end of both is what must agree. */
	check_rows(again, live);
	free(live);
	free(again);
}

static void test_same_picture(void **state)
{
	(void)state;
	check_same("", "until [DATA]\nkeys ] }\nwait 1\nkeys p\nuntil paused\nwait 1\nkeys p m\n",
		   "confirmed:");
	check_same("", "until [DATA]\nwait 1\nkeys x y\n", "cancelled:");
	check_same(",fault=disconnect@90000", "", "confirmed:");
}

static void start(struct pty *pty, int width, int height)
{
	const char *argv[] = {program, "replay", trace, NULL};

	pty_start(pty, width, height, argv, NULL);
	pty_until(pty, "REPLAY");
}

static void test_keys(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, 80, 24);
	pty_until(&pty, "simulated");
	pty_send(&pty, " ");
	pty_until(&pty, "REPLAY paused");
	pty_send(&pty, "}}");
	pty_until(&pty, "[CONNECT]");
	pty_send(&pty, "\033OF"); /* End */
	pty_until(&pty, "confirmed:");
	pty_until(&pty, "REPLAY end");
	/* Both logs are in the recording; each is searched, filtered, marked and copied. */
	pty_send(&pty, "@");
	pty_until(&pty, "─ Calls");
	pty_send(&pty, "/discover\r");
	pty_until(&pty, "Calls / discover");
	pty_until(&pty, "FROZEN");
	pty_send(&pty, "y");
	pty_until(&pty, "copied: ");
	pty_send(&pty, "bkkk\"");
	pty_until(&pty, "#");
	pty_send(&pty, "\\Info read\r");
	pty_until(&pty, "Calls only: Info read");
	pty_until(&pty, "Info read (");
	pty_send(&pty, "@");
	pty_until(&pty, "─ Control");
	pty_send(&pty, "{{");
	pty_until(&pty, "REPLAY paused");
	/* A recording has no device that anything could be done to. */
	pty_send(&pty, "u");
	pty_until(&pty, "this is a recording");
	pty_send(&pty, "1");
	pty_until(&pty, "this is a recording");
	pty_send(&pty, "(");
	pty_until(&pty, "run 1 of 2");
	pty_send(&pty, "\033OH");
	pty_until(&pty, "0:00/");
	pty_send(&pty, "++++++++");
	pty_until(&pty, "REPLAY end");
	pty_send(&pty, "3");
	pty_until(&pty, "in the recording");
	pty_send(&pty, "q");
	pty_until(&pty, "REPLAY end");
	pty_send(&pty, "?");
	pty_until(&pty, "HELP");
	pty_send(&pty, "qq");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_picture),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests_name("replay_screen", tests, setup, teardown);
}
