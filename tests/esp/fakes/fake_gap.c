/* SPDX-License-Identifier: Apache-2.0 */
/* NimBLE's GAP calls: the central answers them after a while, as it is told to. */
#include "fake_nimble.h"

#include "host/util/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_radio fake_radio;
struct radio radio;

struct central *fake_central(uint16_t conn)
{
	return conn < LINKS && radio.centrals[conn].link.up ? &radio.centrals[conn] : NULL;
}

/* --- events */

int fake_emit(struct ble_gap_event *event)
{
	int rc = 0;

	if (event->type != BLE_GAP_EVENT_NOTIFY_TX)
		fake_assert_unlocked("a GAP event is delivered with the lock held");
	for (struct ble_gap_event_listener *l = radio.listeners; l; l = l->fake_next)
		l->fn(event, l->arg);
	if (radio.adv_cb)
		rc = radio.adv_cb(event, NULL);
	return rc;
}

bool fake_start_fails(void)
{
	return fake_radio.fail_start > 0 && --fake_radio.fail_start == 0;
}

int ble_gap_event_listener_register(struct ble_gap_event_listener *listener, ble_gap_event_fn *fn,
				    void *arg)
{
	if (fake_start_fails())
		return BLE_HS_ENOMEM;
	for (struct ble_gap_event_listener *l = radio.listeners; l; l = l->fake_next)
		if (l == listener)
			return BLE_HS_EALREADY;
	listener->fn = fn;
	listener->arg = arg;
	listener->fake_next = radio.listeners;
	radio.listeners = listener;
	return 0;
}

static struct work *copy_work(const struct work *work)
{
	struct work *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *work;
	copy->generation = work->conn < LINKS ? radio.centrals[work->conn].generation : 0;
	return copy;
}

void fake_post(const struct work *work)
{
	if (radio.count == QUEUE) {
		fake_broke("the fake host's queue is full");
		return;
	}
	radio.queue[(radio.first + radio.count++) % QUEUE] = copy_work(work);
	radio.pending = true;
}

static void post_later(void *arg)
{
	const struct work *work = arg;

	if (work->conn >= LINKS || work->generation == radio.centrals[work->conn].generation)
		fake_post(work);
	free(arg);
}

/* The generation is that of now, whoever has the handle then. */
void fake_post_in(uint32_t ms, const struct work *work)
{
	fake_deliver_in(ms, post_later, copy_work(work));
}

/* --- GAP calls */

int ble_gap_conn_find(uint16_t handle, struct ble_gap_conn_desc *out_desc)
{
	const struct central *who = fake_central(handle);

	fake_assert_unlocked("ble_gap_conn_find() with the lock held");
	if (!who)
		return BLE_HS_ENOTCONN;
	*out_desc = who->desc;
	out_desc->conn_handle = handle;
	out_desc->sec_state.encrypted = who->link.encrypted;
	out_desc->sec_state.authenticated = who->link.authenticated;
	out_desc->conn_itvl = who->link.interval;
	out_desc->conn_latency = who->link.latency;
	out_desc->supervision_timeout = who->link.timeout;
	return 0;
}

int ble_gap_conn_rssi(uint16_t conn_handle, int8_t *out_rssi)
{
	fake_assert_unlocked("ble_gap_conn_rssi() with the lock held");
	if (!fake_central(conn_handle))
		return BLE_HS_ENOTCONN;
	*out_rssi = fake_radio.rssi;
	return 0;
}

uint16_t ble_att_mtu(uint16_t conn_handle)
{
	fake_assert_unlocked("ble_att_mtu() with the lock held");
	return fake_central(conn_handle) ? fake_central(conn_handle)->link.mtu : 0;
}

int ble_att_set_preferred_mtu(uint16_t mtu)
{
	fake_radio.preferred_mtu = mtu;
	return fake_start_fails() ? BLE_HS_EINVAL : 0;
}

int ble_gap_terminate(uint16_t conn_handle, uint8_t hci_reason)
{
	fake_assert_unlocked("ble_gap_terminate() with the lock held");
	(void)hci_reason;
	fake_radio.terminated++;
	fake_post_in(30, &(struct work){.kind = DISCONNECT, .conn = conn_handle});
	return 0;
}

/* Accessory Design Guidelines for Apple Devices, connection parameters: 15 ms at least. */
static bool granted(const struct ble_gap_upd_params *params)
{
	return fake_radio.grant && (!fake_radio.apple || params->itvl_min >= 12);
}

int ble_gap_update_params(uint16_t conn_handle, const struct ble_gap_upd_params *params)
{
	fake_assert_unlocked("ble_gap_update_params() with the lock held");
	if (!fake_central(conn_handle))
		return BLE_HS_ENOTCONN;
	if (params->itvl_min < 6 || params->itvl_max > 3200 || params->supervision_timeout < 10 ||
	    params->itvl_min > params->itvl_max ||
	    params->supervision_timeout * 4u <= (1u + params->latency) * params->itvl_max)
		return BLE_HS_EINVAL;
	if (fake_central(conn_handle)->dying)
		return 0x202; /* the controller: unknown connection */
	if (fake_central(conn_handle)->updating)
		return BLE_HS_EALREADY;
	fake_radio.updates++;
	fake_central(conn_handle)->updating = true;
	if (fake_radio.mute) /* ble_l2cap_sig_timer() gives up on it */
		fake_post_in(30000, &(struct work){.kind = UPDATED,
						   .conn = conn_handle,
						   .status = BLE_HS_ETIMEOUT});
	else
		fake_post_in(fake_radio.answer_ms,
			     &(struct work){.kind = UPDATED,
					    .conn = conn_handle,
					    .params = *params,
					    .status = granted(params) ? 0 : 0x23b});
	return 0;
}

int ble_gap_set_prefered_le_phy(uint16_t conn_handle, uint8_t tx_phys_mask, uint8_t rx_phys_mask,
				uint16_t phy_opts)
{
	(void)rx_phys_mask;
	(void)phy_opts;
	fake_assert_unlocked("ble_gap_set_prefered_le_phy() with the lock held");
	if (!fake_central(conn_handle))
		return BLE_HS_ENOTCONN;
	if (fake_central(conn_handle)->phy_pending)
		return 0x20c; /* the controller: command disallowed */
	fake_radio.phy_requests++;
	fake_central(conn_handle)->phy_pending = true;
	fake_post_in(fake_radio.answer_ms, &(struct work){.kind = PHY,
							  .conn = conn_handle,
							  .phy = tx_phys_mask & 2 ? 2 : 1,
							  .status = fake_radio.grant ? 0 : 0x21a});
	return 0;
}

int ble_gap_set_prefered_default_le_phy(uint8_t tx_phys_mask, uint8_t rx_phys_mask)
{
	return tx_phys_mask == rx_phys_mask ? 0 : BLE_HS_EINVAL;
}

/* Emits its event before it returns, as esp-nimble does when nothing changes. */
int ble_gap_set_data_len(uint16_t conn_handle, uint16_t tx_octets, uint16_t tx_time)
{
	struct ble_gap_event event = {.type = 34};

	fake_assert_unlocked("ble_gap_set_data_len() with the lock held");
	if (tx_octets < 27 || tx_octets > 251 || tx_time < 328 || tx_time > 17040)
		return BLE_HS_EINVAL;
	fake_radio.dle_requests++;
	fake_radio.dle_octets = tx_octets;
	event.data_len_chg.conn_handle = conn_handle;
	event.data_len_chg.max_tx_octets = event.data_len_chg.max_rx_octets = tx_octets;
	fake_emit(&event);
	return 0;
}

int ble_gap_write_sugg_def_data_len(uint16_t sugg_max_tx_octets, uint16_t sugg_max_tx_time)
{
	return sugg_max_tx_octets <= 251 && sugg_max_tx_time <= 17040 ? 0 : BLE_HS_EINVAL;
}

int ble_gap_adv_active(void)
{
	fake_assert_unlocked("ble_gap_adv_active() with the lock held");
	return fake_radio.advertising;
}

int ble_gap_adv_stop(void)
{
	fake_assert_unlocked("ble_gap_adv_stop() with the lock held");
	if (!fake_radio.advertising)
		return BLE_HS_EALREADY;
	fake_radio.advertising = false;
	return 0;
}

int ble_gap_adv_set_fields(const struct ble_hs_adv_fields *adv_fields)
{
	fake_assert_unlocked("ble_gap_adv_set_fields() with the lock held");
	/* flags and one 128-bit UUID: 3 + 18 of 31 bytes */
	fake_radio.adv_flags = adv_fields->flags;
	return adv_fields->num_uuids128 == 1 && !adv_fields->name ? 0 : BLE_HS_EINVAL;
}

int ble_gap_adv_rsp_set_fields(const struct ble_hs_adv_fields *rsp_fields)
{
	if (rsp_fields->name_len > 29)
		return BLE_HS_EINVAL;
	snprintf(fake_radio.name, sizeof(fake_radio.name), "%.*s", rsp_fields->name_len,
		 (const char *)rsp_fields->name);
	return 0;
}

int ble_gap_adv_start(uint8_t own_addr_type, const ble_addr_t *direct_addr, int32_t duration_ms,
		      const struct ble_gap_adv_params *adv_params, ble_gap_event_fn *cb,
		      void *cb_arg)
{
	fake_assert_unlocked("ble_gap_adv_start() with the lock held");
	(void)own_addr_type;
	(void)direct_addr;
	(void)duration_ms;
	(void)cb_arg;
	if (fake_radio.advertising)
		return BLE_HS_EALREADY;
	if (fake_radio.fail_advertise > 0) {
		fake_radio.fail_advertise--;
		return BLE_HS_ENOMEM;
	}
	if (adv_params->itvl_min < 32 || adv_params->itvl_min > adv_params->itvl_max)
		return BLE_HS_EINVAL;
	fake_radio.advertising = true;
	radio.adv_cb = cb;
	return 0;
}

int ble_sm_inject_io(uint16_t conn_handle, struct ble_sm_io *pkey)
{
	fake_assert_unlocked("ble_sm_inject_io() with the lock held");
	(void)conn_handle;
	fake_radio.passkey_injected = pkey->passkey;
	return pkey->action == BLE_SM_IOACT_DISP ? 0 : BLE_HS_EINVAL;
}

int ble_store_read_peer_sec(const struct ble_store_key_sec *key_sec,
			    struct ble_store_value_sec *value_sec)
{
	if (fake_radio.bond == 0)
		return BLE_HS_ENOENT;
	*value_sec = (struct ble_store_value_sec){.peer_addr = key_sec->peer_addr,
						  .ltk = {fake_radio.bond}};
	return 0;
}

int ble_store_write_peer_sec(const struct ble_store_value_sec *value_sec)
{
	fake_radio.bond = value_sec->ltk[0];
	return 0;
}

int ble_store_delete_peer_sec(const struct ble_store_key_sec *key_sec)
{
	(void)key_sec;
	fake_radio.bond = 0;
	return 0;
}

int ble_store_util_status_rr(struct ble_store_status_event *event, void *arg)
{
	(void)event;
	(void)arg;
	return 0;
}

int ble_hs_util_ensure_addr(int prefer_random)
{
	fake_assert_unlocked("ble_hs_util_ensure_addr() with the lock held");
	return prefer_random ? BLE_HS_EINVAL : 0;
}

int ble_hs_id_infer_auto(int privacy, uint8_t *out_addr_type)
{
	*out_addr_type = 0;
	return privacy;
}
