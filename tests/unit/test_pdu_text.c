/* SPDX-License-Identifier: Apache-2.0 */
/* Every PDU in words, also when it is cut short or no PDU at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "host/pdu_text.h"

static char text[PDU_TEXT_SIZE];

#define FULL dialect_get(DIALECT_FULL)
#define BASIC dialect_get(DIALECT_BASIC)

typedef char *describe_fn(const uint8_t *bytes, size_t len, const struct dialect *dialect,
			  char *buf, size_t size);

static void check(describe_fn *fn, const struct dialect *dialect, const char *bytes, size_t len,
		  const char *expected)
{
	assert_string_equal(fn((const uint8_t *)bytes, len, dialect, text, sizeof(text)), expected);
}

#define COMMAND(bytes, text) check(pdu_text_command, FULL, bytes, sizeof(bytes) - 1, text)
#define NOTIFIED(bytes, text) check(pdu_text_notification, FULL, bytes, sizeof(bytes) - 1, text)

static void test_commands(void **state)
{
	(void)state;
	COMMAND("\x01\x01\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x20"
		"\xaa\xbb\xcc\xdd\xee\xff\x00\x11________________________",
		"START version=1 flags=sink size=65536 stream=65536 ack-interval=8192 "
		"sha256=aabbccddeeff0011");
	COMMAND("\x01", "START cut short: 1 byte");
	COMMAND("\x02", "ABORT");
	COMMAND("\x04", "END");
	COMMAND("\x05", "STATUS");
	COMMAND("\x0b", "RESYNC");
	COMMAND("\x0c\x00\x10\x00\x00", "PREPARE size=4096");
	COMMAND("\x0d\x04\x00\x0a\x00", "BLOCKS first=4 count=10");
	COMMAND("\x0c\x00\x00\x00\x00", "PREPARE size=slot");
	COMMAND("\x09\x0c\x00\x0c\x00\x00\x00\xf4\x01\x03\xfb\x00",
		"LINK interval=15.00..15.00ms latency=0 supervision=5000ms phys=1M,2M "
		"data-length=251");
	COMMAND("\x0a\xe8\x03", "TELEMETRY period=1000ms");
	COMMAND("\x7f\x01", "unknown command 0x7f, 2 bytes");
	COMMAND("", "an empty command");
	check(pdu_text_command, BASIC, "\x01", 1, "START");
}

static void test_notifications(void **state)
{
	(void)state;
	NOTIFIED("\x07\x00\x00\x01\x00\x00\xf0\x00\x00\x00\x70\x01\x00",
		 "ACK received=65536 flushed=61440 limit=94208");
	NOTIFIED("\x01\x00\x00\x01\x00\x00\x70\x01\x00\x00\x02\x00\x20\x01\x00\x20",
		 "READY offset=65536 limit=94208 sequence=8192 max-value=512 ack-interval=8192 "
		 "resumed");
	NOTIFIED("\x02\x08\x00\x00\x10\x00\x00", "ERROR flash-write on DATA detail=4096");
	NOTIFIED("\x03\x00\x00\x01\x00\x01\x2c\x01\x01\x02\x03\x04\x05\x06\x07\x08",
		 "DONE size=65536 slot=1 reboot=300ms sha256=0102030405060708");
	NOTIFIED("\x03\x00\x00\x01\x00\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00",
		 "DONE size=65536 slot=none reboot=no sha256=0000000000000000");
	NOTIFIED("\x04\x01\x00\x00\x01\x00\x00\x00\x02\x00",
		 "PROGRESS erasing done=65536 total=131072");
	NOTIFIED("\x05\x05\x00\x00\x01\x00\x00\x00\x01\x00\xaa\xbb\xcc\xdd\x00\x08\x06",
		 "STATUS suspended received=65536 flushed=65536 sha256=aabbccdd slot=0 "
		 "last-error=flash-write flags=can-rollback,resumable");
	NOTIFIED("\x05\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\x00\x00",
		 "STATUS idle received=0 flushed=0 sha256=00000000 slot=factory last-error=ok "
		 "flags=none");
	NOTIFIED("\x05\x05\x00\x00\x01\x00\x00\x00\x01\x00\xaa\xbb\xcc\xdd\x00\x00\x04\x04\x03\x02",
		 "STATUS suspended received=65536 flushed=65536 sha256=aabbccdd slot=0 "
		 "last-error=ok flags=resumable reset=panic resets=3 panics=2");
	NOTIFIED("\x06\x06\x00", "RESULT CONFIRM ok");
	NOTIFIED("\x08\x01\x20\x12\x00\x00\x00\x01", "GAP sequence=8193 offset=18 reason=missing");
	NOTIFIED("\x08\x01\x20\x12\x00\x00\x00\x63", "GAP sequence=8193 offset=18 reason=unknown");
	NOTIFIED("\x09\x00\x08\x00\x00\x00\xf4\x01\x02\x02\xfb\x00\xfb\x00\xf2\x01",
		 "LINK ok interval=10.00ms latency=0 supervision=5000ms phy=2M/2M octets=251/251 "
		 "mtu=498");
	NOTIFIED("\x0a\xc6\x08\x00\x02\x02\xfb\x00\x00\x10\x00\x00\xc8\x00\x05\x00\x03\x00\x01",
		 "TELEMETRY rssi=-58dBm interval=10.00ms phy=2M/2M octets=251 ring=4096 "
		 "erase=200ms write=5ms dropped=3 notify-fails=1");
	NOTIFIED("\x0b\xe8\x03\xc8\x00\xea\x00\x08\x00\x32\x00",
		 "TIMES clock=1000ms erase=200ms write=234ms read=8ms store=50ms");
	NOTIFIED("\x0d\x04\x00\x01\x00\x00\xa0\x44\x33\x22\x11",
		 "BLOCKS first=4 crc=a0000001 11223344");
	NOTIFIED("\x0a\xc6\x08\x00\x02\x02\xfb\x00\x00\x10\x00\x00\xc8\x00\x05\x00\x03\x00\x01\x20",
		 "TELEMETRY rssi=-58dBm interval=10.00ms phy=2M/2M octets=251 ring=4096 "
		 "erase=200ms write=5ms dropped=3 notify-fails=1 stack-left=2048");
	NOTIFIED("\xee", "unknown notification 0xee, 1 bytes");
	NOTIFIED("", "an empty notification");
	check(pdu_text_notification, BASIC, "\x03", 1, "DONE");
}

static void test_cut_short(void **state)
{
	static const uint8_t longest[20] = {0};
	uint8_t bytes[20];

	(void)state;
	for (unsigned int opcode = 0; opcode < 256; opcode++) {
		for (size_t len = 1; len <= sizeof(bytes); len++) {
			memcpy(bytes, longest, sizeof(bytes));
			bytes[0] = (uint8_t)opcode;
			pdu_text_notification(bytes, len, FULL, text, sizeof(text));
			assert_true(strlen(text) > 3 && strlen(text) < sizeof(text) - 1);
			pdu_text_command(bytes, len, FULL, text, sizeof(text));
			assert_true(strlen(text) > 1 && strlen(text) < sizeof(text) - 1);
		}
	}
	NOTIFIED("\x07\x00", "ACK cut short: 2 bytes");
	/* A small buffer is filled and no more. */
	assert_string_equal(pdu_text_notification(longest, 1, FULL, text, 5), "unkn");
}

static void test_values(void **state)
{
	struct ota_info info = {.version = 1,
				.features = 0x1f,
				.chip_id = 5,
				.slot_count = 2,
				.slot_size = 0x140000,
				.ring_size = 32768,
				.flags = 0x81};
	uint8_t bytes[OTA_INFO_SIZE];

	(void)state;
	check(pdu_text_data, FULL,
	      "\x0c\x01"
	      "abc",
	      5, "DATA sequence=268 length=3");
	check(pdu_text_data, FULL, "\x0c", 1, "DATA cut short: 1 byte");
	check(pdu_text_data, BASIC, "abc", 3, "DATA length=3");
	assert_int_equal(ota_info_encode(&info, bytes, sizeof(bytes)), OTA_INFO_SIZE);
	assert_string_equal(
		pdu_text_info(bytes, sizeof(bytes), text, sizeof(text)),
		"INFO version=1 features=0x1f chip=esp32c3 slot=0/2 slot-size=1310720 ring=32768 "
		"running=0000000000000000 flags=pending-verify,0x80 block=0");
	info.block_revision = 103;
	info.reset_reason = OTA_RESET_INTERRUPT_WATCHDOG;
	info.resets = info.panics = 255;
	info.flags = 0xff;
	assert_int_equal(ota_info_encode(&info, bytes, sizeof(bytes)), OTA_INFO_SIZE);
	assert_non_null(strstr(pdu_text_info(bytes, sizeof(bytes), text, sizeof(text)),
			       " block=103 reset=interrupt-watchdog resets=255 panics=255"));
	assert_null(strstr(pdu_text_info(bytes, OTA_INFO_SIZE_MIN, text, sizeof(text)), " block="));
	assert_string_equal(pdu_text_info(bytes, 93, text, sizeof(text)),
			    "INFO cut short: 93 bytes");
}

static void test_resets(void **state)
{
	char words[80];

	(void)state;
	assert_string_equal(pdu_text_resets(0, 0, 0, words, sizeof(words)), "");
	assert_string_equal(pdu_text_resets(9, 0, 0, words, sizeof(words)), "brown-out");
	assert_string_equal(pdu_text_resets(9, 2, 0, words, sizeof(words)),
			    "brown-out; 2 resets since the update began");
	assert_string_equal(pdu_text_resets(5, 255, 255, words, sizeof(words)),
			    "interrupt-watchdog; 255 resets since the update began (panics: 255)");
	assert_string_equal(pdu_text_resets(0, 1, 1, words, sizeof(words)),
			    "unknown; 1 reset since the update began (panics: 1)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),  cmocka_unit_test(test_notifications),
		cmocka_unit_test(test_cut_short), cmocka_unit_test(test_values),
		cmocka_unit_test(test_resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
