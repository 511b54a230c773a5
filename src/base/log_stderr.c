/* SPDX-License-Identifier: Apache-2.0 */
/* See log_stderr.h: log lines on standard error. */
#include "base/log_stderr.h"

#include "base/output.h"

#include <string.h>

void log_stderr_init(struct log_stderr *sink, FILE *out, const char *program)
{
	*sink = (struct log_stderr){
		.out = out,
		.program = program,
		.colour = output_has_colour(out),
	};
}

/* SGR sequence (ECMA-48 8.3.117): red, yellow, none, dim. */
static const char *level_colour(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "\033[31m";
	case LOG_LEVEL_WARNING:
		return "\033[33m";
	case LOG_LEVEL_INFO:
		return "";
	case LOG_LEVEL_DEBUG:
		return "\033[2m";
	}
	return "";
}

void log_stderr_line(void *userdata, enum log_level level, const char *text)
{
	const struct log_stderr *sink = userdata;
	const char *colour = sink->colour ? level_colour(level) : "";
	char safe[LOG_LINE_MAX * 4];
	char line[sizeof(safe) + 128];

	(void)output_safe_text(text, strlen(text), safe, sizeof(safe));
	/* One call a line, so that lines of several processes do not mix. */
	(void)snprintf(line, sizeof(line), "%s%s%s%s%s%s%s\n", colour,
		       sink->program ? sink->program : "", sink->program ? ": " : "",
		       level == LOG_LEVEL_INFO ? "" : log_level_name(level),
		       level == LOG_LEVEL_INFO ? "" : ": ", safe, colour[0] ? "\033[0m" : "");
	(void)fputs(line, sink->out);
	(void)fflush(sink->out);
}
