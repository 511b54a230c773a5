/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and texts over a view: what is in them, and their keys. */
#include "tui/app_priv.h"

#include "base/output.h"
#include "view/layout.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 5000u /* a longer diff is cut, and says so */

void app_panel_close(struct app *app)
{
	for (size_t i = 0; i < app->panel.count; i++)
		free(app->panel.rows[i].left);
	free(app->panel.rows);
	app->panel = (struct app_panel){.kind = APP_PANEL_NONE};
}

void app_panel_open(struct app *app, enum app_panel_kind kind, const char *title, bool choose)
{
	app_panel_close(app);
	app->panel.kind = kind;
	app->panel.choose = choose;
	app->panel.empty = "";
	(void)output_safe_text(title, strlen(title), app->panel.title, sizeof(app->panel.title));
}

void app_panel_add(struct app *app, enum cells_style style, const char *left, const char *right)
{
	struct app_panel *p = &app->panel;
	struct app_row *rows;
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
	rows[p->count] = (struct app_row){.left = copy, .style = style};
	(void)snprintf(rows[p->count].right, sizeof(rows[p->count].right), "%s", right);
	p->count++;
}

#define PANEL_W 72 /* text of the widest panel */

/* In rows as wide as the panel will be: what is cut cannot be read. */
void app_panel_add_text(struct app *app, enum cells_style style, int label_w, const char *label,
			const char *text)
{
	const int whole = app->width > 4 && app->width - 4 < PANEL_W ? app->width - 4 : PANEL_W;
	const int width = whole > label_w + 10 ? whole - label_w : 10;
	char line[VIEW_TEXT];

	do {
		int len = (int)strlen(text), end = len;

		if (len > width) {
			for (end = width; end > 0 && text[end] != ' '; end--)
				;
			end = end > 0 ? end : width;
		}
		(void)snprintf(line, sizeof(line), "%-*s%.*s", label_w, label, end, text);
		app_panel_add(app, style, line, "");
		label = "";
		text += end;
		text += strspn(text, " ");
	} while (*text != '\0');
}

static void choose(struct app *app)
{
	struct app_panel *p = &app->panel;
	const enum app_panel_kind kind = p->kind;
	char *name;

	if (!p->choose || p->count == 0)
		return;
	/* What is chosen may open another panel. */
	name = strdup(p->rows[p->selected].left);
	app_panel_close(app);
	if (!name)
		return;
	switch (kind) {
	case APP_PANEL_PROFILES:
		app_profile_panel_chosen(app, name);
		break;
	case APP_PANEL_NONE:
	case APP_PANEL_DIFF:
	case APP_PANEL_IMAGES: /* app_ask.c has its keys */
	case APP_PANEL_COMPARE:
	case APP_PANEL_TEXT:
		break;
	}
	free(name);
}

static void other_key(struct app *app, int32_t key)
{
	/* A path that is not in the list is typed. */
	if (key == 'L' && app->panel.kind == APP_PANEL_PROFILES) {
		app_panel_close(app);
		app_ask(app, APP_ASK_PROFILE, "");
	}
}

/* The greatest number that can be selected in the terminal as it is. */
static size_t end_of(const struct app *app)
{
	const struct area body = layout_frame((struct area){0, 0, app->width, app->height}).body;
	const struct view_panel v = {.count = app->panel.count, .choose = app->panel.choose};

	return view_panel_end(&v, body);
}

void app_panel_key(struct app *app, int32_t key)
{
	struct app_panel *p = &app->panel;
	const size_t last = end_of(app);

	if (p->selected > last) /* the terminal has grown */
		p->selected = last;
	switch (key) {
	case 'j':
	case TUI_KEY_DOWN:
		p->selected += p->selected < last;
		break;
	case 'k':
	case TUI_KEY_UP:
		p->selected -= p->selected > 0;
		break;
	case 'g':
	case TUI_KEY_HOME:
		p->selected = 0;
		break;
	case 'G':
	case TUI_KEY_END:
		p->selected = last;
		break;
	case ' ':
	case TUI_KEY_PAGE_DOWN:
	case KEY_CTRL('d'):
		p->selected = p->selected + 10 < last ? p->selected + 10 : last;
		break;
	case TUI_KEY_PAGE_UP:
	case KEY_CTRL('u'):
		p->selected = p->selected > 10 ? p->selected - 10 : 0;
		break;
	case TUI_KEY_ENTER:
		choose(app);
		break;
	case 'q':
	case 'D':
	case TUI_KEY_ESCAPE:
		app_panel_close(app);
		break;
	default:
		other_key(app, key);
		break;
	}
}

void app_panel_draw(const struct app *app, struct cells *cells, struct area area)
{
	const struct app_panel *p = &app->panel;
	struct view_row *rows = calloc(p->count + 1, sizeof(*rows));
	const struct view_panel v = {
		.title = p->title,
		.empty = p->empty,
		.rows = rows,
		.count = p->count,
		.selected = p->selected,
		.choose = p->choose,
	};

	if (!rows)
		return;
	for (size_t i = 0; i < p->count; i++)
		rows[i] = (struct view_row){p->rows[i].left, p->rows[i].right, p->rows[i].style};
	view_panel_draw(&v, cells, area);
	free(rows);
}
