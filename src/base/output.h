/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output of the program: JSON lines for programs, figures for people, and
 * text from devices made harmless for both.
 *
 * Units: kB = 1000 bytes, everywhere (link-layer figures are published so).
 */
#ifndef OTABENCH_BASE_OUTPUT_H
#define OTABENCH_BASE_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Version of the contract of --json (docs/json.md), told in the first object. */
#define OUTPUT_JSON_SCHEMA 1

/*
 * Bytes from the air, a file or the command line as text that a terminal and a
 * JSON parser can take: well-formed UTF-8 stays, all else - malformed bytes,
 * control characters (C0, DEL, C1), line and paragraph separators, characters
 * that reorder text (bidirectional controls), show nothing or only a space other
 * than ' ', and marks stacked on a character or on none - becomes \xNN for each
 * byte.  A device chooses its own name, so a name must not be able to move the
 * cursor, to imitate another line, or to look like another device's.
 *
 * Writes at most size bytes with the NUL and never half a character; returns
 * the length of the whole text, as snprintf() does.  size 0: only counts.
 */
size_t output_safe_text(const void *bytes, size_t len, char *buf, size_t size);
/* The same of a whole string, written to out. */
void output_put_safe(FILE *out, const char *text);
/* Returns true if the bytes are such text already. */
bool output_is_safe(const void *bytes, size_t len);

/* Seconds with at most six decimals; NULL when out of memory. */
json_t *output_json_seconds(uint64_t us);
/* output_safe_text() as a JSON string; NULL when out of memory. */
json_t *output_json_text(const void *bytes, size_t len);
/* text, which is UTF-8, as a JSON string with its quotes; to be freed; NULL when out of memory. */
char *output_json_quote(const char *text);
/*
 * One compact line, keys in the order in which they were set, then a flush, so
 * that a reader of a pipe follows live.  Takes over the caller's reference,
 * also on failure.  0, -OTA_ENOMEM (object NULL or no memory), -OTA_EIO.
 */
int output_json_line(FILE *out, json_t *object);

bool output_is_terminal(FILE *out);
/* A pipe or socket whose other end is closed. */
bool output_reader_left(FILE *out);
/* A terminal that is not TERM=dumb, and NO_COLOR (no-color.org) unset or empty. */
bool output_has_colour(FILE *out);
/* Columns: the terminal's, else $COLUMNS, else 80. */
unsigned int output_width(FILE *out);
/* Rows of the terminal; 0: it is none, or does not tell. */
unsigned int output_height(FILE *out);

/* Text for people; each writes into buf (OUTPUT_FIGURE_MAX bytes are enough) and returns it. */
#define OUTPUT_FIGURE_MAX 32u
/* "512 B", "603.6 kB", "1.3 MB" */
char *output_bytes(uint64_t bytes, char *buf, size_t size);
/* "97.3 kB/s" */
char *output_rate(uint64_t bytes_per_second, char *buf, size_t size);
/* "0:06.2", from an hour on "1:02:03" */
char *output_duration(uint64_t us, char *buf, size_t size);

#endif
