/* SPDX-License-Identifier: Apache-2.0 */
/* A history's file as an older otabench has left it. */
#ifndef OTABENCH_HISTORYOLD_H
#define OTABENCH_HISTORYOLD_H

/* Takes a file of today's tables back to version 1 (two dialects) or 2 (no circumstances). */
void historyold_make(const char *path, int version);

#endif
