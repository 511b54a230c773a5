/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue of bytes in one piece, growing as needed.
 *
 * The link model keeps frames, fragments and received PDUs in such queues, each
 * behind a small header of its own, so that nothing is allocated per PDU.
 */
#ifndef OTABENCH_BASE_FIFO_H
#define OTABENCH_BASE_FIFO_H

#include <stddef.h>
#include <stdint.h>

/* All zeros is an empty queue. */
struct fifo {
	uint8_t *data;
	size_t size; /* allocated */
	size_t head; /* of the first byte */
	size_t len; /* bytes queued */
};

void fifo_finish(struct fifo *fifo);
/* Space for len more bytes at the end, for the caller to fill before anything
 * else; NULL when memory is out, and nothing changed. */
uint8_t *fifo_push(struct fifo *fifo, size_t len);
/* The first byte; valid until the next push.  Only when fifo->len > 0. */
const uint8_t *fifo_peek(const struct fifo *fifo);
/* Drops len bytes, at most all. */
void fifo_pop(struct fifo *fifo, size_t len);
/* Drops len bytes behind the first at; at + len <= fifo->len. */
void fifo_cut(struct fifo *fifo, size_t at, size_t len);

#endif
