/* SPDX-License-Identifier: Apache-2.0 */
/* See journal.h: the files, the claim on a device, and the image that a journal means. */
#include "config.h" /* system extensions: F_OFD_SETLK */

#include "host/journal.h"

#include "host/image_file.h"
#include "patch/patch_file.h"
#include "host/recent_images.h"

#include "base/file_save.h"
#include "base/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define BESIDE_MAX 1000u /* files of a folder that are looked at */

/* --- one file */

int journal_path(const char *place, const char *address, char *buf, size_t size)
{
	return device_file_path(&journal_kind, place, address, buf, size);
}

int journal_load(const char *place, const char *address, struct journal *ret, char *error,
		 size_t size)
{
	return device_file_find(&journal_kind, place, address, ret, error, size);
}

int journal_save(const struct journal *j, char *error, size_t size)
{
	size_t len = 0;
	char *text = journal_format(j, &len);
	const int r =
		device_file_write(&journal_kind, j->place, j->address, text, len, error, size);

	free(text);
	return r;
}

void journal_drop(const char *place, const char *address)
{
	device_file_drop(&journal_kind, place, address);
}

/* --- all of them */

static int latest_first(const void *a, const void *b)
{
	const struct journal *x = a, *y = b;

	return (x->order < y->order) - (x->order > y->order);
}

struct listing {
	struct journal_list *list;
	const char *place; /* NULL: all are listed */
};

static bool list_keep(void *ctx, const void *item)
{
	const struct listing *l = ctx;
	const struct journal *j = item;

	if (j->order > l->list->order)
		l->list->order = j->order;
	return !l->place || strcmp(j->place, l->place) == 0;
}

int journal_list(const char *place, struct journal_list *ret)
{
	struct listing listing = {.list = ret, .place = place};
	void *items;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = device_file_list(&journal_kind, list_keep, &listing, &items, &ret->count, ret->bad,
			     sizeof(ret->bad));
	ret->items = items;
	if (ret->count > 0)
		qsort(ret->items, ret->count, sizeof(*ret->items), latest_first);
	return r;
}

void journal_list_finish(struct journal_list *list)
{
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

void journal_prune(void)
{
	struct journal_list list;

	if (journal_list(NULL, &list) < 0)
		return;
	for (size_t i = JOURNALS_MAX; i < list.count; i++)
		journal_drop(list.items[i].place, list.items[i].address);
	journal_list_finish(&list);
}

int journal_find(const char *place, const char *typed, struct journal *ret, char *error,
		 size_t size)
{
	const bool address = scan_is_address(typed);
	struct journal_list list;
	size_t found = 0;
	int r = journal_list(place, &list);

	if (r < 0)
		return r;
	for (size_t i = 0; i < list.count; i++) {
		if (strcasecmp(address ? list.items[i].address : list.items[i].name, typed) != 0)
			continue;
		if (found++ == 0)
			*ret = list.items[i];
	}
	if (found == 0 && list.bad[0] != '\0') {
		(void)snprintf(error, size, "%s", list.bad);
		r = -OTA_EBADMSG;
	} else if (found != 1) {
		r = found == 0 ? -OTA_ENOENT : -OTA_EINVAL;
	}
	journal_list_finish(&list);
	return r;
}

/* --- the claim: a byte of one file, which belongs to the device */

static struct flock claim_of(const char *place, const char *address)
{
	uint8_t hash[OTA_SHA256_SIZE];
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	char both[JOURNAL_PLACE_MAX + SCAN_ADDRESS_SIZE];

	(void)snprintf(both, sizeof(both), "%s %s", address, place);
	sha256_buffer((const uint8_t *)both, strlen(both), hash);
	for (size_t i = 0; i < 7; i++)
		lock.l_start = lock.l_start << 8 | hash[i];
	return lock;
}

static int open_lock(int flags)
{
	char path[PATH_MAX], folder[PATH_MAX - 8];

	if (device_file_folder(&journal_kind, folder, sizeof(folder)) < 0)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/lock", folder);
	if (flags & O_CREAT)
		file_make_folders(path);
	return open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | flags, 0600);
}

int journal_lock(const char *place, const char *address)
{
	struct flock lock = claim_of(place, address);
	const int fd = open_lock(O_CREAT);
	int r = -OTA_EIO;

	if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return fd;
	if (fd >= 0 && (errno == EAGAIN || errno == EACCES))
		r = -OTA_EBUSY;
	if (fd >= 0)
		(void)close(fd);
	return r;
}

bool journal_is_claimed(const char *place, const char *address)
{
	struct flock lock = claim_of(place, address);
	const int fd = open_lock(0);
	bool is;

	if (fd < 0)
		return false;
	is = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	(void)close(fd);
	return is;
}

/* --- the image */

static bool has_image(const struct journal_image *i, const char *path)
{
	struct image_file file;
	struct patch_file patch;
	uint8_t hash[OTA_SHA256_SIZE];
	char error[256];
	struct stat st;
	bool is;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > (off_t)IMAGE_FILE_MAX ||
	    image_file_init_regular(&file, path, error, sizeof(error)) < 0)
		return false;
	if (patch_file_is(file.data, file.size)) {
		is = patch_file_parse(&patch, file.data, file.size, error, sizeof(error)) == 0;
		if (is) {
			is = memcmp(patch.image_sha256, i->sha256, sizeof(hash)) == 0;
			patch_file_finish(&patch);
		}
	} else {
		sha256_buffer(file.data, file.size, hash);
		is = file.size == i->size && memcmp(hash, i->sha256, sizeof(hash)) == 0;
	}
	image_file_finish(&file);
	return is;
}

static bool take(const struct journal_image *i, const char *candidate, char path[PATH_MAX])
{
	if (!has_image(i, candidate))
		return false;
	(void)snprintf(path, PATH_MAX, "%s", candidate);
	return true;
}

static bool find_recent(const struct journal_image *i, char path[PATH_MAX])
{
	struct recent_images *recent = calloc(1, sizeof(*recent));
	bool found = false;

	if (!recent)
		return false;
	recent_images_load(recent);
	for (size_t k = 0; k < recent->count && !found; k++)
		found = take(i, recent->paths[k], path);
	free(recent);
	return found;
}

/* A build keeps its files in one folder, and a renamed file is mostly still there. */
static bool find_beside(const struct journal_image *i, char path[PATH_MAX])
{
	char folder[PATH_MAX], candidate[2 * PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	(void)snprintf(folder, sizeof(folder), "%s", i->path);
	*(strrchr(folder, '/') + 1) = '\0';
	dir = opendir(folder);
	for (size_t n = 0; dir && !found && n < BESIDE_MAX && (entry = readdir(dir)); n++) {
		(void)snprintf(candidate, sizeof(candidate), "%s%s", folder, entry->d_name);
		if (strlen(candidate) < PATH_MAX)
			found = take(i, candidate, path);
	}
	if (dir)
		(void)closedir(dir);
	return found;
}

bool journal_find_image(const struct journal_image *i, char path[PATH_MAX])
{
	return take(i, i->path, path) || find_recent(i, path) || find_beside(i, path);
}
