/* SPDX-License-Identifier: Apache-2.0 */
/* Between grade.c (connections and commands) and grade_data.c (values and notifications). */
#ifndef OTABENCH_SERVE_GRADE_PRIV_H
#define OTABENCH_SERVE_GRADE_PRIV_H

#include "serve/grade.h"

void grade_broke(struct grade *g, enum grade_rule rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* There was an occasion, and it was not broken. */
void grade_kept(struct grade *g, enum grade_rule rule);
/* The session is over without DONE: values under way still come. */
void grade_leave(struct grade *g);

#endif
