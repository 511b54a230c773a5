/* SPDX-License-Identifier: Apache-2.0 */
/* A capture of whatever program: it is judged to its end, or refused. */
#include "config.h" /* system extensions: fmemopen() */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/diagnose_capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct diagnose_capture d;
	FILE *in;

	if (size == 0)
		return 0;
	in = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!in)
		return 0;
	if (diagnose_capture(in, &d) == 0)
		for (size_t i = 0; i < d.count; i++)
			if (d.found[i].evidence[0] == '\0')
				abort();
	(void)fclose(in);
	return 0;
}
