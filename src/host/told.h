/* SPDX-License-Identifier: Apache-2.0 */
/* A device's own reports on itself, and what a job makes of them. */
#ifndef OTABENCH_HOST_TOLD_H
#define OTABENCH_HOST_TOLD_H

#include "host/job.h"

/* The device's last report of itself, as far as it must still hold; all 0: none yet. */
struct device_told {
	enum dialect_id dialect;
	bool no_service; /* it has none that otabench speaks */
	uint8_t flags_known, flags; /* bits of OTA_INFO_* that are known, and their values */
	bool features_known;
	uint32_t features; /* OTA_FEATURE_* */
	bool running_known;
	uint8_t running_sha256[OTA_SHA256_SIZE];
	bool status_known;
	struct ota_status status;
	uint64_t status_us;
};

/* A job with this goal, and with COMMAND this command, has ended: takes over what it asked, and
 * forgets what no longer needs to be so. */
void told_ended(struct device_told *told, enum session_goal goal, enum ota_command command,
		const struct job_snapshot *s, const struct job_result *result);

#endif
