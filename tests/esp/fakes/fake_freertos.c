/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of FreeRTOS, esp_timer and the task watchdog. */
#include "fake_rtos.h"

#include "esp_system.h"
#include "esp_task_wdt.h"

/* --- FreeRTOS */

TaskHandle_t xTaskCreateStatic(TaskFunction_t function, const char *name, uint32_t stack_bytes,
			       void *arg, UBaseType_t priority, StackType_t *stack,
			       StaticTask_t *task)
{
	(void)name;
	(void)priority;
	if (stack_bytes < 1024 || !stack || !task)
		return NULL;
	return fake_create(function, arg);
}

UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task)
{
	if (task)
		fake_broke("the stack of another task is measured");
	return fake_board.stack_left;
}

void vTaskDelay(TickType_t ticks)
{
	fake_block_us(ticks * 1000000ull / configTICK_RATE_HZ);
}

SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t *buffer)
{
	*buffer = (StaticSemaphore_t){.mutex = true};
	return buffer;
}

SemaphoreHandle_t xSemaphoreCreateBinaryStatic(StaticSemaphore_t *buffer)
{
	*buffer = (StaticSemaphore_t){.taken = true};
	return buffer;
}

BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t ticks)
{
	if (semaphore->mutex && semaphore->taken) {
		/* Tasks never block with a lock held, so only the owner can meet it. */
		fake_broke("a lock is taken twice");
		return pdFALSE;
	}
	if (semaphore->taken) {
		rtos.current->waits = semaphore;
		fake_block(ticks == portMAX_DELAY
				   ? FOREVER
				   : rtos.now + ticks * 1000000ull / configTICK_RATE_HZ);
		rtos.current->waits = NULL;
		if (semaphore->taken)
			return pdFALSE;
	}
	ACQUIRE(semaphore);
	semaphore->taken = true;
	semaphore->owner = rtos.current;
	rtos.locked += semaphore->mutex;
	return pdTRUE;
}

BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore)
{
	if (semaphore->mutex) {
		if (!semaphore->taken || semaphore->owner != rtos.current)
			fake_broke("a lock is given by who does not hold it");
		rtos.locked--;
	}
	RELEASE(semaphore);
	semaphore->taken = false;
	return pdTRUE;
}

/* --- ESP-IDF */

int64_t esp_timer_get_time(void)
{
	return (int64_t)rtos.now;
}

esp_err_t esp_timer_create(const esp_timer_create_args_t *create_args,
			   esp_timer_handle_t *out_handle)
{
	for (int i = 0; i < 4; i++) {
		struct esp_timer *timer = &rtos.esp_timers[i];

		if (timer->used)
			continue;
		*timer = (struct esp_timer){
			.used = true, .callback = create_args->callback, .arg = create_args->arg};
		*out_handle = timer;
		return ESP_OK;
	}
	return ESP_ERR_NO_MEM;
}

esp_err_t esp_timer_start_once(esp_timer_handle_t timer, uint64_t timeout_us)
{
	timer->armed = true;
	timer->at = rtos.now + timeout_us;
	return ESP_OK;
}

esp_err_t esp_timer_stop(esp_timer_handle_t timer)
{
	timer->armed = false;
	return ESP_OK;
}

esp_err_t esp_task_wdt_add(TaskHandle_t task_handle)
{
	if (task_handle || rtos.current->watched)
		return ESP_ERR_INVALID_ARG;
	if (fake_board.no_watchdog) {
		fake_board.watchdog_refusals++;
		return ESP_ERR_INVALID_STATE;
	}
	rtos.current->watched = true;
	rtos.current->fed = rtos.now;
	return ESP_OK;
}

esp_err_t esp_task_wdt_reset(void)
{
	if (!rtos.current->watched)
		return ESP_ERR_NOT_FOUND;
	rtos.current->fed = rtos.now;
	return ESP_OK;
}

esp_err_t esp_task_wdt_delete(TaskHandle_t task_handle)
{
	if (task_handle || !rtos.current->watched)
		return ESP_ERR_INVALID_ARG;
	rtos.current->watched = false;
	return ESP_OK;
}

void esp_restart(void)
{
	if (rtos.locked > 0)
		fake_broke("restart with a lock held");
	fake_board.restarts++;
	rtos.restarted = true;
	for (;;)
		fake_to_test();
}
