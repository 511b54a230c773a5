/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks are coroutines, so that a test is the same each time, and time passes only when
 * all of them wait.
 */
#include "fake_rtos.h"

#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif
const char *fake_breach;

struct rtos rtos;

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

void fake_to_test(void)
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
		fake_to_test();
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

struct fake_task *fake_create(TaskFunction_t function, void *arg)
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
			fake_create(rtos.esp_timers[i].callback, rtos.esp_timers[i].arg);
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

void fake_block(uint64_t until)
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
	fake_to_test();
}

void fake_block_us(uint64_t us)
{
	if (rtos.current)
		fake_block(rtos.now + us);
	else
		rtos.now += us;
}

void fake_wait_flag(bool *flag)
{
	rtos.current->flag = flag;
	fake_block(FOREVER);
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

void fake_task(void (*function)(void *arg), void *arg)
{
	fake_create(function, arg);
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
