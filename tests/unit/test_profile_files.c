/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles as files: written and read back, found by name, and the shipped ones. */
#include "config.h" /* system extensions: mkdtemp(), open_memstream() */

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

#include "profile/profile.h"
#include "ota/error.h"
#include "testlib.h"

static struct setting_errors errors;

/* All messages, a line each. */
static const char *messages(void)
{
	static char all[SETTING_ERRORS_MAX * 1024];
	char line[1024];
	size_t len = 0;

	all[0] = '\0';
	for (size_t i = 0; i < errors.count; i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s\n",
					setting_error_format(&errors, i, line, sizeof(line)));
	return all;
}

static void load_good(const char *text, struct profile *ret)
{
	int r = profile_load_text("p.yaml", text, strlen(text), ret, &errors);

	assert_string_equal(messages(), "");
	assert_int_equal(r, 0);
}

static char *written(const struct profile *profile)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(profile_write(profile, out), 0);
	(void)fclose(out);
	return text;
}

/* Each key at its least, its greatest and each of its words survives being written and read. */
static void test_write(void **state)
{
	const struct setting *settings = profile_settings();
	struct profile profile, again;

	(void)state;
	for (int round = 0; round < 6; round++) {
		char *text;

		profile_defaults(&profile);
		memset(profile.name, 0, sizeof(profile.name));
		profile.name[0] = 'p'; /* as load_good() calls it */
		(void)snprintf(profile.description, sizeof(profile.description),
			       "round %d: \"quoted\" \\ # \xc3\xa4 '", round);
		for (int key = 0; key < PROFILE_KEYS; key++) {
			const struct setting *s = &settings[key];
			int32_t divisor = s->divisor > 0 ? s->divisor : 1;

			if (s->kind == SETTING_NUMBER && round < 2)
				setting_put(s, &profile, (round == 0 ? s->min : s->max) / divisor);
			for (int i = 2; s->words && s->words[i - 2].word; i++) {
				if (i == round)
					setting_put(s, &profile, s->words[i - 2].value);
			}
		}
		/* These extremes would contradict one another. */
		profile.backoff_ms = 0;
		profile.mtu_max = 517;
		profile.window = PROFILE_AUTO;
		profile.supervision_timeout_ms = 32000;
		profile.peripheral_latency = round == 1 ? 2 : 0;
		text = written(&profile);
		load_good(text, &again);
		assert_memory_equal(&profile, &again, sizeof(profile));
		free(text);
	}
}

static void make_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_read_file(void **state)
{
	char directory[] = "/tmp/test_profile.XXXXXX", path[128], expected[256];
	struct profile profile;

	(void)state;
	assert_non_null(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/mine.yaml", directory);
	assert_int_equal(profile_load_file(path, &profile, &errors), -OTA_ENOENT);
	(void)snprintf(expected, sizeof(expected),
		       "%s: cannot be opened: No such file or directory\n", path);
	assert_string_equal(messages(), expected);
	make_file(path, "retries: 77\n");
	assert_int_equal(profile_load_file(path, &profile, &errors), 0);
	assert_int_equal(profile.retries, 77);
	assert_string_equal(profile.name, "mine");
	make_file(path, "retries: 777\n");
	assert_int_equal(profile_load_file(path, &profile, &errors), -OTA_EINVAL);
	(void)snprintf(expected, sizeof(expected),
		       "%s:1:10: retries: expected a whole number, 0..100, found 777\n", path);
	assert_string_equal(messages(), expected);
	assert_int_equal(profile.retries, 77);
	/* A directory opens, but does not read. */
	assert_int_equal(profile_load_file(directory, &profile, &errors), -OTA_EINVAL);
	(void)snprintf(expected, sizeof(expected), "%s: cannot be read: Is a directory\n",
		       directory);
	assert_string_equal(messages(), expected);
	/* Without end. */
	assert_int_equal(profile_load_file("/dev/zero", &profile, &errors), -OTA_EINVAL);
	assert_string_equal(messages(), "/dev/zero: expected at most 65536 bytes, found more\n");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

static const char *const shipped[] = {"default", "legacy-23", "max-throughput", "phone-185",
				      "reliable"};
#define SHIPPED (sizeof(shipped) / sizeof(shipped[0]))

static uint8_t *load_shipped(const char *name, size_t *ret_len)
{
	char file[64], *path;
	uint8_t *text;

	(void)snprintf(file, sizeof(file), "profiles/%s.yaml", name);
	path = test_source_path(file);
	text = test_load_file(path, ret_len);
	free(path);
	assert_non_null(text);
	return text;
}

static void use_config(const char *directory)
{
	assert_int_equal(setenv("XDG_CONFIG_HOME", directory, 1), 0);
}

/* The program has them byte for byte, and they say what they are for. */
static void test_shipped(void **state)
{
	struct profile_source source;
	struct profile profile, defaults;

	(void)state;
	use_config("/nonexistent");
	profile_defaults(&defaults);
	for (size_t i = 0; i < SHIPPED; i++) {
		size_t len;
		uint8_t *text = load_shipped(shipped[i], &len);
		int r = profile_open(shipped[i], &profile, &source, &errors);

		assert_string_equal(messages(), "");
		assert_int_equal(r, 0);
		assert_string_equal(profile.name, shipped[i]);
		assert_true(strlen(profile.description) > 10);
		if (source.origin == PROFILE_BUILTIN) {
			assert_int_equal(source.len, len);
			assert_memory_equal(source.text, text, len);
		}
		free(text);
	}
}

/* default.yaml documents the keys: it must be what profile_write() says of them. */
static void test_default_is_current(void **state)
{
	static const char license[] = "# SPDX-License-Identifier: Apache-2.0\n";
	struct profile profile;
	char *expected;
	size_t len;
	char *text;

	(void)state;
	text = (char *)load_shipped("default", &len);
	profile_defaults(&profile);
	(void)snprintf(profile.description, sizeof(profile.description), "%s",
		       "Every key at its default, with the reason to change it");
	expected = written(&profile);
	assert_true(len > sizeof(license));
	assert_memory_equal(text, license, sizeof(license) - 1);
	text[len] = '\0';
	assert_string_equal(text + sizeof(license) - 1, expected);
	free(expected);
	free(text);
}

struct names {
	char text[1024];
};

static void note_name(void *userdata, const char *name, const struct profile_source *source)
{
	struct names *names = userdata;
	size_t len = strlen(names->text);

	(void)snprintf(names->text + len, sizeof(names->text) - len, "%s%s ", name,
		       source->origin == PROFILE_USER ? "*" : "");
}

static void test_find(void **state)
{
	char directory[] = "/tmp/test_profile.XXXXXX", path[128];
	struct profile_source source;
	struct names names = {""};
	struct profile profile;

	(void)state;
	assert_non_null(mkdtemp(directory));
	use_config(directory);
	(void)snprintf(path, sizeof(path), "%s/otabench", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/otabench/profiles", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/otabench/profiles/reliable.yaml", directory);
	make_file(path, "retries: 99\n");
	/* The user's own comes first. */
	assert_int_equal(profile_open("reliable", &profile, &source, &errors), 0);
	assert_int_equal(source.origin, PROFILE_USER);
	assert_string_equal(source.path, path);
	assert_int_equal(profile.retries, 99);
	assert_int_equal(profile_each(note_name, &names), 0);
	assert_string_equal(names.text, "default legacy-23 max-throughput phone-185 reliable* ");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(profile_open("reliable", &profile, &source, &errors), 0);
	assert_int_not_equal(source.origin, PROFILE_USER);
	assert_int_equal(profile.retries, 20);
	(void)snprintf(path, sizeof(path), "%s/otabench/profiles", directory);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/otabench", directory);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(directory), 0);
	/* A slash or .yaml makes it a path. */
	assert_int_equal(profile_find("a/b", &source), 0);
	assert_int_equal(source.origin, PROFILE_PATH);
	assert_int_equal(profile_find("reliable.yaml", &source), 0);
	assert_int_equal(source.origin, PROFILE_PATH);
	assert_int_equal(profile_open("./nowhere", &profile, NULL, &errors), -OTA_ENOENT);
	assert_int_equal(profile_find("", &source), -OTA_EINVAL);
	assert_int_equal(profile_find("..", &source), -OTA_EINVAL);
	assert_int_equal(profile_find("a b", &source), -OTA_EINVAL);
	assert_int_equal(profile_open("relaible", &profile, NULL, &errors), -OTA_ENOENT);
	assert_string_equal(messages(),
			    "relaible: expected a profile's name or a path to a .yaml file, found "
			    "neither (did you mean reliable?)\n");
	assert_int_equal(profile_open("\033[2J", &profile, NULL, &errors), -OTA_EINVAL);
	assert_string_equal(messages(),
			    "\\x1b[2J: expected a profile's name or a path to a .yaml file, found "
			    "neither; 'otabench profile list' names them\n");
}

/* 60 kB of opening brackets took seconds. */
static void test_hostile_files(void **state)
{
	static char deep[60000];
	struct profile p;

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		memset(deep, "[{-"[kind], sizeof(deep));
		for (size_t i = 1; kind == 2 && i < sizeof(deep); i += 2)
			deep[i] = ' ';
		assert_int_equal(profile_load_text("deep", deep, sizeof(deep), &p, &errors),
				 -OTA_EINVAL);
		assert_in_range(errors.count, 1, 2);
		assert_non_null(strstr(errors.items[errors.count - 1].text, "nested"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_files),	   cmocka_unit_test(test_write),
		cmocka_unit_test(test_read_file),	   cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_default_is_current), cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
