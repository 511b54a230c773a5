/* SPDX-License-Identifier: Apache-2.0 */
/* From power-on to a confirmed image: attributes, trial, confirmation, roll back. */
#define IMAGE 200000u
#include "espfixture.h"

/* An update, and the boot into it: on trial. */
static void into_the_new_image(void)
{
	assert_true(esphost_update(&host, &image));
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 1);
	assert_int_equal(fake_board.state[1], 1); /* ESP_OTA_IMG_PENDING_VERIFY */
	assert_true(ota_esp_pending());
}

/* --- what a host sees */

static void read_text(uint16_t chr, char *ret, size_t size)
{
	size_t len = 0;

	memset(ret, 0, size);
	assert_int_equal(fake_read(host.conn, chr, (uint8_t *)ret, size - 1, &len), 0);
}

static void attributes(void **state)
{
	struct ota_info info;
	char text[40];

	(void)state;
	assert_string_equal(fake_radio.name, "esp-ota-5a3c");
	assert_int_equal(fake_radio.adv_flags, 0x06);
	assert_int_equal(fake_radio.preferred_mtu, 517);
	assert_int_equal(fake_chr_flags(CONTROL), 0x0018); /* write, notify */
	assert_int_equal(fake_chr_flags(DATA), 0x000c); /* write, write without response */
	assert_int_equal(fake_chr_flags(INFO), 0x0002); /* read */
	esphost_connect(&host, image.bytes, image.size);
	read_text(0x2a26, text, sizeof(text));
	assert_string_equal(text, "1.0.0");
	read_text(0x2a24, text, sizeof(text));
	assert_string_equal(text, "otabench-sim");
	read_text(0x2a29, text, sizeof(text));
	assert_string_equal(text, "Espressif");
	esphost_info(&host, &info);
	assert_int_equal(info.version, OTA_PROTOCOL_VERSION);
	assert_int_equal(info.features, OTA_FEATURE_RESUME | OTA_FEATURE_SINK | OTA_FEATURE_LINK |
						OTA_FEATURE_TELEMETRY | OTA_FEATURE_ROLLBACK |
						OTA_FEATURE_TIMES | OTA_FEATURE_PREPARE |
						OTA_FEATURE_PATTERN);
	assert_int_equal(info.chip_id, 0);
	assert_int_equal(info.chip_revision, 301);
	assert_int_equal(info.slot_count, 2);
	assert_int_equal(info.running_slot, 0);
	assert_int_equal(info.flags, 0);
	assert_int_equal(info.phys, OTA_PHYS_1M);
	assert_int_equal(info.slot_size, FAKE_SLOT_SIZE);
	assert_int_equal(info.ring_size, 32768);
	assert_int_equal(info.secure_version, 1);
	assert_int_equal(info.block_revision, OTA_REVISION_UNKNOWN); /* 5.1 */
	assert_int_equal(info.reset_reason, OTA_RESET_BROWN_OUT);
	assert_int_equal(info.resets, 0);
	assert_string_equal(info.project, "otabench-sim");
	assert_false(fake_radio.changed); /* the same image as before */
}

static void uuids_follow_the_service(void **state)
{
	static const uint8_t control[16] = {0x1d, 0x60, 0x48, 0xb2, 0xcc, 0xdf, 0x74, 0x9f,
					    0x28, 0x4a, 0xae, 0x54, 0x02, 0x40, 0x1e, 0xfb};

	(void)state;
	assert_memory_equal(ota_esp.uuid[1].value, control, sizeof(control));
}

static void init_says_what_is_missing(void **state)
{
	(void)state;
	assert_int_equal(ota_esp_init(NULL), ESP_ERR_INVALID_STATE);
	fake_boot();
	assert_int_equal(ota_esp_start(), ESP_ERR_INVALID_STATE);
	assert_int_equal(ota_esp_register(), ESP_ERR_INVALID_STATE);
	assert_int_equal(ota_esp_confirm(), ESP_ERR_INVALID_STATE);
	assert_false(ota_esp_pending());
	fake_board.no_update_slot = true;
	assert_int_equal(ota_esp_init(NULL), ESP_ERR_NOT_FOUND);
	fake_board.no_update_slot = false;
	fake_board.no_heap = true;
	assert_int_equal(ota_esp_init(NULL), ESP_ERR_NO_MEM);
	fake_board.no_heap = false;
	assert_int_equal(ota_esp_init(NULL), ESP_OK);
	assert_int_equal(ota_esp_start(), ESP_OK);
	assert_int_equal(ota_esp_start(), ESP_ERR_INVALID_STATE);
	fake_run_ms(3000);
}

/* --- trial */

/* A start that fails at any of its calls can be tried again, and leaves nothing behind. */
static void start_fails_half_way(void **state)
{
	int calls = 0;

	(void)state;
	while (fake_radio.fail_start == 0) {
		esphost_power_on();
		fake_boot();
		assert_int_equal(ota_esp_init(&esphost_config), ESP_OK);
		fake_radio.fail_start = ++calls;
		if (ota_esp_start() == ESP_OK)
			continue; /* there are no so many calls */
		fake_run_ms(2 * OTA_ESP_LOOK_MS);
		assert_false(fake_radio.advertising);
		assert_int_equal(fake_radio.fail_start, 0);
		assert_int_equal(ota_esp_start(), ESP_OK);
		fake_run_ms(2 * OTA_ESP_LOOK_MS);
		assert_true(esphost_update(&host, &image));
		assert_null(fake_breach); /* a new board forgets it */
	}
	assert_int_equal(calls, 7);
	fake_radio.fail_start = 0;
}

static void update_on_trial_is_refused(void **state)
{
	(void)state;
	into_the_new_image();
	esphost_connect(&host, image.bytes, image.size);
	assert_false(esphost_start(&host, 0));
	assert_int_equal(host.error.code, OTA_ERR_STATE);
	assert_int_equal(fake_board.erases, 4); /* those of the update before */
}

static void nobody_confirms(void **state)
{
	uint32_t began;

	(void)state;
	into_the_new_image();
	began = fake_now_ms();
	assert_true(esphost_restarts(200000));
	assert_in_range(fake_now_ms() - began, 110000, 125000);
	assert_int_equal(fake_board.rollbacks, 1);
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 0);
	assert_false(ota_esp_pending());
	assert_true(fake_radio.changed); /* bonded hosts know the new image's attributes */
}

/* The new image's self-test never comes back, so its own roll back cannot run. */
static bool hang(void *arg)
{
	(void)arg;
	fake_block_us(3600ull * 1000 * 1000);
	return true;
}

static void new_image_hangs(void **state)
{
	uint32_t began;

	(void)state;
	into_the_new_image();
	esphost_config.self_test = hang;
	ota_esp.config.self_test = hang;
	began = fake_now_ms();
	esphost_connect(&host, image.bytes, image.size);
	esphost_command(&host, OTA_CMD_CONFIRM);
	assert_true(esphost_restarts(200000));
	assert_in_range(fake_now_ms() - began, 120000, 140000);
	fake_breach = NULL; /* the watchdog, which would have said so long before */
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 0);
}

static bool find_fault(void *arg)
{
	(void)arg;
	return false;
}

static void self_test_fails(void **state)
{
	(void)state;
	into_the_new_image();
	ota_esp.config.self_test = find_fault;
	esphost_connect(&host, image.bytes, image.size);
	esphost_command(&host, OTA_CMD_CONFIRM);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	assert_int_not_equal(host.result.code, OTA_OK);
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 0);
	assert_int_equal(fake_board.confirms, 0);
}

static void power_cut_on_trial(void **state)
{
	(void)state;
	into_the_new_image();
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 0);
}

static void application_confirms(void **state)
{
	(void)state;
	into_the_new_image();
	assert_int_equal(ota_esp_confirm(), ESP_OK);
	fake_run_ms(500);
	assert_int_equal(fake_board.confirms, 1);
	assert_false(ota_esp_pending());
	assert_int_equal(ota_esp_confirm(), ESP_OK); /* once more does no harm */
	fake_run_ms(300000);
	assert_int_equal(fake_board.confirms, 1);
	assert_false(fake_restarted());
}

/* --- ROLLBACK and REBOOT */

static void rollback_on_command(void **state)
{
	struct ota_info info;

	(void)state;
	into_the_new_image();
	esphost_connect(&host, image.bytes, image.size);
	esphost_command(&host, OTA_CMD_CONFIRM);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	esphost_info(&host, &info);
	assert_true(info.flags & OTA_INFO_CAN_ROLLBACK);
	esphost_command(&host, OTA_CMD_ROLLBACK);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	assert_int_equal(host.result.opcode, OTA_CMD_ROLLBACK);
	assert_int_equal(host.result.code, OTA_OK);
	assert_false(fake_restarted()); /* answered first */
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 0);
	assert_int_equal(fake_board.state[1], 3); /* ESP_OTA_IMG_INVALID */
	assert_true(fake_radio.changed); /* bonded hosts are told again */
}

static void no_way_back(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	esphost_command(&host, OTA_CMD_ROLLBACK);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	assert_int_equal(host.result.code, OTA_ERR_NO_ROLLBACK);
	fake_run_ms(5000);
	assert_false(fake_restarted());
}

/* Once the update has erased it, the other slot is nothing to go back to. */
static bool flushed(void *arg)
{
	(void)arg;
	return ota_esp.device.rx.flushed == image.size;
}

static void erasing_takes_the_way_back(void **state)
{
	struct ota_info info;

	(void)state;
	fake_flash_image(1, image.bytes, image.size);
	fake_board.state[1] = 2; /* ESP_OTA_IMG_VALID */
	assert_true(esphost_boot());
	esphost_connect(&host, image.bytes, image.size);
	esphost_info(&host, &info);
	assert_true(info.flags & OTA_INFO_CAN_ROLLBACK);
	assert_true(esphost_start(&host, 0));
	fake_run_ms(500);
	esphost_info(&host, &info); /* nothing came yet that could be kept */
	assert_true(info.flags & OTA_INFO_CAN_ROLLBACK);
	assert_true(esphost_send(&host, 1000));
	fake_run_ms(500);
	esphost_info(&host, &info);
	assert_false(info.flags & OTA_INFO_CAN_ROLLBACK);
	assert_int_equal(fake_board.otadata_erases, 1);
}

/* Older Arduino cores bring a boot loader that leaves NEW as it is. */
static void boot_loader_without_rollback(void **state)
{
	struct ota_info info;

	(void)state;
	fake_board.no_rollback = true;
	assert_true(esphost_update(&host, &image));
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 1);
	assert_int_equal(fake_board.state[1], 0); /* ESP_OTA_IMG_NEW */
	esphost_connect(&host, image.bytes, image.size);
	esphost_info(&host, &info);
	assert_int_equal(info.abilities, OTA_ABILITY_NO_ROLLBACK);
	assert_false(info.features & OTA_FEATURE_ROLLBACK);
	assert_false(info.flags & OTA_INFO_PENDING_VERIFY);
	/* No trial that a time-out could end, and the next update is taken. */
	fake_run_ms(300000);
	assert_false(fake_restarted());
	esphost_command(&host, OTA_CMD_CONFIRM);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	assert_int_equal(host.result.code, OTA_OK);
	assert_true(esphost_start(&host, 0));
}

/* REBOOT and ROLLBACK behind an update that did not end well: the running image stays. */
static void stays(void)
{
	esphost_command(&host, OTA_CMD_REBOOT);
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	esphost_connect(&host, image.bytes, image.size);
	esphost_command(&host, OTA_CMD_ROLLBACK);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	assert_int_equal(host.result.code, OTA_ERR_NO_ROLLBACK);
	assert_int_equal(fake_board.running, 0);
	assert_int_equal(fake_board.boot, 0);
}

static void old_image_in_the_slot(void)
{
	fake_flash_image(1, image.bytes, image.size);
	fake_board.state[1] = 2; /* ESP_OTA_IMG_VALID */
	assert_true(esphost_boot());
	esphost_connect(&host, image.bytes, image.size);
}

/* esp_image_verify() accepts it, and so would a ROLLBACK: the slot has an old entry. */
static void refused_image_never_boots(void **state)
{
	(void)state;
	old_image_in_the_slot();
	assert_true(esphost_start(&host, 0));
	ota_esp.device.rx.sha256[0] ^= 1; /* START announced another hash */
	assert_true(esphost_send(&host, host.size));
	assert_false(esphost_end(&host));
	assert_int_equal(host.error.code, OTA_ERR_HASH);
	fake_run_ms(200);
	assert_int_not_equal(fake_board.slot[1][0], 0xe9); /* not to be fallen back to either */
	stays();
}

static void aborted_image_never_boots(void **state)
{
	(void)state;
	old_image_in_the_slot();
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.size));
	assert_true(fake_run_until(flushed, NULL, 20000)); /* whole, but END is not written */
	esphost_command(&host, OTA_CMD_ABORT);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 2000));
	fake_run_ms(200);
	assert_int_not_equal(fake_board.slot[1][0], 0xe9);
	stays();
}

/* Power goes before the slot's first sector does: the entry is gone already. */
static void unfinished_image_never_boots(void **state)
{
	(void)state;
	old_image_in_the_slot();
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.size));
	assert_true(fake_run_until(flushed, NULL, 20000));
	assert_true(esphost_boot());
	esphost_connect(&host, image.bytes, image.size);
	stays();
}

static void reboot_on_command(void **state)
{
	(void)state;
	esphost_connect(&host, image.bytes, image.size);
	esphost_command(&host, OTA_CMD_REBOOT);
	assert_true(esphost_wait(&host, OTA_EVT_RESULT, 1000));
	assert_int_equal(host.result.code, OTA_OK);
	assert_true(esphost_restarts(5000));
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 0);
}

/* --- other ways to run it */

static void application_with_its_own_nimble(void **state)
{
	struct ota_info info;

	(void)state;
	fake_boot();
	assert_int_equal(ota_esp_init(NULL), ESP_OK);
	assert_int_equal(ota_esp_register(), ESP_OK);
	fake_start_own_nimble();
	esphost_connect(&host, image.bytes, image.size);
	assert_int_not_equal(host.conn, 0xffff);
	esphost_info(&host, &info); /* before the slot was read: it waits */
	assert_int_not_equal(info.running_size, 0);
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.size));
	assert_true(esphost_end(&host));
}

static void demo_task(void *arg)
{
	(void)arg;
	app_main();
}

static void demo(void **state)
{
	(void)state;
	fake_boot();
	fake_board.log[0] = '\0';
	fake_board.nvs_gone = true; /* a new chip's NVS has to be made first */
	fake_task(demo_task, NULL);
	fake_run_ms(25000);
	assert_true(fake_radio.advertising);
	assert_non_null(strstr(fake_board.log, "demo: version 1.0.0, beat 1"));
	assert_non_null(strstr(fake_board.log, "demo: version 1.0.0, beat 3"));
	assert_non_null(strstr(fake_board.log, "anybody in radio range"));
	assert_true(esphost_update(&host, &image));
	assert_non_null(strstr(fake_board.log, "demo: update began"));
}

static void versions_have_an_order(void **state)
{
	(void)state;
	assert_true(ota_esp_version_older("1.9.2", "1.10"));
	assert_true(ota_esp_version_older("v1.0", "v1.0.1"));
	assert_true(ota_esp_version_older("0.9-rc1", "1.0"));
	assert_true(ota_esp_version_older("1", "1.1"));
	assert_false(ota_esp_version_older("1.10", "1.9.2"));
	assert_false(ota_esp_version_older("1.0", "1.0.0"));
	assert_false(ota_esp_version_older("1.0.0", "1.0"));
	assert_false(ota_esp_version_older("v2.0-3-gabcdef", "v2.0"));
	assert_false(ota_esp_version_older("1234abc", "9999def")); /* commits */
	assert_false(ota_esp_version_older("", "1.0"));
	assert_false(ota_esp_version_older("1.0", ""));
	assert_false(ota_esp_version_older("1.0", "dirty"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ESP_TEST(attributes),
		ESP_TEST(uuids_follow_the_service),
		ESP_TEST(init_says_what_is_missing),
		ESP_TEST(start_fails_half_way),
		ESP_TEST(update_on_trial_is_refused),
		ESP_TEST(nobody_confirms),
		ESP_TEST(new_image_hangs),
		ESP_TEST(self_test_fails),
		ESP_TEST(power_cut_on_trial),
		ESP_TEST(application_confirms),
		ESP_TEST(rollback_on_command),
		ESP_TEST(no_way_back),
		ESP_TEST(erasing_takes_the_way_back),
		ESP_TEST(boot_loader_without_rollback),
		ESP_TEST(refused_image_never_boots),
		ESP_TEST(aborted_image_never_boots),
		ESP_TEST(unfinished_image_never_boots),
		ESP_TEST(reboot_on_command),
		ESP_TEST(application_with_its_own_nimble),
		ESP_TEST(demo),
		cmocka_unit_test(versions_have_an_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
