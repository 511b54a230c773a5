/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a file does nothing to an existing one unless the user asked for it. */
#include "config.h" /* system extensions: mkdtemp(), mkfifo() */

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file_save.h"
#include "ota/error.h"

static char folder[] = "/tmp/otabench-save-XXXXXX";
static char path[64], other[64], why[512];

static void put(const char *name, const char *text)
{
	FILE *out = fopen(name, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static void holds(const char *name, const char *text)
{
	char buf[64] = "";
	FILE *in = fopen(name, "r");

	assert_non_null(in);
	buf[fread(buf, 1, sizeof(buf) - 1, in)] = '\0';
	(void)fclose(in);
	assert_string_equal(buf, text);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(lstat(name, &st), 0);
	return st.st_mode;
}

static size_t entries(void)
{
	DIR *dir = opendir(folder);
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	(void)closedir(dir);
	return count - 2;
}

static int save(unsigned int how)
{
	why[0] = '\0';
	return file_save_as(path, how, "new", 3, why, sizeof(why));
}

static void test_new(void **state)
{
	(void)state;
	(void)umask(027);
	assert_int_equal(save(0), 0);
	assert_int_equal(mode_of(path) & 0777, 0640);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(umask(022), 027);
	assert_int_equal(save(0), 0);
	holds(path, "new");
	assert_int_equal(mode_of(path) & 0777, 0644);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(save(FILE_SAVE_PRIVATE), 0);
	assert_int_equal(mode_of(path) & 0777, 0600);
	assert_int_equal(entries(), 1);
}

static void test_taken(void **state)
{
	(void)state;
	put(path, "old");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(save(0), -OTA_EIO);
	assert_non_null(strstr(why, "there is such a file"));
	holds(path, "old");
	assert_int_equal(save(FILE_SAVE_REPLACE | FILE_SAVE_PRIVATE), 0);
	holds(path, "new");
	assert_int_equal(mode_of(path) & 0777, 0640);
	put(path, "");
	assert_int_equal(save(0), 0);
	holds(path, "new");
	assert_int_equal(entries(), 1);
}

/* A link that somebody laid where the file was to be. */
static void test_links(void **state)
{
	(void)state;
	put(other, "old");
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(save(0), -OTA_EIO);
	assert_non_null(strstr(why, "symbolic link"));
	holds(other, "old");
	assert_int_equal(save(FILE_SAVE_REPLACE), 0);
	holds(other, "new");
	assert_true(S_ISLNK(mode_of(path)));
	assert_int_equal(unlink(other), 0);
	/* To nothing, and to itself. */
	assert_int_equal(save(FILE_SAVE_REPLACE), -OTA_ENOENT);
	assert_true(S_ISLNK(mode_of(path)));
	assert_int_equal(access(other, F_OK), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(path, path), 0);
	assert_int_equal(save(FILE_SAVE_REPLACE), -OTA_EIO);
	assert_int_equal(entries(), 1);
}

/* A file that is no regular one is neither replaced nor waited for. */
static void test_no_regular_file(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	FILE *out = NULL;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(save(FILE_SAVE_REPLACE), -OTA_EIO);
	assert_non_null(strstr(why, "no regular file"));
	assert_int_equal(file_save_stream(path, FILE_SAVE_REPLACE, &out, why, sizeof(why)),
			 -OTA_EIO);
	assert_null(out);
	assert_true(S_ISFIFO(mode_of(path)));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(save(FILE_SAVE_REPLACE), -OTA_EINVAL);
	assert_int_equal(rmdir(path), 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(save(FILE_SAVE_REPLACE), -OTA_EIO);
	assert_true(S_ISSOCK(mode_of(path)));
	(void)close(fd);
	assert_int_equal(unlink(path), 0);
	if (geteuid() == 0 && mknod(path, S_IFCHR | 0600, (1 << 8) | 3) == 0) {
		assert_int_equal(save(FILE_SAVE_REPLACE), -OTA_EIO);
		assert_true(S_ISCHR(mode_of(path)));
	}
}

/* There from the beginning, for what may be killed; a device is written through. */
static void test_stream(void **state)
{
	FILE *out;

	(void)state;
	put(path, "old");
	assert_int_equal(file_save_stream(path, 0, &out, why, sizeof(why)), -OTA_EIO);
	holds(path, "old");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(file_save_stream(path, FILE_SAVE_PRIVATE, &out, why, sizeof(why)), 0);
	assert_int_equal(mode_of(path) & 0777, 0600);
	assert_int_equal(entries(), 1);
	assert_true(fputs("line", out) >= 0);
	assert_int_equal(fflush(out), 0);
	holds(path, "line");
	assert_int_equal(fclose(out), 0);
	assert_int_equal(file_save_stream("/dev/null", 0, &out, why, sizeof(why)), 0);
	assert_int_equal(fclose(out), 0);
	assert_true(S_ISCHR(mode_of("/dev/null")));
}

static void test_abandon(void **state)
{
	struct file_save s;

	(void)state;
	put(path, "old");
	assert_int_equal(file_save_begin(&s, path, FILE_SAVE_REPLACE, why, sizeof(why)), 0);
	assert_true(fputs("half", s.out) >= 0);
	holds(path, "old");
	file_save_abandon(&s);
	holds(path, "old");
	assert_int_equal(entries(), 1);
	/* A name that is taken meanwhile. */
	assert_int_equal(file_save_begin(&s, other, 0, why, sizeof(why)), 0);
	put(other, "another's");
	assert_int_equal(file_save_end(&s, why, sizeof(why)), -OTA_EIO);
	holds(other, "another's");
	assert_int_equal(entries(), 2);
	/* ... by a file that has the same in it, as its name says. */
	assert_int_equal(unlink(other), 0);
	assert_int_equal(
		file_save_begin(&s, other, FILE_SAVE_REPLACE | FILE_SAVE_SHARED, why, sizeof(why)),
		0);
	put(other, "another's");
	assert_true(fputs("ours", s.out) >= 0);
	assert_int_equal(file_save_end(&s, why, sizeof(why)), 0);
	holds(other, "ours");
	assert_int_equal(entries(), 2);
}

/* A home that is not there is not made; what belongs into one that is there is. */
static void test_folders(void **state)
{
	char home[128], inside[256];

	(void)state;
	(void)snprintf(home, sizeof(home), "%s/home/me", folder);
	(void)snprintf(inside, sizeof(inside), "%s/.local/state/otabench/x", home);
	assert_int_equal(setenv("HOME", home, 1), 0);
	assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
	file_make_folders(inside);
	assert_int_equal(entries(), 0);
	(void)snprintf(inside, sizeof(inside), "%s/otabench/x", home);
	assert_int_equal(setenv("XDG_STATE_HOME", home, 1), 0);
	assert_int_equal(setenv("HOME", "/nonexistent", 1), 0);
	file_make_folders(inside);
	assert_int_equal(entries(), 0);
	assert_int_equal(setenv("HOME", folder, 1), 0);
	file_make_folders(inside);
	(void)snprintf(inside, sizeof(inside), "%s/otabench", home);
	assert_true(S_ISDIR(mode_of(inside)));
	assert_int_equal(mode_of(inside) & 0777, 0700);
}

/* A disk that gets full, which is told as what it is although a write of long before failed. */
static void test_no_room(void **state)
{
	static const char bytes[100000];
	struct rlimit before, small;

	(void)state;
	put(path, "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 4096;
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_true(file_save_as(path, FILE_SAVE_REPLACE, bytes, sizeof(bytes), why, sizeof(why)) <
		    0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(why, strerror(EFBIG)));
	holds(path, "old");
}

static int setup(void **state)
{
	(void)state;
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/file", folder);
	(void)snprintf(other, sizeof(other), "%s/other", folder);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command); /* NOLINT(cert-env33-c): a test's own folder */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_new),	    TEST(test_taken),
		TEST(test_links),   TEST(test_no_regular_file),
		TEST(test_stream),  TEST(test_abandon),
		TEST(test_folders), TEST(test_no_room),
	};

	return cmocka_run_group_tests_name("file_save", tests, NULL, NULL);
}
