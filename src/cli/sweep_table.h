/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A search for settings on a terminal: the best so far and the others behind it, and which
 * PHY and interval gave what.  Text of fixed width, in ASCII.
 */
#ifndef OTABENCH_CLI_SWEEP_TABLE_H
#define OTABENCH_CLI_SWEEP_TABLE_H

#include "sweep/sweep.h"

#include <stdio.h>

#define SWEEP_TABLE_LINE 256u
#define SWEEP_TABLE_LINES 24u

struct sweep_table {
	char line[SWEEP_TABLE_LINES][SWEEP_TABLE_LINE];
	size_t count;
};

/* Up to rows lines of at most width columns.  now: the measurement under way, or NULL. */
void sweep_table_make(struct sweep_table *t, const struct sweep *s, const struct sweep_request *now,
		      size_t rows, size_t width);
/* Drawn over itself. */
struct sweep_screen {
	FILE *out; /* a terminal, or NULL: nothing is drawn */
	size_t lines; /* drawn last */
};
void sweep_screen_draw(struct sweep_screen *screen, const struct sweep *s,
		       const struct sweep_request *now);
/* Before anything else is written to the terminal. */
void sweep_screen_clear(struct sweep_screen *screen);

#endif
