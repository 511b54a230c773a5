/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HCI packets out of a stream of bytes: the UART transport, Core Specification 5.4,
 * Vol 4 Part A, which programs also use over sockets.  Its packets have no mark at
 * their beginning: whoever loses its place has to begin a new stream.
 */
#ifndef OTABENCH_RADIOD_H4_H
#define OTABENCH_RADIOD_H4_H

#include "radiod/hci.h"

struct h4 {
	uint8_t packet[HCI_PACKET_MAX]; /* incomplete */
	size_t len;
};

typedef void h4_packet_fn(void *ctx, const uint8_t *packet, size_t len);

/* At the beginning of a stream. */
void h4_init(struct h4 *h4);
/*
 * The next bytes from a host, any: fn() gets each packet that is whole, its type first.
 * -OTA_EPROTO: no packet of a host begins so, and what follows cannot be read.
 */
int h4_feed(struct h4 *h4, const uint8_t *data, size_t len, h4_packet_fn *fn, void *ctx);

#endif
