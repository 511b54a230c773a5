/* SPDX-License-Identifier: Apache-2.0 */
/* otabench scan: who is in the air. */
#include "cli/open.h"
#include "cli/run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define RSSI_NONE (-128) /* sorts after all others */
#define DEFAULT_SECONDS 5.0
#define SECONDS_MAX 3600.0

struct scanner {
	struct cli *cli;
	sd_event *event;
	struct transport *t;
	struct scan scan;
	uint64_t until_us;
	bool gone;
};

static void on_event(void *userdata, const struct transport_event *e)
{
	struct scanner *s = userdata;

	if (e->kind == TRANSPORT_ADVERTISEMENT) {
		(void)scan_add(&s->scan, e->adv, s->t->ops->now_us(s->t));
		return;
	}
	if (e->kind == TRANSPORT_ADAPTER && e->status < 0)
		s->gone = true;
	else if (e->kind != TRANSPORT_ALARM)
		return;
	(void)sd_event_exit(s->event, 0);
}

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

static void tell(struct scanner *s, const struct scan_device *d)
{
	const uint64_t now = s->t->ops->now_us(s->t);
	const double age = (double)(now - d->last_us) / 1e6;
	json_t *event;

	if (!s->cli->json) {
		char buf[3][8];

		(void)fprintf(s->cli->out, "%-20s %-17s %5s %5s %5s  %-3s %6u %6.1fs\n",
			      d->name[0] ? d->name : "(no name)", d->address,
			      rssi_text(d->rssi, buf[0]), rssi_text(d->rssi_min, buf[1]),
			      rssi_text(d->rssi_max, buf[2]), d->ota_service ? "yes" : "-", d->seen,
			      age);
		return;
	}
	event = cli_event_at(now, "device");
	if (event) {
		(void)json_object_set_new(event, "name", json_string(d->name));
		(void)json_object_set_new(event, "address", json_string(d->address));
		(void)json_object_set_new(event, "rssi", rssi_json(d->rssi));
		(void)json_object_set_new(event, "rssi_min", rssi_json(d->rssi_min));
		(void)json_object_set_new(event, "rssi_max", rssi_json(d->rssi_max));
		(void)json_object_set_new(event, "ota", json_boolean(d->ota_service));
		(void)json_object_set_new(event, "advertisements", json_integer(d->seen));
		(void)json_object_set_new(event, "age", json_real(age));
	}
	cli_emit(s->cli, event);
}

static int loudest_first(const void *a, const void *b)
{
	const struct scan_device *x = a, *y = b;

	return (y->rssi == SCAN_RSSI_UNKNOWN ? RSSI_NONE : y->rssi) -
	       (x->rssi == SCAN_RSSI_UNKNOWN ? RSSI_NONE : x->rssi);
}

static int run(struct scanner *s, double seconds)
{
	int rc;

	s->t->handler = on_event;
	s->t->userdata = s;
	rc = s->t->ops->scan_start(s->t);
	if (rc < 0)
		return cli_fail(s->cli, CLI_NO_ADAPTER, "scanning cannot begin: %s", strerror(-rc));
	s->until_us = s->t->ops->now_us(s->t) + (uint64_t)(seconds * 1e6);
	(void)s->t->ops->set_alarm(s->t, s->until_us);
	rc = sd_event_loop(s->event);
	if (rc < 0 || s->gone)
		return cli_fail(s->cli, s->gone ? CLI_NO_ADAPTER : CLI_DEFECT, "%s",
				s->gone ? "the adapter is gone" : strerror(-rc));
	(void)s->t->ops->scan_stop(s->t);
	qsort(s->scan.devices, s->scan.count, sizeof(s->scan.devices[0]), loudest_first);
	if (!s->cli->json)
		(void)fprintf(s->cli->out, "%-20s %-17s %5s %5s %5s  %-3s %6s %7s\n", "NAME",
			      "ADDRESS", "RSSI", "MIN", "MAX", "OTA", "HEARD", "AGE");
	for (size_t i = 0; i < s->scan.count; i++)
		tell(s, &s->scan.devices[i]);
	return cli_succeed(s->cli);
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
	scan_init(&s->scan);
	code = cli_open(cli, s->event, &s->t);
	if (code == CLI_OK) {
		code = run(s, seconds);
		code = cli_close(cli, s->t, code);
	}
	sd_event_unref(s->event);
	free(s);
	return code;
}
