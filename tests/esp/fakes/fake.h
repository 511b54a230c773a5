/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A make-believe ESP32 to run ota_esp on: FreeRTOS's tasks as coroutines over a
 * virtual clock, flash with erase and program times, NVS, otadata, NimBLE with
 * a central at the other end.  Tests turn its screws and look at its state.
 *
 * A task runs until it blocks; then time passes up to whatever comes next.
 * Every breach of a real system's rules that a fake can see (blocking with a
 * lock held, programming flash that is not erased, a watchdog not fed, an event
 * delivered with the lock held) is remembered in fake_breach.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_SLOT_SIZE 0x140000u /* as in firmware/partitions.csv */
#define FAKE_WDT_MS 5000u /* CONFIG_ESP_TASK_WDT_TIMEOUT_S's default */

/* The first rule that was broken, NULL when none. */
extern const char *fake_breach;
void fake_broke(const char *rule);

/* --- time and tasks (fake_rtos.c) */
uint64_t fake_now_us(void);
uint32_t fake_now_ms(void);
/* Lets tasks run for so long. */
void fake_run_ms(uint32_t ms);
/* Lets tasks run until the condition holds; false after ms without. */
bool fake_run_until(bool (*condition)(void *arg), void *arg, uint32_t ms);
/* The calling task blocks, and time passes; outside a task only time passes. */
void fake_block_us(uint64_t us);
/* Returns true if the device has called esp_restart() and waits for fake_boot(). */
bool fake_restarted(void);
void fake_assert_unlocked(const char *where);
/* Blocks until the flag, which another task or event sets; for nimble_port_run(). */
void fake_wait_flag(bool *flag);
/* A task for tests, beside those that ota_esp starts. */
void fake_task(void (*function)(void *arg), void *arg);
/* Calls the function, outside of any task. */
void fake_at(uint32_t in_ms, void (*function)(void *arg), void *arg);
/* The same with an argument that the function frees; called at a boot at the latest. */
void fake_deliver_in(uint32_t in_ms, void (*function)(void *arg), void *arg);
uint32_t fake_wakeups(void); /* times a task was woken by its time running out */
void fake_rtos_stop(void); /* no task runs from here on */
void fake_rtos_boot(void); /* tasks, timers and locks are gone, the clock goes on */

/* --- board (fake_board.c) */
struct fake_board {
	uint8_t slot[2][FAKE_SLOT_SIZE];
	int running, boot; /* slots */
	int state[2]; /* esp_ota_img_states_t */
	bool bound; /* otadata names the running slot */
	bool no_rollback; /* the boot loader is one without */
	bool forgotten[2]; /* the slot's entry in otadata was erased */
	uint32_t erase_block_ms, erase_sector_ms, write_us, read_us;
	bool encrypted;
	int fail_erase, fail_write, fail_read; /* the Nth from now fails; 0 = none */
	bool fail_set_boot, fail_verify_io, no_update_slot, no_heap;
	bool nvs_full, nvs_gone;
	uint32_t otadata_erases;
	uint32_t stack_left; /* bytes, of the update's task */
	bool no_watchdog; /* CONFIG_ESP_TASK_WDT_INIT=n: it is there, and was not started */
	uint32_t watchdog_refusals; /* each of which ESP-IDF logs */
	uint32_t wear[FAKE_SLOT_SIZE / 4096]; /* erases of a sector of slot 1 */
	uint32_t efuse_version; /* secure version */
	int reset_reason; /* esp_reset_reason_t */
	uint32_t erases, writes, verifies, confirms, rollbacks, restarts;
	char log[4096]; /* what was logged, newest last */
};
extern struct fake_board fake_board;

void fake_board_reset(void); /* a new board, running an image in slot 0 */
/* Runs what esp_restart() or a power cut leads to: boot loader's choice, memory
 * forgotten.  The caller then starts the application as app_main() would. */
void fake_boot(void);
/* Puts an image into a slot as a cable would. */
void fake_flash_image(int slot, const uint8_t *image, size_t size);

/* --- heap and ROM (fake_heap.c, fake_tinfl.c) */
size_t fake_heap_used(void); /* bytes */
void fake_heap_boot(void);
void fake_tinfl_boot(void);

/* --- radio (fake_gap.c, fake_host.c, fake_mbuf.c, fake_central.c) */
struct fake_note { /* a notification that arrived at a central */
	uint8_t bytes[64];
	size_t len;
	uint32_t at; /* ms */
};

struct fake_link {
	bool up, notify;
	uint16_t interval, latency, timeout; /* as HCI has them */
	uint8_t phy;
	uint16_t mtu;
	bool encrypted, authenticated;
};

struct fake_radio {
	int msys_total, msys_free; /* mbufs */
	int msys_large; /* free ones of another pool, which no notification is given */
	int fail_notify; /* so many of the next notifications find no buffer in the stack */
	bool grant; /* the central agrees to parameters */
	uint32_t answer_ms; /* and takes so long to */
	bool mute; /* it does not answer at all */
	bool apple; /* it refuses connection intervals under 15 ms */
	int fail_advertise; /* so many of the next starts of advertising fail */
	int fail_start; /* the Nth call of NimBLE's start from now fails; 0 = none */
	uint32_t air_ms; /* from accepting a notification to its delivery */
	int8_t rssi;
	bool advertising, changed; /* changed: Service Changed was indicated */
	uint8_t adv_flags;
	char name[32];
	uint16_t preferred_mtu;
	uint32_t updates, phy_requests, dle_requests, terminated; /* calls made */
	uint16_t dle_octets;
	uint32_t passkey_injected;
	uint8_t bond; /* key of the peer's part of a bond; 0: none */
};
extern struct fake_radio fake_radio;

void fake_radio_reset(void); /* power-on values of settings; forgets connections */
void fake_radio_off(void); /* every link is gone; then, with no timer left, */
void fake_radio_boot(void); /* what a restart forgets */
/* A central connects; 0xffff when nothing is advertised. */
uint16_t fake_connect(void);
void fake_connect_as_central(uint16_t handle); /* a link that the application made */
void fake_disconnect(uint16_t conn); /* by the central, now */
struct fake_link *fake_link(uint16_t conn);
/*
 * The same in the order of other releases of NimBLE: the link is up, CONNECT comes when it is
 * asked for, or never.
 */
uint16_t fake_link_up(void);
void fake_connect_event(uint16_t conn);
/* CONNECT of a link that lives, with what the central said of its features: 0x21a, none. */
void fake_connect_event_with(uint16_t conn, int status);
bool fake_connected(uint16_t conn); /* whether CONNECT came */
/* Gone before CONNECT: no event tells of it; or CONNECT does, with a failure (5.5.5). */
void fake_vanish(uint16_t conn);
void fake_leave(uint16_t conn);
/* The link dies with an update of its parameters under way: that fails, then DISCONNECT. */
void fake_die(uint16_t conn);
/* Any of the events that a central may cause, without its effect on the link. */
enum fake_event {
	FAKE_MTU,
	FAKE_PHY,
	FAKE_UPDATE,
	FAKE_UPDATE_FAILS,
	FAKE_DATA_LENGTH,
	FAKE_EVENTS
};
void fake_event(uint16_t conn, enum fake_event event);
void fake_identity(uint16_t conn); /* the peer's address becomes that of its identity */
void fake_subscribe(uint16_t conn, bool notify);
/* The ATT error of a write with response to Control (0x4002) or Data (0x4003). */
int fake_write(uint16_t conn, uint16_t chr, const void *buf, size_t len);
/* The same without response: queued, the caller goes on. */
void fake_write_command(uint16_t conn, uint16_t chr, const void *buf, size_t len);
int fake_read(uint16_t conn, uint16_t chr, uint8_t *buf, size_t size, size_t *ret_len);
/* The oldest notification not yet taken; false when there is none. */
bool fake_note(uint16_t conn, struct fake_note *ret);
bool fake_wait_note(uint16_t conn, struct fake_note *ret, uint32_t ms);
void fake_pair_event(uint16_t conn, bool repeat); /* passkey wanted, or pairing again */
/* Pairing ends, with the key that both have then; 0: it failed. */
void fake_pairing_ends(uint16_t conn, uint8_t key);
void fake_reset_host(void); /* NimBLE's host resets and synchronizes again */
/* NimBLE as an application starts that has services of its own; it advertises. */
void fake_start_own_nimble(void);
int fake_ecdsa_held(void); /* keys, groups and numbers of signatures that were not freed */
uint32_t fake_notifies(void); /* calls of ble_gatts_notify_custom() */
uint16_t fake_chr_flags(uint16_t chr);

#endif
