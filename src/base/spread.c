/* SPDX-License-Identifier: Apache-2.0 */
/* See spread.h. */
#include "base/spread.h"

#include <string.h>

static uint32_t apart(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* Insertion: there are few. */
static void sort(uint32_t *figures, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const uint32_t figure = figures[i];
		size_t at = i;

		for (; at > 0 && figures[at - 1] > figure; at--)
			figures[at] = figures[at - 1];
		figures[at] = figure;
	}
}

void spread_of(const uint32_t *figures, size_t count, struct spread *ret)
{
	uint32_t sorted[SPREAD_MAX];

	memset(ret, 0, sizeof(*ret));
	if (count > SPREAD_MAX)
		count = SPREAD_MAX;
	if (count == 0)
		return;
	memcpy(sorted, figures, count * sizeof(sorted[0]));
	sort(sorted, count);
	ret->count = count;
	ret->lowest = sorted[0];
	ret->highest = sorted[count - 1];
	ret->median = (uint32_t)(((uint64_t)sorted[(count - 1) / 2] + sorted[count / 2] + 1u) / 2u);
	if (ret->median > 0) {
		const uint64_t ppm =
			(uint64_t)(ret->highest - ret->lowest) * 1000000u / ret->median;

		ret->ppm = ppm < UINT32_MAX ? (uint32_t)ppm : UINT32_MAX;
	}
	for (size_t i = 1; i < count; i++) {
		if (apart(figures[i], ret->median) < apart(figures[ret->nearest], ret->median))
			ret->nearest = i;
	}
}
