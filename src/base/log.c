/* SPDX-License-Identifier: Apache-2.0 */
/* See log.h: formats a line and hands it to the user's callback. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

bool log_wants(const struct log *log, enum log_level level)
{
	return log && log->fn && level <= log->level;
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	va_list ap;

	if (!log_wants(log, level))
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log->fn(log->userdata, level, text);
}

const char *log_level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		return "debug";
	}
	return "unknown";
}
