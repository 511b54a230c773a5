/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went over a transport, as a text file: to keep beside a bug report, to
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
 *   < notified CHR BYTES | writable | alarm | link | adapter STATUS
 *
 *   = state BYTES      what link_state() told from then on, as trace_state_put() packs it
 *
 * CHR, MODE and REASON are the numbers of gatt.h.  A call's line stands where it
 * was made; those that the transport refused are not recorded.
 */
#ifndef OTABENCH_TRANSPORT_TRACE_H
#define OTABENCH_TRANSPORT_TRACE_H

#include "transport.h"

#include <stdio.h>
#include <systemd/sd-event.h>

/*
 * Records inner into a new file.  Takes over inner on success.  A write error
 * (full disk) ends the recording, not the transfer; trace_error() tells.
 * Negative OTA_E*; -OTA_EIO and others from opening the file.
 */
int trace_record(struct transport *inner, const char *path, struct transport **ret);
/* 0, or the negative error that ended the recording. */
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

/* struct transport_link as bytes, for both halves. */
#define TRACE_STATE_SIZE 26u
void trace_state_put(const struct transport_link *link, uint8_t buf[TRACE_STATE_SIZE]);
void trace_state_get(const uint8_t buf[TRACE_STATE_SIZE], struct transport_link *ret);

/* The line of the file where calls departed from it; 0: they never did. */
unsigned int trace_mismatch(const struct transport *t);

#endif
