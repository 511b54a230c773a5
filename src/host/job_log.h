/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of what went over Control, as a job keeps it and a screen, a bundle or a
 * recording reads it.
 */
#ifndef OTABENCH_HOST_JOB_LOG_H
#define OTABENCH_HOST_JOB_LOG_H

#include "core/gatt.h"
#include "core/session.h"
#include "host/pdu_text.h"

#define JOB_LOG_MAX 1024u /* entries kept */
#define JOB_BYTES_MAX 64u /* of a value kept in the log: all of every Control PDU */

enum job_direction { JOB_OUT, JOB_IN, JOB_STATE, JOB_NOTE };

struct job_log_entry {
	uint64_t at_us;
	enum job_direction direction;
	enum gatt_chr chr; /* OUT, IN */
	enum gatt_write mode; /* OUT */
	enum session_state state; /* STATE: the one entered */
	size_t len; /* of the value */
	uint8_t bytes[JOB_BYTES_MAX]; /* its beginning */
	/* Data values written since the entry before, which is how they are summed up. */
	uint32_t data_values, data_bytes;
	char text[PDU_TEXT_SIZE];
};

/* Returns true if the entry is a value that went over the air. */
bool job_log_is_value(const struct job_log_entry *entry);
/* A note as a sentence fragment: "stall at 65536".  Returns buf. */
char *job_note_text(enum session_note note, uint32_t value, char *buf, size_t size);

#endif
