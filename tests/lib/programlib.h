/* SPDX-License-Identifier: Apache-2.0 */
/* The program itself, run as a user runs it: what it prints as JSON, and its exit code. */
#ifndef OTABENCH_PROGRAMLIB_H
#define OTABENCH_PROGRAMLIB_H

#include <stddef.h>

#include <jansson.h>

struct program_ran {
	int exit;
	json_t *last; /* the last line of standard output that is JSON; NULL: none */
	size_t events; /* ... and how many there were */
};

const char *program_path(void);
/* format is the arguments; standard error is thrown away. */
struct program_ran program_run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Both outputs of it together, to be freed, and the status that it exits with. */
char *program_words(int *ret_exit, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Its standard output without the first skip lines. */
char *program_lines(size_t skip, int *ret_exit, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A field of the last line. */
const char *program_text(const struct program_ran *r, const char *key);
json_int_t program_number(const struct program_ran *r, const char *key);
void program_done(struct program_ran *r);
/* The last line is a result, which says what the program ended with. */
void program_expect(const struct program_ran *r, int code, const char *outcome);

/* A folder of the test's own, named by a template for mkdtemp(); the program has its state and its
 * configuration there.  0, or negative. */
int program_folder_make(char *folder);
/* Removes it with all that is in it; what a group's teardown returns. */
int program_folder_remove(const char *folder);
/* An image in it; format is the options of sample-image. */
void program_sample(const char *folder, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
