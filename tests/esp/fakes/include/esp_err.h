/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of ESP-IDF's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_ESP_ERR_H
#define FAKE_ESP_ERR_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef int esp_err_t;

#define ESP_OK 0
#define ESP_FAIL (-1)
#define ESP_ERR_NO_MEM 0x101
#define ESP_ERR_INVALID_ARG 0x102
#define ESP_ERR_INVALID_STATE 0x103
#define ESP_ERR_INVALID_SIZE 0x104
#define ESP_ERR_NOT_FOUND 0x105
#define ESP_ERR_TIMEOUT 0x107

#define ESP_ERROR_CHECK(x)                                                                         \
	do {                                                                                       \
		if ((x) != ESP_OK) {                                                               \
			fprintf(stderr, "%s:%d: ESP_ERROR_CHECK\n", __FILE__, __LINE__);           \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
