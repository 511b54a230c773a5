/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second log, of what the stack was asked (transport_watch()): its lines as
 * text, and the latest of them kept.
 */
#ifndef OTABENCH_HOST_STACK_LOG_LINES_H
#define OTABENCH_HOST_STACK_LOG_LINES_H

#include "transport/transport.h"

#include <stdio.h>

#define STACK_LOG_LINES 1024u
#define STACK_LOG_TEXT (TRANSPORT_CALL_TEXT + 32u)

struct stack_log_line {
	uint64_t at_us;
	enum transport_call_kind kind;
	char text[STACK_LOG_TEXT];
};

struct stack_log_lines {
	struct stack_log_line *lines; /* a ring, made with the first line */
	uint64_t count; /* ever added */
};

/* All zero is an empty one. */
void stack_log_lines_finish(struct stack_log_lines *log);
void stack_log_lines_add(struct stack_log_lines *log, const struct transport_call *call);
/* Time, sign and text, a line each; userdata is a struct stack_log_lines. */
void stack_log_lines_write(void *userdata, FILE *out);
/* "Device1.Connect  hci0/dev_...", of an answer with its time "(70.6 ms)".  Returns buf. */
char *stack_log_lines_text(const struct transport_call *call, char *buf, size_t size);
/* '>' call, '<' reply, '!' error, '*' signal */
char stack_log_lines_sign(enum transport_call_kind kind);

#endif
