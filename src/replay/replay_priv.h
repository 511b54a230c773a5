/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the replay. */
#ifndef OTABENCH_REPLAY_REPLAY_PRIV_H
#define OTABENCH_REPLAY_REPLAY_PRIV_H

#include "replay/replay.h"

#include "transport/trace.h"

struct replay {
	struct trace_file *file;
	unsigned int damaged; /* line */
	uint64_t recorded_us; /* of the line that tells it */
	char recorded[40], program[64], source[REPLAY_TEXT];
	struct replay_run *runs;
	size_t run_count;

	size_t current;
	struct transport *transport; /* plays the current run; NULL: none yet */
	struct job *job;
	uint8_t *blank; /* stands for the image, which a recording does not hold as such */
	enum replay_state state;
	void (*acted)(void *userdata, const char *text);
	void *acted_userdata;
	struct replay_mark marks[REPLAY_MARKS_MAX]; /* of the run marked */
	size_t mark_count;
	size_t marked; /* the run that they are of; SIZE_MAX: none */
};

/* replay_file.c: finds the runs.  -OTA_ENOMEM; what is damaged is in r->damaged. */
int replay_read_runs(struct replay *r);

#endif
