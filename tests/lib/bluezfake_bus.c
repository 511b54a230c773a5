/* SPDX-License-Identifier: Apache-2.0 */
/* See bluezfake.h.  Both ends of the bus, and when nothing is on its way any more. */
#include "bluezfake_priv.h"

#include <string.h>

/* Counts what arrives at either end. */
static int on_traffic(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct fake *f = userdata;

	(void)m;
	(void)ret_error;
	f->traffic++;
	return 0;
}

/* bluetoothd's own connection, which has no name yet. */
static void open_server(struct fake *f)
{
	f->server = private_bus_open(f->event);
	must(sd_bus_add_filter(f->server, NULL, on_traffic, f));
	fake_serve(f);
}

void fake_owner(struct fake *f, bool there)
{
	if (there) {
		must(sd_bus_request_name(f->server, "org.bluez", 0));
		return;
	}
	/* The bus answers the calls that bluetoothd still owed. */
	fake_forget_held(f);
	fake_radio_forget(f);
	private_bus_close(f->server);
	open_server(f);
}

void fake_init(struct fake *f, sd_event *event)
{
	memset(f, 0, sizeof(*f));
	f->event = event;
	f->fd = -1;
	f->mtu = 517;
	f->tells_mtu = f->connects_by_itself = true;
	f->adapters[0] = (struct fake_adapter){.there = true, .powered = true};
	f->devices[0] = (struct fake_device){
		.address = FAKE_ADDRESS, .name = "esp", .rssi = -60, .audible = true};
	f->devices[1] =
		(struct fake_device){.address = "24:6F:28:AA:10:02", .name = "esp", .rssi = -70};
	f->queue_end = &f->queue;
	open_server(f);
	must(sd_bus_request_name(f->server, "org.bluez", 0));
	f->client = private_bus_open(event);
	must(sd_bus_add_filter(f->client, NULL, on_traffic, f));
}

void fake_finish(struct fake *f)
{
	fake_forget_held(f);
	fake_close_socket(f);
	fake_radio_finish(f);
	private_bus_close(f->server);
	private_bus_close(f->client);
}

const char *fake_client_name(const struct fake *f)
{
	const char *name = NULL;

	must(sd_bus_get_unique_name(f->client, &name));
	return name;
}

static void drain(struct fake *f)
{
	int rc;

	while ((rc = sd_event_run(f->event, 0)) > 0)
		;
	must(rc);
}

static int on_pong(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)m;
	(void)ret_error;
	*(bool *)userdata = true;
	return 1; /* no traffic */
}

/* Waits until everything sent from or to this end before has arrived. */
static void ping(struct fake *f, sd_bus *bus)
{
	bool back = false;

	if (sd_bus_is_open(bus) <= 0)
		return;
	must(sd_bus_call_method_async(bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
				      "org.freedesktop.DBus", "GetId", on_pong, &back, ""));
	while (!back)
		must(sd_event_run(f->event, UINT64_MAX));
	drain(f);
}

void fake_settle(struct fake *f)
{
	unsigned int before;

	drain(f);
	do {
		before = f->traffic;
		ping(f, f->client);
		ping(f, f->server); /* behind what the client sent */
		ping(f, f->client); /* behind what that made the server send */
	} while (f->traffic != before);
}
