/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal's file, as anybody may have made or damaged it.  Once as it is, and once with a head
 * that fits: without that no change would get behind the checksum.
 */
#include "host/journal.h"
#include "kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A journal that was read can be shown, and written again as the same. */
static void use(const struct journal *j)
{
	char at[64], age[64], name[PATH_MAX], path[PATH_MAX], why[128], *text;
	struct journal *back = calloc(1, sizeof(*back));
	size_t len = 0;

	(void)journal_path(j->place, j->address, path, sizeof(path));
	for (size_t i = 0; i < j->count; i++) {
		(void)journal_stopped_at(&j->images[i], at, sizeof(at));
		(void)journal_image_name(&j->images[i], name, sizeof(name));
		if (journal_percent(&j->images[i]) > 100)
			abort();
	}
	(void)journal_age(j, 1, age, sizeof(age));
	text = journal_format(j, &len);
	if (text && back && len <= JOURNAL_FILE_MAX &&
	    (journal_parse(text, len, back, why, sizeof(why)) < 0 || back->order != j->order ||
	     strcmp(back->images[0].path, j->images[0].path) != 0))
		abort();
	free(text);
	free(back);
}

static void try_text(const char *text, size_t len)
{
	struct journal *j = calloc(1, sizeof(*j));
	char why[128];

	if (j && journal_parse(text, len, j, why, sizeof(why)) == 0)
		use(j);
	free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kept_try("otabench-journal 1 ", data, size, try_text);
	return 0;
}
