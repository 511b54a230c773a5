/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that ended because nothing more was heard, or nothing moved: see job_text.c. */
#include "host/job_text_priv.h"

#include "base/text.h"

#include <string.h>

/* END was written, and nothing heard or read tells that it led to anything. */
static void explain_unheard(const struct job *job, struct job_result *r)
{
	char version[JOB_TEXT_MAX / 4];

	if (job->session.verdict == SESSION_VERDICT_UNKNOWN) {
		job_say(r->what,
			"The whole image was sent, but the link was lost before the device "
			"reported success; its version does not show which image runs.");
		job_say(r->advice, "Check the device itself before sending again.");
		return;
	}
	job_safe_version(job->session.version, version);
	job_say(r->what,
		"The whole image was sent, but the device did not report that it is valid; at the "
		"last "
		"connection it ran version %s.",
		version[0] ? version : "unknown");
	job_advise(job, r, "info", JOB_COMMAND_DEVICE,
		   "shows which image runs; if it is the old one, send the image again.");
}

/* START was heard, for the link stood, and READY never came in the time that the profile allows:
 * no nearness to the device makes it erase faster. */
static void explain_unready(const struct job *job, struct job_result *r)
{
	const struct session_config *c = &job->session_config;
	const bool basic = job->dialect == DIALECT_BASIC;
	char retries[TEXT_COUNT_MAX];

	job_say(r->what, "The device was asked to begin, and did not become ready (%s).",
		text_count(r->retries, "retry", retries, sizeof(retries)));
	job_say(r->advice,
		"Erasing may take it longer: raise %sready_timeout_ms of the profile, now %u.",
		basic ? "basic_" : "", basic ? c->basic_ready_timeout_ms : c->ready_timeout_ms);
}

/* A timing with which no link stands, or none is quick enough. */
static bool explain_timing(const struct job *job, struct job_result *r)
{
	const enum diagnosis_cause cause =
		r->diagnosis_count > 0 ? r->diagnoses[0].cause : DIAGNOSIS_NONE;
	const struct ota_link *l = &job->last_link;

	if (cause == DIAGNOSIS_INTERVAL)
		job_say(r->what,
			"The connection interval of %u ms is too long: each answer takes two of "
			"them, and not all came within the %u ms that are waited.",
			l->interval * 5u / 4u, job->session_config.connect_timeout_ms);
	else if (cause == DIAGNOSIS_TIMING)
		job_say(r->what,
			"No link stands with a supervision timeout of %u ms and a connection "
			"interval of %u ms.",
			l->supervision_timeout * 10u, l->interval * 5u / 4u);
	else
		return false;
	job_advise_cure(job, r);
	return true;
}

void job_explain_lost(const struct job *job, struct job_result *r)
{
	const struct session_stats *st = &job->session.stats;
	const char *what = r->outcome == SESSION_STALLED ? "The device stopped answering"
							 : "The link was lost";
	char tries[TEXT_COUNT_MAX];

	if (job->session.proved) {
		job_say(r->what, "%s, with the new image on trial: it is not confirmed.", what);
		job_advise(job, r, "confirm", JOB_COMMAND_DEVICE, "keeps it; a reset rolls back.");
		return;
	}
	if (job->session.ended && job->config.goal == SESSION_UPDATE) {
		explain_unheard(job, r);
		return;
	}
	if (r->outcome == SESSION_STALLED && st->start_us != 0 && !job->session.begun &&
	    job->config.goal == SESSION_UPDATE) {
		explain_unready(job, r);
		return;
	}
	if (st->start_us == 0 && explain_timing(job, r))
		return;
	if (st->start_us == 0)
		job_say(r->what, "%s before anything was sent (%s).", what,
			text_count(r->retries + 1ull, "attempt", tries, sizeof(tries)));
	else if (job->config.goal == SESSION_COMMAND)
		job_say(r->what, "%s before the answer to the command arrived.", what);
	else if (r->outcome == SESSION_STALLED &&
		 job->session_config.stall_action == SESSION_STALL_ABORT)
		job_say(r->what,
			"%s at %u of %u bytes, and stall_action: abort of the profile ended the "
			"update.",
			what, job->received_most, job->session_config.image_size);
	else
		job_say(r->what, "%s at %u of %u bytes (%s).", what, job->received_most,
			job->session_config.image_size,
			text_count(r->retries, "retry", tries, sizeof(tries)));
	if (job->config.goal == SESSION_COMMAND && job->config.command == OTA_CMD_ROLLBACK)
		job_advise(job, r, "info", JOB_COMMAND_DEVICE, "shows whether it rolled back.");
	else if (st->start_us == 0 || job->config.goal != SESSION_UPDATE)
		job_advise_cure(job, r);
	else
		job_advise_resume(job, r);
}

/* The device or the adapter went away in mid update. */
void job_explain_gone(const struct job *job, struct job_result *r)
{
	char retries[TEXT_COUNT_MAX];

	if (!r->begun || job->config.goal != SESSION_UPDATE)
		return; /* explain_end() has said all */
	if (r->outcome == SESSION_NOT_FOUND && !job->session.begun) {
		explain_unready(job, r);
		return;
	}
	job_say(r->what, "%s; the device had received %u of %u bytes (%s).",
		r->outcome == SESSION_NO_ADAPTER ? "The Bluetooth adapter, or bluetoothd, is gone"
						 : "The device no longer advertises",
		job->received_most, job->session_config.image_size,
		text_count(r->retries, "retry", retries, sizeof(retries)));
	job_advise_resume(job, r);
}

/* The failure may come from data that the stack has cached. */
void job_explain_misremembered(const struct job *job, struct job_result *r)
{
	struct transport_link l;
	char line[JOB_COMMAND_MAX], other[JOB_COMMAND_MAX];

	memset(&l, 0, sizeof(l));
	job->transport->ops->link_state(job->transport, &l);
	if (l.misremembered)
		job_say(r->advice,
			"bluetoothd has cached other services than the device has: %s deletes the "
			"cache, and the bond with it; %s says how to keep the bond.",
			job_command_line(job, "forget", JOB_COMMAND_DEVICE, line),
			job_command_line(job, "doctor", JOB_COMMAND_DEVICE, other));
}

/* Given up although the device still speaks. */
void job_explain_endless(const struct job *job, struct job_result *r)
{
	if (!r->begun)
		job_say(r->what, "The run took longer than %u s.", job->config.timeout_ms / 1000u);
	else if (r->outcome == SESSION_TIMED_OUT)
		job_say(r->what,
			"The run took longer than %u s; the device had received %u of %u bytes.",
			job->config.timeout_ms / 1000u, job->received_most,
			job->session_config.image_size);
	else
		job_say(r->what,
			"The transfer made no progress: %llu bytes were sent, and the device had "
			"received %u of %u.",
			(unsigned long long)r->sent_bytes, job->received_most,
			job->session_config.image_size);
	if (job->session.ended)
		job_advise(job, r, "info", JOB_COMMAND_DEVICE, "shows which image runs.");
	else if (r->begun)
		job_advise_resume(job, r);
}
