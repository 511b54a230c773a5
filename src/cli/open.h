/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport that the options ask for: virtual ESP32s or an adapter, with
 * faults and a recording around it.  The one place that knows every backend.
 */
#ifndef OTABENCH_CLI_OPEN_H
#define OTABENCH_CLI_OPEN_H

#include "cli/cli.h"
#include "transport/transport.h"

#include <systemd/sd-event.h>

/* CLI_OK, or an exit code after cli_fail(). */
int cli_open(struct cli *cli, sd_event *event, struct transport **ret);
/* Tells if the recording is incomplete, and returns code, or the exit code that this makes of
 * it.  Called before the run's end is told, since that must agree with the exit status. */
int cli_recorded(struct cli *cli, struct transport *t, int code);
/* Closes it; tells when a recording is incomplete, and returns code or what that makes of it. */
int cli_close(struct cli *cli, struct transport *t, int code);
/* The options that say how the device is reached; see struct recorder_config. */
char *cli_reach(const struct cli *cli, char *buf, size_t size);

/* The devices' place, for their journals; NULL: simulated ones that end with this program.  buf
 * has JOURNAL_PLACE_MAX bytes. */
const char *cli_place(const struct cli *cli, char *buf);

#endif
