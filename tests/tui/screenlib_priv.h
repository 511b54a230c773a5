/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations that the files of the test screens share. */
#ifndef OTABENCH_SCREENLIB_PRIV_H
#define OTABENCH_SCREENLIB_PRIV_H

#include "screenlib.h"

#define SCREENLIB_ADDRESS "24:6F:28:AA:10:02" /* the device that most of them show */

/* Tabs, message and keys around a view; returns the view's area. */
struct area screenlib_frame(struct cells *cells, enum view view, const char *message,
			    const char *keys);

/* --- screenlib_scan.c */
void screenlib_scan(struct cells *cells);
void screenlib_scan_empty(struct cells *cells);

/* --- screenlib_image.c */
void screenlib_image(struct cells *cells);
void screenlib_image_alone(struct cells *cells);
void screenlib_image_chooser(struct cells *cells);
void screenlib_image_compare(struct cells *cells);
void screenlib_image_downgrade(struct cells *cells);
void screenlib_image_error(struct cells *cells);
void screenlib_image_none(struct cells *cells);
void screenlib_image_refused(struct cells *cells);

/* --- screenlib_history.c */
void screenlib_history(struct cells *cells);
void screenlib_history_empty(struct cells *cells);
void screenlib_history_compare(struct cells *cells);
void screenlib_history_run(struct cells *cells);
void screenlib_history_killed(struct cells *cells);
void screenlib_history_trend(struct cells *cells);
void screenlib_history_trend_long(struct cells *cells);

/* --- screenlib_profile.c */
void screenlib_profile(struct cells *cells);
void screenlib_profile_chooser(struct cells *cells);
void screenlib_profile_diff(struct cells *cells);
void screenlib_profile_errors(struct cells *cells);
void screenlib_profile_forced(struct cells *cells);

#endif
