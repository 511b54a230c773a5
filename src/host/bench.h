/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bench: the same run several times, part after part, and what the runs say together.
 *
 * It decides which run comes next and keeps the results; whoever has the transport makes the
 * jobs.  No clock, file or transport.
 */
#ifndef OTABENCH_HOST_BENCH_H
#define OTABENCH_HOST_BENCH_H

#include "base/spread.h"
#include "host/job.h"

enum bench_part {
	BENCH_LINK, /* SINK: the device counts the bytes and discards them */
	/* The device writes a pattern of its own to the other slot, erased before and read back
	 * afterwards: whatever the slot held is lost, and with it the way back. */
	BENCH_FLASH,
	BENCH_UPDATE, /* a whole update, from the connection to the proof */
	BENCH_PARTS
};

#define BENCH_RUNS_MAX 50u /* of each part */
#define BENCH_WARM_UP_MAX 10u
#define BENCH_BYTES 1000000u
#define BENCH_FLASH_BYTES 524288u /* eight blocks: what is erased and no more */
#define BENCH_BYTES_MIN 1000u
#define BENCH_BYTES_MAX 100000000u

struct bench_plan {
	uint32_t parts; /* 1u << enum bench_part; at least one */
	unsigned int runs; /* of each part, 1..BENCH_RUNS_MAX */
	unsigned int warm_up; /* before them, not counted in any figure; 0..BENCH_WARM_UP_MAX */
	uint32_t bytes; /* LINK: how many to send */
	uint32_t flash_bytes; /* FLASH: how many to write; as bytes in its range */
};

struct bench_turn {
	enum bench_part part;
	bool warm_up;
	unsigned int number; /* from 1, warm-up and runs each by themselves */
};

/* The caller's memory; the plan may be read, the rest is private. */
struct bench {
	struct bench_plan plan;
	struct job_result *results; /* runs of each part; owned */
	unsigned int done[BENCH_PARTS], warmed[BENCH_PARTS];
};

/* -OTA_EINVAL: the plan is out of range; -OTA_ENOMEM. */
int bench_init(struct bench *b, const struct bench_plan *plan);
void bench_finish(struct bench *b);
/* The run that comes next; false: all have been. */
bool bench_next(const struct bench *b, struct bench_turn *ret);
/*
 * Sets what a run of that part needs, in a configuration that has device and profile, and for
 * UPDATE image and report as well: an image that already runs is sent all the same.
 */
void bench_configure(const struct bench *b, const struct bench_turn *turn, struct job_config *ret);
/* The run that bench_next() names has ended well; the result is copied. */
void bench_add(struct bench *b, const struct job_result *result);
/* Returns true if the run measured what it was for: the outcomes of a good end. */
bool bench_counts(enum bench_part part, const struct job_result *result);

/* Runs of a part that count, in their order. */
unsigned int bench_count(const struct bench *b, enum bench_part part);
const struct job_result *bench_result(const struct bench *b, enum bench_part part,
				      unsigned int index);
/* The spread of the runs' goodputs. */
void bench_spread(const struct bench *b, enum bench_part part, struct spread *ret);
/* The part that says most: of those with a run the last; false: there is no run yet. */
bool bench_main_part(const struct bench *b, enum bench_part *ret);

/* "link", "flash", "update" */
const char *bench_part_name(enum bench_part part);
/* One sentence: what a run of it does. */
const char *bench_part_text(enum bench_part part);
/* "link,update" as bits; 0: a name is unknown. */
uint32_t bench_parts_by_name(const char *names);

#endif
