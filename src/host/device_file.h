/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that keep something about one device each, in a folder of $XDG_STATE_HOME/otabench: their
 * names, and the first line of their text, which has a version and the SHA-256 of what follows it.
 * What half a write or a bad disk left is not taken for such a file.
 */
#ifndef OTABENCH_HOST_DEVICE_FILE_H
#define OTABENCH_HOST_DEVICE_FILE_H

#include "host/scan.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* The place of real devices.  That of simulated ones is the folder that keeps their flash: the
 * same address elsewhere is another device. */
#define DEVICE_PLACE_AIR "air"
#define DEVICE_PLACE_MAX PATH_MAX
/* Bytes of a sentence that names a file. */
#define DEVICE_FILE_TEXT_MAX 4096u

/* Reads values of an object, and keeps what is wrong with it. */
struct device_reader {
	const char *bad; /* the key that is missing or out of range, the last; NULL: none */
};

struct device_file {
	const char *folder; /* "journals" */
	const char *suffix; /* ".journal" */
	const char *head; /* begins the first line: "otabench-journal " */
	const char *what; /* in sentences: "a journal" */
	char version;
	size_t size_max; /* bytes; more is none of these */
	/* An item is what such a file tells: a struct of so many bytes. */
	size_t item_size;
	void (*item_from)(struct device_reader *r, const json_t *from, void *item);
	const char *(*item_place)(const void *item);
};

/*
 * The folder of such files.  -OTA_EINVAL: neither XDG_STATE_HOME nor HOME is set, or it is too
 * long.
 */
int device_file_folder(const struct device_file *kind, char *buf, size_t size);
/* The file of a device.  -OTA_EINVAL: as above, or no address. */
int device_file_path(const struct device_file *kind, const char *place, const char *address,
		     char *buf, size_t size);

/* The first line and the object behind it.  To be freed; NULL: out of memory. */
char *device_file_format(const struct device_file *kind, const json_t *object, size_t *ret_len);
/* The object, to be released; NULL with words in why. */
json_t *device_file_parse(const struct device_file *kind, const char *text, size_t len, char *why,
			  size_t size);

/*
 * The text of a file, to be freed.  0; -OTA_ENOENT none; -OTA_EIO with a sentence that names the
 * file; -OTA_ENOMEM.
 */
int device_file_read(const struct device_file *kind, const char *path, char **ret, size_t *ret_len,
		     char *error, size_t size);
/* 0, or the errors of file_save() with a sentence; -OTA_EINVAL no folder; -OTA_ENOMEM, also for
 * text NULL. */
int device_file_write(const struct device_file *kind, const char *place, const char *address,
		      const char *text, size_t len, char *error, size_t size);
/* None: nothing to do. */
void device_file_drop(const struct device_file *kind, const char *place, const char *address);
/* Each file of the folder, in any order, until take() returns something else than 0, which is
 * returned. */
int device_file_each(const struct device_file *kind, int (*take)(void *ctx, const char *path),
		     void *ctx);
/* The item that a text tells.  -OTA_EBADMSG with words in why: nothing is changed. */
int device_file_item(const struct device_file *kind, const char *text, size_t len, void *item,
		     char *why, size_t size);
/* The same of a file, with the errors of device_file_read(), and a sentence. */
int device_file_load(const struct device_file *kind, const char *path, void *item, char *error,
		     size_t size);
/* The same of the device's file: one of another place, whose name happens to be the same, is none.
 * The item is changed where there is one. */
int device_file_find(const struct device_file *kind, const char *place, const char *address,
		     void *item, char *error, size_t size);
/*
 * The items of all files that keep(), NULL: each, says true of.  0 with *ret to be freed, NULL
 * where there are none; -OTA_ENOMEM.  A file that cannot be read is passed over; the sentence on
 * the last of them is put into bad, which is "" otherwise.
 */
int device_file_list(const struct device_file *kind, bool (*keep)(void *ctx, const void *item),
		     void *ctx, void **ret, size_t *ret_count, char *bad, size_t size);
/* "FILE: WHY", safe to print; returns code. */
int device_file_cannot(const char *path, const char *why, int code, char *error, size_t size);

json_int_t device_reader_number(struct device_reader *r, const json_t *from, const char *key,
				json_int_t most);
bool device_reader_truth(struct device_reader *r, const json_t *from, const char *key);
/* A text that fits and ends where it seems to. */
void device_reader_text(struct device_reader *r, const json_t *from, const char *key, char *ret,
			size_t size);
/* The device: its place, its address, and its name, which becomes safe to print. */
void device_reader_device(struct device_reader *r, const json_t *from, char place[DEVICE_PLACE_MAX],
			  char address[SCAN_ADDRESS_SIZE], char name[SCAN_NAME_SIZE]);
/* Hexadecimal digits of exactly len bytes. */
void device_reader_bytes(struct device_reader *r, const json_t *from, const char *key, void *ret,
			 size_t len);
/* A text, which may be any bytes, as device_reader_text() takes it. */
json_t *device_text_json(const char *text);

#endif
