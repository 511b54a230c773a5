/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A modelled connection's life: made from a checked configuration, watched by
 * two supervision timers, left by each side for itself.
 */
#include "air/link_priv.h"

#include <stdlib.h>

#define INTERVAL_UNIT_US 1250u
#define TIMEOUT_UNIT_US 10000u
#define ESTABLISH_EVENTS 6u /* Vol 6 Part B 4.5.2 */
#define OCTETS_MIN 27u
#define OCTETS_MAX 251u
#define PHYS_MODELLED (OTA_PHYS_1M | OTA_PHYS_2M)
#define RSSI_STEP_US 250000u
#define RSSI_FLOOR (-127)
#define RSSI_CEILING 20 /* Vol 4 Part E 7.5.4 */

bool link_params_valid(const struct link_params *p)
{
	/* Vol 4 Part E 7.8.12; the timeout must outlast a sleep and one failure. */
	return p->interval_min >= 6 && p->interval_max <= 3200 &&
	       p->interval_min <= p->interval_max && p->latency <= 499 &&
	       p->supervision_timeout >= 10 && p->supervision_timeout <= 3200 &&
	       (uint64_t)p->supervision_timeout * TIMEOUT_UNIT_US >
		       2u * (1u + (uint64_t)p->latency) * p->interval_max * INTERVAL_UNIT_US;
}

static uint8_t phy_bit(enum ota_phy phy)
{
	switch (phy) {
	case OTA_PHY_1M:
		return OTA_PHYS_1M;
	case OTA_PHY_2M:
		return OTA_PHYS_2M;
	case OTA_PHY_CODED:
	case OTA_PHY_UNKNOWN:
		break;
	}
	return 0;
}

static bool config_valid(const struct link_config *config)
{
	if ((!config->unchecked && !link_params_valid(&config->params)) ||
	    config->data_length < OCTETS_MIN || config->data_length > OCTETS_MAX)
		return false;
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		const struct link_side_config *side = &config->sides[i];

		if ((side->buffer_octets > 0 && side->buffer_octets < OCTETS_MIN) ||
		    side->data_length < OCTETS_MIN || side->data_length > OCTETS_MAX ||
		    side->loss_ppm > 1000000u || !(side->phys & phy_bit(config->phy)) ||
		    side->phys & ~PHYS_MODELLED || side->prefer_phys & ~side->phys ||
		    side->rssi > RSSI_CEILING)
			return false;
	}
	return true;
}

static uint64_t link_timeout_us(const struct link_side *side)
{
	const struct link *link = side->link;

	if (!side->established)
		return (uint64_t)ESTABLISH_EVENTS * link->interval_us;
	return (uint64_t)link->state.supervision_timeout * TIMEOUT_UNIT_US;
}

void link_watch(struct link_side *side)
{
	if (!side->gone && !sched_armed(&side->timeout_event))
		sched_at(side->link->sched, &side->timeout_event,
			 side->heard_us + link_timeout_us(side));
}

static void link_timed_out(void *ctx, uint64_t now_us)
{
	struct link_side *side = ctx;

	(void)now_us;
	link_side_leave(side,
			side->established ? LINK_REASON_TIMEOUT : LINK_REASON_NOT_ESTABLISHED);
}

/* The peer never acknowledged the termination (Vol 6 Part B 5.1.6). */
static void terminate_timed_out(void *ctx, uint64_t now_us)
{
	(void)now_us;
	link_side_leave(ctx, LINK_REASON_LOCAL_HOST);
}

static void side_init(struct link *link, enum link_role role, const struct link_config *config)
{
	struct link_side *side = &link->sides[role];

	side->link = link;
	side->role = role;
	side->config = config->sides[role];
	side->phys = side->config.prefer_phys ? side->config.prefer_phys : side->config.phys;
	side->octets = side->config.data_length;
	side->heard_us = sched_now(link->sched) + config->first_anchor_us;
	side->rssi = side->config.rssi;
	side->rssi_us = sched_now(link->sched);
	side->news_event = (struct sched_event){.fn = link_news_run, .ctx = side};
	side->drop_event = (struct sched_event){.fn = link_news_drop, .ctx = side};
	side->timeout_event = (struct sched_event){.fn = link_timed_out, .ctx = side};
	side->terminate_event = (struct sched_event){.fn = terminate_timed_out, .ctx = side};
	rng_init(&side->rng, config->seed * 4u + role);
	rng_init(&side->rssi_rng, config->seed * 4u + 2u + role);
}

int link_create(struct sched *sched, const struct link_config *config, struct link **ret)
{
	struct link *link;

	if (!config_valid(config))
		return -OTA_EINVAL;
	link = calloc(1, sizeof(*link));
	if (!link)
		return -OTA_ENOMEM;
	link->sched = sched;
	link->state = (struct link_state){
		.interval = config->params.interval_max,
		.latency = config->params.latency,
		.supervision_timeout = config->params.supervision_timeout,
		.phy = config->phy,
		.data_length = config->data_length,
		.encrypted = config->encrypted,
	};
	link->interval_us = config->params.interval_max * INTERVAL_UNIT_US;
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		side_init(link, (enum link_role)i, config);
		if (link->state.data_length > config->sides[i].data_length)
			link->state.data_length = config->sides[i].data_length;
	}
	link->air_event = (struct sched_event){.fn = link_air_anchor, .ctx = link};
	sched_at(sched, &link->air_event, sched_now(sched) + config->first_anchor_us);
	*ret = link;
	return 0;
}

void link_destroy(struct link *link)
{
	if (!link)
		return;
	sched_cancel(link->sched, &link->air_event);
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		struct link_side *side = &link->sides[i];

		sched_cancel(link->sched, &side->news_event);
		sched_cancel(link->sched, &side->drop_event);
		sched_cancel(link->sched, &side->timeout_event);
		sched_cancel(link->sched, &side->terminate_event);
		fifo_finish(&side->host);
		fifo_finish(&side->buffers);
		fifo_finish(&side->news);
		free(side->frame);
	}
	free(link);
}

bool link_connected(const struct link *link, enum link_role role)
{
	return !link->sides[role].gone;
}

void link_side_leave(struct link_side *side, uint8_t reason)
{
	struct link *link = side->link;
	struct link_side *peripheral = &link->sides[LINK_PERIPHERAL];

	/* The call also brings heard_us up to date, from which the other side's timer counts. */
	link_air_wake(link);
	side->gone = true;
	sched_cancel(link->sched, &side->timeout_event);
	sched_cancel(link->sched, &side->terminate_event);
	if (reason)
		link_news_tell(side, LINK_NEWS_DISCONNECTED, 0, reason);
	if (side->role == LINK_CENTRAL) {
		/* No anchors any more. */
		link->event_open = false;
		sched_cancel(link->sched, &link->air_event);
		link_watch(peripheral);
	} else if (link->sides[LINK_CENTRAL].gone) {
		sched_cancel(link->sched, &link->air_event);
	}
}

int link_terminate(struct link *link, enum link_role role, uint8_t reason)
{
	struct link_side *side = &link->sides[role];

	if (side->gone)
		return -OTA_ENOTCONN;
	if (side->terminating || side->leaving)
		return 0;
	link_ll_terminate(side, reason);
	sched_at(link->sched, &side->terminate_event,
		 sched_now(link->sched) +
			 (uint64_t)link->state.supervision_timeout * TIMEOUT_UNIT_US);
	link_air_wake(link);
	return 0;
}

void link_vanish(struct link *link, enum link_role role)
{
	struct link_side *side = &link->sides[role];

	if (!side->gone)
		link_side_leave(side, 0);
	fifo_pop(&side->news, side->news.len);
	side->news_pdus = 0;
	sched_cancel(link->sched, &side->news_event);
	sched_cancel(link->sched, &side->drop_event);
}

void link_set_silent(struct link *link, bool on)
{
	link_air_wake(link);
	link->silent = on;
}

void link_set_loss(struct link *link, enum link_role role, uint32_t ppm)
{
	link_air_wake(link);
	link->sides[role].config.loss_ppm = ppm;
}

void link_set_buffers(struct link *link, enum link_role role, uint16_t count, uint16_t octets,
		      bool refill)
{
	struct link_side_config *config = &link->sides[role].config;

	link_air_wake(link);
	config->buffers = count;
	config->buffer_octets = octets;
	config->refill = refill;
}

int link_update_params(struct link *link, enum link_role role, const struct link_params *params)
{
	struct link_side *side = &link->sides[role];

	if (side->gone || side->terminating)
		return -OTA_ENOTCONN;
	if (!link_params_valid(params))
		return -OTA_EINVAL;
	side->want_params = *params;
	side->wanted |= 1u << LINK_PARAMS;
	link_air_wake(link);
	return 0;
}

int link_update_phy(struct link *link, enum link_role role, uint8_t phys)
{
	struct link_side *side = &link->sides[role];

	if (side->gone || side->terminating)
		return -OTA_ENOTCONN;
	if (!(phys & side->config.phys))
		return -OTA_EINVAL;
	side->want_phys = phys & side->config.phys;
	side->wanted |= 1u << LINK_PHY;
	link_air_wake(link);
	return 0;
}

int link_update_data_length(struct link *link, enum link_role role, uint16_t octets)
{
	struct link_side *side = &link->sides[role];

	if (side->gone || side->terminating)
		return -OTA_ENOTCONN;
	if (octets < OCTETS_MIN || octets > OCTETS_MAX)
		return -OTA_EINVAL;
	side->want_octets = octets < side->config.data_length ? octets : side->config.data_length;
	side->wanted |= 1u << LINK_DATA_LENGTH;
	link_air_wake(link);
	return 0;
}

int link_encrypt(struct link *link, const struct link_key *key)
{
	struct link_side *side = &link->sides[LINK_CENTRAL];

	if (side->gone || side->terminating)
		return -OTA_ENOTCONN;
	side->want_key = *key;
	side->wanted |= 1u << LINK_ENCRYPTION;
	link_air_wake(link);
	return 0;
}

/* One step of at most 1 dB, drawn back to the mean the more the further it strayed. */
static void rssi_step(struct link_side *side)
{
	int mean = side->config.rssi, spread = side->config.rssi_spread;
	int away = side->rssi - mean;
	int step = (int)rng_below(&side->rssi_rng, 3) - 1;

	if (rng_below(&side->rssi_rng, (uint64_t)spread + 1u) < (uint64_t)(away < 0 ? -away : away))
		step = away < 0 ? 1 : -1;
	side->rssi += step;
	if (side->rssi > mean + spread || side->rssi < mean - spread || side->rssi > RSSI_CEILING ||
	    side->rssi < RSSI_FLOOR)
		side->rssi -= step;
}

int8_t link_rssi(struct link *link, enum link_role role)
{
	struct link_side *side = &link->sides[role];
	uint64_t now_us = sched_now(link->sched);

	while (now_us - side->rssi_us >= RSSI_STEP_US) {
		side->rssi_us += RSSI_STEP_US;
		rssi_step(side);
	}
	return (int8_t)side->rssi;
}

void link_get_state(const struct link *link, struct link_state *ret)
{
	*ret = link->state;
}

void link_get_airtime(const struct link *link, enum link_role role, struct airtime_link *ret)
{
	const struct link_side_config *config = &link->sides[role].config;

	*ret = (struct airtime_link){
		.phy = link->state.phy,
		.data_length = link->state.data_length,
		.interval_us = link->interval_us,
		.encrypted = link->state.encrypted,
		.buffers = config->buffers,
		.buffer_octets = config->buffer_octets,
		.refill = config->refill,
	};
}

void link_get_stats(const struct link *link, enum link_role role, struct link_stats *ret)
{
	*ret = link->sides[role].stats;
}
