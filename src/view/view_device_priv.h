/* SPDX-License-Identifier: Apache-2.0 */
/* The dashboard, between view_device.c and the file of its figures. */
#ifndef OTABENCH_VIEW_VIEW_DEVICE_PRIV_H
#define OTABENCH_VIEW_VIEW_DEVICE_PRIV_H

#include "view/layout.h"
#include "view/view.h"

/* A run has begun and not ended. */
bool view_device_runs(const struct view_device *v);

void view_bar_draw(const struct view_device *v, struct cells *cells, struct area area);
/* Ring, erase and write times, as the device tells them. */
void view_telemetry_draw(const struct view_device *v, struct cells *cells, struct area area);
/* In one row. */
void view_rates_draw(const struct view_device *v, struct cells *cells, struct area area);
/* In as many rows as there are. */
void view_figures_draw(const struct view_device *v, struct cells *cells, struct area area);
/* Head, bar and rates of a screen that has no room for more. */
void view_small_draw(const struct view_device *v, const struct layout_device *l,
		     struct cells *cells);

#endif
