/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a run in words: one sentence that says what happened, one that says what to do about
 * it.
 */
#include "host/job_text_priv.h"

#include "base/output.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void job_say(char to[JOB_TEXT_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(to, JOB_TEXT_MAX, format, ap);
	va_end(ap);
}

void job_advise(const struct job *job, struct job_result *r, const char *verb,
		enum job_command_on on, const char *does)
{
	char line[JOB_COMMAND_MAX];

	job_say(r->advice, "%s %s", job_command_line(job, verb, on, line), does);
}

void job_advise_resume(const struct job *job, struct job_result *r)
{
	if (job->config.goal == SESSION_UPDATE && dialect_get(job->dialect)->can_resume)
		job_advise(job, r, "resume", JOB_COMMAND_IMAGE, "resumes the update.");
	else
		job_advise_cure(job, r);
}

void job_advise_cure(const struct job *job, struct job_result *r)
{
	const struct diagnosis *d = r->diagnoses;
	char line[JOB_COMMAND_MAX], cure[3u * DIAGNOSIS_TEXT];
	const bool unknown = r->diagnosis_count == 0 || diagnosis_cure(d->cause)[0] == '\0';

	/* Only a link that ended unheard speaks for the distance. */
	if (unknown && job->config.goal != SESSION_LOOK &&
	    job->seen.losses.by[GATT_SUPERVISION] == 0)
		job_advise(job, r, "diagnose", JOB_COMMAND_DEVICE,
			   "asks the device for the cause.");
	else if (unknown)
		job_say(r->advice, "Move closer to the device and try again.");
	else if (d->change[0] != '\0' && job_cure_line(job, d, line))
		job_say(r->advice, "%s %s", diagnosis_cure(d->cause), line);
	else
		job_say(r->advice, "%s", diagnosis_cure_text(d, cure, sizeof(cure)));
}

void job_safe_version(const char *version, char to[JOB_TEXT_MAX / 4])
{
	(void)output_safe_text(version, strlen(version), to, JOB_TEXT_MAX / 4);
}

static void explain_command(const struct job *job, struct job_result *r)
{
	switch (job->config.command) {
	case OTA_CMD_ABORT:
		job_say(r->what, "No update is in progress on the device; its running firmware is "
				 "unchanged.");
		break;
	case OTA_CMD_CONFIRM:
		job_say(r->what, "The running image is confirmed.");
		break;
	case OTA_CMD_ROLLBACK:
		job_say(r->what,
			"The device rolls back to the image in its other slot and reboots.");
		job_advise(job, r, "info", JOB_COMMAND_DEVICE,
			   "shows which image runs afterwards.");
		break;
	case OTA_CMD_REBOOT:
		job_say(r->what, "The device reboots.");
		break;
	case OTA_CMD_PREPARE:
		job_say(r->what, "The device's other slot is erased: the next update need not "
				 "wait for that, and there is nothing to roll back to.");
		break;
	case OTA_CMD_STATUS:
	case OTA_CMD_START:
	case OTA_CMD_END:
	case OTA_CMD_LINK:
	case OTA_CMD_TELEMETRY:
	case OTA_CMD_RESYNC:
	case OTA_CMD_BLOCKS:
		job_say(r->what, "The device answered.");
		break;
	}
}

/* The first error that was not forced. */
static const struct lint_finding *refusal(const struct job *job)
{
	for (size_t i = 0; i < job->report.count; i++) {
		const struct lint_finding *f = &job->report.findings[i];

		if (f->severity == LINT_ERROR &&
		    !(f->can_force && (job->config.forced & (1u << f->check))))
			return f;
	}
	return NULL;
}

static void explain_refused(const struct job *job, struct job_result *r)
{
	const struct lint_finding *f = refusal(job);

	if (r->status == -OTA_ENOENT) {
		job_say(r->what, "The device has no part of this image to resume.");
		job_advise(job, r, "flash", JOB_COMMAND_IMAGE, "sends it from the start.");
	} else if (f) {
		job_say(r->what, "The image was refused and nothing was sent: %s", f->text);
		if (f->can_force)
			job_say(r->advice, "--force=%s sends it anyway.",
				lint_check_name(f->check));
	} else {
		job_say(r->what, "The image was refused and nothing was sent.");
	}
}

static void explain_cancelled(const struct job *job, struct job_result *r)
{
	char line[JOB_COMMAND_MAX], other[JOB_COMMAND_MAX];

	if (job->session.stats.start_us == 0) {
		job_say(r->what, "Cancelled before anything was sent.");
	} else if (r->status < 0 && job->session.ended) {
		job_say(r->what,
			"Cancelled after the whole image was sent, but the device %s: it may still "
			"boot the new image.",
			r->status == -OTA_ETIMEDOUT ? "did not answer" : "could not be reached");
		job_advise(job, r, "info", JOB_COMMAND_DEVICE, "shows which image runs.");
	} else if (r->status < 0) {
		job_say(r->what,
			"Cancelled, but the device %s: it keeps the bytes it has received.",
			r->status == -OTA_ETIMEDOUT ? "did not answer" : "could not be reached");
		job_say(r->advice, "%s drops them, %s resumes the update.",
			job_command_line(job, "cancel", JOB_COMMAND_DEVICE, line),
			job_command_line(job, "resume", JOB_COMMAND_IMAGE, other));
	} else {
		job_say(r->what, "Cancelled; the device is idle and its firmware unchanged.");
	}
}

static void explain_unconfirmed(const struct job *job, struct job_result *r)
{
	if (job->session.running.on_trial) {
		job_say(r->what, "The device runs the new image on trial, as asked.");
		job_advise(job, r, "confirm", JOB_COMMAND_DEVICE, "keeps it; a reset rolls back.");
	} else {
		job_say(r->what,
			"The device runs the new image; it does not support confirmation.");
	}
}

/* Verdicts for devices that report a version and no hash. */
static void explain_delivered(const struct job *job, struct job_result *r)
{
	char version[JOB_TEXT_MAX / 4], before[JOB_TEXT_MAX / 4];

	job_safe_version(job->session.version, version);
	job_safe_version(job->session.version_before, before);
	switch (job->session.verdict) {
	case SESSION_VERDICT_NEW:
		job_say(r->what,
			"The device came back with the image's version, %s; before it ran %s.",
			version, before);
		break;
	case SESSION_VERDICT_OTHER:
		job_say(r->what,
			"The device came back with version %s: neither the image's nor the "
			"previous "
			"one, %s.",
			version, before);
		break;
	case SESSION_VERDICT_NONE:
	case SESSION_VERDICT_OLD:
	case SESSION_VERDICT_UNKNOWN:
		job_say(r->what,
			"The device reported success and came back; its version does not show "
			"which image runs.");
		break;
	}
}

static void explain_rolled_back(const struct job *job, struct job_result *r)
{
	char version[JOB_TEXT_MAX / 4];

	if (job->session.verdict != SESSION_VERDICT_OLD)
		return; /* explain_end() has said all */
	job_safe_version(job->session.version, version);
	job_say(r->what, "The device came back with the old version %s, not with the one sent.",
		version);
}

static void explain_protocol(const struct job *job, struct job_result *r)
{
	if (job->session.broken)
		job_say(r->what, "The device broke the protocol: %s.", job->session.broken);
	if (job->session.ended) /* it may have the whole image and boot it */
		job_advise(job, r, "info", JOB_COMMAND_DEVICE,
			   "shows which image runs; --trace=FILE records what the device sent.");
	job_explain_misremembered(job, r);
}

static void explain_confirmed(const struct job *job, struct job_result *r)
{
	(void)job;
	if (!r->authenticated)
		job_say(r->what,
			"It runs the image and has confirmed it over an unauthenticated link.");
}

static void explain_not_back(const struct job *job, struct job_result *r)
{
	if (!job->session.promised)
		job_say(r->what,
			"The whole image was sent, but the device neither reported that it "
			"is valid nor came back.");
	job_explain_misremembered(job, r);
}

static void explain_in_use(const struct job *job, struct job_result *r)
{
	if (job->claimed[0] == '\0')
		return;
	job_say(r->what, "%s  Nothing was sent.", job->claimed);
	job_say(r->advice, "Wait for its end, or end it.");
}

static void explain_changed(const struct job *job, struct job_result *r)
{
	job_say(r->what, "This is not the device that was met on %s. Nothing was sent.",
		job->known_text);
	if (job->config.on_screen)
		return;
	job_say(r->advice, "Another device may answer in its place. If you know of the change, "
			   "--trust-change takes the device for what it is now.");
}

/* Ends that need no more than a sentence each. */
static void explain_end(const struct job *job, struct job_result *r)
{
	static const struct {
		const char *what, *advice;
		const char *verb, *does; /* a command between the advice and what it does */
		enum job_command_on on;
	} ends[SESSION_OUTCOMES] = {
		[SESSION_NOT_FOUND] = {"The device no longer advertises.", "", "scan",
				       "lists the devices in the air.", JOB_COMMAND_ALONE},
		[SESSION_NOT_BACK] = {"The device rebooted into the new image and did not come "
				      "back.",
				      "If the new image is at fault, a reset makes the device roll "
				      "back; ",
				      "info", "shows which image runs.", JOB_COMMAND_DEVICE},
		[SESSION_ROLLED_BACK] = {"The device came back with another image than the one "
					 "sent.",
					 "The new image did not start, and the boot loader rolled "
					 "back: the device's own log says why."},
		[SESSION_NO_SERVICE] = {"The device has no update service that otabench knows; "
					"nothing was written.",
					"Its firmware may have another service in its update mode "
					"only, or none that a Bluetooth update can use."},
		[SESSION_NO_ADAPTER] = {"The Bluetooth adapter is gone.",
					"Switch it on again; an update can be resumed."},
		[SESSION_IN_USE] =
			{"Another program on this computer has acquired the device's Data "
			 "characteristic (AcquireWrite), so bluetoothd refuses data from this one; "
			 "nothing was sent.",
			 "End that program, or try ", "disconnect", "and then again.",
			 JOB_COMMAND_DEVICE},
		[SESSION_PROTOCOL] = {"The device broke the protocol.",
				      "--trace=FILE records what the device sent."},
		[SESSION_MEASURED] = {"The link was measured; the flash was not written.", ""},
		[SESSION_ALREADY_RUNNING] = {"The device already runs this image; nothing was "
					     "sent.",
					     "--force=same sends it anyway."},
		[SESSION_CONFIRMED] = {"The device runs the new image, and has confirmed it.", ""},
		[SESSION_ANSWERED] = {"The device answered.", ""},
	};

	char line[JOB_COMMAND_MAX];

	if (!ends[r->outcome].what)
		return;
	if (r->outcome == SESSION_MEASURED && job->config.pattern)
		job_say(r->what, "The flash was measured; the other slot holds no image any more.");
	else
		job_say(r->what, "%s", ends[r->outcome].what);
	job_say(r->advice, "%s", ends[r->outcome].advice);
	if (ends[r->outcome].verb)
		job_say(r->advice, "%s%s %s", ends[r->outcome].advice,
			job_command_line(job, ends[r->outcome].verb, ends[r->outcome].on, line),
			ends[r->outcome].does);
}

static void explain_other_dialect(const struct job *job, struct job_result *r)
{
	const struct dialect *dialect = dialect_get(job->dialect);

	if (job->session.ended)
		job_say(r->what,
			"The device came back with the %s (%s), so it is unknown which image runs.",
			dialect->title, dialect->name);
	else
		job_say(r->what,
			"The device speaks the %s (%s), which otabench leaves alone; nothing was "
			"written.",
			dialect->title, dialect->name);
	job_say(r->advice, "Updated by %s.", dialect->tool);
	job_explain_misremembered(job, r);
}

static void explain_answered(const struct job *job, struct job_result *r)
{
	if (job->config.goal == SESSION_COMMAND)
		explain_command(job, r);
}

static void explain_no_service(const struct job *job, struct job_result *r)
{
	if (job->session.ended)
		job_say(r->what, "The device came back without an update service that otabench "
				 "speaks, so it is unknown which image runs.");
	job_explain_misremembered(job, r);
}

static void explain_lost(const struct job *job, struct job_result *r)
{
	job_explain_lost(job, r);
	job_explain_misremembered(job, r);
}

void job_explain(const struct job *job, struct job_result *r)
{
	/* Those that are left out say all by explain_end(). */
	static void (*const more[SESSION_OUTCOMES])(const struct job *job, struct job_result *r) = {
		[SESSION_UNCONFIRMED] = explain_unconfirmed,
		[SESSION_ANSWERED] = explain_answered,
		[SESSION_REFUSED] = explain_refused,
		[SESSION_CANCELLED] = explain_cancelled,
		[SESSION_DEVICE_ERROR] = job_explain_device_error,
		[SESSION_NOT_PAIRED] = job_explain_not_paired,
		[SESSION_LINK_LOST] = explain_lost,
		[SESSION_STALLED] = explain_lost,
		[SESSION_NOT_FOUND] = job_explain_gone,
		[SESSION_NO_ADAPTER] = job_explain_gone,
		[SESSION_NOT_BACK] = explain_not_back,
		[SESSION_NO_SERVICE] = explain_no_service,
		[SESSION_OTHER_DIALECT] = explain_other_dialect,
		[SESSION_PROTOCOL] = explain_protocol,
		[SESSION_NO_HEADWAY] = job_explain_endless,
		[SESSION_TIMED_OUT] = job_explain_endless,
		[SESSION_DELIVERED] = explain_delivered,
		[SESSION_ROLLED_BACK] = explain_rolled_back,
		[SESSION_IN_USE] = explain_in_use,
		[SESSION_DEVICE_CHANGED] = explain_changed,
		[SESSION_CONFIRMED] = explain_confirmed,
	};

	explain_end(job, r);
	if (more[r->outcome])
		more[r->outcome](job, r);
}
