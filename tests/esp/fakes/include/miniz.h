/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of esp_rom's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_MINIZ_H
#define FAKE_MINIZ_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned char mz_uint8;
typedef unsigned int mz_uint32;

enum { TINFL_FLAG_HAS_MORE_INPUT = 2 };

typedef enum {
	TINFL_STATUS_FAILED = -1,
	TINFL_STATUS_DONE = 0,
	TINFL_STATUS_NEEDS_MORE_INPUT = 1,
	TINFL_STATUS_HAS_MORE_OUTPUT = 2
} tinfl_status;

/* The size is that on a chip: 10992 bytes. */
typedef struct {
	mz_uint32 m_state, m_num_bits;
	mz_uint32 m_others[2746];
} tinfl_decompressor;

#define tinfl_init(r) ((r)->m_state = 0)

tinfl_status tinfl_decompress(tinfl_decompressor *r, const mz_uint8 *pIn_buf_next,
			      size_t *pIn_buf_size, mz_uint8 *pOut_buf_start,
			      mz_uint8 *pOut_buf_next, size_t *pOut_buf_size,
			      mz_uint32 decomp_flags);

#endif
