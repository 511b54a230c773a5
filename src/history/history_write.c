/* SPDX-License-Identifier: Apache-2.0 */
/* Writing runs: each call is one short transaction, so that a killed program leaves whole rows. */
#include "history/history_priv.h"

#include <string.h>

/* --- values of a run */

static int bind_column(sqlite3_stmt *statement, int at, const struct history_column *column,
		       const struct history_run *run)
{
	const char *from = (const char *)run + column->offset;
	double real;

	switch (column->kind) {
	case HISTORY_COLUMN_INT:
	case HISTORY_COLUMN_UINT:
	case HISTORY_COLUMN_BOOL:
	case HISTORY_COLUMN_FLAG:
		return sqlite3_bind_int64(statement, at, history_integer(column, run));
	case HISTORY_COLUMN_REAL:
		memcpy(&real, from, sizeof(real));
		return sqlite3_bind_double(statement, at, real);
	case HISTORY_COLUMN_TEXT:
		return sqlite3_bind_text(statement, at, from, -1, SQLITE_STATIC);
	case HISTORY_COLUMN_BYTES:
		return sqlite3_bind_blob(statement, at, from, (int)column->size, SQLITE_STATIC);
	case HISTORY_COLUMN_WORD:
		return sqlite3_bind_text(statement, at,
					 column->word((int)history_integer(column, run)), -1,
					 SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static const char *state_name(enum history_state state)
{
	switch (state) {
	case HISTORY_RUNNING:
	case HISTORY_KILLED: /* is never written: it is what RUNNING turns out to be */
		return "running";
	case HISTORY_ENDED:
		return "ended";
	case HISTORY_LEFT:
		return "left";
	}
	return "running";
}

/* --- transactions */

static int history_write_begin(struct history *history)
{
	return history_exec(history, "BEGIN IMMEDIATE");
}

/* COMMIT when r is 0, else ROLLBACK, with the reason of the failure kept. */
static int history_write_end(struct history *history, int r)
{
	char why[sizeof(history->error)];

	if (r == 0)
		r = history_exec(history, "COMMIT");
	if (r == 0)
		return 0;
	(void)snprintf(why, sizeof(why), "%s", history->error);
	if (!sqlite3_get_autocommit(history->db))
		(void)history_exec(history, "ROLLBACK");
	(void)snprintf(history->error, sizeof(history->error), "%s", why);
	return r;
}

/* --- the run */

static int insert_run(struct history *history, const struct history_run *run,
		      const struct history_process *process)
{
	char sql[4096] = "INSERT INTO runs (state, pid, pid_start, boot";
	size_t len = strlen(sql);
	sqlite3_stmt *statement;
	int at = 0;

	for (size_t i = 0; i < history_column_count && len < sizeof(sql); i++)
		len += (size_t)snprintf(sql + len, sizeof(sql) - len, ", \"%s\"",
					history_columns[i].name);
	len += (size_t)snprintf(sql + len, sizeof(sql) - len, ") VALUES (?, ?, ?, ?");
	for (size_t i = 0; i < history_column_count && len < sizeof(sql); i++)
		len += (size_t)snprintf(sql + len, sizeof(sql) - len, ", ?");
	(void)snprintf(sql + len, sizeof(sql) - len, ")");
	statement = history_prepare(history, sql);
	if (!statement)
		return -OTA_EIO;
	(void)sqlite3_bind_text(statement, ++at, state_name(run->state), -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(statement, ++at, process->pid);
	(void)sqlite3_bind_int64(statement, ++at, process->start);
	(void)sqlite3_bind_text(statement, ++at, process->boot, -1, SQLITE_STATIC);
	for (size_t i = 0; i < history_column_count; i++)
		(void)bind_column(statement, ++at, &history_columns[i], run);
	return history_finish(history, statement);
}

static int insert_keys(struct history *history, int64_t id, const struct profile *profile)
{
	sqlite3_stmt *statement = history_prepare(
		history, "INSERT INTO parameters (run, key, asked) VALUES (?, ?, ?)");
	char value[SETTING_TEXT_MAX];
	int rc = SQLITE_DONE;

	if (!statement)
		return -OTA_EIO;
	for (int key = 0; key < PROFILE_KEYS && rc == SQLITE_DONE; key++) {
		(void)profile_get(profile, (enum profile_key)key, value, sizeof(value));
		(void)sqlite3_bind_int64(statement, 1, id);
		(void)sqlite3_bind_text(statement, 2, profile_settings()[key].name, -1,
					SQLITE_STATIC);
		(void)sqlite3_bind_text(statement, 3, value, -1, SQLITE_STATIC);
		rc = sqlite3_step(statement);
		(void)sqlite3_reset(statement);
	}
	if (rc != SQLITE_DONE)
		rc = history_failed(history, rc);
	(void)sqlite3_finalize(statement);
	return rc == SQLITE_DONE ? 0 : rc;
}

int history_insert(struct history *history, const struct history_run *run,
		   const struct history_process *process, const struct profile *profile,
		   int64_t *ret_id)
{
	int64_t id = 0;
	int r = history_write_begin(history);

	if (r < 0)
		return r;
	r = insert_run(history, run, process);
	if (r == 0) {
		id = sqlite3_last_insert_rowid(history->db);
		r = insert_keys(history, id, profile);
	}
	r = history_write_end(history, r);
	if (r == 0)
		*ret_id = id;
	return r;
}

/* Sets the columns that change while it runs; NULL after history_failed(). */
static sqlite3_stmt *updating_run(struct history *history)
{
	char sql[4096] = "UPDATE runs SET state = ?";
	size_t len = strlen(sql);

	if (history->kept[HISTORY_UPDATE_RUN])
		return history_keep(history, HISTORY_UPDATE_RUN, NULL);
	for (size_t i = 0; i < history_column_count && len < sizeof(sql); i++) {
		if (history_columns[i].figure)
			len += (size_t)snprintf(sql + len, sizeof(sql) - len, ", \"%s\" = ?",
						history_columns[i].name);
	}
	(void)snprintf(sql + len, sizeof(sql) - len, " WHERE id = ?");
	return history_keep(history, HISTORY_UPDATE_RUN, sql);
}

static int update_run(struct history *history, const struct history_run *run)
{
	sqlite3_stmt *s = updating_run(history);
	int at = 0, rc;

	if (!s)
		return -OTA_EIO;
	(void)sqlite3_bind_text(s, ++at, state_name(run->state), -1, SQLITE_STATIC);
	for (size_t i = 0; i < history_column_count; i++) {
		if (history_columns[i].figure)
			(void)bind_column(s, ++at, &history_columns[i], run);
	}
	(void)sqlite3_bind_int64(s, ++at, run->id);
	rc = sqlite3_step(s);
	rc = rc == SQLITE_DONE ? 0 : history_failed(history, rc);
	(void)sqlite3_reset(s);
	return rc;
}

static int insert_samples(struct history *history, int64_t id, const struct history_batch *batch)
{
	sqlite3_stmt *s = history_keep(
		history, HISTORY_INSERT_SAMPLE,
		"INSERT INTO samples (run, at_us, queued, received, flushed, rate, rssi, "
		"ring) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
	int rc = SQLITE_DONE;

	if (!s)
		return -OTA_EIO;
	for (size_t i = 0; i < batch->sample_count && rc == SQLITE_DONE; i++) {
		const struct history_sample *p = &batch->samples[i];

		(void)sqlite3_clear_bindings(s); /* what is unknown is NULL */
		(void)sqlite3_bind_int64(s, 1, id);
		(void)sqlite3_bind_int64(s, 2, (int64_t)p->at_us);
		(void)sqlite3_bind_int64(s, 3, p->queued);
		(void)sqlite3_bind_int64(s, 4, p->received);
		(void)sqlite3_bind_int64(s, 5, p->flushed);
		(void)sqlite3_bind_int64(s, 6, p->rate);
		if (p->rssi != 127)
			(void)sqlite3_bind_int(s, 7, p->rssi);
		if (p->ring_known)
			(void)sqlite3_bind_int64(s, 8, p->ring);
		rc = sqlite3_step(s);
		(void)sqlite3_reset(s);
	}
	if (rc != SQLITE_DONE)
		rc = history_failed(history, rc);
	return rc == SQLITE_DONE ? 0 : rc;
}

static int insert_marks(struct history *history, int64_t id, const struct history_batch *batch)
{
	sqlite3_stmt *s = history_prepare(
		history,
		"INSERT INTO marks (run, at_us, kind, value, text) VALUES (?, ?, ?, ?, ?)");
	int rc = SQLITE_DONE;

	if (!s)
		return -OTA_EIO;
	for (size_t i = 0; i < batch->mark_count && rc == SQLITE_DONE; i++) {
		const struct history_mark *m = &batch->marks[i];

		(void)sqlite3_bind_int64(s, 1, id);
		(void)sqlite3_bind_int64(s, 2, (int64_t)m->at_us);
		(void)sqlite3_bind_text(s, 3, history_mark_name(m->kind), -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(s, 4, m->value);
		(void)sqlite3_bind_text(s, 5, m->text, -1, SQLITE_STATIC);
		rc = sqlite3_step(s);
		(void)sqlite3_reset(s);
	}
	if (rc != SQLITE_DONE)
		rc = history_failed(history, rc);
	(void)sqlite3_finalize(s);
	return rc == SQLITE_DONE ? 0 : rc;
}

static int update_keys(struct history *history, int64_t id, const struct history_batch *batch)
{
	sqlite3_stmt *s = history_prepare(
		history, "UPDATE parameters SET in_force = ? WHERE run = ? AND key = ?");
	int rc = SQLITE_DONE;

	if (!s)
		return -OTA_EIO;
	for (size_t i = 0; i < batch->key_count && rc == SQLITE_DONE; i++) {
		(void)sqlite3_bind_text(s, 1, batch->keys[i].in_force, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(s, 2, id);
		(void)sqlite3_bind_text(s, 3, batch->keys[i].name, -1, SQLITE_STATIC);
		rc = sqlite3_step(s);
		(void)sqlite3_reset(s);
	}
	if (rc != SQLITE_DONE)
		rc = history_failed(history, rc);
	(void)sqlite3_finalize(s);
	return rc == SQLITE_DONE ? 0 : rc;
}

int history_update(struct history *history, const struct history_run *run,
		   const struct history_batch *batch)
{
	int r = history_write_begin(history);

	if (r < 0)
		return r;
	r = update_run(history, run);
	if (r == 0 && batch->sample_count > 0)
		r = insert_samples(history, run->id, batch);
	if (r == 0 && batch->mark_count > 0)
		r = insert_marks(history, run->id, batch);
	if (r == 0 && batch->key_count > 0)
		r = update_keys(history, run->id, batch);
	return history_write_end(history, r);
}

/* --- removing */

int history_delete(struct history *history, int64_t id)
{
	sqlite3_stmt *s;
	int r;

	if (sqlite3_db_readonly(history->db, "main") > 0) {
		(void)snprintf(history->error, sizeof(history->error), "it is opened read-only");
		return -OTA_EPERM;
	}
	s = history_prepare(history, "DELETE FROM runs WHERE id = ?");
	if (!s)
		return -OTA_EIO;
	(void)sqlite3_bind_int64(s, 1, id);
	r = history_finish(history, s); /* what belongs to it goes with it: ON DELETE CASCADE */
	return r == 0 && sqlite3_changes(history->db) == 0 ? -OTA_ENOENT : r;
}

static int prune_one(struct history *history, const char *sql, unsigned int keep)
{
	sqlite3_stmt *s = history_prepare(history, sql);

	if (!s)
		return -OTA_EIO;
	(void)sqlite3_bind_int64(s, 1, keep);
	return history_finish(history, s);
}

int history_prune(struct history *history, unsigned int runs, unsigned int series)
{
	int r = history_write_begin(history);

	if (r < 0)
		return r;
	r = prune_one(history,
		      "DELETE FROM runs WHERE id <= "
		      "(SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?)",
		      runs);
	if (r == 0)
		r = prune_one(history,
			      "DELETE FROM samples WHERE run <= "
			      "(SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?)",
			      series);
	if (r == 0)
		r = prune_one(history,
			      "DELETE FROM marks WHERE run <= "
			      "(SELECT id FROM runs ORDER BY id DESC LIMIT 1 OFFSET ?)",
			      series);
	return history_write_end(history, r);
}
