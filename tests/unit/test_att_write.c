/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to the virtual ESP32, short and long, as literal conversations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "attlib.h"

static void test_write(void **state)
{
	(void)state;
	says("12 " CONTROL_VALUE " 01", "13");
	assert_int_equal(d.writes, 1);
	assert_int_equal(d.id, ATT_CONTROL);
	assert_int_equal(d.len, 1);
	assert_int_equal(d.value[0], 1);
	assert_false(d.command);
	says("12 " DATA_VALUE, "13");
	assert_int_equal(d.id, ATT_DATA);
	assert_int_equal(d.len, 0);
	says("52 " DATA_VALUE " 00 00 aa bb", "");
	assert_int_equal(d.writes, 3);
	assert_true(d.command);
	assert_int_equal(d.len, 4);
	d.answer = ATT_ERR_UNLIKELY;
	says("12 " CONTROL_VALUE " 01", "01 12 15 00 0e");
	says("52 " DATA_VALUE " 00", "");
	d.writes = 0;
	/* Control has no write without response, Info no write at all. */
	says("52 " CONTROL_VALUE " 01", "");
	says("52 00 00 01", "");
	says("52 15", "");
	says("52 " CONTROL_CCC " 01 00", "");
	says("d2 " DATA_VALUE " 00 00 00 00 00 00 00 00 00 00 00 00 00", "");
	says("12 " INFO_VALUE " 01", "01 12 1a 00 03");
	says("12 14 00 01", "01 12 14 00 03");
	says("12 00 00 01", "01 12 00 00 01");
	says("12 ff ff 01", "01 12 ff ff 01");
	says("12 15", "01 12 00 00 04");
	assert_int_equal(d.writes, 0);
	assert_int_equal(d.subscribed, 0);
}

static void test_write_lengths(void **state)
{
	uint8_t pdu[518] = {0x12, 0x15, 0x00};

	(void)state;
	/* Longer than the MTU: answered when it is a request, dropped when not. */
	att_rig_input(pdu, 24);
	expect_sent("01 12 00 00 04");
	pdu[0] = 0x52;
	pdu[1] = 0x18;
	att_rig_input(pdu, 24);
	expect_sent("");
	att_rig_exchange(517);
	assert_int_equal(d.writes, 0);
	att_rig_input(pdu, 515);
	assert_int_equal(d.writes, 1);
	assert_int_equal(d.len, 512);
	att_rig_input(pdu, 516);
	assert_int_equal(d.writes, 1);
	/* Control takes OTA_CONTROL_MAX. */
	pdu[0] = 0x12;
	pdu[1] = 0x15;
	att_rig_input(pdu, OTA_CONTROL_MAX + 3);
	expect_sent("13");
	att_rig_input(pdu, OTA_CONTROL_MAX + 4);
	expect_sent("01 12 15 00 0d");
	assert_int_equal(d.writes, 2);
}

static uint16_t handle_of(enum att_value_id id)
{
	for (size_t i = 0; i < d.server.db.count; i++) {
		const struct att_attribute *a = &d.server.db.attributes[i];

		if (a->kind == ATT_KIND_VALUE && a->id == id)
			return a->handle;
	}
	return 0;
}

/* Values of so many octets, by a command and by a request, to the first characteristic. */
static void write_both(enum att_table table, size_t len)
{
	uint8_t pdu[517] = {0x52};

	att_rig_start(table, 517);
	att_rig_exchange(517);
	pdu[1] = (uint8_t)handle_of(ATT_FOREIGN_1);
	att_rig_input(pdu, 3 + len);
	pdu[0] = 0x12;
	att_rig_input(pdu, 3 + len);
}

/* An MTU of 517 carries 514 octets, which no attribute has, and which Zephyr's SMP takes. */
static void test_write_beyond_an_attribute(void **state)
{
	(void)state;
	write_both(ATT_TABLE_SMP, 514);
	assert_int_equal(d.writes, 1);
	assert_int_equal(d.len, 514);
	assert_true(d.command);
	write_both(ATT_TABLE_NIMBLEOTA, 513);
	assert_int_equal(d.writes, 0);
	expect_sent("01 12 15 00 0d");
	write_both(ATT_TABLE_NIMBLEOTA, 512);
	assert_int_equal(d.writes, 2);
}

static void test_write_later(void **state)
{
	(void)state;
	d.answer = ATT_LATER;
	says("12 " DATA_VALUE " aa", "");
	/* Another request is out of turn; a command is not a request. */
	says("0a 03 00", "01 0a 00 00 11");
	says("52 " DATA_VALUE " bb", "");
	assert_int_equal(d.writes, 2);
	assert_int_equal(att_server_write_done(&d.server, ATT_OK), 0);
	expect_sent("13");
	assert_int_equal(att_server_write_done(&d.server, ATT_OK), -OTA_EINVAL);
	says("12 " DATA_VALUE " aa", "");
	assert_int_equal(att_server_write_done(&d.server, ATT_ERR_UNLIKELY), 0);
	expect_sent("01 12 18 00 0e");
	/* From within the callback. */
	d.done = ATT_OK;
	says("12 " DATA_VALUE " aa", "13");
	says("0a 03 00", "0b 65 73 70");
	/* Gone with the connection. */
	d.done = -1;
	says("12 " DATA_VALUE " aa", "");
	att_server_reset(&d.server);
	assert_int_equal(att_server_write_done(&d.server, ATT_OK), -OTA_EINVAL);
	says("0a 03 00", "0b 65 73 70");
}

/* START is 46 octets: three parts under MTU 23. */
static void test_long_write(void **state)
{
	uint8_t part[23] = {0x16, 0x15, 0x00};
	uint8_t expected[46];

	(void)state;
	for (unsigned int i = 0; i < 46; i++)
		expected[i] = (uint8_t)(i + 1);
	for (uint8_t offset = 0; offset < 46; offset = (uint8_t)(offset + 18)) {
		size_t len = offset < 36 ? 18 : 10;

		part[3] = offset;
		memcpy(part + 5, expected + offset, len);
		att_rig_input(part, 5 + len);
	}
	expect_sent("17 15 00 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12\n"
		    "17 15 00 12 00 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23 24\n"
		    "17 15 00 24 00 25 26 27 28 29 2a 2b 2c 2d 2e");
	assert_int_equal(d.writes, 0);
	says("18 01", "19");
	assert_int_equal(d.writes, 1);
	assert_int_equal(d.id, ATT_CONTROL);
	assert_int_equal(d.len, 46);
	assert_memory_equal(d.value, expected, 46);
	/* Nothing of the long write is left. */
	says("18 01", "19");
	assert_int_equal(d.writes, 1);
}

static void test_long_write_cancelled(void **state)
{
	(void)state;
	says("16 " CONTROL_VALUE " 00 00 01 02", "17 15 00 00 00 01 02");
	says("18 00", "19");
	says("18 01", "19");
	assert_int_equal(d.writes, 0);
	says("16 " CONTROL_VALUE " 00 00 01 02", "17 15 00 00 00 01 02");
	att_server_reset(&d.server);
	says("18 01", "19");
	assert_int_equal(d.writes, 0);
}

static void test_long_write_errors(void **state)
{
	(void)state;
	says("16 " CONTROL_VALUE " 00", "01 16 00 00 04");
	says("16 " INFO_VALUE " 00 00 01", "01 16 1a 00 03");
	says("16 00 00 00 00 01", "01 16 00 00 01");
	says("18", "01 18 00 00 04");
	says("18 02", "01 18 00 00 04");
	says("18 01 00", "01 18 00 00 04");
	/* A hole; the offset is judged when it is executed. */
	says("16 " CONTROL_VALUE " 00 00 01 02", "17 15 00 00 00 01 02");
	says("16 " CONTROL_VALUE " 03 00 01 02", "17 15 00 03 00 01 02");
	says("18 01", "01 18 15 00 07");
	says("18 01", "19");
	/* Beyond the longest value. */
	says("16 " CONTROL_VALUE " ff ff 01 02", "17 15 00 ff ff 01 02");
	says("18 01", "01 18 15 00 07");
	/* Overlapping parts: the later one counts. */
	says("16 " DATA_VALUE " 00 00 01 02 03", "17 18 00 00 00 01 02 03");
	says("16 " DATA_VALUE " 01 00 aa", "17 18 00 01 00 aa");
	says("18 01", "19");
	assert_int_equal(d.len, 3);
	assert_memory_equal(d.value, "\x01\xaa\x03", 3);
	/* One attribute at a time. */
	says("16 " DATA_VALUE " 00 00 01", "17 18 00 00 00 01");
	says("16 " CONTROL_VALUE " 00 00 01", "01 16 15 00 09");
	says("18 00", "19");
	assert_int_equal(d.writes, 1);
}

static void test_long_write_limits(void **state)
{
	uint8_t part[23] = {0x16, 0x15, 0x00};

	(void)state;
	/* More octets than Control takes. */
	for (unsigned int offset = 0; offset <= OTA_CONTROL_MAX; offset += 13) {
		part[3] = (uint8_t)offset;
		att_rig_input(part, 18);
	}
	d.sent[0] = '\0';
	says("18 01", "01 18 15 00 0d");
	/* All parts that the server keeps, each of them empty. */
	part[3] = 0;
	for (unsigned int i = 0; i < ATT_PREPARED_PARTS; i++)
		att_rig_input(part, 5);
	d.sent[0] = '\0';
	att_rig_input(part, 5);
	expect_sent("01 16 15 00 09");
	says("18 00", "19");
	/* More octets than a value has. */
	for (unsigned int i = 0; i < 28; i++)
		att_rig_input(part, 23);
	d.sent[0] = '\0';
	att_rig_input(part, 23);
	expect_sent("01 16 15 00 09");
	assert_int_equal(d.writes, 0);
}

static void test_long_write_later(void **state)
{
	(void)state;
	d.answer = ATT_LATER;
	says("16 " DATA_VALUE " 00 00 01", "17 18 00 00 00 01");
	says("18 01", "");
	assert_int_equal(att_server_write_done(&d.server, ATT_OK), 0);
	expect_sent("19");
	says("16 " DATA_VALUE " 00 00 01", "17 18 00 00 00 01");
	says("18 01", "");
	assert_int_equal(att_server_write_done(&d.server, ATT_ERR_UNLIKELY), 0);
	expect_sent("01 18 18 00 0e");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ATT_TEST(test_write),
		ATT_TEST(test_write_lengths),
		ATT_TEST(test_write_beyond_an_attribute),
		ATT_TEST(test_write_later),
		ATT_TEST(test_long_write),
		ATT_TEST(test_long_write_cancelled),
		ATT_TEST(test_long_write_errors),
		ATT_TEST(test_long_write_limits),
		ATT_TEST(test_long_write_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
