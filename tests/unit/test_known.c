/* SPDX-License-Identifier: Apache-2.0 */
/* Known devices: what counts as another one, and the files. */
#include "config.h" /* system extensions: mkdtemp() */

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

#include "host/known.h"
#include "keptfile.h"

#define DEVICE "24:6F:28:AA:10:01"

static char dir[] = "/tmp/otabench-known-XXXXXX";
static char error[KNOWN_TEXT_MAX];

/* An ESP32-C3 that runs image 1 of "demo", over an encrypted link, and takes signed images only. */
static struct ota_info device(void)
{
	struct ota_info info = {
		.chip_id = 5, .running_size = 200000, .abilities = OTA_ABILITY_SIGNED_ONLY};

	memset(info.running_sha256, 1, sizeof(info.running_sha256));
	memcpy(info.project, "demo", 4);
	return info;
}

static struct known sample(void)
{
	struct known k = {.place = DEVICE_PLACE_AIR,
			  .address = DEVICE,
			  .name = "esp-gw-07",
			  .at = 1000000,
			  .encrypted = true};
	const struct ota_info info = device();

	known_take(&k, &info);
	known_runs(&k, info.running_sha256);
	return k;
}

static void fill(uint8_t hash[OTA_SHA256_SIZE], int with)
{
	memset(hash, with, OTA_SHA256_SIZE);
}

/* --- another one, or not */

static void test_the_same(void **state)
{
	const struct known k = sample();
	const struct ota_info info = device();

	(void)state;
	assert_int_equal(known_compare(&k, &info, true), 0);
}

static void test_each_change(void **state)
{
	const struct known k = sample();
	struct ota_info info = device();
	char text[512];

	(void)state;
	assert_int_equal(known_compare(&k, &info, false), KNOWN_ENCRYPTED);
	assert_int_equal(known_compare(&k, NULL, true), KNOWN_TOLD);
	info.chip_id = 0;
	assert_int_equal(known_compare(&k, &info, true), KNOWN_CHIP);
	assert_string_equal(known_changes_text(&k, &info, KNOWN_CHIP, text, sizeof(text)),
			    "it is an ESP32, and was an ESP32-C3");
	info = device();
	info.project[0] = 'D';
	assert_int_equal(known_compare(&k, &info, true), KNOWN_PROJECT_NAME);
	info = device();
	info.running_sha256[31] ^= 1;
	assert_int_equal(known_compare(&k, &info, true), KNOWN_IMAGE);
	info = device();
	info.abilities = 0;
	assert_int_equal(known_compare(&k, &info, true), KNOWN_SIGNED);
	info.chip_id = 0;
	info.running_sha256[0] ^= 1;
	assert_int_equal(known_compare(&k, &info, false),
			 KNOWN_CHIP | KNOWN_IMAGE | KNOWN_SIGNED | KNOWN_ENCRYPTED);
}

/* Images that it ran before, or was sent: it may have gone back, or on, by itself. */
static void test_known_images(void **state)
{
	struct known k = sample();
	struct ota_info info = device();
	uint8_t hash[OTA_SHA256_SIZE];

	(void)state;
	fill(hash, 2);
	known_may_run(&k, hash);
	assert_int_equal(k.image_count, 2);
	assert_int_equal(k.images[0][0], 1); /* it is not proven */
	/* With another image that is known come its project and its demands. */
	fill(info.running_sha256, 2);
	info.project[0] = 'D';
	info.abilities = 0;
	assert_int_equal(known_compare(&k, &info, true), 0);
	info.chip_id = 0;
	assert_int_equal(known_compare(&k, &info, true), KNOWN_CHIP);
	for (int i = 2; i <= 6; i++) {
		fill(hash, i);
		known_runs(&k, hash);
	}
	assert_int_equal(k.image_count, KNOWN_IMAGES);
	for (size_t i = 0; i < KNOWN_IMAGES; i++)
		assert_int_equal(k.images[i][0], 6 - i);
	fill(hash, 4);
	known_runs(&k, hash);
	assert_int_equal(k.images[0][0], 4);
	assert_int_equal(k.images[1][0], 6);
	assert_int_equal(k.images[3][0], 3);
	/* Sent back to an image that nobody knows: any is taken. */
	k.image_count = 0;
	info = device();
	fill(info.running_sha256, 77);
	assert_int_equal(known_compare(&k, &info, true), 0);
}

/* --- the files */

static void test_damage(void **state)
{
	struct known k = sample(), back = {.image_count = 77};
	size_t len;
	char *text;

	(void)state;
	(void)snprintf(k.project, sizeof(k.project), "\xff\x01\"");
	text = known_format(&k, &len);
	assert_non_null(text);
	for (size_t at = 0; at < len; at++) {
		text[at] ^= 0x04;
		assert_int_equal(known_parse(text, len, &back, error, sizeof(error)), -OTA_EBADMSG);
		text[at] ^= 0x04;
		assert_int_equal(known_parse(text, at, &back, error, sizeof(error)), -OTA_EBADMSG);
	}
	assert_int_equal(back.image_count, 77);
	assert_int_equal(known_parse(text, len, &back, error, sizeof(error)), 0);
	assert_memory_equal(&back, &k, sizeof(k));
	text[strlen("otabench-known ")] = '2';
	assert_int_equal(known_parse(text, len, &back, error, sizeof(error)), -OTA_EBADMSG);
	assert_string_equal(error, "written by another version of otabench");
	free(text);
}

static void test_files(void **state)
{
	struct known k = sample(), back;
	char path[PATH_MAX];
	struct stat st;

	(void)state;
	assert_int_equal(known_load(k.place, DEVICE, &back, error, sizeof(error)), -OTA_ENOENT);
	assert_int_equal(known_save(&k, error, sizeof(error)), 0);
	assert_int_equal(device_file_path(&known_kind, k.place, DEVICE, path, sizeof(path)), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(known_load(k.place, DEVICE, &back, error, sizeof(error)), 0);
	assert_memory_equal(&back, &k, sizeof(k));
	/* Elsewhere the same address is another device. */
	assert_int_equal(known_load("/sim", DEVICE, &back, error, sizeof(error)), -OTA_ENOENT);
	/* A name that is another's. */
	assert_int_equal(known_by_name(k.place, k.name, DEVICE, &back), -OTA_ENOENT);
	assert_int_equal(known_by_name(k.place, k.name, "24:6F:28:AA:10:02", &back), 0);
	assert_string_equal(back.address, DEVICE);
	assert_int_equal(known_by_name("/sim", k.name, "24:6F:28:AA:10:02", &back), -OTA_ENOENT);
	/* The bond is gone by its user's wish. */
	known_unbound(k.place, k.name);
	assert_int_equal(known_load(k.place, DEVICE, &back, error, sizeof(error)), 0);
	assert_false(back.encrypted);
	assert_int_equal(truncate(path, st.st_size - 1), 0);
	assert_int_equal(known_load(k.place, DEVICE, &back, error, sizeof(error)), -OTA_EBADMSG);
	assert_non_null(strstr(error, path));
	known_drop(k.place, DEVICE);
	assert_int_equal(known_load(k.place, DEVICE, &back, error, sizeof(error)), -OTA_ENOENT);
}

/* The latest stay. */
static void test_bound(void **state)
{
	struct known k = sample(), back;
	struct known_list list;

	(void)state;
	for (unsigned int i = 0; i < KNOWN_DEVICES_MAX + 2; i++) {
		(void)snprintf(k.address, sizeof(k.address), "24:6F:28:AA:%02X:%02X", i >> 8,
			       i & 0xff);
		k.at = 1000 + i;
		assert_int_equal(known_save(&k, error, sizeof(error)), 0);
	}
	assert_int_equal(known_list(NULL, &list), 0);
	assert_int_equal(list.count, KNOWN_DEVICES_MAX);
	assert_string_equal(list.items[0].address, k.address);
	known_list_finish(&list);
	assert_int_equal(known_load(k.place, "24:6F:28:AA:00:01", &back, error, sizeof(error)),
			 -OTA_ENOENT);
	assert_int_equal(known_load(k.place, "24:6F:28:AA:00:02", &back, error, sizeof(error)), 0);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) && setenv("XDG_STATE_HOME", dir, 1) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	keptfile_remove(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same),     cmocka_unit_test(test_each_change),
		cmocka_unit_test(test_known_images), cmocka_unit_test(test_damage),
		cmocka_unit_test(test_files),	     cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
