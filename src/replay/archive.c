/* SPDX-License-Identifier: Apache-2.0 */
/* See archive.h. */
#include "config.h" /* system extensions: unlink() */

#include "replay/archive.h"

#include "base/file_save.h"
#include "ota/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 16384u
#define LAST "README.txt" /* is written last: an archive without it was cut */

const char *archive_libraries(void)
{
	/* libarchive 3.6 makes this text anew each time, and forgets the one before. */
	static const char *details;

	if (!details)
		details = archive_version_details();
	return details;
}

static bool ends_in(const char *path, const char *ending)
{
	const size_t len = strlen(path), n = strlen(ending);

	return len > n && strcmp(path + len - n, ending) == 0;
}

bool archive_is_named(const char *path)
{
	return ends_in(path, ".zip") || ends_in(path, ".tar") || ends_in(path, ".tar.gz") ||
	       ends_in(path, ".tgz");
}

bool archive_is(FILE *in)
{
	unsigned char head[263];
	const long at = ftell(in);
	const size_t n = fread(head, 1, sizeof(head), in);

	(void)fseek(in, at, SEEK_SET);
	if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b)
		return true; /* gzip */
	if (n >= 4 && memcmp(head, "PK\3\4", 4) == 0)
		return true;
	return n == sizeof(head) && memcmp(head + 257, "ustar", 5) == 0;
}

/* --- writing */

struct archive_out {
	struct archive *a;
	FILE *file;
	const char *path;
};

static int failed(struct archive *a, const char *path, char *why, size_t size)
{
	const char *text = a ? archive_error_string(a) : NULL;

	(void)snprintf(why, size, "%s: %s", path, text ? text : "out of memory");
	return a ? -OTA_EIO : -OTA_ENOMEM;
}

static int set_form(struct archive *a, const char *path)
{
	int rc = ends_in(path, ".zip") ? archive_write_set_format_zip(a)
				       : archive_write_set_format_ustar(a);

	if (rc == ARCHIVE_OK && (ends_in(path, ".gz") || ends_in(path, ".tgz")))
		rc = archive_write_add_filter_gzip(a);
	return rc;
}

int archive_create(const char *path, bool replace, struct archive_out **ret, char *ret_why,
		   size_t size)
{
	struct archive_out *out = calloc(1, sizeof(*out));
	int rc = out ? file_save_stream(path, FILE_SAVE_PRIVATE | (replace ? FILE_SAVE_REPLACE : 0),
					&out->file, ret_why, size)
		     : -OTA_ENOMEM;

	if (rc < 0) {
		if (!out)
			(void)failed(NULL, path, ret_why, size);
		free(out);
		return rc;
	}
	out->path = path;
	out->a = archive_write_new();
	if (out->a && set_form(out->a, path) == ARCHIVE_OK &&
	    archive_write_open_FILE(out->a, out->file) == ARCHIVE_OK) {
		*ret = out;
		return 0;
	}
	rc = failed(out->a, path, ret_why, size);
	(void)archive_close(out, false, ret_why, size);
	return rc;
}

int archive_add(struct archive_out *out, const char *folder, const char *name, const void *bytes,
		size_t len, char *ret_why, size_t size)
{
	struct archive_entry *e = archive_entry_new();
	char path[160];
	int rc = -1;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (e) {
		archive_entry_set_pathname(e, path);
		archive_entry_set_size(e, (la_int64_t)len);
		archive_entry_set_filetype(e, AE_IFREG);
		archive_entry_set_perm(e, 0600);
		archive_entry_set_mtime(e, time(NULL), 0);
		rc = archive_write_header(out->a, e);
	}
	if (rc == ARCHIVE_OK && len > 0 &&
	    archive_write_data(out->a, bytes, len) != (la_ssize_t)len)
		rc = -1;
	archive_entry_free(e);
	return rc == ARCHIVE_OK ? 0 : failed(e ? out->a : NULL, out->path, ret_why, size);
}

int archive_close(struct archive_out *out, bool whole, char *ret_why, size_t size)
{
	int rc = 0;

	if (out->a && whole && archive_write_close(out->a) != ARCHIVE_OK)
		rc = failed(out->a, out->path, ret_why, size);
	else if (out->a && !whole)
		(void)archive_write_fail(out->a);
	(void)archive_write_free(out->a);
	if (fclose(out->file) != 0 && rc == 0 && whole) {
		(void)snprintf(ret_why, size, "%s: it could not be written to the end", out->path);
		rc = -OTA_EIO;
	}
	if (!whole || rc < 0)
		(void)unlink(out->path);
	free(out);
	return rc;
}

/* --- reading */

struct intake {
	const char *name;
	char *text;
	size_t len, all; /* of the file that is wanted, and of all */
	size_t room; /* of text */
	bool found, last; /* ... and the last that a bundle has */
	const char *wrong; /* why it is refused */
};

/* One folder deep at most, and in no other direction. */
static const char *base_of(const char *path)
{
	const char *slash = path ? strchr(path, '/') : NULL;

	if (!path || path[0] == '\0' || path[0] == '/' || strchr(path, '\\'))
		return NULL;
	if (!slash)
		return strcmp(path, "..") == 0 ? NULL : path;
	if (strncmp(path, "../", 3) == 0 || strchr(slash + 1, '/') || strcmp(slash + 1, "..") == 0)
		return NULL;
	return slash + 1;
}

static const char *refused(struct archive_entry *e, const char *base)
{
	if (!base)
		return "a name in it leads out of it";
	if (archive_entry_hardlink(e) || archive_entry_symlink(e) ||
	    (archive_entry_filetype(e) != AE_IFREG && archive_entry_filetype(e) != AE_IFDIR))
		return "it holds a link, or another thing that is no file";
	return NULL;
}

static int take_data(struct archive *a, struct intake *in, bool wanted)
{
	char chunk[CHUNK];
	la_ssize_t n;

	while ((n = archive_read_data(a, chunk, sizeof(chunk))) > 0) {
		char *more;

		in->all += (size_t)n;
		if (in->all > ARCHIVE_BYTES_MAX) {
			in->wrong = "it unpacks to more than any bundle";
			return -OTA_EBADMSG;
		}
		if (!wanted)
			continue;
		if (in->len + (size_t)n + 1 > in->room) { /* by halves: it may be large */
			in->room = 2 * (in->len + (size_t)n + 1);
			more = realloc(in->text, in->room);
			if (!more)
				return -OTA_ENOMEM;
			in->text = more;
		}
		memcpy(in->text + in->len, chunk, (size_t)n);
		in->len += (size_t)n;
		in->text[in->len] = '\0';
	}
	return n < 0 ? -OTA_EBADMSG : 0;
}

static int take_entry(struct archive *a, struct archive_entry *e, struct intake *in)
{
	const char *base = base_of(archive_entry_pathname(e));
	bool wanted;

	in->wrong = refused(e, base);
	if (in->wrong)
		return -OTA_EBADMSG;
	wanted = !in->found && strcmp(base, in->name) == 0;
	in->found |= wanted;
	in->last |= strcmp(base, LAST) == 0;
	return take_data(a, in, wanted);
}

static int take_all(struct archive *a, struct intake *in)
{
	struct archive_entry *e;
	unsigned int count = 0;
	int rc;

	while ((rc = archive_read_next_header(a, &e)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		if (++count > ARCHIVE_ENTRIES_MAX) {
			in->wrong = "it holds more files than any bundle";
			return -OTA_EBADMSG;
		}
		rc = take_entry(a, e, in);
		if (rc < 0)
			return rc;
	}
	return rc == ARCHIVE_EOF ? 0 : -OTA_EBADMSG;
}

static int verdict(struct archive *a, struct intake *in, int rc, char *why, size_t size)
{
	if (rc == 0 && !in->last) {
		in->wrong = "it is cut, or no bundle: " LAST " is not in it";
		rc = -OTA_EBADMSG;
	}
	if (rc == 0 && !in->found) {
		(void)snprintf(why, size, "the bundle has no %s", in->name);
		return -OTA_ENOENT;
	}
	if (rc == -OTA_EBADMSG && in->wrong)
		(void)snprintf(why, size, "the archive is refused: %s", in->wrong);
	else if (rc == -OTA_EBADMSG)
		(void)snprintf(why, size, "the archive is damaged: %s",
			       archive_error_string(a) ? archive_error_string(a) : "it is cut");
	else if (rc < 0)
		(void)snprintf(why, size, "out of memory");
	return rc;
}

int archive_take(FILE *file, const char *name, char **ret, size_t *ret_len, char *ret_why,
		 size_t size)
{
	struct intake in = {.name = name};
	struct archive *a = archive_read_new();
	int rc = -OTA_ENOMEM;

	if (a) {
		(void)archive_read_support_format_zip(a);
		(void)archive_read_support_format_tar(a);
		(void)archive_read_support_filter_gzip(a);
		rc = archive_read_open_FILE(a, file) == ARCHIVE_OK ? take_all(a, &in)
								   : -OTA_EBADMSG;
	}
	rc = verdict(a, &in, rc, ret_why, size);
	(void)archive_read_free(a);
	if (rc == 0 && !in.text) {
		in.text = calloc(1, 1); /* an empty file */
		rc = in.text ? 0 : -OTA_ENOMEM;
	}
	if (rc < 0) {
		free(in.text);
		return rc;
	}
	*ret = in.text;
	*ret_len = in.len;
	return 0;
}
