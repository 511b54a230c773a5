/* SPDX-License-Identifier: Apache-2.0 */
/* See sign_file.h. */
#include "sign/sign_file.h"

#include "base/file_read.h"
#include "base/os_error.h"

#include <stdio.h>
#include <unistd.h>

int sign_file_read(const char *path, void *buf, size_t size, char *error, size_t error_size)
{
	const int fd = file_read_open(path, true);
	ssize_t n = fd;
	size_t len = 0;

	while (fd >= 0 && len < size) {
		n = file_read_some(fd, (char *)buf + len, size - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (fd >= 0)
		(void)close(fd);
	if (n >= 0)
		return (int)len;
	(void)snprintf(error, error_size, "%s: %s", path, file_read_why((int)-n));
	return os_error_code((int)-n);
}
