/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts that two images have in common: the new one as runs, each of which resembles a place of
 * the old one, or nothing.
 *
 * Two builds share most of their code, but it has moved, and in moved code single bytes differ:
 * addresses.  So a run may hold bytes that differ, as long as most do not.
 */
#ifndef OTABENCH_PATCH_PATCH_MATCH_H
#define OTABENCH_PATCH_PATCH_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/steps.h"
#include "ota/error.h"

struct patch_run {
	uint32_t at, len; /* in the new image; runs follow each other without gap */
	uint32_t old_at; /* where similar, inside the old one */
	bool similar; /* else nothing of the old one is used */
};

struct patch_runs {
	struct patch_run *list;
	size_t count, room;
};

/* -OTA_ENOMEM; -OTA_ECANCELED, by steps (NULL: nobody listens), which have patch.h's units.  Sizes
 * are below 2^31 / PATCH_SORT_UNITS.  The caller ends *ret with patch_runs_finish(). */
int patch_runs_init(struct patch_runs *ret, const uint8_t *old, size_t old_size, const uint8_t *new,
		    size_t new_size, const struct steps *steps);
void patch_runs_finish(struct patch_runs *runs);

#endif
