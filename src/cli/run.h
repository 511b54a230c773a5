/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the subcommands that talk to a device: the event loop,
 * one job in it, Ctrl-C, the progress line, JSON events, and the end in words.
 */
#ifndef OTABENCH_CLI_RUN_H
#define OTABENCH_CLI_RUN_H

#include "cli/cli.h"
#include "cli/progress.h"
#include "host/job.h"

#include <systemd/sd-event.h>

struct run;

struct run_report {
	/* After a good end, to cli->out and into the JSON result; either may be NULL. */
	void (*words)(struct cli *cli, const struct job_snapshot *now,
		      const struct job_result *result);
	void (*json)(json_t *object, const struct job_snapshot *now,
		     const struct job_result *result);
	bool asked; /* the words are what the command is for: --quiet shows them, too */
	bool always; /* after a bad end, too, instead of what it says */
	bool others; /* of a device that is left alone, too, besides what its end says */
	const struct image *image; /* that was sent, for the JSON result; may be NULL */
};

/* The reports of 'info' and 'status', which a replay shows, too. */
extern const struct run_report run_report_info, run_report_status;

/* Opens the transport, runs the job to its end, tells.  config->profile may be NULL: the one
 * that --profile and --set ask for.  Returns an enum cli_exit. */
int run_job(struct cli *cli, const struct job_config *config, const struct run_report *report);
/* run_job() for one command and its answer: STATUS, ABORT, CONFIRM, ROLLBACK, REBOOT. */
int run_command(struct cli *cli, const char *device, enum ota_command command,
		const struct run_report *report);
/* The same for one that changes the device: refused with --readonly. */
int run_write_command(struct cli *cli, const char *device, enum ota_command command,
		      const struct run_report *report);

struct replay;
/* A run of a recording to its end, told as when it was recorded; then the same exit status,
 * or CLI_REFUSED where the recording does not hold the run's end. */
int run_replay(struct cli *cli, struct replay *replay, size_t index,
	       const struct run_report *report);

enum cli_exit run_exit(const struct job_result *result);

/* run_text.c */
void run_summary(struct cli *cli, const struct job_snapshot *now, const struct job_result *result);
/* The shares of the transfer's time from 0.5 % on, the largest first; nothing if there are none. */
void run_print_time(FILE *out, const struct job_result *result);
void run_print_status(FILE *out, const struct ota_status *status);
/* "  Label      text" */
void run_print_field(FILE *out, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* run_json.c */
json_t *run_json_result(const struct cli *cli, const struct job_snapshot *now,
			const struct job_result *result, enum cli_exit code);
void run_json_progress(json_t *object, const struct job_snapshot *now);
void run_json_link(json_t *object, const struct job_snapshot *now);
void run_json_status(json_t *object, const struct ota_status *status);
void run_json_info(json_t *object, const struct job_snapshot *now);
/* "dialect" and, of one that this program leaves alone, "tool". */
void run_json_dialect(json_t *object, enum dialect_id id);
/* Hexadecimal digits; NULL when out of memory. */
json_t *run_json_hex(const uint8_t *bytes, size_t len);

#endif
