/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The progress line on a terminal: a bar with three fills - flushed, received,
 * handed to the stack - and the figures that the device acknowledged.
 */
#ifndef OTABENCH_CLI_PROGRESS_H
#define OTABENCH_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	const char *phase; /* "sending", "erasing" ... */
	uint32_t size; /* bytes of the image */
	uint32_t queued, received, flushed;
	bool received_known; /* false: nothing tells; queued is all there is */
	uint32_t rate; /* bytes per second now */
	uint64_t air; /* bytes that the air has carried, of a stream; 0: as many as the image's */
	uint64_t eta_us; /* UINT64_MAX: unknown */
	const char *wait; /* why it does not go on (job_blocked_text()); "" while it does */
};

/*
 * The line, at most width columns, no newline.  ASCII: '#' flushed, '=' received,
 * '-' on its way.  While it waits, why takes the place of rates that say nothing then.
 * Returns buf.
 */
char *progress_format(const struct progress *p, size_t width, char *buf, size_t size);

/* One line that is drawn over itself. */
struct progress_line {
	FILE *out; /* a terminal, or NULL: nothing is drawn */
	uint64_t next_us; /* real time of the next redraw */
	bool shown;
};
/* Draws at most ten times a second, now_us being real time. */
void progress_draw(struct progress_line *line, const struct progress *p, uint64_t now_us);
/* Before anything else is written to the terminal. */
void progress_clear(struct progress_line *line);

#endif
