/* SPDX-License-Identifier: Apache-2.0 */
/* The report that findings go to, and the names by which users know its parts. */
#include "image/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const check_names[LINT_CHECKS] = {
	[LINT_FORMAT] = "format",
	[LINT_TRUNCATED] = "truncated",
	[LINT_SEGMENTS] = "segments",
	[LINT_CHECKSUM] = "checksum",
	[LINT_HASH] = "hash",
	[LINT_DESCRIPTOR] = "descriptor",
	[LINT_SIGNATURE] = "signature",
	[LINT_ENCRYPTED] = "encrypted",
	[LINT_TRAILING] = "trailing",
	[LINT_CHIP] = "chip",
	[LINT_REVISION] = "revision",
	[LINT_SIZE] = "size",
	[LINT_PROJECT] = "project",
	[LINT_DOWNGRADE] = "downgrade",
	[LINT_SECURE_VERSION] = "secure-version",
	[LINT_ROLLBACK] = "rollback",
	[LINT_SAME] = "same",
	[LINT_SIGNED] = "signed",
};

const char *lint_check_name(enum lint_check check)
{
	return (unsigned int)check < LINT_CHECKS ? check_names[check] : "unknown";
}

int lint_check_by_name(const char *name)
{
	for (int i = 0; i < LINT_CHECKS; i++) {
		if (strcmp(check_names[i], name) == 0)
			return i;
	}
	return -1;
}

const char *lint_severity_name(enum lint_severity severity)
{
	switch (severity) {
	case LINT_OK:
		return "ok";
	case LINT_NOTE:
		return "note";
	case LINT_WARNING:
		return "warning";
	case LINT_ERROR:
		return "error";
	}
	return "unknown";
}

static struct lint_finding *room_for(struct lint_report *report, enum lint_severity severity)
{
	if (report->count < LINT_FINDINGS_MAX)
		return &report->findings[report->count++];
	for (size_t i = 0; i < report->count; i++) {
		if (report->findings[i].severity < severity)
			return &report->findings[i];
	}
	return NULL;
}

void lint_add(struct lint_report *report, enum lint_check check, enum lint_severity severity,
	      bool can_force, const char *format, ...)
{
	struct lint_finding *finding = room_for(report, severity);
	va_list args;

	if (finding == NULL)
		return;
	finding->check = check;
	finding->severity = severity;
	finding->can_force = can_force;
	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

enum lint_severity lint_worst(const struct lint_report *report)
{
	enum lint_severity worst = LINT_OK;

	for (size_t i = 0; i < report->count; i++) {
		if (report->findings[i].severity > worst)
			worst = report->findings[i].severity;
	}
	return worst;
}

bool lint_refused(const struct lint_report *report, uint32_t forced)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct lint_finding *f = &report->findings[i];

		if (f->severity == LINT_ERROR && !(f->can_force && (forced & 1u << f->check) != 0))
			return true;
	}
	return false;
}
