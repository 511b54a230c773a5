/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job: one run of the host's state machine over one transport, from the name
 * that a user typed to a result that can be shown, recorded and compared.
 *
 * It finds the device in the air, feeds the transport's events to the session
 * and the session's actions to the transport, keeps the log of what went over
 * Control, counts and measures.  The command line and the screen listen to it;
 * neither sees the session or the transport.
 *
 * Everything happens in the event loop of whoever created the transport.  Times
 * are microseconds of the transport's clock, which in the simulator is virtual.
 */
#ifndef OTABENCH_HOST_JOB_H
#define OTABENCH_HOST_JOB_H

#include "core/session.h"
#include "host/job_log.h"
#include "host/job_result.h"
#include "host/job_snapshot.h"
#include "host/job_stream.h"
#include "host/scan.h"
#include "image/lint.h"
#include "profile/profile.h"
#include "transport/transport.h"

#define JOB_PATH_MAX 4096u
/* A question to what earlier runs have left. */
struct job_flash_asked {
	char history[JOB_PATH_MAX]; /* its file; "": the usual one */
	char address[SCAN_ADDRESS_SIZE];
	char chip[16]; /* "ESP32-C3" */
	char options[JOB_TEXT_MAX]; /* how the device is reached */
	bool virtual_clock;
};
/* Bytes per second that the device's flash takes, else one of its chip; 0: not known.  Called by
 * any thread. */
typedef uint32_t job_flash_fn(const struct job_flash_asked *asked);

struct job_config {
	enum session_goal goal;
	enum ota_command command; /* COMMAND */
	const char *device; /* name or address, as typed; copied */
	const struct profile *profile; /* copied */
	const struct image *image; /* UPDATE: as image_read() filled it; the caller's */
	/* UPDATE: all that is known of the image, which then has no data; the caller's; or NULL. */
	const struct patch *patch;
	const struct lint_report *report; /* UPDATE: what image_read() found; the caller's */
	const struct log *log; /* what was chosen to be sent, and why; the caller's; or NULL */
	const char *image_name; /* file, for texts; NULL: "IMAGE"; copied */
	/* Options of the command lines in texts; the caller's; NULL: none. */
	const char *options; /* how the device is reached: "--adapter=hci1" */
	const char *sending; /* how an image is sent: "-p fast" */
	bool on_screen; /* texts name the workbench's commands, ":confirm", not command lines */
	uint32_t bytes; /* MEASURE: how many to send; PREPARE: to erase, 0 = the slot */
	bool pattern; /* MEASURE: the flash, see struct session_config; they are not sent */
	uint32_t forced; /* checks that may fail: 1u << enum lint_check */
	bool restart; /* do not resume */
	bool resume_only; /* refuse unless there is something to resume */
	bool trust_change; /* the device may be another than the one that was met; known.h */
	bool no_confirm; /* leave the new image on trial, whatever the profile says */
	uint32_t scan_timeout_ms; /* how long to look for the device; 0 = 15000 */
	uint32_t timeout_ms; /* for the whole run, which ends TIMED_OUT then; 0 = none */
	bool log_data; /* an entry for each Data value as well */
	/* UPDATE: where the device is, as host/journal.h has it; NULL: no journal.  The caller's. */
	const char *place;
	job_flash_fn *flash; /* NULL: it is not known */
	/* Arguments for flash: the history's file, NULL: the usual one; how the device is
	 * reached.  Copied. */
	const char *history, *reach;
	/* A recording's facts: the results of the checks, instead of checking again, and those
	 * on the adapter; the caller's.  image then needs no content but size and hash. */
	const struct job_recorded *recorded;
};

struct job_recorded {
	struct lint_report report;
	bool refused;
	bool is_signed; /* as struct session_config has it */
	uint8_t signed_start[OTA_SIGNED_SIZE];
	unsigned int changes; /* KNOWN_* of known.h, in words, and whether they were accepted */
	bool trusted;
	char changed[JOB_TEXT_MAX / 2];
	enum stream_kind stream; /* sent, with the bytes of each of its blocks; 0 of them: raw */
	char stream_text[JOB_STREAM_TEXTS][JOB_TEXT_MAX / 2]; /* what was said of the choice */
	uint32_t stream_texts;
	bool stream_later; /* it was waited for, until job_stream_made() */
	uint32_t stream_blocks;
	uint32_t stream_block[JOB_STREAM_BLOCKS];
	uint32_t digests; /* of the image's blocks, which the device was asked for; 0: it was not */
	uint32_t digest[OTA_SKIP_BLOCKS];
	uint16_t intervals[2]; /* learned with the adapter, on 1M and 2M; 0: nothing */
};

struct job;

/* Settings that the user may change while it runs; see job_tune_*(). */
enum job_tunable { JOB_PACING, JOB_WINDOW, JOB_CHUNK, JOB_MODE };

/*
 * Any function may be NULL.  They are called from within the job's work: they may read the job
 * (job_snapshot(), job_log()), but must neither command nor destroy it.  Pointers are valid during
 * the call.
 */
struct job_listener {
	void *userdata;
	void (*state)(void *userdata, enum session_state from, enum session_state to);
	void (*found)(void *userdata, const struct scan_device *device);
	/* Link up and known, or its parameters changed. */
	void (*link)(void *userdata);
	/* READY came: chunk, window and offset are in force. */
	void (*ready)(void *userdata);
	/* The image against the device: before anything is written. */
	void (*lint)(void *userdata, const struct lint_report *report, bool refused);
	void (*note)(void *userdata, enum session_note note, uint32_t value, const char *text);
	/* The user changed it, and it is in force; value as job_tune_*() was given it. */
	void (*tuned)(void *userdata, enum job_tunable what, uint32_t value);
	void (*log)(void *userdata, const struct job_log_entry *entry);
	/* Pairing: the device shows a passkey, and job_passkey() is to bring it, but not from
	 * within.  shown: as in the snapshot. */
	void (*passkey)(void *userdata, int32_t shown);
	/* The run stands, or what is known of the reason has changed: the likeliest cause. */
	void (*diagnosed)(void *userdata, const struct diagnosis *diagnosis);
	/* Something that the run can do without does not work: one sentence. */
	void (*warned)(void *userdata, const char *text);
	/* Some figure may have changed. */
	void (*progress)(void *userdata);
	/* Once: how the run ended.  The link may take its time to go down, two seconds with
	 * bluetoothd; the transport is the job's until then, and only finished() is told. */
	void (*result)(void *userdata, const struct job_result *result);
	/* Once, as the last call, when the link is down. */
	void (*finished)(void *userdata, const struct job_result *result);
};

/* The job uses the transport until job_destroy(), and does not own it.  -OTA_ENOMEM, -OTA_EINVAL. */
int job_create(struct transport *transport, const struct job_config *config,
	       const struct job_listener *listener, struct job **ret);
void job_destroy(struct job *job);
/* Once.  Whatever fails is told by finished(), never from within this call. */
void job_start(struct job *job);

/* The user.  Not from within the listener. */
void job_pause(struct job *job);
void job_resume(struct job *job);
/* Brings the device to idle, then ends; see session_cancel(). */
void job_cancel(struct job *job);
/* Asks the device for its STATUS beside the run: see session_ask().  -OTA_ENOTCONN before that. */
int job_ask(struct job *job);
/* The passkey that the user typed, 0..999999; negative: none, which ends the run.
 * -OTA_EINVAL when it is not awaited (any more), or out of range. */
int job_passkey(struct job *job, int32_t passkey);
/* 0, -OTA_EINVAL out of range, -OTA_EBUSY while nothing runs that it could apply to. */
int job_tune_pacing(struct job *job, uint32_t us);
int job_tune_window(struct job *job, uint32_t bytes); /* 0 = auto */
int job_tune_chunk(struct job *job, uint16_t bytes); /* 0 = auto */
int job_tune_mode(struct job *job, enum gatt_write mode);

/* A recording's: what is to be sent was made at this moment. */
void job_stream_made(struct job *job);

#define JOB_COMMAND_MAX (JOB_TEXT_MAX * 2u / 5u)
enum job_command_on { JOB_COMMAND_ALONE, JOB_COMMAND_DEVICE, JOB_COMMAND_IMAGE };
/* "'otabench --adapter=hci1 resume esp-gw-07 app.bin'", or ':resume': a command on this run's
 * device, as it can be typed.  Where the options do not fit, it has none.  Returns buf. */
char *job_command_line(const struct job *job, const char *verb, enum job_command_on on,
		       char buf[JOB_COMMAND_MAX]);
/* The same with a setting of the profile, "key=value" ("": none), where an image is sent. */
char *job_command_with(const struct job *job, const char *change, const char *verb,
		       enum job_command_on on, char buf[JOB_COMMAND_MAX]);
/* The likeliest cause of a run that stands, as things are; false: it moves, or none is known. */
bool job_cause(const struct job *job, struct diagnosis *ret);
/* The command of a diagnosis's cure likewise; NULL: it has none. */
char *job_cure_line(const struct job *job, const struct diagnosis *diagnosis,
		    char buf[JOB_COMMAND_MAX]);
void job_snapshot(const struct job *job, struct job_snapshot *ret);
/* The index-th entry ever made; NULL when it is not kept any more, or not yet made. */
const struct job_log_entry *job_log(const struct job *job, size_t index);
/* Findings on the image and, once connected, the device; NULL without an image. */
const struct lint_report *job_report(const struct job *job);
/* finished() was called. */
bool job_is_finished(const struct job *job);
/* The limit of the transfer so far: limit_text of a result, made anew every two seconds of the
 * transport's clock at most.  "" while too little was sent.  Valid until the next call. */
const char *job_limit_now(struct job *job);
/* NULL until result() was called. */
const struct job_result *job_result(const struct job *job);

/* A profile as the session takes it; the goal, image and what else is the run's stay untouched. */
void job_apply_profile(const struct profile *profile, struct session_config *ret);

#endif
