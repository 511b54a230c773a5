/* SPDX-License-Identifier: Apache-2.0 */
/* bluetoothd's adapter, and what is registered with it; see serve_bluez.h. */
#include "config.h" /* system extensions: strdup() */

#include "serve/serve_bluez_priv.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_US 10000000u /* for an adapter that is being switched on */
#define END_US 2000000u /* at the end, for each thing that is taken back */

void serve_bluez_log(struct serve_bluez *b, const char *format, ...)
{
	char text[256];
	va_list ap;

	if (!b->config.log)
		return;
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	b->config.log(b->config.ctx, text);
}

void serve_bluez_gone(struct serve_bluez *b, const char *why)
{
	if (b->config.gone)
		b->config.gone(b->config.ctx, why);
}

bool serve_bluez_is_owner(struct serve_bluez *b, sd_bus_message *m)
{
	const char *sender = sd_bus_message_get_sender(m);

	if (sender && strcmp(sender, b->owner) == 0)
		return true;
	serve_bluez_log(b, "%s is not bluetoothd: its call is refused", sender ? sender : "-");
	(void)sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED,
					 "only bluetoothd may call this");
	return false;
}

/* --- calls to bluetoothd */

/* Takes a message whose building ended with rc; the answer comes to done(). */
static int call(struct serve_bluez *b, sd_bus_slot **slot, sd_bus_message *m, int rc,
		sd_bus_message_handler_t done)
{
	if (slot)
		*slot = sd_bus_slot_unref(*slot);
	if (rc >= 0)
		rc = sd_bus_call_async(b->bus, slot, m, done, b, 0);
	sd_bus_message_unref(m);
	return rc < 0 ? rc : 0;
}

static int manager_call(struct serve_bluez *b, const char *interface, const char *member,
			const char *object, bool options, sd_bus_message **ret)
{
	int rc = sd_bus_message_new_method_call(b->bus, ret, BLUEZ, b->adapter, interface, member);

	if (rc >= 0)
		rc = sd_bus_message_append(*ret, "o", object);
	if (rc >= 0 && options)
		rc = sd_bus_message_append(*ret, "a{sv}", 0);
	return rc;
}

static int on_application(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(m);
	struct serve_bluez *b = userdata;
	char why[256];

	(void)ret_error;
	b->registered = !error;
	if (!error)
		return 0;
	(void)snprintf(why, sizeof(why), "bluetoothd does not take the services: %s",
		       error->message ? error->message : error->name);
	serve_bluez_gone(b, why);
	return 0;
}

static void advertise_as_wanted(struct serve_bluez *b);

static int on_advertisement(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(m);
	struct serve_bluez *b = userdata;
	char why[256];

	(void)ret_error;
	b->calls[1] = sd_bus_slot_unref(b->calls[1]);
	if (!error) {
		b->advertised = true;
		advertise_as_wanted(b);
		return 0;
	}
	(void)snprintf(why, sizeof(why), "the adapter does not advertise: %s",
		       error->message ? error->message : error->name);
	serve_bluez_gone(b, why);
	return 0;
}

static int on_quiet(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
	struct serve_bluez *b = userdata;

	(void)m;
	(void)ret_error;
	b->calls[1] = sd_bus_slot_unref(b->calls[1]);
	b->advertised = false;
	advertise_as_wanted(b);
	return 0;
}

/* One step at a time. */
static void advertise_as_wanted(struct serve_bluez *b)
{
	sd_bus_message *m = NULL;
	int rc;

	if (b->wanted == b->advertised || b->calls[1])
		return;
	rc = manager_call(b, BLUEZ_ADVERTISING,
			  b->wanted ? "RegisterAdvertisement" : "UnregisterAdvertisement",
			  SERVE_ADVERTISEMENT, b->wanted, &m);
	(void)call(b, &b->calls[1], m, rc, b->wanted ? on_advertisement : on_quiet);
}

/* --- the front's operations */

static int serve_bluez_publish(void *ctx, const struct gatt_table *table)
{
	struct serve_bluez *b = ctx;
	const struct dialect *d = serve_dialect(b->serve);
	sd_bus_message *m = NULL;
	int rc;

	if (b->registered) {
		/* bluetoothd asks for the objects while it takes them: never wait for it. */
		rc = manager_call(b, BLUEZ_GATT, "UnregisterApplication", SERVE_ROOT, false, &m);
		(void)call(b, NULL, m, rc, NULL);
		m = NULL;
	}
	b->uuid[0] = '\0';
	if (d->advertised)
		(void)snprintf(b->uuid, sizeof(b->uuid), "%s", d->services[0]);
	rc = serve_objects_export(b, table);
	if (rc < 0)
		return rc;
	rc = manager_call(b, BLUEZ_GATT, "RegisterApplication", SERVE_ROOT, true, &m);
	return call(b, &b->calls[0], m, rc, on_application);
}

static void serve_bluez_advertise(void *ctx, bool on)
{
	struct serve_bluez *b = ctx;

	b->wanted = on;
	advertise_as_wanted(b);
}

static void serve_bluez_notify(void *ctx, uint16_t handle, const uint8_t *buf, size_t len)
{
	serve_objects_notify(ctx, handle, buf, len);
}

static void serve_bluez_answer(void *ctx, void *token, int status, const uint8_t *buf, size_t len)
{
	(void)ctx;
	serve_objects_answer(token, status, buf, len);
}

static void serve_bluez_hang_up(void *ctx)
{
	struct serve_bluez *b = ctx;
	sd_bus_message *m = NULL;
	int rc;

	if (!b->client[0])
		return;
	serve_bluez_silence(b);
	rc = sd_bus_message_new_method_call(b->bus, &m, BLUEZ, b->client, BLUEZ_DEVICE,
					    "Disconnect");
	(void)call(b, NULL, m, rc, NULL);
}

const struct serve_front_ops serve_bluez_ops = {
	.publish = serve_bluez_publish,
	.advertise = serve_bluez_advertise,
	.notify = serve_bluez_notify,
	.answer = serve_bluez_answer,
	.hang_up = serve_bluez_hang_up,
};

int serve_bluez_create(sd_event *event, const struct serve_bluez_config *config,
		       struct serve_bluez **ret, char *ret_text, size_t size)
{
	struct serve_bluez *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return serve_adapter_say(ret_text, size, -OTA_ENOMEM, "out of memory");
	b->config = *config;
	(void)snprintf(b->name, sizeof(b->name), "%s", config->name);
	(void)snprintf(b->security, sizeof(b->security), "%s",
		       config->security ? config->security : "");
	b->bus = sd_bus_ref(config->bus);
	rc = b->bus ? 0 : sd_bus_open_system(&b->bus);
	if (rc < 0)
		rc = serve_adapter_no_bus(rc, ret_text, size);
	if (rc >= 0)
		rc = sd_bus_set_method_call_timeout(b->bus, WAIT_US);
	if (rc >= 0)
		rc = serve_adapter_use(b, ret_text, size);
	if (rc >= 0)
		rc = serve_clients_watch(b);
	if (rc >= 0)
		rc = sd_bus_add_object_manager(b->bus, &b->manager, SERVE_ROOT);
	if (rc >= 0)
		rc = serve_objects_advertisement(b);
	if (rc >= 0 && !config->bus)
		rc = sd_bus_attach_event(b->bus, event, SD_EVENT_PRIORITY_NORMAL);
	if (rc >= 0) {
		*ret = b;
		return 0;
	}
	if (ret_text && size > 0 && ret_text[0] == '\0')
		(void)serve_adapter_say(ret_text, size, rc, "%s", strerror(-rc));
	serve_bluez_destroy(b);
	return rc == -OTA_EPERM || rc == -OTA_ENOTSUP || rc == -OTA_ENOMEM ? rc : -OTA_ENODEV;
}

void serve_bluez_attach(struct serve_bluez *b, struct serve *serve)
{
	b->serve = serve;
}

const char *serve_bluez_adapter(const struct serve_bluez *b)
{
	const char *last = strrchr(b->adapter, '/');

	return last ? last + 1 : b->adapter;
}

const char *serve_bluez_address(const struct serve_bluez *b)
{
	return b->address;
}

/* --- the end */

static void take_back(struct serve_bluez *b, const char *interface, const char *member,
		      const char *object)
{
	sd_bus_message *m = NULL;
	int rc = manager_call(b, interface, member, object, false, &m);

	if (rc >= 0)
		(void)sd_bus_call(b->bus, m, END_US, NULL, NULL);
	sd_bus_message_unref(m);
}

void serve_bluez_stop(struct serve_bluez *b)
{
	for (size_t i = 0; i < 2; i++)
		b->calls[i] = sd_bus_slot_unref(b->calls[i]);
	if (b->advertised)
		take_back(b, BLUEZ_ADVERTISING, "UnregisterAdvertisement", SERVE_ADVERTISEMENT);
	if (b->client[0] && !b->hanging_up)
		(void)sd_bus_call_method(b->bus, BLUEZ, b->client, BLUEZ_DEVICE, "Disconnect", NULL,
					 NULL, "");
	if (b->registered)
		take_back(b, BLUEZ_GATT, "UnregisterApplication", SERVE_ROOT);
	b->advertised = b->registered = b->wanted = false;
	serve_bluez_end_silence(b);
	b->client[0] = '\0';
}

void serve_bluez_destroy(struct serve_bluez *b)
{
	if (!b)
		return;
	serve_bluez_stop(b);
	serve_objects_drop(b);
	for (size_t i = 0; i < SERVE_MATCHES; i++)
		b->matches[i] = sd_bus_slot_unref(b->matches[i]);
	b->advertisement = sd_bus_slot_unref(b->advertisement);
	b->manager = sd_bus_slot_unref(b->manager);
	if (b->bus && !b->config.bus)
		sd_bus_flush_close_unref(b->bus);
	else
		sd_bus_unref(b->bus);
	free(b);
}
