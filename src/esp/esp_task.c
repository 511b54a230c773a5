/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NimBLE's host task, one for all connections of the virtual ESP32, and the controller
 * behind it.  A value that finds the ring full keeps the task, as in wait_for_room() of
 * ota_esp_gatt.c, and so does an application (esp_block()); meanwhile it takes nothing from
 * any link.  While the flash stops the processor, nothing here runs.
 */
#include "esp/esp_priv.h"

#include <string.h>

#define TICK_US 10000u /* CONFIG_FREERTOS_HZ is 100 by default */

/*
 * A controller that is reached by VHCI drops a PDU that finds no buffer for 29 ticks
 * (ble_hci_rx_acl() of esp_nimble_hci.c in ESP-IDF 5.1.7, 5.2.7, 5.3.5, 5.4.4, 5.5.1 and
 * later ones).  The others' waits, and their link layer refuses.
 */
#define VHCI_DROP_TICKS 29u
/* WAIT_TICKS of ota_esp_gatt.c: so long the firmware keeps the task for room in the ring. */
#define VHCI_WAIT_TICKS 20u
#define WAIT_TICKS 300u

/* esp_chip_id_t of esp_app_format.h */
#define CHIP_ESP32 0x0000
#define CHIP_ESP32C3 0x0005
#define CHIP_ESP32S3 0x0009

/* --- the chip */

/* Returns true if NimBLE reaches the controller by VHCI (else by its own transport). */
static bool has_vhci(const struct esp *esp)
{
	return esp->config.chip_id == CHIP_ESP32 || esp->config.chip_id == CHIP_ESP32C3 ||
	       esp->config.chip_id == CHIP_ESP32S3;
}

/*
 * PDUs that the controller keeps while no task takes them.  8 is what licensees of the
 * Riviera Waves link layer, which the ESP32, C3 and S3 have (linker_rw_bt_controller.lf),
 * publish for their receive buffers (BLE_RX_BUFFER_CNT of rwble_config.h); Espressif's own
 * number is not public.  The later chips' controller is Espressif's: 24,
 * DEFAULT_BT_LE_ACL_BUF_COUNT of esp_bt_cfg.h.
 */
uint32_t esp_receive_pdus(const struct esp *esp)
{
	if (esp->config.rx_buffers > 0)
		return esp->config.rx_buffers;
	/* The most that credits allow, and a little for everything else. */
	if (esp->config.flash_mode == ESP_FLASH_LENIENT)
		return esp->config.ring_size / 27u + 32u;
	return has_vhci(esp) ? 8 : 24;
}

/* No chip drops what a lenient one has room for. */
uint32_t esp_acl_wait_us(const struct esp *esp)
{
	if (esp->config.acl_wait_given)
		return esp->config.acl_wait_ms * 1000u;
	if (esp->config.flash_mode == ESP_FLASH_LENIENT)
		return 0;
	return has_vhci(esp) ? VHCI_DROP_TICKS * TICK_US : 0;
}

static uint32_t wait_ticks(const struct esp *esp)
{
	if (esp->config.wait_ticks > 0)
		return esp->config.wait_ticks;
	return has_vhci(esp) ? VHCI_WAIT_TICKS : WAIT_TICKS;
}

/* --- the task */

static void task_arm(struct esp *esp)
{
	const uint64_t now = sched_now(esp->config.sched);

	sched_at(esp->config.sched, &esp->block_tick, now - now % TICK_US + TICK_US);
}

/* After whatever may have begun to keep it, or has let it go. */
static void task_update(struct esp *esp)
{
	bool blocked = sched_now(esp->config.sched) < esp->blocked_until;

	for (unsigned int i = 0; i < ESP_CONNS; i++)
		blocked = blocked || esp->conns[i].waiting_len > 0;
	if (blocked)
		task_arm(esp);
	if (blocked == esp->blocked)
		return;
	esp->blocked = blocked;
	for (unsigned int i = 0; i < ESP_CONNS; i++)
		if (esp->conns[i].link)
			link_block(esp->conns[i].link, LINK_PERIPHERAL, blocked);
}

int esp_task_wait(struct esp_conn *c, const uint8_t *buf, size_t len, bool command)
{
	memmove(c->waiting, buf, len);
	c->waiting_len = len;
	c->waiting_command = command;
	task_update(c->esp);
	return command ? ATT_OK : ATT_LATER;
}

void esp_block(struct esp *esp, uint32_t ms)
{
	esp->blocked_until = sched_now(esp->config.sched) + ms * 1000ull;
	task_update(esp);
}

/* Presents what waits again; the last time it is dropped, with an ERROR. */
static void present(struct esp_conn *c)
{
	const size_t len = c->waiting_len;
	int answer;

	c->waiting_len = 0;
	c->waited++;
	answer = esp_link_data_written(c, c->waiting, len, c->waiting_command,
				       c->waited < wait_ticks(c->esp));
	if (c->waiting_len > 0)
		return;
	c->waited = 0;
	if (!c->waiting_command)
		(void)att_server_write_done(&c->att, answer);
}

void esp_task_tick(void *ctx, uint64_t now_us)
{
	struct esp *esp = ctx;

	(void)now_us;
	if (esp->held) {
		task_arm(esp);
		return;
	}
	for (unsigned int i = 0; i < ESP_CONNS; i++)
		if (esp->conns[i].link && esp->conns[i].waiting_len > 0)
			present(&esp->conns[i]);
	task_update(esp);
	esp_hold(esp);
	esp_rearm(esp);
}
