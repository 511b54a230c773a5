/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and texts over a view: what is in them, and their keys. */
#include "tui/app_core.h"

#include "base/output.h"
#include "view/layout.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 5000u /* a longer diff is cut, and says so */
#define PANEL_W 72 /* text of the widest panel */

struct panel_row {
	char *left; /* owned */
	char right[VIEW_TEXT];
	enum cells_style style;
};

struct panel_state {
	struct panel is;
	char title[VIEW_TEXT];
	struct panel_row *rows; /* owned */
	size_t count, selected;
	bool choose; /* a row is selected */
};

static void panel_clear(struct app *app)
{
	struct panel_state *p = app_part(app, PART_PANEL);

	for (size_t i = 0; i < p->count; i++)
		free(p->rows[i].left);
	free(p->rows);
	*p = (struct panel_state){.count = 0};
}

void app_panel_open(struct app *app, const struct panel *panel)
{
	struct panel_state *p = app_part(app, PART_PANEL);

	panel_clear(app);
	p->is = *panel;
	p->choose = panel->choose != NULL;
	(void)output_safe_text(panel->title, strlen(panel->title), p->title, sizeof(p->title));
	app_modal_open(app, PART_PANEL);
}

void app_panel_add(struct app *app, enum cells_style style, const char *left, const char *right)
{
	struct panel_state *p = app_part(app, PART_PANEL);
	struct panel_row *rows;
	char *copy;

	if (p->count > ROWS_MAX)
		return;
	if (p->count == ROWS_MAX)
		left = "(cut here)";
	rows = realloc(p->rows, (p->count + 1) * sizeof(*rows));
	if (!rows)
		return;
	p->rows = rows;
	copy = strdup(left);
	if (!copy)
		return;
	rows[p->count] = (struct panel_row){.left = copy, .style = style};
	(void)snprintf(rows[p->count].right, sizeof(rows[p->count].right), "%s", right);
	p->count++;
}

/* In rows as wide as the panel will be: what is cut cannot be read. */
void app_panel_add_text(struct app *app, enum cells_style style, int label_w, const char *label,
			const char *text)
{
	const int room = app_width(app) - 4, whole = room > 0 && room < PANEL_W ? room : PANEL_W;
	const int width = whole > label_w + 10 ? whole - label_w : 10;
	char line[VIEW_TEXT];

	do {
		const int end = cells_break(text, width);

		(void)snprintf(line, sizeof(line), "%-*s%.*s", label_w, label, end, text);
		app_panel_add(app, style, line, "");
		label = "";
		text += end;
		text += strspn(text, " ");
	} while (*text != '\0');
}

size_t app_panel_count(const struct app *app)
{
	return ((const struct panel_state *)app_part(app, PART_PANEL))->count;
}

const char *app_panel_left(const struct app *app, size_t row)
{
	return ((const struct panel_state *)app_part(app, PART_PANEL))->rows[row].left;
}

void app_panel_select(struct app *app, size_t row)
{
	((struct panel_state *)app_part(app, PART_PANEL))->selected = row;
}

const char *app_panel_step(struct app *app, int direction)
{
	struct panel_state *p = app_part(app, PART_PANEL);

	if (direction < 0)
		p->selected -= p->selected > 0;
	else if (p->choose)
		p->selected += p->selected + 1 < p->count;
	p->choose = true;
	return p->rows[p->selected].left;
}

static struct view_panel panel_seen(const struct panel_state *p)
{
	return (struct view_panel){
		.title = p->title,
		.empty = p->is.empty ? p->is.empty : "",
		.count = p->count,
		.selected = p->selected,
		.choose = p->choose,
	};
}

static void panel_draw(struct app *app, struct cells *cells, struct area area)
{
	const struct panel_state *p = app_part(app, PART_PANEL);
	struct view_row *rows = calloc(p->count + 1, sizeof(*rows));
	struct view_panel v = panel_seen(p);

	if (!rows)
		return;
	for (size_t i = 0; i < p->count; i++)
		rows[i] = (struct view_row){p->rows[i].left, p->rows[i].right, p->rows[i].style};
	v.rows = rows;
	view_panel_draw(&v, cells, area);
	free(rows);
}

static void panel_move(struct app *app, long by)
{
	struct panel_state *p = app_part(app, PART_PANEL);
	const struct view_panel v = panel_seen(p);

	p->selected = layout_moved(p->selected, by, view_panel_end(&v, app_body(app)));
}

static void panel_choose(struct app *app)
{
	struct panel_state *p = app_part(app, PART_PANEL);
	const struct panel is = p->is;
	char *left;

	if (!is.choose || p->count == 0)
		return;
	/* The choice may open another panel, so this one is closed first. */
	left = strdup(p->rows[p->selected].left);
	app_modal_close(app, PART_PANEL);
	if (left)
		is.choose(app, left);
	free(left);
}

static void panel_key(struct app *app, enum action action, int32_t pressed)
{
	const struct panel_state *p = app_part(app, PART_PANEL);

	(void)pressed;
	if (action == ACTION_ENTER)
		panel_choose(app);
	else if (action == ACTION_CLOSE || (action == ACTION_TYPE && p->is.type))
		app_modal_close(app, PART_PANEL);
	if (action == ACTION_TYPE && p->is.type)
		p->is.type(app);
}

static unsigned int panel_now(const struct app *app)
{
	const struct panel_state *p = app_part(app, PART_PANEL);

	return (p->choose ? KEYS_ROWS : KEYS_TEXT) | (p->is.type ? KEYS_TYPE : 0);
}

const struct modal_ops panel_modal = {
	.part = {.size = sizeof(struct panel_state), .finish = panel_clear},
	.place = PLACE_PANEL,
	.draw = panel_draw,
	.key = panel_key,
	.move = panel_move,
	.now = panel_now,
};
