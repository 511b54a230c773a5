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

#include "image/lint.h"
#include "core/session.h"
#include "host/pdu_text.h"
#include "host/metrics.h"
#include "profile/profile.h"
#include "host/scan.h"
#include "transport/transport.h"

#define JOB_LOG_MAX 1024u /* entries kept */
#define JOB_BYTES_MAX 64u /* of a value kept in the log: all of every Control PDU */
#define JOB_TEXT_MAX 512u

struct job_config {
	enum session_goal goal;
	enum ota_command command; /* COMMAND */
	const char *device; /* name or address, as typed; copied */
	const struct profile *profile; /* copied */
	const struct image *image; /* UPDATE: as image_read() filled it; the caller's */
	const struct lint_report *report; /* UPDATE: what image_read() found; the caller's */
	const char *image_name; /* file, for texts; NULL: "IMAGE"; copied */
	uint32_t bytes; /* MEASURE: how many to send */
	uint32_t forced; /* checks that may fail: 1u << enum lint_check */
	bool restart; /* do not resume */
	bool resume_only; /* refuse unless there is something to resume */
	bool no_confirm; /* leave the new image on trial, whatever the profile says */
	uint32_t scan_timeout_ms; /* how long to look for the device; 0 = 15000 */
	bool log_data; /* an entry for each Data value as well */
	/* UPDATE, from a recording: what the checks came to, instead of checking again; the
	 * caller's.  image then needs no content but its size and hash. */
	const struct job_recorded *recorded;
};

struct job_recorded {
	struct lint_report report;
	bool refused;
};

enum job_direction { JOB_OUT, JOB_IN, JOB_NOTE };

struct job_log_entry {
	uint64_t at_us;
	enum job_direction direction;
	enum gatt_chr chr; /* OUT, IN */
	enum gatt_write mode; /* OUT */
	size_t len; /* of the value */
	uint8_t bytes[JOB_BYTES_MAX]; /* its beginning */
	/* Data values written since the entry before, which is how they are summed up. */
	uint32_t data_values, data_bytes;
	char text[PDU_TEXT_SIZE];
};

/* How a run ended.  Figures that are not known are 0. */
struct job_result {
	enum session_outcome outcome;
	uint8_t code; /* enum ota_code, with DEVICE_ERROR; 0: the device gave none */
	uint8_t opcode; /* command it answers; 0: Data, or none */
	uint32_t detail; /* see enum ota_code */
	int status; /* negative OTA_E* where the stack failed */
	char what[JOB_TEXT_MAX]; /* one sentence: what happened */
	char advice[JOB_TEXT_MAX]; /* one sentence: what to do; "" when nothing */

	bool begun; /* START was written: what the device has may be resumed */
	/* START written to DONE notified; in a run that did not get there, to its end.  Between
	 * them lie the handshake, acknowledgements, lost links, retries and verification. */
	uint64_t seconds_us;
	/* Of the image, received in order by the device after the offset that the first READY
	 * named: what this run brought over, each byte once. */
	uint32_t bytes;
	uint32_t goodput; /* bytes per second: bytes over seconds */
	/* Bytes per second of whole Data values of this length, in this write mode, over the link
	 * as it was while sending (airtime_ceiling()); headers count in it, loss does not. */
	uint32_t ceiling;
	double ratio; /* goodput over ceiling; 0 when either is unknown */
	uint32_t rate_lowest; /* bytes in the leanest second */

	bool encrypted; /* the link was, at any time, as far as the stack tells */
	bool link_known;
	struct airtime_link link; /* while sending */
	uint16_t mtu, chunk;
	enum gatt_write mode;
	uint32_t window; /* as in job_window_in_force() */
	bool basic;
	uint32_t retries, gaps, resyncs, stalls, longest_stall_ms;
	uint32_t resumed_from;
	uint64_t sent_bytes; /* payload handed to the stack, repeated bytes included */

	bool running_known; /* version and hash of what runs at the end */
	char running_version[OTA_VALUE_MAX]; /* safe to print; "" unknown */
	uint8_t running_sha256[OTA_SHA256_SIZE];
	bool virtual_clock;
};

/* What a screen shows, copied in one piece. */
struct job_snapshot {
	bool scanning, finished;
	bool hold; /* the user's pause is on, or will be */
	bool cancelling;
	bool passkey_wanted; /* job_passkey() is awaited */
	int32_t passkey_shown; /* what the device's display reads where that can be seen; else -1 */
	enum session_state state; /* once it no longer scans */
	uint64_t now_us, start_us, state_us; /* now; job started; state entered */
	char device[SCAN_NAME_SIZE]; /* name, or what was typed until it is found */
	char address[SCAN_ADDRESS_SIZE]; /* "" until it is found */
	bool dialect_known, basic, have_info;
	struct ota_info info;
	char version[4 * SESSION_TEXT], model[4 * SESSION_TEXT]; /* safe to print */
	struct session_stats stats;
	bool stalled; /* a stall is under way */
	bool blocked; /* the stack takes no value just now */
	uint64_t moved_us, spoke_us; /* received moved last; the device said anything last */
	uint32_t size; /* bytes to send */
	struct transport_link link;
	struct airtime_link air; /* what chunk and ceiling are reckoned with */
	uint16_t mtu, chunk;
	enum gatt_write mode;
	uint32_t window; /* bytes, as asked for or chosen: see job_window_in_force() */
	uint32_t pacing_us;
	uint32_t ceiling; /* as in the result; 0 until it sends */
	struct metrics metrics;
	size_t log_count; /* entries ever made */
	uint64_t data_values; /* Data values written */
	enum session_outcome outcome;
	bool virtual_clock;
};

struct job;

/* What the user may change while it runs; see job_tune_*(). */
enum job_tunable { JOB_PACING, JOB_WINDOW, JOB_CHUNK, JOB_MODE };

/*
 * Any function may be NULL.  They are called from within the job's work: they
 * may read it (job_snapshot(), job_log()), but must neither command nor destroy
 * it.  Pointers are valid during the call.
 */
struct job_listener {
	void *userdata;
	void (*state)(void *userdata, const char *from, const char *to);
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
	/* Some figure may have changed. */
	void (*progress)(void *userdata);
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
/* What the user typed, 0..999999; negative: he cannot or will not, which ends the run.
 * -OTA_EINVAL when it is not awaited (any more), or out of range. */
int job_passkey(struct job *job, int32_t passkey);
/* 0, -OTA_EINVAL out of range, -OTA_EBUSY while nothing runs that it could apply to. */
int job_tune_pacing(struct job *job, uint32_t us);
int job_tune_window(struct job *job, uint32_t bytes); /* 0 = auto */
int job_tune_chunk(struct job *job, uint16_t bytes); /* 0 = auto */
int job_tune_mode(struct job *job, enum gatt_write mode);

/* "update", "measure", "look", "command" */
const char *job_goal_name(enum session_goal goal);
/* "scanning", else the session's state. */
const char *job_state_name(const struct job_snapshot *snapshot);
void job_snapshot(const struct job *job, struct job_snapshot *ret);
/* Bytes that may be under way at once: the window, or the device's ring where that is less. */
uint32_t job_window_in_force(const struct job_snapshot *snapshot);
/* The index-th entry ever made; NULL when it is not kept any more, or not yet made. */
const struct job_log_entry *job_log(const struct job *job, size_t index);
/* Findings on the image and, once connected, the device; NULL without an image. */
const struct lint_report *job_report(const struct job *job);
/* NULL until finished() was called. */
const struct job_result *job_result(const struct job *job);

/* A profile as the session takes it; the goal, image and what else is the run's stay untouched. */
void job_apply_profile(const struct profile *profile, struct session_config *ret);
/* A note as a sentence fragment: "stall at 65536".  Returns buf. */
char *job_note_text(enum session_note note, uint32_t value, char *buf, size_t size);

#endif
