/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few GATT notions that the host's state machine and every transport
 * share: which characteristic, how to write it, why a link ended.
 */
#ifndef OTABENCH_CORE_GATT_H
#define OTABENCH_CORE_GATT_H

#include "ota/proto.h"

enum gatt_chr {
	GATT_CONTROL,
	GATT_DATA,
	GATT_INFO,
	GATT_FIRMWARE_REVISION, /* 0x2A26 */
	GATT_MODEL, /* 0x2A24 */
	GATT_MANUFACTURER, /* 0x2A29 */
	GATT_CHRS
};

/* UUIDs are texts of 36 lower-case characters; one of 16 bits, given as its four digits. */
#define GATT_UUID_TEXT 37u
#define GATT_UUID16(digits) "0000" digits "-0000-1000-8000-00805f9b34fb"

/* Characteristic properties, Core Vol 3 Part G 3.3.1.1. */
#define GATT_PROP_READ 0x02u
#define GATT_PROP_WRITE_COMMAND 0x04u
#define GATT_PROP_WRITE 0x08u
#define GATT_PROP_NOTIFY 0x10u
#define GATT_PROP_INDICATE 0x20u

/* A characteristic that a device was found to have. */
struct gatt_found {
	const char *service; /* NULL: the stack did not tell */
	const char *uuid;
	uint8_t properties;
};

enum gatt_write {
	GATT_REQUEST, /* write with response: an answer follows each */
	GATT_COMMAND, /* write without response */
	GATT_ACQUIRE, /* like COMMAND, over a socket of the daemon (BlueZ AcquireWrite) */
};

enum gatt_reason { /* why a link ended */
		   GATT_BY_HOST, /* disconnect() was called */
		   GATT_BY_DEVICE, /* remote user terminated (also: it reboots) */
		   GATT_SUPERVISION, /* supervision timeout */
		   GATT_NOT_FOUND, /* connect(): device does not advertise */
		   GATT_CONNECT_FAILED, /* connect(): transient failure, retry */
		   GATT_NO_ADAPTER, /* adapter removed or daemon ended */
		   GATT_UNKNOWN, /* the stack did not say */
		   GATT_KEY_MISSING, /* encryption failed: a side has lost the bond */
};
#define GATT_REASONS (GATT_KEY_MISSING + 1)

/* Faults of the host's own side, which a lost link does not tell. */
enum gatt_host {
	GATT_HOST_UNTOLD, /* nothing does, or nothing tells */
	GATT_HOST_ADAPTER_GONE, /* unplugged, or never there */
	GATT_HOST_ADAPTER_OFF,
	GATT_HOST_ADAPTER_BLOCKED, /* by a switch of rfkill */
	GATT_HOST_DAEMON_GONE,
	GATT_HOST_DAEMON_SILENT, /* it is there, and answers nothing */
	GATT_HOST_REFUSED, /* the bus lets this user not talk to the daemon */
	GATT_HOST_NO_BUS,
};
#define GATT_HOSTS (GATT_HOST_NO_BUS + 1)

/* The stack's report on pairing, or on the lack of it, in the last connection. */
enum gatt_pairing {
	GATT_PAIRING_UNTOLD,
	GATT_PAIRING_WANTED, /* an access was refused until there is a pairing */
	GATT_PAIRING_REFUSED, /* it was tried, and one of the sides ended it */
	GATT_PAIRING_LATE, /* the passkey did not come in time */
	GATT_PAIRING_BOND_LOST, /* one side has no key any more */
	GATT_PAIRING_UNAUTHORIZED, /* the device refuses this host an access, paired or not */
};
#define GATT_PAIRINGS (GATT_PAIRING_UNAUTHORIZED + 1)

/* The text of a UUID as it is on the air, of 2 or 16 octets, the least significant first. */
void gatt_uuid_text(const uint8_t *uuid, size_t len, char ret[GATT_UUID_TEXT]);
/* Returns its octets on the air, 2 for one of 16 bits, or 0: it is no UUID's text. */
size_t gatt_uuid_octets(const char *text, uint8_t ret[16]);
const char *gatt_reason_name(enum gatt_reason reason);
const char *gatt_write_name(enum gatt_write mode);

#endif
