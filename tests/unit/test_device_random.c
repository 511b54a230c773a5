/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeded random hosts, links, flash and power over the device: whatever
 * happens, the ring never overflows, flash keeps its rules, every failure has
 * a name, and once the faults stop the update completes with the image that
 * was sent.  A failure prints its seed; OTABENCH_SEED runs that one alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_host.h"
#include "device_talk.h"

#include <stdlib.h>
#include <string.h>

#define CONN 1
#define SIZE_MAX_IMAGE (3u * OTA_BLOCK_SIZE)
#define RUNS 300u
#define STEPS 6000u

static uint8_t image[SIZE_MAX_IMAGE];
static struct dut dut;
static struct host host;
static struct rng rng;

static bool chance(uint32_t per_mille)
{
	return rng_chance(&rng, per_mille * 1000u);
}

static uint32_t between(uint32_t low, uint32_t high)
{
	return low + (uint32_t)rng_below(&rng, high - low + 1u);
}

struct weather { /* per mille of the steps */
	uint32_t lose, repeat, resync, drop_link, abort, power, flash, deaf, restart, stray;
};

static struct weather draw_weather(void)
{
	struct weather w = {0};

	/* Not everything at once: what masks the rest would be all that is tested. */
	w.lose = chance(400) ? between(1, 100) : 0;
	w.repeat = chance(300) ? between(1, 50) : 0;
	w.resync = chance(300) ? between(1, 30) : 0;
	w.drop_link = chance(300) ? between(1, 10) : 0;
	w.abort = chance(150) ? between(1, 3) : 0;
	w.power = chance(300) ? between(1, 5) : 0;
	w.flash = chance(300) ? between(1, 10) : 0;
	w.deaf = chance(300) ? between(1, 200) : 0;
	w.restart = chance(150) ? between(1, 3) : 0;
	w.stray = chance(300) ? between(1, 50) : 0;
	return w;
}

static void power_cycle(void)
{
	dut.reboots = 0;
	dut_boot(&dut);
	dut_connect(&dut, CONN);
	host.air_count = 0;
	host.phase = HOST_IDLE;
	dut_forget_notes(&dut);
}

/* Something from another connection, or that makes no sense. */
static void stray_write(void)
{
	static const uint8_t opcodes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x08, 0x0b, 0x7f};
	uint8_t buf[4] = {0};

	if (host.phase != HOST_SENDING && host.phase != HOST_ENDING)
		return; /* without a session it would take the device for its own */
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)rng_u64(&rng);
	if (chance(500))
		dut_data(&dut, CONN + 1, buf, between(0, 4), false);
	else
		dut_control(&dut, CONN + 1, &opcodes[rng_below(&rng, sizeof(opcodes))], 1);
}

static void fault(const struct weather *w)
{
	static const enum ota_op failing[] = {OTA_OP_ERASE, OTA_OP_WRITE,    OTA_OP_READ,
					      OTA_OP_CHECK, OTA_OP_SET_BOOT, OTA_OP_PERSIST};

	if (chance(w->drop_link))
		host_link_lost(&host);
	if (chance(w->power))
		dut.cut_at = dut.ops + 1;
	if (chance(w->flash)) {
		dut.fail_op = failing[rng_below(&rng, sizeof(failing) / sizeof(failing[0]))];
		dut.fail_count = between(1, 3);
		dut.fail_code = -OTA_EIO;
		dut.fail_at_once = chance(300);
	}
	if (chance(w->deaf))
		dut.deaf = between(1, 5);
	if (chance(w->resync))
		host_resync(&host);
	if (chance(w->abort))
		host_command(&host, OTA_CMD_ABORT);
	if (chance(w->restart) && host.phase != HOST_STARTING)
		host_start(&host, chance(500) ? OTA_START_RESTART : 0);
	if (chance(w->stray))
		stray_write();
}

/* One of: the host writes, the air delivers, the flash ends something, time passes. */
static void step(const struct weather *w)
{
	switch (rng_below(&rng, 8)) {
	case 0:
	case 1:
	case 2:
		host_write(&host, between(20, 512));
		break;
	case 3:
	case 4:
	case 5:
		if (chance(w->lose))
			host_lose(&host);
		else
			host_deliver(&host, chance(w->repeat));
		break;
	case 6:
		dut_op_end(&dut);
		break;
	default:
		if (chance(200))
			dut_wait(&dut, chance(10) ? 70000 : between(0, 700));
		break;
	}
}

/* The host's own patience, which this test's host keeps by steps instead of time. */
static void take_care(uint32_t number)
{
	struct ota_status status;

	if (dut.off || dut.reboots > 0)
		power_cycle();
	host_hear(&host);
	if (host.phase == HOST_IDLE || host.phase == HOST_REFUSED)
		host_start(&host, 0);
	if (number % 256 != 255)
		return;
	dut_disconnect(&dut, CONN + 1); /* a stray START may have made it the owner */
	ota_device_status(&dut.dev, &status);
	if (host.phase == HOST_STARTING && host.air_count == 0)
		host_start(&host, 0);
	else if (host.phase == HOST_SENDING && status.state == OTA_STATE_RECEIVING)
		host_resync(&host);
	else if (status.state != OTA_STATE_VERIFYING && status.state != OTA_STATE_REBOOTING)
		host.phase = HOST_IDLE;
}

static bool installed(void)
{
	return dut.info.running_slot == 1 || dut.set_boots > 0;
}

static void check(uint64_t seed)
{
	if (dut.violation == NULL && host.complaint == NULL &&
	    (!installed() || memcmp(dut.slots[1], image, host.size) == 0))
		return;
	print_error("seed %llu: %s, %s\n", (unsigned long long)seed,
		    dut.violation ? dut.violation : "device sound",
		    host.complaint ? host.complaint : "host content");
	fail();
}

static void run(uint64_t seed)
{
	struct dut_options options = {.manual = true, .slot_size = SIZE_MAX_IMAGE};
	struct weather weather;
	uint32_t size;

	rng_init(&rng, seed);
	options.ring_size = OTA_SECTOR_SIZE * between(2, 9);
	options.ack_interval = (uint16_t)(chance(500) ? 0 : between(1, 20000));
	size = chance(100) ? between(16, 300) : between(300, SIZE_MAX_IMAGE);
	weather = draw_weather();
	dut_image(image, size, seed);
	assert_int_equal(dut_init(&dut, &options), 0);
	dut_connect(&dut, CONN);
	dut_connect(&dut, CONN + 1);
	host_init(&host, &dut, CONN, image, size);
	for (uint32_t i = 0; i < STEPS && !installed(); i++) {
		fault(&weather);
		step(&weather);
		take_care(i);
		check(seed);
	}
	/* The weather clears up. */
	dut.cut_at = dut.fail_count = dut.deaf = 0;
	if (!installed()) {
		dut_disconnect(&dut, CONN + 1);
		dut_settle(&dut);
		dut_wait(&dut, 3000);
	}
	if (dut.off || dut.reboots > 0)
		power_cycle();
	if (!installed()) {
		host_link_lost(&host);
		dut_settle(&dut);
	}
	if (!installed()) {
		assert_true(host_start(&host, 0));
		host_run(&host, between(20, 512));
	}
	check(seed);
	if (!installed())
		print_error("seed %llu: not installed, host %d, device %s, error %s %02x %x\n",
			    (unsigned long long)seed, (int)host.phase,
			    ota_state_name(dut.dev.state), ota_code_name(host.error.code),
			    host.error.opcode, host.error.detail);
	assert_true(installed());
	dut_finish(&dut);
}

static void test_random(void **state)
{
	const char *text = getenv("OTABENCH_SEED");

	(void)state;
	if (text != NULL) {
		run(strtoull(text, NULL, 10));
		return;
	}
	for (uint64_t seed = 0; seed < RUNS; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	return cmocka_run_group_tests_name("device_random", tests, NULL, NULL);
}
