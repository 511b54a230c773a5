/* SPDX-License-Identifier: Apache-2.0 */
/* See journal.h: the files, the claim on a device, and the image that a journal means. */
#include "config.h" /* system extensions: F_OFD_SETLK */

#include "host/journal.h"

#include "host/image_file.h"
#include "host/recent_images.h"

#include "base/file_read.h"
#include "base/file_save.h"
#include "base/hex.h"
#include "base/output.h"
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

#define PLACE_HASH 8u /* bytes of it in a file's name */
#define SUFFIX ".journal"
#define BESIDE_MAX 1000u /* files of a folder that are looked at */

/* --- names */

static int folder_path(char *buf, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const bool xdg = state && state[0] == '/';
	int n;

	if (!xdg && !(home && home[0] == '/'))
		return -OTA_EINVAL;
	n = snprintf(buf, size, "%s%s/otabench/journals", xdg ? state : home,
		     xdg ? "" : "/.local/state");
	return n > 0 && (size_t)n < size ? 0 : -OTA_EINVAL;
}

static void place_hash(const char *place, uint8_t ret[OTA_SHA256_SIZE])
{
	sha256_buffer((const uint8_t *)place, strlen(place), ret);
}

int journal_path(const char *place, const char *address, char *buf, size_t size)
{
	char folder[PATH_MAX], digits[SCAN_ADDRESS_SIZE] = "", sim[2 * PLACE_HASH + 8] = "";
	uint8_t hash[OTA_SHA256_SIZE];
	size_t len = 0;
	int n;

	if (!scan_is_address(address) || folder_path(folder, sizeof(folder)) < 0)
		return -OTA_EINVAL;
	for (const char *c = address; *c; c++) {
		if (*c != ':')
			digits[len++] = *c >= 'a' && *c <= 'f' ? (char)(*c - 'a' + 'A') : *c;
	}
	if (strcmp(place, JOURNAL_AIR) != 0) {
		memcpy(sim, "-sim", 4);
		place_hash(place, hash);
		(void)hex_encode(hash, PLACE_HASH, sim + 4);
	}
	n = snprintf(buf, size, "%s/%s%s" SUFFIX, folder, digits, sim);
	return n > 0 && (size_t)n < size ? 0 : -OTA_EINVAL;
}

/* --- one file */

static int cannot(const char *path, const char *why, int code, char *error, size_t size)
{
	char safe[PATH_MAX];

	(void)output_safe_text(path, strlen(path), safe, sizeof(safe));
	(void)snprintf(error, size, "%s: %s", safe, why);
	return code;
}

static int load_file(const char *path, struct journal *ret, char *error, size_t size)
{
	FILE *in = file_read_stream(path);
	char *text, why[128];
	size_t len;
	int r;

	if (!in && errno == ENOENT)
		return -OTA_ENOENT;
	if (!in)
		return cannot(path, file_read_why(errno), -OTA_EIO, error, size);
	text = malloc(JOURNAL_FILE_MAX + 1);
	len = text ? fread(text, 1, JOURNAL_FILE_MAX + 1, in) : 0;
	if (!text)
		r = -OTA_ENOMEM;
	else if (ferror(in))
		r = cannot(path, "cannot be read", -OTA_EIO, error, size);
	else if ((r = journal_parse(text, len, ret, why, sizeof(why))) < 0)
		(void)cannot(path, why, r, error, size);
	free(text);
	(void)fclose(in);
	return r;
}

int journal_load(const char *place, const char *address, struct journal *ret, char *error,
		 size_t size)
{
	char path[PATH_MAX];
	int r = journal_path(place, address, path, sizeof(path));

	if (r < 0)
		return -OTA_ENOENT;
	r = load_file(path, ret, error, size);
	/* Eight bytes of a hash are no proof of where it is from. */
	return r == 0 && strcmp(ret->place, place) != 0 ? -OTA_ENOENT : r;
}

int journal_save(const struct journal *j, char *error, size_t size)
{
	char path[PATH_MAX], *text;
	size_t len = 0;
	int r = journal_path(j->place, j->address, path, sizeof(path));

	if (r < 0) {
		(void)snprintf(error, size, "neither HOME nor XDG_STATE_HOME is set");
		return r;
	}
	text = journal_format(j, &len);
	if (text)
		r = file_save_as(path, FILE_SAVE_REPLACE | FILE_SAVE_PRIVATE | FILE_SAVE_FOLDERS,
				 text, len, error, size);
	else
		r = cannot(path, "out of memory", -OTA_ENOMEM, error, size);
	free(text);
	return r;
}

void journal_drop(const char *place, const char *address)
{
	char path[PATH_MAX];

	if (journal_path(place, address, path, sizeof(path)) == 0)
		(void)unlink(path);
}

/* --- all of them */

static bool is_journal(const char *name)
{
	const size_t len = strlen(name);

	return len > strlen(SUFFIX) && strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int latest_first(const void *a, const void *b)
{
	const struct journal *x = a, *y = b;

	return (x->order < y->order) - (x->order > y->order);
}

static int list_add(struct journal_list *list, const char *path, const char *place)
{
	struct journal *more = realloc(list->items, (list->count + 1) * sizeof(*more));
	char error[JOURNAL_TEXT_MAX];
	int r;

	if (!more)
		return -OTA_ENOMEM;
	list->items = more;
	r = load_file(path, &more[list->count], error, sizeof(error));
	if (r == -OTA_ENOMEM)
		return r;
	if (r < 0 && r != -OTA_ENOENT)
		memcpy(list->bad, error, sizeof(list->bad));
	if (r < 0)
		return 0;
	if (more[list->count].order > list->order)
		list->order = more[list->count].order;
	if (!place || strcmp(more[list->count].place, place) == 0)
		list->count++;
	return 0;
}

int journal_list(const char *place, struct journal_list *ret)
{
	char folder[PATH_MAX], path[PATH_MAX];
	struct dirent *entry;
	DIR *dir = NULL;
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	if (folder_path(folder, sizeof(folder)) == 0)
		dir = opendir(folder);
	while (dir && r == 0 && (entry = readdir(dir)) != NULL) {
		if (is_journal(entry->d_name) &&
		    (size_t)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) <
			    sizeof(path))
			r = list_add(ret, path, place);
	}
	if (dir)
		(void)closedir(dir);
	if (r == 0 && ret->count > 0)
		qsort(ret->items, ret->count, sizeof(*ret->items), latest_first);
	if (r < 0)
		journal_list_finish(ret);
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
	place_hash(both, hash);
	for (size_t i = 0; i < 7; i++)
		lock.l_start = lock.l_start << 8 | hash[i];
	return lock;
}

static int open_lock(int flags)
{
	char path[PATH_MAX], folder[PATH_MAX - 8];

	if (folder_path(folder, sizeof(folder)) < 0)
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
	uint8_t hash[OTA_SHA256_SIZE];
	char error[256];
	struct stat st;
	bool is;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != (off_t)i->size ||
	    image_file_init_regular(&file, path, error, sizeof(error)) < 0)
		return false;
	sha256_buffer(file.data, i->size, hash);
	is = memcmp(hash, i->sha256, sizeof(hash)) == 0;
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
