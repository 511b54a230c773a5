/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The playing half of trace.h: a transport whose events are a file's lines.  It
 * never waits: its clock is where the file is.
 *
 * A turn is what happens because of one event or one doing of the user's.  Calls
 * made in a turn must be the ones that the file has next; a link state that was
 * asked for in a turn is told in the same turn, and one that an onlooker asked for
 * ("seen") only when the file gets there, so that the host's work finds the states
 * that it found.
 */
#include "transport/trace_priv.h"
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

static const struct trace_entry *head_of(const struct trace_replay *r)
{
	return r->next < r->last ? &r->file->entries[r->next] : NULL;
}

static const uint8_t *bytes_of(const struct trace_replay *r, const struct trace_entry *e)
{
	return r->file->pool + e->bytes;
}

static const char *address_of(const struct trace_replay *r, const struct trace_entry *e)
{
	return e->form->fields[0] == 'a' ? (const char *)r->file->pool + e->address : "";
}

/* --- lines that are neither a call nor an event */

static enum transport_call_kind call_kind(const char *word, size_t len)
{
	enum transport_call_kind kind = TRANSPORT_CALL;

	while (kind < TRANSPORT_SIGNAL && (strlen(transport_call_name(kind)) != len ||
					   strncmp(transport_call_name(kind), word, len) != 0))
		kind++;
	return kind;
}

/* "call KIND ID MICROSECONDS TEXT", for a watcher of the calls. */
static void tell_call(struct trace_replay *r, const struct trace_entry *e)
{
	const char *text = (const char *)bytes_of(r, e);
	struct transport_call told = {.at_us = e->at_us};
	char *end;
	size_t len;

	if (!r->base.watcher || strncmp(text, "call ", 5) != 0)
		return;
	text += 5;
	len = strcspn(text, " ");
	told.kind = call_kind(text, len);
	text += len;
	told.id = (uint32_t)strtoul(text, &end, 10);
	told.took_us = strtoull(end, &end, 10);
	told.text = end + (*end == ' ');
	r->base.watcher(r->base.watcher_userdata, &told);
}

/* A state or a note at the head is taken; false: it is something else. */
static bool take_aside(struct trace_replay *r)
{
	const struct trace_entry *e = head_of(r);

	if (!e)
		return false;
	if (e->form->direction == '=')
		trace_state_get(bytes_of(r, e), e->len, &r->state);
	else if (e->form->direction == '#')
		tell_call(r, e);
	else
		return false;
	r->next++;
	return true;
}

/* The entries of the same turn, up to the next call. */
static void take_turn(struct trace_replay *r)
{
	const struct trace_entry *e;

	while ((e = head_of(r)) != NULL &&
	       (e->form->direction == '#' ||
		(e->form->direction == '=' && strcmp(e->form->name, "state") == 0)))
		(void)take_aside(r);
}

/* The states of this turn, with the notes before them; notes after them wait for their call. */
static void take_states(struct trace_replay *r)
{
	for (size_t i = r->next; i < r->last; i++) {
		const struct trace_form *form = r->file->entries[i].form;

		if (form->direction == '=' && strcmp(form->name, "state") == 0) {
			while (r->next <= i)
				(void)take_aside(r);
		} else if (form->direction != '#') {
			break;
		}
	}
}

void trace_state_get(const uint8_t *buf, size_t len, struct transport_link *ret)
{
	const uint8_t *tail = buf + TRACE_STATE_LEAST - 10;

	memset(ret, 0, sizeof(*ret));
	(void)ota_link_decode(buf, TRACE_STATE_LEAST - 10, &ret->link);
	ret->rssi = (int8_t)tail[0];
	ret->mtu_source = (enum transport_source)tail[1];
	ret->link_source = (enum transport_source)tail[2];
	ret->rssi_source = (enum transport_source)tail[3];
	ret->buffer_source = (enum transport_source)tail[4];
	ret->buffers = bytes_get16(tail + 5);
	ret->buffer_octets = bytes_get16(tail + 7);
	ret->refill = (tail[9] & 1u) != 0;
	ret->encrypted = (tail[9] & 2u) != 0;
	ret->data_held = (tail[9] & 4u) != 0;
	ret->misremembered = (tail[9] & 8u) != 0;
	if (tail[9] >> 4 < GATT_HOSTS)
		ret->host = (enum gatt_host)(tail[9] >> 4);
	if (len < TRACE_STATE_SIZE)
		return;
	if (tail[10] < GATT_PAIRINGS)
		ret->pairing = (enum gatt_pairing)tail[10];
	if (tail[11] != 0)
		(void)snprintf(ret->bluetoothd, sizeof(ret->bluetoothd), "%u.%u", tail[11],
			       tail[12]);
}

/* --- events */

void trace_replay_emit(struct trace_replay *r, const struct transport_event *event)
{
	r->in_turn = true;
	if (r->base.handler)
		r->base.handler(r->base.userdata, event);
	r->in_turn = false;
}

static enum transport_event_kind trace_replay_kind_of(const char *name)
{
	enum transport_event_kind kind = TRANSPORT_ADVERTISEMENT;

	while (kind < TRANSPORT_PAIRED && strcmp(transport_event_name(kind), name) != 0)
		kind++;
	return kind;
}

/* A recording of before the dialect was told has the OTA service's characteristics alone. */
static void play_discovered_before(struct transport_event *event)
{
	static const char *const uuids[] = {OTA_UUID_CONTROL, OTA_UUID_DATA, OTA_UUID_INFO};
	struct gatt_found found[sizeof(uuids) / sizeof(uuids[0])];
	const struct dialect *dialect;
	size_t count = 0;

	for (size_t i = 0; i < sizeof(uuids) / sizeof(uuids[0]); i++)
		if (event->properties[i] != 0)
			found[count++] = (struct gatt_found){NULL, uuids[i], event->properties[i]};
	dialect = dialect_find(found, count);
	event->dialect = dialect && dialect_is_driven(dialect) ? dialect->id : DIALECT_UNKNOWN;
}

static void play_discovered(const uint8_t *bytes, size_t len, struct transport_event *event)
{
	if (len == TRACE_CHRS_BEFORE) {
		memcpy(event->properties, bytes, len);
		play_discovered_before(event);
		return;
	}
	event->dialect = dialect_get((enum dialect_id)bytes[0])->id;
	memcpy(event->properties, bytes + 1, len - 1);
}

static void play(struct trace_replay *r, const struct trace_entry *e)
{
	struct transport_event event = {
		.kind = trace_replay_kind_of(e->form->name), .data = bytes_of(r, e), .len = e->len};
	char name[OTA_VALUE_MAX + 1];
	const struct transport_advertisement adv = {
		.address = address_of(r, e),
		.name = name,
		.rssi = (int8_t)e->numbers[0],
		.dialects = e->numbers[1] == TRACE_OTA_BEFORE
				    ? dialects_of_service(OTA_UUID_SERVICE)
				    : (uint32_t)e->numbers[1],
		.connectable = e->numbers[2] != 0,
	};

	switch (event.kind) {
	case TRANSPORT_ADVERTISEMENT:
		memcpy(name, bytes_of(r, e), e->len);
		name[e->len] = '\0'; /* cppcheck-suppress unreadVariable ; by adv.name */
		event.adv = &adv;
		break;
	case TRANSPORT_CONNECTED:
	case TRANSPORT_MTU:
		event.mtu = (uint16_t)e->numbers[0];
		break;
	case TRANSPORT_DISCONNECTED:
		event.reason = (enum gatt_reason)e->numbers[0];
		break;
	case TRANSPORT_DISCOVERED:
		play_discovered(bytes_of(r, e), e->len, &event);
		break;
	case TRANSPORT_SUBSCRIBED:
	case TRANSPORT_READ:
	case TRANSPORT_WRITTEN:
	case TRANSPORT_NOTIFIED:
		event.chr = (enum gatt_chr)e->numbers[0];
		event.status = event.kind == TRANSPORT_NOTIFIED ? 0 : e->numbers[1];
		break;
	case TRANSPORT_ADAPTER:
	case TRANSPORT_PAIRED:
		event.status = e->numbers[0];
		break;
	case TRANSPORT_PASSKEY:
		event.passkey = -1;
		break;
	case TRANSPORT_WRITABLE:
	case TRANSPORT_ALARM:
	case TRANSPORT_LINK:
	case TRANSPORT_MAINTENANCE:
		break;
	}
	trace_replay_emit(r, &event);
}

static void play_act(struct trace_replay *r, const struct trace_entry *e)
{
	if (!r->act)
		return;
	r->in_turn = true;
	r->act(r->act_userdata, (const char *)bytes_of(r, e));
	r->in_turn = false;
}

enum trace_step trace_step(struct transport *t)
{
	struct trace_replay *r = trace_replay_of(t);
	const struct trace_entry *e = head_of(r);

	if (r->mismatch)
		return TRACE_DEPARTED;
	if (!e)
		return TRACE_ENDED;
	trace_pass(t, e->at_us);
	if (take_aside(r))
		return TRACE_PASSED;
	switch (e->form->direction) {
	case '<':
		r->next++;
		play(r, e);
		break;
	case '!':
		r->next++;
		play_act(r, e);
		break;
	default: /* every event before it has been played, and the host did not call */
		r->mismatch = e->line;
		break;
	}
	return r->mismatch ? TRACE_DEPARTED : TRACE_STEPPED;
}

uint64_t trace_next_us(const struct transport *t)
{
	const struct trace_entry *e = head_of((const struct trace_replay *)t);

	return e ? e->at_us : UINT64_MAX;
}

unsigned int trace_next_line(const struct transport *t)
{
	const struct trace_replay *r = (const struct trace_replay *)t;
	const struct trace_entry *e = head_of(r);

	if (e)
		return e->line;
	return r->file->entries && r->last > 0 ? r->file->entries[r->last - 1].line : 1;
}

void trace_pass(struct transport *t, uint64_t now_us)
{
	struct trace_replay *r = trace_replay_of(t);

	if (now_us > r->now_us)
		r->now_us = now_us;
}

void trace_play_acts(struct transport *t, void (*act)(void *userdata, const char *text),
		     void *userdata)
{
	trace_replay_of(t)->act = act;
	trace_replay_of(t)->act_userdata = userdata;
}

/* --- calls */

static bool is_call(const struct trace_replay *r, const struct trace_entry *e, const char *name,
		    const char *address, int a, int b)
{
	return e->form->direction == '>' && strcmp(e->form->name, name) == 0 &&
	       strcmp(address_of(r, e), address) == 0 && e->numbers[0] == a && e->numbers[1] == b;
}

/* The call that the file has next, or the end of the replay. */
static int trace_replay_call(struct transport *t, const char *name, const char *address, int a,
			     int b, const uint8_t *buf, size_t len)
{
	struct trace_replay *r = trace_replay_of(t);
	const bool lengths = r->by_hand && buf && a == GATT_DATA;
	const struct trace_entry *e;

	if (r->ended)
		return -OTA_ENODEV;
	take_turn(r);
	e = head_of(r);
	if (e && is_call(r, e, name, address, a, b) && e->len == len &&
	    (len == 0 || lengths || (buf && memcmp(bytes_of(r, e), buf, len) == 0))) {
		r->next++;
		return 0;
	}
	if (e && e->form->direction == '~' && strcmp(e->form->name, name) == 0) {
		r->next++;
		return e->numbers[0];
	}
	if (!e && r->by_hand)
		return 0;
	if (!r->mismatch)
		r->mismatch = trace_next_line(t);
	return r->by_hand ? 0 : -OTA_EPROTO;
}

static uint64_t replay_now(struct transport *t)
{
	return trace_replay_of(t)->now_us;
}

static int replay_set_alarm(struct transport *t, uint64_t at_us)
{
	(void)t; /* the file's alarms are played */
	(void)at_us;
	return 0;
}

static int replay_scan_start(struct transport *t)
{
	return trace_replay_call(t, "scan-start", "", 0, 0, NULL, 0);
}

static int replay_scan_stop(struct transport *t)
{
	return trace_replay_call(t, "scan-stop", "", 0, 0, NULL, 0);
}

static int replay_connect(struct transport *t, const char *address)
{
	return trace_replay_call(t, "connect", address, 0, 0, NULL, 0);
}

static int replay_disconnect(struct transport *t)
{
	return trace_replay_call(t, "disconnect", "", 0, 0, NULL, 0);
}

static int replay_discover(struct transport *t)
{
	return trace_replay_call(t, "discover", "", 0, 0, NULL, 0);
}

static int replay_subscribe(struct transport *t, enum gatt_chr chr)
{
	return trace_replay_call(t, "subscribe", "", (int)chr, 0, NULL, 0);
}

static int replay_read(struct transport *t, enum gatt_chr chr)
{
	return trace_replay_call(t, "read", "", (int)chr, 0, NULL, 0);
}

static int replay_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
			const uint8_t *buf, size_t len)
{
	return trace_replay_call(t, "write", "", (int)chr, (int)mode, buf, len);
}

static void replay_link_state(struct transport *t, struct transport_link *ret)
{
	if (trace_replay_of(t)->in_turn)
		take_states(trace_replay_of(t));
	*ret = trace_replay_of(t)->state;
}

void trace_replay_destroy(struct transport *t)
{
	struct trace_replay *r = trace_replay_of(t);

	sd_event_source_disable_unref(r->source);
	trace_file_free(r->own);
	free(r);
}

static const struct transport_ops replay_ops = {
	.name = "replay",
	.now_us = replay_now,
	.set_alarm = replay_set_alarm,
	.scan_start = replay_scan_start,
	.scan_stop = replay_scan_stop,
	.connect = replay_connect,
	.disconnect = replay_disconnect,
	.discover = replay_discover,
	.subscribe = replay_subscribe,
	.read = replay_read,
	.write = replay_write,
	.link_state = replay_link_state,
	.destroy = trace_replay_destroy,
};

int trace_play(const struct trace_file *file, size_t first, size_t last, struct transport **ret)
{
	struct trace_replay *r = calloc(1, sizeof(*r));

	if (!r)
		return -OTA_ENOMEM;
	*r = (struct trace_replay){
		.base = {.ops = &replay_ops, .virtual_clock = file->virtual_clock},
		.file = file,
		.first = first,
		.next = first,
		.last = last < file->count ? last : file->count,
		.by_hand = true,
		.state = {.rssi = 127},
	};
	if (first < r->last)
		r->now_us = file->entries[first].at_us;
	*ret = &r->base;
	return 0;
}

unsigned int trace_mismatch(const struct transport *t)
{
	return t->ops == &replay_ops ? ((const struct trace_replay *)t)->mismatch : 0;
}
