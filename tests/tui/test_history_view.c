/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history in the workbench, by keys alone in a real pseudo-terminal: two
 * runs are made, compared, exported, repeated and deleted; and a run whose
 * terminal, process or program goes away is recorded as what it was.
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
#include <unistd.h>

#include <cmocka.h>

#include "history/history.h"
#include "ptylib.h"
#include "testlib.h"

static char program[4096], folder[64], path[96];

static int setup(void **state)
{
	const char *build = getenv("OTABENCH_BUILDDIR");
	char command[8192];

	(void)state;
	(void)snprintf(program, sizeof(program), "%s/otabench", build ? build : ".");
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-view-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/history.db", folder);
	(void)setenv("OTABENCH_HISTORY", path, 1);
	(void)snprintf(command, sizeof(command),
		       "'%s' sample-image --quiet --size=300000 new.bin >/dev/null", program);
	return system(command) == 0 ? 0 : -1; /* NOLINT(cert-env33-c): our own words */
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	/* NOLINTNEXTLINE(cert-env33-c): a folder made by mkdtemp() */
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void start(struct pty *pty, const char *sim)
{
	const char *argv[] = {program, sim, "workbench", "new.bin", NULL};

	pty_start(pty, 80, 24, argv, NULL);
	pty_until(pty, "esp-sim-01");
	pty_send(pty, "\r");
	pty_until(pty, "answered:");
}

static void upload(struct pty *pty)
{
	pty_send(pty, "2u");
	pty_until(pty, "y/n");
	pty_send(pty, "y");
	pty_until(pty, "[DATA]");
	/* The run stays in the middle until the test has done there what it wants. */
	pty_send(pty, "p");
	pty_until(pty, "paused");
}

/* Two runs are in the list. */
static void trend_and_filter(struct pty *pty)
{
	pty_send(pty, "t");
	pty_until(pty, "trend of esp-sim-01 (simulated)");
	pty_until(pty, "2 runs, the last ");
	pty_send(pty, "d");
	pty_until(pty, "q closes the trend");
	pty_send(pty, "q");
	pty_until_gone(pty, "trend of esp-sim-01");
	pty_send(pty, "\\real\r");
	pty_until(pty, "no run passes the filter");
	pty_send(pty, "\\");
	pty_until(pty, "show only: real");
	pty_send(pty, "\025chunk>20\r");
	pty_until(pty, "filter: chunk>20");
	pty_send(pty, "s");
	pty_until(pty, "sorted by device");
	pty_send(pty, ":history -9\r");
	pty_until(pty, "there are not so many runs");
	pty_send(pty, "\003:history last -2\r");
	pty_until(pty, "compare 2 vs 1");
	pty_send(pty, "q");
	pty_until_gone(pty, "compare 2 vs 1");
}

static void look_while_it_runs(struct pty *pty)
{
	pty_send(pty, "5");
	pty_until(pty, "runs ");
	pty_until(pty, "%"); /* so far */
	pty_send(pty, "d");
	pty_until(pty, "it still runs");
	pty_send(pty, "2p");
	pty_until(pty, "confirmed:");
}

static void look_at_one(struct pty *pty)
{
	pty_send(pty, "\r");
	pty_until(pty, "run 1 update");
	pty_until(pty, "confirmed: It runs the image");
	/* The end is a full page. */
	pty_send(pty, "G");
	pty_until(pty, "verify_timeout_ms");
	pty_until(pty, "stall_action");
	pty_until_gone(pty, "confirmed: It runs the image");
	pty_send(pty, "q");
	pty_until(pty, "RESULT");
}

static void export_it(struct pty *pty)
{
	uint8_t *csv;
	size_t size;

	pty_send(pty, "E");
	pty_until(pty, "otabench-run-1.csv");
	pty_send(pty, "\r");
	pty_until(pty, "1 run written to otabench-run-1.csv");
	pty_send(pty, "E\r");
	pty_until(pty, "there is such a file");
	csv = test_load_file("otabench-run-1.csv", &size);
	assert_true(csv && size > 500);
	assert_memory_equal(csv, "run,t,queued,", 13);
	free(csv);
}

/* The image that it brought runs by now, and is sent all the same. */
static void again_and_compare(struct pty *pty)
{
	pty_send(pty, "ry");
	pty_until(pty, "confirmed:");
	pty_send(pty, "u");
	pty_until(pty, "runs this very image: send it again? y/n");
	pty_send(pty, "n");
	pty_send(pty, "5g  c");
	pty_until(pty, "compare 2 vs 1");
	pty_until(pty, "changed keys: none");
	pty_send(pty, "c");
	pty_until_gone(pty, "compare 2 vs 1");
}

static void test_view(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=1,chip=esp32,seed=1,speed=4");
	pty_send(&pty, "5");
	pty_until(&pty, "no run recorded yet");
	upload(&pty);
	look_while_it_runs(&pty);
	pty_send(&pty, ":set write_mode=request\r");
	pty_until(&pty, "with the next upload");
	pty_send(&pty, "5");
	pty_until(&pty, " ok");
	pty_send(&pty, "r");
	pty_until(&pty, "again, profile default? y/n");
	pty_send(&pty, "n");
	look_at_one(&pty);
	export_it(&pty);
	pty_send(&pty, "\003c");
	pty_until(&pty, "mark two runs");
	again_and_compare(&pty);
	trend_and_filter(&pty);
	pty_send(&pty, "/confirmed\r");
	pty_until(&pty, "/confirmed: 2");
	pty_send(&pty, "gd");
	pty_until(&pty, "Delete run 2 and its series?");
	pty_send(&pty, "y");
	pty_until(&pty, "run 2 deleted");
	pty_send(&pty, ":history 1\r");
	pty_until(&pty, "run 1 update");
	pty_send(&pty, "qqq");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

/* The newest run, as it is recorded. */
static struct history_run newest(void)
{
	struct history_run *runs, run;
	struct history *history;
	char why[512];
	size_t count;

	assert_int_equal(history_open(path, &history, why, sizeof(why)), 0);
	assert_int_equal(history_list(history, 1, &runs, &count), 0);
	assert_int_equal(count, 1);
	run = runs[0];
	free(runs);
	history_close(history);
	return run;
}

/* The device is told, then the program ends: the run is recorded with its end. */
static void test_terminated(void **state)
{
	struct history_run run;
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=1,chip=esp32,seed=1,speed=2");
	upload(&pty);
	assert_int_equal(kill(pty.child, SIGTERM), 0);
	assert_int_equal(pty_end(&pty), 130);
	pty_finish(&pty);
	run = newest();
	assert_string_equal(history_outcome(&run), "cancelled");
	assert_int_equal(run.result.status, 0); /* the device said that it is idle */
	assert_true(history_percent(&run) < 100);
}

/* Nobody asked to cancel: the update stays where it is, to be resumed. */
static void test_hung_up(void **state)
{
	struct history_run run;
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=1,chip=esp32,seed=1,speed=2");
	upload(&pty);
	assert_int_equal(kill(pty.child, SIGHUP), 0);
	assert_int_equal(pty_end(&pty), 75);
	pty_finish(&pty);
	run = newest();
	assert_string_equal(history_outcome(&run), "left");
}

/* The terminal itself goes: what is left of it is the end of its file. */
static void test_terminal_lost(void **state)
{
	struct history_run run;
	struct pty pty;
	int status;

	(void)state;
	start(&pty, "--sim=devices=1,chip=esp32,seed=1,speed=2");
	upload(&pty);
	(void)close(pty.fd);
	pty.fd = -1;
	assert_int_equal(waitpid(pty.child, &status, 0), pty.child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 75);
	pty.child = 0;
	pty_finish(&pty);
	run = newest();
	assert_string_equal(history_outcome(&run), "left");
}

/* Asked for at once: there is no end to record, and it is not said that there was one. */
static void test_left(void **state)
{
	struct history_run run;
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=1,chip=esp32,seed=1,speed=2");
	upload(&pty);
	pty_send(&pty, "\x03");
	pty_until(&pty, "Ctrl-C: end at once");
	pty_send(&pty, "\x03");
	assert_int_equal(pty_end(&pty), 130);
	pty_finish(&pty);
	run = newest();
	assert_string_equal(history_outcome(&run), "left");
}

static void test_killed(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty, "--sim=devices=1,chip=esp32,seed=1,speed=2");
	upload(&pty);
	pty_send(&pty, "5");
	pty_until(&pty, "runs "); /* it is in the file */
	pty_until(&pty, "%"); /* so far */
	assert_int_equal(kill(pty.child, SIGKILL), 0);
	assert_int_equal(pty_end(&pty), -SIGKILL);
	pty_finish(&pty);
	start(&pty, "--sim=devices=1,chip=esp32,seed=1,speed=4");
	pty_send(&pty, "5");
	pty_until(&pty, "KILLED");
	pty_send(&pty, "\r");
	pty_until(&pty, "its program is gone and recorded no end");
	pty_send(&pty, "qqq");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_view, setup, teardown),
		cmocka_unit_test_setup_teardown(test_terminated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hung_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_terminal_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
