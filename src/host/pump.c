/* SPDX-License-Identifier: Apache-2.0 */
/* See pump.h. */
#include "host/pump.h"

#include <string.h>

/* Usual values, used if the stack does not tell. */
#define USUAL_OCTETS 251u
#define USUAL_INTERVAL_US 50000u

static struct pump *pump_of(void *ctx)
{
	return ctx;
}

uint64_t pump_now(const struct pump *p)
{
	return p->transport->ops->now_us(p->transport);
}

void pump_link_state(const struct pump *p, struct transport_link *ret)
{
	memset(ret, 0, sizeof(*ret));
	p->transport->ops->link_state(p->transport, ret);
}

/* --- actions */

static int pump_connect(void *ctx)
{
	const struct pump *p = pump_of(ctx);

	return p->transport->ops->connect(p->transport, p->address);
}

static int pump_disconnect(void *ctx)
{
	const struct pump *p = pump_of(ctx);

	return p->transport->ops->disconnect(p->transport);
}

static int pump_discover(void *ctx)
{
	const struct pump *p = pump_of(ctx);

	return p->transport->ops->discover(p->transport);
}

static int pump_subscribe(void *ctx, enum gatt_chr chr)
{
	const struct pump *p = pump_of(ctx);

	return p->transport->ops->subscribe(p->transport, chr);
}

static int pump_read(void *ctx, enum gatt_chr chr)
{
	const struct pump *p = pump_of(ctx);

	return p->transport->ops->read(p->transport, chr);
}

static int pump_write(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		      size_t len)
{
	const struct pump *p = pump_of(ctx);
	const int rc = p->transport->ops->write(p->transport, chr, mode, buf, len);

	if (rc == 0 && p->owner->sent)
		p->owner->sent(p->ctx, chr, mode, buf, len);
	return rc;
}

/* A wrong guess costs some rate, as the device's answer to LINK mostly tells better. */
static void pump_link(void *ctx, struct airtime_link *ret)
{
	struct transport_link l;

	pump_link_state(pump_of(ctx), &l);
	*ret = (struct airtime_link){
		.phy = l.link.tx_phy == OTA_PHY_2M ? OTA_PHY_2M : OTA_PHY_1M,
		.data_length = l.link.tx_octets >= 27 ? l.link.tx_octets : USUAL_OCTETS,
		.interval_us = l.link.interval > 0 ? l.link.interval * 1250u : USUAL_INTERVAL_US,
		.encrypted = l.encrypted,
		.buffers = l.buffers,
		.buffer_octets = l.buffer_octets,
		.refill = l.refill || l.buffers == 0,
	};
}

static int pump_approve(void *ctx, const struct ota_info *info, const char *version)
{
	const struct pump *p = pump_of(ctx);

	return p->owner->approve ? p->owner->approve(p->ctx, info, version) : 0;
}

static void pump_state_changed(void *ctx, enum session_state from, enum session_state to)
{
	const struct pump *p = pump_of(ctx);

	if (p->owner->state_changed)
		p->owner->state_changed(p->ctx, from, to);
}

static void pump_note(void *ctx, enum session_note note, uint32_t value)
{
	const struct pump *p = pump_of(ctx);

	if (p->owner->note)
		p->owner->note(p->ctx, note, value);
}

static int pump_stream(void *ctx, const struct ota_info *info, const struct stream **ret)
{
	const struct pump *p = pump_of(ctx);

	return p->owner->stream ? p->owner->stream(p->ctx, info, ret) : 0;
}

static const uint32_t *pump_digests(void *ctx, const struct ota_info *info)
{
	const struct pump *p = pump_of(ctx);

	return p->owner->digests ? p->owner->digests(p->ctx, info) : NULL;
}

static const struct session_ops session_ops = {
	.connect = pump_connect,
	.disconnect = pump_disconnect,
	.discover = pump_discover,
	.subscribe = pump_subscribe,
	.read = pump_read,
	.write = pump_write,
	.link = pump_link,
	.approve = pump_approve,
	.stream = pump_stream,
	.digests = pump_digests,
	.state_changed = pump_state_changed,
	.note = pump_note,
};

int pump_init(struct pump *p, const struct session_config *config)
{
	return session_init(p->session, config, &session_ops, p, 0);
}

/* --- events */

static void pump_link_changed(struct pump *p, const struct transport_event *e)
{
	if (p->owner->link_changed)
		p->owner->link_changed(p->ctx, e);
}

static void pump_received(struct pump *p, const struct transport_event *e)
{
	if (p->owner->received)
		p->owner->received(p->ctx, e->chr, e->data, e->len);
}

/* Without its adapter the link is gone too, even if the stack still reports it. */
static void pump_adapter(struct pump *p, int status, uint64_t now)
{
	if (!session_finished(p->session))
		pump_note(p, SESSION_NOTE_ADAPTER, status == 0);
	if (status < 0)
		session_disconnected(p->session, GATT_NO_ADAPTER, now);
}

void pump_event(struct pump *p, const struct transport_event *e)
{
	struct session *s = p->session;
	const uint64_t now = pump_now(p);

	switch (e->kind) {
	case TRANSPORT_CONNECTED:
		session_connected(s, e->mtu, now);
		pump_link_changed(p, e);
		break;
	case TRANSPORT_DISCONNECTED:
		session_disconnected(s, e->reason, now);
		break;
	case TRANSPORT_MTU:
		session_mtu(s, e->mtu, now);
		pump_link_changed(p, e);
		break;
	case TRANSPORT_DISCOVERED:
		session_discovered(s, e->dialect, e->properties, now);
		break;
	case TRANSPORT_SUBSCRIBED:
		session_subscribed(s, e->status, now);
		break;
	case TRANSPORT_READ:
		if (e->status == 0)
			pump_received(p, e);
		session_read(s, e->chr, e->status, e->data, e->len, now);
		break;
	case TRANSPORT_WRITTEN:
		session_written(s, e->chr, e->status, now);
		break;
	case TRANSPORT_NOTIFIED:
		if (e->chr != GATT_CONTROL && e->chr != GATT_DATA)
			break;
		pump_received(p, e);
		if (e->chr == GATT_CONTROL)
			session_rx(s, e->data, e->len, now);
		else
			session_rx_data(s, e->data, e->len, now);
		break;
	case TRANSPORT_WRITABLE:
		session_writable(s, now);
		break;
	case TRANSPORT_ALARM:
		session_tick(s, now);
		break;
	case TRANSPORT_ADAPTER:
		pump_adapter(p, e->status, now);
		break;
	case TRANSPORT_LINK:
		pump_link_changed(p, e);
		break;
	case TRANSPORT_PASSKEY:
		session_pairing(s, now);
		if (p->owner->passkey)
			p->owner->passkey(p->ctx, e->passkey);
		break;
	case TRANSPORT_PAIRED:
		session_paired(s, e->status, now);
		pump_link_changed(p, e);
		break;
	case TRANSPORT_ADVERTISEMENT: /* of a scan that is over */
	case TRANSPORT_MAINTENANCE: /* not while a session has the transport */
		break;
	}
}
