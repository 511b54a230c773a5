/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accidents of a history and of the program that records in it: killed programs, full
 * disks, files that are damaged, newer or another program's, and other programs at
 * the same time.  The update must go on in every case.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "historylib.h"
#include "history/history_priv.h"
#include "testlib.h"

static struct history_place place;

static int setup(void **state)
{
	(void)state;
	return history_place_make(&place, "history.db");
}

static int teardown(void **state)
{
	(void)state;
	return history_place_remove(&place);
}

/* The update is done, and the operator heard once that it is not kept, for this reason. */
static void expect_warned(struct play *play, const char *reason)
{
	play_run(play);
	assert_int_equal(play->result.outcome, SESSION_CONFIRMED);
	assert_int_equal(play->heard_finished, 1);
	assert_int_equal(play->warnings, 1);
	if (!strstr(play->warning, reason))
		fail_msg("no \"%s\" in \"%s\"", reason, play->warning);
}

/* --- killed */

static int to_parent;

static bool wait_for_death(struct play *play, struct job *job)
{
	(void)play;
	(void)job;
	assert_int_equal(write(to_parent, "x", 1), 1);
	(void)pause();
	return false;
}

/*
 * The recorder's thread may still be writing: waits until a sample of received bytes is in the
 * file.
 */
static void wait_for_samples(struct history_detail *ret)
{
	struct history *h = NULL;
	char why[512];

	for (;;) {
		if (!h)
			(void)history_open(place.path, &h, why, sizeof(why));
		if (h && history_load(h, 1, ret) == 0) {
			if (ret->sample_count > 0 && ret->run.received > 0)
				break;
			history_detail_finish(ret);
		}
		(void)poll(NULL, 0, 5);
	}
	history_close(h);
}

static void test_killed(void **state)
{
	struct play play = {
		.path = place.path, .size = 400000, .at = 200000, .then = wait_for_death};
	struct history_detail d;
	struct history_run run;
	int fds[2], status;
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	to_parent = fds[1];
	child = play_fork(&play);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	wait_for_samples(&d);
	assert_int_equal(d.run.state, HISTORY_RUNNING);
	history_detail_finish(&d);
	assert_int_equal(kill(child, SIGKILL), 0);
	/* Dead, but not yet waited for. */
	{
		siginfo_t info;

		assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	}
	assert_int_equal(history_place_runs(&place, &run), 1);
	assert_string_equal(history_outcome(&run), "killed");
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(history_place_runs(&place, &run), 1);
	assert_string_equal(history_outcome(&run), "killed");
	assert_true(history_percent(&run) > 0 && history_percent(&run) < 100);
	assert_true(run.result.chunk == 495 && run.result.goodput > 0);
	assert_int_equal(run.ended_ms, 0);
	/* A number given again is not the same process. */
	history_place_sql(&place, "UPDATE runs SET pid = 1");
	(void)history_place_runs(&place, &run);
	assert_string_equal(history_outcome(&run), "killed");
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* --- a disk that is full, or cannot be written */

/* In a process whose files can hold so many bytes; 0 when it ends as it must. */
static int run_with_limit(rlim_t bytes)
{
	const pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		const struct rlimit limit = {bytes, bytes};
		struct play play = {
			.path = place.path, .size = 900000, .set = "write_mode=request"};

		(void)signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
			_exit(2);
		play_run(&play);
		if (play.result.outcome == SESSION_CONFIRMED && play.warnings == 1)
			_exit(0);
		(void)fprintf(stderr, "# %s, %u warnings: %s\n",
			      session_outcome_name(play.result.outcome), play.warnings,
			      play.warning);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_full(void **state)
{
	struct play play = {.path = place.path};
	struct history_run run;

	(void)state;
	assert_int_equal(run_with_limit(1024), 0); /* not even an empty one */
	assert_int_equal(run_with_limit(16384), 0);
	play_run(&play); /* there is room again */
	assert_int_equal(play.warnings, 0);
	/* Enough for the run itself, and not for its series. */
	assert_int_equal(run_with_limit(50000), 0);
	play_run(&play);
	assert_int_equal(play.warnings, 0);
	assert_true(history_place_runs(&place, &run) >= 2);
	assert_string_equal(history_outcome(&run), "confirmed");
}

static void test_unwritable(void **state)
{
	struct play below_a_file = {.path = "/dev/null/otabench/history.db"};
	struct play in_proc = {.path = "/proc/otabench/history.db"};
	struct play homeless = {.path = NULL};
	struct play is_folder = {.path = place.folder};

	(void)state;
	expect_warned(&below_a_file, "/dev/null/otabench/history.db: ");
	expect_warned(&in_proc, "not recorded");
	expect_warned(&is_folder, place.folder);
	assert_int_equal(unsetenv("OTABENCH_HISTORY"), 0);
	assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
	assert_int_equal(unsetenv("HOME"), 0);
	expect_warned(&homeless, "HOME");
	/* Switched off is no failure. */
	assert_int_equal(setenv("OTABENCH_HISTORY", "no", 1), 0);
	homeless.warnings = homeless.heard_finished = 0;
	play_run(&homeless);
	assert_true(homeless.finished && homeless.warnings == 0);
}

/* --- files that are not what they should be */

static void write_file(const void *bytes, size_t len)
{
	FILE *out = fopen(place.path, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, len, out), len);
	assert_int_equal(fclose(out), 0);
}

static void expect_closed(int error, const char *reason)
{
	struct history *h = NULL;
	char why[512] = "";

	assert_int_equal(history_open(place.path, &h, why, sizeof(why)), error);
	assert_null(h);
	if (!strstr(why, reason) || !strstr(why, place.path))
		fail_msg("no \"%s\" in \"%s\"", reason, why);
}

static void test_no_database(void **state)
{
	struct play play = {.path = place.path};
	struct history_run run;
	char noise[20000];
	uint8_t *after;
	size_t size;

	(void)state;
	expect_closed(-OTA_ENOENT, "nothing was recorded");
	memset(noise, 'x', sizeof(noise));
	write_file(noise, sizeof(noise));
	expect_closed(-OTA_EBADMSG, "not a database");
	expect_warned(&play, "not a database");
	/* Somebody's file: untouched. */
	after = test_load_file(place.path, &size);
	assert_int_equal(size, sizeof(noise));
	assert_memory_equal(after, noise, sizeof(noise));
	free(after);
	/* An empty file is an empty database. */
	write_file("", 0);
	play.warnings = play.heard_finished = 0;
	play_run(&play);
	assert_int_equal(play.warnings, 0);
	assert_int_equal(history_place_runs(&place, &run), 1);
}

/* Every page in turn is damaged: neither side crashes, and the update goes on. */
static void test_damaged(void **state)
{
	struct play play = {.path = place.path};
	struct history_detail d;
	struct history_run *runs;
	uint8_t *whole, *bad;
	struct history *h;
	char why[512];
	size_t size, count, seen = 0;

	(void)state;
	for (int i = 0; i < 3; i++)
		play_run(&play);
	whole = test_load_file(place.path, &size);
	bad = malloc(size);
	assert_true(whole && bad && size >= 5 * 4096);
	for (size_t page = 0; page < size / 4096; page++) {
		memcpy(bad, whole, size);
		memset(bad + page * 4096 + (page == 0 ? 100 : 0), 0xa5, 2000);
		write_file(bad, size);
		if (history_open(place.path, &h, why, sizeof(why)) == 0) {
			if (history_list(h, 100, &runs, &count) == 0)
				free(runs);
			else
				seen++;
			if (history_load(h, 2, &d) == 0)
				history_detail_finish(&d);
			history_close(h);
		} else {
			seen++;
		}
		play.heard_finished = play.warnings = 0;
		play_run(&play);
		assert_int_equal(play.result.outcome, SESSION_CONFIRMED);
		assert_true(play.warnings <= 1);
		seen += play.warnings;
		(void)snprintf(why, sizeof(why), "%s-wal", place.path);
		(void)unlink(why);
		(void)snprintf(why, sizeof(why), "%s-shm", place.path);
		(void)unlink(why);
	}
	assert_true(seen >= 4);
	free(whole);
	free(bad);
}

static void test_foreign(void **state)
{
	struct play play = {.path = place.path};
	struct history_run run;

	(void)state;
	play_run(&play);
	history_place_sql(&place, "PRAGMA user_version = 99");
	expect_closed(-OTA_ENOTSUP, "newer otabench");
	expect_warned(&(struct play){.path = place.path}, "newer otabench");
	history_place_sql(&place, "PRAGMA user_version = 5; PRAGMA application_id = 7");
	expect_closed(-OTA_EBADMSG, "another program");
	expect_warned(&(struct play){.path = place.path}, "another program");
	history_place_sql(&place, "PRAGMA application_id = 1330921794; PRAGMA user_version = -5");
	expect_closed(-OTA_EBADMSG, "another program");
	history_place_sql(&place, "PRAGMA user_version = 5");
	assert_int_equal(history_place_runs(&place, &run), 1); /* nothing was added meanwhile */
}

/* Values that no otabench writes are brought into range, or read as unknown. */
static void test_odd_values(void **state)
{
	struct play play = {.path = place.path};
	struct history_detail d;
	struct history *h;

	(void)state;
	play_run(&play);
	history_place_sql(
		&place,
		"UPDATE runs SET device = replace(hex(zeroblob(4000)), '00', 'long '), "
		"outcome = 'abducted', write_mode = 3.5, size = -5, goodput = 99999999999999, "
		"mtu = 70000, sha256 = 'short', rssi_min = 4000, profile = NULL, what = x'ff00fe', "
		"started_ms = 'yesterday', forced = 1e300");
	history_place_sql(&place, "UPDATE samples SET received = -1, rssi = 900, ring = 'a'");
	history_place_sql(&place, "UPDATE marks SET kind = 'unheard', text = NULL, value = -7");
	history_place_sql(&place, "INSERT INTO parameters SELECT 1, 'key' || value, 'x', 'y' FROM "
				  "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + "
				  "1 FROM n LIMIT 5000) "
				  "SELECT value FROM n)");
	h = history_place_open(&place);
	assert_int_equal(history_load(h, 1, &d), 0);
	assert_int_equal(strlen(d.run.device), sizeof(d.run.device) - 1);
	assert_string_equal(history_outcome(&d.run), session_outcome_name(SESSION_NO_OUTCOME));
	assert_int_equal(d.run.size, 0);
	assert_int_equal(d.run.result.goodput, UINT32_MAX);
	assert_int_equal(d.run.result.mtu, UINT16_MAX);
	assert_int_equal(d.run.rssi_min, 127);
	assert_int_equal(history_percent(&d.run), 0);
	assert_int_equal(d.samples[0].received, 0);
	assert_int_equal(d.samples[0].rssi, 127);
	assert_true(d.key_count <= 256);
	history_detail_finish(&d);
	history_close(h);
}

/* --- others at the same time */

static sqlite3 *holder;

static bool let_go(struct play *play, struct job *job)
{
	(void)play;
	(void)job;
	assert_int_equal(sqlite3_exec(holder, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	return true;
}

/* The job goes on while another program holds the file: this one lets it go from within it. */
static void test_held(void **state)
{
	struct play play = {.path = place.path, .at = 40000, .then = let_go};
	struct history_run run;

	(void)state;
	play_run(&(struct play){.path = place.path});
	assert_int_equal(sqlite3_open(place.path, &holder), SQLITE_OK);
	assert_int_equal(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	play_run(&play);
	assert_int_equal(sqlite3_close(holder), SQLITE_OK);
	assert_int_equal(play.warnings, 0);
	assert_int_equal(history_place_runs(&place, &run), 2);
	assert_string_equal(history_outcome(&run), "confirmed");
	assert_int_equal(run.lost_samples, 0);
}

static int countdown, made;

/* Another program, before any statement of the one that opens the file. */
static int make_tables(unsigned int type, void *userdata, void *statement, void *text)
{
	struct history *h;
	char why[512];
	int r;

	(void)type;
	(void)userdata;
	(void)statement;
	(void)text;
	if (countdown-- != 0)
		return 0;
	r = history_open_file(place.path, HISTORY_WRITE, 0, &h, why, sizeof(why));
	if (r == 0)
		history_close(h);
	else
		assert_int_equal(r, -OTA_EBUSY); /* the tables are just being made */
	made += r == 0;
	return 0;
}

#define STATEMENTS 100 /* more than making the tables takes */

static void test_made_meanwhile(void **state)
{
	struct history h = {.db = NULL};
	int at;

	(void)state;
	made = 0;
	for (at = 0; at < STATEMENTS; at++) {
		(void)unlink(place.path);
		history_place_sql(&place, "PRAGMA journal_mode = WAL");
		assert_int_equal(sqlite3_open(place.path, &h.db), SQLITE_OK);
		countdown = at;
		assert_int_equal(sqlite3_trace_v2(h.db, SQLITE_TRACE_STMT, make_tables, NULL),
				 SQLITE_OK);
		if (history_migrate(&h) < 0)
			fail_msg("made before statement %d: %s", at, history_error(&h));
		assert_int_equal(sqlite3_close(h.db), SQLITE_OK);
		if (countdown >= 0)
			break; /* there were not so many */
	}
	assert_true(made > 3 && at < STATEMENTS);
}

/* Holds the file until the recorder has written enough. */
static void *hold_on(void *held)
{
	const struct timespec a_while = {.tv_nsec = 50000000};

	(void)nanosleep(&a_while, NULL);
	assert_int_equal(sqlite3_close(held), SQLITE_OK);
	return NULL;
}

/* A file without a log beside it that somebody writes: SQLite refuses at once to give it one. */
static void test_written_meanwhile(void **state)
{
	struct play play = {.path = place.path};
	struct history_run run;
	sqlite3 *held = NULL;
	pthread_t thread;

	(void)state;
	assert_int_equal(sqlite3_open(place.path, &held), SQLITE_OK);
	assert_int_equal(sqlite3_exec(held, "PRAGMA user_version", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(held, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(pthread_create(&thread, NULL, hold_on, held), 0);
	play_run(&play);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(history_place_runs(&place, &run), 1);
}

#define PROGRAMS 6
#define EACH 3

/* The programs even make the file at the same time. */
static void test_together(void **state)
{
	pid_t children[PROGRAMS];
	struct history_run run;
	struct history_detail d;
	struct history *h;
	int status;

	(void)state;
	for (int i = 0; i < PROGRAMS; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] > 0)
			continue;
		for (int n = 0; n < EACH; n++) {
			struct play play = {.path = place.path};

			play_run(&play);
			if (play.warnings > 0 || play.result.outcome != SESSION_CONFIRMED) {
				(void)fprintf(stderr, "# %s\n", play.warning);
				_exit(1);
			}
		}
		_exit(0);
	}
	for (int i = 0; i < PROGRAMS; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(history_place_runs(&place, &run), PROGRAMS * EACH);
	h = history_place_open(&place);
	for (int64_t id = 1; id <= PROGRAMS * EACH; id++) {
		assert_int_equal(history_load(h, id, &d), 0);
		assert_string_equal(history_outcome(&d.run), "confirmed");
		assert_int_equal(d.key_count, PROFILE_KEYS);
		assert_true(d.sample_count > 0);
		history_detail_finish(&d);
	}
	history_close(h);
}

static void test_prune(void **state)
{
	struct play play = {.path = place.path};
	struct history *h;
	struct history_detail d;
	struct history_run run;
	char why[512];

	(void)state;
	for (int i = 0; i < 6; i++)
		play_run(&play);
	assert_int_equal(history_open_file(place.path, HISTORY_WRITE, 100, &h, why, sizeof(why)),
			 0);
	assert_int_equal(history_prune(h, 4, 2), 0);
	history_close(h);
	assert_int_equal(history_place_runs(&place, &run), 4);
	h = history_place_open(&place);
	assert_int_equal(history_load(h, 2, &d), -OTA_ENOENT);
	assert_int_equal(history_load(h, 4, &d), 0);
	assert_int_equal(d.sample_count, 0);
	assert_int_equal(d.key_count, PROFILE_KEYS);
	history_detail_finish(&d);
	assert_int_equal(history_load(h, 5, &d), 0);
	assert_true(d.sample_count > 0);
	history_detail_finish(&d);
	history_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unwritable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_database, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_odd_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held, setup, teardown),
		cmocka_unit_test_setup_teardown(test_made_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_written_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_together, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prune, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
