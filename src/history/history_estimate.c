/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The expected time of an update, and the best that was reached, from the runs that were like it.
 */
#include "history/history_priv.h"

#include <stdlib.h>
#include <string.h>

/* The keys that decide how an image is sent; patience and what follows do not. */
static const enum profile_key sending[] = {
	PROFILE_KEY_CHUNK,
	PROFILE_KEY_WRITE_MODE,
	PROFILE_KEY_WINDOW,
	PROFILE_KEY_PACING,
	PROFILE_KEY_ACK_INTERVAL,
	PROFILE_KEY_MTU_MAX,
	PROFILE_KEY_BASIC_PACING,
	PROFILE_KEY_CONNECTION_INTERVAL,
	PROFILE_KEY_PERIPHERAL_LATENCY,
	PROFILE_KEY_SUPERVISION_TIMEOUT,
	PROFILE_KEY_PHY,
	PROFILE_KEY_DATA_LENGTH,
};
#define SENDING ((int)(sizeof(sending) / sizeof(sending[0])))

/*
 * Only whole updates count: a refused, interrupted or late resumed one takes another time.  What
 * a run did not record (of an older program) does not contradict.
 */
#define LIKE_IT                                                                                    \
	"FROM runs WHERE state = 'ended' AND goal = 'update' "                                     \
	"AND outcome IN ('confirmed', 'unconfirmed', 'delivered') AND virtual_clock = ?1 "         \
	"AND seconds_us > 0 AND bytes > 0 AND bytes * 2 > size "                                   \
	"AND (?2 IS NULL OR address = ?2) AND (?3 IS NULL OR chip = ?3) "                          \
	"AND (?4 IS NULL OR COALESCE(adapter, '') IN ('', ?4)) "                                   \
	"AND (?5 = 0 OR buffers = 0 OR (buffers = ?5 AND buffer_octets = ?6 AND refill = ?7)) "    \
	"AND (?8 IS NULL OR options = ?8) "
/* A key that a run's program did not have was at its default. */
#define WITH_VALUE                                                                                 \
	"AND COALESCE((SELECT asked FROM parameters WHERE run = runs.id AND key = ?%d), ?%d) "     \
	"= ?%d "
#define OWN_PARAMETERS 8 /* before those of the keys: each its name, default and value */
#define SQL_MAX (1536 + SENDING * 128)

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

static void bind_text(sqlite3_stmt *s, int at, const char *text)
{
	if (text && text[0] != '\0')
		(void)sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
}

static void bind_keys(sqlite3_stmt *s, const struct profile *profile)
{
	char value[SETTING_TEXT_MAX];
	struct profile defaults;
	int at = OWN_PARAMETERS;

	profile_defaults(&defaults);
	for (int i = 0; i < SENDING; i++) {
		const enum profile_key key = sending[i];

		bind_text(s, ++at, profile_settings()[key].name);
		bind_text(s, ++at, profile_get(&defaults, key, value, sizeof(value)));
		bind_text(s, ++at, profile_get(profile, key, value, sizeof(value)));
	}
}

static void bind_question(sqlite3_stmt *s, const struct history_question *q)
{
	(void)sqlite3_bind_int(s, 1, q->virtual_clock);
	bind_text(s, 2, q->address);
	bind_text(s, 3, q->chip);
	bind_text(s, 4, q->link ? q->link->adapter : NULL);
	(void)sqlite3_bind_int(s, 5, q->link ? q->link->buffers : 0);
	(void)sqlite3_bind_int(s, 6, q->link ? q->link->buffer_octets : 0);
	(void)sqlite3_bind_int(s, 7, q->link ? q->link->refill : 0);
	bind_text(s, 8, q->options);
	if (q->profile)
		bind_keys(s, q->profile);
}

/* what of the runs that are like it, in this order; NULL after history_failed(). */
static sqlite3_stmt *ask(struct history *history, const char *what,
			 const struct history_question *q, const char *order)
{
	char sql[SQL_MAX];
	size_t len = (size_t)snprintf(sql, sizeof(sql), "SELECT %s " LIKE_IT, what);
	int at = OWN_PARAMETERS;
	sqlite3_stmt *s;

	for (int i = 0; i < SENDING && q->profile && len < sizeof(sql); i++, at += 3)
		len += (size_t)snprintf(sql + len, sizeof(sql) - len, WITH_VALUE, at + 1, at + 2,
					at + 3);
	if (len < sizeof(sql))
		(void)snprintf(sql + len, sizeof(sql) - len, "%s", order);
	s = history_prepare(history, sql);
	if (s)
		bind_question(s, q);
	return s;
}

/* The same of any device of that chip. */
static struct history_question of_chip(const struct history_question *q)
{
	struct history_question other = *q;

	other.address = NULL;
	return other;
}

static bool names_chip(const struct history_question *q)
{
	return q->address && q->chip && q->chip[0] != '\0';
}

static int estimate(struct history *history, const struct history_question *question,
		    struct history_estimate *ret)
{
	double per_byte[HISTORY_ESTIMATE_RUNS]; /* microseconds */
	sqlite3_stmt *s = ask(history, "seconds_us, bytes", question, "ORDER BY id DESC");
	size_t count = 0;
	int rc = SQLITE_DONE, r = 0;

	if (!s)
		return history_failed(history, sqlite3_errcode(history->db));
	while (count < HISTORY_ESTIMATE_RUNS && (rc = sqlite3_step(s)) == SQLITE_ROW)
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

int history_estimate(struct history *history, const struct history_question *question,
		     struct history_estimate *ret)
{
	struct history_question own = *question;
	int r;

	if (own.address)
		own.chip = NULL; /* the device's; the run may not know it */
	r = estimate(history, &own, ret);
	if (r == 0 && ret->runs == 0 && names_chip(question)) {
		own = of_chip(question);
		r = estimate(history, &own, ret);
		if (r == 0)
			ret->other_device = ret->runs > 0;
	}
	return r;
}

static int best(struct history *history, const struct history_question *question,
		struct history_best *ret)
{
	sqlite3_stmt *s = ask(history, "id, goodput, profile, COALESCE(profile_changed, 0)",
			      question, "ORDER BY goodput DESC, id DESC LIMIT 1");
	const unsigned char *name;
	int rc, r = 0;

	if (!s)
		return history_failed(history, sqlite3_errcode(history->db));
	memset(ret, 0, sizeof(*ret));
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		const int64_t goodput = sqlite3_column_int64(s, 1);

		ret->id = sqlite3_column_int64(s, 0);
		ret->goodput = (uint32_t)history_whole((double)goodput, UINT32_MAX);
		name = sqlite3_column_text(s, 2);
		(void)snprintf(ret->profile, sizeof(ret->profile), "%s",
			       name ? (const char *)name : "");
		ret->profile_changed = sqlite3_column_int(s, 3) != 0;
	} else if (rc != SQLITE_DONE) {
		r = history_failed(history, rc);
	}
	(void)sqlite3_finalize(s);
	return r;
}

int history_best(struct history *history, const struct history_question *question,
		 struct history_best *ret)
{
	struct history_question any = *question;
	int r;

	any.profile = NULL;
	if (any.address)
		any.chip = NULL;
	r = best(history, &any, ret);
	if (r == 0 && ret->id == 0 && names_chip(question)) {
		any = of_chip(question);
		any.profile = NULL;
		r = best(history, &any, ret);
		if (r == 0)
			ret->other_device = ret->id != 0;
	}
	return r;
}
