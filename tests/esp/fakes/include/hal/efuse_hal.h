/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_EFUSE_HAL_H
#define FAKE_EFUSE_HAL_H

#include <stdint.h>

uint32_t efuse_hal_blk_version(void);

#endif
