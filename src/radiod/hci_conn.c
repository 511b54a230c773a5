/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links made and ended (7.8.12, 7.8.13, 7.8.66, 7.1.6).
 *
 * A link has two users who hear of its end at different times: the host, and the
 * device.  It goes when both have let go of it, while its handle is free as soon
 * as the host was told.
 */
#include "radiod/hci_priv.h"

#include <stdlib.h>
#include <string.h>

#define HANDLE_FIRST 0x0040u
#define WINDOW_US 1250u /* transmitWindowDelay, Vol 6 Part B 4.5.3 */
#define HOST_LATENCY_US 100u /* from the controller through its bus */
#define RSSI_SPREAD 6u

static void conn_unused(struct hci_conn *conn)
{
	struct hci_conn **at = &conn->hci->conns;

	if (conn->open || conn->peripheral)
		return;
	while (*at != conn)
		at = &(*at)->next;
	*at = conn->next;
	hci_conn_quiet(conn);
	link_destroy(conn->link);
	free(conn);
}

/* The device's side is done with the link. */
static void released(void *ctx)
{
	struct hci_conn *conn = ctx;

	conn->peripheral = false;
	conn_unused(conn);
}

struct hci_conn *hci_conn_find(struct hci *hci, uint16_t handle)
{
	for (struct hci_conn *conn = hci->conns; conn; conn = conn->next)
		if (conn->open && conn->handle == handle)
			return conn;
	return NULL;
}

struct link *hci_link(struct hci *hci, const struct esp *esp)
{
	for (struct hci_conn *conn = hci->conns; conn; conn = conn->next)
		if (conn->open && conn->esp == esp)
			return conn->link;
	return NULL;
}

static unsigned int open_count(const struct hci *hci)
{
	unsigned int count = 0;

	for (const struct hci_conn *conn = hci->conns; conn; conn = conn->next)
		count += conn->open;
	return count;
}

static bool connected_to(const struct hci *hci, const struct hci_accept *peer)
{
	for (const struct hci_conn *conn = hci->conns; conn; conn = conn->next)
		if (conn->open && peer->type == conn->peer_type &&
		    memcmp(conn->peer, peer->address, 6) == 0)
			return true;
	return false;
}

static uint16_t handle_free(struct hci *hci)
{
	uint16_t handle = HANDLE_FIRST;

	while (hci_conn_find(hci, handle))
		handle++;
	return handle;
}

/* --- connecting */

/* conn: NULL when none was made. */
static void connection_complete(struct hci *hci, uint8_t status, const struct hci_conn *conn)
{
	const bool enhanced = hci_le_wanted(hci, HCI_LE_ENHANCED_CONNECTION);
	uint8_t params[30] = {status};
	size_t at = 11;

	if (conn) {
		bytes_put16(params + 1, conn->handle);
		params[4] = conn->peer_type;
		memcpy(params + 5, conn->peer, 6);
		at += enhanced ? 12u : 0u; /* no resolvable addresses */
		bytes_put16(params + at, conn->told.interval);
		bytes_put16(params + at + 2, conn->told.latency);
		bytes_put16(params + at + 4, conn->told.supervision_timeout);
	}
	if (enhanced)
		hci_le_event(hci, HCI_LE_ENHANCED_CONNECTION, params, 30);
	else
		hci_le_event(hci, HCI_LE_CONNECTION_COMPLETE, params, 18);
}

static struct link_config link_config_of(struct hci *hci, struct hci_conn *conn)
{
	const struct hci_config *c = &hci->config;

	return (struct link_config){
		.params = hci->initiator.params,
		.phy = OTA_PHY_1M,
		.data_length = HCI_OCTETS_MIN,
		.seed = rng_u64(&hci->rng),
		.first_anchor_us = WINDOW_US + (uint32_t)rng_below(&hci->rng, WINDOW_US),
		.sides[LINK_CENTRAL] =
			{
				.ops = &hci_link_ops,
				.ctx = conn,
				.buffers = c->buffers,
				.buffer_octets = c->buffer_octets,
				.refill = c->refill && !c->late,
				.late = c->late,
				.host_latency_us = HOST_LATENCY_US,
				.phys = hci->can.phys,
				.prefer_phys = hci->default_phys,
				.data_length = hci->can.data_length,
				.loss_ppm = c->loss_ppm,
				.rssi = esp_rssi(conn->esp),
				.rssi_spread = RSSI_SPREAD,
			},
	};
}

/* The host's address as the device sees it. */
static void own_address(const struct hci *hci, uint8_t ret[ESP_PEER])
{
	ret[6] = hci->initiator.own_type;
	for (unsigned int i = 0; i < 6; i++)
		ret[i] = ret[6] == 1 ? hci->random_address[i] : hci->config.address[5 - i];
}

static struct hci_conn *conn_create(struct hci *hci, struct esp *esp, const struct hci_accept *peer)
{
	struct hci_conn *conn = calloc(1, sizeof(*conn));
	struct link_config config;
	uint8_t own[ESP_PEER];
	uint16_t device_conn;

	if (!conn)
		return NULL;
	conn->hci = hci;
	conn->esp = esp;
	memcpy(conn->peer, peer->address, 6);
	conn->peer_type = peer->type;
	config = link_config_of(hci, conn);
	if (esp_accept(esp, &config.sides[LINK_PERIPHERAL], &device_conn) < 0) {
		free(conn);
		return NULL;
	}
	if (link_create(hci->config.sched, &config, &conn->link) < 0) {
		esp_not_connected(esp, device_conn);
		free(conn);
		return NULL;
	}
	conn->handle = handle_free(hci);
	conn->open = conn->peripheral = true;
	link_get_state(conn->link, &conn->told);
	hci_conn_init(conn);
	conn->next = hci->conns;
	hci->conns = conn;
	own_address(hci, own);
	esp_connected(esp, device_conn, own, conn->link, released, conn);
	return conn;
}

void hci_initiator_heard(struct hci *hci, struct esp *esp, const struct hci_accept *peer)
{
	const uint16_t octets = hci->default_octets < hci->can.data_length ? hci->default_octets
									   : hci->can.data_length;
	struct hci_conn *conn;

	if (hci->initiator.use_list ? !hci_accepted(hci, peer)
				    : memcmp(&hci->initiator.peer, peer, sizeof(*peer)) != 0)
		return;
	if (connected_to(hci, peer))
		return;
	conn = conn_create(hci, esp, peer);
	if (!conn)
		return; /* the device cannot; there may be another advertisement */
	hci->initiator.pending = false;
	hci_update_listening(hci);
	connection_complete(hci, HCI_OK, conn);
	/* Vol 6 Part B 4.5.10: a controller that was told to begin with more says so to the peer. */
	if (octets > HCI_OCTETS_MIN)
		(void)link_update_data_length(conn->link, LINK_CENTRAL, octets);
}

/* interval min, max, latency, timeout (7.8.12) */
bool hci_params_read(const uint8_t *p, struct link_params *ret)
{
	const struct link_params params = {
		.interval_min = bytes_get16(p),
		.interval_max = bytes_get16(p + 2),
		.latency = bytes_get16(p + 4),
		.supervision_timeout = bytes_get16(p + 6),
	};

	if (!link_params_valid(&params))
		return false;
	*ret = params;
	return true;
}

static uint8_t initiate(struct hci *hci, uint8_t policy, uint8_t own_type,
			const struct hci_accept *peer, const uint8_t *scan, const uint8_t *p)
{
	struct hci_initiator *i = &hci->initiator;
	const uint16_t interval = bytes_get16(scan), window = bytes_get16(scan + 2);

	if (i->pending || sched_armed(&i->cancelled))
		return HCI_ERR_DISALLOWED;
	if (policy > 1 || own_type > 1 || (policy == 0 && peer->type > 1) || interval < 4 ||
	    window < 4 || window > interval || (own_type == 1 && !hci->random_set) ||
	    !hci_params_read(p, &i->params))
		return HCI_ERR_PARAMETERS;
	if (open_count(hci) == HCI_CONNS)
		return HCI_ERR_CONNECTION_LIMIT;
	if (policy == 0 && connected_to(hci, peer))
		return HCI_ERR_CONNECTED;
	i->use_list = policy == 1;
	i->own_type = own_type;
	i->peer = *peer;
	i->pending = true;
	hci_update_listening(hci);
	return HCI_OK;
}

uint8_t hci_le_create_connection(struct hci_call *call)
{
	struct hci_accept peer = {.type = call->p[5]};

	memcpy(peer.address, call->p + 6, 6);
	return initiate(call->hci, call->p[4], call->p[12], &peer, call->p, call->p + 13);
}

/* 7.8.66: sixteen octets for each PHY; the link starts on 1M in any case. */
uint8_t hci_le_ext_create_connection(struct hci_call *call)
{
	const uint8_t phys = call->p[9];
	struct hci_accept peer = {.type = call->p[2]};
	size_t count = 0;

	for (unsigned int i = 0; i < 8; i++)
		count += (size_t)phys >> i & 1u;
	if (phys == 0 || call->len != 10 + 16 * count)
		return HCI_ERR_PARAMETERS;
	if (!(phys & OTA_PHYS_1M) || phys & ~call->hci->can.phys)
		return HCI_ERR_UNSUPPORTED_VALUE;
	memcpy(peer.address, call->p + 3, 6);
	return initiate(call->hci, call->p[0], call->p[1], &peer, call->p + 10, call->p + 14);
}

/* Comes after the answer to the command. */
static void cancelled(void *ctx, uint64_t now_us)
{
	(void)now_us;
	connection_complete(ctx, HCI_ERR_UNKNOWN_CONNECTION, NULL);
}

uint8_t hci_le_cancel_connection(struct hci_call *call)
{
	struct hci *hci = call->hci;

	if (!hci->initiator.pending)
		return HCI_ERR_DISALLOWED;
	hci->initiator.pending = false;
	hci_update_listening(hci);
	sched_at(hci->config.sched, &hci->initiator.cancelled, sched_now(hci->config.sched));
	return HCI_OK;
}

void hci_initiator_init(struct hci *hci)
{
	hci->initiator.cancelled = (struct sched_event){.fn = cancelled, .ctx = hci};
}

/* --- the end */

uint8_t hci_disconnect(struct hci_call *call)
{
	const uint8_t reason = call->p[0];

	switch (reason) {
	case 0x05: /* authentication failure */
	case 0x13:
	case 0x14:
	case 0x15:
	case 0x1a:
	case 0x29:
	case 0x3b:
		break;
	default:
		return HCI_ERR_PARAMETERS;
	}
	return link_terminate(call->conn->link, LINK_CENTRAL, reason) < 0
		       ? HCI_ERR_UNKNOWN_CONNECTION
		       : HCI_OK;
}

void hci_conn_ended(struct hci_conn *conn, uint8_t reason)
{
	uint8_t params[4] = {0};

	bytes_put16(params + 1, conn->handle);
	params[3] = reason;
	hci_conn_quiet(conn);
	conn->open = false;
	hci_event(conn->hci, HCI_EV_DISCONNECTION_COMPLETE, params, sizeof(params));
	conn_unused(conn);
}

void hci_conns_drop(struct hci *hci)
{
	struct hci_conn *next;

	hci->initiator.pending = false;
	sched_cancel(hci->config.sched, &hci->initiator.cancelled);
	for (struct hci_conn *conn = hci->conns; conn; conn = next) {
		next = conn->next;
		if (!conn->open)
			continue;
		link_vanish(conn->link, LINK_CENTRAL);
		hci_conn_quiet(conn);
		conn->open = false;
		conn_unused(conn);
	}
}
