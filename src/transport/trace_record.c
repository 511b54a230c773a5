/* SPDX-License-Identifier: Apache-2.0 */
/* The recording half of trace.h: passes everything on and writes it down. */
#include "transport/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recorder {
	struct transport base;
	struct transport *inner;
	FILE *file;
	int error;
	bool state_known;
	uint8_t state[TRACE_STATE_SIZE]; /* as written last */
};

static struct recorder *recorder_of(struct transport *t)
{
	return (struct recorder *)t;
}

static uint64_t record_now(struct transport *t)
{
	struct transport *inner = recorder_of(t)->inner;

	return inner->ops->now_us(inner);
}

static void line(struct recorder *r, char direction, const uint8_t *buf, size_t len, bool bytes,
		 const char *format, ...) __attribute__((format(printf, 6, 7)));

static void line(struct recorder *r, char direction, const uint8_t *buf, size_t len, bool bytes,
		 const char *format, ...)
{
	va_list ap;

	if (r->error)
		return;
	fprintf(r->file, "%" PRIu64 " %c ", record_now(&r->base), direction);
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

#define CALL(r, ...) line(r, '>', NULL, 0, false, __VA_ARGS__)
#define EVENT(r, ...) line(r, '<', NULL, 0, false, __VA_ARGS__)

static void record_event(struct recorder *r, const struct transport_event *e)
{
	const char *name = transport_event_name(e->kind);
	size_t n = 0;

	switch (e->kind) {
	case TRANSPORT_ADVERTISEMENT:
		while (e->adv->name[n])
			n++;
		line(r, '<', (const uint8_t *)e->adv->name, n, true, "%s %s %d %d %d", name,
		     e->adv->address, e->adv->rssi, e->adv->ota_service, e->adv->connectable);
		break;
	case TRANSPORT_CONNECTED:
	case TRANSPORT_MTU:
		EVENT(r, "%s %u", name, e->mtu);
		break;
	case TRANSPORT_DISCONNECTED:
		EVENT(r, "%s %d", name, (int)e->reason);
		break;
	case TRANSPORT_DISCOVERED:
		line(r, '<', e->properties, sizeof(e->properties), true, "%s", name);
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
		EVENT(r, "%s %d", name, e->status);
		break;
	case TRANSPORT_WRITABLE:
	case TRANSPORT_ALARM:
	case TRANSPORT_LINK:
		EVENT(r, "%s", name);
		break;
	case TRANSPORT_UPKEEP: /* of the host, not of the link */
		break;
	}
}

static void on_event(void *userdata, const struct transport_event *event)
{
	struct recorder *r = userdata;

	record_event(r, event);
	if (r->base.handler)
		r->base.handler(r->base.userdata, event);
}

static int record_set_alarm(struct transport *t, uint64_t at_us)
{
	return recorder_of(t)->inner->ops->set_alarm(recorder_of(t)->inner, at_us);
}

static int record_scan_start(struct transport *t)
{
	const int rc = recorder_of(t)->inner->ops->scan_start(recorder_of(t)->inner);

	if (rc == 0)
		CALL(recorder_of(t), "scan-start");
	return rc;
}

static int record_scan_stop(struct transport *t)
{
	const int rc = recorder_of(t)->inner->ops->scan_stop(recorder_of(t)->inner);

	if (rc == 0)
		CALL(recorder_of(t), "scan-stop");
	return rc;
}

static int record_connect(struct transport *t, const char *address)
{
	const int rc = recorder_of(t)->inner->ops->connect(recorder_of(t)->inner, address);

	if (rc == 0)
		CALL(recorder_of(t), "connect %s", address);
	return rc;
}

static int record_disconnect(struct transport *t)
{
	const int rc = recorder_of(t)->inner->ops->disconnect(recorder_of(t)->inner);

	if (rc == 0)
		CALL(recorder_of(t), "disconnect");
	return rc;
}

static int record_discover(struct transport *t)
{
	const int rc = recorder_of(t)->inner->ops->discover(recorder_of(t)->inner);

	if (rc == 0)
		CALL(recorder_of(t), "discover");
	return rc;
}

static int record_subscribe(struct transport *t, enum gatt_chr chr)
{
	const int rc = recorder_of(t)->inner->ops->subscribe(recorder_of(t)->inner, chr);

	if (rc == 0)
		CALL(recorder_of(t), "subscribe %d", (int)chr);
	return rc;
}

static int record_read(struct transport *t, enum gatt_chr chr)
{
	const int rc = recorder_of(t)->inner->ops->read(recorder_of(t)->inner, chr);

	if (rc == 0)
		CALL(recorder_of(t), "read %d", (int)chr);
	return rc;
}

static int record_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
			const uint8_t *buf, size_t len)
{
	const int rc =
		recorder_of(t)->inner->ops->write(recorder_of(t)->inner, chr, mode, buf, len);

	if (rc == 0)
		line(recorder_of(t), '>', buf, len, true, "write %d %d", (int)chr, (int)mode);
	return rc;
}

void trace_state_put(const struct transport_link *link, uint8_t buf[TRACE_STATE_SIZE])
{
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
		(uint8_t)((link->refill ? 1 : 0) | (link->encrypted ? 2 : 0)),
	};

	memset(buf, 0, TRACE_STATE_SIZE);
	(void)ota_link_encode(&link->link, buf, TRACE_STATE_SIZE - sizeof(tail));
	memcpy(buf + TRACE_STATE_SIZE - sizeof(tail), tail, sizeof(tail));
}

static void record_link_state(struct transport *t, struct transport_link *ret)
{
	struct recorder *r = recorder_of(t);
	uint8_t state[TRACE_STATE_SIZE];

	r->inner->ops->link_state(r->inner, ret);
	trace_state_put(ret, state);
	if (r->state_known && memcmp(state, r->state, sizeof(state)) == 0)
		return;
	r->state_known = true;
	memcpy(r->state, state, sizeof(state));
	line(r, '=', state, sizeof(state), true, "state");
}

static int record_inject(struct transport *t, enum transport_fault_kind kind, uint64_t arg)
{
	struct transport *inner = recorder_of(t)->inner;

	return inner->ops->inject ? inner->ops->inject(inner, kind, arg) : -OTA_ENOTSUP;
}

static int record_upkeep(struct transport *t, enum transport_upkeep what, const char *device)
{
	struct transport *inner = recorder_of(t)->inner;

	return inner->ops->upkeep ? inner->ops->upkeep(inner, what, device) : -OTA_ENOTSUP;
}

static void record_destroy(struct transport *t)
{
	struct recorder *r = recorder_of(t);

	r->inner->ops->destroy(r->inner);
	(void)fclose(r->file);
	free(r);
}

static const struct transport_ops record_ops = {
	.name = "trace",
	.now_us = record_now,
	.set_alarm = record_set_alarm,
	.scan_start = record_scan_start,
	.scan_stop = record_scan_stop,
	.connect = record_connect,
	.disconnect = record_disconnect,
	.discover = record_discover,
	.subscribe = record_subscribe,
	.read = record_read,
	.write = record_write,
	.link_state = record_link_state,
	.inject = record_inject,
	.upkeep = record_upkeep,
	.destroy = record_destroy,
};

int trace_record(struct transport *inner, const char *path, struct transport **ret)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r)
		return -OTA_ENOMEM;
	r->file = fopen(path, "w");
	if (!r->file) {
		const int error = errno;

		free(r);
		return -error;
	}
	r->inner = inner;
	r->base.ops = &record_ops;
	r->base.virtual_clock = inner->virtual_clock;
	inner->handler = on_event;
	inner->userdata = r;
	fprintf(r->file, "otabench-trace 1 %s\n", inner->virtual_clock ? "virtual" : "real");
	*ret = &r->base;
	return 0;
}

int trace_error(const struct transport *t)
{
	const struct recorder *r = (const struct recorder *)t;

	if (t->ops != &record_ops)
		return 0;
	if (!r->error && fflush(r->file) != 0)
		return errno ? -errno : -OTA_EIO;
	return r->error;
}
