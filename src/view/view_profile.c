/* SPDX-License-Identifier: Apache-2.0 */
/* The profile: every key with what is asked, what is in force and why; the selected key's reason;
 * what is wrong with the file, and the rate that all this allows. */
#include "view/view.h"

#include "profile/profile_edit.h"
#include "view/layout.h"

#include <string.h>

#define WIDE_W 110 /* from here on the range has a column */
#define TABLE_ROWS 8 /* stay, however long a key's help is */

/* Columns; w 0: not shown. */
struct columns {
	int name_w, value_w, range_w, force_w, why_w;
};

static struct columns columns_of(int width)
{
	struct columns c = {.name_w = width >= 36 ? 23 : width / 2};
	int rest = width - 1 - c.name_w - 1;

	c.value_w = rest < 12 ? rest : 12;
	rest -= c.value_w + 1;
	if (width >= LAYOUT_FULL_W - 12) {
		c.force_w = 10;
		rest -= c.force_w + 1;
	}
	if (width >= WIDE_W) {
		c.range_w = width >= 150 ? 48 : 34;
		rest -= c.range_w + 1;
	}
	if (c.force_w > 0 && rest >= 16)
		c.why_w = rest;
	return c;
}

static bool any_in_force(const struct view_profile *v)
{
	for (int key = 0; key < PROFILE_KEYS; key++) {
		if (v->in_force[key].value[0] != '\0' || v->in_force[key].why[0] != '\0')
			return true;
	}
	return false;
}

static void draw_heads(const struct view_profile *v, struct cells *cells, struct area area,
		       const struct columns *c)
{
	int x = cells_field(cells, area, 1, 0, c->name_w, CELLS_DIM, "KEY");

	x = cells_field(cells, area, x, 0, c->value_w, CELLS_DIM, "VALUE") + 1;
	if (c->range_w > 0)
		x = cells_field(cells, area, x, 0, c->range_w, CELLS_DIM, "TAKES") + 1;
	if (c->force_w > 0)
		x = cells_field(cells, area, x, 0, c->force_w, CELLS_DIM, "IN FORCE") + 1;
	if (c->why_w > 0)
		(void)cells_field(cells, area, x, 0, c->why_w, CELLS_DIM,
				  any_in_force(v) ? "WHY" : "WHY, once a device is linked");
}

/* "auto or 20..512 bytes": the figures must not be what a narrow column cuts off. */
static char *range_text(const struct setting *setting, char *buf, size_t size)
{
	static const char *const words[] = {"a whole number, ", "a number, "};

	(void)setting_expected(setting, buf, size);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char *at = strstr(buf, words[i]);

		if (at)
			memmove(at, at + strlen(words[i]), strlen(at + strlen(words[i])) + 1);
	}
	return buf;
}

static void draw_key(const struct view_profile *v, enum profile_key key, struct cells *cells,
		     struct area area, const struct columns *c, int y)
{
	const struct setting *setting = &profile_settings()[key];
	const bool differs = profile_differs(v->profile, v->saved, key);
	const struct effective *f = &v->in_force[key];
	char text[SETTING_TEXT_MAX];
	const bool is_text = setting->kind == SETTING_TEXT; /* nothing else is told of it */
	int x = cells_field(cells, area, 1, y, c->name_w - 1, CELLS_NORMAL, setting->name) + 1;

	if (differs)
		(void)cells_text(cells, area, x - 1, y, CELLS_WARNING, "*");
	x = cells_field(cells, area, x, y, is_text ? area.w - x : c->value_w,
			differs ? CELLS_WARNING : CELLS_NORMAL,
			profile_get(v->profile, key, text, sizeof(text))) +
	    1;
	if (c->range_w > 0 && !is_text)
		x = cells_field(cells, area, x, y, c->range_w, CELLS_DIM,
				range_text(setting, text, sizeof(text))) +
		    1;
	if (c->force_w > 0 && !is_text)
		x = cells_field(cells, area, x, y, c->force_w,
				f->differs ? CELLS_WARNING : CELLS_GOOD, f->value) +
		    1;
	if (c->why_w > 0 && !is_text)
		(void)cells_field(cells, area, x, y, c->why_w,
				  f->differs ? CELLS_WARNING : CELLS_DIM, f->why);
	if ((size_t)key == v->selected) {
		(void)cells_text(cells, area, 0, y, CELLS_NORMAL, ">");
		cells_select(cells, (struct area){area.x, area.y + y, area.w, 1});
	}
}

/* Rows of the longest help at this width, below the rule and what the key takes: the table keeps
 * its height while the cursor moves, and no help is cut where there is room for it. */
static int help_rows(struct cells *cells, int width)
{
	const struct area nowhere = {0, cells->height, width, 0};
	int most = 0;

	for (int key = 0; key < PROFILE_KEYS; key++) {
		const char *help = profile_settings()[key].help;
		const int rows = help ? cells_wrap(cells, nowhere, 0, CELLS_NORMAL, help) : 0;

		most = rows > most ? rows : most;
	}
	return 2 + most;
}

static void draw_reason(const struct view_profile *v, struct cells *cells, struct area area)
{
	const struct setting *setting = &profile_settings()[v->selected];
	const struct effective *f = &v->in_force[v->selected];
	char takes[SETTING_TEXT_MAX], initial[SETTING_TEXT_MAX];
	int y = 1;

	cells_rule(cells, area, 0, setting->name);
	if (setting->kind == SETTING_TEXT)
		(void)cells_printf(cells, area, 0, y++, CELLS_DIM, "takes a line of text");
	else
		(void)cells_printf(
			cells, area, 0, y++, CELLS_DIM, "takes %s; default %s",
			setting_expected(setting, takes, sizeof(takes)),
			setting_format(setting, setting->initial, initial, sizeof(initial)));
	/* Shown here if the table had no room for it. */
	if (columns_of(area.w).why_w < cells_columns(cells, f->why) && f->why[0] != '\0' &&
	    area.h > 4)
		(void)cells_printf(cells, area, 0, y++, f->differs ? CELLS_WARNING : CELLS_NORMAL,
				   "in force %s: %s", f->value[0] != '\0' ? f->value : "?", f->why);
	(void)cells_wrap(cells, area, y, CELLS_NORMAL, setting->help ? setting->help : "");
}

/* Lists the file's mistakes with their places; the last row says whose values are shown. */
static void draw_errors(const struct view_profile *v, struct cells *cells, struct area area)
{
	const struct setting_errors *errors = v->errors;

	for (int y = 0; y + 1 < area.h && (size_t)y < errors->count; y++) {
		const struct setting_error *e = &errors->items[y];

		(void)cells_printf(cells, area, 0, y, CELLS_BAD, "line %u:%u %s%s%s", e->line,
				   e->column, e->key, e->key[0] != '\0' ? ": " : "", e->text);
	}
	(void)cells_printf(cells, area, 0, area.h - 1, CELLS_WARNING,
			   "%zu mistake%s in the file: last good values kept; e edits it",
			   errors->count + errors->dropped,
			   errors->count + errors->dropped == 1 ? "" : "s");
}

static void draw_head(const struct view_profile *v, struct cells *cells, struct area area)
{
	bool modified = false;
	int x;

	for (int key = 0; key < PROFILE_KEYS; key++)
		modified |= profile_differs(v->profile, v->saved, (enum profile_key)key);
	x = cells_printf(cells, area, 0, 0, CELLS_TITLE, "%s", v->profile->name);
	if (modified)
		x = cells_text(cells, area, x + 1, 0, CELLS_WARNING, "*modified*");
	if (x + 2 + cells_columns(cells, v->path) <= area.w)
		cells_right(cells, area, 0, CELLS_DIM, v->path);
}

/* With a row for the reason of what is in force, which a narrow table has no room for. */
static int reason_rows(struct cells *cells, struct area rest)
{
	const int wanted = help_rows(cells, rest.w) + 1, room = rest.h - TABLE_ROWS - 2;

	return wanted < room ? wanted : room;
}

/* The effect of the changed values comes first; the best known rate follows if there is room. */
static void draw_what_if(const struct view_profile *v, struct cells *cells, struct area area)
{
	const int from = cells_columns(cells, v->what_if);

	(void)cells_field(cells, area, 0, 0, area.w, CELLS_TITLE, v->what_if);
	if (v->best[0] != '\0' && from + 3 + cells_columns(cells, v->best) <= area.w)
		(void)cells_text(cells, area, from > 0 ? from + 3 : 0, 0, CELLS_NORMAL, v->best);
}

#define BAR_W 2 /* right of the keys: a blank, and the scroll bar */

void view_profile_draw(const struct view_profile *v, struct cells *cells, struct area area)
{
	const struct columns c = columns_of(area.w);
	struct area rest = area, rows, heads = {0}, reason = {0}, ceiling = {0}, what_if = {0},
		    errors = {0};
	size_t first = 0;

	draw_head(v, cells, area_top(&rest, 1));
	if (rest.h >= 16)
		reason = area_bottom(&rest, reason_rows(cells, rest));
	else if (rest.h >= 10)
		reason = area_bottom(&rest, 3);
	if (rest.h >= 9 && v->ceiling[0] != '\0')
		ceiling = area_bottom(&rest, 1);
	if (rest.h >= 9 && (v->what_if[0] != '\0' || v->best[0] != '\0'))
		what_if = area_bottom(&rest, 1);
	if (v->errors && rest.h >= 4)
		errors = area_bottom(&rest, v->errors->count < 3 ? (int)v->errors->count + 1 : 4);
	if (rest.h >= 6)
		heads = area_top(&rest, 1);
	draw_heads(v, cells, heads, &c);
	if (rest.h > 0 && v->selected >= (size_t)rest.h)
		first = v->selected - (size_t)rest.h + 1;
	rows = rest;
	if (rest.h < PROFILE_KEYS)
		rows.w -= BAR_W;
	for (int y = 0; y < rest.h && first + (size_t)y < PROFILE_KEYS; y++)
		draw_key(v, (enum profile_key)(first + (size_t)y), cells, rows, &c, y);
	cells_scroll_bar(cells, rest, first, PROFILE_KEYS);
	if (errors.h > 0)
		draw_errors(v, cells, errors);
	if (ceiling.h > 0)
		(void)cells_field(cells, ceiling, 0, 0, ceiling.w, CELLS_NORMAL, v->ceiling);
	if (what_if.h > 0)
		draw_what_if(v, cells, what_if);
	if (reason.h > 0)
		draw_reason(v, cells, reason);
}
