/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ESP32's ATT server as literal conversations: what a central sends,
 * what comes back, and what the device behind it saw.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "radio/att.h"

#define CONTROL_VALUE "15 00" /* handle 21 */
#define CONTROL_CCC "16 00"
#define DATA_VALUE "18 00"
#define INFO_VALUE "1a 00"
/* fb1e40xx-54ae-4a28-9f74-dfccb248601d from its last octet */
#define OTA_UUID(xx) "1d 60 48 b2 cc df 74 9f 28 4a ae 54 " xx " 40 1e fb"

struct device {
	struct att_server server;
	char sent[4096]; /* PDUs in hex, one a line */
	unsigned int sends;
	bool full; /* no buffer */
	/* the last write */
	unsigned int writes;
	enum att_value_id id;
	uint8_t value[600];
	size_t len;
	bool command;
	int answer; /* to writes */
	int done; /* answers from within the callback with that */
	/* others */
	int read_error;
	unsigned int subscribed, mtus, confirmed;
	uint16_t ccc, mtu;
};

static struct device d;

static int on_send(void *ctx, const uint8_t *pdu, size_t len)
{
	struct device *dev = ctx;
	size_t used = strlen(dev->sent);

	if (dev->full)
		return -OTA_EAGAIN;
	assert_in_range(len, 1, dev->server.mtu);
	for (size_t i = 0; i < len; i++)
		used += (size_t)snprintf(dev->sent + used, sizeof(dev->sent) - used, "%s%02x",
					 i ? " " : "", pdu[i]);
	snprintf(dev->sent + used, sizeof(dev->sent) - used, "\n");
	dev->sends++;
	return 0;
}

static int on_read(void *ctx, enum att_value_id id, uint8_t *buf, size_t size)
{
	struct device *dev = ctx;

	assert_int_equal(size, 512);
	if (dev->read_error)
		return -dev->read_error;
	switch (id) {
	case ATT_DEVICE_NAME:
		memcpy(buf, "esp", 3);
		return 3;
	case ATT_APPEARANCE:
		buf[0] = buf[1] = 0;
		return 2;
	case ATT_FIRMWARE_REVISION:
		memcpy(buf, "v1.2.3", 6);
		return 6;
	case ATT_INFO:
		for (unsigned int i = 0; i < OTA_INFO_SIZE; i++)
			buf[i] = (uint8_t)i;
		return (int)OTA_INFO_SIZE;
	case ATT_MODEL:
		memset(buf, 'm', 300);
		return 300;
	case ATT_MANUFACTURER:
		return 100000;
	case ATT_SERVICE_CHANGED:
	case ATT_DATABASE_HASH:
	case ATT_CONTROL:
	case ATT_DATA:
	case ATT_FOREIGN_RX:
	case ATT_FOREIGN_TX:
	case ATT_VALUES:
		break;
	}
	fail();
	return 0;
}

static int on_write(void *ctx, enum att_value_id id, const uint8_t *buf, size_t len, bool command)
{
	struct device *dev = ctx;

	dev->writes++;
	dev->id = id;
	dev->len = len;
	dev->command = command;
	assert_in_range(len, 0, 512);
	memcpy(dev->value, buf, len);
	if (dev->done >= 0)
		assert_int_equal(att_server_write_done(&dev->server, dev->done), 0);
	return dev->answer;
}

static void on_subscribed(void *ctx, enum att_value_id id, uint16_t ccc)
{
	struct device *dev = ctx;

	dev->subscribed++;
	dev->id = id;
	dev->ccc = ccc;
}

static void on_mtu(void *ctx, uint16_t mtu)
{
	struct device *dev = ctx;

	dev->mtus++;
	dev->mtu = mtu;
}

static void on_confirmed(void *ctx, enum att_value_id id)
{
	struct device *dev = ctx;

	dev->confirmed++;
	dev->id = id;
}

static const struct att_server_ops ops = {
	.send = on_send,
	.read = on_read,
	.write = on_write,
	.subscribed = on_subscribed,
	.mtu = on_mtu,
	.confirmed = on_confirmed,
};

static void start(enum att_table table, uint16_t mtu)
{
	struct att_server_config config = {.ops = &ops, .ctx = &d, .table = table, .mtu = mtu};

	memset(&d, 0, sizeof(d));
	d.done = -1;
	assert_int_equal(att_server_init(&d.server, &config), 0);
}

static int setup(void **state)
{
	(void)state;
	start(ATT_TABLE_FULL, 517);
	return 0;
}

/* Exact allocation, so that a sanitizer sees one octet too many being read. */
static void input(const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	att_server_input(&d.server, copy, len);
	free(copy);
}

static void input_hex(const char *hex)
{
	uint8_t bytes[600];
	size_t len = 0;
	char *end;

	for (const char *p = hex; *p; p = end) {
		assert_in_range(len, 0, sizeof(bytes) - 1);
		bytes[len++] = (uint8_t)strtoul(p, &end, 16);
		assert_ptr_not_equal(end, p);
		while (*end == ' ')
			end++;
	}
	input(bytes, len);
}

static void expect_sent(const char *out)
{
	size_t len = strlen(d.sent);

	if (len > 0)
		d.sent[len - 1] = '\0';
	assert_string_equal(d.sent, out);
	d.sent[0] = '\0';
}

/* One PDU in, the PDUs that come back, "" for none. */
static void says(const char *in, const char *out)
{
	input_hex(in);
	expect_sent(out);
}

static void exchange(uint16_t mtu)
{
	uint8_t pdu[3] = {0x02, (uint8_t)mtu, (uint8_t)(mtu >> 8)};

	input(pdu, sizeof(pdu));
	d.sent[0] = '\0';
}

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
	start(ATT_TABLE_FULL, 247);
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
	exchange(517);
	says("08 13 00 1a 00 03 28",
	     "09 15 14 00 18 15 00 " OTA_UUID("02") " 17 00 0c 18 00 " OTA_UUID(
		     "03") " 19 00 02 1a 00 " OTA_UUID("04"));
}

static void test_basic_and_foreign(void **state)
{
	(void)state;
	start(ATT_TABLE_BASIC, 517);
	exchange(517);
	says("08 13 00 ff ff 03 28",
	     "09 15 14 00 18 15 00 " OTA_UUID("02") " 17 00 0c 18 00 " OTA_UUID("03"));
	says("0a 1a 00", "01 0a 1a 00 01");
	start(ATT_TABLE_FOREIGN, 517);
	exchange(517);
	says("08 13 00 ff ff 03 28",
	     "09 15 14 00 0c 15 00 " OTA_UUID("02") " 16 00 10 17 00 " OTA_UUID("03"));
	says("04 18 00 18 00", "05 01 18 00 02 29");
	says("12 15 00 01", "13");
	assert_int_equal(d.id, ATT_FOREIGN_RX);
	says("12 17 00 01", "01 12 17 00 03");
	says("12 18 00 01 00", "13");
	assert_int_equal(d.ccc, ATT_CCC_NOTIFY);
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
	says("0c " INFO_VALUE " 5c 00", "0d 5c 5d");
	says("0c " INFO_VALUE " 5e 00", "0d");
	says("0c " INFO_VALUE " 5f 00", "01 0c 1a 00 07");
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
	input_hex("08 01 00 ff ff 24 2a");
	assert_int_equal(strncmp(d.sent, "09 15 10 00 6d 6d", 17), 0);
	assert_int_equal(strlen(d.sent), 23 * 3);
	d.sent[0] = '\0';
	exchange(517);
	input_hex("08 01 00 ff ff 24 2a");
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
	start(ATT_TABLE_BASIC, 517);
	says("08 01 00 ff ff 2a 2b", "09 12 0b 00 aa 69 7c b1 ab 7b c8 8e b4 19 e7 d2 8a c6 f7 29");
	start(ATT_TABLE_FOREIGN, 517);
	says("0a 0b 00", "0b aa 04 32 e9 f8 a6 ef e2 d8 fb 1d ef 4e 01 36 96");
}

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
	input(pdu, 24);
	expect_sent("01 12 00 00 04");
	pdu[0] = 0x52;
	pdu[1] = 0x18;
	input(pdu, 24);
	expect_sent("");
	exchange(517);
	assert_int_equal(d.writes, 0);
	input(pdu, 515);
	assert_int_equal(d.writes, 1);
	assert_int_equal(d.len, 512);
	input(pdu, 516);
	assert_int_equal(d.writes, 1);
	/* Control takes 64. */
	pdu[0] = 0x12;
	pdu[1] = 0x15;
	input(pdu, 67);
	expect_sent("13");
	input(pdu, 68);
	expect_sent("01 12 15 00 0d");
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
		input(part, 5 + len);
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
	/* Nothing is left of it. */
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
	/* 65 octets to Control. */
	for (uint8_t offset = 0; offset < 65; offset = (uint8_t)(offset + 13)) {
		part[3] = offset;
		input(part, 18);
	}
	d.sent[0] = '\0';
	says("18 01", "01 18 15 00 0d");
	/* As many parts as are kept, empty ones. */
	part[3] = 0;
	for (unsigned int i = 0; i < ATT_PREPARED_PARTS; i++)
		input(part, 5);
	d.sent[0] = '\0';
	input(part, 5);
	expect_sent("01 16 15 00 09");
	says("18 00", "19");
	/* More octets than a value has. */
	for (unsigned int i = 0; i < 28; i++)
		input(part, 23);
	d.sent[0] = '\0';
	input(part, 23);
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
	assert_int_equal(att_server_notify(&d.server, ATT_FOREIGN_TX, event, 2), -OTA_ENOTSUP);
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
			input(pdu, len);
			assert_int_equal(d.sends, silent ? 0 : 1);
			d.sent[0] = '\0';
		}
	}
}

static void test_init(void **state)
{
	struct att_server_config config = {.ops = &ops, .mtu = 22};

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
		cmocka_unit_test_setup(test_mtu, setup),
		cmocka_unit_test_setup(test_primary_services, setup),
		cmocka_unit_test_setup(test_service_by_uuid, setup),
		cmocka_unit_test_setup(test_characteristics, setup),
		cmocka_unit_test_setup(test_basic_and_foreign, setup),
		cmocka_unit_test_setup(test_find_information, setup),
		cmocka_unit_test_setup(test_read, setup),
		cmocka_unit_test_setup(test_read_blob, setup),
		cmocka_unit_test_setup(test_read_by_type, setup),
		cmocka_unit_test_setup(test_database_hash, setup),
		cmocka_unit_test_setup(test_write, setup),
		cmocka_unit_test_setup(test_write_lengths, setup),
		cmocka_unit_test_setup(test_write_later, setup),
		cmocka_unit_test_setup(test_long_write, setup),
		cmocka_unit_test_setup(test_long_write_cancelled, setup),
		cmocka_unit_test_setup(test_long_write_errors, setup),
		cmocka_unit_test_setup(test_long_write_limits, setup),
		cmocka_unit_test_setup(test_long_write_later, setup),
		cmocka_unit_test_setup(test_subscribe, setup),
		cmocka_unit_test_setup(test_service_changed, setup),
		cmocka_unit_test_setup(test_response_waits_for_a_buffer, setup),
		cmocka_unit_test_setup(test_unsupported, setup),
		cmocka_unit_test_setup(test_all_opcodes, setup),
		cmocka_unit_test_setup(test_init, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
