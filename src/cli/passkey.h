/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of a passkey: --passkey, --passkey-file, or the user at the terminal.
 *
 * The question stands beside the running event loop; whatever else happens
 * (the link is lost, Ctrl-C) takes it back.
 */
#ifndef OTABENCH_CLI_PASSKEY_H
#define OTABENCH_CLI_PASSKEY_H

#include "cli/cli.h"
#include "host/job.h"

#include <systemd/sd-event.h>

#define PASSKEY_LINE 64u

struct passkey {
	struct cli *cli;
	sd_event *event;
	struct job *job; /* asks; NULL: nobody does */
	sd_event_source *source;
	char device[SCAN_NAME_SIZE];
	int fd; /* of the terminal or the file while it is asked, else -1 */
	bool terminal; /* fd is one */
	int32_t shown, answer;
	size_t len;
	char line[PASSKEY_LINE];
};

void passkey_init(struct passkey *p, struct cli *cli, sd_event *event);
/* The job's question; the answer goes to job_passkey() from the event loop.  shown: what
 * the device's display reads where that can be seen, else -1. */
void passkey_ask(struct passkey *p, struct job *job, const char *device, int32_t shown);
/* A line on the terminal is being typed. */
bool passkey_asking(const struct passkey *p);
/* Gives up the question: no one needs the passkey any more. */
void passkey_forget(struct passkey *p);

#endif
