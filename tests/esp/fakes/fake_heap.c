/* SPDX-License-Identifier: Apache-2.0 */
/* The heap: what of it is in use, and that a restart forgets it. */
#include "fake.h"

#include "esp_heap_caps.h"

#include <stdlib.h>

#define BLOCKS 8

static struct {
	void *bytes;
	size_t size;
} blocks[BLOCKS];

static int find(const void *bytes)
{
	for (int i = 0; i < BLOCKS; i++)
		if (blocks[i].bytes == bytes)
			return i;
	fake_broke(bytes ? "memory is freed that is none" : "too many blocks of memory");
	return -1;
}

void *heap_caps_malloc(size_t size, uint32_t caps)
{
	const int at = find(NULL);

	(void)caps;
	if (at < 0 || fake_board.no_heap)
		return NULL;
	blocks[at].bytes = malloc(size);
	blocks[at].size = size;
	return blocks[at].bytes;
}

void heap_caps_free(void *ptr)
{
	const int at = ptr ? find(ptr) : -1;

	if (at < 0)
		return;
	free(ptr);
	blocks[at].bytes = NULL;
	blocks[at].size = 0;
}

size_t fake_heap_used(void)
{
	size_t used = 0;

	for (int i = 0; i < BLOCKS; i++)
		used += blocks[i].size;
	return used;
}

void fake_heap_boot(void)
{
	for (int i = 0; i < BLOCKS; i++)
		if (blocks[i].bytes)
			heap_caps_free(blocks[i].bytes);
}
