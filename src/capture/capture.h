/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's packets in a file that btmon and Wireshark open (btsnoop_file.h).
 *
 * Two sources: the kernel's monitor channel, which has every HCI packet and needs
 * CAP_NET_RAW; and, where that is not to be had or there is no adapter, the attribute
 * protocol as the program sees it.  The file's first record says which one it is.
 */
#ifndef OTABENCH_CAPTURE_CAPTURE_H
#define OTABENCH_CAPTURE_CAPTURE_H

#include "transport/transport.h"

#include <stdio.h>
#include <systemd/sd-event.h>

/*
 * The attribute protocol, around inner.  The program knows values, characteristics and
 * when it handed them to the stack or got them; the rest of what a packet has is made up
 * so that the file can be read: attribute handles are numbered in the order of
 * gatt.h, and each request of a long write or read is shown as answered.
 * out becomes the transport's, also where this fails; unix_us is the time of inner's
 * now_us() 0 in microseconds since 1970.  note: a sentence about the run.
 * 0 or -OTA_ENOMEM.
 */
int capture_att(struct transport *inner, FILE *out, uint64_t unix_us, const char *note,
		struct transport **ret);
/* Writes what is buffered.  0, or the first error of writing, negative OTA_E*. */
int capture_att_error(struct transport *t);

struct capture_monitor;

/*
 * Every packet of the adapter with this index, or of all adapters when it is
 * BTSNOOP_NO_INDEX, while event runs.  -OTA_EPERM: the kernel refuses, CAP_NET_RAW is
 * missing; -OTA_ENOTSUP: there are no such sockets here; -OTA_ENOMEM.  out is taken
 * where this succeeds, and closed by capture_monitor_end().
 */
int capture_monitor(sd_event *event, uint16_t index, FILE *out, const char *note,
		    struct capture_monitor **ret);
/* Reads what is still there and ends; 0 or the first error of writing.  NULL is allowed. */
int capture_monitor_end(struct capture_monitor *m);

#endif
