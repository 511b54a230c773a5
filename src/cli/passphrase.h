/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of a key's passphrase: --passphrase-file, or the user at the terminal, unseen. */
#ifndef OTABENCH_CLI_PASSPHRASE_H
#define OTABENCH_CLI_PASSPHRASE_H

#include "cli/cli.h"

/* A sign_ask_fn; ctx is the struct cli. */
int passphrase_ask(void *ctx, const char *path, char *buf);
/*
 * Asks for a new key's passphrase, typed twice; "" if the user wants none.  0, or as
 * passphrase_ask().
 */
int passphrase_new(struct cli *cli, const char *path, char *buf);

#endif
