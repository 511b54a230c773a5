/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stranger beside the owner, from START to the confirmed image: it writes any command,
 * and any value, at any time.  The product permits the owner alone, and the owner's
 * update goes as it would without the stranger.  A failure prints its seed.
 */
#include "esphost.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IMAGE 90000u
#define RUNS 60u

static struct esphost_image image;
static struct host owner, stranger;
static struct rng rng;
static uint32_t life; /* a stranger's; that of a boot ends with it */
static uint32_t written;
static const char *stage;
static uint16_t permitted; /* the owner's connection */

static bool owner_only(uint16_t conn, enum ota_esp_request request, void *arg)
{
	(void)request;
	(void)arg;
	return conn == permitted;
}

static size_t any_command(uint8_t *buf)
{
	const struct ota_link_request link = {
		.interval_min = 6, .interval_max = 6, .phys = OTA_PHYS_1M};
	struct ota_start start = {.version = OTA_PROTOCOL_VERSION};
	size_t len = 1;

	buf[0] = (uint8_t)rng_below(&rng, 13);
	if (buf[0] == OTA_CMD_START && rng_below(&rng, 2) == 0) {
		start.flags = rng_below(&rng, 2) == 0 ? OTA_START_SINK : 0;
		start.image_size = start.stream_size = IMAGE;
		len = (size_t)ota_start_encode(&start, buf, OTA_CONTROL_MAX);
	} else if (buf[0] == OTA_CMD_PREPARE && rng_below(&rng, 2) == 0) {
		len = (size_t)ota_prepare_encode(0, buf, OTA_CONTROL_MAX);
	} else if (buf[0] == OTA_CMD_LINK) {
		len = (size_t)ota_link_request_encode(&link, buf, OTA_CONTROL_MAX);
	} else if (buf[0] == OTA_CMD_TELEMETRY) {
		len = (size_t)ota_telemetry_request_encode((uint16_t)(rng_below(&rng, 2) * 100u),
							   buf, OTA_CONTROL_MAX);
	}
	return len;
}

/* Queued as the stack's task has it, beside what the owner's host waits for. */
static void intrude(void *arg)
{
	uint8_t buf[OTA_CONTROL_MAX] = {0};
	size_t len;

	if ((uintptr_t)arg != life)
		return;
	if (fake_link(stranger.conn)->up) {
		len = any_command(buf);
		if (rng_below(&rng, 4) == 0)
			fake_write_command(stranger.conn, DATA, buf, sizeof(buf));
		else
			fake_write_command(stranger.conn, CONTROL, buf, len);
		written++;
	}
	fake_at(1u + (uint32_t)rng_below(&rng, 60), intrude, arg);
}

static void strangers_come(void)
{
	esphost_connect(&stranger, image.bytes, image.size);
	assert_int_not_equal(stranger.conn, 0xffff);
	life++;
	intrude((void *)(uintptr_t)life);
}

/* The host's patience with *busy* and *state*, as docs/protocol.md has it. */
static bool confirms(void)
{
	for (int i = 0; i < 10; i++) {
		esphost_command(&owner, OTA_CMD_CONFIRM);
		if (!esphost_wait(&owner, OTA_EVT_RESULT, 5000))
			return false;
		if (owner.result.code == OTA_OK)
			return true;
		fake_run_ms(1000);
	}
	return false;
}

static bool run(uint64_t seed, bool stranger_first)
{
	rng_init(&rng, seed);
	esphost_power_on();
	esphost_config.permit = owner_only;
	fake_board.state[0] = 2; /* ESP_OTA_IMG_VALID */
	if (!esphost_boot())
		return false;
	permitted = 0xffff; /* nobody's */
	if (stranger_first)
		strangers_come();
	esphost_connect(&owner, image.bytes, image.size);
	permitted = owner.conn;
	if (!stranger_first)
		strangers_come();
	stage = "START";
	if (!esphost_start(&owner, 0))
		return false;
	stage = "the transfer";
	if (!esphost_send(&owner, owner.size))
		return false;
	stage = "END";
	if (!esphost_end(&owner))
		return false;
	stage = "the reboot";
	life++;
	if (!esphost_restarts(5000) || fake_board.boot != 1 || !esphost_boot())
		return false;
	permitted = 0xffff;
	if (stranger_first)
		strangers_come();
	esphost_connect(&owner, image.bytes, image.size);
	permitted = owner.conn;
	if (!stranger_first)
		strangers_come();
	fake_run_ms((uint32_t)rng_below(&rng, 40000));
	stage = "CONFIRM";
	if (!confirms())
		return false;
	stage = "the end";
	fake_run_ms(120000);
	life++;
	return !fake_restarted() && fake_board.running == 1 && fake_board.state[1] == 2 &&
	       fake_board.rollbacks == 0;
}

static void owner_is_not_disturbed(void **state)
{
	(void)state;
	image = esphost_image("otabench-sim", "1.1.0", IMAGE, 1, 2);
	for (uint64_t seed = 0; seed < RUNS; seed++) {
		const bool well = run(seed, seed % 2 == 0) && !fake_breach;

		if (!well)
			print_error("seed %llu: at %s, ERROR %u to 0x%02x, RESULT %u, %s\n",
				    (unsigned long long)seed, stage, owner.error.code,
				    owner.error.opcode, owner.result.code,
				    fake_breach ? fake_breach : "no breach");
		assert_true(well);
	}
	assert_true(written > RUNS * 100u);
	free(image.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(owner_is_not_disturbed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
