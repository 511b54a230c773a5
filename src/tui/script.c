/* SPDX-License-Identifier: Apache-2.0 */
/* See app_script() in app.h: keys from a file, screens as text and pictures. */
#include "config.h" /* system extensions: getline() */

#include "tui/app.h"

#include "base/file_save.h"
#include "base/output.h"
#include "ota/error.h"
#include "view/key.h"
#include "view/svg.h"
#include "tui/term.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNTIL_US 600000000u
#define TURN_US 100000u /* longest wait for an event, of real time */

struct script {
	const struct app_config *config;
	struct app *app;
	struct terminal *term; /* NULL until something is shown on it */
	struct cells cells;
	FILE *out;
	const char *path;
	unsigned int line;
	char *why;
	size_t why_size;
};

static int complain(struct script *s, const char *text, const char *what)
{
	char safe[256];

	(void)output_safe_text(what, strlen(what), safe, sizeof(safe));
	(void)snprintf(s->why, s->why_size, "%s:%u: %s%s", s->path, s->line, text, safe);
	return -OTA_EINVAL;
}

static int resize(struct script *s, int width, int height, bool ascii)
{
	cells_finish(&s->cells);
	return cells_init(&s->cells, width, height, ascii);
}

/* There is no terminal that an editor could have. */
static void no_editor(struct script *s)
{
	unsigned int line;

	if (app_take_edit(s->app, &line))
		app_edited(s->app, false);
}

/* One turn of the loop; false when the program has ended. */
static bool turn(struct script *s)
{
	int status;

	app_tick(s->app);
	if (app_ended(s->app, &status))
		return false;
	/* A recording's time is the script's own; it waits for nothing. */
	app_advance(s->app, TURN_US);
	(void)sd_event_run(s->config->event, s->config->replay ? 0 : TURN_US);
	app_tick(s->app);
	return !app_ended(s->app, &status);
}

static int do_size(struct script *s, const char *argument)
{
	char *end;
	const long width = strtol(argument, &end, 10), height = strtol(end, &end, 10);

	if (width < 1 || width > CELLS_WIDTH_MAX || height < 1 || height > CELLS_HEIGHT_MAX || *end)
		return complain(s, "size: expected COLUMNS ROWS, found ", argument);
	return resize(s, (int)width, (int)height, s->cells.ascii);
}

static int do_ascii(struct script *s, const char *argument)
{
	(void)argument;
	return resize(s, s->cells.width, s->cells.height, true);
}

static int do_utf8(struct script *s, const char *argument)
{
	(void)argument;
	return resize(s, s->cells.width, s->cells.height, false);
}

static int do_keys(struct script *s, const char *argument)
{
	while (*(argument += strspn(argument, " ")) != '\0') {
		const size_t len = strcspn(argument, " ");
		const int32_t key = key_by_name(argument, len);

		if (key == TUI_KEY_NONE)
			return complain(s, "keys: no key of this name: ", argument);
		app_key(s->app, key);
		no_editor(s);
		app_draw(s->app, &s->cells);
		argument += len;
	}
	return 0;
}

static int do_type(struct script *s, const char *argument)
{
	for (; *argument != '\0'; argument++)
		app_key(s->app, (unsigned char)*argument);
	return 0;
}

static int do_wait(struct script *s, const char *argument)
{
	char *end;
	const double seconds = strtod(argument, &end);
	uint64_t until;

	if (!(seconds >= 0 && seconds <= 86400) || *end || end == argument)
		return complain(s, "wait: expected SECONDS, found ", argument);
	for (uint64_t us = 0; s->config->replay && us < (uint64_t)(seconds * 1e6); us += TURN_US)
		if (!turn(s))
			return 0;
	until = app_now(s->app) + (uint64_t)(seconds * 1e6);
	while (!s->config->replay && app_now(s->app) < until && turn(s))
		;
	return 0;
}

static bool screen_holds(struct script *s, const char *text)
{
	char *picture = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&picture, &size);
	bool holds = false;

	if (!out)
		return false;
	app_draw(s->app, &s->cells);
	cells_dump(&s->cells, out);
	if (fclose(out) == 0)
		holds = strstr(picture, text) != NULL;
	free(picture);
	return holds;
}

static int do_until(struct script *s, const char *argument)
{
	const uint64_t limit = app_now(s->app) + UNTIL_US;
	unsigned int turns = 0;

	while (!screen_holds(s, argument)) {
		if (app_now(s->app) > limit || !turn(s) ||
		    (s->config->replay && turns++ > UNTIL_US / TURN_US)) {
			cells_dump(&s->cells, s->out);
			return complain(s, "until: the screen above does not hold ", argument);
		}
	}
	return 0;
}

static int do_screen(struct script *s, const char *argument)
{
	app_draw(s->app, &s->cells);
	(void)fprintf(s->out, "=== %s %dx%d %s\n", argument, s->cells.width, s->cells.height,
		      s->cells.ascii ? "ASCII" : "UTF-8");
	cells_dump(&s->cells, s->out);
	return 0;
}

static int do_svg(struct script *s, const char *argument)
{
	struct file_save save;
	char why[256];

	app_draw(s->app, &s->cells);
	if (file_save_begin(&save, argument, FILE_SAVE_REPLACE, why, sizeof(why)) < 0)
		return complain(s, "svg: ", why);
	svg_write(&s->cells, save.out);
	return file_save_end(&save, why, sizeof(why)) < 0 ? complain(s, "svg: ", why) : 0;
}

/* The next key of a person before the terminal; time stands still meanwhile. */
static int32_t await_key(struct script *s)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	int32_t key;

	while ((key = term_key(s->term)) == TUI_KEY_NONE) {
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return KEY_CTRL('c');
		if (p.revents & (POLLHUP | POLLERR))
			return KEY_CTRL('c');
	}
	return key;
}

static int do_show(struct script *s, const char *argument)
{
	int width, height, r;

	(void)argument;
	if (!s->term) {
		r = term_create(&s->term, s->why, s->why_size);
		if (r < 0)
			return r;
	}
	term_size(s->term, &width, &height);
	r = resize(s, width, height, term_is_ascii(s->term));
	if (r < 0)
		return r;
	app_draw(s->app, &s->cells);
	term_show(s->term, &s->cells);
	if (await_key(s) == KEY_CTRL('c'))
		return complain(s, "show: given up", "");
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct script *s, const char *argument);
} commands[] = {
	{"size", do_size}, {"ascii", do_ascii}, {"utf8", do_utf8},   {"keys", do_keys},
	{"type", do_type}, {"wait", do_wait},	{"until", do_until}, {"screen", do_screen},
	{"svg", do_svg},   {"show", do_show},
};

static int run_line(struct script *s, char *line)
{
	size_t len;

	line[strcspn(line, "\r\n")] = '\0';
	line += strspn(line, " \t");
	len = strcspn(line, " ");
	if (len == 0 || line[0] == '#')
		return 0;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strlen(commands[i].name) == len && strncmp(line, commands[i].name, len) == 0)
			return commands[i].run(s, line + len + (line[len] == ' '));
	}
	return complain(s, "no such command: ", line);
}

static int run_file(struct script *s, FILE *in)
{
	char *line = NULL;
	size_t size = 0;
	int r = 0, status = 0;

	while (r == 0 && getline(&line, &size, in) > 0) {
		s->line++;
		r = run_line(s, line);
		if (app_ended(s->app, &status))
			break;
	}
	free(line);
	return r < 0 ? r : status;
}

int app_script(const struct app_config *config, const char *path, FILE *out, char *ret_text,
	       size_t size)
{
	struct script s = {
		.config = config, .out = out, .path = path, .why = ret_text, .why_size = size};
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	int r;

	if (!in) {
		(void)snprintf(ret_text, size, "%s: %s", path, strerror(errno));
		return -errno;
	}
	(void)snprintf(ret_text, size, "out of memory");
	r = cells_init(&s.cells, 80, 24, false);
	if (r == 0)
		r = app_create(config, &s.app);
	if (r == 0)
		r = run_file(&s, in);
	if (r >= 0 && config->left)
		app_tell_left(s.app, config->left);
	app_destroy(s.app);
	term_destroy(s.term);
	cells_finish(&s.cells);
	if (in != stdin)
		(void)fclose(in);
	return r;
}
