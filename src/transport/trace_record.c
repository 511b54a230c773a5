/* SPDX-License-Identifier: Apache-2.0 */
/* The recording half of trace.h: passes everything on and writes it down. */
#include "transport/trace_priv.h"

#include "base/file_save.h"
#include "transport/wrap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recorder {
	struct wrap wrap;
	FILE *file;
	int error;
	bool state_known;
	uint8_t state[TRACE_STATE_SIZE]; /* as written last */
	uint64_t sampled_us; /* ... or looked at */
	/* An event or the user's doing is being handled: one moment, for all that it leads
	 * to.  A real clock goes on meanwhile, and a replay could not tell by how much. */
	bool in_turn;
	uint64_t turn_us;
};

/* The graph of the signal wants samples even if nothing else asks for them. */
#define SAMPLE_US 500000u

static struct recorder *recorder_of(struct transport *t)
{
	return (struct recorder *)t;
}

static uint64_t record_now(struct transport *t)
{
	const struct recorder *r = recorder_of(t);

	return r->in_turn ? r->turn_us : r->wrap.inner->ops->now_us(r->wrap.inner);
}

static void line(struct recorder *r, char direction, const uint8_t *buf, size_t len, bool bytes,
		 const char *format, ...) __attribute__((format(printf, 6, 7)));

static void line(struct recorder *r, char direction, const uint8_t *buf, size_t len, bool bytes,
		 const char *format, ...)
{
	va_list ap;

	if (r->error)
		return;
	fprintf(r->file, "%" PRIu64 " %c ", record_now(&r->wrap.base), direction);
	va_start(ap, format);
	vfprintf(r->file, format, ap);
	va_end(ap);
	if (bytes) {
		putc(' ', r->file);
		if (len == 0)
			putc('-', r->file);
		for (size_t i = 0; i < len; i++)
			fprintf(r->file, "%02x", buf[i]);
	}
	putc('\n', r->file);
	if (ferror(r->file))
		r->error = errno ? -errno : -OTA_EIO;
}

#define EVENT(r, ...) line(r, '<', NULL, 0, false, __VA_ARGS__)

static void record_event(struct recorder *r, const struct transport_event *e)
{
	const char *name = transport_event_name(e->kind);
	uint8_t discovered[1 + GATT_CHRS];
	size_t n = 0;

	switch (e->kind) {
	case TRANSPORT_ADVERTISEMENT:
		while (e->adv->name[n])
			n++;
		line(r, '<', (const uint8_t *)e->adv->name, n, true, "%s %s %d %d %d", name,
		     e->adv->address, e->adv->rssi, (int)e->adv->dialects, e->adv->connectable);
		break;
	case TRANSPORT_CONNECTED:
	case TRANSPORT_MTU:
		EVENT(r, "%s %u", name, e->mtu);
		break;
	case TRANSPORT_DISCONNECTED:
		EVENT(r, "%s %d", name, (int)e->reason);
		break;
	case TRANSPORT_DISCOVERED:
		discovered[0] = (uint8_t)e->dialect;
		memcpy(discovered + 1, e->properties, sizeof(e->properties));
		line(r, '<', discovered, sizeof(discovered), true, "%s", name);
		break;
	case TRANSPORT_SUBSCRIBED:
	case TRANSPORT_WRITTEN:
		EVENT(r, "%s %d %d", name, (int)e->chr, e->status);
		break;
	case TRANSPORT_READ:
		line(r, '<', e->data, e->len, true, "%s %d %d", name, (int)e->chr, e->status);
		break;
	case TRANSPORT_NOTIFIED:
		line(r, '<', e->data, e->len, true, "%s %d", name, (int)e->chr);
		break;
	case TRANSPORT_ADAPTER:
	case TRANSPORT_PAIRED:
		EVENT(r, "%s %d", name, e->status);
		break;
	case TRANSPORT_PASSKEY:
	case TRANSPORT_WRITABLE:
	case TRANSPORT_ALARM:
	case TRANSPORT_LINK:
		EVENT(r, "%s", name);
		break;
	case TRANSPORT_MAINTENANCE: /* of the host, not of the link */
		break;
	}
}

static void turn_begin(struct recorder *r)
{
	r->turn_us = r->wrap.inner->ops->now_us(r->wrap.inner);
	r->in_turn = true;
}

static void take_state(struct recorder *r, struct transport_link *ret)
{
	uint8_t state[TRACE_STATE_SIZE];

	r->wrap.inner->ops->link_state(r->wrap.inner, ret);
	r->sampled_us = record_now(&r->wrap.base);
	trace_state_put(ret, state);
	if (r->state_known && memcmp(state, r->state, sizeof(state)) == 0)
		return;
	r->state_known = true;
	memcpy(r->state, state, sizeof(state));
	line(r, '=', state, sizeof(state), true, "%s", r->in_turn ? "state" : "seen");
}

static void trace_event(void *userdata, const struct transport_event *event)
{
	struct recorder *r = userdata;
	const bool nested = r->in_turn;
	struct transport_link link;

	if (!nested)
		turn_begin(r);
	record_event(r, event);
	if (r->turn_us - r->sampled_us >= SAMPLE_US)
		take_state(r, &link);
	wrap_emit(&r->wrap, event);
	r->in_turn = nested;
}

/* A call that was made, or how it was refused; returns rc. */
static int trace_record_called(struct recorder *r, int rc, const uint8_t *buf, size_t len,
			       const char *name, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

static int trace_record_called(struct recorder *r, int rc, const uint8_t *buf, size_t len,
			       const char *name, const char *format, ...)
{
	char fields[64];
	va_list ap;

	if (rc < 0) {
		line(r, '~', NULL, 0, false, "%s %d", name, rc);
		return rc;
	}
	va_start(ap, format);
	(void)vsnprintf(fields, sizeof(fields), format, ap);
	va_end(ap);
	line(r, '>', buf, len, buf != NULL, "%s%s", name, fields);
	return rc;
}

static int record_scan_start(struct transport *t)
{
	const int rc = wrap_inner(t)->ops->scan_start(wrap_inner(t));

	return trace_record_called(recorder_of(t), rc, NULL, 0, "scan-start", "%s", "");
}

static int record_scan_stop(struct transport *t)
{
	const int rc = wrap_inner(t)->ops->scan_stop(wrap_inner(t));

	return trace_record_called(recorder_of(t), rc, NULL, 0, "scan-stop", "%s", "");
}

static int record_connect(struct transport *t, const char *address)
{
	const int rc = wrap_inner(t)->ops->connect(wrap_inner(t), address);

	return trace_record_called(recorder_of(t), rc, NULL, 0, "connect", " %s", address);
}

static int record_disconnect(struct transport *t)
{
	const int rc = wrap_inner(t)->ops->disconnect(wrap_inner(t));

	return trace_record_called(recorder_of(t), rc, NULL, 0, "disconnect", "%s", "");
}

static int record_discover(struct transport *t)
{
	const int rc = wrap_inner(t)->ops->discover(wrap_inner(t));

	return trace_record_called(recorder_of(t), rc, NULL, 0, "discover", "%s", "");
}

static int record_subscribe(struct transport *t, enum gatt_chr chr)
{
	const int rc = wrap_inner(t)->ops->subscribe(wrap_inner(t), chr);

	return trace_record_called(recorder_of(t), rc, NULL, 0, "subscribe", " %d", (int)chr);
}

static int record_read(struct transport *t, enum gatt_chr chr)
{
	const int rc = wrap_inner(t)->ops->read(wrap_inner(t), chr);

	return trace_record_called(recorder_of(t), rc, NULL, 0, "read", " %d", (int)chr);
}

static int record_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
			const uint8_t *buf, size_t len)
{
	const int rc = wrap_inner(t)->ops->write(wrap_inner(t), chr, mode, buf, len);

	return trace_record_called(recorder_of(t), rc, buf, len, "write", " %d %d", (int)chr,
				   (int)mode);
}

void trace_state_put(const struct transport_link *link, uint8_t buf[TRACE_STATE_SIZE])
{
	const unsigned int release = transport_release(link->bluetoothd);
	const uint8_t tail[] = {
		(uint8_t)link->rssi,
		(uint8_t)link->mtu_source,
		(uint8_t)link->link_source,
		(uint8_t)link->rssi_source,
		(uint8_t)link->buffer_source,
		(uint8_t)(link->buffers & 0xffu),
		(uint8_t)(link->buffers >> 8),
		(uint8_t)(link->buffer_octets & 0xffu),
		(uint8_t)(link->buffer_octets >> 8),
		(uint8_t)((link->refill ? 1 : 0) | (link->encrypted ? 2 : 0) |
			  (link->data_held ? 4 : 0) | (link->misremembered ? 8 : 0) |
			  (unsigned int)link->host << 4),
		(uint8_t)link->pairing,
		(uint8_t)(release >> 8),
		(uint8_t)release,
	};

	memset(buf, 0, TRACE_STATE_SIZE);
	(void)ota_link_encode(&link->link, buf, TRACE_STATE_SIZE - sizeof(tail));
	memcpy(buf + TRACE_STATE_SIZE - sizeof(tail), tail, sizeof(tail));
}

static void record_link_state(struct transport *t, struct transport_link *ret)
{
	take_state(recorder_of(t), ret);
}

/* Text that the reader takes: one line of what can be shown. */
static void record_text(struct recorder *r, char direction, const char *text)
{
	char safe[TRACE_TEXT_MAX + 1];
	size_t len = 0;

	for (; text[len] != '\0' && len + 1 < sizeof(safe); len++)
		safe[len] = (unsigned char)text[len] < 0x20 || text[len] == 0x7f ? '?' : text[len];
	safe[len] = '\0';
	if (len > 0)
		line(r, direction, NULL, 0, false, "%s", safe);
}

static void record_note(struct transport *t, const char *text)
{
	record_text(recorder_of(t), '#', text);
}

static void record_act(struct transport *t, const char *text)
{
	struct recorder *r = recorder_of(t);

	if (!text) {
		r->in_turn = false;
		return;
	}
	turn_begin(r);
	record_text(r, '!', text);
}

static void trace_call(void *userdata, const struct transport_call *call)
{
	struct recorder *r = userdata;
	char text[TRACE_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "call %s %" PRIu32 " %" PRIu64 " %s",
		       transport_call_name(call->kind), call->id, call->took_us, call->text);
	record_text(r, '#', text);
	if (r->wrap.base.watcher)
		r->wrap.base.watcher(r->wrap.base.watcher_userdata, call);
}

static void record_destroy(struct transport *t)
{
	struct recorder *r = recorder_of(t);

	r->wrap.inner->ops->destroy(r->wrap.inner);
	(void)fclose(r->file);
	free(r);
}

/* The inner transport's calls come here in any case. */
static void record_watch(struct transport *t)
{
	(void)t;
}

/* passkey is not recorded: the digits are secret, and a replay does not ask for them. */
static const struct transport_ops record_ops = {
	.name = "trace",
	.now_us = record_now,
	.scan_start = record_scan_start,
	.scan_stop = record_scan_stop,
	.connect = record_connect,
	.disconnect = record_disconnect,
	.discover = record_discover,
	.subscribe = record_subscribe,
	.read = record_read,
	.write = record_write,
	.link_state = record_link_state,
	.note = record_note,
	.act = record_act,
	.watch = record_watch,
	.destroy = record_destroy,
};

int trace_record(struct transport *inner, const char *path, struct transport **ret)
{
	char why[512];
	FILE *file;
	int rc = file_save_stream(path, FILE_SAVE_PRIVATE | FILE_SAVE_REPLACE, &file, why,
				  sizeof(why));

	if (rc < 0)
		return rc;
	rc = trace_record_to(inner, file, ret);
	if (rc < 0)
		(void)fclose(file);
	return rc;
}

int trace_record_to(struct transport *inner, FILE *file, struct transport **ret)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r)
		return -OTA_ENOMEM;
	r->file = file;
	wrap_init(&r->wrap, inner, &record_ops, trace_event);
	transport_watch(inner, trace_call, r);
	fprintf(r->file, "otabench-trace 1 %s\n", inner->virtual_clock ? "virtual" : "real");
	*ret = &r->wrap.base;
	return 0;
}

int trace_error(const struct transport *t)
{
	const struct recorder *r = (const struct recorder *)t;

	if (t->ops->destroy != record_destroy)
		return 0;
	if (!r->error && fflush(r->file) != 0)
		return errno ? -errno : -OTA_EIO;
	return r->error;
}
