/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of a btsnoop file, whoever wrote it: a phone's snoop log (data link 1002, HCI UART
 * with its first octet, or 1001, without it), btmon's and this program's own (2001, the
 * kernel's monitor channel).
 */
#ifndef OTABENCH_CAPTURE_BTSNOOP_READ_H
#define OTABENCH_CAPTURE_BTSNOOP_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BTSNOOP_PACKET_MAX 65540u /* an ACL packet's header and its largest payload, and more */

enum btsnoop_packet { BTSNOOP_IS_OTHER, BTSNOOP_IS_COMMAND, BTSNOOP_IS_EVENT, BTSNOOP_IS_ACL };

struct btsnoop_record {
	uint64_t at_us; /* since the file's first record */
	enum btsnoop_packet packet;
	bool sent; /* by the host */
	uint16_t index; /* of the adapter; 0 where the file knows one alone */
	const uint8_t *data; /* without H4's first octet; until the next is read */
	size_t len; /* as far as the file has it */
	bool cut; /* the file has a part of the packet, as some phones write it */
};

struct btsnoop_reader {
	FILE *in; /* the caller's */
	uint32_t link;
	uint64_t first_us;
	bool begun;
	uint8_t data[BTSNOOP_PACKET_MAX];
};

/* 0; -OTA_EBADMSG: no btsnoop, or a data link that is not read here. */
int btsnoop_read_begin(struct btsnoop_reader *r, FILE *in);
/* 1; 0 at the end; -OTA_EBADMSG: damaged, or cut in mid record. */
int btsnoop_read(struct btsnoop_reader *r, struct btsnoop_record *ret);

#endif
