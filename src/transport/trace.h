/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The traffic of a transport as a text file: to keep beside a bug report, to
 * look at afterwards, and to run the host against again.
 *
 * The first line is "otabench-trace 1 virtual" or "... real".  Then a line a
 * call or event: time in microseconds, '>' (the host calls) or '<' (an event),
 * a name, and the name's fields, bytes as hexadecimal ("-" for none):
 *
 *   > scan-start | scan-stop | connect ADDRESS | disconnect | discover
 *   > subscribe CHR | read CHR | write CHR MODE BYTES
 *   < advertisement ADDRESS RSSI OTA CONNECTABLE NAME-BYTES
 *   < connected MTU | mtu MTU | disconnected REASON | discovered PROPERTY-BYTES
 *   < subscribed CHR STATUS | written CHR STATUS | read CHR STATUS BYTES
 *   < notified CHR BYTES | writable | alarm | link | adapter STATUS | passkey |
 *   < paired STATUS
 *
 *   ~ NAME STATUS      a call of that name that the transport refused
 *   = state BYTES      what link_state() told from then on, as trace_state_put() packs it
 *   = seen BYTES       the same, asked for by an onlooker and not by the host's work
 *   ! TEXT             the user's doing, which led to the calls after it
 *   # TEXT             said by the host: what the run is (replay/replay.h), or as
 *                      "call KIND ID MICROSECONDS TEXT" what the stack was asked
 *
 * CHR, MODE and REASON are the numbers of gatt.h.  A call's line stands where it
 * was made.  While an event or the user's doing is handled, time stands still: all
 * lines of one turn have the same.  What was typed after "passkey" is not recorded,
 * and a replay does not ask for it.
 */
#ifndef OTABENCH_TRANSPORT_TRACE_H
#define OTABENCH_TRANSPORT_TRACE_H

#include "transport/transport.h"

#include <stdio.h>
#include <systemd/sd-event.h>

/*
 * Records inner into a file, which is replaced where it is there.  Takes over inner on success.  A write error
 * (full disk) ends the recording, not the transfer; trace_error() tells.
 * Negative OTA_E*; -OTA_EIO and others from opening the file.
 */
int trace_record(struct transport *inner, const char *path, struct transport **ret);
/* The same into an open file, which is taken over, too. */
int trace_record_to(struct transport *inner, FILE *file, struct transport **ret);
/* Writes the lines that are still in memory.  0, or the negative error that ended the recording. */
int trace_error(const struct transport *t);

/*
 * Plays a file: events come when the calls before them were made, at their
 * recorded times, on a clock that is the file's.  A call that is not the
 * recorded one ends the replay: DISCONNECTED, and trace_mismatch() tells.
 * -OTA_ENOENT, -OTA_EIO, or -OTA_EBADMSG with the offending line in *ret_line.
 */
int trace_replay(sd_event *event, const char *path, struct transport **ret, unsigned int *ret_line);
/* The same from an open stream, which stays the caller's. */
int trace_replay_stream(sd_event *event, FILE *file, struct transport **ret,
			unsigned int *ret_line);

/* struct transport_link as bytes, for both halves.  Older files lack what came later. */
#define TRACE_STATE_SIZE 29u
#define TRACE_STATE_LEAST 26u
void trace_state_put(const struct transport_link *link, uint8_t buf[TRACE_STATE_SIZE]);
/* len: TRACE_STATE_LEAST or TRACE_STATE_SIZE */
void trace_state_get(const uint8_t *buf, size_t len, struct transport_link *ret);

/* The line of the file where calls departed from it; 0: they never did. */
unsigned int trace_mismatch(const struct transport *t);

/* --- a file in memory, and a part of it played by hand */

struct trace_file;

/*
 * 0 or negative: -OTA_ENOMEM, -OTA_EIO.  A damaged or truncated file is read up to
 * its first wrong line, whose number *ret_line becomes (0: all is well); what stands
 * before it can be played.  -OTA_EBADMSG: the first line is not a trace's.
 */
int trace_file_read(FILE *file, struct trace_file **ret, unsigned int *ret_line);
void trace_file_free(struct trace_file *file);
bool trace_file_virtual(const struct trace_file *file);

struct trace_line {
	uint64_t at_us;
	unsigned int number; /* of the line in the file */
	char kind; /* '>' '<' '~' '=' '!' '#' */
	const char *text; /* '!' and '#'; else NULL.  The file's */
};
size_t trace_file_count(const struct trace_file *file);
/* index < trace_file_count() */
struct trace_line trace_file_line(const struct trace_file *file, size_t index);

/*
 * Plays the lines [first, last) of a file, which must outlive the transport and may
 * be played by several.  Without an event loop: events come from trace_step().  What
 * Data values hold is not compared, only their lengths: a replay has no image.
 */
int trace_play(const struct trace_file *file, size_t first, size_t last, struct transport **ret);
/* Repeats the user's actions ('!'). */
void trace_play_acts(struct transport *t, void (*act)(void *userdata, const char *text),
		     void *userdata);
enum trace_step {
	TRACE_STEPPED, /* an event or a doing of the user's was played */
	TRACE_PASSED, /* a note or a state */
	TRACE_ENDED, /* nothing is left */
	TRACE_DEPARTED, /* the host does not do as recorded: trace_mismatch() */
};
/* The next line, at its time. */
enum trace_step trace_step(struct transport *t);
/* When the next line was written; UINT64_MAX: none is left. */
uint64_t trace_next_us(const struct transport *t);
/* The next line's number; after the last one that of the last. */
unsigned int trace_next_line(const struct transport *t);
/* Lets time pass without an event; it never goes back. */
void trace_pass(struct transport *t, uint64_t now_us);

#endif
