/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal for a program that plays a person: runs a command in a
 * pseudo-terminal, and does what it is told on standard input, a line each.
 *
 *   keys TEXT    press these; \r \t \e \\ as usual
 *   until TEXT   wait until the screen holds it
 *   gone TEXT    wait until it does not
 *   size W H     of the terminal
 *   signal N     send the program that signal
 *   screen       print it
 *   end          wait for the program's end and look whether the terminal is as before
 *
 * Each line is answered with "done"; end with "done STATUS".  What does not come
 * ends this program, with the screen as it is then on standard output.
 *
 * usage: pty_play COMMAND [ARGUMENT...]
 */
#include "config.h" /* system extensions: getline(), kill() */

#include "ptylib.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void press(struct pty *pty, const char *text)
{
	char keys[512];
	size_t len = 0;

	for (; *text != '\0' && len + 1 < sizeof(keys); text++) {
		keys[len] = *text;
		if (*text == '\\' && text[1] != '\0') {
			text++;
			keys[len] = *text == 'r'   ? '\r'
				    : *text == 't' ? '\t'
				    : *text == 'e' ? '\033'
						   : *text;
		}
		len++;
	}
	keys[len] = '\0';
	pty_send(pty, keys);
}

static void print_screen(struct pty *pty)
{
	char *text = pty_text(pty);

	(void)fputs(text, stdout);
	free(text);
}

static bool resize(struct pty *pty, const char *text)
{
	char *end;
	const long width = strtol(text, &end, 10), height = strtol(end, &end, 10);

	if (*end != '\0' || width < 1 || width > 500 || height < 1 || height > 200)
		return false;
	pty_resize(pty, (int)width, (int)height);
	return true;
}

/* false: no such command. */
static bool obey(struct pty *pty, const char *line)
{
	if (strncmp(line, "size ", 5) == 0)
		return resize(pty, line + 5);
	if (strncmp(line, "keys ", 5) == 0)
		press(pty, line + 5);
	else if (strncmp(line, "until ", 6) == 0)
		pty_until(pty, line + 6);
	else if (strncmp(line, "gone ", 5) == 0)
		pty_until_gone(pty, line + 5);
	else if (strncmp(line, "signal ", 7) == 0)
		(void)kill(pty->child, (int)strtol(line + 7, NULL, 10));
	else if (strcmp(line, "screen") == 0)
		print_screen(pty);
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	static const char *const env[] = {"TERM=tmux-256color", NULL};
	char *line = NULL;
	size_t size = 0;
	struct pty pty;
	bool known = true;

	if (argc < 2)
		return 64;
	pty_start(&pty, 100, 30, (const char *const *)(argv + 1), env);
	while (known && getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "end") == 0) {
			const int status = pty_end(&pty);

			pty_check_restored(&pty);
			(void)printf("done %d\n", status);
			break;
		}
		known = obey(&pty, line);
		(void)printf("%s\n", known ? "done" : "no such command");
		(void)fflush(stdout);
	}
	free(line);
	pty_finish(&pty);
	return known ? 0 : 64;
}
