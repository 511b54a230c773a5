/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading runs.  The file may have been damaged or written by anybody: every
 * text is cut to its member, every number brought into its range.
 */
#include "history/history_priv.h"

#include "base/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define KEYS_MAX 256u
#define SERIES_MAX 1000000u /* rows of one run */

/* --- one value */

static void history_read_read_text(sqlite3_stmt *s, int at, char *buf, size_t size)
{
	const unsigned char *text = sqlite3_column_text(s, at);

	(void)snprintf(buf, size, "%s", text ? (const char *)text : "");
}

static uint64_t bounded(int64_t value, uint64_t max)
{
	if (value < 0)
		return 0;
	return (uint64_t)value > max ? max : (uint64_t)value;
}

static uint32_t read_u32(sqlite3_stmt *s, int at)
{
	return (uint32_t)bounded(sqlite3_column_int64(s, at), UINT32_MAX);
}

static int8_t read_rssi(sqlite3_stmt *s, int at)
{
	const int64_t value = sqlite3_column_int64(s, at);

	return sqlite3_column_type(s, at) == SQLITE_NULL || value < -127 || value > 127
		       ? 127
		       : (int8_t)value;
}

static void read_int(const struct history_column *column, int64_t value, void *to)
{
	int8_t i8;
	int32_t i32;

	switch (column->size) {
	case sizeof(i8):
		i8 = value < -127 || value > 127 ? 127 : (int8_t)value;
		memcpy(to, &i8, sizeof(i8));
		break;
	case sizeof(i32):
		i32 = value < INT32_MIN || value > INT32_MAX ? 0 : (int32_t)value;
		memcpy(to, &i32, sizeof(i32));
		break;
	default: /* the only other size there is: 8 */
		memcpy(to, &value, sizeof(value));
		break;
	}
}

static void read_uint(const struct history_column *column, int64_t value, void *to)
{
	const uint8_t u8 = (uint8_t)bounded(value, UINT8_MAX);
	const uint16_t u16 = (uint16_t)bounded(value, UINT16_MAX);
	const uint32_t u32 = (uint32_t)bounded(value, UINT32_MAX);
	const uint64_t u64 = bounded(value, INT64_MAX);

	switch (column->size) {
	case sizeof(u8):
		memcpy(to, &u8, sizeof(u8));
		break;
	case sizeof(u16):
		memcpy(to, &u16, sizeof(u16));
		break;
	case sizeof(u32):
		memcpy(to, &u32, sizeof(u32));
		break;
	default: /* the only other size there is: 8 */
		memcpy(to, &u64, sizeof(u64));
		break;
	}
}

/* Every enum here is an int, as the compiler has it; an unknown word is its first value. */
static void read_word(const struct history_column *column, sqlite3_stmt *s, int at, void *to)
{
	const char *text = (const char *)sqlite3_column_text(s, at);
	int value = 0;

	if (!text && column->since > 0)
		return; /* older than the column: known from others, or not at all */
	for (int i = 0; text && i < column->words; i++) {
		if (strcmp(column->word(i), text) == 0)
			value = i;
	}
	memcpy(to, &value, sizeof(value));
}

static void read_column(const struct history_column *column, sqlite3_stmt *s, int at,
			struct history_run *run)
{
	char *to = (char *)run + column->offset;
	const void *bytes;
	double real;
	bool flag;

	switch (column->kind) {
	case HISTORY_COLUMN_INT:
		read_int(column, sqlite3_column_int64(s, at), to);
		break;
	case HISTORY_COLUMN_UINT:
		read_uint(column, sqlite3_column_int64(s, at), to);
		break;
	case HISTORY_COLUMN_BOOL:
		flag = sqlite3_column_int64(s, at) != 0;
		memcpy(to, &flag, sizeof(flag));
		break;
	case HISTORY_COLUMN_REAL:
		real = sqlite3_column_double(s, at);
		memcpy(to, &real, sizeof(real));
		break;
	case HISTORY_COLUMN_TEXT:
		history_read_read_text(s, at, to, column->size);
		break;
	case HISTORY_COLUMN_BYTES:
		bytes = sqlite3_column_blob(s, at);
		if (bytes && (size_t)sqlite3_column_bytes(s, at) == column->size)
			memcpy(to, bytes, column->size);
		break;
	case HISTORY_COLUMN_WORD:
		read_word(column, s, at, to);
		break;
	case HISTORY_COLUMN_FLAG:
		column->take(run, sqlite3_column_int64(s, at) != 0);
		break;
	}
}

/* --- runs */

#define OWN_COLUMNS 5 /* before those of the table */

static sqlite3_stmt *select_runs(struct history *history, const char *rest)
{
	char sql[4096] = "SELECT id, state, pid, pid_start, boot";
	size_t len = strlen(sql);

	for (size_t i = 0; i < history_column_count && len < sizeof(sql); i++)
		len += (size_t)snprintf(sql + len, sizeof(sql) - len,
					history_columns[i].since <= history->version ? ", \"%s\""
										     : ", NULL",
					history_columns[i].name);
	(void)snprintf(sql + len, sizeof(sql) - len, " FROM runs %s", rest);
	return history_prepare(history, sql);
}

static void read_run(sqlite3_stmt *s, struct history_run *run)
{
	struct history_process process = {0};
	char state[16];

	memset(run, 0, sizeof(*run));
	run->id = sqlite3_column_int64(s, 0);
	history_read_read_text(s, 1, state, sizeof(state));
	process.pid = sqlite3_column_int64(s, 2);
	process.start = sqlite3_column_int64(s, 3);
	history_read_read_text(s, 4, process.boot, sizeof(process.boot));
	for (size_t i = 0; i < history_column_count; i++)
		read_column(&history_columns[i], s, OWN_COLUMNS + (int)i, run);
	if (strcmp(state, "ended") == 0)
		run->state = HISTORY_ENDED;
	else if (strcmp(state, "left") == 0)
		run->state = HISTORY_LEFT;
	else
		run->state = history_process_lives(&process) ? HISTORY_RUNNING : HISTORY_KILLED;
}

/* Room for one more of count elements of size bytes; NULL: no memory, *array as it was. */
static void *history_read_grow(void **array, size_t count, size_t size)
{
	/* At 16, 32, 64 ...: whenever count is a power of two. */
	if (count == 0 || (count >= 16 && (count & (count - 1)) == 0)) {
		void *larger = realloc(*array, (count < 16 ? 16 : count * 2) * size);

		if (!larger)
			return NULL;
		*array = larger;
	}
	return (char *)*array + count * size;
}

int history_list(struct history *history, size_t limit, struct history_run **ret, size_t *ret_count)
{
	sqlite3_stmt *s = select_runs(history, "ORDER BY id DESC LIMIT ?");
	void *runs = NULL;
	size_t count = 0;
	int rc = SQLITE_ERROR, r = 0;

	if (!s)
		return history_failed(history, sqlite3_errcode(history->db));
	(void)sqlite3_bind_int64(s, 1, (sqlite3_int64)bounded((int64_t)limit, INT_MAX));
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct history_run *run = history_read_grow(&runs, count, sizeof(*run));

		if (!run) {
			rc = SQLITE_NOMEM;
			break;
		}
		read_run(s, run);
		count++;
	}
	if (rc != SQLITE_DONE)
		r = rc == SQLITE_NOMEM ? -OTA_ENOMEM : history_failed(history, rc);
	(void)sqlite3_finalize(s);
	if (r < 0) {
		free(runs);
		return r;
	}
	*ret = runs;
	*ret_count = count;
	return 0;
}

/* --- one run with everything */

static void read_key(sqlite3_stmt *s, void *to)
{
	struct history_key *key = to;

	history_read_read_text(s, 0, key->name, sizeof(key->name));
	history_read_read_text(s, 1, key->asked, sizeof(key->asked));
	history_read_read_text(s, 2, key->in_force, sizeof(key->in_force));
}

static void read_sample(sqlite3_stmt *s, void *to)
{
	struct history_sample *sample = to;

	sample->at_us = bounded(sqlite3_column_int64(s, 0), INT64_MAX);
	sample->queued = read_u32(s, 1);
	sample->received = read_u32(s, 2);
	sample->flushed = read_u32(s, 3);
	sample->rate = read_u32(s, 4);
	sample->rssi = read_rssi(s, 5);
	sample->ring_known = sqlite3_column_type(s, 6) != SQLITE_NULL;
	sample->ring = read_u32(s, 6);
}

static void read_mark(sqlite3_stmt *s, void *to)
{
	struct history_mark *mark = to;
	char kind[16];

	mark->at_us = bounded(sqlite3_column_int64(s, 0), INT64_MAX);
	history_read_read_text(s, 1, kind, sizeof(kind));
	mark->kind = HISTORY_STATE;
	for (int i = 0; i < HISTORY_MARKS; i++) {
		if (strcmp(history_mark_name((enum history_mark_kind)i), kind) == 0)
			mark->kind = (enum history_mark_kind)i;
	}
	mark->value = read_u32(s, 2);
	history_read_read_text(s, 3, mark->text, sizeof(mark->text));
}

/* All rows of one of the run's tables. */
static int load_rows(struct history *history, const char *sql, int64_t id, size_t limit,
		     size_t size, void (*read)(sqlite3_stmt *s, void *to), void **ret,
		     size_t *ret_count)
{
	sqlite3_stmt *s = history_prepare(history, sql);
	int rc = SQLITE_ROW;

	if (!s)
		return history_failed(history, sqlite3_errcode(history->db));
	(void)sqlite3_bind_int64(s, 1, id);
	while (*ret_count < limit && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		void *to = history_read_grow(ret, *ret_count, size);

		if (!to) {
			rc = SQLITE_NOMEM;
			break;
		}
		memset(to, 0, size);
		read(s, to);
		(*ret_count)++;
	}
	if (rc == SQLITE_DONE || rc == SQLITE_ROW)
		rc = 0;
	else
		rc = rc == SQLITE_NOMEM ? -OTA_ENOMEM : history_failed(history, rc);
	(void)sqlite3_finalize(s);
	return rc;
}

static int load_keys(struct history *history, int64_t id, struct history_detail *detail)
{
	void *keys = NULL;
	const int r = load_rows(
		history, "SELECT key, asked, in_force FROM parameters WHERE run = ?", id, KEYS_MAX,
		sizeof(struct history_key), read_key, &keys, &detail->key_count);

	detail->keys = keys;
	return r;
}

static int load_series(struct history *history, int64_t id, struct history_detail *detail)
{
	void *samples = NULL, *marks = NULL;
	int r;

	r = load_rows(history,
		      "SELECT at_us, queued, received, flushed, rate, rssi, ring "
		      "FROM samples WHERE run = ? ORDER BY at_us, rowid",
		      id, SERIES_MAX, sizeof(struct history_sample), read_sample, &samples,
		      &detail->sample_count);
	if (r == 0)
		r = load_rows(history,
			      "SELECT at_us, kind, value, text FROM marks WHERE run = ? "
			      "ORDER BY at_us, rowid",
			      id, SERIES_MAX, sizeof(struct history_mark), read_mark, &marks,
			      &detail->mark_count);
	detail->samples = samples;
	detail->marks = marks;
	return r;
}

static int load_run(struct history *history, int64_t id, struct history_run *run)
{
	sqlite3_stmt *s = select_runs(history, "WHERE id = ?");
	int rc, r = 0;

	if (!s)
		return history_failed(history, sqlite3_errcode(history->db));
	(void)sqlite3_bind_int64(s, 1, id);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		read_run(s, run);
	else
		r = rc == SQLITE_DONE ? -OTA_ENOENT : history_failed(history, rc);
	(void)sqlite3_finalize(s);
	if (r == -OTA_ENOENT)
		(void)snprintf(history->error, sizeof(history->error), "no run %lld",
			       (long long)id);
	return r;
}

static int load_parts(struct history *history, int64_t id, bool series, struct history_detail *ret)
{
	struct history_detail detail = {0};
	int r = history_exec(history, "BEGIN"); /* one moment of the run for all its parts */

	if (r < 0)
		return r;
	r = load_run(history, id, &detail.run);
	if (r == 0)
		r = load_keys(history, id, &detail);
	if (r == 0 && series)
		r = load_series(history, id, &detail);
	(void)sqlite3_exec(history->db, "ROLLBACK", NULL, NULL, NULL); /* nothing was written */
	if (r < 0) {
		history_detail_finish(&detail);
		return r;
	}
	*ret = detail;
	return 0;
}

int history_load(struct history *history, int64_t id, struct history_detail *ret)
{
	return load_parts(history, id, true, ret);
}

int history_load_head(struct history *history, int64_t id, struct history_detail *ret)
{
	return load_parts(history, id, false, ret);
}

/* The nth newest run, from 1. */
static int newest(struct history *history, uint64_t nth, int64_t *ret)
{
	sqlite3_stmt *s =
		history_prepare(history, "SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?");
	int rc, r = 0;

	if (!s)
		return history_failed(history, sqlite3_errcode(history->db));
	(void)sqlite3_bind_int64(s, 1, (sqlite3_int64)(nth - 1));
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(s, 0);
	else
		r = rc == SQLITE_DONE ? -OTA_ENOENT : history_failed(history, rc);
	(void)sqlite3_finalize(s);
	if (r == -OTA_ENOENT)
		(void)snprintf(history->error, sizeof(history->error),
			       nth == 1 ? "no run is recorded" : "there are not so many runs");
	return r;
}

int history_number(struct history *history, const char *text, int64_t *ret)
{
	const bool relative = text[0] == '-';
	const char *digits = text + (relative || text[0] == '#');
	uint64_t value;

	if (strcmp(text, "last") == 0)
		return newest(history, 1, ret);
	if (text_parse_unsigned(digits, strlen(digits), &value) < 0 || value > INT64_MAX ||
	    (relative && value == 0)) {
		(void)snprintf(history->error, sizeof(history->error),
			       "expected the number of a run, or last, -1, -2 ..., found \"%.40s\"",
			       text);
		return -OTA_EINVAL;
	}
	if (relative)
		return newest(history, value, ret);
	*ret = (int64_t)value;
	return 0;
}

void history_detail_finish(struct history_detail *detail)
{
	free(detail->keys);
	free(detail->samples);
	free(detail->marks);
	memset(detail, 0, sizeof(*detail));
}
