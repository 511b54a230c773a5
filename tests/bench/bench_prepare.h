/* SPDX-License-Identifier: Apache-2.0 */
/* An update of a slot that was erased before. */
#ifndef OTABENCH_BENCH_PREPARE_H
#define OTABENCH_BENCH_PREPARE_H

#include <stdint.h>

/* Bytes per second from START to DONE, of an image of that size; sim: --sim's value.  0: it
 * failed. */
double bench_prepared(const char *sim, const char *chip, uint32_t size);

#endif
