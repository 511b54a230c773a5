/* SPDX-License-Identifier: Apache-2.0 */
/* otabench profile diff A [B] | set NAME KEY=VALUE... | edit NAME: comparing and changing. */
#include "config.h" /* system extensions: sigaction() */

#include "cli/profile.h"

#include "profile/editor.h"
#include "base/file_save.h"
#include "base/output.h"
#include "profile/profile_edit.h"
#include "profile/text_diff.h"
#include "ota/error.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIFF_CONTEXT 1u

/* --- diff */

static void tell_difference(struct cli *cli, const struct profile *a, const struct profile *b,
			    enum profile_key key)
{
	const struct setting *setting = &profile_settings()[key];
	char from[SETTING_TEXT_MAX], to[SETTING_TEXT_MAX];
	json_t *event;

	(void)profile_get(a, key, from, sizeof(from));
	(void)profile_get(b, key, to, sizeof(to));
	if (cli->json) {
		event = cli_event(cli, "difference");
		if (event) {
			(void)json_object_set_new(event, "key", json_string(setting->name));
			(void)json_object_set_new(event, "a", profile_key_json(a, key));
			(void)json_object_set_new(event, "b", profile_key_json(b, key));
		}
		cli_emit(cli, event);
	} else if (setting->kind == SETTING_TEXT) {
		(void)fprintf(cli->out, "%s\n  - %s\n  + %s\n", setting->name, from, to);
	} else {
		(void)fprintf(cli->out, "%-24s %-16s %s\n", setting->name, from, to);
	}
}

int profile_diff(struct cli *cli, const char *a, const char *b)
{
	struct profile first, second;
	size_t count = 0;
	int r = cli_load_profile(cli, a, &first, NULL);

	if (r != CLI_OK)
		return r;
	if (b) {
		r = cli_load_profile(cli, b, &second, NULL);
		if (r != CLI_OK)
			return r;
	} else {
		second = first;
		profile_defaults(&first);
	}
	if (!cli->json)
		(void)fprintf(cli->out, "%-24s %-16s %s\n", "KEY", b ? a : "default", b ? b : a);
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (!profile_differs(&first, &second, (enum profile_key)key))
			continue;
		count++;
		tell_difference(cli, &first, &second, (enum profile_key)key);
	}
	if (count == 0 && !cli->json)
		(void)fprintf(cli->out, "no key differs\n");
	return cli_succeed(cli);
}

/* --- set */

struct change {
	struct profile_source source;
	char path[PATH_MAX]; /* where it goes */
	struct profile before, after;
	char *text; /* as it is */
	size_t len;
	char *made; /* as it will be */
	size_t made_len;
};

static int fail_errors(struct cli *cli, int code, const char *name,
		       const struct setting_errors *errors)
{
	cli_tell_errors(cli, errors);
	return cli_fail(cli, cli_exit_of(code), "profile %s cannot be changed", name);
}

/* The profile with its text, and where its changed text belongs. */
static int open_change(struct cli *cli, const char *name, const char *as, struct change *c)
{
	struct setting_errors errors;
	int r = cli_load_profile(cli, name, &c->before, &c->source);

	if (r != CLI_OK)
		return r;
	r = profile_read_text(&c->source, &c->text, &c->len, &errors);
	if (r < 0)
		return fail_errors(cli, r, name, &errors);
	r = as ? profile_save_path_as(as, c->path, sizeof(c->path))
	       : profile_save_path(&c->source, name, c->path, sizeof(c->path));
	if (r < 0)
		return cli_fail(cli, cli_exit_of(r),
				"%s: expected a plain name or a path to a .yaml file, and HOME set",
				as ? as : name);
	return CLI_OK;
}

static int show_change(struct cli *cli, const struct change *c)
{
	json_t *event;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r = out ? text_diff(c->text, c->len, c->made, c->made_len, DIFF_CONTEXT, out)
		    : -OTA_ENOMEM;

	if ((out && fclose(out) != 0) || r < 0) {
		free(text);
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	}
	if (cli->json) {
		event = cli_event(cli, "diff");
		if (event)
			(void)json_object_set_new(event, "text", json_string(text));
		cli_emit(cli, event);
	} else {
		(void)fputs("--- ", cli->out);
		output_put_safe(cli->out, c->source.path);
		(void)fputs("\n+++ ", cli->out);
		output_put_safe(cli->out, c->path);
		(void)fprintf(cli->out, "\n%s", text);
	}
	free(text);
	return cli_succeed(cli);
}

static int write_change(struct cli *cli, const struct change *c)
{
	char error[PATH_MAX + 256];
	json_t *event;
	/* Over another file than the one that was read only where that is wanted. */
	const bool own = strcmp(c->path, c->source.path) == 0;
	int r = file_save_as(c->path,
			     FILE_SAVE_FOLDERS | (own || cli->overwrite ? FILE_SAVE_REPLACE : 0),
			     c->made, c->made_len, error, sizeof(error));

	if (r < 0)
		return cli_fail_write(cli, r, c->path, error);
	if (!cli->json) {
		(void)fputs("written: ", cli->out);
		output_put_safe(cli->out, c->path);
		(void)fputc('\n', cli->out);
		return CLI_OK;
	}
	event = cli_event(cli, "written");
	if (event)
		(void)json_object_set_new(event, "path",
					  output_json_text(c->path, strlen(c->path)));
	cli_emit(cli, event);
	return cli_succeed(cli);
}

static int change(struct cli *cli, const char *name, const char *const *assignments, size_t count,
		  struct change *c)
{
	struct setting_errors errors;
	int r = open_change(cli, name, cli_value(cli, "as"), c);

	if (r != CLI_OK)
		return r;
	c->after = c->before;
	r = profile_set(&c->after, assignments, count, "set", &errors);
	if (r == 0)
		r = profile_edit_text(c->source.path, c->text, c->len, &c->after, &c->made,
				      &c->made_len, &errors);
	if (r < 0)
		return fail_errors(cli, r, name, &errors);
	if (cli_value(cli, "dry-run"))
		return show_change(cli, c);
	return write_change(cli, c);
}

int profile_change(struct cli *cli, const char *name, const char *const *assignments, size_t count)
{
	struct change c = {.text = NULL};
	int r;

	if (count == 0 && !cli_value(cli, "as"))
		return cli_fail(cli, CLI_USAGE, "profile set: expected KEY=VALUE, or --as");
	r = change(cli, name, assignments, count, &c);
	free(c.text);
	free(c.made);
	return r;
}

/* --- edit */

/* Ctrl-C is the editor's while it runs, as with system(3). */
static int wait_for(pid_t child)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, interrupt, quit;
	int status = 0;

	(void)sigaction(SIGINT, &ignore, &interrupt);
	(void)sigaction(SIGQUIT, &ignore, &quit);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	(void)sigaction(SIGINT, &interrupt, NULL);
	(void)sigaction(SIGQUIT, &quit, NULL);
	return status;
}

static int run_editor(struct cli *cli, const char *path)
{
	pid_t child;
	int status, r = editor_start(path, 0, &child);

	if (r < 0)
		return cli_fail(cli, CLI_DEFECT, "cannot start a process for the editor");
	status = wait_for(child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return CLI_OK;
	return cli_fail(cli, CLI_USAGE, "the editor, %s, failed: VISUAL or EDITOR selects it",
			editor_name());
}

/* A copy that was made for the editor and that nobody changed is not wanted. */
static bool drop_unchanged(const struct change *c)
{
	const struct profile_source made = {.origin = PROFILE_PATH};
	struct profile_source source = made;
	struct setting_errors errors;
	char *text;
	size_t len;
	bool same;

	(void)snprintf(source.path, sizeof(source.path), "%s", c->path);
	if (profile_read_text(&source, &text, &len, &errors) < 0)
		return false;
	same = len == c->len && memcmp(text, c->text, len) == 0;
	free(text);
	return same && unlink(c->path) == 0;
}

static int cmd_profile_change_edit(struct cli *cli, const char *name, struct change *c)
{
	struct setting_errors errors;
	char error[PATH_MAX + 256];
	bool copied;
	int r;

	/* A file that cannot be used yet is what an editor is for. */
	r = profile_find(name, &c->source);
	if (r == 0)
		r = profile_save_path(&c->source, name, c->path, sizeof(c->path));
	if (r < 0)
		return cli_fail(cli, cli_exit_of(r), "%s: no profile has this name", name);
	r = profile_read_text(&c->source, &c->text, &c->len, &errors);
	if (r < 0)
		return fail_errors(cli, r, name, &errors);
	copied = strcmp(c->path, c->source.path) != 0;
	if (copied && file_save(c->path, c->text, c->len, error, sizeof(error)) < 0)
		return cli_fail(cli, CLI_NO_PERMISSION, "%s", error);
	r = run_editor(cli, c->path);
	if (copied && drop_unchanged(c)) {
		if (r == CLI_OK && !cli->json)
			(void)fprintf(cli->out, "nothing was changed\n");
		return r == CLI_OK ? cli_succeed(cli) : r;
	}
	if (r != CLI_OK)
		return r;
	r = profile_check_one(cli, c->path);
	return r == 0 ? cli_succeed(cli)
		      : cli_fail(cli, cli_exit_of(r), "the profile cannot be used: edit it again");
}

int profile_edit(struct cli *cli, const char *name)
{
	struct change c = {.text = NULL};
	const int r = cmd_profile_change_edit(cli, name, &c);

	free(c.text);
	return r;
}
