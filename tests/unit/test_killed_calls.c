/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program is killed in place of each of its own calls that open, write, rename, sync or
 * map a file, a write by half: what is there afterwards is whole, and the next start goes on
 * from it.
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "cli/cli.h"
#include "failcalls.h"
#include "historyold.h"
#include "keptfile.h"

/* Places of one scenario; where there are more, every kth is taken. */
#define RUNS_MAX (getenv("OTABENCH_INSTRUMENTED") ? 20u : 60u)

static char dir[] = "/tmp/otabench-killed-XXXXXX";
/* The exit status of a run that came to its end; -1: it did not. */
static struct ending {
	int exit;
	uint32_t calls;
} * ending;

static void path_of(const char *name, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%s/%s", dir, name);
}

/* SQLite is a library of its own, whose calls the linker does not see. */
static void kill_in_sqlite(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

	assert_non_null(vfs);
	assert_int_equal(vfs->xSetSystemCall(vfs, "write", (sqlite3_syscall_ptr)(uintptr_t)write),
			 0);
	assert_int_equal(vfs->xSetSystemCall(vfs, "unlink", (sqlite3_syscall_ptr)(uintptr_t)unlink),
			 0);
	assert_int_equal(
		vfs->xSetSystemCall(vfs, "ftruncate", (sqlite3_syscall_ptr)(uintptr_t)ftruncate),
		0);
	/* One of the two, by how it was built. */
	assert_true(vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)(uintptr_t)pwrite) ==
			    0 ||
		    vfs->xSetSystemCall(vfs, "pwrite64", NULL) == 0);
	(void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)(uintptr_t)pwrite);
}

static void child(const char *line, uint32_t nth)
{
	char buf[KEPTFILE_LINE], *argv[KEPTFILE_WORDS];
	FILE *none = fopen("/dev/null", "w");
	int argc;

	keptfile_arguments(line, dir, buf, argv, &argc);
	kill_in_sqlite();
	failcalls_arm_kill(nth);
	ending->exit = cli_main(argc, argv, cli_commands, none, none);
	ending->calls = failcalls_disarm();
	_exit(0);
}

/* nth 0: to its end.  Returns false when the process was killed. */
static bool run(const char *line, uint32_t nth)
{
	pid_t pid;
	int status;

	ending->exit = -1;
	(void)fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(line, nth);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* Only the kill may end the run without a word. */
	assert_true(ending->exit >= 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	return ending->exit >= 0;
}

/* --- what is looked at after each kill */

struct scenario {
	const char *line;
	const char *older; /* a history of an older program, which each run finds; or NULL */
	const char *fresh; /* a file or folder that a run makes; removed before it; or NULL */
	const char *keeps; /* a file that is as before or as meant; or NULL */
	const char *after; /* the next start, which must end with one of: */
	int exits[3]; /* 0 ends the list after its first */
};

/* Without the log beside it: what was killed before must not be in it. */
static void take_older(const char *name)
{
	static const char *const beside[] = {"history.db-wal", "history.db-shm"};
	struct keptfile older = keptfile_read(dir, name);
	char path[sizeof(dir) + 64];

	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		path_of(beside[i], path, sizeof(path));
		keptfile_remove(path);
	}
	keptfile_put_back(dir, "history.db", &older);
	free(older.data);
}

static void remove_fresh(const struct scenario *s)
{
	char path[sizeof(dir) + 64];

	if (s->older)
		take_older(s->older);
	if (!s->fresh)
		return;
	path_of(s->fresh, path, sizeof(path));
	keptfile_remove(path);
}

static void check_start(const struct scenario *s, uint32_t nth)
{
	bool known = false;

	if (!s->after)
		return;
	assert_true(run(s->after, 0));
	for (unsigned int i = 0; i < 3 && (i == 0 || s->exits[i] != 0); i++)
		known |= ending->exit == s->exits[i];
	if (!known)
		print_error("killed at call %u: the next start ends with %d\n", nth, ending->exit);
	assert_true(known);
}

static void play(const struct scenario *s)
{
	struct keptfile before = {NULL, 0}, meant = {NULL, 0};
	uint32_t calls, step, killed = 0;

	remove_fresh(s);
	if (s->keeps)
		before = keptfile_read(dir, s->keeps);
	assert_true(run(s->line, 0));
	assert_int_equal(ending->exit, 0);
	calls = ending->calls;
	step = calls / RUNS_MAX + 1;
	if (s->keeps) {
		meant = keptfile_read(dir, s->keeps);
		assert_false(keptfile_equal(&before, &meant));
		keptfile_put_back(dir, s->keeps, &before);
	}
	for (uint32_t nth = 1; nth <= calls; nth += nth < RUNS_MAX / 2 ? 1 : step) {
		remove_fresh(s);
		killed += run(s->line, nth) ? 0 : 1;
		if (s->keeps) {
			struct keptfile now = keptfile_read(dir, s->keeps);

			if (!keptfile_equal(&now, &before) && !keptfile_equal(&now, &meant))
				print_error("killed at call %u: %s has %zu bytes\n", nth, s->keeps,
					    now.len);
			assert_true(keptfile_equal(&now, &before) || keptfile_equal(&now, &meant));
			free(now.data);
			keptfile_put_back(dir, s->keeps, &before);
		}
		check_start(s, nth);
	}
	print_message("killed at %u of %u calls\n", killed, calls);
	assert_true(killed > 0);
	free(before.data);
	free(meant.data);
}

#define SCENARIO(id, ...)                                                                          \
	static void test_##id(void **state)                                                        \
	{                                                                                          \
		const struct scenario s = {__VA_ARGS__};                                           \
                                                                                                   \
		(void)state;                                                                       \
		play(&s);                                                                          \
	}

#define FLASH "flash esp-sim-01 %/app.bin"

SCENARIO(state, .line = "--no-history --sim=devices=1,flash=ideal,state=%/boards " FLASH,
	 .fresh = "boards",
	 .after = "--no-history --sim=devices=1,flash=ideal,state=%/boards info esp-sim-01")
/* 66: it was killed before there was a journal; 65: the device had taken the image on trial, and
 * the loss of its power rolled back. */
SCENARIO(journal, .line = "--no-history --sim=devices=1,flash=ideal,state=%/boards " FLASH,
	 .fresh = "boards",
	 .after = "--no-history --sim=devices=1,flash=ideal,state=%/boards resume esp-sim-01",
	 .exits = {0, 65, 66})
/* 65: it says where the recording is cut; 66: that there is none yet. */
SCENARIO(trace, .line = "--no-history --sim=devices=1,flash=ideal --trace=%/k.trace " FLASH,
	 .fresh = "k.trace", .after = "replay %/k.trace", .exits = {0, 65, 66})
SCENARIO(capture, .line = "--no-history --sim=devices=1,flash=ideal --btsnoop=%/k.snoop " FLASH,
	 .fresh = "k.snoop", .after = "--no-history --sim=devices=1,flash=ideal " FLASH)
SCENARIO(history, .line = "--sim=devices=1,flash=ideal " FLASH, .after = "history show 1")
SCENARIO(migration, .line = "history list", .older = "older.db", .after = "history show 1")
SCENARIO(export, .line = "--force history export 1 --output=%/runs.csv", .keeps = "runs.csv",
	 .after = "history show 1")
SCENARIO(profile, .line = "profile set %/p.yaml window=8192", .keeps = "p.yaml",
	 .after = "--profile=%/p.yaml profile show")

#define SWEEP "--no-history --sim=devices=1,flash=ideal,phy=1M,interval=15 -s chunk=100 sweep"
/* The state, then the profile in its place: each is whole, or as before. */
SCENARIO(sweep, .line = SWEEP " esp-sim-01", .fresh = "otabench", .after = SWEEP " esp-sim-01")

static void prepare(const char *line)
{
	assert_true(run(line, 0));
	assert_int_equal(ending->exit, 0);
}

static int setup(void **state)
{
	char value[sizeof(dir) + 32];
	struct keptfile history;

	(void)state;
	ending = mmap(NULL, sizeof(*ending), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (ending == MAP_FAILED || !mkdtemp(dir))
		return -1;
	(void)setenv("HOME", dir, 1);
	(void)setenv("XDG_STATE_HOME", dir, 1);
	path_of("history.db", value, sizeof(value));
	(void)setenv("OTABENCH_HISTORY", value, 1);
	prepare("--quiet sample-image --size=40000 %/app.bin");
	prepare("profile set default window=4096 --as=%/p.yaml");
	prepare("--quiet --sim=devices=1,flash=ideal " FLASH);
	history = keptfile_read(dir, "history.db");
	keptfile_put_back(dir, "older.db", &history);
	free(history.data);
	path_of("older.db", value, sizeof(value));
	historyold_make(value, 1);
	keptfile_put_back(dir, "runs.csv", &(struct keptfile){(uint8_t[]){"of before\n"}, 10});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	keptfile_remove(dir);
	(void)munmap(ending, sizeof(*ending));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),	  cmocka_unit_test(test_trace),
		cmocka_unit_test(test_capture),	  cmocka_unit_test(test_history),
		cmocka_unit_test(test_migration), cmocka_unit_test(test_export),
		cmocka_unit_test(test_profile),	  cmocka_unit_test(test_journal),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
