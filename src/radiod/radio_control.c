/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control of a running otabench-radio: commands on standard input, one
 * a line; JSON on standard output, one object a line.  A test is the usual other end.
 */
#include "config.h" /* system extensions: strtok_r() */

#include "radiod/radio.h"
#include "base/hex.h"
#include "cli/cli.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define WORDS_MAX 3

/* --- output */

json_t *radio_event(struct radio *radio, const char *name)
{
	return cli_event_at(sched_now(&radio->sched), name);
}

void radio_emit(struct radio *radio, json_t *event)
{
	(void)output_json_line(radio->out, event);
	(void)fflush(radio->out);
}

static json_t *radio_control_hex(const uint8_t *bytes, size_t len)
{
	char text[2 * OTA_SHA256_SIZE + 1];

	return json_string(hex_encode(bytes, len < OTA_SHA256_SIZE ? len : OTA_SHA256_SIZE, text));
}

static void add_link(json_t *event, struct link *link)
{
	struct link_state now;

	link_get_state(link, &now);
	(void)json_object_set_new(event, "interval_us", json_integer(now.interval * 1250));
	(void)json_object_set_new(event, "latency", json_integer(now.latency));
	(void)json_object_set_new(event, "supervision_ms",
				  json_integer(now.supervision_timeout * 10));
	(void)json_object_set_new(event, "phy", json_integer(now.phy));
	(void)json_object_set_new(event, "data_length", json_integer(now.data_length));
	(void)json_object_set_new(event, "encrypted", json_boolean(now.encrypted));
	(void)json_object_set_new(event, "rssi", json_integer(link_rssi(link, LINK_CENTRAL)));
}

static void radio_emit_status(struct radio *radio, struct esp *esp)
{
	const struct board *board = esp_board(esp);
	const struct board_running *running;
	struct link *link = hci_link(radio->hci, esp);
	struct ota_status status;
	json_t *event;

	if (!board)
		return; /* the log says why */
	running = board_running(board);
	event = radio_event(radio, "status");
	esp_status(esp, &status);
	(void)json_object_set_new(event, "device", json_string(esp_name(esp)));
	(void)json_object_set_new(event, "address", json_string(esp_address(esp)));
	(void)json_object_set_new(event, "state", json_string(ota_state_name(status.state)));
	(void)json_object_set_new(event, "received", json_integer(status.received));
	(void)json_object_set_new(event, "flushed", json_integer(status.flushed));
	(void)json_object_set_new(event, "advertising", json_boolean(esp_advertising(esp)));
	(void)json_object_set_new(event, "boots", json_integer(esp_boots(esp)));
	(void)json_object_set_new(event, "slot", json_integer(running->slot));
	(void)json_object_set_new(event, "version", json_string(running->version));
	(void)json_object_set_new(event, "sha256",
				  radio_control_hex(running->sha256, OTA_SHA256_SIZE));
	(void)json_object_set_new(event, "pending_verify", json_boolean(running->pending_verify));
	(void)json_object_set_new(event, "bonds", json_integer(esp_bonds(esp)));
	(void)json_object_set_new(event, "connected", json_boolean(link != NULL));
	if (link)
		add_link(event, link);
	radio_emit(radio, event);
}

static bool radio_control_changed(struct radio *radio, struct esp *esp,
				  struct radio_watched *watched)
{
	struct radio_watched now = {0};
	struct ota_status status;
	bool differs;

	esp_status(esp, &status);
	now.received = status.received;
	now.boots = esp_boots(esp);
	now.state = (uint8_t)status.state;
	now.connected = hci_link(radio->hci, esp) != NULL;
	differs = now.received != watched->received || now.boots != watched->boots ||
		  now.state != watched->state || now.connected != watched->connected;
	*watched = now;
	return differs;
}

static void tell_changes(struct radio *radio)
{
	struct esp *esp;

	for (unsigned int i = 0; (esp = fleet_device(radio->fleet, i)) != NULL; i++)
		if (radio_control_changed(radio, esp, &radio->watched[i]))
			radio_emit_status(radio, esp);
}

static void on_watch(void *ctx, uint64_t now_us)
{
	struct radio *radio = ctx;

	tell_changes(radio);
	sched_at(&radio->sched, &radio->watch_tick, now_us + radio->options.watch_ms * 1000ull);
}

void radio_watch_begin(struct radio *radio)
{
	struct esp *esp;

	for (unsigned int i = 0; (esp = fleet_device(radio->fleet, i)) != NULL; i++)
		(void)radio_control_changed(radio, esp, &radio->watched[i]);
	radio->watch_tick = (struct sched_event){.fn = on_watch, .ctx = radio};
	if (radio->options.watch && radio->options.watch_ms > 0)
		sched_at(&radio->sched, &radio->watch_tick, sched_now(&radio->sched));
}

void radio_watch_moved(struct radio *radio)
{
	if (radio->options.watch && radio->options.watch_ms == 0)
		tell_changes(radio);
}

/* --- commands */

static bool do_status(struct radio *radio, struct esp *esp, bool on)
{
	(void)on;
	radio_emit_status(radio, esp);
	return true;
}

static bool do_reset(struct radio *radio, struct esp *esp, bool on)
{
	(void)radio;
	(void)on;
	esp_reset(esp);
	return true;
}

static bool do_terminate(struct radio *radio, struct esp *esp, bool on)
{
	(void)radio;
	(void)on;
	esp_terminate(esp);
	return true;
}

static bool do_silent(struct radio *radio, struct esp *esp, bool on)
{
	struct link *link = hci_link(radio->hci, esp);

	if (link)
		link_set_silent(link, on);
	return link != NULL;
}

static bool do_mute(struct radio *radio, struct esp *esp, bool on)
{
	const uint64_t bit = 1ull << radio_device_index(radio, esp);

	radio->muted = on ? radio->muted | bit : radio->muted & ~bit;
	return true;
}

static const struct command {
	const char *name;
	bool switched; /* takes on or off */
	bool (*run)(struct radio *radio, struct esp *esp, bool on);
} commands[] = {
	{"status", false, do_status},
	{"reset", false, do_reset}, /* as its button does */
	{"terminate", false, do_terminate}, /* the device closes its link */
	{"silent", true, do_silent}, /* the link loses everything */
	{"mute", true, do_mute}, /* its advertisements are not heard */
};

static bool do_quit(struct radio *radio)
{
	return sd_event_exit(radio->event, CLI_OK) >= 0;
}

/* Those that are about no device. */
static const struct {
	const char *name;
	bool (*run)(struct radio *radio);
} own_commands[] = {
	{"unplug", radio_unplug},
	{"plug", radio_plug},
	{"quit", do_quit},
};

static void radio_control_answer(struct radio *radio, const char *line, bool ok)
{
	json_t *event = radio_event(radio, "answer");

	(void)json_object_set_new(event, "command", output_json_text(line, strlen(line)));
	(void)json_object_set_new(event, "ok", json_boolean(ok));
	radio_emit(radio, event);
}

static bool obey(struct radio *radio, char *words[WORDS_MAX], int count)
{
	struct esp *esp = count > 1 ? fleet_find(radio->fleet, words[1]) : NULL;

	for (size_t i = 0; count == 1 && i < sizeof(own_commands) / sizeof(own_commands[0]); i++)
		if (strcmp(own_commands[i].name, words[0]) == 0)
			return own_commands[i].run(radio);
	for (size_t i = 0; esp && i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];
		bool on;

		if (strcmp(c->name, words[0]) != 0 || count != (c->switched ? 3 : 2))
			continue;
		on = c->switched && strcmp(words[2], "on") == 0;
		if (c->switched && !on && strcmp(words[2], "off") != 0)
			return false;
		return c->run(radio, esp, on);
	}
	return false;
}

static void on_line(struct radio *radio, const char *line)
{
	char copy[RADIO_LINE_MAX], *words[WORDS_MAX], *rest = NULL;
	int count = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (count == WORDS_MAX)
			break;
		words[count++] = word;
	}
	if (count > 0)
		radio_control_answer(radio, line, obey(radio, words, count));
}

static int radio_control_on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct radio *radio = userdata;
	const ssize_t n =
		read(fd, radio->line + radio->line_len, sizeof(radio->line) - 1 - radio->line_len);
	char *end;

	(void)revents;
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
		return 0;
	}
	radio->line_len += (size_t)n;
	while ((end = memchr(radio->line, '\n', radio->line_len)) != NULL) {
		const size_t len = (size_t)(end - radio->line);

		*end = '\0';
		on_line(radio, radio->line);
		radio->line_len -= len + 1;
		memmove(radio->line, end + 1, radio->line_len);
	}
	if (radio->line_len == sizeof(radio->line) - 1) /* no command is that long */
		radio->line_len = 0;
	radio_watch_moved(radio);
	radio_rearm(radio);
	return 0;
}

int radio_control_begin(struct radio *radio)
{
	return sd_event_add_io(radio->event, &radio->input, STDIN_FILENO, EPOLLIN,
			       radio_control_on_input, radio);
}
