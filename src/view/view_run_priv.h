/* SPDX-License-Identifier: Apache-2.0 */
/* A recorded run in words, line by line, for the file that draws them. */
#ifndef OTABENCH_VIEW_VIEW_RUN_PRIV_H
#define OTABENCH_VIEW_VIEW_RUN_PRIV_H

#include "view/view_history.h"

#define VIEW_RUN_LINES_MAX 640u

struct view_run_line {
	enum cells_style style;
	bool follows; /* belongs to the line above */
	bool is_key; /* of the profile: its label is long */
	char label[32], text[JOB_TEXT_MAX + 64];
};

struct view_run_text {
	struct view_run_line at[VIEW_RUN_LINES_MAX];
	size_t count;
};

/* The run and its result, its events, the keys of its profile. */
void view_run_words(struct view_run_text *l, const struct history_detail *d);
enum cells_style view_mark_style(enum history_mark_kind kind);

#endif
