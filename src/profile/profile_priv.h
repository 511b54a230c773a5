/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of the profile module. */
#ifndef OTABENCH_PROFILE_PROFILE_PRIV_H
#define OTABENCH_PROFILE_PROFILE_PRIV_H

#include "profile/profile.h"

/* The place that set a key, for messages about keys that do not go together. */
struct profile_place {
	bool given;
	bool bad; /* its value was refused: nothing more to say about it */
	unsigned int line, column; /* from 1; 0: an option */
};

/* A typed value into its member: 0, or what setting_parse() returns; a text that is too
 * long or not harmless is -OTA_EINVAL. */
int profile_apply(struct profile *profile, enum profile_key key, const char *text, size_t len,
		  bool quoted);
/* Adds an error for each pair of keys that contradict each other. */
void profile_check(const struct profile *profile, const struct profile_place *places,
		   struct setting_errors *errors);
/* The base name of path without .yaml, made harmless. */
void profile_set_name(struct profile *profile, const char *path);

/* A name that can be part of a path and of a terminal's line. */
bool profile_is_plain_name(const char *name);
/* The folder of the user's profiles; false if the environment does not tell. */
bool profile_user_directory(char *buf, size_t size);

/* At most size bytes of path into buf; 0 or a negative code, with an error added. */
int profile_read_file(const char *path, char *buf, size_t size, size_t *ret_len,
		      struct setting_errors *errors);

/* The installation's folder of profiles; written by profile_embed.sh. */
extern const char profile_data_directory[];

/* The shipped profiles/NAME.yaml, by profile_embed.sh; ends with a NULL name. */
struct profile_builtin {
	const char *name;
	const unsigned char *text;
	size_t len;
};
extern const struct profile_builtin profile_builtins[];

#endif
