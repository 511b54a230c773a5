/* SPDX-License-Identifier: Apache-2.0 */
/* See control_log.h. */
#include "host/control_log.h"

#include <inttypes.h>
#include <stdlib.h>

static uint64_t oldest(const struct control_log *log)
{
	return log->count > CONTROL_LOG_ENTRIES ? log->count - CONTROL_LOG_ENTRIES : 0;
}

void control_log_add(struct control_log *log, const struct job_log_entry *entry)
{
	if (!log->entries)
		log->entries = calloc(CONTROL_LOG_ENTRIES, sizeof(*log->entries));
	if (log->entries)
		log->entries[log->count++ % CONTROL_LOG_ENTRIES] = *entry;
}

const struct job_log_entry *control_log_at(const struct control_log *log, uint64_t number)
{
	if (number < oldest(log) || number >= log->count)
		return NULL;
	return &log->entries[number % CONTROL_LOG_ENTRIES];
}

void control_log_write(void *userdata, FILE *out)
{
	static const char signs[] = {
		[JOB_OUT] = '>', [JOB_IN] = '<', [JOB_STATE] = '!', [JOB_NOTE] = '!'};
	const struct control_log *log = userdata;

	if (oldest(log) > 0)
		(void)fprintf(out, "# %" PRIu64 " earlier lines are not kept\n", oldest(log));
	for (uint64_t i = oldest(log); i < log->count; i++) {
		const struct job_log_entry *e = control_log_at(log, i);

		(void)fprintf(out, "%10" PRIu64 ".%06" PRIu64 " %c %s", e->at_us / 1000000u,
			      e->at_us % 1000000u, signs[e->direction], e->text);
		for (size_t n = 0; job_log_is_value(e) && n < e->len && n < JOB_BYTES_MAX; n++)
			(void)fprintf(out, "%s%02x", n == 0 ? "  [" : " ", e->bytes[n]);
		(void)fprintf(out, "%s\n", job_log_is_value(e) && e->len > 0 ? "]" : "");
	}
}

void control_log_finish(struct control_log *log)
{
	free(log->entries);
	*log = (struct control_log){.count = 0};
}
