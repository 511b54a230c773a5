/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile's file changed in place: what is not the value stays to the byte,
 * and whatever the file looks like it reads back as what was meant.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file_save.h"
#include "profile/profile_edit.h"
#include "ota/error.h"
#include "base/rng.h"

static struct setting_errors errors;

static const char *first_error(void)
{
	static char line[1024];

	return errors.count > 0 ? setting_error_format(&errors, 0, line, sizeof(line)) : "";
}

static void load(const char *text, size_t len, struct profile *ret)
{
	const int r = profile_load_text("p.yaml", text, len, ret, &errors);

	if (r < 0)
		fail_msg("%s in\n%.*s", first_error(), (int)len, text);
}

/* text with an assignment, or several that blanks divide. */
static char *changed(const char *text, const char *const *assignments, size_t count)
{
	struct profile profile;
	char *made = NULL;
	size_t len = 0;
	int r;

	load(text, strlen(text), &profile);
	assert_int_equal(profile_set(&profile, assignments, count, "set", &errors), 0);
	r = profile_edit_text("p.yaml", text, strlen(text), &profile, &made, &len, &errors);
	if (r < 0)
		fail_msg("%s in\n%s", first_error(), text);
	assert_int_equal(strlen(made), len);
	return made;
}

static const struct {
	const char *before, *assignment, *after;
} cases[] = {
	/* Comments before, behind and after. */
	{"# why\nchunk: 20 # small\n# end\n", "chunk=244", "# why\nchunk: 244 # small\n# end\n"},
	{"chunk:   20\t# small\npacing_us: 5\n", "chunk=auto",
	 "chunk:   auto\t# small\npacing_us: 5\n"},
	/* No newline at the end. */
	{"chunk: 20", "chunk=244", "chunk: 244"},
	{"chunk: 20", "pacing_us=5", "chunk: 20\npacing_us: 5\n"},
	{"chunk: 20 # small", "pacing_us=5", "chunk: 20 # small\npacing_us: 5\n"},
	/* CRLF stays CRLF. */
	{"# a\r\nchunk: 20\r\nphy: 1M\r\n", "phy=2M", "# a\r\nchunk: 20\r\nphy: 2M\r\n"},
	{"# a\r\nchunk: 20\r\n", "phy=2M", "# a\r\nchunk: 20\r\nphy: 2M\r\n"},
	{"# a\r\nchunk: 20", "phy=2M", "# a\r\nchunk: 20\r\nphy: 2M\r\n"},
	/* Characters of several bytes before the value; a byte order mark. */
	{"# gr\xc3\xb6\xc3\x9f"
	 "er \xe6\xb8\xa9\nchunk: 20\n",
	 "chunk=244",
	 "# gr\xc3\xb6\xc3\x9f"
	 "er \xe6\xb8\xa9\nchunk: 244\n"},
	{"\xef\xbb\xbf"
	 "chunk: 20 # a\n",
	 "chunk=244",
	 "\xef\xbb\xbf"
	 "chunk: 244 # a\n"},
	{"\xef\xbb\xbf"
	 "chunk: 20\n",
	 "phy=2M",
	 "\xef\xbb\xbf"
	 "chunk: 20\nphy: 2M\n"},
	/* The markers of a document, an indented block. */
	{"%YAML 1.1\n---\nchunk: 20\n...\n# after\n", "phy=2M",
	 "%YAML 1.1\n---\nchunk: 20\nphy: 2M\n...\n# after\n"},
	{"---\n  chunk: 20\n  # in\n", "phy=2M", "---\n  chunk: 20\n  # in\n  phy: 2M\n"},
	/* Flow style. */
	{"{chunk: 20, phy: 1M}\n", "phy=2M", "{chunk: 20, phy: 2M}\n"},
	{"{chunk: 20, phy: 1M,}\n", "retries=3", "{retries: 3, chunk: 20, phy: 1M,}\n"},
	{"--- {chunk: 20,\n # in\n phy: 1M}", "phy=auto", "--- {chunk: 20,\n # in\n phy: auto}"},
	/* Quotes, an anchor, explicit keys. */
	{"description: 'it''s'\n", "description=that's it", "description: 'that''s it'\n"},
	{"description: \"a # b\" # c\n", "description=d \"e\"",
	 "description: \"d \\\"e\\\"\" # c\n"},
	{"description: plain words # c\n", "description=other: words",
	 "description: \"other: words\" # c\n"},
	{"description: 'a\n  b'\nchunk: 20\n", "description=c", "description: 'c'\nchunk: 20\n"},
	{"description: | # why\n  one line\n\nchunk: 20\n", "description=two",
	 "description: \"two\" # why\n\nchunk: 20\n"},
	{"description: >-\n  folded\n  line\nchunk: 20\n", "chunk=21",
	 "description: >-\n  folded\n  line\nchunk: 21\n"},
	{"description: |\n  last\n", "chunk=21", "description: |\n  last\nchunk: 21\n"},
	{"chunk: &size 20\n", "chunk=244", "chunk: &size 244\n"},
	{"\"chunk\": 20\n", "chunk=244", "\"chunk\": 244\n"},
	{"? chunk\n: 20\n", "chunk=244", "? chunk\n: 244\n"},
	{"chunk : 20\n", "chunk=244", "chunk : 244\n"},
	{"write_mode: 'command' # w\n", "write_mode=request", "write_mode: request # w\n"},
	/* Units and words of the table. */
	{"connection_interval_ms: 15\n", "connection_interval_ms=7.5",
	 "connection_interval_ms: 7.5\n"},
	{"telemetry_ms: 500\n", "telemetry_ms=0", "telemetry_ms: off\n"},
	/* If the value is the same, the text stays as it is, however the value is written. */
	{"telemetry_ms: 0 # as off\n", "telemetry_ms=off", "telemetry_ms: 0 # as off\n"},
	{"description: plain\n", "description=plain", "description: plain\n"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *made = changed(cases[i].before, &cases[i].assignment, 1);

		assert_string_equal(made, cases[i].after);
		free(made);
	}
}

static void test_several(void **state)
{
	static const char *const assignments[] = {"phy=1M", "chunk=100", "retries=7",
						  "backoff_ms=9"};
	char *made;

	(void)state;
	made = changed("# top\nretries: 5\n\n# middle\nchunk: 20 # c\n", assignments, 4);
	assert_string_equal(made, "# top\nretries: 7\n\n# middle\nchunk: 100 # c\nbackoff_ms: 9\n"
				  "phy: 1M\n");
	free(made);
}

/* A file with a mistake is not changed: the message gives its place. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
		{"chunk: 20\nchunk: 30\n", "p.yaml:2:1: chunk: expected each key once, found it "
					   "again (first on line 1)"},
		{"chunk: fast\n", "p.yaml:1:8: chunk: expected auto or a whole number, 20..512 "
				  "bytes, found \"fast\""},
		{"chunk: *size\n", "p.yaml:1:8: chunk: expected auto or a whole number, 20..512 "
				   "bytes, found an alias"},
	};
	struct profile profile;
	char *made = NULL;
	size_t len;

	(void)state;
	profile_defaults(&profile);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(profile_edit_text("p.yaml", bad[i].text, strlen(bad[i].text),
						   &profile, &made, &len, &errors),
				 -OTA_EINVAL);
		assert_string_equal(first_error(), bad[i].error);
		assert_null(made);
	}
	/* A profile that no file could hold. */
	profile.chunk = 400;
	profile.mtu_max = 100;
	assert_int_equal(
		profile_edit_text("p.yaml", "chunk: 20\n", 10, &profile, &made, &len, &errors),
		-OTA_EINVAL);
	assert_null(made);
}

/* --- changes at random */

static void random_number(struct rng *rng, const struct setting *s, char *value, size_t size)
{
	const int32_t divisor = s->divisor > 0 ? s->divisor : 1, step = s->step > 0 ? s->step : 1;
	const uint64_t steps = (uint64_t)(s->max - s->min) / (uint64_t)step + 1;
	const int64_t number = s->min + (int64_t)rng_below(rng, steps) * step;

	(void)setting_format(s, (int32_t)(number / divisor), value, size);
}

static void change_at_random(struct rng *rng, struct profile *profile)
{
	const struct setting *s = &profile_settings()[rng_below(rng, PROFILE_KEYS)];
	char assignment[SETTING_TEXT_MAX * 2], value[SETTING_TEXT_MAX];
	const char *one = assignment;
	size_t words = 0;

	while (s->words && s->words[words].word)
		words++;
	if (s->kind == SETTING_TEXT)
		(void)snprintf(value, sizeof(value), "%c%c # \"'\\ %u: {",
			       (int)('a' + rng_below(rng, 26)), (int)('!' + rng_below(rng, 90)),
			       (unsigned int)rng_below(rng, 1000));
	else if (words > 0 && (s->kind == SETTING_CHOICE || rng_below(rng, 3) == 0))
		(void)snprintf(value, sizeof(value), "%s", s->words[rng_below(rng, words)].word);
	else
		random_number(rng, s, value, sizeof(value));
	(void)snprintf(assignment, sizeof(assignment), "%s=%s", s->name, value);
	/* Values that do not go together are refused, which leaves the profile as it is. */
	(void)profile_set(profile, &one, 1, "set", &errors);
}

/* The lines that say no value: comments and blank ones. */
static char *remarks(const char *text)
{
	char *made = calloc(1, strlen(text) + 1);
	size_t len = 0;

	assert_non_null(made);
	while (*text != '\0') {
		const size_t line = strcspn(text, "\n") + (strchr(text, '\n') != NULL);

		if (text[0] == '#' || text[0] == '\n') {
			memcpy(made + len, text, line);
			len += line;
		}
		text += line;
	}
	return made;
}

static void check_random(const char *name, uint64_t seed, unsigned int rounds)
{
	struct profile_source source;
	struct profile profile, again;
	char *text, *before;
	struct rng rng;
	size_t len;

	rng_init(&rng, seed);
	assert_int_equal(profile_find(name, &source), 0);
	assert_int_equal(profile_read_text(&source, &text, &len, &errors), 0);
	load(text, len, &profile);
	before = remarks(text);
	for (unsigned int i = 0; i < rounds; i++) {
		char *made, *after;

		for (uint64_t n = rng_below(&rng, 4); n > 0; n--)
			change_at_random(&rng, &profile);
		if (profile_edit_text(name, text, len, &profile, &made, &len, &errors) < 0)
			fail_msg("seed %llu round %u: %s", (unsigned long long)seed, i,
				 first_error());
		load(made, len, &again);
		for (int key = 0; key < PROFILE_KEYS; key++)
			assert_false(profile_differs(&profile, &again, (enum profile_key)key));
		after = remarks(made);
		assert_string_equal(after, before);
		free(after);
		free(text);
		text = made;
	}
	free(before);
	free(text);
}

/* Every shipped profile, changed again and again: no remark is lost, no value another. */
static void test_random_changes(void **state)
{
	static const char *const names[] = {"default", "legacy-23", "max-throughput", "phone-185",
					    "reliable"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_random(names[i], 1000 + i, 400);
}

/* Files as nobody would write them, changed in one key. */
static void test_random_files(void **state)
{
	static const char *const pieces[] = {
		"chunk: 20",
		"chunk: 'auto'",
		"phy: &a 1M",
		"retries: 3 ",
		"\"mtu_max\": 23",
		"? window\n: 512",
		"description: |\n  words\n  ",
		"description: 'a\n b'",
		"description: >+\n  fold\n\n",
		"description: \xe6\xb8\xa9 # x",
		"# only a remark",
		"",
		"   ",
		"---",
		"...",
		"{chunk: 20, phy: 2M}",
		"{chunk: 20,\n# c\nphy: 2M }",
		"pacing_us:\n  7",
		"confirm: never # why",
		"telemetry_ms: \"off\"",
	};
	static const char *const ends[] = {"\n", "\r\n", "\n\n", ""};
	unsigned int used = 0;
	struct rng rng;

	(void)state;
	rng_init(&rng, 42);
	for (unsigned int i = 0; i < 20000; i++) {
		const char *newline = ends[rng_below(&rng, 2)];
		char text[2048] = "";
		struct profile profile, again;
		char *made;
		size_t len;

		for (uint64_t n = rng_below(&rng, 5) + 1; n > 0; n--) {
			const size_t used_up = strlen(text);

			(void)snprintf(text + used_up, sizeof(text) - used_up, "%s%s",
				       pieces[rng_below(&rng, sizeof(pieces) / sizeof(pieces[0]))],
				       n > 1 ? newline : ends[rng_below(&rng, 4)]);
		}
		if (profile_load_text("p.yaml", text, strlen(text), &profile, &errors) < 0)
			continue;
		used++;
		for (int n = 0; n < 3; n++)
			change_at_random(&rng, &profile);
		if (profile_edit_text("p.yaml", text, strlen(text), &profile, &made, &len,
				      &errors) < 0)
			fail_msg("%s in\n%s", first_error(), text);
		load(made, len, &again);
		for (int key = 0; key < PROFILE_KEYS; key++)
			assert_false(profile_differs(&profile, &again, (enum profile_key)key));
		free(made);
	}
	assert_true(used > 1000);
}

/* --- to the disk */

static char directory[64];

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	(void)fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void check_file(const char *path, const char *expected)
{
	char text[4096];
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	(void)fclose(in);
	assert_string_equal(text, expected);
}

static size_t entries(const char *path)
{
	DIR *folder = opendir(path);
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	return count - 2;
}

static void test_save(void **state)
{
	char path[128], link[128], error[512] = "";
	struct stat st;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/new/folders/p.yaml", directory);
	(void)snprintf(link, sizeof(link), "%s/link.yaml", directory);
	assert_int_equal(file_save(path, "chunk: 20\n", 10, error, sizeof(error)), 0);
	check_file(path, "chunk: 20\n");
	/* Permissions and links stay. */
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink("new/folders/p.yaml", link), 0);
	assert_int_equal(file_save(link, "chunk: 21\n", 10, error, sizeof(error)), 0);
	check_file(path, "chunk: 21\n");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_string_equal(error, "");
	assert_int_equal(unlink(link), 0);
	(void)snprintf(link, sizeof(link), "%s/new/folders", directory);
	assert_int_equal(entries(link), 1);
	assert_int_equal(unlink(path), 0);
	/* A folder is no file to write. */
	assert_int_equal(file_save(link, "x", 1, error, sizeof(error)), -OTA_EINVAL);
	assert_non_null(strstr(error, "Is a directory"));
	assert_int_equal(rmdir(link), 0);
	(void)snprintf(link, sizeof(link), "%s/new", directory);
	assert_int_equal(rmdir(link), 0);
}

/* A disk that takes no more: the old file is as it was, and nothing lies beside it. */
static void test_full(void **state)
{
	struct rlimit before, limit;
	char path[128], error[512] = "";
	int r;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/p.yaml", directory);
	write_file(path, "chunk: 20\n");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	limit = before;
	limit.rlim_cur = 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	r = file_save(path, "chunk: 244 # much more\n", 23, error, sizeof(error));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(r, -OTA_EIO);
	assert_non_null(strstr(error, "/p.yaml: cannot be written: File too large; the file is as "
				      "it was"));
	check_file(path, "chunk: 20\n");
	assert_int_equal(entries(directory), 1);
	assert_int_equal(unlink(path), 0);
}

/* A folder, and a file, that may not be written; root may everything, so it steps down. */
static void test_read_only(void **state)
{
	const bool root = geteuid() == 0;
	char path[128], error[512] = "";
	int r;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/p.yaml", directory);
	write_file(path, "chunk: 20\n");
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(chmod(directory, 0555), 0);
	if (root)
		assert_int_equal(setresuid(65534, 65534, 0), 0);
	r = file_save(path, "chunk: 21\n", 10, error, sizeof(error));
	if (root)
		assert_int_equal(setresuid(0, 0, 0), 0);
	assert_int_equal(r, -OTA_EPERM);
	assert_non_null(strstr(error, "Permission denied; the file is as it was"));
	check_file(path, "chunk: 20\n");
	assert_int_equal(chmod(directory, 0777), 0);
	assert_int_equal(chmod(path, 0444), 0);
	if (root)
		assert_int_equal(setresuid(65534, 65534, 0), 0);
	r = file_save(path, "chunk: 21\n", 10, error, sizeof(error));
	if (root)
		assert_int_equal(setresuid(0, 0, 0), 0);
	assert_int_equal(r, -OTA_EPERM);
	check_file(path, "chunk: 20\n");
	assert_int_equal(entries(directory), 1);
	assert_int_equal(unlink(path), 0);
}

static int make_directory(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/otabench-edit-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),	     cmocka_unit_test(test_several),
		cmocka_unit_test(test_refused),	     cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_random_files), cmocka_unit_test(test_save),
		cmocka_unit_test(test_full),	     cmocka_unit_test(test_read_only),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
