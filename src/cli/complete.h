/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Completion of a command line that is being typed: what the next word may be, from the
 * tables that the parsers use.  The scripts in completions/ only pass words on.
 *
 * One candidate a line, "WORD<TAB>description"; a word that goes on ends in '=', ',' or '/'.
 * A line "<TAB>files" says that names of files fit, too.
 */
#ifndef OTABENCH_CLI_COMPLETE_H
#define OTABENCH_CLI_COMPLETE_H

#include "cli/cli.h"

/* Prints to cli->out the words that may follow words[0..count-1], of which the first is the
 * program's name; the last of them, "" for none yet, is being typed. */
void complete_words(struct cli *cli, const struct cli_command *commands, int count,
		    char *const *words);

/* The known devices, profiles and files' kinds that the words of a usage stand for.  fn gets
 * each with a description; the texts are valid during the call. */
typedef void (*complete_fn)(void *userdata, const char *word, const char *description);
void complete_devices(const struct cli *cli, complete_fn fn, void *userdata);
void complete_profiles(complete_fn fn, void *userdata);
void complete_runs(complete_fn fn, void *userdata);
void complete_adapters(complete_fn fn, void *userdata);

#endif
