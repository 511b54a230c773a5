/* SPDX-License-Identifier: Apache-2.0 */
/* The store of images: an image that was read is the one that was put, or nothing; the store
 * stays small; and neither a full disk nor other programs do harm. */
#include "config.h" /* system extensions: utimensat(), setrlimit() */

#include <fcntl.h>
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/sha256.h"
#include "host/image_store.h"
#include "keptfile.h"
#include "testlib.h"

#define SIZE 5000u

static char dir[] = "/tmp/otabench-store-XXXXXX";
static char error[IMAGE_STORE_TEXT_MAX];

/* Image n, and its hash. */
static const uint8_t *bytes_of(unsigned int n, uint8_t hash[OTA_SHA256_SIZE])
{
	static uint8_t bytes[SIZE];

	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * (n + 3) + n / 7);
	bytes[0] = (uint8_t)n;
	sha256_buffer(bytes, SIZE, hash);
	return bytes;
}

static int put(unsigned int n)
{
	uint8_t hash[OTA_SHA256_SIZE];
	const uint8_t *bytes = bytes_of(n, hash);

	return image_store_put(bytes, SIZE, hash, error, sizeof(error));
}

static int get(unsigned int n)
{
	uint8_t hash[OTA_SHA256_SIZE];
	const uint8_t *bytes = bytes_of(n, hash);
	struct image_file file;
	int r = image_store_get(hash, &file, error, sizeof(error));

	if (r < 0)
		return r;
	assert_int_equal(file.size, SIZE);
	assert_memory_equal(file.data, bytes, SIZE);
	image_file_finish(&file);
	return 0;
}

static void path_of(unsigned int n, char path[512])
{
	char digits[2 * OTA_SHA256_SIZE + 1];
	uint8_t hash[OTA_SHA256_SIZE];

	(void)bytes_of(n, hash);
	(void)snprintf(path, 512, "%s/otabench/images/%s.bin", dir,
		       hex_encode(hash, OTA_SHA256_SIZE, digits));
}

static void used_at(unsigned int n, time_t when)
{
	const struct timespec times[2] = {{when, 0}, {when, 0}};
	char path[512];

	path_of(n, path);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static size_t count(void)
{
	struct image_store_list list;
	size_t n;

	assert_int_equal(image_store_list(&list, error, sizeof(error)), 0);
	n = list.count;
	assert_int_equal(list.bytes, n * SIZE);
	image_store_list_finish(&list);
	return n;
}

static int begin(void **state)
{
	char folder[64];

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/otabench", dir);
	keptfile_remove(folder);
	(void)unsetenv("OTABENCH_IMAGE_STORE");
	return setenv("XDG_CACHE_HOME", dir, 1);
}

static void test_kept(void **state)
{
	uint8_t hash[OTA_SHA256_SIZE];

	(void)state;
	assert_int_equal(count(), 0);
	assert_int_equal(get(1), -OTA_ENOENT);
	assert_int_equal(put(1), 0);
	assert_int_equal(put(2), 0);
	assert_int_equal(put(1), 0);
	assert_int_equal(count(), 2);
	assert_int_equal(get(1), 0);
	assert_int_equal(get(2), 0);
	(void)bytes_of(2, hash);
	assert_true(image_store_has(hash));
	(void)bytes_of(3, hash);
	assert_false(image_store_has(hash));
}

static void test_damaged(void **state)
{
	char path[512];

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		FILE *f;

		assert_int_equal(put(1), 0);
		path_of(1, path);
		f = fopen(path, kind == 0 ? "we" : "r+e");
		assert_non_null(f);
		if (kind == 1)
			(void)fputc('x', f);
		if (kind == 2)
			assert_int_equal(ftruncate(fileno(f), SIZE - 1), 0);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(get(1), -OTA_ENOENT);
		assert_int_equal(access(path, F_OK), -1);
	}
	/* A folder that has such a name is left alone. */
	path_of(1, path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(get(1), -OTA_ENOENT);
	assert_true(put(1) < 0);
	assert_non_null(strstr(error, path));
}

/* The ones used longest ago go, what was just put never. */
static void test_bounded(void **state)
{
	size_t removed;
	uint64_t bytes;

	(void)state;
	for (unsigned int i = 0; i < IMAGE_STORE_COUNT; i++) {
		assert_int_equal(put(i), 0);
		used_at(i, 1000000 + (i == 0 ? 100 : i));
	}
	assert_int_equal(count(), IMAGE_STORE_COUNT);
	assert_int_equal(put(200), 0);
	assert_int_equal(count(), IMAGE_STORE_COUNT);
	assert_int_equal(get(1), -OTA_ENOENT);
	assert_int_equal(get(0), 0);
	assert_int_equal(get(200), 0);
	assert_int_equal(image_store_prune(IMAGE_STORE_COUNT, 3 * SIZE + 1, &removed, &bytes, error,
					   sizeof(error)),
			 0);
	assert_int_equal(removed, IMAGE_STORE_COUNT - 3);
	assert_int_equal(bytes, removed * SIZE);
	assert_int_equal(get(0), 0);
	assert_int_equal(get(IMAGE_STORE_COUNT - 1), 0);
	assert_int_equal(image_store_prune(0, 0, &removed, &bytes, error, sizeof(error)), 0);
	assert_int_equal(count(), 0);
}

/* A program that was killed leaves its file behind; other files are none of ours. */
static void test_left_behind(void **state)
{
	static const char *const names[] = {".AbCdEf", ".AbCdEg", ".txt"};
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};
	char path[512], name[600];
	size_t removed;
	uint64_t bytes;

	(void)state;
	assert_int_equal(put(1), 0);
	path_of(1, path);
	for (size_t i = 0; i < 3; i++) {
		FILE *f;

		(void)snprintf(name, sizeof(name), "%s%s", path, names[i]);
		f = fopen(name, "we");
		assert_non_null(f);
		assert_int_equal(fclose(f), 0);
		if (i != 1)
			assert_int_equal(utimensat(AT_FDCWD, name, old, 0), 0);
	}
	assert_int_equal(image_store_prune(9, 1 << 20, &removed, &bytes, error, sizeof(error)), 0);
	assert_int_equal(removed, 0);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, names[i]);
		assert_int_equal(access(name, F_OK), i == 0 ? -1 : 0);
	}
	assert_int_equal(get(1), 0);
}

/* Several programs put, prune and read the same few images. */
static void test_at_once(void **state)
{
	pid_t pids[4];
	int status;

	(void)state;
	for (unsigned int p = 0; p < 4; p++) {
		pids[p] = fork();
		assert_true(pids[p] >= 0);
		for (unsigned int i = 0; pids[p] == 0 && i < 60; i++) {
			size_t removed;
			uint64_t bytes;

			if (put((i * (p + 1)) % 5) < 0 ||
			    image_store_prune(3, 1 << 20, &removed, &bytes, error, sizeof(error)) <
				    0)
				_exit(1);
			(void)get(i % 5);
		}
		if (pids[p] == 0)
			_exit(0);
	}
	for (unsigned int p = 0; p < 4; p++) {
		assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
		assert_int_equal(status, 0);
	}
	assert_in_range(count(), 1, 5);
}

/* In a process of its own, whose files may not become so long. */
static void test_full_disk(void **state)
{
	const struct rlimit limit = {SIZE / 2, SIZE / 2};
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
			_exit(2);
		_exit(put(1) < 0 && strstr(error, "cannot be written") ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count(), 0);
	assert_int_equal(get(1), -OTA_ENOENT);
}

static void test_no_folder(void **state)
{
	char path[64];
	FILE *f;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/otabench", dir);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	assert_true(put(1) < 0);
	assert_non_null(strstr(error, path));
	assert_int_equal(get(1), -OTA_ENOENT);
	assert_int_equal(count(), 0);
	assert_int_equal(unlink(path), 0);
	/* Nowhere at all is no error. */
	assert_int_equal(setenv("OTABENCH_IMAGE_STORE", "no", 1), 0);
	assert_int_equal(put(1), -OTA_ENOENT);
	assert_string_equal(error, "");
	assert_int_equal(count(), 0);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
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
		cmocka_unit_test_setup(test_kept, begin),
		cmocka_unit_test_setup(test_damaged, begin),
		cmocka_unit_test_setup(test_bounded, begin),
		cmocka_unit_test_setup(test_left_behind, begin),
		cmocka_unit_test_setup(test_at_once, begin),
		cmocka_unit_test_setup(test_full_disk, begin),
		cmocka_unit_test_setup(test_no_folder, begin),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
