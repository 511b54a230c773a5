/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of esp-nimble's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_NIMBLE_PORT_H
#define FAKE_NIMBLE_PORT_H

#include "esp_err.h"

esp_err_t nimble_port_init(void);
esp_err_t nimble_port_deinit(void);
void nimble_port_run(void);

#endif
