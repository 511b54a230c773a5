/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values that a session chose or got, and why: so that no screen has to know
 * the rules, which are in session_choice.c alone.
 */
#ifndef OTABENCH_CORE_SESSION_CHOICE_H
#define OTABENCH_CORE_SESSION_CHOICE_H

#include "core/airtime.h"
#include "core/gatt.h"

enum session_reason {
	SESSION_NOT_CHOSEN, /* not yet */
	SESSION_ASKED, /* as the configuration says */
	SESSION_KEPT, /* nothing was asked for */
	SESSION_BY_AIR_TIME, /* auto: what the link carries best */
	SESSION_BY_RATE, /* auto: what the device acknowledges is less than the link could carry */
	SESSION_BY_GAPS, /* auto: values get lost, so that little is to be sent again */
	SESSION_BY_DIALECT, /* auto: suits the dialect; or the dialect has no such thing */
	SESSION_BY_WINDOW, /* auto: follows from the window */
	SESSION_BY_ADAPTER, /* auto: suits the buffers of the host's adapter */
	SESSION_BY_PHY, /* auto: suits the PHY */
	SESSION_BY_CHUNK, /* asked for less than one value */
	SESSION_BY_MTU, /* asked for more than the MTU leaves */
	SESSION_BY_RING, /* the device's ring holds no more */
	SESSION_BY_DEVICE, /* the device takes no other, or chooses itself */
	SESSION_UNSUPPORTED, /* the device does not have it */
	SESSION_DECLINED, /* the device answered with an error: link_code */
	SESSION_BY_STACK, /* asked for, and the adapter or the host's stack gave another */
	SESSION_REASONS
};

struct session_choice {
	uint32_t value; /* in force; 0: unknown, or the device's own */
	uint32_t asked; /* by the configuration, or of the device; 0: nothing in particular */
	enum session_reason reason;
};

struct session_choices {
	struct session_choice chunk; /* bytes of a Data value */
	struct session_choice mode; /* enum gatt_write */
	struct session_choice window; /* bytes that may be under way at once */
	struct session_choice ack_interval; /* bytes */
	/* The link; units as in struct ota_link. */
	struct session_choice interval, latency, supervision_timeout, phy, data_length;
	uint8_t link_code; /* enum ota_code of the answer to LINK; 0: none, or it was taken */
};

/* "asked", "mtu", "air-time" */
const char *session_reason_name(enum session_reason reason);
/* The connection interval that suits the PHY, in units of 1.25 ms. */
uint16_t session_interval_for(bool phy_2m);
/*
 * The one for this link, whatever its interval is now: the usual one, or a shorter one where the
 * adapter fills its buffers once an event.  value: bytes of a Data value, 0: those that suit it.
 */
uint16_t session_interval_on(const struct airtime_link *link, uint16_t usual, uint16_t mtu,
			     uint16_t value, uint16_t header, bool request);

#endif
