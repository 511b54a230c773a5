/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that btmon and Wireshark open: btsnoop, with the data link of the kernel's
 * monitor channel (BTSNOOP_FORMAT_MONITOR, BlueZ src/shared/btsnoop.h).
 */
#ifndef OTABENCH_CAPTURE_BTSNOOP_FILE_H
#define OTABENCH_CAPTURE_BTSNOOP_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Kinds of record that are used here; the kernel's enumeration, hci_mon.h. */
enum btsnoop_kind {
	BTSNOOP_NEW_INDEX = 0, /* an adapter: type, bus, address, name of 8 bytes */
	BTSNOOP_COMMAND = 2, /* HCI command, without H4's first octet, like the next three */
	BTSNOOP_EVENT = 3,
	BTSNOOP_ACL_TX = 4,
	BTSNOOP_ACL_RX = 5,
	BTSNOOP_SYSTEM_NOTE = 12, /* text with its NUL */
};

#define BTSNOOP_NO_INDEX 0xffffu /* the record is of no adapter */
/* The monitor channel's largest payload: HCI_MAX_FRAME_SIZE of the kernel and more. */
#define BTSNOOP_RECORD_MAX 4096u

struct btsnoop_file {
	FILE *out; /* the caller's */
	int error; /* the first, negative OTA_E*; nothing is written after it */
};

/* The file's header. */
void btsnoop_begin(struct btsnoop_file *f, FILE *out);
/* One record.  unix_us: microseconds since 1970.  kind: also others of the kernel's. */
void btsnoop_put(struct btsnoop_file *f, uint16_t index, uint16_t kind, uint64_t unix_us,
		 const uint8_t *data, size_t len);
/* Text for the reader of the file. */
void btsnoop_note(struct btsnoop_file *f, uint64_t unix_us, const char *text);
/* Writes what is buffered; 0 or the first error. */
int btsnoop_flush(struct btsnoop_file *f);

#endif
