/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otabench resume DEV: the update that was interrupted here, from its journal.  The journal
 * says which image it was; the file's hash says whether it is that one, and the device whether
 * there is something to resume.
 */
#include "cli/flash.h"

#include "cli/command_line.h"
#include "cli/open.h"
#include "cli/run.h"
#include "base/command.h"
#include "base/output.h"
#include "host/image_file.h"
#include "host/journal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ASKED_MAX 3u /* times that a terminal is asked for the file */

static int load(struct cli *cli, const char *device, struct journal *ret)
{
	char buf[JOURNAL_PLACE_MAX], error[JOURNAL_TEXT_MAX] = "", safe[4 * SCAN_NAME_SIZE];
	const char *place = cli_place(cli, buf);
	const int r = place ? journal_find(place, device, ret, error, sizeof(error)) : -OTA_ENOENT;

	(void)output_safe_text(device, strlen(device), safe, sizeof(safe));
	if (r == -OTA_EINVAL)
		return cli_fail(cli, CLI_USAGE, "several devices are called %s: use the address",
				safe);
	if (r == -OTA_EBADMSG)
		return cli_fail(cli, CLI_FILE, "%s; name the image: resume DEV IMAGE", error);
	if (r == -OTA_ENOENT)
		return cli_fail(cli, CLI_NO_FILE,
				"no interrupted update of %s is known%s; name the image: resume "
				"DEV IMAGE",
				safe,
				place ? " on this computer"
				      : ", as simulated devices without state=DIR keep nothing");
	return r < 0 ? cli_fail(cli, CLI_DEFECT, "%s", strerror(-r)) : CLI_OK;
}

static bool may_ask(const struct cli *cli)
{
	return !cli->json && isatty(STDIN_FILENO) && output_is_terminal(cli->err);
}

static bool is_image(const char *path, const struct journal_image *i)
{
	struct journal_image typed = *i;
	char found[PATH_MAX];

	(void)snprintf(typed.path, sizeof(typed.path), "%s", path);
	return journal_find_image(&typed, found) && strcmp(found, path) == 0;
}

/* The file has changed or is gone: the user may know of another one. */
static bool ask(struct cli *cli, const struct journal_image *i, char path[PATH_MAX])
{
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	for (unsigned int n = 0; n < ASKED_MAX && !found; n++) {
		(void)fprintf(cli->err, "File of the image that was sent (Enter: none): ");
		(void)fflush(cli->err);
		if (getline(&line, &size, stdin) <= 1)
			break;
		line[strcspn(line, "\n")] = '\0';
		found = strlen(line) < PATH_MAX && strchr(line, '/') != NULL && is_image(line, i);
		if (found)
			(void)snprintf(path, PATH_MAX, "%s", line);
		else
			(void)fprintf(cli->err, "This is not the image that was sent.\n");
	}
	free(line);
	return found;
}

static int find_file(struct cli *cli, const struct journal *j, char path[PATH_MAX])
{
	const struct journal_image *i = &j->images[0];
	char safe[PATH_MAX], reach[COMMAND_LINE_OPTIONS], line[COMMAND_LINE_OPTIONS + PATH_MAX];
	struct command c;

	if (journal_find_image(i, path))
		return CLI_OK;
	(void)output_safe_text(i->path, strlen(i->path), safe, sizeof(safe));
	if (may_ask(cli)) {
		log_write(&cli->log, LOG_LEVEL_WARNING,
			  "%s is gone or has changed, and no file beside it has the image's "
			  "SHA-256",
			  safe);
		if (ask(cli, i, path))
			return CLI_OK;
	}
	command_begin(&c, line, sizeof(line));
	command_add(&c, command_line_reach(cli, reach, sizeof(reach)));
	command_add(&c, "resume");
	command_word(&c, j->address);
	command_add(&c, "IMAGE");
	(void)command_end(&c);
	return cli_fail(cli, CLI_NO_FILE,
			"%s is gone or has changed, and neither the images opened last nor the "
			"files beside it have the SHA-256 of the image that was sent; '%s' names "
			"another file",
			safe, line);
}

static void tell(struct cli *cli, const struct journal *j, const char *path)
{
	char at[64], age[64], name[PATH_MAX];

	(void)output_safe_text(path, strlen(path), name, sizeof(name));
	log_write(&cli->log, LOG_LEVEL_WARNING,
		  "resuming your update of %s to %s, stopped at %s (%s)", name,
		  j->name[0] != '\0' ? j->name : j->address,
		  journal_stopped_at(&j->images[0], at, sizeof(at)),
		  journal_age(j, (int64_t)time(NULL), age, sizeof(age)));
}

static int give_up(struct cli *cli, const struct journal *j)
{
	const int claim = journal_lock(j->place, j->address);

	if (claim == -OTA_EBUSY)
		return cli_fail(cli, CLI_LINK_LOST,
				"another otabench (process %lld) is updating this device",
				(long long)j->process);
	journal_drop(j->place, j->address);
	if (claim >= 0)
		(void)close(claim);
	if (!cli->quiet && !cli->json)
		(void)fprintf(cli->out, "forgotten; 'cancel' drops what the device has received\n");
	return cli_finish(cli, CLI_OK);
}

int flash_resume(struct cli *cli, const char *device)
{
	struct journal *j = calloc(1, sizeof(*j));
	struct job_config config = {
		.goal = SESSION_UPDATE,
		.no_confirm = cli_value(cli, "no-confirm") != NULL,
	};
	char path[PATH_MAX];
	int code;

	if (!j)
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	code = load(cli, device, j);
	if (code == CLI_OK && cli_value(cli, "give-up")) {
		code = give_up(cli, j);
	} else if (code == CLI_OK) {
		code = find_file(cli, j, path);
		if (code == CLI_OK) {
			tell(cli, j, path);
			config.device = j->address;
			config.no_confirm |= j->images[0].no_confirm;
			config.resume_only = journal_expects_part(&j->images[0]);
			cli->force |= j->images[0].forced;
			code = flash_with_image(cli, &config, path, j->images[0].sha256);
		}
	}
	free(j);
	return code;
}
