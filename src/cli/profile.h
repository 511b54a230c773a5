/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of 'otabench profile'. */
#ifndef OTABENCH_CLI_PROFILE_H
#define OTABENCH_CLI_PROFILE_H

#include "cli/cli.h"

/* A value as one would type it: numbers as numbers, words as strings. */
json_t *profile_key_json(const struct profile *profile, enum profile_key key);
/* Tells all that is wrong with it, or that it is good.  0 or a negative OTA_E*. */
int profile_check_one(struct cli *cli, const char *name);

/* The verbs that compare and change.  b NULL: the defaults. */
int profile_diff(struct cli *cli, const char *a, const char *b);
int profile_change(struct cli *cli, const char *name, const char *const *assignments, size_t count);
int profile_edit(struct cli *cli, const char *name);

#endif
