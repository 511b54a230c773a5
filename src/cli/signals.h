/* SPDX-License-Identifier: Apache-2.0 */
/* The signals by which a user ends a command, as events of its loop. */
#ifndef OTABENCH_CLI_SIGNALS_H
#define OTABENCH_CLI_SIGNALS_H

#include <systemd/sd-event.h>

/* SIGINT, SIGTERM and SIGHUP go to handler.  0, or a negative errno. */
int cli_catch_signals(sd_event *event, sd_event_signal_handler_t handler, void *userdata);

#endif
