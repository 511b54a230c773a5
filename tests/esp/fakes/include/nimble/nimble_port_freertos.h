/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of esp-nimble's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_NIMBLE_PORT_FREERTOS_H
#define FAKE_NIMBLE_PORT_FREERTOS_H

#include "freertos/task.h"

void nimble_port_freertos_init(TaskFunction_t host_task_fn);
void nimble_port_freertos_deinit(void);

#endif
