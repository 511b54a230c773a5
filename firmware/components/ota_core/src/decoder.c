/* SPDX-License-Identifier: Apache-2.0 */
/* See ota/decoder.h. */
#include "ota/decoder.h"

#include "ota/error.h"
#include "ota/skip.h"

#include <string.h>

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void ota_decoder_init(struct ota_decoder *d, const struct ota_stage *inflate,
		      const struct ota_stage *patch)
{
	memset(d, 0, sizeof(*d));
	d->inflate = *inflate;
	if (patch)
		d->patch = *patch;
}

int ota_decoder_begin(struct ota_decoder *d, bool patched, uint32_t offset, uint32_t size)
{
	d->patched = patched;
	d->open = false;
	d->first = true;
	d->head_len = 0;
	d->middle_at = d->middle_len = 0;
	d->at = offset;
	d->size = size;
	if (!patched)
		return 0;
	return d->patch.run ? d->patch.begin(d->patch.ctx, offset, size) : -OTA_ENOTSUP;
}

#define GO_ON 3 /* how a step ends that lacks neither bytes nor room */

/* The next bytes belong behind the blocks that are kept. */
static int leave_out(struct ota_decoder *d)
{
	const uint32_t from = d->at;

	while (d->at < d->size && ota_skip_has(d->kept, d->at))
		d->at = least(d->at - d->at % OTA_BLOCK_SIZE + OTA_BLOCK_SIZE, d->size);
	if (d->at == from || d->at == d->size || !d->patched)
		return 0;
	return d->patch.begin(d->patch.ctx, d->at, d->size);
}

/* Reads a block's head, as far as it came. */
static int open_block(struct ota_decoder *d, struct ota_piece *piece)
{
	const uint32_t len = least(OTA_BLOCK_HEAD - d->head_len, piece->in_len - piece->used);
	int rc = OTA_CORE_SKIP && d->kept && d->head_len == 0 ? leave_out(d) : 0;

	if (rc < 0)
		return rc;
	memcpy(d->head + d->head_len, piece->in + piece->used, len);
	d->head_len = (uint8_t)(d->head_len + len);
	piece->used += len;
	if (d->head_len < OTA_BLOCK_HEAD)
		return OTA_STAGE_HUNGRY;
	d->head_len = 0;
	d->left = d->head[0] | (uint32_t)d->head[1] << 8 | (uint32_t)d->head[2] << 16;
	if (d->head[3] > (d->inflate.run ? OTA_BLOCK_DEFLATED : OTA_BLOCK_STORED) ||
	    d->left > OTA_BLOCK_MOST || d->at >= d->size)
		return -OTA_EBADMSG;
	d->open = true;
	d->ended = false;
	d->deflated = d->head[3] == OTA_BLOCK_DEFLATED;
	d->block_end = least(d->at - d->at % OTA_BLOCK_SIZE + OTA_BLOCK_SIZE, d->size);
	rc = d->deflated ? d->inflate.begin(d->inflate.ctx, 0, 0) : 0;
	return rc < 0 ? rc : GO_ON;
}

/*
 * A block yields what the image lacks to the next multiple.  The first of a session may yield
 * nothing: it is how a patch says what it is of.
 */
static int close_block(struct ota_decoder *d)
{
	const bool head = d->patched && d->first && d->at % OTA_BLOCK_SIZE == 0;

	if (d->left > 0 || (d->at != d->block_end && !head))
		return -OTA_EBADMSG;
	d->open = false;
	d->first = false;
	return GO_ON;
}

/* The block's bytes, inflated or as they are: a stage. */
static int run_block(struct ota_decoder *d, struct ota_piece *p)
{
	int rc;

	p->in_len = least(p->in_len, d->left);
	if (d->deflated) {
		rc = d->inflate.run(d->inflate.ctx, p);
	} else {
		p->used = p->made = least(p->in_len, p->room);
		if (p->made > 0)
			memcpy(p->out, p->in, p->made);
		rc = p->used < p->in_len ? OTA_STAGE_FULL : OTA_STAGE_HUNGRY;
	}
	d->left -= p->used;
	if (d->left == 0 && rc == OTA_STAGE_HUNGRY)
		return d->deflated ? -OTA_EBADMSG : OTA_STAGE_END; /* deflate says its end */
	return rc;
}

/* Runs what yields the image: the patch, or the block where there is none. */
static int run_last(struct ota_decoder *d, struct ota_piece *p)
{
	int rc;

	p->room = least(p->room, d->block_end - d->at);
	rc = d->patched ? d->patch.run(d->patch.ctx, p) : run_block(d, p);
	d->at += p->made;
	if (rc != OTA_STAGE_FULL || d->at < d->block_end)
		return rc;
	/* A stage may not know that it gave all; but then it gives nothing where it has no room. */
	return p->made > 0 ? GO_ON : -OTA_EBADMSG;
}

static struct ota_piece rest_of(const struct ota_piece *piece)
{
	return (struct ota_piece){
		.in = piece->in + piece->used,
		.in_len = piece->in_len - piece->used,
		.out = piece->out + piece->made,
		.room = piece->room - piece->made,
	};
}

static int plain_step(struct ota_decoder *d, struct ota_piece *piece)
{
	struct ota_piece p = rest_of(piece);
	const int rc = run_last(d, &p);

	piece->used += p.used;
	piece->made += p.made;
	return rc == OTA_STAGE_END ? close_block(d) : rc;
}

/*
 * The middle holds inflated bytes that the patch has not taken yet; only when they are used up is
 * the block asked for more.
 */
static int patch_step(struct ota_decoder *d, struct ota_piece *piece)
{
	struct ota_piece p = rest_of(piece);
	int rc;

	p.in = d->middle + d->middle_at;
	p.in_len = d->middle_len - d->middle_at;
	rc = run_last(d, &p);
	d->middle_at += p.used;
	piece->made += p.made;
	if (rc != OTA_STAGE_HUNGRY)
		return rc;
	if (d->ended)
		return close_block(d);
	p = rest_of(piece);
	p.out = d->middle;
	p.room = sizeof(d->middle);
	rc = run_block(d, &p);
	piece->used += p.used;
	d->middle_at = 0;
	d->middle_len = p.made;
	d->ended = rc == OTA_STAGE_END;
	return rc >= 0 && (d->ended || p.made > 0) ? GO_ON : rc;
}

int ota_decoder_run(struct ota_decoder *d, struct ota_piece *piece)
{
	int rc;

	do
		rc = !d->open	  ? open_block(d, piece)
		     : d->patched ? patch_step(d, piece)
				  : plain_step(d, piece);
	while (rc == GO_ON);
	piece->more = rc == OTA_STAGE_FULL;
	return rc < 0 ? rc : 0;
}
