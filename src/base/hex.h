/* SPDX-License-Identifier: Apache-2.0 */
/* Octets as hexadecimal text: lower case, two digits each, nothing in between. */
#ifndef OTABENCH_BASE_HEX_H
#define OTABENCH_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

/* ret holds 2 * len + 1 characters; returns ret. */
char *hex_encode(const uint8_t *buf, size_t len, char *ret);
/* The first 2 * len characters of text, which may end early; -OTA_EBADMSG, ret undefined. */
int hex_decode(const char *text, uint8_t *ret, size_t len);

#endif
