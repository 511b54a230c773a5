/* SPDX-License-Identifier: Apache-2.0 */
/* The diagnostic bundle: which files it has, what they hold, and where it cannot be made. */
#include "config.h" /* system extensions: mkdtemp() */

#include <errno.h>
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

#include "replay/bundle.h"

static char dir[] = "/tmp/otabench-bundle-XXXXXX";

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? chdir(dir) : -1;
}

static int cleanup(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return chdir("/") == 0 ? system(command) : -1; /* NOLINT(cert-env33-c) */
}

static bool there(const char *path)
{
	return access(path, R_OK) == 0;
}

/* Of a file of at most 16 KiB. */
static const char *text_of(const char *path)
{
	static char text[16384];
	FILE *in = fopen(path, "r");
	size_t n;

	assert_non_null(in);
	n = fread(text, 1, sizeof(text) - 1, in);
	text[n] = '\0';
	(void)fclose(in);
	return text;
}

static void lines(void *userdata, FILE *out)
{
	(void)fprintf(out, "%s\n", (const char *)userdata);
}

/* A bundle has no file for unknown things, and README.txt does not name one. */
static void test_nothing_known(void **state)
{
	const struct bundle b = {.folder = "empty"};
	char path[64] = "", why[256] = "";

	(void)state;
	assert_int_equal(bundle_write(&b, path, sizeof(path), why, sizeof(why)), 0);
	assert_string_equal(path, "empty");
	assert_true(there("empty/README.txt"));
	assert_true(there("empty/summary.txt"));
	assert_false(there("empty/profile.yaml"));
	assert_false(there("empty/control.log"));
	assert_null(strstr(text_of("empty/README.txt"), "profile.yaml"));
	assert_non_null(strstr(text_of("empty/summary.txt"), PACKAGE_STRING));
}

static void test_all(void **state)
{
	static const struct job_result result = {
		.outcome = SESSION_LINK_LOST,
		.what = "The link was lost at \x1b[31m 54 %.",
		.advice = "'otabench resume' goes on.",
		.goodput = 29800,
		.stalls = 3,
	};
	static const struct job_snapshot now = {
		.device = "esp-gw-07",
		.address = "24:6F:28:AA:10:02",
		.dialect = DIALECT_FULL,
		.version = "1.4.2",
		.size = 1000,
		.stats.received = 540,
		.mtu = 247,
		.link = {.rssi = -71, .rssi_source = TRANSPORT_SOURCE_HCI},
	};
	static const struct lint_report report = {
		.count = 1,
		.findings = {{LINT_DOWNGRADE, LINT_WARNING, true, "older than what runs"}},
	};
	struct profile profile;
	FILE *trace = fopen("a.trace", "w");
	const struct bundle b = {
		.folder = "full",
		.source = "hci0",
		.profile = &profile,
		.now = &now,
		.result = &result,
		.report = &report,
		.control_log = lines,
		.calls_log = lines,
		.userdata = (void *)"a line of a log",
		.trace = "a.trace",
	};
	char path[64] = "", why[256] = "";
	const char *text;

	(void)state;
	assert_non_null(trace);
	(void)fprintf(trace, "otabench-trace 1 real\n");
	(void)fclose(trace);
	profile_defaults(&profile);
	profile.pacing_us = 4321;
	assert_int_equal(bundle_write(&b, path, sizeof(path), why, sizeof(why)), 0);
	text = text_of("full/summary.txt");
	assert_non_null(strstr(text, "link-lost"));
	assert_non_null(strstr(text, "54 %"));
	assert_null(strchr(text, '\x1b'));
	assert_non_null(strstr(text, "29.8 kB/s"));
	assert_non_null(strstr(text, "received 540, flushed 0 of 1000"));
	assert_non_null(strstr(text, "-71 dBm"));
	assert_non_null(strstr(text, "older than what runs"));
	assert_non_null(strstr(text_of("full/profile.yaml"), "pacing_us: 4321"));
	assert_string_equal(text_of("full/control.log"), "a line of a log\n");
	assert_string_equal(text_of("full/calls.log"), "a line of a log\n");
	assert_string_equal(text_of("full/run.trace"), "otabench-trace 1 real\n");
	text = text_of("full/README.txt");
	assert_non_null(strstr(text, "control.log"));
	assert_non_null(strstr(text, "run.trace"));
	/* Never over another one. */
	assert_int_equal(bundle_write(&b, path, sizeof(path), why, sizeof(why)), -EEXIST);
	assert_non_null(strstr(why, "full"));
}

static void test_where_it_cannot_be(void **state)
{
	struct bundle b = {.folder = "none/here"};
	char path[64] = "untouched", why[256] = "";

	(void)state;
	assert_int_equal(bundle_write(&b, path, sizeof(path), why, sizeof(why)), -OTA_ENOENT);
	assert_string_equal(path, "untouched");
	b = (struct bundle){.folder = "half", .trace = "no-such.trace"};
	assert_int_equal(bundle_write(&b, path, sizeof(path), why, sizeof(why)), -OTA_ENOENT);
	assert_non_null(strstr(why, "no-such.trace"));
	assert_true(there("half/summary.txt")); /* what could be written stays */
}

/* A name of its own where none is given. */
static void test_own_name(void **state)
{
	const struct bundle b = {.source = "hci0"};
	char path[BUNDLE_NAME_MAX] = "", why[256] = "";

	(void)state;
	assert_int_equal(bundle_write(&b, path, sizeof(path), why, sizeof(why)), 0);
	assert_int_equal(strncmp(path, "otabench-bundle-", 16), 0);
	assert_true(there(path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_where_it_cannot_be),
		cmocka_unit_test(test_own_name),
	};

	return cmocka_run_group_tests_name("bundle", tests, setup, cleanup);
}
