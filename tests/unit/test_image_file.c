/* SPDX-License-Identifier: Apache-2.0 */
/* Image files that can be read, and what is said about those that cannot. */
#include "config.h" /* system extensions: mkdtemp(), truncate() */

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

#include "base/sha256.h"
#include "base/hex.h"
#include "host/image_file.h"

static char directory[64];
static char path[128];
static char error[256];
static struct image_file file;

static int make_directory(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(directory, sizeof(directory), "%s/otabench-XXXXXX", tmp != NULL ? tmp : "/tmp");
	return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	return rmdir(directory);
}

static void put_file(const char *name, const char *bytes, off_t size)
{
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	fputs(bytes, f);
	fclose(f);
	if (size >= 0)
		assert_int_equal(truncate(path, size), 0);
}

static int load(void)
{
	memset(&file, 0x77, sizeof(file));
	error[0] = '\0';
	return image_file_init(&file, path, error, sizeof(error));
}

static void test_read(void **state)
{
	(void)state;
	put_file("a.bin", "hello", -1);
	assert_int_equal(load(), 0);
	assert_int_equal(file.size, 5);
	assert_memory_equal(file.data, "hello", 5);
	assert_string_equal(error, "");
	image_file_finish(&file);
	assert_null(file.data);
	unlink(path);
}

static void test_largest(void **state)
{
	(void)state;
	put_file("a.bin", "x", IMAGE_FILE_MAX);
	assert_int_equal(load(), 0);
	assert_int_equal(file.size, IMAGE_FILE_MAX);
	assert_int_equal(file.data[0], 'x');
	image_file_finish(&file);
	put_file("a.bin", "x", (off_t)IMAGE_FILE_MAX + 1);
	assert_int_equal(load(), -OTA_EBADMSG);
	assert_non_null(strstr(error, "a.bin: larger than 16 MiB"));
	assert_int_equal(file.size, (size_t)0x7777777777777777); /* untouched */
	unlink(path);
}

/* A FIFO is not waited for, and a device is not read without end. */
static void test_no_file(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/fifo", directory);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(load() < 0);
	assert_true(image_file_init_regular(&file, path, error, sizeof(error)) < 0);
	assert_non_null(strstr(error, "no file"));
	assert_true(image_file_init_regular(&file, "/dev/zero", error, sizeof(error)) < 0);
	assert_non_null(strstr(error, "is a device"));
	assert_int_equal(unlink(path), 0);
	assert_true(image_file_init(&file, "/dev/zero", error, sizeof(error)) < 0);
	assert_non_null(strstr(error, "larger than 16 MiB"));
}

static void test_nothing_there(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/none.bin", directory);
	assert_int_equal(load(), -OTA_ENOENT);
	assert_non_null(strstr(error, "none.bin: No such file"));
	assert_int_equal(
		image_file_init(&file, "https://example.org/app.bin", error, sizeof(error)),
		-OTA_ENOENT);
	assert_non_null(strstr(error, "download the image"));
	assert_int_equal(image_file_init(&file, "24-6F-28-aa-10-01", error, sizeof(error)),
			 -OTA_ENOENT);
	assert_non_null(strstr(error, "device's address"));
	put_file("a.bin", "", -1);
	assert_int_equal(load(), -OTA_EBADMSG);
	assert_non_null(strstr(error, "empty"));
	snprintf(path, sizeof(path), "%s/a.bin/b.bin", directory);
	assert_int_equal(load(), -OTA_ENOENT);
	assert_int_equal(image_file_init(&file, path, NULL, 0), -OTA_ENOENT);
	snprintf(path, sizeof(path), "%s/a.bin", directory);
	unlink(path);
}

static void test_directory(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s", directory);
	assert_int_equal(load(), -OTA_EINVAL);
	assert_non_null(strstr(error, "is a directory"));
}

static void test_not_allowed(void **state)
{
	uid_t user = geteuid();

	(void)state;
	put_file("a.bin", "hello", -1);
	assert_int_equal(chmod(path, 0), 0);
	if (user == 0) /* who may read every file */
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(load(), -OTA_EPERM);
	assert_int_equal(seteuid(user), 0);
	assert_non_null(strstr(error, "Permission denied"));
	unlink(path);
}

static void test_pipe(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "through a pipe", 14), 14);
	close(fds[1]);
	snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	if (access(path, R_OK) != 0) {
		printf("there is no /dev/fd\n");
		close(fds[0]);
		skip();
	}
	assert_int_equal(load(), 0);
	assert_int_equal(file.size, 14);
	assert_memory_equal(file.data, "through a pipe", 14);
	image_file_finish(&file);
	close(fds[0]);
}

static void test_name_is_safe_to_print(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/\033[2J.bin", directory);
	assert_int_equal(load(), -OTA_ENOENT);
	assert_non_null(strstr(error, "/?[2J.bin"));
	assert_null(strchr(error, '\033'));
}

/* FIPS 180-2, appendix B.1. */
static void test_hash(void **state)
{
	uint8_t digest[32];
	char hex[65];

	(void)state;
	sha256_buffer((const uint8_t *)"abc", 3, digest);
	hex_encode(digest, 32, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
	sha256_buffer(NULL, 0, digest);
	assert_int_equal(digest[0], 0xe3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),	  cmocka_unit_test(test_largest),
		cmocka_unit_test(test_no_file),	  cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_directory), cmocka_unit_test(test_not_allowed),
		cmocka_unit_test(test_pipe),	  cmocka_unit_test(test_name_is_safe_to_print),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
