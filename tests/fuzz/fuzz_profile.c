/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profile reader with any bytes: it must refuse with at least one message
 * that a terminal can take, or accept something that is in range and that
 * survives being written and read again - as a new file, and as a change of the
 * values in this one.
 */
#include "config.h" /* system extensions: open_memstream() */

#include "base/output.h"
#include "profile/profile_edit.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_messages(const struct setting_errors *errors)
{
	char line[1024];

	require(errors->count > 0);
	for (size_t i = 0; i < errors->count; i++) {
		(void)setting_error_format(errors, i, line, sizeof(line));
		require(output_is_safe(line, strlen(line)));
	}
}

static void check_values(const struct profile *profile)
{
	const struct setting *settings = profile_settings();

	for (int key = 0; key < PROFILE_KEYS; key++) {
		const struct setting *s = &settings[key];
		char text[SETTING_TEXT_MAX];
		int32_t value;

		(void)profile_get(profile, (enum profile_key)key, text, sizeof(text));
		require(output_is_safe(text, strlen(text)));
		if (s->kind == SETTING_TEXT)
			continue;
		require(setting_parse(s, text, strlen(text), false, &value) == 0);
		require(value == setting_get(s, profile));
	}
}

static void check_written(const struct profile *profile)
{
	struct setting_errors errors;
	struct profile again;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	require(out != NULL);
	require(profile_write(profile, out) == 0);
	require(fclose(out) == 0);
	require(profile_load_text(profile->name, text, len, &again, &errors) == 0);
	require(memcmp(&again, profile, sizeof(again)) == 0);
	free(text);
}

/* Every key at its default, which is another value for each that the text sets. */
static void check_changed(const char *text, size_t len)
{
	struct profile wanted, again;
	struct setting_errors errors;
	char *made = NULL;
	size_t made_len = 0;

	profile_defaults(&wanted);
	(void)snprintf(wanted.description, sizeof(wanted.description), "' \" # {");
	/* The only reason to fail is a file without room for the change. */
	if (profile_edit_text("fuzz", text, len, &wanted, &made, &made_len, &errors) < 0) {
		require(len > PROFILE_FILE_MAX - 128);
		return;
	}
	require(profile_load_text("fuzz", made, made_len, &again, &errors) == 0);
	for (int key = 0; key < PROFILE_KEYS; key++)
		require(!profile_differs(&again, &wanted, (enum profile_key)key));
	free(made);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct setting_errors errors;
	struct profile profile;

	memset(&profile, 0, sizeof(profile));
	if (profile_load_text("fuzz", (const char *)data, size, &profile, &errors) < 0) {
		check_messages(&errors);
		return 0;
	}
	check_values(&profile);
	check_written(&profile);
	check_changed((const char *)data, size);
	return 0;
}
