/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices in the air: those that a transport's advertisements tell of,
 * and which of them a user means by a name or an address.
 *
 * Times are microseconds of the transport's clock.
 */
#ifndef OTABENCH_HOST_SCAN_H
#define OTABENCH_HOST_SCAN_H

#include "transport/transport.h"

#define SCAN_DEVICES_MAX 256u
#define SCAN_RSSI_UNKNOWN 127 /* of a device that was not heard: it has a link to this host */
#define SCAN_HISTORY 64u /* RSSI values kept for each device */
#define SCAN_ADDRESS_SIZE 18u /* "24:6F:28:AA:10:02" */
/* A name has at most 248 bytes (Core Vol 3 Part C 12.1); one that cannot be printed grows
 * to four characters a byte, and is cut here. */
#define SCAN_NAME_SIZE 249u

struct scan_device {
	char address[SCAN_ADDRESS_SIZE];
	char name[SCAN_NAME_SIZE]; /* safe to print (output_safe_text()); "" when none is known */
	uint32_t dialects; /* that its advertisements leave, by 1 << id; 0: none is known */
	bool connectable;
	int8_t rssi, rssi_min, rssi_max; /* dBm, or SCAN_RSSI_UNKNOWN */
	int8_t history[SCAN_HISTORY]; /* a ring; scan_rssi() reads it */
	size_t history_count; /* values ever put into it */
	uint64_t first_us, last_us; /* seen */
	uint32_t seen; /* advertisements */
};

struct scan {
	struct scan_device devices[SCAN_DEVICES_MAX]; /* in order of their first advertisement */
	size_t count;
	uint64_t dropped; /* devices that had to make room */
};

void scan_init(struct scan *scan);
/*
 * Takes an advertisement in; returns its device, which stays where it is until
 * the next scan_add().  An address that is none is ignored: NULL.  When there
 * are SCAN_DEVICES_MAX already, the one not seen for the longest makes room,
 * those first that this program cannot update.
 */
const struct scan_device *scan_add(struct scan *scan, const struct transport_advertisement *adv,
				   uint64_t now_us);

/* The age-th latest RSSI, 0 the last one; SCAN_RSSI_UNKNOWN when there is none. */
int8_t scan_rssi(const struct scan_device *device, size_t age);

/*
 * The device of an address (any case) or of exactly this name, as printed.  0;
 * -OTA_ENOENT; -OTA_EINVAL: several have that name, text names their addresses.
 */
int scan_find(const struct scan *scan, const char *what, const struct scan_device **ret, char *text,
	      size_t size);
/* Returns true if text is an address: six pairs of hexadecimal digits with colons. */
bool scan_is_address(const char *text);

#endif
