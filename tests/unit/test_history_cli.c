/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otabench history, as a user runs it: what updates leave, what it prints, and
 * its exit codes.
 */
#include "config.h" /* system extensions: popen(), mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

static char program[4096], folder[64], text[65536];

/* Runs the program with these arguments; its output, errors too, is in text. */
static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int run(const char *format, ...)
{
	char arguments[2048], command[8192];
	va_list ap;
	size_t len;
	FILE *out;
	int status;

	va_start(ap, format);
	(void)vsnprintf(arguments, sizeof(arguments), format, ap);
	va_end(ap);
	(void)snprintf(command, sizeof(command), "'%s' %s 2>&1", program, arguments);
	out = popen(command, "r"); /* NOLINT(cert-env33-c): the shell is what users run it from */
	assert_non_null(out);
	len = fread(text, 1, sizeof(text) - 1, out);
	text[len] = '\0';
	status = pclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void expect_none(const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
}

static size_t lines(void)
{
	size_t count = 0;

	for (const char *s = text; *s != '\0'; s++)
		count += *s == '\n';
	return count;
}

/* The n-th line as JSON, from 0; to be released. */
static json_t *json_line(size_t n)
{
	const char *line = text;
	char one[32768];
	json_t *o;

	for (; n > 0 && line; n--)
		line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL;
	if (!line) {
		fail_msg("no such line in:\n%s", text);
		return NULL;
	}
	(void)snprintf(one, sizeof(one), "%.*s", (int)strcspn(line, "\n"), line);
	o = json_loads(one, 0, NULL);
	if (!o)
		fail_msg("not JSON: %s", one);
	return o;
}

static int setup(void **state)
{
	const char *build = getenv("OTABENCH_BUILDDIR");

	(void)state;
	(void)snprintf(program, sizeof(program), "%s/otabench", build ? build : ".");
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-cli-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	(void)unsetenv("OTABENCH_HISTORY");
	(void)unsetenv("COLUMNS");
	(void)setenv("XDG_STATE_HOME", folder, 1);
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	return run("-q sample-image --size=60000 new.bin");
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	/* NOLINTNEXTLINE(cert-env33-c): a folder made by mkdtemp() */
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

#define FLASH "-q --sim=chip=esp32 %s flash esp-sim-01 new.bin"

static void make_runs(void)
{
	assert_int_equal(run(FLASH, ""), 0);
	assert_int_equal(run(FLASH, "-s window=2048 -s write_mode=request"), 0);
	assert_int_equal(run("-q --sim=chip=esp32 bench --bytes=20000 esp-sim-01"), 0);
	assert_int_equal(run("-q --sim flash --device-timeout=1 nobody new.bin"), 68);
}

static void test_empty(void **state)
{
	(void)state;
	assert_int_equal(run("history"), 0);
	expect("nothing was recorded yet");
	assert_int_equal(run("history show 1"), 66);
	/* Neither switch leaves a file, and other commands are no runs. */
	assert_int_equal(run("--no-history " FLASH, ""), 0);
	assert_int_equal(setenv("OTABENCH_HISTORY", "no", 1), 0);
	assert_int_equal(run(FLASH, ""), 0);
	assert_int_equal(unsetenv("OTABENCH_HISTORY"), 0);
	assert_int_equal(run("-q --sim info esp-sim-01"), 0);
	assert_int_equal(access("otabench/history.db", F_OK), -1);
}

/* A measurement of the flash is no update and none of the link, and is repeated as what it was. */
static void test_flash_alone(void **state)
{
	(void)state;
	assert_int_equal(run("-q --sim=chip=esp32 bench --parts=link,flash --yes --bytes=20000 "
			     "--flash-bytes=65536 esp-sim-01"),
			 0);
	assert_int_equal(run("history show 1"), 0);
	expect("the link alone with 20.0 kB, flash untouched, no update");
	assert_int_equal(run("history show 2"), 0);
	expect("the flash alone: 65.5 kB written to the other slot, no update");
	assert_int_equal(run("history rerun 2"), 64); /* nobody agreed */
	assert_int_equal(run("history rerun 2 --yes"), 0);
	expect("The flash was measured");
	assert_int_equal(run("history show 3"), 0);
	expect("the flash alone: 65.5 kB written");
}

static void test_list(void **state)
{
	struct stat st;
	json_t *o;

	(void)state;
	make_runs();
	assert_int_equal(run("history"), 0);
	assert_int_equal(lines(), 5);
	expect("RESULT\n    4~ ");
	expect(" not found\n    3~ ");
	expect(" bench ");
	assert_int_equal(run("history list --last=1"), 0);
	assert_int_equal(lines(), 2);
	assert_int_equal(run("--json history"), 0);
	assert_int_equal(lines(), 5);
	o = json_line(2);
	assert_int_equal(json_integer_value(json_object_get(o, "run")), 2);
	assert_string_equal(json_string_value(json_object_get(o, "outcome")), "confirmed");
	assert_int_equal(json_integer_value(json_object_get(o, "size")), 60000);
	json_decref(o);
	/* Private, as what was sent to which device is. */
	assert_int_equal(stat("otabench", &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	assert_int_equal(run("history list --last=0"), 64);
	assert_int_equal(run("history lst"), 64);
	expect("history: expected [list] | show N");
}

static void test_show(void **state)
{
	json_t *o;

	(void)state;
	make_runs();
	assert_int_equal(run("history show 2"), 0);
	expect("run 2 update");
	expect("confirmed: It runs the image and has confirmed it");
	expect("kB/s");
	expect("verifying");
	expect("chunk                   auto, in force "); /* the session chooses it */
	expect("write_mode              request\n");
	assert_int_equal(run("--json history show '#2'"), 0);
	o = json_line(0);
	assert_string_equal(
		json_string_value(json_object_get(
			json_object_get(json_object_get(o, "keys"), "window"), "asked")),
		"2048");
	assert_true(json_array_size(json_object_get(o, "marks")) > 5);
	json_decref(o);
	assert_int_equal(run("history show 99"), 66);
	expect("no run 99");
	assert_int_equal(run("history show x"), 64);
}

static void test_compare(void **state)
{
	static const char *const always[] = {"result", "throughput", "wall_time", "stalls",
					     "chunk",  "window",     "link",	  "retries"};
	const char *key;
	json_t *o, *rows, *row;

	(void)state;
	make_runs();
	assert_int_equal(run("history compare 2 1"), 0);
	expect("compare 2 vs 1");
	expect("  #2 ");
	expect("  #1 ");
	expect("changed keys:");
	expect("write_mode auto->request");
	expect("window auto->2048");
	assert_int_equal(run("--json history compare 2 1"), 0);
	o = json_line(0);
	rows = json_object_get(o, "rows");
	json_object_foreach(rows, key, row)
	{
		assert_int_equal(strspn(key, "abcdefghijklmnopqrstuvwxyz_"), strlen(key));
		assert_non_null(json_string_value(json_object_get(row, "label")));
	}
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		assert_true(json_is_object(json_object_get(rows, always[i])));
	assert_non_null(
		json_string_value(json_object_get(json_object_get(rows, "throughput"), "delta")));
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(json_object_get(o, "keys"), "window"), "a")),
			    "2048");
	json_decref(o);
	assert_int_equal(setenv("LC_ALL", "C", 1), 0);
	assert_int_equal(run("history compare 2 1"), 0);
	for (const char *s = text; *s != '\0'; s++)
		assert_true(*s == '\n' || (*s >= ' ' && *s <= '~'));
	assert_int_equal(run("history compare 2 77"), 66);
	assert_int_equal(run("history compare 2"), 64);
}

/* Each line of standard output is an object, the result is the last. */
static void test_export_json(void **state)
{
	(void)state;
	make_runs();
	assert_int_equal(run("--json history export 1 2"), 0);
	assert_true(lines() > 4);
	for (size_t i = 0; i < lines(); i++)
		json_decref(json_line(i));
	expect("\"event\":\"sample\"");
	expect("\"event\":\"result\"");
	assert_int_equal(run("--json history export 1 --format=csv"), 64);
	expect("not JSON");
	assert_int_equal(run("--json history export 1 --output=both.csv"), 0);
	assert_int_equal(lines(), 1);
}

static void test_export(void **state)
{
	(void)state;
	make_runs();
	assert_int_equal(run("history export 1 2"), 0);
	assert_memory_equal(text, "run,t,queued,", 13);
	expect("\n1,");
	expect("\n2,");
	assert_int_equal(run("history export 1 2 3 4 --format=csv-runs"), 0);
	assert_int_equal(lines(), 5);
	assert_int_equal(run("history export 1 --output=run.ndjson"), 0);
	assert_int_equal(lines(), 0);
	assert_int_equal(access("run.ndjson.new", F_OK), -1);
	{
		FILE *in = fopen("run.ndjson", "r");
		size_t len;

		assert_non_null(in);
		len = fread(text, 1, sizeof(text) - 1, in);
		text[len] = '\0';
		(void)fclose(in);
		json_decref(json_line(0));
		expect("\"event\":\"sample\"");
	}
	assert_int_equal(run("history export 1 --format=xml"), 64);
	assert_int_equal(run("history export 1 --output=no/such/folder.csv"), 66);
	assert_int_equal(run("history export 77"), 66);
	assert_int_equal(run("history export 1 >/dev/full"), 74);
	/* An existing file stays unless --force is given; the history itself always stays. */
	assert_int_equal(run("history export 1 --output=new.bin"), 74);
	expect("--force replaces it");
	assert_int_equal(run("history export 1 --output=/dev/null --force"), 74);
	assert_int_equal(run("history export 1 --output=otabench/history.db --force"), 64);
	assert_int_equal(symlink("new.bin", "link.csv"), 0);
	assert_int_equal(run("history export 1 --output=link.csv"), 74);
	assert_int_equal(run("history export 1 --output=run.ndjson --force"), 0);
	assert_int_equal(run("history show 1"), 0);
}

static void test_delete(void **state)
{
	(void)state;
	make_runs();
	assert_int_equal(run("history delete 1 3"), 0);
	assert_int_equal(run("history"), 0);
	assert_int_equal(lines(), 3);
	expect_none("    1~");
	assert_int_equal(run("history delete 1"), 66);
}

static void test_rerun(void **state)
{
	json_t *o;

	(void)state;
	make_runs();
	/* The world of then: its seed, its chip. */
	assert_int_equal(run("-q history rerun 2"), 0);
	assert_int_equal(run("-q history rerun 3"), 0);
	assert_int_equal(run("-q history rerun 2 -s window=8192 --device-timeout=20"), 0);
	assert_int_equal(run("--json history"), 0);
	o = json_line(2); /* newest first */
	assert_int_equal(json_integer_value(json_object_get(o, "run")), 5);
	assert_string_equal(json_string_value(json_object_get(o, "options")), "--sim=chip=esp32");
	assert_string_equal(json_string_value(json_object_get(o, "write_mode")), "request");
	assert_int_equal(json_integer_value(json_object_get(o, "window")), 2048);
	json_decref(o);
	o = json_line(1);
	assert_string_equal(json_string_value(json_object_get(o, "goal")), "measure");
	json_decref(o);
	o = json_line(0);
	assert_int_equal(json_integer_value(json_object_get(o, "window")), 8192);
	json_decref(o);
	assert_int_equal(run("--readonly history rerun 2"), 64);
	/* Another image under the same name is not the same again. */
	assert_int_equal(run("-q sample-image --force --size=60000 --version-text=3 new.bin"), 0);
	assert_int_equal(run("history rerun 2"), 65);
	expect("is not the image that this run sent");
	assert_int_equal(unlink("new.bin"), 0);
	assert_int_equal(run("history rerun 2"), 66);
}

/* An update goes on where nothing can be recorded, and says so once. */
static void test_broken(void **state)
{
	FILE *out;

	(void)state;
	assert_int_equal(mkdir("otabench", 0700), 0);
	out = fopen("otabench/history.db", "w");
	assert_non_null(out);
	for (int i = 0; i < 1000; i++)
		(void)fputs("this is no database\n", out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(run("--sim=chip=esp32 flash esp-sim-01 new.bin"), 0);
	expect("warning: this run is not recorded: ");
	expect("has confirmed it");
	assert_int_equal(run("history"), 65);
	expect("not a database");
	/* Nor where files must stay small: that alone would end a program that does not care. */
	assert_int_equal(unlink("otabench/history.db"), 0);
	assert_int_equal(run("doctor >/dev/null; ulimit -f 8; '%s' --sim=chip=esp32 flash "
			     "esp-sim-01 new.bin",
			     program),
			 0);
	expect("not recorded");
	expect("has confirmed it");
}

/* --- numbers from the newest */

static void test_numbers(void **state)
{
	json_t *o;

	(void)state;
	make_runs();
	assert_int_equal(run("--json history show -1"), 0);
	o = json_line(0);
	assert_int_equal(json_integer_value(json_object_get(o, "run")), 4);
	json_decref(o);
	assert_int_equal(run("history --json show last"), 0);
	o = json_line(0);
	assert_int_equal(json_integer_value(json_object_get(o, "run")), 4);
	json_decref(o);
	assert_int_equal(run("history compare -3 -4"), 0);
	expect("compare 2 vs 1");
	assert_int_equal(run("history export -4 '#2' --format=csv-runs"), 0);
	assert_int_equal(lines(), 3);
	assert_int_equal(run("history show -5"), 66);
	expect("there are not so many runs");
	assert_int_equal(run("history show -0"), 64);
	expect("expected the number of a run, or last, -1, -2 ..., found \"-0\"");
	assert_int_equal(run("history show -1x"), 64); /* no number, and no option either */
	expect("unknown option");
	assert_int_equal(run("history delete -1 -2"), 0); /* 4, and then of the three left 3 */
	assert_int_equal(run("history show 4"), 66);
	assert_int_equal(run("history show -1"), 0);
	expect("run 2 update");
	assert_int_equal(run("-q history rerun -1"), 0);
	assert_int_equal(run("history show last"), 0);
	expect("run 5 update");
}

/* The runs of a recording are counted likewise. */
static void test_recorded_numbers(void **state)
{
	(void)state;
	assert_int_equal(run("-q --sim=chip=esp32 --trace=t flash esp-sim-01 new.bin"), 0);
	assert_int_equal(run("replay t --run=-1"), 0);
	expect("confirmed");
	assert_int_equal(run("replay --run=last t"), 0);
	assert_int_equal(run("replay t --run -1"), 0);
	assert_int_equal(run("replay t --run=-2"), 64);
	expect("--run: expected 1 to 1, or last, -1, -2 ..., found -2");
	assert_int_equal(run("replay t --run=0"), 64);
}

static int64_t first_run(void)
{
	json_t *o = json_line(0);
	const int64_t id = json_integer_value(json_object_get(o, "run"));

	json_decref(o);
	return id;
}

static void test_sorted(void **state)
{
	json_int_t before = 0;

	(void)state;
	make_runs();
	assert_int_equal(run("--json history list --sort=rate"), 0);
	assert_int_equal(lines(), 5);
	for (size_t i = 0; i < 4; i++) {
		json_t *o = json_line(i);
		const json_int_t rate = json_integer_value(json_object_get(o, "goodput"));

		assert_true(i == 0 || rate <= before);
		before = rate;
		json_decref(o);
	}
	assert_int_equal(run("--json history list --sort=rate --reverse"), 0);
	assert_int_equal(first_run(), 4); /* it sent nothing */
	assert_int_equal(run("--json history list --filter='window<3000 window>1'"), 0);
	assert_int_equal(lines(), 2);
	assert_int_equal(first_run(), 2);
	/* The newest that passes, not what passes of the newest. */
	assert_int_equal(run("--json history list --filter=esp --last=1"), 0);
	assert_int_equal(lines(), 2);
	assert_int_equal(first_run(), 3);
	assert_int_equal(run("history list --filter=real"), 0);
	expect("no run passes the filter");
	assert_int_equal(run("history list --filter='rate>fast'"), 64);
	expect("expected a number behind < or >");
	assert_int_equal(run("history list --sort=colour"), 64);
	expect("expected number, device");
}

/* --- trend */

static void test_trend(void **state)
{
	json_t *o, *changed;

	(void)state;
	assert_int_equal(run("history trend esp-sim-01"), 66); /* nothing recorded */
	for (int i = 0; i < 4; i++)
		assert_int_equal(run("-q --sim=chip=esp32 flash --restart --force esp-sim-01 "
				     "new.bin"),
				 0);
	assert_int_equal(run("-q --sim=chip=esp32 -s window=512 flash --restart --force esp-sim-01 "
			     "new.bin"),
			 0);
	assert_int_equal(run("--json history trend esp-sim-01"), 0);
	assert_int_equal(lines(), 7); /* five points, the trend, the result */
	o = json_line(3);
	assert_string_equal(json_string_value(json_object_get(o, "event")), "point");
	assert_string_equal(json_string_value(json_object_get(o, "move")), "steady");
	assert_null(json_object_get(o, "changed"));
	json_decref(o);
	o = json_line(4);
	assert_string_equal(json_string_value(json_object_get(o, "move")), "fall");
	assert_true(json_integer_value(json_object_get(o, "goodput")) <
		    json_integer_value(json_object_get(o, "low")));
	changed = json_array_get(json_object_get(o, "changed"), 0);
	assert_string_equal(json_string_value(json_object_get(changed, "what")), "setting window");
	assert_string_equal(json_string_value(json_object_get(changed, "from")), "auto");
	assert_string_equal(json_string_value(json_object_get(changed, "to")), "512");
	json_decref(o);
	o = json_line(5);
	assert_string_equal(json_string_value(json_object_get(o, "event")), "trend");
	assert_int_equal(json_integer_value(json_object_get(o, "falls")), 1);
	json_decref(o);
	assert_int_equal(run("history trend esp-sim-01"), 0);
	expect("trend of esp-sim-01 (simulated)");
	expect("setting window auto -> 512");
	assert_int_equal(run("history trend nobody"), 66);
	expect("no whole update of nobody is recorded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flash_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_show, setup, teardown),
		cmocka_unit_test_setup_teardown(test_compare, setup, teardown),
		cmocka_unit_test_setup_teardown(test_export, setup, teardown),
		cmocka_unit_test_setup_teardown(test_export_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_delete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rerun, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_recorded_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sorted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_trend, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
