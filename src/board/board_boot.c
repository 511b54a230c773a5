/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot loader, and what the application finds out about itself when it
 * starts.  Named after the steps of ESP-IDF's bootloader_utility.c.
 */
#include "board/board_priv.h"

#include <string.h>

#include "image/image_format.h"
#include "image/image_parse.h"
#include "image/mcuboot.h"

/* From reset to a panic in the application's start, without the flash's share; assumed. */
#define CRASH_US 300000u

/* bootloader_common_check_efuse_blk_validity(); 0: the image bounds nothing. */
static bool block_fits(const struct image *image, uint16_t revision)
{
	return (image->min_block == 0 || revision >= image->min_block) &&
	       (image->max_block == 0 || revision <= image->max_block);
}

/* bootloader_common_check_chip_validity(), check_anti_rollback(). */
static int check_fit(const struct board *board, const struct image *image)
{
	const struct board_config *config = &board->config;

	if (image->chip_id != config->chip_id)
		return -OTA_ENOTSUP;
	if (config->chip_revision < image->min_revision)
		return -OTA_ENOTSUP;
	if (config->chip_revision > image->max_revision)
		return -OTA_ENOTSUP;
	if (!block_fits(image, config->block_revision))
		return -OTA_ENOTSUP;
	if (config->secure_version > 0 &&
	    (!image->has_descriptor || image->secure_version < config->secure_version))
		return -OTA_EPERM;
	return 0;
}

/* boot_validate_slot(): the hash must hold; of a signature this boot loader asks nothing. */
static int verify_mcuboot(struct board *board, struct image *image, struct image *ret)
{
	if (mcuboot_is(image->data, image->size))
		mcuboot_parse(image, sha256_buffer);
	flash_charge_read(&board->flash,
			  image->image_size ? (uint32_t)image->image_size : MCUBOOT_HEADER_SIZE);
	if (image->image_size == 0 || !image->has_hash || !image->hash_ok)
		return -OTA_EBADMSG;
	*ret = *image;
	return 0;
}

int board_verify_slot(struct board *board, unsigned int slot, uint32_t limit, struct image *ret)
{
	struct image image = {.max_revision = 0xffff, .page_size = IMAGE_PAGE};
	uint32_t size = board_slot_size(board, slot);
	int r;

	image.size = limit < size ? limit : size;
	image.data = board_slot_map(board, slot, (uint32_t)image.size);
	if (!image.data)
		return -OTA_EIO;
	if (board->config.mcuboot)
		return verify_mcuboot(board, &image, ret);
	if (image.size < IMAGE_HEADER_SIZE || image.data[0] != IMAGE_MAGIC) {
		flash_charge_read(&board->flash, IMAGE_HEADER_SIZE);
		return -OTA_EBADMSG;
	}
	image_parse(&image, sha256_buffer);
	/* image_size 0: the headers lead beyond the slot, which shows without reading it. */
	flash_charge_read(&board->flash,
			  image.image_size ? (uint32_t)image.image_size : IMAGE_HEADER_SIZE);
	r = check_fit(board, &image);
	if (r == 0 &&
	    (image.image_size == 0 || !image.checksum_ok || (image.has_hash && !image.hash_ok)))
		r = -OTA_EBADMSG;
	if (r == 0)
		*ret = image;
	return r;
}

int board_find_fallback(struct board *board, unsigned int *ret_slot)
{
	struct image image;
	unsigned int slot;
	int r = otadata_fallback(&board->otadata, &slot);

	if (r == 0)
		r = board_verify_slot(board, slot, UINT32_MAX, &image);
	if ((r < 0 && r != -OTA_EIO) && board->factory) {
		slot = BOARD_FACTORY;
		r = board_verify_slot(board, slot, UINT32_MAX, &image);
	}
	if (r == -OTA_EIO)
		return r;
	if (r < 0 || slot == board->running.slot)
		return -OTA_ENOENT;
	*ret_slot = slot;
	return 0;
}

/* bootloader_utility_load_boot_image(): down from the first, the factory partition last,
 * then up from it. */
static int load_image(struct board *board, int first, unsigned int *ret_slot, struct image *ret)
{
	int count = (int)board->otadata.slots;
	int r;

	for (int i = first; i >= 0; i--) {
		r = board_verify_slot(board, (unsigned int)i, UINT32_MAX, ret);
		*ret_slot = (unsigned int)i;
		if (r == 0 || r == -OTA_EIO)
			return r;
	}
	if (board->factory) {
		*ret_slot = BOARD_FACTORY;
		r = board_verify_slot(board, BOARD_FACTORY, UINT32_MAX, ret);
		if (r == 0 || r == -OTA_EIO)
			return r;
	}
	for (int i = first + 1; i < count; i++) {
		r = board_verify_slot(board, (unsigned int)i, UINT32_MAX, ret);
		*ret_slot = (unsigned int)i;
		if (r == 0 || r == -OTA_EIO)
			return r;
	}
	return -OTA_ENOENT;
}

/*
 * Size and hash of what runs.  The image's own length leaves out what a sender
 * appended (a signature, padding), so what set_boot() was told counts, as long as
 * the slot's bytes agree with it.
 */
static int board_boot_measure(struct board *board, const struct image *image)
{
	struct board_running *running = &board->running;
	uint8_t expected[OTA_SHA256_SIZE];
	const uint8_t *data;
	uint32_t size;

	if (board_read_installed(board, running->slot, &size, expected) == 0) {
		data = board_slot_map(board, running->slot, size);
		if (data) {
			sha256_buffer(data, size, running->sha256);
			flash_charge_read(&board->flash, size);
			running->size = size;
			running->recorded = memcmp(expected, running->sha256, OTA_SHA256_SIZE) == 0;
		}
	}
	if (running->recorded)
		return 0;
	running->size = (uint32_t)image->image_size;
	data = board_slot_map(board, running->slot, running->size);
	if (!data)
		return -OTA_EIO;
	sha256_buffer(data, running->size, running->sha256);
	flash_charge_read(&board->flash, running->size);
	return 0;
}

/* The firmware's questions to ESP-IDF at its start. */
static int start_application(struct board *board, unsigned int slot, const struct image *image)
{
	struct board_running *running = &board->running;
	uint32_t state;
	int r;

	*running = (struct board_running){.slot = slot, .secure_version = image->secure_version};
	memcpy(running->project, image->project, sizeof(running->project));
	memcpy(running->version, image->version, sizeof(running->version));
	memcpy(running->idf, image->idf, sizeof(running->idf));
	r = otadata_state(&board->otadata, slot, &state);
	if (r == -OTA_EIO)
		return r;
	running->pending_verify = r == 0 && state == OTADATA_PENDING_VERIFY;
	running->stays_new = r == 0 && state == OTADATA_NEW;
	running->can_rollback = board_way_back(board);
	if (!flash_powered(&board->flash))
		return -OTA_EIO;
	return board_boot_measure(board, image);
}

static int boot_once(struct board *board)
{
	struct otadata_selection sel;
	struct image image;
	unsigned int slot;
	int r;

	r = otadata_select(&board->otadata, &sel);
	if (r < 0)
		return r;
	if (sel.aborted)
		board->counters.rollbacks++;
	r = load_image(board, sel.first, &slot, &image);
	if (r < 0)
		return r;
	if (sel.first >= 0 && slot != (unsigned int)sel.first)
		board->counters.fallbacks++;
	/* set_actual_ota_seq() notes no factory partition. */
	if (sel.initial && slot != BOARD_FACTORY) {
		r = otadata_booted(&board->otadata, slot);
		if (r < 0)
			return r;
	}
	return start_application(board, slot, &image);
}

int board_boot(struct board *board, uint64_t *ret_us)
{
	uint64_t start = flash_time_us(&board->flash), crashes_us = 0;
	int r;

	board_drop_op(board);
	board_enter_state(board, BOARD_OFF);
	board->counters.boots++;
	flash_power_on(&board->flash);
	r = nvs_mount(&board->nvs, &board->flash, board->nvs_partition->offset,
		      board->nvs_partition->size);
	if (r == 0)
		r = boot_once(board);
	/* The second boot of an image that was not confirmed is the other slot's. */
	while (r == 0 && board->update_broken && board->running.pending_verify) {
		board->counters.crashes++;
		crashes_us += CRASH_US;
		r = boot_once(board);
		board->update_broken = r != 0;
	}
	if (ret_us)
		*ret_us = flash_time_us(&board->flash) - start + crashes_us;
	if (r == 0) {
		board_enter_state(board, BOARD_RUNNING);
	} else if (r == -OTA_EIO) {
		board_enter_state(board, BOARD_OFF);
		board->counters.power_losses++;
	} else {
		board_enter_state(board, BOARD_UNBOOTABLE);
		r = -OTA_ENOENT;
	}
	return r;
}
