/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for the settings that suit a device and an adapter: which to measure next, when
 * enough is known, and which won.
 *
 * A setting is a point of a grid, one value of each axis.  The owner measures what sweep_next()
 * names and hands the result to sweep_add(), until sweep_next() has nothing more.  The choice
 * follows from the axes, the facts and the samples so far and from nothing else, so that a
 * search that was interrupted goes on from its samples (sweep_state.h) as if it had not been.
 *
 * The method:
 * 1. The settings of the profile are measured first, and tell the facts of the link.
 * 2. Links (PHY and interval) are measured, the most promising by predict.h first.
 * 3. From the best of them, one axis at a time, to neighbouring values, for as long as
 *    something improves.  A value that by prediction and by what the air carries at most cannot
 *    be better is not measured.
 * 4. The objective: smaller windows, or less load where values get lost.
 * 5. The best is measured again and longer, and so is what might still be better, until the
 *    difference is larger than what chance explains, or of no interest.
 *
 * No clock, heap or file.
 */
#ifndef OTABENCH_SWEEP_SWEEP_H
#define OTABENCH_SWEEP_SWEEP_H

#include "core/airtime.h"
#include "profile/profile.h"

enum sweep_axis {
	SWEEP_PHY, /* enum profile_phy */
	SWEEP_INTERVAL, /* units of 1.25 ms, or as in the profile */
	SWEEP_CHUNK,
	SWEEP_MODE, /* enum gatt_write */
	SWEEP_WINDOW,
	SWEEP_ACK,
	SWEEP_PACING,
	SWEEP_AXES
};

enum sweep_objective {
	SWEEP_FASTEST,
	SWEEP_NO_GAPS, /* the fastest of those that lose no value */
	SWEEP_SMALL_WINDOW, /* the least window within 5 % of the fastest: soonest cancel */
	SWEEP_OBJECTIVES
};

#define SWEEP_VALUES 12u

/*
 * Values as in struct profile.  Of PHY and interval ascending; of the others first the usual
 * one (auto, or a pacing of 0), then ascending.
 */
struct sweep_values {
	int32_t value[SWEEP_VALUES];
	uint8_t count; /* at least 1 */
};

struct sweep_point {
	uint8_t at[SWEEP_AXES]; /* index into the axis's values */
};

/* The facts that the first measurement found. */
struct sweep_facts {
	struct airtime_link link; /* in force */
	uint16_t mtu, header;
	uint32_t ring; /* bytes; 0: the device told none */
	uint8_t phys; /* OTA_PHYS_* of the device */
	bool acquire; /* the stack has another way for commands, GATT_ACQUIRE */
};

enum sweep_stage {
	SWEEP_STAGE_FIRST,
	SWEEP_STAGE_LINKS,
	SWEEP_STAGE_SETTINGS,
	SWEEP_STAGE_OBJECTIVE,
	SWEEP_STAGE_SURE,
	SWEEP_STAGES
};

struct sweep_sample {
	enum sweep_stage stage;
	struct sweep_point point;
	uint32_t bytes; /* received; 0: the measurement failed */
	uint64_t send_us; /* from READY to the last byte */
	uint64_t around_us; /* START to READY, and the end */
	uint32_t values, gaps;
	uint32_t window; /* in force at the end, bytes */
	bool not_had; /* the link was refused: another one was measured ... */
	bool phy_not_had; /* ... whose PHY, too, was not the one asked for */
};

#define SWEEP_SAMPLES 128u /* a search ends before that */

struct sweep {
	enum sweep_objective objective;
	struct sweep_values axes[SWEEP_AXES];
	bool facts_known;
	struct sweep_facts facts;
	struct sweep_sample samples[SWEEP_SAMPLES];
	size_t count;
};

struct sweep_request {
	enum sweep_stage stage; /* FIRST: the profile as it is, and point says nothing */
	struct sweep_point point;
	uint32_t bytes; /* to be sent */
	uint32_t us; /* about how long that should take; 0: not known */
};

/* All that was measured of one point. */
struct sweep_score {
	struct sweep_point point;
	uint32_t rate; /* bytes per second of a transfer of 1 MB; 0: failed */
	uint32_t error; /* of rate: standard error of the mean, bytes per second */
	/* rate, less where an update would be slowed: flash needs more under way while it erases
	 * than a device that throws away.  Points are compared by this. */
	uint32_t merit;
	uint32_t runs, gaps, values, bytes;
	uint32_t window; /* in force */
	bool not_had;
};

struct sweep_result {
	struct sweep_score best, second; /* second.runs 0: nothing else was measured */
	bool met; /* false: no setting meets the objective; best is the nearest */
	/* The probability, in a million, that best is not slower than 95 % of second. */
	uint32_t sure_ppm;
	uint32_t first_rate; /* of the first point: as the profile is */
};

/* The axes that a profile leaves open, and those that it fixes with one value each. */
void sweep_init(struct sweep *s, enum sweep_objective objective, const struct profile *bounds);
/*
 * After the first measurement, before sweep_add(): values that this link or device cannot have
 * are taken out, and those of the link in force stand in the axes.  *ret is the point
 * that was measured.
 */
void sweep_learn(struct sweep *s, const struct sweep_facts *facts, struct sweep_point *ret);

/* True: *ret is to be measured.  False: the search is over. */
bool sweep_next(const struct sweep *s, struct sweep_request *ret);
/* 0; -OTA_EINVAL: a point outside of the grid; -OTA_ENOSPC: SWEEP_SAMPLES are there. */
int sweep_add(struct sweep *s, const struct sweep_sample *sample);

/* The number of points of the grid. */
uint32_t sweep_grid(const struct sweep *s);
/* The best of the points measured so far; false: nothing was with success. */
bool sweep_best(const struct sweep *s, struct sweep_result *ret);
/* Bytes per second of this one, as in struct sweep_score; 0: it failed. */
uint32_t sweep_sample_rate(const struct sweep_sample *sample);
bool sweep_same(const struct sweep_point *a, const struct sweep_point *b);
/* Every measured point once, the best first; returns how many. */
size_t sweep_scores(const struct sweep *s, struct sweep_score ret[SWEEP_SAMPLES]);
/* The best rate of a PHY and an interval (indices); 0: not measured. */
uint32_t sweep_heat(const struct sweep *s, enum sweep_axis row, uint8_t at_row,
		    enum sweep_axis column, uint8_t at_column);

/* The values of a point put into a profile. */
void sweep_apply(const struct sweep *s, const struct sweep_point *point, struct profile *profile);
enum profile_key sweep_axis_key(enum sweep_axis axis);
/* A value as one would type it.  Returns buf; SETTING_TEXT_MAX bytes are enough. */
char *sweep_value_text(const struct sweep *s, enum sweep_axis axis, uint8_t at, char *buf,
		       size_t size);
/* "2M 10 ms, request, window 8192": in words, without what is left to the session.  Returns buf;
 * SWEEP_POINT_TEXT bytes are enough. */
char *sweep_point_text(const struct sweep *s, const struct sweep_point *point, char *buf,
		       size_t size);
#define SWEEP_POINT_TEXT 128u
/* The statement that sure_ppm is the confidence of. */
#define SWEEP_SURE_TEXT "that it is at most 5 % slower than the runner-up"
/* "fastest", "no-gaps", "small-window" */
const char *sweep_objective_name(enum sweep_objective objective);
/* False: no such name. */
bool sweep_objective_of(const char *name, enum sweep_objective *ret);
/* "first", "links", "settings", "objective", "sure" */
const char *sweep_stage_name(enum sweep_stage stage);

#endif
