/* SPDX-License-Identifier: Apache-2.0 */
/* Progress of a run: its states as a chain, with the current one marked and timed. */
#include "view/view.h"

#include "view/layout.h"

#include <string.h>

enum cells_style view_state_style(const struct view_device *v)
{
	if (!v->run)
		return CELLS_NORMAL;
	switch (v->state) {
	case SESSION_DONE:
		return v->goal == SESSION_LOOK || v->goal == SESSION_COMMAND ? CELLS_NORMAL
									     : CELLS_GOOD;
	case SESSION_FAILED:
		return v->outcome == SESSION_CANCELLED ? CELLS_WARNING : CELLS_BAD;
	case SESSION_PAUSED:
	case SESSION_WAITING:
	case SESSION_CANCELLING:
		return CELLS_WARNING;
	case SESSION_IDLE:
	case SESSION_CONNECTING:
	case SESSION_DISCOVERING:
	case SESSION_PREPARING:
	case SESSION_SENDING:
	case SESSION_VERIFYING:
	case SESSION_REBOOTING:
	case SESSION_RECONNECTING:
	case SESSION_CONFIRMING:
	case SESSION_STATES:
		break;
	}
	return CELLS_NORMAL;
}

const char *view_condition(const struct view_device *v)
{
	if (!v->run)
		return v->linked ? "connected" : "not connected";
	if (v->scanning)
		return "looking for it";
	if (v->state == SESSION_DONE || v->state == SESSION_FAILED)
		return session_outcome_name(v->outcome);
	return session_state_name(v->state);
}

#define SENDS (1u << SESSION_UPDATE | 1u << SESSION_MEASURE)
#define UPDATES (1u << SESSION_UPDATE)
#define ASKS (1u << SESSION_LOOK | 1u << SESSION_COMMAND)

struct stage {
	const char *name;
	enum session_state first, last; /* of the session's states that it stands for */
	unsigned int goals; /* runs that go through it, 1u << enum session_goal */
};

static const struct stage stages[] = {
	{"CONNECT", SESSION_CONNECTING, SESSION_DISCOVERING, SENDS | ASKS},
	{"ASK", SESSION_PREPARING, SESSION_PREPARING, ASKS},
	{"PREPARE", SESSION_PREPARING, SESSION_PREPARING, SENDS},
	{"DATA", SESSION_SENDING, SESSION_PAUSED, SENDS},
	{"VERIFY", SESSION_VERIFYING, SESSION_VERIFYING, SENDS},
	{"REBOOT", SESSION_REBOOTING, SESSION_REBOOTING, UPDATES},
	{"RETURN", SESSION_RECONNECTING, SESSION_RECONNECTING, UPDATES},
	{"CONFIRM", SESSION_CONFIRMING, SESSION_CONFIRMING, UPDATES},
	{"DONE", SESSION_DONE, SESSION_DONE, SENDS},
};
#define STAGES ((int)(sizeof(stages) / sizeof(stages[0])))

static bool is_on_the_way(const struct view_device *v, int stage)
{
	return (stages[stage].goals & 1u << v->goal) != 0;
}

static bool was_seen(const struct view_device *v, int stage)
{
	for (int state = stages[stage].first; state <= (int)stages[stage].last; state++) {
		if (v->seen & 1u << state)
			return true;
	}
	return false;
}

/* An update that was not needed has gone no further than it was seen to go. */
static bool arrived(const struct view_device *v)
{
	return v->state == SESSION_DONE && v->outcome != SESSION_ALREADY_RUNNING;
}

/* The stage that it is at, or was when it ended early or began to wait for the next try. */
static int stage_of(const struct view_device *v)
{
	const bool between = v->state == SESSION_FAILED || v->state == SESSION_WAITING ||
			     v->state == SESSION_CANCELLING;
	const enum session_state state =
		between || (v->state == SESSION_DONE && !arrived(v)) ? v->stage : v->state;

	for (int i = 0; i < STAGES; i++) {
		if (is_on_the_way(v, i) && state >= stages[i].first && state <= stages[i].last)
			return i;
	}
	return -1;
}

/* Columns of the stages from first on, the brackets of the one under way included. */
static int strip_width(const struct view_device *v, int first, int arrow)
{
	int width = 2 - arrow;

	for (int i = first; i < STAGES; i++) {
		if (is_on_the_way(v, i))
			width += (int)strlen(stages[i].name) + arrow;
	}
	return width;
}

static enum cells_style stage_style(const struct view_device *v, int stage, int here)
{
	if (stage == here)
		return view_state_style(v);
	return was_seen(v, stage) ? CELLS_NORMAL : CELLS_DIM;
}

static void draw_stages(const struct view_device *v, struct cells *cells, struct area area, int end)
{
	const int here = stage_of(v);
	const char *arrow = strip_width(v, 0, 3) > end ? ">" : " > ";
	int x = 0, first = 0;

	/* On a narrow screen, past stages are left out first: the current one is always drawn. */
	while (first < here && strip_width(v, first, (int)strlen(arrow)) > end)
		first++;
	for (int i = first; i < STAGES; i++) {
		const char *name = stages[i].name, *before = x > 0 ? arrow : "";

		if (!is_on_the_way(v, i))
			continue;
		if (x + (int)(strlen(before) + strlen(name)) + 2 * (i == here) > end)
			break;
		x = cells_text(cells, area, x, 0, CELLS_DIM, before);
		x = cells_printf(cells, area, x, 0, stage_style(v, i, here), "%s%s%s",
				 i == here ? "[" : "", name, i == here ? "]" : "");
	}
}

void view_strip_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	char text[64], time[24];

	(void)snprintf(text, sizeof(text), "%s %s", view_condition(v),
		       view_duration(v->in_state_us, time, sizeof(time)));
	if (v->state == SESSION_DONE || v->state == SESSION_FAILED) /* which goes on for ever */
		(void)snprintf(text, sizeof(text), "%s", view_condition(v));
	cells_right(cells, area, 0, view_state_style(v), text);
	draw_stages(v, cells, area, area.w - cells_columns(cells, text) - 2);
}
