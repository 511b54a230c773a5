/* SPDX-License-Identifier: Apache-2.0 */
/* See cli.h: from the command line to a command, and how commands end. */
#include "config.h" /* system extensions: clock_gettime() */

#include "cli/cli.h"

#include "ota/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static uint64_t monotonic_us(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* Microseconds since the start of this run. */
static uint64_t cli_elapsed_us(const struct cli *cli)
{
	return monotonic_us() - cli->start_us;
}

const char *cli_value(const struct cli *cli, const char *name)
{
	const struct cli_option *options = cli->command ? cli->command->options : NULL;

	for (size_t i = 0; options && options[i].name && i < CLI_OPTIONS_MAX; i++) {
		if (strcmp(options[i].name, name) == 0)
			return cli->values[i];
	}
	return NULL;
}

json_t *cli_event_at(uint64_t us, const char *name)
{
	json_t *event = json_object();

	if (!event)
		return NULL;
	(void)json_object_set_new(event, "t", output_json_seconds(us));
	(void)json_object_set_new(event, "event", json_string(name));
	return event;
}

json_t *cli_event(const struct cli *cli, const char *name)
{
	return cli_event_at(cli_elapsed_us(cli), name);
}

/* A virtual clock runs ahead of the process's, and either may date an event; a reader's
 * time must not go back. */
static void order(struct cli *cli, json_t *event)
{
	json_t *t = json_object_get(event, "t");

	if (!json_is_number(t))
		return;
	if (json_number_value(t) < cli->told_at)
		(void)json_object_set_new(
			event, "t", output_json_seconds((uint64_t)(cli->told_at * 1e6 + 0.5)));
	else
		cli->told_at = json_number_value(t);
}

/* Set when jansson got no memory: an event that lacks a member would look like one that
 * never has it, so from then on there are none.  jansson's allocator is the process's. */
static bool json_starved;

static void *json_memory(size_t size)
{
	void *memory = malloc(size);

	json_starved |= memory == NULL;
	return memory;
}

void cli_emit(struct cli *cli, json_t *event)
{
	order(cli, event); /* makes a number anew, for which there may be no memory */
	if (event && !cli->schema_told)
		(void)json_object_set_new(event, "schema", json_integer(OUTPUT_JSON_SCHEMA));
	cli->schema_told = true;
	if (json_starved) {
		json_decref(event);
		return;
	}
	/* A failed write shows in ferror(out), which cli_main() checks. */
	if (cli->json)
		(void)output_json_line(cli->out, event);
	else
		json_decref(event);
}

const char *cli_exit_name(enum cli_exit code)
{
	switch (code) {
	case CLI_OK:
		return "ok";
	case CLI_USAGE:
		return "usage";
	case CLI_REFUSED:
		return "refused";
	case CLI_NO_FILE:
		return "no-file";
	case CLI_NO_DEVICE:
		return "no-device";
	case CLI_NO_ADAPTER:
		return "no-adapter";
	case CLI_DEFECT:
		return "defect";
	case CLI_FILE:
		return "file";
	case CLI_LINK_LOST:
		return "link-lost";
	case CLI_DEVICE_ERROR:
		return "device-error";
	case CLI_NO_PERMISSION:
		return "no-permission";
	case CLI_CHANGED:
		return "device-changed";
	case CLI_CANCELLED:
		return "cancelled";
	}
	return "unknown";
}

enum cli_exit cli_exit_of(int error)
{
	switch (-error) {
	case OTA_EINVAL:
		return CLI_USAGE;
	case OTA_ENOENT:
		return CLI_NO_FILE;
	case OTA_EPERM:
		return CLI_NO_PERMISSION;
	case OTA_ENOMEM:
		return CLI_DEFECT;
	case OTA_EBADMSG:
		return CLI_REFUSED;
	case OTA_ECANCELED:
		return CLI_CANCELLED;
	case OTA_ESTALE:
		return CLI_CHANGED;
	case OTA_EBUSY:
		return CLI_LINK_LOST;
	default: /* errno has no end of values: a loop of links, a disk that fails or is full */
		return CLI_FILE;
	}
}

json_t *cli_result(const struct cli *cli, enum cli_exit code)
{
	json_t *result = cli_event(cli, "result");

	if (!result)
		return NULL;
	(void)json_object_set_new(result, "ok", json_boolean(code == CLI_OK));
	(void)json_object_set_new(result, "outcome", json_string(cli_exit_name(code)));
	(void)json_object_set_new(result, "exit", json_integer(code));
	return result;
}

int cli_finish(struct cli *cli, int code)
{
	cli_emit(cli, cli_result(cli, (enum cli_exit)code));
	return code;
}

int cli_succeed(struct cli *cli)
{
	return cli_finish(cli, CLI_OK);
}

int cli_fail(struct cli *cli, enum cli_exit code, const char *format, ...)
{
	json_t *result = cli_result(cli, code);
	char text[LOG_LINE_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	log_write(&cli->log, LOG_LEVEL_ERROR, "%s", text);
	if (result)
		(void)json_object_set_new(result, "error", output_json_text(text, strlen(text)));
	if (result && cli->diagnosis)
		(void)json_object_set_new(result, "diagnosis", cli->diagnosis);
	else
		json_decref(cli->diagnosis);
	cli->diagnosis = NULL;
	cli_emit(cli, result);
	return code;
}

int cli_fail_write(struct cli *cli, int error, const char *path, const char *why)
{
	struct stat st;
	const bool helps = !cli->overwrite && stat(path, &st) == 0 && S_ISREG(st.st_mode);

	return cli_fail(cli, cli_exit_of(error), "%s%s", why,
			helps && error == -OTA_EIO ? "; --force replaces it" : "");
}

void cli_tell_errors(struct cli *cli, const struct setting_errors *errors)
{
	char line[LOG_LINE_MAX];

	for (size_t i = 0; i < errors->count; i++) {
		const struct setting_error *error = &errors->items[i];
		json_t *event = cli_event(cli, "problem");

		log_write(&cli->log, LOG_LEVEL_ERROR, "%s",
			  setting_error_format(errors, i, line, sizeof(line)));
		if (event) {
			(void)json_object_set_new(event, "file", json_string(errors->name));
			(void)json_object_set_new(event, "line", json_integer(error->line));
			(void)json_object_set_new(event, "column", json_integer(error->column));
			(void)json_object_set_new(event, "key", json_string(error->key));
			(void)json_object_set_new(event, "text", json_string(error->text));
		}
		cli_emit(cli, event);
	}
	if (errors->dropped > 0)
		log_write(&cli->log, LOG_LEVEL_ERROR, "%s: and %zu more", errors->name,
			  errors->dropped);
}

int cli_load_profile(struct cli *cli, const char *name, struct profile *ret,
		     struct profile_source *ret_source)
{
	struct setting_errors errors;
	struct profile_source source;
	struct profile profile;
	int r;

	if (!name)
		name = cli->profile ? cli->profile : "default";
	r = profile_open(name, &profile, &source, &errors);
	cli->saved_known = r == 0;
	if (r == 0) {
		cli->saved = profile;
		r = profile_set(&profile, cli->set, cli->set_count, "--set", &errors);
	}
	if (r < 0) {
		cli_tell_errors(cli, &errors);
		return cli_fail(cli, cli_exit_of(r), "the profile cannot be used");
	}
	*ret = profile;
	if (ret_source)
		*ret_source = source;
	return CLI_OK;
}

static int check_arguments(struct cli *cli, int count)
{
	const struct cli_command *command = cli->command;

	if (count < command->min_arguments)
		return cli_fail(cli, CLI_USAGE, "%s: expected %s, found %s%s", command->name,
				command->usage, count == 0 ? "nothing" : "only ",
				count == 0 ? "" : cli->words[1]);
	if (command->max_arguments >= 0 && count > command->max_arguments)
		return cli_fail(cli, CLI_USAGE, "%s: expected %s, found more", command->name,
				command->usage[0] != '\0' ? command->usage : "no argument");
	return CLI_OK;
}

static int cli_run(struct cli *cli, const struct cli_command *commands, int count, char **words)
{
	int r;

	if (cli->help) {
		cli_print_help(cli, commands, cli->command);
		return CLI_OK;
	}
	if (cli->version) {
		(void)fprintf(cli->out, "%s\n", PACKAGE_STRING);
		return CLI_OK;
	}
	for (const struct cli_command *c = commands; !cli->command && c->name; c++) {
		if (c->standard && !cli->json && (cli->script || output_is_terminal(cli->out))) {
			cli->command = c;
			return c->run(cli, 0, words);
		}
	}
	if (!cli->command)
		return cli_fail(cli, CLI_USAGE, "expected a command; 'otabench --help' lists them");
	r = check_arguments(cli, count - 1);
	return r == CLI_OK ? cli->command->run(cli, count, words) : r;
}

int cli_main(int argc, char **argv, const struct cli_command *commands, FILE *out, FILE *err)
{
	char **words = calloc((size_t)argc + 1, sizeof(words[0]));
	struct cli *cli = calloc(1, sizeof(*cli));
	int count = 0, r = CLI_DEFECT;

	if (words && cli) {
		cli->out = out;
		cli->err = err;
		cli->start_us = monotonic_us();
		log_stderr_init(&cli->sink, err, "otabench");
		cli->log = (struct log){
			.fn = log_stderr_line,
			.userdata = &cli->sink,
			.level = LOG_LEVEL_WARNING,
		};
		json_starved = false;
		json_set_alloc_funcs(json_memory, free);
		simopts_defaults(&cli->sim);
		cli->passkey = -1;
		r = cli_parse(cli, argc, argv, commands, words, &count);
		cli->words = words;
		if (r == CLI_OK)
			r = cli_run(cli, commands, count, words);
		errno = 0;
		/* A reader that has seen enough, as head does, is not told of. */
		if ((fflush(out) != 0 || ferror(out)) && !output_reader_left(out)) {
			log_write(&cli->log, LOG_LEVEL_ERROR, "the output cannot be written%s%s",
				  errno ? ": " : "", errno ? strerror(errno) : "");
			r = r == CLI_OK ? CLI_FILE : r;
		}
		if (json_starved && cli->json) {
			log_write(&cli->log, LOG_LEVEL_ERROR,
				  "out of memory: the output is incomplete");
			r = r == CLI_OK ? CLI_DEFECT : r;
		}
	} else {
		(void)fputs("otabench: error: out of memory\n", err);
	}
	free(words);
	free(cli);
	return r;
}
