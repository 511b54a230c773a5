/* SPDX-License-Identifier: Apache-2.0 */
/* otabench serve: a virtual ESP32 behind a real adapter, or a pipe, until it is told to end. */
#include "config.h" /* system extensions: CLOCK_MONOTONIC */

#include "base/text.h"
#include "cli/open.h"
#include "cli/serve_screen.h"
#include "cli/serve_tell.h"
#include "cli/signals.h"
#include "serve/serve_bluez.h"
#include "serve/serve_pipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define SPEED_REAL 1000 /* thousandths */
#define INTERVAL_SHORTEST 6 /* 7.5 ms: the client's own link is slow enough */
#define SECONDS_MAX 604800.0
#define LINE_MAX_BYTES 4096u

struct server {
	struct cli *cli;
	sd_event *event;
	struct transport *t;
	struct serve *serve;
	struct serve_bluez *bluez;
	struct serve_pipe *pipe;
	struct serve_tell tell;
	struct serve_watch *watch; /* for the screen; NULL: lines are printed */
	struct serve_screen *screen;
	struct log log; /* the program's own, while there is a screen */
	char front[64], gone[256]; /* adapter and its address; why it cannot go on */
	char name[64];
	double seconds; /* 0: until a signal */
	int code;
	sd_event_source *input; /* of the pipe, once the device is there */
	bool ended; /* ... and its end was read */
	char line[LINE_MAX_BYTES];
	size_t line_len;
};

static void cmd_serve_on_log(void *ctx, const char *text)
{
	const struct server *s = ctx;

	if (s->watch)
		serve_watch_note(s->watch, LOGLIST_STATE, CELLS_NORMAL, text);
	else
		log_write(&s->cli->log, LOG_LEVEL_INFO, "%s", text);
}

/* Lines are read from when the device is there, so that a script need not wait for it. */
static void begin_input(struct server *s)
{
	const int rc = sd_event_source_set_enabled(s->input, SD_EVENT_ON);

	if (rc < 0)
		s->code = cli_fail(s->cli, CLI_DEFECT, "standard input: %s", strerror(-rc));
}

static void on_told(void *ctx, const struct serve_news *news)
{
	struct server *s = ctx;

	s->tell.since_us = s->t->ops->now_us(s->t);
	if (s->watch)
		serve_watch_news(s->watch, news);
	else
		serve_tell_news(&s->tell, news);
	if (news->kind == SERVE_ON_AIR && s->input && !s->ended)
		begin_input(s);
}

/* bluetoothd is gone, or refuses: there is nothing left to do. */
static void on_gone(void *ctx, const char *why)
{
	struct server *s = ctx;

	s->code = CLI_NO_ADAPTER;
	(void)snprintf(s->gone, sizeof(s->gone), "%s", why);
	(void)sd_event_exit(s->event, 0);
}

static int cmd_serve_end(struct server *s)
{
	if (s->bluez)
		serve_bluez_stop(s->bluez);
	return sd_event_exit(s->event, 0);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
	struct server *s = userdata;

	(void)source;
	(void)si;
	return cmd_serve_end(s);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct server *s = userdata;

	(void)source;
	(void)usec;
	return cmd_serve_end(s);
}

/* --- a program as the client */

/* Questions from before the end are answered first. */
static void end_with_input(struct server *s)
{
	if (s->ended && !serve_busy(s->serve))
		(void)sd_event_exit(s->event, 0);
}

static void on_answer(void *ctx, json_int_t id, int status, json_t *value)
{
	struct server *s = ctx;
	json_t *o = cli_event(s->cli, "answer");

	(void)json_object_set_new(o, "id", json_integer(id));
	(void)json_object_set_new(o, "ok", json_boolean(status == 0));
	if (value)
		(void)json_object_set_new(o, "hex", value);
	if (status < 0)
		(void)json_object_set_new(o, "text", json_string(strerror(-status)));
	cli_emit(s->cli, o);
	end_with_input(s);
}

static void take_line(struct server *s, const char *line)
{
	char why[160] = "";
	json_t *o;

	if (serve_pipe_line(s->pipe, line, why, sizeof(why)) == 0)
		return;
	o = cli_event(s->cli, "problem");
	(void)json_object_set_new(o, "text", json_string(why));
	cli_emit(s->cli, o);
}

static int cmd_serve_on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct server *s = userdata;
	const ssize_t n = read(fd, s->line + s->line_len, sizeof(s->line) - s->line_len);
	char *end;

	(void)revents;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : sd_event_exit(s->event, 0);
	if (n == 0) {
		s->ended = true;
		end_with_input(s);
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	}
	s->line_len += (size_t)n;
	while ((end = memchr(s->line, '\n', s->line_len)) != NULL) {
		const size_t len = (size_t)(end - s->line);

		*end = '\0';
		take_line(s, s->line);
		s->line_len -= len + 1;
		memmove(s->line, end + 1, s->line_len);
	}
	if (s->line_len == sizeof(s->line)) { /* no line is that long */
		take_line(s, "");
		s->line_len = 0;
	}
	return 0;
}

/* --- the options */

/*
 * Checks the options of the served device; the client's own link has its interval and its pairing.
 */
static int check_sim(struct server *s)
{
	struct sim_options *o = &s->cli->sim;

	if (simopts_given(o, SIM_DEVICES) && o->devices != 1)
		return cli_fail(s->cli, CLI_USAGE, "--sim: devices: one device is served");
	if (simopts_given(o, SIM_MTU))
		return cli_fail(s->cli, CLI_USAGE, "--sim: mtu: the client's link has its own");
	if (!s->pipe && simopts_given(o, SIM_SPEED))
		return cli_fail(s->cli, CLI_USAGE,
				"--sim: speed: an adapter runs in its clients' time");
	if (simopts_given(o, SIM_SPEED) && o->speed == SIM_SPEED_MAX)
		return cli_fail(s->cli, CLI_USAGE, "--sim: speed: the client needs time, too");
	if (o->security == ESP_LEGACY_JUST_WORKS || o->security == ESP_LEGACY_PASSKEY)
		return cli_fail(s->cli, CLI_USAGE,
				"--sim: security: the adapter pairs, and not in the way of 4.1");
	o->devices = 1;
	if (!simopts_given(o, SIM_SPEED))
		o->speed = SPEED_REAL;
	if (!simopts_given(o, SIM_INTERVAL)) {
		o->given |= UINT64_C(1) << SIM_INTERVAL;
		o->interval = INTERVAL_SHORTEST;
	}
	s->cli->sim_given = true;
	return CLI_OK;
}

/*
 * The security that the client's link must have, as a flag of bluetoothd's; the inner link counts
 * as encrypted.
 */
static const char *take_security(struct server *s)
{
	struct sim_options *o = &s->cli->sim;
	const int32_t wanted = s->pipe ? (int32_t)ESP_OPEN : o->security;

	if (wanted == ESP_OPEN)
		return NULL;
	o->security = ESP_OPEN;
	o->encrypted = 1;
	return wanted == ESP_PASSKEY ? "encrypt-authenticated-write" : "encrypt-write";
}

static int parse(struct server *s, enum serve_data *ret_data)
{
	static const char *const ways[] = {"both", "request", "command"};
	const char *data = cli_value(s->cli, "data"), *name = cli_value(s->cli, "name");
	const char *time = cli_value(s->cli, "time");
	char *end = NULL;
	unsigned int i = 0;

	while (data && i < 3 && strcmp(data, ways[i]) != 0)
		i++;
	if (i == 3)
		return cli_fail(s->cli, CLI_USAGE, "--data: expected both, request or command");
	*ret_data = (enum serve_data)i;
	if (name && (name[0] == '\0' || strlen(name) > ESP_ADV_MAX - 2u ||
		     !output_is_safe(name, strlen(name))))
		return cli_fail(s->cli, CLI_USAGE, "--name: expected 1 to %u bytes of text",
				ESP_ADV_MAX - 2u);
	if (time) {
		s->seconds = strtod(time, &end);
		if (end == time || *end || !(s->seconds > 0) || s->seconds > SECONDS_MAX)
			return cli_fail(s->cli, CLI_USAGE, "--time: expected seconds, up to %.0f",
					SECONDS_MAX);
	}
	if (name)
		(void)snprintf(s->name, sizeof(s->name), "%s", name);
	else
		simopts_device_name(&s->cli->sim, 0, s->name, sizeof(s->name));
	return CLI_OK;
}

/* --- the screen */

static bool wants_screen(const struct server *s)
{
	return !s->pipe && !s->cli->json && !cli_value(s->cli, "lines") && isatty(STDIN_FILENO) &&
	       output_is_terminal(s->cli->out);
}

static void put_head(const struct server *s)
{
	(void)fprintf(s->cli->out, "%s on %s (%s); Ctrl-C ends it\n", s->name,
		      serve_bluez_adapter(s->bluez), serve_bluez_address(s->bluez));
}

static void on_leave(void *ctx)
{
	(void)cmd_serve_end(ctx);
}

/* The screen before anything is told of the device. */
static void prepare_watch(struct server *s, const char *security)
{
	const struct sim_options *o = &s->cli->sim;
	char text[FAULT_TEXT_MAX];

	s->watch = calloc(1, sizeof(*s->watch));
	if (!s->watch)
		return;
	serve_watch_init(s->watch, s->t, s->name, s->front,
			 !security			     ? ""
			 : strstr(security, "authenticated") ? "authenticated"
							     : "encrypted");
	for (size_t i = 0; i < o->fault_count; i++)
		serve_watch_fault(s->watch, fault_format(&o->faults[i], text, sizeof(text)));
}

/* A terminal that cannot show it has lines. */
static void open_screen(struct server *s)
{
	const struct serve_screen_config config = {
		.event = s->event, .watch = s->watch, .end = on_leave, .ctx = s};
	char why[256] = "out of memory";

	s->watch->serve = s->serve;
	if (serve_screen_create(&config, &s->screen, why, sizeof(why)) == 0) {
		/* Lines on standard error would go across the screen. */
		s->log = s->cli->log;
		s->cli->log.fn = NULL;
		return;
	}
	log_write(&s->cli->log, LOG_LEVEL_WARNING, "lines instead of the screen: %s", why);
	free(s->watch);
	s->watch = NULL;
	put_head(s);
}

/* The shell's screen keeps in short what was to be seen. */
static void close_screen(struct server *s)
{
	const struct serve_watch *w = s->watch;
	char clients[TEXT_COUNT_MAX], values[TEXT_COUNT_MAX], bytes[OUTPUT_FIGURE_MAX];

	if (!s->screen || !w)
		return;
	serve_screen_destroy(s->screen);
	s->screen = NULL;
	s->cli->log = s->log;
	(void)fprintf(s->cli->out, "%s on %s: %s, %s of Data, %s\n", s->name, s->front,
		      text_count(w->clients, "connection", clients, sizeof(clients)),
		      text_count(w->values, "value", values, sizeof(values)),
		      output_bytes(w->bytes, bytes, sizeof(bytes)));
}

/* --- the life of it */

static int open_front(struct server *s, const char *security)
{
	const struct serve_bluez_config config = {
		.adapter = s->cli->adapter,
		.name = s->name,
		.security = security,
		.log = cmd_serve_on_log,
		.gone = on_gone,
		.ctx = s,
	};
	char why[256] = "";
	int rc;

	if (s->pipe)
		return CLI_OK;
	rc = serve_bluez_create(s->event, &config, &s->bluez, why, sizeof(why));
	if (rc < 0)
		return cli_fail(s->cli, rc == -OTA_EPERM ? CLI_NO_PERMISSION : CLI_NO_ADAPTER,
				"%s; 'otabench doctor' explains", why);
	(void)snprintf(s->front, sizeof(s->front), "%s %s", serve_bluez_adapter(s->bluez),
		       serve_bluez_address(s->bluez));
	if (!s->cli->json && !wants_screen(s))
		put_head(s);
	return CLI_OK;
}

static int begin(struct server *s, enum serve_data data)
{
	const struct serve_config config = {
		.t = s->t,
		.data = data,
		.front = s->pipe ? &serve_pipe_ops : &serve_bluez_ops,
		.front_ctx = s->pipe ? (void *)s->pipe : (void *)s->bluez,
		.told = on_told,
		.told_ctx = s,
	};
	int rc = serve_create(&config, &s->serve);

	if (rc < 0)
		return cli_fail(s->cli, CLI_DEFECT, "the virtual ESP32: %s", strerror(-rc));
	if (s->bluez)
		serve_bluez_attach(s->bluez, s->serve);
	else
		serve_pipe_attach(s->pipe, s->serve);
	rc = cli_catch_signals(s->event, on_signal, s);
	if (rc >= 0 && s->seconds > 0)
		rc = sd_event_add_time_relative(s->event, NULL, CLOCK_MONOTONIC,
						(uint64_t)(s->seconds * 1e6), 0, on_time, s);
	if (rc >= 0 && s->pipe)
		rc = sd_event_add_io(s->event, &s->input, STDIN_FILENO, EPOLLIN, cmd_serve_on_input,
				     s);
	if (rc >= 0 && s->pipe)
		rc = sd_event_source_set_enabled(s->input, SD_EVENT_OFF);
	if (rc == -EPERM)
		return cli_fail(s->cli, CLI_USAGE, "--pipe: standard input is a file, not a pipe");
	return rc < 0 ? cli_fail(s->cli, CLI_DEFECT, "the event loop: %s", strerror(-rc)) : CLI_OK;
}

static int verdict(struct server *s, int code)
{
	struct grade *grade = serve_grade(s->serve);

	if (!cli_value(s->cli, "grade") || code != CLI_OK)
		return code;
	grade_at(grade, s->t->ops->now_us(s->t));
	grade_end(grade);
	serve_tell_grade(&s->tell, grade);
	return grade_good(grade) ? CLI_OK : CLI_REFUSED;
}

static int cmd_serve_run(struct server *s, enum serve_data data, const char *security)
{
	int code, rc;

	if (wants_screen(s))
		prepare_watch(s, security);
	code = begin(s, data);
	if (code == CLI_OK && s->watch)
		open_screen(s);
	if (code == CLI_OK) {
		rc = sd_event_loop(s->event);
		code = rc < 0 ? CLI_DEFECT : s->code;
		close_screen(s);
		if (s->gone[0] != '\0')
			log_write(&s->cli->log, LOG_LEVEL_ERROR, "%s", s->gone);
		serve_tell_rest(&s->tell);
		code = cli_finish(s->cli, cli_recorded(s->cli, s->t, verdict(s, code)));
	}
	serve_destroy(s->serve);
	serve_bluez_destroy(s->bluez);
	s->bluez = NULL;
	free(s->watch);
	return code;
}

int cmd_serve(struct cli *cli, int argc, char **argv)
{
	struct server *s = calloc(1, sizeof(*s));
	const char *security = NULL;
	enum serve_data data = SERVE_DATA_BOTH;
	int code;

	(void)argc;
	(void)argv;
	if (!s || sd_event_new(&s->event) < 0) {
		free(s);
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	}
	s->cli = cli;
	s->tell = (struct serve_tell){.cli = cli, .device = s->name};
	s->pipe = cli_value(cli, "pipe") ? serve_pipe_create(on_answer, s) : NULL;
	if (s->pipe)
		cli->json = true;
	code = check_sim(s);
	if (code == CLI_OK)
		code = parse(s, &data);
	if (code == CLI_OK) {
		security = take_security(s);
		code = open_front(s, security);
	}
	if (code == CLI_OK) {
		code = cli_open(cli, s->event, &s->t);
		if (code == CLI_OK)
			code = cli_close(cli, s->t, cmd_serve_run(s, data, security));
	}
	sd_event_source_disable_unref(s->input);
	serve_bluez_destroy(s->bluez);
	serve_pipe_destroy(s->pipe);
	sd_event_unref(s->event);
	free(s);
	return code;
}
