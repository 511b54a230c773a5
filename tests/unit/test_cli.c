/* SPDX-License-Identifier: Apache-2.0 */
/* The command line, called as main() calls it, with its output in memory. */
#include "config.h" /* system extensions: open_memstream() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "image/lint.h"
#include "ota/error.h"

static char *out_text, *err_text;

/* The arguments that the command under test was given. */
static struct cli seen;
static int seen_argc;
static char seen_words[8][32];
static const char *seen_value, *seen_flag;

static int run_probe(struct cli *cli, int argc, char **argv)
{
	seen = *cli;
	seen_argc = argc;
	seen_value = cli_value(cli, "seconds");
	seen_flag = cli_value(cli, "once");
	assert_null(cli_value(cli, "nonsense"));
	assert_null(argv[argc]);
	for (int i = 0; i < argc; i++)
		(void)snprintf(seen_words[i], sizeof(seen_words[i]), "%s", argv[i]);
	return CLI_LINK_LOST;
}

static const struct cli_option probe_options[] = {
	{"seconds", "SECONDS", "How long."},
	{"once", NULL, "Only once."},
	{NULL, NULL, NULL},
};
static const struct cli_command probes[] = {
	{
		.name = "probe",
		.usage = "DEV [IMAGE]",
		.summary = "Look",
		.min_arguments = 1,
		.max_arguments = 2,
		.options = probe_options,
		.run = run_probe,
	},
	{.name = "plain", .usage = "", .summary = "Nothing", .run = run_probe},
	{
		.name = "open",
		.usage = "[IMAGE]",
		.summary = "Open",
		.max_arguments = 1,
		.standard = true,
		.run = run_probe,
	},
	{.name = NULL},
};

/* line is split at blanks. */
static int run_table(const char *line, const struct cli_command *commands)
{
	char *argv[32], copy[512], *save = NULL;
	int argc = 0, r;
	size_t out_len, err_len;
	FILE *out, *err;

	free(out_text);
	free(err_text);
	out = open_memstream(&out_text, &out_len);
	err = open_memstream(&err_text, &err_len);
	memset(&seen, 0, sizeof(seen));
	seen_argc = -1;
	(void)snprintf(copy, sizeof(copy), "otabench %s", line);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	r = cli_main(argc, argv, commands, out, err);
	(void)fclose(out);
	(void)fclose(err);
	return r;
}

static int run(const char *line)
{
	return run_table(line, probes);
}

static void assert_usage(const char *line, const char *message)
{
	assert_int_equal(run(line), CLI_USAGE);
	assert_string_equal(err_text, message);
	assert_string_equal(out_text, "");
	assert_int_equal(seen_argc, -1);
}

static void test_words(void **state)
{
	(void)state;
	assert_int_equal(run("probe gw-07 image.bin"), CLI_LINK_LOST);
	assert_int_equal(seen_argc, 3);
	assert_string_equal(seen_words[0], "probe");
	assert_string_equal(seen_words[1], "gw-07");
	assert_string_equal(seen_words[2], "image.bin");
	assert_false(seen.json || seen.quiet || seen.readonly || seen.sim_given);
	assert_int_equal(seen.log.level, LOG_LEVEL_WARNING);
	assert_null(seen.profile);
	assert_null(seen.adapter);
	assert_null(seen.trace);
	assert_null(seen_value);
	assert_null(seen_flag);
	assert_string_equal(err_text, "");
	/* Behind -- everything is a word, the command's name as well. */
	assert_int_equal(run("probe -- --json -x"), CLI_LINK_LOST);
	assert_false(seen.json);
	assert_string_equal(seen_words[1], "--json");
	assert_string_equal(seen_words[2], "-x");
	assert_int_equal(run("-- probe x"), CLI_LINK_LOST);
	assert_int_equal(seen_argc, 2);
	assert_int_equal(run("plain"), CLI_LINK_LOST);
	assert_int_equal(seen_argc, 1);
}

/* Global options before, between and after, in all their forms. */
static void test_options(void **state)
{
	static const char *const lines[] = {
		"--json --profile=fast --set a=1 -s b=2 --sim=mtu=185 --adapter hci1 --trace=t "
		"--readonly -v -v probe --seconds=5 --once x",
		"probe x --json --profile fast --set=a=1 -sb=2 --sim=mtu=185 -ahci1 --trace t "
		"--readonly -vv --seconds 5 --once",
		"-v --verbose --json probe -p fast --seconds=5 --sim=mtu=185 -s a=1 x --set b=2 "
		"--once --trace t -a hci1 --readonly",
	};

	(void)state;
	for (int posix = 0; posix < 2; posix++) {
		/* Some people's environment stops getopt() at the first word. */
		if (posix)
			assert_int_equal(setenv("POSIXLY_CORRECT", "1", 1), 0);
		for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
			assert_int_equal(run(lines[i]), CLI_LINK_LOST);
			assert_int_equal(seen_argc, 2);
			assert_true(seen.json && seen.readonly && seen.sim_given);
			assert_string_equal(seen_words[1], "x");
			assert_int_equal(seen.sim.mtu, 185);
			assert_int_equal(seen.set_count, 2);
			assert_int_equal(seen.log.level, LOG_LEVEL_DEBUG);
		}
	}
	assert_int_equal(unsetenv("POSIXLY_CORRECT"), 0);
	assert_int_equal(run("-q -v plain"), CLI_LINK_LOST);
	assert_int_equal(seen.log.level, LOG_LEVEL_ERROR);
	assert_int_equal(run("plain --sim"), CLI_LINK_LOST);
	assert_true(seen.sim_given);
	assert_int_equal(seen.sim.given, 0);
	assert_int_equal(run("plain --sim=mtu=23 --sim=phy=2M"), CLI_LINK_LOST);
	assert_int_equal(seen.sim.given, 1u << SIM_MTU | 1u << SIM_PHY);
	assert_int_equal(run("plain --force=chip,size --force downgrade"), CLI_LINK_LOST);
	assert_int_equal(seen.force, 1u << LINT_CHIP | 1u << LINT_SIZE | 1u << LINT_DOWNGRADE);
}

static void test_option_strings(void **state)
{
	char *argv[] = {"otabench", "plain", "-p",	"fast", "-s", "a=1",
			"-a",	    "hci1",  "--trace", "t",	NULL};
	FILE *null = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(null);
	assert_int_equal(cli_main(10, argv, probes, null, null), CLI_LINK_LOST);
	(void)fclose(null);
	assert_string_equal(seen.profile, "fast");
	assert_string_equal(seen.set[0], "a=1");
	assert_string_equal(seen.adapter, "hci1");
	assert_string_equal(seen.trace, "t");
	argv[1] = "probe";
	argv[2] = "--seconds";
	argv[3] = "7";
	argv[4] = "--once";
	argv[5] = "x";
	argv[6] = NULL;
	null = fopen("/dev/null", "w");
	assert_int_equal(cli_main(6, argv, probes, null, null), CLI_LINK_LOST);
	(void)fclose(null);
	assert_string_equal(seen_value, "7");
	assert_string_equal(seen_flag, "");
}

static void test_mistakes(void **state)
{
	(void)state;
	assert_usage("", "otabench: error: expected a command; 'otabench --help' lists them\n");
	assert_usage("prob", "otabench: error: unknown command prob (did you mean probe?)\n");
	assert_usage("flash x",
		     "otabench: error: unknown command flash; 'otabench --help' lists them\n");
	assert_usage("--sim mtu=5", "otabench: error: unknown command mtu=5 (did you mean "
				    "--sim=mtu=5?)\n");
	assert_usage("--jsn plain",
		     "otabench: error: unknown option --jsn (did you mean --json?)\n");
	assert_usage("plain --porfile=x",
		     "otabench: error: unknown option --porfile (did you mean --profile?)\n");
	assert_usage("probe --secnods=5 x",
		     "otabench: error: unknown option --secnods (did you mean --seconds?)\n");
	/* Another command's option. */
	assert_usage("plain --seconds=5", "otabench: error: unknown option --seconds; 'otabench "
					  "plain --help' lists them\n");
	assert_usage("--seconds=5 probe x",
		     "otabench: error: --seconds is an option of a command and stands after it: "
		     "'otabench probe --seconds'\n");
	assert_usage("help prboe",
		     "otabench: error: unknown command prboe (did you mean probe?)\n");
	assert_usage("-vx plain", "otabench: error: unknown option -x; 'otabench --help' lists "
				  "them\n");
	assert_usage("plain --profile", "otabench: error: --profile: expected an argument\n");
	assert_usage("plain -s", "otabench: error: -s: expected an argument\n");
	assert_usage("probe x --seconds", "otabench: error: --seconds: expected an argument\n");
	/* A script's variable that is not set. */
	assert_usage("--btsnoop= plain",
		     "otabench: error: --btsnoop: expected an argument, found an empty one\n");
	assert_usage("probe x --seconds=",
		     "otabench: error: --seconds: expected an argument, found an empty one\n");
	assert_usage("plain --json=5", "otabench: error: --json=5: expected no argument\n");
	assert_usage("probe", "otabench: error: probe: expected DEV [IMAGE], found nothing\n");
	assert_usage("probe a b c", "otabench: error: probe: expected DEV [IMAGE], found more\n");
	assert_usage("plain a", "otabench: error: plain: expected no argument, found more\n");
	assert_usage(
		"--sim=mtu=5,los=1 plain",
		"otabench: error: --sim: mtu: expected a whole number, 23..517 bytes, found 5\n"
		"otabench: error: --sim: los: unknown key (did you mean loss?)\n"
		"otabench: error: --sim: wrong keys or values\n");
	assert_usage(
		"--force=chip,sise plain",
		"otabench: error: --force: expected names of checks, as 'inspect' prints them, "
		"found \"sise\" (did you mean size?)\n");
	assert_usage("\033[2J", "otabench: error: unknown command \\x1b[2J; 'otabench --help' "
				"lists them\n");
}

/* "otabench app.bin" opens it; a folder, or a file that is not there, is a mistake. */
static void test_file_named(void **state)
{
	char folder[] = "/tmp/otabench-cli-XXXXXX", path[64], line[96], expected[160];
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/a.bin", folder);
	(void)snprintf(expected, sizeof(expected),
		       "otabench: error: %s is neither a command nor an image file\n", path);
	assert_usage(path, expected);
	(void)snprintf(expected, sizeof(expected),
		       "otabench: error: %s is neither a command nor an image file\n", folder);
	assert_usage(folder, expected);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	(void)snprintf(line, sizeof(line), "--quiet %s --json", path);
	assert_int_equal(run_table(line, probes), CLI_LINK_LOST);
	assert_string_equal(seen.command->name, "open");
	assert_int_equal(seen_argc, 2);
	assert_string_equal(seen_words[1], path);
	assert_true(seen.quiet && seen.json);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* With --json the last line is a result, whatever went wrong and wherever --json stands. */
static void test_mistakes_json(void **state)
{
	static const char *const lines[] = {"--jsn --json", "nosuch --json", "--json",
					    "probe --json", "--sim=x --json"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *last;

		assert_int_equal(run(lines[i]), CLI_USAGE);
		last = strstr(out_text, "\"event\":\"result\",\"ok\":false,\"outcome\":\"usage\","
					"\"exit\":64,\"error\":\"");
		assert_non_null(last);
		assert_string_equal(strchr(last, '\n'), "\n");
	}
}

static void test_help(void **state)
{
	(void)state;
	assert_int_equal(run("--help"), CLI_OK);
	assert_non_null(strstr(out_text, "usage: otabench [OPTIONS] COMMAND"));
	assert_non_null(strstr(out_text, "\n  probe                     Look\n"));
	assert_non_null(strstr(out_text, "--sim[=KEY=VALUE,...]"));
	assert_non_null(strstr(out_text, "delay-notify@N:MS"));
	assert_non_null(strstr(out_text, "downgrade"));
	assert_non_null(strstr(out_text, " 75  link lost"));
	assert_string_equal(err_text, "");
	/* No line is wider than a terminal. */
	for (const char *line = out_text; *line != '\0'; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 79);
	assert_int_equal(run("plain -h"), CLI_OK);
	assert_non_null(strstr(out_text, "usage: otabench [OPTIONS] plain\n"));
	assert_int_equal(run("help"), CLI_OK);
	assert_non_null(strstr(out_text, "usage: otabench [OPTIONS] COMMAND"));
	assert_int_equal(run("help probe"), CLI_OK);
	assert_non_null(strstr(out_text, "usage: otabench [OPTIONS] probe DEV [IMAGE]"));
	assert_int_equal(run("probe -h"), CLI_OK);
	assert_non_null(strstr(out_text, "usage: otabench [OPTIONS] probe DEV [IMAGE]"));
	assert_non_null(strstr(out_text, "\n  --seconds=SECONDS         How long.\n"));
	assert_int_equal(run("--version"), CLI_OK);
	assert_string_equal(out_text, PACKAGE_STRING "\n");
	assert_int_equal(seen_argc, -1);
}

/* Output that cannot be written is no success. */
static void test_full_disk(void **state)
{
	char *argv[] = {"otabench", "--version", NULL};
	FILE *full = fopen("/dev/full", "w"), *null = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(null);
	if (!full) {
		print_message("there is no /dev/full here\n");
		(void)fclose(null);
		skip();
		return;
	}
	assert_int_equal(cli_main(2, argv, probes, full, null), CLI_FILE);
	(void)fclose(full);
	(void)fclose(null);
}

static int run_profile(const char *line)
{
	assert_int_equal(setenv("XDG_CONFIG_HOME", "/nonexistent", 1), 0);
	return run_table(line, cli_commands);
}

static void test_profile_list(void **state)
{
	json_t *event;
	const char *line;
	int count = 0;

	(void)state;
	assert_int_equal(run_profile("profile list"), CLI_OK);
	assert_non_null(strstr(out_text, "\nreliable "));
	assert_int_equal(run_profile("profile list --json"), CLI_OK);
	for (line = out_text; *line != '\0'; line = strchr(line, '\n') + 1) {
		event = json_loadb(line, strcspn(line, "\n"), 0, NULL);
		assert_non_null(event);
		assert_true(json_is_real(json_object_get(event, "t")));
		count += json_is_true(json_object_get(event, "usable"));
		json_decref(event);
	}
	assert_in_range(count, 5, 100);
}

static void test_profile_show(void **state)
{
	struct setting_errors errors;
	struct profile profile;

	(void)state;
	assert_int_equal(run_profile("profile show reliable -s retries=33"), CLI_OK);
	assert_int_equal(profile_load_text("x", out_text, strlen(out_text), &profile, &errors), 0);
	assert_int_equal(profile.retries, 33);
	assert_int_equal(profile.connection_interval, 6);
	assert_int_equal(run_profile("--profile=legacy-23 profile show --json"), CLI_OK);
	assert_non_null(strstr(out_text, "\"name\":\"legacy-23\""));
	assert_non_null(strstr(out_text, "\"chunk\":20,\"write_mode\":\"auto\""));
	assert_non_null(strstr(out_text, "\"event\":\"result\",\"ok\":true,\"outcome\":\"ok\","
					 "\"exit\":0}\n"));
	assert_int_equal(run_profile("profile show -s connection_interval_ms=7.5 --json"), CLI_OK);
	assert_non_null(strstr(out_text, "\"connection_interval_ms\":7.5,"));
	assert_int_equal(run_profile("profile show -s retris=3 -s chunk=5"), CLI_USAGE);
	assert_string_equal(
		err_text, "otabench: error: --set: retris: unknown key (did you mean retries?)\n"
			  "otabench: error: --set: chunk: expected auto or a whole number, 20..512 "
			  "bytes, found 5\n"
			  "otabench: error: the profile cannot be used\n");
	assert_int_equal(run_profile("profile show relible"), CLI_NO_FILE);
	assert_string_equal(err_text,
			    "otabench: error: relible: expected a profile's name or a path to a "
			    ".yaml file, found neither (did you mean reliable?)\n"
			    "otabench: error: the profile cannot be used\n");
}

static void test_profile_check(void **state)
{
	char path[] = "/tmp/test_cli.XXXXXX", line[128], expected[512];
	static const char text[] = "retris: 5\nchunk: fast\n";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	(void)close(fd);
	(void)snprintf(line, sizeof(line), "profile check default %s", path);
	assert_int_equal(run_profile(line), CLI_USAGE);
	assert_string_equal(out_text, "default: ok\n");
	(void)snprintf(expected, sizeof(expected),
		       "%s:1:1: retris: unknown key (did you mean retries?)\n"
		       "%s:2:8: chunk: expected auto or a whole number, 20..512 bytes, found "
		       "\"fast\"\n"
		       "otabench: error: 1 of 2 profiles cannot be used\n",
		       path, path);
	assert_string_equal(err_text, expected);
	(void)snprintf(line, sizeof(line), "profile check %s --json", path);
	assert_int_equal(run_profile(line), CLI_USAGE);
	(void)snprintf(expected, sizeof(expected),
		       "\"event\":\"problem\",\"file\":\"%s\",\"line\":2,\"column\":8,\"key\":"
		       "\"chunk\",\"text\":\"expected auto",
		       path);
	assert_non_null(strstr(out_text, expected));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(run_profile(line), CLI_NO_FILE);
	assert_int_equal(run_profile("profile check"), CLI_USAGE);
	assert_int_equal(run_profile("profile lits"), CLI_USAGE);
	assert_int_equal(run_profile("profile list x"), CLI_USAGE);
}

static void test_exit_codes(void **state)
{
	(void)state;
	assert_int_equal(cli_exit_of(-OTA_EINVAL), CLI_USAGE);
	assert_int_equal(cli_exit_of(-OTA_ENOENT), CLI_NO_FILE);
	assert_int_equal(cli_exit_of(-OTA_EPERM), CLI_NO_PERMISSION);
	assert_int_equal(cli_exit_of(-OTA_ENOMEM), CLI_DEFECT);
	assert_int_equal(cli_exit_of(-OTA_EIO), CLI_FILE);
	assert_int_equal(cli_exit_of(-OTA_EBADMSG), CLI_REFUSED);
	assert_int_equal(cli_exit_of(-OTA_EBUSY), CLI_LINK_LOST);
	assert_string_equal(cli_exit_name(CLI_DEVICE_ERROR), "device-error");
	assert_string_equal(cli_exit_name(CLI_CANCELLED), "cancelled");
}

/* Losing the device or adapter during an update ends otherwise than never finding it. */
static void test_exit_of_what_can_be_resumed(void **state)
{
	struct job_result result = {.outcome = SESSION_NOT_FOUND};

	(void)state;
	assert_int_equal(run_exit(&result), CLI_NO_DEVICE);
	result.outcome = SESSION_NO_ADAPTER;
	assert_int_equal(run_exit(&result), CLI_NO_ADAPTER);
	result.begun = true;
	assert_int_equal(run_exit(&result), CLI_LINK_LOST);
	result.outcome = SESSION_NOT_FOUND;
	assert_int_equal(run_exit(&result), CLI_LINK_LOST);
	result = (struct job_result){.outcome = SESSION_IN_USE};
	assert_int_equal(run_exit(&result), CLI_LINK_LOST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_option_strings),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_file_named),
		cmocka_unit_test(test_mistakes_json),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_profile_list),
		cmocka_unit_test(test_profile_show),
		cmocka_unit_test(test_profile_check),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_exit_of_what_can_be_resumed),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	free(out_text);
	free(err_text);
	return r;
}
