/* SPDX-License-Identifier: Apache-2.0 */
/* See sweep_state.h. */
#include "sweep/sweep_state.h"

#include "ota/error.h"
#include "sweep/sweep_priv.h"

#include <stdio.h>
#include <string.h>

#define FORM 1 /* of the JSON; another one is another program's */
#define US_MAX 100000000000ll /* a day and more */

/* --- writing */

/* The list with the value, which it owns; NULL, and nothing is left of either: out of memory.
 * A state without one of its values would take the place of a good one. */
static json_t *with(json_t *list, json_t *value)
{
	if (list && json_array_append_new(list, value) == 0)
		return list;
	if (!list)
		json_decref(value);
	json_decref(list);
	return NULL;
}

static json_t *numbers(const int32_t *value, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < count; i++)
		list = with(list, json_integer(value[i]));
	return list;
}

static json_t *axes_to_json(const struct sweep *s)
{
	json_t *axes = json_object();

	for (int a = 0; axes && a < SWEEP_AXES; a++) {
		if (json_object_set_new(axes, profile_settings()[sweep_axis_key(a)].name,
					numbers(s->axes[a].value, s->axes[a].count)) == 0)
			continue;
		json_decref(axes);
		return NULL;
	}
	return axes;
}

static json_t *facts_to_json(const struct sweep_facts *f)
{
	return json_pack("{s:i,s:i,s:i,s:b,s:i,s:i,s:b,s:i,s:i,s:I,s:i,s:b}", "phy",
			 (int)f->link.phy, "data_length", f->link.data_length, "interval_us",
			 (int)f->link.interval_us, "encrypted", f->link.encrypted, "buffers",
			 f->link.buffers, "buffer_octets", f->link.buffer_octets, "refill",
			 f->link.refill, "mtu", f->mtu, "header", f->header, "ring",
			 (json_int_t)f->ring, "phys", f->phys, "acquire", f->acquire);
}

static json_t *sample_to_json(const struct sweep_sample *x)
{
	int32_t at[SWEEP_AXES];

	for (int a = 0; a < SWEEP_AXES; a++)
		at[a] = x->point.at[a];
	return json_pack("{s:i,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:b,s:b}", "stage", (int)x->stage, "at",
			 numbers(at, SWEEP_AXES), "bytes", (json_int_t)x->bytes, "send_us",
			 (json_int_t)x->send_us, "around_us", (json_int_t)x->around_us, "values",
			 (json_int_t)x->values, "gaps", (json_int_t)x->gaps, "window",
			 (json_int_t)x->window, "not_had", x->not_had, "phy_not_had",
			 x->phy_not_had);
}

json_t *sweep_to_json(const struct sweep *s)
{
	json_t *samples = json_array();

	for (size_t i = 0; samples && i < s->count; i++)
		samples = with(samples, sample_to_json(&s->samples[i]));
	return json_pack("{s:i,s:s,s:o,s:o,s:o}", "form", FORM, "objective",
			 sweep_objective_name(s->objective), "axes", axes_to_json(s), "facts",
			 s->facts_known ? facts_to_json(&s->facts) : json_null(), "samples",
			 samples);
}

/* --- reading */

struct reader {
	char *why;
	size_t size;
	bool bad;
};

static void bad(struct reader *r, const char *what)
{
	if (!r->bad)
		(void)snprintf(r->why, r->size, "%s is missing or out of range", what);
	r->bad = true;
}

static json_int_t number(struct reader *r, const json_t *from, const char *key, json_int_t least,
			 json_int_t most)
{
	const json_t *v = json_object_get(from, key);
	const json_int_t n = json_integer_value(v);

	if (json_is_integer(v) && n >= least && n <= most)
		return n;
	bad(r, key);
	return least;
}

static bool truth(struct reader *r, const json_t *from, const char *key)
{
	const json_t *v = json_object_get(from, key);

	if (!json_is_boolean(v))
		bad(r, key);
	return json_is_true(v);
}

/* A value that a profile may have. */
static bool value_ok(enum sweep_axis axis, json_int_t value)
{
	const struct setting *k = &profile_settings()[sweep_axis_key(axis)];
	const json_int_t scaled = value * (k->divisor > 0 ? k->divisor : 1);

	for (const struct setting_word *w = k->words; w && w->word; w++) {
		if (w->value == value)
			return true;
	}
	return k->kind == SETTING_NUMBER && value >= 0 && value <= INT32_MAX && scaled >= k->min &&
	       scaled <= k->max;
}

static void axes_from_json(struct reader *r, const json_t *from, struct sweep *s)
{
	for (enum sweep_axis a = 0; a < SWEEP_AXES; a++) {
		const char *name = profile_settings()[sweep_axis_key(a)].name;
		const json_t *list = json_object_get(from, name);
		const size_t count = json_array_size(list);

		if (count == 0 || count > SWEEP_VALUES) {
			bad(r, name);
			return;
		}
		for (size_t i = 0; i < count; i++) {
			const json_t *v = json_array_get(list, i);
			const json_int_t n = json_integer_value(v);

			if (!json_is_integer(v) || !value_ok(a, n)) {
				bad(r, name);
				return;
			}
			s->axes[a].value[i] = (int32_t)n;
		}
		s->axes[a].count = (uint8_t)count;
	}
}

static void facts_from_json(struct reader *r, const json_t *from, struct sweep *s)
{
	struct sweep_facts *f = &s->facts;

	f->link.phy = (enum ota_phy)number(r, from, "phy", OTA_PHY_1M, OTA_PHY_2M);
	f->link.data_length = (uint16_t)number(r, from, "data_length", 27, 251);
	f->link.interval_us = (uint32_t)number(r, from, "interval_us", 7500, 4000000);
	f->link.encrypted = truth(r, from, "encrypted");
	f->link.buffers = (uint16_t)number(r, from, "buffers", 0, UINT16_MAX);
	f->link.buffer_octets = (uint16_t)number(r, from, "buffer_octets", 0, UINT16_MAX);
	f->link.refill = truth(r, from, "refill");
	f->mtu = (uint16_t)number(r, from, "mtu", OTA_ATT_MTU_MIN, 517);
	f->header = (uint16_t)number(r, from, "header", 0, 16);
	f->ring = (uint32_t)number(r, from, "ring", 0, UINT32_MAX);
	f->phys = (uint8_t)number(r, from, "phys", 0, UINT8_MAX);
	f->acquire = truth(r, from, "acquire");
	s->facts_known = !r->bad;
}

static struct sweep_sample sample_from_json(struct reader *r, const json_t *from)
{
	const json_t *at = json_object_get(from, "at");
	struct sweep_sample x = {
		.stage = (enum sweep_stage)number(r, from, "stage", 0, SWEEP_STAGES - 1),
		.bytes = (uint32_t)number(r, from, "bytes", 0, UINT32_MAX),
		.send_us = (uint64_t)number(r, from, "send_us", 0, US_MAX),
		.around_us = (uint64_t)number(r, from, "around_us", 0, US_MAX),
		.values = (uint32_t)number(r, from, "values", 0, UINT32_MAX),
		.gaps = (uint32_t)number(r, from, "gaps", 0, UINT32_MAX),
		.window = (uint32_t)number(r, from, "window", 0, UINT32_MAX),
		.not_had = truth(r, from, "not_had"),
		.phy_not_had = truth(r, from, "phy_not_had"),
	};

	if (json_array_size(at) != SWEEP_AXES)
		bad(r, "at");
	for (size_t a = 0; a < SWEEP_AXES && !r->bad; a++) {
		const json_t *v = json_array_get(at, a);
		const json_int_t n = json_integer_value(v);

		if (!json_is_integer(v) || n < 0 || n >= (json_int_t)SWEEP_VALUES)
			bad(r, "at");
		else
			x.point.at[a] = (uint8_t)n;
	}
	if (x.bytes > 0 && x.send_us == 0)
		bad(r, "send_us");
	return x;
}

static void samples_from_json(struct reader *r, const json_t *from, struct sweep *s)
{
	const size_t count = json_array_size(from);

	if (!json_is_array(from) || count > SWEEP_SAMPLES || (count > 0 && !s->facts_known))
		bad(r, "samples");
	for (size_t i = 0; i < count && !r->bad; i++) {
		const struct sweep_sample x = sample_from_json(r, json_array_get(from, i));

		if (!r->bad && sweep_add(s, &x) < 0)
			bad(r, "at");
	}
}

int sweep_from_json(const json_t *from, struct sweep *ret, char *why, size_t size)
{
	struct reader r = {.why = why, .size = size};
	const char *objective = json_string_value(json_object_get(from, "objective"));
	const json_t *facts = json_object_get(from, "facts");
	struct sweep s;

	memset(&s, 0, sizeof(s));
	(void)number(&r, from, "form", FORM, FORM);
	if (!objective || !sweep_objective_of(objective, &s.objective))
		bad(&r, "objective");
	axes_from_json(&r, json_object_get(from, "axes"), &s);
	if (!r.bad && !json_is_null(facts))
		facts_from_json(&r, facts, &s);
	if (!r.bad)
		samples_from_json(&r, json_object_get(from, "samples"), &s);
	if (r.bad)
		return -OTA_EBADMSG;
	*ret = s;
	return 0;
}
