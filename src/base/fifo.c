/* SPDX-License-Identifier: Apache-2.0 */
/* Moves what is left to the front only when that is less than what was taken
 * since, so that a byte is moved once on average. */
#include "base/fifo.h"

#include <stdlib.h>
#include <string.h>

#define FIFO_SIZE_MIN 4096u

void fifo_finish(struct fifo *fifo)
{
	free(fifo->data);
	*fifo = (struct fifo){0};
}

uint8_t *fifo_push(struct fifo *fifo, size_t len)
{
	size_t size = fifo->size ? fifo->size : FIFO_SIZE_MIN;
	uint8_t *data;

	if (len > SIZE_MAX / 4u || fifo->len > SIZE_MAX / 4u)
		return NULL;
	if (fifo->size - fifo->head - fifo->len < len && fifo->head > fifo->len) {
		memmove(fifo->data, fifo->data + fifo->head, fifo->len);
		fifo->head = 0;
	}
	if (fifo->size - fifo->head - fifo->len < len) {
		while (size - fifo->head - fifo->len < len)
			size *= 2u;
		data = realloc(fifo->data, size);
		if (!data)
			return NULL;
		fifo->data = data;
		fifo->size = size;
	}
	data = fifo->data + fifo->head + fifo->len;
	fifo->len += len;
	return data;
}

const uint8_t *fifo_peek(const struct fifo *fifo)
{
	return fifo->data + fifo->head;
}

void fifo_pop(struct fifo *fifo, size_t len)
{
	if (len >= fifo->len) {
		fifo->head = 0;
		fifo->len = 0;
		return;
	}
	fifo->head += len;
	fifo->len -= len;
}

void fifo_cut(struct fifo *fifo, size_t at, size_t len)
{
	uint8_t *p = fifo->data + fifo->head + at;

	memmove(p, p + len, fifo->len - at - len);
	fifo->len -= len;
}
