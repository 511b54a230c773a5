/* SPDX-License-Identifier: Apache-2.0 */
/* See drawfault.h. */
#include "drawfault.h"

static uint32_t below(struct rng *rng, size_t n)
{
	return (uint32_t)rng_below(rng, n);
}

/* Between them, both included. */
static uint32_t between(struct rng *rng, uint32_t least, uint32_t most)
{
	return least + below(rng, most - least + 1);
}

void draw_fault(struct rng *rng, uint32_t size, struct fault_spec *f)
{
	*f = (struct fault_spec){.kind = (enum fault_kind)below(rng, FAULT_STALE_CACHE)};
	switch (f->kind) {
	case FAULT_DROP_DATA:
	case FAULT_DUP_DATA:
	case FAULT_DELAY_DATA:
		if (below(rng, 2))
			f->at = between(rng, 1, 600);
		else
			f->share_ppm = between(rng, 1, 100) * (below(rng, 4) ? 500 : 9000);
		/* A share of long delays is a run of hours that gets on all the time. */
		f->arg = f->kind == FAULT_DELAY_DATA ? between(rng, 1, f->share_ppm ? 1500 : 8000)
						     : 0;
		break;
	case FAULT_DROP_NOTIFY:
	case FAULT_DUP_NOTIFY:
	case FAULT_DELAY_NOTIFY:
		if (below(rng, 2))
			f->at = between(rng, 1, 60);
		else
			f->share_ppm = between(rng, 1, 100) * 10000u;
		f->arg = f->kind == FAULT_DELAY_NOTIFY ? between(rng, 1, 8000) : 0;
		break;
	case FAULT_DISCONNECT:
	case FAULT_TERMINATE:
	case FAULT_REBOOT:
		/* The last byte, and what is sent again, are places of their own. */
		f->at = below(rng, 4) ? below(rng, size) : size;
		break;
	case FAULT_WRITE_FAIL:
		f->at = below(rng, size);
		break;
	case FAULT_POWER_CUT:
		f->at = between(rng, 1, 120);
		break;
	case FAULT_SLOW_ERASE:
		f->arg = between(rng, 2, 40);
		break;
	case FAULT_BLOCK:
		f->at = below(rng, size);
		f->arg = between(rng, 1, 8000);
		break;
	case FAULT_NO_BOOT:
	case FAULT_STALE_CACHE:
	case FAULT_GARBLE_NOTIFY:
	case FAULT_FLOOD_NOTIFY:
	case FAULT_LOSS:
	case FAULT_DROPS:
	case FAULT_BUFFERS:
	case FAULT_KINDS:
		break;
	}
}
