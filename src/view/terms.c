/* SPDX-License-Identifier: Apache-2.0 */
/* See terms.h. */
#include "view/terms.h"

#include <stdio.h>
#include <string.h>

bool terms_next(const char **text, char term[TERMS_TEXT], bool *ret_not)
{
	const char *start = *text + strspn(*text, " ");
	size_t len = strcspn(start, " ");

	*text = start + len;
	*ret_not = len > 1 && start[0] == '!';
	if (*ret_not) {
		start++;
		len--;
	}
	(void)snprintf(term, TERMS_TEXT, "%.*s", (int)(len < TERMS_TEXT ? len : TERMS_TEXT - 1),
		       start);
	return len > 0;
}
