/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name; the test program chooses the version. */
#ifndef FAKE_ESP_IDF_VERSION_H
#define FAKE_ESP_IDF_VERSION_H

#ifndef FAKE_IDF_MAJOR
#define FAKE_IDF_MAJOR 5
#define FAKE_IDF_MINOR 1
#endif

#define ESP_IDF_VERSION_VAL(major, minor, patch) (((major) << 16) | ((minor) << 8) | (patch))
#define ESP_IDF_VERSION ESP_IDF_VERSION_VAL(FAKE_IDF_MAJOR, FAKE_IDF_MINOR, 0)

#endif
