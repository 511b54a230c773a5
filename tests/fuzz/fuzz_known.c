/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a known device, as anybody may have made or damaged it.  Once as it is, and once
 * with a head that fits: without that no change would get behind the checksum.
 */
#include "host/known.h"
#include "kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Facts that were read can be compared and told, and written again as the same. */
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
	kept_try("otabench-known 1 ", data, size, try_text);
	return 0;
}
