/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An org.bluez for tests, on a bus of the test's own and on the same event loop:
 * adapters, devices and characteristics that do what bluetoothd does, or what a
 * test tells them to do wrong.  The bus says who sent a message, as it does for
 * bluetoothd.
 *
 * A device's characteristics keep what is written to them, or are those of a
 * virtual ESP32 (fake->radio).
 */
#ifndef OTABENCH_BLUEZFAKE_H
#define OTABENCH_BLUEZFAKE_H

#include "bluez/bluez.h"
#include "privatebus.h"

#define FAKE_ADAPTERS 2u
#define FAKE_DEVICES 2u
#define FAKE_HELD 100u
#define FAKE_ADDRESS "24:6F:28:AA:10:01"
#define FAKE_ADAPTER "/org/bluez/hci0"
#define FAKE_DEVICE FAKE_ADAPTER "/dev_24_6F_28_AA_10_01"

/* Lines, until they are taken. */
struct fake_text {
	char text[8192];
	size_t len;
};

struct fake_adapter {
	bool there, powered;
};

struct fake_device {
	bool there; /* bluetoothd has an object for it */
	bool audible; /* it advertises */
	bool connected, resolved, paired;
	bool exported; /* its characteristics are objects */
	const char *address, *name;
	int16_t rssi; /* told while discovering */
	bool absent[GATT_CHRS]; /* characteristics it does not have */
};

/* The next call of this member is answered with this error. */
struct fake_error {
	const char *member, *name, *text;
};

struct fake {
	sd_event *event;
	sd_bus *server, *client; /* client is what bluez_config.bus wants */
	const char *to; /* signals go to this connection alone; NULL: to who asked for them */
	unsigned int traffic; /* messages that came to either */
	struct fake_adapter adapters[FAKE_ADAPTERS];
	struct fake_device devices[FAKE_DEVICES];
	bool discovering;
	uint16_t mtu; /* of the link */
	bool tells_mtu; /* as a property [5.62] */
	bool resolves_early; /* ServicesResolved before the objects' signals */
	bool connects_by_itself; /* Connect() is answered at once, and services resolved */
	bool write_held; /* another client has Data's write socket */

	struct fake_error error;
	const char *hold; /* calls of this member are kept in held and not answered */
	sd_bus_message *held[FAKE_HELD];
	size_t held_count;

	struct fake_text
		calls; /* members called, a line each, with what matters of the arguments */

	/* Data's write socket, bluetoothd's end; -1: none */
	int fd;
	sd_event_source *fd_io;
	bool fd_deaf; /* nothing is read from it */
	unsigned int values; /* written to Data, in any way */
	uint8_t last[512]; /* the last of them */
	size_t last_len;

	/* A virtual ESP32 behind devices[0], or NULL. */
	struct transport *radio;
	bool radio_up;
	sd_bus_message *connecting, *reading[GATT_CHRS], *writing[GATT_CHRS], *subscribing;
	struct fake_value *queue, **queue_end; /* commands that the radio has no room for yet */
};

void fake_init(struct fake *f, sd_event *event);
void fake_finish(struct fake *f);
/* Puts the radio behind devices[0]; it is destroyed with f. */
void fake_set_radio(struct fake *f, struct transport *radio);

/* Returns the client's unique name on the bus. */
const char *fake_client_name(const struct fake *f);

/* Returns the calls since the last time, as a string valid until the next. */
const char *fake_calls(struct fake *f);
/* Answers the held call number i with nothing but success, or an error. */
void fake_answer(struct fake *f, size_t i);
void fake_refuse(struct fake *f, size_t i, const char *name, const char *text);
void fake_forget_held(struct fake *f);

/* Signals. */
/* bluetoothd dies, or the next one takes the name: f->server is the next one's by then. */
void fake_owner(struct fake *f, bool there);
void fake_adapter_there(struct fake *f, unsigned int adapter, bool there);
void fake_adapter_powered(struct fake *f, unsigned int adapter, bool powered);
/* An advertisement of devices[i]. */
void fake_advertise(struct fake *f, unsigned int i);
void fake_remove_device(struct fake *f, unsigned int i);
void fake_connected(struct fake *f, unsigned int i, bool connected);
void fake_resolved(struct fake *f, unsigned int i, bool resolved);
/* The characteristics' objects, from and up to but not including those numbers. */
void fake_export(struct fake *f, unsigned int i, enum gatt_chr from, enum gatt_chr to);
void fake_unexport(struct fake *f, unsigned int i, enum gatt_chr chr);
void fake_disconnected(struct fake *f, unsigned int i, const char *reason);
void fake_notify(struct fake *f, unsigned int i, const void *value, size_t len);
void fake_write_acquired(struct fake *f, bool acquired);
/* bluetoothd's end of Data's write socket. */
void fake_close_socket(struct fake *f);
/* Property name of devices[i]'s object, a string where another type is documented. */
void fake_malformed(struct fake *f, unsigned int i, const char *interface, const char *name);

void fake_add(struct fake_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Returns the text added since the last time; valid until the next. */
const char *fake_take(struct fake_text *t);

/* Everything that is pending on both ends, but no waiting. */
void fake_settle(struct fake *f);

#endif
