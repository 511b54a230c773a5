/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GATT over bluetoothd: which object is which characteristic, reads and
 * notifications.  bluez_write.c has the writes.
 */
#include "bluez/bluez_priv.h"

#include <stdio.h>
#include <string.h>

#define CHRS_MAX 128u /* that a device has; the rest does not count */

void bluez_gatt_reset(struct bluez *b)
{
	bluez_write_reset(b);
	memset(b->chrs, 0, sizeof(b->chrs));
	memset(b->properties, 0, sizeof(b->properties));
	b->events[0] = '\0';
	b->dialect = DIALECT_UNKNOWN;
	b->discover_wanted = b->looking = b->mapped = false;
	b->mtu = OTA_ATT_MTU_MIN;
	b->mtu_source = TRANSPORT_SOURCE_NONE;
}

void bluez_gatt_told(struct bluez *b, enum transport_event_kind kind, enum gatt_chr chr, int status,
		     const uint8_t *data, size_t len)
{
	const struct transport_event event = {
		.kind = kind, .chr = chr, .status = status, .data = data, .len = len};

	bluez_emit(b, &event);
}

void bluez_gatt_mtu(struct bluez *b, uint16_t mtu)
{
	const struct transport_event event = {.kind = TRANSPORT_MTU, .mtu = mtu};

	if (mtu < OTA_ATT_MTU_MIN || (mtu == b->mtu && b->mtu_source != TRANSPORT_SOURCE_NONE))
		return;
	b->mtu = mtu;
	b->mtu_source = TRANSPORT_SOURCE_STACK;
	if (b->mapped)
		bluez_emit(b, &event);
}

/* --- discovery */

/* GATT_CHRS when it is none of ours. */
static enum gatt_chr bluez_gatt_chr_of(const struct bluez *b, const char *path)
{
	enum gatt_chr chr = GATT_CONTROL;

	while (chr < GATT_CHRS && strcmp(path, b->chrs[chr]) != 0)
		chr++;
	return chr;
}

/* The device's characteristics by their handles, which are part of the path. */
static size_t sort_chrs(const struct bluez *b, const struct bluez_object *ret[CHRS_MAX])
{
	size_t count = 0, at;

	for (const struct bluez_object *o = b->objects; o && count < CHRS_MAX; o = o->next) {
		if (o->kind != BLUEZ_IS_CHR || !bluez_below(o->path, b->device))
			continue;
		for (at = count++; at > 0 && strcmp(ret[at - 1]->path, o->path) > 0; at--)
			ret[at] = ret[at - 1];
		ret[at] = o;
	}
	return count;
}

/* The UUID of its service; NULL: bluetoothd has not told it. */
static const char *service_of(const struct bluez *b, const struct bluez_object *chr)
{
	for (const struct bluez_object *o = b->objects; o; o = o->next)
		if (o->kind == BLUEZ_IS_SERVICE && o->uuid[0] && bluez_below(chr->path, o->path))
			return o->uuid;
	return NULL;
}

/* If a UUID exists twice, the lower handle wins. */
static void bluez_gatt_map(struct bluez *b)
{
	const struct bluez_object *chrs[CHRS_MAX];
	struct gatt_found found[CHRS_MAX];
	const size_t count = sort_chrs(b, chrs);
	const struct dialect *dialect;
	size_t events;

	memset(b->chrs, 0, sizeof(b->chrs));
	memset(b->properties, 0, sizeof(b->properties));
	for (size_t i = 0; i < count; i++)
		found[i] = (struct gatt_found){service_of(b, chrs[i]), chrs[i]->uuid,
					       chrs[i]->properties};
	dialect = dialect_find(found, count);
	b->dialect = dialect ? dialect->id : DIALECT_UNKNOWN;
	events = dialect_map_events(dialect, found, count);
	snprintf(b->events, sizeof(b->events), "%s", events < count ? chrs[events]->path : "");
	for (enum gatt_chr chr = GATT_CONTROL; chr < GATT_CHRS; chr++) {
		const size_t at = dialect_map(dialect, chr, found, count);

		if (at == count)
			continue;
		snprintf(b->chrs[chr], sizeof(b->chrs[chr]), "%s", chrs[at]->path);
		b->properties[chr] = chrs[at]->properties;
		if (chrs[at]->mtu)
			bluez_gatt_mtu(b, chrs[at]->mtu);
	}
}

/* Returns true if what bluetoothd has told so far is a whole dialect. */
static bool is_recognised(const struct bluez *b)
{
	return b->dialect != DIALECT_UNKNOWN && b->dialect != DIALECT_FOREIGN;
}

void bluez_gatt_tell(struct bluez *b)
{
	struct transport_event event = {.kind = TRANSPORT_MTU, .mtu = b->mtu};

	b->discover_wanted = false;
	b->mapped = true;
	bluez_timer_stop(&b->patience);
	if (b->mtu_source != TRANSPORT_SOURCE_NONE)
		bluez_emit(b, &event);
	event = (struct transport_event){.kind = TRANSPORT_DISCOVERED, .dialect = b->dialect};
	memcpy(event.properties, b->properties, sizeof(event.properties));
	bluez_emit(b, &event);
}

static void mapped(struct bluez *b)
{
	if (is_recognised(b))
		snprintf(b->known, sizeof(b->known), "%s", b->address);
	/* Before 5.62 only AcquireWrite tells the MTU. */
	if (b->mtu_source == TRANSPORT_SOURCE_NONE && bluez_write_ask_mtu(b))
		return;
	bluez_gatt_tell(b);
}

static void out_of_patience(struct bluez *b)
{
	if (!b->discover_wanted)
		return;
	/* The device had the services before its last reboot: bluetoothd remembers another
	 * table. */
	if (strcmp(b->known, b->address) == 0 && bluez_forget_cache(b))
		return;
	mapped(b);
}

static void bluez_gatt_complete(struct bluez *b)
{
	bluez_gatt_map(b);
	if (is_recognised(b))
		mapped(b);
	else
		bluez_after(b, &b->patience, BLUEZ_OBJECTS_US, out_of_patience);
}

static void on_objects(struct bluez_request *call, sd_bus_message *reply, const sd_bus_error *error)
{
	struct bluez *b = call->b;

	if (error || bluez_objects_read(b, reply) < 0)
		bluez_log(b, "bluetoothd's objects cannot be read again: %s",
			  error ? error->name : "not in the documented form");
	b->looking = false;
	if (b->phase == BLUEZ_UP && b->discover_wanted)
		bluez_gatt_complete(b);
}

/*
 * ServicesResolved is told before the objects that it is about, each of which has a
 * signal of its own; a device whose Info has not been told yet would pass for one
 * without.  bluetoothd's answer to GetManagedObjects has them all.
 */
void bluez_gatt_look(struct bluez *b)
{
	const struct bluez_object *device = bluez_find(b, BLUEZ_IS_DEVICE, b->device);

	if (!b->discover_wanted || b->looking || !device || !device->resolved)
		return;
	b->looking = bluez_request(b, BLUEZ_FOR_LINK, "/", "org.freedesktop.DBus.ObjectManager",
				   "GetManagedObjects", on_objects) == 0;
	if (!b->looking)
		bluez_after(b, &b->patience, 0, out_of_patience);
}

void bluez_gatt_chr_changed(struct bluez *b, const struct bluez_object *o, unsigned int told)
{
	enum gatt_chr chr;

	if (b->phase != BLUEZ_UP || !bluez_below(o->path, b->device))
		return;
	if (b->discover_wanted && !b->looking && !b->socket_for_mtu) {
		bluez_gatt_map(b);
		if (is_recognised(b))
			bluez_gatt_look(b); /* the last were late: are there more? */
		return;
	}
	chr = bluez_gatt_chr_of(b, o->path);
	if (chr == GATT_CHRS)
		return;
	if ((told & BLUEZ_TOLD_MTU) && b->mapped)
		bluez_gatt_mtu(b, o->mtu);
	if ((told & BLUEZ_TOLD_ACQUIRED) && chr == GATT_DATA)
		bluez_write_acquired(b, o->acquired);
}

/* The table changed under the link: what is asked of it now is -OTA_ENOENT. */
void bluez_gatt_chr_gone(struct bluez *b, const struct bluez_object *o)
{
	const enum gatt_chr chr = bluez_gatt_chr_of(b, o->path);

	if (chr < GATT_CHRS)
		b->chrs[chr][0] = '\0';
}

int bluez_gatt_discover(struct transport *t)
{
	struct bluez *b = bluez_of(t);

	if (b->phase != BLUEZ_UP)
		return -OTA_ENOTCONN;
	b->discover_wanted = !b->hanging_up;
	b->mapped = false;
	bluez_gatt_look(b);
	return 0;
}

/* --- reading and notifications */

int bluez_gatt_begin(struct bluez *b, enum gatt_chr chr, const char *member, sd_bus_message **ret)
{
	if (b->phase != BLUEZ_UP)
		return -OTA_ENOTCONN;
	if (!b->chrs[chr][0])
		return -OTA_ENOENT;
	return sd_bus_message_new_method_call(b->bus, ret, BLUEZ, b->chrs[chr], BLUEZ_CHR, member);
}

static void bluez_gatt_on_read(struct bluez_request *call, sd_bus_message *reply,
			       const sd_bus_error *error)
{
	const void *bytes = NULL;
	size_t len = 0;
	int status = error ? bluez_error_status(error) : 0;

	if (error && bluez_error_is_stale(error) && bluez_forget_cache(call->b))
		return;
	if (status == 0 && sd_bus_message_read_array(reply, 'y', &bytes, &len) < 0)
		status = -OTA_EBADMSG;
	if (status == 0 && call->chr == GATT_INFO)
		call->b->forgotten[0] = '\0'; /* it fits */
	bluez_gatt_told(call->b, TRANSPORT_READ, call->chr, status, bytes, len);
}

int bluez_gatt_read(struct transport *t, enum gatt_chr chr)
{
	struct bluez *b = bluez_of(t);
	sd_bus_message *m = NULL;
	int rc = bluez_gatt_begin(b, chr, "ReadValue", &m);

	if (rc >= 0)
		rc = sd_bus_message_append(m, "a{sv}", 0);
	return bluez_send(b, BLUEZ_FOR_LINK, chr, m, rc, bluez_gatt_on_read);
}

static void on_subscribed(struct bluez_request *call, sd_bus_message *reply,
			  const sd_bus_error *error)
{
	(void)reply;
	if (error && (bluez_error_is_stale(error) || bluez_error_is_applications(error)) &&
	    bluez_forget_cache(call->b))
		return;
	bluez_gatt_told(call->b, TRANSPORT_SUBSCRIBED, call->chr,
			error ? bluez_error_status(error) : 0, NULL, 0);
}

void bluez_gatt_refused(struct bluez *b, enum gatt_chr chr, const sd_bus_error *error)
{
	const enum gatt_pairing told = bluez_error_pairing(error);

	/* bluetoothd itself never says that; it is the bus's own policy. */
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED))
		b->denied = true;
	if (chr >= GATT_CHRS || told == GATT_PAIRING_UNTOLD)
		return;
	/* With a bond, and if no passkey was asked for, the link was to be encrypted by itself. */
	b->pairing = told == GATT_PAIRING_WANTED && b->bonded && !bluez_agent_asked(b)
			     ? GATT_PAIRING_BOND_LOST
			     : told;
}

/* StartNotify and not AcquireNotify, which loses what comes before the CCC's answer. */
int bluez_gatt_subscribe(struct transport *t, enum gatt_chr chr)
{
	struct bluez *b = bluez_of(t);
	sd_bus_message *m = NULL;
	int rc = bluez_gatt_begin(b, chr, "StartNotify", &m);

	if (rc >= 0 && chr == GATT_CONTROL && strcmp(b->events, b->chrs[chr]) != 0) {
		sd_bus_message_unref(m);
		rc = sd_bus_message_new_method_call(b->bus, &m, BLUEZ, b->events, BLUEZ_CHR,
						    "StartNotify");
	}

	return bluez_send(b, BLUEZ_FOR_LINK, chr, m, rc, on_subscribed);
}

void bluez_gatt_value(struct bluez *b, const char *path, const uint8_t *buf, size_t len)
{
	const bool event = strcmp(path, b->events) == 0;
	const enum gatt_chr chr = event ? GATT_CONTROL : bluez_gatt_chr_of(b, path);

	/* Values of the others change when they are read. */
	if (b->phase == BLUEZ_UP && (chr == GATT_CONTROL || chr == GATT_DATA))
		bluez_gatt_told(b, TRANSPORT_NOTIFIED, chr, 0, buf, len);
}
