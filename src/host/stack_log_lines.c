/* SPDX-License-Identifier: Apache-2.0 */
/* See stack_log_lines.h. */
#include "host/stack_log_lines.h"

#include "base/output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

char stack_log_lines_sign(enum transport_call_kind kind)
{
	switch (kind) {
	case TRANSPORT_CALL:
		return '>';
	case TRANSPORT_REPLY:
		return '<';
	case TRANSPORT_ERROR:
		return '!';
	case TRANSPORT_SIGNAL:
		return '*';
	}
	return '?';
}

char *stack_log_lines_text(const struct transport_call *call, char *buf, size_t size)
{
	const bool answer =
		call->id > 0 && (call->kind == TRANSPORT_REPLY || call->kind == TRANSPORT_ERROR);

	(void)snprintf(buf, size, "%s", call->text);
	if (answer) {
		const size_t len = strlen(buf);

		(void)snprintf(buf + len, size - len, " (%" PRIu64 ".%" PRIu64 " ms)",
			       call->took_us / 1000u, call->took_us % 1000u / 100u);
	}
	return buf;
}

void stack_log_lines_add(struct stack_log_lines *log, const struct transport_call *call)
{
	struct stack_log_line *line;

	if (!log->lines)
		log->lines = calloc(STACK_LOG_LINES, sizeof(*log->lines));
	if (!log->lines)
		return;
	line = &log->lines[log->count++ % STACK_LOG_LINES];
	line->at_us = call->at_us;
	line->kind = call->kind;
	(void)stack_log_lines_text(call, line->text, sizeof(line->text));
}

void stack_log_lines_write(void *userdata, FILE *out)
{
	const struct stack_log_lines *log = userdata;
	uint64_t i = log->count > STACK_LOG_LINES ? log->count - STACK_LOG_LINES : 0;

	if (i > 0)
		(void)fprintf(out, "# %" PRIu64 " earlier lines are not kept\n", i);
	for (; i < log->count; i++) {
		const struct stack_log_line *line = &log->lines[i % STACK_LOG_LINES];
		char safe[STACK_LOG_TEXT * 4];

		(void)output_safe_text(line->text, strlen(line->text), safe, sizeof(safe));
		(void)fprintf(out, "%10" PRIu64 ".%06" PRIu64 " %c %s\n", line->at_us / 1000000u,
			      line->at_us % 1000000u, stack_log_lines_sign(line->kind), safe);
	}
}

void stack_log_lines_finish(struct stack_log_lines *log)
{
	free(log->lines);
	*log = (struct stack_log_lines){.count = 0};
}
