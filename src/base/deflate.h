/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of a compressed stream (docs/protocol.md, section 16), by zlib: how the host makes
 * them, and how a device that is not a chip inflates them.
 */
#ifndef OTABENCH_BASE_DEFLATE_H
#define OTABENCH_BASE_DEFLATE_H

#include "ota/decoder.h"

/* Windows, log2 of bytes: RFC 1951 reaches back 32 KiB. */
#define DEFLATE_WINDOW_LEAST 12u
#define DEFLATE_WINDOW_MOST 15u

/* Bytes that deflate_block() needs at most for len bytes. */
#define DEFLATE_BLOCK_ROOM(len) (OTA_BLOCK_HEAD + (len))

/*
 * One block: head, and in deflated, or stored where that is no longer.  len is at most
 * OTA_BLOCK_MOST.  The same zlib makes the same bytes of the same arguments.  The length
 * written to out, -OTA_EINVAL for a window or len out of range, -OTA_ENOSPC, -OTA_ENOMEM.
 */
int deflate_block(const uint8_t *in, uint32_t len, unsigned int window, uint8_t *out,
		  uint32_t room);

/*
 * The inflate stage of a decoder.  Its end, by inflate_destroy(), is the caller's.
 * -OTA_EINVAL, -OTA_ENOMEM.
 */
int inflate_create(unsigned int window, struct ota_stage *ret);
void inflate_destroy(struct ota_stage *stage);

#endif
