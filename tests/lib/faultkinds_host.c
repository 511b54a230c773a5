/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of the host's stack, of pairing, and by other clients. */
#include "faultkinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "esp/esp_priv.h"

static void few_retries(struct bench *b)
{
	bench_set(b, "retries=2");
}

static void switch_off(struct bench *b)
{
	bench_host(b, GATT_HOST_ADAPTER_OFF);
}

static void block(struct bench *b)
{
	bench_host(b, GATT_HOST_ADAPTER_BLOCKED);
}

static void unplug(struct bench *b)
{
	bench_host(b, GATT_HOST_ADAPTER_GONE);
}

static void kill_daemon(struct bench *b)
{
	bench_host(b, GATT_HOST_DAEMON_GONE);
}

static void deafen_daemon(struct bench *b)
{
	bench_host(b, GATT_HOST_DAEMON_SILENT);
}

static void forbid_bus(struct bench *b)
{
	bench_host(b, GATT_HOST_REFUSED);
}

static void kill_bus(struct bench *b)
{
	bench_host(b, GATT_HOST_NO_BUS);
}

/* A bluetoothd of this age can crash when a device's MTU is read. */
static void crash_old(struct bench *b)
{
	b->stack->release = "5.62";
	kill_daemon(b);
}

/* A bluetoothd of this age keeps a removed device's cache. */
static void stale_old(struct bench *b)
{
	b->stack->release = "5.55";
	b->stack->stale = b->stack->keeps = true;
}

static void fill(struct bench *b)
{
	b->stack->full = true;
}

static void stick(struct bench *b)
{
	b->stack->stuck = true;
}

static void refuse(struct bench *b)
{
	b->stack->refuses = true;
}

static void mute(struct bench *b)
{
	b->stack->deaf = true;
}

static void unconnectable(struct bench *b)
{
	b->stack->not_connectable = true;
}

static void hold(struct bench *b)
{
	b->stack->held = true;
}

static void stale(struct bench *b)
{
	b->stack->stale = true;
}

/* A stack that does not tell it, and takes it for the usual one. */
static void lie(struct bench *b)
{
	b->stack->mtu = 517;
}

static void short_mtu(struct bench *b)
{
	b->sim.kind.mtu = 64;
	few_retries(b);
}

/* --- other clients */

static void another_updates(struct bench *b)
{
	bench_stranger(b, 0, OTA_CMD_START);
}

static void others_hold_all(struct bench *b)
{
	bench_stranger(b, 0, -1);
	bench_stranger(b, 1, -1);
}

/* --- pairing */

static void passkey(struct bench *b)
{
	b->sim.kind.security = ESP_PASSKEY;
}

static void passkey_none(struct bench *b)
{
	passkey(b);
	b->passkey = BENCH_PASSKEY_NONE;
}

static void passkey_wrong(struct bench *b)
{
	passkey(b);
	b->passkey = BENCH_PASSKEY_WRONG;
}

/* Paired once; then the device was erased. */
static void lose_bond(struct bench *b)
{
	bench_job(b, SESSION_LOOK, (enum ota_command)0);
	for (unsigned int i = 0; i < BOARD_BONDS; i++)
		(void)board_write_bond(bench_board(b), i, NULL, 0);
	esp_reset(b->esp);
	sched_advance(sim_sched(b->world), sched_now(sim_sched(b->world)) + 5000000u);
}

const struct bench_kind faultkinds_host[] = {
	{"host's queue full", "the stack takes no more Data values", DIAGNOSIS_HOST_QUEUE, NULL,
	 "restarting bluetoothd", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries,
	 .strike = fill},
	{"adapter's buffers do not come back", "what the stack takes never leaves the adapter",
	 DIAGNOSIS_ADAPTER_BUFFERS, NULL, "off and on", BENCH_CURED, SESSION_UPDATE,
	 .prepare = few_retries, .strike = stick},
	{"wrong ATT MTU", "the stack takes 64 bytes for 517", DIAGNOSIS_MTU, NULL, "mtu_max",
	 BENCH_CURED, SESSION_UPDATE, .prepare = short_mtu, .before = lie},
	{"socket held here", "another program has Data's write socket", DIAGNOSIS_HELD_HERE, NULL,
	 "End that program", BENCH_CURED, SESSION_UPDATE, .before = hold},
	{"stale GATT cache", "the stack remembers other services", DIAGNOSIS_STALE_CACHE, NULL,
	 "Delete what it remembers", BENCH_CURED, SESSION_UPDATE, .before = stale},
	{"connections fail at once", "the stack ends each after 150 ms", DIAGNOSIS_CONNECT_FAILS,
	 NULL, "closer", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries, .before = refuse},
	{"not advertising", "the device is not heard", DIAGNOSIS_NOT_ADVERTISING, NULL, "power",
	 BENCH_CURED, SESSION_UPDATE, .before = mute},
	{"advertises, not connectable", "its advertisements take no connection",
	 DIAGNOSIS_NOT_CONNECTABLE, NULL, "button", BENCH_CURED, SESSION_UPDATE,
	 .prepare = few_retries, .before = unconnectable},
	{"another client updates", "another central owns the device's session",
	 DIAGNOSIS_OTHER_CLIENT, NULL, "finished", BENCH_CURED, SESSION_UPDATE,
	 .before = another_updates},
	{"other clients have all places", "two centrals hold the device's two connections",
	 DIAGNOSIS_NOT_ADVERTISING, NULL, "another central", BENCH_CURED, SESSION_UPDATE,
	 .before = others_hold_all},
	{"pairing needed", "it shows a passkey, and nobody types it", DIAGNOSIS_PAIRING_NEEDED,
	 "none was typed", "type the passkey", BENCH_CURED, SESSION_UPDATE,
	 .prepare = passkey_none},
	{"pairing refused", "another passkey is typed than it shows", DIAGNOSIS_PAIRING_REFUSED,
	 "not the one", "Try again", BENCH_CURED, SESSION_UPDATE, .prepare = passkey_wrong},
	{"bond lost", "the device's flash was erased", DIAGNOSIS_BOND_LOST, "key",
	 "Delete the bond", BENCH_CURED, SESSION_UPDATE, .prepare = passkey, .before = lose_bond},
	{"adapter off", "the stack's adapter is switched off in mid transfer",
	 DIAGNOSIS_ADAPTER_OFF, NULL, "power on", BENCH_CURED, SESSION_UPDATE,
	 .prepare = few_retries, .strike = switch_off},
	{"adapter blocked", "rfkill blocks the stack's adapter", DIAGNOSIS_ADAPTER_BLOCKED, NULL,
	 "rfkill unblock", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries, .strike = block},
	{"adapter gone", "it is unplugged in mid transfer", DIAGNOSIS_ADAPTER_GONE, NULL,
	 "Plug it in", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries, .strike = unplug},
	{"bluetoothd gone", "the stack's daemon ends in mid transfer", DIAGNOSIS_BLUETOOTHD_GONE,
	 NULL, "Start it again", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries,
	 .strike = kill_daemon},
	{"bluetoothd answers nothing", "the stack's daemon hangs in mid transfer",
	 DIAGNOSIS_BLUETOOTHD_SILENT, NULL, "Restart it", BENCH_CURED, SESSION_UPDATE,
	 .prepare = few_retries, .strike = deafen_daemon},
	{"bluetoothd too old, crash", "5.62 ends in mid transfer", DIAGNOSIS_BLUETOOTHD_OLD, "5.62",
	 "Update bluetoothd", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries,
	 .strike = crash_old},
	{"bluetoothd too old, cache", "5.55 remembers other services, and does not forget them",
	 DIAGNOSIS_BLUETOOTHD_OLD, "cache", "Update bluetoothd", BENCH_CURED, SESSION_UPDATE,
	 .before = stale_old},
	{"D-Bus policy", "the bus answers AccessDenied from mid transfer on", DIAGNOSIS_BUS_POLICY,
	 NULL, "root", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries, .strike = forbid_bus},
	{"no D-Bus", "the bus ends in mid transfer", DIAGNOSIS_NO_BUS, NULL, "systemctl start",
	 BENCH_CURED, SESSION_UPDATE, .prepare = few_retries, .strike = kill_bus},
	{NULL},
};
