/* SPDX-License-Identifier: Apache-2.0 */
/* See history_export.h. */
#include "config.h" /* system extensions: strnlen() */

#include "history/history_export.h"

#include "base/file_save.h"
#include "base/hex.h"
#include "history/history_priv.h"
#include "base/output.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int history_format_by_name(const char *name, enum history_format *ret)
{
	static const struct {
		const char *name;
		enum history_format format;
	} formats[] = {{"csv", HISTORY_CSV_SERIES},
		       {"csv-runs", HISTORY_CSV_RUNS},
		       {"ndjson", HISTORY_NDJSON},
		       {"jsonl", HISTORY_NDJSON}};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name) == 0) {
			*ret = formats[i].format;
			return 0;
		}
	}
	return -OTA_EINVAL;
}

/* --- a run's values */

static bool is_known(const struct history_column *column, const struct history_run *run)
{
	/* 127 and 0 are no measurements. */
	if (strcmp(column->name, "rssi_median") == 0 || strcmp(column->name, "rssi_min") == 0)
		return history_integer(column, run) != 127;
	if (strcmp(column->name, "ended_ms") == 0)
		return run->ended_ms != 0;
	if (strcmp(column->name, "running_sha256") == 0)
		return run->result.running_known && dialect_get(run->result.dialect)->has_hash;
	return true;
}

static json_t *json_of(const struct history_column *column, const struct history_run *run)
{
	const char *from = (const char *)run + column->offset;
	char hex[2 * OTA_SHA256_SIZE + 1];
	double real;

	if (!is_known(column, run))
		return json_null();
	switch (column->kind) {
	case HISTORY_COLUMN_INT:
	case HISTORY_COLUMN_UINT:
		return json_integer(history_integer(column, run));
	case HISTORY_COLUMN_BOOL:
	case HISTORY_COLUMN_FLAG:
		return json_boolean(history_integer(column, run));
	case HISTORY_COLUMN_REAL:
		memcpy(&real, from, sizeof(real));
		return json_real(real);
	case HISTORY_COLUMN_TEXT:
		return output_json_text(from, strnlen(from, column->size));
	case HISTORY_COLUMN_BYTES:
		hex_encode((const uint8_t *)from, column->size, hex);
		return json_string(hex);
	case HISTORY_COLUMN_WORD:
		return json_string(column->word((int)history_integer(column, run)));
	}
	return json_null();
}

json_t *history_run_json(const struct history_run *run)
{
	json_t *o = json_object();

	if (!o)
		return NULL;
	(void)json_object_set_new(o, "run", json_integer(run->id));
	for (size_t i = 0; i < history_column_count; i++) {
		/* The outcome is one word, of killed and running runs, too. */
		if (strcmp(history_columns[i].name, "outcome") == 0)
			(void)json_object_set_new(o, "outcome", json_string(history_outcome(run)));
		else
			(void)json_object_set_new(o, history_columns[i].name,
						  json_of(&history_columns[i], run));
	}
	return o;
}

json_t *history_keys_json(const struct history_detail *detail)
{
	json_t *keys = json_object();

	for (size_t i = 0; keys && i < detail->key_count; i++) {
		const struct history_key *k = &detail->keys[i];
		char name[sizeof(k->name) * 4];
		json_t *key = json_object();

		(void)output_safe_text(k->name, strlen(k->name), name, sizeof(name));
		if (key) {
			(void)json_object_set_new(key, "asked",
						  output_json_text(k->asked, strlen(k->asked)));
			if (k->in_force[0] != '\0')
				(void)json_object_set_new(
					key, "in_force",
					output_json_text(k->in_force, strlen(k->in_force)));
		}
		(void)json_object_set_new(keys, name, key);
	}
	return keys;
}

/* --- NDJSON */

static json_t *history_export_line_of(const struct history_detail *d, const char *event,
				      uint64_t at_us)
{
	json_t *o = json_object();

	if (!o)
		return NULL;
	(void)json_object_set_new(o, "t", output_json_seconds(at_us));
	(void)json_object_set_new(o, "event", json_string(event));
	(void)json_object_set_new(o, "run", json_integer(d->run.id));
	return o;
}

static json_t *sample_json(const struct history_detail *d, const struct history_sample *s)
{
	json_t *o = history_export_line_of(d, "sample", s->at_us);

	if (!o)
		return NULL;
	(void)json_object_set_new(o, "queued", json_integer(s->queued));
	(void)json_object_set_new(o, "received", json_integer(s->received));
	(void)json_object_set_new(o, "flushed", json_integer(s->flushed));
	(void)json_object_set_new(o, "rate", json_integer(s->rate));
	(void)json_object_set_new(o, "rssi", s->rssi == 127 ? json_null() : json_integer(s->rssi));
	(void)json_object_set_new(o, "ring", s->ring_known ? json_integer(s->ring) : json_null());
	return o;
}

static json_t *mark_json(const struct history_detail *d, const struct history_mark *m)
{
	json_t *o = history_export_line_of(d, "mark", m->at_us);

	if (!o)
		return NULL;
	(void)json_object_set_new(o, "mark", json_string(history_mark_name(m->kind)));
	(void)json_object_set_new(o, "value", json_integer(m->value));
	(void)json_object_set_new(o, "text", output_json_text(m->text, strlen(m->text)));
	return o;
}

static int export_ndjson(FILE *out, const struct history_detail *d)
{
	json_t *o = history_export_line_of(d, "run", 0), *run = history_run_json(&d->run);
	size_t mark = 0;
	int r;

	if (o && run) {
		(void)json_object_update(o, run);
		(void)json_object_set_new(o, "keys", history_keys_json(d));
		(void)json_object_set_new(o, "schema", json_integer(OUTPUT_JSON_SCHEMA));
	}
	json_decref(run);
	r = output_json_line(out, o);
	/* One course of time: marks stand between the samples. */
	for (size_t i = 0; i < d->sample_count && r == 0; i++) {
		while (r == 0 && mark < d->mark_count &&
		       d->marks[mark].at_us <= d->samples[i].at_us)
			r = output_json_line(out, mark_json(d, &d->marks[mark++]));
		if (r == 0)
			r = output_json_line(out, sample_json(d, &d->samples[i]));
	}
	while (r == 0 && mark < d->mark_count)
		r = output_json_line(out, mark_json(d, &d->marks[mark++]));
	return r;
}

/* --- CSV (RFC 4180, except for the line's end) */

static void csv_text(FILE *out, const char *text)
{
	char safe[4 * JOB_TEXT_MAX];

	(void)output_safe_text(text, strlen(text), safe, sizeof(safe));
	/* A sheet takes what begins so for a formula, and texts come from devices. */
	if (strchr("=+-@", safe[0]) && safe[0] != '\0')
		(void)fputs("\"'", out);
	else
		(void)fputc('"', out);
	for (const char *c = safe; *c != '\0'; c++) {
		if (*c == '"')
			(void)fputc('"', out);
		(void)fputc(*c, out);
	}
	(void)fputc('"', out);
}

static void csv_value(FILE *out, const struct history_column *column, const struct history_run *run)
{
	const char *from = (const char *)run + column->offset;
	char hex[2 * OTA_SHA256_SIZE + 1];
	double real;

	if (!is_known(column, run))
		return;
	switch (column->kind) {
	case HISTORY_COLUMN_INT:
	case HISTORY_COLUMN_UINT:
	case HISTORY_COLUMN_BOOL:
	case HISTORY_COLUMN_FLAG:
		(void)fprintf(out, "%" PRId64, history_integer(column, run));
		break;
	case HISTORY_COLUMN_REAL:
		memcpy(&real, from, sizeof(real));
		(void)fprintf(out, "%.4f", real);
		break;
	case HISTORY_COLUMN_TEXT:
		csv_text(out, from);
		break;
	case HISTORY_COLUMN_BYTES:
		hex_encode((const uint8_t *)from, column->size, hex);
		(void)fputs(hex, out);
		break;
	case HISTORY_COLUMN_WORD:
		(void)fputs(strcmp(column->name, "outcome") == 0
				    ? history_outcome(run)
				    : column->word((int)history_integer(column, run)),
			    out);
		break;
	}
}

/* The keys of this program's profiles: every line has the same columns. */
static void csv_runs(FILE *out, const struct history_detail *d, bool head)
{
	if (head) {
		(void)fputs("run", out);
		for (size_t i = 0; i < history_column_count; i++)
			(void)fprintf(out, ",%s", history_columns[i].name);
		for (int key = 0; key < PROFILE_KEYS; key++)
			(void)fprintf(out, ",asked.%s", profile_settings()[key].name);
		(void)fputc('\n', out);
	}
	(void)fprintf(out, "%" PRId64, d->run.id);
	for (size_t i = 0; i < history_column_count; i++) {
		(void)fputc(',', out);
		csv_value(out, &history_columns[i], &d->run);
	}
	for (int key = 0; key < PROFILE_KEYS; key++) {
		(void)fputc(',', out);
		for (size_t i = 0; i < d->key_count; i++) {
			if (strcmp(d->keys[i].name, profile_settings()[key].name) == 0)
				csv_text(out, d->keys[i].asked);
		}
	}
	(void)fputc('\n', out);
}

static void csv_mark(FILE *out, const struct history_detail *d, const struct history_mark *m)
{
	(void)fprintf(out, "%" PRId64 ",%.6f,,,,,,,%s,%" PRIu32 ",", d->run.id,
		      (double)m->at_us / 1e6, history_mark_name(m->kind), m->value);
	csv_text(out, m->text);
	(void)fputc('\n', out);
}

static void csv_series(FILE *out, const struct history_detail *d, bool head)
{
	size_t mark = 0;

	if (head)
		(void)fputs("run,t,queued,received,flushed,rate,rssi,ring,mark,value,text\n", out);
	for (size_t i = 0; i < d->sample_count; i++) {
		const struct history_sample *s = &d->samples[i];

		while (mark < d->mark_count && d->marks[mark].at_us <= s->at_us)
			csv_mark(out, d, &d->marks[mark++]);
		(void)fprintf(out,
			      "%" PRId64 ",%.6f,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",",
			      d->run.id, (double)s->at_us / 1e6, s->queued, s->received, s->flushed,
			      s->rate);
		if (s->rssi != 127)
			(void)fprintf(out, "%d", s->rssi);
		(void)fputc(',', out);
		if (s->ring_known)
			(void)fprintf(out, "%" PRIu32, s->ring);
		(void)fputs(",,,\n", out);
	}
	while (mark < d->mark_count)
		csv_mark(out, d, &d->marks[mark++]);
}

/* --- files */

int history_export(FILE *out, enum history_format format, const struct history_detail *detail,
		   bool head)
{
	switch (format) {
	case HISTORY_CSV_SERIES:
		csv_series(out, detail, head);
		break;
	case HISTORY_CSV_RUNS:
		csv_runs(out, detail, head);
		break;
	case HISTORY_NDJSON:
		return export_ndjson(out, detail);
	}
	return ferror(out) ? -OTA_EIO : 0;
}

static int export_all(struct history *history, const int64_t *ids, size_t count,
		      enum history_format format, FILE *out, char *why, size_t size)
{
	struct history_detail detail;
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++) {
		r = history_load(history, ids[i], &detail);
		if (r < 0) {
			(void)snprintf(why, size, "%s", history_error(history));
			return r;
		}
		r = history_export(out, format, &detail, i == 0);
		history_detail_finish(&detail);
		if (r < 0)
			(void)snprintf(why, size, "%s", strerror(errno ? errno : -r));
	}
	return r;
}

/* The file, or what SQLite keeps beside it. */
static bool is_own_file(const struct history *history, const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	const char *own = sqlite3_db_filename(history->db, "main");
	char name[HISTORY_PATH_MAX + 16];

	for (size_t i = 0; own && i < sizeof(ends) / sizeof(ends[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", own, ends[i]);
		if (file_is_same(name, path))
			return true;
	}
	return false;
}

int history_export_file(struct history *history, const int64_t *ids, size_t count,
			enum history_format format, const char *path, bool replace, char *why,
			size_t size)
{
	struct file_save save;
	int r;

	if (is_own_file(history, path)) {
		(void)snprintf(why, size, "%s: this file is the history itself", path);
		return -OTA_EINVAL;
	}
	r = file_save_begin(&save, path, replace ? FILE_SAVE_REPLACE : 0, why, size);
	if (r < 0)
		return r;
	errno = 0;
	r = export_all(history, ids, count, format, save.out, why, size);
	if (r == 0)
		return file_save_end(&save, why, size);
	file_save_abandon(&save);
	return r;
}
