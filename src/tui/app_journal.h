/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of the chosen device: an update of this computer's user that was interrupted. */
#ifndef OTABENCH_TUI_APP_JOURNAL_H
#define OTABENCH_TUI_APP_JOURNAL_H

#include "host/journal.h"
#include "tui/app_core.h"

/* The journal as it was when the device was chosen, or a run on it ended; NULL: none. */
const struct journal *app_journal(const struct app *app);
/* A sentence on an update that a STATUS with this hash belongs to; NULL: not this user's. */
const char *app_journal_own(const struct app *app, const uint8_t prefix[OTA_HASH_PREFIX]);

#endif
