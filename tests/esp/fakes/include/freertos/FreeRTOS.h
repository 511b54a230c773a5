/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of FreeRTOS's header of this name, with ESP-IDF's default tick of 100 Hz. */
#ifndef FAKE_FREERTOS_H
#define FAKE_FREERTOS_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t TickType_t;
typedef int BaseType_t;
typedef unsigned int UBaseType_t;
typedef uint8_t StackType_t; /* ESP-IDF counts stacks in bytes */

#define configTICK_RATE_HZ 100u
#define portMAX_DELAY ((TickType_t)0xffffffffu)
#define pdMS_TO_TICKS(ms) ((TickType_t)(((uint64_t)(ms)*configTICK_RATE_HZ) / 1000u))
#define pdTRUE 1
#define pdFALSE 0

#endif
