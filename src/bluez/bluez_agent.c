/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairing: org.bluez.Agent1 for the device being updated, and for no other, while it is connected
 * or being connected.
 *
 * bluetoothd pairs by itself when the device refuses an access that needs encryption
 * (src/shared/att.c: change_security()); it asks the default agent then.  KeyboardOnly: a device
 * with a display shows a passkey, which is typed here, and all others just work (Core Vol 3 Part H
 * 2.3.5.1); two displays to compare do not occur.
 */
#include "bluez/bluez_priv.h"

#include <stdlib.h>
#include <string.h>

#define AGENT_PATH "/org/otabench/agent"
#define MANAGER_PATH "/org/bluez"
#define MANAGER "org.bluez.AgentManager1"
#define REJECTED BLUEZ ".Error.Rejected"

struct bluez_agent {
	struct bluez *b;
	sd_bus_slot *object;
	sd_bus_message *asked; /* RequestPasskey() without an answer yet */
	bool pairing; /* the host was asked, and awaits PAIRED */
	bool answered; /* ... it has answered */
	bool asked_once; /* in this connection */
	bool again; /* it was paired before, with a key that was not good enough */
};

static void forget_question(struct bluez_agent *a)
{
	a->asked = sd_bus_message_unref(a->asked);
}

/* Returns true if the first argument of the message is the device being paired. */
static bool bluez_agent_is_ours(struct bluez_agent *a, sd_bus_message *m)
{
	const char *path;

	return sd_bus_message_read(m, "o", &path) > 0 && strcmp(path, a->b->device) == 0;
}

static int reject(sd_bus_message *m, const char *why)
{
	return sd_bus_reply_method_errorf(m, REJECTED, "%s", why);
}

/* The host is told, once, how the pairing that it was asked about has ended. */
static void bluez_agent_ended(struct bluez_agent *a, int status)
{
	const struct transport_event event = {.kind = TRANSPORT_PAIRED, .status = status};

	forget_question(a);
	if (!a->pairing)
		return;
	a->pairing = false;
	if (status == 0)
		a->b->pairing = GATT_PAIRING_UNTOLD;
	else
		a->b->pairing = status == -OTA_ETIMEDOUT ? GATT_PAIRING_LATE : GATT_PAIRING_REFUSED;
	bluez_emit(a->b, &event);
}

bool bluez_agent_asked(const struct bluez *b)
{
	return b->agent && b->agent->asked_once;
}

static int on_cancel(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const int rc = sd_bus_reply_method_return(m, "");

	(void)ret_error;
	bluez_agent_ended(userdata, -OTA_EPERM);
	return rc;
}

static int on_release(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)ret_error;
	forget_question(userdata);
	return sd_bus_reply_method_return(m, "");
}

static int bluez_agent_on_passkey(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const struct transport_event event = {.kind = TRANSPORT_PASSKEY, .passkey = -1};
	struct bluez_agent *a = userdata;
	struct bluez *b = a->b;
	const struct bluez_object *device = bluez_find(b, BLUEZ_IS_DEVICE, b->device);

	(void)ret_error;
	if (!bluez_agent_is_ours(a, m) || a->asked)
		return reject(m, "not the device that is being updated");
	a->asked = sd_bus_message_ref(m);
	a->pairing = true;
	a->answered = false;
	a->asked_once = true;
	a->again = device && device->paired;
	bluez_emit(b, &event);
	return 1;
}

/* Agrees to Just Works: nothing was shown anywhere. */
static int on_authorize(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)ret_error;
	if (!bluez_agent_is_ours(userdata, m))
		return reject(m, "not the device that is being updated");
	return sd_bus_reply_method_return(m, "");
}

static int on_unfit(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	(void)userdata;
	(void)ret_error;
	return reject(m, "there is only a keyboard");
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Release", "", "", on_release, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Cancel", "", "", on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("RequestPasskey", "o", "u", bluez_agent_on_passkey,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("RequestAuthorization", "o", "", on_authorize, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("AuthorizeService", "os", "", on_authorize, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("RequestConfirmation", "ou", "", on_unfit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("RequestPinCode", "o", "s", on_unfit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("DisplayPinCode", "os", "", on_unfit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("DisplayPasskey", "ouq", "", on_unfit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static int tell_manager(struct bluez *b, enum bluez_scope scope, const char *member,
			const char *capability,
			void (*done)(struct bluez_request *call, sd_bus_message *reply,
				     const sd_bus_error *error))
{
	sd_bus_message *m = NULL;
	int rc = sd_bus_message_new_method_call(b->bus, &m, BLUEZ, MANAGER_PATH, MANAGER, member);

	if (rc >= 0)
		rc = sd_bus_message_append(m, "o", AGENT_PATH);
	if (rc >= 0 && capability)
		rc = sd_bus_message_append(m, "s", capability);
	return bluez_send(b, scope, GATT_CHRS, m, rc, done);
}

static void on_default(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error)
{
	(void)reply;
	if (error)
		bluez_log(call->b, "RequestDefaultAgent: %s", error->name);
	bluez_connect_ready(call->b);
}

bool bluez_agent_start(struct bluez *b)
{
	struct bluez_agent *a;

	if (b->agent)
		return false;
	a = calloc(1, sizeof(*a));
	if (!a)
		return false;
	a->b = b;
	if (sd_bus_add_object_vtable(b->bus, &a->object, AGENT_PATH, BLUEZ ".Agent1", vtable, a) <
	    0) {
		free(a);
		return false;
	}
	b->agent = a;
	(void)tell_manager(b, BLUEZ_FOR_EVER, "RegisterAgent", "KeyboardOnly", NULL);
	return tell_manager(b, BLUEZ_FOR_LINK, "RequestDefaultAgent", NULL, on_default) == 0;
}

void bluez_agent_stop(struct bluez *b)
{
	struct bluez_agent *a = b->agent;

	if (!a)
		return;
	b->agent = NULL;
	bluez_timer_stop(&b->refused);
	if (b->loaded)
		(void)tell_manager(b, BLUEZ_FOR_EVER, "UnregisterAgent", NULL, NULL);
	forget_question(a);
	sd_bus_slot_unref(a->object);
	free(a);
}

/* With a wrong passkey the kernel hangs up, and that is all that is to be seen of it. */
void bluez_agent_hung_up(struct bluez *b, enum gatt_reason reason)
{
	struct bluez_agent *a = b->agent;

	if (!a || !a->pairing || reason == GATT_SUPERVISION || reason == GATT_NO_ADAPTER)
		return;
	bluez_agent_ended(a, a->answered ? -OTA_EPERM : -OTA_ETIMEDOUT);
}

void bluez_agent_look(struct bluez *b, const struct bluez_object *device)
{
	if (b->agent && device->paired && !b->agent->again)
		bluez_agent_ended(b->agent, 0);
}

void bluez_agent_written(struct bluez *b)
{
	if (b->agent && b->agent->answered)
		bluez_agent_ended(b->agent, 0);
}

/* The event comes from the loop. */
static void bluez_agent_refused(struct bluez *b)
{
	if (b->agent)
		bluez_agent_ended(b->agent, -OTA_EPERM);
}

int bluez_passkey(struct transport *t, int32_t passkey)
{
	struct bluez_agent *a = ((struct bluez *)t)->agent;
	int rc;

	if (!a || !a->asked || passkey > 999999)
		return -OTA_EINVAL;
	if (passkey < 0) {
		/* bluetoothd would hang up when SMP's 30 s are over. */
		rc = reject(a->asked, "refused by the user");
		bluez_after(a->b, &a->b->refused, 0, bluez_agent_refused);
	} else {
		rc = sd_bus_reply_method_return(a->asked, "u", (uint32_t)passkey);
	}
	a->answered = true;
	forget_question(a);
	return rc < 0 ? rc : 0;
}
