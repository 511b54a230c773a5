/* SPDX-License-Identifier: Apache-2.0 */
/* An archive that somebody sent: its recording is found in it, or it is refused with a word. */
#include "config.h" /* system extensions: fmemopen() */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/archive.h"
#include "replay/scrub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[300] = "", *text = NULL;
	size_t len = 0;
	struct scrub s;
	FILE *in;
	int rc;

	if (size == 0)
		return 0;
	in = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!in)
		return 0;
	(void)archive_is(in);
	rc = archive_take(in, "run.trace", &text, &len, why, sizeof(why));
	(void)fclose(in);
	if (rc < 0 && why[0] == '\0')
		abort();
	if (rc == 0) {
		scrub_init(&s, true);
		scrub_learn(&s, text, len);
		free(text);
		text = NULL;
	}
	/* The same bytes as a recording: what is written of it is as long a text, or longer. */
	scrub_init(&s, true);
	scrub_learn(&s, (const char *)data, size);
	text = scrub_trace(&s, (const char *)data, size, &len);
	free(text);
	return 0;
}
