/* SPDX-License-Identifier: Apache-2.0 */
/* The user's editor on a file: $VISUAL, $EDITOR, else vi, as a shell would start it. */
#ifndef OTABENCH_PROFILE_EDITOR_H
#define OTABENCH_PROFILE_EDITOR_H

#include <sys/types.h>

/*
 * Starts it on path, at a line where the editor is known to take "+LINE" (0:
 * none).  It gets this process's terminal and none of its blocked signals; the
 * caller waits for the child.  0, or a negative OTA_E* when no process could be
 * made.
 */
int editor_start(const char *path, unsigned int line, pid_t *ret_child);
/* The editor that it would start, for a message: "vi". */
const char *editor_name(void);

#endif
