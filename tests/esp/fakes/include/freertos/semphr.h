/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of FreeRTOS's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_FREERTOS_SEMPHR_H
#define FAKE_FREERTOS_SEMPHR_H

#include "freertos/FreeRTOS.h"

struct fake_task;

typedef struct {
	bool mutex, taken; /* taken: a mutex's; a binary semaphore's is its being empty */
	struct fake_task *owner;
} StaticSemaphore_t;
typedef StaticSemaphore_t *SemaphoreHandle_t;

SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t *buffer);
SemaphoreHandle_t xSemaphoreCreateBinaryStatic(StaticSemaphore_t *buffer);
BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t ticks);
BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore);

#endif
