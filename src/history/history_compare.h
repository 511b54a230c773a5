/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two runs side by side: their figures with what changed, the keys of the
 * profile that differ, and their rates over one axis of time.  Text, so that the
 * command line and the screen tell the same.
 */
#ifndef OTABENCH_HISTORY_HISTORY_COMPARE_H
#define OTABENCH_HISTORY_HISTORY_COMPARE_H

#include "history/history.h"

#define HISTORY_ROWS_MAX 24u
#define HISTORY_CHANGES_MAX 64u
#define HISTORY_CELL_MAX 64u

struct history_row {
	const char *key; /* for programs: never another for the same figure */
	const char *label; /* for people */
	char a[HISTORY_CELL_MAX], b[HISTORY_CELL_MAX];
	char delta[HISTORY_CELL_MAX]; /* of a against b: "+235 %"; "" the same, or nothing to say */
};

struct history_change {
	const char *key; /* of the details */
	const char *a, *b; /* as asked; "-" where the run had no such key */
};

struct history_comparison {
	struct history_row rows[HISTORY_ROWS_MAX];
	size_t row_count;
	struct history_change changes[HISTORY_CHANGES_MAX];
	size_t change_count;
};

/* a and b must outlive *ret.  Texts are not yet safe to print. */
void history_compare(const struct history_detail *a, const struct history_detail *b,
		     struct history_comparison *ret);

/* Microseconds from START to DONE or the last sample: what its graph spans; 0: no series. */
uint64_t history_span(const struct history_detail *detail);
/*
 * Bytes received per second in equal spans of span_us since START, as many as the
 * series covers, at most max; returns how many.  Between samples bytes are spread
 * evenly, and a burst counts in the time in which the link can have carried it; what was
 * sent again after a lost link counts once.
 */
size_t history_rates(const struct history_detail *detail, uint64_t span_us, uint32_t *ret,
		     size_t max);

/* "59.8 kB/s" of a run, "-" where nothing was received; each returns buf. */
char *history_rate_text(const struct history_run *run, char *buf, size_t size);
/* START to DONE: "0:40.2", "-". */
char *history_time_text(const struct history_run *run, char *buf, size_t size);
/* "517 / 15 / 2M": MTU, interval in ms, PHY; "-" where no link is known. */
char *history_link_text(const struct history_run *run, char *buf, size_t size);
/* "-58 (-63)", "-". */
char *history_rssi_text(const struct history_run *run, char *buf, size_t size);

#endif
