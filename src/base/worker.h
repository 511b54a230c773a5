/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread for work that takes longer than an event loop may stand still.
 *
 * The work has memory of its own (ctx), which nobody else touches until it is done, so that
 * nothing but the figures here is shared between threads.  Whoever started it may leave it
 * behind at any time without waiting: the thread gives up at its next step and frees ctx.
 */
#ifndef OTABENCH_BASE_WORKER_H
#define OTABENCH_BASE_WORKER_H

#include "base/steps.h"

#include <systemd/sd-event.h>

struct worker;

struct worker_task {
	void *ctx;
	/* Runs on the thread.  It ends early if a step says so; ctx is not looked at then. */
	void (*work)(void *ctx, const struct steps *steps);
	/* ctx's end: by worker_destroy(), or on the thread where the work was left behind. */
	void (*finish)(void *ctx);
	uint64_t units; /* of all steps together, for worker_percent() */
	/* In the loop: another percent is done, or all is; with told_ctx. */
	void (*told)(void *told_ctx);
	void *told_ctx;
};

/* 0: ctx belongs to the worker; a negative OTA_E*: it is still the caller's. */
int worker_start(sd_event *event, const struct worker_task *task, struct worker **ret);
/* All is done: ctx may be read from now on. */
bool worker_done(struct worker *w);
unsigned int worker_percent(struct worker *w); /* 0..100 */
/* Never waits; told() is not called any more.  NULL does nothing. */
void worker_destroy(struct worker *w);

#endif
