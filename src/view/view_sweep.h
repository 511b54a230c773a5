/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep over a view: what it looks for, the settings measured, a map of the links, the best. */
#ifndef OTABENCH_VIEW_SWEEP_H
#define OTABENCH_VIEW_SWEEP_H

#include "sweep/sweep.h"
#include "view/view.h"

struct view_sweep {
	const char *device; /* safe to print */
	bool simulated;
	enum sweep_objective objective; /* as chosen */
	bool runs; /* it is under way: the objective stays */
	bool over; /* the best was found */
	const struct sweep *sweep; /* NULL: none was begun */
	const struct sweep_request *now; /* the measurement under way; NULL: none */
	const char *state; /* of the job: "sending 54%"; "" none */
	const char *told; /* how it ended: the profile written, or why not; "" nothing */
	enum cells_style told_style;
	size_t first; /* row of the table that stands at the top */
};
void view_sweep_draw(const struct view_sweep *v, struct cells *cells, struct area area);
/* Rows of its table: every setting once. */
size_t view_sweep_rows(const struct sweep *s);

#endif
