/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a run, as a screen or the history reads it. */
#ifndef OTABENCH_HOST_JOB_RESULT_H
#define OTABENCH_HOST_JOB_RESULT_H

#include "core/airtime.h"
#include "core/gatt.h"
#include "core/session.h"
#include "diagnose/diagnose.h"
#include "explain/limit.h"

#define JOB_TEXT_MAX 1024u /* two command lines with their options, and words */

/* The state that an update's end leaves the device in. */
enum job_rest {
	JOB_REST_SETTLED, /* it came back, and said what it runs, or is known to run the image */
	JOB_REST_RUNS, /* it ran the image before */
	JOB_REST_NOTHING, /* nothing to go on with: it was cancelled, or it said that it has none */
	JOB_REST_AS_BEFORE, /* nothing was asked of it, or it refused all */
	JOB_REST_UNKNOWN, /* it is not known what became of the bytes that were sent */
};

/* The result of a run.  Figures that are not known are 0. */
struct job_result {
	bool is_signed; /* the signature went with it, to a device that checks it */
	enum session_outcome outcome;
	uint8_t code; /* enum ota_code, with DEVICE_ERROR; 0: the device gave none */
	uint8_t opcode; /* command it answers; 0: Data, or none */
	uint32_t detail; /* see enum ota_code */
	int status; /* negative OTA_E* where the stack failed */
	char what[JOB_TEXT_MAX]; /* one sentence: what happened */
	char advice[JOB_TEXT_MAX]; /* one sentence: what to do; "" when nothing */

	bool begun; /* START was written: what the device has may be resumed */
	bool ended; /* END was written: what runs may be the image */
	/* See docs/terms.md at "transfer"; in a run that did not get to DONE, to its end.  Between
	 * them lie the handshake, acknowledgements, lost links, retries and verification. */
	uint64_t seconds_us;
	/* Bytes of the image that the device received in order after the offset that the first
	 * READY named: those that this run transferred, each once. */
	uint32_t bytes;
	uint32_t goodput; /* bytes per second: bytes over seconds */
	/* Bytes per second of whole Data values of this length, in this write mode, over the link
	 * as it was while sending (airtime_ceiling()); headers count in it, loss does not. */
	uint32_t ceiling;
	double ratio; /* goodput over ceiling; 0 when either is unknown */
	uint32_t rate_lowest; /* bytes in the leanest second */

	unsigned int known_changes; /* KNOWN_* of known.h: against what was met before ... */
	char known_text[JOB_TEXT_MAX / 2]; /* ... "2026-11-28: it is ..." */
	/* The link that the device was asked on last is encrypted by a key that only the device
	 * has which was met before, or whose passkey was typed in this run. */
	bool authenticated;
	bool encrypted; /* the link was, at any time, as far as the stack tells */
	bool link_known;
	struct airtime_link link; /* while sending */
	uint16_t mtu, chunk;
	enum gatt_write mode;
	uint32_t window; /* as in job_window_in_force() */
	enum dialect_id dialect;
	uint32_t retries, gaps, resyncs, stalls, longest_stall_ms;
	uint32_t resumed_from;
	uint32_t skipped_bytes; /* of the image: the device's slot held them already */
	uint64_t sent_bytes; /* payload handed to the stack, repeated bytes included */
	enum stream_kind stream; /* what it was */
	uint64_t
		air_bytes; /* of sent_bytes: here, and of a compressed stream, what the air carried */

	/* Microseconds of the run, and of its transfer: together seconds_us. */
	uint64_t time[BUDGET_SHARES], transfer_time[BUDGET_TRANSFER_SHARES];
	struct limit limit; /* cause NONE: nothing was sent */
	char limit_text[JOB_TEXT_MAX]; /* cause, share and figures; "" unknown */
	char limit_advice[JOB_TEXT_MAX]; /* one sentence */

	struct session_flash flash; /* as the device told it, where TELEMETRY was on */
	/* Why it failed, or what was found on the device: the most certain first. */
	struct diagnosis diagnoses[DIAGNOSES_MAX];
	size_t diagnosis_count;

	bool running_known; /* version and hash of what runs at the end */
	char running_version[OTA_VALUE_MAX]; /* safe to print; "" unknown */
	uint8_t running_sha256[OTA_SHA256_SIZE];
	bool virtual_clock;
};

/* "update", "measure", "look", "command" */
const char *job_goal_name(enum session_goal goal);

enum job_rest job_rest(const struct job_result *result);

#endif
