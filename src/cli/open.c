/* SPDX-License-Identifier: Apache-2.0 */
/* See open.h. */
#include "config.h" /* system extensions: localtime_r() */

#include "cli/open.h"

#include "history/history.h"
#include "bluez/bluez.h"
#include "transport/fault.h"
#include "sim/sim.h"
#include "transport/trace.h"

#include <string.h>
#include <time.h>

static void on_device_log(void *ctx, const char *text)
{
	struct cli *cli = ctx;

	log_write(&cli->log, LOG_LEVEL_DEBUG, "%s", text);
}

/* A value that was not given is left to the simulator's own choice: 0, or "follows". */
static struct sim_config sim_config_of(const struct sim_options *o, char partitions[SLOTS_CSV_MAX])
{
	struct sim_config c = {
		.buffers = (uint16_t)o->buffers,
		.buffer_octets = (uint16_t)o->buffer_octets,
		.refill = o->refill,
		.encrypted = o->encrypted != 0,
		.speed = (uint32_t)o->speed,
	};

	simopts_kind(o, partitions, &c.kind);
	if (simopts_given(o, SIM_PHY))
		c.phy = (enum ota_phy)o->phy;
	if (simopts_given(o, SIM_INTERVAL))
		c.interval = (uint16_t)o->interval;
	if (simopts_given(o, SIM_SUPERVISION))
		c.supervision = (uint16_t)(o->supervision_ms / 10);
	return c;
}

static int open_sim(struct cli *cli, sd_event *event, struct transport **ret)
{
	char why[256] = "", partitions[SLOTS_CSV_MAX];
	struct sim_config config = sim_config_of(&cli->sim, partitions);
	int rc;

	config.log = on_device_log;
	config.log_ctx = cli;
	rc = sim_create(event, &config, ret, why, sizeof(why));
	if (rc < 0)
		return cli_fail(cli, cli_exit_of(rc), "the virtual ESP32s: %s",
				why[0] ? why : strerror(-rc));
	return CLI_OK;
}

static int open_bluez(struct cli *cli, sd_event *event, struct transport **ret)
{
	const struct bluez_config config = {
		.adapter = cli->adapter,
		.power_on = true,
		.log = on_device_log,
		.log_ctx = cli,
	};
	char why[256] = "";
	int rc;

	rc = bluez_open(event, &config, ret, why, sizeof(why));
	if (rc == 0)
		return CLI_OK;
	return cli_fail(cli, rc == -OTA_EPERM ? CLI_NO_PERMISSION : CLI_NO_ADAPTER,
			"%s; 'otabench doctor' tells more, and --sim runs the same command on "
			"virtual ESP32s",
			why);
}

static int add_faults(struct cli *cli, struct transport **t)
{
	struct transport *inner = *t;
	int rc;

	if (cli->sim.fault_count == 0)
		return CLI_OK;
	rc = fault_wrap(inner, cli->sim.faults, cli->sim.fault_count, cli->sim.seed, t);
	if (rc == 0)
		return CLI_OK;
	inner->ops->destroy(inner);
	return cli_fail(cli, cli_exit_of(rc), "faults cannot be injected: %s", strerror(-rc));
}

/* When and where, for whoever plays it: see replay/replay.h. */
static void note_recording(struct cli *cli, struct transport *t)
{
	const time_t now = time(NULL);
	char when[32] = "unknown", text[256];
	struct tm local;

	if (localtime_r(&now, &local))
		(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S%z", &local);
	(void)snprintf(text, sizeof(text), "recorded %s by %s on %s", when, PACKAGE_STRING,
		       cli->sim_given ? "virtual ESP32s"
		       : cli->adapter ? cli->adapter
				      : "the Bluetooth adapter");
	transport_note(t, text);
}

static int add_trace(struct cli *cli, struct transport **t)
{
	struct transport *inner = *t;
	int rc;

	if (!cli->trace)
		return CLI_OK;
	rc = trace_record(inner, cli->trace, t);
	if (rc == 0) {
		note_recording(cli, *t);
		return CLI_OK;
	}
	inner->ops->destroy(inner);
	return cli_fail(cli, cli_exit_of(rc), "%s: %s", cli->trace, strerror(-rc));
}

int cli_open(struct cli *cli, sd_event *event, struct transport **ret)
{
	struct transport *t = NULL;
	int code;

	code = cli->sim_given ? open_sim(cli, event, &t) : open_bluez(cli, event, &t);
	if (code == CLI_OK)
		code = add_faults(cli, &t);
	if (code == CLI_OK)
		code = add_trace(cli, &t);
	if (code == CLI_OK)
		*ret = t;
	return code;
}

int cli_close(struct cli *cli, struct transport *t, int code)
{
	const int error = trace_error(t);

	t->ops->destroy(t);
	if (error == 0)
		return code;
	log_write(&cli->log, LOG_LEVEL_ERROR, "%s: the recording is incomplete: %s", cli->trace,
		  strerror(-error));
	return code == CLI_OK ? CLI_DEFECT : code;
}

char *cli_reach(const struct cli *cli, char *buf, size_t size)
{
	char given[HISTORY_OPTIONS_MAX - sizeof("--sim=")];

	buf[0] = '\0';
	if (cli->sim_given && simopts_format(&cli->sim, given, sizeof(given))[0] != '\0')
		(void)snprintf(buf, size, "--sim=%s", given);
	else if (cli->sim_given)
		(void)snprintf(buf, size, "--sim");
	else if (cli->adapter)
		(void)snprintf(buf, size, "--adapter=%s", cli->adapter);
	return buf;
}
