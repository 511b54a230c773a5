/* SPDX-License-Identifier: Apache-2.0 */
/* See file_save.h. */
#include "config.h" /* system extensions: mkstemp(), realpath() */

#include "base/file_save.h"
#include "base/os_error.h"

#include "base/output.h"
#include "ota/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(int reason, const char *path, bool exists, char *error, size_t size)
{
	char safe[PATH_MAX];

	(void)output_safe_text(path, strlen(path), safe, sizeof(safe));
	(void)snprintf(error, size, "%s: cannot be written: %s%s", safe, strerror(reason),
		       exists ? "; the file is as it was" : "");
	return os_error_code(reason);
}

/* The folders of path, for the user alone where they are new (XDG 0.8). */
static void make_folders(const char *path)
{
	char folder[PATH_MAX];

	(void)snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = folder + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		(void)mkdir(folder, 0700);
		*slash = '/';
	}
}

/* 0 or an errno. */
static int fill(int fd, const char *text, size_t len, mode_t mode)
{
	while (len > 0) {
		const ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		text += n;
		len -= (size_t)n;
	}
	return fchmod(fd, mode) < 0 || fsync(fd) < 0 ? errno : 0;
}

/* The name is on the disk only when the folder is; a file system that cannot do that is not
 * asked for more. */
static void sync_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;
	int fd;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

static mode_t mode_for(const struct stat *st, bool exists)
{
	mode_t mask;

	if (exists)
		return st->st_mode & 0777;
	mask = umask(0);
	(void)umask(mask);
	return 0666 & ~mask;
}

int file_save(const char *path, const char *text, size_t len, char *error, size_t error_size)
{
	char target[PATH_MAX], made[PATH_MAX + 8];
	struct stat st = {0};
	bool exists;
	int fd, reason;

	/* What a link points to is replaced, not the link. */
	if (!realpath(path, target)) {
		if (strlen(path) >= sizeof(target))
			return refuse(ENAMETOOLONG, path, false, error, error_size);
		memcpy(target, path, strlen(path) + 1);
		make_folders(target);
	}
	exists = stat(target, &st) == 0;
	if (exists && !S_ISREG(st.st_mode))
		return refuse(S_ISDIR(st.st_mode) ? EISDIR : EINVAL, path, false, error,
			      error_size);
	/* A file that may not be written is not replaced behind its owner's back. */
	if (exists && access(target, W_OK) < 0)
		return refuse(errno, path, true, error, error_size);
	(void)snprintf(made, sizeof(made), "%s.XXXXXX", target);
	fd = mkstemp(made);
	if (fd < 0)
		return refuse(errno, path, exists, error, error_size);
	reason = fill(fd, text, len, mode_for(&st, exists));
	if (close(fd) < 0 && reason == 0)
		reason = errno;
	if (reason == 0 && rename(made, target) < 0)
		reason = errno;
	if (reason != 0) {
		(void)unlink(made);
		return refuse(reason, path, exists, error, error_size);
	}
	sync_folder(target);
	return 0;
}
