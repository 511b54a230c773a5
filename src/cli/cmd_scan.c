/* SPDX-License-Identifier: Apache-2.0 */
/* otabench scan: the devices in the air, listed as they are heard. */
#include "cli/journal_note.h"
#include "cli/open.h"
#include "cli/run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define RSSI_NONE (-128) /* sorts after all others */
#define DEFAULT_SECONDS 5.0
#define SECONDS_MAX 3600.0
#define REDRAW_US 500000u

struct scanner {
	struct cli *cli;
	sd_event *event;
	struct transport *t;
	struct scan scan;
	uint64_t until_us;
	bool gone;
	/* The table on a terminal, which is drawn over itself. */
	bool live;
	size_t drawn; /* rows of it above the cursor */
	uint64_t next_us; /* of the transport's clock, when it is due again */
};

/* A device with a link to this host may not advertise, and then has none. */
static const char *rssi_text(int8_t rssi, char buf[8])
{
	if (rssi == SCAN_RSSI_UNKNOWN)
		return "n/a";
	(void)snprintf(buf, 8, "%d", rssi);
	return buf;
}

static json_t *rssi_json(int8_t rssi)
{
	return rssi == SCAN_RSSI_UNKNOWN ? json_null() : json_integer(rssi);
}

static void print_header(const struct scanner *s)
{
	(void)fprintf(s->cli->out, "%-20s %-17s %5s %5s %5s  %-5s %6s %7s  %s\n", "NAME", "ADDRESS",
		      "RSSI", "MIN", "MAX", "OTA", "HEARD", "AGE", "DIALECT");
}

/* Projects share services, so that an advertisement can leave several dialects. */
static const char *ota_text(uint32_t set)
{
	const struct dialect *only = dialects_only(set);

	if (set == 0)
		return "-";
	if (!dialects_driven(set))
		return "no";
	return only ? "yes" : "maybe";
}

/* "a/b/c?" */
static const char *dialect_text(uint32_t set, char *buf, size_t size)
{
	size_t len = 0;

	(void)snprintf(buf, size, "-");
	for (unsigned int i = 0; i < DIALECTS; i++) {
		if (!(set & UINT32_C(1) << i))
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "/" : "",
					dialect_get((enum dialect_id)i)->name);
		if (len >= size)
			return buf;
	}
	if (set != 0 && !dialects_only(set))
		(void)snprintf(buf + len, size - len, "?");
	return buf;
}

static json_t *dialects_json(uint32_t set)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < DIALECTS; i++)
		if (set & UINT32_C(1) << i)
			(void)json_array_append_new(
				array, json_string(dialect_get((enum dialect_id)i)->name));
	return array;
}

static void print_row(const struct scanner *s, const struct scan_device *d)
{
	const double age = (double)(s->t->ops->now_us(s->t) - d->last_us) / 1e6;
	char buf[3][8], dialect[160];

	(void)fprintf(s->cli->out, "%-20s %-17s %5s %5s %5s  %-5s %6u %6.1fs  %s\n",
		      d->name[0] ? d->name : "(no name)", d->address, rssi_text(d->rssi, buf[0]),
		      rssi_text(d->rssi_min, buf[1]), rssi_text(d->rssi_max, buf[2]),
		      ota_text(d->dialects), d->seen, age,
		      dialect_text(d->dialects, dialect, sizeof(dialect)));
}

static void cmd_scan_emit(const struct scanner *s, const struct scan_device *d, const char *name)
{
	const uint64_t now = s->t->ops->now_us(s->t);
	const struct dialect *only = dialects_only(d->dialects);
	json_t *event = cli_event_at(now, name);

	if (event) {
		(void)json_object_set_new(event, "name", json_string(d->name));
		(void)json_object_set_new(event, "address", json_string(d->address));
		(void)json_object_set_new(event, "rssi", rssi_json(d->rssi));
		(void)json_object_set_new(event, "rssi_min", rssi_json(d->rssi_min));
		(void)json_object_set_new(event, "rssi_max", rssi_json(d->rssi_max));
		(void)json_object_set_new(event, "ota", json_boolean(dialects_driven(d->dialects)));
		(void)json_object_set_new(event, "dialect",
					  only ? json_string(only->name) : json_null());
		(void)json_object_set_new(event, "dialects", dialects_json(d->dialects));
		if (only && !dialect_is_driven(only))
			(void)json_object_set_new(event, "tool", json_string(only->tool));
		(void)json_object_set_new(event, "advertisements", json_integer(d->seen));
		(void)json_object_set_new(event, "age",
					  json_real((double)(now - d->last_us) / 1e6));
		(void)json_object_set_new(event, "journal", journal_note_json(s->cli, d->address));
	}
	cli_emit(s->cli, event);
}

/* Takes the table off the terminal. */
static void erase(struct scanner *s)
{
	if (s->drawn > 0)
		(void)fprintf(s->cli->out, "\033[%zuA\r\033[J", s->drawn);
	s->drawn = 0;
}

static void cmd_scan_draw(struct scanner *s)
{
	const size_t rows = output_height(s->cli->out), count = s->scan.count;
	/* The header, a row that says how many more there are, and the cursor's. */
	const size_t room = rows > 3 ? rows - 3 : 0, shown = count < room ? count : room;

	erase(s);
	print_header(s);
	for (size_t i = 0; i < shown; i++)
		print_row(s, &s->scan.devices[i]);
	if (shown < count)
		(void)fprintf(s->cli->out, "... and %zu more\n", count - shown);
	s->drawn = 1 + shown + (shown < count);
	(void)fflush(s->cli->out);
}

static void heard(struct scanner *s, const struct transport_advertisement *adv)
{
	const uint64_t now = s->t->ops->now_us(s->t);
	const size_t before = s->scan.count;
	const struct scan_device *d = scan_add(&s->scan, adv, now);

	if (d && s->cli->json && s->scan.count > before)
		cmd_scan_emit(s, d, "found");
	if (s->live && (s->scan.count > before || now >= s->next_us)) {
		s->next_us = now + REDRAW_US;
		cmd_scan_draw(s);
	}
}

static void cmd_scan_on_event(void *userdata, const struct transport_event *e)
{
	struct scanner *s = userdata;

	if (e->kind == TRANSPORT_ADVERTISEMENT) {
		heard(s, e->adv);
		return;
	}
	if (e->kind == TRANSPORT_ADAPTER && e->status < 0)
		s->gone = true;
	else if (e->kind != TRANSPORT_ALARM)
		return;
	(void)sd_event_exit(s->event, 0);
}

/* Tells, below the table, which updates were interrupted here. */
static void tell_journals(const struct scanner *s)
{
	char text[JOURNAL_NOTE_TEXT];

	for (size_t i = 0; i < s->scan.count; i++) {
		const struct scan_device *d = &s->scan.devices[i];

		if (journal_note(s->cli, d->address, text, sizeof(text)))
			(void)fprintf(s->cli->out, "%s: %s\n", d->name[0] ? d->name : d->address,
				      text);
	}
}

static int loudest_first(const void *a, const void *b)
{
	const struct scan_device *x = a, *y = b;

	return (y->rssi == SCAN_RSSI_UNKNOWN ? RSSI_NONE : y->rssi) -
	       (x->rssi == SCAN_RSSI_UNKNOWN ? RSSI_NONE : x->rssi);
}

static int cmd_scan_run(struct scanner *s, double seconds)
{
	int rc;

	s->t->handler = cmd_scan_on_event;
	s->t->userdata = s;
	rc = s->t->ops->scan_start(s->t);
	if (rc < 0)
		return cli_fail(s->cli, CLI_NO_ADAPTER, "cannot scan: %s", strerror(-rc));
	s->until_us = s->t->ops->now_us(s->t) + (uint64_t)(seconds * 1e6);
	(void)s->t->ops->set_alarm(s->t, s->until_us);
	rc = sd_event_loop(s->event);
	if (rc < 0 || s->gone)
		return cli_fail(s->cli, s->gone ? CLI_NO_ADAPTER : CLI_DEFECT, "%s",
				s->gone ? "the adapter is gone" : strerror(-rc));
	(void)s->t->ops->scan_stop(s->t);
	qsort(s->scan.devices, s->scan.count, sizeof(s->scan.devices[0]), loudest_first);
	erase(s);
	if (!s->cli->json)
		print_header(s);
	for (size_t i = 0; i < s->scan.count; i++) {
		if (s->cli->json)
			cmd_scan_emit(s, &s->scan.devices[i], "device");
		else
			print_row(s, &s->scan.devices[i]);
	}
	if (!s->cli->json)
		tell_journals(s);
	return cli_finish(s->cli, cli_recorded(s->cli, s->t, CLI_OK));
}

int cmd_scan(struct cli *cli, int argc, char **argv)
{
	const char *text = cli_value(cli, "time");
	double seconds = DEFAULT_SECONDS;
	struct scanner *s;
	char *end = NULL;
	int code;

	(void)argc;
	(void)argv;
	if (text) {
		seconds = strtod(text, &end);
		if (end == text || *end || !(seconds > 0) || seconds > SECONDS_MAX)
			return cli_fail(cli, CLI_USAGE, "--time: expected seconds, up to %.0f",
					SECONDS_MAX);
	}
	s = calloc(1, sizeof(*s));
	if (!s || sd_event_new(&s->event) < 0) {
		free(s);
		return cli_fail(cli, CLI_DEFECT, "out of memory");
	}
	s->cli = cli;
	/* Unbounded virtual time is over before anyone has read a row. */
	s->live = !cli->json && output_height(cli->out) > 0 &&
		  (!cli->sim_given || cli->sim.speed != SIM_SPEED_MAX);
	scan_init(&s->scan);
	code = cli_open(cli, s->event, &s->t);
	if (code == CLI_OK) {
		code = cmd_scan_run(s, seconds);
		code = cli_close(cli, s->t, code);
	}
	sd_event_unref(s->event);
	free(s);
	return code;
}
