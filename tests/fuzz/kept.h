/* SPDX-License-Identifier: Apache-2.0 */
/* Input for what reads a file that is kept of a device (host/device_file.h). */
#ifndef OTABENCH_FUZZ_KEPT_H
#define OTABENCH_FUZZ_KEPT_H

#include <stddef.h>
#include <stdint.h>

/*
 * The input as it is, and once more behind the first line that fits it: without that no change
 * would get behind the checksum.  head is that line up to the checksum.
 */
void kept_try(const char *head, const uint8_t *data, size_t size,
	      void (*try_text)(const char *text, size_t len));

#endif
