/* SPDX-License-Identifier: Apache-2.0 */
/* The change that helps most, and what link and flash can carry. */
#include "explain/limit_priv.h"

#include <stdio.h>

#define US 1000000ull
#define BLOCK 65536u
#define CHANCE_PPM 80000u /* a change that gains less is not advised where chance decides */

const uint16_t limit_intervals[LIMIT_INTERVALS] = {6, 8, 12, 16, 24}; /* 1.25 ms */

static const uint32_t windows[] = {1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072};

static struct predict best_window(const struct judge *j)
{
	struct predict best = j->now, p, by_auto;
	uint64_t least = j->now_us, us;

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		p = j->now;
		/* A profile has none below the interval between acknowledgements that it asks for. */
		if (!j->in->ack_auto && windows[i] < j->now.ack_interval)
			continue;
		p.window = windows[i];
		by_auto = limit_settled(j, &p);
		us = limit_played(j, &by_auto);
		if (us > 0 && us < least - least / 64u) {
			least = us;
			best = p;
		}
	}
	return best;
}

/* --- the change */

/* Lost packets and values come by chance, and so does the time of one run. */
static bool by_chance(const struct judge *j)
{
	return j->now.loss_ppm > 0 || j->now.drop_ppm > 0;
}

static void offer(struct judge *j, const struct predict *changed, const char *format,
		  unsigned int value, unsigned int hundredths)
{
	const struct predict p = limit_settled(j, changed);
	const uint32_t share = limit_gain(j, changed);
	const uint64_t after = j->in->seconds_us - j->in->seconds_us * share / PPM;
	const uint64_t most = (uint64_t)airtime_ceiling(&p.link, p.value, p.request) *
			      (uint32_t)(p.value - p.header) / p.value;
	uint32_t rate = (uint32_t)((uint64_t)j->in->bytes * US / after);

	/* A measured rate may owe to chance: more than the air carries is not promised. */
	if (rate > most)
		rate = (uint32_t)most;
	if (share < (by_chance(j) ? CHANCE_PPM : WORTH_PPM) || rate <= j->ret->predicted)
		return;
	j->ret->predicted = rate;
	(void)snprintf(j->ret->change, sizeof(j->ret->change), format, value, hundredths);
}

static void offer_link(struct judge *j)
{
	const struct limit_input *in = j->in;
	struct predict p = j->interval;

	if (in->may_interval)
		offer(j, &p, "connection_interval_ms=%u.%02u", p.link.interval_us / 1000u,
		      p.link.interval_us % 1000u / 10u);
	p = j->now;
	p.link.phy = OTA_PHY_2M;
	if (in->may_phy && in->device_2m && j->now.link.phy == OTA_PHY_1M)
		offer(j, &p, "phy=2M", 0, 0);
	p = j->now;
	p.link.data_length = 251;
	if (in->may_data_length)
		offer(j, &p, "data_length=251", 0, 0);
	p = j->now;
	limit_best_value(&p, OTA_VALUE_MAX + OTA_ATT_HEADER);
	if (in->may_mtu)
		offer(j, &p, "mtu_max=517", 0, 0);
}

static void offer_settings(struct judge *j)
{
	struct predict p = j->now;

	limit_best_value(&p, j->in->mtu);
	offer(j, &p, "chunk=%u", p.value, 0);
	p = j->now;
	p.ack_interval = limit_least_ack(j, &p);
	offer(j, &p, "ack_interval=%u", p.ack_interval, 0);
	p = j->now;
	p.window = 1u << 20;
	if (j->now.drop_ppm > 0 || limit_gain(j, &p) >= WORTH_PPM)
		p = best_window(j);
	if (p.window < 1u << 20)
		offer(j, &p, "window=%u", p.window, 0);
	p = j->now;
	p.pacing_us = 0;
	if (j->now.header > 0) /* else only time keeps the device from running over */
		offer(j, &p, "pacing_us=0", 0, 0);
	p = j->now;
	p.request = false;
	if (j->in->may_mode)
		offer(j, &p, "write_mode=command", 0, 0);
}

void limit_offer(struct judge *j)
{
	offer_link(j);
	offer_settings(j);
}

/* --- ceilings */

uint32_t limit_rate(uint64_t bytes, uint64_t us)
{
	return us == 0 ? 0 : (uint32_t)((bytes * US + us / 2u) / us);
}

uint32_t limit_link_best(const struct limit_input *in)
{
	struct airtime_link link = in->now.link;
	uint32_t rate, best = 0;
	uint16_t value;

	if (link.phy == OTA_PHY_1M && in->device_2m && in->may_phy)
		link.phy = OTA_PHY_2M;
	if (in->may_data_length)
		link.data_length = 251;
	for (size_t i = 0; i <= LIMIT_INTERVALS; i++) {
		link.interval_us = i == 0 || !in->may_interval ? in->now.link.interval_us
							       : limit_intervals[i - 1] * 1250u;
		value = airtime_best_value(&link,
					   in->may_mtu ? OTA_VALUE_MAX + OTA_ATT_HEADER : in->mtu,
					   OTA_VALUE_MAX, in->now.header, false);
		rate = airtime_ceiling(&link, value, false);
		if (rate > best)
			best = rate;
	}
	return best;
}

void limit_ceilings(struct judge *j)
{
	const uint64_t flash_us = (uint64_t)j->now.erase_us + j->now.write_us + j->now.read_us;
	struct limit *r = j->ret;

	r->link_best = limit_link_best(j->in);
	/* A rate that was reached is possible. */
	if (r->link_best < r->goodput)
		r->link_best = r->goodput;
	r->erase_us = j->now.erase_us;
	r->write_us = j->now.write_us;
	r->flash = limit_rate(
		j->now.image > 0 ? (uint64_t)BLOCK * j->now.size / j->now.image : BLOCK, flash_us);
	r->possible = r->flash > 0 && r->flash < r->link_best ? r->flash : r->link_best;
}
