/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files are mapped MAP_SHARED: what the model stored is in the page cache at
 * once, so it survives the death of the process, in the order it was written.
 */
#include "config.h" /* system extensions: mkstemp(), flock() */

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

/*
 * Under another name first: a half-written file must never pass for a chip.
 * Returns 1, or 0 where another process was faster, whose chip stays.
 */
static int flash_file_create(const char *path, uint32_t size, char *ret_text, size_t text_size)
{
	size_t length = strlen(path) + sizeof(".XXXXXX");
	char *name = malloc(length);
	int fd, error, linked = -1;
	bool ok;

	if (!name)
		return fail(-OTA_ENOMEM, ret_text, text_size, "out of memory");
	snprintf(name, length, "%s.XXXXXX", path);
	fd = mkstemp(name);
	ok = fd >= 0 && write_blank(fd, size);
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	if (ok)
		linked = link(name, path); /* fails where path exists, which rename() does not */
	error = errno;
	if (fd >= 0)
		(void)unlink(name);
	free(name);
	if (linked == 0 || (ok && error == EEXIST))
		return linked == 0 ? 1 : 0;
	return fail(-OTA_EIO, ret_text, text_size, "%s: cannot create flash file: %s", path,
		    strerror(error));
}

static int flash_file_map(const char *path, int fd, uint32_t size, uint8_t **ret_data,
			  char *ret_text, size_t text_size)
{
	struct stat st;
	void *data;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return fail(-OTA_EBUSY, ret_text, text_size,
			    "%s: another process uses this flash file", path);
	if (fstat(fd, &st) < 0)
		return fail(-OTA_EIO, ret_text, text_size, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size != (off_t)size)
		return fail(
			-OTA_EBADMSG, ret_text, text_size,
			"%s: not a flash file of %u bytes (it has %lld); remove it to start anew",
			path, (unsigned int)size, (long long)st.st_size);
	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return fail(-OTA_EIO, ret_text, text_size, "%s: cannot map: %s", path,
			    strerror(errno));
	*ret_data = data;
	return 0;
}

static int open_file(const char *path, uint32_t size, struct flash_file *ret, char *ret_text,
		     size_t text_size)
{
	struct flash_file file = {.fd = open(path, O_RDWR | O_CLOEXEC)};
	int r;

	if (file.fd < 0 && errno == ENOENT) {
		r = flash_file_create(path, size, ret_text, text_size);
		if (r < 0)
			return r;
		file.created = r > 0;
		file.fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (file.fd < 0)
		return fail(-OTA_EIO, ret_text, text_size, "%s: %s", path, strerror(errno));
	r = flash_file_map(path, file.fd, size, &file.data, ret_text, text_size);
	if (r < 0) {
		close(file.fd);
		return r;
	}
	*ret = file;
	return 0;
}

int flash_file_open(const char *path, uint32_t size, struct flash_file *ret, char *ret_text,
		    size_t text_size)
{
	uint8_t *data;

	if (path)
		return open_file(path, size, ret, ret_text, text_size);
	data = malloc(size);
	if (!data)
		return fail(-OTA_ENOMEM, ret_text, text_size, "out of memory");
	memset(data, 0xff, size);
	*ret = (struct flash_file){.data = data, .fd = -1, .created = true};
	return 0;
}

void flash_file_close(uint8_t *data, uint32_t size, int fd)
{
	if (fd < 0) {
		free(data);
		return;
	}
	munmap(data, size);
	close(fd);
}
