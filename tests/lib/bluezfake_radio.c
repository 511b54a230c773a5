/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator as the fake org.bluez's radio: calls become the simulator's,
 * and its events become answers and signals.  Like bluetoothd it queues commands
 * without end and one request at a time for each characteristic.
 */
#include "bluezfake_priv.h"

#include <stdlib.h>
#include <string.h>

struct fake_value {
	struct fake_value *next;
	size_t len;
	uint8_t bytes[512];
};

static void drop(sd_bus_message **m)
{
	*m = sd_bus_message_unref(*m);
}

void fake_radio_forget(struct fake *f)
{
	drop(&f->connecting);
	drop(&f->subscribing);
	for (size_t i = 0; i < GATT_CHRS; i++) {
		drop(&f->reading[i]);
		drop(&f->writing[i]);
	}
}

static void clear_queue(struct fake *f)
{
	struct fake_value *next;

	for (struct fake_value *v = f->queue; v; v = next) {
		next = v->next;
		free(v);
	}
	f->queue = NULL;
	f->queue_end = &f->queue;
}

static void flush(struct fake *f)
{
	struct fake_value *v;

	while ((v = f->queue)) {
		if (f->radio->ops->write(f->radio, GATT_DATA, GATT_COMMAND, v->bytes, v->len) ==
		    -OTA_EAGAIN)
			return;
		f->queue = v->next;
		if (!f->queue)
			f->queue_end = &f->queue;
		free(v);
	}
}

static void link_down(struct fake *f, enum gatt_reason reason)
{
	if (f->connecting)
		fake_reply_error(f, f->connecting, "org.bluez.Error.Failed",
				 "le-connection-abort-by-local");
	fake_radio_forget(f);
	clear_queue(f);
	if (f->devices[0].connected)
		fake_disconnected(f, 0,
				  reason == GATT_BY_DEVICE     ? "org.bluez.Reason.Remote"
				  : reason == GATT_SUPERVISION ? "org.bluez.Reason.Timeout"
							       : NULL);
}

static void answer(struct fake *f, sd_bus_message **call, int status)
{
	if (!*call)
		return;
	if (status < 0)
		fake_reply_error(f, *call, "org.bluez.Error.Failed",
				 "Operation failed with ATT error: 0x0e");
	else
		fake_reply(f, *call);
	drop(call);
}

static void answer_read(struct fake *f, const struct transport_event *e)
{
	sd_bus_message **call = &f->reading[e->chr], *reply = NULL;

	if (!*call || e->status < 0) {
		answer(f, call, e->status);
		return;
	}
	must(sd_bus_message_new_method_return(*call, &reply));
	must(sd_bus_message_append_array(reply, 'y', e->data, e->len));
	must(sd_bus_send(f->server, reply, NULL));
	sd_bus_message_unref(reply);
	drop(call);
}

static void discovered(struct fake *f, const struct transport_event *e)
{
	for (size_t i = 0; i < GATT_CHRS; i++)
		f->devices[0].absent[i] = e->properties[i] == 0;
	fake_resolved(f, 0, true);
	fake_export(f, 0, GATT_CONTROL, GATT_CHRS);
}

static void on_event(void *userdata, const struct transport_event *e)
{
	struct fake *f = userdata;

	switch (e->kind) {
	case TRANSPORT_ADVERTISEMENT:
		if (f->discovering && strcmp(e->adv->address, f->devices[0].address) == 0)
			fake_advertise(f, 0);
		break;
	case TRANSPORT_CONNECTED:
		answer(f, &f->connecting, 0);
		fake_connected(f, 0, true);
		must(f->radio->ops->discover(f->radio));
		break;
	case TRANSPORT_DISCONNECTED:
		link_down(f, e->reason);
		must(f->radio->ops->scan_start(f->radio)); /* connecting stopped it */
		break;
	case TRANSPORT_MTU:
		f->mtu = e->mtu;
		break;
	case TRANSPORT_DISCOVERED:
		discovered(f, e);
		break;
	case TRANSPORT_SUBSCRIBED:
		answer(f, &f->subscribing, e->status);
		break;
	case TRANSPORT_READ:
		answer_read(f, e);
		break;
	case TRANSPORT_WRITTEN:
		answer(f, &f->writing[e->chr], e->status);
		break;
	case TRANSPORT_NOTIFIED:
		fake_notify(f, 0, e->data, e->len);
		break;
	case TRANSPORT_WRITABLE:
		flush(f);
		break;
	case TRANSPORT_ALARM:
	case TRANSPORT_ADAPTER:
	case TRANSPORT_LINK:
	case TRANSPORT_MAINTENANCE:
	case TRANSPORT_PASSKEY:
	case TRANSPORT_PAIRED:
		break;
	}
}

void fake_set_radio(struct fake *f, struct transport *radio)
{
	f->radio = radio;
	radio->handler = on_event;
	radio->userdata = f;
	f->devices[0].audible = false; /* when it is on the air is the simulator's business */
	must(radio->ops->scan_start(radio));
}

static void begin(sd_bus_message **at, sd_bus_message *call)
{
	assert_null(*at);
	*at = sd_bus_message_ref(call);
}

/* The simulator knows before the signals do that the link is gone. */
static void begun(struct fake *f, sd_bus_message **at, int rc)
{
	if (rc == 0)
		return;
	fake_reply_error(f, *at, "org.bluez.Error.Failed", "Not connected");
	drop(at);
}

void fake_radio_connect(struct fake *f, sd_bus_message *call)
{
	if (f->connecting || f->devices[0].connected) {
		fake_reply_error(f, call, "org.bluez.Error.InProgress", "In Progress");
		return;
	}
	f->devices[0].exported = false;
	begin(&f->connecting, call);
	must(f->radio->ops->connect(f->radio, f->devices[0].address));
}

void fake_radio_disconnect(struct fake *f)
{
	(void)f->radio->ops->disconnect(f->radio);
}

void fake_radio_read(struct fake *f, enum gatt_chr chr, sd_bus_message *call)
{
	begin(&f->reading[chr], call);
	begun(f, &f->reading[chr], f->radio->ops->read(f->radio, chr));
}

void fake_radio_subscribe(struct fake *f, sd_bus_message *call)
{
	begin(&f->subscribing, call);
	begun(f, &f->subscribing, f->radio->ops->subscribe(f->radio, GATT_CONTROL));
}

void fake_radio_write(struct fake *f, enum gatt_chr chr, const void *value, size_t len,
		      sd_bus_message *call)
{
	struct fake_value *v;

	if (call) {
		begin(&f->writing[chr], call);
		begun(f, &f->writing[chr],
		      f->radio->ops->write(f->radio, chr, GATT_REQUEST, value, len));
		return;
	}
	assert_int_equal(chr, GATT_DATA);
	v = calloc(1, sizeof(*v));
	assert_non_null(v);
	v->len = len;
	memcpy(v->bytes, value, len);
	*f->queue_end = v;
	f->queue_end = &v->next;
	flush(f);
}

void fake_radio_finish(struct fake *f)
{
	if (!f->radio)
		return;
	f->radio->handler = NULL;
	link_down(f, GATT_UNKNOWN);
	f->radio->ops->destroy(f->radio);
	f->radio = NULL;
}
