/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection events.  Each PDU is one event of the scheduler, at the moment when
 * its last bit has gone: what a host queues while the other side sends can so
 * still go out in the same connection event, as on the air.
 */
#include "air/link_priv.h"

static void down_done(void *ctx, uint64_t now_us);
static void up_done(void *ctx, uint64_t now_us);
static void event_close(struct link *link);

static void air_arm(struct link *link, void (*fn)(void *ctx, uint64_t now_us), uint64_t at_us)
{
	link->air_event.fn = fn;
	sched_at(link->sched, &link->air_event, at_us);
}

static uint32_t pdu_us(const struct link *link, uint16_t octets)
{
	return airtime_pdu_us(link->state.phy, octets, link->state.encrypted);
}

/* The side's next PDU: the unacknowledged one again, or a new one.  MD tells what is behind
 * it now (Vol 6 Part B 4.5.6), which may have come since it was sent first. */
static struct link_pdu pdu_choose(const struct link_side *side)
{
	struct link_pdu pdu = side->out;

	if (pdu.kind == LINK_PDU_NONE)
		pdu = link_queue_next(side);
	else
		pdu.md = link_queue_more(side, &pdu);
	if (side->role == LINK_CENTRAL && side->link->unprepared &&
	    side->out.kind == LINK_PDU_NONE && pdu.kind == LINK_PDU_DATA)
		pdu = (struct link_pdu){.kind = LINK_PDU_EMPTY};
	pdu.sn = side->sn;
	pdu.nesn = side->nesn;
	return pdu;
}

static void pdu_sent(struct link_side *side, const struct link_pdu *pdu)
{
	side->stats.sent++;
	if (side->out.kind != LINK_PDU_NONE)
		side->stats.repeated++;
	side->out = *pdu;
	if (pdu->kind != LINK_PDU_EMPTY)
		side->link->carried = true;
}

/* Always draws, so that one lost PDU more does not change which others are lost. */
static bool pdu_lost(struct link_side *from)
{
	return rng_chance(&from->rng, from->config.loss_ppm) || from->link->silent;
}

/* A central begins a pair only when the shortest answer would end before the next anchor. */
static void pair_begin(struct link *link, uint64_t at_us)
{
	struct link_side *central = &link->sides[LINK_CENTRAL];
	struct link_pdu pdu = pdu_choose(central);
	const uint32_t down_us = pdu_us(link, pdu.len);
	const uint32_t early_us = central->config.late ? AIRTIME_LATE_END_US : 0;

	if (at_us + down_us + pdu_us(link, 0) + 2u * AIRTIME_T_IFS_US + early_us >
	    link->next_anchor_us) {
		event_close(link);
		return;
	}
	pdu_sent(central, &pdu);
	air_arm(link, down_done, at_us + down_us);
}

void link_air_anchor(void *ctx, uint64_t now_us)
{
	struct link *link = ctx;

	link->event_counter++;
	link->anchor_us = now_us;
	link_ll_instant(link);
	link->next_anchor_us = now_us + link->interval_us;
	link->event_open = true;
	link->carried = false;
	link->unprepared = link->sides[LINK_CENTRAL].config.late && link->data_us > 0 &&
			   link->data_us + AIRTIME_LATE_PREPARE_US > now_us;
	link->listening = link->event_counter >= link->listen_event && !link->deaf;
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		link->sides[i].heard = false;
		link->sides[i].stats.events++;
	}
	pair_begin(link, now_us);
}

/* Vol 6 Part B 4.5.9.  Host callbacks run in here and may make either side leave. */
static void pdu_received(struct link_side *side, const struct link_pdu *pdu)
{
	struct link_side *peer = link_peer(side);
	struct link_ctrl ctrl;
	bool room = true;

	side->heard = true;
	side->established = true;
	side->heard_us = sched_now(side->link->sched);
	sched_cancel(side->link->sched, &side->timeout_event);
	if (pdu->nesn != side->sn) {
		side->sn = !side->sn;
		link_queue_acked(side);
	}
	if (side->gone || peer->gone)
		return;
	if (pdu->sn != side->nesn) {
		side->stats.duplicate++;
		return;
	}
	switch (pdu->kind) {
	case LINK_PDU_NONE:
	case LINK_PDU_EMPTY:
		break;
	case LINK_PDU_DATA:
		room = link_news_pdu(side, pdu, link_queue_bytes(peer));
		break;
	case LINK_PDU_CTRL:
		ctrl = peer->ctrl_out.ctrl[peer->ctrl_out.first];
		link_ll_received(side, &ctrl);
		break;
	}
	if (room)
		side->nesn = !side->nesn;
	else
		side->stats.refused++;
}

/*
 * The peripheral answers T_IFS later.  A PDU that would run into the next event waits for that; an
 * empty one with MD goes instead, unless it is a repetition, which may not change.
 */
static void link_air_answer(struct link *link, uint64_t now_us)
{
	struct link_side *peripheral = &link->sides[LINK_PERIPHERAL];
	struct link_pdu pdu = pdu_choose(peripheral);
	uint64_t at_us = now_us + AIRTIME_T_IFS_US;

	if (at_us + pdu_us(link, pdu.len) + AIRTIME_T_IFS_US > link->next_anchor_us) {
		if (peripheral->out.kind != LINK_PDU_NONE) {
			event_close(link);
			return;
		}
		pdu.kind = LINK_PDU_EMPTY;
		pdu.len = 0;
		pdu.md = true;
	}
	pdu_sent(peripheral, &pdu);
	air_arm(link, up_done, at_us + pdu_us(link, pdu.len));
}

static void down_done(void *ctx, uint64_t now_us)
{
	struct link *link = ctx;
	struct link_side *central = &link->sides[LINK_CENTRAL];
	struct link_side *peripheral = &link->sides[LINK_PERIPHERAL];
	bool lost = pdu_lost(central) || !link->listening || peripheral->gone;
	bool farewell = central->leaving;

	if (!lost) {
		pdu_received(peripheral, &central->out);
		lost = peripheral->gone;
	}
	if (farewell && !central->gone)
		link_side_leave(central, central->reason);
	if (!link->event_open)
		return;
	if (lost)
		event_close(link);
	else
		link_air_answer(link, now_us);
}

static void up_done(void *ctx, uint64_t now_us)
{
	struct link *link = ctx;
	struct link_side *central = &link->sides[LINK_CENTRAL];
	struct link_side *peripheral = &link->sides[LINK_PERIPHERAL];
	bool lost = pdu_lost(peripheral) || peripheral->gone;
	bool more = central->out.md || peripheral->out.md;

	if (central->out.kind == LINK_PDU_DATA)
		link->data_us = now_us + AIRTIME_T_IFS_US;
	if (!lost)
		pdu_received(central, &peripheral->out);
	if (peripheral->leaving && !peripheral->gone)
		link_side_leave(peripheral, peripheral->reason);
	if (!link->event_open)
		return;
	/* A termination is acknowledged at once where there is time for it. */
	if (lost || !(more || central->leaving))
		event_close(link);
	else
		pair_begin(link, now_us + AIRTIME_T_IFS_US);
}

/* Returns true if neither side has anything to send, and chance cannot change anything. */
static bool may_idle(const struct link *link)
{
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		const struct link_side *side = &link->sides[i];

		if (side->gone || side->leaving || side->terminating || !side->heard ||
		    side->config.loss_ppm > 0 || !link_queue_empty(side) ||
		    side->out.kind == LINK_PDU_DATA || side->out.kind == LINK_PDU_CTRL)
			return false;
	}
	return !link->silent && !link->deaf && !link->running.active;
}

static void event_close(struct link *link)
{
	struct link_side *central = &link->sides[LINK_CENTRAL];
	struct link_side *peripheral = &link->sides[LINK_PERIPHERAL];

	link->event_open = false;
	if (!central->heard)
		link_watch(central);
	if (link->listening && !peripheral->heard)
		link_watch(peripheral);
	link_queue_give_back(central);
	link_queue_give_back(peripheral);
	link_ll_run(link);
	if (link->listening)
		link->listen_event = link->event_counter + 1u;
	if (peripheral->heard && !link->carried && link_queue_empty(peripheral) &&
	    !peripheral->leaving)
		link->listen_event += link->state.latency;
	if (central->gone)
		return;
	if (may_idle(link))
		link->idle = true;
	else
		air_arm(link, link_air_anchor, link->next_anchor_us);
}

/* Accounts for the idle events until now: both sides met at each that the peripheral attended. */
static void catch_up(struct link *link, uint64_t now_us)
{
	uint64_t passed = (now_us - link->anchor_us) / link->interval_us;
	uint64_t step = link->state.latency + 1u, met;

	link->event_counter += passed;
	link->anchor_us += passed * link->interval_us;
	link->next_anchor_us = link->anchor_us + link->interval_us;
	if (link->event_counter < link->listen_event)
		return;
	met = link->event_counter - (link->event_counter - link->listen_event) % step;
	link->listen_event = met + step;
	for (unsigned int i = 0; i < LINK_ROLES; i++)
		link->sides[i].heard_us =
			link->anchor_us - (link->event_counter - met) * link->interval_us;
}

void link_air_wake(struct link *link)
{
	uint64_t now_us = sched_now(link->sched);

	if (link->idle) {
		link->idle = false;
		catch_up(link, now_us);
		air_arm(link, link_air_anchor, link->next_anchor_us);
	}
	if (!link_queue_empty(&link->sides[LINK_PERIPHERAL]) &&
	    link->listen_event > link->event_counter + 1u)
		link->listen_event = link->event_counter + 1u;
}
