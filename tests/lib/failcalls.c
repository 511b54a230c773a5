/* SPDX-License-Identifier: Apache-2.0 */
/* See failcalls.h.  __wrap_x() is what the linker calls for x(), __real_x() the x() it hides. */
#include "config.h" /* system extensions: kill() */

#include "failcalls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The recorder's thread makes calls too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool armed, kills;
static enum failcalls_kind armed_kind;
static uint32_t armed_nth, seen;

const char *failcalls_name(enum failcalls_kind kind)
{
	static const char *const names[FAILCALLS_KINDS] = {
		[FAILCALLS_MEMORY] = "memory", [FAILCALLS_OPEN] = "open",
		[FAILCALLS_WRITE] = "write",   [FAILCALLS_READ] = "read",
		[FAILCALLS_RENAME] = "rename", [FAILCALLS_FSYNC] = "fsync",
		[FAILCALLS_MMAP] = "mmap",
	};

	return names[kind];
}

static bool counts(enum failcalls_kind kind)
{
	if (!kills)
		return kind == armed_kind;
	return kind != FAILCALLS_MEMORY && kind != FAILCALLS_READ;
}

static bool strikes(enum failcalls_kind kind)
{
	bool now = false;

	(void)pthread_mutex_lock(&lock);
	if (armed && counts(kind))
		now = ++seen == armed_nth;
	(void)pthread_mutex_unlock(&lock);
	return now;
}

static bool fails(enum failcalls_kind kind, int error)
{
	const bool now = strikes(kind);

	if (now && kills)
		(void)kill(getpid(), SIGKILL);
	if (now)
		errno = error;
	return now;
}

/* One prototype, one definition and the declaration of the function behind it. */
#define WRAP(type, name, parameters)                                                               \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters

WRAP(void *, malloc, (size_t size))
{
	return fails(FAILCALLS_MEMORY, ENOMEM) ? NULL : __real_malloc(size);
}

WRAP(void *, calloc, (size_t count, size_t size))
{
	return fails(FAILCALLS_MEMORY, ENOMEM) ? NULL : __real_calloc(count, size);
}

WRAP(void *, realloc, (void *old, size_t size))
{
	return fails(FAILCALLS_MEMORY, ENOMEM) ? NULL : __real_realloc(old, size);
}

WRAP(char *, strdup, (const char *text))
{
	return fails(FAILCALLS_MEMORY, ENOMEM) ? NULL : __real_strdup(text);
}

WRAP(int, open, (const char *path, int flags, ...))
{
	va_list ap;
	mode_t mode = 0;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails(FAILCALLS_OPEN, EMFILE) ? -1 : __real_open(path, flags, mode);
}

WRAP(int, openat, (int folder, const char *path, int flags, ...))
{
	va_list ap;
	mode_t mode = 0;

	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails(FAILCALLS_OPEN, EMFILE) ? -1 : __real_openat(folder, path, flags, mode);
}

WRAP(FILE *, fopen, (const char *path, const char *mode))
{
	return fails(FAILCALLS_OPEN, EMFILE) ? NULL : __real_fopen(path, mode);
}

WRAP(int, mkstemp, (char *path))
{
	return fails(FAILCALLS_OPEN, EMFILE) ? -1 : __real_mkstemp(path);
}

WRAP(DIR *, opendir, (const char *path))
{
	return fails(FAILCALLS_OPEN, EMFILE) ? NULL : __real_opendir(path);
}

WRAP(ssize_t, write, (int fd, const void *buf, size_t len))
{
	if (!strikes(FAILCALLS_WRITE))
		return __real_write(fd, buf, len);
	if (kills) {
		(void)!__real_write(fd, buf, len / 2);
		(void)kill(getpid(), SIGKILL);
	}
	errno = ENOSPC;
	return -1;
}

WRAP(ssize_t, read, (int fd, void *buf, size_t len))
{
	return fails(FAILCALLS_READ, EIO) ? -1 : __real_read(fd, buf, len);
}

/* These two only kill: what a program could do about their failure, others show. */
WRAP(ssize_t, pwrite, (int fd, const void *buf, size_t len, off_t offset))
{
	if (kills && strikes(FAILCALLS_WRITE)) {
		(void)!__real_pwrite(fd, buf, len / 2, offset);
		(void)kill(getpid(), SIGKILL);
	}
	return __real_pwrite(fd, buf, len, offset);
}

WRAP(int, unlink, (const char *path))
{
	if (kills && strikes(FAILCALLS_RENAME))
		(void)kill(getpid(), SIGKILL);
	return __real_unlink(path);
}

WRAP(int, fclose, (FILE * file))
{
	const bool fail = fails(FAILCALLS_WRITE, ENOSPC);
	const int r = __real_fclose(file);

	if (fail)
		errno = ENOSPC;
	return fail ? EOF : r;
}

WRAP(int, rename, (const char *from, const char *to))
{
	return fails(FAILCALLS_RENAME, EACCES) ? -1 : __real_rename(from, to);
}

WRAP(int, link, (const char *from, const char *to))
{
	return fails(FAILCALLS_RENAME, EACCES) ? -1 : __real_link(from, to);
}

WRAP(int, mkdir, (const char *path, mode_t mode))
{
	return fails(FAILCALLS_RENAME, EACCES) ? -1 : __real_mkdir(path, mode);
}

WRAP(int, fsync, (int fd))
{
	return fails(FAILCALLS_FSYNC, EIO) ? -1 : __real_fsync(fd);
}

WRAP(int, ftruncate, (int fd, off_t len))
{
	return fails(FAILCALLS_FSYNC, EIO) ? -1 : __real_ftruncate(fd, len);
}

WRAP(void *, mmap, (void *at, size_t len, int protection, int flags, int fd, off_t offset))
{
	return fails(FAILCALLS_MMAP, ENOMEM) ? MAP_FAILED
					     : __real_mmap(at, len, protection, flags, fd, offset);
}

void failcalls_arm(enum failcalls_kind kind, uint32_t nth)
{
	armed_kind = kind;
	armed_nth = nth;
	seen = 0;
	kills = false;
	armed = true;
}

void failcalls_arm_kill(uint32_t nth)
{
	failcalls_arm(FAILCALLS_OPEN, nth);
	kills = true;
}

uint32_t failcalls_disarm(void)
{
	armed = false;
	return seen;
}
