/* SPDX-License-Identifier: Apache-2.0 */
/* Fake of FreeRTOS's header of this name: only what ota_esp uses, as documented there. */
#ifndef FAKE_FREERTOS_TASK_H
#define FAKE_FREERTOS_TASK_H

#include "freertos/FreeRTOS.h"

typedef struct fake_task *TaskHandle_t;
typedef struct {
	int unused;
} StaticTask_t;
typedef void (*TaskFunction_t)(void *arg);

/* The fake runs the task on a stack of its own: a host's frames are larger. */
TaskHandle_t xTaskCreateStatic(TaskFunction_t function, const char *name, uint32_t stack_bytes,
			       void *arg, UBaseType_t priority, StackType_t *stack,
			       StaticTask_t *task);
void vTaskDelay(TickType_t ticks);
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task); /* bytes */

/* In ESP-IDF it is freertos/app_startup.c that declares it, for itself. */
void app_main(void);

#endif
