/* SPDX-License-Identifier: Apache-2.0 */
/* The profile: every key with its value, range, what is in force, and the reason of the one
 * selected. */
#include "tui/view.h"

#include "tui/layout.h"

#include <string.h>

static bool changed(const struct view_profile *v, enum profile_key key)
{
	char now[SETTING_TEXT_MAX], then[SETTING_TEXT_MAX];

	return strcmp(profile_get(v->profile, key, now, sizeof(now)),
		      profile_get(v->saved, key, then, sizeof(then))) != 0;
}

static void draw_key(const struct view_profile *v, enum profile_key key, struct cells *cells,
		     struct area area, int y)
{
	const struct setting *setting = &profile_settings()[key];
	const bool wide = area.w >= LAYOUT_FULL_W;
	const int name_w = wide ? 24 : area.w >= 36 ? 22 : area.w / 2;
	const int value_w = area.w - name_w - 2 > 12 ? 12 : area.w - name_w - 2;
	const bool differs = changed(v, key);
	char text[SETTING_TEXT_MAX];
	int x = 1;

	x = cells_field(cells, area, x, y, name_w, CELLS_NORMAL, setting->name);
	x = cells_field(cells, area, x, y, value_w, differs ? CELLS_WARNING : CELLS_NORMAL,
			profile_get(v->profile, key, text, sizeof(text)));
	(void)cells_text(cells, area, x, y, CELLS_WARNING, differs ? "*" : " ");
	if (wide) {
		x = cells_field(cells, area, x + 2, y, 12, CELLS_GOOD,
				v->in_force[key] ? v->in_force[key] : "");
		(void)cells_field(cells, area, x + 1, y, area.w - x - 1, CELLS_DIM,
				  setting_expected(setting, text, sizeof(text)));
	}
	if ((size_t)key == v->selected) {
		(void)cells_text(cells, area, 0, y, CELLS_SELECTED, ">");
		cells_paint(cells, (struct area){area.x, area.y + y, area.w, 1}, CELLS_SELECTED);
	}
}

static void draw_reason(const struct view_profile *v, struct cells *cells, struct area area)
{
	const struct setting *setting = &profile_settings()[v->selected];
	const char *text = setting->help ? setting->help : "";
	int y = 1;

	cells_rule(cells, area, 0, setting->name);
	while (*text != '\0' && y < area.h) {
		int len = 0, end = 0;

		while (len < area.w && text[len] != '\0') {
			len++;
			if (text[len] == ' ' || text[len] == '\0')
				end = len;
		}
		if (end == 0)
			end = len > 0 ? len : 1;
		(void)cells_printf(cells, area, 0, y++, CELLS_NORMAL, "%.*s", end, text);
		text += end;
		while (*text == ' ')
			text++;
	}
}

void view_profile_draw(const struct view_profile *v, struct cells *cells, struct area area)
{
	struct area rest = area;
	const struct area head = area_top(&rest, 1);
	struct area heads = {0}, reason = {0};
	size_t first = 0;
	bool modified = false;
	int x;

	for (int key = 0; key < PROFILE_KEYS; key++)
		modified |= changed(v, (enum profile_key)key);
	x = cells_printf(cells, head, 0, 0, CELLS_TITLE, "%s", v->profile->name);
	if (modified)
		x = cells_text(cells, head, x + 1, 0, CELLS_WARNING, "*modified*");
	if (x + 2 + cells_columns(cells, v->path) <= head.w)
		cells_right(cells, head, 0, CELLS_DIM, v->path);
	if (rest.h >= 10)
		reason = area_bottom(&rest, 4);
	if (rest.h >= 6)
		heads = area_top(&rest, 1);
	(void)cells_text(cells, heads, 1, 0, CELLS_DIM,
			 heads.w >= LAYOUT_FULL_W
				 ? "KEY                     VALUE         IN FORCE     TAKES"
				 : "KEY                   VALUE");
	if (rest.h > 0 && v->selected >= (size_t)rest.h)
		first = v->selected - (size_t)rest.h + 1;
	for (int y = 0; y < rest.h && first + (size_t)y < PROFILE_KEYS; y++)
		draw_key(v, (enum profile_key)(first + (size_t)y), cells, rest, y);
	if (reason.h > 0)
		draw_reason(v, cells, reason);
}
