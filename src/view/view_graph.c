/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throughput over time, with what changed it: where a person looks first to see why an
 * update is slow.
 */
#include "view/view.h"

#define SMOOTH_US 500000u

static char mark_sign(enum metrics_mark_kind kind, enum cells_style *ret_style)
{
	*ret_style = CELLS_BAD;
	switch (kind) {
	case METRICS_STALL:
		return 'S';
	case METRICS_GAP:
		*ret_style = CELLS_WARNING;
		return 'g';
	case METRICS_RETRY:
		return 'R';
	case METRICS_RESUME:
		*ret_style = CELLS_GOOD;
		return 'r';
	case METRICS_TUNING:
		*ret_style = CELLS_TITLE;
		return '~';
	}
	return '?';
}

/* Acknowledgements come in bursts: each sample becomes the mean of the last half second. */
static void smooth(uint32_t *samples, size_t count, uint64_t span)
{
	const size_t over = span > 0 && span < SMOOTH_US ? (size_t)(SMOOTH_US / span) : 1;

	for (size_t i = count; i-- > 0;) {
		uint64_t sum = 0;
		size_t n = 0;

		do
			sum += samples[i - n++];
		while (n < over && n <= i);
		samples[i] = (uint32_t)(sum / n);
	}
}

void view_graph_draw(const struct view_device *v, struct cells *cells, struct area area)
{
	uint32_t samples[METRICS_BUCKETS];
	struct plot_mark marks[METRICS_MARKS_MAX];
	struct plot_series series = {.samples = samples,
				     .marks = marks,
				     .tier = v->tier,
				     .unit = "kB/s",
				     .divisor = 1000,
				     .ceiling = v->ceiling,
				     .past = v->state == SESSION_DONE ||
					     v->state == SESSION_FAILED};
	int32_t trend[METRICS_BUCKETS];
	uint64_t span = 1;
	size_t merged;

	if (!v->metrics->started)
		return;
	series.count = metrics_series(v->metrics, samples, &span);
	smooth(samples, series.count, span);
	series.sample_us = span;
	for (const struct metrics_mark *m;
	     (m = metrics_mark_at(v->metrics, series.mark_count)) != NULL; series.mark_count++) {
		struct plot_mark *mark = &marks[series.mark_count];

		mark->sample = (uint32_t)(m->at_us / span);
		mark->sign = mark_sign(m->kind, &mark->style);
	}
	if (area.h >= 3) {
		plot_series(cells, area, &series);
		return;
	}
	series.count =
		plot_fit(samples, series.count, area.w > 5 ? (size_t)area.w - 5 : 1, &merged);
	for (size_t i = 0; i < series.count; i++)
		trend[i] = (int32_t)(samples[i] / 2u); /* any uint32_t fits */
	(void)cells_text(cells, area, 0, 0, CELLS_DIM, "kB/s");
	plot_trend(cells, area, 5, 0, area.w - 5, CELLS_GOOD, trend, series.count, 0,
		   (int32_t)(plot_top(samples, series.count, 1000) / 2u));
}
