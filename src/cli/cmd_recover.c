/* SPDX-License-Identifier: Apache-2.0 */
/* otabench recover DEV [IMAGE]: asks the device, offers what fits, does it, and asks again. */
#include "config.h" /* system extensions: pthread_sigmask() */

#include "cli/flash.h"
#include "cli/maintenance.h"
#include "cli/open.h"
#include "cli/run_priv.h"
#include "host/recover_walk.h"
#include "host/journal.h"

#include <signal.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ANSWER_MAX 64

struct recovery {
	struct cli *cli;
	struct run run;
	struct run_settings settings;
	struct job_config base; /* of every job */
	const char *path; /* NULL: without an image */
	const struct image *image; /* NULL with it */
	struct recover_walk walk;
	struct recover_known known;
	struct recover_list list;
	int code; /* of the last action */
	bool left; /* the program was asked to end */
	char own[JOB_TEXT_MAX]; /* an update of this user's that the device holds; "" none */
};

/* --- what is told */

/* The journal knows the image that the device holds a part of. */
static void find_own(struct recovery *v)
{
	char place[JOURNAL_PLACE_MAX], error[JOURNAL_TEXT_MAX], name[PATH_MAX], at[64];
	const char *where = cli_place(v->cli, place);
	const struct journal_image *image;
	struct journal j;

	v->own[0] = '\0';
	if (!v->known.status_known || !where ||
	    journal_find(where, v->base.device, &j, error, sizeof(error)) < 0)
		return;
	image = journal_image_of(&j, v->known.status.hash);
	if (!image)
		return;
	(void)snprintf(v->own, sizeof(v->own), "Your update of %.255s stopped at %s",
		       journal_image_name(image, name, sizeof(name)),
		       journal_stopped_at(image, at, sizeof(at)));
	v->known.own = v->own;
}

static void learn(struct recovery *v)
{
	v->known = (struct recover_known){
		.address = v->base.device,
		.options = v->settings.options,
		.sending = v->settings.sending,
		.image = v->path ? v->path : "",
		.image_sha256 = v->image ? v->image->sha256 : NULL,
		.image_why = v->path ? NULL : "no image named: recover DEV IMAGE",
		.readonly = v->cli->readonly,
		.stack_keeps = v->run.transport->ops->maintenance != NULL,
	};
	recover_walk_known(&v->walk, &v->known);
	find_own(v);
	recover_list(&v->known, &v->list);
}

static json_t *choice_json(const struct recovery *v, const struct recover_choice *c)
{
	json_t *o = json_object();

	if (!o)
		return NULL;
	(void)json_object_set_new(o, "action", json_string(recover_action_name(c->action)));
	(void)json_object_set_new(o, "possible", json_boolean(c->possible));
	(void)json_object_set_new(o, "safe", json_boolean(recover_is_safe(&v->known, c->action)));
	(void)json_object_set_new(o, "refused", json_boolean(c->refused));
	(void)json_object_set_new(o, "text", json_string(c->effect));
	(void)json_object_set_new(o, "command", output_json_text(c->command, strlen(c->command)));
	return o;
}

static void tell_json(const struct recovery *v)
{
	json_t *event = cli_event_at(v->run.transport->ops->now_us(v->run.transport), "recover");
	json_t *actions = json_array();
	const struct recover_choice *first = &v->list.at[0];

	for (size_t i = 0; actions && i < v->list.count; i++) {
		if (v->list.at[i].action != RECOVER_CLOSE)
			(void)json_array_append_new(actions, choice_json(v, &v->list.at[i]));
	}
	if (event) {
		if (v->known.status_known)
			run_json_status(event, &v->known.status);
		(void)json_object_set_new(event, "advised",
					  v->list.advised
						  ? json_string(recover_action_name(first->action))
						  : json_null());
		(void)json_object_set_new(
			event, "text", v->list.advised ? json_null() : json_string(first->effect));
		(void)json_object_set_new(event, "actions", actions);
	} else {
		json_decref(actions);
	}
	cli_emit(v->cli, event);
}

static void tell_cause(const struct recovery *v)
{
	char line[3u * DIAGNOSIS_TEXT];

	if (!v->known.cause)
		return;
	(void)fprintf(v->cli->out, "%s\n", diagnosis_line(v->known.cause, line, sizeof(line)));
	if (diagnosis_cure(v->known.cause->cause)[0] != '\0')
		(void)fprintf(v->cli->out, "cure: %s\n",
			      diagnosis_cure_text(v->known.cause, line, sizeof(line)));
}

static void tell(const struct recovery *v)
{
	FILE *out = v->cli->out;

	if (v->cli->json) {
		tell_json(v);
		return;
	}
	if (v->known.status_known)
		run_print_status(out, &v->known.status);
	if (v->own[0] != '\0')
		(void)fprintf(out, "%s.\n", v->own);
	tell_cause(v);
	if (!v->list.advised)
		(void)fprintf(out, "%s\n", v->list.at[0].effect);
	for (size_t i = 0; i < v->list.count; i++) {
		const struct recover_choice *c = &v->list.at[i];

		if (c->possible && c->action != RECOVER_CLOSE)
			(void)fprintf(out, "%s %c  %-26s %s\n      %s\n",
				      i == 0 && v->list.advised ? ">" : " ", c->key, c->title,
				      c->effect, c->command);
	}
	(void)fflush(out);
}

static void tell_done(struct recovery *v, enum recover_action action, bool ok, const char *text)
{
	json_t *event;

	if (!v->cli->json) {
		log_write(&v->cli->log, ok ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "%s: %s",
			  recover_action_name(action), text);
		return;
	}
	event = cli_event_at(v->run.transport->ops->now_us(v->run.transport), "action");
	if (event) {
		(void)json_object_set_new(event, "action",
					  json_string(recover_action_name(action)));
		(void)json_object_set_new(event, "ok", json_boolean(ok));
		(void)json_object_set_new(event, "text", output_json_text(text, strlen(text)));
		if (v->run.job)
			(void)json_object_set_new(event, "diagnosis", run_diagnose_json(&v->run));
	}
	cli_emit(v->cli, event);
}

/* --- what is done */

static void with_job(struct recovery *v, enum recover_action action)
{
	struct job_config config = v->base;
	struct job_snapshot now;

	(void)recover_walk_job(action, &config);
	if (config.goal == SESSION_UPDATE)
		config.forced |= action == RECOVER_RESTART && recover_runs_image(&v->known)
					 ? 1u << LINT_SAME
					 : 0;
	v->code = run_once(&v->run, &config);
	if (v->run.ended) {
		job_snapshot(v->run.job, &now);
		recover_walk_ended(&v->walk, action, &config, &now, &v->run.result);
		tell_done(v, action, recover_walk_is_good(v->run.result.outcome),
			  v->run.result.what);
	}
	v->left |= !v->run.ended || v->run.interrupts > 0;
	run_release(&v->run);
}

static void with_stack(struct recovery *v, enum recover_action action,
		       enum transport_maintenance what)
{
	const char *device = what == TRANSPORT_POWER_CYCLE ? NULL : v->base.device;
	char text[512];
	const int status =
		cli_maintain(v->run.transport, v->run.event, what, device, text, sizeof(text));
	const bool ok = status == CLI_OK;

	v->code = status;
	recover_tried(&v->walk.tries, action, ok, 0);
	v->walk.cause = (struct diagnosis){.cause = DIAGNOSIS_NONE};
	tell_done(v, action, ok, text);
}

static void act(struct recovery *v, enum recover_action action)
{
	enum transport_maintenance what;

	if (recover_walk_stack(action, &what))
		with_stack(v, action, what);
	else
		with_job(v, action);
	/* The device itself has to tell what the action came to. */
	if (action != RECOVER_LOOK && !v->left && !v->walk.unheard)
		with_job(v, RECOVER_LOOK);
}

/* --- what is chosen */

/* One line without its end; what does not fit, as of something pasted, is no answer: "?". */
static bool read_line(char line[ANSWER_MAX])
{
	sigset_t signals, before;
	bool got;

	/* While a question stands nothing runs on the device, so Ctrl-C may end the program at
	 * once. */
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGHUP);
	(void)pthread_sigmask(SIG_UNBLOCK, &signals, &before);
	got = fgets(line, ANSWER_MAX, stdin) != NULL;
	if (got && !strchr(line, '\n')) {
		for (int c = getc(stdin); c != '\n' && c != EOF; c = getc(stdin))
			;
		(void)snprintf(line, ANSWER_MAX, "?");
	}
	line[got ? strcspn(line, "\r\n") : 0] = '\0';
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return got;
}

static bool asks(const struct recovery *v)
{
	return !v->cli->json && !cli_value(v->cli, "yes") && isatty(STDIN_FILENO) &&
	       output_is_terminal(v->cli->err);
}

static bool agreed(const struct recovery *v, const struct recover_choice *c)
{
	char line[ANSWER_MAX];

	if (recover_at_once(c->action))
		return true;
	(void)fprintf(v->cli->err, "%s: %s. y/n ", c->title, c->effect);
	(void)fflush(v->cli->err);
	return read_line(line) && (strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0);
}

static const struct recover_choice *choice_at(const struct recovery *v, const char *line)
{
	if (line[0] == '\0')
		return v->list.advised ? &v->list.at[0] : NULL;
	for (size_t i = 0; line[1] == '\0' && i < v->list.count; i++)
		if (v->list.at[i].key == line[0])
			return &v->list.at[i];
	return NULL;
}

/* A letter and Enter; Enter alone is what is advised.  CLOSE: nothing more. */
static enum recover_action ask(const struct recovery *v)
{
	const struct recover_choice *c;
	char line[ANSWER_MAX];

	for (;;) {
		(void)fprintf(v->cli->err, "A letter, %sq to end: ",
			      v->list.advised ? "Enter for the first, " : "");
		(void)fflush(v->cli->err);
		if (!read_line(line) || strcmp(line, "q") == 0 ||
		    (line[0] == '\0' && !v->list.advised))
			return RECOVER_CLOSE;
		c = choice_at(v, line);
		if (!c)
			(void)fprintf(v->cli->err, "none of these letters\n");
		else if (!c->possible)
			(void)fprintf(v->cli->err, "not possible: %s\n", c->effect);
		else if (agreed(v, c))
			return c->action;
	}
}

static enum recover_action choose(const struct recovery *v)
{
	const enum recover_action first = v->list.at[0].action;

	if (asks(v))
		return ask(v);
	return cli_value(v->cli, "yes") && v->list.advised && recover_is_safe(&v->known, first)
		       ? first
		       : RECOVER_CLOSE;
}

/* Something is left to do, or the device could not be asked. */
static int verdict(const struct recovery *v)
{
	if (v->left)
		return v->code != CLI_OK ? v->code : CLI_CANCELLED;
	if (!v->list.advised && v->known.status_known && v->known.status.state == OTA_STATE_IDLE)
		return v->known.flags & OTA_INFO_PENDING_VERIFY ? CLI_LINK_LOST : CLI_OK;
	if (v->code == CLI_OK && !dialect_get(v->known.dialect)->has_status)
		return CLI_OK;
	return v->code != CLI_OK ? v->code : CLI_LINK_LOST;
}

static int walk(struct recovery *v)
{
	enum recover_action action = RECOVER_LOOK;
	int code;

	do {
		act(v, action);
		learn(v);
		if (v->left)
			break;
		tell(v);
		action = choose(v);
	} while (action != RECOVER_CLOSE);
	code = cli_recorded(v->cli, v->run.transport, verdict(v));
	if (code != CLI_OK && !v->left && v->list.advised)
		log_write(&v->cli->log, LOG_LEVEL_WARNING, "left to do: %s (%s)",
			  v->list.at[0].title, v->list.at[0].command);
	return cli_finish(v->cli, code);
}

static int with_image(struct recovery *v)
{
	int code = run_settle(v->cli, &v->settings, &v->base);

	if (code == CLI_OK)
		code = run_open(&v->run, v->cli);
	return code == CLI_OK ? run_close(&v->run, walk(v)) : code;
}

/* The image of the update that was interrupted here, so that resuming it can be offered. */
static bool find_image(const struct cli *cli, const char *device, char path[PATH_MAX])
{
	char place[JOURNAL_PLACE_MAX], error[JOURNAL_TEXT_MAX];
	const char *where = cli_place(cli, place);
	struct journal j;

	return where && journal_find(where, device, &j, error, sizeof(error)) == 0 &&
	       journal_find_image(&j.images[0], path);
}

int cmd_recover(struct cli *cli, int argc, char **argv)
{
	static struct recovery v; /* its list is too much for a stack */
	struct lint_report report;
	struct image_file file;
	struct image image;
	char found[PATH_MAX];
	const char *path = argc > 2 ? argv[2] : NULL;
	int code;

	v = (struct recovery){.cli = cli, .base = {.device = argv[1]}};
	if (!path && find_image(cli, argv[1], found))
		path = found;
	if (!path)
		return with_image(&v);
	code = flash_read_image(cli, path, &file, &image, &report);
	if (code != CLI_OK)
		return code;
	v.path = v.base.image_name = path;
	v.image = v.base.image = &image;
	v.base.report = &report;
	code = with_image(&v);
	image_file_finish(&file);
	return code;
}
