/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of a library, through a callback that its user gives it.  The callback lies at the
 * bottom of the tree so that every layer can take one; where the messages go (terminal, screen,
 * file) is decided at the top.
 */
#ifndef OTABENCH_BASE_LOG_H
#define OTABENCH_BASE_LOG_H

#include <stdbool.h>

/* The names are not LOG_ERR, LOG_INFO ...: those are macros of <syslog.h>. */
enum log_level {
	LOG_LEVEL_ERROR, /* the operation failed; logged once, by who owns it */
	LOG_LEVEL_WARNING, /* it goes on, but the user should know */
	LOG_LEVEL_INFO, /* what a --verbose user wants to follow */
	LOG_LEVEL_DEBUG, /* for whoever debugs otabench itself */
};

/* text is one line without the newline; it may hold bytes from a device, so a sink
 * makes them harmless before a terminal sees them. */
typedef void log_fn(void *userdata, enum log_level level, const char *text);

struct log {
	log_fn *fn; /* NULL: drop everything */
	void *userdata;
	enum log_level level; /* the most detailed one wanted */
};

/* log may be NULL.  A line longer than LOG_LINE_MAX - 1 bytes is cut. */
#define LOG_LINE_MAX 1024u
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void log_write(const struct log *log, enum log_level level, const char *format, ...);
/* Returns true if log_write() at this level does anything: spares the making of costly texts. */
bool log_wants(const struct log *log, enum log_level level);
const char *log_level_name(enum log_level level);

#endif
