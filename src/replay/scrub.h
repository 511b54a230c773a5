/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data taken out of a bundle before it is handed to somebody: passkeys and the image's bytes
 * always; addresses, names of devices and this user's folder if that is asked for.  An address or a
 * name is replaced by the same everywhere, so that a recording can still be played.
 */
#ifndef OTABENCH_REPLAY_SCRUB_H
#define OTABENCH_REPLAY_SCRUB_H

#include <stdbool.h>
#include <stddef.h>

#define SCRUB_NAMES_MAX 64u
#define SCRUB_NAME_MAX 64u /* bytes of a name; longer ones are compared that far */

struct scrub {
	bool anonymous;
	size_t address_count, name_count;
	char addresses[SCRUB_NAMES_MAX][18]; /* upper case, with colons */
	char names[SCRUB_NAMES_MAX][SCRUB_NAME_MAX + 1];
	const char *home; /* "": unknown */
};

void scrub_init(struct scrub *s, bool anonymous);
/* A device's name, as text; an address is none. */
void scrub_name(struct scrub *s, const char *name);
/* The names that a recording's advertisements tell. */
void scrub_learn(struct scrub *s, const char *trace, size_t len);
/* Text that is read by people; returns it in heap memory, or NULL where that is short. */
char *scrub_text(struct scrub *s, const char *text, size_t len, size_t *ret_len);
/* Scrubs a recording: Data values lose their contents, and keep their lengths. */
char *scrub_trace(struct scrub *s, const char *text, size_t len, size_t *ret_len);

#endif
