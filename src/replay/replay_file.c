/* SPDX-License-Identifier: Apache-2.0 */
/* From a recording's notes to the runs that it holds; see replay.h for their forms. */
#include "replay/replay_priv.h"
#include "base/hex.h"

#include "base/text.h"
#include "base/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- words */

/* Returns true if text begins with this word and a blank; *ret_rest is the rest. */
static bool begins(const char *text, const char *word, const char **ret_rest)
{
	const size_t len = strlen(word);

	if (strncmp(text, word, len) != 0 || text[len] != ' ')
		return false;
	*ret_rest = text + len + 1;
	return true;
}

/* Copies the next word and goes behind it. */
static bool take_word(const char **at, char *buf, size_t size)
{
	const size_t len = strcspn(*at, " ");

	if (len == 0 || len >= size)
		return false;
	memcpy(buf, *at, len);
	buf[len] = '\0';
	*at += len + ((*at)[len] == ' ');
	return true;
}

static bool take_number(const char *text, uint32_t *ret)
{
	uint64_t value;

	if (text_parse_unsigned(text, strlen(text), &value) < 0 || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static void replay_file_safe(const char *text, size_t len, char *buf, size_t size)
{
	(void)output_safe_text(text, len, buf, size);
}

/* --- notes of a run; each false where it is not as replay.h says */

static bool note_command(struct replay_run *run, uint32_t value)
{
	switch (value) {
	case OTA_CMD_ABORT:
	case OTA_CMD_STATUS:
	case OTA_CMD_CONFIRM:
	case OTA_CMD_ROLLBACK:
	case OTA_CMD_REBOOT:
	case OTA_CMD_PREPARE:
		run->config.command = (enum ota_command)value;
		return true;
	default: /* no run has another one; without a command it is 0 */
		return value == 0;
	}
}

static bool note_field(struct replay_run *run, const char *word)
{
	struct job_config *c = &run->config;
	const char *value = strchr(word, '=');
	const size_t len = value ? (size_t)(value - word) : 0;
	const struct {
		const char *name;
		bool *to;
	} flags[] = {
		{"restart", &c->restart},	{"resume_only", &c->resume_only},
		{"no_confirm", &c->no_confirm}, {"pattern", &c->pattern},
		{"log_data", &c->log_data},	{"on_screen", &c->on_screen},
	};
	uint32_t number;

	if (!value || !take_number(value + 1, &number))
		return false;
	if (len == 7 && strncmp(word, "command", len) == 0)
		return note_command(run, number);
	if (len == 7 && strncmp(word, "scan_ms", len) == 0)
		c->scan_timeout_ms = number;
	else if (len == 10 && strncmp(word, "timeout_ms", len) == 0)
		c->timeout_ms = number;
	else if (len == 6 && strncmp(word, "forced", len) == 0)
		c->forced = number;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strlen(flags[i].name) == len && strncmp(word, flags[i].name, len) == 0)
			*flags[i].to = number != 0;
	return true; /* a field of a later program says nothing here */
}

static bool note_run(struct replay_run *run, const char *text)
{
	static const enum session_goal goals[] = {SESSION_UPDATE, SESSION_MEASURE, SESSION_LOOK,
						  SESSION_COMMAND};
	char word[64];
	size_t i = 0;

	if (!take_word(&text, word, sizeof(word)))
		return false;
	while (i < 4 && strcmp(job_goal_name(goals[i]), word) != 0)
		i++;
	if (i == 4)
		return false;
	run->config.goal = goals[i];
	while (strncmp(text, "device=", 7) != 0) {
		if (!take_word(&text, word, sizeof(word)) || !note_field(run, word))
			return false;
	}
	(void)snprintf(run->device, sizeof(run->device), "%s", text + 7);
	return run->device[0] != '\0';
}

static bool note_image(struct replay_run *run, const char *text)
{
	char word[32];
	uint32_t size;

	if (!take_word(&text, word, sizeof(word)) || !take_number(word, &size) || size == 0 ||
	    size > REPLAY_IMAGE_MAX || strlen(text) != (size_t)2 * OTA_SHA256_SIZE)
		return false;
	run->image.size = size;
	return hex_decode(text, run->image.sha256, OTA_SHA256_SIZE) == 0;
}

static bool note_mcuboot(struct replay_run *run, const char *text)
{
	run->image.kind = IMAGE_MCUBOOT;
	return strlen(text) == (size_t)2 * OTA_SHA256_SIZE &&
	       hex_decode(text, run->image.mcuboot.hash, OTA_SHA256_SIZE) == 0;
}

static bool note_signed(struct replay_run *run, const char *text)
{
	run->recorded.is_signed = true;
	return strlen(text) == (size_t)2 * OTA_SIGNED_SIZE &&
	       hex_decode(text, run->recorded.signed_start, OTA_SIGNED_SIZE) == 0;
}

static bool note_stream(struct replay_run *run, const char *text)
{
	struct job_recorded *r = &run->recorded;
	char word[32];

	if (!take_word(&text, word, sizeof(word)) || r->stream_blocks == JOB_STREAM_BLOCKS - 1u)
		return false;
	r->stream =
		strcmp(word, stream_kind_name(STREAM_DELTA)) == 0 ? STREAM_DELTA : STREAM_DEFLATE;
	return take_number(text, &r->stream_block[r->stream_blocks++]);
}

static bool note_stream_later(struct replay_run *run, const char *text)
{
	(void)text;
	run->recorded.stream_later = true;
	return true;
}

static bool note_digest(struct replay_run *run, const char *text)
{
	struct job_recorded *r = &run->recorded;

	return r->digests < OTA_SKIP_BLOCKS && take_number(text, &r->digest[r->digests++]);
}

static bool note_stream_text(struct replay_run *run, const char *text)
{
	struct job_recorded *r = &run->recorded;

	if (r->stream_texts == JOB_STREAM_TEXTS)
		return false;
	replay_file_safe(text, strlen(text), r->stream_text[r->stream_texts],
			 sizeof(r->stream_text[0]));
	r->stream_texts++;
	return true;
}

static bool note_name(struct replay_run *run, const char *text)
{
	(void)snprintf(run->image_name, sizeof(run->image_name), "%s", text);
	return true;
}

static bool note_project(struct replay_run *run, const char *text)
{
	replay_file_safe(text, strlen(text), run->image.project, sizeof(run->image.project));
	return true;
}

static bool note_version(struct replay_run *run, const char *text)
{
	replay_file_safe(text, strlen(text), run->image.version, sizeof(run->image.version));
	return true;
}

static bool note_bytes(struct replay_run *run, const char *text)
{
	return take_number(text, &run->config.bytes);
}

static bool note_profile(struct replay_run *run, const char *text)
{
	replay_file_safe(text, strlen(text), run->profile.name, sizeof(run->profile.name));
	return true;
}

static bool note_set(struct replay_run *run, const char *text)
{
	if (run->setting_count == REPLAY_SETTINGS_MAX)
		return false;
	run->settings[run->setting_count++] = text;
	return true;
}

/*
 * Keys are checked against one another, so that they go in together.  Where a later
 * program's key is among them, each goes in that can: what the rest would have
 * changed shows where the calls depart.
 */
static void apply_settings(struct replay_run *run)
{
	struct setting_errors errors;

	if (profile_set(&run->profile, run->settings, run->setting_count, "the recording",
			&errors) == 0)
		return;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < run->setting_count; i++)
			(void)profile_set(&run->profile, &run->settings[i], 1, "the recording",
					  &errors);
}

static bool note_finding(struct replay_run *run, const char *text)
{
	char check[32], severity[16], force[4];
	int which, how = LINT_OK;

	if (!take_word(&text, check, sizeof(check)) ||
	    !take_word(&text, severity, sizeof(severity)) ||
	    !take_word(&text, force, sizeof(force)))
		return false;
	which = lint_check_by_name(check);
	while (how <= LINT_ERROR &&
	       strcmp(lint_severity_name((enum lint_severity)how), severity) != 0)
		how++;
	if (which < 0 || how > LINT_ERROR)
		return false;
	lint_add(&run->recorded.report, (enum lint_check)which, (enum lint_severity)how,
		 force[0] == '1', "%s", text);
	return true;
}

/* The lines that follow describe the device anew and replace the earlier ones. */
static bool note_checks(struct replay_run *run, const char *text)
{
	(void)text;
	run->recorded.report.count = 0;
	return true;
}

static bool note_checked(struct replay_run *run, const char *text)
{
	run->recorded.refused = strcmp(text, "refused") == 0;
	return true;
}

static bool note_intervals(struct replay_run *run, const char *text)
{
	const char *space = strchr(text, ' ');
	uint64_t on_1m, on_2m;

	if (!space || text_parse_unsigned(text, (size_t)(space - text), &on_1m) < 0 ||
	    text_parse_unsigned(space + 1, strlen(space + 1), &on_2m) < 0 || on_1m > 3200u ||
	    on_2m > 3200u)
		return false;
	run->recorded.intervals[0] = (uint16_t)on_1m;
	run->recorded.intervals[1] = (uint16_t)on_2m;
	return true;
}

static bool note_known(struct replay_run *run, const char *text)
{
	char changes[8], trusted[4];
	uint64_t bits;

	if (!take_word(&text, changes, sizeof(changes)) ||
	    !take_word(&text, trusted, sizeof(trusted)) ||
	    text_parse_unsigned(changes, strlen(changes), &bits) < 0 || bits > 0xff)
		return false;
	run->recorded.changes = (unsigned int)bits;
	run->recorded.trusted = trusted[0] == '1';
	replay_file_safe(text, strlen(text), run->recorded.changed, sizeof(run->recorded.changed));
	return true;
}

static bool note_end(struct replay_run *run, const char *text)
{
	replay_file_safe(text, strlen(text), run->outcome, sizeof(run->outcome));
	run->whole = true;
	return true;
}

static const struct {
	const char *word;
	bool (*take)(struct replay_run *run, const char *text);
} notes[] = {
	{"image", note_image},
	{"image-signed", note_signed},
	{"image-mcuboot", note_mcuboot},
	{"stream-block", note_stream},
	{"stream-text", note_stream_text},
	{"stream-later", note_stream_later},
	{"digest", note_digest},
	{"image-name", note_name},
	{"image-project", note_project},
	{"image-version", note_version},
	{"bytes", note_bytes},
	{"profile", note_profile},
	{"set", note_set},
	{"finding", note_finding},
	{"checks", note_checks},
	{"checked", note_checked},
	{"known", note_known},
	{"intervals", note_intervals},
	{"end", note_end},
};

/* --- the file */

static void note_recorded(struct replay *r, const char *text)
{
	const char *by = strstr(text, " by "), *on = by ? strstr(by + 4, " on ") : NULL;

	if (!on)
		return;
	replay_file_safe(text, (size_t)(by - text), r->recorded, sizeof(r->recorded));
	if (strlen(r->recorded) > 19 && r->recorded[10] == 'T') {
		r->recorded[10] = ' ';
		r->recorded[19] = '\0'; /* the offset from UTC is no news on the screen */
	}
	replay_file_safe(by + 4, (size_t)(on - by - 4), r->program, sizeof(r->program));
	replay_file_safe(on + 4, strlen(on + 4), r->source, sizeof(r->source));
}

static struct replay_run *replay_file_add_run(struct replay *r, const struct trace_line *line,
					      size_t index)
{
	struct replay_run *more;

	more = realloc(r->runs, (r->run_count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	r->runs = more;
	more = &r->runs[r->run_count++];
	memset(more, 0, sizeof(*more));
	profile_defaults(&more->profile);
	more->first = index;
	more->first_line = line->number;
	more->start_us = line->at_us;
	return more;
}

/* A note that cannot be taken damages the file from there on, like any other line. */
static int take_note(struct replay *r, const struct trace_line *line, size_t index, bool *open)
{
	struct replay_run *run = *open ? &r->runs[r->run_count - 1] : NULL;
	const char *rest;

	if (begins(line->text, "recorded", &rest)) {
		note_recorded(r, rest);
		r->recorded_us = line->at_us;
	}
	if (begins(line->text, "run", &rest)) {
		if (r->run_count == REPLAY_RUNS_MAX)
			return -OTA_EBADMSG;
		run = replay_file_add_run(r, line, index);
		if (!run)
			return -OTA_ENOMEM;
		*open = true;
		if (note_run(run, rest))
			return 0;
		r->run_count--;
		*open = false;
		return -OTA_EBADMSG;
	}
	for (size_t i = 0; run && i < sizeof(notes) / sizeof(notes[0]); i++) {
		if (!begins(line->text, notes[i].word, &rest))
			continue;
		if (!notes[i].take(run, rest))
			return -OTA_EBADMSG;
		if (run->whole)
			*open = false;
		break;
	}
	return 0;
}

static void reach(struct replay_run *run, const struct trace_line *line, size_t index)
{
	run->last = index + 1;
	run->last_line = line->number;
	run->end_us = line->at_us;
}

int replay_read_runs(struct replay *r)
{
	bool open = false;

	for (size_t i = 0; i < trace_file_count(r->file); i++) {
		const struct trace_line line = trace_file_line(r->file, i);
		const bool was = open;
		int rc = 0;

		if (line.kind == '#')
			rc = take_note(r, &line, i, &open);
		if (rc == -OTA_EBADMSG) {
			r->damaged = line.number;
			break;
		}
		if (rc < 0)
			return rc;
		if (was || open)
			reach(&r->runs[r->run_count - 1], &line, i);
	}
	for (size_t i = 0; i < r->run_count; i++)
		apply_settings(&r->runs[i]);
	return 0;
}
