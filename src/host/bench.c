/* SPDX-License-Identifier: Apache-2.0 */
/* See bench.h. */
#include "host/bench.h"

#include <stdlib.h>
#include <string.h>

int bench_init(struct bench *b, const struct bench_plan *plan)
{
	memset(b, 0, sizeof(*b));
	if (plan->parts == 0 || plan->parts >> BENCH_PARTS || plan->runs == 0 ||
	    plan->runs > BENCH_RUNS_MAX || plan->warm_up > BENCH_WARM_UP_MAX ||
	    plan->bytes < BENCH_BYTES_MIN || plan->bytes > BENCH_BYTES_MAX ||
	    plan->flash_bytes < BENCH_BYTES_MIN || plan->flash_bytes > BENCH_BYTES_MAX)
		return -OTA_EINVAL;
	b->results = calloc((size_t)plan->runs * BENCH_PARTS, sizeof(*b->results));
	if (!b->results)
		return -OTA_ENOMEM;
	b->plan = *plan;
	return 0;
}

void bench_finish(struct bench *b)
{
	free(b->results);
	memset(b, 0, sizeof(*b));
}

bool bench_next(const struct bench *b, struct bench_turn *ret)
{
	for (unsigned int part = 0; part < BENCH_PARTS; part++) {
		if (!(b->plan.parts & 1u << part) || b->done[part] == b->plan.runs)
			continue;
		ret->part = (enum bench_part)part;
		ret->warm_up = b->warmed[part] < b->plan.warm_up;
		ret->number = 1 + (ret->warm_up ? b->warmed[part] : b->done[part]);
		return true;
	}
	return false;
}

void bench_configure(const struct bench *b, const struct bench_turn *turn, struct job_config *ret)
{
	ret->pattern = turn->part == BENCH_FLASH;
	switch (turn->part) {
	case BENCH_LINK:
	case BENCH_FLASH:
		ret->goal = SESSION_MEASURE;
		ret->bytes = ret->pattern ? b->plan.flash_bytes : b->plan.bytes;
		ret->image = NULL;
		ret->report = NULL;
		ret->image_name = NULL;
		break;
	case BENCH_UPDATE:
		ret->goal = SESSION_UPDATE;
		ret->forced |= 1u << LINT_SAME;
		ret->restart = true; /* a part that is already there would not be measured */
		break;
	case BENCH_PARTS:
		break;
	}
}

bool bench_counts(enum bench_part part, const struct job_result *result)
{
	if (part != BENCH_UPDATE)
		return result->outcome == SESSION_MEASURED;
	return result->outcome == SESSION_CONFIRMED || result->outcome == SESSION_UNCONFIRMED ||
	       result->outcome == SESSION_DELIVERED;
}

static size_t slot(const struct bench *b, enum bench_part part, unsigned int index)
{
	return (size_t)part * b->plan.runs + index;
}

void bench_add(struct bench *b, const struct job_result *result)
{
	struct bench_turn turn;

	if (!bench_next(b, &turn))
		return;
	if (turn.warm_up)
		b->warmed[turn.part]++;
	else
		b->results[slot(b, turn.part, b->done[turn.part]++)] = *result;
}

unsigned int bench_count(const struct bench *b, enum bench_part part)
{
	return b->done[part];
}

const struct job_result *bench_result(const struct bench *b, enum bench_part part,
				      unsigned int index)
{
	return index < b->done[part] ? &b->results[slot(b, part, index)] : NULL;
}

void bench_spread(const struct bench *b, enum bench_part part, struct spread *ret)
{
	uint32_t figures[BENCH_RUNS_MAX];

	for (unsigned int i = 0; i < b->done[part]; i++)
		figures[i] = b->results[slot(b, part, i)].goodput;
	spread_of(figures, b->done[part], ret);
}

bool bench_main_part(const struct bench *b, enum bench_part *ret)
{
	for (unsigned int part = BENCH_PARTS; part-- > 0;) {
		if (b->done[part] == 0)
			continue;
		*ret = (enum bench_part)part;
		return true;
	}
	return false;
}

static const struct {
	const char *name, *text;
} parts[BENCH_PARTS] = {
	[BENCH_LINK] = {"link", "the device counts the bytes and discards them"},
	[BENCH_FLASH] = {"flash", "the device writes a pattern of its own to its other slot"},
	[BENCH_UPDATE] = {"update", "a whole update, with reboot and proof"},
};

const char *bench_part_name(enum bench_part part)
{
	return part < BENCH_PARTS ? parts[part].name : "unknown";
}

const char *bench_part_text(enum bench_part part)
{
	return part < BENCH_PARTS ? parts[part].text : "";
}

static uint32_t part_by_name(const char *name, size_t len)
{
	for (unsigned int part = 0; part < BENCH_PARTS; part++) {
		if (strlen(parts[part].name) == len && strncmp(parts[part].name, name, len) == 0)
			return 1u << part;
	}
	return 0;
}

uint32_t bench_parts_by_name(const char *names)
{
	uint32_t found = 0;

	for (;;) {
		const size_t len = strcspn(names, ",");
		const uint32_t part = part_by_name(names, len);

		if (part == 0)
			return 0;
		found |= part;
		if (names[len] == '\0')
			return found;
		names += len + 1;
	}
}
