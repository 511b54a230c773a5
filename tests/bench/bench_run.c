/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h" /* system extensions: wait4() */

#include "bench_run.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETS 8u

static unsigned int missed;

static double number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static void text(const json_t *o, const char *key, char *to, size_t size)
{
	const char *value = json_string_value(json_object_get(o, key));

	snprintf(to, size, "%s", value ? value : "");
}

/* The last line that the program printed, as an object. */
static json_t *last_object(FILE *from)
{
	char *line = NULL;
	size_t size = 0;
	json_t *last = NULL, *now;

	while (getline(&line, &size, from) > 0) {
		now = json_loads(line, 0, NULL);
		if (!now)
			continue;
		json_decref(last);
		last = now;
	}
	free(line);
	return last;
}

static void child(const char *program, const char *command, const char *sim, const char *set,
		  const char *image, int out)
{
	char *argv[8 + 2 * SETS];
	char sim_option[256], sets[256], *part, *rest;
	int n = 0;

	snprintf(sim_option, sizeof(sim_option), "--sim=%s", sim);
	snprintf(sets, sizeof(sets), "%s", set ? set : "");
	argv[n++] = strdup(program);
	argv[n++] = sim_option;
	argv[n++] = strdup("--json");
	part = strtok_r(sets, ",", &rest);
	for (unsigned int i = 0; i < SETS && part; i++) {
		argv[n++] = strdup("--set");
		argv[n++] = part;
		part = strtok_r(NULL, ",", &rest);
	}
	argv[n++] = strdup(command);
	argv[n++] = strdup("esp-sim-01");
	if (image)
		argv[n++] = strdup(image);
	argv[n] = NULL;
	if (dup2(out, STDOUT_FILENO) >= 0)
		execv(program, argv);
	_exit(127);
}

static void read_result(const json_t *result, struct bench_outcome *o)
{
	o->seconds = number(result, "seconds");
	o->goodput = number(result, "goodput");
	o->ceiling = number(result, "ceiling");
	o->ratio = number(result, "ratio");
	o->bytes = number(result, "bytes");
	o->air_bytes = number(result, "air_bytes");
	o->chunk = (int)number(result, "chunk");
	text(result, "write_mode", o->mode, sizeof(o->mode));
	text(result, "outcome", o->outcome, sizeof(o->outcome));
	text(result, "stream", o->stream, sizeof(o->stream));
}

struct bench_outcome bench_run(const char *program, const char *command, const char *sim,
			       const char *set, const char *image)
{
	struct bench_outcome o = {.ran = false};
	struct rusage usage;
	int fds[2], status = -1;
	json_t *result;
	FILE *from;
	pid_t pid;

	if (pipe(fds) < 0)
		return o;
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		child(program, command, sim, set, image, fds[1]);
	}
	close(fds[1]);
	from = fdopen(fds[0], "r");
	result = from ? last_object(from) : NULL;
	if (from)
		fclose(from);
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || !result)
		return o;
	o.ran = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	read_result(result, &o);
	o.cpu = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
		(double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
	o.memory_kib = usage.ru_maxrss;
	json_decref(result);
	return o;
}

void bench_verdict(bool wanted, bool met)
{
	if (!wanted)
		printf("\n");
	else
		printf("  %s\n", met ? "met" : "MISSED");
	missed += wanted && !met;
}

unsigned int bench_missed(void)
{
	return missed;
}
