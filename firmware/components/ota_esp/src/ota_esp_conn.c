/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections, followed by an event listener, which NimBLE calls for every
 * connection whoever advertised.
 *
 * CONNECT is no event to wait for.  In the esp-nimble of ESP-IDF 5.3.5, and 5.4.1 and
 * later, it comes after Read Remote Version and Features were answered, while the central
 * subscribes and writes already; a central that leaves before brings no DISCONNECT, and
 * CONNECT with a failure, or nothing.  So whatever comes first makes the entry, and until
 * CONNECT came the task looks whether the connection is still there.
 */
#include "ota_esp_priv.h"

#include <string.h>

/* BLE_HS_CONN_HANDLE_NONE finds a free one. */
static struct ota_esp_conn *entry(uint16_t handle)
{
	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++)
		if (ota_esp.conns[i].handle == handle)
			return &ota_esp.conns[i];
	return NULL;
}

struct ota_esp_conn *ota_esp_conn_find(uint16_t handle)
{
	return handle == BLE_HS_CONN_HANDLE_NONE ? NULL : entry(handle);
}

struct ota_esp_conn *ota_esp_conn_enter(uint16_t handle)
{
	ota_esp_enter();
	return ota_esp_conn_find(handle);
}

int ota_esp_conn_count(void)
{
	int count = 0;

	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++)
		count += ota_esp.conns[i].handle != BLE_HS_CONN_HANDLE_NONE;
	return count;
}

bool ota_esp_conn_unsure(const struct ota_esp *s)
{
	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++)
		if (s->conns[i].handle != BLE_HS_CONN_HANDLE_NONE && !s->conns[i].established)
			return true;
	return false;
}

uint16_t ota_esp_conn_at(int i)
{
	uint16_t handle;

	ota_esp_enter();
	handle = ota_esp.conns[i].handle;
	ota_esp_leave_quickly();
	return handle;
}

bool ota_esp_conn_any(void)
{
	int count;

	ota_esp_enter();
	count = ota_esp_conn_count();
	ota_esp_leave_quickly();
	return count > 0;
}

void ota_esp_conn_close_all(void)
{
	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++) {
		const uint16_t handle = ota_esp_conn_at(i);

		if (handle != BLE_HS_CONN_HANDLE_NONE)
			ble_gap_terminate(handle, BLE_ERR_REM_USER_CONN_TERM);
	}
}

static void lost(uint16_t handle)
{
	struct ota_esp *s = &ota_esp;
	struct ota_esp_conn *c;

	c = ota_esp_conn_enter(handle);
	if (c) {
		c->handle = BLE_HS_CONN_HANDLE_NONE;
		if (s->start.conn == handle)
			s->start.conn = BLE_HS_CONN_HANDLE_NONE;
		for (int i = 0; i < OTA_ESP_OUTBOX; i++)
			if (s->outbox[i].conn == handle)
				s->outbox[i].conn = BLE_HS_CONN_HANDLE_NONE;
#ifdef CONFIG_OTA_ESP_SIGNED
		ota_signed_disconnected(&s->gate, handle);
#endif
		ota_device_disconnected(&s->device, handle, s->now);
	}
	ota_esp_leave();
}

/*
 * A handle is used again: by another peer, this is another connection.  After CONNECT the
 * next CONNECT says so, and the address may become that of the peer's identity.
 */
void ota_esp_conn_sweep(void)
{
	struct ble_gap_conn_desc desc;
	struct ota_esp_conn c;

	for (int i = 0; i < OTA_ESP_CONNECTIONS; i++) {
		ota_esp_enter();
		c = ota_esp.conns[i];
		ota_esp_leave_quickly();
		if (c.handle != BLE_HS_CONN_HANDLE_NONE &&
		    (ble_gap_conn_find(c.handle, &desc) != 0 ||
		     (!c.established && memcmp(&c.peer, &desc.peer_ota_addr, sizeof(c.peer)) != 0)))
			lost(c.handle);
	}
}

static struct ota_esp_conn *add(struct ota_esp *s, uint16_t handle, const ble_addr_t *peer)
{
	struct ota_esp_conn *c = entry(BLE_HS_CONN_HANDLE_NONE);

	if (!c)
		return NULL;
	*c = (struct ota_esp_conn){.handle = handle,
				   .rssi = OTA_ESP_RSSI_UNKNOWN,
				   .tx_phy = OTA_PHY_1M,
				   .rx_phy = OTA_PHY_1M,
				   .used = s->now};
	c->peer = *peer;
	ota_device_connected(&s->device, handle, s->now);
#ifdef CONFIG_OTA_ESP_CONFIRM_SELF
	s->confirm_wanted = true;
#endif
	return c;
}

bool ota_esp_conn_seen(uint16_t handle)
{
	struct ota_esp *s = &ota_esp;
	struct ble_gap_conn_desc desc;
	struct ota_esp_conn *c;
	bool added = false;

	/* An application may be a central, too; those links are not for updates. */
	if (ble_gap_conn_find(handle, &desc) != 0 || desc.role != BLE_GAP_ROLE_SLAVE)
		return false;
	ota_esp_conn_sweep(); /* so that those that are gone take no place */
	c = ota_esp_conn_enter(handle);
	if (!c) {
		c = add(s, handle, &desc.peer_ota_addr);
		added = c != NULL;
	}
	ota_esp_leave();
	if (added)
		ota_esp_link_refresh(handle, false);
	return c != NULL;
}

/* --- events; NimBLE's host task, unless said otherwise */

/*
 * With a status it is the end of a link that was never told of, which NimBLE still lists
 * while it says so; or a link like any other, whose central knows no feature exchange.
 * Either way it is looked after until it is gone.
 */
static void on_connect(uint16_t handle, int status)
{
	struct ota_esp_conn *c;

	c = ota_esp_conn_enter(handle);
	if (c && c->established) { /* that one ended unsaid: it never was on air */
		c->established = false;
		c->peer.type = UINT8_MAX; /* nobody's */
	}
	ota_esp_leave_quickly();
	if (ota_esp_conn_seen(handle) && status == 0) {
		c = ota_esp_conn_enter(handle);
		if (c)
			c->established = true;
		ota_esp_leave();
		ota_esp_link_connected(handle);
	}
	ota_esp_conn_sweep();
	ota_esp_gap_advertise();
}

static void on_disconnect(uint16_t handle)
{
	lost(handle);
	ota_esp_gap_advertise();
}

static void on_subscribe(uint16_t handle, bool notify)
{
	struct ota_esp_conn *c;

	/* A connection that ends unsubscribes: that needs no entry. */
	if (notify && !ota_esp_conn_seen(handle))
		return;
	c = ota_esp_conn_enter(handle);
	if (c)
		c->subscribed = notify;
	ota_esp_leave();
	if (c && notify)
		ota_esp_link_subscribed(handle);
}

static void on_conn_update(uint16_t handle, int status)
{
	if (status == 0)
		ota_esp_conn_seen(handle);
	ota_esp_link_event(handle, OTA_ESP_WAITS_PARAMS, status);
	ota_esp_control_updated(handle, status);
	ota_esp_link_run();
}

static void on_phy(uint16_t handle, int status, uint8_t tx_phy, uint8_t rx_phy)
{
	struct ota_esp_conn *c;

	if (status == 0)
		ota_esp_conn_seen(handle);
	c = ota_esp_conn_enter(handle);
	if (c)
		c->phy_asked = false;
	if (c && status == 0) {
		c->tx_phy = tx_phy;
		c->rx_phy = rx_phy;
	}
	ota_esp_leave();
	ota_esp_link_event(handle, OTA_ESP_WAITS_PHY, status);
	ota_esp_link_run();
}

#ifdef BLE_GAP_EVENT_DATA_LEN_CHG /* from ESP-IDF 5.3 on */
static void on_data_length(uint16_t handle, uint16_t tx_octets, uint16_t rx_octets)
{
	struct ota_esp_conn *c;

	ota_esp_conn_seen(handle);
	c = ota_esp_conn_enter(handle);
	if (c) {
		c->tx_octets = tx_octets;
		c->rx_octets = rx_octets;
	}
	ota_esp_leave();
}
#endif

/* NOTIFY_TX, which arrives from within ble_gatts_notify_custom(), is none of these. */
static int on_event(struct ble_gap_event *event, void *arg)
{
	(void)arg;
	switch (event->type) {
	case BLE_GAP_EVENT_CONNECT:
		on_connect(event->connect.conn_handle, event->connect.status);
		break;
	case BLE_GAP_EVENT_DISCONNECT:
		on_disconnect(event->disconnect.conn.conn_handle);
		break;
	case BLE_GAP_EVENT_ADV_COMPLETE:
		ota_esp_gap_advertise();
		break;
	case BLE_GAP_EVENT_SUBSCRIBE:
		if (event->subscribe.attr_handle == ota_esp.control_handle)
			on_subscribe(event->subscribe.conn_handle, event->subscribe.cur_notify);
		break;
	case BLE_GAP_EVENT_MTU:
		ota_esp_conn_seen(event->mtu.conn_handle);
		break;
	case BLE_GAP_EVENT_CONN_UPDATE:
		on_conn_update(event->conn_update.conn_handle, event->conn_update.status);
		break;
	case BLE_GAP_EVENT_PHY_UPDATE_COMPLETE:
		on_phy(event->phy_updated.conn_handle, event->phy_updated.status,
		       event->phy_updated.tx_phy, event->phy_updated.rx_phy);
		break;
#ifdef BLE_GAP_EVENT_DATA_LEN_CHG
	case BLE_GAP_EVENT_DATA_LEN_CHG:
		on_data_length(event->data_len_chg.conn_handle, event->data_len_chg.max_tx_octets,
			       event->data_len_chg.max_rx_octets);
		break;
#endif
	default:
		break;
	}
	return 0;
}

int ota_esp_conn_listen(void)
{
	const int rc = ble_gap_event_listener_register(&ota_esp.listener, on_event, NULL);

	return rc == BLE_HS_EALREADY ? 0 : rc; /* a start that failed half-way registered it */
}
