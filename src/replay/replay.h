/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording (transport/trace.h) shown again: the same job over the recorded
 * transport, so that every figure comes from the code that made it then.  The file
 * is enough: what a run was to do stands in it, in notes of these forms:
 *
 *   recorded DATE by PROGRAM on SOURCE
 *   run GOAL command=N scan_ms=N timeout_ms=N forced=N restart=N resume_only=N no_confirm=N
 *       pattern=N log_data=N on_screen=N device=NAME
 *   image SIZE SHA-256 | image-signed HEX | image-mcuboot SHA-256 | image-name TEXT | image-project TEXT | image-version TEXT
 *   stream-block KIND BYTES, for each block of the stream that was sent in the image's place
 *   stream-later TEXT, where that stream had yet to be made; "! stream made" is when it was
 *   digest CRC32, for each block of the image, where the device was asked for its own
 *   bytes N | profile NAME | set KEY=VALUE
 *   intervals ON-1M ON-2M
 *   finding CHECK SEVERITY CAN-FORCE TEXT | checks again | checked passed | checked refused
 *   end OUTCOME
 *
 * and what the user did ("! start", pause, resume, cancel, passkey given, passkey refused,
 * pacing N, window N, chunk N, mode N) where it was done.
 *
 * A file may hold several runs, as the workbench makes them, and may end anywhere.
 */
#ifndef OTABENCH_REPLAY_REPLAY_H
#define OTABENCH_REPLAY_REPLAY_H

#include "host/job.h"

#include <stdio.h>

#define REPLAY_TEXT 160u
#define REPLAY_RUNS_MAX 256u
#define REPLAY_MARKS_MAX 256u
#define REPLAY_SETTINGS_MAX 64u
#define REPLAY_IMAGE_MAX (16u << 20) /* bytes: the largest flash of the family */

struct replay_run {
	struct job_config config; /* profile, image, recorded point into this structure */
	struct profile profile;
	const char *settings[REPLAY_SETTINGS_MAX]; /* "key=value", the file's */
	size_t setting_count;
	struct image image;
	struct job_recorded recorded;
	char device[SCAN_NAME_SIZE], image_name[REPLAY_TEXT]; /* as noted: not yet safe to print */
	uint64_t start_us, end_us; /* of its first and last line */
	unsigned int first_line, last_line; /* of the file */
	size_t first, last; /* entries [first, last) of the trace */
	bool whole; /* the recording holds its end ... */
	char outcome[32]; /* ... and called it so */
};

enum replay_state {
	REPLAY_PLAYING,
	REPLAY_FINISHED, /* the run ended as recorded */
	REPLAY_CUT, /* the recording ends before the run does */
	REPLAY_DEPARTED, /* this program does something else than the one that recorded */
};

/* A moment worth going to. */
struct replay_mark {
	uint64_t at_us;
	bool state; /* only a state that was entered */
	char text[48];
};

struct replay;

/*
 * 0; -OTA_ENOENT and others from the file; -OTA_EBADMSG: no recording, or none of a
 * run.  ret_why is a sentence then.  A damaged file is opened as far as it goes.
 */
int replay_open(const char *path, struct replay **ret, char *ret_why, size_t size);
/* The same from an open stream, which stays the caller's; name is for texts. */
int replay_open_stream(FILE *file, const char *name, struct replay **ret, char *ret_why,
		       size_t size);
void replay_close(struct replay *r);

/* Safe to print; "" where the file does not tell. */
const char *replay_recorded(const struct replay *r); /* "2026-11-25 03:11:08" */
const char *replay_program(const struct replay *r); /* "otabench 0.1.0" */
const char *replay_source(const struct replay *r); /* "virtual ESP32s", "hci0" */
bool replay_simulated(const struct replay *r); /* times are modelled */
/* The difference from the recording's clock to microseconds since midnight, local time; 0 if
 * times are modelled, or the file does not tell. */
int64_t replay_day_offset(const struct replay *r);
/* The line that could not be read; 0: all could. */
unsigned int replay_damaged_line(const struct replay *r);
size_t replay_runs(const struct replay *r); /* at least 1 */
const struct replay_run *replay_run(const struct replay *r, size_t index);
/* The one that is asked for mostly: the last update, else the last run. */
size_t replay_main_run(const struct replay *r);

/*
 * Puts a run at its beginning, also one that is under way: its job is made anew.
 * listener as for job_create(); marks are collected by a silent pass.  -OTA_ENOMEM,
 * or -OTA_EBADMSG where the run's notes make no job.
 */
int replay_begin(struct replay *r, size_t run, const struct job_listener *listener);
/* Told what the user did (the text of "! ..."), after it was done again; until the next
 * replay_begin(). */
void replay_on_act(struct replay *r, void (*fn)(void *userdata, const char *text), void *userdata);
size_t replay_current(const struct replay *r);
struct job *replay_job(const struct replay *r); /* until the next replay_begin() */
struct transport *replay_transport(const struct replay *r); /* the same */

uint64_t replay_now(const struct replay *r); /* between start_us and end_us of the run */
/* Plays everything up to and with this time, at most max lines (0: all); then it is now. */
enum replay_state replay_until(struct replay *r, uint64_t us, size_t max);
/* Plays up to and with the next event or doing of the user's. */
enum replay_state replay_step(struct replay *r);
/* When the event or doing before us was; start_us when there is none. */
uint64_t replay_before(const struct replay *r, uint64_t us);
enum replay_state replay_state(const struct replay *r);
/* The line of the file at which the replay is. */
unsigned int replay_line(const struct replay *r);
/* Why it does not go on, as a sentence; "" while it does, or when the run finished. */
void replay_explain(const struct replay *r, char *buf, size_t size);

/* Oldest first; NULL past the end. */
const struct replay_mark *replay_mark(const struct replay *r, size_t index);

#endif
