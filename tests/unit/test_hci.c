/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual controller: what it says of itself, and what it makes of nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "hcilib.h"

static void use_version(enum hci_version version)
{
	h.config.version = version;
	hci_rig_restart();
}

/* The beginning of what Linux asks any controller. */
static void test_identity(void **state)
{
	(void)state;
	say("01 030c 00");
	expect_packet("04 0e 04 01 030c 00");
	say("01 0310 00"); /* no BR/EDR, but LE */
	expect_packet("04 0e 0c 01 0310 00 00000000 60 000000");
	say("01 0110 00");
	expect_packet("04 0e 0c 01 0110 00 0b 0000 0b ffff 0000");
	say("01 0910 00");
	expect_packet("04 0e 0a 01 0910 00 01e00b000002");
	say("01 0220 00");
	expect_packet("04 0e 07 01 0220 00 fb00 08");
	expect_silence();
}

static void test_features(void **state)
{
	(void)state;
	say("01 0320 00");
	expect_packet("04 0e 0c 01 0320 00 2f11000000000000");
	say("01 2f20 00"); /* 251 octets, 2120 us */
	expect_packet("04 0e 0c 01 2f20 00 fb00 4808 fb00 4808");
	use_version(HCI_4_2);
	say("01 0320 00");
	expect_packet("04 0e 0c 01 0320 00 2f00000000000000");
	say("01 0110 00");
	expect_packet("04 0e 0c 01 0110 00 08 0000 08 ffff 0000");
	use_version(HCI_4_0);
	say("01 0320 00");
	expect_packet("04 0e 0c 01 0320 00 0100000000000000");
	expect_silence();
}

/* The controller claims the commands that its table has: bits of 6.27. */
static void test_supported_commands(void **state)
{
	(void)state;
	say("01 0210 00");
	expect_packet("04 0e 44 01 0210 00"
		      "20 00 80 00 00 c0 00 00 00 00 04 00 00 00 38 22" /* octets 0 to 15 */
		      "00 00 00 00 00 00 00 00 00 f7 ff ff 09 00 00 00" /* 16 to 31 */
		      "00 f0 01 78 fe e3 80 00 00 00 00 00 00 00 00 00"
		      "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
	use_version(HCI_4_0);
	say("01 0210 00");
	expect_packet("04 0e 44 01 0210 00"
		      "20 00 80 00 00 c0 00 00 00 00 04 00 00 00 38 22"
		      "00 00 00 00 00 00 00 00 00 f7 ff ff 09 00 00 00"
		      "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
		      "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
	expect_silence();
}

/* A command that the version lacks is as unknown as one that no version has. */
static void test_unknown(void **state)
{
	(void)state;
	say("01 0104 05 3393 8b 08 00"); /* Inquiry */
	expect_packet("04 0f 04 01 01 0104");
	say("01 fffc 00");
	expect_packet("04 0f 04 01 01 fffc");
	use_version(HCI_4_2);
	say("01 4120 08 00 00 01 00 1000 1000");
	expect_packet("04 0f 04 01 01 4120");
	use_version(HCI_4_0);
	say("01 2320 00");
	expect_packet("04 0f 04 01 01 2320");
	expect_silence();
}

static void test_malformed(void **state)
{
	(void)state;
	say(""); /* nothing */
	say("01"); /* no opcode */
	say("01 030c"); /* no length */
	say("05 0000 0000"); /* isochronous data */
	say("ff 00");
	say("02"); /* data without a header */
	say("02 4000 0500 00");
	say("02 4000 0100 00"); /* no such handle */
	expect_silence();
	say("01 030c 01"); /* says more than there is */
	expect_packet("04 0e 04 01 030c 12");
	say("01 030c 00 00"); /* and less */
	expect_packet("04 0e 04 01 030c 12");
	say("01 0120 07 00000000000000");
	expect_packet("04 0e 04 01 0120 12");
	say("01 0604 03 4000 13"); /* no such handle */
	expect_packet("04 0f 04 02 01 0604");
	say("01 0514 02 4000"); /* which is told back */
	expect_packet("04 0e 07 01 0514 02 4000 00");
	say("01 0514 00");
	expect_packet("04 0e 07 01 0514 12 0000 00");
	expect_silence();
}

/* 3.1.1 */
static void test_legacy_and_extended_do_not_mix(void **state)
{
	(void)state;
	say("01 0720 00"); /* LE Read Advertising Physical Channel Tx Power */
	expect_packet("04 0e 05 01 0720 00 00");
	say("01 4120 08 00 00 01 00 1000 1000");
	expect_packet("04 0e 04 01 4120 0c");
	say("01 030c 00");
	expect_packet("04 0e 04 01 030c 00");
	say("01 4120 08 00 00 01 00 1000 1000");
	expect_packet("04 0e 04 01 4120 00");
	say("01 0b20 07 00 1000 1000 00 00");
	expect_packet("04 0e 04 01 0b20 0c");
	expect_silence();
}

static void test_data_length_defaults(void **state)
{
	(void)state;
	say("01 2320 00");
	expect_packet("04 0e 08 01 2320 00 1b00 4801");
	say("01 2420 04 fb00 4808");
	expect_packet("04 0e 04 01 2420 00");
	say("01 2320 00");
	expect_packet("04 0e 08 01 2320 00 fb00 4808");
	say("01 2420 04 1a00 4808");
	expect_packet("04 0e 04 01 2420 12");
	say("01 2420 04 fb00 4701");
	expect_packet("04 0e 04 01 2420 12");
	expect_silence();
}

static void test_default_phy(void **state)
{
	(void)state;
	say("01 3120 03 00 01 01"); /* what Linux says at first */
	expect_packet("04 0e 04 01 3120 00");
	say("01 3120 03 00 03 03");
	expect_packet("04 0e 04 01 3120 00");
	say("01 3120 03 00 04 01"); /* coded */
	expect_packet("04 0e 04 01 3120 11");
	say("01 3120 03 00 00 01");
	expect_packet("04 0e 04 01 3120 12");
	say("01 3120 03 03 00 00");
	expect_packet("04 0e 04 01 3120 00");
	expect_silence();
}

static void test_random(void **state)
{
	uint8_t first[8];

	(void)state;
	say("01 1820 00");
	expect_packet("04 0e 0c 01 1820 00 ????????????????");
	memcpy(first, h.packets[h.next - 1].bytes + 7, 8);
	say("01 1820 00");
	expect_packet("04 0e 0c 01 1820 00 ????????????????");
	assert_memory_not_equal(first, h.packets[h.next - 1].bytes + 7, 8);
}

/* FIPS 197, appendix C.1, all octets the other way round. */
static void test_encrypt(void **state)
{
	(void)state;
	say("01 1720 20 0f0e0d0c0b0a09080706050403020100 ffeeddccbbaa99887766554433221100");
	expect_packet("04 0e 14 01 1720 00 5ac5b47080b7cdd830047b6ad8e0c469");
}

static void test_channel_map(void **state)
{
	(void)state;
	say("01 1420 05 ffffffff1f");
	expect_packet("04 0e 04 01 1420 00");
	say("01 1420 05 0100000000");
	expect_packet("04 0e 04 01 1420 12");
	say("01 1420 05 00000000e0"); /* channels that there are not */
	expect_packet("04 0e 04 01 1420 12");
}

/* Linux sets sets up at power-on; nobody hears them. */
static void test_own_advertising(void **state)
{
	(void)state;
	say("01 3b20 00");
	expect_packet("04 0e 05 01 3b20 00 04");
	say("01 3920 06 01 01 00 0000 00"); /* no such set yet */
	expect_packet("04 0e 04 01 3920 42");
	say("01 3620 19 00 1000 000800 000800 07 00 00 000000000000 00 7f 01 00 01 00 00");
	expect_packet("04 0e 05 01 3620 00 00");
	say("01 3820 04 00 03 01 00");
	expect_packet("04 0e 04 01 3820 00");
	say("01 3720 07 00 03 01 03 020106");
	expect_packet("04 0e 04 01 3720 00");
	say("01 3720 07 00 03 01 04 020106"); /* a length that is wrong */
	expect_packet("04 0e 04 01 3720 12");
	say("01 0120 08 1f00020000000000");
	expect_packet("04 0e 04 01 0120 00");
	say("01 010c 08 90e8040200800020");
	expect_packet("04 0e 04 01 010c 00");
	say("01 3920 06 01 01 00 3200 00"); /* for 500 ms */
	expect_packet("04 0e 04 01 3920 00");
	say("01 3c20 01 00");
	expect_packet("04 0e 04 01 3c20 0c");
	wait_us(499000);
	expect_silence();
	wait_us(2000);
	expect_packet("04 3e 06 12 3c 00 0000 00");
	say("01 3d20 00");
	expect_packet("04 0e 04 01 3d20 00");
	expect_silence();
}

static void test_config(void **state)
{
	struct hci *hci = NULL;
	struct hci_config config = h.config;

	(void)state;
	config.buffers = 0;
	assert_int_equal(hci_create(&config, &hci), -OTA_EINVAL);
	config.buffers = 1;
	config.buffer_octets = 26;
	assert_int_equal(hci_create(&config, &hci), -OTA_EINVAL);
	config.buffer_octets = 27;
	config.data_length = 252;
	assert_int_equal(hci_create(&config, &hci), -OTA_EINVAL);
	assert_null(hci);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HCI_TEST(test_identity),
		HCI_TEST(test_features),
		HCI_TEST(test_supported_commands),
		HCI_TEST(test_unknown),
		HCI_TEST(test_malformed),
		HCI_TEST(test_legacy_and_extended_do_not_mix),
		HCI_TEST(test_data_length_defaults),
		HCI_TEST(test_default_phy),
		HCI_TEST(test_random),
		HCI_TEST(test_encrypt),
		HCI_TEST(test_channel_map),
		HCI_TEST(test_own_advertising),
		HCI_TEST(test_config),
	};

	return cmocka_run_group_tests_name("hci", tests, NULL, NULL);
}
