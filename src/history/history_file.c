/* SPDX-License-Identifier: Apache-2.0 */
/* The history's file: where it is, opening it, its tables and their versions. */
#include "config.h" /* system extensions: mkdir(), O_CLOEXEC */

#include "history/history_priv.h"

#include "base/file_save.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define APPLICATION_ID 0x4f544142 /* "OTAB": tells file(1) and us whose the file is */

/*
 * Step i takes a file of version i to i + 1; a new file goes through all of
 * them.  A step that was released is never changed: files made by it exist.
 */
static const char *const steps[] = {
	"CREATE TABLE runs ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" state TEXT NOT NULL, pid INTEGER, pid_start INTEGER, boot TEXT,"
	" started_ms INTEGER NOT NULL, ended_ms INTEGER, program TEXT, goal TEXT NOT NULL,"
	" options TEXT, device TEXT, address TEXT, profile TEXT,"
	" image TEXT, project TEXT, version TEXT, sha256 BLOB, size INTEGER,"
	" restart INTEGER, resume_only INTEGER, no_confirm INTEGER, forced INTEGER,"
	" virtual_clock INTEGER,"
	" outcome TEXT, error_code INTEGER, error_command INTEGER, error_detail INTEGER,"
	" status INTEGER, what TEXT, advice TEXT,"
	" start_us INTEGER, seconds_us INTEGER, bytes INTEGER, goodput INTEGER, ceiling INTEGER,"
	" ratio REAL, lowest INTEGER, queued INTEGER, received INTEGER, flushed INTEGER,"
	" sent_bytes INTEGER, resumed_from INTEGER, retries INTEGER, gaps INTEGER,"
	" resyncs INTEGER, stalls INTEGER, longest_stall_ms INTEGER,"
	" dialect_known INTEGER, basic INTEGER, mtu INTEGER, chunk INTEGER, write_mode TEXT,"
	" \"window\" INTEGER, pacing_us INTEGER, link_known INTEGER, phy TEXT,"
	" interval_us INTEGER, data_length INTEGER, encrypted INTEGER, buffers INTEGER,"
	" buffer_octets INTEGER, refill INTEGER, rssi_median INTEGER, rssi_min INTEGER,"
	" running_known INTEGER, running_version TEXT, running_sha256 BLOB,"
	" lost_samples INTEGER);"
	"CREATE TABLE parameters ("
	" run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
	" key TEXT NOT NULL, asked TEXT NOT NULL, in_force TEXT,"
	" PRIMARY KEY (run, key)) WITHOUT ROWID;"
	"CREATE TABLE samples ("
	" run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
	" at_us INTEGER NOT NULL, queued INTEGER, received INTEGER, flushed INTEGER,"
	" rate INTEGER, rssi INTEGER, ring INTEGER);"
	"CREATE INDEX samples_run ON samples(run, at_us);"
	"CREATE TABLE marks ("
	" run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"
	" at_us INTEGER NOT NULL, kind TEXT NOT NULL, value INTEGER, text TEXT);"
	"CREATE INDEX marks_run ON marks(run, at_us);",
	"ALTER TABLE runs ADD COLUMN dialect TEXT;",
	"ALTER TABLE runs ADD COLUMN profile_changed INTEGER;"
	"ALTER TABLE runs ADD COLUMN \"limit\" TEXT;"
	"ALTER TABLE runs ADD COLUMN limit_share_ppm INTEGER;"
	"ALTER TABLE runs ADD COLUMN possible INTEGER;"
	"ALTER TABLE runs ADD COLUMN link_best INTEGER;"
	"ALTER TABLE runs ADD COLUMN flash INTEGER;"
	"ALTER TABLE runs ADD COLUMN kernel TEXT;"
	"ALTER TABLE runs ADD COLUMN bluetoothd TEXT;"
	"ALTER TABLE runs ADD COLUMN adapter TEXT;"
	"ALTER TABLE runs ADD COLUMN adapter_maker TEXT;"
	"ALTER TABLE runs ADD COLUMN adapter_firmware TEXT;"
	"ALTER TABLE runs ADD COLUMN chip TEXT;"
	"ALTER TABLE runs ADD COLUMN device_version TEXT;",
	"ALTER TABLE runs ADD COLUMN pattern INTEGER;",
	"ALTER TABLE runs ADD COLUMN stream TEXT;"
	"ALTER TABLE runs ADD COLUMN air_bytes INTEGER;",
};
#define TABLES ((int64_t)(sizeof(steps) / sizeof(steps[0])))

/* --- where */

int history_path(char *buf, size_t size)
{
	const char *own = getenv("OTABENCH_HISTORY");
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int len;

	if (own && (own[0] == '\0' || strcmp(own, "no") == 0))
		return -OTA_ENOENT;
	if (own)
		len = snprintf(buf, size, "%s", own);
	else if (state && state[0] == '/')
		len = snprintf(buf, size, "%s/otabench/history.db", state);
	else if (home && home[0] == '/')
		len = snprintf(buf, size, "%s/.local/state/otabench/history.db", home);
	else
		return -OTA_EINVAL;
	return len > 0 && (size_t)len < size ? 0 : -OTA_EINVAL;
}

/* --- failures */

static int error_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -OTA_EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -OTA_EBADMSG;
	case SQLITE_NOMEM:
		return -OTA_ENOMEM;
	case SQLITE_FULL:
		return -OTA_ENOSPC;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_CANTOPEN:
		return -OTA_EPERM;
	default: /* an open set: SQLite has more, and may get new ones */
		return -OTA_EIO;
	}
}

int history_failed(struct history *history, int rc)
{
	const int number = sqlite3_system_errno(history->db);
	const bool tells =
		number != 0 && ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_IOERR);

	(void)snprintf(history->error, sizeof(history->error), "%s%s%s",
		       sqlite3_errmsg(history->db), tells ? ": " : "",
		       tells ? strerror(number) : "");
	return error_of(rc);
}

const char *history_error(const struct history *history)
{
	return history->error;
}

int history_exec(struct history *history, const char *sql)
{
	const int rc = sqlite3_exec(history->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : history_failed(history, rc);
}

sqlite3_stmt *history_prepare(struct history *history, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	const int rc = sqlite3_prepare_v2(history->db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK)
		return statement;
	(void)history_failed(history, rc);
	return NULL;
}

sqlite3_stmt *history_keep(struct history *history, enum history_kept which, const char *sql)
{
	sqlite3_stmt **kept = &history->kept[which];

	if (!*kept)
		*kept = history_prepare(history, sql);
	if (*kept)
		(void)sqlite3_clear_bindings(*kept);
	return *kept;
}

int history_finish(struct history *history, sqlite3_stmt *statement)
{
	int rc = statement ? SQLITE_ROW : SQLITE_ERROR, r;

	while (rc == SQLITE_ROW)
		rc = sqlite3_step(statement);
	r = rc == SQLITE_DONE ? 0 : history_failed(history, rc);
	(void)sqlite3_finalize(statement);
	return r;
}

/* --- versions */

/* One integer, such as a pragma's. */
static int history_file_ask(struct history *history, const char *sql, int64_t *ret)
{
	sqlite3_stmt *statement = history_prepare(history, sql);
	int rc, r = 0;

	if (!statement)
		return error_of(sqlite3_errcode(history->db));
	rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(statement, 0);
	else
		r = rc == SQLITE_DONE ? -OTA_EBADMSG : history_failed(history, rc);
	(void)sqlite3_finalize(statement);
	return r;
}

bool history_changed(struct history *history)
{
	int64_t version = 0;

	if (history_file_ask(history, "PRAGMA data_version", &version) < 0 ||
	    version == history->seen)
		return false;
	history->seen = version;
	return true;
}

/*
 * Finds out whose file it is, and of which version.  0, or negative with *error.  Called within a
 * transaction: another program that makes the tables between two of these questions would make the
 * file look like somebody else's.
 */
static int look_locked(struct history *history, int64_t *ret_version)
{
	int64_t application = 0, tables = 0;
	int r;

	*ret_version = 0;
	r = history_file_ask(history, "PRAGMA user_version", ret_version);

	if (r == 0)
		r = history_file_ask(history, "PRAGMA application_id", &application);
	if (r == 0)
		r = history_file_ask(history, "SELECT count(*) FROM sqlite_schema", &tables);
	if (r < 0)
		return r;
	if (*ret_version < 0 ||
	    (application != APPLICATION_ID && (tables > 0 || *ret_version != 0))) {
		(void)snprintf(history->error, sizeof(history->error),
			       "a database of another program");
		return -OTA_EBADMSG;
	}
	if (*ret_version > TABLES) {
		(void)snprintf(history->error, sizeof(history->error),
			       "written by a newer otabench (version %lld of the tables, this one "
			       "knows %lld)",
			       (long long)*ret_version, (long long)TABLES);
		return -OTA_ENOTSUP;
	}
	return 0;
}

/* Ends a transaction that failed; *error is unchanged. */
static void roll_back(struct history *history)
{
	char why[sizeof(history->error)];

	(void)snprintf(why, sizeof(why), "%s", history->error);
	(void)history_exec(history, "ROLLBACK");
	(void)snprintf(history->error, sizeof(history->error), "%s", why);
}

static int history_file_look(struct history *history, int64_t *ret_version)
{
	int r = history_exec(history, "BEGIN");

	if (r < 0)
		return r;
	r = look_locked(history, ret_version);
	if (r == 0)
		r = history_exec(history, "COMMIT");
	if (r < 0)
		roll_back(history);
	return r;
}

static int migrate_locked(struct history *history)
{
	char pragma[96];
	int64_t version = 0;
	int r = look_locked(history, &version); /* another program may have been faster */

	for (int64_t i = version; r == 0 && i < TABLES; i++)
		r = history_exec(history, steps[i]);
	if (r == 0 && version < TABLES) {
		(void)snprintf(pragma, sizeof(pragma),
			       "PRAGMA user_version = %lld; PRAGMA application_id = %d",
			       (long long)TABLES, APPLICATION_ID);
		r = history_exec(history, pragma);
	}
	return r;
}

int history_migrate(struct history *history)
{
	int64_t version = 0;
	int r = history_file_look(history, &version);

	if (r < 0 || version == TABLES)
		return r;
	r = history_exec(history, "BEGIN IMMEDIATE");
	if (r < 0)
		return r;
	r = migrate_locked(history);
	if (r == 0)
		r = history_exec(history, "COMMIT");
	if (r < 0)
		roll_back(history);
	return r;
}

/* --- opening */

/* path as SQLite's URI with a query; "" when it does not fit. */
static void make_uri(const char *path, const char *query, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "file:");

	for (; *path != '\0' && len + 4 < size; path++)
		len += (size_t)snprintf(buf + len, size - len,
					strchr("%?#", *path) ? "%%%02x" : "%c", *path);
	if (*path == '\0' && len + strlen(query) < size)
		(void)snprintf(buf + len, size - len, "%s", query);
	else
		buf[0] = '\0';
}

static int open_once(struct history *history, const char *name, int flags, int busy_ms)
{
	int rc = sqlite3_open_v2(name, &history->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
				 NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(history->db, busy_ms);
	if (rc != SQLITE_OK)
		return history->db ? history_failed(history, rc) : -OTA_ENOMEM;
	return history_file_look(history, &history->version); /* the first that touches the file */
}

static void close_db(struct history *history)
{
	for (size_t i = 0; i < HISTORY_KEPT; i++) {
		(void)sqlite3_finalize(history->kept[i]);
		history->kept[i] = NULL;
	}
	(void)sqlite3_close(history->db);
	history->db = NULL;
}

/* A file that may not be written, or lies where no file beside it can be made, can be read. */
static int open_to_read(struct history *history, const char *path, int busy_ms)
{
	static const struct {
		int flags;
		const char *query;
	} ways[] = {{SQLITE_OPEN_READWRITE, ""},
		    {SQLITE_OPEN_READONLY, ""},
		    {SQLITE_OPEN_READONLY, "?immutable=1"}};
	char uri[HISTORY_PATH_MAX + 64];
	int r = -OTA_EIO;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		make_uri(path, ways[i].query, uri, sizeof(uri));
		r = open_once(history, uri, ways[i].flags, busy_ms);
		if (r != -OTA_EPERM)
			break;
		if (i + 1 < sizeof(ways) / sizeof(ways[0]))
			close_db(history);
	}
	if (r == 0 && sqlite3_db_readonly(history->db, "main") == 0) {
		r = history_migrate(history);
		/* Only who records pays for moving the log into the file. */
		if (r == 0)
			r = history_exec(history, "PRAGMA wal_autocheckpoint = 0");
	}
	return r;
}

static int open_to_write(struct history *history, const char *path, int busy_ms)
{
	char uri[HISTORY_PATH_MAX + 64];
	int r;

	file_make_folders(path);
	make_uri(path, "", uri, sizeof(uri));
	r = open_once(history, uri, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, busy_ms);
	/* With a log beside the file readers and the writer do not wait for each other; NORMAL
	 * survives a killed process, and a power cut loses at most the latest. */
	if (r == 0)
		r = history_exec(history, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
	return r == 0 ? history_migrate(history) : r;
}

int history_open_file(const char *path, enum history_mode mode, int busy_ms, struct history **ret,
		      char *why, size_t size)
{
	char found[HISTORY_PATH_MAX];
	struct history *history;
	struct stat st;
	int r = path ? 0 : history_path(found, sizeof(found));

	if (r < 0) {
		(void)snprintf(why, size, "%s",
			       r == -OTA_ENOENT ? "the history is switched off (OTABENCH_HISTORY)"
						: "no place for the history: neither HOME nor "
						  "XDG_STATE_HOME is set");
		return r;
	}
	path = path ? path : found;
	if (mode == HISTORY_READ && stat(path, &st) < 0 && errno == ENOENT) {
		(void)snprintf(why, size, "%s: nothing was recorded yet", path);
		return -OTA_ENOENT;
	}
	history = calloc(1, sizeof(*history));
	if (!history)
		return -OTA_ENOMEM;
	r = mode == HISTORY_READ ? open_to_read(history, path, busy_ms)
				 : open_to_write(history, path, busy_ms);
	if (r == 0)
		r = history_exec(history, "PRAGMA foreign_keys = ON");
	if (r < 0) {
		(void)snprintf(why, size, "%s: %s", path,
			       history->error[0] ? history->error : strerror(-r));
		history_close(history);
		return r;
	}
	*ret = history;
	return 0;
}

/* A screen waits with it. */
#define READ_BUSY_MS 200

int history_open(const char *path, struct history **ret, char *why, size_t size)
{
	return history_open_file(path, HISTORY_READ, READ_BUSY_MS, ret, why, size);
}

void history_close(struct history *history)
{
	if (!history)
		return;
	close_db(history);
	free(history);
}
