/* SPDX-License-Identifier: Apache-2.0 */
/* The axes of the grid, and points as profiles and words. */
#include "sweep/sweep_priv.h"

#include <stdio.h>
#include <string.h>

static void put(struct sweep_values *v, int32_t value)
{
	if (v->count < SWEEP_VALUES)
		v->value[v->count++] = value;
}

/* If the profile fixes a value, it is the only one; else the usual one and the others. */
static void open_axis(struct sweep_values *v, int32_t given, int32_t usual, const int32_t *others,
		      size_t count)
{
	v->count = 0;
	put(v, given);
	for (size_t i = 0; given == usual && i < count; i++)
		put(v, others[i]);
}

#define OPEN(v, given, usual, ...)                                                                 \
	do {                                                                                       \
		static const int32_t others[] = {__VA_ARGS__};                                     \
                                                                                                   \
		open_axis(v, given, usual, others, sizeof(others) / sizeof(others[0]));            \
	} while (0)

/* Without the usual value, as what it comes to is one of the others. */
static void drop_usual(struct sweep_values *v)
{
	if (v->count < 2)
		return;
	v->count--;
	memmove(v->value, v->value + 1, v->count * sizeof(v->value[0]));
}

void sweep_init(struct sweep *s, enum sweep_objective objective, const struct profile *bounds)
{
	memset(s, 0, sizeof(*s));
	s->objective = objective;
	OPEN(&s->axes[SWEEP_PHY], (int32_t)bounds->phy, PROFILE_AUTO, PROFILE_PHY_1M,
	     PROFILE_PHY_2M);
	drop_usual(&s->axes[SWEEP_PHY]);
	OPEN(&s->axes[SWEEP_INTERVAL], bounds->connection_interval, PROFILE_AUTO, 6, 8, 9, 10, 12,
	     16, 24, 40);
	drop_usual(&s->axes[SWEEP_INTERVAL]);
	OPEN(&s->axes[SWEEP_CHUNK], bounds->chunk, PROFILE_AUTO, 100, 182, 244, 495, 512);
	OPEN(&s->axes[SWEEP_MODE], bounds->write_mode, PROFILE_AUTO, GATT_REQUEST, GATT_ACQUIRE);
	OPEN(&s->axes[SWEEP_WINDOW], bounds->window, PROFILE_AUTO, 1024, 2048, 4096, 8192, 16384,
	     32768, 65536, 131072);
	OPEN(&s->axes[SWEEP_ACK], bounds->ack_interval, PROFILE_AUTO, 512, 1024, 2048, 4096, 8192,
	     16384);
	OPEN(&s->axes[SWEEP_PACING], bounds->pacing_us, 0, 1000, 2500, 5000, 10000);
}

/* --- after the first measurement */

static void keep_if(struct sweep *s, enum sweep_axis axis,
		    bool (*possible)(const struct sweep *s, int32_t value))
{
	struct sweep_values *v = &s->axes[axis];
	uint8_t kept = 0;

	if (v->count < 2)
		return;
	for (uint8_t i = 0; i < v->count; i++) {
		if (v->value[i] <= 0 || possible(s, v->value[i]))
			v->value[kept++] = v->value[i];
	}
	v->count = kept;
}

static bool chunk_fits(const struct sweep *s, int32_t value)
{
	return value + (int32_t)OTA_ATT_HEADER <= s->facts.mtu;
}

/* Credit ends at the ring, and more under way than two values is no window. */
static bool window_fits(const struct sweep *s, int32_t value)
{
	return s->facts.ring == 0 || (uint32_t)value <= s->facts.ring;
}

static bool ack_fits(const struct sweep *s, int32_t value)
{
	return s->facts.ring == 0 || (uint32_t)value <= s->facts.ring / 2u;
}

static bool mode_there(const struct sweep *s, int32_t value)
{
	return value != GATT_ACQUIRE || s->facts.acquire;
}

static bool phy_there(const struct sweep *s, int32_t value)
{
	return value != PROFILE_PHY_2M || (s->facts.phys & OTA_PHYS_2M) != 0;
}

/* The index of a value, which is put into its place where it is missing and room is left. */
static uint8_t place(struct sweep_values *v, int32_t value)
{
	uint8_t i = 0;

	if (v->count == 1) /* fixed, or there is no other */
		return 0;
	while (i < v->count && v->value[i] < value)
		i++;
	if (i < v->count && v->value[i] == value)
		return i;
	if (v->count == SWEEP_VALUES)
		return i < v->count ? i : (uint8_t)(v->count - 1u);
	memmove(v->value + i + 1, v->value + i, (size_t)(v->count - i) * sizeof(v->value[0]));
	v->value[i] = value;
	v->count++;
	return i;
}

void sweep_learn(struct sweep *s, const struct sweep_facts *facts, struct sweep_point *ret)
{
	memset(ret, 0, sizeof(*ret));
	s->facts = *facts;
	s->facts_known = true;
	keep_if(s, SWEEP_PHY, phy_there);
	keep_if(s, SWEEP_CHUNK, chunk_fits);
	keep_if(s, SWEEP_MODE, mode_there);
	keep_if(s, SWEEP_WINDOW, window_fits);
	keep_if(s, SWEEP_ACK, ack_fits);
	ret->at[SWEEP_PHY] = place(&s->axes[SWEEP_PHY],
				   facts->link.phy == OTA_PHY_2M ? PROFILE_PHY_2M : PROFILE_PHY_1M);
	ret->at[SWEEP_INTERVAL] =
		place(&s->axes[SWEEP_INTERVAL], (int32_t)(facts->link.interval_us / 1250u));
}

/* --- points */

bool sweep_same(const struct sweep_point *a, const struct sweep_point *b)
{
	return memcmp(a->at, b->at, sizeof(a->at)) == 0;
}

uint32_t sweep_grid(const struct sweep *s)
{
	uint32_t n = 1;

	for (int a = 0; a < SWEEP_AXES; a++)
		n *= s->axes[a].count;
	return n;
}

void sweep_apply(const struct sweep *s, const struct sweep_point *point, struct profile *profile)
{
	profile->phy = (enum profile_phy)sweep_at(s, SWEEP_PHY, point);
	profile->connection_interval = sweep_at(s, SWEEP_INTERVAL, point);
	profile->chunk = sweep_at(s, SWEEP_CHUNK, point);
	profile->write_mode = sweep_at(s, SWEEP_MODE, point);
	profile->window = sweep_at(s, SWEEP_WINDOW, point);
	profile->ack_interval = sweep_at(s, SWEEP_ACK, point);
	profile->pacing_us = sweep_at(s, SWEEP_PACING, point);
}

enum profile_key sweep_axis_key(enum sweep_axis axis)
{
	static const enum profile_key keys[SWEEP_AXES] = {
		[SWEEP_PHY] = PROFILE_KEY_PHY,
		[SWEEP_INTERVAL] = PROFILE_KEY_CONNECTION_INTERVAL,
		[SWEEP_CHUNK] = PROFILE_KEY_CHUNK,
		[SWEEP_MODE] = PROFILE_KEY_WRITE_MODE,
		[SWEEP_WINDOW] = PROFILE_KEY_WINDOW,
		[SWEEP_ACK] = PROFILE_KEY_ACK_INTERVAL,
		[SWEEP_PACING] = PROFILE_KEY_PACING,
	};

	return keys[axis];
}

char *sweep_value_text(const struct sweep *s, enum sweep_axis axis, uint8_t at, char *buf,
		       size_t size)
{
	struct sweep_point point = {0};
	struct profile profile;

	point.at[axis] = at;
	profile_defaults(&profile);
	sweep_apply(s, &point, &profile);
	return profile_get(&profile, sweep_axis_key(axis), buf, size);
}

char *sweep_point_text(const struct sweep *s, const struct sweep_point *point, char *buf,
		       size_t size)
{
	static const char *const words[SWEEP_AXES] = {
		[SWEEP_PHY] = "%s",
		[SWEEP_INTERVAL] = " %s ms",
		[SWEEP_CHUNK] = ", chunk %s",
		[SWEEP_MODE] = ", %s",
		[SWEEP_WINDOW] = ", window %s",
		[SWEEP_ACK] = ", ack %s",
		[SWEEP_PACING] = ", pacing %s us",
	};
	char value[SETTING_TEXT_MAX];
	size_t len = 0;
	int n;

	buf[0] = '\0';
	for (enum sweep_axis a = 0; a < SWEEP_AXES && len < size; a++) {
		const int32_t v = s->axes[a].value[point->at[a]];

		if (a >= SWEEP_CHUNK && v == (a == SWEEP_PACING ? 0 : PROFILE_AUTO))
			continue;
		(void)sweep_value_text(s, a, point->at[a], value, sizeof(value));
		/* The formats are this table's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		n = snprintf(buf + len, size - len, words[a], value);
#pragma GCC diagnostic pop
		len += n > 0 ? (size_t)n : 0;
	}
	return buf;
}

/* --- names */

static const char *const objectives[SWEEP_OBJECTIVES] = {
	[SWEEP_FASTEST] = "fastest",
	[SWEEP_NO_GAPS] = "no-gaps",
	[SWEEP_SMALL_WINDOW] = "small-window",
};

const char *sweep_objective_name(enum sweep_objective objective)
{
	return objectives[objective];
}

bool sweep_objective_of(const char *name, enum sweep_objective *ret)
{
	for (enum sweep_objective o = 0; o < SWEEP_OBJECTIVES; o++) {
		if (strcmp(name, objectives[o]) != 0)
			continue;
		*ret = o;
		return true;
	}
	return false;
}

const char *sweep_stage_name(enum sweep_stage stage)
{
	static const char *const names[SWEEP_STAGES] = {
		[SWEEP_STAGE_FIRST] = "first",	     [SWEEP_STAGE_LINKS] = "links",
		[SWEEP_STAGE_SETTINGS] = "settings", [SWEEP_STAGE_OBJECTIVE] = "objective",
		[SWEEP_STAGE_SURE] = "sure",
	};

	return names[stage];
}
