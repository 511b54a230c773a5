/* SPDX-License-Identifier: Apache-2.0 */
/* See ptyfolder.h. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ptyfolder.h"

#define WORDS_MAX 16u

char pty_program[4096];
static char folder[64];

int pty_run(const char *format, ...)
{
	char words[4096], command[sizeof(words) + sizeof(pty_program) + 64];
	int status;
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	(void)snprintf(command, sizeof(command), "'%s' %s >/dev/null 2>&1", pty_program, words);
	status = system(command); /* NOLINT(cert-env33-c): our own words */
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int pty_folder_setup(void **state)
{
	const char *build = getenv("OTABENCH_BUILDDIR");
	char history[96];

	(void)state;
	(void)snprintf(pty_program, sizeof(pty_program), "%s/otabench", build ? build : ".");
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-pty-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	(void)setenv("XDG_CONFIG_HOME", folder, 1);
	(void)setenv("XDG_STATE_HOME", folder, 1);
	(void)snprintf(history, sizeof(history), "%s/history.db", folder);
	(void)setenv("OTABENCH_HISTORY", history, 1);
	return pty_run("sample-image --size=300000 --chip=esp32 image.bin");
}

int pty_folder_teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	/* NOLINTNEXTLINE(cert-env33-c): a folder made by mkdtemp() */
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

void pty_workbench(struct pty *pty, int width, int height, const char *const *words)
{
	const char *argv[WORDS_MAX] = {pty_program};
	size_t count = 1;

	for (size_t i = 0; words[i]; i++) {
		assert_true(count + 1 < WORDS_MAX);
		argv[count++] = words[i];
	}
	pty_start(pty, width, height, argv, NULL);
	pty_until(pty, "esp-sim-01");
}

void pty_press(struct pty *pty, const char *keys, const char *shown)
{
	pty_send(pty, keys);
	pty_until(pty, shown);
}

void pty_quit(struct pty *pty)
{
	pty_send(pty, ":quit\r");
	assert_int_equal(pty_end(pty), 0);
	pty_check_restored(pty);
}
