/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advertising, pairing, and NimBLE's start where nobody else starts it.
 *
 * Whether to advertise follows from what is, not from events: a central that leaves
 * early brings none in some releases (ota_esp_conn.c), so the task looks now and then.
 * Pairing needs answers, which only the callback given to ble_gap_adv_start() can give.
 */
#include "ota_esp_priv.h"

#include <stdio.h>
#include <string.h>

#include "esp_log.h"
#include "esp_mac.h"
#include "esp_random.h"
#include "host/util/util.h"
#include "nimble/nimble_port.h"
#include "nimble/nimble_port_freertos.h"
#include "services/gap/ble_svc_gap.h"
#include "services/gatt/ble_svc_gatt.h"

/* In store/config of NimBLE, without a header: its examples declare it as well. */
void ble_store_config_init(void);

/* --- advertising */

#ifdef CONFIG_OTA_ESP_ADVERTISE

#ifdef CONFIG_OTA_ESP_SECURITY_AUTHENTICATED
static void show_passkey(uint16_t handle)
{
	struct ble_sm_io io = {.action = BLE_SM_IOACT_DISP, .passkey = esp_random() % 1000000u};

	if (ota_esp.config.show_passkey)
		ota_esp.config.show_passkey(io.passkey, ota_esp.config.arg);
	else
		ESP_LOGW("ota_esp", "passkey %06u", (unsigned int)io.passkey);
	ble_sm_inject_io(handle, &io);
}
#endif

/*
 * A bonded peer lost its keys; or a stranger with its address says so.  NimBLE pairs once
 * the peer's part of the bond is gone, and goes on asking while it is there.  Our part,
 * by which the owner's link is encrypted, stays until new keys replace it, and the
 * peer's comes back where pairing fails.
 */
static int pair_again(uint16_t handle)
{
	struct ota_esp *s = &ota_esp;
	struct ble_store_key_sec key = {.idx = 0};
	struct ble_gap_conn_desc desc;

	if (s->pairing_conn != BLE_HS_CONN_HANDLE_NONE || ble_gap_conn_find(handle, &desc) != 0)
		return BLE_GAP_REPEAT_PAIRING_IGNORE; /* one at a time */
	key.peer_addr = desc.peer_id_addr;
	if (ble_store_read_peer_sec(&key, &s->old_bond) != 0 ||
	    ble_store_delete_peer_sec(&key) != 0)
		return BLE_GAP_REPEAT_PAIRING_IGNORE;
	s->pairing_conn = handle;
	return BLE_GAP_REPEAT_PAIRING_RETRY;
}

static void pairing_ended(uint16_t handle, bool paired)
{
	struct ota_esp *s = &ota_esp;

	if (handle != s->pairing_conn)
		return;
	s->pairing_conn = BLE_HS_CONN_HANDLE_NONE;
	if (!paired)
		ble_store_write_peer_sec(&s->old_bond);
}

static int on_pairing(struct ble_gap_event *event, void *arg)
{
	(void)arg;
	switch (event->type) {
#ifdef CONFIG_OTA_ESP_SECURITY_AUTHENTICATED
	case BLE_GAP_EVENT_PASSKEY_ACTION:
		if (event->passkey.params.action == BLE_SM_IOACT_DISP)
			show_passkey(event->passkey.conn_handle);
		break;
#endif
	case BLE_GAP_EVENT_REPEAT_PAIRING:
		return pair_again(event->repeat_pairing.conn_handle);
	case BLE_GAP_EVENT_ENC_CHANGE:
		pairing_ended(event->enc_change.conn_handle, event->enc_change.status == 0);
		break;
	case BLE_GAP_EVENT_DISCONNECT:
		pairing_ended(event->disconnect.conn.conn_handle, false);
		break;
	default:
		break;
	}
	return 0;
}

/* NimBLE keeps the first fields, with their pointers, and advertises them again by itself. */
static int set_advertising_data(const struct ota_esp *s)
{
	struct ble_hs_adv_fields fields = {
		.flags = BLE_HS_ADV_F_DISC_GEN | BLE_HS_ADV_F_BREDR_UNSUP,
		.uuids128 = &s->uuid[0],
		.num_uuids128 = 1,
		.uuids128_is_complete = 1,
	};
	const int rc = ble_gap_adv_set_fields(&fields);

	if (rc != 0)
		return rc;
	memset(&fields, 0, sizeof(fields));
	fields.name = (const uint8_t *)s->name;
	fields.name_len = (uint8_t)strlen(s->name);
	fields.name_is_complete = 1;
	return ble_gap_adv_rsp_set_fields(&fields);
}

static int start_advertising(const struct ota_esp *s)
{
	const struct ble_gap_adv_params params = {
		.conn_mode = BLE_GAP_CONN_MODE_UND,
		.disc_mode = BLE_GAP_DISC_MODE_GEN,
		.itvl_min = BLE_GAP_ADV_ITVL_MS(CONFIG_OTA_ESP_ADV_INTERVAL_MS),
		.itvl_max = BLE_GAP_ADV_ITVL_MS(CONFIG_OTA_ESP_ADV_INTERVAL_MS + 10),
	};
	uint8_t address_type;
	int rc = ble_hs_util_ensure_addr(0);

	if (rc == 0)
		rc = ble_hs_id_infer_auto(0, &address_type);
	if (rc == 0)
		rc = set_advertising_data(s);
	if (rc == 0)
		rc = ble_gap_adv_start(address_type, NULL, BLE_HS_FOREVER, &params, on_pairing,
				       NULL);
	return rc == BLE_HS_EALREADY ? 0 : rc; /* the other task was sooner */
}

bool ota_esp_gap_wanted(const struct ota_esp *s)
{
	return s->owns_nimble && s->synced && s->inspected && !s->reboot &&
	       ota_esp_conn_count() < OTA_ESP_CONNECTIONS;
}

void ota_esp_gap_advertise(void)
{
	struct ota_esp *s = &ota_esp;
	bool wanted, told;
	int rc;

	ota_esp_enter();
	wanted = ota_esp_gap_wanted(s);
	ota_esp_leave_quickly();
	if (!wanted || ble_gap_adv_active())
		return;
	rc = start_advertising(s);
	ota_esp_enter();
	told = rc == s->advertise_rc;
	s->advertise_rc = rc;
	ota_esp_leave_quickly();
	if (rc != 0 && !told) /* it is tried again each OTA_ESP_LOOK_MS */
		ota_esp_error("advertise", rc);
}

#else

bool ota_esp_gap_wanted(const struct ota_esp *s)
{
	(void)s;
	return false;
}

void ota_esp_gap_advertise(void)
{
}

#endif

void ota_esp_gap_stop(void)
{
#ifdef CONFIG_OTA_ESP_ADVERTISE
	bool synced;

	ota_esp_enter();
	synced = ota_esp.synced;
	ota_esp_leave_quickly();
	if (synced)
		ble_gap_adv_stop();
#endif
	ota_esp_conn_close_all();
}

/* --- NimBLE's start */

static void on_sync(void)
{
	struct ota_esp *s = &ota_esp;

	ble_gap_write_sugg_def_data_len(251, 2120); /* Core Vol 6 Part B 4.5.10 */
#ifdef OTA_ESP_2M
	ble_gap_set_prefered_default_le_phy(OTA_PHYS_1M | OTA_PHYS_2M, OTA_PHYS_1M | OTA_PHYS_2M);
#endif
	/* A bonded host has cached the attributes of the image that ran before. */
	if (s->new_image)
		ble_svc_gatt_changed(0x0001, 0xffff);
	ota_esp_enter();
	s->msys_idle = os_msys_num_free();
	s->synced = true;
#ifdef CONFIG_OTA_ESP_CONFIRM_SELF
	s->confirm_wanted = true; /* it can be updated again, which is what matters */
#endif
	ota_esp_leave();
	ota_esp_gap_advertise();
}

static void on_reset(int reason)
{
	ota_esp_enter();
	ota_esp.synced = false;
	ota_esp_leave();
	ota_esp_conn_sweep();
	ota_esp_error("keep NimBLE in step", reason);
}

static void host_task(void *param)
{
	(void)param;
	nimble_port_run(); /* until nimble_port_stop() */
	nimble_port_freertos_deinit();
}

static void set_security(void)
{
#ifdef CONFIG_OTA_ESP_SECURITY_AUTHENTICATED
	ble_hs_cfg.sm_io_cap = BLE_HS_IO_DISPLAY_ONLY;
	ble_hs_cfg.sm_mitm = 1;
#else
	ble_hs_cfg.sm_io_cap = BLE_HS_IO_NO_INPUT_OUTPUT;
#endif
	ble_hs_cfg.sm_sc = 1;
#ifdef CONFIG_OTA_ESP_BONDING
	ble_hs_cfg.sm_bonding = 1;
	ble_hs_cfg.sm_our_key_dist = BLE_SM_PAIR_KEY_DIST_ENC | BLE_SM_PAIR_KEY_DIST_ID;
	ble_hs_cfg.sm_their_key_dist = BLE_SM_PAIR_KEY_DIST_ENC | BLE_SM_PAIR_KEY_DIST_ID;
#endif
}

static void set_name(struct ota_esp *s)
{
#ifdef CONFIG_OTA_ESP_NAME_SUFFIX
	uint8_t mac[6] = {0};

	esp_read_mac(mac, ESP_MAC_BT);
	snprintf(s->name, sizeof(s->name), "%.24s-%02x%02x", CONFIG_OTA_ESP_DEVICE_NAME, mac[4],
		 mac[5]);
#else
	snprintf(s->name, sizeof(s->name), "%.29s", CONFIG_OTA_ESP_DEVICE_NAME);
#endif
}

int ota_esp_gap_start(void)
{
	struct ota_esp *s = &ota_esp;
	const esp_err_t err = nimble_port_init();

	if (err != ESP_OK)
		return err;
	s->owns_nimble = true;
	ble_hs_cfg.sync_cb = on_sync;
	ble_hs_cfg.reset_cb = on_reset;
	ble_hs_cfg.store_status_cb = ble_store_util_status_rr;
	set_security();
	set_name(s);
	ble_svc_gap_init();
	ble_svc_gatt_init();
	if (ota_esp_register() != ESP_OK || ble_svc_gap_device_name_set(s->name) != 0 ||
	    ble_att_set_preferred_mtu(CONFIG_OTA_ESP_MTU) != 0) {
		s->owns_nimble = false;
		nimble_port_deinit(); /* so that it can be tried again */
		return ESP_FAIL;
	}
	ble_store_config_init();
	nimble_port_freertos_init(host_task);
	return ESP_OK;
}
