/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the keys of --sim, and its messages for mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "sim/simopts.h"
#include "sign/sign_key.h"
#include "ota/error.h"

static struct setting_errors errors;
static struct sim_options options;

static const char *messages(void)
{
	static char all[8192];
	char line[1024];
	size_t len = 0;

	all[0] = '\0';
	for (size_t i = 0; i < errors.count; i++)
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s\n",
					setting_error_format(&errors, i, line, sizeof(line)));
	return all;
}

static void parse_good(const char *text)
{
	int r;

	simopts_defaults(&options);
	r = simopts_parse(&options, text, &errors);
	assert_string_equal(messages(), "");
	assert_int_equal(r, 0);
}

static void assert_refused(const char *text, const char *expected)
{
	struct sim_options before;

	simopts_defaults(&options);
	before = options;
	assert_int_equal(simopts_parse(&options, text, &errors), -OTA_EINVAL);
	assert_string_equal(messages(), expected);
	assert_memory_equal(&options, &before, sizeof(options));
}

static void test_defaults(void **state)
{
	(void)state;
	parse_good("");
	parse_good(NULL);
	assert_int_equal(options.given, 0);
	assert_int_equal(options.devices, 5);
	assert_int_equal(options.chip_id, 0);
	assert_int_equal(options.phy, OTA_PHY_1M);
	assert_int_equal(options.interval, 40);
	assert_int_equal(options.mtu, 517);
	assert_int_equal(options.data_length, 251);
	assert_int_equal(options.buffers, 0);
	assert_true(options.refill);
	assert_int_equal(options.loss_ppm, 0);
	assert_int_equal(options.rssi, -58);
	assert_int_equal(options.flash, SIM_FLASH_TYPICAL);
	assert_int_equal(options.ring_kib, 32);
	assert_int_equal(options.dialect, DIALECT_FULL);
	assert_int_equal(options.seed, 1);
	assert_int_equal(options.speed, SIM_SPEED_MAX);
	assert_int_equal(options.fault_count, 0);
	assert_string_equal(options.state, "");
	assert_string_equal(options.version, "");
	assert_string_equal(options.project, "");
	assert_int_equal(options.encrypted, 0);
	assert_int_equal(options.supervision_ms, 420);
	assert_int_equal(options.security, ESP_OPEN);
	assert_int_equal(options.passkey, -1);
}

/* Expects test_all()'s values of the link, the flash and chance. */
static void expect_link(void)
{
	assert_int_equal(options.devices, 64);
	assert_int_equal(options.chip_id, 5);
	assert_int_equal(options.phy, OTA_PHY_2M);
	assert_int_equal(options.interval, 6);
	assert_int_equal(options.mtu, 23);
	assert_int_equal(options.data_length, 27);
	assert_int_equal(options.buffers, 3);
	assert_int_equal(options.buffer_octets, 251);
	assert_false(options.refill);
	assert_int_equal(options.loss_ppm, 15000);
	assert_int_equal(options.rssi, -127);
	assert_int_equal(options.flash, SIM_FLASH_SLOW);
	assert_int_equal(options.ring_kib, 1024);
	assert_int_equal(options.dialect, DIALECT_BASIC);
	assert_true(options.seed == UINT64_MAX);
	assert_int_equal(options.speed, 2500);
	assert_int_equal(options.fault_count, 2);
	assert_int_equal(options.faults[0].kind, FAULT_DROP_DATA);
	assert_int_equal(options.faults[0].at, 5);
	assert_int_equal(options.faults[1].kind, FAULT_SLOW_ERASE);
}

/* ... and of the devices. */
static void expect_devices(void)
{
	assert_string_equal(options.state, "/var/x,y\\z");
	assert_string_equal(options.version, "v1.0");
	assert_string_equal(options.project, "gw");
	assert_int_equal(options.encrypted, 1);
	assert_int_equal(options.supervision_ms, 32000);
	assert_int_equal(options.security, ESP_LEGACY_PASSKEY);
	assert_int_equal(options.passkey, 42);
	assert_int_equal(options.names, FLEET_NAMES_TWINS);
	assert_int_equal(options.random_addresses, 1);
	assert_int_equal(options.table, ESP_TABLE_SHUFFLED);
	assert_int_equal(options.slots.factory, 1u << 20);
	assert_int_equal(options.slots.count, 2);
	assert_int_equal(options.slots.sizes[1], 1280u << 10);
	assert_int_equal(options.secure_version, 32);
	assert_int_equal(options.secure_boot, 1);
	assert_int_equal(options.policy, SIM_POLICY_PROJECT | SIM_POLICY_NEWER);
	assert_int_equal(options.permit, 0);
	assert_int_equal(options.commands_only, 1);
	assert_int_equal(options.no_rollback, 1);
	assert_int_equal(options.flash_encryption, 1);
	assert_int_equal(options.boot_delay_ms, 90000);
	assert_int_equal(options.revision, 102);
	assert_int_equal(options.block_revision, 103);
	assert_int_equal(options.boot_reason, OTA_RESET_BROWN_OUT);
	assert_int_equal(options.flash_mode, ESP_FLASH_PSRAM);
	assert_int_equal(options.rx_buffers, 255);
	assert_int_equal(options.acl_wait_ms, 29);
	assert_int_equal(options.task_delay_ms, 20);
	assert_int_equal(options.host_delay_ms, 30);
	assert_int_equal(options.stack_delay_us, 4000);
	assert_int_equal(options.deflate_window, 14);
	assert_int_equal(options.delta, 0);
	assert_int_equal(options.skip, 0);
	assert_int_equal(options.smp, ESP_MCUMGR_IMAGE_CHECK);
	assert_int_equal(options.smp_buffers, 16);
	assert_int_equal(options.smp_buffer_size, 128);
}

static void test_all(void **state)
{
	(void)state;
	parse_good("devices=64,chip=ESP32-C3,phy=2M,interval=7.5,mtu=23,data_length=27,"
		   "buffers=3x251/event,loss=1.5,rssi=-127,flash=slow,ring=1024,dialect=basic,"
		   "seed=18446744073709551615,speed=2.5,fault=drop-data@5,fault=slow-erase,"
		   "state=/var/x\\,y\\\\z,version=v1.0,project=gw,encrypted=yes,supervision=32000,"
		   "security=legacy-passkey,passkey=000042,names=twins,addresses=random,"
		   "table=shuffled,slots=factory:1M+2M+1280K,secure_version=32,secure_boot=yes,"
		   "flash_encryption=yes,bootloader=no-rollback,policy=both,permit=no,commands_"
		   "only=yes,boot_delay="
		   "90000,revision=102,block_"
		   "revision=103,boot_"
		   "reason=brown-out,flash_mode=psram,rx_buffers=255,acl_wait=29,"
		   "task_delay=20,host_delay=30,stack_delay=4000,deflate=14,delta=no,skip=no,"
		   "smp=image-check,smp_buffers=16,smp_buffer_size=128");
	/* The key has a file of its own: test_public_key. */
	assert_true(options.given ==
		    (((UINT64_C(1) << SIM_OPTIONS) - 1) & ~(UINT64_C(1) << SIM_PUBLIC_KEY)));
	expect_link();
	expect_devices();
}

static void test_given(void **state)
{
	(void)state;
	parse_good("interval=50");
	assert_int_equal(options.interval, 40);
	assert_true(simopts_given(&options, SIM_INTERVAL));
	assert_false(simopts_given(&options, SIM_PHY));
	/* A second --sim adds. */
	assert_int_equal(simopts_parse(&options, "phy=1M,fault=no-boot", &errors), 0);
	assert_int_equal(simopts_parse(&options, "fault=reboot@9", &errors), 0);
	assert_true(simopts_given(&options, SIM_PHY));
	assert_int_equal(options.fault_count, 2);
	assert_int_equal(simopts_parse(&options, "phy=2M", &errors), -OTA_EINVAL);
	assert_string_equal(messages(), "--sim: phy: expected once, found again\n");
	assert_int_equal(options.phy, OTA_PHY_1M);
}

static const char *const bad_values[][2] = {
	{"devices=0", "devices: expected a whole number, 1..64, found 0"},
	{"devices=65", "devices: expected a whole number, 1..64, found 65"},
	{"devices=", "devices: expected a whole number, 1..64, found nothing"},
	{"phy=3M", "phy: expected 1M or 2M, found \"3M\""},
	{"phy=coded", "phy: expected 1M or 2M, found \"coded\""},
	{"interval=7", "interval: expected a number, 7.5..4000 ms in steps of 1.25, "
		       "found 7"},
	{"interval=8", "interval: expected a number, 7.5..4000 ms in steps of 1.25, "
		       "found 8"},
	{"mtu=518", "mtu: expected a whole number, 23..517 bytes, found 518"},
	{"data_length=26", "data_length: expected a whole number, 27..251 bytes, found 26"},
	{"loss=90.1", "loss: expected a number, 0..90 percent, found 90.1"},
	{"loss=-1", "loss: expected a number, 0..90 percent, found -1"},
	{"rssi=21", "rssi: expected a whole number, -127..20 dBm, found 21"},
	{"rssi=-128", "rssi: expected a whole number, -127..20 dBm, found -128"},
	{"flash=idael", "flash: expected typical, ideal or slow, found \"idael\" (did you "
			"mean ideal?)"},
	{"ring=7", "ring: expected a whole number, 8..1024 KiB in steps of 4, found 7"},
	{"seed=-1", "seed: expected a whole number, 0..18446744073709551615, found -1"},
	{"seed=18446744073709551616", "seed: expected a whole number, "
				      "0..18446744073709551615, found "
				      "18446744073709551616"},
	{"speed=0", "speed: expected max or a number, 0.001..1000, found 0"},
	{"speed=fast", "speed: expected max or a number, 0.001..1000, found \"fast\""},
	{"encrypted=1", "encrypted: expected yes or no, found 1"},
	{"passkey=12345", "passkey: expected six digits, found 12345"},
	{"passkey=12345x", "passkey: expected six digits, found \"12345x\""},
	{"passkey=1234567", "passkey: expected six digits, found 1234567"},
	{"security=no", "security: expected none, just-works, passkey, legacy-just-works or "
			"legacy-passkey, found \"no\""},
	{"supervision=105",
	 "supervision: expected a whole number, 100..32000 ms in steps of 10, found 105"},
	{"version=", "version: expected one line of text, at most 31 bytes, found nothing"},
	{"version=abcdefghijklmnopqrstuvwxyzabcdef",
	 "version: expected one line of text, at most 31 bytes, found "
	 "\"abcdefghijklmnopqrstuvwxyzabcdef\""},
	{"version=\033c", "version: expected one line of text, at most 31 bytes, found "
			  "\"\\x1bc\""},
	{"state=", "state: expected a directory, at most 4095 bytes, found nothing"},
	{"fault=drop-dta@5", "fault: unknown fault (did you mean drop-data?) in \"drop-dta@5\""},
	{"fault=disconnect@x", "fault: expected BYTE from 0 to 4294967295, found no number "
			       "in \"disconnect@x\""},
	{"loss", "expected key=value, found \"loss\""},
	{"loss=1,", "expected key=value, found \"\""},
	{"los=1", "los: unknown key (did you mean loss?)"},
	{"datalength=27", "datalength: unknown key (did you mean data_length?)"},
	{"loss=1,loss=2", "loss: expected once, found again"},
};

static void test_bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_values) / sizeof(bad_values[0]); i++) {
		char expected[512];

		(void)snprintf(expected, sizeof(expected), "--sim: %s\n", bad_values[i][1]);
		assert_refused(bad_values[i][0], expected);
	}
}

/* All keys have their place in the words. */
static void test_unknown(void **state)
{
	(void)state;
	simopts_defaults(&options);
	assert_int_equal(simopts_parse(&options, "nothing=1", &errors), -OTA_EINVAL);
	assert_non_null(strstr(messages(), "expected one of devices, "));
	assert_non_null(strstr(messages(), ", smp_buffer_size\n"));
}

static void test_chip(void **state)
{
	(void)state;
	parse_good("chip=esp32c3");
	assert_int_equal(options.chip_id, 5);
	/* A chip without Bluetooth LE cannot be reached. */
	simopts_defaults(&options);
	assert_int_equal(simopts_parse(&options, "chip=esp32s2", &errors), -OTA_EINVAL);
	assert_non_null(strstr(messages(), "--sim: chip: expected one of esp32, "));
	assert_non_null(strstr(messages(), ", found a chip without Bluetooth LE\n"));
	assert_null(strstr(messages(), "esp32s2"));
	assert_int_equal(simopts_parse(&options, "chip=esp33c3", &errors), -OTA_EINVAL);
	assert_non_null(strstr(messages(), "found none of them (did you mean esp32c3?)\n"));
	assert_int_equal(simopts_parse(&options, "chip=\033[2J", &errors), -OTA_EINVAL);
	assert_null(strchr(messages(), '\033'));
}

static void test_buffers(void **state)
{
	static const char *const bad[] = {"3",
					  "x",
					  "3x",
					  "x251",
					  "0x251",
					  "256x251",
					  "3x26",
					  "3x65536",
					  "3x251/",
					  "3x251/evt",
					  "3x251/event2",
					  "3x251x2",
					  "3x/event",
					  "/event3x5",
					  "8x251/late/event",
					  "8x251/lat",
					  "/late8x251",
					  "3 x 251",
					  "3X251"};
	char text[64];

	(void)state;
	parse_good("buffers=8x27");
	assert_int_equal(options.buffers, 8);
	assert_int_equal(options.buffer_octets, 27);
	assert_true(options.refill);
	parse_good("buffers=255x65535/event");
	assert_int_equal(options.buffers, 255);
	assert_int_equal(options.buffer_octets, 65535);
	assert_false(options.refill);
	assert_false(options.late);
	parse_good("buffers=8x251/late");
	assert_true(options.refill); /* nothing tells a host otherwise */
	assert_true(options.late);
	assert_string_equal(simopts_get(&options, SIM_BUFFERS, text, sizeof(text)), "8x251/late");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		simopts_defaults(&options);
		(void)snprintf(text, sizeof(text), "buffers=%s", bad[i]);
		assert_int_equal(simopts_parse(&options, text, &errors), -OTA_EINVAL);
		assert_int_equal(errors.count, 1);
		assert_non_null(strstr(messages(), "buffers: expected COUNTxBYTES, "
						   "COUNTxBYTES/event or COUNTxBYTES/late, "
						   "1..255 and 27..65535, "
						   "found "));
	}
}

static void append(char *buf, size_t size, const char *text)
{
	size_t len = strlen(buf);

	(void)snprintf(buf + len, size - len, "%s", text);
}

static void test_many(void **state)
{
	char text[1024] = "";

	(void)state;
	for (unsigned int i = 0; i < SIM_FAULTS_MAX; i++)
		append(text, sizeof(text), i > 0 ? ",fault=no-boot" : "fault=no-boot");
	parse_good(text);
	assert_int_equal(options.fault_count, SIM_FAULTS_MAX);
	append(text, sizeof(text), ",fault=no-boot");
	assert_refused(text, "--sim: fault: expected at most 16, found more\n");
	/* All mistakes at once. */
	assert_refused("los=1,mtu=5,phy=2M,ring=x",
		       "--sim: los: unknown key (did you mean loss?)\n"
		       "--sim: mtu: expected a whole number, 23..517 bytes, found 5\n"
		       "--sim: ring: expected a whole number, 8..1024 KiB in steps of 4, found "
		       "\"x\"\n");
}

/* The words are those that Info's reasons are told with; "unknown" is none to ask for. */
static void test_boot_reasons(void **state)
{
	char text[64];

	(void)state;
	for (unsigned int i = OTA_RESET_POWER_ON; i <= OTA_RESET_CPU_LOCKUP; i++) {
		(void)snprintf(text, sizeof(text), "boot_reason=%s", ota_reset_name(i));
		parse_good(text);
		assert_int_equal(options.boot_reason, i);
	}
}

/* Every option reads back from what simopts_get() says. */
static void test_get(void **state)
{
	static const char *const values[SIM_OPTIONS] = {
		[SIM_DEVICES] = "7",
		[SIM_CHIP] = "esp32c6",
		[SIM_PHY] = "2M",
		[SIM_INTERVAL] = "11.25",
		[SIM_MTU] = "185",
		[SIM_DATA_LENGTH] = "100",
		[SIM_BUFFERS] = "7x251",
		[SIM_LOSS] = "0.0001",
		[SIM_RSSI] = "-90",
		[SIM_FLASH] = "ideal",
		[SIM_RING] = "64",
		[SIM_DIALECT] = "foreign",
		[SIM_SEED] = "42",
		[SIM_SPEED] = "max",
		[SIM_FAULT] = "dup-data%5",
		[SIM_STATE] = "/tmp/x",
		[SIM_DELTA] = "no",
		[SIM_SMP] = "rejects",
		[SIM_SMP_BUFFERS] = "2",
		[SIM_SMP_BUFFER_SIZE] = "384",
		[SIM_VERSION] = "1.2.3",
		[SIM_PROJECT] = "p",
		[SIM_ENCRYPTED] = "no",
		[SIM_SUPERVISION] = "500",
		[SIM_SECURITY] = "just-works",
		[SIM_PASSKEY] = "012345",
		[SIM_NAMES] = "none",
		[SIM_ADDRESSES] = "random",
		[SIM_TABLE] = "moved",
		[SIM_SLOTS] = "1M+4M",
		[SIM_SECURE_VERSION] = "7",
		[SIM_SECURE_BOOT] = "no",
		[SIM_FLASH_ENCRYPTION] = "yes",
		[SIM_BOOTLOADER] = "no-rollback",
		[SIM_POLICY] = "newer",
		[SIM_PERMIT] = "no",
		[SIM_COMMANDS_ONLY] = "yes",
		[SIM_SKIP] = "yes",
		[SIM_BOOT_DELAY] = "90000",
		[SIM_REVISION] = "102",
		[SIM_BLOCK_REVISION] = "103",
		[SIM_BOOT_REASON] = "task-watchdog",
		[SIM_FLASH_MODE] = "auto-suspend",
		[SIM_RX_BUFFERS] = "12",
		[SIM_ACL_WAIT] = "0",
		[SIM_TASK_DELAY] = "50",
		[SIM_HOST_DELAY] = "100",
		[SIM_STACK_DELAY] = "2500",
		[SIM_DEFLATE] = "off",
	};
	char text[128], buf[SETTING_TEXT_MAX];

	(void)state;
	for (int i = 0; i < SIM_OPTIONS; i++) {
		if (i == SIM_PUBLIC_KEY) /* needs a file: test_public_key */
			continue;
		(void)snprintf(text, sizeof(text), "%s=%s", simopts_settings()[i].name, values[i]);
		parse_good(text);
		assert_true(options.given == UINT64_C(1) << i);
		assert_string_equal(simopts_get(&options, (enum sim_option)i, buf, sizeof(buf)),
				    values[i]);
		assert_true(strlen(simopts_settings()[i].help) > 10);
	}
	parse_good("fault=no-boot,fault=reboot@5,buffers=3x251/event");
	assert_string_equal(simopts_get(&options, SIM_FAULT, buf, sizeof(buf)), "no-boot reboot@5");
	assert_string_equal(simopts_get(&options, SIM_BUFFERS, buf, sizeof(buf)), "3x251/event");
}

static void test_public_key(void **state)
{
	struct ecdsa_key pair;
	struct sign_key key = {.secret = true};
	char path[] = "/tmp/otabench-key-XXXXXX", text[128], buf[SETTING_TEXT_MAX], wanted[128];
	const int fd = mkstemp(path);
	char *pem;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ecdsa_generate(&pair), 0);
	key.pair = pair;
	pem = sign_key_public_pem(&key);
	assert_non_null(pem);
	assert_int_equal(write(fd, pem, strlen(pem)), strlen(pem));
	(void)snprintf(text, sizeof(text), "public_key=%s", path);
	parse_good(text);
	assert_true(options.given == UINT64_C(1) << SIM_PUBLIC_KEY);
	assert_memory_equal(options.public_key, pair.point, sizeof(pair.point));
	assert_string_equal(simopts_get(&options, SIM_PUBLIC_KEY, buf, sizeof(buf)), path);
	/* A key that is cut is none. */
	assert_int_equal(ftruncate(fd, 40), 0);
	(void)snprintf(wanted, sizeof(wanted), "--sim: public_key: %s: expected a key as PEM\n",
		       path);
	assert_refused(text, wanted);
	assert_int_equal(unlink(path), 0);
	(void)snprintf(wanted, sizeof(wanted), "--sim: public_key: %s: No such file or directory\n",
		       path);
	assert_refused(text, wanted);
	(void)close(fd);
	free(pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),     cmocka_unit_test(test_all),
		cmocka_unit_test(test_given),	     cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_chip),	     cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_buffers),	     cmocka_unit_test(test_many),
		cmocka_unit_test(test_boot_reasons), cmocka_unit_test(test_get),
		cmocka_unit_test(test_public_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
