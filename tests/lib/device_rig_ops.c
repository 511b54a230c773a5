/* SPDX-License-Identifier: Apache-2.0 */
/* The rig's platform: what ota_core asks for, over memory that keeps NOR's rules. */
#include "device_rig_priv.h"

#include <string.h>
#include <zlib.h>

/* Tells whether a buffer is still what it was when the operation began. */
static uint32_t checksum(const uint8_t *buf, uint32_t len)
{
	uint32_t sum = 2166136261u; /* FNV-1a */

	for (uint32_t i = 0; i < len; i++)
		sum = (sum ^ buf[i]) * 16777619u;
	return sum;
}

/* --- starting */

static int begin(struct dut *dut, enum ota_op op, uint32_t at, uint32_t len)
{
	if (dut->off)
		dut_violation(dut, "an operation without power");
	if (dut->op != OTA_OP_NONE)
		dut_violation(dut, "two operations at once");
	if (dut->fail_at_once && dut->fail_op == op && dut->fail_count == 1) {
		dut->fail_count = 0;
		return dut->fail_code;
	}
	dut->op = op;
	dut->op_at = at;
	dut->op_len = len;
	return 0;
}

static bool in_slot(struct dut *dut, uint32_t at, uint32_t len)
{
	if (at <= dut->info.slot_size && len <= dut->info.slot_size - at && len > 0)
		return true;
	dut_violation(dut, "an operation outside of the slot");
	return false;
}

static int op_erase(void *ctx, uint32_t at, uint32_t len)
{
	struct dut *dut = ctx;

	if (at % OTA_SECTOR_SIZE || len % OTA_SECTOR_SIZE || len > OTA_BLOCK_SIZE)
		dut_violation(dut, "an erase that is not of sectors");
	if (!in_slot(dut, at, len))
		return -OTA_EINVAL;
	if (dut->dev.state == OTA_STATE_RECEIVING && !dut->dev.rx.judged)
		dut_violation(dut, "an erase for an image that nobody looked at");
	dut->info.flags &= (uint8_t)~OTA_INFO_CAN_ROLLBACK;
	return begin(dut, OTA_OP_ERASE, at, len);
}

static int op_write(void *ctx, uint32_t at, const uint8_t *buf, uint32_t len)
{
	struct dut *dut = ctx;

	if (at / OTA_SECTOR_SIZE != (at + len - 1) / OTA_SECTOR_SIZE || at % OTA_WRITE_ALIGN)
		dut_violation(dut, "a write across sectors or not aligned");
	if (len % OTA_WRITE_ALIGN &&
	    !(dut->dev.rx.received == at + len && dut->dev.rx.image_size == at + len))
		dut_violation(dut, "a part of an encryption unit in mid image");
	if (!in_slot(dut, at, len))
		return -OTA_EINVAL;
	dut->op_from = buf;
	dut->op_sum = checksum(buf, len);
	return begin(dut, OTA_OP_WRITE, at, len);
}

static int op_read(void *ctx, uint32_t at, uint8_t *buf, uint32_t len)
{
	struct dut *dut = ctx;

	if (len > OTA_SECTOR_SIZE)
		dut_violation(dut, "a read longer than the buffer");
	if (!in_slot(dut, at, len))
		return -OTA_EINVAL;
	dut->op_to = buf;
	return begin(dut, OTA_OP_READ, at, len);
}

static int op_head_check(void *ctx, const uint8_t *head, uint32_t *ret_detail)
{
	struct dut *dut = ctx;

	if (head[0] != 0xe9 || dut->dev.rx.flushed > 0)
		dut_violation(dut, "an image judged late, or by other bytes than its first");
	dut->head_checks++;
	*ret_detail = dut->head_detail;
	return dut->head_code;
}

static int op_check(void *ctx, uint32_t size)
{
	return begin(ctx, OTA_OP_CHECK, 0, size);
}

static int op_set_boot(void *ctx, uint32_t size, const uint8_t sha256[OTA_SHA256_SIZE])
{
	struct dut *dut = ctx;

	memcpy(dut->op_sha256, sha256, OTA_SHA256_SIZE);
	return begin(dut, OTA_OP_SET_BOOT, 0, size);
}

static int op_persist(void *ctx, const struct ota_record *record)
{
	struct dut *dut = ctx;

	dut->op_record = record;
	dut->op_sum = checksum((const uint8_t *)record, sizeof(*record));
	return begin(dut, OTA_OP_PERSIST, 0, 0);
}

static int op_confirm(void *ctx)
{
	return begin(ctx, OTA_OP_CONFIRM, 0, 0);
}

static int op_rollback(void *ctx)
{
	return begin(ctx, OTA_OP_ROLLBACK, 0, 0);
}

static int op_decode(void *ctx, struct ota_piece *piece)
{
	struct dut *dut = ctx;

	if (piece->out < dut->sector || piece->out + piece->room > dut->sector + OTA_SECTOR_SIZE ||
	    piece->in < dut->config.ring ||
	    piece->in + piece->in_len > dut->config.ring + dut->config.ring_size)
		dut_violation(dut, "a decode outside of ring and sector");
	dut->op_piece = piece;
	dut->op_sum = checksum(piece->in, piece->in_len);
	return begin(dut, OTA_OP_DECODE, 0, piece->in_len);
}

static int decode_begin(void *ctx, uint16_t flags, uint32_t offset, uint32_t size)
{
	struct dut *dut = ctx;

	/* An erase that an earlier session began may still run: it is of the same slot. */
	if (dut->op == OTA_OP_DECODE || flags != (dut->dev.start.flags))
		dut_violation(dut, "a decoder that begins while it is at work, or for others");
	return ota_decoder_begin(&dut->decoder, (flags & OTA_START_DELTA) != 0, offset, size);
}

static int read_base(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len)
{
	struct dut *dut = ctx;

	if (offset > dut->base_size || len > dut->base_size - offset)
		dut_violation(dut, "a base that is read beyond its end");
	memcpy(buf, dut->base + offset, len);
	return 0;
}

static uint32_t crc(uint32_t before, const uint8_t *buf, uint32_t len)
{
	return (uint32_t)crc32(before, buf, len);
}

void dut_attach_stream(struct dut *dut)
{
	struct ota_patch_config base = {.read = read_base, .ctx = dut, .base_size = dut->base_size};
	struct ota_stage patch;
	const struct ota_stream_config config = {
		.flags = (uint16_t)((dut->window > 0 ? OTA_START_COMPRESSED : 0u) |
				    (dut->base ? OTA_START_DELTA : 0u) |
				    (dut->skips ? OTA_START_SKIP : 0u)),
		.sector = dut->sector,
		.begin = decode_begin,
		.decode = op_decode,
		.ctx = dut,
	};

	memset(dut->sector, 0x5a, sizeof(dut->sector));
	if (dut->base)
		sha256_buffer(dut->base, dut->base_size, base.base_sha256);
	ota_patch_stage(&dut->patch, &base, &patch);
	ota_decoder_init(&dut->decoder, &dut->inflate, dut->base ? &patch : NULL);
	if (ota_stream_attach(&dut->stream, &config, &dut->dev) < 0)
		dut_violation(dut, "the stream was refused");
	if (!dut->skips)
		return;
	if (ota_skip_attach(&dut->skip, crc, &dut->stream) < 0)
		dut_violation(dut, "the map of blocks was refused");
	dut->decoder.kept = dut->skip.map;
}

/* --- ending */

static void erase(struct dut *dut, uint32_t at, uint32_t len)
{
	memset(dut->slots[dut_update_slot(dut)] + at, 0xff, len);
	memset(dut->clean[dut_update_slot(dut)] + at, 1, len);
}

static void program(struct dut *dut, uint32_t at, const uint8_t *buf, uint32_t len)
{
	uint8_t *flash = dut->slots[dut_update_slot(dut)] + at;
	uint8_t *clean = dut->clean[dut_update_slot(dut)] + at;

	for (uint32_t i = 0; i < len; i++) {
		if (!clean[i])
			dut_violation(dut, "programs flash that is not erased");
		flash[i] &= buf[i];
		clean[i] = 0;
	}
}

/* Half of the operation, with what lies between done and not done in the middle. */
static void torn(struct dut *dut)
{
	const uint32_t half = dut->op_len / 2u;
	uint8_t *flash = dut->slots[dut_update_slot(dut)] + dut->op_at;
	uint8_t *clean = dut->clean[dut_update_slot(dut)] + dut->op_at;

	if (dut->op == OTA_OP_ERASE) {
		memset(flash, 0xff, half);
		memset(flash + half, 0x3c, dut->op_len - half);
		memset(clean, 0, dut->op_len);
	} else if (dut->op == OTA_OP_WRITE) {
		program(dut, dut->op_at, dut->op_from, half);
		if (half < dut->op_len) {
			flash[half] &= 0x81;
			clean[half] = 0;
		}
	}
}

static void set_boot(struct dut *dut)
{
	const unsigned int slot = dut_update_slot(dut);

	dut->boot_slot = slot;
	dut->image_size[slot] = dut->op_len;
	memcpy(dut->image_hash[slot], dut->op_sha256, OTA_SHA256_SIZE);
	dut->boots_pending = true;
}

/* Performs an operation that takes effect wholly or not at all. */
static int atomic(struct dut *dut)
{
	switch (dut->op) {
	case OTA_OP_SET_BOOT:
		set_boot(dut);
		dut->set_boots++;
		break;
	case OTA_OP_PERSIST:
		dut->record = *dut->op_record;
		dut->have_record = true;
		dut->persists++;
		break;
	case OTA_OP_CONFIRM:
		dut->info.flags &= (uint8_t)~OTA_INFO_PENDING_VERIFY;
		dut->confirms++;
		break;
	case OTA_OP_ROLLBACK:
		if (!(dut->info.flags & OTA_INFO_CAN_ROLLBACK))
			return -OTA_ENOENT;
		dut->boot_slot = dut_update_slot(dut);
		dut->boots_pending = false;
		dut->rollbacks++;
		break;
	case OTA_OP_NONE:
	case OTA_OP_ERASE:
	case OTA_OP_WRITE:
	case OTA_OP_READ:
	case OTA_OP_CHECK:
	case OTA_OP_DECODE:
	case OTA_OP_DIGEST:
		break;
	}
	return 0;
}

/* The decoder's input and output belong to it meanwhile, and it may touch nothing beyond them. */
static int decode(struct dut *dut)
{
	struct ota_piece *p = dut->op_piece;
	int rc;

	if (checksum(p->in, p->in_len) != dut->op_sum)
		dut_violation(dut, "the ring changed under a decode");
	rc = ota_decoder_run(&dut->decoder, p);
	if (p->used > p->in_len || p->made > p->room)
		dut_violation(dut, "the decoder took or made more than there was");
	dut->decodes++;
	return rc;
}

static int perform(struct dut *dut)
{
	const uint8_t *slot = dut->slots[dut_update_slot(dut)];

	switch (dut->op) {
	case OTA_OP_ERASE:
		erase(dut, dut->op_at, dut->op_len);
		dut->erases++;
		dut->block_erases += dut->op_len == OTA_BLOCK_SIZE;
		dut->first_erases += dut->op_at == 0;
		return 0;
	case OTA_OP_WRITE:
		program(dut, dut->op_at, dut->op_from, dut->op_len);
		dut->writes++;
		return 0;
	case OTA_OP_READ:
		memcpy(dut->op_to, slot + dut->op_at, dut->op_len);
		dut->reads++;
		return 0;
	case OTA_OP_CHECK:
		return dut->op_len >= 16 && slot[0] == 0xe9 ? 0 : -OTA_EBADMSG;
	case OTA_OP_DECODE:
		return decode(dut);
	case OTA_OP_DIGEST: /* the core's word for a read of its own */
	case OTA_OP_NONE:
	case OTA_OP_SET_BOOT:
	case OTA_OP_PERSIST:
	case OTA_OP_CONFIRM:
	case OTA_OP_ROLLBACK:
		break;
	}
	return atomic(dut);
}

int dut_op_perform(struct dut *dut)
{
	if (dut->op == OTA_OP_WRITE && checksum(dut->op_from, dut->op_len) != dut->op_sum)
		dut_violation(dut, "the ring changed under a write");
	if (dut->op == OTA_OP_PERSIST &&
	    checksum((const uint8_t *)dut->op_record, sizeof(*dut->op_record)) != dut->op_sum)
		dut_violation(dut, "the record changed while it was stored");
	if (++dut->ops == dut->cut_at) {
		torn(dut);
		if (dut->cut_keeps)
			atomic(dut);
		dut->off = true;
		return 0;
	}
	if (dut->fail_count > 0 && dut->fail_op == dut->op && --dut->fail_count == 0) {
		torn(dut);
		return dut->fail_code;
	}
	return perform(dut);
}

/* --- the rest */

static void op_reboot(void *ctx, uint32_t delay_ms)
{
	struct dut *dut = ctx;

	(void)delay_ms;
	dut->reboots++;
}

static bool permit(void *ctx, uint16_t conn, uint8_t opcode)
{
	struct dut *dut = ctx;

	if (conn == OTA_NO_CONN || opcode == 0)
		dut_violation(dut, "a permission asked for nobody");
	dut->asked++;
	return !dut->forbids;
}

static int hash_init(void *ctx)
{
	struct dut *dut = ctx;

	return dut->hash_fails ? -OTA_EIO : sha256_start(&dut->hash);
}

static int hash_update(void *ctx, const uint8_t *buf, uint32_t len)
{
	struct dut *dut = ctx;

	return dut->hash_fails ? -OTA_EIO : sha256_add(&dut->hash, buf, len);
}

static int hash_peek(void *ctx, uint8_t ret[OTA_SHA256_SIZE])
{
	const struct dut *dut = ctx;

	return dut->hash_fails ? -OTA_EIO : sha256_peek(&dut->hash, ret);
}

static int notify(void *ctx, uint16_t conn, const uint8_t *buf, size_t len)
{
	struct dut *dut = ctx;
	struct dut_note *note;

	if (len == 0 || len > OTA_NOTIFY_MAX || conn == OTA_NO_CONN)
		dut_violation(dut, "a notification that no link carries");
	if (dut->deaf > 0) {
		dut->deaf -= dut->deaf != DUT_FOREVER;
		return -OTA_EAGAIN;
	}
	if (dut->note_count == DUT_NOTES) { /* the test does not look: keep the latest */
		dut->note_head = (dut->note_head + 1u) % DUT_NOTES;
		dut->note_count--;
	}
	note = &dut->notes[(dut->note_head + dut->note_count++) % DUT_NOTES];
	note->conn = conn;
	note->len = (uint8_t)len;
	memcpy(note->bytes, buf, len);
	return 0;
}

static int op_link_request(void *ctx, uint16_t conn, const struct ota_link_request *req)
{
	struct dut *dut = ctx;

	(void)conn;
	dut->link_request = *req;
	dut->link_requests++;
	return dut->link_code;
}

static void op_link_state(void *ctx, uint16_t conn, struct ota_link *ret)
{
	const struct dut *dut = ctx;

	(void)conn;
	*ret = dut->link;
}

static int8_t op_rssi(void *ctx, uint16_t conn)
{
	const struct dut *dut = ctx;

	(void)conn;
	return dut->rssi;
}

static void op_info(void *ctx, struct ota_info *ret)
{
	const struct dut *dut = ctx;

	*ret = dut->info;
}

const struct ota_device_ops dut_device_ops = {
	.flash_erase = op_erase,
	.flash_write = op_write,
	.flash_read = op_read,
	.head_check = op_head_check,
	.image_check = op_check,
	.set_boot = op_set_boot,
	.persist = op_persist,
	.confirm = op_confirm,
	.rollback = op_rollback,
	.reboot = op_reboot,
	.permit = permit,
	.hash_init = hash_init,
	.hash_update = hash_update,
	.hash_peek = hash_peek,
	.notify = notify,
	.link_request = op_link_request,
	.link_state = op_link_state,
	.rssi = op_rssi,
	.info = op_info,
};
