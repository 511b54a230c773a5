/* SPDX-License-Identifier: Apache-2.0 */
/* Causes, their evidence and their cure, in words and as JSON. */
#include "cli/run_priv.h"

#include <string.h>

static json_t *object_of(const struct run *r, const struct diagnosis *d)
{
	char line[JOB_COMMAND_MAX];
	json_t *o = json_object();

	if (!o)
		return NULL;
	(void)json_object_set_new(o, "id", json_string(diagnosis_name(d->cause)));
	(void)json_object_set_new(o, "certainty", json_real(d->certainty / 100.0));
	(void)json_object_set_new(o, "text", json_string(diagnosis_text(d->cause)));
	(void)json_object_set_new(o, "evidence",
				  output_json_text(d->evidence, strlen(d->evidence)));
	(void)json_object_set_new(o, "cure", json_string(diagnosis_cure(d->cause)));
	(void)json_object_set_new(o, "change",
				  d->change[0] != '\0' ? json_string(d->change) : json_null());
	(void)json_object_set_new(o, "command",
				  job_cure_line(r->job, d, line) ? json_string(line) : json_null());
	return o;
}

void run_on_diagnosed(void *userdata, const struct diagnosis *d)
{
	struct run *r = userdata;
	json_t *event;

	if (!r->cli->json) {
		progress_clear(&r->line);
		log_write(&r->cli->log, LOG_LEVEL_WARNING, "%s: %s", diagnosis_text(d->cause),
			  d->evidence);
		return;
	}
	event = cli_event_at(r->transport->ops->now_us(r->transport), "diagnosis");
	if (event)
		(void)json_object_set_new(event, "diagnosis", object_of(r, d));
	cli_emit(r->cli, event);
}

json_t *run_diagnose_json(const struct run *r)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < r->result.diagnosis_count; i++)
		(void)json_array_append_new(list, object_of(r, &r->result.diagnoses[i]));
	return list;
}

void run_diagnose_tell(const struct run *r)
{
	const struct diagnosis *d = r->result.diagnoses;
	char line[4u * DIAGNOSIS_TEXT], command[JOB_COMMAND_MAX];
	const char *does;

	if (r->result.diagnosis_count == 0)
		return;
	log_write(&r->cli->log, LOG_LEVEL_ERROR, "%s", diagnosis_line(d, line, sizeof(line)));
	does = job_cure_line(r->job, d, command);
	/* A cure or a command that the advice above has already is not said again. */
	if (does && strstr(r->result.advice, does))
		does = NULL;
	if (!does && strstr(r->result.advice, diagnosis_cure(d->cause)))
		return;
	log_write(&r->cli->log, LOG_LEVEL_ERROR, "cure: %s%s%s",
		  diagnosis_cure_text(d, line, sizeof(line)), does ? " " : "", does ? does : "");
}
