/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ROM's tinfl_decompress(), over zlib: its parameters, what it tells, and the bytes that it
 * takes behind the end, as miniz 9.1.15 does.  A distance beyond the buffer is damage here; the
 * ROM wraps it.
 */
#include "fake.h"
#include "miniz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "esp_rom_crc.h"

#define IN_ROM_AHEAD 3u /* bytes that its bit buffer may have taken too many */

static z_stream stream; /* one at a time; m_state != 0: it is that of the caller's */
static size_t window_size;

static bool begin(tinfl_decompressor *r, size_t size)
{
	int bits = 0;

	while ((size_t)1 << bits < size)
		bits++;
	if (window_size != 0)
		(void)inflateEnd(&stream);
	memset(&stream, 0, sizeof(stream));
	window_size = size;
	r->m_state = 1;
	r->m_num_bits = 0;
	return inflateInit2(&stream, -bits) == Z_OK;
}

void fake_tinfl_boot(void)
{
	if (window_size != 0)
		(void)inflateEnd(&stream);
	window_size = 0;
}

tinfl_status tinfl_decompress(tinfl_decompressor *r, const mz_uint8 *pIn_buf_next,
			      size_t *pIn_buf_size, mz_uint8 *pOut_buf_start,
			      mz_uint8 *pOut_buf_next, size_t *pOut_buf_size,
			      mz_uint32 decomp_flags)
{
	const size_t size = (size_t)(pOut_buf_next - pOut_buf_start) + *pOut_buf_size;
	const bool begins = r->m_state == 0;
	uInt ahead;
	int rc;

	fake_assert_unlocked("tinfl_decompress");
	if (size == 0 || (size & (size - 1)) != 0)
		fake_broke("tinfl_decompress: the buffer is no power of two");
	if (decomp_flags != TINFL_FLAG_HAS_MORE_INPUT)
		fake_broke("tinfl_decompress: reads behind its input");
	if ((begins && !begin(r, size)) || window_size != size)
		return TINFL_STATUS_FAILED;
	stream.next_in = (z_const Bytef *)pIn_buf_next;
	stream.avail_in = (uInt)*pIn_buf_size;
	stream.next_out = pOut_buf_next;
	stream.avail_out = (uInt)*pOut_buf_size;
	rc = inflate(&stream, Z_NO_FLUSH);
	if (rc == Z_STREAM_END) {
		ahead = stream.avail_in < IN_ROM_AHEAD ? stream.avail_in : IN_ROM_AHEAD;
		stream.avail_in -= ahead;
		r->m_num_bits = 8u * ahead;
	}
	*pIn_buf_size -= stream.avail_in;
	*pOut_buf_size -= stream.avail_out;
	if (rc == Z_STREAM_END)
		return TINFL_STATUS_DONE;
	if (rc != Z_OK && rc != Z_BUF_ERROR)
		return TINFL_STATUS_FAILED;
	/* zlib does not say whether more waits; the next call yields nothing then. */
	return stream.avail_out == 0 ? TINFL_STATUS_HAS_MORE_OUTPUT : TINFL_STATUS_NEEDS_MORE_INPUT;
}

uint32_t esp_rom_crc32_le(uint32_t crc, const uint8_t *buf, uint32_t len)
{
	return (uint32_t)crc32(crc, buf, len);
}
