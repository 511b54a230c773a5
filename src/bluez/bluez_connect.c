/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection: find the device, stop discovery, Connect(), and notice its end.
 *
 * A device that bluetoothd remembers need not be there: connecting to it would
 * take the kernel 20 s to give up (HCI_LE_CONN_TIMEOUT) and end in an error that
 * does not tell why.  So it must have been heard first, and "does not advertise"
 * is an answer of its own.
 */
#include "config.h" /* system extensions: strcasecmp() */

#include "bluez/bluez_priv.h"

#include <stdio.h>
#include <string.h>

/*
 * The kernel has one reason for a bond that is lost and for a pairing that failed (HCI
 * errors 0x05 and 0x06); without a bond nothing can have been lost.
 */
static enum gatt_reason bluez_no_key(struct bluez *b)
{
	const struct transport_event event = {.kind = TRANSPORT_PAIRED, .status = -OTA_EPERM};

	if (b->bonded && !bluez_agent_asked(b)) {
		b->pairing = GATT_PAIRING_BOND_LOST;
		return GATT_KEY_MISSING;
	}
	if (b->pairing != GATT_PAIRING_UNTOLD && b->pairing != GATT_PAIRING_WANTED)
		return GATT_UNKNOWN; /* that it failed was told */
	b->pairing = GATT_PAIRING_REFUSED;
	bluez_emit(b, &event);
	return GATT_UNKNOWN;
}

void bluez_ended(struct bluez *b, enum gatt_reason reason)
{
	struct transport_event event = {.kind = TRANSPORT_DISCONNECTED};

	if (b->phase == BLUEZ_IDLE)
		return;
	if (!b->hanging_up)
		bluez_agent_hung_up(b, reason);
	if (reason == GATT_KEY_MISSING)
		reason = bluez_no_key(b);
	event.reason = b->hanging_up ? GATT_BY_HOST : reason;
	b->phase = BLUEZ_IDLE;
	b->hanging_up = false;
	b->device_match = sd_bus_slot_unref(b->device_match);
	bluez_timer_stop(&b->patience);
	bluez_cancel(b, BLUEZ_FOR_LINK);
	bluez_hci_stop(b);
	bluez_agent_stop(b);
	bluez_gatt_reset(b);
	bluez_discovery_update(b);
	bluez_emit(b, &event);
}

static void not_found(struct bluez *b)
{
	/* If discovery never ran, silence proves nothing. */
	bluez_ended(b, b->discovery == BLUEZ_DISCOVERING ? GATT_NOT_FOUND : GATT_CONNECT_FAILED);
}

static void connect_failed(struct bluez *b)
{
	bluez_ended(b, GATT_CONNECT_FAILED);
}

/* --- Connect() */

static void link_up(struct bluez *b)
{
	const struct transport_event event = {.kind = TRANSPORT_CONNECTED, .mtu = OTA_ATT_MTU_MIN};

	b->phase = BLUEZ_UP;
	bluez_hci_start(b);
	bluez_emit(b, &event);
}

/* bluetoothd's error for a bond that is lost is one that is worth a retry. */
static enum gatt_reason failure(struct bluez *b, const sd_bus_error *error)
{
	if (b->reason == GATT_UNKNOWN)
		b->reason = bluez_hci_reason(b);
	return b->reason == GATT_KEY_MISSING ? b->reason : bluez_error_reason(error);
}

static void on_connected(struct bluez_request *call, sd_bus_message *reply,
			 const sd_bus_error *error)
{
	struct bluez *b = call->b;

	(void)reply;
	b->answered = true;
	if (error) {
		bluez_log(b, "Connect: %s: %s", error->name, error->message ? error->message : "");
		bluez_ended(b, failure(b, error));
	} else if (b->dropped) {
		bluez_ended(b, b->reason);
	} else if (b->hanging_up) {
		/* The link came up all the same; Connected turns false, or patience ends. */
		bluez_request(b, BLUEZ_FOR_LINK, b->device, BLUEZ_DEVICE, "Disconnect", NULL);
	} else {
		link_up(b);
	}
}

/* Device1.Disconnected(name, message) [5.83]; comes before Connected turns false. */
static int on_reason(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct bluez *b = userdata;
	const char *name, *text;

	(void)ret_error;
	if (sd_bus_message_read(m, "ss", &name, &text) <= 0)
		return 0;
	bluez_log(b, "%s: %s", name, text);
	b->reason = bluez_disconnect_reason(name);
	return 0;
}

void bluez_connect_ready(struct bluez *b)
{
	if (b->hanging_up) {
		bluez_ended(b, GATT_BY_HOST);
		return;
	}
	b->dropped = false;
	(void)sd_bus_match_signal_async(b->bus, &b->device_match, BLUEZ, b->device, BLUEZ_DEVICE,
					"Disconnected", on_reason, NULL, b);
	if (bluez_request(b, BLUEZ_FOR_LINK, b->device, BLUEZ_DEVICE, "Connect", on_connected) < 0)
		bluez_after(b, &b->patience, 0, connect_failed);
}

void bluez_connect_quiet(struct bluez *b)
{
	const struct bluez_object *o = bluez_find(b, BLUEZ_IS_DEVICE, b->device);

	b->phase = BLUEZ_CONNECTING;
	b->answered = b->dropped = false;
	b->reason = GATT_UNKNOWN;
	bluez_pulse_start(b);
	b->pairing = GATT_PAIRING_UNTOLD;
	b->bonded = o && o->paired;
	bluez_timer_stop(&b->patience);
	if (!bluez_agent_start(b))
		bluez_connect_ready(b);
}

/* Scanning and connecting share the radio: discovery stops first. */
static void quiet(struct bluez *b)
{
	if (b->discovery == BLUEZ_QUIET)
		bluez_connect_quiet(b);
	else
		bluez_discovery_update(b);
}

static void found(struct bluez *b, const struct bluez_object *o)
{
	snprintf(b->device, sizeof(b->device), "%s", o->path);
	b->phase = BLUEZ_QUIETING;
	b->scanning = false;
	/* The device is there, however long StopDiscovery takes, which has a limit of its own. */
	bluez_timer_stop(&b->patience);
	quiet(b);
}

static bool is_there(const struct bluez *b, const struct bluez_object *o)
{
	return o->connected ||
	       (o->heard_us && o->heard_us + BLUEZ_FRESH_US > bluez_now((struct transport *)b));
}

int bluez_connect(struct transport *t, const char *address)
{
	struct bluez *b = bluez_of(t);
	const struct bluez_object *o;

	if (!b->present)
		return -OTA_ENODEV;
	if (b->phase != BLUEZ_IDLE || bluez_table_looking(b))
		return -OTA_EBUSY;
	if (strlen(address) >= sizeof(b->address))
		return -OTA_EINVAL;
	snprintf(b->address, sizeof(b->address), "%s", address);
	b->hanging_up = false;
	b->scanning = false;
	bluez_gatt_reset(b);
	o = bluez_find_address(b, address);
	if (o && is_there(b, o)) {
		found(b, o);
		return 0;
	}
	b->device[0] = '\0';
	b->phase = BLUEZ_FINDING;
	bluez_after(b, &b->patience, b->config.find_ms * 1000ull, not_found);
	bluez_discovery_update(b);
	return 0;
}

/* --- the end */

int bluez_disconnect(struct transport *t)
{
	struct bluez *b = bluez_of(t);

	if (b->phase == BLUEZ_IDLE)
		return -OTA_ENOTCONN;
	if (b->hanging_up)
		return 0;
	b->hanging_up = true;
	b->discover_wanted = false;
	/* Told from the event loop.  Where Connect() was not called there is nothing to end;
	 * where another program writes, Disconnect() would end its link as well. */
	if (b->phase == BLUEZ_FINDING || b->phase == BLUEZ_QUIETING || bluez_data_held(b)) {
		bluez_after(b, &b->patience, 0, connect_failed);
		return 0;
	}
	/* Disconnect() also cancels a Connect() under way. */
	(void)bluez_request(b, BLUEZ_FOR_LINK, b->device, BLUEZ_DEVICE, "Disconnect", NULL);
	bluez_after(b, &b->patience, BLUEZ_HANG_UP_US, connect_failed);
	return 0;
}

static void connected_told(struct bluez *b, const struct bluez_object *o)
{
	if (o->connected) {
		if (b->phase != BLUEZ_CONNECTING)
			return;
		/* The event is about the previous link. */
		if (b->dropped)
			bluez_hci_stop(b);
		b->dropped = false;
		b->reason = GATT_UNKNOWN;
		bluez_hci_start(b);
		return;
	}
	if (b->reason == GATT_UNKNOWN)
		b->reason = bluez_hci_reason(b);
	if (b->phase == BLUEZ_UP || (b->phase == BLUEZ_CONNECTING && b->answered))
		bluez_ended(b, b->reason);
	else if (b->phase == BLUEZ_CONNECTING)
		b->dropped = true; /* Connect()'s answer follows */
}

void bluez_device_changed(struct bluez *b, const struct bluez_object *o, unsigned int told)
{
	/* Connected by another program, or by bluetoothd itself: it does not advertise any more,
	 * and the link can be shared. */
	const bool there =
		(told & BLUEZ_TOLD_HEARD) || ((told & BLUEZ_TOLD_CONNECTED) && o->connected);

	if (told & BLUEZ_TOLD_CONNECTED)
		bluez_table_left(b, o);
	if (there)
		bluez_heard(b, o);
	if (there && b->phase == BLUEZ_FINDING && !b->hanging_up &&
	    strcasecmp(o->address, b->address) == 0 && bluez_below(o->path, b->adapter)) {
		found(b, o);
		return;
	}
	if (!b->device[0] || strcmp(o->path, b->device) != 0)
		return;
	if (told & BLUEZ_TOLD_CONNECTED)
		connected_told(b, o);
	if (b->phase == BLUEZ_UP)
		bluez_agent_look(b, o);
	if (b->phase == BLUEZ_UP)
		bluez_gatt_look(b);
}

/* Makes bluetoothd drop all that it has of the device, and with it the link. */
static bool remove_device(struct bluez *b)
{
	sd_bus_message *m = NULL;
	int rc = sd_bus_message_new_method_call(b->bus, &m, BLUEZ, b->adapter, BLUEZ_ADAPTER,
						"RemoveDevice");

	if (rc >= 0)
		rc = sd_bus_message_append(m, "o", b->device);
	if (bluez_send(b, BLUEZ_FOR_LINK, GATT_CHRS, m, rc, NULL) < 0)
		return false;
	b->reason = GATT_CONNECT_FAILED;
	bluez_after(b, &b->patience, BLUEZ_HANG_UP_US, connect_failed);
	return true;
}

bool bluez_forget_cache(struct bluez *b)
{
	const struct bluez_object *o = bluez_find(b, BLUEZ_IS_DEVICE, b->device);

	if (b->phase != BLUEZ_UP || b->hanging_up || !o)
		return false;
	if (o->paired || strcmp(b->forgotten, b->address) == 0) {
		bluez_log(b,
			  "bluetoothd's cache of %s does not match the device; 'otabench forget "
			  "%s' deletes it, and the bond with it",
			  b->address, b->address);
		snprintf(b->misremembered, sizeof(b->misremembered), "%s", b->address);
		return false;
	}
	snprintf(b->forgotten, sizeof(b->forgotten), "%s", b->address);
	bluez_log(b, "bluetoothd's cache of %s does not match the device: removed [from 5.62]",
		  b->address);
	return remove_device(b);
}

bool bluez_forget_stuck(struct bluez *b)
{
	const struct bluez_object *o = bluez_find(b, BLUEZ_IS_DEVICE, b->device);

	if (b->phase != BLUEZ_UP || b->hanging_up || !o)
		return false;
	if (o->paired || strcmp(b->unstuck, b->address) == 0) {
		bluez_log(b, "bluetoothd says that a write is in progress, and it is not "
			     "this program's: restart bluetoothd if no other program writes");
		return false;
	}
	snprintf(b->unstuck, sizeof(b->unstuck), "%s", b->address);
	bluez_log(b, "bluetoothd still waits for a write of an earlier link to %s: removed",
		  b->address);
	return remove_device(b);
}
