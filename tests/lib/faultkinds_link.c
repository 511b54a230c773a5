/* SPDX-License-Identifier: Apache-2.0 */
/* Faults in the air, and of the link's parameters. */
#include "faultkinds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "air/link_priv.h"
#include "esp/esp_priv.h"

#define S 1000000ull

static void few_retries(struct bench *b)
{
	bench_set(b, "retries=2");
}

static void many_retries(struct bench *b)
{
	bench_set(b, "retries=100");
}

static void set_loss(struct bench *b, uint32_t ppm)
{
	bench_air(b, b->esp->config.rssi, ppm);
}

/* Somebody carries it away: 40 dB a second, and below -90 dBm more and more is lost. */
static void carry_away(struct bench *b)
{
	const uint64_t away = (sched_now(sim_sched(b->world)) - b->struck_us) / (S / 40u);
	const int rssi = -60 - (int)(away < 38u ? away : 38u);

	bench_air(b, (int8_t)rssi, rssi < -90 ? (uint32_t)(-90 - rssi) * 120000u : 0);
}

static void out_of_range(struct bench *b)
{
	link_set_silent(bench_link(b), true);
	b->stack->deaf = true;
}

static void jam(struct bench *b)
{
	set_loss(b, 900000);
}

/* The loss while a microwave oven runs. */
static void jam_awhile(struct bench *b)
{
	const uint64_t us = sched_now(sim_sched(b->world)) - b->struck_us;

	if (b->esp->config.loss_ppm != (us < 20u * S ? 900000u : 0u))
		set_loss(b, us < 20u * S ? 900000u : 0u);
}

/* A chip whose radio stands still while its flash is erased. */
static void deaf_erases(struct bench *b)
{
	b->sim.interval = 24;
	bench_set(b, "supervision_timeout_ms=500");
}

static void radio_stops(struct bench *b)
{
	if (bench_link(b))
		link_set_silent(bench_link(b), board_erasing(bench_board(b)));
}

static void long_erases(struct bench *b)
{
	board_slow_erase(bench_board(b), 6);
}

static void long_interval(struct bench *b)
{
	b->sim.interval = 3200;
	b->sim.supervision = 1000;
	bench_set(b, "retries=0");
}

static void no_such_timing(struct bench *b)
{
	b->sim.interval = 3200;
	b->sim.supervision = 42;
	few_retries(b);
}

/* A change by another program, or by the device's application: one event in a second. */
static void renegotiate(struct bench *b)
{
	const struct link_params slow = {
		.interval_min = 1600, .interval_max = 1600, .supervision_timeout = 3200};

	(void)link_update_params(bench_link(b), LINK_CENTRAL, &slow);
}

static void pinned(struct bench *b)
{
	b->sim.interval = 24;
}

const struct bench_kind faultkinds_link[] = {
	{"signal fading", "the device is carried away, 40 dB a second", DIAGNOSIS_SIGNAL_FADING,
	 "dBm", "closer", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries,
	 .moment = carry_away},
	{"out of range", "nothing is heard any more, of link and advertisements",
	 DIAGNOSIS_OUT_OF_RANGE, NULL, "closer", BENCH_CURED, SESSION_UPDATE,
	 .prepare = few_retries, .strike = out_of_range},
	{"interference", "nine of ten packets are lost at -60 dBm", DIAGNOSIS_INTERFERENCE, NULL,
	 "Wi-Fi", BENCH_CURED, SESSION_UPDATE, .prepare = few_retries, .strike = jam},
	{"interference awhile", "nine of ten packets are lost for 20 s", DIAGNOSIS_INTERFERENCE,
	 NULL, "Wi-Fi", BENCH_GOES_ON, SESSION_UPDATE, .prepare = many_retries,
	 .moment = jam_awhile},
	{"supervision timeout too short", "the radio stops while flash is erased, for longer",
	 DIAGNOSIS_SUPERVISION, "links ended by the timeout", "supervision_timeout_ms",
	 BENCH_GOES_ON, SESSION_UPDATE, .prepare = deaf_erases, .before = long_erases,
	 .moment = radio_stops, .again = true},
	{"interval too long", "the adapter gives an interval of 4 s", DIAGNOSIS_INTERVAL, "4000 ms",
	 "connect_timeout_ms", BENCH_CURED, SESSION_UPDATE, .prepare = long_interval},
	{"supervision timeout of no such interval", "420 ms with an interval of 4 s",
	 DIAGNOSIS_TIMING, "8000 ms", "main.conf", BENCH_CURED, SESSION_UPDATE,
	 .prepare = no_such_timing},
	{"interval renegotiated", "somebody changes it from 30 ms to 2 s",
	 DIAGNOSIS_INTERVAL_CHANGED, "2000 ms", "interval", BENCH_GOES_ON, SESSION_UPDATE,
	 .prepare = pinned, .strike = renegotiate},
	{NULL},
};
