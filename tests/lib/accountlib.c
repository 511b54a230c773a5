/* SPDX-License-Identifier: Apache-2.0 */
/* See accountlib.h. */
#include "accountlib.h"

#include "core/session.h"
#include "host/job_priv.h"

#define IDLE BUDGET_TRANSFER_SHARES

static const struct link_side *central(const struct account *a)
{
	return &a->sim->link->sides[LINK_CENTRAL];
}

static const struct link_side *peripheral(const struct account *a)
{
	return &a->sim->link->sides[LINK_PERIPHERAL];
}

static enum budget_share device_share(const struct account *a)
{
	switch (a->esp->board->activity) {
	case BOARD_ERASING:
		return BUDGET_ERASE;
	case BOARD_PROGRAMMING:
		return BUDGET_PROGRAM;
	case BOARD_READING:
		return BUDGET_READ;
	case BOARD_IDLE:
		break;
	}
	return BUDGET_TASK;
}

static bool is_device(enum budget_share share)
{
	return share >= BUDGET_ERASE && share <= BUDGET_TASK;
}

/* Something is there for the program; but only pacing waits for an alarm. */
static bool waits_for_turn(const struct account *a, enum session_hindrance h)
{
	const unsigned int alarms = a->sim->waiting_alarms;

	return a->sim->waiting_count > (h == SESSION_HINDERED_PACING ? 0 : alarms);
}

/* Why there is nothing on the air. */
static enum budget_share idle_share(const struct account *a)
{
	const enum session_hindrance h = session_hindrance(&a->job->session);

	if (a->sim->link->silent)
		return BUDGET_DOWN;
	if (waits_for_turn(a, h))
		return BUDGET_HOST;
	if (h == SESSION_HINDERED_CREDIT)
		return device_share(a);
	if (a->esp->held && h != SESSION_HINDERED_PACING && h != SESSION_HINDERED_STACK)
		return device_share(a);
	switch (h) {
	case SESSION_HINDERED_NOT:
		return BUDGET_HOST;
	case SESSION_HINDERED_STACK:
		return BUDGET_STACK;
	case SESSION_HINDERED_RESPONSE:
		return BUDGET_RESPONSE;
	case SESSION_HINDERED_PACING:
		return BUDGET_PACING;
	case SESSION_HINDERED_WINDOW:
		return BUDGET_WINDOW;
	case SESSION_HINDERED_CREDIT:
	case SESSION_HINDERED_END:
		break;
	}
	return BUDGET_END;
}

static bool has_data(const struct account *a)
{
	const struct link_side *c = central(a);

	return c->out.kind == LINK_PDU_DATA || c->buffers.len > 0 || c->host.len > 0;
}

/* The device takes nothing; but what is paced has time. */
static enum budget_share refused_share(const struct account *a)
{
	const enum session_hindrance h = session_hindrance(&a->job->session);

	if (waits_for_turn(a, h) && !a->esp->held)
		return BUDGET_HOST;
	if (h == SESSION_HINDERED_PACING)
		return BUDGET_PACING;
	return h == SESSION_HINDERED_STACK ? BUDGET_STACK : device_share(a);
}

/* The share that the rest of an event belongs to, until the next anchor. */
static enum budget_share rest_share(const struct account *a, enum budget_share last)
{
	const struct link *link = a->sim->link;
	const struct link_side *c = central(a);
	const uint64_t left = link->next_anchor_us - a->at_us;
	struct airtime_link air;
	uint64_t pair_us;

	if (!has_data(a))
		return IDLE;
	if (link->silent)
		return BUDGET_DOWN;
	if (is_device(last) || last == BUDGET_LOSS || last == BUDGET_PACING)
		return last;
	link_get_airtime(link, LINK_CENTRAL, &air);
	pair_us = airtime_pair_us(&air, airtime_fragment(&air), 0);
	/* Room for no packet more, or for none because of acknowledgements. */
	if (left < pair_us)
		return left + a->acks_us < pair_us ? BUDGET_AIR : BUDGET_ACK;
	if (air.buffers > 0 && !air.refill)
		return BUDGET_BUFFERS;
	/* The answer was lost, or data came when the adapter had said that it has none. */
	return c->out.kind == LINK_PDU_DATA ? BUDGET_LOSS : IDLE;
}

static void pair_ends(struct account *a)
{
	struct pair *p = &a->pair;
	enum budget_share share = a->idle == IDLE ? idle_share(a) : a->idle;

	if (!p->open)
		return;
	if (p->data && peripheral(a)->nesn != p->nesn) {
		share = BUDGET_AIR;
		a->octets += p->octets;
	} else if (p->data) {
		/* Packets lost while the device takes nothing anyway are not the air's. */
		const bool refused = peripheral(a)->stats.refused > p->refused ||
				     (a->esp->held && peripheral(a)->news_pdus >=
							      peripheral(a)->config.receive_pdus);

		share = a->sim->link->silent ? BUDGET_DOWN
			: refused	     ? refused_share(a)
					     : BUDGET_LOSS;
	}
	if (p->ack_us > p->us)
		p->ack_us = p->us;
	a->us[BUDGET_ACK] += p->ack_us;
	a->acks_us += p->ack_us;
	a->us[share] += p->us - p->ack_us;
	p->open = false;
	if (a->sim->link->event_open)
		return;
	a->rest = rest_share(a, share);
	if (a->rest == IDLE)
		a->idle = idle_share(a);
	a->acks_us = 0;
}

/* After a step: what the link does now. */
static void look(struct account *a)
{
	const struct link *link = a->sim->link;
	const struct link_side *c, *p;

	if (!link) {
		a->pair.open = false;
		return;
	}
	c = central(a);
	p = peripheral(a);
	if (c->stats.sent != a->sent[LINK_CENTRAL] || !link->event_open)
		pair_ends(a);
	if (c->stats.sent != a->sent[LINK_CENTRAL] && link->event_open)
		a->pair = (struct pair){
			.open = true,
			.data = c->out.kind == LINK_PDU_DATA,
			.nesn = p->nesn,
			.octets = c->out.len,
			.refused = p->stats.refused,
		};
	else if (p->stats.sent != a->sent[LINK_PERIPHERAL] && p->out.kind == LINK_PDU_DATA)
		a->pair.ack_us =
			airtime_pdu_us(link->state.phy, p->out.len, link->state.encrypted) -
			airtime_pdu_us(link->state.phy, 0, link->state.encrypted);
	a->sent[LINK_CENTRAL] = c->stats.sent;
	a->sent[LINK_PERIPHERAL] = p->stats.sent;
}

static bool in_transfer(const struct account *a)
{
	const struct session_stats *st = &a->job->session.stats;

	return a->job->session_begun && st->start_us > 0 && st->done_us == 0;
}

/* The time of a step, by what there was before it. */
static void spend(struct account *a, uint64_t us)
{
	enum session_state state = a->job->session.state;

	if (!in_transfer(a))
		return;
	if (state == SESSION_PREPARING) {
		a->us[BUDGET_START] += us;
	} else if (state == SESSION_VERIFYING) {
		a->us[a->esp->board->activity == BOARD_IDLE ? BUDGET_END : device_share(a)] += us;
	} else if (state != SESSION_SENDING || !a->sim->link) {
		a->us[BUDGET_DOWN] += us;
	} else if (a->pair.open) {
		a->pair.us += us;
		if (!a->pair.data)
			a->idle = idle_share(a);
	} else if (a->rest != IDLE) {
		a->us[a->rest] += us;
	} else {
		/* Data that comes behind an event waits for the next for the same reason. */
		if (!has_data(a) || a->idle == IDLE || (is_device(a->idle) && !a->esp->held))
			a->idle = idle_share(a);
		a->us[a->idle] += us;
	}
}

void account_steps(struct account *a)
{
	struct sched *sched = &a->sim->sched;
	enum session_state state;
	uint64_t next;

	a->rest = a->idle = IDLE;
	for (;;) {
		sim_wait(&a->sim->base);
		if (job_is_finished(a->job) || !sched_next(sched, &next))
			break;
		state = a->job->session.state;
		spend(a, next > a->at_us ? next - a->at_us : 0);
		a->at_us = next > a->at_us ? next : a->at_us;
		(void)sched_step(sched);
		if (a->job->session.state != state) {
			a->pair.open = false;
			a->rest = a->idle = IDLE;
		}
		look(a);
	}
}

/* DONE was lost with the link: what came after it was taken for a part of the transfer. */
static void ended_before(struct account *a, uint64_t seconds_us)
{
	static const enum budget_share late[] = {BUDGET_DOWN, BUDGET_END};
	uint64_t sum = 0, part;

	for (int i = 0; i < BUDGET_TRANSFER_SHARES; i++)
		sum += a->us[i];
	for (size_t i = 0; i < 2 && sum > seconds_us; i++) {
		part = sum - seconds_us < a->us[late[i]] ? sum - seconds_us : a->us[late[i]];
		a->us[late[i]] -= part;
		sum -= part;
	}
}

/* Bytes that went over the air for nothing are the gaps'. */
void account_end(struct account *a, const struct job_result *r)
{
	const uint64_t payload = (uint64_t)r->chunk - OTA_DATA_HEADER;
	const uint64_t useful = (uint64_t)r->bytes * (r->chunk + OTA_ATT_HEADER + 4u) / payload;
	uint64_t us;

	ended_before(a, r->seconds_us);
	if (r->gaps == 0 || a->octets <= useful)
		return;
	us = a->us[BUDGET_AIR] * (a->octets - useful) / a->octets;
	a->us[BUDGET_AIR] -= us;
	a->us[BUDGET_GAPS] += us;
}
