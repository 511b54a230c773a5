/* SPDX-License-Identifier: Apache-2.0 */
/* Functions shared by the parts of the fake FreeRTOS; tests see fake.h. */
#ifndef FAKE_RTOS_H
#define FAKE_RTOS_H

#include "fake.h"

#include "esp_timer.h"
#include "freertos/semphr.h"
#include "freertos/task.h"

#include <ucontext.h>

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

struct rtos {
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
};

extern struct rtos rtos;

/* NULL where there are too many. */
struct fake_task *fake_create(TaskFunction_t function, void *arg);
/* The current task gives way until then (us), or until what it waits for. */
void fake_block(uint64_t until);
void fake_to_test(void); /* the current task gives way, and comes back when it is ready */

#endif
