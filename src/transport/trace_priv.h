/* SPDX-License-Identifier: Apache-2.0 */
/* A trace in memory, for its reader and its player. */
#ifndef OTABENCH_TRANSPORT_TRACE_PRIV_H
#define OTABENCH_TRANSPORT_TRACE_PRIV_H

#include "transport/trace.h"

#define TRACE_LINE_MAX 2048u /* bytes of a line, with newline and NUL */
#define TRACE_TEXT_MAX 1500u /* bytes of a note */

/* Before DISCOVERED told the dialect it had the properties of so many characteristics, alone;
 * now the dialect comes first.  ADVERTISEMENT told TRACE_OTA_BEFORE for the OTA service. */
#define TRACE_CHRS_BEFORE 6u
#define TRACE_OTA_BEFORE 1

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

/* Plays a file: trace_replay.c. */
struct trace_replay {
	struct transport base;
	const struct trace_file *file;
	struct trace_file *own; /* to be freed with it */
	size_t first, next, last; /* the lines to play are [first, last) */
	uint64_t now_us;
	unsigned int mismatch;
	bool in_turn;
	/* Played by hand: Data values are compared by length, and where the file ends or the
	 * host departs from it, calls seem to succeed - the file tells of no failure. */
	bool by_hand;
	struct transport_link state;
	void (*act)(void *userdata, const char *text);
	void *act_userdata;

	/* Under an event loop only. */
	sd_event_source *source;
	bool ended;
};

static inline struct trace_replay *trace_replay_of(struct transport *t)
{
	return (struct trace_replay *)t;
}

/* Tells the host of it. */
void trace_replay_emit(struct trace_replay *r, const struct transport_event *event);
void trace_replay_destroy(struct transport *t);

const struct trace_form *trace_form(char direction, const char *name);

#endif
