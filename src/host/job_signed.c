/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signature that goes with an update: IMAGE.sig, where it is there, to devices that check
 * it.  What does not fit is a finding beside those on the image, before anything is sent.
 */
#include "host/job_priv.h"

#include "sign/signature.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

void job_signed_read(struct job *job, const char *image_path)
{
	const struct job_config *c = &job->config;
	uint8_t signature[OTA_SIGNATURE_SIZE];
	struct ota_statement statement;
	char path[PATH_MAX];
	int r;

	if (c->goal != SESSION_UPDATE)
		return;
	if (c->recorded) {
		job->session_config.is_signed = c->recorded->is_signed;
		memcpy(job->session_config.signed_start, c->recorded->signed_start,
		       sizeof(c->recorded->signed_start));
		return;
	}
	if (job->profile.signature == PROFILE_SIGNATURE_NO || !image_path ||
	    !signature_path(image_path, path, sizeof(path)))
		return;
	r = signature_read(path, signature, job->signature_error, sizeof(job->signature_error));
	if (r == -OTA_ENOENT)
		job->signature_error[0] = '\0';
	if (r < 0)
		return;
	if (signature_statement(c->image, &statement) < 0) {
		(void)snprintf(job->signature_error, sizeof(job->signature_error),
			       "an image without application descriptor cannot be signed");
		return;
	}
	ota_statement_encode(&statement, signature, job->session_config.signed_start);
	job->session_config.is_signed = true;
}

void job_signed_lint(const struct job *job, const struct ota_info *info, struct lint_report *report)
{
	const bool checks = info && (info->features & OTA_FEATURE_SIGNED);
	const bool have = job->session_config.is_signed;

	if (job->signature_error[0] != '\0')
		lint_add(report, LINT_SIGNED, LINT_ERROR, !checks, "%s", job->signature_error);
	else if (checks && have)
		lint_add(report, LINT_SIGNED, LINT_OK, false,
			 "The device checks the signature before it takes the image.");
	else if (info && (info->abilities & OTA_ABILITY_SIGNED_ONLY))
		lint_add(report, LINT_SIGNED, LINT_ERROR, false,
			 "The device takes signed images only, and there is no signature beside "
			 "the image: 'otabench sign' makes one.");
	else if (job->profile.signature == PROFILE_SIGNATURE_REQUIRED)
		lint_add(report, LINT_SIGNED, LINT_ERROR, true,
			 have ? "The device checks no signature, and the profile requires it."
			      : "The profile requires a signature beside the image.");
	else if (have)
		lint_add(report, LINT_SIGNED, LINT_NOTE, false,
			 "The device checks no signature; it is not sent.");
}
