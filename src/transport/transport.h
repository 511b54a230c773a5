/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One GATT link to one device, as the job that runs an update sees it.
 *
 * Backends: sim (virtual ESP32s in this process), bluez, and the wrappers fault
 * (injects faults into any other) and trace (records, replays).  All of them
 * keep this contract:
 *
 * - Nothing blocks.  A call starts something and returns 0, or a negative
 *   OTA_E* when it cannot be started; then no event follows.
 * - Results come as events through the handler, from the event loop, never from
 *   within a call.
 * - One connection at a time.  connect() while connected is -OTA_EBUSY; calls
 *   that need a link without one are -OTA_ENOTCONN.
 * - After TRANSPORT_DISCONNECTED no event of the old connection follows.
 * - Bytes that an event points to are valid during the handler only.
 * - The clock is the transport's: virtual in the simulator, CLOCK_MONOTONIC
 *   elsewhere.  All times are microseconds of now_us().
 */
#ifndef OTABENCH_TRANSPORT_TRANSPORT_H
#define OTABENCH_TRANSPORT_TRANSPORT_H

#include "ota/error.h"
#include "core/dialect.h"
#include "core/gatt.h"
#include "core/gatt_table.h"

enum transport_event_kind {
	TRANSPORT_ADVERTISEMENT,
	TRANSPORT_CONNECTED, /* link up; mtu may still be 23 */
	TRANSPORT_DISCONNECTED, /* also ends a connect() that failed */
	TRANSPORT_MTU, /* ATT MTU became known or changed */
	/* The dialect, and the properties of each of its characteristics, are filled in. */
	TRANSPORT_DISCOVERED,
	TRANSPORT_SUBSCRIBED, /* CCC written */
	TRANSPORT_READ, /* answer to read(): status, data */
	/* Answer to write(GATT_REQUEST): status.  With a negative status also when the stack
	 * refuses a command that it had taken. */
	TRANSPORT_WRITTEN,
	TRANSPORT_NOTIFIED, /* value from chr */
	TRANSPORT_WRITABLE, /* a write that was -OTA_EAGAIN can be tried again */
	TRANSPORT_ALARM, /* the time of set_alarm() has come */
	TRANSPORT_ADAPTER, /* adapter or daemon gone (status < 0) or back (0) */
	TRANSPORT_LINK, /* link parameters changed; link_state() tells */
	TRANSPORT_MAINTENANCE, /* maintenance() has ended: status */
	/* Pairing, which the device asked for, needs the passkey that it shows: passkey()
	 * answers, once.  PAIRED or DISCONNECTED ends the question. */
	TRANSPORT_PASSKEY,
	/* Pairing ended: 0, or why it failed: -OTA_EPERM (wrong passkey, refused by either side),
	 * -OTA_ETIMEDOUT.  What waited for the encrypted link is answered afterwards, or not
	 * at all when pairing failed.  Pairing that asks nothing may end without this. */
	TRANSPORT_PAIRED,
};

struct transport_advertisement {
	const char *address; /* "24:6F:28:AA:10:02" */
	const char *name; /* raw bytes from the air, "" when none: not yet safe to print */
	int8_t rssi; /* dBm, 127 unknown */
	/* Dialects that its services leave, by 1 << id: dialects_of_service() of each; 0: none. */
	uint32_t dialects;
	bool connectable;
};

struct transport_event {
	enum transport_event_kind kind;
	enum gatt_chr chr; /* SUBSCRIBED, READ, WRITTEN, NOTIFIED */
	int status; /* 0 or negative OTA_E* */
	const uint8_t *data; /* READ, NOTIFIED */
	size_t len;
	uint16_t mtu; /* CONNECTED, MTU */
	enum gatt_reason reason; /* DISCONNECTED */
	const struct transport_advertisement *adv; /* ADVERTISEMENT */
	enum dialect_id dialect; /* DISCOVERED; UNKNOWN: no service that is known here */
	uint8_t properties[GATT_CHRS]; /* DISCOVERED; 0 = characteristic not there */
	/* PASSKEY: what the device's display reads where that can be seen from here, in the
	 * simulator; else -1. */
	int32_t passkey;
};

/* The source of a figure; shown beside it. */
enum transport_source {
	TRANSPORT_SOURCE_NONE, /* not known: show "n/a" */
	TRANSPORT_SOURCE_STACK, /* the host's stack or D-Bus property */
	TRANSPORT_SOURCE_DEVICE, /* told by the device (LINK, TELEMETRY) */
	TRANSPORT_SOURCE_HCI, /* read on an HCI socket, or mgmt */
	TRANSPORT_SOURCE_MODEL, /* the simulator's own parameters */
};

struct transport_link {
	struct ota_link link; /* zero fields are unknown */
	int8_t rssi; /* dBm, 127 unknown */
	enum transport_source mtu_source, link_source, rssi_source, buffer_source;
	uint16_t buffers, buffer_octets; /* LE ACL buffers of the adapter, 0 unknown */
	bool refill; /* buffers are refilled inside a connection event */
	/* The adapter's address, where what was learned about it is worth keeping; "": none. */
	char adapter[18];
	/* Facts for a record of the circumstances; "": unknown.  The release of bluetoothd,
	 * "5.82"; the adapter's maker, a company identifier of Bluetooth's, and the version of
	 * its firmware. */
	char bluetoothd[16], maker[8], firmware[24];
	bool encrypted; /* known to be; where nothing tells, false */
	/* The stack tells whether it is encrypted, and keeps bonds for the next program. */
	bool keeps_bonds;
	enum gatt_host host; /* of now, with no link, too */
	enum gatt_pairing pairing;
	/* Another program of this host has Data's write socket: no write to Data is taken,
	 * and disconnect() leaves the link to that program. */
	bool data_held;
	/* The stack remembers other services than the device has, and keeps them because a
	 * pairing would be lost with them, or because asking again did not help. */
	bool misremembered;
	bool bonded; /* the stack has a bond with the device that was connected last */
};

/* Faults for inject(), which only the simulated device can suffer. */
enum transport_fault_kind {
	TRANSPORT_FAULT_REBOOT, /* the device resets now */
	TRANSPORT_FAULT_POWER_CUT, /* it loses power at its arg-th flash operation from now */
	TRANSPORT_FAULT_TERMINATE, /* it ends the link */
	TRANSPORT_FAULT_LINK_LOSS, /* the air goes silent until the supervision timeout */
	TRANSPORT_FAULT_WRITE_FAIL, /* the flash write that covers slot offset arg fails once */
	TRANSPORT_FAULT_ERASE_SLOW, /* erases take arg times as long from now on */
	TRANSPORT_FAULT_NO_BOOT, /* the new image resets at once until it is rolled back */
	TRANSPORT_FAULT_BLOCK, /* its Bluetooth task stands still for arg ms */
	TRANSPORT_FAULT_LOSS, /* arg parts per million of packets are lost from now on */
	TRANSPORT_FAULT_BUFFERS, /* arg buffers an event at most from now on; 0: as before */
	TRANSPORT_FAULT_STALE_CACHE, /* the stack remembers services of another firmware */
};

/* Steps of maintenance(), which may help if a link cannot be had. */
enum transport_maintenance {
	TRANSPORT_HANG_UP, /* end the stack's link to the device, even another program's */
	TRANSPORT_FORGET, /* what the stack remembers of it: services, and the bond */
	TRANSPORT_POWER_CYCLE, /* the adapter, off and on: every link through it ends */
	/* The device's own services, read past what the stack remembers of them, over a link of
	 * its own; table() has them then.  Nothing that the device sends meanwhile is confirmed. */
	TRANSPORT_READ_TABLE,
};

/* A simulated device as it sees itself, for facts(). */
struct transport_facts {
	bool up; /* its firmware runs; else it boots, or has no power, and most is 0 */
	uint16_t chip_id; /* as ota_info has it */
	char project[33], version[33]; /* of the firmware that runs */
	uint8_t slot; /* it runs from; 0xff: the factory partition */
	uint8_t slot_count;
	bool on_trial; /* rolled back at the next boot unless confirmed */
	bool can_rollback;
	bool erasing, writing; /* its flash, now */
	uint32_t boots, rollbacks, power_losses; /* since it was made */
	bool has_status; /* it counts as STATUS does: its firmware is this project's */
	uint8_t state; /* enum ota_state */
	uint32_t received, flushed; /* stream bytes in order, and programmed */
};

enum transport_table {
	TRANSPORT_TABLE_STACK, /* what the stack goes by: of the last link, or what it kept */
	TRANSPORT_TABLE_DEVICE, /* what the last TRANSPORT_READ_TABLE found */
};

/*
 * The log of calls to the stack and its answers: the second log.  Data
 * values, which are hundreds a second, are summed up in one line (CALL, id 0).
 */
enum transport_call_kind {
	TRANSPORT_CALL, /* a call was made */
	TRANSPORT_REPLY, /* its answer */
	TRANSPORT_ERROR, /* its answer is an error, or it could not be made */
	TRANSPORT_SIGNAL, /* told without being asked */
};

#define TRANSPORT_CALL_TEXT 240u /* with the NUL */

struct transport_call {
	uint64_t at_us;
	enum transport_call_kind kind;
	uint32_t id; /* of a call, from 1; its answer has the same; 0: of none */
	uint64_t took_us; /* REPLY, ERROR: since the call */
	const char *text; /* printable, one line; valid during the call of the watcher */
};
typedef void transport_watch_fn(void *userdata, const struct transport_call *call);

struct transport;

struct transport_ops {
	const char *name;
	uint64_t (*now_us)(struct transport *t);
	/* One TRANSPORT_ALARM at or after at_us; UINT64_MAX disarms.  Replaces the last one. */
	int (*set_alarm)(struct transport *t, uint64_t at_us);
	/* Advertisements come as events until scan_stop(). */
	int (*scan_start)(struct transport *t);
	int (*scan_stop)(struct transport *t);
	/* CONNECTED or DISCONNECTED follows.  Scanning is stopped first. */
	int (*connect)(struct transport *t, const char *address);
	/* DISCONNECTED follows; queued writes are lost. */
	int (*disconnect)(struct transport *t);
	/* The longest ATT MTU that this host offers, 23..517, from now on; a link that is up
	 * exchanges anew where it is more than before, as MTU tells.  NULL: the stack decides. */
	int (*offer_mtu)(struct transport *t, uint16_t mtu);
	int (*discover)(struct transport *t);
	int (*subscribe)(struct transport *t, enum gatt_chr chr);
	int (*read)(struct transport *t, enum gatt_chr chr);
	/* One write request may be outstanding per characteristic, else -OTA_EBUSY.  A
	 * command longer than MTU - 3 is -OTA_EMSGSIZE; a longer request goes as a long
	 * write.  -OTA_EAGAIN: queue full, WRITABLE follows.  buf is copied. */
	int (*write)(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
		     const uint8_t *buf, size_t len);
	/* The answer to PASSKEY: 0..999999, negative refuses to pair.  -OTA_EINVAL when nothing
	 * asks or it is out of range.  NULL: the backend never asks. */
	int (*passkey)(struct transport *t, int32_t passkey);
	void (*link_state)(struct transport *t, struct transport_link *ret);
	/* NULL, or -OTA_ENOTSUP for what the backend cannot cause. */
	int (*inject)(struct transport *t, enum transport_fault_kind kind, uint64_t arg);
	/* The device of this address, which nothing over the air tells.  -OTA_ENODEV: there is
	 * none; -OTA_EAGAIN: it has not been needed yet.  NULL: devices are not simulated. */
	int (*facts)(struct transport *t, const char *address, struct transport_facts *ret);
	/* Does a step for the device with this address, or this name if it has one; for the
	 * adapter: NULL.  MAINTENANCE follows, after ADAPTER if that went and came.  -OTA_EBUSY
	 * while connected, connecting or at it; -OTA_ENOENT: the stack knows no such device;
	 * -OTA_EINVAL: several of that name; -OTA_ENOTCONN: nothing to hang up, which may also
	 * be MAINTENANCE's status; -OTA_ENODEV.  READ_TABLE: -OTA_EBUSY if another program has a
	 * link to it, -OTA_ETIMEDOUT, -OTA_ENOTCONN.  NULL: the backend has no maintenance. */
	int (*maintenance)(struct transport *t, enum transport_maintenance what,
			   const char *device);
	/* Services and characteristics of the device with this address.  -OTA_ENOENT: none are
	 * known.  NULL: the backend tells none. */
	int (*table)(struct transport *t, const char *address, enum transport_table which,
		     struct gatt_table *ret);
	/* The host works on something that a device would not see: a virtual clock stands still
	 * until it is over.  NULL: time passes as it does. */
	void (*hold)(struct transport *t, bool on);
	/* A line of printable text for a recorder.  NULL: there is none. */
	void (*note)(struct transport *t, const char *text);
	/* An action of the user (a word and values), which a replay does again at this place;
	 * NULL text: it is done.  In between now_us() stands still.  NULL: there is no recorder. */
	void (*act)(struct transport *t, const char *text);
	/* Wrappers: pass it on to the transport inside.  NULL: transport_watch() does all. */
	void (*watch)(struct transport *t);
	void (*destroy)(struct transport *t);
};

/* Embedded as the first member of each backend's own structure. */
struct transport {
	const struct transport_ops *ops;
	void (*handler)(void *userdata, const struct transport_event *event);
	void *userdata;
	bool virtual_clock; /* now_us() is modelled time */
	struct sd_event *event; /* the loop that its events come from; NULL: none, of a recording */
	/* Set by transport_watch(); while NULL, backends make no text and count nothing. */
	transport_watch_fn *watcher;
	void *watcher_userdata;
};

/* Notes of a job for the recording; nothing if there is none. */
void transport_note(struct transport *t, const char *text);
void transport_act(struct transport *t, const char *text);
/* Tells fn every call from now on; NULL: no more. */
void transport_watch(struct transport *t, transport_watch_fn *fn, void *userdata);

/* "5.82" as major << 8 | minor; 0: it is none. */
unsigned int transport_release(const char *text);
const char *transport_event_name(enum transport_event_kind kind);
const char *transport_call_name(enum transport_call_kind kind);
const char *transport_source_name(enum transport_source source);
/* ops->passkey, which may be NULL. */
int transport_passkey(struct transport *t, int32_t passkey);

#endif
