/* SPDX-License-Identifier: Apache-2.0 */
/* See programlib.h. */
#include "config.h" /* system extensions: popen() */

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

struct program_ran program_run(const char *format, ...)
{
	struct program_ran r = {.exit = -1};
	char arguments[8192], command[16384], *line = NULL;
	size_t size = 0;
	double t = 0;
	json_t *now;
	FILE *out;
	va_list ap;
	int status;

	va_start(ap, format);
	vsnprintf(arguments, sizeof(arguments), format, ap);
	va_end(ap);
	snprintf(command, sizeof(command), "'%s' %s 2>/dev/null", program_path(), arguments);
	out = popen(command, "r"); /* NOLINT(cert-env33-c): the shell is what users run it from */
	assert_non_null(out);
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
	status = pclose(out);
	r.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return r;
}

char *program_words(int *ret_exit, const char *format, ...)
{
	char arguments[8192], command[16384], *text = NULL;
	size_t size = 0;
	va_list ap;
	FILE *in, *out = open_memstream(&text, &size);
	int c, status;

	assert_non_null(out);
	va_start(ap, format);
	vsnprintf(arguments, sizeof(arguments), format, ap);
	va_end(ap);
	snprintf(command, sizeof(command), "'%s' %s 2>&1", program_path(), arguments);
	in = popen(command, "r"); /* NOLINT(cert-env33-c): the shell is what users run it from */
	assert_non_null(in);
	while ((c = fgetc(in)) != EOF)
		(void)fputc(c, out);
	status = pclose(in);
	assert_int_equal(fclose(out), 0);
	*ret_exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
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
