/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Method calls to bluetoothd that are under way.  Each knows how long its answer
 * matters, so that the answer of an old connection is never taken for one of the
 * new, and none comes after the transport is destroyed.
 */
#include "bluez/bluez_priv.h"

#include <stdlib.h>

static void unlink_call(struct bluez_request *call)
{
	struct bluez_request **at = &call->b->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
}

static void free_call(struct bluez_request *call)
{
	sd_bus_slot_unref(call->slot);
	free(call);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	struct bluez_request *call = userdata;
	struct bluez *b = call->b;
	static const sd_bus_error foreign =
		SD_BUS_ERROR_MAKE_CONST(BLUEZ ".Error.Failed", "answered by another program");
	const sd_bus_error *error = sd_bus_message_get_error(reply);

	(void)ret_error;
	/* The system bus lets only the program that was asked answer; other buses may not. */
	if (!bluez_owner_sent(b, reply)) {
		bluez_owner_foreign(b, reply);
		error = &foreign;
	}
	unlink_call(call);
	if (error)
		bluez_gatt_refused(b, call->chr, error);
	bluez_stack_log_done(b, call, reply, error);
	if (error && bluez_error_is_loss(error))
		bluez_daemon_gone(b, BLUEZ_NO_DAEMON); /* its name's loss is told later */
	else if (call->done)
		call->done(call, reply, error);
	else if (error)
		bluez_log(b, "%s: %s", error->name, error->message ? error->message : "");
	free_call(call);
	return 0;
}

int bluez_send(struct bluez *b, enum bluez_scope scope, enum gatt_chr chr, sd_bus_message *m,
	       int rc,
	       void (*done)(struct bluez_request *call, sd_bus_message *reply,
			    const sd_bus_error *error))
{
	struct bluez_request *call = rc < 0 ? NULL : calloc(1, sizeof(*call));

	if (rc >= 0)
		rc = -OTA_ENOMEM;
	if (call) {
		*call = (struct bluez_request){.b = b, .scope = scope, .chr = chr, .done = done};
		rc = sd_bus_call_async(b->bus, &call->slot, m, on_reply, call, BLUEZ_CALL_US);
		if (rc >= 0)
			bluez_stack_log_made(b, call, m);
	}
	sd_bus_message_unref(m);
	if (rc < 0) {
		free(call);
		return rc;
	}
	call->next = b->calls;
	b->calls = call;
	return 0;
}

int bluez_request(struct bluez *b, enum bluez_scope scope, const char *path, const char *interface,
		  const char *member,
		  void (*done)(struct bluez_request *call, sd_bus_message *reply,
			       const sd_bus_error *error))
{
	sd_bus_message *m = NULL;
	const int rc = sd_bus_message_new_method_call(b->bus, &m, BLUEZ, path, interface, member);

	return bluez_send(b, scope, GATT_CHRS, m, rc, done);
}

void bluez_request_last(struct bluez *b, const char *path, const char *interface,
			const char *member)
{
	sd_bus_message *m = NULL;

	if (sd_bus_message_new_method_call(b->bus, &m, BLUEZ, path, interface, member) >= 0 &&
	    sd_bus_message_set_expect_reply(m, 0) >= 0)
		(void)sd_bus_send(b->bus, m, NULL);
	sd_bus_message_unref(m);
}

void bluez_cancel(struct bluez *b, enum bluez_scope scope)
{
	struct bluez_request **at = &b->calls;

	while (*at) {
		struct bluez_request *call = *at;

		if (call->scope > scope) {
			at = &call->next;
			continue;
		}
		*at = call->next;
		bluez_stack_log_forgotten(b, call);
		free_call(call);
	}
}
