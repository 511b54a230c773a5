/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes behind a flash model, in memory or in a file.  Apart from
 * flash.c so that the model itself knows no file.
 */
#ifndef OTABENCH_BOARD_FLASH_FILE_H
#define OTABENCH_BOARD_FLASH_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flash_file {
	uint8_t *data;
	uint32_t size;
	bool mapped; /* data is not of the heap */
	int fd; /* -1: in memory */
	bool created, published;
	char *path, *made; /* its name, and the one before it is published */
};

/* Errors and ret_text as flash_init(); size is a multiple of 64 KiB. */
int flash_file_open(const char *path, uint32_t size, struct flash_file *ret, char *ret_text,
		    size_t text_size);
/* Brings a part of data, which has size bytes, into the file.  -OTA_EIO: it cannot be written, or
 * has another size than it had. */
int flash_file_store(const struct flash_file *file, uint32_t size, uint32_t offset, uint32_t len);
/* Gives a new file its name, now that it holds what it should.  -OTA_EBUSY: there is such a file. */
int flash_file_publish(struct flash_file *file);
void flash_file_free(struct flash_file *file);

#endif
