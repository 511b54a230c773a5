/* SPDX-License-Identifier: Apache-2.0 */
/* The diagnostic bundle: which files it has, what they hold, and where it cannot be made. */
#include "config.h" /* system extensions: mkdtemp(), fmemopen(), setenv() */

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

#include <archive.h>
#include <archive_entry.h>

#include "replay/archive.h"
#include "replay/bundle.h"
#include "replay/replay.h"

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
	const struct bundle b = {.path = "empty"};
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
		.path = "full",
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
	struct bundle b = {.path = "none/here"};
	char path[64] = "untouched", why[256] = "";

	(void)state;
	assert_int_equal(bundle_write(&b, path, sizeof(path), why, sizeof(why)), -OTA_ENOENT);
	assert_string_equal(path, "untouched");
	b = (struct bundle){.path = "half", .trace = "no-such.trace"};
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
	assert_non_null(strstr(path, ".tar.gz"));
	assert_true(there(path));
}

/* --- one file */

/* A file of an archive, or NULL with why. */
static const char *taken(const char *path, const char *name, int *ret_code, const char **ret_why)
{
	static char text[16384], why[300];
	FILE *in = fopen(path, "re");
	char *made = NULL;
	size_t len = 0;

	assert_non_null(in);
	assert_true(archive_is(in));
	why[0] = '\0';
	*ret_code = archive_take(in, name, &made, &len, why, sizeof(why));
	*ret_why = why;
	(void)fclose(in);
	if (*ret_code < 0)
		return NULL;
	assert_true(len < sizeof(text));
	memcpy(text, made, len + 1);
	free(made);
	return text;
}

static void secrets(void *userdata, FILE *out)
{
	(void)userdata;
	(void)fprintf(
		out,
		"Connect /org/bluez/hci0/dev_24_6F_28_AA_10_02, kitchen lamp (24:6f:28:aa:10:02)\n"
		"otabench --passkey=123456 --sim=passkey=042042 resume 'kitchen lamp' "
		"%s/app.bin\nkitchen lamps\n",
		dir);
}

static const char recorded[] =
	"otabench-trace 1 virtual\n"
	"0 # run update command=0 device=kitchen lamp\n"
	"1 < advertisement 24:6F:28:AA:10:02 -60 1 1 6b69746368656e206c616d70\n"
	"1 < advertisement 24:6F:28:AA:10:03 -60 1 1 -\n"
	"2 > connect 24:6F:28:AA:10:02\n"
	"3 > write 1 1 0000e9cafe0102\n"
	"4 > write 0 0 01\n";

static void write_archive(const char *path, bool anonymous)
{
	static const struct job_snapshot now = {.device = "kitchen lamp",
						.address = "24:6F:28:AA:10:02"};
	FILE *trace = fmemopen((void *)(uintptr_t)recorded, sizeof(recorded) - 1, "r");
	const struct bundle b = {
		.path = path,
		.replace = true,
		.anonymous = anonymous,
		.now = &now,
		.control_log = secrets,
		.screens = secrets,
		.recording = trace,
		.journal = "no-such-journal",
	};
	char made[64] = "", why[256] = "";

	assert_non_null(trace);
	(void)setenv("HOME", dir, 1);
	if (bundle_write(&b, made, sizeof(made), why, sizeof(why)) < 0)
		fail_msg("%s", why);
	assert_string_equal(made, path);
	(void)fclose(trace);
}

/* Secrets stand in no file of it, in no form; the rest does. */
static void test_archive(void **state)
{
	static const char *const names[] = {"a.zip", "a.tar", "a.tar.gz", "a.tgz"};
	static const char *const files[] = {"summary.txt", "control.log", "screens.txt",
					    "run.trace"};
	const char *why, *text;
	int code;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		write_archive(names[i], i % 2 == 1);
		for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
			text = taken(names[i], files[f], &code, &why);
			assert_non_null(text);
			assert_null(strstr(text, "123456"));
			assert_null(strstr(text, "042042"));
			assert_null(strstr(text, "cafe"));
			if (i % 2 == 0)
				continue;
			assert_null(strstr(text, "kitchen lamp "));
			assert_null(strstr(text, "kitchen lamp'"));
			assert_null(strstr(text, "6b6974"));
			assert_null(strstr(text, "AA:10"));
			assert_null(strstr(text, "aa:10"));
			assert_null(strstr(text, "AA_10"));
			assert_null(strstr(text, dir));
		}
		assert_null(taken(names[i], "journal.txt", &code, &why));
		assert_int_equal(code, -OTA_ENOENT);
		text = taken(names[i], "README.txt", &code, &why);
		assert_non_null(strstr(text, "run.trace"));
	}
	text = taken("a.tar", "run.trace", &code, &why);
	assert_string_equal(text, "otabench-trace 1 virtual\n"
				  "0 # run update command=0 device=device-1\n"
				  "1 < advertisement 00:00:00:00:00:01 -60 1 1 6465766963652d31\n"
				  "1 < advertisement 00:00:00:00:00:02 -60 1 1 -\n"
				  "2 > connect 00:00:00:00:00:01\n"
				  "3 > write 1 1 00000000000000\n"
				  "4 > write 0 0 01\n");
	text = taken("a.tar", "control.log", &code, &why);
	assert_non_null(strstr(text, "dev_00_00_00_00_00_01, device-1 (00:00:00:00:00:01)"));
	assert_non_null(strstr(text, "'device-1' ~/app.bin\nkitchen lamps\n"));
	assert_non_null(strstr(text, "--passkey=******"));
	text = taken("a.zip", "control.log", &code, &why);
	assert_non_null(strstr(text, "kitchen lamp"));
}

/* An archive that is there stays, unless it is to be replaced. */
static void test_archive_there(void **state)
{
	const struct bundle b = {.path = "there.zip"};
	char path[64] = "", why[256] = "";

	(void)state;
	assert_int_equal(bundle_write(&b, path, sizeof(path), why, sizeof(why)), 0);
	assert_int_equal(bundle_write(&b, path, sizeof(path), why, sizeof(why)), -OTA_EIO);
	assert_non_null(strstr(why, "there.zip"));
	write_archive("there.zip", false);
}

struct hostile {
	const char *name, *link;
	size_t size, count;
	const char *why; /* NULL: it is taken */
};

static void make_hostile(const struct hostile *h, const char *path)
{
	static char zeros[1u << 20];
	struct archive *a = archive_write_new();

	(void)archive_write_set_format_pax_restricted(a);
	(void)archive_write_add_filter_gzip(a);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	for (size_t i = 0; i < h->count; i++) {
		struct archive_entry *e = archive_entry_new();
		size_t left = h->link ? 0 : h->size;

		archive_entry_set_pathname(e, h->name);
		archive_entry_set_filetype(e, h->link ? AE_IFLNK : AE_IFREG);
		archive_entry_set_size(e, (la_int64_t)left);
		archive_entry_set_perm(e, 0644);
		if (h->link)
			archive_entry_set_symlink(e, h->link);
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		archive_entry_free(e);
		for (size_t n; left > 0; left -= n) {
			n = left < sizeof(zeros) ? left : sizeof(zeros);
			assert_int_equal(archive_write_data(a, zeros, n), n);
		}
	}
	assert_int_equal(archive_write_free(a), ARCHIVE_OK);
}

/* Archives from strangers are refused by name, and nothing of them reaches the disk. */
static void test_hostile_archives(void **state)
{
	static const struct hostile all[] = {
		{"../run.trace", NULL, 10, 1, "leads out"},
		{"/etc/run.trace", NULL, 10, 1, "leads out"},
		{"a/../run.trace", NULL, 10, 1, "leads out"},
		{"a/..", NULL, 0, 1, "leads out"},
		{"a/b/run.trace", NULL, 10, 1, "leads out"},
		{"a/run.trace", "/etc/passwd", 0, 1, "a link"},
		{"a/run.trace", NULL, 10, 1, "is cut"},
		{"a/junk", NULL, 1, ARCHIVE_ENTRIES_MAX + 1, "more files"},
		{"a/run.trace", NULL, ARCHIVE_BYTES_MAX + 1u, 1, "more than any bundle"},
		{"a/README.txt", NULL, 10, 1, "has no run.trace"},
	};
	struct replay *replay = NULL;
	char why[512];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		make_hostile(&all[i], "hostile.tar.gz");
		why[0] = '\0';
		assert_int_equal(replay_open("hostile.tar.gz", &replay, why, sizeof(why)),
				 -OTA_EBADMSG);
		if (!strstr(why, all[i].why) || strncmp(why, "hostile.tar.gz: ", 16) != 0)
			fail_msg("%s: '%s' does not say '%s'", all[i].name, why, all[i].why);
		assert_null(replay);
	}
}

/* At each length it is refused, or what it holds was whole. */
static void test_cut_archives(void **state)
{
	static const char *const names[] = {"a.zip", "a.tar.gz"};
	char why[300], *text;
	uint8_t *bytes = malloc(65536);
	size_t len;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < 2; i++) {
		FILE *in = fopen(names[i], "re");

		assert_non_null(in);
		len = fread(bytes, 1, 65536, in);
		(void)fclose(in);
		for (size_t n = 1; n < len; n += 7) {
			size_t got = 0;
			int rc;

			text = NULL;
			why[0] = '\0';
			in = fmemopen(bytes, n, "r");
			assert_non_null(in);
			rc = archive_take(in, BUNDLE_TRACE, &text, &got, why, sizeof(why));
			(void)fclose(in);
			assert_true(rc == 0 ? got > 0 : why[0] != '\0' && !text);
			free(text);
		}
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_where_it_cannot_be),
		cmocka_unit_test(test_own_name),
		cmocka_unit_test(test_archive),
		cmocka_unit_test(test_archive_there),
		cmocka_unit_test(test_hostile_archives),
		cmocka_unit_test(test_cut_archives),
	};

	return cmocka_run_group_tests_name("bundle", tests, setup, cleanup);
}
