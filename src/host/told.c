/* SPDX-License-Identifier: Apache-2.0 */
/* See told.h. */
#include "host/told.h"

#include <string.h>

static void learn_flags(struct device_told *told, uint8_t known, uint8_t flags)
{
	told->flags_known |= known;
	told->flags = (uint8_t)((told->flags & ~known) | (flags & known));
}

/* The flags that a dialect without Info tells. */
static void told_running(struct device_told *told, const struct job_snapshot *s)
{
	if (s->running.known)
		learn_flags(told, OTA_INFO_PENDING_VERIFY | OTA_INFO_CAN_ROLLBACK,
			    (uint8_t)((s->running.on_trial ? OTA_INFO_PENDING_VERIFY : 0) |
				      (s->running.can_go_back ? OTA_INFO_CAN_ROLLBACK : 0)));
}

static void told_command(struct device_told *told, enum ota_command command)
{
	if (command == OTA_CMD_CONFIRM)
		learn_flags(told, OTA_INFO_PENDING_VERIFY, 0);
	else if (command == OTA_CMD_PREPARE)
		learn_flags(told, OTA_INFO_CAN_ROLLBACK, 0);
	else if (command == OTA_CMD_ABORT)
		learn_flags(told, OTA_INFO_RESUMABLE, 0);
	if (command == OTA_CMD_REBOOT || command == OTA_CMD_ROLLBACK)
		told->flags_known = 0;
	if (command != OTA_CMD_STATUS)
		told->status_known = false;
}

static void told_answer(struct device_told *told, const struct job_snapshot *s)
{
	if (s->stats.status_known) {
		told->status = s->stats.status;
		told->status_known = true;
		told->status_us = s->now_us;
		learn_flags(told, UINT8_MAX, told->status.flags);
	} else if (s->have_info) {
		learn_flags(told, UINT8_MAX, s->info.flags);
	} else {
		told_running(told, s);
	}
}

static void told_update(struct device_told *told, const struct job_snapshot *s,
			const struct job_result *result)
{
	told->status_known = false;
	switch (job_rest(result)) {
	case JOB_REST_SETTLED: /* Info was read after the reboot, where it has one */
		if (s->have_info)
			learn_flags(told, UINT8_MAX, s->info.flags);
		else
			told->flags_known = 0;
		if (!s->have_info)
			told_running(told, s);
		break;
	case JOB_REST_NOTHING:
		learn_flags(told, OTA_INFO_RESUMABLE, 0);
		break;
	case JOB_REST_UNKNOWN:
		told->flags_known = 0;
		break;
	case JOB_REST_RUNS:
	case JOB_REST_AS_BEFORE:
		break;
	}
}

/* The command was written, and it is not known whether it was carried out. */
static bool is_in_doubt(const struct job_result *result)
{
	return result->outcome != SESSION_ANSWERED && result->outcome != SESSION_DEVICE_ERROR &&
	       result->outcome != SESSION_NOT_FOUND;
}

static void told_device(struct device_told *told, const struct job_snapshot *s,
			const struct job_result *result)
{
	if (s->dialect != DIALECT_UNKNOWN) {
		told->dialect = s->dialect;
		told->no_service = !dialect_is_driven(dialect_get(s->dialect));
	}
	if (result->outcome == SESSION_NO_SERVICE)
		told->no_service = true;
	if (s->have_info) {
		told->features_known = true;
		told->features = s->info.features;
	}
	told->running_known = result->running_known;
	memcpy(told->running_sha256, result->running_sha256, sizeof(told->running_sha256));
}

void told_ended(struct device_told *told, enum session_goal goal, enum ota_command command,
		const struct job_snapshot *s, const struct job_result *result)
{
	told_device(told, s, result);
	switch (goal) {
	case SESSION_UPDATE:
		told_update(told, s, result);
		break;
	case SESSION_LOOK:
		told_answer(told, s);
		break;
	case SESSION_MEASURE: /* that of the flash takes the way back, and what can be resumed */
		told_answer(told, s);
		told->flags_known &= (uint8_t) ~(OTA_INFO_CAN_ROLLBACK | OTA_INFO_RESUMABLE);
		told->status_known = false;
		break;
	case SESSION_COMMAND:
		told_answer(told, s);
		if (result->outcome == SESSION_ANSWERED)
			told_command(told, command);
		else if (command != OTA_CMD_STATUS && is_in_doubt(result))
			told->flags_known = 0;
		if (command == OTA_CMD_REBOOT || command == OTA_CMD_ROLLBACK)
			told->running_known = false;
		break;
	}
}
