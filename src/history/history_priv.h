/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the history. */
#ifndef OTABENCH_HISTORY_HISTORY_PRIV_H
#define OTABENCH_HISTORY_HISTORY_PRIV_H

#include "history/history.h"

#include <sqlite3.h>

/* Statements that a recorder needs with each batch: compiling one costs more than running it. */
enum history_kept { HISTORY_UPDATE_RUN, HISTORY_INSERT_SAMPLE, HISTORY_KEPT };

struct history {
	sqlite3 *db;
	sqlite3_stmt *kept[HISTORY_KEPT]; /* owned; NULL: not compiled yet */
	char error[512]; /* of the last call that failed */
	int64_t version; /* of its tables when it was opened; may be more by now */
	int64_t seen; /* data_version when history_changed() was asked last */
};

/*
 * The ways in which a member of struct history_run is kept: one table makes statements, reads and
 * exports.
 */
enum history_kind {
	HISTORY_COLUMN_INT, /* a signed integer of that size */
	HISTORY_COLUMN_UINT,
	HISTORY_COLUMN_BOOL,
	HISTORY_COLUMN_REAL, /* double */
	HISTORY_COLUMN_TEXT, /* char array */
	HISTORY_COLUMN_BYTES, /* array */
	HISTORY_COLUMN_WORD, /* an enum by its name, so that renumbering harms no file */
	HISTORY_COLUMN_FLAG, /* written and exported as BOOL; follows from another column */
};

struct history_column {
	const char *name; /* in the file, in CSV and in JSON */
	enum history_kind kind;
	size_t offset, size; /* in struct history_run */
	bool figure; /* changes while it runs */
	const char *(*word)(int value); /* WORD */
	int words; /* values 0..words-1 */
	/* FLAG: what follows from the run, and what follows from it in a file without the other. */
	bool (*flag)(const struct history_run *run);
	void (*take)(struct history_run *run, bool value);
	int64_t since; /* version of the tables that has it; 0: all */
};

extern const struct history_column history_columns[];
extern const size_t history_column_count;

/* The integer, boolean or enum that a column holds in run. */
int64_t history_integer(const struct history_column *column, const struct history_run *run);

/*
 * Rounds to the nearest integer from 0 to most: a damaged file's value may be beyond any integer,
 * or no number.
 */
uint64_t history_whole(double value, uint64_t most);

/* A key of the profile that the run was begun with; NULL: it had none of that name. */
const struct history_key *history_find_key(const struct history_detail *d, const char *name);

/* --- the file */

enum history_mode { HISTORY_READ, HISTORY_WRITE };
/* history_open(); WRITE makes folder, file and tables where they are not there. */
int history_open_file(const char *path, enum history_mode mode, int busy_ms, struct history **ret,
		      char *why, size_t size);
/* Brings the tables to this program's version; 0 or negative with *error. */
int history_migrate(struct history *history);
/* Notes why, and returns the OTA_E* for it. */
int history_failed(struct history *history, int rc);
int history_exec(struct history *history, const char *sql);
/* NULL after history_failed(). */
sqlite3_stmt *history_prepare(struct history *history, const char *sql);
/* The statement that is kept under this number, compiled with the first call: sql is not looked
 * at again.  It begins anew, without values; sqlite3_reset() when it has run, and never
 * sqlite3_finalize().  NULL after history_failed(). */
sqlite3_stmt *history_keep(struct history *history, enum history_kept which, const char *sql);
/* Runs a statement without rows and ends it; 0 or negative. */
int history_finish(struct history *history, sqlite3_stmt *statement);

/* --- whose run it is */

struct history_process {
	int64_t pid;
	int64_t start; /* clock ticks since boot: a number that is given again tells apart */
	char boot[40]; /* the kernel's random id of this boot */
};
void history_process_self(struct history_process *ret);
bool history_process_lives(const struct history_process *process);

/* --- writing, by the recorder; each within a transaction of its own */

int history_insert(struct history *history, const struct history_run *run,
		   const struct history_process *process, const struct profile *profile,
		   int64_t *ret_id);

/* Changes since the last write. */
struct history_batch {
	const struct history_sample *samples;
	const struct history_mark *marks;
	const struct history_key *keys; /* in force; name and in_force count */
	size_t sample_count, mark_count, key_count;
};
/* The figures of run and what is new; with its end when state is not RUNNING. */
int history_update(struct history *history, const struct history_run *run,
		   const struct history_batch *batch);
/* Keeps so many of the newest runs, and the series of so many of them; removes the others. */
int history_prune(struct history *history, unsigned int runs, unsigned int series);

#endif
