/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line of this program, to be read and copied into a shell: every word
 * from outside (a file's name, a device's, a profile's) is one word there, and
 * none is taken for an option.
 *
 * Words that a terminal cannot take as they are - control characters, text that
 * reorders text - are written as $'\x1b', which bash, zsh, ksh and POSIX.1-2024 read.
 */
#ifndef OTABENCH_BASE_COMMAND_H
#define OTABENCH_BASE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct command {
	char *buf;
	size_t size, len;
	bool whole;
};

/* "otabench"; buf is the caller's and always ends with NUL. */
void command_begin(struct command *c, char *buf, size_t size);
/* The same without a word to begin with, for a part of a command line. */
void command_begin_part(struct command *c, char *buf, size_t size);
/* Words of the program's own, as they are; "" adds nothing. */
void command_add(struct command *c, const char *words);
/* One word; an option's value, or an option with its value. */
void command_word(struct command *c, const char *word);
/* A file as an argument. */
void command_file(struct command *c, const char *path);
/* False, and the text is empty, where not all fitted: a command line that is cut does
 * something else than the whole one. */
bool command_end(struct command *c);

/* Returns true if a shell takes the word as it is, and nothing takes it for an option. */
bool command_is_plain(const char *word);

#endif
