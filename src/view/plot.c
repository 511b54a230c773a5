/* SPDX-License-Identifier: Apache-2.0 */
/* See plot.h. */
#include "view/plot.h"

#include <string.h>

enum plot_tier plot_tier_for(const struct cells *cells, enum plot_tier wanted)
{
	return cells->ascii ? PLOT_ASCII : wanted;
}

#define SAMPLES_MAX 1024u
#define MARKS_MAX 128u

/* Eighths of a column from below; index 0 is nothing. */
static const char *const eighths[9] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ascii_trend[9] = {" ", "_", ".", ":", "-", "=", "+", "*", "#"};

void plot_trend(struct cells *cells, struct area area, int x, int y, int width,
		enum cells_style style, const int32_t *values, size_t count, int32_t low,
		int32_t high)
{
	const size_t shown = count < (size_t)width ? count : (size_t)width;

	if (width <= 0)
		return;
	for (size_t i = 0; i < shown; i++) {
		int32_t value = values[count - shown + i];
		const char *const *signs = cells->ascii ? ascii_trend : eighths;
		int level = 0;

		if (value != PLOT_NONE) {
			value = value < low ? low : value > high ? high : value;
			level = 1 +
				(int)((int64_t)(value - low) * 7 / (high > low ? high - low : 1));
		}
		cells_put(cells, area, x + width - (int)shown + (int)i, y, style, signs[level]);
	}
}

#define TICKS_MAX 4u /* spaces between them, at most */

uint32_t plot_step(uint32_t largest, uint32_t divisor)
{
	static const uint32_t steps[] = {1, 2, 5};

	for (uint64_t ten = 1; ten < UINT32_MAX; ten *= 10) {
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			const uint64_t step = ten * steps[i] * divisor;

			if (step <= UINT32_MAX && step * TICKS_MAX >= largest)
				return (uint32_t)step;
		}
	}
	return UINT32_MAX;
}

static uint32_t largest_of(const uint32_t *samples, size_t count)
{
	uint32_t largest = 0;

	for (size_t i = 0; i < count; i++)
		largest = samples[i] > largest ? samples[i] : largest;
	return largest;
}

static uint32_t top_for(uint32_t largest, uint32_t divisor)
{
	const uint32_t step = plot_step(largest, divisor);
	const uint64_t top =
		(largest / step + (largest % step > 0 || largest == 0)) * (uint64_t)step;

	return top < UINT32_MAX ? (uint32_t)top : UINT32_MAX;
}

uint32_t plot_top(const uint32_t *samples, size_t count, uint32_t divisor)
{
	return top_for(largest_of(samples, count), divisor);
}

/* Height of a sample in units of 1/steps of a row, of rows rows. */
static int height_of(uint32_t value, uint32_t top, int rows, int steps)
{
	uint64_t full = (uint64_t)rows * (uint64_t)steps;
	uint64_t height = ((uint64_t)value * full + top / 2) / top;

	if (value > 0 && height == 0)
		return 1; /* little is not nothing */
	return (int)(height < full ? height : full);
}

static int clamp(int value, int high)
{
	return value < 0 ? 0 : value > high ? high : value;
}

/* The column's two samples in the row that starts at height base: dots from below. */
static void braille_cell(int left, int right, int base, char ret[4])
{
	static const uint8_t left_dots[5] = {0, 0x40, 0x44, 0x46, 0x47};
	static const uint8_t right_dots[5] = {0, 0x80, 0xa0, 0xb0, 0xb8};
	const unsigned int dots =
		left_dots[clamp(left - base, 4)] | right_dots[clamp(right - base, 4)];

	if (dots == 0) {
		memcpy(ret, " ", 2);
		return;
	}
	/* U+2800 and the dots, in UTF-8 */
	ret[0] = (char)0xe2;
	ret[1] = (char)(0xa0 + (dots >> 6));
	ret[2] = (char)(0x80 + (dots & 0x3f));
	ret[3] = '\0';
}

static const char *ascii_cell(int height, int base)
{
	static const char *const signs[4] = {" ", ".", ":", "|"};

	return signs[clamp(height - base, 3)];
}

/* Samples that one column shows. */
static size_t per_column(enum plot_tier tier)
{
	return tier == PLOT_BRAILLE ? 2 : 1;
}

/* A sample counted from the first column; 0 where there is none yet. */
static uint32_t sample_at(const struct plot_series *s, size_t room, size_t index)
{
	const size_t missing = s->count < room ? room - s->count : 0;

	if (index < missing)
		return 0;
	return s->samples[s->count < room ? index - missing : s->count - room + index];
}

static void draw_column(struct cells *cells, struct area graph, const struct plot_series *s,
			enum plot_tier tier, int x, uint32_t top)
{
	const size_t per = per_column(tier), room = (size_t)graph.w * per;
	const uint32_t a = sample_at(s, room, (size_t)x * per);
	const uint32_t b = tier == PLOT_BRAILLE ? sample_at(s, room, (size_t)x * per + 1) : 0;

	for (int y = 0; y < graph.h; y++) {
		const int row = graph.h - 1 - y;
		const char *sign = " ";
		char braille[4];

		switch (tier) {
		case PLOT_BRAILLE:
			braille_cell(height_of(a, top, graph.h, 4), height_of(b, top, graph.h, 4),
				     row * 4, braille);
			sign = braille;
			break;
		case PLOT_BLOCKS:
			sign = eighths[clamp(height_of(a, top, graph.h, 8) - row * 8, 8)];
			break;
		case PLOT_ASCII:
		case PLOT_TIERS:
			sign = ascii_cell(height_of(a, top, graph.h, 3), row * 3);
			break;
		}
		if (sign[0] != ' ') /* what lies behind shows through */
			cells_put(cells, graph, x, y, CELLS_GOOD, sign);
	}
}

static void draw_tick(struct cells *cells, struct area axis, int y, uint32_t value,
		      uint32_t divisor)
{
	const struct area left = {axis.x, axis.y, PLOT_AXIS - 1, axis.h};
	char label[24];

	if (value % divisor != 0)
		(void)snprintf(label, sizeof(label), "%u.%u", value / divisor,
			       (uint32_t)((uint64_t)(value % divisor) * 10 / divisor));
	else
		(void)snprintf(label, sizeof(label), "%u", value / divisor);
	cells_right(cells, left, y, CELLS_DIM, label);
	cells_put(cells, axis, PLOT_AXIS - 1, y, CELLS_DIM, cells_symbol(cells, CELLS_AXIS));
}

/* Top and 0 always; the round figures between them where each has a row to spare. */
static void draw_axis(struct cells *cells, struct area axis, const struct plot_series *s,
		      uint32_t top, int rows)
{
	const uint32_t divisor = s->divisor > 0 ? s->divisor : 1;
	uint32_t step = plot_step(top, divisor), spaces = top / step;

	for (int y = 0; y < rows; y++)
		cells_put(cells, axis, PLOT_AXIS - 1, y, CELLS_DIM,
			  cells_symbol(cells, CELLS_VERTICAL));
	if (rows - 1 < 2 * (int)spaces && spaces % 2 == 0) {
		spaces /= 2;
		step *= 2;
	}
	if (rows - 1 < 2 * (int)spaces)
		spaces = rows > 1 ? 1 : 0;
	if (spaces <= 1) {
		draw_tick(cells, axis, 0, top, divisor);
		if (spaces == 1)
			draw_tick(cells, axis, rows - 1, 0, divisor);
		return;
	}
	for (uint32_t i = 0; i <= spaces; i++)
		draw_tick(cells, axis,
			  rows - 1 - (int)((i * (uint32_t)(rows - 1) + spaces / 2) / spaces),
			  i * step, divisor);
}

/* Draws, behind the samples, a dotted line at the height of the ceiling. */
static void draw_ceiling(struct cells *cells, struct area graph, enum plot_tier tier,
			 uint32_t ceiling, uint32_t top)
{
	/* Braille dots 1, 2, 3, 7 of the left column, from below. */
	static const char *const dots[4] = {"⡀", "⠄", "⠂", "⠁"};
	const int height = height_of(ceiling, top, graph.h, 4) - 1;
	const char *sign = tier == PLOT_BRAILLE ? dots[height % 4] : cells->ascii ? "-" : "·";

	if (height < 0)
		return;
	for (int x = 0; x < graph.w; x++)
		cells_put(cells, graph, x, graph.h - 1 - height / 4, CELLS_DIM, sign);
}

/* Column of a mark in the row below the graph; -1: it has left it. */
static int mark_column(const struct plot_series *s, const struct plot_mark *mark, size_t room,
		       size_t per)
{
	const size_t from_end = s->count > mark->sample ? s->count - 1 - mark->sample : 0;

	return from_end < room ? (int)((room - 1 - from_end) / per) : -1;
}

/* If two marks fall into one column, the worse one is drawn. */
static int weight_of(enum cells_style style)
{
	return style == CELLS_BAD ? 3 : style == CELLS_WARNING ? 2 : style == CELLS_GOOD ? 1 : 0;
}

static void draw_marks(struct cells *cells, struct area row, const struct plot_series *s,
		       enum plot_tier tier)
{
	const size_t per = per_column(tier), room = (size_t)row.w * per;

	for (int weight = 0; weight <= 3; weight++) {
		for (size_t i = 0; i < s->mark_count; i++) {
			const char sign[2] = {s->marks[i].sign, '\0'};
			const int x = mark_column(s, &s->marks[i], room, per);

			if (x >= 0 && weight_of(s->marks[i].style) == weight)
				cells_put(cells, row, x, 0, s->marks[i].style, sign);
		}
	}
}

/* "-5 s", "-2:30"; of a run that is over, from its start: "5 s". */
static void time_text(const struct plot_series *s, uint64_t seconds, char *buf, size_t size)
{
	const char *sign = s->past ? "" : "-";

	if (seconds == 0)
		(void)snprintf(buf, size, "%s", s->past ? "0" : "now");
	else if (seconds < 60)
		(void)snprintf(buf, size, "%s%u s", sign, (unsigned int)seconds);
	else
		(void)snprintf(buf, size, "%s%llu:%02u", sign, (unsigned long long)(seconds / 60),
			       (unsigned int)(seconds % 60));
}

static bool free_of_marks(const struct plot_series *s, size_t room, size_t per, int from, int to)
{
	for (size_t i = 0; i < s->mark_count; i++) {
		const int x = mark_column(s, &s->marks[i], room, per);

		if (x >= from - 1 && x <= to)
			return false;
	}
	return true;
}

#define TIME_LABEL_W 10 /* columns from one label to the next, at least */
#define TIME_LABELS_MAX 10 /* so many tell enough of the widest graph */

/*
 * Round times under the columns that they are, read from now back, or of a run
 * that is over from its start on.  With shared, marks have the row too: a label
 * that a mark would spoil says less than the mark.
 */
static void draw_times(struct cells *cells, struct area row, const struct plot_series *s,
		       enum plot_tier tier, bool shared)
{
	static const uint32_t steps[] = {1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600};
	const size_t per = per_column(tier), room = (size_t)row.w * per;
	const uint64_t column_us = s->sample_us * per;
	const int apart =
		row.w / TIME_LABELS_MAX > TIME_LABEL_W ? row.w / TIME_LABELS_MAX : TIME_LABEL_W;
	size_t step = 0;
	int end = row.w, from = 0;

	if (column_us == 0)
		return;
	while (step + 1 < sizeof(steps) / sizeof(steps[0]) &&
	       steps[step] * UINT64_C(1000000) < (uint64_t)apart * column_us)
		step++;
	if (s->past) { /* how long it took in all */
		char whole[24];
		const uint64_t ms = s->count * s->sample_us / 1000u;

		if (ms < 10000u)
			(void)snprintf(whole, sizeof(whole), "%u.%u s", (unsigned int)(ms / 1000u),
				       (unsigned int)(ms % 1000u / 100u));
		else
			time_text(s, ms / 1000u, whole, sizeof(whole));
		end = row.w - (int)strlen(whole) - 2;
		if (!shared || free_of_marks(s, room, per, end + 2, row.w))
			cells_right(cells, row, 0, CELLS_DIM, whole);
	}
	for (uint64_t at = 0;; at += steps[step]) {
		const uint64_t columns = at * 1000000u / column_us;
		char text[24];
		int x, w;

		time_text(s, at, text, sizeof(text));
		w = (int)strlen(text);
		if (columns >= (uint64_t)row.w)
			break;
		x = s->past ? (int)columns : row.w - (int)columns - w;
		if (x < 0 || (s->past && x + w > end))
			break;
		if (s->past ? x < from : x + w > end)
			continue;
		if (shared && !free_of_marks(s, room, per, x, x + w))
			continue;
		(void)cells_text(cells, row, x, 0, CELLS_DIM, text);
		from = x + w + 1;
		end = s->past ? end : x - 1;
	}
}

size_t plot_fit(uint32_t *samples, size_t count, size_t room, size_t *ret_merged)
{
	const size_t merged = room > 0 && count > room ? 1 + (count - 1) / room : 1;
	size_t made = 0;

	for (size_t i = 0; i < count; i += merged) {
		uint64_t sum = 0;
		size_t n = 0;

		do
			sum += samples[i + n++];
		while (n < merged && i + n < count);
		samples[made++] = (uint32_t)(sum / n);
	}
	*ret_merged = merged;
	return made;
}

/* A run that is over has no time to come: its few samples, each several times, fill the room. */
static void spread(struct plot_series *s, uint32_t *samples, struct plot_mark *marks, size_t room)
{
	for (size_t i = room; i-- > 0;)
		samples[i] = samples[i * s->count / room];
	for (size_t i = 0; i < s->mark_count; i++)
		marks[i].sample = (uint32_t)(marks[i].sample * room / s->count);
	s->sample_us = (s->sample_us * s->count + room - 1) / room;
	s->count = room;
}

/* The series with its samples, at most SAMPLES_MAX, and marks fitted to the room. */
static void fit(const struct plot_series *s, size_t room, struct plot_series *ret,
		uint32_t *samples, struct plot_mark *marks)
{
	const size_t skip = s->count > SAMPLES_MAX ? s->count - SAMPLES_MAX : 0;
	size_t merged = 1, each;

	*ret = *s;
	memcpy(samples, s->samples + skip, (s->count - skip) * sizeof(*samples));
	ret->samples = samples;
	ret->count = plot_fit(samples, s->count - skip, room, &merged);
	each = merged > 0 ? merged : 1;
	ret->sample_us = s->sample_us * each;
	ret->marks = marks;
	ret->mark_count = 0;
	for (size_t i = 0; i < s->mark_count && ret->mark_count < MARKS_MAX; i++) {
		if (s->marks[i].sample < skip)
			continue;
		marks[ret->mark_count] = s->marks[i];
		marks[ret->mark_count++].sample = (uint32_t)((s->marks[i].sample - skip) / each);
	}
	if (s->past && ret->count > 0 && ret->count < room && room <= SAMPLES_MAX)
		spread(ret, samples, marks, room);
}

#define MARKS_ROW_H 7 /* from this height on there is a row for marks alone ... */
#define MARKS_ROW_MIN_H 5 /* ... and from this on, if there is a mark */
#define CEILING_H 6 /* rows of the graph that the line needs */
#define CEILING_FAR 4u /* so many times the largest sample it would press the graph flat */

void plot_series(struct cells *cells, struct area area, const struct plot_series *s)
{
	const enum plot_tier tier = plot_tier_for(cells, s->tier);
	const bool shared = area.h < (s->mark_count > 0 ? MARKS_ROW_MIN_H : MARKS_ROW_H);
	struct area rest = area;
	struct area times = area_bottom(&rest, 1);
	struct area marks = shared ? times : area_bottom(&rest, 1);
	const struct area axis = area_left(&rest, PLOT_AXIS);
	const uint32_t divisor = s->divisor > 0 ? s->divisor : 1;
	struct plot_series fitted;
	struct plot_mark fitted_marks[MARKS_MAX];
	uint32_t samples[SAMPLES_MAX], largest, top;
	bool ceiling;

	if (rest.w <= 0 || rest.h <= 0)
		return;
	fit(s, (size_t)rest.w * per_column(tier), &fitted, samples, fitted_marks);
	largest = largest_of(samples, fitted.count);
	ceiling = s->ceiling > 0 && rest.h >= CEILING_H && s->ceiling / CEILING_FAR <= largest;
	top = top_for(ceiling && s->ceiling > largest ? s->ceiling : largest, divisor);
	draw_axis(cells, axis, s, top, rest.h);
	if (ceiling)
		draw_ceiling(cells, rest, tier, s->ceiling, top);
	for (int x = 0; x < rest.w; x++)
		draw_column(cells, rest, &fitted, tier, x, top);
	(void)area_left(&marks, PLOT_AXIS);
	(void)area_left(&times, PLOT_AXIS);
	(void)cells_text(cells, (struct area){axis.x, times.y, PLOT_AXIS, 1}, 0, 0, CELLS_DIM,
			 s->unit);
	draw_times(cells, times, &fitted, tier, shared);
	draw_marks(cells, marks, &fitted, tier);
}

void plot_bar(struct cells *cells, struct area area, int x, int y, int width, uint32_t flushed,
	      uint32_t received, uint32_t queued, uint32_t total)
{
	static const char *const signs[4][2] = {{"█", "#"}, {"▓", "="}, {"▒", "-"}, {"░", "."}};
	const uint32_t figures[3] = {flushed, received, queued};
	int ends[3];

	if (width <= 0)
		return;
	for (int i = 0; i < 3; i++) {
		ends[i] = total > 0 ? (int)((uint64_t)figures[i] * (uint64_t)width / total) : 0;
		ends[i] = clamp(ends[i], width);
	}
	for (int column = 0; column < width; column++) {
		int kind = column < ends[0] ? 0 : column < ends[1] ? 1 : column < ends[2] ? 2 : 3;

		cells_put(cells, area, x + column, y, kind == 3 ? CELLS_DIM : CELLS_GOOD,
			  signs[kind][cells->ascii]);
	}
}
