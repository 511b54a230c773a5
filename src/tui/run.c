/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The workbench in a terminal: one event loop for device, keys, signals and
 * screen.  Keys are drawn at once, everything else at most once in FRAME_US, at
 * a lower priority than the transfer.
 */
#include "config.h" /* system extensions: sigprocmask(), kill() */

#include "tui/app.h"

#include "profile/editor.h"
#include "ota/error.h"
#include "tui/term.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FRAME_US 100000u
#define IDLE_US 500000u /* ages and durations go on even when nothing happens */

struct run {
	struct app *app;
	struct terminal *term;
	struct cells cells;
	sd_event *event;
	sd_event_source *timer, *keys, *signals[8];
	size_t signal_count;
	uint64_t drawn_us, advanced_us;
	bool lost; /* the terminal is gone */
	/* An editor has the terminal; everything but keys and screen goes on. */
	sd_event_source *editor;
	bool away;
};

static uint64_t now_us(const struct run *run)
{
	uint64_t now = 0;

	(void)sd_event_now(run->event, CLOCK_MONOTONIC, &now);
	return now;
}

static void run_draw(struct run *run)
{
	int width, height;

	if (run->lost || run->away)
		return;
	term_size(run->term, &width, &height);
	if (width != run->cells.width || height != run->cells.height) {
		cells_finish(&run->cells);
		if (cells_init(&run->cells, width, height, term_is_ascii(run->term)) < 0)
			return;
	}
	if (app_take_redraw(run->app))
		term_redraw(run->term);
	app_draw(run->app, &run->cells);
	term_show(run->term, &run->cells);
	run->drawn_us = now_us(run);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct run *run = userdata;
	const uint64_t now = now_us(run);

	(void)usec;
	if (run->advanced_us > 0)
		app_advance(run->app, now - run->advanced_us);
	run->advanced_us = now;
	app_tick(run->app);
	if (app_changed(run->app) || now - run->drawn_us >= IDLE_US)
		run_draw(run);
	(void)sd_event_source_set_time(source, now + FRAME_US);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static void suspend(struct run *run)
{
	term_suspend(run->away ? NULL : run->term);
	if (!run->away)
		run_draw(run);
}

/* --- the editor: a child in the terminal's foreground, beside the event loop */

static int on_editor(sd_event_source *source, const siginfo_t *info, void *userdata)
{
	struct run *run = userdata;

	(void)source;
	run->editor = sd_event_source_disable_unref(run->editor);
	run->away = false;
	if (run->lost)
		return 0;
	term_enter(run->term);
	(void)sd_event_source_set_enabled(run->keys, SD_EVENT_ON);
	app_edited(run->app, info->si_code == CLD_EXITED && info->si_status == 0);
	run_draw(run);
	return 0;
}

static void edit(struct run *run)
{
	unsigned int line = 0;
	const char *path = app_take_edit(run->app, &line);
	pid_t child;

	if (!path)
		return;
	term_leave(run->term);
	run->away = true;
	(void)sd_event_source_set_enabled(run->keys, SD_EVENT_OFF);
	if (editor_start(path, line, &child) == 0 &&
	    sd_event_add_child(run->event, &run->editor, child, WEXITED, on_editor, run) >= 0)
		return;
	run->away = false;
	term_enter(run->term);
	(void)sd_event_source_set_enabled(run->keys, SD_EVENT_ON);
	app_edited(run->app, false);
}

/* --- keys */

static void mouse(struct run *run)
{
	enum tui_mouse what;
	int x, y;

	while (term_mouse(run->term, &what, &x, &y))
		app_mouse(run->app, what, x, y);
}

static void run_copy(struct run *run)
{
	const char *text = app_take_copy(run->app);

	if (text && !term_copy(run->term, text))
		app_copy_failed(run->app);
}

/* Both the end of its input and SIGHUP tell that the terminal is gone. */
static void lose(struct run *run)
{
	run->lost = true;
	app_hang_up(run->app);
}

static int on_keys(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct run *run = userdata;
	int32_t key;

	(void)fd;
	while ((key = term_key(run->term)) != TUI_KEY_NONE) {
		if (key == TUI_KEY_MOUSE)
			mouse(run);
		else
			app_key(run->app, key);
	}
	term_use_mouse(run->term, app_wants_mouse(run->app));
	if (events & (EPOLLHUP | EPOLLERR)) {
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
		lose(run);
	}
	run_copy(run);
	edit(run);
	if (app_take_suspend(run->app))
		suspend(run);
	else
		run_draw(run);
	return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct run *run = userdata;

	(void)source;
	switch ((int)info->ssi_signo) {
	case SIGWINCH:
		break;
	case SIGTSTP:
		suspend(run);
		break;
	case SIGINT: /* with an editor there, it is the editor's */
		if (!run->away)
			app_key(run->app, KEY_CTRL('c'));
		break;
	case SIGHUP:
		lose(run);
		break;
	default: /* SIGTERM */
		app_quit(run->app);
		break;
	}
	run_draw(run);
	return 0;
}

static int add_sources(struct run *run)
{
	static const int numbers[] = {SIGWINCH, SIGTSTP, SIGINT, SIGHUP, SIGTERM};
	int r;

	r = sd_event_add_io(run->event, &run->keys, STDIN_FILENO, EPOLLIN, on_keys, run);
	if (r >= 0)
		r = sd_event_add_time(run->event, &run->timer, CLOCK_MONOTONIC, 0, 1000, on_timer,
				      run);
	if (r >= 0)
		r = sd_event_source_set_priority(run->timer, SD_EVENT_PRIORITY_NORMAL + 10);
	for (size_t i = 0; r >= 0 && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		r = sd_event_add_signal(run->event, &run->signals[i], numbers[i], on_signal, run);
		run->signal_count += r >= 0;
	}
	return r;
}

static void drop_sources(struct run *run)
{
	sd_event_source_disable_unref(run->keys);
	sd_event_source_disable_unref(run->timer);
	sd_event_source_disable_unref(run->editor);
	for (size_t i = 0; i < run->signal_count; i++)
		sd_event_source_disable_unref(run->signals[i]);
}

static int loop(struct run *run)
{
	int status = 0, r;

	term_use_mouse(run->term, app_wants_mouse(run->app));
	run_draw(run);
	while (!app_ended(run->app, &status)) {
		r = sd_event_run(run->event, UINT64_MAX);
		if (r < 0)
			return r;
	}
	return status;
}

/* sd-event takes signals from a descriptor, for which they have to be blocked. */
static void block_signals(sigset_t *ret_before)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGWINCH);
	(void)sigaddset(&set, SIGTSTP);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, ret_before);
}

/*
 * ncurses has put handlers in place that end the program with status 1.  The operator has
 * ended it already: one more Ctrl-C or SIGTERM must not change what it tells.  Nor must a SIGHUP
 * that comes when the end of the terminal's input was seen first.
 */
static void restore_signals(const sigset_t *before)
{
	struct sigaction action = {.sa_handler = SIG_IGN};

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGHUP, &action, NULL);
	(void)sigprocmask(SIG_SETMASK, before, NULL);
}

int app_run(const struct app_config *config, char *ret_text, size_t size)
{
	struct app_config own = *config;
	struct run run = {.event = config->event};
	sigset_t before;
	int r;

	block_signals(&before);
	r = term_create(&run.term, ret_text, size);
	if (r >= 0) {
		if (!term_has_blocks(run.term))
			own.tier = PLOT_ASCII;
		r = app_create(&own, &run.app);
	}
	if (r >= 0)
		r = add_sources(&run);
	if (r >= 0)
		r = loop(&run);
	drop_sources(&run);
	term_destroy(run.term); /* before what is told on the shell's screen */
	if (r >= 0 && config->left)
		app_tell_left(run.app, config->left);
	app_destroy(run.app);
	cells_finish(&run.cells);
	restore_signals(&before);
	return r;
}
