/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of NimBLE's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_HOST_UTIL_H
#define FAKE_HOST_UTIL_H

int ble_hs_util_ensure_addr(int prefer_random);

#endif
