/* SPDX-License-Identifier: Apache-2.0 */
/* See file_save.h. */
#include "config.h" /* system extensions: mkstemp(), realpath(), renameat2() */

#include "base/file_save.h"

#include "base/os_error.h"
#include "base/output.h"
#include "ota/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* reason: an errno; words: instead of strerror(), or NULL. */
static int refuse(const struct file_save *s, int reason, const char *words, char *error,
		  size_t size)
{
	char safe[PATH_MAX];

	(void)output_safe_text(s->path, strlen(s->path), safe, sizeof(safe));
	(void)snprintf(error, size, "%s: cannot be written: %s%s", safe,
		       words ? words : strerror(reason),
		       s->exists && !words && reason != EISDIR ? "; the file is as it was" : "");
	return os_error_code(reason);
}

/* --- folders */

/* Returns true if folder is base, or above it. */
static bool is_above(const char *folder, const char *base)
{
	const size_t len = strlen(folder);

	return strncmp(folder, base, len) == 0 && (base[len] == '/' || base[len] == '\0');
}

static bool may_make(const char *folder)
{
	static const char *const names[] = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"};
	const char *home = getenv("HOME");

	if (home && is_above(folder, home))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *base = getenv(names[i]);

		if (base && strcmp(folder, base) != 0 && is_above(folder, base) &&
		    !(home && is_above(home, folder)))
			return false;
	}
	return true;
}

void file_make_folders(const char *path)
{
	char folder[PATH_MAX];

	(void)snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = folder + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		if (may_make(folder))
			(void)mkdir(folder, 0700); /* what is in the way shows at the opening */
		*slash = '/';
	}
}

/* --- the file */

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

/* The process's umask without a moment in which it is another, which every thread would see
 * (proc(5)); what cannot be read is taken for the strictest. */
static mode_t creation_mask(void)
{
	FILE *in = fopen("/proc/self/status", "re");
	unsigned int mask = 0077;
	char line[256];

	while (in && fgets(line, sizeof(line), in))
		if (strncmp(line, "Umask:", 6) == 0)
			mask = (unsigned int)strtoul(line + 6, NULL, 8);
	if (in)
		(void)fclose(in);
	return (mode_t)(mask & 0777u);
}

static mode_t mode_of(const struct file_save *s, const struct stat *st)
{
	if (s->exists)
		return st->st_mode & 0777;
	if (s->how & FILE_SAVE_PRIVATE)
		return 0600;
	return 0666 & ~creation_mask();
}

/* 0, or an errno with words where they say more. */
static int find_target(struct file_save *s, struct stat *st, const char **ret_words)
{
	struct stat link;
	const bool taken = lstat(s->path, &link) == 0;

	if (strlen(s->path) >= sizeof(s->target))
		return ENAMETOOLONG;
	/* An empty file, as mktemp(1) makes one, has nothing to lose. */
	if (taken && !(s->how & FILE_SAVE_REPLACE) &&
	    !(S_ISREG(link.st_mode) && link.st_size == 0)) {
		*ret_words = S_ISLNK(link.st_mode) ? "there is a symbolic link of that name"
						   : "there is such a file";
		return EEXIST;
	}
	if (!realpath(s->path, s->target)) {
		/* The target of a link to nothing, or in a circle, is not known. */
		if (taken)
			return errno;
		memcpy(s->target, s->path, strlen(s->path) + 1);
		if (s->how & FILE_SAVE_FOLDERS)
			file_make_folders(s->target);
		return 0;
	}
	if (stat(s->target, st) < 0)
		return errno;
	s->exists = true;
	if (S_ISDIR(st->st_mode))
		return EISDIR;
	if (!S_ISREG(st->st_mode))
		*ret_words = "it is no regular file";
	/* A file that may not be written is not replaced behind its owner's back. */
	if (S_ISREG(st->st_mode) && access(s->target, W_OK) < 0)
		return errno;
	return *ret_words ? EINVAL : 0;
}

int file_save_begin(struct file_save *s, const char *path, unsigned int how, char *error,
		    size_t size)
{
	const char *words = NULL;
	struct stat st = {0};
	int fd, reason;

	*s = (struct file_save){.how = how, .path = path};
	reason = find_target(s, &st, &words);
	if (reason == 0 &&
	    (size_t)snprintf(s->made, sizeof(s->made), "%s.XXXXXX", s->target) >= sizeof(s->made))
		reason = ENAMETOOLONG;
	if (reason != 0)
		return refuse(s, reason, words, error, size);
	fd = mkostemp(s->made, O_CLOEXEC);
	if (fd < 0)
		return refuse(s, errno, NULL, error, size);
	/* Some file systems know no permissions; then there are none to keep. */
	reason = fchmod(fd, mode_of(s, &st)) < 0 && errno != ENOTSUP && errno != EPERM ? errno : 0;
	s->out = reason == 0 ? fdopen(fd, "w") : NULL;
	if (s->out)
		return 0;
	if (reason == 0)
		reason = errno;
	(void)close(fd);
	(void)unlink(s->made);
	return refuse(s, reason, NULL, error, size);
}

/* A name that was free must still be so; without renameat2() there is a moment between the
 * look and the renaming. */
static int put_in_place(const struct file_save *s)
{
	struct stat st;

	if (s->exists || (s->how & FILE_SAVE_SHARED))
		return rename(s->made, s->target) < 0 ? errno : 0;
	if (renameat2(AT_FDCWD, s->made, AT_FDCWD, s->target, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	if (lstat(s->target, &st) == 0)
		return EEXIST;
	return rename(s->made, s->target) < 0 ? errno : 0;
}

int file_save_end(struct file_save *s, char *error, size_t size)
{
	int reason = 0;

	errno = 0;
	/* Nobody kept why a write failed; one more fails for the same reason. */
	if (ferror(s->out))
		(void)fputc('\0', s->out);
	if (fflush(s->out) != 0 || ferror(s->out) || fsync(fileno(s->out)) < 0)
		reason = errno ? errno : EIO;
	if (fclose(s->out) != 0 && reason == 0)
		reason = errno;
	s->out = NULL;
	if (reason == 0)
		reason = put_in_place(s);
	if (reason != 0) {
		(void)unlink(s->made);
		return refuse(s, reason, NULL, error, size);
	}
	sync_folder(s->target);
	return 0;
}

void file_save_abandon(struct file_save *s)
{
	if (s->out)
		(void)fclose(s->out);
	s->out = NULL;
	(void)unlink(s->made);
}

int file_save_as(const char *path, unsigned int how, const void *bytes, size_t len, char *error,
		 size_t size)
{
	struct file_save s;
	int r = file_save_begin(&s, path, how, error, size);

	if (r < 0)
		return r;
	/* A failed write shows in ferror(). */
	(void)fwrite(bytes, 1, len, s.out);
	return file_save_end(&s, error, size);
}

int file_save(const char *path, const char *text, size_t len, char *error, size_t size)
{
	return file_save_as(path, FILE_SAVE_REPLACE | FILE_SAVE_FOLDERS, text, len, error, size);
}

/* Opening a device must not wait, and must not make it this program's terminal. */
static int open_device(const char *path, FILE **ret, char *error, size_t size)
{
	const struct file_save s = {.path = path};
	const int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && fcntl(fd, F_SETFL, 0) == 0) {
		*ret = fdopen(fd, "w");
		if (*ret)
			return 0;
	}
	if (fd >= 0)
		(void)close(fd);
	return refuse(&s, errno, NULL, error, size);
}

int file_save_stream(const char *path, unsigned int how, FILE **ret, char *error, size_t size)
{
	struct file_save s;
	struct stat st;
	int r, reason;

	if (stat(path, &st) == 0 && S_ISCHR(st.st_mode))
		return open_device(path, ret, error, size);
	r = file_save_begin(&s, path, how, error, size);
	if (r < 0)
		return r;
	reason = put_in_place(&s);
	if (reason != 0) {
		file_save_abandon(&s);
		return refuse(&s, reason, NULL, error, size);
	}
	*ret = s.out;
	return 0;
}

bool file_is_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
