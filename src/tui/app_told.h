/* SPDX-License-Identifier: Apache-2.0 */
/* What the chosen device told of itself, and what a job makes of that. */
#ifndef OTABENCH_TUI_APP_TOLD_H
#define OTABENCH_TUI_APP_TOLD_H

#include "host/job.h"

/* The device's last report of itself, as far as it must still hold. */
struct app_device_told {
	uint8_t flags_known, flags; /* bits of OTA_INFO_* that are known, and what they are */
	bool status_known;
	struct ota_status status;
	uint64_t status_us;
};

/* A job has ended: what it asked ... */
void app_told_answer(struct app_device_told *told, const struct job_snapshot *s, uint64_t now_us);
/* ... a command that the device carried out ... */
void app_told_command(struct app_device_told *told, enum ota_command command);
/* ... and an update, which makes a part of the earlier answers obsolete. */
void app_told_update(struct app_device_told *told, const struct job_snapshot *s,
		     const struct job_result *result);

#endif
