/* SPDX-License-Identifier: Apache-2.0 */
/* See calllog.h. */
#include "host/calllog.h"

#include "host/output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

char calllog_sign(enum transport_call_kind kind)
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

char *calllog_text(const struct transport_call *call, char *buf, size_t size)
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

void calllog_add(struct calllog *log, const struct transport_call *call)
{
	struct calllog_line *line;

	if (!log->lines)
		log->lines = calloc(CALLLOG_LINES, sizeof(*log->lines));
	if (!log->lines)
		return;
	line = &log->lines[log->count++ % CALLLOG_LINES];
	line->at_us = call->at_us;
	line->kind = call->kind;
	(void)calllog_text(call, line->text, sizeof(line->text));
}

void calllog_write(void *userdata, FILE *out)
{
	const struct calllog *log = userdata;
	uint64_t i = log->count > CALLLOG_LINES ? log->count - CALLLOG_LINES : 0;

	if (i > 0)
		(void)fprintf(out, "# %" PRIu64 " earlier lines are not kept\n", i);
	for (; i < log->count; i++) {
		const struct calllog_line *line = &log->lines[i % CALLLOG_LINES];
		char safe[CALLLOG_TEXT * 4];

		(void)output_safe_text(line->text, strlen(line->text), safe, sizeof(safe));
		(void)fprintf(out, "%10" PRIu64 ".%06" PRIu64 " %c %s\n", line->at_us / 1000000u,
			      line->at_us % 1000000u, calllog_sign(line->kind), safe);
	}
}

void calllog_finish(struct calllog *log)
{
	free(log->lines);
	*log = (struct calllog){.count = 0};
}
