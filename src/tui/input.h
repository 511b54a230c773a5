/* SPDX-License-Identifier: Apache-2.0 */
/* One line of text being typed, and what Tab makes of it. */
#ifndef OTABENCH_TUI_INPUT_H
#define OTABENCH_TUI_INPUT_H

#include <stddef.h>
#include <stdint.h>

#define INPUT_MAX 1024u

struct input {
	char text[INPUT_MAX]; /* UTF-8 */
	size_t cursor; /* bytes before it */
};

enum input_result {
	INPUT_EDITED, /* or the key means nothing here */
	INPUT_DONE, /* Enter */
	INPUT_CANCELLED, /* Esc, Ctrl-C, or Backspace in an empty line */
	INPUT_COMPLETE, /* Tab */
};

/* text is cut at INPUT_MAX - 1 bytes; the cursor comes after it. */
void input_set(struct input *input, const char *text);
enum input_result input_key(struct input *input, int32_t key);

/*
 * Completes the path that the text, from byte start on, is: as far as all
 * entries that begin so agree; a folder gets its '/', and "~/" is the home
 * directory.  Returns how many entries fit, and in ret_list (may be NULL) some
 * of their names, two blanks between them.
 */
size_t input_complete_path(struct input *input, size_t start, char *ret_list, size_t size);
/* The same with words, which end with NULL. */
size_t input_complete_word(struct input *input, size_t start, const char *const *words,
			   char *ret_list, size_t size);

#endif
