/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The median of repeated measurements, and how far they lie apart.  Of few runs, a mean would
 * follow the one in which something else was going on.
 *
 * Pure: no allocation.
 */
#ifndef OTABENCH_BASE_SPREAD_H
#define OTABENCH_BASE_SPREAD_H

#include <stddef.h>
#include <stdint.h>

#define SPREAD_MAX 100u /* figures at most; further ones are left out */

struct spread {
	size_t count;
	/* The middle figure, of an even number the mean of the two in the middle, rounded up
	 * where that ends in a half. */
	uint32_t median;
	uint32_t lowest, highest;
	uint32_t ppm; /* highest - lowest, of the median; 0 where that is 0 */
	/* The first of the figures that lie nearest to the median: the one to show for all. */
	size_t nearest;
};

/* count 0: all is 0.  The figures stay as they are. */
void spread_of(const uint32_t *figures, size_t count, struct spread *ret);

#endif
