/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device's work after it had the last byte: a large ring, or a stream of which each byte
 * becomes many, is worked off then.  The bytes flushed and erased when all had been sent tell how
 * much of it was left, and the device's TIMES how long that took.
 */
#include "explain/budget_priv.h"

#define BLOCK 65536u
#define SECTOR 4096u

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

void budget_end_see(struct budget *b, const struct budget_view *v, uint64_t now_us)
{
	struct budget_end *e = &b->end;
	const bool sent =
		v->phase == BUDGET_END || (v->phase == BUDGET_AIR && v->wait == BUDGET_WAIT_LAST);

	/* A value that was lost begins it anew; a link that was lost does not. */
	if (!sent && v->phase == BUDGET_AIR)
		e->known = false;
	if (!sent || e->known)
		return;
	*e = (struct budget_end){
		.known = true,
		.written = b->written,
		.flushed = v->flushed,
		.announced = b->erases > 0,
		.erase_at = v->erase_at,
		.erasing = b->erase_from > 0,
		.erasing_us = b->erase_from > 0 ? now_us - b->erase_from : 0,
	};
}

/* A device erases blocks, and an image's last three sectors or less by themselves, which take a
 * quarter of a block's time each. */
static uint64_t erases(uint64_t bytes)
{
	return bytes / BLOCK * 4u + least(4, (bytes % BLOCK + SECTOR - 1u) / SECTOR);
}

/* Bytes that had been erased, with the erase that was under way. */
static uint64_t erased(const struct budget_end *e, uint64_t image)
{
	const bool sector = image % BLOCK <= 3u * SECTOR && e->erase_at >= image - image % BLOCK;

	if (!e->announced)
		return least(image, (e->flushed + BLOCK - 1u) / BLOCK * BLOCK);
	return least(image, e->erase_at + (sector ? SECTOR : BLOCK));
}

static uint64_t erase_us(const struct budget *b, const struct budget_flash *f)
{
	const struct budget_end *e = &b->end;
	const uint64_t image = b->last.flushed, begun = erased(e, image), all = erases(b->written);
	const uint64_t each_us = all > 0 ? f->erase_ms * 1000u / all : 0;
	const uint64_t now_us = each_us * (begun % BLOCK > 0 && begun < image ? 1u : 4u);

	return each_us * less(erases(image), erases(begun)) +
	       (e->erasing ? less(now_us, e->erasing_us) : 0);
}

void budget_end_settle(const struct budget *b, const struct budget_flash *f, uint64_t shares[])
{
	static const enum budget_share to[] = {BUDGET_ERASE, BUDGET_PROGRAM, BUDGET_READ,
					       BUDGET_TASK};
	/* The same for both tables, as it was in the transfer. */
	const uint64_t all_us = b->transfer[BUDGET_END];
	const uint64_t left = b->end.known ? less(b->written, b->end.written) : 0;
	uint64_t us[sizeof(to) / sizeof(to[0])], sum = 0, part;

	if (left == 0)
		return;
	us[0] = erase_us(b, f);
	us[1] = f->write_ms * 1000u * left / b->written;
	us[2] = f->read_ms * 1000u * left / b->written;
	us[3] = (f->store_ms + f->late_ms) * 1000u * left / b->written;
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++)
		sum += us[i];
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		part = sum > all_us ? us[i] * (all_us / 1000u) / (sum / 1000u + 1u) : us[i];
		part = least(part, shares[BUDGET_END]);
		shares[BUDGET_END] -= part;
		shares[to[i]] += part;
	}
}
