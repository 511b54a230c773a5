/* SPDX-License-Identifier: Apache-2.0 */
/* A trace in memory, for its reader and its player. */
#ifndef OTABENCH_TRANSPORT_TRACE_PRIV_H
#define OTABENCH_TRANSPORT_TRACE_PRIV_H

#include "transport/trace.h"

#define TRACE_LINE_MAX 2048u /* bytes of a line, with newline and NUL */
#define TRACE_TEXT_MAX 1500u /* bytes of a note */

/* Names are unique within a direction. */
struct trace_form {
	char direction;
	const char *name;
	const char *fields; /* a = address, n = number, b = bytes, t = the rest as text */
};

struct trace_entry {
	const struct trace_form *form;
	unsigned int line;
	uint64_t at_us;
	int numbers[3];
	size_t address, bytes, len; /* in the pool: a string; len bytes, or a string of len */
};

struct trace_file {
	bool virtual_clock;
	struct trace_entry *entries;
	size_t count, room;
	/* Values of all entries in one piece, as most are short and few are long. */
	uint8_t *pool;
	size_t pool_len, pool_room;
};

const struct trace_form *trace_form(char direction, const char *name);

#endif
