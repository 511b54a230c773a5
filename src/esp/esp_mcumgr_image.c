/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image management of a virtual device with MCUmgr: the rules of Zephyr's img_mgmt.c,
 * img_mgmt_state.c and zephyr_img_mgmt.c, with the slot that runs as 0, since MCUboot swaps.
 *
 * - The slot is erased as a whole before the first part of an image is answered.
 * - An upload is forgotten by a restart; with the same hash it goes on where it stopped.
 * - What was uploaded is compared with that hash only where the device is built so.
 * - An image that is set for a test cannot be taken back, and nothing is uploaded beside it.
 */
#include "esp/esp_priv.h"

#include "core/mcumgr.h"
#include "image/image_parse.h"
#include "image/mcuboot.h"

#include <stdio.h>
#include <string.h>

#define BLOCK 65536u
#define UNIT 16u /* of a write */

struct request {
	bool has_off, has_len, confirm;
	uint32_t off, len;
	const uint8_t *data, *sha, *hash;
	uint32_t data_len, sha_len, hash_len;
};

static void take_bytes(const struct cbor_item *item, const uint8_t **ret, uint32_t *ret_len)
{
	if (item->type != CBOR_BYTES)
		return;
	*ret = item->bytes;
	*ret_len = (uint32_t)item->value;
}

static bool decode(const struct mcumgr_header *h, const uint8_t *map, struct request *ret)
{
	struct cbor_item key, value;
	struct cbor_reader r;
	struct cbor_walk walk;

	*ret = (struct request){.off = 0};
	cbor_read(&r, map, h->length);
	if (!cbor_enter(&r, CBOR_MAP, &walk))
		return false;
	while (cbor_pair(&r, &walk, &key, &value)) {
		const uint32_t number = value.type == CBOR_UINT && value.value <= UINT32_MAX
						? (uint32_t)value.value
						: 0;

		if (cbor_is_text(&key, "off")) {
			ret->has_off = value.type == CBOR_UINT;
			ret->off = number;
		} else if (cbor_is_text(&key, "len")) {
			ret->has_len = value.type == CBOR_UINT;
			ret->len = number;
		} else if (cbor_is_text(&key, "confirm")) {
			ret->confirm = value.type == CBOR_SIMPLE && value.value == CBOR_TRUE;
		} else if (cbor_is_text(&key, "data")) {
			take_bytes(&value, &ret->data, &ret->data_len);
		} else if (cbor_is_text(&key, "sha")) {
			take_bytes(&value, &ret->sha, &ret->sha_len);
		} else if (cbor_is_text(&key, "hash")) {
			take_bytes(&value, &ret->hash, &ret->hash_len);
		}
		cbor_skip(&r, &value);
	}
	return !r.bad;
}

/* --- the list */

/* img_mgmt_read_info() does not look whether the hash is right. */
static void no_hash(const uint8_t *buf, size_t len, uint8_t ret[OTA_SHA256_SIZE])
{
	(void)buf;
	(void)len;
	memset(ret, 0, OTA_SHA256_SIZE);
}

static unsigned int board_slot(const struct esp *esp, unsigned int slot)
{
	return slot == 0 ? board_running(esp->board)->slot : board_update_slot(esp->board);
}

static bool read_slot(const struct esp *esp, unsigned int slot, struct image *ret)
{
	const unsigned int at = board_slot(esp, slot);
	const uint32_t size = board_slot_size(esp->board, at);

	*ret = (struct image){.size = size, .data = board_slot_map(esp->board, at, size)};
	if (!ret->data || !mcuboot_is(ret->data, size))
		return false;
	mcuboot_parse(ret, no_hash);
	return ret->has_hash;
}

static bool on_trial(const struct esp *esp)
{
	return board_running(esp->board)->pending_verify;
}

static void put_flag(struct cbor_writer *w, const char *name, bool value)
{
	cbor_put_text(w, name);
	cbor_put_bool(w, value);
}

static void put_slot(const struct esp *esp, unsigned int slot, struct cbor_writer *w)
{
	const bool pending = slot == 1 && esp->mcumgr.pending;
	struct image image;

	if (!read_slot(esp, slot, &image))
		return;
	cbor_put_open(w, CBOR_MAP);
	cbor_put_text(w, "slot");
	cbor_put(w, CBOR_UINT, slot);
	cbor_put_text(w, "version");
	cbor_put_text(w, image.version);
	cbor_put_text(w, "hash");
	cbor_put_bytes(w, image.mcuboot.hash, OTA_SHA256_SIZE);
	put_flag(w, "bootable", true);
	put_flag(w, "pending", pending);
	put_flag(w, "confirmed", (slot == 0) != on_trial(esp));
	put_flag(w, "active", slot == 0);
	put_flag(w, "permanent", pending && esp->mcumgr.permanent);
	cbor_put_end(w);
}

static void put_list(const struct esp *esp, struct cbor_writer *w)
{
	cbor_put_text(w, "images");
	cbor_put_open(w, CBOR_ARRAY);
	put_slot(esp, 0, w);
	put_slot(esp, 1, w);
	cbor_put_end(w);
	cbor_put_text(w, "splitStatus");
	cbor_put(w, CBOR_UINT, 0);
}

/* --- what boots next */

static enum esp_mcumgr_result refuse(const struct esp *esp, struct cbor_writer *w, uint32_t rc)
{
	esp_mcumgr_error(esp, w, MCUMGR_IMAGE, rc);
	return ESP_MCUMGR_ANSWERED;
}

/* The slot with that hash; 2: there is none. */
static unsigned int slot_of(const struct esp *esp, const struct request *r)
{
	struct image image;

	for (unsigned int slot = 0; slot < 2; slot++)
		if (read_slot(esp, slot, &image) &&
		    memcmp(image.mcuboot.hash, r->hash, OTA_SHA256_SIZE) == 0)
			return slot;
	return 2;
}

/* img_mgmt_set_next_boot_slot(): 0 where nothing is to be done. */
static uint32_t judge_state(const struct esp *esp, unsigned int slot, bool confirm)
{
	const struct esp_mcumgr *u = &esp->mcumgr;

	if (!confirm && slot == 0)
		return MCUMGR_IMAGE_TEST_DENIED;
	if (u->pending && !(slot == 1 && confirm == u->permanent))
		return MCUMGR_IMAGE_PENDING;
	if (on_trial(esp) && !confirm)
		return MCUMGR_IMAGE_PENDING;
	return 0;
}

static enum esp_mcumgr_result set_state(struct esp *esp, const struct request *r,
					struct cbor_writer *w)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	uint8_t hash[OTA_SHA256_SIZE] = {0};
	unsigned int slot = 0;
	struct image image;
	uint32_t rc;

	if ((r->hash_len == 0 && !r->confirm) || (r->hash_len != 0 && r->hash_len != sizeof(hash)))
		return refuse(esp, w, MCUMGR_IMAGE_INVALID_HASH);
	if (r->hash_len != 0)
		slot = slot_of(esp, r);
	if (slot > 1)
		return refuse(esp, w, MCUMGR_IMAGE_HASH_NOT_FOUND);
	rc = judge_state(esp, slot, r->confirm);
	if (rc != 0)
		return refuse(esp, w, rc);
	if (slot == 0 && on_trial(esp) && board_confirm(esp->board) == 0) {
		u->step = ESP_MCUMGR_KEEPING;
		return ESP_MCUMGR_LATER;
	}
	if (slot == 1 && !u->pending && !on_trial(esp) && read_slot(esp, 1, &image) &&
	    board_set_boot(esp->board, (uint32_t)image.image_size, hash) == 0) {
		u->permanent = r->confirm;
		u->step = ESP_MCUMGR_SETTING;
		return ESP_MCUMGR_LATER;
	}
	put_list(esp, w);
	return ESP_MCUMGR_ANSWERED;
}

/* --- an upload */

static enum esp_mcumgr_result put_off(const struct esp *esp, struct cbor_writer *w)
{
	if (esp_mcumgr_is_old(esp)) { /* as releases before version 2 have it */
		cbor_put_text(w, "rc");
		cbor_put(w, CBOR_UINT, MCUMGR_RC_OK);
	}
	cbor_put_text(w, "off");
	cbor_put(w, CBOR_UINT, esp->mcumgr.off);
	return ESP_MCUMGR_ANSWERED;
}

/* CONFIG_IMG_ENABLE_IMAGE_CHECK: the whole file, as its length was told. */
static bool matches(struct esp *esp)
{
	const struct esp_mcumgr *u = &esp->mcumgr;
	uint8_t digest[OTA_SHA256_SIZE];

	return board_hash_peek(esp->board, digest) == 0 && u->sha_len == sizeof(digest) &&
	       memcmp(digest, u->sha, sizeof(digest)) == 0;
}

static enum esp_mcumgr_result written(struct esp *esp, struct cbor_writer *w)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	const bool last = u->off == u->size;

	(void)put_off(esp, w);
	if (last && esp->config.mcumgr == ESP_MCUMGR_IMAGE_CHECK)
		put_flag(w, "match", matches(esp));
	if (last)
		u->uploading = false;
	return ESP_MCUMGR_ANSWERED;
}

static enum esp_mcumgr_result write_failed(struct esp *esp, struct cbor_writer *w, uint32_t rc)
{
	esp->mcumgr.uploading = false;
	return refuse(esp, w, rc);
}

/* Whole units go to the flash; the rest waits for more, and counts as there. */
static enum esp_mcumgr_result write_data(struct esp *esp, struct cbor_writer *w)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	const uint32_t at = u->off - u->filled;
	uint32_t len;

	if (u->data_len > 0) {
		memcpy(u->buf + u->filled, u->data, u->data_len);
		(void)board_hash_update(esp->board, u->data, u->data_len);
	}
	u->filled += u->data_len;
	u->off += u->data_len;
	if (u->off == u->size && u->filled % UNIT != 0) {
		memset(u->buf + u->filled, 0xff, UNIT - u->filled % UNIT);
		u->filled += UNIT - u->filled % UNIT;
	}
	len = u->filled - u->filled % UNIT;
	u->data_len = 0;
	if (len == 0)
		return written(esp, w);
	if (board_flash_write(esp->board, at, u->buf, len) < 0)
		return write_failed(esp, w, MCUMGR_IMAGE_WRITE_FAILED);
	u->filled -= len;
	memmove(u->buf, u->buf + len, u->filled);
	u->step = ESP_MCUMGR_WRITING;
	return ESP_MCUMGR_LATER;
}

static enum esp_mcumgr_result erase_next(struct esp *esp, struct cbor_writer *w)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	const uint32_t left = (u->size + ESP_SECTOR - 1u) / ESP_SECTOR * ESP_SECTOR - u->erased;
	const uint32_t len = left < BLOCK ? left : BLOCK;

	if (left == 0)
		return write_data(esp, w);
	u->erased += len;
	if (board_flash_erase(esp->board, u->erased - len, len) < 0)
		return write_failed(esp, w, MCUMGR_IMAGE_ERASE_FAILED);
	u->step = ESP_MCUMGR_CLEARING;
	return ESP_MCUMGR_LATER;
}

/* img_mgmt_upload_inspect(), of a first part; 0: it may begin. */
static uint32_t judge_first(const struct esp *esp, const struct request *r)
{
	if (r->data_len < MCUBOOT_HEADER_SIZE)
		return MCUMGR_IMAGE_INVALID_HEADER;
	if (!r->has_len)
		return MCUMGR_IMAGE_INVALID_LENGTH;
	if (!mcuboot_is(r->data, r->data_len))
		return MCUMGR_IMAGE_INVALID_MAGIC;
	if (r->sha_len > OTA_SHA256_SIZE)
		return MCUMGR_IMAGE_INVALID_HASH;
	if (esp->mcumgr.pending || on_trial(esp))
		return MCUMGR_IMAGE_NO_FREE_SLOT;
	if (r->len > board_slot_size(esp->board, board_update_slot(esp->board)) ||
	    r->data_len > r->len)
		return MCUMGR_IMAGE_TOO_LARGE;
	return 0;
}

static bool goes_on(const struct esp_mcumgr *u, const struct request *r)
{
	return u->uploading && r->sha_len > 0 && r->sha_len == u->sha_len &&
	       memcmp(r->sha, u->sha, u->sha_len) == 0;
}

static enum esp_mcumgr_result upload(struct esp *esp, const struct request *r,
				     struct cbor_writer *w)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	uint32_t rc = 0;

	if (!r->has_off)
		return refuse(esp, w, MCUMGR_IMAGE_INVALID_OFFSET);
	if (esp->config.mcumgr == ESP_MCUMGR_REJECTS) {
		esp_mcumgr_error(esp, w, MCUMGR_OS, MCUMGR_RC_DENIED);
		return ESP_MCUMGR_ANSWERED;
	}
	if (r->off != 0 || goes_on(u, r)) {
		if (!u->uploading || r->off != u->off)
			return u->uploading ? put_off(esp, w) : (u->off = 0, put_off(esp, w));
		rc = r->data_len > u->size - u->off ? MCUMGR_IMAGE_OVERRUN : 0;
	} else {
		rc = judge_first(esp, r);
	}
	if (rc != 0)
		return write_failed(esp, w, rc);
	u->data = r->data;
	u->data_len = r->data_len;
	if (r->off != 0)
		return write_data(esp, w);
	u->uploading = true;
	u->size = r->len;
	u->off = u->erased = u->filled = 0;
	u->sha_len = r->sha_len;
	memcpy(u->sha, r->sha ? r->sha : u->sha, r->sha_len);
	(void)board_hash_init(esp->board);
	return erase_next(esp, w);
}

/* --- */

enum esp_mcumgr_result esp_mcumgr_image(struct esp *esp, const struct mcumgr_header *h,
					const uint8_t *map, struct cbor_writer *w)
{
	struct request r;

	if (!decode(h, map, &r)) {
		esp_mcumgr_error(esp, w, MCUMGR_OS, MCUMGR_RC_INVALID);
		return ESP_MCUMGR_ANSWERED;
	}
	if (h->command == MCUMGR_STATE && h->op == MCUMGR_READ) {
		put_list(esp, w);
		return ESP_MCUMGR_ANSWERED;
	}
	if (h->command == MCUMGR_STATE)
		return set_state(esp, &r, w);
	if (h->command == MCUMGR_UPLOAD && h->op == MCUMGR_WRITE)
		return upload(esp, &r, w);
	esp_mcumgr_error(esp, w, MCUMGR_OS, MCUMGR_RC_UNSUPPORTED);
	return ESP_MCUMGR_ANSWERED;
}

enum esp_mcumgr_result esp_mcumgr_image_done(struct esp *esp, int rc, struct cbor_writer *w)
{
	struct esp_mcumgr *u = &esp->mcumgr;

	switch (u->step) {
	case ESP_MCUMGR_CLEARING:
		return rc < 0 ? write_failed(esp, w, MCUMGR_IMAGE_ERASE_FAILED)
			      : erase_next(esp, w);
	case ESP_MCUMGR_WRITING:
		return rc < 0 ? write_failed(esp, w, MCUMGR_IMAGE_WRITE_FAILED) : written(esp, w);
	case ESP_MCUMGR_SETTING:
		u->pending = rc == 0;
		break;
	case ESP_MCUMGR_KEEPING:
	case ESP_MCUMGR_IDLE:
	case ESP_MCUMGR_OVER:
		break;
	}
	if (rc < 0)
		return refuse(esp, w, MCUMGR_IMAGE_WRITE_FAILED);
	put_list(esp, w);
	return ESP_MCUMGR_ANSWERED;
}
