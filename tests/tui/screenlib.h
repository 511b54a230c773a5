/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screens for tests: states as an operator meets them, made by hand, so that
 * every view can be drawn at every size without a device.
 */
#ifndef OTABENCH_SCREENLIB_H
#define OTABENCH_SCREENLIB_H

#include "view/view.h"

/* One entry a picture: a file tests/tui/pictures/NAME.txt. */
struct screen_case {
	const char *name;
	/* Draws the whole screen. */
	void (*draw)(struct cells *cells);
};
extern const struct screen_case screen_cases[];
extern const size_t screen_case_count;

#endif
