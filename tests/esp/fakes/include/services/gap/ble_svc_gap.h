/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of NimBLE's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_BLE_SVC_GAP_H
#define FAKE_BLE_SVC_GAP_H

void ble_svc_gap_init(void);
int ble_svc_gap_device_name_set(const char *name);

#endif
