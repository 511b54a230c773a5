/* SPDX-License-Identifier: Apache-2.0 */
/* See open.h. */
#include "config.h" /* system extensions: localtime_r() */

#include "cli/open.h"

#include "base/file_save.h"
#include "history/history.h"
#include "bluez/bluez.h"
#include "transport/fault.h"
#include "sim/sim.h"
#include "transport/trace.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void open_on_device_log(void *ctx, const char *text)
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

	config.log = open_on_device_log;
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
		.log = open_on_device_log,
		.log_ctx = cli,
	};
	char why[256] = "";
	int rc;

	rc = bluez_open(event, &config, ret, why, sizeof(why));
	if (rc == 0)
		return CLI_OK;
	return cli_fail(cli, rc == -OTA_EPERM ? CLI_NO_PERMISSION : CLI_NO_ADAPTER,
			"%s; 'otabench doctor' explains, and --sim runs the same command on "
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

/* A recording over the image that it is a recording of: no --force is meant like that. */
static int is_read(struct cli *cli, const char *path)
{
	const char *const given[] = {cli->profile, cli->script};

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		if (given[i] && file_is_same(given[i], path))
			return cli_fail(cli, CLI_USAGE, "%s: this command also reads this file",
					path);
	}
	for (char *const *word = cli->words; word && *word; word++) {
		if (file_is_same(*word, path))
			return cli_fail(cli, CLI_USAGE, "%s: this command also reads this file",
					path);
	}
	return CLI_OK;
}

/* An older recording may be replaced by a newer one: the same command again. */
static bool is_recording(const char *path)
{
	static const char head[] = "otabench-trace ";
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	char found[sizeof(head) - 1];
	bool is;

	if (fd < 0)
		return false;
	is = read(fd, found, sizeof(found)) == (ssize_t)sizeof(found) &&
	     memcmp(found, head, sizeof(found)) == 0;
	(void)close(fd);
	return is;
}

static int add_trace(struct cli *cli, struct transport **t)
{
	struct transport *inner = *t;
	/* A recording is for its user alone: it holds names and the image's lengths. */
	unsigned int how = FILE_SAVE_PRIVATE;
	char why[512];
	FILE *file;
	int rc;

	if (!cli->trace)
		return CLI_OK;
	rc = is_read(cli, cli->trace);
	if (rc != CLI_OK) {
		inner->ops->destroy(inner);
		return rc;
	}
	if (cli->overwrite || is_recording(cli->trace))
		how |= FILE_SAVE_REPLACE;
	rc = file_save_stream(cli->trace, how, &file, why, sizeof(why));
	if (rc < 0) {
		inner->ops->destroy(inner);
		return cli_fail_write(cli, rc, cli->trace, why);
	}
	rc = trace_record_to(inner, file, t);
	if (rc == 0) {
		note_recording(cli, *t);
		return CLI_OK;
	}
	(void)fclose(file);
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

int cli_recorded(struct cli *cli, struct transport *t, int code)
{
	const int error = trace_error(t);

	if (cli->recorded)
		return code;
	cli->recorded = true;
	if (error == 0)
		return code;
	log_write(&cli->log, LOG_LEVEL_ERROR, "%s: the recording is incomplete: %s", cli->trace,
		  strerror(-error));
	return code == CLI_OK ? CLI_FILE : code;
}

int cli_close(struct cli *cli, struct transport *t, int code)
{
	code = cli_recorded(cli, t, code);
	t->ops->destroy(t);
	return code;
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
