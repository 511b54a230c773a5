/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The latest entries of what went over Control (job_listener.log), kept for a bundle.
 * A job keeps none: a program that shows or writes the log keeps it once, as it needs it.
 */
#ifndef OTABENCH_HOST_CONTROL_LOG_H
#define OTABENCH_HOST_CONTROL_LOG_H

#include "host/job_log.h"

#include <stdio.h>

#define CONTROL_LOG_ENTRIES 1024u

struct control_log {
	struct job_log_entry *entries; /* a ring, made with the first entry */
	uint64_t count; /* ever added */
};

/* All zero is an empty one. */
void control_log_finish(struct control_log *log);
void control_log_add(struct control_log *log, const struct job_log_entry *entry);
/* An entry by its number, from 0; NULL when it is gone or not there yet. */
const struct job_log_entry *control_log_at(const struct control_log *log, uint64_t number);
/* Time, sign, text and bytes, a line each; userdata is a struct control_log. */
void control_log_write(void *userdata, FILE *out);

#endif
