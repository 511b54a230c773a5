/* SPDX-License-Identifier: Apache-2.0 */
/* See wrap.h. */
#include "transport/wrap.h"

static uint64_t wrap_now_us(struct transport *t)
{
	return wrap_inner(t)->ops->now_us(wrap_inner(t));
}

static int wrap_set_alarm(struct transport *t, uint64_t at_us)
{
	return wrap_inner(t)->ops->set_alarm(wrap_inner(t), at_us);
}

static int wrap_scan_start(struct transport *t)
{
	return wrap_inner(t)->ops->scan_start(wrap_inner(t));
}

static int wrap_scan_stop(struct transport *t)
{
	return wrap_inner(t)->ops->scan_stop(wrap_inner(t));
}

static int wrap_connect(struct transport *t, const char *address)
{
	return wrap_inner(t)->ops->connect(wrap_inner(t), address);
}

static int wrap_disconnect(struct transport *t)
{
	return wrap_inner(t)->ops->disconnect(wrap_inner(t));
}

static int wrap_offer_mtu(struct transport *t, uint16_t mtu)
{
	return wrap_inner(t)->ops->offer_mtu(wrap_inner(t), mtu);
}

static int wrap_discover(struct transport *t)
{
	return wrap_inner(t)->ops->discover(wrap_inner(t));
}

static int wrap_subscribe(struct transport *t, enum gatt_chr chr)
{
	return wrap_inner(t)->ops->subscribe(wrap_inner(t), chr);
}

static int wrap_read(struct transport *t, enum gatt_chr chr)
{
	return wrap_inner(t)->ops->read(wrap_inner(t), chr);
}

static int wrap_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
		      const uint8_t *buf, size_t len)
{
	return wrap_inner(t)->ops->write(wrap_inner(t), chr, mode, buf, len);
}

static int wrap_passkey(struct transport *t, int32_t passkey)
{
	return wrap_inner(t)->ops->passkey(wrap_inner(t), passkey);
}

static void wrap_link_state(struct transport *t, struct transport_link *ret)
{
	wrap_inner(t)->ops->link_state(wrap_inner(t), ret);
}

static int wrap_inject(struct transport *t, enum transport_fault_kind kind, uint64_t arg)
{
	return wrap_inner(t)->ops->inject(wrap_inner(t), kind, arg);
}

static int wrap_facts(struct transport *t, const char *address, struct transport_facts *ret)
{
	return wrap_inner(t)->ops->facts(wrap_inner(t), address, ret);
}

static int wrap_maintenance(struct transport *t, enum transport_maintenance what,
			    const char *device)
{
	return wrap_inner(t)->ops->maintenance(wrap_inner(t), what, device);
}

static int wrap_table(struct transport *t, const char *address, enum transport_table which,
		      struct gatt_table *ret)
{
	return wrap_inner(t)->ops->table(wrap_inner(t), address, which, ret);
}

static void wrap_hold(struct transport *t, bool on)
{
	wrap_inner(t)->ops->hold(wrap_inner(t), on);
}

static void wrap_note(struct transport *t, const char *text)
{
	wrap_inner(t)->ops->note(wrap_inner(t), text);
}

static void wrap_act(struct transport *t, const char *text)
{
	wrap_inner(t)->ops->act(wrap_inner(t), text);
}

/* The inner transport is asked, and tells the watcher itself. */
static void wrap_watch(struct transport *t)
{
	transport_watch(wrap_inner(t), t->watcher, t->watcher_userdata);
}

/* An operation that the inner transport does not offer stays NULL. */
#define PASS_ON(w, operation)                                                                      \
	do {                                                                                       \
		if (!(w)->ops.operation && (w)->inner->ops->operation)                             \
			(w)->ops.operation = wrap_##operation;                                     \
	} while (0)

void wrap_init(struct wrap *w, struct transport *inner, const struct transport_ops *changed,
	       void (*handler)(void *userdata, const struct transport_event *event))
{
	w->inner = inner;
	w->ops = *changed;
	PASS_ON(w, now_us);
	PASS_ON(w, set_alarm);
	PASS_ON(w, scan_start);
	PASS_ON(w, scan_stop);
	PASS_ON(w, connect);
	PASS_ON(w, disconnect);
	PASS_ON(w, offer_mtu);
	PASS_ON(w, discover);
	PASS_ON(w, subscribe);
	PASS_ON(w, read);
	PASS_ON(w, write);
	PASS_ON(w, passkey);
	PASS_ON(w, link_state);
	PASS_ON(w, inject);
	PASS_ON(w, facts);
	PASS_ON(w, maintenance);
	PASS_ON(w, table);
	PASS_ON(w, hold);
	PASS_ON(w, note);
	PASS_ON(w, act);
	if (!w->ops.watch)
		w->ops.watch = wrap_watch;
	w->base.ops = &w->ops;
	w->base.virtual_clock = inner->virtual_clock;
	w->base.event = inner->event;
	inner->handler = handler;
	inner->userdata = w;
}

void wrap_emit(struct wrap *w, const struct transport_event *event)
{
	if (w->base.handler)
		w->base.handler(w->base.userdata, event);
}
