/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of `otabench history`. */
#ifndef OTABENCH_CLI_HISTORY_H
#define OTABENCH_CLI_HISTORY_H

#include "cli/cli.h"
#include "history/history.h"
#include "view/cells.h"

/* The exit code for a call that failed, after saying why. */
int history_fail(struct cli *cli, const struct history *history, int error);
/* A run's number: "12", "#12", "-1", "last".  CLI_OK, or as cli_fail(). */
int history_parse_id(struct cli *cli, struct history *history, const char *text, int64_t *ret);
/* Cells as wide as the output, to be printed and freed by end.  CLI_OK, or as cli_fail(). */
int history_words_begin(struct cli *cli, struct cells *cells, int height);
int history_words_end(struct cli *cli, struct cells *cells);

/* cmd_history_trend.c: history trend DEV */
int history_trend_command(struct cli *cli, struct history *history, const char *device);
/* cmd_history_rerun.c: history rerun RUN */
int history_rerun_command(struct cli *cli, struct history *history, const char *text);

#endif
