/* SPDX-License-Identifier: Apache-2.0 */
/* See budget.h. */
#include "explain/budget.h"

#include <string.h>

#define US 1000000ull
/* An acknowledgement is at most so old: made in one event, sent in the next, and heard. */
#define ACK_LATE_US 2000u
/* L2CAP and ATT headers, and most bytes of a notification. */
#define NOTIFY_OCTETS (4u + OTA_ATT_HEADER + 13u)
#define SECTOR 4096u
#define LATE_LEAST_US 2000u /* less is usual on any computer */
#define READ_US 2000u /* see struct budget_flash */
#define READ_LATE_US 6000u /* longer than reading takes anywhere, with its hash in software */

void budget_init(struct budget *b, uint64_t now_us)
{
	memset(b, 0, sizeof(*b));
	b->at_us = now_us;
	b->last.phase = BUDGET_CONNECT;
}

void budget_link(struct budget *b, const struct airtime_link *link, uint16_t value, uint16_t header,
		 bool request, uint16_t held_pdus)
{
	struct airtime_link whole = *link;

	if (value <= header)
		return;
	whole.buffers = 0;
	whole.refill = true;
	/* With requests the air carries one value and is idle until the response. */
	b->request = request;
	b->rate = (uint32_t)((uint64_t)airtime_ceiling(link, value, false) *
			     (uint32_t)(value - header) / value);
	b->free_rate = (uint32_t)((uint64_t)airtime_ceiling(&whole, value, false) *
				  (uint32_t)(value - header) / value);
	b->interval_us = link->interval_us;
	b->stands_still = held_pdus > 0;
	b->held_us = (uint64_t)held_pdus * airtime_pair_us(link, airtime_fragment(link), 0);
	b->notify_us = airtime_pdu_us(link->phy, NOTIFY_OCTETS, link->encrypted) -
		       airtime_pdu_us(link->phy, 0, link->encrypted);
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

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The air carries what there is, the stale part first; then it is idle. */
static void send_span(struct budget *b, uint64_t to)
{
	const uint64_t span = to - b->at_us, at = b->at_us;
	const uint64_t busy_us = least(bytes_us(b, b->backlog), span);
	const uint64_t stale_us = least(bytes_us(b, b->stale), busy_us);
	const enum budget_share idle = idle_share(b, b->last.wait);
	/* What ended it was there before, and waited for this program's turn. */
	const uint64_t late_us = idle == BUDGET_PACING ? 0 : least(b->late_us, span - busy_us);
	const uint64_t idle_us = span - busy_us - late_us;

	spend(b, BUDGET_GAPS, at, at + stale_us);
	if (busy_us > stale_us)
		spend(b, BUDGET_AIR, at + stale_us, at + busy_us);
	spend(b, idle, at + busy_us, to - late_us);
	spend(b, BUDGET_HOST, to - late_us, to);
	b->carried_us += busy_us - least(stale_us, busy_us);
	if (idle == BUDGET_PROGRAM)
		b->full_us += idle_us;
	if (idle == BUDGET_ERASE)
		b->full_erase_us += idle_us;
	else
		b->idle_us[b->last.wait] += idle_us;
	if (busy_us < span) {
		b->backlog = b->stale = 0;
		return;
	}
	b->backlog -= least(span * b->rate / US, b->backlog);
	b->stale -= least(span * b->rate / US, b->stale);
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
	b->carried_us = 0;
	memset(b->idle_us, 0, sizeof(b->idle_us));
	b->erase_seen = b->erase_from > 0;
}

/* All that was handed over behind the gap goes over the air for nothing. */
static void gap(struct budget *b, const struct budget_view *v)
{
	const uint64_t behind = b->last.queued > v->received ? b->last.queued - v->received : 0;

	if (behind > b->backlog)
		move(b, BUDGET_AIR, BUDGET_GAPS, bytes_us(b, behind - b->backlog));
	b->stale = b->backlog;
}

static void watch_erase(struct budget *b, const struct budget_view *v, uint64_t now_us)
{
	if (v->erasing && !b->last.erasing) {
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

/* The device counts from the moment at which telemetry was asked for, on each link anew. */
static void take_times(struct budget *b, const struct ota_times *now)
{
	static const struct ota_times none;
	const struct ota_times *last = b->times_known ? &b->times : &none;
	struct budget_flash *f = &b->flash;

	b->times_known = now != NULL;
	if (!now)
		return;
	f->erase_ms += since(now->erase_ms, last->erase_ms);
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
	/* Once in its turn, a program is in time for what is due soon after. */
	b->late_us = late_us > b->late_us ? late_us : b->late_us - (b->late_us - late_us) / 8u;
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
		}
		if (v->gaps != b->last.gaps)
			gap(b, v);
		b->backlog += v->sent - b->last.sent;
		if (v->received != b->last.received && v->received_known)
			acknowledged(b, v);
		b->notifications += v->notifications - b->last.notifications;
	}
	take_times(b, v->times);
	b->last = *v;
	b->last.times = NULL;
}

/* --- the shares */

static void divide(uint64_t shares[], enum budget_share from, enum budget_share to, uint64_t us)
{
	if (us > shares[from])
		us = shares[from];
	shares[from] -= us;
	shares[to] += us;
}

/* A flash operation stops the link when the controller is full. */
static uint64_t stopped_us(uint64_t ms, uint64_t operations, uint64_t held_us, uint64_t counted_us)
{
	const uint64_t kept = operations * held_us + counted_us;

	return ms * 1000u > kept ? ms * 1000u - kept : 0;
}

static uint64_t without(uint64_t ms, uint64_t late_us, uint64_t operations)
{
	const uint64_t late_ms = operations * late_us / 1000u;

	return ms > late_ms ? ms - late_ms : 0;
}

void budget_flash(const struct budget *b, struct budget_flash *ret)
{
	const uint64_t sectors = b->written / SECTOR;
	const uint64_t read_us = sectors > 0 ? b->flash.read_ms * 1000u / sectors : 0;
	const uint32_t late_us = read_us > READ_LATE_US ? (uint32_t)(read_us - READ_US) : 0;

	*ret = b->flash;
	ret->late_us = late_us;
	ret->erase_ms = without(b->flash.erase_ms, late_us, b->erases);
	ret->write_ms = without(b->flash.write_ms, late_us, sectors);
	ret->read_ms = without(b->flash.read_ms, late_us, sectors);
	ret->late_ms = b->flash.erase_ms + b->flash.write_ms + b->flash.read_ms - ret->erase_ms -
		       ret->write_ms - ret->read_ms;
}

/*
 * A device that stands still explains slow time, up to what its flash took of it.  Where it
 * does not tell its times, erases explain all that was slow while one was announced.
 */
static void settle_slow(const struct budget *b, const struct budget_flash *f, uint64_t shares[],
			uint64_t full_write_us)
{
	uint64_t erase, write, lost;

	if (!b->stands_still || f->erase_ms + f->write_ms == 0)
		return;
	erase = stopped_us(f->erase_ms, b->erases, b->held_us, b->full_erase_us);
	write = stopped_us(f->write_ms, b->written / SECTOR, b->held_us, full_write_us);
	if (erase < b->slow_erase_us)
		divide(shares, BUDGET_ERASE, BUDGET_LOSS, b->slow_erase_us - erase);
	lost = b->slow_us + b->slow_erase_us - least(erase, b->slow_erase_us);
	if (erase > b->slow_erase_us) {
		erase = least(erase - b->slow_erase_us, lost);
		divide(shares, BUDGET_LOSS, BUDGET_ERASE, erase);
		lost -= erase;
	}
	divide(shares, BUDGET_LOSS, BUDGET_PROGRAM, least(write, lost));
}

/* Figures that are known only of the whole: the same for both tables. */
static void settle(const struct budget *b, uint64_t shares[])
{
	struct budget_flash f;
	uint64_t busy, late;

	budget_flash(b, &f);
	late = f.store_ms + f.late_ms;
	busy = f.write_ms + f.read_ms + late;

	divide(shares, BUDGET_AIR, BUDGET_ACK, (uint64_t)b->notifications * b->notify_us);
	if (b->free_rate > b->rate)
		divide(shares, BUDGET_AIR, BUDGET_BUFFERS,
		       shares[BUDGET_AIR] * (b->free_rate - b->rate) / b->free_rate);
	settle_slow(b, &f, shares, busy > 0 ? b->full_us * f.write_ms / busy : 0);
	if (busy > 0) {
		divide(shares, BUDGET_PROGRAM, BUDGET_READ, b->full_us * f.read_ms / busy);
		divide(shares, BUDGET_PROGRAM, BUDGET_TASK, b->full_us * late / busy);
	}
}

void budget_shares(const struct budget *b, uint64_t run[BUDGET_SHARES],
		   uint64_t transfer[BUDGET_TRANSFER_SHARES])
{
	if (run) {
		memcpy(run, b->run, sizeof(b->run));
		settle(b, run);
	}
	if (transfer) {
		memcpy(transfer, b->transfer, sizeof(b->transfer));
		settle(b, transfer);
	}
}

const char *budget_share_name(enum budget_share share)
{
	static const char *const names[BUDGET_SHARES] = {
		[BUDGET_AIR] = "air",
		[BUDGET_ACK] = "ack",
		[BUDGET_HOST] = "host",
		[BUDGET_STACK] = "stack",
		[BUDGET_BUFFERS] = "buffers",
		[BUDGET_RESPONSE] = "response",
		[BUDGET_PACING] = "pacing",
		[BUDGET_WINDOW] = "window",
		[BUDGET_ERASE] = "erase",
		[BUDGET_PROGRAM] = "program",
		[BUDGET_READ] = "read",
		[BUDGET_TASK] = "task",
		[BUDGET_LOSS] = "loss",
		[BUDGET_GAPS] = "gaps",
		[BUDGET_DOWN] = "down",
		[BUDGET_PAUSED] = "paused",
		[BUDGET_START] = "start",
		[BUDGET_END] = "end",
		[BUDGET_CONNECT] = "connect",
		[BUDGET_DISCOVER] = "discover",
		[BUDGET_PREPARE] = "prepare",
		[BUDGET_REBOOT] = "reboot",
		[BUDGET_RECONNECT] = "reconnect",
		[BUDGET_CONFIRM] = "confirm",
	};

	return share < BUDGET_SHARES ? names[share] : "unknown";
}
