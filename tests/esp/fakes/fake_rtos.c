/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FreeRTOS, esp_timer and the task watchdog: tasks are coroutines, so that a
 * test is the same each time, and time passes only when all of them wait.
 */
#include "fake.h"

#include "esp_system.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "freertos/semphr.h"
#include "freertos/task.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif
/*
 * For the thread sanitizer each coroutine is a thread of its own, which nothing but what
 * really orders tasks is ordered by: locks, semaphores, and what is handed over.
 * tests/tools/esp_threads instruments the firmware only, so the macro is its own.
 */
#ifdef FAKE_THREADS
#include <sanitizer/tsan_interface.h>
#define ACQUIRE(what) __tsan_acquire(what)
#define RELEASE(what) __tsan_release(what)
#else
#define ACQUIRE(what) ((void)(what))
#define RELEASE(what) ((void)(what))
#endif

#define TASKS 8
#define TIMERS 4096
#define STACK 262144 /* a host's libraries and sanitizers are not frugal */
#define FOREVER UINT64_MAX

struct fake_task {
	bool used, ready;
	uint64_t wake; /* us */
	bool timed_out;
	SemaphoreHandle_t waits;
	bool *flag;
	TaskFunction_t function;
	void *arg;
	ucontext_t context;
	char *stack;
	void *asan, *tsan;
	bool watched;
	uint64_t fed; /* us */
};

struct timer {
	bool armed;
	uint64_t at; /* us */
	void (*function)(void *arg);
	void *arg;
	bool release; /* arg is the fake's own: the function frees it */
};

struct esp_timer {
	esp_timer_cb_t callback;
	void *arg;
	bool armed;
	uint64_t at; /* us */
	bool used;
};

const char *fake_breach;

static struct {
	uint64_t now; /* us */
	struct fake_task tasks[TASKS];
	struct fake_task *current; /* NULL: the test itself */
	ucontext_t test;
	void *asan, *tsan;
	const void *test_stack;
	size_t test_stack_size;
	struct timer timers[TIMERS];
	struct esp_timer esp_timers[4];
	bool restarted;
	int locked; /* mutexes held */
	uint32_t wakeups;
} rtos;

void fake_broke(const char *rule)
{
	if (!fake_breach)
		fake_breach = rule;
}

uint64_t fake_now_us(void)
{
	return rtos.now;
}

uint32_t fake_now_ms(void)
{
	return (uint32_t)(rtos.now / 1000u);
}

uint32_t fake_wakeups(void)
{
	return rtos.wakeups;
}

bool fake_restarted(void)
{
	return rtos.restarted;
}

void fake_assert_unlocked(const char *where)
{
	if (rtos.locked > 0)
		fake_broke(where);
}

/* --- switching */

static void to_task(struct fake_task *task)
{
	rtos.current = task;
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_start_switch_fiber(&rtos.asan, task->stack, STACK);
#endif
#ifdef FAKE_THREADS
	rtos.tsan = __tsan_get_current_fiber();
	if (!task->tsan) {
		task->tsan = __tsan_create_fiber(0);
		RELEASE(task); /* what came before a task is done for it */
		__tsan_switch_to_fiber(task->tsan, __tsan_switch_to_fiber_no_sync);
		ACQUIRE(task);
	} else {
		__tsan_switch_to_fiber(task->tsan, __tsan_switch_to_fiber_no_sync);
	}
#endif
	swapcontext(&rtos.test, &task->context);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(rtos.asan, NULL, NULL);
#endif
	rtos.current = NULL;
}

static void to_test(void)
{
	struct fake_task *task = rtos.current;

#ifdef __SANITIZE_ADDRESS__
	__sanitizer_start_switch_fiber(&task->asan, rtos.test_stack, rtos.test_stack_size);
#endif
#ifdef FAKE_THREADS
	RELEASE(task); /* for the reset, which nothing outlives */
	__tsan_switch_to_fiber(rtos.tsan, __tsan_switch_to_fiber_no_sync);
#endif
	swapcontext(&task->context, &rtos.test);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(task->asan, NULL, NULL);
#endif
}

static void entry(void)
{
	struct fake_task *task = rtos.current;

#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(NULL, &rtos.test_stack, &rtos.test_stack_size);
#endif
	task->function(task->arg);
	task->ready = false;
	task->wake = FOREVER;
	for (;;)
		to_test();
}

static void check_watchdog(void)
{
	for (int i = 0; i < TASKS; i++)
		if (rtos.tasks[i].used && rtos.tasks[i].watched &&
		    rtos.now - rtos.tasks[i].fed > FAKE_WDT_MS * 1000ull)
			fake_broke("the task watchdog was not fed");
}

/* Runs every task that can run; one that was restarted stays where it is. */
static bool run_ready(void)
{
	bool ran = false;

	for (int i = 0; i < TASKS && !rtos.restarted; i++) {
		struct fake_task *task = &rtos.tasks[i];

		if (task->used && !task->ready && task->waits && !task->waits->taken)
			task->ready = true;
		if (task->used && !task->ready && task->flag && *task->flag)
			task->ready = true;
		if (!task->used || !task->ready)
			continue;
		ran = true;
		to_task(task);
	}
	return ran;
}

static uint64_t next_event(void)
{
	uint64_t at = FOREVER;

	for (int i = 0; i < TASKS; i++)
		if (rtos.tasks[i].used && !rtos.tasks[i].ready && rtos.tasks[i].wake < at)
			at = rtos.tasks[i].wake;
	for (int i = 0; i < TIMERS; i++)
		if (rtos.timers[i].armed && rtos.timers[i].at < at)
			at = rtos.timers[i].at;
	for (int i = 0; i < 4; i++)
		if (rtos.esp_timers[i].armed && rtos.esp_timers[i].at < at)
			at = rtos.esp_timers[i].at;
	return at;
}

/* getcontext() returns twice in principle; alone it leaves the compiler no doubt. */
static __attribute__((noinline)) void init_context(struct fake_task *task)
{
	getcontext(&task->context);
	task->context.uc_stack.ss_sp = task->stack;
	task->context.uc_stack.ss_size = STACK;
	task->context.uc_link = NULL;
	makecontext(&task->context, entry, 0);
}

static struct fake_task *create(TaskFunction_t function, void *arg)
{
	for (int i = 0; i < TASKS; i++) {
		struct fake_task *task = &rtos.tasks[i];

		if (task->used)
			continue;
		*task = (struct fake_task){.used = true,
					   .ready = true,
					   .wake = FOREVER,
					   .function = function,
					   .arg = arg,
					   .stack = malloc(STACK)};
		init_context(task);
		return task;
	}
	return NULL;
}

/* Time has come to rtos.now: what is due becomes ready or is called. */
static void fire(void)
{
	for (int i = 0; i < TASKS; i++) {
		struct fake_task *task = &rtos.tasks[i];

		if (task->used && !task->ready && task->wake <= rtos.now) {
			task->ready = true;
			task->timed_out = true;
			rtos.wakeups++;
		}
	}
	for (int i = 0; i < TIMERS && !rtos.restarted; i++)
		if (rtos.timers[i].armed && rtos.timers[i].at <= rtos.now) {
			rtos.timers[i].armed = false;
			rtos.timers[i].function(rtos.timers[i].arg);
		}
	for (int i = 0; i < 4 && !rtos.restarted; i++)
		if (rtos.esp_timers[i].armed && rtos.esp_timers[i].at <= rtos.now) {
			rtos.esp_timers[i].armed = false;
			create(rtos.esp_timers[i].callback, rtos.esp_timers[i].arg);
		}
}

static void advance(uint64_t limit)
{
	const uint64_t next = next_event();

	rtos.now = next < limit ? next : limit;
	check_watchdog();
	fire();
}

bool fake_run_until(bool (*condition)(void *arg), void *arg, uint32_t ms)
{
	const uint64_t limit = rtos.now + ms * 1000ull;

	for (uint64_t turns = 0;; turns++) {
		if (condition && condition(arg))
			return true;
		if (rtos.restarted)
			return false;
		if (run_ready())
			continue;
		if (rtos.now >= limit)
			return false;
		advance(limit);
		if (turns > 50000000)
			fake_broke("a task spins");
	}
}

void fake_run_ms(uint32_t ms)
{
	fake_run_until(NULL, NULL, ms);
}

static void block(uint64_t until)
{
	struct fake_task *task = rtos.current;

	if (!task) {
		fake_broke("the test's own context would block for ever");
		return;
	}
	if (rtos.locked > 0)
		fake_broke("a task blocks with a lock held");
	task->wake = until;
	task->ready = false;
	task->timed_out = false;
	to_test();
}

void fake_block_us(uint64_t us)
{
	if (rtos.current)
		block(rtos.now + us);
	else
		rtos.now += us;
}

void fake_wait_flag(bool *flag)
{
	rtos.current->flag = flag;
	block(FOREVER);
	ACQUIRE(flag);
	rtos.current->flag = NULL;
}

static void arm(uint32_t in_ms, void (*function)(void *arg), void *arg, bool release)
{
	for (int i = 0; i < TIMERS; i++) {
		if (rtos.timers[i].armed)
			continue;
		rtos.timers[i] =
			(struct timer){true, rtos.now + in_ms * 1000ull, function, arg, release};
		return;
	}
	fake_broke("out of fake timers");
}

void fake_at(uint32_t in_ms, void (*function)(void *arg), void *arg)
{
	arm(in_ms, function, arg, false);
}

void fake_deliver_in(uint32_t in_ms, void (*function)(void *arg), void *arg)
{
	arm(in_ms, function, arg, true);
}

/* --- FreeRTOS */

TaskHandle_t xTaskCreateStatic(TaskFunction_t function, const char *name, uint32_t stack_bytes,
			       void *arg, UBaseType_t priority, StackType_t *stack,
			       StaticTask_t *task)
{
	(void)name;
	(void)priority;
	if (stack_bytes < 1024 || !stack || !task)
		return NULL;
	return create(function, arg);
}

void fake_task(void (*function)(void *arg), void *arg)
{
	create(function, arg);
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
		block(ticks == portMAX_DELAY ? FOREVER
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
		to_test();
}

void fake_rtos_stop(void)
{
	for (int i = 0; i < TASKS; i++)
		ACQUIRE(&rtos.tasks[i]);
}

void fake_rtos_boot(void)
{
	for (int i = 0; i < TIMERS; i++)
		if (rtos.timers[i].armed && rtos.timers[i].release)
			rtos.timers[i].function(rtos.timers[i].arg);
	for (int i = 0; i < TASKS; i++) {
		free(rtos.tasks[i].stack);
#ifdef FAKE_THREADS
		if (rtos.tasks[i].tsan)
			__tsan_destroy_fiber(rtos.tasks[i].tsan);
#endif
	}
	memset(rtos.tasks, 0, sizeof(rtos.tasks));
	memset(rtos.timers, 0, sizeof(rtos.timers));
	memset(rtos.esp_timers, 0, sizeof(rtos.esp_timers));
	rtos.restarted = false;
	rtos.locked = 0;
	rtos.current = NULL;
}
