/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_ESP_ATTR_H
#define FAKE_ESP_ATTR_H

#define RTC_NOINIT_ATTR /* fake_board_reset() is a loss of power */

#endif
