/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of --sim[=key=value,...]: how many devices, of
 * what kind, over which link, and what goes wrong.
 *
 * Options that were not given are told apart from those that were: an interval that is
 * not given starts at Linux's 50 ms and follows the device's requests, a given
 * one is pinned.  simopts_given() tells.
 */
#ifndef OTABENCH_SIM_SIMOPTS_H
#define OTABENCH_SIM_SIMOPTS_H

#include "base/ecdsa.h"
#include "base/setting.h"
#include "ota/proto.h"
#include "board/slots.h"
#include "esp/fleet.h"
#include "sim/sim.h"
#include "transport/fault_spec.h"

#define SIM_POLICY_PROJECT 1
#define SIM_POLICY_NEWER 2

enum sim_option {
	SIM_DEVICES,
	SIM_CHIP,
	SIM_PHY,
	SIM_INTERVAL,
	SIM_MTU,
	SIM_DATA_LENGTH,
	SIM_BUFFERS,
	SIM_LOSS,
	SIM_RSSI,
	SIM_FLASH,
	SIM_RING,
	SIM_DIALECT,
	SIM_SEED,
	SIM_SPEED,
	SIM_FAULT,
	SIM_STATE,
	SIM_VERSION,
	SIM_PROJECT,
	SIM_ENCRYPTED,
	SIM_SUPERVISION,
	SIM_SECURITY,
	SIM_PASSKEY,
	SIM_NAMES,
	SIM_ADDRESSES,
	SIM_TABLE,
	SIM_SLOTS,
	SIM_SECURE_VERSION,
	SIM_SECURE_BOOT,
	SIM_FLASH_ENCRYPTION,
	SIM_BOOTLOADER,
	SIM_POLICY,
	SIM_PERMIT,
	SIM_COMMANDS_ONLY,
	SIM_BOOT_DELAY,
	SIM_REVISION,
	SIM_BLOCK_REVISION,
	SIM_BOOT_REASON,
	SIM_FLASH_MODE,
	SIM_RX_BUFFERS,
	SIM_ACL_WAIT,
	SIM_TASK_DELAY,
	SIM_HOST_DELAY,
	SIM_STACK_DELAY,
	SIM_PUBLIC_KEY,
	SIM_DEFLATE,
	SIM_DELTA,
	SIM_SKIP,
	SIM_SMP,
	SIM_SMP_BUFFERS,
	SIM_SMP_BUFFER_SIZE,
	SIM_OPTIONS
};

enum sim_flash { SIM_FLASH_TYPICAL, SIM_FLASH_IDEAL, SIM_FLASH_SLOW };

#define SIM_FAULTS_MAX 16u
#define SIM_SPEED_MAX 0 /* as fast as the machine can */

struct sim_options {
	uint64_t given; /* 1 << enum sim_option */
	int32_t devices; /* 1..64 */
	uint16_t chip_id; /* of the first device; image_chip_by_id() knows it */
	int32_t phy; /* OTA_PHY_1M or OTA_PHY_2M */
	int32_t interval; /* units of 1.25 ms, 6..3200 */
	int32_t mtu; /* 23..517 */
	int32_t data_length; /* octets, 27..251 */
	int32_t buffers, buffer_octets; /* LE ACL buffers of the adapter; 0 = no limit */
	bool refill; /* buffers are refilled inside a connection event, or it is not known */
	bool late; /* the adapter prepares its events late */
	int32_t loss_ppm; /* share of PDUs lost, 0..900000 */
	int32_t rssi; /* dBm */
	enum sim_flash flash;
	int32_t ring_kib; /* 8..1024 */
	int32_t dialect; /* enum dialect_id; UNKNOWN: each device another */
	uint64_t seed;
	int32_t speed; /* thousandths of real time; SIM_SPEED_MAX: unbounded */
	struct fault_spec faults[SIM_FAULTS_MAX];
	size_t fault_count;
	char state[4096]; /* directory; "" = keep nothing */
	char public_key_file[4096];
	uint8_t public_key[ECDSA_POINT]; /* from it; given: devices take signed images only */
	int32_t delta; /* bool */
	int32_t skip; /* bool */
	int32_t deflate_window; /* log2 of bytes, 12..15; 0: no compressed streams */
	char version[32]; /* of the factory firmware, as esp_app_desc_t holds it */
	char project[32];
	int32_t smp; /* enum esp_mcumgr_kind */
	int32_t smp_buffers; /* 1..16 */
	int32_t smp_buffer_size; /* bytes, 128..4096 */
	int32_t encrypted; /* 0 or 1 */
	int32_t supervision_ms; /* a multiple of 10 */
	int32_t security; /* enum esp_security */
	int32_t passkey; /* 0..999999; -1: another each time */
	int32_t names; /* enum fleet_names */
	int32_t random_addresses; /* 0 or 1 */
	int32_t table; /* enum esp_update_table */
	struct slots slots; /* not given: as firmware/partitions.csv has them */
	int32_t secure_version; /* 0..32; 0: no anti-rollback */
	int32_t secure_boot, flash_encryption; /* 0 or 1 */
	int32_t no_rollback; /* 0 or 1 */
	int32_t policy; /* bits: SIM_POLICY_* */
	int32_t permit; /* 0 or 1 */
	int32_t commands_only; /* 0 or 1 */
	int32_t boot_delay_ms;
	int32_t revision; /* major * 100 + minor; not given: each chip's own */
	int32_t block_revision; /* of the eFuse, likewise */
	int32_t flash_mode; /* enum esp_flash_mode */
	int32_t rx_buffers; /* 1..255; not given: the chip's, or with ESP_FLASH_LENIENT any number */
	int32_t acl_wait_ms; /* 0..60000, 0: for ever; not given: the chip's */
	int32_t boot_reason; /* enum ota_reset */
	int32_t task_delay_ms; /* 0..1000 */
	int32_t host_delay_ms; /* 0..1000 */
	int32_t stack_delay_us; /* 0..1000000 */
};

/* SIM_OPTIONS descriptions, indexed by enum sim_option, for help texts. */
const struct setting *simopts_settings(void);
void simopts_defaults(struct sim_options *options);
bool simopts_given(const struct sim_options *options, enum sim_option option);

/* The name that a device advertises, counted from 0; "" where they have none. */
void simopts_device_name(const struct sim_options *options, unsigned int index, char *buf,
			 size_t size);
/*
 * The devices that the options ask for.  What was not given is left to the devices,
 * each its own.  Texts are those of *options; partitions, which the caller keeps as
 * long as the kind is used, is filled where slots were given.
 */
void simopts_kind(const struct sim_options *options, char partitions[SLOTS_CSV_MAX],
		  struct fleet_kind *ret);

/* The whole simulation that they ask for; speed included, log not. */
void simopts_config(const struct sim_options *options, char partitions[SLOTS_CSV_MAX],
		    struct sim_config *ret);

/*
 * Adds the options of one --sim argument: "key=value,..."; "\," is a comma in a
 * value and "\\" a backslash; "" and NULL add nothing.  fault may be given
 * SIM_FAULTS_MAX times, everything else once.  0, or -OTA_EINVAL with all that
 * is wrong in *errors (initialised here) and *options untouched.
 */
int simopts_parse(struct sim_options *options, const char *text, struct setting_errors *errors);
/* A given or default value as one would type it; of fault, all of them.  Returns buf. */
char *simopts_get(const struct sim_options *options, enum sim_option option, char *buf,
		  size_t size);
/* All that was given, as simopts_parse() takes it.  Returns buf; "" when it does not fit. */
char *simopts_format(const struct sim_options *options, char *buf, size_t size);

#endif
