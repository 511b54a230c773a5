/* SPDX-License-Identifier: Apache-2.0 */
/* An update of this user's that was interrupted, beside a device that it was sent to. */
#ifndef OTABENCH_CLI_JOURNAL_NOTE_H
#define OTABENCH_CLI_JOURNAL_NOTE_H

#include "cli/cli.h"

#define JOURNAL_NOTE_TEXT 1536u

/* "an update of app.bin stopped at 45 %: otabench resume esp-gw-11", or that another program of
 * this computer is at it; printable.  False: nothing is known of that address. */
bool journal_note(const struct cli *cli, const char *address, char *buf, size_t size);
/* The same as an object, or null. */
json_t *journal_note_json(const struct cli *cli, const char *address);

#endif
