/* SPDX-License-Identifier: Apache-2.0 */
/* Tests what the program sends in place of an image: streams, patches, and what a slot lacks of it. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "programlib.h"
#include "testlib.h"

static char dir[] = "/tmp/otabench-stream-XXXXXX";

/* Runs of the same boards one after the other. */
static void flashes(const char *sim, const char *words, json_int_t skipped)
{
	struct program_ran r = program_run("--json --sim=chip=esp32,%s %s", sim, words);

	program_expect(&r, 0, "confirmed");
	assert_int_equal(program_number(&r, "skipped_bytes"), skipped);
	program_done(&r);
}

/* The images that a device ran or was sent before are looked for in its slot by themselves; kept
 * blocks are proven like all others. */
static void test_skip(void **state)
{
	char sim[300], first[300], second[300];
	struct program_ran r;

	(void)state;
	(void)setenv("XDG_STATE_HOME", dir, 1); /* where it is kept what a device is */
	(void)snprintf(sim, sizeof(sim), "devices=1,flash_mode=usual,state=%s/skip", dir);
	(void)snprintf(first, sizeof(first), "flash esp-sim-01 %s/new.bin", dir);
	(void)snprintf(second, sizeof(second), "-s skip=no flash esp-sim-01 %s/new.bin", dir);
	flashes(sim, first, 0); /* nothing is known of the slot */
	r = program_run("--json --sim=chip=esp32,%s rollback esp-sim-01", sim);
	assert_int_equal(r.exit, 0);
	program_done(&r);
	flashes(sim, first, 200000);
	r = program_run("--json --sim=chip=esp32,%s rollback esp-sim-01", sim);
	program_done(&r);
	flashes(sim, second, 0);
	r = program_run("--json --sim=chip=esp32,%s rollback esp-sim-01", sim);
	program_done(&r);
	(void)snprintf(sim, sizeof(sim), "devices=1,flash_mode=usual,skip=no,state=%s/skip", dir);
	flashes(sim, first, 0); /* the device does not tell */
	(void)setenv("XDG_STATE_HOME", "/dev/null/none", 1);
}

#define DELTA_SIM "--sim=devices=1,chip=esp32,flash_mode=usual,state=%s/boards"

/* The image that runs is kept, so that the next one goes as what differs; without it the
 * program says which is lacking. */
#define CHOICE_SIM                                                                                 \
	"--sim=devices=1,chip=esp32,flash=typical,flash_mode=auto-suspend,state=%s/choice"

#define PATCH_SIM "--sim=devices=1,chip=esp32,flash_mode=usual,state=%s/patched"

static void test_delta_update(void **state)
{
	char *words;
	struct program_ran r;
	int exit = -1;

	(void)state;
	(void)unsetenv("OTABENCH_IMAGE_STORE");
	(void)setenv("XDG_CACHE_HOME", dir, 1);
	program_sample(dir, "next.bin", "--like=%s/new.bin --edit=1 --seed=7", dir);
	r = program_run("--json " DELTA_SIM " flash esp-sim-01 %s/new.bin", dir, dir);
	program_expect(&r, 0, "confirmed");
	program_done(&r);
	r = program_run("--json " DELTA_SIM " flash esp-sim-01 %s/next.bin", dir, dir);
	program_expect(&r, 0, "confirmed");
	assert_string_equal(program_text(&r, "stream"), "delta");
	assert_true(program_number(&r, "air_bytes") > 0);
	assert_true(program_number(&r, "air_bytes") < 200000 / 20);
	program_done(&r);
	r = program_run("--json images list");
	assert_int_equal(json_array_size(json_object_get(r.last, "images")), 2);
	program_done(&r);
	r = program_run("--json images prune");
	assert_int_equal(program_number(&r, "removed"), 2);
	program_done(&r);
	program_sample(dir, "third.bin", "--like=%s/next.bin --edit=1", dir);
	words = program_words(
		&exit, "-vv -s stream=delta " DELTA_SIM " flash esp-sim-01 %s/third.bin", dir, dir);
	assert_int_equal(exit, 0);
	assert_non_null(
		strstr(words, "stream: no delta, the image that runs is not kept: SHA-256"));
	assert_non_null(strstr(words, "stream: deflate"));
	free(words);
	program_sample(dir, "fourth.bin", "--like=%s/third.bin --edit=1", dir);
	r = program_run("--json -s stream=delta " DELTA_SIM ",delta=no flash esp-sim-01 "
			"%s/fourth.bin",
			dir, dir);
	program_expect(&r, 0, "confirmed");
	assert_string_equal(program_text(&r, "stream"), "deflate");
	program_done(&r);
	(void)setenv("OTABENCH_IMAGE_STORE", "no", 1);
}

/* The seconds that stand behind a word. */
static double seconds_after(const char *words, const char *word)
{
	const char *at = strstr(words, word);
	char *colon, *end;
	double minutes, seconds;

	assert_non_null(at);
	minutes = strtod(at + strlen(word), &colon);
	assert_int_equal(*colon, ':');
	seconds = strtod(colon + 1, &end);
	assert_ptr_not_equal(end, colon + 1);
	return minutes * 60 + seconds;
}

static double transfer_of(const char *how, const char *image)
{
	struct program_ran r = program_run(
		"--json -s stream=%s " CHOICE_SIM " flash esp-sim-01 %s/%s", how, dir, dir, image);
	double seconds;

	program_expect(&r, 0, "confirmed");
	assert_string_equal(program_text(&r, "stream"), how);
	seconds = json_real_value(json_object_get(r.last, "seconds"));
	program_done(&r);
	return seconds;
}

/* The time that auto expects of each stream is the time that it takes, within a quarter; auto
 * takes the stream with the least, and knows the flash once it has seen it. */
static void test_choice(void **state)
{
	char *words, history[300], last[] = "choice0.bin";
	double expected[3], took[3];
	int exit = -1;

	(void)state;
	(void)unsetenv("OTABENCH_IMAGE_STORE");
	(void)setenv("XDG_CACHE_HOME", dir, 1);
	(void)snprintf(history, sizeof(history), "%s/choice.db", dir);
	(void)setenv("OTABENCH_HISTORY", history, 1);
	for (int i = 0; i < 4; i++) {
		char name[] = "choice0.bin";

		name[6] = (char)('0' + i);
		program_sample(dir, name, "--like=%s/%s --edit=2", dir, i == 0 ? "new.bin" : last);
		last[6] = name[6];
	}
	took[0] = transfer_of("raw", "choice0.bin");
	took[1] = transfer_of("deflate", "choice1.bin");
	took[2] = transfer_of("delta", "choice2.bin");
	words = program_words(&exit, "-v " CHOICE_SIM " flash esp-sim-01 %s/choice3.bin", dir, dir);
	assert_int_equal(exit, 0);
	assert_non_null(strstr(words, "stream: delta, "));
	assert_non_null(strstr(words, "by earlier runs"));
	expected[0] = seconds_after(words, "raw ");
	expected[1] = seconds_after(words, "deflate ");
	expected[2] = seconds_after(words, "auto: least time, ");
	free(words);
	for (int i = 0; i < 3; i++)
		if (expected[i] < took[i] * 0.75 || expected[i] > took[i] * 1.25)
			fail_msg("stream %d: %.1f s expected, %.1f s taken", i, expected[i],
				 took[i]);
	(void)setenv("OTABENCH_HISTORY", "no", 1);
	(void)setenv("OTABENCH_IMAGE_STORE", "no", 1);
}

/* A patch is sent without its base at hand to a device that runs it, and goes on after a lost link;
 * else the hash that lacks is named.  With the base at hand it stands for the image. */
static void test_patch_sent(void **state)
{
	char *words;
	struct program_ran r;
	int exit = -1;

	(void)state;
	(void)unsetenv("OTABENCH_IMAGE_STORE");
	(void)setenv("XDG_CACHE_HOME", dir, 1);
	program_sample(dir, "after.bin", "--like=%s/new.bin --edit=2", dir);
	r = program_run("--json " PATCH_SIM " flash esp-sim-01 %s/new.bin", dir, dir);
	program_expect(&r, 0, "confirmed");
	program_done(&r);
	free(program_words(&exit, "delta %s/new.bin %s/after.bin -o %s/after.patch", dir, dir,
			   dir));
	assert_int_equal(exit, 0);
	r = program_run("--json images prune");
	program_done(&r);
	r = program_run("--json " PATCH_SIM ",delta=no flash esp-sim-01 %s/after.patch", dir, dir);
	program_expect(&r, 65, "refused");
	program_done(&r);
	r = program_run("--json " PATCH_SIM
			",fault=disconnect@2000 flash esp-sim-01 %s/after.patch",
			dir, dir);
	program_expect(&r, 0, "confirmed");
	assert_string_equal(program_text(&r, "stream"), "delta");
	assert_int_equal(program_number(&r, "retries"), 1);
	program_done(&r);
	free(program_words(&exit, "delta %s/after.bin %s/new.bin -o %s/back.patch", dir, dir, dir));
	r = program_run("--json images prune");
	program_done(&r);
	r = program_run("--json " PATCH_SIM " flash esp-sim-01 %s/after.patch", dir, dir);
	program_expect(&r, 0, "already-running");
	program_done(&r);
	r = program_run("--json --force=downgrade " PATCH_SIM " flash esp-sim-01 %s/back.patch",
			dir, dir);
	program_expect(&r, 0, "confirmed");
	program_done(&r);
	program_sample(dir, "later.bin", "--like=%s/after.bin --edit=2 --seed=4", dir);
	r = program_run("--json " PATCH_SIM " flash esp-sim-01 %s/later.bin", dir, dir);
	program_expect(&r, 0, "confirmed");
	program_done(&r);
	r = program_run("--json images prune");
	program_done(&r);
	words = program_words(
		&exit, "--force=downgrade " PATCH_SIM " flash esp-sim-01 %s/after.patch", dir, dir);
	assert_int_equal(exit, 65);
	assert_non_null(strstr(words, "which is not kept here: SHA-256 "));
	free(words);
	/* Commands that need the image itself name what is missing, before a device is looked for. */
	for (size_t i = 0; i < 2; i++) {
		words = program_words(&exit,
				      i ? "bench esp-sim-01 --image=%s/after.patch"
					: "recover esp-sim-01 %s/after.patch",
				      dir);
		assert_int_equal(exit, 65);
		assert_non_null(strstr(words, "is a patch of an image that is not kept here: "
					      "SHA-256 "));
		free(words);
	}
	(void)setenv("OTABENCH_IMAGE_STORE", "no", 1);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	program_sample(dir, "new.bin", "--chip=esp32 --size=200000");
	return 0;
}

static int cleanup(void **state)
{
	(void)state;
	return program_folder_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delta_update),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_patch_sent),
		cmocka_unit_test(test_skip),
	};

	return cmocka_run_group_tests_name("program_stream", tests, setup, cleanup);
}
