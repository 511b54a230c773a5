/* SPDX-License-Identifier: Apache-2.0 */
/* The recover menu in words: what happened, and the choices of host/recover.h. */
#ifndef OTABENCH_VIEW_VIEW_RECOVER_H
#define OTABENCH_VIEW_VIEW_RECOVER_H

#include "host/recover.h"
#include "view/view.h"

#define RECOVER_FACTS_MAX 8u

/* The strings of choices are list's: it must stay where it is. */
struct recover_menu {
	struct recover_list list;
	size_t fact_count;
	struct view_choice choices[RECOVER_CHOICES_MAX + 1]; /* of list's, in its order */
	enum cells_style what; /* of the first fact, what happened */
	char facts[RECOVER_FACTS_MAX][VIEW_TEXT];
};

void view_recover_fill(const struct recover_known *known, struct recover_menu *menu);

#endif
