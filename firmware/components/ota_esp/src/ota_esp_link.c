/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link: what it is, and what the central is asked to make of it.
 *
 * NimBLE is asked without the lock, because it may wait for the controller, and may emit
 * a request's GAP event before it returns (ble_gap_set_data_len() does when nothing
 * changes).
 */
#include "ota_esp_priv.h"

#include <string.h>

#define DLE_OCTETS 251u /* Core Vol 6 Part B 4.5.10 */
#define PREAMBLE_TO_CRC 14u /* octets on air around a 1M payload, with a MIC */

static uint16_t data_length_time(uint16_t octets)
{
	return (uint16_t)((octets + PREAMBLE_TO_CRC) * 8u);
}

static int set_data_length(uint16_t conn, uint16_t octets)
{
	return ble_gap_set_data_len(conn, octets, data_length_time(octets));
}

/* --- ota_core's operations, with the lock held */

static bool wants_params(const struct ota_link_request *r)
{
	return r->interval_min || r->interval_max || r->latency || r->supervision_timeout;
}

int ota_esp_link_note(void *ctx, uint16_t conn, const struct ota_link_request *request)
{
	struct ota_esp_conn *c = ota_esp_conn_find(conn);

	(void)ctx;
	if (!c)
		return -OTA_ENOTCONN;
	c->request = *request;
	c->todo = OTA_ESP_WAITS_CALLS;
	if (request->phys)
		c->todo |= OTA_ESP_WAITS_PHY;
	if (wants_params(request))
		c->todo |= OTA_ESP_WAITS_PARAMS;
	c->later = 0;
	c->host_chose = true;
	return 0;
}

void ota_esp_link_state(void *ctx, uint16_t conn, struct ota_link *ret)
{
	const struct ota_esp_conn *c = ota_esp_conn_find(conn);

	(void)ctx;
	if (!c)
		return;
	ret->interval = c->interval;
	ret->latency = c->latency;
	ret->supervision_timeout = c->timeout;
	ret->tx_phy = c->tx_phy;
	ret->rx_phy = c->rx_phy;
	ret->tx_octets = c->tx_octets;
	ret->rx_octets = c->rx_octets;
	ret->mtu = c->mtu;
}

int8_t ota_esp_link_rssi(void *ctx, uint16_t conn)
{
	const struct ota_esp_conn *c = ota_esp_conn_find(conn);

	(void)ctx;
	return c ? c->rssi : OTA_ESP_RSSI_UNKNOWN;
}

/* --- what the link is */

void ota_esp_link_refresh(uint16_t conn, bool rssi)
{
	struct ble_gap_conn_desc desc;
	int8_t value = OTA_ESP_RSSI_UNKNOWN;
	const uint16_t mtu = ble_att_mtu(conn);
	struct ota_esp_conn *c;

	if (ble_gap_conn_find(conn, &desc) != 0)
		return;
	if (rssi && ble_gap_conn_rssi(conn, &value) != 0)
		value = OTA_ESP_RSSI_UNKNOWN;
	c = ota_esp_conn_enter(conn);
	if (c) {
		c->interval = desc.conn_itvl;
		c->latency = desc.conn_latency;
		c->timeout = desc.supervision_timeout;
		c->mtu = mtu;
	}
	if (c && rssi)
		c->rssi = value;
	ota_esp_leave_quickly();
}

void ota_esp_link_measure(void)
{
#ifdef CONFIG_OTA_ESP_TELEMETRY
	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++) {
		const struct ota_esp_conn *c = &ota_esp.conns[i];
		uint16_t conn = BLE_HS_CONN_HANDLE_NONE;

		ota_esp_enter();
		if (c->reports && ota_esp_tick_due(&ota_esp))
			conn = c->handle;
		ota_esp_leave_quickly();
		if (conn != BLE_HS_CONN_HANDLE_NONE)
			ota_esp_link_refresh(conn, true);
	}
#endif
}

/* --- the host's requests */

void ota_esp_link_event(uint16_t conn, uint8_t waited, int status)
{
	struct ota_esp *s = &ota_esp;
	struct ota_esp_conn *c;

	ota_esp_link_refresh(conn, false);
	c = ota_esp_conn_enter(conn);
	if (c && (c->later & waited)) { /* another's: now this one can be made */
		c->todo |= c->later & waited;
		c->later &= (uint8_t)~waited;
	} else if (c) {
		if ((c->waits & waited) && status != 0)
			c->code = OTA_ERR_LINK;
		if (!c->waits)
			c->code = OTA_OK; /* nobody asked: this is how it is now */
		c->waits &= (uint8_t)~waited;
		if (!c->waits)
			ota_device_link_changed(&s->device, conn, c->code, s->now);
	}
	ota_esp_leave_quickly(); /* ota_esp_leave() would call back here */
}

static int update_params(uint16_t conn, const struct ota_link_request *r)
{
	struct ble_gap_upd_params params;
	struct ble_gap_conn_desc desc;
	const int rc = ble_gap_conn_find(conn, &desc);

	if (rc != 0)
		return rc;
	params = (struct ble_gap_upd_params){
		.itvl_min = r->interval_min ? r->interval_min : desc.conn_itvl,
		.itvl_max = r->interval_max ? r->interval_max : desc.conn_itvl,
		.latency = r->latency,
		.supervision_timeout =
			r->supervision_timeout ? r->supervision_timeout : desc.supervision_timeout,
	};
	return ble_gap_update_params(conn, &params);
}

/* Takes the parts of a noted request that can be made.  What will be waited for is set
 * before anything is asked: the answer may come before the question returns. */
static uint8_t take_request(struct ota_esp_conn *c, uint16_t *ret_conn,
			    struct ota_link_request *ret)
{
	uint8_t parts;

	ota_esp_enter();
	parts = c->handle == BLE_HS_CONN_HANDLE_NONE ? 0 : c->todo;
	*ret_conn = c->handle;
	*ret = c->request;
	c->todo = 0;
	if (parts & OTA_ESP_WAITS_CALLS) {
		c->code = OTA_OK;
		c->waits = parts;
	}
	if ((parts & OTA_ESP_WAITS_PHY) && c->phy_asked) {
		c->later |= OTA_ESP_WAITS_PHY;
		parts &= (uint8_t)~OTA_ESP_WAITS_PHY;
	}
	ota_esp_leave_quickly();
	return parts;
}

/* A part was refused at once; or something of its kind is under way, such as what this
 * side wished after a session, and it waits for that to end. */
static void not_made(uint16_t conn, uint8_t part, int rc)
{
	struct ota_esp_conn *c;

	if (rc != BLE_HS_EALREADY) {
		ota_esp_link_event(conn, part, rc);
		return;
	}
	c = ota_esp_conn_enter(conn);
	if (c)
		c->later |= part;
	ota_esp_leave_quickly();
}

static void make_request(uint16_t conn, const struct ota_link_request *r, uint8_t parts)
{
	int rc;

	/* OTA_PHYS_* are NimBLE's BLE_GAP_LE_PHY_*_MASK: both are HCI's. */
	if (parts & OTA_ESP_WAITS_PHY) {
		rc = ble_gap_set_prefered_le_phy(conn, r->phys, r->phys, 0);
		if (rc != 0)
			not_made(conn, OTA_ESP_WAITS_PHY, rc);
	}
	if (parts & OTA_ESP_WAITS_PARAMS) {
		rc = update_params(conn, r);
		if (rc != 0)
			not_made(conn, OTA_ESP_WAITS_PARAMS, rc);
	}
	if (parts & OTA_ESP_WAITS_CALLS) {
		/* No event comes if the length does not change: it is not waited for. */
		rc = r->data_length ? set_data_length(conn, r->data_length) : 0;
		ota_esp_link_event(conn, OTA_ESP_WAITS_CALLS, rc);
	}
}

void ota_esp_link_run(void)
{
	struct ota_link_request request;
	uint16_t conn;

	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++) {
		const uint8_t parts = take_request(&ota_esp.conns[i], &conn, &request);

		if (parts)
			make_request(conn, &request, parts);
	}
}

/* --- this side's own wishes */

void ota_esp_link_connected(uint16_t conn)
{
	set_data_length(conn, DLE_OCTETS); /* refused by a 4.0 central: no harm */
}

void ota_esp_link_subscribed(uint16_t conn)
{
#if defined(OTA_ESP_2M) && defined(CONFIG_OTA_ESP_LINK_MANAGE)
	struct ota_esp_conn *c;
	bool wanted;

	/* The PHY is asked for after discovery, so as not to run into the central's own
	 * procedures; not if the host chooses it, nor if the link has it already. */
	c = ota_esp_conn_enter(conn);
	wanted = c && !c->host_chose && !c->phy_asked &&
		 (c->tx_phy != OTA_PHY_2M || c->rx_phy != OTA_PHY_2M);
	if (wanted)
		c->phy_asked = true;
	ota_esp_leave_quickly();
	if (!wanted || ble_gap_set_prefered_le_phy(conn, OTA_PHYS_2M, OTA_PHYS_2M, 0) == 0)
		return;
	c = ota_esp_conn_enter(conn);
	if (c)
		c->phy_asked = false;
	ota_esp_leave_quickly();
#else
	(void)conn;
#endif
}

#ifdef CONFIG_OTA_ESP_LINK_MANAGE

#define TIMEOUT_ENOUGH 200u /* 10 ms; a host that chose its parameters gets no worse than this */
/* 1.25 ms.  Apple's Accessory Design Guidelines: a request for less than 15 ms is refused
 * as a whole, its supervision timeout with it. */
#define INTERVAL_EASY 12u
#define ASKED_MOST 2 /* as wished, and as every central takes it */

/* Copies the connection's entry and descriptor; false when it is gone. */
static bool look_up(uint16_t conn, struct ota_esp_conn *ret, struct ble_gap_conn_desc *ret_desc)
{
	const struct ota_esp_conn *c;

	c = ota_esp_conn_enter(conn);
	if (c)
		*ret = *c;
	ota_esp_leave_quickly();
	return c && ble_gap_conn_find(conn, ret_desc) == 0;
}

static void set_fast(uint16_t conn, bool fast, uint8_t asked)
{
	struct ota_esp_conn *c;

	c = ota_esp_conn_enter(conn);
	if (c) {
		c->fast = fast;
		c->asked = asked;
	}
	ota_esp_leave_quickly();
}

bool ota_esp_link_prepare(uint16_t conn, bool again)
{
	struct ota_esp_conn c;
	struct ble_gap_conn_desc desc;
	struct ota_link_request r = {.supervision_timeout = CONFIG_OTA_ESP_SUPERVISION_TIMEOUT};
	uint16_t interval;
	int rc;

	if (!look_up(conn, &c, &desc))
		return false;
	if (!again)
		c.asked = 0;
	interval = c.tx_phy == OTA_PHY_2M ? CONFIG_OTA_ESP_INTERVAL_2M : CONFIG_OTA_ESP_INTERVAL_1M;
	if (c.asked > 0 && interval < INTERVAL_EASY)
		interval = INTERVAL_EASY;
	if (c.host_chose) {
		if (desc.supervision_timeout >= TIMEOUT_ENOUGH)
			return false;
		r.latency = desc.conn_latency;
	} else {
		if (desc.supervision_timeout >= CONFIG_OTA_ESP_SUPERVISION_TIMEOUT &&
		    desc.conn_itvl <= interval && desc.conn_latency == 0)
			return false;
		r.interval_min = r.interval_max = interval;
	}
	if (c.asked == ASKED_MOST)
		return false;
	rc = update_params(conn, &r);
	/* With another update under way its end is waited for, and then asked again. */
	if (rc == 0 || rc == BLE_HS_EALREADY)
		set_fast(conn, !c.host_chose, (uint8_t)(c.asked + (rc == 0)));
	return rc == 0 || rc == BLE_HS_EALREADY;
}

void ota_esp_link_relax(void)
{
	static const struct ota_link_request relaxed = {
		.interval_min = CONFIG_OTA_ESP_RELAXED_INTERVAL_MIN,
		.interval_max = CONFIG_OTA_ESP_RELAXED_INTERVAL_MAX,
		.latency = CONFIG_OTA_ESP_RELAXED_LATENCY,
		.supervision_timeout = CONFIG_OTA_ESP_SUPERVISION_TIMEOUT,
	};
	struct ble_gap_conn_desc desc;
	struct ota_esp_conn c;

	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++) {
		const uint16_t conn = ota_esp_conn_at(i);

		if (!look_up(conn, &c, &desc) || !c.fast)
			continue;
		set_fast(conn, false, 0);
		update_params(conn, &relaxed);
	}
}

#else

bool ota_esp_link_prepare(uint16_t conn, bool again)
{
	(void)conn;
	(void)again;
	return false;
}

void ota_esp_link_relax(void)
{
}

#endif
