/* SPDX-License-Identifier: Apache-2.0 */
/* The BlueZ transport's insides, shared by its files; see bluez.h. */
#ifndef OTABENCH_TRANSPORT_BLUEZ_PRIV_H
#define OTABENCH_TRANSPORT_BLUEZ_PRIV_H

#include "transport/bluez.h"

#define BLUEZ "org.bluez"
#define BLUEZ_ADAPTER "org.bluez.Adapter1"
#define BLUEZ_DEVICE "org.bluez.Device1"
#define BLUEZ_SERVICE "org.bluez.GattService1"
#define BLUEZ_CHR "org.bluez.GattCharacteristic1"
#define BLUEZ_PATH_MAX 128u
#define BLUEZ_NAME_MAX 249u /* Core Vol 3 Part C 12.1: 248 octets */
#define BLUEZ_CALL_US 60000000u /* more than ATT's own 30 s and a pairing's patience */
#define BLUEZ_FIND_US 10000000u /* connect(): until the device is heard */
#define BLUEZ_OBJECTS_US 2000000u /* from ServicesResolved until the objects are there */

enum bluez_kind { BLUEZ_IS_ADAPTER, BLUEZ_IS_DEVICE, BLUEZ_IS_CHR, BLUEZ_KINDS };

/* One object of bluetoothd's that matters here, with the properties that do. */
struct bluez_object {
	struct bluez_object *next;
	enum bluez_kind kind;
	char path[BLUEZ_PATH_MAX];
	bool powered; /* adapter */
	char address[18]; /* device */
	char name[BLUEZ_NAME_MAX]; /* device */
	int16_t rssi; /* device; 127: not heard in this discovery */
	bool connected, resolved, ota; /* device */
	char uuid[37]; /* characteristic, lower case */
	uint8_t properties; /* characteristic: GATT_PROP_* */
	uint16_t mtu; /* characteristic; 0: not told [before 5.62] */
};

enum bluez_phase {
	BLUEZ_IDLE,
	BLUEZ_FINDING, /* the device is not known yet: discovery runs until it is heard */
	BLUEZ_CONNECTING, /* Connect() was called */
	BLUEZ_UP,
};

struct bluez {
	struct transport base;
	struct bluez_config config;
	sd_event *event;
	sd_bus *bus;
	sd_bus_slot *matches[4];
	struct bluez_object *objects;
	char adapter[BLUEZ_PATH_MAX]; /* "" while there is none */
	bool adapter_off; /* why there is none */
	bool present; /* bluetoothd and the adapter are there */

	sd_event_source *alarm, *patience;
	bool scanning, discovering; /* the user wants it; bluetoothd does it */

	enum bluez_phase phase;
	char address[18]; /* asked for by connect() */
	char device[BLUEZ_PATH_MAX];
	bool hanging_up; /* disconnect() was called */
	enum gatt_reason reason; /* as Disconnected() told [5.83], else GATT_UNKNOWN */
	sd_bus_slot *connect_call, *device_match;
	bool resolved_once; /* the services are resolved, their objects are awaited */

	bool discover_wanted; /* discover() waits for the services */
	char chrs[GATT_CHRS][BLUEZ_PATH_MAX];
	bool writing[GATT_CHRS]; /* a write request is outstanding */
	uint16_t mtu;
	enum transport_source mtu_source;

	bool acquire_refused; /* on this connection */
	bool acquiring; /* AcquireWrite() was called */
	int acquired; /* its socket, -1: none */
	sd_event_source *acquired_io;
	unsigned int commands; /* WriteValue(command) without an answer yet */
	bool blocked; /* a write was refused with -OTA_EAGAIN */
	uint64_t generation; /* of the connection: answers of an old one do not count */
};

/* bluez.c */
void bluez_log(struct bluez *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bluez_emit(struct bluez *b, const struct transport_event *event);
/* The connection, or the attempt at one, is over. */
void bluez_ended(struct bluez *b, enum gatt_reason reason);
/* Called again once after us; NULL fn: not at all. */
void bluez_patience(struct bluez *b, uint64_t us);
/* An object appeared, changed or is about to go. */
void bluez_object_changed(struct bluez *b, struct bluez_object *o, bool rssi_told);
void bluez_object_gone(struct bluez *b, const struct bluez_object *o);
void bluez_gone(struct bluez *b);
void bluez_back(struct bluez *b);

/* bluez_objects.c */
/* Waits for the answer.  0 or a negative errno; *ret_error is to be freed. */
int bluez_objects_load(struct bluez *b, sd_bus_error *ret_error);
int bluez_objects_watch(struct bluez *b);
void bluez_objects_clear(struct bluez *b);
struct bluez_object *bluez_find(const struct bluez *b, enum bluez_kind kind, const char *path);
struct bluez_object *bluez_find_address(const struct bluez *b, const char *address);
/* Whether path lies below parent. */
bool bluez_below(const char *path, const char *parent);

/* bluez_gatt.c */
void bluez_gatt_reset(struct bluez *b);
/* Whether all objects that the service can have are there; then DISCOVERED is told. */
void bluez_gatt_resolved(struct bluez *b, bool last_chance);
int bluez_gatt_discover(struct transport *t);
int bluez_gatt_subscribe(struct transport *t, enum gatt_chr chr);
int bluez_gatt_read(struct transport *t, enum gatt_chr chr);
int bluez_gatt_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
		     const uint8_t *buf, size_t len);
/* PropertiesChanged with a Value. */
void bluez_gatt_value(struct bluez *b, const char *path, const uint8_t *buf, size_t len);

/* bluez_error.c */
int bluez_error_status(const sd_bus_error *error);
/* Whether a Connect() that failed so is worth another try, or the device was not heard. */
enum gatt_reason bluez_error_reason(const sd_bus_error *error);
/* What Device1.Disconnected(name, message) tells [5.83]. */
enum gatt_reason bluez_disconnect_reason(const char *name);

#endif
