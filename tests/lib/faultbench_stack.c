/* SPDX-License-Identifier: Apache-2.0 */
/* The host's stack of faultbench.h: a wrapper that does what stacks and adapters do wrong. */
#include "faultbench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STUCK_BYTES 8192u /* that a stuck adapter's host still takes */
#define REFUSED_US 150000u
#define UNHEARD_US 10000000u

static struct bench_stack *stack_of(struct transport *t)
{
	return (struct bench_stack *)t;
}

static void on_failed(void *ctx, uint64_t now_us)
{
	struct bench_stack *s = ctx;
	const struct transport_event event = {.kind = TRANSPORT_DISCONNECTED, .reason = s->reason};

	(void)now_us;
	wrap_emit(&s->wrap, &event);
}

static int stack_connect(struct transport *t, const char *address)
{
	struct bench_stack *s = stack_of(t);

	if (s->host != GATT_HOST_UNTOLD)
		return -OTA_ENODEV;
	if (!s->refuses && !s->deaf && !s->not_connectable)
		return s->wrap.inner->ops->connect(s->wrap.inner, address);
	s->reason = s->deaf ? GATT_NOT_FOUND : GATT_CONNECT_FAILED;
	sched_at(s->sched, &s->later, sched_now(s->sched) + (s->refuses ? REFUSED_US : UNHEARD_US));
	return 0;
}

static int stack_scan_start(struct transport *t)
{
	struct bench_stack *s = stack_of(t);

	return s->host != GATT_HOST_UNTOLD ? -OTA_ENODEV
					   : s->wrap.inner->ops->scan_start(s->wrap.inner);
}

void bench_host(struct bench *b, enum gatt_host host)
{
	struct bench_stack *s = b->stack;
	const struct transport_event event = {
		.kind = TRANSPORT_ADAPTER,
		.status = host == GATT_HOST_UNTOLD ? 0 : -OTA_ENODEV,
	};

	s->host = host;
	if (host != GATT_HOST_UNTOLD)
		(void)s->wrap.inner->ops->disconnect(s->wrap.inner);
	wrap_emit(&s->wrap, &event);
}

static int stack_disconnect(struct transport *t)
{
	struct bench_stack *s = stack_of(t);

	if (!sched_armed(&s->later))
		return s->wrap.inner->ops->disconnect(s->wrap.inner);
	s->reason = GATT_BY_HOST;
	sched_at(s->sched, &s->later, sched_now(s->sched));
	return 0;
}

/* Requests that never leave the adapter. */
static int stack_discover(struct transport *t)
{
	struct bench_stack *s = stack_of(t);

	return s->stuck ? 0 : s->wrap.inner->ops->discover(s->wrap.inner);
}

/* The refusal of a device whose buffer is shorter than its Info says. */
static void on_refusal(void *ctx, uint64_t now_us)
{
	struct bench_stack *s = ctx;
	const struct ota_error_event error = {.code = OTA_ERR_LENGTH,
					      .detail = (uint32_t)s->refused};
	uint8_t buf[OTA_CONTROL_MAX];
	const int len = ota_error_encode(&error, buf, sizeof(buf));
	const struct transport_event event = {
		.kind = TRANSPORT_NOTIFIED, .chr = GATT_CONTROL, .data = buf, .len = (size_t)len};

	(void)now_us;
	wrap_emit(&s->wrap, &event);
}

static int stack_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
		       const uint8_t *buf, size_t len)
{
	struct bench_stack *s = stack_of(t);

	if (s->full && chr == GATT_DATA)
		return -OTA_EAGAIN;
	if (s->stuck && chr == GATT_CONTROL)
		return 0; /* a request is the daemon's, until it is answered */
	if (s->stuck) {
		if (s->taken + len > STUCK_BYTES)
			return -OTA_EAGAIN;
		s->taken += (uint32_t)len;
		return 0;
	}
	if (chr == GATT_DATA && s->longest > 0 && len > s->longest) {
		s->refused = len;
		sched_at(s->sched, &s->refusal, sched_now(s->sched) + 30000u);
		return 0;
	}
	if (chr == GATT_DATA && mode != GATT_REQUEST && rng_chance(&s->rng, s->drop_data))
		return 0;
	return s->wrap.inner->ops->write(s->wrap.inner, chr, mode, buf, len);
}

static int stack_maintenance(struct transport *t, enum transport_maintenance what,
			     const char *device)
{
	struct bench_stack *s = stack_of(t);

	switch (what) {
	case TRANSPORT_HANG_UP:
		s->held = false;
		break;
	case TRANSPORT_FORGET:
		s->stale = s->stale && s->keeps;
		break;
	case TRANSPORT_READ_TABLE:
		break;
	case TRANSPORT_POWER_CYCLE:
		s->stuck = false;
		s->taken = 0;
		break;
	}
	return s->wrap.inner->ops->maintenance(s->wrap.inner, what, device);
}

static void stack_link_state(struct transport *t, struct transport_link *ret)
{
	struct bench_stack *s = stack_of(t);

	s->wrap.inner->ops->link_state(s->wrap.inner, ret);
	ret->data_held = s->held;
	ret->misremembered = s->stale;
	ret->host = s->host;
	if (s->release)
		(void)snprintf(ret->bluetoothd, sizeof(ret->bluetoothd), "%s", s->release);
}

static void on_notified(struct bench_stack *s, const struct transport_event *event)
{
	uint8_t bytes[64];
	struct transport_event other = *event;

	if ((s->drop_opcode == 0 || event->data[0] == s->drop_opcode) &&
	    rng_chance(&s->rng, s->drop_notify))
		return;
	if (s->breaks && event->data[0] == OTA_EVT_ACK && event->len <= sizeof(bytes)) {
		memcpy(bytes, event->data, event->len);
		memset(bytes + 1, 0xff, 4);
		other.data = bytes;
	}
	wrap_emit(&s->wrap, &other);
}

static void on_event(void *userdata, const struct transport_event *event)
{
	struct bench_stack *s = userdata;
	struct transport_event other = *event;
	struct transport_advertisement adv;

	if (s->host != GATT_HOST_UNTOLD && event->kind != TRANSPORT_ALARM)
		return;
	if (event->kind == TRANSPORT_NOTIFIED && event->len > 0) {
		on_notified(s, event);
		return;
	}
	if (event->kind == TRANSPORT_ADVERTISEMENT) {
		if (s->deaf)
			return;
		adv = *event->adv;
		adv.connectable = !s->not_connectable;
		other.adv = &adv;
	}
	if (event->kind == TRANSPORT_DISCONNECTED && s->link_only)
		s->drop_notify = 0;
	if (event->kind == TRANSPORT_MTU && s->mtu > 0)
		other.mtu = s->mtu;
	if (event->kind == TRANSPORT_DISCOVERED && s->stale) {
		memset(other.properties, 0, sizeof(other.properties));
		other.dialect = DIALECT_UNKNOWN;
	}
	wrap_emit(&s->wrap, &other);
}

static void stack_destroy(struct transport *t)
{
	struct bench_stack *s = stack_of(t);

	sched_cancel(s->sched, &s->later);
	sched_cancel(s->sched, &s->refusal);
	s->wrap.inner->ops->destroy(s->wrap.inner);
	free(s);
}

static const struct transport_ops stack_ops = {
	.name = "faultbench",
	.scan_start = stack_scan_start,
	.connect = stack_connect,
	.disconnect = stack_disconnect,
	.discover = stack_discover,
	.write = stack_write,
	.link_state = stack_link_state,
	.maintenance = stack_maintenance,
	.destroy = stack_destroy,
};

struct transport *bench_stack_create(struct transport *inner, uint64_t seed,
				     struct bench_stack **ret)
{
	struct bench_stack *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	rng_init(&s->rng, seed);
	s->sched = sim_sched(inner);
	s->later = (struct sched_event){.fn = on_failed, .ctx = s};
	s->refusal = (struct sched_event){.fn = on_refusal, .ctx = s};
	wrap_init(&s->wrap, inner, &stack_ops, on_event);
	*ret = s;
	return &s->wrap.base;
}
