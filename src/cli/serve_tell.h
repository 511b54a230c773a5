/* SPDX-License-Identifier: Apache-2.0 */
/* Messages on a served device and its client, for people and for programs; and the verdict. */
#ifndef OTABENCH_CLI_SERVE_TELL_H
#define OTABENCH_CLI_SERVE_TELL_H

#include "cli/cli.h"
#include "serve/serve.h"

/* Data values since the last line, which are told together. */
struct serve_tell {
	struct cli *cli;
	const char *device; /* its name */
	unsigned long values, bytes;
	uint64_t since_us;
};

#define SERVE_WORDS 400u /* enough for each, and for a rule's detail after it */
/* The line for people, beginning with "> ", "< " or "! " where the client, the device or a fault
 * is told of; "": there is none.  Returns buf. */
const char *serve_tell_words(const char *device, const struct serve_news *news, char *buf,
			     size_t size);
/* One of struct serve_news; NULL in data is no value. */
void serve_tell_news(struct serve_tell *tell, const struct serve_news *news);
/* Tells the values of Data that were counted and not told yet. */
void serve_tell_rest(struct serve_tell *tell);
/* Every rule, and the verdict. */
void serve_tell_grade(struct serve_tell *tell, const struct grade *grade);

#endif
