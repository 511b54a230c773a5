/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation, open, write, read, rename, fsync and mmap of the program's own
 * code fails once, in a process of its own: the program ends with a documented exit
 * status and says why, its JSON agrees, and files that were there before are whole.
 */
#include "config.h" /* system extensions: open_memstream() */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "cli/cli.h"
#include "failcalls.h"
#include "keptfile.h"
#include "testlib.h"

/* Runs of one scenario and kind; beyond, every kth call fails. */
#define RUNS_MAX (getenv("OTABENCH_INSTRUMENTED") ? 30u : 120u)

static char dir[] = "/tmp/otabench-failing-XXXXXX";

/* A child reports through this: it may end before it can write output. */
struct told {
	uint32_t calls;
	int exit;
	bool ended, said; /* came to its end; anything was on standard error */
	bool result; /* the last line of standard output is a result ... */
	int result_exit; /* ... with this exit */
	bool result_ok;
};
static struct told *told;
static unsigned int findings;

struct scenario;

/* The run goes on, so that one report has all that is wrong. */
static void finding(const struct scenario *s, enum failcalls_kind kind, uint32_t nth,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

struct scenario {
	const char *name;
	const char *line; /* "%" is the folder */
	const char *keeps[3]; /* files of the folder that must be as before, or as intended */
	const char *makes; /* a folder that must not be there before */
};

static void finding(const struct scenario *s, enum failcalls_kind kind, uint32_t nth,
		    const char *format, ...)
{
	va_list ap;

	findings++;
	print_error("%s, %s %u: ", s->name, failcalls_name(kind), nth);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	print_error("\n");
}

static void take_result(const char *out)
{
	const size_t len = strlen(out);
	const char *at = out + len;
	json_t *last;

	while (at > out && (at == out + len || at[-1] != '\n'))
		at--;
	last = json_loads(at, 0, NULL);
	told->result = last && strcmp(json_string_value(json_object_get(last, "event")) ?: "",
				      "result") == 0;
	told->result_exit = (int)json_integer_value(json_object_get(last, "exit"));
	/* With --json an ending's words are in its result. */
	told->said |= json_string_length(json_object_get(last, "text")) > 0;
	told->result_ok = json_is_true(json_object_get(last, "ok"));
	json_decref(last);
}

static void child(const char *line, enum failcalls_kind kind, uint32_t nth)
{
	char buf[KEPTFILE_LINE], *argv[KEPTFILE_WORDS], *out_text, *err_text;
	size_t out_len, err_len;
	FILE *out = open_memstream(&out_text, &out_len), *err = open_memstream(&err_text, &err_len);
	int argc;

	keptfile_arguments(line, dir, buf, argv, &argc);
	failcalls_arm(kind, nth);
	told->exit = cli_main(argc, argv, cli_commands, out, err);
	told->calls = failcalls_disarm();
	(void)fclose(out);
	(void)fclose(err);
	told->said = err_len > 0;
	take_result(out_text);
	told->ended = true;
	/* The exit handlers of a test that never ran here are none of the child's. */
	_exit(0);
}

/* Returns how many calls there were. */
static uint32_t run(const struct scenario *s, enum failcalls_kind kind, uint32_t nth)
{
	char made[sizeof(dir) + 64];
	pid_t pid;
	int status;

	if (s->makes) {
		(void)snprintf(made, sizeof(made), "%s/%s", dir, s->makes);
		keptfile_remove(made);
	}
	memset(told, 0, sizeof(*told));
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(s->line, kind, nth);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!told->ended)
		finding(s, kind, nth, "the process died, %s %d",
			WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return told->calls;
}

static void check_end(const struct scenario *s, enum failcalls_kind kind, uint32_t nth)
{
	static const int documented[] = {0, 64, 65, 66, 68, 69, 70, 74, 75, 76, 77, 130};
	bool known = false;

	if (!told->ended)
		return;
	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++)
		known |= told->exit == documented[i];
	if (!known)
		finding(s, kind, nth, "exit %d", told->exit);
	if (told->exit != 0 && !told->said)
		finding(s, kind, nth, "exit %d without a word", told->exit);
	if (told->result &&
	    (told->result_exit != told->exit || told->result_ok != (told->exit == 0)))
		finding(s, kind, nth, "JSON says exit %d, ok %d; the exit is %d", told->result_exit,
			told->result_ok, told->exit);
}

/* Files are either as they were or as the run that nothing disturbed leaves them. */
static void check_file(const struct scenario *s, const char *name, const struct keptfile *before,
		       const struct keptfile *after, enum failcalls_kind kind, uint32_t nth)
{
	struct keptfile now = keptfile_read(dir, name);

	if (!keptfile_equal(&now, before) && !keptfile_equal(&now, after))
		finding(s, kind, nth,
			"%s is neither as before nor as meant (%zu, %zu and %zu bytes)", name,
			now.len, before->len, after->len);
	free(now.data);
	keptfile_put_back(dir, name, before);
}

static void play(const struct scenario *s)
{
	struct keptfile before[3] = {{NULL, 0}}, after[3] = {{NULL, 0}};

	findings = 0;
	for (unsigned int i = 0; i < 3 && s->keeps[i]; i++)
		before[i] = keptfile_read(dir, s->keeps[i]);
	for (int kind = 0; kind < FAILCALLS_KINDS; kind++) {
		const uint32_t calls = run(s, (enum failcalls_kind)kind, 0);
		const uint32_t step = calls / RUNS_MAX + 1;

		assert_int_equal(told->exit, 0);
		for (unsigned int i = 0; i < 3 && s->keeps[i]; i++) {
			free(after[i].data);
			after[i] = keptfile_read(dir, s->keeps[i]);
			keptfile_put_back(dir, s->keeps[i], &before[i]);
		}
		for (uint32_t nth = 1; nth <= calls; nth += nth < RUNS_MAX / 2 ? 1 : step) {
			(void)run(s, (enum failcalls_kind)kind, nth);
			check_end(s, (enum failcalls_kind)kind, nth);
			for (unsigned int i = 0; i < 3 && s->keeps[i]; i++)
				check_file(s, s->keeps[i], &before[i], &after[i],
					   (enum failcalls_kind)kind, nth);
		}
	}
	for (unsigned int i = 0; i < 3; i++) {
		free(before[i].data);
		free(after[i].data);
	}
	assert_int_equal(findings, 0);
}

#define SWEEP_SIM "--sim=devices=1,flash=ideal,phy=1M,interval=15"
#define SCENARIO(id, ...)                                                                          \
	static void test_##id(void **state)                                                        \
	{                                                                                          \
		const struct scenario s = {.name = #id, __VA_ARGS__};                              \
                                                                                                   \
		(void)state;                                                                       \
		play(&s);                                                                          \
	}

SCENARIO(flash, .line = "--json --sim=devices=1,flash=ideal flash esp-sim-01 %/app.bin",
	 .keeps = {"app.bin"})
SCENARIO(look, .line = "--json --sim=devices=2,state=%/boards info esp-sim-01",
	 .keeps = {"app.bin"})
SCENARIO(known, .line = "--json --sim=devices=2,state=%/boards known list", .keeps = {"app.bin"})
SCENARIO(inspect, .line = "--json inspect %/app.bin", .keeps = {"app.bin"})
SCENARIO(profile_set, .line = "profile set %/p.yaml window=8192", .keeps = {"p.yaml"})
SCENARIO(profile_show, .line = "--json --profile=%/p.yaml profile show", .keeps = {"p.yaml"})
SCENARIO(sample_image, .line = "--quiet sample-image --size=30000 %/sample.bin",
	 .keeps = {"sample.bin"})
SCENARIO(delta, .line = "--json delta %/app.bin %/newer.bin -o %/app.delta",
	 .keeps = {"app.delta", "app.bin"})
SCENARIO(replay, .line = "--json replay %/t.trace", .keeps = {"t.trace"})
SCENARIO(history, .line = "--json history list", .keeps = {"app.bin"})
SCENARIO(trend, .line = "--json history trend esp-sim-01", .keeps = {"app.bin"})
SCENARIO(sorted, .line = "--json history list --sort=rate --filter=sim", .keeps = {"app.bin"})
SCENARIO(scan, .line = "--json --sim scan --time=1", .keeps = {"app.bin"})

SCENARIO(record,
	 .line = "--json --sim=devices=1,flash=ideal --trace=%/f.trace -vv flash esp-sim-01 "
		 "%/app.bin --bundle=%/bundle",
	 .makes = "bundle", .keeps = {"app.bin"})
SCENARIO(bench, .line = "--json --sim=devices=1,flash=ideal bench --bytes=20000 esp-sim-01",
	 .keeps = {"app.bin"})
SCENARIO(prepare_slot, .line = "--json --sim=devices=1,flash=ideal prepare esp-sim-01",
	 .keeps = {"app.bin"})
SCENARIO(diagnose, .line = "--json --sim=devices=1,flash=ideal diagnose esp-sim-01",
	 .keeps = {"app.bin"})
/* A state is there from the preparation, and is gone on with, or stays. */
SCENARIO(sweep_on, .line = "--json " SWEEP_SIM " sweep --runs=1 esp-sim-01", .keeps = {"app.bin"})
SCENARIO(sweep, .line = "--json " SWEEP_SIM " -s chunk=100 -s write_mode=command sweep esp-sim-01",
	 .makes = "otabench", .keeps = {"app.bin"})
SCENARIO(export, .line = "history export 1 --format=ndjson", .keeps = {"app.bin"})

static void prepare(const char *line)
{
	const struct scenario s = {.name = "preparation", .line = line};

	(void)run(&s, FAILCALLS_MMAP, 0);
	assert_int_equal(told->exit, 0);
}

static int setup(void **state)
{
	char value[sizeof(dir) + 32];

	(void)state;
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED || !mkdtemp(dir))
		return -1;
	(void)setenv("HOME", dir, 1);
	(void)setenv("XDG_STATE_HOME", dir, 1);
	(void)snprintf(value, sizeof(value), "%s/history.db", dir);
	(void)setenv("OTABENCH_HISTORY", value, 1);
	prepare("--quiet sample-image --size=40000 %/app.bin");
	prepare("--quiet sample-image --like=%/app.bin %/newer.bin");
	prepare("profile set default window=4096 --as=%/p.yaml");
	prepare("--quiet " SWEEP_SIM " sweep --runs=2 esp-sim-01");
	prepare("--quiet --sim=devices=1,flash=ideal --trace=%/t.trace flash esp-sim-01 %/app.bin");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)munmap(told, sizeof(*told));
	keptfile_remove(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flash),	     cmocka_unit_test(test_look),
		cmocka_unit_test(test_inspect),	     cmocka_unit_test(test_profile_set),
		cmocka_unit_test(test_profile_show), cmocka_unit_test(test_sample_image),
		cmocka_unit_test(test_replay),	     cmocka_unit_test(test_history),
		cmocka_unit_test(test_trend),	     cmocka_unit_test(test_sorted),
		cmocka_unit_test(test_scan),	     cmocka_unit_test(test_record),
		cmocka_unit_test(test_bench),	     cmocka_unit_test(test_prepare_slot),
		cmocka_unit_test(test_diagnose),     cmocka_unit_test(test_sweep_on),
		cmocka_unit_test(test_sweep),	     cmocka_unit_test(test_export),
		cmocka_unit_test(test_delta),	     cmocka_unit_test(test_known),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
