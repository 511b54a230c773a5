/* SPDX-License-Identifier: Apache-2.0 */
/* otabench doctor [DEV]: what this machine offers, what it lacks, and what to do; what its stack
 * remembers of a device. */
#include "config.h" /* system extensions: PATH_MAX */

#include "cli/run_priv.h"
#include "doctor/doctor.h"
#include "host/maintenance.h"

#include <string.h>
#include <unistd.h>

#define HANG_UP_US 6000000u /* bluetoothd takes two seconds, and the transport five at most */

static void print_finding(struct cli *cli, const struct doctor_finding *f)
{
	char found[4 * sizeof(f->found) + 1], advice[4 * sizeof(f->advice) + 1];
	char fix[DOCTOR_TEXT + 64];
	json_t *event;

	if (!cli->json) {
		/* Some of it is what the bus and its daemons said. */
		(void)output_safe_text(f->found, strlen(f->found), found, sizeof(found));
		(void)fprintf(cli->out, "%-4s  %-16s %s\n", doctor_level_name(f->level), f->check,
			      found);
		(void)output_safe_text(f->advice, strlen(f->advice), advice, sizeof(advice));
		if (advice[0])
			(void)fprintf(cli->out, "%-22s -> %s\n", "", advice);
		return;
	}
	event = cli_event(cli, "finding");
	if (event) {
		(void)json_object_set_new(event, "level", json_string(doctor_level_name(f->level)));
		(void)json_object_set_new(event, "check", json_string(f->check));
		(void)json_object_set_new(event, "found",
					  output_json_text(f->found, strlen(f->found)));
		(void)json_object_set_new(event, "advice",
					  output_json_text(f->advice, strlen(f->advice)));
		(void)doctor_fix_text(f, fix, sizeof(fix));
		(void)json_object_set_new(
			event, "fix", fix[0] ? output_json_text(fix, strlen(fix)) : json_null());
	}
	cli_emit(cli, event);
}

/* Returns true if it may be done. */
static bool agreed(struct cli *cli, const char *what)
{
	char line[16] = "";

	if (cli_value(cli, "yes"))
		return true;
	if (cli->json || !isatty(STDIN_FILENO)) {
		log_write(&cli->log, LOG_LEVEL_WARNING, "not done without --yes: %s", what);
		return false;
	}
	(void)fprintf(stderr, "%s? [y/N] ", what);
	return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}

/* Returns how many were mended. */
static unsigned int fix_all(struct cli *cli, const struct doctor *d,
			    const struct doctor_config *config)
{
	char what[DOCTOR_TEXT + 64];
	unsigned int mended = 0;

	for (size_t i = 0; i < d->count; i++) {
		json_t *event;
		int rc;

		if (d->findings[i].fix == DOCTOR_FIX_NONE ||
		    !agreed(cli, doctor_fix_text(&d->findings[i], what, sizeof(what))))
			continue;
		rc = doctor_mend(&d->findings[i], config);
		mended += rc == 0;
		if (rc < 0)
			log_write(&cli->log, LOG_LEVEL_ERROR, "%s: %s", what, strerror(-rc));
		else
			log_write(&cli->log, LOG_LEVEL_INFO, "done: %s", what);
		event = cli_event(cli, "fix");
		if (event) {
			(void)json_object_set_new(event, "fix",
						  output_json_text(what, strlen(what)));
			(void)json_object_set_new(event, "done", json_boolean(rc == 0));
			(void)json_object_set_new(
				event, "error", rc < 0 ? json_string(strerror(-rc)) : json_null());
		}
		cli_emit(cli, event);
	}
	return mended;
}

/* --- what the stack remembers of a device */

static const char *why_not(int status, const char **ret_advice)
{
	*ret_advice = "";
	switch (status) {
	case -OTA_EBUSY:
		*ret_advice = "otabench disconnect DEV, or end that program; then ask again";
		return "a program of this host has a link to it";
	case -OTA_ETIMEDOUT:
		*ret_advice = "move closer, then ask again";
		return "it did not answer in time";
	case -OTA_ENOTSUP:
		*ret_advice = "run it outside of the container";
		return "the kernel gives this program no Bluetooth socket";
	case -OTA_EPERM:
		*ret_advice = "as root: otabench doctor DEV";
		return "the kernel refuses this user";
	default:
		*ret_advice = "ask again";
		return "the link failed";
	}
}

struct waiting {
	bool free; /* nothing of the run is left, or it took too long */
	bool ended;
	int status;
};

static void cmd_doctor_on_event(void *userdata, const struct transport_event *e)
{
	struct waiting *w = userdata;

	w->free |= e->kind == TRANSPORT_DISCONNECTED || e->kind == TRANSPORT_ALARM;
	if (e->kind != TRANSPORT_MAINTENANCE)
		return;
	w->status = e->status;
	w->ended = true;
}

static void cmd_doctor_wait(struct run *r, const bool *until)
{
	int rc = 0;

	while (rc >= 0 && !*until && !r->left)
		rc = sd_event_run(r->event, UINT64_MAX);
}

static int read_table(struct run *r, const char *address)
{
	struct transport *t = r->transport;
	struct waiting w = {.status = -OTA_ENOTCONN};
	int rc;

	t->handler = cmd_doctor_on_event;
	t->userdata = &w;
	rc = maintenance_start(t, TRANSPORT_READ_TABLE, address);
	/* A run does not wait for a link that is slow to end. */
	if (rc == -OTA_EBUSY) {
		(void)t->ops->set_alarm(t, t->ops->now_us(t) + HANG_UP_US);
		cmd_doctor_wait(r, &w.free);
		rc = maintenance_start(t, TRANSPORT_READ_TABLE, address);
	}
	if (rc >= 0)
		cmd_doctor_wait(r, &w.ended);
	(void)t->ops->set_alarm(t, UINT64_MAX);
	t->handler = NULL;
	return rc < 0 ? rc : w.status;
}

static void compare(struct run *r, const char *address, struct doctor *d)
{
	static struct gatt_table stack, device; /* too much for a stack */
	struct transport *t = r->transport;
	struct doctor_table facts = {.address = address, .simulated = r->cli->sim_given};
	struct transport_link link;
	int rc;

	t->ops->link_state(t, &link);
	facts.adapter = link.adapter;
	facts.bonded = link.bonded;
	facts.release = transport_release(link.bluetoothd);
	rc = t->ops->table ? read_table(r, address) : -OTA_ENOTSUP;
	if (t->ops->table && t->ops->table(t, address, TRANSPORT_TABLE_STACK, &stack) == 0)
		facts.stack = &stack;
	if (t->ops->table && rc == 0)
		rc = t->ops->table(t, address, TRANSPORT_TABLE_DEVICE, &device);
	if (rc == 0)
		facts.device = &device;
	else
		facts.why = why_not(rc, &facts.advice);
	doctor_tell_table(d, &facts);
}

/* Asks the device as 'info' does, so that the stack has connected to it by what it remembers. */
static int with_device(struct cli *cli, const char *name, struct doctor *d)
{
	struct job_config config = {.goal = SESSION_LOOK, .device = name};
	char address[SCAN_ADDRESS_SIZE] = "";
	struct run_settings settings;
	struct job_snapshot now;
	struct run r;
	int code = run_settle(cli, &settings, &config);

	if (code == CLI_OK)
		code = run_open(&r, cli);
	if (code != CLI_OK)
		return code;
	code = run_once(&r, &config);
	if (r.ended && !r.left) {
		job_snapshot(r.job, &now);
		(void)snprintf(address, sizeof(address), "%s", now.address);
		if (code != CLI_OK && address[0] != '\0')
			log_write(&cli->log, LOG_LEVEL_WARNING, "%s", r.result.what);
	}
	run_release(&r);
	if (address[0] == '\0' && r.ended)
		(void)cli_fail(cli, (enum cli_exit)code, "%s", r.result.what);
	else if (address[0] != '\0')
		compare(&r, address, d);
	return run_close(&r, address[0] ? CLI_OK : code);
}

/* --- */

static int verdict(struct cli *cli, const struct doctor *d, bool machine)
{
	if (d->refused)
		return cli_fail(cli, CLI_NO_PERMISSION, "this user may not use Bluetooth");
	if (!d->ready && machine)
		return cli_fail(cli, CLI_NO_ADAPTER, "no Bluetooth adapter is ready");
	if (d->stale)
		return cli_fail(cli, CLI_DEVICE_ERROR,
				"the stack remembers other services than the device has");
	return cli_succeed(cli);
}

int cmd_doctor(struct cli *cli, int argc, char **argv)
{
	const struct doctor_config config = {.root = NULL};
	const bool machine = argc < 2 || !cli->sim_given;
	static struct doctor d;
	int code = CLI_OK;

	d = (struct doctor){.count = 0};
	if (machine)
		doctor_collect(&d, &config);
	if (machine && cli_value(cli, "fix") && fix_all(cli, &d, &config) > 0)
		doctor_collect(&d, &config);
	if (argc > 1 && (d.ready || !machine))
		code = with_device(cli, argv[1], &d);
	for (size_t i = 0; i < d.count; i++)
		print_finding(cli, &d.findings[i]);
	return code == CLI_OK ? verdict(cli, &d, machine) : code;
}
