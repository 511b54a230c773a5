/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ESP32's ATT server as literal conversations: what a central sends,
 * what comes back, and what the device behind it saw.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "attlib.h"

static void test_mtu(void **state)
{
	(void)state;
	assert_int_equal(att_server_mtu(&d.server), 23);
	says("02 05 02", "03 05 02");
	assert_int_equal(d.mtu, 517);
	assert_int_equal(att_server_mtu(&d.server), 517);
	att_server_reset(&d.server);
	assert_int_equal(att_server_mtu(&d.server), 23);
	says("02 b9 00", "03 05 02");
	assert_int_equal(att_server_mtu(&d.server), 185);
	/* The server's own limit, and the least that there is. */
	att_rig_start(ATT_TABLE_FULL, 247);
	says("02 ff ff", "03 f7 00");
	assert_int_equal(att_server_mtu(&d.server), 247);
	says("02 10 00", "03 f7 00");
	assert_int_equal(att_server_mtu(&d.server), 23);
	says("02 17", "01 02 00 00 04");
	says("02 17 00 00", "01 02 00 00 04");
}

static void test_primary_services(void **state)
{
	(void)state;
	says("10 01 00 ff ff 00 28", "11 06 01 00 05 00 00 18 06 00 0b 00 01 18 0c 00 12 00 0a 18");
	/* The 128-bit one has another length: a list of its own. */
	says("10 13 00 ff ff 00 28", "11 14 13 00 1a 00 " OTA_UUID("01"));
	says("10 1b 00 ff ff 00 28", "01 10 1b 00 0a");
	says("10 01 00 ff ff 01 28", "01 10 01 00 0a");
	says("10 01 00 ff ff 03 28", "01 10 01 00 10");
	says("10 00 00 ff ff 00 28", "01 10 00 00 01");
	says("10 05 00 04 00 00 28", "01 10 05 00 01");
	says("10 01 00 ff ff 00", "01 10 00 00 04");
	says("10 01 00 ff ff 00 28 00", "01 10 00 00 04");
	/* The long form of 0x2800 is the same type. */
	says("10 0c 00 0c 00 fb 34 9b 5f 80 00 00 80 00 10 00 00 00 28 00 00",
	     "11 06 0c 00 12 00 0a 18");
}

static void test_service_by_uuid(void **state)
{
	(void)state;
	says("06 01 00 ff ff 00 28 0a 18", "07 0c 00 12 00");
	says("06 01 00 ff ff 00 28 " OTA_UUID("01"), "07 13 00 1a 00");
	says("06 01 00 12 00 00 28 " OTA_UUID("01"), "01 06 01 00 0a");
	says("06 01 00 ff ff 00 28 " OTA_UUID("02"), "01 06 01 00 0a");
	says("06 01 00 ff ff 03 28 0a 18", "01 06 01 00 0a");
	says("06 01 00 ff ff 00 28", "01 06 01 00 0a");
	says("06 01 00 ff ff 00 28 0a", "01 06 01 00 0a");
	says("06 01 00 ff ff 00", "01 06 00 00 04");
	says("06 00 00 ff ff 00 28 0a 18", "01 06 00 00 01");
}

static void test_characteristics(void **state)
{
	(void)state;
	says("08 01 00 05 00 03 28", "09 07 02 00 02 03 00 00 2a 04 00 02 05 00 01 2a");
	says("08 06 00 0b 00 03 28", "09 07 07 00 20 08 00 05 2a 0a 00 02 0b 00 2a 2b");
	/* One at a time of 21 octets under MTU 23; Control is write and notify, Data write
	 * and write without response, Info read. */
	says("08 13 00 1a 00 03 28", "09 15 14 00 18 15 00 " OTA_UUID("02"));
	says("08 15 00 1a 00 03 28", "09 15 17 00 0c 18 00 " OTA_UUID("03"));
	says("08 18 00 1a 00 03 28", "09 15 19 00 02 1a 00 " OTA_UUID("04"));
	says("08 1a 00 1a 00 03 28", "01 08 1a 00 0a");
	att_rig_exchange(517);
	says("08 13 00 1a 00 03 28",
	     "09 15 14 00 18 15 00 " OTA_UUID("02") " 17 00 0c 18 00 " OTA_UUID(
		     "03") " 19 00 02 1a 00 " OTA_UUID("04"));
}

static void test_basic_and_foreign(void **state)
{
	(void)state;
	att_rig_start(ATT_TABLE_BASIC, 517);
	att_rig_exchange(517);
	says("08 13 00 ff ff 03 28",
	     "09 15 14 00 18 15 00 " OTA_UUID("02") " 17 00 0c 18 00 " OTA_UUID("03"));
	says("0a 1a 00", "01 0a 1a 00 01");
	att_rig_start(ATT_TABLE_FOREIGN, 517);
	att_rig_exchange(517);
	says("08 13 00 ff ff 03 28",
	     "09 15 14 00 08 15 00 " OTA_UUID("02") " 16 00 20 17 00 " OTA_UUID("03"));
	says("04 18 00 18 00", "05 01 18 00 02 29");
	says("12 15 00 01", "13");
	assert_int_equal(d.id, ATT_FOREIGN_1);
	says("12 17 00 01", "01 12 17 00 03");
	says("12 18 00 02 00", "13");
	assert_int_equal(d.ccc, ATT_CCC_INDICATE);
}

/* An update may change the table, with a database hash that tells so or without one. */
static void test_updated_tables(void **state)
{
	uint8_t hash[ATT_HASH_SIZE];
	struct att_db db;

	(void)state;
	att_db_init(&db, ATT_TABLE_FULL);
	memcpy(hash, db.hash, sizeof(hash));
	att_db_init(&db, ATT_TABLE_MOVED);
	assert_memory_not_equal(hash, db.hash, sizeof(hash));
	att_rig_start(ATT_TABLE_MOVED, 517);
	att_rig_exchange(517);
	says("08 13 00 ff ff 03 28", "09 07 14 00 02 15 00 19 2a");
	says("08 16 00 ff ff 03 28",
	     "09 15 17 00 18 18 00 " OTA_UUID("02") " 1a 00 0c 1b 00 " OTA_UUID(
		     "03") " 1c 00 02 1d 00 " OTA_UUID("04"));
	att_rig_start(ATT_TABLE_HASHLESS, 517);
	att_rig_exchange(517);
	says("08 01 00 ff ff 2a 2b", "01 08 01 00 0a");
	says("10 11 00 ff ff 00 28", "11 14 11 00 18 00 " OTA_UUID("01"));
	says("08 11 00 ff ff 03 28",
	     "09 15 12 00 18 13 00 " OTA_UUID("02") " 15 00 0c 16 00 " OTA_UUID(
		     "03") " 17 00 02 18 00 " OTA_UUID("04"));
	att_rig_start(ATT_TABLE_SHUFFLED, 517);
	att_rig_exchange(517);
	says("08 01 00 ff ff 2a 2b", "01 08 01 00 0a");
	says("10 11 00 ff ff 00 28", "11 14 11 00 18 00 " OTA_UUID("01"));
	says("08 11 00 ff ff 03 28",
	     "09 15 12 00 02 13 00 " OTA_UUID("04") " 14 00 0c 15 00 " OTA_UUID(
		     "03") " 16 00 18 17 00 " OTA_UUID("02"));
}

static void test_find_information(void **state)
{
	(void)state;
	says("04 01 00 ff ff", "05 01 01 00 00 28 02 00 03 28 03 00 00 2a 04 00 03 28 05 00 01 2a");
	says("04 14 00 16 00", "05 01 14 00 03 28");
	says("04 15 00 16 00", "05 02 15 00 " OTA_UUID("02"));
	says("04 16 00 16 00", "05 01 16 00 02 29");
	says("04 1b 00 ff ff", "01 04 1b 00 0a");
	says("04 00 00 ff ff", "01 04 00 00 01");
	says("04 02 00 01 00", "01 04 02 00 01");
	says("04 01 00 ff", "01 04 00 00 04");
}

static void test_read(void **state)
{
	(void)state;
	says("0a 03 00", "0b 65 73 70");
	says("0a 01 00", "0b 00 18");
	says("0a 14 00", "0b 18 15 00 " OTA_UUID("02"));
	says("0a " CONTROL_CCC, "0b 00 00");
	says("0a 0e 00", "0b 76 31 2e 32 2e 33");
	says("0a " CONTROL_VALUE, "01 0a 15 00 02");
	says("0a " DATA_VALUE, "01 0a 18 00 02");
	says("0a 08 00", "01 0a 08 00 02");
	says("0a 00 00", "01 0a 00 00 01");
	says("0a 1b 00", "01 0a 1b 00 01");
	says("0a 03", "01 0a 00 00 04");
	says("0a 03 00 00", "01 0a 00 00 04");
	d.read_error = ATT_ERR_RESOURCES;
	says("0a 03 00", "01 0a 03 00 11");
	says("08 01 00 ff ff 00 2a", "01 08 03 00 11");
}

static void test_read_blob(void **state)
{
	(void)state;
	says("0a " INFO_VALUE,
	     "0b 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15");
	says("0c " INFO_VALUE " 16 00",
	     "0d 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23 24 25 26 27 28 29 2a 2b");
	says("0c " INFO_VALUE " 62 00", "0d 62 63 64 65");
	says("0c " INFO_VALUE " 66 00", "0d");
	says("0c " INFO_VALUE " 67 00", "01 0c 1a 00 07");
	says("0c " INFO_VALUE " 00", "01 0c 00 00 04");
	says("0c " CONTROL_VALUE " 00 00", "01 0c 15 00 02");
	/* However much the device claims, a value has at most 512 octets. */
	says("0c 12 00 01 02", "01 0c 12 00 07");
	says("0c 12 00 00 02", "0d");
}

static void test_read_by_type(void **state)
{
	(void)state;
	says("08 01 00 ff ff 00 2a", "09 05 03 00 65 73 70");
	says("08 01 00 ff ff 26 2a", "09 08 0e 00 76 31 2e 32 2e 33");
	says("08 01 00 ff ff " OTA_UUID("02"), "01 08 15 00 02");
	says("08 01 00 ff ff 99 2a", "01 08 01 00 0a");
	says("08 01 00 ff ff 02 29", "09 04 09 00 00 00 16 00 00 00");
	says("08 01 00 ff ff 26", "01 08 00 00 04");
	says("08 01 00 ff ff 26 2a 00", "01 08 00 00 04");
	/* Cut to the MTU, and to what the length octet can say. */
	att_rig_input_hex("08 01 00 ff ff 24 2a");
	assert_int_equal(strncmp(d.sent, "09 15 10 00 6d 6d", 17), 0);
	assert_int_equal(strlen(d.sent), 23 * 3);
	d.sent[0] = '\0';
	att_rig_exchange(517);
	att_rig_input_hex("08 01 00 ff ff 24 2a");
	assert_int_equal(strncmp(d.sent, "09 ff 10 00 6d 6d", 17), 0);
	assert_int_equal(strlen(d.sent), 257 * 3);
}

/*
 * AES-CMAC of the declarations with a key of zeros (Part G 7.3.1), worked out
 * apart from this code.
 */
static void test_database_hash(void **state)
{
	(void)state;
	says("08 01 00 ff ff 2a 2b", "09 12 0b 00 2f d4 92 93 5e 9a 4f 8f 14 fd 8b 80 e4 37 cb 93");
	att_rig_start(ATT_TABLE_BASIC, 517);
	says("08 01 00 ff ff 2a 2b", "09 12 0b 00 aa 69 7c b1 ab 7b c8 8e b4 19 e7 d2 8a c6 f7 29");
	att_rig_start(ATT_TABLE_FOREIGN, 517);
	says("0a 0b 00", "0b 2f 47 46 92 da 83 e7 f8 38 f2 9d ac b7 1a 0a 06");
}

static void test_subscribe(void **state)
{
	static const uint8_t event[] = {0x01, 0x02};
	uint8_t long_value[21] = {0};

	(void)state;
	assert_int_equal(att_server_notify(&d.server, ATT_CONTROL, event, 2), -OTA_EPERM);
	says("12 " CONTROL_CCC " 01 00", "13");
	assert_int_equal(d.subscribed, 1);
	assert_int_equal(d.id, ATT_CONTROL);
	assert_int_equal(d.ccc, ATT_CCC_NOTIFY);
	assert_int_equal(att_server_ccc(&d.server, ATT_CONTROL), ATT_CCC_NOTIFY);
	says("0a " CONTROL_CCC, "0b 01 00");
	says("12 " CONTROL_CCC " 01 00", "13");
	assert_int_equal(d.subscribed, 1);
	assert_int_equal(att_server_notify(&d.server, ATT_CONTROL, event, 2), 0);
	expect_sent("1b 15 00 01 02");
	assert_int_equal(att_server_notify(&d.server, ATT_CONTROL, long_value, 20), 0);
	d.sent[0] = '\0';
	assert_int_equal(att_server_notify(&d.server, ATT_CONTROL, long_value, 21), -OTA_EMSGSIZE);
	assert_int_equal(att_server_indicate(&d.server, ATT_CONTROL, event, 2), -OTA_EPERM);
	assert_int_equal(att_server_notify(&d.server, ATT_FOREIGN_2, event, 2), -OTA_ENOTSUP);
	d.full = true;
	assert_int_equal(att_server_notify(&d.server, ATT_CONTROL, event, 2), -OTA_EAGAIN);
	d.full = false;
	att_server_writable(&d.server);
	expect_sent("");
	says("12 " CONTROL_CCC " 00 00", "13");
	assert_int_equal(d.subscribed, 2);
	assert_int_equal(att_server_notify(&d.server, ATT_CONTROL, event, 2), -OTA_EPERM);
	/* Indications are not offered, and the descriptor has two octets. */
	says("12 " CONTROL_CCC " 02 00", "01 12 16 00 fd");
	says("12 " CONTROL_CCC " 01", "01 12 16 00 0d");
	says("12 " CONTROL_CCC " 01 00 00", "01 12 16 00 0d");
	says("12 " CONTROL_CCC " 01 00", "13");
	att_server_reset(&d.server);
	assert_int_equal(att_server_ccc(&d.server, ATT_CONTROL), 0);
}

static void test_service_changed(void **state)
{
	static const uint8_t all[] = {0x01, 0x00, 0xff, 0xff};

	(void)state;
	assert_int_equal(att_server_indicate(&d.server, ATT_SERVICE_CHANGED, all, 4), -OTA_EPERM);
	says("12 09 00 01 00", "01 12 09 00 fd");
	says("12 09 00 02 00", "13");
	assert_int_equal(d.ccc, ATT_CCC_INDICATE);
	says("1e", "");
	assert_int_equal(att_server_indicate(&d.server, ATT_SERVICE_CHANGED, all, 4), 0);
	expect_sent("1d 08 00 01 00 ff ff");
	assert_int_equal(att_server_indicate(&d.server, ATT_SERVICE_CHANGED, all, 4), -OTA_EBUSY);
	says("1e 00", "");
	assert_int_equal(d.confirmed, 0);
	says("1e", "");
	assert_int_equal(d.confirmed, 1);
	assert_int_equal(d.id, ATT_SERVICE_CHANGED);
	says("1e", "");
	assert_int_equal(d.confirmed, 1);
	assert_int_equal(att_server_indicate(&d.server, ATT_SERVICE_CHANGED, all, 4), 0);
	/* Another link of a bonded central; a table without the characteristic keeps nothing. */
	att_server_reset(&d.server);
	d.subscribed = 0;
	att_server_restore_ccc(&d.server, ATT_SERVICE_CHANGED, ATT_CCC_INDICATE);
	assert_int_equal(d.subscribed, 0);
	assert_int_equal(att_server_indicate(&d.server, ATT_SERVICE_CHANGED, all, 4), 0);
	att_server_restore_ccc(&d.server, ATT_FOREIGN_2, ATT_CCC_NOTIFY);
	assert_int_equal(att_server_ccc(&d.server, ATT_FOREIGN_2), 0);
}

static void test_response_waits_for_a_buffer(void **state)
{
	(void)state;
	d.full = true;
	says("0a 03 00", "");
	att_server_writable(&d.server);
	expect_sent("");
	d.full = false;
	att_server_writable(&d.server);
	expect_sent("0b 65 73 70");
	att_server_writable(&d.server);
	expect_sent("");
}

static void test_unsupported(void **state)
{
	(void)state;
	says("0e 03 00 05 00", "01 0e 00 00 06");
	says("20 03 00 05 00", "01 20 00 00 06");
	says("3e", "01 3e 00 00 06");
	says("80 01", "01 80 00 00 06");
	/* Answers, notifications and unknown commands are not answered. */
	says("01 0a 03 00 01", "");
	says("0b 00", "");
	says("1b 15 00 01", "");
	says("1d 15 00 01", "");
	says("23 15 00 01 00 01", "");
	says("72 01", "");
	att_server_input(&d.server, NULL, 0);
	expect_sent("");
}

/* Every opcode at every length up to the shortest MTU: an answer exactly to requests. */
static void test_all_opcodes(void **state)
{
	(void)state;
	for (unsigned int opcode = 0; opcode < 256; opcode++) {
		for (size_t len = 1; len <= 23; len++) {
			uint8_t pdu[23];
			bool silent =
				opcode & 0x40 || opcode == 0x1e || (opcode & 1 && opcode <= 0x23);

			memset(pdu, (int)len, sizeof(pdu));
			pdu[0] = (uint8_t)opcode;
			d.sends = 0;
			att_rig_input(pdu, len);
			assert_int_equal(d.sends, silent ? 0 : 1);
			d.sent[0] = '\0';
		}
	}
}

static void test_init(void **state)
{
	struct att_server_config config = {.ops = &att_rig_ops, .mtu = 22};

	(void)state;
	assert_int_equal(att_server_init(&d.server, &config), -OTA_EINVAL);
	config.mtu = 518;
	assert_int_equal(att_server_init(&d.server, &config), -OTA_EINVAL);
	config.mtu = 517;
	config.ops = NULL;
	assert_int_equal(att_server_init(&d.server, &config), -OTA_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ATT_TEST(test_mtu),
		ATT_TEST(test_primary_services),
		ATT_TEST(test_service_by_uuid),
		ATT_TEST(test_characteristics),
		ATT_TEST(test_basic_and_foreign),
		ATT_TEST(test_updated_tables),
		ATT_TEST(test_find_information),
		ATT_TEST(test_read),
		ATT_TEST(test_read_blob),
		ATT_TEST(test_read_by_type),
		ATT_TEST(test_database_hash),
		ATT_TEST(test_subscribe),
		ATT_TEST(test_service_changed),
		ATT_TEST(test_response_waits_for_a_buffer),
		ATT_TEST(test_unsupported),
		ATT_TEST(test_all_opcodes),
		ATT_TEST(test_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
