/* SPDX-License-Identifier: Apache-2.0 */
/* Images that deflate as real ones do: what image_build() makes is noise. */
#ifndef OTABENCH_CODELIKE_H
#define OTABENCH_CODELIKE_H

#include <stddef.h>
#include <stdint.h>

/* Leaves half of the bits of a good image's segments, except for its descriptor; it is as long
 * then as before, which is returned. */
size_t code_like(uint8_t *image, size_t size);

#endif
