/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application that runs NimBLE itself, with a service of its own: a counter that can be
 * read.  ota_esp adds its service to it; advertising and GAP's events stay the application's.
 */
#include "esp_err.h"
#include "esp_log.h"
#include "nvs_flash.h"
#include "ota_esp.h"

#include "host/ble_hs.h"
#include "host/util/util.h"
#include "nimble/nimble_port.h"
#include "nimble/nimble_port_freertos.h"
#include "services/gap/ble_svc_gap.h"
#include "services/gatt/ble_svc_gatt.h"

#define NAME "counter"

static const char tag[] = "with_nimble";
static uint8_t own_address_type;
static uint32_t counter;

/* 9f2a0000-3c5e-4b1d-8a77-5d0e6c1b2a30; the counter itself is ...0001. */
static const ble_uuid128_t service_uuid = {
	.u = {.type = BLE_UUID_TYPE_128},
	.value = {0x30, 0x2a, 0x1b, 0x6c, 0x0e, 0x5d, 0x77, 0x8a, 0x1d, 0x4b, 0x5e, 0x3c, 0x00,
		  0x00, 0x2a, 0x9f},
};
static const ble_uuid128_t counter_uuid = {
	.u = {.type = BLE_UUID_TYPE_128},
	.value = {0x30, 0x2a, 0x1b, 0x6c, 0x0e, 0x5d, 0x77, 0x8a, 0x1d, 0x4b, 0x5e, 0x3c, 0x01,
		  0x00, 0x2a, 0x9f},
};
/* The update's service, for hosts that look for it: docs/protocol.md section 2. */
static const ble_uuid128_t ota_uuid = {
	.u = {.type = BLE_UUID_TYPE_128},
	.value = {0x1d, 0x60, 0x48, 0xb2, 0xcc, 0xdf, 0x74, 0x9f, 0x28, 0x4a, 0xae, 0x54, 0x01,
		  0x40, 0x1e, 0xfb},
};

static int read_counter(uint16_t conn, uint16_t attr, struct ble_gatt_access_ctxt *ctxt, void *arg)
{
	(void)conn;
	(void)attr;
	(void)arg;
	counter++;
	return os_mbuf_append(ctxt->om, &counter, sizeof(counter)) == 0
		       ? 0
		       : BLE_ATT_ERR_INSUFFICIENT_RES;
}

static const struct ble_gatt_svc_def services[] = {
	{
		.type = BLE_GATT_SVC_TYPE_PRIMARY,
		.uuid = &service_uuid.u,
		.characteristics =
			(struct ble_gatt_chr_def[]){
				{
					.uuid = &counter_uuid.u,
					.access_cb = read_counter,
					.flags = BLE_GATT_CHR_F_READ,
				},
				{0},
			},
	},
	{0},
};

static void advertise(void);

static int on_gap(struct ble_gap_event *event, void *arg)
{
	(void)arg;
	if (event->type == BLE_GAP_EVENT_CONNECT || event->type == BLE_GAP_EVENT_DISCONNECT)
		advertise(); /* for a second central, or the next one */
	return 0;
}

static void advertise(void)
{
	const struct ble_gap_adv_params params = {
		.conn_mode = BLE_GAP_CONN_MODE_UND,
		.disc_mode = BLE_GAP_DISC_MODE_GEN,
	};
	const struct ble_hs_adv_fields fields = {
		.flags = BLE_HS_ADV_F_DISC_GEN | BLE_HS_ADV_F_BREDR_UNSUP,
		.uuids128 = &ota_uuid,
		.num_uuids128 = 1,
		.uuids128_is_complete = 0,
	};
	const struct ble_hs_adv_fields answer = {
		.name = (const uint8_t *)NAME,
		.name_len = sizeof(NAME) - 1,
		.name_is_complete = 1,
	};

	if (ble_gap_adv_set_fields(&fields) != 0 || ble_gap_adv_rsp_set_fields(&answer) != 0 ||
	    ble_gap_adv_start(own_address_type, NULL, BLE_HS_FOREVER, &params, on_gap, NULL) != 0)
		ESP_LOGI(tag, "no advertising now"); /* no place for another connection, say */
}

static void on_sync(void)
{
	if (ble_hs_util_ensure_addr(0) == 0 && ble_hs_id_infer_auto(0, &own_address_type) == 0)
		advertise();
}

static void host_task(void *arg)
{
	(void)arg;
	nimble_port_run();
	nimble_port_freertos_deinit();
}

void app_main(void)
{
	ESP_ERROR_CHECK(nvs_flash_init());
	ESP_ERROR_CHECK(ota_esp_init(NULL));
	ESP_ERROR_CHECK(nimble_port_init());
	ble_hs_cfg.sync_cb = on_sync;
	ble_svc_gap_init();
	ble_svc_gatt_init();
	if (ble_svc_gap_device_name_set(NAME) != 0 || ble_att_set_preferred_mtu(517) != 0 ||
	    ble_gatts_count_cfg(services) != 0 || ble_gatts_add_svcs(services) != 0)
		ESP_LOGE(tag, "NimBLE took not all of it");
	ESP_ERROR_CHECK(ota_esp_register()); /* before the host's task runs */
	nimble_port_freertos_init(host_task);
}
