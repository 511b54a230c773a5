/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integers as most formats here have them: little-endian, at any address.  ota_core
 * reads and writes its PDUs by tables of its own, as it is compiled without src.
 */
#ifndef OTABENCH_BASE_BYTES_H
#define OTABENCH_BASE_BYTES_H

#include <stdint.h>

static inline uint16_t bytes_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t bytes_get32(const uint8_t *p)
{
	return bytes_get16(p) | (uint32_t)bytes_get16(p + 2) << 16;
}

static inline uint64_t bytes_get64(const uint8_t *p)
{
	return bytes_get32(p) | (uint64_t)bytes_get32(p + 4) << 32;
}

/* The lower octets of value. */
static inline void bytes_put16(uint8_t *p, uint64_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
}

static inline void bytes_put32(uint8_t *p, uint64_t value)
{
	bytes_put16(p, value);
	bytes_put16(p + 2, value >> 16);
}

static inline void bytes_put64(uint8_t *p, uint64_t value)
{
	bytes_put32(p, value);
	bytes_put32(p + 4, value >> 32);
}

#endif
