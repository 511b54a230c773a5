/* SPDX-License-Identifier: Apache-2.0 */
/* The shares at last: what is known of a whole transfer only, from the device's TIMES and the link. */
#include "explain/budget_priv.h"

#include <string.h>

#define SECTOR 4096u
#define READ_US 2000u /* see struct budget_flash */
#define READ_LATE_US 6000u /* longer than reading takes anywhere, with its hash in software */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void budget_move(uint64_t shares[], enum budget_share from, enum budget_share to, uint64_t us)
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

/* The bytes that it writes at once, by how long a sector takes and how long a write. */
static uint32_t write_size(const struct budget *b, uint64_t sectors)
{
	const uint64_t sector_us = sectors > 0 ? b->flash.write_ms * 1000u / sectors : 0;
	const uint64_t write_us = 1000ull * b->write_ms;

	if (write_us == 0 || sector_us < write_us + write_us / 2u)
		return SECTOR;
	return sector_us < 3u * write_us ? SECTOR / 2u : SECTOR / 4u;
}

void budget_flash(const struct budget *b, struct budget_flash *ret)
{
	const uint64_t sectors = b->written_told / SECTOR;
	const uint64_t read_us = sectors > 0 ? b->flash.read_ms * 1000u / sectors : 0;
	const uint32_t late_us = read_us > READ_LATE_US ? (uint32_t)(read_us - READ_US) : 0;

	*ret = b->flash;
	ret->late_us = late_us;
	ret->erases = b->erases_told;
	ret->written = b->written_told;
	ret->write_size = write_size(b, sectors);
	ret->erase_ms = without(b->flash.erase_ms, late_us, b->erases_told);
	ret->write_ms = without(b->flash.write_ms, late_us, b->written_told / ret->write_size);
	ret->read_ms = without(b->flash.read_ms, late_us, sectors);
	ret->late_ms = b->flash.erase_ms + b->flash.write_ms + b->flash.read_ms - ret->erase_ms -
		       ret->write_ms - ret->read_ms;
}

/* One flash operation follows the other, so that what the controller keeps is hardly ever free. */
static bool always_busy(const struct budget_flash *f, const uint64_t shares[])
{
	uint64_t us = 0;

	for (int i = 0; i < BUDGET_TRANSFER_SHARES; i++)
		us += shares[i];
	return (f->erase_ms + f->write_ms + f->read_ms) * 1000u > us / 4u * 3u;
}

void budget_stopped(const struct budget *b, const struct budget_flash *f, const uint64_t shares[],
		    uint64_t *ret_erase, uint64_t *ret_write)
{
	*ret_erase = stopped_us(f->erase_ms, f->erases, b->held_us, 0);
	*ret_write = stopped_us(f->write_ms, f->written / f->write_size,
				always_busy(f, shares) ? 0 : b->held_us, 0);
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
	erase = stopped_us(f->erase_ms, f->erases, b->held_us, b->full_erase_us);
	write = stopped_us(f->write_ms, f->written / f->write_size,
			   always_busy(f, shares) ? 0 : b->held_us, full_write_us);
	if (erase < b->slow_erase_us)
		budget_move(shares, BUDGET_ERASE, BUDGET_LOSS, b->slow_erase_us - erase);
	lost = b->slow_us + b->slow_erase_us - least(erase, b->slow_erase_us);
	if (erase > b->slow_erase_us) {
		erase = least(erase - b->slow_erase_us, lost);
		budget_move(shares, BUDGET_LOSS, BUDGET_ERASE, erase);
		lost -= erase;
	}
	budget_move(shares, BUDGET_LOSS, BUDGET_PROGRAM, least(write, lost));
	/* If the flash has time to spare, credit is late because the values were. */
	if (!always_busy(f, shares) && shares[BUDGET_LOSS] > shares[BUDGET_AIR] / 10u)
		budget_move(shares, BUDGET_PROGRAM, BUDGET_LOSS, full_write_us);
}

/*
 * Acknowledgements take their own time, and where that leaves room for one packet less, that of
 * the packet, which looked like idle or slow time.  Where so little is under way that nearly each
 * value is acknowledged, a packet may as well have come too late for its event: three in eight.
 */
static void settle_acks(const struct budget *b, uint64_t shares[])
{
	const uint64_t air = shares[BUDGET_AIR];
	const uint64_t each = b->notifications > 0 ? air / b->notifications : 0;
	uint64_t more, slow, part;

	budget_move(shares, BUDGET_AIR, BUDGET_ACK, (uint64_t)b->notifications * b->notify_us);
	if (b->request || each == 0)
		return;
	more = predict_beside_acks(&b->link, air, each) - air;
	slow = least(more, shares[BUDGET_LOSS]);
	if (each >= 2u * b->value_us) {
		budget_move(shares, BUDGET_LOSS, BUDGET_ACK, slow);
		return;
	}
	budget_move(shares, BUDGET_LOSS, BUDGET_WINDOW, slow);
	more = least(more, shares[BUDGET_WINDOW]);
	part = more / 8u * 5u;
	budget_move(shares, BUDGET_WINDOW, BUDGET_ACK, part);
}

/* Without credit after an erase was over: the task was late.  Returns what is to be divided. */
static uint64_t settle_full(const struct budget *b, const struct budget_flash *f, uint64_t shares[])
{
	const uint64_t told_us = f->erase_ms * 1000u;
	uint64_t part;

	if (told_us == 0 || told_us >= b->full_erase_us)
		return b->full_us;
	part = b->full_erase_us - told_us;
	budget_move(shares, BUDGET_ERASE, BUDGET_PROGRAM, part);
	return b->full_us + part;
}

/*
 * An erase that stops the code stops the link, whatever else was waited for: for credit, with an
 * ACK on its way that came meanwhile, or for the turn of this program.
 */
static void settle_erases(const struct budget *b, const struct budget_flash *f, uint64_t shares[],
			  uint64_t *full_us)
{
	const uint64_t seen_us = b->full_erase_us + b->slow_erase_us + b->slow_us;
	uint64_t left_us, part;

	if (!b->stands_still)
		return;
	left_us = stopped_us(f->erase_ms, f->erases, b->held_us, seen_us);
	part = least(left_us, *full_us);
	budget_move(shares, BUDGET_PROGRAM, BUDGET_ERASE, part);
	*full_us -= part;
	budget_move(shares, BUDGET_HOST, BUDGET_ERASE, left_us - part);
}

/* A write stops the code that answers a request. */
static void settle_answers(const struct budget *b, const struct budget_flash *f, uint64_t shares[])
{
	const uint64_t waits = shares[BUDGET_RESPONSE], all = waits + shares[BUDGET_AIR];

	if (b->request && b->stands_still && all > 0)
		budget_move(shares, BUDGET_RESPONSE, BUDGET_PROGRAM,
			    f->write_ms * 1000u * (waits / 1000u) / (all / 1000u + 1u));
}

/* The same up to now: what was done since the times were told took as long as before. */
static void budget_flash_now(const struct budget *b, struct budget_flash *ret)
{
	budget_flash(b, ret);
	/* A device tells all of it right before DONE. */
	if (b->done_us > 0)
		return;
	if (ret->erases > 0 && b->erases > ret->erases) {
		ret->erase_ms = ret->erase_ms * b->erases / ret->erases;
		ret->erases = b->erases;
	}
	if (ret->written > 0 && b->written > ret->written) {
		ret->write_ms = ret->write_ms * b->written / ret->written;
		ret->read_ms = ret->read_ms * b->written / ret->written;
		ret->written = b->written;
	}
}

/*
 * Without credit and not erasing: by what the device told of its work, and of a small ring also nothing,
 * while credit is on its way, which what is played knows.
 */
static void divide_full(const struct budget *b, const struct budget_flash *f, uint64_t shares[],
			uint64_t full_us)
{
	const uint64_t *spent = b->played.spent;
	const bool played = b->played.known && !b->stands_still && f->late_us == 0;
	uint64_t write = f->write_ms, read = f->read_ms, task = f->store_ms + f->late_ms, all;

	if (played && spent[PREDICT_WRITE] > 0) {
		write = spent[PREDICT_WRITE];
		read = spent[PREDICT_READ];
		task = spent[PREDICT_TASK];
	}
	all = write + read + task;
	if (all == 0)
		return;
	budget_move(shares, BUDGET_PROGRAM, BUDGET_READ, full_us * read / all);
	budget_move(shares, BUDGET_PROGRAM, BUDGET_TASK, full_us * task / all);
}

/*
 * The bytes that arrived were carried, and were of use once, whatever the device seemed to do
 * meanwhile.
 */
static void settle_useful(const struct budget *b, uint64_t shares[])
{
	static const enum budget_share taken[] = {BUDGET_GAPS, BUDGET_ERASE, BUDGET_LOSS,
						  BUDGET_WINDOW};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (shares[BUDGET_AIR] < b->useful_us)
			budget_move(shares, taken[i], BUDGET_AIR,
				    b->useful_us - shares[BUDGET_AIR]);
}

/* Figures that are known only of the whole: the same for both tables. */
static void settle(const struct budget *b, uint64_t shares[])
{
	struct budget_flash f;
	uint64_t busy, late, full_us;

	budget_flash_now(b, &f);
	late = f.store_ms + f.late_ms;
	busy = f.write_ms + f.read_ms + late;
	settle_useful(b, shares);
	if (b->free_rate > b->rate)
		budget_move(shares, BUDGET_AIR, BUDGET_BUFFERS,
			    shares[BUDGET_AIR] * (b->free_rate - b->rate) / b->free_rate);
	full_us = settle_full(b, &f, shares);
	settle_erases(b, &f, shares, &full_us);
	settle_slow(b, &f, shares, busy > 0 ? full_us * f.write_ms / busy : 0);
	settle_acks(b, shares);
	settle_answers(b, &f, shares);
	divide_full(b, &f, shares, full_us);
	budget_settle_played(b, &f, shares);
	budget_end_settle(b, &f, shares);
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
