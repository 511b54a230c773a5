/* SPDX-License-Identifier: Apache-2.0 */
/* One recorded update of a virtual ESP32, for tests of what is kept of it. */
#ifndef OTABENCH_HISTORYLIB_H
#define OTABENCH_HISTORYLIB_H

#include "esp/esp.h"
#include "history/history.h"
#include "history/recorder.h"

#define PLAY_DEVICE "esp-sim-01"

struct play {
	/* what to do */
	const char *path; /* of the history; NULL: history_path() */
	const char *options, *image_path; /* as in struct recorder_config */
	const char *version; /* of the image; NULL: the same as the device runs */
	bool off;
	uint32_t size; /* of the image; 0: 60000 */
	const char *set; /* key=value of the profile, more apart by blanks; NULL: none */
	const char *fault; /* NULL: none */
	bool measure;
	int8_t rssi;
	uint16_t chip_id; /* as image_chip_by_id() has it; 0: an ESP32 */
	enum esp_flash_mode flash_mode;
	/* Once this much is received: what happens then, and whether the run goes on after it. */
	uint32_t at;
	bool (*then)(struct play *play, struct job *job);
	/* what came of it */
	struct job_result result;
	bool finished;
	unsigned int warnings;
	char warning[1024];
	unsigned int heard_finished, heard_tuned, heard_progress,
		heard_states; /* by the listener behind */
};

/* Puts play.set into a profile. */
void play_settings(const char *set, struct profile *profile);
/* Plays it to its end, or until then() says that this is it. */
void play_run(struct play *play);
/* The same in a child process, which then() is to kill; returns its process's number. */
pid_t play_fork(struct play *play);

/* A folder of the test's own, and the history in it. */
struct history_place {
	char folder[64], path[128];
};

/* For cmocka: makes the folder, not the file, which may lie in folders that are not there yet;
 * 0 or -1. */
int history_place_make(struct history_place *place, const char *file);
/* Removes all that is in it. */
int history_place_remove(const struct history_place *place);
/* To be closed; fails the test where it cannot be opened. */
struct history *history_place_open(const struct history_place *place);
/* The number of runs, and the newest of them; all 0: none. */
size_t history_place_runs(const struct history_place *place, struct history_run *ret_newest);
/* Runs SQL on the file, as another program could. */
void history_place_sql(const struct history_place *place, const char *text);

#endif
