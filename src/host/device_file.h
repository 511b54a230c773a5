/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that keep something about one device each, in a folder of $XDG_STATE_HOME/otabench: their
 * names, and the first line of their text, which has a version and the SHA-256 of what follows it.
 * What half a write or a bad disk left is not taken for such a file.
 */
#ifndef OTABENCH_HOST_DEVICE_FILE_H
#define OTABENCH_HOST_DEVICE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* The place of real devices.  That of simulated ones is the folder that keeps their flash: the
 * same address elsewhere is another device. */
#define DEVICE_PLACE_AIR "air"
#define DEVICE_PLACE_MAX PATH_MAX

struct device_file {
	const char *folder; /* "journals" */
	const char *suffix; /* ".journal" */
	const char *head; /* begins the first line: "otabench-journal " */
	const char *what; /* in sentences: "a journal" */
	char version;
	size_t size_max; /* bytes; more is none of these */
};

/* -OTA_EINVAL: neither XDG_STATE_HOME nor HOME is set, or it is too long. */
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
/* "FILE: WHY", safe to print; returns code. */
int device_file_cannot(const char *path, const char *why, int code, char *error, size_t size);

/* Reads values of an object, and keeps what is wrong with it. */
struct device_reader {
	const char *bad; /* the key that is missing or out of range, the last; NULL: none */
};

json_int_t device_reader_number(struct device_reader *r, const json_t *from, const char *key,
				json_int_t most);
bool device_reader_truth(struct device_reader *r, const json_t *from, const char *key);
/* A text that fits and ends where it seems to. */
void device_reader_text(struct device_reader *r, const json_t *from, const char *key, char *ret,
			size_t size);
/* Hexadecimal digits of exactly len bytes. */
void device_reader_bytes(struct device_reader *r, const json_t *from, const char *key, void *ret,
			 size_t len);
/* A text, which may be any bytes, as device_reader_text() takes it. */
json_t *device_text_json(const char *text);

#endif
