/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter that is typed: terms with blanks between them that must all hold; "!"
 * before a term turns it round.  What a term means is the list's own.
 */
#ifndef OTABENCH_VIEW_TERMS_H
#define OTABENCH_VIEW_TERMS_H

#include <stdbool.h>

#define TERMS_TEXT 64u

/* The next term of *text, without a leading '!', cut to the room; false: there is none. */
bool terms_next(const char **text, char term[TERMS_TEXT], bool *ret_not);

#endif
