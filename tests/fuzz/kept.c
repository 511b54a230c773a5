/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include "base/hex.h"
#include "base/sha256.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void kept_try(const char *head, const uint8_t *data, size_t size,
	      void (*try_text)(const char *text, size_t len))
{
	const size_t head_size = strlen(head) + 2 * OTA_SHA256_SIZE + 1;
	/* Room for a first line is taken from the input, so that the corpus holds whole files. */
	const uint8_t *body = size > head_size ? data + head_size : data;
	const size_t len = size > head_size ? size - head_size : size;
	char *text = malloc(head_size + len + 1), digits[2 * OTA_SHA256_SIZE + 1];
	uint8_t hash[OTA_SHA256_SIZE];

	try_text((const char *)data, size);
	if (!text)
		return;
	sha256_buffer(body, len, hash);
	(void)snprintf(text, head_size + 1, "%s%s\n", head, hex_encode(hash, sizeof(hash), digits));
	memcpy(text + head_size, body, len);
	try_text(text, head_size + len);
	free(text);
}
