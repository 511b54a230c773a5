/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check whether bluetoothd lives.  A daemon that is stopped, or hangs, keeps its name and its
 * sockets, so that an update over it looks as one whose device has gone silent.  While an answer is
 * owed, or no value is taken, a ping tells the two apart: whatever the device does, libdbus answers
 * it as long as bluetoothd's loop runs.
 */
#include "bluez/bluez_priv.h"

static void pulse(struct bluez *b);

static void again(struct bluez *b)
{
	if (b->phase != BLUEZ_IDLE)
		bluez_after(b, &b->pulse, b->config.pulse_ms * 1000ull, pulse);
}

static void set_silent(struct bluez *b, bool silent)
{
	if (b->silent == silent)
		return;
	b->silent = silent;
	bluez_log(b, silent ? "bluetoothd does not answer a ping" : "bluetoothd answers again");
}

/* An error is an answer, too. */
static void on_pong(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error)
{
	struct bluez *b = call->b;

	(void)reply;
	b->pinged = false;
	if (!error || !sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
		set_silent(b, false);
}

static void pulse(struct bluez *b)
{
	if (b->pinged)
		set_silent(b, true); /* a whole period long */
	else if (b->calls || b->blocked)
		b->pinged = bluez_request(b, BLUEZ_FOR_ADAPTER, "/", "org.freedesktop.DBus.Peer",
					  "Ping", on_pong) == 0;
	again(b);
}

void bluez_pulse_start(struct bluez *b)
{
	again(b);
}

void bluez_pulse_forget(struct bluez *b)
{
	b->pinged = b->silent = false;
}
