/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests SMP: literal bytes, as Zephyr's documentation and the Python package smp have them, and
 * updates of virtual devices with the quirks of MCUmgr's builds, undisturbed and with faults at
 * many places.  Whatever happens, the device boots one of the two images, whole, its buffers are
 * not overrun, and "confirmed" is told of nothing but the image that was sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/sha256.h"
#include "core/mcumgr.h"
#include "dialectlib.h"
#include "image/lint.h"
#include "image/mcuboot.h"
#include "session_play.h"

static uint8_t image[60000];
static uint8_t hash[OTA_SHA256_SIZE];

static int build(void **state)
{
	const struct mcuboot_build b = {.major = 2, .size = sizeof(image), .seed = 3};
	struct lint_report report;
	struct image read;

	(void)state;
	if (mcuboot_build(&b, sha256_buffer, image, sizeof(image)) < 0 ||
	    image_read(image, sizeof(image), sha256_buffer, &read, &report) < 0)
		return -1;
	memcpy(hash, read.mcuboot.hash, sizeof(hash));
	return 0;
}

/* --- literal bytes */

#define H32(x) x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x
#define KEY_IMAGES "66 696d61676573"
#define KEY_SLOT "64 736c6f74"
#define KEY_VERSION "67 76657273696f6e"
#define KEY_HASH "64 68617368"
#define TRUE(key) key " f5"
#define BOOTABLE "68 626f6f7461626c65"
#define ACTIVE "66 616374697665"
#define CONFIRMED "69 636f6e6669726d6564"
#define PENDING "67 70656e64696e67"
#define OFF "63 6f6666"
/* Slot 0 with an image of hash 11... that runs, 119 bytes; the other of hash bb.., as asked. */
#define RUNS_OLD                                                                                   \
	"bf" KEY_SLOT "00" KEY_VERSION "65312e302e30" KEY_HASH "5820" H32("11") TRUE(BOOTABLE)     \
		TRUE(ACTIVE) TRUE(CONFIRMED) "ff"
#define OTHER(flags)                                                                               \
	"bf" KEY_SLOT "01" KEY_VERSION "65322e302e30" KEY_HASH "5820" H32("bb") TRUE(BOOTABLE)     \
		flags "ff"

#define RUNS_NEW(flags)                                                                            \
	"bf" KEY_SLOT "00" KEY_VERSION "65322e302e30" KEY_HASH "5820" H32("bb") TRUE(BOOTABLE)     \
		TRUE(ACTIVE) flags "ff"

static struct play r;

/* An answer, in notifications of 100 bytes: its header before the map, whose length is filled in. */
static void says(uint8_t op, uint8_t group, uint8_t sequence, uint8_t command, const char *map)
{
	uint8_t buf[1024];
	size_t len = MCUMGR_HEADER;

	for (const char *p = map; *p; p += 2) {
		char digits[3] = "", *end;

		p += *p == ' ';
		memcpy(digits, p, 2);
		buf[len++] = (uint8_t)strtoul(digits, &end, 16);
		assert_ptr_equal(end, digits + 2);
	}
	buf[0] = op;
	buf[1] = 0;
	buf[2] = (uint8_t)((len - MCUMGR_HEADER) >> 8);
	buf[3] = (uint8_t)(len - MCUMGR_HEADER);
	buf[4] = 0;
	buf[5] = group;
	buf[6] = sequence;
	buf[7] = command;
	for (size_t at = 0; at < len; at += 100)
		session_rx(&r.s, buf + at, len - at < 100 ? len - at : 100, r.now);
}

static void connected(void)
{
	static const uint8_t properties[GATT_CHRS] = {0x14, 0x14, 0, 0, 0, 0};

	session_connected(&r.s, 247, r.now);
	play_expect(&r, "discover");
	session_discovered(&r.s, DIALECT_SMP, properties, r.now);
	play_expect(&r, "subscribe control");
	session_subscribed(&r.s, 0, r.now);
	play_expect(&r, "command control 0800000100000006a0");
}

static void begin(uint32_t size)
{
	play_init(&r, SESSION_UPDATE, size);
	memset(r.config.boot_sha256, 0xbb, OTA_SHA256_SIZE);
	memset(r.config.sha256, 0xee, OTA_SHA256_SIZE);
	play_start(&r);
	play_expect(&r, "connect");
	connected();
}

static void introduce(void)
{
	says(0x09, 0, 0, 6, "bf 68 6275665f73697a65 19 0200 69 6275665f636f756e74 04 ff");
	play_expect(&r, "command control 0800000100010100a0");
	says(0x09, 1, 1, 0, "bf" KEY_IMAGES "9f" RUNS_OLD "ff ff");
	assert_string_equal(r.s.version, "1.0.0");
	assert_int_equal(r.s.running.on_trial, false);
}

#define FIRST 178u /* what a value of 244 leaves for the image, behind the first map */

/* 1500 bytes: a first request, and three more under way at once, of two values of 243 each: the 26
 * bytes that would be left of the buffer are not worth a PDU. */
static void upload(void)
{
	begin(1500);
	introduce();
	assert_int_equal(play_count(&r, "command data 0a0000ec00010201a4636c656e1905dc636f66660063"
					"7368615820eeeeeeee"),
			 1);
	play_skip(&r);
	play_expect_none(&r);
	says(0x0b, 1, 2, 1, "bf" OFF "18b2 ff");
	assert_int_equal(
		play_count(&r, "command data 0a0001de00010301a2636f666618b264646174615901cfb2b3b4"),
		1);
	assert_int_equal(
		play_count(&r, "command data 0a0001de00010401a2636f666619028164646174615901ce8182"),
		1);
	assert_int_equal(
		play_count(&r, "command data 0a00019d00010501a2636f666619044f646461746159018d4f50"),
		1);
	assert_int_equal(play_count(&r, "command data"), 2 + 2 + 2);
	assert_int_equal(r.data_bytes, 244 + 486 + 486 + 421);
	play_skip(&r);
}

static void set_and_reset(void)
{
	play_expect(&r, "command control 0a00003100010600a264686173685820" H32(
				"bb") "67636f6e6669726df4");
	says(0x0b, 1, 6, 0, "bf" KEY_IMAGES "9f" RUNS_OLD OTHER(TRUE(PENDING)) "ff ff");
	play_expect(&r, "command control 0a00000100000705a0");
	says(0x0b, 0, 7, 5, "bfff");
	assert_int_equal(r.s.state, SESSION_REBOOTING);
}

static void test_bytes(void **state)
{
	(void)state;
	upload();
	says(0x0b, 1, 3, 1, "bf" OFF "190281 ff");
	assert_int_equal(r.s.stats.received, 641);
	says(0x0b, 1, 5, 1, "bf" OFF "1905dc ff"); /* the one in between was lost */
	set_and_reset();
	play_lost(&r, GATT_BY_DEVICE);
	play_skip(&r);
	play_pass(&r, 1500);
	play_expect(&r, "connect");
	connected();
	says(0x09, 0, 0, 6, "bf 62 7263 08 ff"); /* it offers none any more */
	play_expect(&r, "command control 0800000100010100a0");
	says(0x09, 1, 1, 0, "bf" KEY_IMAGES "9f" RUNS_NEW("") "ff ff");
	play_expect(&r, "command control 0a00003100010200a264686173685820" H32(
				"bb") "67636f6e6669726df5");
	assert_int_equal(r.s.running.on_trial, true);
	says(0x0b, 1, 2, 0, "bf" KEY_IMAGES "9f" RUNS_NEW(TRUE(CONFIRMED)) "ff ff");
	play_expect(&r, "command control 0800000100010300a0");
	says(0x09, 1, 3, 0, "bf" KEY_IMAGES "9f" RUNS_NEW(TRUE(CONFIRMED)) "ff ff");
	assert_int_equal(r.s.outcome, SESSION_CONFIRMED);
	play_end(&r);
}

/* The device's offset decides; what was under way before is not heard twice. */
static void test_goes_back(void **state)
{
	(void)state;
	upload();
	says(0x0b, 1, 3, 1, "bf" OFF "190281 ff");
	says(0x0b, 1, 4, 1, "bf" OFF "190281 ff");
	says(0x0b, 1, 5, 1, "bf" OFF "190281 ff");
	assert_int_equal(r.s.stats.gaps, 1);
	assert_int_equal(r.s.stats.received, 641);
	assert_int_equal(
		play_count(&r, "command data 0a0001de00010601a2636f666619028164646174615901ce8182"),
		1);
	assert_int_equal(play_count(&r, "command data"), 2 + 2);
	play_end(&r);
}

/* An answer that contradicts what was sent does not count, nor one to another question. */
static void test_out_of_place(void **state)
{
	static const char *const maps[] = {
		"bf" OFF "1905dd ff", "bf" OFF "1905dc",      "bf ff", "a1" OFF "f5", "80", "ff",
		"a1 61 6f 1905dc",    "bf" OFF "1905dc ff ff"};

	(void)state;
	upload();
	for (size_t i = 0; i + 1 < sizeof(maps) / sizeof(maps[0]); i++)
		says(0x0b, 1, 5, 1, maps[i]);
	says(0x0b, 1, 9, 1, "bf" OFF "1905dc ff");
	says(0x09, 1, 5, 1, "bf" OFF "1905dc ff");
	says(0x0b, 0, 5, 1, "bf" OFF "1905dc ff");
	says(0x0b, 1, 5, 0, "bf" OFF "1905dc ff");
	assert_int_equal(r.s.stats.received, FIRST);
	assert_int_equal(r.s.state, SESSION_SENDING);
	play_end(&r);
}

/* An older device takes the question for none; then it is asked in its version. */
static void test_version_1(void **state)
{
	(void)state;
	begin(1500);
	play_pass(&r, 5000);
	play_expect(&r, "command control 0000000100000106a0");
	says(0x01, 0, 1, 6, "bf 62 7263 08 ff");
	play_expect(&r, "command control 0000000100010200a0");
	says(0x01, 1, 2, 0, "bf" KEY_IMAGES "9f" RUNS_OLD "ff ff");
	assert_int_equal(play_count(&r, "command data 020000ec000103"), 1);
	says(0x03, 1, 3, 1, "bf 62 7263 06 ff");
	assert_int_equal(r.s.outcome, SESSION_DEVICE_ERROR);
	assert_int_equal(r.s.code, OTA_ERR_STATE);
	play_end(&r);
}

/* --- virtual devices */

static void prepare(struct update *u)
{
	memcpy(u->session.boot_sha256, hash, sizeof(hash));
}

static void check(struct update *u, const struct dialect_case *c, const char *what)
{
	const bool confirmed = u->s.outcome == SESSION_CONFIRMED;

	(void)c;
	if (esp_mcumgr_losses(update_device(u)) != 0 && !strstr(what, "-data") &&
	    strncmp(what, "trial", 5) != 0)
		fail_msg("%s: %u values were lost in the device", what,
			 esp_mcumgr_losses(update_device(u)));
	if (update_check_boots(u) != confirmed && strncmp(what, "trial", 5) != 0)
		fail_msg("%s: %s, and it boots another image", what,
			 session_outcome_name(u->s.outcome));
}

static const size_t image_size = sizeof(image);
static const struct dialect_case device = {.id = DIALECT_SMP,
					   .device = ESP_MCUMGR,
					   .image = image,
					   .size = &image_size,
					   .seconds = 900,
					   .good = SESSION_CONFIRMED,
					   .prepare = prepare,
					   .check = check};

static void test_mtus(void **state)
{
	static const uint16_t mtus[] = {23, 185, 247, 517};
	static const uint8_t counts[] = {1, 2, 4, 16};
	static const uint16_t sizes[] = {128, 384, 2475, 4096};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 4; k++)
			for (size_t n = 0; n < 4; n++) {
				struct update u;

				dialect_init(&u, &device);
				u.sim.kind.mtu = mtus[i];
				u.sim.kind.mcumgr_buf_count = counts[k];
				u.sim.kind.mcumgr_buf_size = sizes[n];
				if (update_run(&u, device.seconds) != SESSION_CONFIRMED)
					fail_msg("MTU %u, %u buffers of %u: %s", mtus[i], counts[k],
						 sizes[n], session_outcome_name(u.s.outcome));
				assert_int_equal(u.s.stats.sent_bytes, sizeof(image));
				assert_int_equal(u.s.stats.gaps + u.s.stats.resyncs, 0);
				check(&u, &device, "undisturbed");
				update_end(&u);
			}
}

static void test_builds(void **state)
{
	static const struct {
		enum esp_mcumgr_kind kind;
		enum session_outcome outcome;
		uint8_t code;
	} builds[] = {{ESP_MCUMGR_VERSION_1, SESSION_CONFIRMED, 0},
		      {ESP_MCUMGR_IMAGE_CHECK, SESSION_CONFIRMED, 0},
		      {ESP_MCUMGR_SELF_CONFIRMS, SESSION_CONFIRMED, 0},
		      {ESP_MCUMGR_REJECTS, SESSION_DEVICE_ERROR, OTA_ERR_PERMISSION}};

	(void)state;
	for (size_t i = 0; i < sizeof(builds) / sizeof(builds[0]); i++) {
		struct update u;

		dialect_init(&u, &device);
		u.sim.kind.mcumgr = builds[i].kind;
		assert_int_equal(update_run(&u, device.seconds), builds[i].outcome);
		assert_int_equal(u.s.code, builds[i].code);
		check(&u, &device, "a build");
		update_end(&u);
	}
}

static void test_link_loss(void **state)
{
	(void)state;
	dialect_each_loss(&device, OUTCOME(CONFIRMED));
}

/* A lost link is gone on from where it was: the device keeps what it has. */
static void test_resume(void **state)
{
	struct update u;

	(void)state;
	dialect_init(&u, &device);
	update_fault(&u, "disconnect@30000");
	assert_int_equal(update_run(&u, device.seconds), SESSION_CONFIRMED);
	assert_in_range(u.s.stats.sent_bytes, sizeof(image), sizeof(image) + 9000u);
	update_end(&u);
}

static void test_notifications(void **state)
{
	(void)state;
	/* parameters, lists, 26 parts, test, reset, confirm */
	dialect_each_notification(&device, 34, OUTCOME(CONFIRMED), OUTCOME(CONFIRMED));
	dialect_each(&device, "delay-notify@%u:6000", 17, 2, OUTCOME(CONFIRMED));
}

/* Cut while the image is on trial, it is rolled back: that is told, and the next one completes. */
static void test_power_cuts(void **state)
{
	(void)state;
	dialect_each_cut(&device, OUTCOME(CONFIRMED));
}

/* MCUboot goes back from an image that does not start, or that nobody confirmed. */
static void test_rolls_back(void **state)
{
	struct update u;

	(void)state;
	assert_int_equal(dialect_run(&device, "no-boot"), SESSION_ROLLED_BACK);
	dialect_init(&u, &device);
	u.session.confirm = false;
	assert_int_equal(update_run(&u, device.seconds), SESSION_UNCONFIRMED);
	assert_true(u.s.running.on_trial);
	assert_false(update_check_boots(&u));
	update_end(&u);
}

static void test_commands(void **state)
{
	struct update u;

	(void)state;
	dialect_init(&u, &device);
	u.session.confirm = false;
	assert_int_equal(update_run(&u, device.seconds), SESSION_UNCONFIRMED);
	u.session.goal = SESSION_COMMAND;
	u.session.command = OTA_CMD_CONFIRM;
	dialect_again(&u, &device);
	assert_int_equal(u.s.outcome, SESSION_ANSWERED);
	assert_true(update_check_boots(&u));
	/* The way back stays: the other slot's image, for good. */
	u.session.command = OTA_CMD_ROLLBACK;
	dialect_again(&u, &device);
	assert_int_equal(u.s.outcome, SESSION_ANSWERED);
	update_wait(&u, 5000000u);
	assert_false(update_check_boots(&u));
	u.session.command = OTA_CMD_PREPARE;
	dialect_again(&u, &device);
	assert_int_equal(u.s.code, OTA_ERR_UNSUPPORTED);
	update_end(&u);
}

static void test_cancel(void **state)
{
	(void)state;
	dialect_each_cancel(&device, OUTCOME(CONFIRMED));
}

/* A value that the host's own stack loses leaves the device at sea for the rest of a request. */
static void test_values(void **state)
{
	char fault[32];

	(void)state;
	for (unsigned int i = 1; i <= 150; i += 3) {
		enum session_outcome outcome;

		(void)snprintf(fault, sizeof(fault), i % 2 ? "drop-data@%u" : "dup-data@%u", i);
		outcome = dialect_run(&device, fault);
		/* A refusal by MCUboot is told; bytes that the device could not read are sent
		 * again. */
		assert_true(outcome == SESSION_CONFIRMED || outcome == SESSION_ROLLED_BACK ||
			    outcome == SESSION_DEVICE_ERROR || outcome == SESSION_STALLED);
	}
}

static void test_damaged_image(void **state)
{
	struct update u;

	(void)state;
	image[30000] ^= 1;
	dialect_init(&u, &device);
	assert_int_equal(update_run(&u, device.seconds), SESSION_ROLLED_BACK);
	image[30000] ^= 1;
	check(&u, &device, "a damaged image");
	update_end(&u);
}

/* --- answers that are damaged on their way */

static struct flip {
	void (*handler)(void *userdata, const struct transport_event *event);
	uint32_t at; /* byte of all that was notified */
	uint32_t passed;
	uint8_t bits;
} flip;

static void flipping(void *userdata, const struct transport_event *event)
{
	struct transport_event other = *event;
	uint8_t bytes[OTA_VALUE_MAX];

	if (event->kind == TRANSPORT_NOTIFIED) {
		memcpy(bytes, event->data, event->len);
		if (flip.at >= flip.passed && flip.at < flip.passed + event->len)
			bytes[flip.at - flip.passed] ^= flip.bits;
		flip.passed += (uint32_t)event->len;
		other.data = bytes;
	}
	flip.handler(userdata, &other);
}

static uint32_t run_flipped(uint32_t at, uint8_t bits)
{
	uint32_t passed;
	struct update u;
	char what[32];

	dialect_init(&u, &device);
	u.session.retries = 3;
	u.sim.kind.mcumgr_buf_size = 4096;
	update_begin(&u);
	flip = (struct flip){.handler = u.transport->handler, .at = at, .bits = bits};
	u.transport->handler = flipping;
	update_finish(&u, device.seconds);
	passed = flip.passed;
	(void)snprintf(what, sizeof(what), "trial: byte %u ^ %02x", at, bits);
	if (u.s.outcome == SESSION_CONFIRMED && !update_check_boots(&u))
		fail_msg("%s: confirmed, and it boots the old image", what);
	/* Whatever was misread, the device still runs a whole image. */
	check(&u, &device, what);
	update_end(&u);
	return passed;
}

/* FLIPS=all tries each byte; else one in seven, from another one with each kind of flip. */
static void test_flipped(void **state)
{
	static const uint8_t bits[] = {0x01, 0x20, 0x80, 0xff};
	const uint32_t all = run_flipped(UINT32_MAX, 0);
	const char *asked = getenv("FLIPS");
	const uint32_t step = asked && strcmp(asked, "all") == 0 ? 1 : 13;

	(void)state;
	assert_true(all > 400);
	for (uint32_t k = 0; k < sizeof(bits); k++)
		for (uint32_t at = k * 3 % step; at < all; at += step)
			(void)run_flipped(at, bits[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),	      cmocka_unit_test(test_goes_back),
		cmocka_unit_test(test_out_of_place),  cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_mtus),	      cmocka_unit_test(test_builds),
		cmocka_unit_test(test_link_loss),     cmocka_unit_test(test_resume),
		cmocka_unit_test(test_notifications), cmocka_unit_test(test_power_cuts),
		cmocka_unit_test(test_rolls_back),    cmocka_unit_test(test_commands),
		cmocka_unit_test(test_cancel),	      cmocka_unit_test(test_values),
		cmocka_unit_test(test_damaged_image), cmocka_unit_test(test_flipped),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
