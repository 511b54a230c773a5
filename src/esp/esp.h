/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual ESP32: the very ota_core that ships, on a modelled board, behind an
 * ATT server and an LE link.  It boots, advertises, serves up to two
 * connections, is updated, reboots into what it was sent, and answers for it.
 *
 * esp_restart() and a reset button differ: a restart that the firmware
 * asked for closes its links first; a reset or a power cut leaves them to the
 * central's supervision timeout.
 */
#ifndef OTABENCH_ESP_ESP_H
#define OTABENCH_ESP_ESP_H

#include "ota/device.h"
#include "board/board.h"
#include "air/link.h"
#include "core/dialect.h"

/* FOREIGN: it has the attribute table of another protocol, and refuses every write.  Those behind
 * it: another protocol that it serves, in the file of that name. */
enum esp_dialect {
	ESP_FULL,
	ESP_BASIC,
	ESP_FOREIGN,
	ESP_SECTORS,
	ESP_PARTS,
	ESP_MCUMGR,
	ESP_ANGERER,
	ESP_ARDUINO,
};

/* The ways in which a device with SMP is built: which of MCUmgr's options it has. */
enum esp_mcumgr_kind {
	ESP_MCUMGR_USUAL,
	ESP_MCUMGR_VERSION_1, /* an older release: no version 2, no parameters */
	ESP_MCUMGR_IMAGE_CHECK, /* CONFIG_IMG_ENABLE_IMAGE_CHECK: the upload's hash is compared */
	ESP_MCUMGR_REJECTS, /* the application refuses every upload: upload check hook */
	ESP_MCUMGR_SELF_CONFIRMS, /* the new image confirms itself when it starts */
};

/* The attribute table of the image sent to it, compared with that of its factory firmware. */
enum esp_update_table {
	ESP_TABLE_SAME,
	ESP_TABLE_MOVED, /* a service more; the Database Hash tells */
	ESP_TABLE_SHUFFLED, /* characteristics in another order; no firmware has the hash */
};

/* The security that Control and Data require of a link.  The firmware's
 * CONFIG_OTA_ESP_SECURITY_* are none, encrypted and authenticated; LEGACY is a device
 * without LE Secure Connections, such as one of Bluetooth 4.1. */
enum esp_security {
	ESP_OPEN,
	ESP_JUST_WORKS,
	ESP_PASSKEY,
	ESP_LEGACY_JUST_WORKS,
	ESP_LEGACY_PASSKEY,
	ESP_SECURITIES
};

/* The parts that stand still while the flash erases or programs. */
enum esp_flash_mode {
	/* Code runs from flash: the cache is off for the whole of a command (spi1_start() of
	 * ESP-IDF's spi_flash_os_func_app.c), so that all tasks stand still.  The radio's
	 * interrupt is in IRAM (interrupt_alloc_wrapper() of bt.c) and goes on until the
	 * controller's buffers are full. */
	ESP_FLASH_USUAL,
	ESP_FLASH_AUTO_SUSPEND, /* CONFIG_SPI_FLASH_AUTO_SUSPEND: nothing does; not on an ESP32 */
	ESP_FLASH_PSRAM, /* CONFIG_SPIRAM_XIP_FROM_PSRAM: nothing does; chips with PSRAM */
	/* Unlike any chip: erases stop the host task only, and the controller takes all that
	 * credits allow.  It shows what an update owes to the rest of the model. */
	ESP_FLASH_LENIENT,
};

#define ESP_PEER 7u /* octets of a central's address: least significant first, then its type */
#define ESP_BONDS 3u /* CONFIG_BT_NIMBLE_MAX_BONDS; the oldest gives way */

#define ESP_CONNS 2u
/*
 * A connection that owns no session and was permitted nothing for so long is closed
 * while it keeps others out, because all are taken; and always where it wrote nothing at
 * all to a device that demands security.  CONFIG_OTA_ESP_LINK_IDLE_S: longer than pairing
 * takes, shorter than a host looks for its device.
 */
#define ESP_LINK_IDLE_MS 45000u
#define ESP_NAME_MAX 32u
#define ESP_ADV_MAX 31u /* octets of a legacy advertisement, Core Vol 6 Part B 2.3.1 */

struct esp;

struct esp_config {
	struct sched *sched; /* must outlive the device */
	const char *name; /* advertised; copied */
	uint8_t address[6]; /* most significant byte first */
	bool random_address; /* it is a static random one, else a public device address */
	uint16_t chip_id, chip_revision, block_revision;
	enum ota_reset boot_reason; /* of a start that its firmware did not ask for; 0: power-on */
	uint32_t secure_version;
	enum esp_dialect dialect;
	/* FOREIGN: which other one, UNKNOWN for DIALECT_FOREIGN; SECTORS: BLE_OTA, BLE_OTA_RAW,
	 * BLEOTA or NIMBLEOTA; PARTS: FBIEGO or FBIEGO_COMPACT; MCUMGR: SMP; ANGERER; ARDUINO:
	 * ARDUINO_BLE_OTA. */
	enum dialect_id foreign;
	enum esp_mcumgr_kind mcumgr;
	uint16_t mcumgr_buf_size; /* bytes; 0: 2475, as Zephyr's samples have it */
	uint8_t mcumgr_buf_count; /* 0: 4 */
	enum esp_update_table update_table; /* ESP_FULL only */
	const char *version, *project; /* of the factory firmware; only for a new flash */
	const char *partitions; /* text of a partitions.csv; NULL: firmware/partitions.csv */
	bool secure_boot, flash_encryption; /* as its eFuses have it */
	/* The product's key, x and y of ECDSA on P-256, where it takes signed images only: then
	 * none of a lower secure version than the one that runs, either. */
	bool signed_only;
	uint8_t public_key[64];
	/* With a key: only commands that no signature covers need security. */
	bool commands_only;
	bool delta; /* patches of the running image, too */
	bool skip; /* it tells which blocks its free slot holds, and keeps them */
	unsigned int deflate_window; /* of compressed streams, log2 of bytes, 12..15; 0: none */
	bool same_project, no_older, no_rollback; /* as struct board_config has them */
	bool forbids; /* the product permits no START, ABORT, CONFIRM, ROLLBACK, REBOOT or PREPARE */
	uint32_t
		boot_delay_ms; /* of a restart, besides the boot loader: how late the firmware is up */
	const char *flash_path; /* NULL: in memory */
	enum flash_speed flash_speed;
	enum esp_flash_mode flash_mode;
	uint16_t rx_buffers; /* PDUs that the controller holds; 0: the chip's, or any number */
	uint32_t task_delay_ms; /* the update's task goes on so late after each operation */
	bool acl_wait_given; /* else the chip's */
	uint32_t acl_wait_ms; /* until a PDU that finds no buffer is dropped; 0: never */
	uint32_t wait_ticks; /* of 10 ms, of NimBLE's task for room in the ring; 0: the chip's */
	uint32_t ring_size; /* bytes; 0 = 32 KiB */
	uint32_t confirm_timeout_ms; /* 0 = 180 s */
	int8_t rssi; /* dBm at the central, mean */
	enum esp_security security;
	int32_t passkey; /* that it shows; negative: another each time */
	uint16_t data_length; /* longest it supports; 0 = 251 */
	uint16_t mtu; /* longest it offers; 0 = 517 */
	uint8_t phys; /* OTA_PHYS_*; 0 = the chip's */
	uint32_t loss_ppm; /* of the PDUs it sends */
	uint64_t seed;
	/* Something worth a line in a log, or NULL. */
	void (*log)(void *ctx, const char *text);
	void *log_ctx;
	/* Called when the device shows a passkey; or NULL. */
	void (*show)(void *ctx, struct esp *esp, int32_t passkey);
	void *show_ctx;
};

/*
 * Makes a device without power.  On failure ret_text (may be NULL) says why.  A device whose flash
 * is not kept in a file has no board, ring or image of its own before they are needed; until then
 * it is only heard.  version, project, partitions and flash_path must outlive it.
 */
int esp_create(const struct esp_config *config, struct esp **ret, char *ret_text, size_t size);
void esp_destroy(struct esp *esp);
/* Makes the board where there is none yet; so do esp_accept(), esp_reset() and esp_board().
 * Negative: it cannot be made. */
int esp_wake(struct esp *esp);
bool esp_is_made(const struct esp *esp);
/* Boots; advertises when its firmware is up. */
void esp_power_on(struct esp *esp);
/* Returns true if the boot loader found no application to boot. */
bool esp_is_dead(const struct esp *esp);

const char *esp_name(const struct esp *esp);
/* "24:6F:28:AA:10:02" */
const char *esp_address(const struct esp *esp);
/* The same as six octets, the most significant first. */
const uint8_t *esp_address_octets(const struct esp *esp);
/* 0 public, 1 random: as HCI has it. */
uint8_t esp_address_type(const struct esp *esp);
bool esp_advertising(const struct esp *esp);
/* OTA_PHYS_* that it supports. */
uint8_t esp_phys(const struct esp *esp);
/* The set of dialects that its advertisement leaves, as dialects_of_service() has it. */
uint32_t esp_advertised_dialects(const struct esp *esp);
/* The payloads on the air; their lengths.  A name that does not fit is cut. */
size_t esp_advertisement(const struct esp *esp, uint8_t ret[ESP_ADV_MAX]);
size_t esp_scan_response(const struct esp *esp, uint8_t ret[ESP_ADV_MAX]);
/* The signal at which a scanner hears it now, dBm; moves with time. */
int8_t esp_rssi(struct esp *esp);

/*
 * A central connects: fills the peripheral's side of *config, and the link is
 * created by the caller, who then calls esp_connected().  *ret_conn names it.
 * -OTA_EBUSY when all connections are taken, -OTA_ENODEV when not advertising; as esp_wake().
 */
int esp_accept(struct esp *esp, struct link_side_config *ret_side, uint16_t *ret_conn);
/* peer: the central's address.  released() tells that the device is done with the link, which its maker may then
 * destroy; it comes once, also when the device loses power. */
void esp_connected(struct esp *esp, uint16_t conn, const uint8_t peer[ESP_PEER], struct link *link,
		   void (*released)(void *ctx), void *ctx);
/* The link could not be made. */
void esp_not_connected(struct esp *esp, uint16_t conn);

/* Faults. */
void esp_reset(struct esp *esp); /* the reset button */
void esp_terminate(struct esp *esp); /* closes its links */
/* NimBLE's task is kept for so long, as by an application's callback that does not return. */
void esp_block(struct esp *esp, uint32_t ms);
struct board *esp_board(struct esp *esp); /* NULL: it cannot be made */
/* The device's own view, for tests. */
/* Centrals that it has a key for. */
unsigned int esp_bonds(const struct esp *esp);
void esp_status(struct esp *esp, struct ota_status *ret);
/* ATT PDUs that were to write something to a device of a FOREIGN dialect: all were refused. */
uint32_t esp_foreign_writes(const struct esp *esp);
/* Times that a SECTORS device was sent beyond its buffer, where a real one may crash. */
uint32_t esp_sectors_overruns(const struct esp *esp);
/* The same of a PARTS device, with parts that it lost because they came too soon; and the times
 * that its file system was formatted. */
uint32_t esp_parts_overruns(const struct esp *esp);
uint32_t esp_parts_formats(const struct esp *esp);
/* Values that came to a device of ARDUINO while its flash worked. */
uint32_t esp_arduino_losses(const struct esp *esp);
/* Values that a device of MCUMGR lost, because no buffer was free or they were no message. */
uint32_t esp_mcumgr_losses(const struct esp *esp);
/* The dialect to configure for a device of that one. */
enum esp_dialect esp_dialect_of(enum dialect_id id);
uint32_t esp_boots(const struct esp *esp);

#endif
