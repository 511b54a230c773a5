/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link: what it is, and what the central is asked to make of it.
 *
 * Requests are made without the lock, because NimBLE may emit their GAP event
 * before it returns (ble_gap_set_data_len() does when nothing changes).
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

int ota_esp_link_note(void *ctx, uint16_t conn, const struct ota_link_request *request)
{
	struct ota_esp_conn *c = ota_esp_conn_find(conn);

	(void)ctx;
	if (!c)
		return -OTA_ENOTCONN;
	c->request = *request;
	c->requested = true;
	c->host_chose = true;
	return 0;
}

void ota_esp_link_state(void *ctx, uint16_t conn, struct ota_link *ret)
{
	const struct ota_esp_conn *c = ota_esp_conn_find(conn);
	struct ble_gap_conn_desc desc;

	(void)ctx;
	if (!c || ble_gap_conn_find(conn, &desc) != 0)
		return;
	ret->interval = desc.conn_itvl;
	ret->latency = desc.conn_latency;
	ret->supervision_timeout = desc.supervision_timeout;
	ret->tx_phy = c->tx_phy;
	ret->rx_phy = c->rx_phy;
	ret->tx_octets = c->tx_octets;
	ret->rx_octets = c->rx_octets;
	ret->mtu = ble_att_mtu(conn);
}

int8_t ota_esp_link_rssi(void *ctx, uint16_t conn)
{
	int8_t rssi = 127;

	(void)ctx;
	/* One command to the controller and back, well under a millisecond; it
	 * emits no event.  127 is what Read RSSI says for unknown, too. */
	if (ble_gap_conn_rssi(conn, &rssi) != 0)
		return 127;
	return rssi;
}

/* --- the host's requests */

void ota_esp_link_event(uint16_t conn, uint8_t waited, int status)
{
	struct ota_esp *s = &ota_esp;
	struct ota_esp_conn *c;

	ota_esp_enter();
	c = ota_esp_conn_find(conn);
	if (c) {
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

static bool wants_params(const struct ota_link_request *r)
{
	return r->interval_min || r->interval_max || r->latency || r->supervision_timeout;
}

/* Takes a noted request.  What will be waited for is set before anything is
 * asked: the answer may come before the question returns. */
static bool take_request(struct ota_esp_conn *c, uint16_t *ret_conn, struct ota_link_request *ret)
{
	bool taken;

	ota_esp_enter();
	taken = c->requested;
	if (taken) {
		*ret_conn = c->handle;
		*ret = c->request;
		c->requested = false;
		c->code = OTA_OK;
		c->waits = OTA_ESP_WAITS_CALLS;
		if (ret->phys)
			c->waits |= OTA_ESP_WAITS_PHY;
		if (wants_params(ret))
			c->waits |= OTA_ESP_WAITS_PARAMS;
	}
	ota_esp_leave_quickly();
	return taken;
}

static void make_request(uint16_t conn, const struct ota_link_request *r)
{
	int rc = 0;

	/* OTA_PHYS_* are NimBLE's BLE_GAP_LE_PHY_*_MASK: both are HCI's. */
	if (r->phys) {
		rc = ble_gap_set_prefered_le_phy(conn, r->phys, r->phys, 0);
		if (rc != 0)
			ota_esp_link_event(conn, OTA_ESP_WAITS_PHY, rc);
	}
	if (wants_params(r)) {
		rc = update_params(conn, r);
		if (rc != 0)
			ota_esp_link_event(conn, OTA_ESP_WAITS_PARAMS, rc);
	}
	/* No event comes when the length is what it was: not waited for. */
	rc = r->data_length ? set_data_length(conn, r->data_length) : 0;
	ota_esp_link_event(conn, OTA_ESP_WAITS_CALLS, rc);
}

void ota_esp_link_run(void)
{
	struct ota_link_request request;
	uint16_t conn;

	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++)
		if (take_request(&ota_esp.conns[i], &conn, &request))
			make_request(conn, &request);
}

/* --- this side's own wishes */

void ota_esp_link_connected(uint16_t conn)
{
	set_data_length(conn, DLE_OCTETS); /* refused by a 4.0 central: no harm */
}

void ota_esp_link_subscribed(uint16_t conn)
{
#if defined(OTA_ESP_2M) && defined(CONFIG_OTA_ESP_LINK_MANAGE)
	/* After discovery, so as not to run into the central's own procedures. */
	ble_gap_set_prefered_le_phy(conn, OTA_PHYS_2M, OTA_PHYS_2M, 0);
#else
	(void)conn;
#endif
}

#ifdef CONFIG_OTA_ESP_LINK_MANAGE

#define TIMEOUT_ENOUGH 200u /* 10 ms; a host that chose its parameters gets no worse than this */

/* Copies the connection's entry and descriptor; false when it is gone. */
static bool look_up(uint16_t conn, struct ota_esp_conn *ret, struct ble_gap_conn_desc *ret_desc)
{
	const struct ota_esp_conn *c;

	ota_esp_enter();
	c = ota_esp_conn_find(conn);
	if (c)
		*ret = *c;
	ota_esp_leave_quickly();
	return c && ble_gap_conn_find(conn, ret_desc) == 0;
}

static void set_fast(uint16_t conn, bool fast)
{
	struct ota_esp_conn *c;

	ota_esp_enter();
	c = ota_esp_conn_find(conn);
	if (c)
		c->fast = fast;
	ota_esp_leave_quickly();
}

bool ota_esp_link_prepare(uint16_t conn)
{
	struct ota_esp_conn c;
	struct ble_gap_conn_desc desc;
	struct ota_link_request r = {.supervision_timeout = CONFIG_OTA_ESP_SUPERVISION_TIMEOUT};
	uint16_t interval;

	if (!look_up(conn, &c, &desc))
		return false;
	interval = c.tx_phy == OTA_PHY_2M ? CONFIG_OTA_ESP_INTERVAL_2M : CONFIG_OTA_ESP_INTERVAL_1M;
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
	if (update_params(conn, &r) != 0)
		return false;
	set_fast(conn, !c.host_chose);
	return true;
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
		const uint16_t conn = ota_esp.conns[i].handle;

		if (!look_up(conn, &c, &desc) || !c.fast)
			continue;
		set_fast(conn, false);
		update_params(conn, &relaxed);
	}
}

#else

bool ota_esp_link_prepare(uint16_t conn)
{
	(void)conn;
	return false;
}

void ota_esp_link_relax(void)
{
}

#endif
