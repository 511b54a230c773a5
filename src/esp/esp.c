/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ESP32's life: power, boot, restart, and the events of its board.
 */
#include "esp/esp_priv.h"

#include "image/image.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RSSI_STEP_US 100000u
#define FIRST_BOOT_US 116000u /* the boot loader's, with a usual flash and factory firmware */

uint32_t esp_now_ms(const struct esp *esp)
{
	return (uint32_t)(sched_now(esp->config.sched) / 1000u);
}

void esp_log(struct esp *esp, const char *format, ...)
{
	char text[200];
	va_list ap;
	int n;

	if (!esp->config.log)
		return;
	n = snprintf(text, sizeof(text), "%s: ", esp->name);
	va_start(ap, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, ap);
	va_end(ap);
	esp->config.log(esp->config.log_ctx, text);
}

void esp_rearm(struct esp *esp)
{
	const uint64_t now = sched_now(esp->config.sched);
	uint32_t at_ms, idle_ms;
	bool due = esp_deadline(esp, &at_ms);

	if (esp_idle_deadline(esp, &idle_ms)) {
		if (!due || (int32_t)(idle_ms - at_ms) < 0)
			at_ms = idle_ms;
		due = true;
	}
	if (!esp->device_up || esp->held || !due) {
		sched_cancel(esp->config.sched, &esp->tick);
		return;
	}
	sched_at(esp->config.sched, &esp->tick,
		 now - now % 1000u + (uint64_t)(at_ms - esp_now_ms(esp)) * 1000u + 1000u);
}

static void esp_on_tick(void *ctx, uint64_t now_us)
{
	struct esp *esp = ctx;

	(void)now_us;
	esp_tick(esp);
	esp_close_idle(esp);
	esp_rearm(esp);
}

/* --- power */

static void firmware_stop(struct esp *esp)
{
	esp->device_up = false;
	esp->held = false;
	esp->blocked = false;
	esp->blocked_until = 0;
	sched_cancel(esp->config.sched, &esp->tick);
	sched_cancel(esp->config.sched, &esp->block_tick);
	sched_cancel(esp->config.sched, &esp->op);
	esp_signed_stop(esp);
	esp_parts_stop(esp);
	esp_stream_stop(esp);
	sched_cancel(esp->config.sched, &esp->boot);
	sched_cancel(esp->config.sched, &esp->restart);
	esp_drop_links(esp);
}

/* The application runs: ota_core starts with what flash remembers. */
static void firmware_start(void *ctx, uint64_t now_us)
{
	struct esp *esp = ctx;
	const struct ota_device_config config = {
		.ops = &esp_device_ops,
		.ctx = esp,
		.ring = esp->ring,
		.ring_size = esp->config.ring_size,
		.scratch = esp->scratch,
		.confirm_timeout_ms = esp->config.confirm_timeout_ms,
		.wear = &esp->wear,
		.write_size = esp->config.flash_mode == ESP_FLASH_USUAL ? ESP_WRITE_USUAL : 0,
		.basic_only = esp->config.dialect == ESP_BASIC,
	};
	struct ota_record record;
	bool recorded;

	(void)now_us;
	if (!esp->board) { /* its firmware starts when somebody needs it: esp_wake() */
		esp->power = ESP_RUNNING;
		return;
	}
	recorded = board_record(esp->board, &record) == 0;
	if (ota_device_init(&esp->device, &config, recorded ? &record : NULL, esp_now_ms(esp)) <
	    0) {
		esp_log(esp, "firmware refuses its configuration");
		return;
	}
	esp_signed_start(esp);
	esp_stream_start(esp);
	esp_security_load(esp, board_running(esp->board)->pending_verify);
	esp->device_up = true;
	esp->power = ESP_RUNNING;
	if (esp_firmware(esp))
		esp_firmware(esp)->start(esp);
	esp_log(esp, "runs %s from slot %u%s", board_running(esp->board)->version,
		board_running(esp->board)->slot,
		board_running(esp->board)->pending_verify ? ", pending verify" : "");
	esp_rearm(esp);
}

/* The boot loader, in *ret_us; false: it found nothing to boot. */
static bool load(struct esp *esp, enum ota_reset reason, uint64_t *ret_us)
{
	struct board_counters before, after;
	int rc = -OTA_EIO;

	board_counters(esp->board, &before);
	/* -OTA_EIO: power failed while the boot loader wrote; the supply comes back. */
	for (unsigned int tries = 0; tries < 3 && rc == -OTA_EIO; tries++) {
		rc = board_boot(esp->board, ret_us);
		esp->boots++;
	}
	if (rc < 0) {
		esp->power = ESP_OFF;
		esp_log(esp, "does not boot: %s", board_state_name(board_state(esp->board)));
		return false;
	}
	/* An image that crashed has started what runs now. */
	board_counters(esp->board, &after);
	esp->reset_reason = after.crashes > before.crashes ? OTA_RESET_PANIC : reason;
	return true;
}

static void boot(struct esp *esp, enum ota_reset reason)
{
	uint64_t us = 0;

	if (!load(esp, reason, &us))
		return;
	esp->power = ESP_BOOTING;
	sched_at(esp->config.sched, &esp->boot,
		 sched_now(esp->config.sched) + us + ESP_START_US +
			 (esp->boots > 1 ? esp->config.boot_delay_ms * 1000ull : 0));
}

void esp_power_on(struct esp *esp)
{
	if (esp->power != ESP_OFF)
		return;
	if (esp->board) {
		boot(esp, esp->config.boot_reason);
		return;
	}
	esp->power = ESP_BOOTING;
	sched_at(esp->config.sched, &esp->boot,
		 sched_now(esp->config.sched) + FIRST_BOOT_US + ESP_START_US);
}

bool esp_is_dead(const struct esp *esp)
{
	return esp->board && esp->power == ESP_OFF && board_state(esp->board) == BOARD_UNBOOTABLE;
}

void esp_reset(struct esp *esp)
{
	if (esp_wake(esp) < 0)
		return;
	firmware_stop(esp);
	esp->wear = 0;
	esp_log(esp, "reset");
	boot(esp, esp->config.boot_reason);
}

static void restart_now(void *ctx, uint64_t now_us)
{
	struct esp *esp = ctx;
	const uint64_t since = esp->restart_at;

	/* Links close by procedure; a central that does not answer is not waited for. */
	if (esp->power != ESP_CLOSING) {
		esp->power = ESP_CLOSING;
		esp_terminate(esp);
	}
	if (esp_has_links(esp) && now_us < since + ESP_CLOSE_US) {
		sched_at(esp->config.sched, &esp->restart, now_us + 5000u);
		return;
	}
	firmware_stop(esp);
	boot(esp, OTA_RESET_SOFTWARE);
}

void esp_restart(struct esp *esp, uint32_t delay_ms)
{
	esp->restart_at = sched_now(esp->config.sched) + delay_ms * 1000ull;
	sched_at(esp->config.sched, &esp->restart, esp->restart_at);
}

/* --- the board */

static void task_continues(void *ctx, uint64_t now_us)
{
	struct esp *esp = ctx;

	(void)now_us;
	if (esp_firmware(esp))
		esp_firmware(esp)->op_done(esp, esp->op_result);
	else
		ota_device_op_done(&esp->device, esp->op_result, esp_now_ms(esp));
	esp_hold(esp);
	esp_rearm(esp);
}

static void on_op_done(void *ctx, int result)
{
	struct esp *esp = ctx;

	esp_hold(esp);
	if (!esp->device_up)
		return;
	esp->op_result = result;
	/* The Bluetooth tasks have the higher priority: what waited for them comes before the
	 * update's task begins the next operation. */
	if (esp->config.flash_mode == ESP_FLASH_USUAL || esp->config.task_delay_ms > 0)
		sched_at(esp->config.sched, &esp->op,
			 sched_now(esp->config.sched) + esp->config.task_delay_ms * 1000ull);
	else
		task_continues(esp, sched_now(esp->config.sched));
}

static void on_resumed(void *ctx)
{
	struct esp *esp = ctx;

	esp_hold(esp);
	esp_rearm(esp);
}

/* The supply comes back at once; what the flash kept is what it boots with. */
static void on_power_lost(void *ctx)
{
	struct esp *esp = ctx;

	esp_log(esp, "power lost");
	firmware_stop(esp);
	esp->wear = 0;
	boot(esp, esp->config.boot_reason);
}

/* --- creation */

static int make(struct esp *esp, char *ret_text, size_t size)
{
	const struct board_callbacks callbacks = {
		.ctx = esp,
		.op_done = on_op_done,
		.power_lost = on_power_lost,
		.resumed = on_resumed,
	};
	const int rc = esp_make_board(esp, ret_text, size);

	if (rc == 0)
		board_set_callbacks(esp->board, &callbacks);
	return rc;
}

int esp_wake(struct esp *esp)
{
	const bool up = esp->power == ESP_RUNNING;
	char text[160] = "out of memory";
	uint64_t us = 0;
	int rc;

	if (esp->board)
		return 0;
	rc = make(esp, text, sizeof(text));
	if (rc < 0) {
		esp_log(esp, "cannot be made: %s", text);
		return rc;
	}
	/* The device has been up for as long as asked: that time counts as passed already. */
	if (esp->power != ESP_OFF && load(esp, esp->config.boot_reason, &us) && up)
		firmware_start(esp, sched_now(esp->config.sched));
	return 0;
}

static void defaults(struct esp *esp)
{
	const struct image_chip *chip = image_chip_by_id(esp->config.chip_id);
	const uint8_t *a = esp->config.address;

	if (esp->config.boot_reason == OTA_RESET_UNKNOWN)
		esp->config.boot_reason = OTA_RESET_POWER_ON;
	if (esp->config.ring_size == 0)
		esp->config.ring_size = 32768;
	if (esp->config.confirm_timeout_ms == 0)
		esp->config.confirm_timeout_ms = 180000;
	if (esp->config.data_length == 0)
		esp->config.data_length = 251;
	if (esp->config.mtu == 0)
		esp->config.mtu = 517;
	esp->phys = esp->config.phys;
	if (esp->phys == 0)
		esp->phys = OTA_PHYS_1M | (chip && chip->phy_2m ? OTA_PHYS_2M : 0);
	snprintf(esp->name, sizeof(esp->name), "%s", esp->config.name);
	snprintf(esp->address, sizeof(esp->address), "%02X:%02X:%02X:%02X:%02X:%02X", a[0], a[1],
		 a[2], a[3], a[4], a[5]);
}

int esp_create(const struct esp_config *config, struct esp **ret, char *ret_text, size_t size)
{
	struct esp *esp = calloc(1, sizeof(*esp));
	int rc;

	if (!esp)
		return -OTA_ENOMEM;
	esp->config = *config;
	defaults(esp);
	esp->boot = (struct sched_event){.fn = firmware_start, .ctx = esp};
	esp->op = (struct sched_event){.fn = task_continues, .ctx = esp};
	esp->tick = (struct sched_event){.fn = esp_on_tick, .ctx = esp};
	esp->block_tick = (struct sched_event){.fn = esp_task_tick, .ctx = esp};
	esp->restart = (struct sched_event){.fn = restart_now, .ctx = esp};
	for (uint16_t i = 0; i < ESP_CONNS; i++)
		esp->conns[i] = (struct esp_conn){.esp = esp, .id = i};
	rng_init(&esp->rng, config->seed ^ 0x5251u);
	/* A kept flash boots whether or not anybody comes: that may roll it back. */
	if (config->flash_path)
		rc = make(esp, ret_text, size);
	else
		rc = esp_check_board(esp, ret_text, size);
	if (rc < 0) {
		esp_destroy(esp);
		return rc;
	}
	*ret = esp;
	return 0;
}

void esp_destroy(struct esp *esp)
{
	if (!esp)
		return;
	firmware_stop(esp);
	esp_parts_finish(esp);
	esp_mcumgr_finish(esp);
	esp_drop_board(esp);
	esp_stream_finish(esp);
	free(esp);
}

/* --- what others see */

const char *esp_name(const struct esp *esp)
{
	return esp->name;
}

const char *esp_address(const struct esp *esp)
{
	return esp->address;
}

bool esp_advertising(const struct esp *esp)
{
	if (esp->power != ESP_RUNNING)
		return false;
	for (unsigned int i = 0; i < ESP_CONNS; i++)
		if (!esp->conns[i].link && !esp->conns[i].accepted)
			return true;
	return false;
}

const struct esp_firmware *esp_firmware(const struct esp *esp)
{
	switch (esp->config.dialect) {
	case ESP_FULL:
	case ESP_BASIC:
	case ESP_FOREIGN:
		break;
	case ESP_SECTORS:
		return &esp_sectors_firmware;
	case ESP_PARTS:
		return &esp_parts_firmware;
	case ESP_MCUMGR:
		return &esp_mcumgr_firmware;
	case ESP_ANGERER:
		return &esp_angerer_firmware;
	case ESP_ARDUINO:
		return &esp_arduino_firmware;
	}
	return NULL;
}

enum esp_dialect esp_dialect_of(enum dialect_id id)
{
	switch (id) {
	case DIALECT_FULL:
	case DIALECT_UNKNOWN:
		return ESP_FULL;
	case DIALECT_BASIC:
		return ESP_BASIC;
	case DIALECT_BLE_OTA_RAW:
	case DIALECT_BLEOTA:
	case DIALECT_NIMBLEOTA:
	case DIALECT_BLE_OTA:
		return ESP_SECTORS;
	case DIALECT_FBIEGO:
	case DIALECT_FBIEGO_COMPACT:
		return ESP_PARTS;
	case DIALECT_SMP:
		return ESP_MCUMGR;
	case DIALECT_ANGERER:
		return ESP_ANGERER;
	case DIALECT_ARDUINO_BLE_OTA:
		return ESP_ARDUINO;
	case DIALECT_FOREIGN:
	case DIALECT_ARDUINO_BLE_OTA_1:
	case DIALECT_NORDIC_DFU:
	case DIALECT_NORDIC_LEGACY_DFU:
	case DIALECT_MESHTASTIC:
	case DIALECT_MATTER:
	case DIALECT_SILABS:
	case DIALECT_TI_OAD:
	case DIALECTS:
		break;
	}
	return ESP_FOREIGN;
}

uint32_t esp_foreign_writes(const struct esp *esp)
{
	return esp->foreign_writes;
}

/* A walk that is pulled back to the mean, a step each tenth of a second. */
int8_t esp_rssi(struct esp *esp)
{
	const uint64_t now = sched_now(esp->config.sched);

	if (now - esp->rssi_at > 600u * RSSI_STEP_US)
		esp->rssi_at = now - 600u * RSSI_STEP_US;
	for (; esp->rssi_at + RSSI_STEP_US <= now; esp->rssi_at += RSSI_STEP_US) {
		const int step = (int)rng_below(&esp->rng, 21) - 10;

		esp->rssi_walk = (int16_t)(esp->rssi_walk * 9 / 10 + step);
	}
	return (int8_t)(esp->config.rssi + esp->rssi_walk / 10);
}

struct board *esp_board(struct esp *esp)
{
	(void)esp_wake(esp);
	return esp->board;
}

void esp_status(struct esp *esp, struct ota_status *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (esp->device_up)
		ota_device_status(&esp->device, ret);
}

uint32_t esp_boots(const struct esp *esp)
{
	return esp->board || esp->power == ESP_OFF ? esp->boots : 1;
}

bool esp_is_made(const struct esp *esp)
{
	return esp->board != NULL;
}
