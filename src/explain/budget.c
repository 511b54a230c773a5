/* SPDX-License-Identifier: Apache-2.0 */
/* See budget.h. */
#include "explain/budget_priv.h"

#include <string.h>

#define US 1000000ull
/* An acknowledgement is at most so old: made in one event, sent in the next, and heard. */
#define ACK_LATE_US 2000u
/* L2CAP and ATT headers, and most bytes of a notification. */
#define NOTIFY_OCTETS (4u + OTA_ATT_HEADER + 13u)
#define L2CAP_HEADER 4u
#define LATE_LEAST_US 2000u /* less is usual on any computer */

void budget_init(struct budget *b, uint64_t now_us)
{
	memset(b, 0, sizeof(*b));
	b->at_us = now_us;
	b->last.phase = BUDGET_CONNECT;
}

static uint32_t packets(const struct airtime_link *link, uint16_t value)
{
	const uint32_t fragment = airtime_fragment(link);

	return ((uint32_t)value + OTA_ATT_HEADER + L2CAP_HEADER + fragment - 1u) / fragment;
}

/* A value alone on the air: its packets, each with its answer. */
static uint64_t value_us(const struct airtime_link *link, uint16_t value)
{
	const uint32_t fragment = airtime_fragment(link);
	const uint32_t octets = (uint32_t)value + OTA_ATT_HEADER + L2CAP_HEADER;
	uint64_t us = (uint64_t)(octets / fragment) * airtime_pair_us(link, (uint16_t)fragment, 0);

	if (octets % fragment > 0)
		us += airtime_pair_us(link, (uint16_t)(octets % fragment), 0);
	return us;
}

void budget_link(struct budget *b, const struct airtime_link *link, uint16_t value, uint16_t header,
		 bool request, uint16_t held_pdus)
{
	struct airtime_link whole = *link;

	if (value <= header)
		return;
	whole.buffers = 0;
	whole.refill = true;
	whole.late = false;
	/* With requests the air carries one value and is idle until the response. */
	b->request = request;
	if (request) {
		b->rate = b->free_rate = (uint32_t)((value - header) * US / value_us(link, value));
	} else {
		b->rate = (uint32_t)((uint64_t)airtime_ceiling(link, value, false) *
				     (uint32_t)(value - header) / value);
		b->free_rate = (uint32_t)((uint64_t)airtime_ceiling(&whole, value, false) *
					  (uint32_t)(value - header) / value);
	}
	b->link = *link;
	b->value_us = value_us(link, value);
	b->interval_us = link->interval_us;
	b->stands_still = held_pdus > 0;
	/* Short values fill a buffer each, too. */
	b->held_us = held_pdus * b->value_us / packets(link, value);
	b->notify_us = airtime_pdu_us(link->phy, NOTIFY_OCTETS, link->encrypted) -
		       airtime_pdu_us(link->phy, 0, link->encrypted);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* --- time goes to a share */

static uint64_t overlap(const struct budget *b, uint64_t from, uint64_t to)
{
	if (b->start_us == 0)
		return 0;
	if (from < b->start_us)
		from = b->start_us;
	if (b->done_us > 0 && to > b->done_us)
		to = b->done_us;
	return to > from ? to - from : 0;
}

/* Names of the phases around sending, inside of the transfer. */
static enum budget_share inside(enum budget_share share)
{
	if (share < BUDGET_TRANSFER_SHARES)
		return share;
	return share == BUDGET_REBOOT || share == BUDGET_CONFIRM ? BUDGET_END : BUDGET_DOWN;
}

static void spend(struct budget *b, enum budget_share share, uint64_t from, uint64_t to)
{
	const uint64_t in = overlap(b, from, to);

	b->run[inside(share)] += in;
	b->transfer[inside(share)] += in;
	b->run[share] += to - from - in;
}

static void move(struct budget *b, enum budget_share from, enum budget_share to, uint64_t us)
{
	if (us > b->transfer[from])
		us = b->transfer[from];
	b->run[from] -= us;
	b->transfer[from] -= us;
	b->run[to] += us;
	b->transfer[to] += us;
}

static uint64_t bytes_us(const struct budget *b, uint64_t bytes)
{
	return b->rate == 0 ? 0 : bytes * US / b->rate;
}

/* --- while sending */

static enum budget_share wait_share(enum budget_wait wait)
{
	switch (wait) {
	case BUDGET_WAIT_NONE:
		return BUDGET_HOST;
	case BUDGET_WAIT_STACK:
		return BUDGET_STACK;
	case BUDGET_WAIT_RESPONSE:
		return BUDGET_RESPONSE;
	case BUDGET_WAIT_PACING:
		return BUDGET_PACING;
	case BUDGET_WAIT_WINDOW:
		return BUDGET_WINDOW;
	case BUDGET_WAIT_CREDIT:
		return BUDGET_PROGRAM;
	case BUDGET_WAIT_LAST:
	case BUDGET_WAITS:
		break;
	}
	return BUDGET_END;
}

static enum budget_share idle_share(const struct budget *b, enum budget_wait wait)
{
	bool device = wait == BUDGET_WAIT_CREDIT;

	/* Answers come from code that stands still, too. */
	device |= b->stands_still && (wait == BUDGET_WAIT_RESPONSE || wait == BUDGET_WAIT_WINDOW ||
				      wait == BUDGET_WAIT_LAST);
	return device && b->erase_from > 0 ? BUDGET_ERASE : wait_share(wait);
}

/* An erase that was announced is over when it has taken as long as the ones before it; a device
 * that stands still says so by what comes next. */
static uint64_t erase_end(const struct budget *b)
{
	uint64_t us;

	if (b->stands_still || b->erase_ms == 0)
		return UINT64_MAX;
	/* The erase had begun when its announcement was heard. */
	us = b->erase_ms * 1000ull;
	return b->erase_from + us - least(us, b->interval_us);
}

static void spend_idle(struct budget *b, enum budget_share share, uint64_t from, uint64_t to)
{
	spend(b, share, from, to);
	if (share == BUDGET_PROGRAM)
		b->full_us += to - from;
	if (share == BUDGET_END)
		b->last_us += to - from;
	if (share == BUDGET_ERASE) {
		b->full_erase_us += to - from;
		b->idle_erase_us += to - from;
		b->waited_erase_us += to - from;
	} else {
		b->idle_us[b->last.wait] += to - from;
		b->waited_us += to - from;
	}
}

/* The air carries what there is, the stale part first; then it is idle. */
static void send_span(struct budget *b, uint64_t to)
{
	const uint64_t span = to - b->at_us, at = b->at_us;
	const uint64_t busy_us = least(bytes_us(b, b->backlog), span);
	const uint64_t stale_us = least(bytes_us(b, b->stale), busy_us);
	const enum budget_share idle = idle_share(b, b->last.wait);
	uint64_t end;

	spend(b, BUDGET_GAPS, at, at + stale_us);
	if (busy_us > stale_us)
		spend(b, BUDGET_AIR, at + stale_us, at + busy_us);
	if (idle == BUDGET_ERASE && erase_end(b) < to) {
		end = erase_end(b) > at + busy_us ? erase_end(b) : at + busy_us;
		spend_idle(b, BUDGET_ERASE, at + busy_us, end);
		spend_idle(b, wait_share(b->last.wait), end, to);
	} else {
		spend_idle(b, idle, at + busy_us, to);
	}
	b->carried_us += busy_us - least(stale_us, busy_us);
	if (busy_us < span) {
		b->backlog = b->stale = 0;
		return;
	}
	b->backlog -= least(span * b->rate / US, b->backlog);
	b->stale -= least(span * b->rate / US, b->stale);
}

static void less(uint64_t *us, uint64_t by)
{
	*us -= least(*us, by);
}

/*
 * The event that ended a wait was there before, and waited for this program's turn.  An event that
 * ends nothing was late as well, and cost nothing.
 */
static void late_turn(struct budget *b, const struct budget_view *v)
{
	const enum budget_wait wait = b->last.wait;
	uint64_t us, erase_us;

	if (b->last.phase != BUDGET_AIR ||
	    (v->sent == b->last.sent && v->wait == wait && v->phase == BUDGET_AIR))
		return;
	us = least(b->late_us, b->waited_us);
	erase_us = least(b->late_us - us, b->waited_erase_us);
	b->waited_us = b->waited_erase_us = 0;
	move(b, wait_share(wait), BUDGET_HOST, us);
	less(&b->idle_us[wait], us);
	if (wait == BUDGET_WAIT_CREDIT)
		less(&b->full_us, us);
	if (wait == BUDGET_WAIT_LAST)
		less(&b->last_us, us);
	move(b, BUDGET_ERASE, BUDGET_HOST, erase_us);
	less(&b->idle_erase_us, erase_us);
	less(&b->full_erase_us, erase_us);
}

/* The time of an epoch in which nothing was carried although something was there. */
static void was_slow(struct budget *b, uint64_t us)
{
	const bool erase = b->erase_seen && b->stands_still;
	const enum budget_share to = erase ? BUDGET_ERASE : BUDGET_LOSS;
	uint64_t *slow = erase ? &b->slow_erase_us : &b->slow_us;
	uint64_t part;

	/* The time that was taken for idle was not: there was something to carry. */
	for (unsigned int w = 0; w < BUDGET_WAITS; w++) {
		const enum budget_share idle = wait_share((enum budget_wait)w);

		if (w == BUDGET_WAIT_CREDIT || idle == to)
			continue;
		part = least(b->idle_us[w], us);
		move(b, idle, to, part);
		*slow += part;
		us -= part;
	}
	part = least(b->carried_us, us);
	move(b, BUDGET_AIR, to, part);
	*slow += part;
}

static void acknowledged(struct budget *b, const struct budget_view *v)
{
	const uint64_t way = v->queued - v->received;
	const uint64_t late = (uint64_t)b->rate * (b->interval_us + ACK_LATE_US + b->late_us) / US;
	uint64_t missing;

	if (b->backlog > way + b->stale)
		b->backlog = way + b->stale;
	if (way > late + b->backlog) {
		missing = way - late - b->backlog;
		b->backlog += missing;
		was_slow(b, bytes_us(b, missing));
	}
	b->carried_us = b->idle_erase_us = 0;
	memset(b->idle_us, 0, sizeof(b->idle_us));
	b->erase_seen = b->erase_from > 0;
}

/*
 * The device was silent since the last acknowledgement: the link was down already.  An erase that
 * was announced before keeps the time that it usually takes.
 */
static void lost_link(struct budget *b)
{
	const uint64_t erase_us = b->idle_erase_us - least(b->idle_erase_us, b->erase_ms * 1000ull);

	move(b, BUDGET_ERASE, BUDGET_DOWN, erase_us);
	b->full_erase_us -= least(b->full_erase_us, erase_us);
	for (unsigned int w = 0; w < BUDGET_WAITS; w++)
		move(b, wait_share((enum budget_wait)w), BUDGET_DOWN, b->idle_us[w]);
	move(b, BUDGET_AIR, BUDGET_DOWN, b->carried_us);
	b->full_us -= least(b->full_us, b->idle_us[BUDGET_WAIT_CREDIT]);
	b->carried_us = b->idle_erase_us = 0;
	memset(b->idle_us, 0, sizeof(b->idle_us));
}

/* All that was handed over behind the gap goes over the air for nothing. */
static void gap(struct budget *b, const struct budget_view *v)
{
	const uint64_t behind = b->last.queued > v->received ? b->last.queued - v->received : 0;

	if (behind > b->backlog)
		move(b, BUDGET_AIR, BUDGET_GAPS, bytes_us(b, behind - b->backlog));
	/* The lost one itself was hardly on the air, and what was for nothing is less by that. */
	move(b, BUDGET_GAPS, BUDGET_WINDOW, b->value_us);
	b->stale = b->backlog;
}

static void watch_erase(struct budget *b, const struct budget_view *v, uint64_t now_us)
{
	if (v->erasing && (!b->last.erasing || v->erase_at != b->last.erase_at)) {
		b->erase_from = now_us;
		b->erases++;
		b->erase_flushed = v->flushed;
		b->erase_heard = v->notifications;
		b->erase_seen = true;
	} else if (b->erase_from > 0 && (v->flushed != b->erase_flushed ||
					 (b->stands_still && v->notifications != b->erase_heard))) {
		b->erase_from = 0;
	}
}

/* --- the device's own times */

static uint16_t since(uint16_t now, uint16_t last)
{
	return (uint16_t)(now - last);
}

/*
 * One erase, of so many milliseconds for all.  If one is under way, nobody knows how much of that is
 * its own: at least nothing, and at most what the others took.
 */
static void learn_erase(struct budget *b, uint64_t all_ms)
{
	const uint32_t over = b->erases - (b->erase_from > 0 && b->erases > 0 ? 1u : 0u);
	uint32_t least_ms, most_ms;

	if (over == 0)
		return;
	least_ms = (uint32_t)(all_ms / b->erases);
	most_ms = (uint32_t)(all_ms / over);
	if (b->erase_ms == 0 || b->erase_ms > most_ms)
		b->erase_ms = most_ms;
	if (b->erase_ms < least_ms)
		b->erase_ms = least_ms;
}

/* The device counts from the moment at which telemetry was asked for, on each link anew. */
static void take_times(struct budget *b, const struct ota_times *now)
{
	static const struct ota_times none;
	const struct ota_times *last = b->times_known ? &b->times : &none;
	struct budget_flash *f = &b->flash;
	uint32_t erases;

	b->times_known = now != NULL;
	if (!now)
		return;
	/* A device that stands still for an erase tells nothing before its end. */
	if (now->erase_ms != last->erase_ms) {
		erases = b->erases - (b->erase_from > 0 && !b->stands_still ? 1u : 0u);
		b->erases_told += erases - b->erases_from;
		b->erases_from = erases;
	}
	if (now->write_ms != last->write_ms) {
		b->written_told += b->written - b->written_from;
		b->written_from = b->written;
	}
	f->erase_ms += since(now->erase_ms, last->erase_ms);
	learn_erase(b, f->erase_ms);
	f->write_ms += since(now->write_ms, last->write_ms);
	f->read_ms += since(now->read_ms, last->read_ms);
	f->store_ms += since(now->store_ms, last->store_ms);
	b->times = *now;
}

/* DONE was lost with the link: it is known only now that the transfer had ended before. */
static void ended_before(struct budget *b, uint64_t done_us)
{
	static const enum budget_share late[] = {BUDGET_DOWN, BUDGET_END};
	uint64_t excess = b->at_us > done_us ? b->at_us - done_us : 0, part;

	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		part = least(b->transfer[late[i]], excess);
		b->transfer[late[i]] -= part;
		b->run[late[i]] -= part;
		b->run[BUDGET_RECONNECT] += part;
		excess -= part;
	}
}

void budget_late(struct budget *b, uint64_t late_us)
{
	if (late_us < LATE_LEAST_US)
		late_us = 0;
	/* Events before the first alarm were as late, and looked like lost packets. */
	if (late_us > 0 && b->late_us == 0) {
		move(b, BUDGET_LOSS, BUDGET_HOST, least(b->slow_us, late_us));
		less(&b->slow_us, late_us);
	}
	/* Once in its turn, a program is in time for what is due soon after. */
	b->late_us = late_us > b->late_us ? late_us : b->late_us - (b->late_us - late_us) / 8u;
}

/* A stack that takes one value after the other shows how long it has each. */
static void watch_stack(struct budget *b, const struct budget_view *v, uint64_t now_us)
{
	if (v->sent == b->last.sent || v->phase != BUDGET_AIR)
		return;
	if (b->last.phase == BUDGET_AIR && b->last.wait == BUDGET_WAIT_STACK) {
		b->stack_all_us += now_us - b->sent_us;
		b->stack_waits++;
	}
	b->sent_us = now_us;
}

uint32_t budget_stack_us(const struct budget *b)
{
	return b->stack_waits > 0 ? (uint32_t)(b->stack_all_us / b->stack_waits) : 0;
}

void budget_see(struct budget *b, const struct budget_view *v, uint64_t now_us)
{
	if (now_us < b->at_us)
		now_us = b->at_us;
	b->start_us = v->start_us;
	if (b->done_us == 0 && v->done_us > 0)
		ended_before(b, v->done_us);
	b->done_us = v->done_us;
	if (b->last.phase != BUDGET_AIR)
		spend(b, b->last.phase, b->at_us, now_us);
	else
		send_span(b, now_us);
	b->at_us = now_us;
	late_turn(b, v);
	watch_stack(b, v, now_us);
	if (b->last.phase == BUDGET_AIR && v->phase == BUDGET_DOWN)
		lost_link(b);
	watch_erase(b, v, now_us);
	if (v->flushed > b->last.flushed)
		b->written += v->flushed - b->last.flushed;
	if (v->phase == BUDGET_AIR) {
		if (b->last.phase != BUDGET_AIR && b->last.phase != BUDGET_PAUSED) {
			b->stale = 0;
			b->last.sent = v->sent;
			b->last.gaps = v->gaps;
			b->last.received = v->received;
			b->backlog = v->queued - v->received;
			b->written_from = b->written;
			b->erases_from = b->erases;
		}
		if (v->gaps != b->last.gaps)
			gap(b, v);
		b->backlog += v->sent - b->last.sent;
		if (v->received != b->last.received && v->received_known)
			acknowledged(b, v);
		if (v->received_known && v->received > b->last.received)
			b->useful_us += bytes_us(b, v->received - b->last.received);
		b->notifications += v->notifications - b->last.notifications;
	}
	/* The shortest of the longest: one may have waited for something else. */
	if (v->write_ms > 0 && (b->write_ms == 0 || v->write_ms < b->write_ms))
		b->write_ms = v->write_ms;
	take_times(b, v->times);
	budget_end_see(b, v, now_us);
	b->last = *v;
	b->last.times = NULL;
}
