/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes behind a flash model, in memory or in a mapped file.  Apart from
 * flash.c so that the model itself knows no file.
 */
#ifndef OTABENCH_BOARD_FLASH_FILE_H
#define OTABENCH_BOARD_FLASH_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flash_file {
	uint8_t *data;
	int fd; /* -1: in memory */
	bool created;
};

/* Errors and ret_text as flash_init(). */
int flash_file_open(const char *path, uint32_t size, struct flash_file *ret, char *ret_text,
		    size_t text_size);
void flash_file_close(uint8_t *data, uint32_t size, int fd);

#endif
