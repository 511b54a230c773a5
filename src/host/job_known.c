/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job and the devices that were met before: compared before anything is written, remembered
 * when the run has shown what the device is.
 */
#include "host/job_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A look tells, and changes nothing: it needs no leave. */
static bool only_looks(const struct job *job)
{
	return job->config.goal == SESSION_LOOK ||
	       (job->config.goal == SESSION_COMMAND && job->config.command == OTA_CMD_STATUS);
}

static void warn(const struct job *job, const char *text)
{
	if (text[0] != '\0' && job->listener.warned)
		job->listener.warned(job->listener.userdata, text);
}

static bool link_encrypted(const struct job *job)
{
	struct transport_link l;

	pump_link_state(&job->pump, &l);
	return l.encrypted;
}

/* Returns true if a missing encryption says anything: the stack tells of it, and keeps bonds. */
static bool keeps_bonds(const struct job *job)
{
	struct transport_link l;

	pump_link_state(&job->pump, &l);
	return l.keeps_bonds;
}

static void save(struct job *job, const struct known *k)
{
	char error[KNOWN_TEXT_MAX], text[KNOWN_TEXT_MAX + 128];

	if (known_save(k, error, sizeof(error)) == 0 || job->known_unsaved)
		return;
	job->known_unsaved = true;
	(void)snprintf(text, sizeof(text), "the next run does not know what this device is now: %s",
		       error);
	warn(job, text);
}

/* Sets the device's place and names, and the time, as they are now. */
static void describe(const struct job *job, struct known *k)
{
	(void)snprintf(k->place, sizeof(k->place), "%s", job->config.place);
	memcpy(k->address, job->address, sizeof(k->address));
	(void)snprintf(k->name, sizeof(k->name), "%s", job->name);
	k->at = (int64_t)time(NULL);
}

static int changed(struct job *job, const struct known *k, const struct ota_info *info)
{
	char when[32] = "", text[sizeof(job->known_text) + 128];
	const time_t at = (time_t)k->at;
	struct tm tm;

	if (localtime_r(&at, &tm))
		(void)strftime(when, sizeof(when), "%Y-%m-%d", &tm);
	(void)known_changes_text(k, info, job->known_changes, text, sizeof(text));
	(void)snprintf(job->known_text, sizeof(job->known_text), "%.10s: %.400s", when, text);
	if (job->config.trust_change)
		return 0;
	if (!only_looks(job))
		return -OTA_ESTALE;
	(void)snprintf(text, sizeof(text), "not the device that was met on %s", job->known_text);
	warn(job, text);
	return 0;
}

/*
 * Takes the findings from a recording: those of its time, not of the devices that this computer's
 * user has met.
 */
static int recorded(struct job *job)
{
	const struct job_recorded *r = job->config.recorded;

	(void)snprintf(job->known_text, sizeof(job->known_text), "%s", r->changed);
	job->known_changes = r->changes;
	return r->changes != 0 && !r->trusted ? -OTA_ESTALE : 0;
}

/* Whoever types an address means no other device; a name, or a row of a list, may be a twin's. */
static bool by_name(const struct job *job)
{
	return job->config.on_screen || !scan_is_address(job->device);
}

int job_known_approve(struct job *job, const struct ota_info *info)
{
	char error[KNOWN_TEXT_MAX];
	struct known *k;
	int r;

	job->met = true;
	job->encrypted_first = link_encrypted(job);
	job->met_told = info != NULL;
	if (info)
		job->met_info = *info;
	if (job->config.recorded)
		return only_looks(job) ? 0 : recorded(job);
	if (!job->config.place)
		return 0;
	k = calloc(1, sizeof(*k));
	if (!k)
		return -OTA_ENOMEM;
	r = known_load(job->config.place, job->address, k, error, sizeof(error));
	if (r == -OTA_ENOENT && by_name(job) &&
	    known_by_name(job->config.place, job->name, job->address, k) == 0) {
		job->known_changes = KNOWN_ADDRESS;
		r = changed(job, k, info);
	} else if (r == 0) {
		job->known_changes =
			known_compare(k, info, job->encrypted_first || !keeps_bonds(job));
		if (job->known_changes != 0)
			r = changed(job, k, info);
	} else if (r != -OTA_ENOENT) {
		/* A file that cannot be read is no reason to refuse a device; not to say so is. */
		warn(job, error);
		job->known_unsaved = true;
		r = 0;
	} else {
		r = 0;
	}
	free(k);
	job_record_known(job);
	return r;
}

/* --- what this run has shown */

static bool is_proven(const struct job *job)
{
	switch (job->result.outcome) {
	case SESSION_CONFIRMED:
	case SESSION_UNCONFIRMED:
	case SESSION_DELIVERED:
	case SESSION_ALREADY_RUNNING:
		return true;
	default:
		return false;
	}
}

/* The device was told to boot another image, which may be any. */
static bool went_back(const struct job *job)
{
	return job->config.goal == SESSION_COMMAND && job->config.command == OTA_CMD_ROLLBACK &&
	       job->result.outcome == SESSION_ANSWERED;
}

/* The device's free slot was erased, or written with what is no image. */
static bool emptied(const struct job *job)
{
	return (job->config.goal == SESSION_COMMAND && job->config.command == OTA_CMD_PREPARE) ||
	       (job->config.goal == SESSION_MEASURE && job->config.pattern);
}

/* Adds the images that the free slot may hold now.  Of the one that was sent and the one that
 * ran before, the latter is likelier once the former runs. */
static void learn_held(const struct job *job, struct known *k)
{
	const bool before = job->met_told && job->met_info.running_size > 0;

	if (emptied(job))
		k->held_count = 0;
	if (job->known_begun)
		known_holds(k, job->session.config.sha256);
	if (before && ((job->known_begun && is_proven(job)) || went_back(job)))
		known_holds(k, job->met_info.running_sha256);
}

static void learn(const struct job *job, struct known *k, bool anew)
{
	const struct session *s = &job->session;
	const bool proven = is_proven(job);
	const bool told = proven ? s->have_info : job->met_told;
	const struct ota_info *info = proven ? &s->info : &job->met_info;

	if (anew || proven || k->image_count == 0) {
		known_take(k, told ? info : NULL);
		k->at = (int64_t)time(NULL);
		if (told && info->running_size > 0)
			known_runs(k, info->running_sha256);
	}
	/* From before START on: this program may not live to see the end. */
	if (job->known_begun && !proven)
		known_may_run(k, s->config.sha256);
	if (went_back(job))
		k->image_count = 0;
	if (job->has_result)
		learn_held(job, k);
	k->encrypted |= job->encrypted && job->keeps_bonds;
}

void job_known_remember(struct job *job)
{
	struct known *k, *before;
	char error[KNOWN_TEXT_MAX];
	bool anew;
	int r;

	if (!job->met || !job->config.place || job->config.recorded ||
	    job->result.outcome == SESSION_DEVICE_CHANGED ||
	    (job->known_changes != 0 && !job->config.trust_change))
		return;
	k = calloc(2, sizeof(*k));
	if (!k)
		return;
	before = k + 1;
	r = known_load(job->config.place, job->address, before, error, sizeof(error));
	anew = r != 0 || job->known_changes != 0;
	if (!anew)
		*k = *before;
	else
		describe(job, k);
	learn(job, k, anew);
	/* Both lie in memory that was zeroed; padding that differed would cost a write. */
	// NOLINTNEXTLINE(bugprone-suspicious-memory-comparison,cert-exp42-c,cert-flp37-c)
	if (anew || memcmp(k, before, sizeof(*k)) != 0)
		save(job, k);
	free(k);
}
