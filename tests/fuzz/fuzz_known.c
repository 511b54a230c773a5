/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a known device, as anybody may have made or damaged it.  Once as it is, and once
 * with a head that fits: without that no change would get behind the checksum.
 */
#include "base/hex.h"
#include "base/sha256.h"
#include "host/known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read can be compared and told, and written again as the same. */
static void use(const struct known *k)
{
	struct known *back = calloc(1, sizeof(*back));
	struct ota_info info = {.running_size = 1};
	char why[128], words[512], *text;
	unsigned int changes = known_compare(k, &info, false);
	size_t len = 0;

	if (changes & KNOWN_IMAGE && k->image_count == 0)
		abort();
	(void)known_changes_text(k, &info, changes, words, sizeof(words));
	text = known_format(k, &len);
	if (text && back && len <= KNOWN_FILE_MAX &&
	    (known_parse(text, len, back, why, sizeof(why)) < 0 ||
	     back->image_count != k->image_count || known_compare(back, &info, false) != changes))
		abort();
	free(text);
	free(back);
}

static void try_text(const char *text, size_t len)
{
	struct known *k = calloc(1, sizeof(*k));
	char why[128];

	if (k && known_parse(text, len, k, why, sizeof(why)) == 0)
		use(k);
	free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "otabench-known 1 ";
	const size_t head_size = sizeof(head) - 1 + 2 * OTA_SHA256_SIZE + 1;
	/* What a head may be is left out, so that the corpus holds whole files. */
	const uint8_t *body = size > head_size ? data + head_size : data;
	const size_t len = size > head_size ? size - head_size : size;
	char *text = malloc(head_size + len + 1), digits[2 * OTA_SHA256_SIZE + 1];
	uint8_t hash[OTA_SHA256_SIZE];

	try_text((const char *)data, size);
	if (!text)
		return 0;
	sha256_buffer(body, len, hash);
	(void)snprintf(text, head_size + 1, "%s%s\n", head, hex_encode(hash, sizeof(hash), digits));
	memcpy(text + head_size, body, len);
	try_text(text, head_size + len);
	free(text);
	return 0;
}
