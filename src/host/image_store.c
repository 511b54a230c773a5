/* SPDX-License-Identifier: Apache-2.0 */
/* See image_store.h. */
#include "config.h" /* system extensions: O_CLOEXEC, utimensat() */

#include "host/image_store.h"

#include "base/file_save.h"
#include "base/hex.h"
#include "base/os_error.h"
#include "base/output.h"
#include "base/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX ".bin"
#define DIGITS (2 * OTA_SHA256_SIZE)
#define NAME_SIZE (DIGITS + sizeof(SUFFIX))
#define TRIES 8
#define LEFT_BEHIND_S 3600 /* an unfinished file of this age belongs to nobody */

int image_store_folder(char *buf, size_t size)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	const char *given = getenv("OTABENCH_IMAGE_STORE");
	const bool xdg = cache && cache[0] == '/';
	int n;

	if (given && strcmp(given, "no") == 0)
		return -OTA_ENOENT;
	if (!xdg && !(home && home[0] == '/'))
		return -OTA_ENOENT;
	n = snprintf(buf, size, "%s%s/otabench/images", xdg ? cache : home, xdg ? "" : "/.cache");
	return n > 0 && (size_t)n < size ? 0 : -OTA_ENOENT;
}

static int path_of(const uint8_t sha256[OTA_SHA256_SIZE], char path[PATH_MAX])
{
	char folder[PATH_MAX - NAME_SIZE - 1], digits[DIGITS + 1];
	const int r = image_store_folder(folder, sizeof(folder));

	if (r < 0)
		return r;
	(void)snprintf(path, PATH_MAX, "%s/%s" SUFFIX, folder,
		       hex_encode(sha256, OTA_SHA256_SIZE, digits));
	return 0;
}

static int cannot(const char *path, const char *what, int error, char *text, size_t size)
{
	char safe[PATH_MAX];

	(void)output_safe_text(path, strlen(path), safe, sizeof(safe));
	(void)snprintf(text, size, "%s: %s: %s", safe, what, strerror(error));
	return os_error_code(error);
}

static bool is_file(const char *path, size_t size)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (size == 0 || st.st_size == (off_t)size);
}

bool image_store_has(const uint8_t sha256[OTA_SHA256_SIZE])
{
	char path[PATH_MAX];

	return path_of(sha256, path) == 0 && is_file(path, 0);
}

static int save_once(const char *path, const uint8_t *data, size_t size, char *error,
		     size_t error_size)
{
	struct file_save save;
	const int r = file_save_begin(&save, path,
				      FILE_SAVE_REPLACE | FILE_SAVE_SHARED | FILE_SAVE_PRIVATE |
					      FILE_SAVE_FOLDERS,
				      error, error_size);

	if (r < 0)
		return r;
	(void)fwrite(data, 1, size, save.out);
	return file_save_end(&save, error, error_size);
}

static int store_file(const char *path, const uint8_t *data, size_t size, char *error,
		      size_t error_size)
{
	int r = -OTA_EIO;

	/* Others that put or remove the same image may come between any two calls. */
	for (int tries = 0; tries < TRIES && (r == -OTA_EIO || r == -OTA_ENOENT); tries++) {
		/* The same bytes, unless somebody else wrote them: reading finds out. */
		if (is_file(path, size) &&
		    utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) == 0)
			r = 0;
		else
			r = save_once(path, data, size, error, error_size);
	}
	return r;
}

int image_store_put(const uint8_t *data, size_t size, const uint8_t sha256[OTA_SHA256_SIZE],
		    char *error, size_t error_size)
{
	char path[PATH_MAX];
	uint64_t bytes;
	size_t count;
	int r = path_of(sha256, path);

	error[0] = '\0';
	if (r < 0)
		return r;
	r = store_file(path, data, size, error, error_size);
	if (r < 0)
		return r;
	return image_store_prune(IMAGE_STORE_COUNT, IMAGE_STORE_BYTES, &count, &bytes, error,
				 error_size);
}

void image_store_keep(const struct image *image, const struct log *log)
{
	char error[IMAGE_STORE_TEXT_MAX];

	if (image_store_put(image->data, image->size, image->sha256, error, sizeof(error)) < 0 &&
	    error[0] != '\0')
		log_write(log, LOG_LEVEL_WARNING, "the image is not kept for delta updates: %s",
			  error);
}

void image_store_used(const uint8_t sha256[OTA_SHA256_SIZE])
{
	char path[PATH_MAX];

	if (path_of(sha256, path) == 0)
		(void)utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
}

int image_store_get(const uint8_t sha256[OTA_SHA256_SIZE], struct image_file *ret, char *error,
		    size_t error_size)
{
	uint8_t hash[OTA_SHA256_SIZE];
	struct image_file file;
	char path[PATH_MAX];
	int r = path_of(sha256, path);

	if (r < 0 || !is_file(path, 0))
		return -OTA_ENOENT;
	r = image_file_init_regular(&file, path, error, error_size);
	if (r == 0) {
		sha256_buffer(file.data, file.size, hash);
		if (memcmp(hash, sha256, sizeof(hash)) == 0) {
			*ret = file;
			return 0;
		}
		image_file_finish(&file);
	}
	/* An entry that is empty, too long, or holds other bytes than its name says is of no
	 * use. */
	if (r == 0 || r == -OTA_EBADMSG) {
		(void)unlink(path);
		r = -OTA_ENOENT;
	}
	return r;
}

/* --- all of them */

/* Returns true and the hash if this is the name of an image of the store. */
static bool parse_name(const char *name, uint8_t ret[OTA_SHA256_SIZE])
{
	return strlen(name) == NAME_SIZE - 1 && strcmp(name + DIGITS, SUFFIX) == 0 &&
	       strspn(name, "0123456789abcdef") >= DIGITS &&
	       hex_decode(name, ret, OTA_SHA256_SIZE) == 0;
}

static int latest_first(const void *a, const void *b)
{
	const struct image_stored *x = a, *y = b;

	if (x->used != y->used)
		return x->used < y->used ? 1 : -1;
	return memcmp(x->sha256, y->sha256, OTA_SHA256_SIZE);
}

static int list_take(struct image_store_list *list, const struct image_stored *item)
{
	struct image_stored *more = realloc(list->items, (list->count + 1) * sizeof(*more));

	if (!more)
		return -OTA_ENOMEM;
	list->items = more;
	list->items[list->count++] = *item;
	list->bytes += item->size;
	return 0;
}

/* Removes a temporary file of file_save(), "SHA256.bin.XXXXXX", whose program was killed. */
static void drop_left_behind(int folder, const char *name, const struct stat *st)
{
	if (strncmp(name + strspn(name, "0123456789abcdef"), SUFFIX ".", sizeof(SUFFIX)) == 0 &&
	    strlen(name) == NAME_SIZE + 6 && st->st_mtime < time(NULL) - LEFT_BEHIND_S)
		(void)unlinkat(folder, name, 0);
}

static int read_folder(DIR *dir, bool clean, struct image_store_list *ret)
{
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(dir)) != NULL) {
		struct image_stored item;
		struct stat st;

		if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		item.size = (uint64_t)st.st_size;
		item.used = st.st_mtime;
		if (parse_name(entry->d_name, item.sha256))
			r = list_take(ret, &item);
		else if (clean)
			drop_left_behind(dirfd(dir), entry->d_name, &st);
	}
	return r;
}

static int list_folder(const char *folder, bool clean, struct image_store_list *ret, char *error,
		       size_t size)
{
	DIR *dir = opendir(folder);
	int r;

	memset(ret, 0, sizeof(*ret));
	error[0] = '\0';
	if (!dir)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : cannot(folder, "cannot be read", errno, error, size);
	r = read_folder(dir, clean, ret);
	(void)closedir(dir);
	if (r < 0)
		image_store_list_finish(ret);
	else if (ret->count > 0)
		qsort(ret->items, ret->count, sizeof(*ret->items), latest_first);
	return r;
}

int image_store_list(struct image_store_list *ret, char *error, size_t size)
{
	char folder[PATH_MAX];

	memset(ret, 0, sizeof(*ret));
	if (image_store_folder(folder, sizeof(folder)) < 0)
		return 0;
	return list_folder(folder, false, ret, error, size);
}

void image_store_list_finish(struct image_store_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

int image_store_prune(size_t count, uint64_t bytes, size_t *ret_count, uint64_t *ret_bytes,
		      char *error, size_t size)
{
	struct image_store_list list;
	char folder[PATH_MAX], path[PATH_MAX];
	uint64_t kept = 0;
	int r;

	*ret_count = 0;
	*ret_bytes = 0;
	if (image_store_folder(folder, sizeof(folder)) < 0)
		return 0;
	r = list_folder(folder, true, &list, error, size);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		const struct image_stored *item = &list.items[i];

		kept += item->size;
		if (i < count && kept <= bytes)
			continue;
		(void)path_of(item->sha256, path);
		/* A file that another program removed first counts as removed. */
		if (unlink(path) == 0) {
			(*ret_count)++;
			*ret_bytes += item->size;
		} else if (errno != ENOENT) {
			r = cannot(path, "cannot be removed", errno, error, size);
		}
	}
	image_store_list_finish(&list);
	return r;
}
