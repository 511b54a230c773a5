/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of NimBLE's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_BLE_SVC_GATT_H
#define FAKE_BLE_SVC_GATT_H

#include <stdint.h>

void ble_svc_gatt_init(void);
void ble_svc_gatt_changed(uint16_t start_handle, uint16_t end_handle);

#endif
