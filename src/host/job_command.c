/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that texts name: command lines of this program, or keys of its screen. */
#include "host/job_priv.h"

#include "base/command.h"

#include <string.h>

/* The device as one would type it: by its name where that is plain and no other's that was
 * heard, else by its address. */
static const char *typed(const struct job *job)
{
	const struct scan_device *device;

	return command_is_plain(job->name) &&
			       scan_find(&job->scan, job->name, &device, NULL, 0) != -OTA_EINVAL
		       ? job->name
		       : job->address;
}

static bool put_line(const struct job *job, bool with_options, const char *change, const char *verb,
		     enum job_command_on on, char *buf, size_t size)
{
	const char *options = with_options ? job->config.options : NULL;
	const char *sending = with_options && on == JOB_COMMAND_IMAGE ? job->config.sending : NULL;
	struct command c;

	command_begin(&c, buf, size);
	command_add(&c, options ? options : "");
	command_add(&c, sending ? sending : "");
	if (change[0] != '\0' && on == JOB_COMMAND_IMAGE) {
		command_add(&c, "-s");
		command_add(&c, change);
	}
	command_add(&c, verb);
	if (on != JOB_COMMAND_ALONE)
		command_word(&c, typed(job));
	if (on == JOB_COMMAND_IMAGE)
		command_add(&c, job->image_word);
	return command_end(&c);
}

char *job_command_with(const struct job *job, const char *change, const char *verb,
		       enum job_command_on on, char buf[JOB_COMMAND_MAX])
{
	char line[JOB_COMMAND_MAX - 2]; /* between quotes */

	if (job->config.on_screen) {
		const bool set = change[0] != '\0' && on == JOB_COMMAND_IMAGE;

		(void)snprintf(buf, JOB_COMMAND_MAX, "%s%s%s':%s'", set ? "':set " : "",
			       set ? change : "", set ? "', " : "",
			       strcmp(verb, "cancel") == 0 ? "abort" : verb);
		return buf;
	}
	if (!put_line(job, true, change, verb, on, line, sizeof(line)))
		(void)put_line(job, false, change, verb, on, line, sizeof(line));
	(void)snprintf(buf, JOB_COMMAND_MAX, "'%s'", line);
	return buf;
}

char *job_command_line(const struct job *job, const char *verb, enum job_command_on on,
		       char buf[JOB_COMMAND_MAX])
{
	return job_command_with(job, "", verb, on, buf);
}
