/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The GATT half of the simulator's central: characteristics by UUID to handles
 * of the ATT client, and its events to those of transport.h.
 */
#include "sim/sim_priv.h"

#include <string.h>

/* The dialect that the device speaks, and its characteristics as that has them. */
static enum dialect_id map_characteristics(struct sim *sim)
{
	char texts[ATTC_CHRS_MAX][2][GATT_UUID_TEXT];
	struct gatt_found found[ATTC_CHRS_MAX];
	size_t count;
	const struct attc_chr *all = attc_chrs(&sim->client, &count);
	const struct dialect *dialect;
	size_t events;

	for (size_t i = 0; i < count; i++) {
		gatt_uuid_text(all[i].service.bytes, all[i].service.len, texts[i][0]);
		gatt_uuid_text(all[i].uuid.bytes, all[i].uuid.len, texts[i][1]);
		found[i] = (struct gatt_found){texts[i][0], texts[i][1], all[i].properties};
	}
	dialect = dialect_find(found, count);
	events = dialect_map_events(dialect, found, count);
	sim->events = events < count ? &all[events] : NULL;
	for (size_t i = 0; i < GATT_CHRS; i++) {
		const size_t at = dialect_map(dialect, (enum gatt_chr)i, found, count);

		sim->chrs[i] = at < count ? &all[at] : NULL;
	}
	return dialect ? dialect->id : DIALECT_UNKNOWN;
}

/* GATT_CHRS when it is none of ours. */
static enum gatt_chr sim_gatt_chr_of(const struct sim *sim, uint16_t handle)
{
	enum gatt_chr chr = GATT_CONTROL;

	while (chr < GATT_CHRS && (!sim->chrs[chr] || sim->chrs[chr]->value_handle != handle))
		chr++;
	return chr;
}

static int status_of(int status)
{
	if (status <= 0)
		return status;
	if (status == ATT_ERR_READ_NOT_PERMITTED || status == ATT_ERR_WRITE_NOT_PERMITTED ||
	    status == ATT_ERR_AUTHENTICATION || status == ATT_ERR_ENCRYPTION)
		return -OTA_EPERM;
	return status == ATT_ERR_NOT_SUPPORTED ? -OTA_ENOTSUP : -OTA_EIO;
}

static void sim_gatt_on_event(void *ctx, const struct attc_event *e)
{
	struct sim *sim = ctx;
	struct transport_event event = {
		.status = status_of(e->status), .data = e->data, .len = e->len, .mtu = e->mtu};

	switch (e->kind) {
	case ATTC_MTU:
		event.kind = TRANSPORT_MTU;
		sim->mtu = e->mtu;
		sim_emit(sim, &event);
		return;
	case ATTC_DISCOVERED:
		event.kind = TRANSPORT_DISCOVERED;
		event.dialect = map_characteristics(sim);
		for (size_t i = 0; i < GATT_CHRS; i++)
			event.properties[i] = sim->chrs[i] ? sim->chrs[i]->properties : 0;
		sim_emit(sim, &event);
		return;
	case ATTC_READ:
		event.kind = TRANSPORT_READ;
		break;
	case ATTC_WRITTEN:
		event.kind = TRANSPORT_WRITTEN;
		break;
	case ATTC_SUBSCRIBED:
		event.kind = TRANSPORT_SUBSCRIBED;
		break;
	case ATTC_NOTIFIED:
		event.kind = TRANSPORT_NOTIFIED;
		break;
	case ATTC_TIMED_OUT:
		(void)link_terminate(sim->link, LINK_CENTRAL, LINK_REASON_REMOTE_USER);
		return;
	}
	event.chr = sim_gatt_chr_of(sim, e->handle);
	if ((e->kind == ATTC_SUBSCRIBED || e->kind == ATTC_NOTIFIED) && sim->events &&
	    sim->events->value_handle == e->handle)
		event.chr = GATT_CONTROL;
	if (event.chr == GATT_CHRS)
		return;
	sim_table_refused(sim, e->kind == ATTC_SUBSCRIBED, e->status);
	if (event.kind == TRANSPORT_WRITTEN && event.chr <= GATT_DATA &&
	    sim_security_refused(sim, event.chr, e->status))
		return;
	if (event.kind == TRANSPORT_WRITTEN)
		sim->writing[event.chr] = false;
	sim_emit(sim, &event);
}

static int sim_gatt_on_send(void *ctx, const uint8_t *pdu, size_t len)
{
	struct sim *sim = ctx;

	return sim->link ? link_send(sim->link, LINK_CENTRAL, LINK_CID_ATT, pdu, len)
			 : -OTA_ENOTCONN;
}

/* The host's own longest, like the kind's, unless another was asked for. */
static uint16_t host_mtu(const struct sim *sim)
{
	if (sim->offered)
		return sim->offered;
	return sim->config.kind.mtu ? sim->config.kind.mtu : ATT_MTU_MAX;
}

void sim_gatt_begin(struct sim *sim)
{
	const struct attc_config config = {
		.send = sim_gatt_on_send,
		.event = sim_gatt_on_event,
		.ctx = sim,
		.sched = &sim->sched,
		.mtu = host_mtu(sim),
		.table = sim->looking ? &sim->looked : &sim->table,
		.deaf = sim->looking,
	};

	if (!sim->looking && sim->table_of != sim->target)
		sim_table_forget(sim, sim->table_of);
	if (!sim->looking)
		sim->table_of = sim->target;
	memset(sim->writing, 0, sizeof(sim->writing));
	memset(sim->chrs, 0, sizeof(sim->chrs));
	sim->events = NULL;
	sim->client_up = attc_init(&sim->client, &config) == 0;
	if (sim->client_up)
		(void)attc_exchange_mtu(&sim->client);
}

void sim_gatt_finish(struct sim *sim)
{
	if (sim->client_up)
		attc_finish(&sim->client);
	sim->client_up = false;
}

static int sim_gatt_called(struct sim *sim, int rc)
{
	sim_clock_kick(sim);
	return rc;
}

int sim_gatt_offer_mtu(struct transport *t, uint16_t mtu)
{
	struct sim *sim = sim_of(t);
	const bool more = mtu > host_mtu(sim);

	if (mtu < ATT_MTU_MIN || mtu > ATT_MTU_MAX)
		return -OTA_EINVAL;
	sim->offered = mtu;
	if (!more || !sim->client_up)
		return 0;
	sim->client.config.mtu = mtu;
	return sim_gatt_called(sim, attc_exchange_mtu(&sim->client));
}

int sim_gatt_discover(struct transport *t)
{
	struct sim *sim = sim_of(t);

	return sim_calls_made(
		sim, SIM_CALL_DISCOVER, GATT_CHRS,
		sim_gatt_called(sim, sim->link ? attc_discover(&sim->client) : -OTA_ENOTCONN),
		"discover");
}

/* 0, or why nothing can be asked of this characteristic. */
static int available(const struct sim *sim, enum gatt_chr chr)
{
	if (!sim->link)
		return -OTA_ENOTCONN;
	return sim->chrs[chr] ? 0 : -OTA_ENOENT;
}

int sim_gatt_subscribe(struct transport *t, enum gatt_chr chr)
{
	struct sim *sim = sim_of(t);
	int rc = available(sim, chr);

	if (rc == 0)
		rc = attc_subscribe(&sim->client,
				    chr == GATT_CONTROL ? sim->events : sim->chrs[chr]);
	return sim_calls_made(sim, SIM_CALL_SUBSCRIBE, chr, sim_gatt_called(sim, rc), "subscribe");
}

int sim_gatt_read(struct transport *t, enum gatt_chr chr)
{
	struct sim *sim = sim_of(t);
	int rc = available(sim, chr);

	if (rc == 0)
		rc = attc_read(&sim->client, sim->chrs[chr]->value_handle);
	return sim_calls_made(sim, SIM_CALL_READ, chr, sim_gatt_called(sim, rc), "read");
}

int sim_gatt_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		   size_t len)
{
	struct sim *sim = sim_of(t);
	int rc = available(sim, chr);

	if (rc == 0 && chr == GATT_DATA && !sim->writing[chr] && !sim_stack_takes(sim))
		rc = -OTA_EAGAIN;
	else if (rc == 0 && mode != GATT_REQUEST)
		rc = attc_write_command(&sim->client, sim->chrs[chr]->value_handle, buf, len);
	else if (rc == 0 && sim->writing[chr])
		rc = -OTA_EBUSY;
	else if (rc == 0) {
		sim_security_asked(sim, chr, buf, len);
		rc = attc_write(&sim->client, sim->chrs[chr]->value_handle, buf, len);
		sim->writing[chr] = rc == 0;
	}
	return sim_calls_write(sim, chr, mode, sim_gatt_called(sim, rc), buf, len);
}
