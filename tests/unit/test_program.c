/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program itself, run as a user runs it: what it prints as JSON, and its
 * exit codes.
 */
#include "config.h" /* system extensions: popen() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ota/proto.h"
#include "programlib.h"
#include "testlib.h"

static char dir[] = "/tmp/otabench-program-XXXXXX";

static void test_flash(void **state)
{
	struct program_ran r =
		program_run("--sim=chip=esp32 --json flash esp-sim-01 %s/new.bin", dir);

	(void)state;
	program_expect(&r, 0, "confirmed");
	assert_string_equal(program_text(&r, "clock"), "virtual");
	assert_string_equal(program_text(&r, "running_sha256"), program_text(&r, "image_sha256"));
	assert_string_equal(program_text(&r, "running_version"), "2.0.0");
	assert_int_equal(program_number(&r, "bytes"), 200000);
	assert_int_equal(program_number(&r, "chunk"), 495);
	assert_int_equal(program_number(&r, "mtu"), 517);
	assert_int_equal(program_number(&r, "resumed_from"), 0);
	assert_int_equal(program_number(&r, "retries"), 0);
	assert_int_equal(program_number(&r, "gaps"), 0);
	assert_int_equal(program_number(&r, "stalls"), 0);
	assert_string_equal(program_text(&r, "write_mode"), "command");
	assert_true(program_number(&r, "goodput") > 0);
	assert_true(program_number(&r, "ceiling") >= program_number(&r, "goodput"));
	assert_true(json_real_value(json_object_get(r.last, "ratio")) <= 1.0);
	assert_true(json_is_number(json_object_get(r.last, "seconds")));
	assert_true(r.events > 10);
	program_done(&r);
}

/* The device's facts about itself, and about a reset in the middle of an update. */
static void test_info(void **state)
{
	struct program_ran r =
		program_run("--sim=chip=esp32c3,boot_reason=brown-out --json info esp-sim-01");
	char *words;
	int code;

	(void)state;
	program_expect(&r, 0, "answered");
	assert_int_equal(program_number(&r, "chip_revision"), 4);
	assert_int_equal(program_number(&r, "block_revision"), 103);
	assert_string_equal(program_text(&r, "reset_reason"), "brown-out");
	assert_int_equal(program_number(&r, "resets"), 0);
	assert_int_equal(program_number(&r, "panics"), 0);
	assert_int_equal(program_number(&r, "abilities"), 0);
	program_done(&r);
	words = program_words(&code, "--sim=chip=esp32c3,block_revision=2 info esp-sim-01");
	assert_int_equal(code, 0);
	assert_non_null(strstr(words, "revision 0.4, eFuse block 0.2\n"));
	assert_non_null(strstr(words, "power-on\n"));
	free(words);
	words = program_words(&code,
			      "--sim=chip=esp32,boot_reason=brown-out,fault=reboot@150000 -vv "
			      "flash esp-sim-01 %s/new.bin",
			      dir);
	assert_int_equal(code, 0);
	assert_non_null(strstr(words, "reset=brown-out resets=1\n"));
	assert_non_null(strstr(words, "reset=software"));
	free(words);
	words = program_words(&code,
			      "--sim=chip=esp32,boot_reason=task-watchdog,fault=reboot@150000 -vv "
			      "flash esp-sim-01 %s/new.bin",
			      dir);
	assert_int_equal(code, 0);
	assert_non_null(strstr(words, "reset=task-watchdog resets=1 panics=1\n"));
	assert_non_null(strstr(words, "it panicked 1 time since the update began (resets: 1, the "
				      "latest by task-watchdog)"));
	free(words);
}

/* An unwanted image is refused before anything is erased, and told in words. */
static void test_product_says_no(void **state)
{
	static const struct {
		const char *sim, *command, *says;
	} rows[] = {
		{"permit=no", "flash esp-sim-01 %s/new.bin",
		 "refused START: the device does not permit it now"},
		{"permit=no", "confirm esp-sim-01", "refused CONFIRM"},
		{"permit=no", "reboot esp-sim-01", "refused REBOOT"},
		{"permit=no", "rollback esp-sim-01", "refused ROLLBACK"},
		{"permit=no", "prepare esp-sim-01", "refused PREPARE"},
		{"policy=project,project=gadget", "flash --force=project esp-sim-01 %s/new.bin",
		 "the image is another project's"},
		{"policy=newer,version=9.0.0", "flash --force=downgrade esp-sim-01 %s/new.bin",
		 "the image is older than the one that runs"},
		{"policy=both,version=1.0.0", "info esp-sim-01", "Runs"},
	};
	char command[160];
	char *words;
	int code;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(command, sizeof(command), "--sim=chip=esp32,%s %s", rows[i].sim,
			       rows[i].command);
		words = program_words(&code, command, dir);
		if (!strstr(words, rows[i].says))
			print_error("%s: %s\n", command, words);
		assert_non_null(strstr(words, rows[i].says));
		assert_int_equal(code != 0, i < 7);
		if (i == 0)
			assert_non_null(strstr(words, "button"));
		free(words);
	}
}

/* Told where it matters: at a look, and before an update is sent. */
static void test_boot_loader_without_rollback(void **state)
{
	struct program_ran r =
		program_run("--sim=chip=esp32,bootloader=no-rollback --json info esp-sim-01");
	char *words;
	int code;

	(void)state;
	program_expect(&r, 0, "answered");
	assert_int_equal(program_number(&r, "abilities"), OTA_ABILITY_NO_ROLLBACK);
	program_done(&r);
	words = program_words(&code, "--sim=chip=esp32,bootloader=no-rollback info esp-sim-01");
	assert_int_equal(code, 0);
	assert_non_null(strstr(words, "no: its boot loader does not"));
	free(words);
	words = program_words(
		&code, "--sim=chip=esp32,bootloader=no-rollback flash esp-sim-01 %s/new.bin", dir);
	assert_int_equal(code, 0);
	assert_non_null(strstr(words, "boot loader does not roll back"));
	free(words);
}

/* No hash tells what a basic device runs: its version does, where it can. */
static void test_flash_basic(void **state)
{
	static const struct {
		const char *fault, *outcome, *says;
		int code;
	} rows[] = {
		{"", "delivered", "the image's version, 2.0.0", 0},
		{",fault=no-boot", "rolled-back", "old version 1.0.0", 76},
		/* DONE comes when the link has ended: that is the reboot, and no reason to send. */
		{",fault=delay-notify%100:400", "delivered", "the image's version, 2.0.0", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char sim[64];
		struct program_ran r;

		(void)snprintf(sim, sizeof(sim), "--sim=dialect=basic%s", rows[i].fault);
		r = program_run("%s --json flash esp-sim-01 %s/new.bin", sim, dir);
		program_expect(&r, rows[i].code, rows[i].outcome);
		assert_non_null(strstr(program_text(&r, "text"), rows[i].says));
		assert_int_equal(program_number(&r, "sent_bytes"), 200000);
		assert_string_equal(program_text(&r, "running_version"),
				    rows[i].code == 0 ? "2.0.0" : "1.0.0");
		program_done(&r);
	}
}

static void test_real_image(void **state)
{
	const char *images = getenv("OTABENCH_IMAGES");
	size_t size;
	uint8_t *image = test_load_image("esp32-nimble-ota.bin", &size);
	struct program_ran r;

	(void)state;
	if (!image)
		skip();
	free(image);
	r = program_run("--sim --json flash esp-sim-01 '%s/esp32-nimble-ota.bin'", images);
	program_expect(&r, 0, "confirmed");
	assert_string_equal(program_text(&r, "running_sha256"),
			    "175865fd5bdb01e7df07e6f53823f5733791393fa7692c499529c13c37d71cf1");
	program_done(&r);
	r = program_run("--json inspect '%s/esp32-nimble-ota.bin'", images);
	program_expect(&r, 0, "readable");
	assert_string_equal(program_text(&r, "version"), "9036908-dirty");
	program_done(&r);
}

/* The boards' flash outlives the program. */
static void test_kept_state(void **state)
{
	struct program_ran r =
		program_run("--sim=state=%s/air --json flash esp-sim-01 %s/new.bin", dir, dir);

	(void)state;
	program_expect(&r, 0, "confirmed");
	program_done(&r);
	r = program_run("--sim=state=%s/air --json flash esp-sim-01 %s/new.bin", dir, dir);
	program_expect(&r, 0, "already-running");
	program_done(&r);
	r = program_run("--sim=state=%s/air --json rollback esp-sim-01", dir);
	program_expect(&r, 0, "answered");
	program_done(&r);
	r = program_run("--sim=state=%s/air --json info esp-sim-01", dir);
	program_expect(&r, 0, "answered");
	assert_string_equal(program_text(&r, "version"), "1.0.0");
	program_done(&r);
}

static void test_resume(void **state)
{
	struct program_ran r =
		program_run("--sim=state=%s/broken --json resume esp-sim-01 %s/new.bin", dir, dir);

	(void)state;
	program_expect(&r, 65, "refused"); /* nothing to go on with, and it says so */
	assert_non_null(strstr(program_text(&r, "text"), "no part of this image"));
	assert_non_null(strstr(program_text(&r, "advice"), "new.bin"));
	program_done(&r);
	r = program_run("sample-image \"%s/it's new.bin\"", dir);
	assert_int_equal(r.exit, 0);
	program_done(&r);
	r = program_run("--sim --json resume esp-sim-01 \"%s/it's new.bin\"", dir);
	program_expect(&r, 65, "refused");
	assert_non_null(
		strstr(program_text(&r, "advice"), "/it'\\''s new.bin'' sends")); /* as typed */
	program_done(&r);
	r = program_run(
		"--sim=state=%s/broken,fault=disconnect@150000 --set=retries=0 --json flash "
		"esp-sim-01 %s/new.bin",
		dir, dir);
	program_expect(&r, 75, "link-lost");
	program_done(&r);
	r = program_run("--sim=state=%s/broken --json status esp-sim-01", dir);
	program_expect(&r, 0, "answered");
	assert_true(json_is_true(json_object_get(r.last, "resumable")));
	program_done(&r);
	r = program_run("--sim=state=%s/broken --json resume esp-sim-01 %s/new.bin", dir, dir);
	program_expect(&r, 0, "confirmed");
	/* The window was in flight: at least one block of the rest was on record. */
	assert_true(program_number(&r, "resumed_from") >= 65536);
	program_done(&r);
}

/* Refused before anything is sent; each reason can be overridden by its name, damage cannot. */
static void test_refusals(void **state)
{
	static const struct {
		const char *file, *check;
	} rows[] = {
		{"chip.bin", "chip"},
		{"large.bin", "size"},
		{"old.bin", "downgrade"},
		{"project.bin", "project"},
	};
	struct program_ran r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = program_run("--sim=state=%s/refused --json flash esp-sim-01 %s/%s", dir, dir,
				rows[i].file);
		program_expect(&r, 65, "refused");
		assert_int_equal(program_number(&r, "bytes"), 0);
		assert_int_equal(program_number(&r, "sent_bytes"), 0);
		program_done(&r);
		/* Forced, the host goes on; chip and size are then refused by the device. */
		r = program_run("--sim --force=%s --json flash esp-sim-01 %s/%s", rows[i].check,
				dir, rows[i].file);
		assert_int_equal(r.exit, i < 2 ? 76 : 0);
		program_done(&r);
	}
	r = program_run("--sim --json flash esp-sim-01 %s/damaged.bin", dir);
	program_expect(&r, 65, "refused");
	program_done(&r);
	r = program_run("--sim --force=hash,checksum --json flash esp-sim-01 %s/damaged.bin", dir);
	assert_int_not_equal(r.exit, 0);
	program_done(&r);
}

static void test_exit_codes(void **state)
{
	static const struct {
		int code;
		const char *arguments;
	} rows[] = {
		{0, "--help"},
		{0, "--version"},
		{0, "flash --help"},
		{64, "fly"},
		{64, "flash esp-sim-01"},
		{64, "--sim=loss=400 scan"},
		{64, "--sim --set=chunk=7 info esp-sim-01"},
		{64, "--sim --force=nothing info esp-sim-01"},
		{64,
		 "sample-image /nonexistent/i --version-text=1.2.3-a-text-longer-than-its-field"},
		{64, "sample-image /nonexistent/i --project=a-project-of-more-than-31-bytes-"},
		{64, "sample-image /nonexistent/i --edit=1"},
		{64, "sample-image /nonexistent/i --like=/nonexistent --edit=101"},
		{64, "sample-image /nonexistent/i --like=/nonexistent --size=5000"},
		{66, "sample-image /nonexistent/i --like=/nonexistent"},
		{66, "inspect /nonexistent"},
		{66, "--sim flash esp-sim-01 /nonexistent"},
		{68, "--sim info nobody"},
		{68, "--sim info nobody --device-timeout=2"},
		{64, "--sim info esp-sim-01 --device-timeout=0"},
		{75, "--sim info nobody --timeout=2"},
		{64, "--sim info esp-sim-01 --timeout=0"},
		{76, "--sim=devices=5 info esp-sim-05"},
		{76, "--sim rollback esp-sim-01"},
		{0, "--sim scan --time=1"},
		{0, "--sim status esp-sim-01"},
		{0, "--sim cancel esp-sim-01"},
		{0, "--sim confirm esp-sim-01"},
		{0, "--sim reboot esp-sim-01"},
		{0, "--sim disconnect esp-sim-01"},
		{68, "--sim disconnect nobody"},
		{0, "--sim forget esp-sim-01"},
		{0, "--sim forget 24:6F:28:AA:99:99"},
		{68, "--sim forget nobody"},
		{64, "--sim --readonly forget esp-sim-01"},
		{0, "--sim adapter power-cycle"},
		{64, "--sim adapter off"},
		{0, "--sim bench esp-sim-01 --bytes=50000"},
		{64, "--sim --readonly reboot esp-sim-01"},
		{0, "--sim prepare esp-sim-01"},
		{0, "--sim prepare esp-sim-01 --bytes=5000"},
		{64, "--sim prepare esp-sim-01 --bytes=0"},
		{64, "--sim prepare esp-sim-01 --bytes=1k"},
		{76, "--sim prepare esp-sim-01 --bytes=4000000000"}, /* more than the slot */
		{76, "--sim=dialect=basic prepare esp-sim-01"}, /* knows no such command */
		{64, "--sim --readonly prepare esp-sim-01"},
		{0, "profile list"},
	};
	struct program_ran r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		r = program_run("%s", rows[i].arguments);
		if (r.exit != rows[i].code)
			fail_msg("%s: exit %d, not %d", rows[i].arguments, r.exit, rows[i].code);
		program_done(&r);
	}
}

static void test_full_disk(void **state)
{
	struct program_ran r;

	(void)state;
	if (access("/dev/full", W_OK) != 0) {
		print_message("no /dev/full here\n");
		skip();
	}
	r = program_run("--sim scan --time=1 >/dev/full");
	assert_int_equal(r.exit, 74);
	program_done(&r);
}

static int setup(void **state)
{
	char path[4200];
	FILE *file;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	program_sample(dir, "new.bin", "--chip=esp32 --size=200000");
	program_sample(dir, "chip.bin", "--chip=esp32c3 --size=100000");
	program_sample(dir, "large.bin", "--chip=esp32 --size=1400000");
	program_sample(dir, "old.bin", "--chip=esp32 --size=100000 --version-text=0.1.0");
	program_sample(dir, "project.bin", "--chip=esp32 --size=100000 --project=something-else");
	program_sample(dir, "damaged.bin", "--chip=esp32 --size=100000");
	snprintf(path, sizeof(path), "%s/damaged.bin", dir);
	file = fopen(path, "r+b");
	if (!file || fseek(file, 50000, SEEK_SET) != 0 || fputs("damage", file) < 0)
		return -1;
	return fclose(file);
}

static int cleanup(void **state)
{
	(void)state;
	return program_folder_remove(dir);
}

/* "otabench ... | head -1": a reader that has read enough is no error. */
static void test_reader_left(void **state)
{
	static const char *const commands[][4] = {
		{"otabench", "--json", "--sim", "scan"},
		{"otabench", "--help"},
		{"otabench", "flash", "--help"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		char *argv[5] = {NULL}, said[200];
		int out[2], err[2], status;
		pid_t child;

		for (size_t k = 0; k < 4; k++)
			argv[k] = (char *)(uintptr_t)commands[i][k];
		assert_int_equal(pipe(out), 0);
		assert_int_equal(pipe(err), 0);
		close(out[0]);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			(void)dup2(out[1], STDOUT_FILENO);
			(void)dup2(err[1], STDERR_FILENO);
			(void)execv(program_path(), argv);
			_exit(127);
		}
		close(out[1]);
		close(err[1]);
		assert_int_equal(read(err[0], said, sizeof(said)), 0);
		close(err[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

/* A board fresh from a programmer runs from no slot that has a number. */
static void test_factory(void **state)
{
	int exit = -1;
	char *text = program_lines(0, &exit,
				   "--sim=slots=factory:1M+1M+1M --no-history info esp-sim-01");

	(void)state;
	assert_int_equal(exit, 0);
	assert_non_null(strstr(text, "from slot factory\n"));
	free(text);
	text = program_lines(0, &exit,
			     "--sim=slots=factory:1M+1M+1M --no-history status esp-sim-01");
	assert_int_equal(exit, 0);
	assert_non_null(strstr(text, "Running slot  factory\n"));
	free(text);
}

/* A stalled run gives the reason; a run with progress gives none. */
static void test_wait(void **state)
{
	char *text;
	int exit;

	(void)state;
	text = program_lines(0, &exit,
			     "--json --sim=fault=slow-erase:60 flash esp-sim-01 %s/new.bin", dir);
	assert_int_equal(exit, 0);
	assert_non_null(strstr(text, "\"wait\":\"stalled 0:02"));
	free(text);
	text = program_lines(0, &exit, "--json --sim flash esp-sim-01 %s/new.bin", dir);
	assert_int_equal(exit, 0);
	assert_non_null(strstr(text, "\"event\":\"progress\""));
	assert_null(strstr(text, "\"wait\":\"stalled"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flash),
		cmocka_unit_test(test_product_says_no),
		cmocka_unit_test(test_boot_loader_without_rollback),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_flash_basic),
		cmocka_unit_test(test_real_image),
		cmocka_unit_test(test_kept_state),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_reader_left),
		cmocka_unit_test(test_factory),
		cmocka_unit_test(test_wait),
	};

	return cmocka_run_group_tests_name("program", tests, setup, cleanup);
}
