/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run in words, if the device reported an error or asks for a key. */
#include "host/job_text_priv.h"

/* The code's words, or better ones where the detail tells more. */
static const char *reason_of(const struct job *job, const struct job_result *r)
{
	const bool image = r->code == OTA_ERR_IMAGE;

	if (r->code == OTA_ERR_PERMISSION && r->opcode == 0)
		return "it asks for an encrypted link";
	if (r->code == OTA_ERR_BUSY && r->detail > 0) /* START or PREPARE: seconds */
		return "updates were begun too often lately";
	if (r->code == OTA_ERR_BUSY && dialect_get(job->dialect)->keeps_update)
		return "it is in the middle of another update";
	if (image && r->detail == OTA_DETAIL_PROJECT)
		return "the image is another project's";
	if (image && r->detail == OTA_DETAIL_DESCRIPTOR)
		return "the image has no application descriptor";
	if (r->code == OTA_ERR_VERSION && r->detail == OTA_DETAIL_VERSION)
		return "the image is older than the one that runs";
	return ota_code_text(r->code);
}

/* The device was not asked: its Info says that it cannot, or its dialect has no such thing. */
static bool explain_unmeasured(const struct job *job, struct job_result *r)
{
	if (job->config.goal != SESSION_MEASURE || job->session.stats.start_us > 0 ||
	    r->code != OTA_ERR_UNSUPPORTED)
		return false;
	job_say(r->what, "The device does not offer to measure its %s; nothing was changed.",
		job->config.pattern ? "flash by itself (PATTERN)" : "link (SINK)");
	return true;
}

static void advise_by_code(const struct job *job, struct job_result *r)
{
	switch (r->code) {
	case OTA_ERR_BUSY:
		if (r->detail > 0)
			job_say(r->advice, "It spares its flash: wait %u s, then try again.",
				r->detail);
		else if (dialect_get(job->dialect)->keeps_update)
			job_say(r->advice, "It keeps an update that stopped until it is reset: "
					   "switch it off and on, then try again.");
		else
			job_say(r->advice, "Another host is updating the device: wait, or "
					   "disconnect that host.");
		break;
	case OTA_ERR_PERMISSION:
		if (r->opcode == 0)
			job_say(r->advice, "Pair with the device first (bluetoothctl pair %s).",
				job->address);
		else
			job_say(r->advice,
				"Give it permission, often by a button on the device, and "
				"try again.");
		break;
	case OTA_ERR_ERASE:
	case OTA_ERR_WRITE:
	case OTA_ERR_READ:
	case OTA_ERR_HASH:
		job_say(r->advice,
			"Try again; if the error recurs at the same offset, the flash is worn.");
		break;
	case OTA_ERR_TIMEOUT:
		job_advise_resume(job, r);
		break;
	default:
		break;
	}
}

void job_explain_device_error(const struct job *job, struct job_result *r)
{
	const char *text = reason_of(job, r);
	char line[JOB_COMMAND_MAX], other[JOB_COMMAND_MAX];

	if (explain_unmeasured(job, r))
		return;
	if (job->session.proved) {
		job_say(r->what,
			"The device runs the new image on trial but refused to confirm it: %s "
			"(%s).",
			text, ota_code_name(r->code));
		job_advise(job, r, "confirm", JOB_COMMAND_DEVICE, "keeps it; a reset rolls back.");
		return;
	}
	if (r->code == OTA_OK) {
		job_say(r->what, "The device reported an error; its dialect gives no reason.");
		job_say(r->advice, "The device's own log may say more.");
	} else if (r->code == OTA_ERR_STATE && (r->detail & OTA_DETAIL_PENDING)) {
		job_say(r->what,
			"The running image is still on trial, so the device accepts no other.");
		job_say(r->advice, "%s keeps it, %s rolls back.",
			job_command_line(job, "confirm", JOB_COMMAND_DEVICE, line),
			job_command_line(job, "rollback", JOB_COMMAND_DEVICE, other));
	} else if (r->opcode != 0) {
		job_say(r->what, "The device refused %s: %s (%s, detail %u).",
			ota_command_name(r->opcode), text, ota_code_name(r->code), r->detail);
	} else {
		job_say(r->what, "The device reported an error: %s (%s, detail %u).", text,
			ota_code_name(r->code), r->detail);
	}
	advise_by_code(job, r);
}

/* Common where somebody develops firmware: the whole flash was erased, NVS and all. */
static void explain_key_missing(const struct job *job, struct job_result *r)
{
	job_say(r->what,
		"%she device and this computer no longer share a key: one side lost the bond, for "
		"example when the device's NVS was erased.",
		job->session.proving ? "The image was delivered, but not proved: t" : "T");
	job_advise(job, r, "forget", JOB_COMMAND_DEVICE,
		   "deletes the bond here; the next run pairs again.");
}

void job_explain_not_paired(const struct job *job, struct job_result *r)
{
	char line[JOB_COMMAND_MAX];

	if (job->session.key_missing) {
		explain_key_missing(job, r);
		return;
	}
	switch (job->passkey) {
	case JOB_PASSKEY_REFUSED:
		job_say(r->what,
			"The device requires pairing with the passkey that it shows, and none "
			"was entered.");
		job_say(r->advice, "Try again and type the passkey when asked; in unattended runs "
				   "--passkey-file=FILE supplies it.");
		break;
	case JOB_PASSKEY_GIVEN:
		job_say(r->what,
			"Pairing failed: the passkey is not the one that the device shows.");
		job_say(r->advice, "Try again: most devices show a new passkey each time.");
		break;
	case JOB_PASSKEY_WANTED:
		job_say(r->what, "Pairing failed: no passkey was typed in time.");
		job_say(r->advice, "Try again; a device waits 30 s for it.");
		break;
	case JOB_PASSKEY_NONE:
		job_say(r->what, "The device requires an encrypted link, and pairing failed.");
		job_say(r->advice, "One side may still have an old bond: %s deletes the one here.",
			job_command_line(job, "forget", JOB_COMMAND_DEVICE, line));
		break;
	}
}
