/* SPDX-License-Identifier: Apache-2.0 */
/* See file_read.h. */
#include "config.h" /* system extensions: O_CLOEXEC, fdopen() */

#include "base/file_read.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SILENCE_MS 2000

int file_read_open(const char *path, bool streams)
{
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int error = ENODEV;

	if (fd < 0)
		return errno == ENXIO ? -ENODEV : -errno; /* a socket */
	if (fstat(fd, &st) < 0)
		error = errno;
	else if (S_ISREG(st.st_mode) || (streams && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))))
		return fd;
	else if (S_ISDIR(st.st_mode))
		error = EISDIR;
	(void)close(fd);
	return -error;
}

ssize_t file_read_some(int fd, void *buf, size_t size)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		const ssize_t n = read(fd, buf, size);
		int r;

		if (n >= 0)
			return n;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = poll(&p, 1, SILENCE_MS);
		if (r == 0)
			return -ETIMEDOUT;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

FILE *file_read_stream(const char *path)
{
	const int fd = file_read_open(path, false);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd < 0)
		errno = -fd;
	else if (!file)
		(void)close(fd);
	return file;
}

const char *file_read_why(int error)
{
	if (error == ENODEV)
		return "is a device, a FIFO or a socket, and no file";
	if (error == ETIMEDOUT)
		return "nothing comes from it";
	return strerror(error);
}
