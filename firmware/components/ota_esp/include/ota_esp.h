/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware update over Bluetooth Low Energy, for an ESP-IDF application.
 *
 * Three calls: ota_esp_init() early in app_main(), ota_esp_start() when the
 * application is ready to be updated, ota_esp_confirm() when it has found
 * itself healthy (only where Kconfig leaves that to the application).
 *
 * An application that runs NimBLE itself calls ota_esp_register() instead of
 * ota_esp_start(); see there.  Everything a product changes is in Kconfig, menu
 * "Firmware update over BLE".
 */
#ifndef OTA_ESP_H
#define OTA_ESP_H

#include <stdbool.h>
#include <stdint.h>

#include "esp_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Commands that decide about the firmware; numbered as on the air. */
enum ota_esp_request {
	OTA_ESP_START = 0x01, /* update, or measure the link */
	OTA_ESP_ABORT = 0x02, /* forget an update that another connection left unfinished */
	OTA_ESP_CONFIRM = 0x06, /* keep the image on trial */
	OTA_ESP_ROLLBACK = 0x07, /* boot the image before it */
	OTA_ESP_REBOOT = 0x08,
	OTA_ESP_PREPARE = 0x0c, /* erase the slot ahead of an update; the way back goes */
};

/*
 * Hooks, each of which may be NULL; arg is handed to all of them.  None may
 * call back into ota_esp, and all but self_test must return within milliseconds.
 */
struct ota_esp_config {
	/*
	 * Asked in NimBLE's host task: may this connection do so now?  NULL = yes.  Who owns
	 * the update under way may do anything to it, whatever is answered here.  A product
	 * that answers yes only for a minute after a button was pressed is safe from anybody
	 * who cannot press it.  An update that goes on after a lost link asks again, so that
	 * the minute should be one for all of it.  It should say yes to OTA_ESP_CONFIRM all
	 * the same: the host asks for it after the reboot, when nobody presses a button, and
	 * what it keeps was permitted to be sent.
	 */
	bool (*permit)(uint16_t conn_handle, enum ota_esp_request request, void *arg);
	/* An update began or ended.  Flash erases stop everything that runs from
	 * flash for up to 0.2 s each: time to put motors at rest. */
	void (*session)(bool active, void *arg);
	/*
	 * Progress for a display: 0..100, the share of the image that is in flash; called in the
	 * update's own task each time it changes.  An update that is resumed begins where it was; a
	 * basic one, whose size is told at its end, counts by the slot until then.
	 */
	void (*progress)(unsigned int percent, void *arg);
	/* Asked in the update's own task before a new image is confirmed, whoever
	 * confirms it.  false = the image is rolled back.  May take seconds. */
	bool (*self_test)(void *arg);
	/* Show this number, 0..999999 with leading zeros, to whoever pairs. */
	void (*show_passkey)(uint32_t passkey, void *arg);
	void *arg;
};

/*
 * Takes stock of slots and the stored resume record, and starts the task that
 * writes flash.  Call after nvs_flash_init(): without NVS everything works but
 * resuming after a power loss.  From here on a new image that is not confirmed
 * in CONFIG_OTA_ESP_CONFIRM_TIMEOUT_S is rolled back, even when the application
 * hangs.  config may be NULL and is copied.
 *
 * ESP_ERR_NOT_FOUND: no second OTA partition; ESP_ERR_NO_MEM: no memory for the
 * ring; ESP_ERR_INVALID_SIZE: CONFIG_OTA_ESP_RING_SIZE_KB is no multiple of 4;
 * ESP_ERR_INVALID_STATE: called before.
 */
esp_err_t ota_esp_init(const struct ota_esp_config *config);

/*
 * Brings up NimBLE with the update service and advertises it.
 * ESP_ERR_INVALID_STATE before ota_esp_init(); otherwise what nimble_port_init()
 * returned, or ESP_FAIL when NimBLE refuses the services.
 */
esp_err_t ota_esp_start(void);

/*
 * Adds the services to an application's own NimBLE.  Call after nimble_port_init(),
 * ble_svc_gap_init() and ble_svc_gatt_init(), before the host task runs.  The application
 * advertises (the service's UUID helps hosts to find it), allows a second connection where it can,
 * and pairs.
 */
esp_err_t ota_esp_register(void);

/*
 * The application vouches for the running image.  Returns at once; the image is
 * marked valid in the update's task.  Nothing happens when it is valid already.
 * ESP_ERR_INVALID_STATE before ota_esp_init().
 */
esp_err_t ota_esp_confirm(void);

/* Returns true if the running image still awaits confirmation. */
bool ota_esp_pending(void);

#ifdef __cplusplus
}
#endif

#endif
