/* SPDX-License-Identifier: Apache-2.0 */
/* See open.h. */
#include "config.h" /* system extensions: localtime_r(), realpath(), mkostemp() */

#include "cli/open.h"

#include "base/file_save.h"
#include "capture/btsnoop_file.h"
#include "history/history.h"
#include "host/journal.h"
#include "bluez/bluez.h"
#include "replay/archive.h"
#include "capture/capture.h"
#include "cli/diagnose_capture.h"
#include "transport/fault.h"
#include "sim/sim.h"
#include "transport/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void open_on_device_log(void *ctx, const char *text)
{
	struct cli *cli = ctx;

	log_write(&cli->log, LOG_LEVEL_DEBUG, "%s", text);
}

/* Core Vol 6 Part B 4.5.2: longer than two intervals.  A link is made, and ends by it. */
static void tell_supervision(struct cli *cli, const struct sim_config *config)
{
	const uint32_t timeout_ms = config->supervision * 10u;
	const uint32_t interval_ms = config->interval * 5u / 4u;

	if (timeout_ms == 0 || timeout_ms > 2u * interval_ms)
		return;
	log_write(&cli->log, LOG_LEVEL_WARNING,
		  "--sim: a supervision timeout of %u ms cannot work with an interval of %u ms: it "
		  "has to be longer than %u ms",
		  timeout_ms, interval_ms, 2u * interval_ms);
}

static int open_sim(struct cli *cli, sd_event *event, struct transport **ret)
{
	char why[256] = "", partitions[SLOTS_CSV_MAX];
	struct sim_config config;
	int rc;

	simopts_config(&cli->sim, partitions, &config);
	tell_supervision(cli, &config);
	config.log = open_on_device_log;
	config.log_ctx = cli;
	rc = sim_create(event, &config, ret, why, sizeof(why));
	if (rc < 0)
		return cli_fail(cli, cli_exit_of(rc), "the virtual ESP32s: %s",
				why[0] ? why : strerror(-rc));
	return CLI_OK;
}

/* There is no run yet, and no device: what this side lacks is all that is known. */
static json_t *diagnosis_of(enum gatt_host host)
{
	static const struct session_stats none;
	const struct diagnosis_facts f = {
		.outcome = SESSION_NO_ADAPTER,
		.state = SESSION_FAILED,
		.stats = &none,
		.rssi = 127,
		.rssi_most = 127,
		.losses.rssi = 127,
		.host = host,
	};
	struct diagnosis found[DIAGNOSES_MAX];
	const size_t count = diagnose(&f, found);
	json_t *list = json_array();

	for (size_t i = 0; list && i < count; i++)
		(void)json_array_append_new(list, cli_diagnosis(&found[i]));
	return list;
}

static int open_bluez(struct cli *cli, sd_event *event, struct transport **ret)
{
	const struct bluez_config config = {
		.adapter = cli->adapter,
		.power_on = true,
		.log = open_on_device_log,
		.log_ctx = cli,
	};
	enum gatt_host host = GATT_HOST_UNTOLD;
	char why[256] = "";
	int rc;

	rc = bluez_open(event, &config, ret, &host, why, sizeof(why));
	if (rc == 0)
		return CLI_OK;
	cli->diagnosis = diagnosis_of(host);
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

/* The time and the place, for a replay: see replay/replay.h. */
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
static bool begins_with(const char *path, const char *head)
{
	const size_t len = strlen(head);
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	char found[16];
	bool is;

	if (fd < 0)
		return false;
	is = read(fd, found, len) == (ssize_t)len && memcmp(found, head, len) == 0;
	(void)close(fd);
	return is;
}

/* A file that is recorded into; head is what such files begin with. */
static int open_recording(struct cli *cli, const char *path, const char *head, FILE **ret)
{
	/* A recording is for its user alone: it holds names and the image's lengths. */
	unsigned int how = FILE_SAVE_PRIVATE;
	char why[512];
	int rc = is_read(cli, path);

	if (rc != CLI_OK)
		return rc;
	if (cli->overwrite || begins_with(path, head))
		how |= FILE_SAVE_REPLACE;
	rc = file_save_stream(path, how, ret, why, sizeof(why));
	return rc < 0 ? cli_fail_write(cli, rc, path, why) : CLI_OK;
}

/* The note that stands in the file before its packets. */
static void describe_capture(const struct cli *cli, bool packets, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%s: %s %s", PACKAGE_STRING,
		       packets ? "every packet of the adapter,"
			       : "the attribute protocol as this program sees it, without HCI; "
				 "handles are made up;",
		       cli->sim_given ? "virtual ESP32s, simulated time" : "a real adapter");
}

/* now_us() 0 as a date.  A virtual clock has none: a run then always gives the same file. */
static uint64_t capture_origin(const struct transport *t)
{
	static const uint64_t year_2000_us = UINT64_C(946684800) * 1000000u;
	struct timespec real = {0}, monotonic = {0};

	if (t->virtual_clock)
		return year_2000_us;
	(void)clock_gettime(CLOCK_REALTIME, &real);
	(void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
	return (uint64_t)(real.tv_sec - monotonic.tv_sec) * 1000000u +
	       (uint64_t)real.tv_nsec / 1000u - (uint64_t)monotonic.tv_nsec / 1000u;
}

/* The packets of the adapter, or -OTA_EPERM, -OTA_ENOTSUP where they are not to be had. */
static int capture_packets(struct cli *cli, sd_event *event, FILE *file)
{
	unsigned long index = BTSNOOP_NO_INDEX;
	char note[256];

	if (cli->adapter && strncmp(cli->adapter, "hci", 3) == 0)
		index = strtoul(cli->adapter + 3, NULL, 10);
	describe_capture(cli, true, note, sizeof(note));
	return capture_monitor(event, (uint16_t)index, file, note, &cli->monitor);
}

static int add_capture(struct cli *cli, sd_event *event, struct transport **t)
{
	struct transport *inner = *t;
	char note[256];
	FILE *file;
	int rc;

	if (!cli->btsnoop)
		return CLI_OK;
	rc = open_recording(cli, cli->btsnoop, "btsnoop", &file);
	if (rc != CLI_OK) {
		inner->ops->destroy(inner);
		return rc;
	}
	rc = cli->sim_given ? -OTA_ENOTSUP : capture_packets(cli, event, file);
	if (rc == 0)
		return CLI_OK;
	if (!cli->sim_given)
		log_write(&cli->log, LOG_LEVEL_WARNING,
			  "%s: without HCI packets, %s; the attribute protocol is recorded",
			  cli->btsnoop,
			  rc == -OTA_EPERM ? "as CAP_NET_RAW is missing (sudo, or setcap)"
					   : "as there is no monitor channel here");
	describe_capture(cli, false, note, sizeof(note));
	rc = capture_att(inner, file, capture_origin(inner), note, t);
	if (rc == 0) {
		cli->capture = *t;
		return CLI_OK;
	}
	inner->ops->destroy(inner);
	return cli_fail(cli, cli_exit_of(rc), "%s: %s", cli->btsnoop, strerror(-rc));
}

/* A file without a name, which is gone with the program: one to write, one to read. */
static int open_unnamed(FILE **ret_out, FILE **ret_in)
{
	const char *folder = getenv("TMPDIR");
	char path[512];
	int out, in;

	(void)snprintf(path, sizeof(path), "%s/otabench-XXXXXX", folder ? folder : "/tmp");
	out = mkostemp(path, O_CLOEXEC);
	if (out < 0)
		return -errno;
	in = open(path, O_RDONLY | O_CLOEXEC);
	(void)unlink(path);
	*ret_out = fdopen(out, "w");
	*ret_in = in < 0 ? NULL : fdopen(in, "r");
	if (*ret_out && *ret_in)
		return 0;
	if (*ret_out)
		(void)fclose(*ret_out);
	else
		(void)close(out);
	if (*ret_in)
		(void)fclose(*ret_in);
	else if (in >= 0)
		(void)close(in);
	return -OTA_EIO;
}

/* A bundle holds the run even if no recording of it was asked for. */
static int add_bundle_recording(struct cli *cli, struct transport **t)
{
	const char *bundle = cli_value(cli, "bundle");
	struct transport *inner = *t;
	FILE *file = NULL;
	int rc;

	if (!bundle || !archive_is_named(bundle))
		return CLI_OK;
	rc = open_unnamed(&file, &cli->bundle_recording);
	if (rc == 0)
		rc = trace_record_to(inner, file, t);
	if (rc == 0) {
		note_recording(cli, *t);
		return CLI_OK;
	}
	log_write(&cli->log, LOG_LEVEL_WARNING, "the bundle will have no recording: %s",
		  strerror(-rc));
	return CLI_OK;
}

static int add_trace(struct cli *cli, struct transport **t)
{
	struct transport *inner = *t;
	FILE *file = NULL;
	int rc;

	if (!cli->trace)
		return add_bundle_recording(cli, t);
	if (cli->btsnoop && file_is_same(cli->trace, cli->btsnoop))
		rc = cli_fail(cli, CLI_USAGE, "%s: both --trace and --btsnoop", cli->trace);
	else
		rc = open_recording(cli, cli->trace, "otabench-trace ", &file);
	if (rc != CLI_OK) {
		inner->ops->destroy(inner);
		return rc;
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

static struct capture_monitor *take_monitor(struct cli *cli)
{
	struct capture_monitor *m = cli->monitor;

	cli->monitor = NULL;
	return m;
}

int cli_open(struct cli *cli, sd_event *event, struct transport **ret)
{
	struct transport *t = NULL;
	int code;

	code = cli->sim_given ? open_sim(cli, event, &t) : open_bluez(cli, event, &t);
	if (code == CLI_OK)
		code = add_faults(cli, &t);
	if (code == CLI_OK)
		code = add_capture(cli, event, &t);
	if (code == CLI_OK)
		code = add_trace(cli, &t);
	if (code != CLI_OK)
		(void)capture_monitor_end(take_monitor(cli));
	if (code == CLI_OK)
		*ret = t;
	return code;
}

/* Tells of a recording that is not whole. */
static int recording_ended(struct cli *cli, const char *path, int error, int code)
{
	if (error == 0)
		return code;
	log_write(&cli->log, LOG_LEVEL_ERROR, "%s: the recording is incomplete: %s", path,
		  strerror(-error));
	return code == CLI_OK ? CLI_FILE : code;
}

int cli_recorded(struct cli *cli, struct transport *t, int code)
{
	const int error = trace_error(t);

	if (cli->recorded)
		return code;
	cli->recorded = true;
	if (cli->capture)
		code = recording_ended(cli, cli->btsnoop, capture_att_error(cli->capture), code);
	code = recording_ended(cli, cli->btsnoop, capture_monitor_end(take_monitor(cli)), code);
	return recording_ended(cli, cli->trace ? cli->trace : "the bundle", error, code);
}

int cli_close(struct cli *cli, struct transport *t, int code)
{
	code = cli_recorded(cli, t, code);
	t->ops->destroy(t);
	if (cli->bundle_recording)
		(void)fclose(cli->bundle_recording);
	cli->bundle_recording = NULL;
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

const char *cli_place(const struct cli *cli, char *buf)
{
	if (!cli->sim_given)
		return JOURNAL_AIR;
	return cli->sim.state[0] != '\0' && realpath(cli->sim.state, buf) ? buf : NULL;
}
