/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link's parameters, PHY, data length, encryption, RSSI, and what the peer's link layer is
 * asked for; either side may begin (7.7.65.3, .6, .7, .12; 7.8.18 to 7.8.49).
 */
#include "radiod/hci_priv.h"

#include <string.h>

#define COMPANY_ESPRESSIF 0x02e5u
#define PEER_FEATURES                                                                              \
	(HCI_FEATURE_ENCRYPTION | HCI_FEATURE_PARAM_REQUEST | HCI_FEATURE_EXTENDED_REJECT |        \
	 HCI_FEATURE_PERIPHERAL_FEATURES | HCI_FEATURE_DATA_LENGTH)
#define LMP_4_2 8u
#define LMP_5_0 9u
#define ANSWER_LIMIT_US 40000000u /* procedure response timeout, Vol 6 Part B 5.2 */
#define INTERVAL_UNIT_US 1250u

/* --- events */

static void told_params(struct hci_conn *conn, uint8_t status, const struct link_state *now)
{
	uint8_t params[9] = {status};

	bytes_put16(params + 1, conn->handle);
	bytes_put16(params + 3, now->interval);
	bytes_put16(params + 5, now->latency);
	bytes_put16(params + 7, now->supervision_timeout);
	hci_le_event(conn->hci, HCI_LE_CONNECTION_UPDATE, params, sizeof(params));
}

static void told_phy(struct hci_conn *conn, uint8_t status, const struct link_state *now)
{
	const uint8_t phy = now->phy == OTA_PHY_2M ? 2 : 1;
	uint8_t params[5] = {status, 0, 0, phy, phy};

	bytes_put16(params + 1, conn->handle);
	hci_le_event(conn->hci, HCI_LE_PHY_UPDATE, params, sizeof(params));
}

static void told_length(struct hci_conn *conn, const struct link_state *now)
{
	uint8_t params[10];

	bytes_put16(params, conn->handle);
	for (unsigned int i = 0; i < 2; i++) { /* transmitted, received */
		bytes_put16(params + 2 + 4 * i, now->data_length);
		bytes_put16(params + 4 + 4 * i, hci_octets_time(now->data_length));
	}
	hci_le_event(conn->hci, HCI_LE_DATA_LENGTH_CHANGE, params, sizeof(params));
}

/* 7.7.8, and 7.7.39 where there was a key before. */
static void told_encryption(struct hci_conn *conn, uint8_t status)
{
	uint8_t params[4] = {status, 0, 0, status == HCI_OK};

	bytes_put16(params + 1, conn->handle);
	if (status == HCI_OK && conn->told.encrypted)
		hci_event(conn->hci, HCI_EV_KEY_REFRESHED, params, 3);
	else
		hci_event(conn->hci, HCI_EV_ENCRYPTION_CHANGE, params, sizeof(params));
}

/* The host is told of its own requests in any case, of others if something changed. */
static void hci_link_on_changed(void *ctx, enum link_procedure procedure, uint8_t code)
{
	struct hci_conn *conn = ctx;
	const bool owed = (conn->owed & 1u << procedure) != 0;
	struct link_state now;

	link_get_state(conn->link, &now);
	conn->owed &= ~(1u << procedure);
	sched_cancel(conn->hci->config.sched, &conn->answer_limit);
	switch (procedure) {
	case LINK_PARAMS:
		if (owed || now.interval != conn->told.interval ||
		    now.latency != conn->told.latency ||
		    now.supervision_timeout != conn->told.supervision_timeout)
			told_params(conn, code, &now);
		break;
	case LINK_PHY:
		if (owed || now.phy != conn->told.phy)
			told_phy(conn, code, &now);
		break;
	case LINK_DATA_LENGTH:
		if (now.data_length != conn->told.data_length)
			told_length(conn, &now);
		break;
	case LINK_ENCRYPTION:
		told_encryption(conn, code);
		break;
	case LINK_PROCEDURES:
		break;
	}
	conn->told = now;
}

static void hci_link_on_disconnected(void *ctx, uint8_t reason)
{
	hci_conn_ended(ctx, reason);
}

/* 7.7.65.6; a host that does not want to be asked has no such feature, Vol 6 Part B 5.1.7. */
static void on_params_wanted(void *ctx, const struct link_params *wish)
{
	struct hci_conn *conn = ctx;
	struct hci *hci = conn->hci;
	uint8_t params[10];

	if (!(hci->can.features & HCI_FEATURE_PARAM_REQUEST) ||
	    !hci_le_wanted(hci, HCI_LE_PARAMETER_REQUEST)) {
		(void)link_answer_params(conn->link, NULL, LINK_CODE_UNSUPPORTED);
		return;
	}
	bytes_put16(params, conn->handle);
	bytes_put16(params + 2, wish->interval_min);
	bytes_put16(params + 4, wish->interval_max);
	bytes_put16(params + 6, wish->latency);
	bytes_put16(params + 8, wish->supervision_timeout);
	sched_at(hci->config.sched, &conn->answer_limit,
		 sched_now(hci->config.sched) + ANSWER_LIMIT_US);
	hci_le_event(hci, HCI_LE_PARAMETER_REQUEST, params, sizeof(params));
}

const struct link_ops hci_link_ops = {
	.fragment = hci_acl_fragment,
	.completed = hci_acl_completed,
	.params_wanted = on_params_wanted,
	.changed = hci_link_on_changed,
	.disconnected = hci_link_on_disconnected,
};

/* --- exchanges that change nothing: two connection events, there and back */

static void features_done(struct hci_conn *conn)
{
	const uint64_t mine = conn->hci->can.features;
	uint64_t features = PEER_FEATURES;
	uint8_t params[11] = {0};

	if (esp_phys(conn->esp) & OTA_PHYS_2M)
		features |= HCI_FEATURE_2M;
	/* Vol 6 Part B 4.6: octet 0 is what both have. */
	features &= mine | ~(uint64_t)0xff;
	bytes_put16(params + 1, conn->handle);
	bytes_put64(params + 3, features);
	hci_le_event(conn->hci, HCI_LE_REMOTE_FEATURES, params, sizeof(params));
}

static void version_done(struct hci_conn *conn)
{
	uint8_t params[8] = {0};

	bytes_put16(params + 1, conn->handle);
	params[3] = esp_phys(conn->esp) & OTA_PHYS_2M ? LMP_5_0 : LMP_4_2;
	bytes_put16(params + 4, COMPANY_ESPRESSIF);
	hci_event(conn->hci, HCI_EV_REMOTE_VERSION, params, sizeof(params));
}

static void exchanged(void *ctx, uint64_t now_us)
{
	struct hci_exchange *x = ctx;

	(void)now_us;
	switch (x->kind) {
	case HCI_EXCHANGE_FEATURES:
		features_done(x->conn);
		break;
	case HCI_EXCHANGE_VERSION:
		version_done(x->conn);
		break;
	case HCI_EXCHANGES:
		break;
	}
}

static uint8_t exchange(struct hci_conn *conn, enum hci_exchange_kind kind)
{
	struct hci_exchange *x = &conn->exchanges[kind];

	if (sched_armed(&x->done))
		return HCI_ERR_DISALLOWED;
	sched_at(conn->hci->config.sched, &x->done,
		 sched_now(conn->hci->config.sched) +
			 2u * conn->told.interval * (uint64_t)INTERVAL_UNIT_US);
	return HCI_OK;
}

uint8_t hci_le_read_remote_features(struct hci_call *call)
{
	return exchange(call->conn, HCI_EXCHANGE_FEATURES);
}

uint8_t hci_read_remote_version(struct hci_call *call)
{
	return exchange(call->conn, HCI_EXCHANGE_VERSION);
}

/* --- reading */

uint8_t hci_read_rssi(struct hci_call *call)
{
	call->ret[0] = (uint8_t)link_rssi(call->conn->link, LINK_CENTRAL);
	return HCI_OK;
}

uint8_t hci_read_conn_tx_power(struct hci_call *call)
{
	return call->p[0] <= 1 ? HCI_OK : HCI_ERR_PARAMETERS; /* 0 dBm */
}

uint8_t hci_le_read_channel_map(struct hci_call *call)
{
	static const uint8_t all[5] = {0xff, 0xff, 0xff, 0xff, 0x1f};

	memcpy(call->ret, all, sizeof(all));
	return HCI_OK;
}

uint8_t hci_le_read_phy(struct hci_call *call)
{
	struct link_state now;

	link_get_state(call->conn->link, &now);
	call->ret[0] = call->ret[1] = now.phy == OTA_PHY_2M ? 2 : 1;
	return HCI_OK;
}

/* --- changing */

static uint8_t asked(struct hci_conn *conn, enum link_procedure procedure, int rc)
{
	if (rc < 0)
		return rc == -OTA_EINVAL ? HCI_ERR_PARAMETERS : HCI_ERR_UNKNOWN_CONNECTION;
	conn->owed |= 1u << procedure;
	return HCI_OK;
}

uint8_t hci_le_update_connection(struct hci_call *call)
{
	struct hci_conn *conn = call->conn;
	struct link_params params;

	if (conn->owed & 1u << LINK_PARAMS)
		return HCI_ERR_DISALLOWED;
	if (!hci_params_read(call->p, &params))
		return HCI_ERR_PARAMETERS;
	return asked(conn, LINK_PARAMS, link_update_params(conn->link, LINK_CENTRAL, &params));
}

/* 7.8.24 */
uint8_t hci_le_start_encryption(struct hci_call *call)
{
	struct hci_conn *conn = call->conn;
	struct link_key key = {.ediv = bytes_get16(call->p + 8)};

	if (conn->owed & 1u << LINK_ENCRYPTION)
		return HCI_ERR_DISALLOWED;
	memcpy(key.rand, call->p, sizeof(key.rand));
	memcpy(key.ltk, call->p + 10, sizeof(key.ltk));
	return asked(conn, LINK_ENCRYPTION, link_encrypt(conn->link, &key));
}

uint8_t hci_le_answer_params(struct hci_call *call)
{
	struct hci_conn *conn = call->conn;
	struct link_params params;

	if (!hci_params_read(call->p, &params))
		return HCI_ERR_PARAMETERS;
	if (link_answer_params(conn->link, &params, 0) < 0)
		return HCI_ERR_DISALLOWED;
	sched_cancel(conn->hci->config.sched, &conn->answer_limit);
	return HCI_OK;
}

uint8_t hci_le_refuse_params(struct hci_call *call)
{
	struct hci_conn *conn = call->conn;

	if (link_answer_params(conn->link, NULL, call->p[0]) < 0)
		return HCI_ERR_DISALLOWED;
	sched_cancel(conn->hci->config.sched, &conn->answer_limit);
	return HCI_OK;
}

static void answer_missing(void *ctx, uint64_t now_us)
{
	struct hci_conn *conn = ctx;

	(void)now_us;
	hci_log(conn->hci, "no answer to a parameter request on 0x%04x", conn->handle);
	(void)link_terminate(conn->link, LINK_CENTRAL, HCI_ERR_RESPONSE_TIMEOUT);
}

uint8_t hci_le_set_data_length(struct hci_call *call)
{
	const uint16_t octets = bytes_get16(call->p), time = bytes_get16(call->p + 2);

	if (octets < HCI_OCTETS_MIN || octets > 251 || time < HCI_TIME_MIN || time > 17040)
		return HCI_ERR_PARAMETERS;
	return link_update_data_length(call->conn->link, LINK_CENTRAL, octets) < 0
		       ? HCI_ERR_UNKNOWN_CONNECTION
		       : HCI_OK;
}

uint8_t hci_le_set_phy(struct hci_call *call)
{
	struct hci_conn *conn = call->conn;
	const uint8_t can = conn->hci->can.phys;
	const uint8_t tx = call->p[0] & 1u ? can : call->p[1];
	const uint8_t rx = call->p[0] & 2u ? can : call->p[2];

	if (tx == 0 || rx == 0)
		return HCI_ERR_PARAMETERS;
	/* Asymmetric links are not modelled. */
	if (tx & ~can || rx & ~can || !(tx & rx))
		return HCI_ERR_UNSUPPORTED_VALUE;
	if (conn->owed & 1u << LINK_PHY)
		return HCI_ERR_DISALLOWED;
	return asked(conn, LINK_PHY, link_update_phy(conn->link, LINK_CENTRAL, tx & rx));
}

/* --- life */

void hci_conn_init(struct hci_conn *conn)
{
	for (unsigned int i = 0; i < HCI_EXCHANGES; i++) {
		struct hci_exchange *x = &conn->exchanges[i];

		x->conn = conn;
		x->kind = (enum hci_exchange_kind)i;
		x->done = (struct sched_event){.fn = exchanged, .ctx = x};
	}
	conn->answer_limit = (struct sched_event){.fn = answer_missing, .ctx = conn};
}

void hci_conn_quiet(struct hci_conn *conn)
{
	for (unsigned int i = 0; i < HCI_EXCHANGES; i++)
		sched_cancel(conn->hci->config.sched, &conn->exchanges[i].done);
	sched_cancel(conn->hci->config.sched, &conn->answer_limit);
}
