/* SPDX-License-Identifier: Apache-2.0 */
/* The profile view in its states. */
#include "screenlib_priv.h"

void screenlib_profile(struct cells *cells)
{
	struct profile saved, profile;
	struct view_profile v = {.profile = &profile,
				 .saved = &saved,
				 .path = "default.yaml (built in)",
				 .selected = PROFILE_KEY_PACING};

	profile_defaults(&saved);
	profile = saved;
	profile.pacing_us = 500;
	v.in_force[PROFILE_KEY_CHUNK] = "244";
	v.in_force[PROFILE_KEY_WINDOW] = "3904";
	view_profile_draw(
		&v, cells,
		screenlib_frame(cells, VIEW_PROFILE, "",
				"Enter edit  d default  u undo  w write  L load  ? help  q back"));
}
