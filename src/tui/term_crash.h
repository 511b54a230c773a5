/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal as it was before, also for a program that crashes: a shell whose keys show
 * nothing hides what happened. */
#ifndef OTABENCH_TUI_TERM_CRASH_H
#define OTABENCH_TUI_TERM_CRASH_H

/* Standard input's modes as they are now; negative when it is no terminal. */
int term_crash_remember(void);
/* Makes a signal that ends the program restore the screen and these modes first.  After
 * newterm(). */
void term_crash_prepare(void);
void term_crash_forget(void);
/* The terminal's capability of that terminfo name; "" where it has none. */
const char *term_capability(const char *name);

#endif
