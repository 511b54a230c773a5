/* SPDX-License-Identifier: Apache-2.0 */
/* The causes that a run's troubles were put down to, and how long each lasted. */
#include "host/job_priv.h"

/* The time that a cause got before, which is among those found no more. */
static uint64_t take_back(struct job_seen *seen, enum diagnosis_cause cause)
{
	for (size_t at = 0; at < seen->found_count; at++) {
		const uint64_t us = seen->found_us[at];

		if (seen->found[at].cause != cause)
			continue;
		for (seen->found_count--; at < seen->found_count; at++) {
			seen->found[at] = seen->found[at + 1u];
			seen->found_us[at] = seen->found_us[at + 1u];
		}
		return us;
	}
	return 0;
}

/*
 * The cause that was the likeliest when a trouble was over gets the time that it took: of a run,
 * what cost the most comes first.
 */
void job_suspect_keep(struct job_seen *seen)
{
	size_t at = 0;

	/* The device's figures of its flash explain silences that had no explanation before. */
	if (seen->suspect.cause == DIAGNOSIS_PROGRAMMING)
		seen->suspect_us +=
			take_back(seen, DIAGNOSIS_SILENT) + take_back(seen, DIAGNOSIS_INTERFERENCE);
	while (at < seen->found_count && seen->found[at].cause != seen->suspect.cause)
		at++;
	if (at == DIAGNOSES_MAX) {
		if (seen->found_us[--at] >= seen->suspect_us)
			return;
		seen->found_us[at] = 0;
	} else if (at == seen->found_count) {
		seen->found_us[seen->found_count++] = 0;
	}
	seen->found[at] = seen->suspect;
	seen->found_us[at] += seen->suspect_us;
	for (; at > 0 && seen->found_us[at - 1] < seen->found_us[at]; at--) {
		const struct diagnosis d = seen->found[at];
		const uint64_t us = seen->found_us[at];

		seen->found[at] = seen->found[at - 1];
		seen->found_us[at] = seen->found_us[at - 1];
		seen->found[at - 1] = d;
		seen->found_us[at - 1] = us;
	}
}
