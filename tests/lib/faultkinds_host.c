/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong in the host's stack, in pairing, and by other clients. */
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

static void all_well(struct bench *b)
{
	struct bench_stack *s = b->stack;

	s->full = s->stuck = s->refuses = s->deaf = s->not_connectable = false;
	s->held = s->stale = false;
	s->taken = 0;
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

static void host_back(struct bench *b)
{
	bench_host(b, GATT_HOST_UNTOLD);
	sched_advance(sim_sched(b->world), sched_now(sim_sched(b->world)) + 2000000u);
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

static void small_mtu(struct bench *b)
{
	bench_set(b, "mtu_max=23");
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

static void type_it(struct bench *b)
{
	b->passkey = BENCH_PASSKEY_RIGHT;
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

static void forget(struct bench *b)
{
	assert_int_equal(b->world->ops->maintenance(b->world, TRANSPORT_FORGET, BENCH_DEVICE), 0);
	sched_advance(sim_sched(b->world), sched_now(sim_sched(b->world)) + 1000000u);
}

const struct bench_kind faultkinds_host[] = {
	{"host's queue full", "the stack takes no more Data values", DIAGNOSIS_HOST_QUEUE, NULL,
	 "restarting bluetoothd", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries,
	 .strike = fill, .heal = all_well},
	{"adapter's buffers do not come back", "what the stack takes never leaves the adapter",
	 DIAGNOSIS_ADAPTER_BUFFERS, NULL, "off and on", BENCH_CURED, SESSION_UPDATE,
	 .prepare = few_retries, .strike = stick, .heal = all_well},
	{"wrong ATT MTU", "the stack takes 64 bytes for 517", DIAGNOSIS_MTU, NULL, "mtu_max",
	 BENCH_CURED, SESSION_UPDATE, .prepare = short_mtu, .before = lie, .heal = small_mtu},
	{"socket held here", "another program has Data's write socket", DIAGNOSIS_HELD_HERE, NULL,
	 "End that program", BENCH_CURED, SESSION_UPDATE, .before = hold, .heal = all_well},
	{"stale GATT cache", "the stack remembers other services", DIAGNOSIS_STALE_CACHE, NULL,
	 "Delete what it remembers", BENCH_CURED, SESSION_UPDATE, .before = stale,
	 .heal = all_well},
	{"connections fail at once", "the stack ends each after 150 ms", DIAGNOSIS_CONNECT_FAILS,
	 NULL, "closer", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries, .before = refuse,
	 .heal = all_well},
	{"not advertising", "the device is not heard", DIAGNOSIS_NOT_ADVERTISING, NULL, "power",
	 BENCH_CURED, SESSION_UPDATE, .before = mute, .heal = all_well},
	{"advertises, not connectable", "its advertisements take no connection",
	 DIAGNOSIS_NOT_CONNECTABLE, NULL, "button", BENCH_CURED, SESSION_UPDATE,
	 .prepare = few_retries, .before = unconnectable, .heal = all_well},
	{"another client updates", "another central owns the device's session",
	 DIAGNOSIS_OTHER_CLIENT, NULL, "finished", BENCH_CURED, SESSION_UPDATE,
	 .before = another_updates, .heal = bench_strangers_go},
	{"other clients have all places", "two centrals hold the device's two connections",
	 DIAGNOSIS_NOT_ADVERTISING, NULL, "another central", BENCH_CURED, SESSION_UPDATE,
	 .before = others_hold_all, .heal = bench_strangers_go},
	{"pairing needed", "it shows a passkey, and nobody types it", DIAGNOSIS_PAIRING_NEEDED,
	 "none was typed", "type the passkey", BENCH_CURED, SESSION_UPDATE, .prepare = passkey_none,
	 .heal = type_it},
	{"pairing refused", "another passkey is typed than it shows", DIAGNOSIS_PAIRING_REFUSED,
	 "not the one", "Try again", BENCH_CURED, SESSION_UPDATE, .prepare = passkey_wrong,
	 .heal = type_it},
	{"bond lost", "the device's flash was erased", DIAGNOSIS_BOND_LOST, "key",
	 "Delete the bond", BENCH_CURED, SESSION_UPDATE, .prepare = passkey, .before = lose_bond,
	 .heal = forget},
	{"adapter off", "the stack's adapter is switched off in mid transfer",
	 DIAGNOSIS_ADAPTER_OFF, NULL, "power on", BENCH_CURED, SESSION_UPDATE,
	 .prepare = few_retries, .strike = switch_off, .heal = host_back},
	{"adapter blocked", "rfkill blocks the stack's adapter", DIAGNOSIS_ADAPTER_BLOCKED, NULL,
	 "rfkill unblock", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries, .strike = block,
	 .heal = host_back},
	{"adapter gone", "it is unplugged in mid transfer", DIAGNOSIS_ADAPTER_GONE, NULL,
	 "Plug it in", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries, .strike = unplug,
	 .heal = host_back},
	{"bluetoothd gone", "the stack's daemon ends in mid transfer", DIAGNOSIS_BLUETOOTHD_GONE,
	 NULL, "Start it again", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries,
	 .strike = kill_daemon, .heal = host_back},
	{NULL},
};
