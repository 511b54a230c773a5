/* SPDX-License-Identifier: Apache-2.0 */
/* See editor.h. */
#include "config.h" /* system extensions: fork(), sigprocmask() */

#include "profile/editor.h"

#include "ota/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *editor_name(void)
{
	const char *visual = getenv("VISUAL"), *editor = getenv("EDITOR");

	if (visual && visual[0] != '\0')
		return visual;
	return editor && editor[0] != '\0' ? editor : "vi";
}

/* Returns true for an editor that takes a line, by the last part of the command's first word. */
static bool takes_line(const char *command)
{
	static const char *const names[] = {"vi",   "vim",   "nvim",	    "vim.tiny",
					    "nano", "emacs", "emacsclient", "micro",
					    "joe",  "mg",    "kak",	    "ne"};
	const size_t len = strcspn(command, " ");
	size_t start = len;

	while (start > 0 && command[start - 1] != '/')
		start--;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == len - start &&
		    strncmp(command + start, names[i], len - start) == 0)
			return true;
	}
	return false;
}

/* In the child: the variable may hold options, so a shell takes it apart. */
static void become(const char *path, unsigned int line)
{
	const char *name = editor_name();
	char script[4096], place[32];
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	(void)snprintf(place, sizeof(place), "+%u", line);
	if (snprintf(script, sizeof(script), "exec %s \"$@\"", name) < (int)sizeof(script)) {
		if (line > 0 && takes_line(name))
			(void)execl("/bin/sh", "sh", "-c", script, "editor", place, path,
				    (char *)NULL);
		else
			(void)execl("/bin/sh", "sh", "-c", script, "editor", path, (char *)NULL);
	}
	_exit(127);
}

int editor_start(const char *path, unsigned int line, pid_t *ret_child)
{
	const pid_t child = fork();

	if (child < 0)
		return -OTA_ENOMEM;
	if (child == 0)
		become(path, line);
	*ret_child = child;
	return 0;
}
