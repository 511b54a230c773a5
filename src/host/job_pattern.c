/* SPDX-License-Identifier: Apache-2.0 */
/* A measurement of the flash: the device's own times say where the time went and what limits. */
#include "host/job_priv.h"

#include "base/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 65536u

/* Takes from *left the time that the device says it spent; its milliseconds may sum up to more. */
static uint64_t take(uint64_t *left, uint32_t ms)
{
	const uint64_t us = (uint64_t)ms * 1000u, taken = us < *left ? us : *left;

	*left -= taken;
	return taken;
}

uint32_t job_pattern_written(const struct job *job)
{
	const struct session_stats *st = &job->session.stats;
	const struct ota_progress *p = &st->progress;
	uint32_t written = 0;

	if (st->done_us > 0 || p->phase == OTA_PHASE_VERIFY)
		written = job->session_config.image_size;
	else if (p->phase == OTA_PHASE_ERASE || p->phase == OTA_PHASE_DRAIN)
		written = p->done;
	return written > job->received_most ? written : job->received_most;
}

void job_pattern_divide(const struct job *job, uint64_t transfer[BUDGET_TRANSFER_SHARES])
{
	const struct session_flash *flash = &job->session.stats.flash;
	uint64_t left = 0;

	for (unsigned int s = 0; s < BUDGET_TRANSFER_SHARES; s++) {
		if (s == BUDGET_START || s == BUDGET_DOWN || s == BUDGET_PAUSED)
			continue;
		left += transfer[s];
		transfer[s] = 0;
	}
	transfer[BUDGET_ERASE] = take(&left, flash->erase_ms);
	transfer[BUDGET_PROGRAM] = take(&left, flash->write_ms);
	transfer[BUDGET_READ] = take(&left, flash->read_ms);
	transfer[BUDGET_END] = left;
}

static uint32_t of_block(uint32_t ms, uint32_t bytes)
{
	return (uint32_t)((uint64_t)ms * 1000u * BLOCK / bytes);
}

static uint32_t ppm(uint32_t ms, uint64_t us)
{
	return us == 0 ? 0 : (uint32_t)((uint64_t)ms * 1000u * 1000000u / us);
}

static void judge(struct job_result *r)
{
	const struct session_flash *f = &r->flash;
	const uint32_t sum = f->erase_ms + f->write_ms + f->read_ms;
	const bool erase = f->erase_ms > f->write_ms;
	struct limit *l = &r->limit;

	l->cause = erase ? LIMIT_ERASE : LIMIT_PROGRAM;
	l->second = erase ? LIMIT_PROGRAM : LIMIT_ERASE;
	l->share_ppm = ppm(erase ? f->erase_ms : f->write_ms, r->seconds_us);
	l->second_ppm = ppm(erase ? f->write_ms : f->erase_ms, r->seconds_us);
	l->goodput = l->predicted = r->goodput;
	l->flash = l->possible = (uint32_t)((uint64_t)r->bytes * 1000u / sum);
	l->erase_us = of_block(f->erase_ms, (r->bytes + BLOCK - 1u) / BLOCK * BLOCK);
	l->write_us = of_block(f->write_ms, r->bytes);
}

/* best: what the link carries with the best settings; 0: not known. */
static void say(struct job_result *r, uint32_t best)
{
	const struct limit *l = &r->limit;
	char flash[OUTPUT_FIGURE_MAX], link[OUTPUT_FIGURE_MAX];

	(void)snprintf(r->limit_text, sizeof(r->limit_text),
		       "%s, %u %% of the time: 64 KiB take %" PRIu32 " ms to erase and %" PRIu32
		       " ms to write; then %s, %u %%",
		       limit_cause_name(l->cause), (l->share_ppm + 5000u) / 10000u,
		       l->erase_us / 1000u, l->write_us / 1000u, limit_cause_name(l->second),
		       (l->second_ppm + 5000u) / 10000u);
	(void)output_rate(l->flash, flash, sizeof(flash));
	(void)output_rate(best, link, sizeof(link));
	if (best == 0)
		(void)snprintf(r->limit_advice, sizeof(r->limit_advice), "Nothing to set here.");
	else
		(void)snprintf(r->limit_advice, sizeof(r->limit_advice),
			       "Nothing to set here: the flash takes %s; the link at its best "
			       "is %s and carries %s.",
			       flash, best < l->flash ? "slower" : "faster", link);
}

void job_pattern_result(struct job *job)
{
	struct job_result *r = &job->result;
	uint64_t was[BUDGET_TRANSFER_SHARES];

	budget_shares(&job->budget, r->time, r->transfer_time);
	memcpy(was, r->transfer_time, sizeof(was));
	job_pattern_divide(job, r->transfer_time);
	for (unsigned int s = 0; s < BUDGET_TRANSFER_SHARES; s++)
		r->time[s] = r->time[s] - was[s] + r->transfer_time[s];
	/* The link's figures are no measure of bytes that did not go over it. */
	r->ratio = 0;
	r->rate_lowest = 0;
	r->ceiling = 0;
	if (r->outcome != SESSION_MEASURED || r->bytes == 0 || r->flash.erase_ms == 0 ||
	    r->flash.write_ms == 0)
		return;
	judge(r);
	say(r, job->link_best);
}
