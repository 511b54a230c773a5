/* SPDX-License-Identifier: Apache-2.0 */
/* How long an update will take, from those that were like it. */
#include "history/history_priv.h"

#include <stdlib.h>
#include <string.h>

/* Only whole updates count: a refused, interrupted or late resumed one takes another time. */
#define SQL                                                                                        \
	"SELECT seconds_us, bytes FROM runs WHERE state = 'ended' AND goal = 'update' "            \
	"AND outcome IN (?5, ?6, ?7) AND virtual_clock = ?1 "                                      \
	"AND seconds_us > 0 AND bytes > 0 AND bytes * 2 > size "                                   \
	"AND (?2 IS NULL OR address = ?2) AND (?3 IS NULL OR profile = ?3) "                       \
	"ORDER BY id DESC LIMIT ?4"

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(values[0]), ascending);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2.0;
}

static void bind(sqlite3_stmt *s, const struct history_question *q)
{
	static const enum session_outcome good[] = {SESSION_CONFIRMED, SESSION_UNCONFIRMED,
						    SESSION_DELIVERED};

	(void)sqlite3_bind_int(s, 1, q->virtual_clock);
	if (q->address)
		(void)sqlite3_bind_text(s, 2, q->address, -1, SQLITE_STATIC);
	if (q->profile)
		(void)sqlite3_bind_text(s, 3, q->profile, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int(s, 4, HISTORY_ESTIMATE_RUNS);
	for (int i = 0; i < 3; i++)
		(void)sqlite3_bind_text(s, 5 + i, session_outcome_name(good[i]), -1, SQLITE_STATIC);
}

int history_estimate(struct history *history, const struct history_question *question,
		     struct history_estimate *ret)
{
	double per_byte[HISTORY_ESTIMATE_RUNS]; /* microseconds */
	sqlite3_stmt *s = history_prepare(history, SQL);
	size_t count = 0;
	int rc, r = 0;

	if (!s)
		return history_failed(history, sqlite3_errcode(history->db));
	bind(s, question);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && count < HISTORY_ESTIMATE_RUNS)
		per_byte[count++] = sqlite3_column_double(s, 0) / sqlite3_column_double(s, 1);
	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		r = history_failed(history, rc);
	(void)sqlite3_finalize(s);
	if (r < 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	ret->runs = (unsigned int)count;
	if (count > 0)
		ret->us = history_whole(median(per_byte, count) * question->size, INT64_MAX);
	return 0;
}
