/* SPDX-License-Identifier: Apache-2.0 */
/* See image_file.h: most updates that fail at once fail here, so each reason has its words. */
#include "config.h" /* system extensions: O_CLOEXEC */

#include "host/image_file.h"
#include "base/file_read.h"
#include "base/os_error.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_READ 65536u /* for a pipe, whose size is not known */

struct reader {
	int fd;
	uint8_t *data;
	size_t size, room;
	struct stat before; /* as the reading began */
};

static int grow(struct reader *r)
{
	size_t room = r->room < FIRST_READ ? FIRST_READ : 2 * r->room;
	uint8_t *data;

	if (room > IMAGE_FILE_MAX)
		room = IMAGE_FILE_MAX + 1u;
	data = realloc(r->data, room);
	if (data == NULL)
		return -ENOMEM;
	r->data = data;
	r->room = room;
	return 0;
}

/* Reads until the end, or one byte more than is allowed.  Negative errno. */
static int read_all(struct reader *r)
{
	while (r->size <= IMAGE_FILE_MAX) {
		ssize_t n;

		if (r->size == r->room && grow(r) < 0)
			return -ENOMEM;
		n = file_read_some(r->fd, r->data + r->size, r->room - r->size);
		if (n <= 0)
			return (int)n;
		r->size += (size_t)n;
	}
	return 0;
}

/* Returns true if the file is not the one any more that the reading began with: a build is
 * writing it, and the bytes read may be half of each. */
static bool changed(const struct reader *r)
{
	struct stat now;

	return S_ISREG(r->before.st_mode) &&
	       (fstat(r->fd, &now) < 0 || now.st_size != r->before.st_size ||
		now.st_mtim.tv_sec != r->before.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != r->before.st_mtim.tv_nsec);
}

static int open_reader(struct reader *r, const char *path, bool streams)
{
	struct stat st;

	r->fd = file_read_open(path, streams);
	if (r->fd < 0)
		return r->fd;
	if (fstat(r->fd, &st) < 0)
		return -errno;
	r->before = st;
	r->room = FIRST_READ;
	/* One more than the file has, so that the first read is the last but one. */
	if (S_ISREG(st.st_mode) && st.st_size >= 0 && st.st_size <= (off_t)IMAGE_FILE_MAX)
		r->room = (size_t)st.st_size + 1;
	r->data = malloc(r->room);
	return r->data != NULL ? 0 : -ENOMEM;
}

static void say(char *error, size_t size, const char *path, const char *what)
{
	if (error == NULL || size == 0)
		return;
	snprintf(error, size, "%s: %s", path, what);
	/* A name may hold anything, and this goes to a terminal. */
	for (; *error != '\0'; error++) {
		if ((unsigned char)*error < 0x20 || *error == 0x7f)
			*error = '?';
	}
}

/* Six pairs of digits, as "24:6F:28:AA:10:01" or with dashes. */
static bool is_address(const char *path)
{
	for (int i = 0; i < 17; i++) {
		if (i % 3 == 2 ? path[i] != ':' && path[i] != '-'
			       : !isxdigit((unsigned char)path[i]))
			return false;
	}
	return path[17] == '\0';
}

/* The file that was most likely meant, if there is none of this name; or NULL. */
static const char *no_file_name(const char *path)
{
	if (strstr(path, "://"))
		return "is an address on the web; download the image, and give its file.";
	if (is_address(path))
		return "is a device's address and no file; the device comes first, then the image.";
	return NULL;
}

static int init(struct image_file *ret, const char *path, bool streams, char *error,
		size_t error_size)
{
	struct reader r = {.fd = -1};
	int result = open_reader(&r, path, streams);

	if (result == 0)
		result = read_all(&r);
	if (result == 0 && changed(&r))
		result = -ETXTBSY;
	if (r.fd >= 0)
		close(r.fd);
	if (result == 0 && r.size > 0 && r.size <= IMAGE_FILE_MAX) {
		ret->data = r.data;
		ret->size = r.size;
		return 0;
	}
	free(r.data);
	if (result == -EISDIR)
		say(error, error_size, path, "is a directory; give an image file in it.");
	else if (result == -ETXTBSY)
		say(error, error_size, path, "is being written; wait for its build to end.");
	else if (result == -ENOENT && no_file_name(path))
		say(error, error_size, path, no_file_name(path));
	else if (result < 0)
		say(error, error_size, path, file_read_why(-result));
	else if (r.size == 0)
		say(error, error_size, path, "the file is empty; build or download it again.");
	else
		say(error, error_size, path, "larger than 16 MiB, so no application image.");
	return result < 0 ? os_error_code(-result) : -OTA_EBADMSG;
}

int image_file_init(struct image_file *ret, const char *path, char *error, size_t error_size)
{
	return init(ret, path, true, error, error_size);
}

int image_file_init_regular(struct image_file *ret, const char *path, char *error,
			    size_t error_size)
{
	return init(ret, path, false, error, error_size);
}

void image_file_finish(struct image_file *file)
{
	free(file->data);
	file->data = NULL;
	file->size = 0;
}
