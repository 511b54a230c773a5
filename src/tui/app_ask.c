/* SPDX-License-Identifier: Apache-2.0 */
/* The line at the bottom: text being asked for, and yes or no. */
#include "tui/app_core.h"

#include <stdarg.h>

/* --- text */

struct prompt_state {
	struct prompt is;
	struct input input;
	bool again; /* done() did not take the text */
};

/* The list above belongs to this line, and to no other. */
static void drop_list(struct app *app)
{
	const struct prompt_state *p = app_part(app, PART_PROMPT);

	if (p->is.list)
		app_modal_close(app, PART_PANEL);
}

void app_prompt_open(struct app *app, const struct prompt *prompt, const char *text)
{
	struct prompt_state *p = app_part(app, PART_PROMPT);

	if (app_modal_is_open(app, PART_PROMPT) && !prompt->list)
		drop_list(app);
	p->is = *prompt;
	input_set(&p->input, text);
	app_hush(app);
	app_modal_open(app, PART_PROMPT);
}

void app_prompt_drop(struct app *app, void (*done)(struct app *app, const char *text))
{
	const struct prompt_state *p = app_part(app, PART_PROMPT);

	if (p->is.done == done)
		app_modal_close(app, PART_PROMPT);
}

void app_refuse(struct app *app, enum cells_style style, const char *format, ...)
{
	struct prompt_state *p = app_part(app, PART_PROMPT);
	char text[VIEW_TEXT];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	app_say(app, style, "%s", text);
	p->again = true;
}

size_t app_prompt_complete_path(struct app *app, struct input *input, char *list, size_t size)
{
	(void)app;
	return input_complete_path(input, 0, list, size);
}

static void ask_complete(struct app *app)
{
	struct prompt_state *p = app_part(app, PART_PROMPT);
	char list[VIEW_TEXT] = "";
	size_t count;

	if (!p->is.complete)
		return;
	app_say(app, CELLS_DIM, "%s", "");
	count = p->is.complete(app, &p->input, list, sizeof(list));
	if (list[0] != '\0' && count != 1)
		app_say(app, CELLS_DIM, "%s", list);
	else if (count == 0)
		app_say(app, CELLS_DIM, "no completion");
	else if (p->is.typing)
		p->is.typing(app, p->input.text);
}

static void ask_done(struct app *app)
{
	struct prompt_state *p = app_part(app, PART_PROMPT);
	const struct prompt is = p->is;
	const struct input input = p->input; /* what is done may ask again */

	drop_list(app);
	app_modal_close(app, PART_PROMPT);
	p->again = false;
	if (input.text[0] != '\0' || !is.filled)
		is.done(app, input.text);
	if (!p->again || app_modal_is_open(app, PART_PROMPT))
		return;
	p->is = is;
	p->input = input;
	app_modal_open(app, PART_PROMPT);
	if (is.list)
		app_modal_open(app, PART_PANEL);
}

static void give_up(struct app *app)
{
	struct prompt_state *p = app_part(app, PART_PROMPT);
	void (*cancelled)(struct app * app) = p->is.cancelled;

	drop_list(app);
	app_modal_close(app, PART_PROMPT);
	if (cancelled)
		cancelled(app);
}

static void prompt_key(struct app *app, enum action action, int32_t key)
{
	struct prompt_state *p = app_part(app, PART_PROMPT);
	const int direction = action == ACTION_UP ? -1 : action == ACTION_DOWN ? 1 : 0;

	if (direction != 0 && p->is.list && app_panel_count(app) > 0) {
		input_set(&p->input, app_panel_step(app, direction));
		return;
	}
	if (direction != 0 && p->is.recall) {
		p->is.recall(app, &p->input, direction);
		return;
	}
	switch (input_key(&p->input, key)) {
	case INPUT_EDITED:
		app_hush(app);
		if (p->is.typing)
			p->is.typing(app, p->input.text);
		break;
	case INPUT_DONE:
		app_hush(app);
		ask_done(app);
		break;
	case INPUT_CANCELLED:
		app_hush(app);
		give_up(app);
		break;
	case INPUT_COMPLETE:
		ask_complete(app);
		break;
	}
}

static void prompt_line(struct app *app, struct view_frame *frame)
{
	const struct prompt_state *p = app_part(app, PART_PROMPT);

	frame->prompt = p->is.label;
	frame->input = p->input.text;
	frame->input_cursor = p->input.cursor;
}

static unsigned int prompt_now(const struct app *app)
{
	const struct prompt_state *p = app_part(app, PART_PROMPT);

	return (p->is.complete ? KEYS_TAB : 0) | (p->is.list ? KEYS_LIST : 0);
}

const struct modal_ops prompt_modal = {
	.part = {.size = sizeof(struct prompt_state)},
	.place = PLACE_PROMPT,
	.line = prompt_line,
	.key = prompt_key,
	.now = prompt_now,
};

/* --- yes or no */

#define FACTS_MAX 8u
#define FACT_LABEL 9 /* columns */

struct confirm_state {
	char text[VIEW_TEXT];
	const char *title; /* of the box over the view */
	char facts[FACTS_MAX][VIEW_TEXT];
	size_t fact_count;
	void (*yes)(struct app *app);
};

void app_confirm_open(struct app *app, void (*yes)(struct app *app), const char *format, ...)
{
	struct confirm_state *c = app_part(app, PART_CONFIRM);
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(c->text, sizeof(c->text), format, ap);
	va_end(ap);
	c->yes = yes;
	c->fact_count = 0;
	app_hush(app); /* the last line is for y and n */
	app_modal_open(app, PART_CONFIRM);
}

void app_confirm_fact(struct app *app, const char *title, const char *label, const char *format,
		      ...)
{
	struct confirm_state *c = app_part(app, PART_CONFIRM);
	char *fact;
	va_list ap;

	if (c->fact_count == FACTS_MAX)
		return;
	fact = c->facts[c->fact_count++];
	c->title = title;
	(void)snprintf(fact, VIEW_TEXT, "%-*s", FACT_LABEL, label);
	va_start(ap, format);
	(void)vsnprintf(fact + FACT_LABEL, VIEW_TEXT - FACT_LABEL, format, ap);
	va_end(ap);
}

bool app_confirm_asks(const struct app *app, void (*yes)(struct app *app))
{
	const struct confirm_state *c = app_part(app, PART_CONFIRM);

	return app_modal_is_open(app, PART_CONFIRM) && c->yes == yes;
}

void app_confirm_drop(struct app *app, void (*yes)(struct app *app))
{
	if (app_confirm_asks(app, yes))
		app_modal_close(app, PART_CONFIRM);
}

static void confirm_key(struct app *app, enum action action, int32_t key)
{
	const struct confirm_state *c = app_part(app, PART_CONFIRM);

	(void)key;
	if (action == ACTION_YES || action == ACTION_NO)
		app_modal_close(app, PART_CONFIRM);
	if (action == ACTION_YES)
		c->yes(app);
}

static void confirm_draw(struct app *app, struct cells *cells, struct area area)
{
	const struct confirm_state *c = app_part(app, PART_CONFIRM);
	struct view_row rows[FACTS_MAX];
	struct view_panel v = {.title = c->title, .empty = "", .count = c->fact_count};

	for (size_t i = 0; i < c->fact_count; i++)
		rows[i] = (struct view_row){c->facts[i], "", CELLS_NORMAL};
	v.rows = rows;
	if (c->fact_count > 0)
		view_panel_draw(&v, cells, area);
}

static void confirm_line(struct app *app, struct view_frame *frame)
{
	const struct confirm_state *c = app_part(app, PART_CONFIRM);

	frame->prompt = c->text;
	frame->input = "";
}

const struct modal_ops confirm_modal = {
	.part = {.size = sizeof(struct confirm_state)},
	.place = PLACE_CONFIRM,
	.draw = confirm_draw,
	.line = confirm_line,
	.key = confirm_key,
};
