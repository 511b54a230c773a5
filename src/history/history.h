/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history: every update and measurement with its parameters, its result and
 * its course over time, kept in one SQLite file so that runs can be looked at,
 * compared, exported and run again.
 *
 * This is the reading side, and the file itself; recorder.h writes while a job
 * runs.  Several programs may read and write the same file at once.
 *
 * Texts come from devices and files: they are what was recorded, and not yet
 * safe to print (output.h).
 */
#ifndef OTABENCH_HISTORY_HISTORY_H
#define OTABENCH_HISTORY_HISTORY_H

#include "host/job.h"
#include "host/job_result.h"
#include "host/scan.h"
#include "profile/profile.h"

#define HISTORY_PATH_MAX 4096u
#define HISTORY_IMAGE_MAX 1024u /* a longer name of a file is not kept */
#define HISTORY_OPTIONS_MAX 1024u
#define HISTORY_RUNS_KEPT 2000u /* older ones are removed ... */
#define HISTORY_SERIES_KEPT 300u /* ... and the series of those beyond these before that */

enum history_state {
	HISTORY_RUNNING, /* by a process that is there */
	HISTORY_ENDED, /* with a result */
	HISTORY_LEFT, /* the program ended without waiting for the run's end */
	HISTORY_KILLED, /* the program is gone, and had no time to say so */
};

/* A run.  Figures that are not known are 0; those of a run without a result are the last seen. */
struct history_run {
	int64_t id; /* never given twice */
	enum history_state state;
	int64_t started_ms, ended_ms; /* time of day, since the epoch; ended 0: it did not */
	char program[32]; /* "otabench 0.1.0" */
	enum session_goal goal; /* UPDATE or MEASURE */
	char options[HISTORY_OPTIONS_MAX]; /* how the device was reached: "--sim=seed=1" */
	char device[SCAN_NAME_SIZE]; /* its name, or what was typed */
	char address[SCAN_ADDRESS_SIZE]; /* "": it was not found */
	char profile[PROFILE_NAME_MAX];
	bool profile_changed; /* its values were not those of the file of that name */
	char image[HISTORY_IMAGE_MAX]; /* absolute path; "" unknown, or MEASURE */
	char project[33], version[33]; /* of the image */
	uint8_t sha256[OTA_SHA256_SIZE]; /* of the image's file */
	uint32_t size; /* bytes of the image, or to measure with */
	bool restart, resume_only, no_confirm;
	bool pattern; /* MEASURE: of the flash, else of the link */
	uint32_t forced; /* 1u << enum lint_check */
	uint32_t pacing_us; /* in force at the end */
	uint32_t queued, received, flushed; /* image offsets reached */
	uint64_t start_us; /* START written, since the run began; 0: it was not */
	int8_t rssi_median, rssi_min; /* dBm while it ran; 127 unknown */
	uint32_t lost_samples; /* that could not be kept */
	/* The circumstances, which may explain a change between runs; "" unknown. */
	char kernel[48]; /* uname()'s release */
	char bluetoothd[16], adapter[18], maker[8], firmware[24]; /* as in struct transport_link */
	char chip[16]; /* "ESP32-C3" */
	char device_version[64]; /* of the firmware that received the image */
	struct job_result result;
};

/* A value that a profile asked for, and the value in force. */
struct history_key {
	char name[48];
	char asked[SETTING_TEXT_MAX];
	char in_force[SETTING_TEXT_MAX]; /* "": as asked, or nothing tells */
};

/* Times are microseconds since the run began, of the transport's clock. */
struct history_sample {
	uint64_t at_us;
	uint32_t queued, received, flushed; /* image offsets */
	uint32_t rate; /* bytes received per second, over the last second */
	uint32_t ring; /* bytes that the device holds in memory */
	int8_t rssi; /* dBm, 127 unknown */
	bool ring_known;
};

enum history_mark_kind {
	HISTORY_STALL, /* begins; value: offset */
	HISTORY_MOVING, /* a stall ended; its milliseconds */
	HISTORY_GAP, /* offset to go back to */
	HISTORY_RETRY, /* number of the try */
	HISTORY_RESUME, /* offset */
	HISTORY_LINK_LOST, /* enum gatt_reason */
	HISTORY_TUNING, /* text: "pacing 500 us" */
	HISTORY_STATE, /* text: the state that began */
	HISTORY_MARKS
};

#define HISTORY_MARK_TEXT 64u

struct history_mark {
	uint64_t at_us;
	enum history_mark_kind kind;
	uint32_t value;
	char text[HISTORY_MARK_TEXT];
};

/* All of one run; owns its arrays, which history_detail_finish() frees. */
struct history_detail {
	struct history_run run;
	struct history_key *keys;
	struct history_sample *samples; /* in order of time */
	struct history_mark *marks; /* in order of time */
	size_t key_count, sample_count, mark_count;
};

/*
 * The history's file: $OTABENCH_HISTORY, else otabench/history.db in
 * $XDG_STATE_HOME (default ~/.local/state).  0; -OTA_ENOENT when
 * OTABENCH_HISTORY is "" or "no": there is none; -OTA_EINVAL when there is no
 * home to put it in.
 */
int history_path(char *buf, size_t size);

struct history;

/*
 * Opens what others record.  path NULL: history_path().  0; -OTA_ENOENT: nothing
 * was recorded yet, or history is off; -OTA_EPERM, -OTA_EIO, -OTA_EBADMSG
 * (damaged, or no history), -OTA_ENOTSUP (of a newer otabench), -OTA_ENOMEM,
 * with a sentence in why that names the file.
 */
int history_open(const char *path, struct history **ret, char *why, size_t size);
void history_close(struct history *history);
/* Why the last call on it failed. */
const char *history_error(const struct history *history);

/* The calls below return 0 or: -OTA_EIO, -OTA_EBADMSG, -OTA_EBUSY (another program holds it),
 * -OTA_ENOMEM; history_error() tells more. */

/* At most limit runs, newest first; the caller frees *ret. */
int history_list(struct history *history, size_t limit, struct history_run **ret,
		 size_t *ret_count);
/*
 * The number of a run as one types it: "12" or "#12"; "last" and "-1" are the newest, "-2" is the
 * one before it.  0; -OTA_EINVAL: none of these; -OTA_ENOENT: there are not so many.  That a run
 * of a plain number is there is not looked for.
 */
int history_number(struct history *history, const char *text, int64_t *ret);
/* The same run without its series: samples and marks are none.  Also -OTA_ENOENT. */
int history_load_head(struct history *history, int64_t id, struct history_detail *ret);
/* The whole run.  Also -OTA_ENOENT.  *ret is set on success only. */
int history_load(struct history *history, int64_t id, struct history_detail *ret);
void history_detail_finish(struct history_detail *detail);
/* Removes a run.  Also -OTA_ENOENT, and -OTA_EPERM if the file may only be read. */
int history_delete(struct history *history, int64_t id);
/* Returns true if a run was recorded or deleted since the last call; false on failure. */
bool history_changed(struct history *history);

/* The profile that the run was begun with.  0, or -OTA_EINVAL with *errors. */
int history_profile(const struct history_detail *detail, struct profile *ret,
		    struct setting_errors *errors);

/* --- what do runs like the next one tell? */

/* The runs that are like the next one: by what they did, not by what a profile was called then. */
struct history_question {
	uint32_t size; /* bytes of the image */
	const char *address; /* of the device; NULL: any */
	const char *chip; /* as in the run; NULL: any */
	const struct profile *profile; /* runs with its values on the air; NULL: any */
	const struct transport_link *link; /* runs over its adapter and buffers; NULL: any */
	const char *options; /* of virtual devices, which these make; NULL: any */
	bool virtual_clock; /* modelled and real runs are never mixed */
};
#define HISTORY_ESTIMATE_RUNS 5u
struct history_estimate {
	uint64_t us; /* the median of the latest runs, scaled by size; START to DONE */
	unsigned int runs; /* that it rests on, at most HISTORY_ESTIMATE_RUNS; 0: unknown */
	bool other_device; /* none of this device: those of its chip */
};
/* Estimates from updates that reached the device's DONE and brought the larger part of the
 * image: those of the device if there are any, else those of its chip if that is named. */
int history_estimate(struct history *history, const struct history_question *question,
		     struct history_estimate *ret);

struct history_best {
	int64_t id; /* of the run with the highest goodput; 0: there is none */
	uint32_t goodput;
	char profile[PROFILE_NAME_MAX];
	bool profile_changed, other_device;
};
/* The best of the same runs; the question's profile and size do not count. */
int history_best(struct history *history, const struct history_question *question,
		 struct history_best *ret);

/* The time that a device's flash took in its latest runs, or one of its chip: a job_flash_fn. */
uint32_t history_flash(const struct job_flash_asked *asked);

/* --- names */

const char *history_goal_name(enum session_goal goal); /* "update", "measure" */
const char *history_mark_name(enum history_mark_kind kind);
/* "running", "killed", "left", or the outcome: "confirmed" ... */
const char *history_outcome(const struct history_run *run);
/* Received of the size, 0..100. */
unsigned int history_percent(const struct history_run *run);

#endif
