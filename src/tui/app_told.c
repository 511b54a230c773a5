/* SPDX-License-Identifier: Apache-2.0 */
/* See app_told.h. */
#include "tui/app_told.h"

static void learn_flags(struct app_device_told *told, uint8_t known, uint8_t flags)
{
	told->flags_known |= known;
	told->flags = (uint8_t)((told->flags & ~known) | (flags & known));
}

void app_told_command(struct app_device_told *told, enum ota_command command)
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

void app_told_answer(struct app_device_told *told, const struct job_snapshot *s, uint64_t now_us)
{
	if (s->stats.status_known) {
		told->status = s->stats.status;
		told->status_known = true;
		told->status_us = now_us;
		learn_flags(told, UINT8_MAX, told->status.flags);
	} else if (s->have_info) {
		learn_flags(told, UINT8_MAX, s->info.flags);
	}
}

void app_told_update(struct app_device_told *told, const struct job_snapshot *s,
		     const struct job_result *result)
{
	told->status_known = false;
	switch (result->outcome) {
	case SESSION_CONFIRMED:
	case SESSION_UNCONFIRMED:
	case SESSION_ROLLED_BACK: /* Info was read after the reboot */
		if (s->have_info)
			learn_flags(told, UINT8_MAX, s->info.flags);
		else
			told->flags_known = 0;
		break;
	case SESSION_CANCELLED:
		if (result->status == 0)
			learn_flags(told, OTA_INFO_RESUMABLE, 0);
		else
			told->flags_known = 0;
		break;
	case SESSION_REFUSED:
		if (result->status == -OTA_ENOENT) /* asked to resume, and has nothing */
			learn_flags(told, OTA_INFO_RESUMABLE, 0);
		break;
	case SESSION_IN_USE:
	case SESSION_NOT_PAIRED:
	case SESSION_ALREADY_RUNNING:
		break;
	case SESSION_NO_OUTCOME:
	case SESSION_DELIVERED:
	case SESSION_MEASURED:
	case SESSION_ANSWERED:
	case SESSION_DEVICE_ERROR:
	case SESSION_LINK_LOST:
	case SESSION_STALLED:
	case SESSION_NOT_FOUND:
	case SESSION_NOT_BACK:
	case SESSION_NO_SERVICE:
	case SESSION_NO_ADAPTER:
	case SESSION_PROTOCOL:
	case SESSION_NO_HEADWAY:
	case SESSION_TIMED_OUT:
	case SESSION_OUTCOMES:
		told->flags_known = 0;
		break;
	}
}
