/* SPDX-License-Identifier: Apache-2.0 */
/* See maintenance.h. */
#include "cli/maintenance.h"

#include "cli/open.h"
#include "host/known.h"
#include "host/scan.h"
#include "host/maintenance.h"

#include <string.h>

struct waiting {
	bool ended;
	int status;
};

static void maintenance_on_event(void *userdata, const struct transport_event *e)
{
	struct waiting *w = userdata;

	if (e->kind != TRANSPORT_MAINTENANCE)
		return;
	w->status = e->status;
	w->ended = true;
}

static int exit_code(int status)
{
	switch (status) {
	case -OTA_ENOENT:
	case -OTA_EINVAL:
		return CLI_NO_DEVICE;
	case -OTA_ENODEV:
		return CLI_NO_ADAPTER;
	case -OTA_EPERM:
		return CLI_NO_PERMISSION;
	default: /* the stack's own */
		return CLI_DEVICE_ERROR;
	}
}

static int maintenance_tell(struct cli *cli, struct transport *t, enum transport_maintenance what,
			    int status, const char *device)
{
	char safe[256] = "", text[512];

	if (device)
		(void)output_safe_text(device, strlen(device), safe, sizeof(safe));
	(void)maintenance_text(what, status, device ? safe : NULL, text, sizeof(text));
	/* An address that is not known need not be forgotten: that is a success; a name may be
	 * mistyped. */
	if (what == TRANSPORT_FORGET && status == -OTA_ENOENT && !scan_is_address(device))
		return cli_fail(cli, CLI_NO_DEVICE, "this host knows no device named %s", safe);
	if (!maintenance_succeeded(what, status))
		return cli_fail(cli, exit_code(status), "%s", text);
	if (!cli->json && !cli->quiet)
		(void)fprintf(cli->out, "%s\n", text);
	return cli_finish(cli, cli_recorded(cli, t, CLI_OK));
}

/* The status; negative too where the event loop failed. */
static int maintain(struct transport *t, sd_event *event, enum transport_maintenance what,
		    const char *device)
{
	struct waiting w = {.ended = false};
	int rc;

	t->handler = maintenance_on_event;
	t->userdata = &w;
	rc = maintenance_start(t, what, device);
	while (rc >= 0 && !w.ended)
		rc = sd_event_run(event, UINT64_MAX);
	t->handler = NULL;
	t->userdata = NULL;
	return rc < 0 ? rc : w.status;
}

int cli_maintain(struct transport *t, sd_event *event, enum transport_maintenance what,
		 const char *device, char *text, size_t size)
{
	const int status = maintain(t, event, what, device);
	char safe[256] = "";

	if (device)
		(void)output_safe_text(device, strlen(device), safe, sizeof(safe));
	(void)maintenance_text(what, status, device ? safe : NULL, text, size);
	return maintenance_succeeded(what, status) ? CLI_OK : exit_code(status);
}

int cli_maintenance(struct cli *cli, enum transport_maintenance what, const char *device)
{
	char place[DEVICE_PLACE_MAX];
	const char *where = cli_place(cli, place);
	struct transport *t;
	sd_event *event;
	int code, status;

	if (cli->readonly)
		return cli_fail(cli, CLI_USAGE, "--readonly: this command ends links");
	if (sd_event_new(&event) < 0)
		return cli_fail(cli, CLI_DEFECT, "no event loop: out of memory or descriptors");
	code = cli_open(cli, event, &t);
	if (code == CLI_OK) {
		status = maintain(t, event, what, device);
		if (what == TRANSPORT_FORGET && status == 0 && where)
			known_unbound(where, device);
		code = maintenance_tell(cli, t, what, status, device);
		code = cli_close(cli, t, code);
	}
	sd_event_unref(event);
	return code;
}
