/* SPDX-License-Identifier: Apache-2.0 */
/* The options of single subcommands, for the table in commands.c; each ends with a NULL name. */
#ifndef OTABENCH_CLI_COMMAND_OPTIONS_H
#define OTABENCH_CLI_COMMAND_OPTIONS_H

#include "cli/cli.h"

extern const struct cli_option cli_sample_options[];
extern const struct cli_option cli_images_options[];
extern const struct cli_option cli_delta_options[];
extern const struct cli_option cli_scan_options[];
extern const struct cli_option cli_doctor_options[];
extern const struct cli_option cli_device_options[];
extern const struct cli_option cli_inspect_options[];
extern const struct cli_option cli_flash_options[];
extern const struct cli_option cli_resume_options[];
extern const struct cli_option cli_recover_options[];
extern const struct cli_option cli_profile_options[];
extern const struct cli_option cli_bench_options[];
extern const struct cli_option cli_sweep_options[];
extern const struct cli_option cli_prepare_options[];
extern const struct cli_option cli_serve_options[];
extern const struct cli_option cli_replay_options[];
extern const struct cli_option cli_key_options[];
extern const struct cli_option cli_sign_options[];
extern const struct cli_option cli_verify_options[];
extern const struct cli_option cli_history_options[];

#endif
