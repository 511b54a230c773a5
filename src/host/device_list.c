/* SPDX-License-Identifier: Apache-2.0 */
/* See device_file.h: items, from texts and files to lists of them. */
#include "host/device_file.h"

#include "base/output.h"
#include "ota/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void device_reader_device(struct device_reader *r, const json_t *from, char place[DEVICE_PLACE_MAX],
			  char address[SCAN_ADDRESS_SIZE], char name[SCAN_NAME_SIZE])
{
	char safe[SCAN_NAME_SIZE];

	device_reader_text(r, from, "place", place, DEVICE_PLACE_MAX);
	device_reader_text(r, from, "address", address, SCAN_ADDRESS_SIZE);
	if (!scan_is_address(address))
		r->bad = "address";
	device_reader_text(r, from, "name", name, SCAN_NAME_SIZE);
	(void)output_safe_text(name, strlen(name), safe, sizeof(safe));
	(void)snprintf(name, SCAN_NAME_SIZE, "%s", safe);
}

int device_file_item(const struct device_file *kind, const char *text, size_t len, void *item,
		     char *why, size_t size)
{
	struct device_reader r = {.bad = NULL};
	json_t *json = device_file_parse(kind, text, len, why, size);
	void *read;

	if (!json)
		return -OTA_EBADMSG;
	read = calloc(1, kind->item_size);
	if (!read)
		r.bad = "memory";
	else
		kind->item_from(&r, json, read);
	if (!r.bad)
		memcpy(item, read, kind->item_size);
	free(read);
	json_decref(json);
	if (!r.bad)
		return 0;
	(void)snprintf(why, size, "damaged: %s is missing or out of range", r.bad);
	return -OTA_EBADMSG;
}

int device_file_load(const struct device_file *kind, const char *path, void *item, char *error,
		     size_t size)
{
	char *text = NULL, why[128];
	size_t len = 0;
	int r = device_file_read(kind, path, &text, &len, error, size);

	if (r == 0 && (r = device_file_item(kind, text, len, item, why, sizeof(why))) < 0)
		(void)device_file_cannot(path, why, r, error, size);
	free(text);
	return r;
}

int device_file_find(const struct device_file *kind, const char *place, const char *address,
		     void *item, char *error, size_t size)
{
	void *read = calloc(1, kind->item_size);
	char path[PATH_MAX];
	int r = device_file_path(kind, place, address, path, sizeof(path));

	if (!read)
		return -OTA_ENOMEM;
	r = r < 0 ? -OTA_ENOENT : device_file_load(kind, path, read, error, size);
	/* Eight bytes of a hash are no proof of where it is from. */
	if (r == 0 && strcmp(kind->item_place(read), place) != 0)
		r = -OTA_ENOENT;
	if (r == 0)
		memcpy(item, read, kind->item_size);
	free(read);
	return r;
}

/* --- all of them */

struct listing {
	const struct device_file *kind;
	bool (*keep)(void *ctx, const void *item);
	void *ctx;
	char *items; /* of item_size bytes each */
	size_t count, size;
	char *bad;
};

static int list_add(void *ctx, const char *path)
{
	struct listing *l = ctx;
	char *more = realloc(l->items, (l->count + 1) * l->kind->item_size), *item;
	char error[DEVICE_FILE_TEXT_MAX];
	int r;

	if (!more)
		return -OTA_ENOMEM;
	l->items = more;
	item = more + l->count * l->kind->item_size;
	r = device_file_load(l->kind, path, item, error, sizeof(error));
	if (r == -OTA_ENOMEM)
		return r;
	if (r < 0 && r != -OTA_ENOENT)
		(void)snprintf(l->bad, l->size, "%s", error);
	if (r == 0 && (!l->keep || l->keep(l->ctx, item)))
		l->count++;
	return 0;
}

int device_file_list(const struct device_file *kind, bool (*keep)(void *ctx, const void *item),
		     void *ctx, void **ret, size_t *ret_count, char *bad, size_t size)
{
	struct listing l = {.kind = kind, .keep = keep, .ctx = ctx, .bad = bad, .size = size};
	int r;

	bad[0] = '\0';
	r = device_file_each(kind, list_add, &l);
	if (r < 0 || l.count == 0) {
		free(l.items);
		l.items = NULL;
		l.count = 0;
	}
	*ret = l.items;
	*ret_count = l.count;
	return r;
}
