/* SPDX-License-Identifier: Apache-2.0 */
/* Runs for other programs: CSV for tables, NDJSON with everything. */
#ifndef OTABENCH_HISTORY_HISTORY_EXPORT_H
#define OTABENCH_HISTORY_HISTORY_EXPORT_H

#include "history/history.h"

#include <jansson.h>
#include <stdio.h>

enum history_format {
	HISTORY_CSV_SERIES, /* a line a sample or mark */
	HISTORY_CSV_RUNS, /* a line a run, with every figure and the profile's keys */
	HISTORY_NDJSON, /* a run, then its samples and marks, a line each */
};

/* Writes runs one after the other; head is written before the first.  0 or -OTA_EIO,
 * -OTA_ENOMEM. */
int history_export(FILE *out, enum history_format format, const struct history_detail *detail,
		   bool head);
/*
 * The runs into a file that is there when all is written (base/file_save.h).  0, or
 * negative with a sentence in why: also where the file cannot be made, there is one
 * and replace is false, or a run cannot be read.
 */
int history_export_file(struct history *history, const int64_t *ids, size_t count,
			enum history_format format, const char *path, bool replace, char *why,
			size_t size);
/* "csv", "csv-runs", "ndjson" or "jsonl".  0 or -OTA_EINVAL. */
int history_format_by_name(const char *name, enum history_format *ret);

/* A run's figures under the names that they have in the file; NULL: no memory. */
json_t *history_run_json(const struct history_run *run);
/* {"key": {"asked": ..., "in_force": ...}} */
json_t *history_keys_json(const struct history_detail *detail);

#endif
