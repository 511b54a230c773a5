/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator has no stack that could be asked, so its second log is that of the
 * transport's own calls, with how long each took in the modelled world.
 */
#include "sim/sim_priv.h"

#include <stdio.h>
#include <string.h>

static struct stack_log_tag *tag_of(struct sim *sim, enum sim_call call, enum gatt_chr chr)
{
	return &sim->tags[call][chr < GATT_CHRS ? chr : 0];
}

int sim_calls_made(struct sim *sim, enum sim_call call, enum gatt_chr chr, int rc, const char *what)
{
	const bool of_chr = call >= SIM_CALL_SUBSCRIBE;
	struct stack_log_tag unused = {.id = 0},
			     *tag = call == SIM_CALL_SCAN ? &unused : tag_of(sim, call, chr);
	const char *name = of_chr ? stack_log_chr(chr) : "";

	if (!sim->base.watcher)
		return rc;
	if (rc < 0)
		stack_log_refused(&sim->base, &sim->calls, "%s%s%s: %s", name, of_chr ? " " : "",
				  what, strerror(-rc));
	else
		stack_log_made(&sim->base, &sim->calls, tag, "%s%s%s", name, of_chr ? " " : "",
			       what);
	return rc;
}

int sim_calls_write(struct sim *sim, enum gatt_chr chr, enum gatt_write mode, int rc,
		    const uint8_t *buf, size_t len)
{
	char what[TRANSPORT_CALL_TEXT], hex[TRANSPORT_CALL_TEXT - 32];
	struct stack_log_tag unused;

	if (!sim->base.watcher || rc == -OTA_EAGAIN)
		return rc;
	if (chr == GATT_DATA && rc == 0) {
		stack_log_data(&sim->base, &sim->calls, len);
		sim->data_us = sim->base.ops->now_us(&sim->base);
		return rc;
	}
	(void)snprintf(what, sizeof(what), "write %s %s", gatt_write_name(mode),
		       stack_log_hex(buf, len, hex, sizeof(hex)));
	if (rc == 0 && mode != GATT_REQUEST)
		stack_log_made(&sim->base, &sim->calls, &unused, "%s %s", stack_log_chr(chr), what);
	else
		(void)sim_calls_made(sim, SIM_CALL_WRITE, chr, rc, what);
	return rc;
}

static void answered(struct sim *sim, enum sim_call call, const struct transport_event *e,
		     const char *what)
{
	const bool of_chr = call >= SIM_CALL_SUBSCRIBE;

	stack_log_done(&sim->base, &sim->calls, tag_of(sim, call, of_chr ? e->chr : GATT_CONTROL),
		       e->status < 0, "%s%s%s%s%s", of_chr ? stack_log_chr(e->chr) : "",
		       of_chr ? " " : "", what, e->status < 0 ? ": " : "",
		       e->status < 0 ? strerror(-e->status) : "");
}

static void sim_stack_log_told(struct sim *sim, const struct transport_event *e)
{
	struct transport *t = &sim->base;
	char hex[TRANSPORT_CALL_TEXT - 32];

	if (e->kind == TRANSPORT_NOTIFIED) {
		stack_log_signal(t, &sim->calls, "%s notified %s", stack_log_chr(e->chr),
				 stack_log_hex(e->data, e->len, hex, sizeof(hex)));
	} else if (e->kind == TRANSPORT_MTU) {
		stack_log_signal(t, &sim->calls, "MTU %u", e->mtu);
	} else if (e->kind == TRANSPORT_LINK) {
		struct transport_link l;

		t->ops->link_state(t, &l);
		stack_log_signal(t, &sim->calls, "link: interval %.2f ms, PHY %u, data length %u",
				 l.link.interval * 1.25, l.link.tx_phy, l.link.tx_octets);
	} else if (e->kind == TRANSPORT_ADAPTER) {
		stack_log_signal(t, &sim->calls, "adapter %s", e->status < 0 ? "gone" : "back");
	} else if (e->kind == TRANSPORT_PASSKEY) {
		stack_log_signal(t, &sim->calls, "the device requests its passkey");
	} else if (e->kind == TRANSPORT_PAIRED) {
		stack_log_signal(t, &sim->calls, "paired: %s",
				 e->status < 0 ? strerror(-e->status) : "ok");
	}
}

static void sim_stack_log_ended(struct sim *sim, const struct transport_event *e)
{
	const char *reason = gatt_reason_name(e->reason);
	struct stack_log_tag *connect = tag_of(sim, SIM_CALL_CONNECT, GATT_CHRS),
			     *disconnect = tag_of(sim, SIM_CALL_DISCONNECT, GATT_CHRS);

	if (disconnect->id > 0)
		stack_log_done(&sim->base, &sim->calls, disconnect, false, "disconnect: %s",
			       reason);
	else if (connect->id > 0)
		stack_log_done(&sim->base, &sim->calls, connect, true, "connect: %s", reason);
	else
		stack_log_signal(&sim->base, &sim->calls, "disconnected: %s", reason);
	memset(sim->tags, 0, sizeof(sim->tags)); /* no answer comes any more */
}

void sim_calls_event(struct sim *sim, const struct transport_event *e)
{
	if (!sim->base.watcher)
		return;
	switch (e->kind) {
	case TRANSPORT_CONNECTED:
		answered(sim, SIM_CALL_CONNECT, e, "connect");
		break;
	case TRANSPORT_DISCONNECTED:
		sim_stack_log_ended(sim, e);
		break;
	case TRANSPORT_DISCOVERED:
		answered(sim, SIM_CALL_DISCOVER, e, "discover");
		break;
	case TRANSPORT_SUBSCRIBED:
		answered(sim, SIM_CALL_SUBSCRIBE, e, "subscribe");
		break;
	case TRANSPORT_READ:
		answered(sim, SIM_CALL_READ, e, "read");
		break;
	case TRANSPORT_WRITTEN:
		if (e->chr == GATT_DATA)
			stack_log_data_done(&sim->base, &sim->calls,
					    sim->base.ops->now_us(&sim->base) - sim->data_us,
					    e->status < 0);
		else
			answered(sim, SIM_CALL_WRITE, e, "write");
		break;
	case TRANSPORT_NOTIFIED:
	case TRANSPORT_MTU:
	case TRANSPORT_LINK:
	case TRANSPORT_ADAPTER:
	case TRANSPORT_PASSKEY:
	case TRANSPORT_PAIRED:
		sim_stack_log_told(sim, e);
		break;
	case TRANSPORT_ADVERTISEMENT:
	case TRANSPORT_WRITABLE:
	case TRANSPORT_ALARM:
	case TRANSPORT_MAINTENANCE:
		break;
	}
}
