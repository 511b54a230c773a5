/* SPDX-License-Identifier: Apache-2.0 */
/* The images opened last: in order, each once, no more than there is room for, and a file that
 * holds something else does no harm.  And an image beside what a device runs. */
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

#include "host/image_compare.h"
#include "host/recent_images.h"
#include "ota/error.h"

static char folder[64], state_file[128];
static struct recent_images recent;

static void make(unsigned int number, char *path, size_t size)
{
	FILE *out;

	(void)snprintf(path, size, "%s/%u.bin", folder, number);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fclose(out), 0);
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-recent-XXXXXX");
	if (!mkdtemp(folder) || setenv("XDG_STATE_HOME", folder, 1) < 0)
		return -1;
	(void)snprintf(state_file, sizeof(state_file), "%s/otabench/recent-images", folder);
	return 0;
}

static int teardown(void **state)
{
	char path[128];

	(void)state;
	for (unsigned int i = 0; i < RECENT_IMAGES_MAX + 5; i++) {
		(void)snprintf(path, sizeof(path), "%s/%u.bin", folder, i);
		(void)unlink(path);
	}
	(void)unlink(state_file);
	(void)snprintf(path, sizeof(path), "%s/otabench", folder);
	(void)rmdir(path);
	return rmdir(folder);
}

static void test_order(void **state)
{
	char path[128], first[128];

	(void)state;
	recent_images_load(&recent);
	assert_int_equal(recent.count, 0);
	for (unsigned int i = 0; i < RECENT_IMAGES_MAX + 5; i++) {
		make(i, path, sizeof(path));
		assert_int_equal(recent_images_add(path), 0);
	}
	recent_images_load(&recent);
	assert_int_equal(recent.count, RECENT_IMAGES_MAX);
	assert_string_equal(recent.paths[0], path);
	make(20, first, sizeof(first));
	assert_int_equal(recent_images_add(first), 0);
	recent_images_load(&recent);
	assert_int_equal(recent.count, RECENT_IMAGES_MAX);
	assert_string_equal(recent.paths[0], first);
	assert_string_equal(recent.paths[1], path);
	for (size_t i = 1; i < recent.count; i++)
		assert_string_not_equal(recent.paths[i], first);
}

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(recent_images_add("/nonexistent/image.bin"), -OTA_EINVAL);
	assert_int_equal(setenv("XDG_STATE_HOME", "/dev/null/none", 1), 0);
	assert_true(recent_images_add("/dev/null") < 0);
	recent_images_load(&recent);
	assert_int_equal(recent.count, 0);
	assert_int_equal(setenv("XDG_STATE_HOME", folder, 1), 0);
}

/* Lines that hold no absolute path, or too long a one, are passed over. */
static void test_other_content(void **state)
{
	FILE *out = fopen(state_file, "w");

	(void)state;
	assert_non_null(out);
	(void)fputs("relative.bin\n\n/good.bin\n/good.bin\n", out);
	(void)fputc('/', out);
	for (unsigned int i = 0; i < RECENT_IMAGES_PATH_MAX; i++)
		(void)fputc('x', out);
	(void)fputs("\n/last", out);
	assert_int_equal(fclose(out), 0);
	recent_images_load(&recent);
	assert_int_equal(recent.count, 2);
	assert_string_equal(recent.paths[0], "/good.bin");
	assert_string_equal(recent.paths[1], "/last");
}

/* --- compare */

static void test_compare(void **state)
{
	static const struct {
		const char *version, *project;
		uint16_t chip;
		uint8_t hash;
		uint32_t secure;
		const char *word;
		enum lint_severity severity;
	} cases[] = {
		{"1.4.2", "gw-app", 0, 1, 3, "upgrade", LINT_OK},
		{"1.6.0", "gw-app", 0, 1, 3, "downgrade", LINT_WARNING},
		{"1.5.0", "gw-app", 0, 1, 3, "same version", LINT_NOTE},
		{"1.5.0", "gw-app", 0, 7, 3, "same image", LINT_NOTE},
		{"main", "gw-app", 0, 1, 3, "another version", LINT_NOTE},
		{"1.4.2", "other", 0, 1, 3, "another project", LINT_WARNING},
		{"1.4.2", "other", 5, 1, 3, "for another chip", LINT_ERROR},
		{"", "gw-app", 0, 1, 3, "", LINT_OK},
	};
	struct image image = {
		.size = 1000, .secure_version = 3, .project = "gw-app", .version = "1.5.0"};
	struct image_compare_row rows[IMAGE_COMPARE_ROWS];
	enum lint_severity severity;
	const char *word;

	(void)state;
	memset(image.sha256, 7, sizeof(image.sha256));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ota_info info = {.chip_id = cases[i].chip,
					.slot_size = 999,
					.secure_version = cases[i].secure};
		const struct lint_device device = {.info = &info, .version = cases[i].version};

		memcpy(info.project, cases[i].project, strlen(cases[i].project));
		memset(info.running_sha256, cases[i].hash, sizeof(info.running_sha256));
		assert_int_equal(image_compare(&image, &device, rows, &word, &severity), 6);
		assert_string_equal(word, cases[i].word);
		assert_int_equal(severity, cases[i].severity);
		assert_string_equal(rows[5].verdict, "does not fit");
		info.abilities = OTA_ABILITY_NO_ROLLBACK;
		assert_int_equal(image_compare(&image, &device, rows, &word, &severity), 7);
		assert_string_equal(rows[6].verdict, "stays if it fails");
		assert_int_equal(rows[6].severity, LINT_WARNING);
	}
}

/* A device of the basic dialect tells a version at most; what it tells is not trusted. */
static void test_compare_basic(void **state)
{
	const struct image image = {.version = "1.5.0", .project = "gw-app"};
	struct lint_device device = {.info = NULL, .version = "\033[2J"};
	struct image_compare_row rows[IMAGE_COMPARE_ROWS];
	enum lint_severity severity;
	const char *word;

	(void)state;
	assert_int_equal(image_compare(&image, &device, rows, &word, &severity), 6);
	assert_string_equal(rows[3].device, "\\x1b[2J");
	assert_string_equal(rows[1].device, "unknown");
	device.version = NULL;
	assert_int_equal(image_compare(&image, &device, rows, &word, &severity), 6);
	assert_string_equal(word, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),	      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_other_content), cmocka_unit_test(test_compare),
		cmocka_unit_test(test_compare_basic),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
