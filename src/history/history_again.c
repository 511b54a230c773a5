/* SPDX-License-Identifier: Apache-2.0 */
/* Takes a recorded run back to the settings that it was begun with. */
#include "history/history_priv.h"

#include <string.h>

/* Keys that this program does not have were another version's: they are left out. */
int history_profile(const struct history_detail *detail, struct profile *ret,
		    struct setting_errors *errors)
{
	char text[PROFILE_KEYS][SETTING_TEXT_MAX + 64];
	const char *assignments[PROFILE_KEYS];
	struct profile profile;
	size_t count = 0;
	int r;

	profile_defaults(&profile);
	for (size_t i = 0; i < detail->key_count && count < PROFILE_KEYS; i++) {
		const struct history_key *key = &detail->keys[i];

		if (setting_find(profile_settings(), PROFILE_KEYS, key->name) < 0)
			continue;
		(void)snprintf(text[count], sizeof(text[count]), "%s=%s", key->name, key->asked);
		assignments[count] = text[count];
		count++;
	}
	r = profile_set(&profile, assignments, count, "the recorded profile", errors);
	if (r < 0)
		return r;
	(void)snprintf(profile.name, sizeof(profile.name), "%s", detail->run.profile);
	*ret = profile;
	return 0;
}
