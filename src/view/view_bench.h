/* SPDX-License-Identifier: Apache-2.0 */
/* The bench over a view: its parts, the runs as they end, and their results. */
#ifndef OTABENCH_VIEW_BENCH_H
#define OTABENCH_VIEW_BENCH_H

#include "host/bench.h"
#include "view/view.h"

struct view_bench {
	const char *device; /* safe to print */
	bool simulated;
	struct bench_plan plan; /* as chosen; parts may be 0 */
	uint32_t possible; /* 1u << enum bench_part: those that can be chosen */
	size_t selected; /* part */
	bool runs; /* a run is under way: nothing can be chosen */
	const struct bench *bench; /* its runs so far; NULL: none was begun */
	struct bench_turn turn; /* the run under way */
	const char *state; /* of it: "sending 54%"; "" none */
	const uint64_t *time; /* of it, BUDGET_TRANSFER_SHARES; NULL: none */
	const char *failed; /* why the bench ended early; "" it did not */
};
void view_bench_draw(const struct view_bench *v, struct cells *cells, struct area area);

#endif
