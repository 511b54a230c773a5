/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state and figures of a run at one moment, in one piece: all that a screen needs
 * of a job.  Reading it takes no job, so that a recording or a test can fill one too.
 */
#ifndef OTABENCH_HOST_JOB_SNAPSHOT_H
#define OTABENCH_HOST_JOB_SNAPSHOT_H

#include "core/airtime.h"
#include "core/session.h"
#include "explain/budget.h"
#include "explain/predict.h"
#include "host/metrics.h"
#include "host/scan.h"
#include "transport/transport.h"

/* The figures of a job at one moment, copied in one piece. */
enum job_held { JOB_HELD_NOT, JOB_HELD_BY_USER, JOB_HELD_BY_SIGNAL, JOB_HELD_BY_STALL };

struct job_snapshot {
	bool scanning, finished;
	bool hold; /* a pause is on, or will be ... */
	enum job_held held_by; /* ... whose */
	int continue_dbm; /* BY_SIGNAL: it goes on from here */
	bool cancelling;
	uint64_t
		asked_us; /* when job_ask() asked the device, if it has not answered; 0: no question */
	bool compressing; /* what is to be sent is being made ... */
	unsigned int compressed; /* ... and that much of it is done, percent */
	bool passkey_wanted; /* job_passkey() is awaited */
	int32_t passkey_shown; /* what the device's display reads where that can be seen; else -1 */
	enum session_state state; /* once it no longer scans */
	uint64_t now_us, start_us, state_us; /* now; job started; state entered */
	char device[SCAN_NAME_SIZE]; /* name, or what was typed until it is found */
	char address[SCAN_ADDRESS_SIZE]; /* "" until it is found */
	enum dialect_id dialect;
	bool have_info;
	struct ota_info info;
	struct session_running running; /* by Info or otherwise */
	char version[4 * SESSION_TEXT], model[4 * SESSION_TEXT]; /* safe to print */
	struct session_stats stats;
	bool stalled; /* a stall is under way */
	bool blocked; /* the stack takes no value just now */
	uint64_t moved_us, spoke_us; /* received moved last; the device said anything last */
	/* Bytes of the image; of stats every offset is one in it, whatever stream is sent. */
	uint32_t size;
	enum stream_kind stream;
	uint32_t air_size; /* bytes of the stream; size where it is raw */
	struct transport_link link;
	struct airtime_link air; /* what chunk and ceiling are reckoned with */
	/* The link that the image was sent over, or is: the link after the reboot says nothing
	 * of it. */
	bool sent_known;
	struct transport_link sent_link;
	uint16_t sent_mtu;
	struct session_choices choices; /* what the session chose or got for it, and why */
	uint16_t mtu, chunk;
	enum gatt_write mode;
	uint32_t window; /* bytes, as asked for or chosen: see job_window_in_force() */
	uint32_t pacing_us;
	uint32_t ceiling; /* as in the result; 0 until it sends */
	uint32_t link_best, flash; /* what link and flash can carry, as in struct limit */
	struct metrics metrics;
	uint64_t time[BUDGET_TRANSFER_SHARES]; /* microseconds since START; 0 each before it */
	/* The transfer as it goes, for predict_us(), with flash as far as it was measured; value 0:
	 * it has not begun. */
	struct predict play;
	size_t log_count; /* entries ever made */
	uint64_t data_values; /* Data values written */
	enum session_outcome outcome;
	bool virtual_clock;
};

/* "scanning", else the session's state. */
const char *job_state_name(const struct job_snapshot *snapshot);
/* Bytes that may be under way at once: the window, or the device's ring where that is less. */
uint32_t job_window_in_force(const struct job_snapshot *snapshot);

#endif
