/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a run ended, in words: one sentence that says what happened, one that
 * says what to do about it.
 */
#include "host/job_priv.h"

#include "base/output.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
say(char to[JOB_TEXT_MAX], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(to, JOB_TEXT_MAX, format, ap);
	va_end(ap);
}

/* Says what a command on the device does. */
static void advise(const struct job *job, struct job_result *r, const char *verb,
		   enum job_command_on on, const char *does)
{
	char line[JOB_COMMAND_MAX];

	say(r->advice, "%s %s", job_command_line(job, verb, on, line), does);
}

static void advise_resume(const struct job *job, struct job_result *r)
{
	if (job->config.goal == SESSION_UPDATE && dialect_get(job->dialect)->can_resume)
		advise(job, r, "resume", JOB_COMMAND_IMAGE, "resumes the update.");
	else
		say(r->advice, "Move closer to the device and try again.");
}

static void explain_command(const struct job *job, struct job_result *r)
{
	switch (job->config.command) {
	case OTA_CMD_ABORT:
		say(r->what,
		    "No update is in progress on the device; its running firmware is unchanged.");
		break;
	case OTA_CMD_CONFIRM:
		say(r->what, "The running image is confirmed.");
		break;
	case OTA_CMD_ROLLBACK:
		say(r->what, "The device rolls back to the image in its other slot and reboots.");
		advise(job, r, "info", JOB_COMMAND_DEVICE, "shows which image runs afterwards.");
		break;
	case OTA_CMD_REBOOT:
		say(r->what, "The device reboots.");
		break;
	case OTA_CMD_STATUS:
	case OTA_CMD_START:
	case OTA_CMD_END:
	case OTA_CMD_LINK:
	case OTA_CMD_TELEMETRY:
	case OTA_CMD_RESYNC:
		say(r->what, "The device answered.");
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
		say(r->what, "The device has no part of this image to resume.");
		advise(job, r, "flash", JOB_COMMAND_IMAGE, "sends it from the start.");
	} else if (f) {
		say(r->what, "The image was refused and nothing was sent: %s", f->text);
		if (f->can_force)
			say(r->advice, "--force=%s sends it anyway.", lint_check_name(f->check));
	} else {
		say(r->what, "The image was refused and nothing was sent.");
	}
}

static void explain_cancelled(const struct job *job, struct job_result *r)
{
	char line[JOB_COMMAND_MAX], other[JOB_COMMAND_MAX];

	if (job->session.stats.start_us == 0) {
		say(r->what, "Cancelled before anything was sent.");
	} else if (r->status < 0 && job->session.ended) {
		say(r->what,
		    "Cancelled after the whole image was sent, but the device %s: it may still "
		    "boot the new image.",
		    r->status == -OTA_ETIMEDOUT ? "did not answer" : "could not be reached");
		advise(job, r, "info", JOB_COMMAND_DEVICE, "shows which image runs.");
	} else if (r->status < 0) {
		say(r->what, "Cancelled, but the device %s: it keeps the bytes it has received.",
		    r->status == -OTA_ETIMEDOUT ? "did not answer" : "could not be reached");
		say(r->advice, "%s drops them, %s resumes the update.",
		    job_command_line(job, "cancel", JOB_COMMAND_DEVICE, line),
		    job_command_line(job, "resume", JOB_COMMAND_IMAGE, other));
	} else {
		say(r->what, "Cancelled; the device is idle and its firmware unchanged.");
	}
}

/* The code's words, or better ones where the detail tells more. */
static const char *reason(const struct job_result *r)
{
	const bool image = r->code == OTA_ERR_IMAGE;

	if (r->code == OTA_ERR_PERMISSION && r->opcode == 0)
		return "it asks for an encrypted link";
	if (r->code == OTA_ERR_BUSY && r->opcode == OTA_CMD_START && r->detail > 0)
		return "updates were begun too often lately";
	if (image && r->detail == OTA_DETAIL_PROJECT)
		return "the image is another project's";
	if (image && r->detail == OTA_DETAIL_DESCRIPTOR)
		return "the image has no application descriptor";
	if (r->code == OTA_ERR_VERSION && r->detail == OTA_DETAIL_VERSION)
		return "the image is older than the one that runs";
	return ota_code_text(r->code);
}

static void explain_device_error(const struct job *job, struct job_result *r)
{
	const char *text = reason(r);
	char line[JOB_COMMAND_MAX], other[JOB_COMMAND_MAX];

	if (job->session.proved) {
		say(r->what,
		    "The device runs the new image on trial but refused to confirm it: %s (%s).",
		    text, ota_code_name(r->code));
		advise(job, r, "confirm", JOB_COMMAND_DEVICE, "keeps it; a reset rolls back.");
		return;
	}
	if (r->code == OTA_OK) {
		say(r->what, "The device reported an error; its dialect gives no reason.");
		say(r->advice, "The device's own log may say more.");
	} else if (r->code == OTA_ERR_STATE && (r->detail & OTA_DETAIL_PENDING)) {
		say(r->what,
		    "The running image is still on trial, so the device accepts no other.");
		say(r->advice, "%s keeps it, %s rolls back.",
		    job_command_line(job, "confirm", JOB_COMMAND_DEVICE, line),
		    job_command_line(job, "rollback", JOB_COMMAND_DEVICE, other));
	} else if (r->opcode != 0) {
		say(r->what, "The device refused %s: %s (%s, detail %u).",
		    ota_command_name(r->opcode), text, ota_code_name(r->code), r->detail);
	} else {
		say(r->what, "The device reported an error: %s (%s, detail %u).", text,
		    ota_code_name(r->code), r->detail);
	}
	switch (r->code) {
	case OTA_ERR_BUSY:
		if (r->opcode == OTA_CMD_START && r->detail > 0)
			say(r->advice, "It spares its flash: wait %u s, then try again.",
			    r->detail);
		else
			say(r->advice,
			    "Another host is updating the device: wait, or disconnect that host.");
		break;
	case OTA_ERR_PERMISSION:
		if (r->opcode == 0)
			say(r->advice, "Pair with the device first (bluetoothctl pair %s).",
			    job->address);
		else
			say(r->advice, "Give it permission, often by a button on the device, and "
				       "try again.");
		break;
	case OTA_ERR_ERASE:
	case OTA_ERR_WRITE:
	case OTA_ERR_READ:
	case OTA_ERR_HASH:
		say(r->advice,
		    "Try again; if the error recurs at the same offset, the flash is worn.");
		break;
	case OTA_ERR_TIMEOUT:
		advise_resume(job, r);
		break;
	default:
		break;
	}
}

/* Common where somebody develops firmware: the whole flash was erased, NVS and all. */
static void explain_key_missing(const struct job *job, struct job_result *r)
{
	say(r->what,
	    "%she device and this computer no longer share a key: one side lost the bond, for "
	    "example when the device's NVS was erased.",
	    job->session.proving ? "The image was delivered, but not proved: t" : "T");
	advise(job, r, "forget", JOB_COMMAND_DEVICE,
	       "deletes the bond here; the next run pairs again.");
}

static void explain_not_paired(const struct job *job, struct job_result *r)
{
	char line[JOB_COMMAND_MAX];

	if (job->session.key_missing) {
		explain_key_missing(job, r);
		return;
	}
	switch (job->passkey) {
	case JOB_PASSKEY_REFUSED:
		say(r->what, "The device requires pairing with the passkey that it shows, and none "
			     "was entered.");
		say(r->advice, "Try again and type the passkey when asked; in unattended runs "
			       "--passkey-file=FILE supplies it.");
		break;
	case JOB_PASSKEY_GIVEN:
		say(r->what, "Pairing failed: the passkey is not the one that the device shows.");
		say(r->advice, "Try again: most devices show a new passkey each time.");
		break;
	case JOB_PASSKEY_WANTED:
		say(r->what, "Pairing failed: no passkey was typed in time.");
		say(r->advice, "Try again; a device waits 30 s for it.");
		break;
	case JOB_PASSKEY_NONE:
		say(r->what, "The device requires an encrypted link, and pairing failed.");
		say(r->advice, "One side may still have an old bond: %s deletes the one here.",
		    job_command_line(job, "forget", JOB_COMMAND_DEVICE, line));
		break;
	}
}

static void safe_version(const char *version, char to[JOB_TEXT_MAX / 4])
{
	(void)output_safe_text(version, strlen(version), to, JOB_TEXT_MAX / 4);
}

/* END was written, and nothing heard or read tells that it led to anything. */
static void explain_unheard(const struct job *job, struct job_result *r)
{
	char version[JOB_TEXT_MAX / 4];

	if (job->session.verdict == SESSION_VERDICT_UNKNOWN) {
		say(r->what, "The whole image was sent, but the link was lost before the device "
			     "reported success; its version does not show which image runs.");
		say(r->advice, "Check the device itself before sending again.");
		return;
	}
	safe_version(job->session.version, version);
	say(r->what,
	    "The whole image was sent, but the device did not report that it is valid; at the last "
	    "connection it ran version %s.",
	    version[0] ? version : "unknown");
	advise(job, r, "info", JOB_COMMAND_DEVICE,
	       "shows which image runs; if it is the old one, send the image again.");
}

/* START was heard, for the link stood, and READY never came in the time that the profile allows:
 * no nearness to the device makes it erase faster. */
static void explain_unready(const struct job *job, struct job_result *r)
{
	const struct session_config *c = &job->session_config;
	const bool basic = job->dialect == DIALECT_BASIC;
	char retries[TEXT_COUNT_MAX];

	say(r->what, "The device was asked to begin, and did not become ready (%s).",
	    text_count(r->retries, "retry", retries, sizeof(retries)));
	say(r->advice,
	    "Erasing may take it longer: raise %sready_timeout_ms of the profile, now %u.",
	    basic ? "basic_" : "", basic ? c->basic_ready_timeout_ms : c->ready_timeout_ms);
}

static void explain_lost(const struct job *job, struct job_result *r)
{
	const struct session_stats *st = &job->session.stats;
	const char *what = r->outcome == SESSION_STALLED ? "The device stopped answering"
							 : "The link was lost";
	char tries[TEXT_COUNT_MAX];

	if (job->session.proved) {
		say(r->what, "%s, with the new image on trial: it is not confirmed.", what);
		advise(job, r, "confirm", JOB_COMMAND_DEVICE, "keeps it; a reset rolls back.");
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
	if (st->start_us == 0)
		say(r->what, "%s before anything was sent (%s).", what,
		    text_count(r->retries + 1ull, "attempt", tries, sizeof(tries)));
	else if (job->config.goal == SESSION_COMMAND)
		say(r->what, "%s before the answer to the command arrived.", what);
	else
		say(r->what, "%s at %u of %u bytes (%s).", what, job->received_most,
		    job->session_config.image_size,
		    text_count(r->retries, "retry", tries, sizeof(tries)));
	if (job->config.goal == SESSION_COMMAND && job->config.command == OTA_CMD_ROLLBACK)
		advise(job, r, "info", JOB_COMMAND_DEVICE, "shows whether it rolled back.");
	else if (st->start_us == 0 || job->config.goal != SESSION_UPDATE)
		say(r->advice, "Move closer to the device and try again.");
	else
		advise_resume(job, r);
}

/* The device or the adapter went away in mid update. */
static void explain_gone(const struct job *job, struct job_result *r)
{
	char retries[TEXT_COUNT_MAX];

	if (!r->begun || job->config.goal != SESSION_UPDATE)
		return; /* explain_end() has said all */
	say(r->what, "%s; the device had received %u of %u bytes (%s).",
	    r->outcome == SESSION_NO_ADAPTER ? "The Bluetooth adapter, or bluetoothd, is gone"
					     : "The device no longer advertises",
	    job->received_most, job->session_config.image_size,
	    text_count(r->retries, "retry", retries, sizeof(retries)));
	advise_resume(job, r);
}

/* The failure may come from data that the stack has cached. */
static void explain_misremembered(const struct job *job, struct job_result *r)
{
	struct transport_link l;
	char line[JOB_COMMAND_MAX];

	memset(&l, 0, sizeof(l));
	job->transport->ops->link_state(job->transport, &l);
	if (l.misremembered)
		say(r->advice,
		    "bluetoothd has cached other services than the device has: %s deletes the "
		    "cache, and the bond with it.",
		    job_command_line(job, "forget", JOB_COMMAND_DEVICE, line));
}

static void explain_unconfirmed(const struct job *job, struct job_result *r)
{
	if (job->session.info.flags & OTA_INFO_PENDING_VERIFY) {
		say(r->what, "The device runs the new image on trial, as asked.");
		advise(job, r, "confirm", JOB_COMMAND_DEVICE, "keeps it; a reset rolls back.");
	} else {
		say(r->what, "The device runs the new image; it does not support confirmation.");
	}
}

/* Verdicts for devices that report a version and no hash. */
static void explain_delivered(const struct job *job, struct job_result *r)
{
	char version[JOB_TEXT_MAX / 4], before[JOB_TEXT_MAX / 4];

	safe_version(job->session.version, version);
	safe_version(job->session.version_before, before);
	switch (job->session.verdict) {
	case SESSION_VERDICT_NEW:
		say(r->what, "The device came back with the image's version, %s; before it ran %s.",
		    version, before);
		break;
	case SESSION_VERDICT_OTHER:
		say(r->what,
		    "The device came back with version %s: neither the image's nor the previous "
		    "one, %s.",
		    version, before);
		break;
	case SESSION_VERDICT_NONE:
	case SESSION_VERDICT_OLD:
	case SESSION_VERDICT_UNKNOWN:
		say(r->what, "The device reported success and came back; its version does not show "
			     "which image runs.");
		break;
	}
}

static void explain_rolled_back(const struct job *job, struct job_result *r)
{
	char version[JOB_TEXT_MAX / 4];

	if (job->session.verdict != SESSION_VERDICT_OLD)
		return; /* explain_end() has said all */
	safe_version(job->session.version, version);
	say(r->what, "The device came back with the old version %s, not with the one sent.",
	    version);
}

static void explain_protocol(const struct job *job, struct job_result *r)
{
	if (job->session.broken)
		say(r->what, "The device broke the protocol: %s.", job->session.broken);
	if (job->session.ended) /* it may have the whole image and boot it */
		advise(job, r, "info", JOB_COMMAND_DEVICE,
		       "shows which image runs; --trace=FILE records what the device sent.");
}

/* Given up although the device still speaks. */
static void explain_endless(const struct job *job, struct job_result *r)
{
	if (!r->begun)
		say(r->what, "The run took longer than %u s.", job->config.timeout_ms / 1000u);
	else if (r->outcome == SESSION_TIMED_OUT)
		say(r->what,
		    "The run took longer than %u s; the device had received %u of %u bytes.",
		    job->config.timeout_ms / 1000u, job->received_most,
		    job->session_config.image_size);
	else
		say(r->what,
		    "The transfer made no progress: %llu bytes were sent, and the device had "
		    "received %u of %u.",
		    (unsigned long long)r->sent_bytes, job->received_most,
		    job->session_config.image_size);
	if (job->session.ended)
		advise(job, r, "info", JOB_COMMAND_DEVICE, "shows which image runs.");
	else if (r->begun)
		advise_resume(job, r);
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
		[SESSION_NO_SERVICE] = {"The device has no update service that otabench speaks; "
					"nothing was written.",
					"Another project's firmware may use the same service UUID "
					"with other characteristics."},
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
	say(r->what, "%s", ends[r->outcome].what);
	say(r->advice, "%s", ends[r->outcome].advice);
	if (ends[r->outcome].verb)
		say(r->advice, "%s%s %s", ends[r->outcome].advice,
		    job_command_line(job, ends[r->outcome].verb, ends[r->outcome].on, line),
		    ends[r->outcome].does);
}

void job_explain(const struct job *job, struct job_result *r)
{
	explain_end(job, r);
	switch (r->outcome) {
	case SESSION_UNCONFIRMED:
		explain_unconfirmed(job, r);
		break;
	case SESSION_ANSWERED:
		if (job->config.goal == SESSION_COMMAND)
			explain_command(job, r);
		break;
	case SESSION_REFUSED:
		explain_refused(job, r);
		break;
	case SESSION_CANCELLED:
		explain_cancelled(job, r);
		break;
	case SESSION_DEVICE_ERROR:
		explain_device_error(job, r);
		break;
	case SESSION_NOT_PAIRED:
		explain_not_paired(job, r);
		break;
	case SESSION_LINK_LOST:
	case SESSION_STALLED:
		explain_lost(job, r);
		explain_misremembered(job, r);
		break;
	case SESSION_NOT_FOUND:
	case SESSION_NO_ADAPTER:
		explain_gone(job, r);
		break;
	case SESSION_NOT_BACK:
		if (!job->session.promised)
			say(r->what, "The whole image was sent, but the device neither reported "
				     "that it is valid nor came back.");
		explain_misremembered(job, r);
		break;
	case SESSION_NO_SERVICE:
		if (job->session.ended)
			say(r->what, "The device came back without an update service that otabench "
				     "speaks, so it is unknown which image runs.");
		explain_misremembered(job, r);
		break;
	case SESSION_PROTOCOL:
		explain_protocol(job, r);
		explain_misremembered(job, r);
		break;
	case SESSION_NO_HEADWAY:
	case SESSION_TIMED_OUT:
		explain_endless(job, r);
		break;
	case SESSION_DELIVERED:
		explain_delivered(job, r);
		break;
	case SESSION_ROLLED_BACK:
		explain_rolled_back(job, r);
		break;
	case SESSION_CONFIRMED:
	case SESSION_ALREADY_RUNNING:
	case SESSION_MEASURED:
	case SESSION_IN_USE:
	case SESSION_NO_OUTCOME:
	case SESSION_OUTCOMES:
		break;
	}
}
