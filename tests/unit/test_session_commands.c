/* SPDX-License-Identifier: Apache-2.0 */
/* The host's state machine where it sends no image: commands to the device, and looks at it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "session_play.h"

static struct play r;

static void command(enum ota_command cmd, const char *written, const char *answer)
{
	play_init(&r, SESSION_COMMAND, 0);
	r.config.command = cmd;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, written);
	play_written(&r, GATT_CONTROL);
	play_rx(&r, answer);
	if (cmd == OTA_CMD_CONFIRM)
		play_info(&r);
	play_expect(&r, "disconnect");
	play_finish(&r);
}

static void test_commands(void **state)
{
	(void)state;
	command(OTA_CMD_STATUS, "request control 05", "05 05 10000000 08000000 a0a1a2a3 00 08 04");
	assert_int_equal(r.s.outcome, SESSION_ANSWERED);
	assert_true(r.s.stats.status_known);
	assert_int_equal(r.s.stats.status.state, OTA_STATE_SUSPENDED);
	assert_int_equal(r.s.stats.status.received, 16);
	command(OTA_CMD_ABORT, "request control 02", "06 02 00");
	assert_int_equal(r.s.outcome, SESSION_ANSWERED);
	command(OTA_CMD_CONFIRM, "request control 06", "06 06 00");
	assert_int_equal(r.s.outcome, SESSION_ANSWERED);
	command(OTA_CMD_REBOOT, "request control 08", "06 08 00");
	assert_int_equal(r.s.outcome, SESSION_ANSWERED);
	command(OTA_CMD_ROLLBACK, "request control 07", "06 07 0f");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_NO_ROLLBACK);
	command(OTA_CMD_ROLLBACK, "request control 07", "02 01 07 00000000");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_OPCODE);
}

/* Not knowing whether it was done, it is not done again. */
static void test_commands_once(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		play_init(&r, SESSION_COMMAND, 0);
		r.config.command = i ? OTA_CMD_ROLLBACK : OTA_CMD_REBOOT;
		play_start(&r);
		play_link_up(&r, 247, PLAY_FULL);
		play_skip(&r);
		play_lost(&r, GATT_BY_DEVICE);
		assert_int_equal(r.s.outcome, i ? SESSION_LINK_LOST : SESSION_ANSWERED);
		play_finish(&r);
	}
	play_init(&r, SESSION_COMMAND, 0);
	r.config.command = OTA_CMD_STATUS;
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_skip(&r);
	play_lost(&r, GATT_BY_DEVICE);
	play_pass(&r, 500);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, "request control 05");
	play_finish(&r);
}

static void test_look(void **state)
{
	(void)state;
	play_init(&r, SESSION_LOOK, 0);
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_expect(&r, "request control 05");
	play_written(&r, GATT_CONTROL);
	play_rx_status(&r, OTA_STATE_IDLE, 0);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_ANSWERED);
	assert_string_equal(r.s.model, "esp32c3");
	play_finish(&r);
	/* A basic device has nothing more to tell than its version. */
	play_init(&r, SESSION_LOOK, 0);
	play_start(&r);
	play_link_up(&r, 247, PLAY_BASIC);
	play_expect(&r, "disconnect");
	assert_int_equal(r.s.outcome, SESSION_ANSWERED);
	play_finish(&r);
	/* One that knows no STATUS has told Info all the same. */
	play_init(&r, SESSION_LOOK, 0);
	play_start(&r);
	play_link_up(&r, 247, PLAY_FULL);
	play_skip(&r);
	play_rx_error(&r, OTA_ERR_OPCODE, OTA_CMD_STATUS, 0);
	assert_int_equal(r.s.outcome, SESSION_ANSWERED);
	play_skip(&r);
	play_finish(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_commands_once),
		cmocka_unit_test(test_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
