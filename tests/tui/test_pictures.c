/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole program against text pictures: tests/tui/scripts/NAME.script is
 * played on virtual ESP32s with a virtual clock, and where it says "picture",
 * the screen must be as tests/tui/pictures/pty-NAME-PICTURE.txt has it at every
 * size, in UTF-8 and in ASCII.
 *
 * Twice: as the program prints it, and as an emulated terminal shows it at the
 * other end of a pseudo-terminal, where ncurses has sent what changed from one
 * picture to the next.
 *
 * UPDATE_PICTURES=1 writes the files anew, to be looked at before they are
 * committed; `make pictures` does so for all pictures there are.
 */
#include "config.h" /* system extensions: mkdtemp(), open_memstream() */

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "picturelib.h"
#include "ptylib.h"

#define PICTURES_MAX 64u
#define NAME_MAX_LEN 63
#define SCRIPTS_MAX 32u

static const struct {
	int width, height;
} sizes[] = {{200, 50}, {80, 24}, {60, 16}, {38, 8}};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* A script, and what it is to show. */
struct play {
	const char *name;
	char *text;
	char sim[256]; /* from its line "# sim: ..." */
	char pictures[PICTURES_MAX][NAME_MAX_LEN + 1];
	size_t count;
};

static char program[4096], folder[64];

static const char *source_folder(void)
{
	const char *root = getenv("OTABENCH_SRCDIR");

	return root ? root : ".";
}

/* Names that the screens show, so they are the same everywhere. */
static int setup(void **state)
{
	static const char *const images[] = {
		"--chip=esp32c3 --project=gateway --version-text=1.5.0 --size=600000 gateway.bin",
		"--chip=esp32s3 --project=gateway --version-text=1.5.0 --size=300000 other.bin",
	};
	const char *build = getenv("OTABENCH_BUILDDIR");
	char command[8192];

	(void)state;
	(void)snprintf(program, sizeof(program), "%s/otabench", build ? build : ".");
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-pictures-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	(void)setenv("XDG_CONFIG_HOME", folder, 1);
	(void)setenv("XDG_STATE_HOME", folder, 1);
	(void)setenv("TZ", "UTC", 1);
	(void)setenv("SOURCE_DATE_EPOCH", "1764000000", 1);
	(void)unsetenv("NO_COLOR");
	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		(void)snprintf(command, sizeof(command), "'%s' sample-image --quiet %s >/dev/null",
			       program, images[i]);
		if (system(command) != 0) /* NOLINT(cert-env33-c): our own words */
			return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	/* NOLINTNEXTLINE(cert-env33-c): a folder made by mkdtemp() */
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* --- scripts */

static void read_play(const char *name, struct play *play)
{
	char path[4096], *copy, *save = NULL;

	memset(play, 0, sizeof(*play));
	play->name = name;
	(void)snprintf(path, sizeof(path), "%s/tests/tui/scripts/%s.script", source_folder(), name);
	play->text = picture_read(path);
	copy = strdup(play->text);
	assert_non_null(copy);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "# sim: %255s", play->sim) == 1)
			continue;
		if (play->count < PICTURES_MAX &&
		    sscanf(line, "picture %63s", play->pictures[play->count]) == 1)
			play->count++;
	}
	free(copy);
	assert_true(play->count > 0);
}

/* Each time it is played the history begins anew, so that it is the same. */
static void forget_history(void)
{
	static unsigned int count;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/history%u.db", folder, count++);
	(void)setenv("OTABENCH_HISTORY", path, 1);
}

/* The script as the program knows it: "picture" becomes what the mode wants. */
static void write_script(const struct play *play, const char *path, bool terminal)
{
	FILE *out = fopen(path, "w");
	char *copy = strdup(play->text), *save = NULL;
	char name[NAME_MAX_LEN + 1];

	assert_non_null(out);
	assert_non_null(copy);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "picture %63s", name) != 1) {
			(void)fprintf(out, "%s\n", line);
			continue;
		}
		for (size_t i = 0; i < SIZES; i++) {
			if (terminal) {
				(void)fprintf(out, "show\n");
				continue;
			}
			(void)fprintf(out, "size %d %d\nutf8\nscreen %s\nascii\nscreen %s\n",
				      sizes[i].width, sizes[i].height, name, name);
		}
		(void)fprintf(out, "size 80 24\nutf8\n");
	}
	free(copy);
	assert_int_equal(fclose(out), 0);
}

/* --- as the program prints it */

static char *printed(const struct play *play)
{
	char command[8192], *text;
	FILE *in;

	forget_history();
	write_script(play, "printed.script", false);
	(void)snprintf(command, sizeof(command), "'%s' '--sim=%s' --script printed.script", program,
		       play->sim);
	in = popen(command, "r"); /* NOLINT(cert-env33-c): as a user runs it */
	assert_non_null(in);
	text = picture_read_all(in);
	if (pclose(in) != 0) {
		print_message("%s", text);
		fail_msg("%s.script was not played to its end", play->name);
	}
	return text;
}

/* The parts of all that was printed that belong to one picture, each with its head. */
static char *parts_of(const char *all, const char *name)
{
	char *text = NULL, head[NAME_MAX_LEN + 8];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const size_t len = (size_t)snprintf(head, sizeof(head), "=== %s ", name);
	bool inside = false;

	assert_non_null(out);
	while (*all != '\0') {
		const size_t line = strcspn(all, "\n") + 1;

		if (strncmp(all, "=== ", 4) == 0) {
			inside = strncmp(all, head, len) == 0;
			if (inside)
				(void)fprintf(out, "=== %.*s", (int)(line - len), all + len);
		} else if (inside) {
			(void)fwrite(all, 1, line, out);
		}
		all += line;
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static void path_of(const struct play *play, size_t picture, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%s/tests/tui/pictures/pty-%s-%s.txt", source_folder(),
		       play->name, play->pictures[picture]);
}

static void check_printed(const struct play *play)
{
	char *all = printed(play);

	for (size_t i = 0; i < play->count; i++) {
		char *is = parts_of(all, play->pictures[i]), path[4096];

		path_of(play, i, path, sizeof(path));
		picture_check(path, is);
		free(is);
	}
	free(all);
}

/* --- as a terminal shows it */

/* One size of a picture's file. */
static char *section_of(const char *file, size_t size, bool ascii)
{
	char head[64];
	const char *from, *to;

	(void)snprintf(head, sizeof(head), "=== %dx%d %s\n", sizes[size].width, sizes[size].height,
		       ascii ? "ASCII" : "UTF-8");
	from = strstr(file, head);
	assert_non_null(from);
	from += strlen(head);
	to = strstr(from, "\n=== ");
	return to ? strndup(from, (size_t)(to + 1 - from)) : strdup(from);
}

static void check_shown(const struct play *play, bool ascii)
{
	/* A terminal without REP, with which libvterm 0.1 goes astray before the last column. */
	char home[sizeof(folder) + sizeof("XDG_STATE_HOME=")];
	const char *const unicode[] = {"TERM=tmux-256color", home, NULL};
	const char *const plain[] = {"TERM=tmux-256color", home, "LC_ALL=C", NULL};
	char sim[300];
	const char *argv[] = {program, sim, "--script", "shown.script", NULL};
	struct pty pty;

	forget_history();
	write_script(play, "shown.script", true);
	(void)snprintf(home, sizeof(home), "XDG_STATE_HOME=%s", folder);
	(void)snprintf(sim, sizeof(sim), "--sim=%s", play->sim);
	pty_start(&pty, sizes[0].width, sizes[0].height, argv, ascii ? plain : unicode);
	for (size_t i = 0; i < play->count; i++) {
		char path[4096], *file;

		path_of(play, i, path, sizeof(path));
		file = picture_read(path);
		for (size_t j = 0; j < SIZES; j++) {
			char *expected = section_of(file, j, ascii);

			pty_until_screen(&pty, expected, play->pictures[i]);
			free(expected);
			/* The next one is drawn in what the terminal is when the key comes. */
			pty_resize(&pty, sizes[(j + 1) % SIZES].width,
				   sizes[(j + 1) % SIZES].height);
			pty_send(&pty, " ");
		}
		free(file);
	}
	assert_int_equal(pty_end(&pty), 0);
	pty_finish(&pty);
}

static void test_script(void **state)
{
	struct play it;

	read_play(*state, &it);
	check_printed(&it);
	check_shown(&it, false);
	check_shown(&it, true);
	free(it.text);
}

/* One test a script. */
int main(void)
{
	static struct CMUnitTest tests[SCRIPTS_MAX];
	char pattern[4096];
	size_t count = 0;
	glob_t found;
	int failed;

	(void)snprintf(pattern, sizeof(pattern), "%s/tests/tui/scripts/*.script", source_folder());
	if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc > SCRIPTS_MAX) {
		(void)fprintf(stderr, "%s: none, or too many\n", pattern);
		return 1;
	}
	for (; count < found.gl_pathc; count++) {
		char *name = strrchr(found.gl_pathv[count], '/') + 1;

		name[strcspn(name, ".")] = '\0';
		tests[count] = (struct CMUnitTest){name, test_script, NULL, NULL, name};
	}
	failed = _cmocka_run_group_tests("pictures", tests, count, setup, teardown);
	globfree(&found);
	return failed;
}
