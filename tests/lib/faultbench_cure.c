/* SPDX-License-Identifier: Apache-2.0 */
/* The cures of faultbench.h: only what the diagnosis says, word for word. */
#include "faultbench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "esp/esp_priv.h"

#define S 1000000ull

/* --- what users do */

/* After a reset the device's buffers are free again, and its controller takes connections. */
static void reset_device(struct bench *b)
{
	esp_reset(b->esp);
	b->stack->drop_notify = 0;
	b->stack->refuses = false;
	bench_wait(b, 3 * S);
}

static void give_power(struct bench *b)
{
	b->stack->deaf = false;
}

static void go_closer(struct bench *b)
{
	bench_air(b, -60, 0);
	give_power(b);
}

static void quiet_the_air(struct bench *b)
{
	bench_air(b, -60, 0);
}

static void begin_with_a_shorter_interval(struct bench *b)
{
	((struct sim *)b->world)->config.interval = 24;
	((struct sim *)b->world)->config.supervision = 0;
}

static void back(struct bench *b, enum gatt_host host)
{
	if (b->stack->host != host)
		return;
	bench_host(b, GATT_HOST_UNTOLD);
	bench_wait(b, 2 * S);
}

static void start_daemon(struct bench *b)
{
	back(b, GATT_HOST_DAEMON_GONE);
}

static void restart_daemon(struct bench *b)
{
	b->stack->full = b->stack->held = false;
	back(b, GATT_HOST_DAEMON_SILENT);
}

static void update_daemon(struct bench *b)
{
	b->stack->release = "5.87";
	b->stack->keeps = b->stack->stale = false;
	start_daemon(b);
}

static void run_as_root(struct bench *b)
{
	back(b, GATT_HOST_REFUSED);
}

static void start_bus(struct bench *b)
{
	back(b, GATT_HOST_NO_BUS);
}

static void switch_on(struct bench *b)
{
	back(b, GATT_HOST_ADAPTER_OFF);
}

static void release_switch(struct bench *b)
{
	back(b, GATT_HOST_ADAPTER_BLOCKED);
}

static void plug_in(struct bench *b)
{
	back(b, GATT_HOST_ADAPTER_GONE);
}

static void off_and_on(struct bench *b)
{
	assert_int_equal(b->stack->wrap.base.ops->maintenance(&b->stack->wrap.base,
							      TRANSPORT_POWER_CYCLE, BENCH_DEVICE),
			 0);
	bench_wait(b, 5 * S);
}

static void power_and_centrals(struct bench *b)
{
	give_power(b);
	bench_strangers_go(b);
}

static void free_it_or_reset(struct bench *b)
{
	bench_strangers_go(b);
	reset_device(b);
}

static void restart_and_reset(struct bench *b)
{
	restart_daemon(b);
	reset_device(b);
}

static void press_button(struct bench *b)
{
	b->stack->not_connectable = false;
	b->esp->config.forbids = false;
}

static void type_passkey(struct bench *b)
{
	b->passkey = BENCH_PASSKEY_RIGHT;
}

static void confirm(struct bench *b)
{
	bench_job(b, SESSION_COMMAND, OTA_CMD_CONFIRM);
}

static void wait_as_told(struct bench *b)
{
	bench_wait(b, (b->result.detail + 1u) * S);
}

/* The words are those of the program: who changes them there has to see whether the deed is
 * still what they say. */
static const struct deed {
	enum diagnosis_cause cause;
	const char *words;
	void (*does)(struct bench *b);
} deeds[] = {
	{DIAGNOSIS_NOTIFICATIONS_LOST,
	 "Where only some get lost, a larger ack_interval needs fewer of them; where none arrives "
	 "over a new link either, restart bluetoothd, then reset the device.",
	 restart_and_reset},
	{DIAGNOSIS_HOST_QUEUE,
	 "Another program may load the same adapter; restarting bluetoothd empties the queue.",
	 restart_daemon},
	{DIAGNOSIS_ADAPTER_BUFFERS,
	 "Switch the adapter off and on; a firmware update of it may help.", off_and_on},
	{DIAGNOSIS_ADAPTER_OFF, "Switch it on: bluetoothctl power on.", switch_on},
	{DIAGNOSIS_ADAPTER_BLOCKED, "Release it: rfkill unblock bluetooth.", release_switch},
	{DIAGNOSIS_ADAPTER_GONE,
	 "Plug it in again; dmesg tells where its driver or its firmware failed.", plug_in},
	{DIAGNOSIS_BLUETOOTHD_GONE, "Start it again: systemctl start bluetooth.", start_daemon},
	{DIAGNOSIS_BLUETOOTHD_SILENT, "Restart it: systemctl restart bluetooth.", restart_daemon},
	{DIAGNOSIS_BLUETOOTHD_OLD, "Update bluetoothd (package bluez), then restart it.",
	 update_daemon},
	{DIAGNOSIS_BUS_POLICY,
	 "Run it as root, or as a user that /etc/dbus-1/system.d/bluetooth.conf allows.",
	 run_as_root},
	{DIAGNOSIS_NO_BUS, "Start it: systemctl start dbus bluetooth.", start_bus},
	{DIAGNOSIS_SIGNAL_FADING, "Move closer to the device, then go on.", go_closer},
	{DIAGNOSIS_OUT_OF_RANGE,
	 "Move closer to the device, or see whether it has power; then go on.", go_closer},
	{DIAGNOSIS_INTERFERENCE,
	 "Look for what disturbs 2.4 GHz nearby (Wi-Fi, USB 3), or give the adapter an extension "
	 "cable; 1M stands more than 2M.",
	 quiet_the_air},
	{DIAGNOSIS_TIMING,
	 "Links have to begin with a longer timeout or a shorter interval: main.conf of "
	 "bluetoothd, [LE], or the device's info, [ConnectionParameters]; of --sim: supervision, "
	 "interval.",
	 begin_with_a_shorter_interval},
	{DIAGNOSIS_CONNECT_FAILS,
	 "Another central may hold its only connection; else move closer, or reset it.",
	 free_it_or_reset},
	{DIAGNOSIS_NOT_ADVERTISING,
	 "See whether it has power, and whether another central is connected to it.",
	 power_and_centrals},
	{DIAGNOSIS_NOT_CONNECTABLE, "Bring it into the mode in which it does, often by a button.",
	 press_button},
	{DIAGNOSIS_OTHER_CLIENT, "Wait until it has finished, or end its connection.",
	 bench_strangers_go},
	{DIAGNOSIS_PERMISSION, "Give it permission, often by a button on the device.",
	 press_button},
	{DIAGNOSIS_TOO_OFTEN, "The device spares its flash: wait as long as it says.",
	 wait_as_told},
	{DIAGNOSIS_OTHER_SLOT,
	 "Confirm what runs now, where it is on trial, and start the update anew.", confirm},
	{DIAGNOSIS_PAIRING_NEEDED, "Pair, and type the passkey that the device shows.",
	 type_passkey},
	{DIAGNOSIS_PAIRING_REFUSED, "Try again; one side may still have an old bond.",
	 type_passkey},
	{DIAGNOSIS_NO_RETURN,
	 "See whether it has power; a reset makes it roll back where the new image is at fault.",
	 give_power},
};
#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

const char *bench_stale_deed(void)
{
	for (size_t i = 0; i < DEEDS; i++)
		if (strcmp(deeds[i].words, diagnosis_cure(deeds[i].cause)) != 0)
			return diagnosis_name(deeds[i].cause);
	return NULL;
}

/* --- what the program does */

static void maintain(struct bench *b, enum transport_maintenance what)
{
	struct transport *stack = &b->stack->wrap.base;
	const int rc = stack->ops->maintenance(stack, what, BENCH_DEVICE);

	assert_true(rc == 0 || rc == -OTA_ENOTCONN);
	bench_wait(b, S);
}

/* True: the run that follows is the command. */
static bool command(struct bench *b, enum diagnosis_verb verb)
{
	switch (verb) {
	case DIAGNOSIS_DO_FORGET:
		maintain(b, TRANSPORT_FORGET);
		return true;
	case DIAGNOSIS_DO_DISCONNECT:
		maintain(b, TRANSPORT_HANG_UP);
		return true;
	case DIAGNOSIS_DO_CONFIRM:
		confirm(b);
		return true;
	case DIAGNOSIS_DO_RESUME:
	case DIAGNOSIS_DO_FLASH:
		return true;
	case DIAGNOSIS_DO_INFO:
	case DIAGNOSIS_DO_SCAN:
	case DIAGNOSIS_DO_DOCTOR:
	case DIAGNOSIS_DO_NOTHING:
		break;
	}
	return false;
}

const char *bench_cure(struct bench *b, const struct diagnosis *d)
{
	bool done = command(b, d->verb);

	if (d->change[0] != '\0')
		bench_set(b, d->change);
	for (size_t i = 0; d->change[0] == '\0' && i < DEEDS; i++) {
		if (deeds[i].cause != d->cause)
			continue;
		if (strcmp(deeds[i].words, diagnosis_cure(d->cause)) != 0)
			return diagnosis_cure(d->cause);
		deeds[i].does(b);
		done = true;
	}
	return done ? NULL : diagnosis_cure(d->cause);
}
