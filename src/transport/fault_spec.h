/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults and their places: the words that --sim=fault=SPEC takes.
 *
 *   drop-data@N        drop-data%P         the value never arrives
 *   drop-notify@N      drop-notify%P       the notification never arrives
 *   dup-data@N         dup-data%P          it arrives twice
 *   dup-notify@N       dup-notify%P
 *   delay-data@N:MS    delay-data%P:MS     it arrives MS later, in order
 *   delay-notify@N:MS  delay-notify%P:MS
 *   disconnect@BYTE    the link is lost (supervision timeout) at that stream offset
 *   terminate@BYTE     the device ends the link there
 *   reboot@BYTE        the device resets there
 *   power-cut@OP       the device loses power at its flash operation OP
 *   write-fail@OFFSET  the flash write that covers that slot offset fails, once
 *   slow-erase[:FACTOR]  every erase takes FACTOR (default 10) times as long
 *   block@BYTE:MS      the device's Bluetooth task stands still there for MS
 *   loss@BYTE:P        from there on this share of link-layer packets is lost
 *   drops@BYTE:P       from there on this share of Data values never arrives
 *   buffers@BYTE:N     from there on the adapter sends at most N buffers an event, as where
 *                      it serves another link or shares its aerial; 0: as before
 *   no-boot            the new image does not come up, until it is rolled back
 *   stale-cache        the host's stack remembers services of another firmware
 *
 * N and OP count from 1, but for that of buffers.  P is a share in percent, up to four
 * decimals, drawn from the simulation's seed.  BYTE and OFFSET count from 0: BYTE is the number
 * of stream bytes that were written before, those that were sent again included.
 */
#ifndef OTABENCH_TRANSPORT_FAULT_SPEC_H
#define OTABENCH_TRANSPORT_FAULT_SPEC_H

#include <stddef.h>
#include <stdint.h>

enum fault_kind {
	FAULT_DROP_DATA,
	FAULT_DROP_NOTIFY,
	FAULT_DUP_DATA,
	FAULT_DUP_NOTIFY,
	FAULT_DELAY_DATA,
	FAULT_DELAY_NOTIFY,
	FAULT_DISCONNECT,
	FAULT_TERMINATE,
	FAULT_REBOOT,
	FAULT_POWER_CUT,
	FAULT_WRITE_FAIL,
	FAULT_SLOW_ERASE,
	FAULT_NO_BOOT,
	FAULT_BLOCK,
	FAULT_STALE_CACHE,
	FAULT_GARBLE_NOTIFY,
	FAULT_FLOOD_NOTIFY,
	FAULT_LOSS,
	FAULT_DROPS,
	FAULT_BUFFERS,
	FAULT_KINDS
};

#define FAULT_SHARE_ALL 1000000u /* every one */

struct fault_spec {
	enum fault_kind kind;
	uint32_t at; /* N, OP, BYTE or OFFSET; unused with a share */
	uint32_t share_ppm; /* 1..FAULT_SHARE_ALL; 0: at counts */
	/* DELAY_*, BLOCK: ms; SLOW_ERASE: factor; FLOOD_NOTIFY: times; LOSS, DROPS: parts per
	 * million; BUFFERS: how many; else 0 */
	uint32_t arg;
};

#define FAULT_TEXT_MAX 64u /* longest fault_format(), NUL included */

/*
 * 0, or -OTA_EINVAL with one line in why: "expected ..., found ...".  text's own bytes are not in
 * it except for the kind's letters, so it is safe to print.
 */
int fault_parse(const char *text, struct fault_spec *ret, char *why, size_t why_size);
/* The text that parses to the same.  Returns buf. */
char *fault_format(const struct fault_spec *spec, char *buf, size_t size);
/* "drop-data" */
const char *fault_kind_name(enum fault_kind kind);
/* "drop-data@N or drop-data%P", for help texts. */
const char *fault_kind_usage(enum fault_kind kind);
/* The effect of a kind of fault, for help texts. */
const char *fault_kind_help(enum fault_kind kind);

#endif
