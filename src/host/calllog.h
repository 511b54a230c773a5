/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second log, of what the stack was asked (transport_watch()): its lines as
 * text, and the latest of them kept.
 */
#ifndef OTABENCH_HOST_CALLLOG_H
#define OTABENCH_HOST_CALLLOG_H

#include "transport/transport.h"

#include <stdio.h>

#define CALLLOG_LINES 1024u
#define CALLLOG_TEXT (TRANSPORT_CALL_TEXT + 32u)

struct calllog_line {
	uint64_t at_us;
	enum transport_call_kind kind;
	char text[CALLLOG_TEXT];
};

struct calllog {
	struct calllog_line *lines; /* a ring, made with the first line */
	uint64_t count; /* ever added */
};

/* All zero is an empty one. */
void calllog_finish(struct calllog *log);
void calllog_add(struct calllog *log, const struct transport_call *call);
/* Time, sign and text, a line each; userdata is a struct calllog. */
void calllog_write(void *userdata, FILE *out);
/* "Device1.Connect  hci0/dev_...", of an answer with its time "(70.6 ms)".  Returns buf. */
char *calllog_text(const struct transport_call *call, char *buf, size_t size);
/* '>' call, '<' reply, '!' error, '*' signal */
char calllog_sign(enum transport_call_kind kind);

#endif
