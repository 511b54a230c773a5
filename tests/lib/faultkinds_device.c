/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the device: its flash, its tasks, its resets, its opinion of an image. */
#include "faultkinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "board/board_priv.h"
#include "esp/esp_priv.h"

#define HANG_MS 60000u

/* --- flash and tasks */

static void slow_erase(struct bench *b)
{
	board_slow_erase(bench_board(b), 40);
}

static void slow_program(struct bench *b)
{
	board_slow_program(bench_board(b), 200);
}

/* The load of a task of higher priority that computes. */
static void starve(struct bench *b)
{
	b->esp->config.task_delay_ms = 1000;
}

static void hang(struct bench *b)
{
	esp_block(b->esp, HANG_MS);
}

static void fail_write(struct bench *b)
{
	const uint32_t at = BENCH_IMAGE / 100u * (b->place->percent + 10u);

	board_fail_write(bench_board(b), at);
}

static void lose_notifications(struct bench *b)
{
	b->stack->drop_notify = 1000000;
}

static void lose_acks(struct bench *b)
{
	b->stack->drop_notify = 1000000;
	b->stack->drop_opcode = OTA_EVT_ACK;
}

static void lose_on_link(struct bench *b)
{
	b->stack->drop_notify = 1000000;
	b->stack->link_only = true;
}

static void lose_ready(struct bench *b)
{
	b->stack->drop_notify = 1000000;
	b->stack->drop_opcode = OTA_EVT_READY;
}

static void lose_some(struct bench *b)
{
	b->stack->drop_data = 400000;
}

static void lose_all(struct bench *b)
{
	b->stack->drop_data = 1000000;
}

static void short_buffer(struct bench *b)
{
	b->stack->longest = 60;
}

/* --- resets */

static void reset_for(struct bench *b, enum ota_reset reason)
{
	b->esp->config.boot_reason = reason;
	esp_reset(b->esp);
}

static void power_on(struct bench *b)
{
	reset_for(b, OTA_RESET_POWER_ON);
}

static void brown_out(struct bench *b)
{
	reset_for(b, OTA_RESET_BROWN_OUT);
}

static void panic(struct bench *b)
{
	reset_for(b, OTA_RESET_PANIC);
}

static void watchdog(struct bench *b)
{
	reset_for(b, OTA_RESET_TASK_WATCHDOG);
}

static void close_link(struct bench *b)
{
	esp_terminate(b->esp);
}

/* --- dialects and what a device accepts */

static void basic(struct bench *b)
{
	b->sim.kind.dialect = ESP_BASIC;
}

static void basic_commands(struct bench *b)
{
	basic(b);
	bench_set(b, "write_mode=command");
}

static void basic_slow(struct bench *b)
{
	basic(b);
	b->sim.kind.flash_speed = FLASH_SLOW;
	bench_set(b, "retries=0");
}

static void slower_erase(struct bench *b)
{
	board_slow_erase(bench_board(b), 8);
}

static void foreign(struct bench *b)
{
	b->sim.kind.dialect = ESP_FOREIGN;
}

static void forbid(struct bench *b)
{
	b->sim.kind.forbids = true;
}

static void own_project(struct bench *b)
{
	b->sim.kind.project = "of-another";
	b->sim.kind.same_project = true;
}

/* The wear by a client that sends START and ABORT by turns (protocol.md, on wear). */
static void wear_out(struct bench *b)
{
	bench_job(b, SESSION_LOOK, (enum ota_command)0); /* its firmware has begun to count */
	b->esp->wear += OTA_WEAR_BURST;
}

static void break_update(struct bench *b)
{
	board_break_update(bench_board(b));
}

static void break_protocol(struct bench *b)
{
	b->stack->breaks = true;
}

/* --- after the transfer, and before */

static void unheard_since(struct bench *b)
{
	if (b->job->session.state == SESSION_REBOOTING)
		b->stack->deaf = true;
}

static void no_retries(struct bench *b)
{
	bench_set(b, "retries=0");
}

/* Somebody closes a metal door for a minute. */
static void unheard_confirm(struct bench *b)
{
	struct link *link = bench_link(b);

	if (b->job->session.state == SESSION_CONFIRMING && link)
		link_set_silent(link, true);
}

static void one_on_trial(struct bench *b)
{
	b->no_confirm = true;
	bench_job(b, SESSION_UPDATE, (enum ota_command)0);
	b->no_confirm = false;
	b->image = 1;
}

static void interrupted(struct bench *b)
{
	const uint32_t some = b->place->percent; /* of the first value nothing is left */

	bench_leave(b, some > 4 ? some : 4);
}

static void three_slots(struct bench *b)
{
	b->sim.kind.partitions = "nvs, data, nvs, , 0x4000\n"
				 "otadata, data, ota, , 0x2000\n"
				 "phy_init, data, phy, , 0x1000\n"
				 "ota_0, app, ota_0, , 1M\n"
				 "ota_1, app, ota_1, , 1M\n"
				 "ota_2, app, ota_2, , 1M\n";
}

/* Slot 1 runs, slot 0 still has what ran before, and an update goes to slot 2. */
static void updated_once(struct bench *b)
{
	bench_job(b, SESSION_UPDATE, (enum ota_command)0);
	b->image = 1;
}

/* The deed of an application that selects another partition and restarts. */
static void other_slot(struct bench *b)
{
	(void)otadata_set_boot(&bench_board(b)->otadata, 0);
	b->esp->config.boot_reason = OTA_RESET_SOFTWARE;
	esp_reset(b->esp);
}

const struct bench_kind faultkinds_device[] = {
	{"erasing slowly", "the board's erases take 40 times as long", DIAGNOSIS_ERASING, NULL,
	 "Wait", BENCH_GOES_ON, SESSION_UPDATE, .strike = slow_erase},
	{"erasing before READY", "a basic device with slow flash erases 8 times as long",
	 DIAGNOSIS_ERASING, "READY", "basic_ready_timeout_ms", BENCH_CURED, SESSION_UPDATE,
	 .prepare = basic_slow, .before = slower_erase},
	{"programming slowly", "the board's programs take 200 times as long", DIAGNOSIS_PROGRAMMING,
	 "write took", "Wait", BENCH_GOES_ON, SESSION_UPDATE, .strike = slow_program},
	{"update task starved", "the firmware's update task gets no turn for a second at a time",
	 DIAGNOSIS_DEVICE_TASK, "ring", "higher priority", BENCH_GOES_ON, SESSION_UPDATE,
	 .strike = starve},
	{"Bluetooth task hangs", "NimBLE's task stands still for a minute", DIAGNOSIS_SILENT, NULL,
	 "reset", BENCH_GOES_ON, SESSION_UPDATE, .strike = hang},
	{"flash write fails", "the board fails a write, once", DIAGNOSIS_FLASH_FAULT, NULL,
	 "Send the image again", BENCH_GOES_ON, SESSION_UPDATE, .strike = fail_write},
	{"all notifications lost", "none arrives from the place on", DIAGNOSIS_NOTIFICATIONS_LOST,
	 NULL, "reset the device", BENCH_CURED, SESSION_UPDATE, .strike = lose_notifications},
	{"a link's notifications lost", "none arrives before the link is another",
	 DIAGNOSIS_NOTIFICATIONS_LOST, NULL, "new link", BENCH_GOES_ON, SESSION_UPDATE,
	 .strike = lose_on_link},
	{"ACKs lost", "none arrives from the place on", DIAGNOSIS_NOTIFICATIONS_LOST, NULL,
	 "ack_interval", BENCH_GOES_ON, SESSION_UPDATE, .strike = lose_acks},
	{"READY lost", "it never arrives", DIAGNOSIS_NOTIFICATIONS_LOST, "READY",
	 "reset the device", BENCH_CURED, SESSION_UPDATE, .before = lose_ready},
	{"values dropped", "two of five never reach the update", DIAGNOSIS_VALUES_DROPPED, NULL,
	 "window", BENCH_GOES_ON, SESSION_UPDATE, .strike = lose_some},
	{"writes silently dropped", "no value reaches the update", DIAGNOSIS_VALUES_DROPPED, NULL,
	 "window", BENCH_CURED, SESSION_UPDATE, .strike = lose_all},
	{"wrong chunk", "the device takes values of 60 bytes, and its Info says more",
	 DIAGNOSIS_MTU, "refused a value", "chunk of 20", BENCH_CURED, SESSION_UPDATE,
	 .before = short_buffer},
	{"basic, commands lost", "two of five values never reach a basic device",
	 DIAGNOSIS_WRITES_UNSEEN, NULL, "request", BENCH_CURED, SESSION_UPDATE,
	 .prepare = basic_commands, .strike = lose_some},
	{"power lost", "reset by power-on", DIAGNOSIS_RESET, "power-on", "go on", BENCH_GOES_ON,
	 SESSION_UPDATE, .strike = power_on},
	{"brown-out", "reset by brown-out", DIAGNOSIS_RESET, "brown-out", "go on", BENCH_GOES_ON,
	 SESSION_UPDATE, .strike = brown_out},
	{"panic", "reset by a panic", DIAGNOSIS_RESET, "panic", "go on", BENCH_GOES_ON,
	 SESSION_UPDATE, .strike = panic},
	{"watchdog", "reset by the task watchdog", DIAGNOSIS_RESET, "watchdog", "go on",
	 BENCH_GOES_ON, SESSION_UPDATE, .strike = watchdog},
	{"other slot", "the application boots its other slot", DIAGNOSIS_OTHER_SLOT, "slot 0",
	 "anew", BENCH_CURED, SESSION_UPDATE, .prepare = three_slots, .before = updated_once,
	 .strike = other_slot},
	{"device hangs up", "the application ends the link", DIAGNOSIS_HUNG_UP, NULL, "log",
	 BENCH_GOES_ON, SESSION_UPDATE, .strike = close_link},
	{"another dialect", "a service of the same UUID, other characteristics", DIAGNOSIS_DIALECT,
	 NULL, "maker", BENCH_KEPT, SESSION_UPDATE, .prepare = foreign},
	{"no permission", "the product permits no update", DIAGNOSIS_PERMISSION, NULL, "permission",
	 BENCH_CURED, SESSION_UPDATE, .prepare = forbid},
	{"another project's image", "the device takes those of its own project alone",
	 DIAGNOSIS_IMAGE_REFUSED, NULL, "made for this device", BENCH_KEPT, SESSION_UPDATE,
	 .prepare = own_project},
	{"updates too often", "somebody began one after the other", DIAGNOSIS_TOO_OFTEN, " s",
	 "wait", BENCH_CURED, SESSION_UPDATE, .before = wear_out},
	{"protocol broken", "an ACK contradicts what was sent", DIAGNOSIS_PROTOCOL, NULL, "--trace",
	 BENCH_KEPT, SESSION_UPDATE, .strike = break_protocol},
	{"does not come back", "it is not heard after its reboot", DIAGNOSIS_NO_RETURN, NULL,
	 "power", BENCH_CURED, SESSION_UPDATE, .moment = unheard_since},
	{"on trial", "an image of before is not confirmed", DIAGNOSIS_ON_TRIAL, NULL, "Confirm",
	 BENCH_CURED, SESSION_UPDATE, .before = one_on_trial},
	{"on trial, unconfirmed", "the link ends for good as CONFIRM is written",
	 DIAGNOSIS_ON_TRIAL, NULL, "Confirm", BENCH_CURED, SESSION_UPDATE, .prepare = no_retries,
	 .moment = unheard_confirm, .runs_new = true},
	{"rolled back", "the new image panics at its start", DIAGNOSIS_ROLLED_BACK, "panic", "log",
	 BENCH_KEPT, SESSION_UPDATE, .strike = break_update},
	{"same version", "a basic device's new image panics at its start", DIAGNOSIS_SAME_VERSION,
	 NULL, "log", BENCH_KEPT, SESSION_UPDATE, .prepare = basic, .strike = break_update},
	{"left behind", "the host died in mid update", DIAGNOSIS_LEFT_BEHIND, NULL, "Go on",
	 BENCH_CURED, SESSION_LOOK, .before = interrupted},
	{NULL},
};
