/* SPDX-License-Identifier: Apache-2.0 */
/* The changes between two runs: see history_changes(). */
#include "history/history_trend.h"

#include "history/history_priv.h"
#include "host/pdu_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SIGNAL_DB 6 /* less than twice the power is how one stands in the room */

struct changes {
	struct history_changed *at;
	size_t count;
};

/* "" is not known, and is no change. */
static void add(struct changes *c, const char *what, const char *from, const char *to)
{
	struct history_changed *change = &c->at[c->count];

	if (from[0] == '\0' || to[0] == '\0' || strcmp(from, to) == 0 ||
	    c->count == HISTORY_CHANGED_MAX)
		return;
	(void)snprintf(change->what, sizeof(change->what), "%.47s", what);
	(void)snprintf(change->from, sizeof(change->from), "%.63s", from);
	(void)snprintf(change->to, sizeof(change->to), "%.63s", to);
	c->count++;
}

static void add_number(struct changes *c, const char *what, uint32_t from, uint32_t to,
		       const char *unit)
{
	char a[32], b[32];

	(void)snprintf(a, sizeof(a), "%" PRIu32 "%s", from, unit);
	(void)snprintf(b, sizeof(b), "%" PRIu32 "%s", to, unit);
	add(c, what, a, b);
}

#define SIM_OPTION "--sim="

/* Returns true if text, "a=1,b=2", has this item. */
static bool has_item(const char *text, const char *item, size_t len)
{
	while (*text != '\0') {
		const size_t own = strcspn(text, ",");

		if (own == len && strncmp(text, item, len) == 0)
			return true;
		text += own + (text[own] == ',');
	}
	return false;
}

/* The items of text that other does not have; a seed makes another run of the same world. */
static void own_items(const char *text, const char *other, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	while (*text != '\0' && used < size) {
		const size_t len = strcspn(text, ",");

		if (!has_item(other, text, len) && strncmp(text, "seed=", 5) != 0)
			used += (size_t)snprintf(buf + used, size - used, "%s%.*s",
						 used > 0 ? "," : "", (int)len, text);
		text += len + (text[len] == ',');
	}
}

static void add_simulation(struct changes *c, const char *from, const char *to)
{
	char was[HISTORY_CHANGED_TEXT], is[HISTORY_CHANGED_TEXT];
	const size_t lead = strlen(SIM_OPTION);

	if (strncmp(from, SIM_OPTION, lead) != 0 || strncmp(to, SIM_OPTION, lead) != 0)
		return;
	own_items(from + lead, to + lead, was, sizeof(was));
	own_items(to + lead, from + lead, is, sizeof(is));
	/* A key that was not given is at the simulator's own choice. */
	add(c, "simulation",
	    was[0] != '\0'  ? was
	    : is[0] != '\0' ? "the default"
			    : "",
	    is[0] != '\0' ? is : "the default");
}

static void add_world(struct changes *c, const struct history_run *a, const struct history_run *b)
{
	if (b->result.virtual_clock) {
		add_simulation(c, a->options, b->options);
		return;
	}
	add(c, "kernel", a->kernel, b->kernel);
	add(c, "bluetoothd", a->bluetoothd, b->bluetoothd);
	add(c, "adapter", a->adapter, b->adapter);
	add(c, "adapter maker", a->maker, b->maker);
	add(c, "adapter firmware", a->firmware, b->firmware);
}

static void add_settings(struct changes *c, const struct history_detail *a,
			 const struct history_detail *b)
{
	char what[sizeof(a->keys[0].name) + 16];

	for (size_t i = 0; i < b->key_count; i++) {
		const struct history_key *now = &b->keys[i], *was = history_find_key(a, now->name);

		if (!was || strcmp(now->name, "description") == 0)
			continue;
		(void)snprintf(what, sizeof(what), "setting %s", now->name);
		add(c, what, was->asked, now->asked);
	}
}

static void interval_text(uint32_t us, char *buf, size_t size)
{
	(void)snprintf(buf, size, "%g ms", us / 1000.0);
}

static void add_link(struct changes *c, const struct job_result *a, const struct job_result *b)
{
	char was[24], is[24];

	if (!a->link_known || !b->link_known)
		return;
	add(c, "PHY", pdu_text_phy((uint8_t)a->link.phy), pdu_text_phy((uint8_t)b->link.phy));
	interval_text(a->link.interval_us, was, sizeof(was));
	interval_text(b->link.interval_us, is, sizeof(is));
	add(c, "connection interval", was, is);
	add_number(c, "ATT MTU", a->mtu, b->mtu, "");
	add_number(c, "data length", a->link.data_length, b->link.data_length, "");
	add_number(c, "chunk in force", a->chunk, b->chunk, "");
}

static void add_effects(struct changes *c, const struct history_run *a, const struct history_run *b)
{
	const struct job_result *x = &a->result, *y = &b->result;
	char was[24], is[24];

	if (a->rssi_median != 127 && b->rssi_median != 127 &&
	    abs(a->rssi_median - b->rssi_median) >= SIGNAL_DB) {
		(void)snprintf(was, sizeof(was), "%d dBm", a->rssi_median);
		(void)snprintf(is, sizeof(is), "%d dBm", b->rssi_median);
		add(c, "signal", was, is);
	}
	add_link(c, x, y);
	if (x->limit.cause != LIMIT_NONE && y->limit.cause != LIMIT_NONE)
		add(c, "limited by", limit_cause_name(x->limit.cause),
		    limit_cause_name(y->limit.cause));
	add_number(c, "gaps", x->gaps, y->gaps, "");
	add_number(c, "retries", x->retries, y->retries, "");
	add_number(c, "stalls", x->stalls, y->stalls, "");
}

/* Half as large or twice: what passes around the transfer is another part of it. */
static void add_image(struct changes *c, const struct history_run *a, const struct history_run *b)
{
	if (a->size / 2 > b->size || b->size / 2 > a->size)
		add_number(c, "image size", a->size, b->size, " bytes");
}

size_t history_changes(const struct history_detail *before, const struct history_detail *now,
		       struct history_changed ret[HISTORY_CHANGED_MAX])
{
	const struct history_run *a = &before->run, *b = &now->run;
	struct changes c = {.at = ret};

	add_world(&c, a, b);
	add(&c, "device firmware", a->device_version, b->device_version);
	add_settings(&c, before, now);
	add_image(&c, a, b);
	add_effects(&c, a, b);
	return c.count;
}
