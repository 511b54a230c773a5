/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each write of the model is made at once, and so is in the page cache: it survives
 * the death of the process, in the order it was written.  The file is not mapped:
 * who cuts a mapped file off kills whoever reads it.
 */
#include "config.h" /* system extensions: pread(), flock(), memfd_create() */

#include "board/flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ota/error.h"

#define PIECE 65536u /* bytes; a flash is a multiple of it */

static int fail(int code, char *ret_text, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int fail(int code, char *ret_text, size_t size, const char *format, ...)
{
	va_list args;

	if (ret_text) {
		va_start(args, format);
		vsnprintf(ret_text, size, format, args);
		va_end(args);
	}
	return code;
}

static bool write_blank(int fd, uint32_t size)
{
	uint8_t blank[4096];
	uint32_t left = size;

	memset(blank, 0xff, sizeof(blank));
	while (left > 0) {
		ssize_t n = write(fd, blank, left < sizeof(blank) ? left : sizeof(blank));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		left -= (uint32_t)n;
	}
	return true;
}

static int fail_errno(const char *path, char *ret_text, size_t size)
{
	return fail(-OTA_EIO, ret_text, size, "%s: %s", path, strerror(errno));
}

/*
 * Opens name and takes the lock: the descriptor, or an error.  The file may have got another
 * name before it was locked: the caller looks for this name's file again, by -OTA_EAGAIN.
 */
static int open_locked(const char *name, int flags, char *ret_text, size_t text_size)
{
	struct stat mine, there;
	int r = -OTA_EAGAIN, fd = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC | flags, 0666);

	if (fd < 0)
		return errno == ENOENT ? -OTA_ENOENT : fail_errno(name, ret_text, text_size);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = fail(-OTA_EBUSY, ret_text, text_size,
			 "%s: another process uses this flash file", name);
	else if (fstat(fd, &mine) < 0)
		r = fail_errno(name, ret_text, text_size);
	else if (stat(name, &there) == 0 && mine.st_ino == there.st_ino)
		return fd;
	(void)close(fd);
	return r;
}

/* Every bit of it, or nothing: a file that was cut off has no contents to guess. */
static int read_whole(const char *path, uint32_t size, struct flash_file *file, char *ret_text,
		      size_t text_size)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return fail_errno(path, ret_text, text_size);
	if (!S_ISREG(st.st_mode) || st.st_size != (off_t)size)
		return fail(
			-OTA_EBADMSG, ret_text, text_size,
			"%s: not a flash file of %u bytes (it has %lld); remove it to start anew",
			path, (unsigned int)size, (long long)st.st_size);
	for (uint32_t at = 0; at < size;) {
		const ssize_t n = pread(file->fd, file->data + at, size - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? fail_errno(path, ret_text, text_size)
				     : fail(-OTA_EBADMSG, ret_text, text_size,
					    "%s: the file became shorter", path);
		at += (uint32_t)n;
	}
	return 0;
}

/* Under another name until the chip is provisioned: what was left half done by a kill is begun
 * anew, and never boots. */
static int create(struct flash_file *file, uint32_t size, char *ret_text, size_t text_size)
{
	const int fd = open_locked(file->made, O_CREAT | O_NOFOLLOW, ret_text, text_size);

	if (fd < 0)
		return fd;
	file->fd = fd;
	if (ftruncate(file->fd, 0) == 0 && write_blank(file->fd, size)) {
		memset(file->data, 0xff, size);
		file->created = true;
		return 0;
	}
	(void)fail(-OTA_EIO, ret_text, text_size, "%s: cannot create flash file: %s", file->path,
		   strerror(errno));
	(void)unlink(file->made);
	return -OTA_EIO;
}

static int open_file(struct flash_file *file, uint32_t size, char *ret_text, size_t text_size)
{
	int r = -OTA_EAGAIN;

	for (unsigned int tries = 0; tries < 8 && r == -OTA_EAGAIN; tries++) {
		r = open_locked(file->path, 0, ret_text, text_size);
		if (r == -OTA_ENOENT) {
			r = create(file, size, ret_text, text_size);
		} else if (r >= 0) {
			file->fd = r;
			/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the caller has path */
			r = read_whole(file->path, size, file, ret_text, text_size);
		}
	}
	if (r == -OTA_EAGAIN)
		return fail(-OTA_EBUSY, ret_text, text_size,
			    "%s: another process uses this flash file", file->path);
	return r == -OTA_ENOENT
		       ? fail(-OTA_EIO, ret_text, text_size, "%s: %s", file->path, strerror(ENOENT))
		       : r;
}

/* One piece of a chip that was never written, in a file that only this process has; or -1. */
static int open_blank(void)
{
	const int fd = memfd_create("blank flash", MFD_CLOEXEC);

	if (fd >= 0 && write_blank(fd, PIECE))
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/*
 * A chip in memory.  All of it shows one blank piece, of which each page becomes the chip's own
 * when it is written to: so it takes the memory of what was stored, however large it is.
 */
static uint8_t *map_blank(uint32_t size)
{
	const int fd = open_blank();
	uint8_t *data = MAP_FAILED;

	if (fd >= 0)
		data = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (uint32_t at = 0; data != MAP_FAILED && at < size; at += PIECE) {
		const void *piece = mmap(data + at, PIECE, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_FIXED, fd, 0);

		if (piece != MAP_FAILED)
			continue;
		(void)munmap(data, size);
		data = MAP_FAILED;
	}
	if (fd >= 0)
		(void)close(fd);
	return data == MAP_FAILED ? NULL : data;
}

static void take_memory(struct flash_file *file, bool blank)
{
	file->data = blank ? map_blank(file->size) : NULL;
	file->mapped = file->data != NULL;
	if (file->mapped)
		return;
	file->data = malloc(file->size);
	if (file->data && blank)
		memset(file->data, 0xff, file->size);
}

static char *name_of(const char *path, const char *end)
{
	const size_t size = strlen(path) + strlen(end) + 1;
	char *name = malloc(size);

	if (name)
		(void)snprintf(name, size, "%s%s", path, end);
	return name;
}

int flash_file_open(const char *path, uint32_t size, struct flash_file *ret, char *ret_text,
		    size_t text_size)
{
	struct flash_file file = {.size = size, .fd = -1};
	int r = -OTA_ENOMEM;

	take_memory(&file, path == NULL);
	if (path) {
		file.path = name_of(path, "");
		file.made = name_of(path, ".new");
	}
	if (!file.data || (path && (!file.path || !file.made)))
		(void)fail(r, ret_text, text_size, "out of memory");
	else if (path)
		r = open_file(&file, size, ret_text, text_size);
	else
		r = 0;
	if (r < 0) {
		flash_file_free(&file);
		return r;
	}
	if (!path)
		file.created = true;
	*ret = file;
	return 0;
}

int flash_file_store(const struct flash_file *file, uint32_t size, uint32_t offset, uint32_t len)
{
	struct stat st;

	if (file->fd < 0)
		return 0;
	/* Cut off by somebody: writing on would make holes of what was there. */
	if (fstat(file->fd, &st) < 0 || st.st_size != (off_t)size)
		return -OTA_EIO;
	for (uint32_t at = 0; at < len;) {
		const ssize_t n = pwrite(file->fd, file->data + offset + at, len - at,
					 (off_t)offset + (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -OTA_EIO;
		at += (uint32_t)n;
	}
	return 0;
}

int flash_file_publish(struct flash_file *file)
{
	if (file->fd < 0 || !file->created || file->published)
		return 0;
	/* link() fails where there is such a chip by now, which rename() would replace. */
	if (link(file->made, file->path) < 0)
		return errno == EEXIST ? -OTA_EBUSY : -OTA_EIO;
	(void)unlink(file->made);
	file->published = true;
	return 0;
}

void flash_file_free(struct flash_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	if (file->mapped)
		(void)munmap(file->data, file->size);
	else
		free(file->data);
	free(file->path);
	free(file->made);
	*file = (struct flash_file){.fd = -1};
}
