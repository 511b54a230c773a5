/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every PDU in literal bytes, both ways, as docs/protocol.md lays them out;
 * and what happens when they are too short, too long, something else, or when
 * there is no room for them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_talk.h"
#include "ota/skip.h"

#include <string.h>

typedef int encode_fn(const void *m, uint8_t *buf, size_t size);
typedef int decode_fn(const uint8_t *buf, size_t len, void *ret);

/* Adapters, since the codecs' argument types differ. */
#define ADAPT(name)                                                                                \
	static int name##_put(const void *m, uint8_t *buf, size_t size)                            \
	{                                                                                          \
		return ota_##name##_encode(m, buf, size);                                          \
	}                                                                                          \
	static int name##_get(const uint8_t *buf, size_t len, void *ret)                           \
	{                                                                                          \
		return ota_##name##_decode(buf, len, ret);                                         \
	}

ADAPT(start)
ADAPT(link_request)
ADAPT(blocks_request)
ADAPT(ready)
ADAPT(error)
ADAPT(done)
ADAPT(progress)
ADAPT(status)
ADAPT(result)
ADAPT(ack)
ADAPT(gap)
ADAPT(link)
ADAPT(telemetry)
ADAPT(times)
ADAPT(info)

static int prepare_put(const void *m, uint8_t *buf, size_t size)
{
	uint32_t erases;

	memcpy(&erases, m, sizeof(erases));
	return ota_prepare_encode(erases, buf, size);
}

static int prepare_get(const uint8_t *buf, size_t len, void *ret)
{
	return ota_prepare_decode(buf, len, ret);
}

static int telemetry_request_put(const void *m, uint8_t *buf, size_t size)
{
	uint16_t period;

	memcpy(&period, m, sizeof(period));
	return ota_telemetry_request_encode(period, buf, size);
}

static int telemetry_request_get(const uint8_t *buf, size_t len, void *ret)
{
	return ota_telemetry_request_decode(buf, len, ret);
}

#define STRUCT_MAX 256u

/* m, which has no padding that was not zeroed, is hex on the air; opcode 0: it has none.
 * least: so many bytes a reader demands. */
static void check_from(size_t least, encode_fn *put, decode_fn *get, const void *m, size_t m_size,
		       const char *hex, bool has_opcode)
{
	uint8_t wanted[TALK_MAX], buf[TALK_MAX], got[STRUCT_MAX], untouched[STRUCT_MAX];
	const size_t len = talk_hex(hex, wanted);

	/* Out, into just enough and into too little. */
	assert_true(m_size <= sizeof(got));
	memset(buf, 0xcc, sizeof(buf));
	assert_int_equal(put(m, buf, len), (int)len);
	assert_memory_equal(buf, wanted, len);
	assert_int_equal(buf[len], 0xcc);
	memset(buf, 0xcc, sizeof(buf));
	for (size_t size = 0; size < len; size++) {
		assert_int_equal(put(m, buf, size), -OTA_ENOSPC);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(buf[i], 0xcc);
	}

	/* In, exact and with bytes of a later version. */
	memset(got, 0, sizeof(got));
	assert_int_equal(get(wanted, len, got), 0);
	assert_memory_equal(got, m, m_size);
	wanted[len] = wanted[len + 1] = 0xee;
	memset(got, 0, sizeof(got));
	assert_int_equal(get(wanted, len + 2, got), 0);
	assert_memory_equal(got, m, m_size);

	/* Short by any number, and another opcode. */
	memset(got, 0xab, sizeof(got));
	memset(untouched, 0xab, sizeof(untouched));
	for (size_t size = 0; size < least; size++) {
		assert_int_equal(get(wanted, size, got), -OTA_EMSGSIZE);
		assert_memory_equal(got, untouched, sizeof(got));
	}
	if (!has_opcode)
		return;
	for (unsigned int op = 0; op < 256; op++) {
		if (op == buf[0])
			continue;
		put(m, buf, len);
		if (op == buf[0])
			continue;
		buf[0] = (uint8_t)op;
		assert_int_equal(get(buf, len, got), -OTA_EBADMSG);
		assert_int_equal(get(buf, 1, got), -OTA_EBADMSG);
		assert_memory_equal(got, untouched, sizeof(got));
	}
}

static void check(encode_fn *put, decode_fn *get, const void *m, size_t m_size, const char *hex,
		  bool has_opcode)
{
	uint8_t bytes[TALK_MAX];

	check_from(talk_hex(hex, bytes), put, get, m, m_size, hex, has_opcode);
}

#define CHECK(name, m, hex) check(name##_put, name##_get, &(m), sizeof(m), hex, true)

static void test_start(void **state)
{
	struct ota_start m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.version = 1;
	m.flags = 0x1203;
	m.image_size = 0x00123456;
	m.stream_size = 0x89abcdef;
	m.ack_interval = 0x2040;
	for (size_t i = 0; i < sizeof(m.sha256); i++)
		m.sha256[i] = (uint8_t)(0x80 + i);
	CHECK(start, m,
	      "01 01 03 12 56 34 12 00 ef cd ab 89 40 20"
	      "80 81 82 83 84 85 86 87 88 89 8a 8b 8c 8d 8e 8f"
	      "90 91 92 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f");
}

static void test_link_request(void **state)
{
	struct ota_link_request m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.interval_min = 12;
	m.interval_max = 0x0c80;
	m.latency = 0x01f3;
	m.supervision_timeout = 400;
	m.phys = OTA_PHYS_1M | OTA_PHYS_2M;
	m.data_length = 251;
	CHECK(link_request, m, "09 0c 00 80 0c f3 01 90 01 03 fb 00");
}

static void test_telemetry_request(void **state)
{
	const uint16_t period = 1000;

	(void)state;
	CHECK(telemetry_request, period, "0a e8 03");
}

static void test_prepare(void **state)
{
	const uint32_t size = 0x00012340;

	(void)state;
	CHECK(prepare, size, "0c 40 23 01 00");
}

static void test_blocks(void **state)
{
	const struct ota_blocks_request ask = {.first = 0x0102, .count = 0x0304};
	const struct ota_blocks told = {
		.first = 0x0102, .count = 3, .crc = {0x11223344, 5, 0xaabbccdd}};
	uint8_t all[OTA_NOTIFY_MAX] = {0};
	struct ota_blocks m;

	(void)state;
	CHECK(blocks_request, ask, "0d 02 01 04 03");
	assert_int_equal(ota_blocks_encode(&told, all, 14), -OTA_ENOSPC);
	assert_int_equal(ota_blocks_encode(&told, all, sizeof(all)), 15);
	assert_memory_equal(all, "\x0d\x02\x01\x44\x33\x22\x11\x05\x00\x00\x00\xdd\xcc\xbb\xaa",
			    15);
	assert_int_equal(ota_blocks_decode(all, 15, &m), 0);
	assert_int_equal(m.first, told.first);
	assert_int_equal(m.count, 3);
	assert_memory_equal(m.crc, told.crc, sizeof(m.crc));
	/* A digest that is cut off is none; what is longer is a later version's. */
	assert_int_equal(ota_blocks_decode(all, 14, &m), 0);
	assert_int_equal(m.count, 2);
	assert_int_equal(ota_blocks_decode(all, 6, &m), -OTA_EMSGSIZE);
	assert_int_equal(ota_blocks_decode(all, 20, &m), 0);
	assert_int_equal(m.count, OTA_DIGESTS);
	all[0] = OTA_EVT_TIMES;
	assert_int_equal(ota_blocks_decode(all, 15, &m), -OTA_EBADMSG);
}

static void test_commands(void **state)
{
	static const struct {
		enum ota_command cmd;
		uint8_t byte;
	} commands[] = {
		{OTA_CMD_ABORT, 0x02},	 {OTA_CMD_END, 0x04},	   {OTA_CMD_STATUS, 0x05},
		{OTA_CMD_CONFIRM, 0x06}, {OTA_CMD_ROLLBACK, 0x07}, {OTA_CMD_REBOOT, 0x08},
		{OTA_CMD_RESYNC, 0x0b},
	};
	uint8_t buf[2] = {0xcc, 0xcc};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		assert_int_equal(ota_command_encode(commands[i].cmd, buf, 1), 1);
		assert_int_equal(buf[0], commands[i].byte);
		assert_int_equal(buf[1], 0xcc);
	}
	buf[0] = 0xcc;
	assert_int_equal(ota_command_encode(OTA_CMD_END, buf, 0), -OTA_ENOSPC);
	assert_int_equal(buf[0], 0xcc);
}

static void test_ready(void **state)
{
	struct ota_ready m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.offset = 0x00010000;
	m.limit = 0x00012000;
	m.max_value = 512;
	m.ack_interval = 2048;
	m.flags = OTA_READY_RESUMED;
	m.sequence = 0x6123;
	CHECK(ready, m, "01 00 00 01 00 00 20 01 00 00 02 00 08 01 23 61");
}

static void test_error(void **state)
{
	struct ota_error_event m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.code = OTA_ERR_WRITE;
	m.opcode = OTA_CMD_END;
	m.detail = 0x00012345;
	CHECK(error, m, "02 08 04 45 23 01 00");
}

static void test_done(void **state)
{
	struct ota_done m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.size = 0x00145a90;
	m.slot = 1;
	m.reboot_ms = 300;
	memcpy(m.hash, "\xde\xad\xbe\xef\x01\x02\x03\x04", sizeof(m.hash));
	CHECK(done, m, "03 90 5a 14 00 01 2c 01 de ad be ef 01 02 03 04");
}

static void test_progress(void **state)
{
	struct ota_progress m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.phase = OTA_PHASE_REHASH;
	m.done = 0x00020000;
	m.total = 0x00140000;
	CHECK(progress, m, "04 02 00 00 02 00 00 00 14 00");
}

static void test_status(void **state)
{
	struct ota_status m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.state = OTA_STATE_SUSPENDED;
	m.received = 0x00010203;
	m.flushed = 0x00010000;
	memcpy(m.hash, "\x11\x22\x33\x44", sizeof(m.hash));
	m.slot = 1;
	m.last_error = OTA_ERR_TIMEOUT;
	m.flags = OTA_INFO_RESUMABLE | OTA_INFO_CAN_ROLLBACK;
	m.reset_reason = OTA_RESET_TASK_WATCHDOG;
	m.resets = 3;
	m.panics = 2;
	check_from(17, status_put, status_get, &m, sizeof(m),
		   "05 05 03 02 01 00 00 00 01 00 11 22 33 44 01 11 06 06 03 02", true);
}

/* The first devices send 17 bytes: the rest is unknown, whatever stood in the structure. */
static void test_status_cut(void **state)
{
	uint8_t buf[OTA_NOTIFY_MAX];
	struct ota_status m;

	(void)state;
	memset(buf, 0x41, sizeof(buf));
	buf[0] = OTA_EVT_STATUS;
	for (size_t len = 17; len <= sizeof(buf); len++) {
		memset(&m, 0xee, sizeof(m));
		assert_int_equal(ota_status_decode(buf, len, &m), 0);
		assert_int_equal(m.flags, 0x41);
		assert_int_equal(m.reset_reason, len >= 18 ? 0x41 : OTA_RESET_UNKNOWN);
		assert_int_equal(m.resets, len >= 19 ? 0x41 : 0);
		assert_int_equal(m.panics, len >= 20 ? 0x41 : 0);
	}
}

/* Section 3.3: 4 to 7 and 15; what the enumeration does not have is none. */
static void test_panics(void **state)
{
	unsigned int panics = 0;

	(void)state;
	for (unsigned int reason = 0; reason <= UINT8_MAX; reason++)
		panics += ota_reset_is_panic((uint8_t)reason);
	assert_int_equal(panics, 5);
	for (unsigned int reason = 4; reason <= 7; reason++)
		assert_true(ota_reset_is_panic((uint8_t)reason));
	assert_true(ota_reset_is_panic(15));
}

static void test_result(void **state)
{
	struct ota_result m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.opcode = OTA_CMD_CONFIRM;
	m.code = OTA_ERR_STATE;
	CHECK(result, m, "06 06 03");
}

static void test_ack(void **state)
{
	struct ota_ack m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.received = 0x01020304;
	m.flushed = 0x01020000;
	m.limit = 0x01024000;
	CHECK(ack, m, "07 04 03 02 01 00 00 02 01 00 40 02 01");
}

static void test_gap(void **state)
{
	struct ota_gap m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.sequence = 0x2005;
	m.offset = 0x000004c4;
	m.reason = OTA_GAP_MISSING;
	CHECK(gap, m, "08 05 20 c4 04 00 00 01");
}

static void test_link(void **state)
{
	struct ota_link m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.code = OTA_ERR_LINK;
	m.interval = 12;
	m.latency = 1;
	m.supervision_timeout = 500;
	m.tx_phy = OTA_PHY_2M;
	m.rx_phy = OTA_PHY_1M;
	m.tx_octets = 251;
	m.rx_octets = 27;
	m.mtu = 517;
	CHECK(link, m, "09 13 0c 00 01 00 f4 01 02 01 fb 00 1b 00 05 02");
}

static void test_telemetry(void **state)
{
	struct ota_telemetry m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.rssi = -62;
	m.interval = 12;
	m.tx_phy = OTA_PHY_1M;
	m.rx_phy = OTA_PHY_2M;
	m.rx_octets = 251;
	m.ring_fill = 0x00004321;
	m.erase_ms = 212;
	m.write_ms = 15;
	m.dropped = 3;
	m.notify_fails = 7;
	m.stack_left = 0x21;
	check_from(19, telemetry_put, telemetry_get, &m, sizeof(m),
		   "0a c2 0c 00 01 02 fb 00 21 43 00 00 d4 00 0f 00 03 00 07 21", true);
}

/* The first devices send 19 bytes: the stack is unknown, whatever stood in the structure. */
static void test_telemetry_cut(void **state)
{
	uint8_t buf[TALK_MAX];
	struct ota_telemetry m;

	(void)state;
	talk_hex("0a c2 0c 00 01 02 fb 00 21 43 00 00 d4 00 0f 00 03 00 07", buf);
	memset(&m, 0xee, sizeof(m));
	assert_int_equal(ota_telemetry_decode(buf, 19, &m), 0);
	assert_int_equal(m.notify_fails, 7);
	assert_int_equal(m.stack_left, 0);
}

static void test_times(void **state)
{
	struct ota_times m = {
		.clock_ms = 0x1234,
		.erase_ms = 200,
		.write_ms = 0x0102,
		.read_ms = 8,
		.store_ms = 0xfffe,
	};

	(void)state;
	CHECK(times, m, "0b 34 12 c8 00 02 01 08 00 fe ff");
}

static void test_info(void **state)
{
	struct ota_info m;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.version = 1;
	m.min_version = 1;
	m.features = 0x8000001f;
	m.chip_id = 5;
	m.chip_revision = 104;
	m.slot_count = 2;
	m.running_slot = 1;
	m.flags = OTA_INFO_PENDING_VERIFY | OTA_INFO_ENCRYPTED;
	m.phys = OTA_PHYS_1M | OTA_PHYS_2M | OTA_PHYS_CODED;
	m.slot_size = 0x00180000;
	m.ring_size = 32768;
	m.running_size = 0x0012ab40;
	m.secure_version = 2;
	memset(m.running_sha256, 0x77, sizeof(m.running_sha256));
	memset(m.project, 'p', sizeof(m.project)); /* all 32: no room for a terminator */
	m.block_revision = 103;
	m.reset_reason = OTA_RESET_BROWN_OUT;
	m.abilities = OTA_ABILITY_NO_ROLLBACK | OTA_ABILITY_XIP_PSRAM;
	m.resets = 2;
	m.panics = 1;
	m.deflate_window = 12;
	check_from(94, info_put, info_get, &m, sizeof(m),
		   "01 01 1f 00 00 80 05 00 68 00 02 01 09 07 00 00 18 00 00 80 00 00"
		   "40 ab 12 00 02 00 00 00"
		   "77 77 77 77 77 77 77 77 77 77 77 77 77 77 77 77"
		   "77 77 77 77 77 77 77 77 77 77 77 77 77 77 77 77"
		   "70 70 70 70 70 70 70 70 70 70 70 70 70 70 70 70"
		   "70 70 70 70 70 70 70 70 70 70 70 70 70 70 70 70"
		   "67 00 09 05 02 01 0c 00",
		   false);
}

/* The first devices send 94 bytes: the rest is unknown, whatever stood in the structure. */
static void test_info_cut(void **state)
{
	struct ota_info m, was;
	uint8_t buf[OTA_INFO_SIZE];

	(void)state;
	memset(buf, 0x41, sizeof(buf));
	for (size_t len = OTA_INFO_SIZE_MIN; len <= sizeof(buf); len++) {
		memset(&m, 0xee, sizeof(m));
		assert_int_equal(ota_info_decode(buf, len, &m), 0);
		assert_int_equal(m.project[31], 0x41);
		assert_int_equal(m.block_revision, len >= 96 ? 0x4141 : OTA_REVISION_UNKNOWN);
		assert_int_equal(m.reset_reason, len >= 97 ? 0x41 : OTA_RESET_UNKNOWN);
		assert_int_equal(m.abilities, len >= 98 ? 0x41 : 0);
		assert_int_equal(m.resets, len >= 99 ? 0x41 : 0);
		assert_int_equal(m.panics, len >= 100 ? 0x41 : 0);
		assert_int_equal(m.deflate_window, len >= 101 ? 0x41 : 0);
	}
	memset(&m, 0xee, sizeof(m));
	memcpy(&was, &m, sizeof(m));
	assert_int_equal(ota_info_decode(buf, OTA_INFO_SIZE_MIN - 1, &m), -OTA_EMSGSIZE);
	assert_memory_equal(&m, &was, sizeof(m));
}

/* Every notification fits the smallest ATT MTU; START is as long as its header says. */
static void test_lengths(void **state)
{
	static const struct ota_ready ready;
	static const struct ota_telemetry telemetry;
	static const struct ota_times times;
	static const struct ota_start start;
	static const struct ota_info info;
	uint8_t buf[OTA_INFO_SIZE];

	(void)state;
	assert_int_equal(ota_ready_encode(&ready, buf, sizeof(buf)), 16);
	assert_true(ota_times_encode(&times, buf, sizeof(buf)) <= (int)OTA_NOTIFY_MAX);
	assert_true(ota_telemetry_encode(&telemetry, buf, sizeof(buf)) <=
		    (int)(OTA_ATT_MTU_MIN - OTA_ATT_HEADER));
	assert_int_equal(ota_start_encode(&start, buf, sizeof(buf)), 46);
	assert_true(ota_start_encode(&start, buf, sizeof(buf)) <= (int)OTA_CONTROL_MAX);
	assert_int_equal(ota_info_encode(&info, buf, sizeof(buf)), OTA_INFO_SIZE);
}

static void check_name(const char *(*name)(unsigned int), unsigned int value, bool known)
{
	const char *text = name(value);

	assert_non_null(text);
	assert_true(text[0] != '\0');
	assert_int_equal(strcmp(text, "unknown") != 0, known);
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		check_name(ota_code_name, i, i <= OTA_ERR_BASE);
		check_name(ota_state_name, i, i <= OTA_STATE_ABORTING);
		check_name(ota_phase_name, i, i >= OTA_PHASE_ERASE && i <= OTA_PHASE_VALIDATE);
		check_name(ota_reset_name, i, i >= OTA_RESET_POWER_ON && i <= OTA_RESET_CPU_LOCKUP);
		check_name(ota_event_name, i,
			   (i >= OTA_EVT_READY && i <= OTA_EVT_TIMES) || i == OTA_EVT_BLOCKS);
		check_name(ota_command_name, i,
			   i >= OTA_CMD_START && i <= OTA_CMD_BLOCKS && i != 0x03);
		assert_non_null(ota_code_text(i));
	}
	assert_string_equal(ota_code_name(OTA_ERR_HASH), "hash-mismatch");
	assert_string_equal(ota_state_name(OTA_STATE_SUSPENDED), "suspended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_link_request),
		cmocka_unit_test(test_telemetry_request),
		cmocka_unit_test(test_prepare),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_status_cut),
		cmocka_unit_test(test_panics),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_ack),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_telemetry),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_telemetry_cut),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_info_cut),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("proto", tests, NULL, NULL);
}
