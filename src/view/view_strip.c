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
		return v->outcome == SESSION_CANCELLED ? CELLS_WARNING : CELLS_GOOD;
	case SESSION_FAILED:
		return CELLS_BAD;
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

struct stage {
	const char *name;
	enum session_state first, last; /* of the session's states that it stands for */
};

static const struct stage stages[] = {
	{"CONNECT", SESSION_CONNECTING, SESSION_DISCOVERING},
	{"PREPARE", SESSION_PREPARING, SESSION_PREPARING},
	{"DATA", SESSION_SENDING, SESSION_PAUSED},
	{"VERIFY", SESSION_VERIFYING, SESSION_VERIFYING},
	{"REBOOT", SESSION_REBOOTING, SESSION_REBOOTING},
	{"RETURN", SESSION_RECONNECTING, SESSION_RECONNECTING},
	{"CONFIRM", SESSION_CONFIRMING, SESSION_CONFIRMING},
	{"DONE", SESSION_DONE, SESSION_DONE},
};
#define STAGES ((int)(sizeof(stages) / sizeof(stages[0])))

/* The stage that it is at, or was when it failed, is cancelled or waits for the next try. */
static int stage_of(const struct view_device *v)
{
	const enum session_state state = v->state == SESSION_FAILED ||
							 v->state == SESSION_WAITING ||
							 v->state == SESSION_CANCELLING
						 ? v->stage
						 : v->state;

	for (int i = 0; i < STAGES; i++) {
		if (state >= stages[i].first && state <= stages[i].last)
			return i;
	}
	return -1;
}

/* Columns of the stages from first on, the brackets of the one under way included. */
static int strip_width(int first, int arrow)
{
	int width = 2 - arrow;

	for (int i = first; i < STAGES; i++)
		width += (int)strlen(stages[i].name) + arrow;
	return width;
}

/* On a narrow screen, past stages are left out first: the current one is always drawn. */
void view_strip_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	const int here = stage_of(v);
	const char *arrow = " > ";
	char text[64], time[24];
	int x = 0, first = 0, end;

	(void)snprintf(text, sizeof(text), "%s %s", view_condition(v),
		       view_duration(v->in_state_us, time, sizeof(time)));
	end = area.w - cells_columns(cells, text) - 2;
	cells_right(cells, area, 0, view_state_style(v), text);
	if (strip_width(0, 3) > end)
		arrow = ">";
	while (first < here && strip_width(first, (int)strlen(arrow)) > end)
		first++;
	for (int i = first; i < STAGES; i++) {
		const char *name = stages[i].name, *before = i > first ? arrow : "";

		if (x + (int)(strlen(before) + strlen(name)) + 2 * (i == here) > end)
			break;
		x = cells_text(cells, area, x, 0, CELLS_DIM, before);
		x = cells_printf(cells, area, x, 0, i == here ? view_state_style(v) : CELLS_DIM,
				 "%s%s%s", i == here ? "[" : "", name, i == here ? "]" : "");
	}
}
