/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices in the air: a handful of virtual ESP32s that differ in what a scan list
 * and an update should be able to tell apart, and that advertise while anyone
 * listens.  The simulated central and the virtual controller are both in it.
 */
#ifndef OTABENCH_ESP_FLEET_H
#define OTABENCH_ESP_FLEET_H

#include "esp/esp.h"

#define FLEET_DEVICES_MAX 64u

/* The names that the devices advertise. */
enum fleet_names {
	FLEET_NAMES_NUMBERED, /* "esp-sim-01" ... */
	FLEET_NAMES_TWINS, /* ... but the second has the name of the first */
	FLEET_NAMES_NONE, /* their addresses tell them apart */
	FLEET_NAMES
};

/* The kind of devices that there are.  Zero or NULL leaves a choice to the devices. */
struct fleet_kind {
	unsigned int devices; /* 1..FLEET_DEVICES_MAX, at 24:6F:28:AA:10:01 ... */
	enum fleet_names names;
	bool random_addresses; /* static random ones, E4:6F:28:AA:10:01 ...; else public */
	uint16_t chip_id; /* of the first device */
	bool revision_given;
	uint16_t revision; /* of all chips, major * 100 + minor; else what many of that chip have */
	bool block_revision_given;
	uint16_t block_revision; /* of all eFuses, likewise */
	enum ota_reset boot_reason; /* of a start that the firmware did not ask for; 0: power-on */
	bool chip_all; /* of all of them; else the others differ */
	enum esp_dialect dialect; /* of the first device */
	enum dialect_id foreign; /* where that is ESP_FOREIGN: as struct esp_config has it */
	bool dialect_all; /* of all of them; else some differ */
	bool dialect_each; /* each device another one, from full on, and so round */
	/* The kind of SMP of the devices that speak it, as struct esp_config has it. */
	enum esp_mcumgr_kind mcumgr;
	uint16_t mcumgr_buf_size;
	uint8_t mcumgr_buf_count;
	enum esp_update_table update_table; /* of those that speak the full dialect */
	const char *version, *project; /* of the factory firmware; NULL: each its own */
	enum flash_speed flash_speed;
	enum esp_flash_mode flash_mode;
	uint16_t rx_buffers; /* of the controllers; 0: as struct esp_config has it */
	uint32_t task_delay_ms; /* as struct esp_config has it */
	bool acl_wait_given;
	uint32_t acl_wait_ms, wait_ticks; /* as struct esp_config has them */
	uint32_t ring_size; /* bytes; 0: 32 KiB */
	int8_t rssi; /* dBm, mean; 0: each its own */
	uint16_t data_length; /* longest, octets; 0: 251 */
	uint16_t mtu; /* longest ATT MTU; 0: 517 */
	uint8_t phys; /* OTA_PHYS_*; 0: the chip's */
	uint32_t loss_ppm; /* of the PDUs they send */
	const char *partitions; /* text of a partitions.csv; NULL: firmware/partitions.csv */
	uint32_t secure_version; /* burnt into eFuse; 0: no anti-rollback */
	bool secure_boot, flash_encryption;
	bool signed_only; /* as struct esp_config has it */
	uint8_t public_key[64];
	bool commands_only; /* as struct esp_config has it */
	bool delta; /* likewise */
	bool skip; /* as struct esp_config has it */
	unsigned int deflate_window; /* as struct esp_config has it */
	bool same_project, no_older, no_rollback; /* as struct board_config has them */
	bool forbids; /* as struct esp_config has it */
	uint32_t
		boot_delay_ms; /* of a restart, besides the boot loader: how late the firmware is up */
	enum esp_security security; /* of all that speak a dialect of this project */
	int32_t passkey; /* that they show; negative: another each time */
	uint64_t seed;
	const char *state; /* directory for the flashes, made where missing; NULL: memory */
};

struct fleet_config {
	struct sched *sched; /* must outlive the fleet */
	struct fleet_kind kind; /* its texts are used in fleet_create() only */
	/* A device advertises, now. */
	void (*heard)(void *ctx, struct esp *esp);
	void *ctx;
	void (*log)(void *ctx, const char *text); /* what devices say; may be NULL */
	void *log_ctx;
	/* A device shows a passkey; may be NULL. */
	void (*show)(void *ctx, struct esp *esp, int32_t passkey);
};

struct fleet;

/* The name that a device of a fleet advertises, "esp-sim-01" for index 0; "" where they have
 * none. */
void fleet_device_name(enum fleet_names names, unsigned int index, char *buf, size_t size);

/* All devices are powered on.  On failure ret_text (may be NULL) says why. */
int fleet_create(const struct fleet_config *config, struct fleet **ret, char *ret_text,
		 size_t size);
void fleet_destroy(struct fleet *fleet);
/* Advertisements come while anyone listens. */
void fleet_listen(struct fleet *fleet, bool on);
/* The device of that name or address; NULL when there is none. */
struct esp *fleet_find(struct fleet *fleet, const char *name_or_address);
/* The device of that number, from 0; NULL when there are no more. */
struct esp *fleet_device(struct fleet *fleet, unsigned int index);

#endif
