/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of a program that runs in a terminal or under a service manager: one
 * line a message on standard error.
 */
#ifndef OTABENCH_BASE_LOG_STDERR_H
#define OTABENCH_BASE_LOG_STDERR_H

#include "base/log.h"

#include <stdio.h>

struct log_stderr {
	FILE *out;
	const char *program; /* before each line, "otabench"; NULL: nothing */
	bool colour;
};

/* out is standard error but in tests; colour as output_has_colour() says. */
void log_stderr_init(struct log_stderr *sink, FILE *out, const char *program);
/* A log_fn; userdata is a struct log_stderr. */
void log_stderr_line(void *userdata, enum log_level level, const char *text);

#endif
