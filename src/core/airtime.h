/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capacity of an LE link: air times of data PDUs, how many fit a connection
 * event, and the ceiling that follows for writes of a given length.
 *
 * Pure arithmetic (Core Vol 6 Part B 2.1, 2.4 and 4.1.1); the host uses it to
 * choose a chunk and to show a ceiling beside each measured rate, the link
 * model in src/radio uses the same functions to spend the time.
 */
#ifndef OTABENCH_CORE_AIRTIME_H
#define OTABENCH_CORE_AIRTIME_H

#include "ota/proto.h"

#define AIRTIME_T_IFS_US 150u /* Core Vol 6 Part B 4.1.1 */
/*
 * The times of a central that is late.  A USB adapter with 8 buffers of 251 octets carried 66,
 * 73.7, 77.1 and 128 kB/s on 2M at 7.5, 10, 11.25 and 15 ms: that is 4, 6, 7 and 16 PDUs in two
 * intervals, where 5, 7, 8 and 10 fit one.  So it ends each event early, and skips the event after
 * one that it used to that end; 8 PDUs in 15 ms leave it the time.  The figures bound the first to
 * 0.5..1.5 ms and the second to 1.9..3.9 ms.
 */
#define AIRTIME_LATE_END_US 1000u
#define AIRTIME_LATE_PREPARE_US 2500u

struct airtime_link {
	enum ota_phy phy; /* OTA_PHY_1M or OTA_PHY_2M, both directions */
	uint16_t data_length; /* octets, 27..251 (LE Set Data Length) */
	uint32_t interval_us; /* connection interval, 7500..4000000 */
	bool encrypted; /* a non-empty PDU carries a 4-octet MIC */
	uint16_t buffers; /* LE ACL buffers of the central's controller; 0 = no limit */
	uint16_t buffer_octets; /* of each, >= 27 (HCI LE Read Buffer Size); 0 = no limit */
	bool refill; /* buffers are refilled inside a connection event */
	bool late; /* they are not, and the central prepares its events late, see above */
};

/* Air time in microseconds of one data PDU with octets of payload (0..251). */
uint32_t airtime_pdu_us(enum ota_phy phy, uint16_t octets, bool encrypted);
/* Time of a pair: PDU of down octets, T_IFS, PDU of up octets, T_IFS. */
uint32_t airtime_pair_us(const struct airtime_link *link, uint16_t down, uint16_t up);
/*
 * Microseconds that a notification of value bytes (1..244) takes beyond the empty PDU that it
 * replaces.
 */
uint32_t airtime_notification_us(const struct airtime_link *link, uint16_t value);
/* Octets of the largest PDU: data length bounded by the ACL buffer. */
uint16_t airtime_fragment(const struct airtime_link *link);
/*
 * Bytes per second of attribute values of length value (1..512), endless, no
 * loss, nothing in the other direction.  with_response: one value each two
 * intervals (more where its PDUs do not fit one event).  Buffers that are not
 * refilled inside an event bound it to that many ACL fragments an event.  0 when
 * the link's parameters or value are out of range; rounded to the nearest.
 */
uint32_t airtime_ceiling(const struct airtime_link *link, uint16_t value, bool with_response);
/*
 * The value length of which connection events carry most payload, answered by empty PDUs:
 * one that fills its PDUs, or one that lets an event end with one PDU more; with_response: the
 * longest that takes no event more.  At most
 * min(mtu - 3, 512, max_value), of which overhead bytes are not payload.  0 when
 * no value of more than overhead bytes is possible, or link is out of range.
 */
uint16_t airtime_best_value(const struct airtime_link *link, uint16_t mtu, uint16_t max_value,
			    uint16_t overhead, bool with_response);
/* The same among values that fill their PDUs, for a link of which events end as they like. */
uint16_t airtime_whole_value(const struct airtime_link *link, uint16_t mtu, uint16_t max_value,
			     uint16_t overhead);
/* The same where answers take so much of each event, among values of no less PDUs than without them. */
uint16_t airtime_answered_value(const struct airtime_link *link, uint16_t mtu, uint16_t max_value,
				uint16_t overhead, uint32_t answers_us);

#endif
