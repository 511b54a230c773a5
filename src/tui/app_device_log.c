/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the log that come from the job on the chosen device. */
#include "tui/app_device.h"

#include "tui/app_log.h"

/* Returns true for a notification that a device repeats over and over while all goes well. */
static bool is_routine(const struct job_log_entry *entry)
{
	const uint8_t opcode = entry->len > 4 ? entry->bytes[0] : 0; /* basic has shorter ones */

	return entry->direction == JOB_IN && entry->chr == GATT_CONTROL &&
	       (opcode == OTA_EVT_ACK || opcode == OTA_EVT_PROGRESS ||
		opcode == OTA_EVT_TELEMETRY || opcode == OTA_EVT_TIMES);
}

void app_device_on_log(void *userdata, const struct job_log_entry *entry)
{
	static const enum loglist_kind kinds[] = {[JOB_OUT] = LOGLIST_SENT,
						  [JOB_IN] = LOGLIST_RECEIVED,
						  [JOB_STATE] = LOGLIST_STATE,
						  [JOB_NOTE] = LOGLIST_EVENT};
	const bool note = entry->direction == JOB_NOTE;
	const enum loglist_kind kind =
		is_routine(entry) ? LOGLIST_ROUTINE : kinds[entry->direction];
	const size_t len = entry->len < JOB_BYTES_MAX ? entry->len : JOB_BYTES_MAX;

	if (entry->direction != JOB_STATE) /* on_state() says more */
		app_log_add(userdata, entry->at_us, kind, note ? CELLS_WARNING : CELLS_NORMAL,
			    entry->text, entry->bytes, note ? 0 : len);
}

void app_device_on_diagnosed(void *userdata, const struct diagnosis *diagnosis)
{
	char line[LOGLIST_TEXT];

	app_log_add(userdata, app_now(userdata), LOGLIST_EVENT, CELLS_WARNING,
		    diagnosis_line(diagnosis, line, sizeof(line)), NULL, 0);
}
