/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's runs over time: the spread in which their goodput lies, runs that leave it, and
 * what changed at that moment.  Pure: runs in, findings out.
 */
#ifndef OTABENCH_HISTORY_HISTORY_TREND_H
#define OTABENCH_HISTORY_HISTORY_TREND_H

#include "history/history.h"

#define HISTORY_TREND_LEAST 3u /* runs that make a spread */
#define HISTORY_TREND_BEFORE 20u /* runs before it that a run is compared with, at most */

enum history_move {
	HISTORY_FIRST, /* too few runs before it to say */
	HISTORY_STEADY, /* within the spread */
	HISTORY_FALL, /* below it, and the run before was not */
	HISTORY_STAYS_LOW, /* below it, as the run before: its level is the new one */
	HISTORY_RISE, /* above it, and the run before was not */
	HISTORY_STAYS_HIGH,
};

struct history_point {
	size_t run; /* index into the runs that were given */
	size_t before; /* index of the point that it is to be compared with; its own: none */
	uint32_t goodput; /* bytes per second */
	enum history_move move;
	unsigned int spread_runs; /* the spread's; 0: FIRST, and the figures below are 0 */
	uint32_t median, low, high; /* bytes per second */
};

/*
 * The runs of a device, oldest first: updates that reached DONE and brought the larger part of
 * their image, over the same clock as the newest of them.  runs are as history_list() gives
 * them; device is a name or an address, and where several devices have the name, the one of
 * the newest run is meant.  Points get run and goodput; returns how many, at most max (the
 * newest).  *ret_others: runs of that name that are left out for their clock or address.
 */
size_t history_trend_pick(const struct history_run *runs, size_t count, const char *device,
			  struct history_point *ret, size_t max, size_t *ret_others);
/*
 * Fills in the rest.  A run is compared with those before it at the same level: it lies within
 * the spread from their least less a tolerance to their greatest plus it.  The tolerance is three
 * standard deviations, estimated by the median absolute deviation, more where it rests on few
 * runs, and at least 3 % of the median.  A run that leaves the spread does not count for the next
 * one's; two in a row that leave it to one side begin a new level.
 */
void history_trend_judge(struct history_point *points, size_t count);
const char *history_move_name(enum history_move move); /* "first", "steady", "fall" ... */

#define HISTORY_CHANGED_MAX 24u
#define HISTORY_CHANGED_TEXT 64u
struct history_changed {
	char what[48]; /* "kernel", "setting window", "signal" */
	char from[HISTORY_CHANGED_TEXT], to[HISTORY_CHANGED_TEXT];
};
/*
 * The changes from one run to a later one, causes before their effects: host, adapter, device,
 * settings, image; then signal, link, what limits it, losses.  A fact that is not known of both
 * runs did not change.  The host says nothing of virtual devices.  Texts are not yet safe to print.
 */
size_t history_changes(const struct history_detail *before, const struct history_detail *now,
		       struct history_changed ret[HISTORY_CHANGED_MAX]);

/* --- from the file */

#define HISTORY_TURNS_MAX 32u

/* A point that left the spread, and what changed since the last one within it. */
struct history_turn {
	size_t point;
	struct history_changed changes[HISTORY_CHANGED_MAX];
	size_t change_count; /* 0: nothing that is recorded */
};

/* Owns its arrays, which history_trend_finish() frees. */
struct history_trend {
	struct history_run *runs; /* newest first */
	struct history_point *points; /* oldest first */
	size_t count; /* of points; 0: no whole update of that device is recorded */
	size_t others;
	struct history_turn *turns; /* FALL and RISE, oldest first; the latest HISTORY_TURNS_MAX */
	size_t turn_count;
};
/* 0, or as history_list(). */
int history_trend_load(struct history *history, const char *device, struct history_trend *ret);
void history_trend_finish(struct history_trend *trend);

#endif
