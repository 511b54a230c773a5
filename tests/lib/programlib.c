/* SPDX-License-Identifier: Apache-2.0 */
/* See programlib.h. */
#include "config.h" /* system extensions: popen(), mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "programlib.h"

const char *program_path(void)
{
	static char path[4096];
	const char *build = getenv("OTABENCH_BUILDDIR");

	(void)snprintf(path, sizeof(path), "%s/otabench", build ? build : ".");
	return path;
}

/* Runs it in a shell, as users do; errors is where its standard error goes, in the shell's words. */
static FILE *program_begin(const char *errors, const char *format, va_list ap)
{
	char arguments[8192], command[16384];
	FILE *in;

	vsnprintf(arguments, sizeof(arguments), format, ap);
	snprintf(command, sizeof(command), "'%s' %s 2>%s", program_path(), arguments, errors);
	in = popen(command, "r"); /* NOLINT(cert-env33-c): the shell is what users run it from */
	assert_non_null(in);
	return in;
}

static int program_end(FILE *in)
{
	const int status = pclose(in);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct program_ran program_run(const char *format, ...)
{
	struct program_ran r = {.exit = -1};
	char *line = NULL;
	size_t size = 0;
	double t = 0;
	json_t *now;
	FILE *out;
	va_list ap;

	va_start(ap, format);
	out = program_begin("/dev/null", format, ap);
	va_end(ap);
	while (getline(&line, &size, out) > 0) {
		now = json_loads(line, 0, NULL);
		if (!now)
			continue;
		json_decref(r.last);
		r.last = now;
		r.events++;
		assert_true(json_is_number(json_object_get(now, "t")));
		assert_true(json_number_value(json_object_get(now, "t")) >= t);
		t = json_number_value(json_object_get(now, "t"));
		assert_true(json_is_string(json_object_get(now, "event")));
	}
	free(line);
	r.exit = program_end(out);
	return r;
}

char *program_words(int *ret_exit, const char *format, ...)
{
	char *text = NULL;
	size_t size = 0;
	va_list ap;
	FILE *in, *out = open_memstream(&text, &size);
	int c;

	assert_non_null(out);
	va_start(ap, format);
	in = program_begin("&1", format, ap);
	va_end(ap);
	while ((c = fgetc(in)) != EOF)
		(void)fputc(c, out);
	*ret_exit = program_end(in);
	assert_int_equal(fclose(out), 0);
	return text;
}

char *program_lines(size_t skip, int *ret_exit, const char *format, ...)
{
	char *line = NULL, *text = NULL;
	size_t size = 0, room = 0;
	FILE *in, *out = open_memstream(&text, &size);
	va_list ap;

	assert_non_null(out);
	va_start(ap, format);
	in = program_begin("/dev/null", format, ap);
	va_end(ap);
	for (size_t i = 0; getline(&line, &room, in) > 0; i++)
		if (i >= skip)
			(void)fputs(line, out);
	free(line);
	*ret_exit = program_end(in);
	assert_int_equal(fclose(out), 0);
	return text;
}

const char *program_text(const struct program_ran *r, const char *key)
{
	const char *text = json_string_value(json_object_get(r->last, key));

	return text ? text : "(none)";
}

json_int_t program_number(const struct program_ran *r, const char *key)
{
	json_t *value = json_object_get(r->last, key);

	if (!json_is_number(value))
		fail_msg("no number %s", key);
	return (json_int_t)json_number_value(value);
}

void program_done(struct program_ran *r)
{
	json_decref(r->last);
	r->last = NULL;
}

void program_expect(const struct program_ran *r, int code, const char *outcome)
{
	assert_int_equal(r->exit, code);
	assert_non_null(r->last);
	assert_string_equal(program_text(r, "event"), "result");
	assert_string_equal(program_text(r, "outcome"), outcome);
	assert_int_equal(program_number(r, "exit"), code);
	assert_true(json_is_boolean(json_object_get(r->last, "ok")));
	assert_int_equal(json_is_true(json_object_get(r->last, "ok")), code == 0);
}

int program_folder_make(char *folder)
{
	if (!mkdtemp(folder))
		return -1;
	(void)setenv("XDG_STATE_HOME", folder, 1);
	(void)setenv("XDG_CONFIG_HOME", folder, 1);
	return 0;
}

int program_folder_remove(const char *folder)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command); /* NOLINT(cert-env33-c): a folder made by mkdtemp() */
}

void program_sample(const char *folder, const char *name, const char *format, ...)
{
	struct program_ran r;
	char options[1024];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(options, sizeof(options), format, ap);
	va_end(ap);
	r = program_run("sample-image %s '%s/%s'", options, folder, name);
	assert_int_equal(r.exit, 0);
	program_done(&r);
}
