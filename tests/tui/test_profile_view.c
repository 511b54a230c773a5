/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profile view by keys in a real pseudo-terminal: edited, taken back,
 * compared with its file, opened in an editor that spoils it and one that mends
 * it, written with its comments.
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

#define UNDO "u"
#define REDO "\x12"
#define CLEAR "\x15" /* Ctrl-U: the whole line */

static char program[4096], folder[64], editor[128], file[256];
static char config_env[128], editor_env[160], history_env[] = "OTABENCH_HISTORY=no",
					      visual_env[] = "VISUAL=";

/* An editor that is told what to do: a line for sed from the terminal. */
static void make_editor(void)
{
	FILE *out = fopen(editor, "w");

	assert_non_null(out);
	(void)fputs("#!/bin/sh\necho EDITOR IS HERE\nread -r line\nexec sed -i \"$line\" \"$1\"\n",
		    out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(editor, 0700), 0);
}

static int setup(void **state)
{
	const char *build = getenv("OTABENCH_BUILDDIR");

	(void)state;
	(void)snprintf(program, sizeof(program), "%s/otabench", build ? build : ".");
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-profile-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(editor, sizeof(editor), "%s/editor", folder);
	(void)snprintf(file, sizeof(file), "%s/otabench/profiles/default.yaml", folder);
	(void)snprintf(config_env, sizeof(config_env), "XDG_CONFIG_HOME=%s", folder);
	(void)snprintf(editor_env, sizeof(editor_env), "EDITOR=%s", editor);
	make_editor();
	return 0;
}

static int teardown(void **state)
{
	char path[256];

	(void)state;
	(void)unlink(editor);
	(void)unlink(file);
	(void)snprintf(path, sizeof(path), "%s/otabench/profiles/mine.yaml", folder);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/otabench/profiles", folder);
	(void)rmdir(path);
	(void)snprintf(path, sizeof(path), "%s/otabench", folder);
	(void)rmdir(path);
	return rmdir(folder);
}

static void start(struct pty *pty)
{
	const char *argv[] = {program, "--sim=seed=1", NULL};
	const char *env[] = {config_env, editor_env, history_env, visual_env, NULL};

	pty_start(pty, 80, 24, argv, env);
	pty_until(pty, "esp-sim-01");
	pty_send(pty, "3");
	pty_until(pty, "default.yaml");
}

static void set_value(struct pty *pty, const char *value)
{
	pty_send(pty, "\r");
	pty_until(pty, "value:");
	pty_send(pty, CLEAR);
	pty_send(pty, value);
	pty_send(pty, "\r");
	pty_until_gone(pty, "value:");
}

static void run_editor(struct pty *pty, const char *line, const char *then)
{
	pty_until(pty, "EDITOR IS HERE");
	assert_false(pty_shows(pty, "2 Device"));
	pty_send(pty, line);
	pty_send(pty, "\n");
	pty_until(pty, then);
	pty_until(pty, "2 Device");
}

static bool file_holds(const char *text)
{
	char buf[16384];
	FILE *in = fopen(file, "r");

	assert_non_null(in);
	buf[fread(buf, 1, sizeof(buf) - 1, in)] = '\0';
	(void)fclose(in);
	return strstr(buf, text) != NULL;
}

static void test_edit(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty);
	/* Without a change no copy is left behind. */
	pty_send(&pty, "w");
	pty_until(&pty, "nothing to write: default is built in");
	assert_int_not_equal(access(file, F_OK), 0);
	pty_send(&pty, "j");
	pty_send(&pty, "\r" CLEAR "9999\r");
	pty_until(&pty, "expected auto or a whole number, 20..512 bytes, found 9999");
	pty_send(&pty, CLEAR "100\r");
	pty_until_gone(&pty, "value:");
	pty_until(&pty, "*modified*");
	set_value(&pty, "244");
	pty_until(&pty, "chunk=244: with the next upload");
	/* Step by step, and back again. */
	pty_send(&pty, UNDO);
	pty_until(&pty, "undo: chunk=100");
	pty_send(&pty, UNDO);
	pty_until_gone(&pty, "*modified*");
	pty_send(&pty, UNDO);
	pty_until(&pty, "nothing to undo");
	pty_send(&pty, REDO REDO);
	pty_until(&pty, "redo: chunk=244");
	pty_send(&pty, "D");
	pty_until(&pty, "auto -> 244");
	pty_until(&pty, "-chunk: auto");
	pty_until(&pty, "+chunk: 244");
	pty_send(&pty, "q");
	pty_until_gone(&pty, "+chunk: 244");
	/* The profile is built in: a file of one's own needs a name. */
	pty_send(&pty, "w");
	pty_until(&pty, "write as NAME, or FILE.yaml: default");
	assert_int_not_equal(access(file, F_OK), 0);
	pty_send(&pty, "\r");
	pty_until(&pty, "written:");
	pty_until_gone(&pty, "*modified*");
	assert_true(file_holds("\nchunk: 244\n"));
	assert_true(file_holds("# Attribute value of one Data write, "));
	pty_send(&pty, "qq");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
	assert_int_equal(unlink(file), 0);
}

/* Tab knows the words of a setting, in the value as in the command line. */
static void test_complete(void **state)
{
	char path[512], line[600];
	struct pty pty;
	FILE *out;

	(void)state;
	start(&pty);
	/* A file with several mistakes says so. */
	(void)snprintf(path, sizeof(path), "%s.yaml", editor);
	out = fopen(path, "w");
	assert_non_null(out);
	(void)fputs("chunk: 7\npacing_us: fast\n", out);
	assert_int_equal(fclose(out), 0);
	(void)snprintf(line, sizeof(line), ":profile %s\r", path);
	pty_send(&pty, line);
	pty_until(&pty, "2 mistakes, the first ");
	assert_int_equal(unlink(path), 0);
	pty_send(&pty, "\003jj\r\025re\t");
	pty_until(&pty, "value: request");
	pty_send(&pty, "\r");
	pty_until(&pty, "write_mode=request: with the next upload");
	pty_send(&pty, ":set stall_action=\t");
	pty_until(&pty, "warn  pause  abort");
	pty_send(&pty, "p\t\r");
	pty_until(&pty, "stall_action=pause: with the next upload");
	pty_send(&pty, ":set retries=\t");
	pty_until(&pty, "retries takes a whole number, 0..100");
	pty_send(&pty, "\033");
	pty_until_gone(&pty, ":set retries=");
	pty_send(&pty, "qq");
	pty_until(&pty, "not written");
	pty_send(&pty, "y");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

static void test_editor(void **state)
{
	struct pty pty;

	(void)state;
	start(&pty);
	pty_send(&pty, "j");
	set_value(&pty, "244");
	pty_send(&pty, "e");
	pty_until(&pty, "It is built in. Write a file of your own and edit that?");
	pty_send(&pty, "y");
	run_editor(&pty, "s/^chunk: 244/chunk: fast/", "1 mistake: the last good values are kept");
	pty_until(&pty, ":8 chunk: expected auto or a whole number, 20..512 bytes, found \"fast\"");
	pty_until(&pty, ">chunk                  244");
	pty_send(&pty, "w");
	pty_until(&pty, "the file has mistakes");
	assert_true(file_holds("\nchunk: fast\n"));
	pty_send(&pty, "e");
	run_editor(&pty, "s/^chunk: fast/chunk: 100 # mine/", "read again: 1 value changed");
	pty_until(&pty, ">chunk                  100");
	pty_send(&pty, UNDO);
	pty_until(&pty, "undo: chunk=244");
	pty_send(&pty, "w");
	pty_until(&pty, "written:");
	assert_true(file_holds("\nchunk: 244 # mine\n"));
	pty_send(&pty, "qq");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
	assert_int_equal(unlink(file), 0);
}

/* Written under another name, changed behind the program's back, and another one chosen. */
static void test_files(void **state)
{
	struct pty pty;
	FILE *out;

	(void)state;
	start(&pty);
	pty_send(&pty, "W" CLEAR "mine\r");
	pty_until(&pty, "written:");
	pty_until(&pty, "mine.yaml");
	(void)snprintf(file, sizeof(file), "%s/otabench/profiles/mine.yaml", folder);
	out = fopen(file, "a");
	assert_non_null(out);
	(void)fputs("# from elsewhere\n", out);
	assert_int_equal(fclose(out), 0);
	pty_send(&pty, "j");
	set_value(&pty, "64");
	pty_send(&pty, "w");
	pty_until(&pty, "the file changed on the disk");
	assert_true(file_holds("# from elsewhere"));
	pty_send(&pty, "L");
	pty_until(&pty, "max-throughput");
	pty_send(&pty, "G\r");
	pty_until(&pty, "Changes are not written. Load reliable instead?");
	pty_send(&pty, "n");
	pty_until(&pty, "*modified*");
	pty_send(&pty, "LG\r");
	pty_until(&pty, "instead?");
	pty_send(&pty, "y");
	pty_until(&pty, "profile reliable: with the next upload");
	pty_until(&pty, "reliable.yaml (built in)");
	pty_send(&pty, "qq");
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_editor),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
