/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that a command line to be copied needs, to do with the same device what
 * this program was started for.  Faults that were injected are not among them: they were
 * to befall one run.
 */
#ifndef OTABENCH_CLI_COMMAND_LINE_H
#define OTABENCH_CLI_COMMAND_LINE_H

#include "cli/cli.h"

#define COMMAND_LINE_OPTIONS 1024u

/* The options that say how devices are reached: "--adapter=hci1", "--sim=devices=2,state=air";
 * "" by default.  Returns buf, and "" if not all fits. */
char *command_line_reach(const struct cli *cli, char *buf, size_t size);
/* The options that say how an image is sent: "--force=same -p fast -s retries=0". */
char *command_line_sending(const struct cli *cli, char *buf, size_t size);
/* Returns true if devices end with this program: no other command line reaches them. */
bool command_line_is_vain(const struct cli *cli);

#endif
