/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ESP32's board: flash with its partitions, the boot loader, and
 * the operations that ota_core asks a platform for.  What the air carries is
 * another file's concern, and so is the CPU; the glue between them asks
 * board_stalled() before it lets code run.
 *
 * A board boots, runs until board_boot() resets it, and loses power when told.
 * Its operations keep the contract of struct ota_device_ops (ota/device.h):
 * they act on the flash at once and report through the op_done callback after
 * their modelled time, one at a time.
 *
 * The boot loader keeps the rules of ESP-IDF's bootloader_utility.c with
 * CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE, and with
 * CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK where secure_version is not 0.
 */
#ifndef OTABENCH_BOARD_BOARD_H
#define OTABENCH_BOARD_BOARD_H

#include "ota/device.h"
#include "board/flash.h"
#include "base/sched.h"

struct board;

#define BOARD_BONDS 3u
#define BOARD_BOND_MAX 64u /* octets */

struct board_config {
	struct sched *sched; /* must outlive the board */
	uint16_t chip_id; /* esp_chip_id_t */
	uint16_t chip_revision; /* major * 100 + minor */
	uint16_t block_revision; /* of its eFuse, major * 100 + minor */
	uint32_t secure_version; /* burnt into eFuse; 0 = no anti-rollback.  Never burnt further. */
	bool secure_boot; /* images without a signature block are refused after an update */
	bool flash_encryption; /* told in Info; bytes are kept as they are */
	/* The boot loader is MCUboot.  From outside trial boots, confirming and going back look
	 * the same, though slots are swapped there and chosen here.  Images have its format. */
	bool mcuboot;
	bool no_rollback; /* the boot loader is one without rollback; board_install() then has the
			   * image look as if it had come by an update */
	bool secure_never_falls; /* it does not go below that of the image that runs, either */
	bool same_project; /* CONFIG_OTA_ESP_SAME_PROJECT */
	bool no_older; /* CONFIG_OTA_ESP_DOWNGRADE_VERSION */
	const char *flash_path; /* NULL: in memory */
	enum flash_speed flash_speed;
	const char *partitions; /* text of a partitions.csv; NULL: the built-in one */
	const char *partitions_name; /* for messages; NULL: "partitions.csv" */
	uint64_t seed; /* of what power cuts leave in the flash */
};

/* Called from events of the queue, never from within a call of the board's. */
struct board_callbacks {
	void *ctx;
	/* The outstanding operation ended: time for ota_device_op_done(). */
	void (*op_done)(void *ctx, int result);
	/* The board is dead until board_boot(); no op_done() follows. */
	void (*power_lost)(void *ctx);
	/* board_stalled() ended; comes before op_done().  May be NULL. */
	void (*resumed)(void *ctx);
};

enum board_state {
	BOARD_OFF, /* not booted yet, or power lost */
	BOARD_RUNNING,
	BOARD_UNBOOTABLE, /* no slot holds an image that the boot loader accepts */
};

/* The number of the factory partition, where there is one, among the slots: Info's. */
#define BOARD_FACTORY 0xffu

struct board_running { /* zeroed while not BOARD_RUNNING */
	unsigned int slot; /* of ota_0 ..., or BOARD_FACTORY */
	bool pending_verify; /* rolled back at the next boot unless confirmed */
	bool stays_new; /* by which the firmware knows a boot loader without rollback */
	bool can_rollback; /* the slot before this one still holds a bootable image */
	bool recorded; /* size and sha256 are those that set_boot() was given */
	uint32_t size; /* bytes of the image that sha256 covers */
	uint8_t sha256[OTA_SHA256_SIZE];
	char project[33], version[33], idf[33]; /* printable ASCII, "" without a descriptor */
	uint32_t secure_version;
};

struct board_counters { /* since board_create() */
	uint32_t boots; /* board_boot() calls */
	uint32_t crashes; /* starts of an image that board_break_update() broke */
	uint32_t rollbacks; /* images given up because they were not confirmed */
	uint32_t fallbacks; /* boots of another slot because the first one's image was refused */
	uint32_t power_losses;
};

/*
 * -OTA_EBADMSG: partition table, or flash file of another size; -OTA_ENOTSUP: a
 * table that the board cannot be built with; else as flash_init().  On failure
 * ret_text, which may be NULL, holds a sentence for the user.
 */
int board_create(const struct board_config *config, struct board **ret, char *ret_text,
		 size_t text_size);
/* Finds out whether board_create() would find fault with the configuration, except for its file,
 * and board_install() with an image of so many bytes (-OTA_ENOSPC, without a text). */
int board_check(const struct board_config *config, uint32_t image_size, char *ret_text,
		size_t text_size);
/* NULL is allowed.  No callback comes any more. */
void board_destroy(struct board *board);
/* Copies the callbacks.  Until then none is called. */
void board_set_callbacks(struct board *board, const struct board_callbacks *callbacks);

/* Returns true if board_create() made a new chip, so that it wants board_install(). */
bool board_is_new(const struct board *board);
/* Does the work of a programmer in the factory: erased flash with this image in the factory
 * partition, or in slot 0 if there is none.  -OTA_ENOSPC: larger than the slot; -OTA_EBUSY: not
 * BOARD_OFF. */
int board_install(struct board *board, const uint8_t *image, size_t size);

/*
 * Power on or reset: drops the outstanding operation - whose flash operation is
 * complete nevertheless - and runs the boot loader and the start of the
 * application.  0: BOARD_RUNNING; -OTA_ENOENT: BOARD_UNBOOTABLE; -OTA_EIO: power
 * lost on the way, BOARD_OFF, and no callback.  *ret_us, which may be NULL, is
 * the modelled time spent on flash either way; the rest of a start is the
 * caller's to add.
 */
int board_boot(struct board *board, uint64_t *ret_us);

enum board_state board_state(const struct board *board);
const char *board_state_name(enum board_state state);
/* Valid until board_destroy(), changes with the board. */
const struct board_running *board_running(const struct board *board);
/* The slot that an update goes to: esp_ota_get_next_update_partition().  Where only the
 * running one is left, the number of slots: its size is 0. */
unsigned int board_update_slot(const struct board *board);
uint32_t board_slot_size(const struct board *board, unsigned int slot);
/* Fills what the board knows: chip, slots, running image, flags, secure version.
 * The rest stays as it is. */
void board_info(const struct board *board, struct ota_info *ret);
/* The record that board_persist() stored last: 0, or -OTA_ENOENT. */
int board_record(struct board *board, struct ota_record *ret);
/*
 * A bond, which outlives power as NimBLE's do in NVS: index 0..BOARD_BONDS - 1, at
 * most BOARD_BOND_MAX octets; len 0 erases it.  At once, since the Bluetooth
 * stack's task writes it while code goes on elsewhere.  Read: its length or
 * -OTA_ENOENT; write: 0 or -OTA_EIO.
 */
int board_read_bond(struct board *board, unsigned int index, uint8_t ret[BOARD_BOND_MAX]);
int board_write_bond(struct board *board, unsigned int index, const uint8_t *buf, size_t len);

/* During an erase or a program nothing else runs: code is fetched from the same flash. */
bool board_stalled(const struct board *board);
/* During an erase only, which cannot be split up as a program can. */
bool board_erasing(const struct board *board);

/* [async] members of struct ota_device_ops; ctx is the struct board.  At once:
 * -OTA_EBUSY while another is outstanding, -OTA_EIO while not BOARD_RUNNING,
 * -OTA_EINVAL and -OTA_ERANGE for bad arguments. */
int board_flash_erase(void *ctx, uint32_t offset, uint32_t len);
int board_flash_write(void *ctx, uint32_t offset, const uint8_t *buf, uint32_t len);
int board_flash_read(void *ctx, uint32_t offset, uint8_t *buf, uint32_t len);
int board_head_check(void *ctx, const uint8_t *head, uint32_t *ret_detail);
/* Result -OTA_EBADMSG: damaged; -OTA_ENOTSUP: for another chip or revision;
 * -OTA_EPERM: secure version too low. */
int board_image_check(void *ctx, uint32_t size);
int board_set_boot(void *ctx, uint32_t size, const uint8_t sha256[OTA_SHA256_SIZE]);
int board_persist(void *ctx, const struct ota_record *record);
int board_confirm(void *ctx);
/* Result -OTA_ENOENT: no other slot holds a bootable image. */
int board_rollback(void *ctx);
int board_hash_init(void *ctx);
int board_hash_update(void *ctx, const uint8_t *buf, uint32_t len);
int board_hash_peek(void *ctx, uint8_t ret[OTA_SHA256_SIZE]);

/* --- faults --- */

/* Cuts power in the nth flash operation from now (1 = the next); 0 disarms. */
void board_cut_power_in(struct board *board, uint64_t n);
/* The next write that covers this offset of the update slot fails. */
void board_fail_write(struct board *board, uint32_t offset);
/* Erases take factor times as long from now on. */
void board_slow_erase(struct board *board, uint32_t factor);
/* Programs likewise. */
void board_slow_program(struct board *board, uint32_t factor);
/* The next image that boots unverified resets at once, until it is rolled back. */
void board_break_update(struct board *board);

void board_counters(const struct board *board, struct board_counters *ret);
void board_flash_counters(const struct board *board, struct flash_counters *ret);
/* A slot's bytes, for tests; NULL without power or beyond the slot.  Power goes when the
 * operation that the cut tears is begun, the state changes when it would have ended. */
const uint8_t *board_slot_map(const struct board *board, unsigned int slot, uint32_t len);

#endif
