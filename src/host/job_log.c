/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of what went over Control: the first thing one looks at when an
 * update stalls.  Data values are hundreds a second, so they are summed up in
 * the entry that follows them.
 */
#include "host/job_priv.h"

#include "base/output.h"

#include <stdio.h>
#include <string.h>

static struct job_log_entry *job_log_append(struct job *job, enum job_direction direction)
{
	struct job_log_entry *entry = &job->entries[job->log_count++ % JOB_LOG_MAX];

	memset(entry, 0, sizeof(*entry));
	entry->at_us = job_now(job);
	entry->direction = direction;
	entry->data_values = job->data_values_since;
	entry->data_bytes = job->data_bytes_since;
	job->data_values_since = job->data_bytes_since = 0;
	return entry;
}

static void put_bytes(struct job_log_entry *entry, const uint8_t *bytes, size_t len)
{
	entry->len = len;
	memcpy(entry->bytes, bytes, len < JOB_BYTES_MAX ? len : JOB_BYTES_MAX);
}

static void job_log_tell(struct job *job, const struct job_log_entry *entry)
{
	if (job->listener.log)
		job->listener.log(job->listener.userdata, entry);
}

void job_log_write(struct job *job, enum gatt_chr chr, enum gatt_write mode, const uint8_t *bytes,
		   size_t len)
{
	struct job_log_entry *entry;

	if (chr == GATT_DATA) {
		job->data_values++;
		job->data_values_since++;
		job->data_bytes_since += (uint32_t)len;
		if (!job->config.log_data)
			return;
	}
	entry = job_log_append(job, JOB_OUT);
	entry->chr = chr;
	entry->mode = mode;
	put_bytes(entry, bytes, len);
	if (chr == GATT_DATA)
		pdu_text_data(bytes, len, dialect_get(job->dialect), entry->text,
			      sizeof(entry->text));
	else
		pdu_text_command(bytes, len, dialect_get(job->dialect), entry->text,
				 sizeof(entry->text));
	job_log_tell(job, entry);
}

static void describe_value(const char *name, const uint8_t *bytes, size_t len, char *buf,
			   size_t size)
{
	const size_t used = (size_t)snprintf(buf, size, "%s ", name);

	(void)output_safe_text(bytes, len, buf + used, size - used);
}

void job_log_receive(struct job *job, enum gatt_chr chr, const uint8_t *bytes, size_t len)
{
	struct job_log_entry *entry = job_log_append(job, JOB_IN);
	char *text = entry->text;

	entry->chr = chr;
	put_bytes(entry, bytes, len);
	switch (chr) {
	case GATT_CONTROL:
		pdu_text_notification(bytes, len, dialect_get(job->dialect), text,
				      sizeof(entry->text));
		break;
	case GATT_INFO:
		pdu_text_info(bytes, len, text, sizeof(entry->text));
		break;
	case GATT_FIRMWARE_REVISION:
		describe_value("VERSION", bytes, len, text, sizeof(entry->text));
		break;
	case GATT_MODEL:
		describe_value("MODEL", bytes, len, text, sizeof(entry->text));
		break;
	case GATT_MANUFACTURER:
		describe_value("MANUFACTURER", bytes, len, text, sizeof(entry->text));
		break;
	case GATT_DATA:
		if (dialect_get(job->dialect)->family == DIALECT_SECTORS) {
			pdu_text_sectors_data(bytes, len, text, sizeof(entry->text));
			break;
		}
		describe_value("DATA", bytes, len, text, sizeof(entry->text));
		break;
	case GATT_CHRS:
		describe_value("DATA", bytes, len, text, sizeof(entry->text));
		break;
	}
	job_log_tell(job, entry);
}

void job_log_state(struct job *job, enum session_state state)
{
	struct job_log_entry *entry = job_log_append(job, JOB_STATE);

	entry->state = state;
	(void)snprintf(entry->text, sizeof(entry->text), "%s", session_state_name(state));
	job_log_tell(job, entry);
}

void job_log_note(struct job *job, const char *text)
{
	struct job_log_entry *entry = job_log_append(job, JOB_NOTE);

	(void)snprintf(entry->text, sizeof(entry->text), "%s", text);
	job_log_tell(job, entry);
}

const struct job_log_entry *job_log(const struct job *job, size_t index)
{
	if (index >= job->log_count || job->log_count - index > JOB_LOG_MAX)
		return NULL;
	return &job->entries[index % JOB_LOG_MAX];
}
