/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate for signed updates before the device of device_rig.h: what it refuses, that nothing
 * was erased or taken by then, and how long who waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/ecdsa.h"
#include "device_talk.h"
#include "ota/signed.h"

#define OWNER 1
#define OTHER 2
#define SIZE 20000u

static struct dut dut;
static struct ota_signed gate;
static struct ecdsa_key key, stranger;
static uint8_t image[SIZE];
static uint32_t checks; /* begun */
static bool waits; /* the check ends when the test says so */

static int begin_check(void *ctx, const uint8_t message[OTA_STATEMENT_SIZE],
		       const uint8_t signature[OTA_SIGNATURE_SIZE])
{
	(void)ctx;
	checks++;
	if (waits)
		return 0;
	return ecdsa_verify(key.point, message, OTA_STATEMENT_SIZE, signature) < 0 ? -OTA_EPERM : 0;
}

static void end_check(void)
{
	ota_signed_checked(
		&gate, ecdsa_verify(key.point, gate.message, sizeof(gate.message), gate.signature),
		dut.now);
	dut_settle(&dut);
}

static void gate_init(bool only)
{
	const struct ota_signed_config config = {
		.dev = &dut.dev,
		.check = begin_check,
		.only = only,
	};

	assert_int_equal(ota_signed_init(&gate, &config), 0);
}

static int set_up(void **state)
{
	const struct dut_options options = {.slot_size = 0};

	(void)state;
	checks = 0;
	waits = true;
	if (ecdsa_generate(&key) < 0 || ecdsa_generate(&stranger) < 0)
		return -1;
	if (talk_set_up(&dut, &options, OWNER, image, SIZE, 7) < 0)
		return -1;
	dut_connect(&dut, OTHER);
	gate_init(true);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return talk_tear_down(&dut);
}

static void write(uint16_t conn, const uint8_t *buf, size_t len)
{
	ota_signed_control(&gate, conn, buf, len, dut.now);
	dut_settle(&dut);
}

static void say(uint16_t conn, const char *text)
{
	uint8_t buf[TALK_MAX];

	write(conn, buf, talk_hex(text, buf));
}

/* A START with its statement, signed by who. */
static size_t signed_start(const struct ecdsa_key *who, struct ota_statement *statement,
			   uint16_t flags, uint8_t buf[OTA_CONTROL_MAX])
{
	uint8_t message[OTA_STATEMENT_SIZE], signature[OTA_SIGNATURE_SIZE];
	struct ota_start m;
	int len;

	dut_start(&m, image, SIZE);
	m.flags = (uint16_t)(flags | OTA_START_SIGNED);
	statement->image_size = SIZE;
	memcpy(statement->sha256, m.sha256, sizeof(statement->sha256));
	ota_statement_pack(statement, message);
	assert_int_equal(ecdsa_sign(who, message, sizeof(message), signature), 0);
	len = ota_start_encode(&m, buf, OTA_CONTROL_MAX);
	assert_int_equal(len, OTA_START_SIZE);
	ota_statement_encode(statement, signature, buf + len);
	return OTA_START_SIGNED_SIZE;
}

static struct ota_statement ours(void)
{
	struct ota_statement s = {.chip_id = DUT_CHIP, .secure_version = 1};

	memcpy(s.project, "demo", 4);
	memcpy(s.version, "2.0", 3);
	return s;
}

static void test_update(void **state)
{
	struct ota_statement s = ours();
	uint8_t buf[OTA_CONTROL_MAX];
	struct dut_note note;

	(void)state;
	write(OWNER, buf, signed_start(&key, &s, 0, buf));
	silent(&dut);
	assert_int_equal(checks, 1);
	assert_int_equal(dut.erases, 0);
	end_check();
	says(&dut, OWNER, "01 00 00 00 00 00 20 00 00 00 02 00 08 00 00 00 ; READY");
	(void)send_rest(&dut, OWNER, 0, image, 0, SIZE);
	dut_forget_notes(&dut);
	say(OWNER, "04");
	assert_true(dut_take_event(&dut, OTA_EVT_DONE, &note));
	assert_int_equal(dut.set_boots, 1);
}

/* Each bit of START and of what follows it, whether the signature covers it or not. */
static void test_every_bit(void **state)
{
	struct ota_statement s = ours();
	uint8_t buf[OTA_CONTROL_MAX];
	const size_t len = signed_start(&key, &s, 0, buf);
	struct dut_note note;

	(void)state;
	/* Opcode, version and flags say what is wanted; the ack interval is the host's wish. */
	for (size_t bit = 8 * 4; bit < 8 * len; bit++) {
		if (bit / 8 >= 12 && bit / 8 < 14)
			continue;
		gate_init(true); /* no waiting for what the last one did */
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		write(OWNER, buf, len);
		if (gate.checking)
			end_check();
		if (!dut_take_event(&dut, OTA_EVT_ERROR, &note))
			fail_msg("bit %zu is not missed", bit);
		silent(&dut);
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(dut.erases + dut.writes + dut.persists, 0);
	gate_init(true);
	write(OWNER, buf, len);
	end_check();
	assert_true(dut_take_event(&dut, OTA_EVT_READY, &note));
}

static void test_refusals(void **state)
{
	struct ota_statement s = ours();
	uint8_t buf[OTA_CONTROL_MAX];
	struct ota_start m;

	(void)state;
	dut_start(&m, image, SIZE);
	write(OWNER, buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)));
	says(&dut, OWNER, "02 17 01 00 00 00 00 ; not signed");
	say(OWNER, "01");
	says(&dut, OWNER, "02 ; the basic dialect's");
	say(OWNER, "0c 00 10 00 00");
	says(&dut, OWNER, "02 17 0c 00 00 00 00 ; PREPARE");
	m.flags = OTA_START_PATTERN;
	write(OWNER, buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)));
	says(&dut, OWNER, "02 17 01 00 00 00 00 ; measuring the flash");
	write(OWNER, buf, signed_start(&key, &s, 0, buf) - 1);
	says(&dut, OWNER, "02 02 01 b3 00 00 00 ; a byte is missing");
	s.chip_id = 9;
	write(OWNER, buf, signed_start(&key, &s, 0, buf));
	says(&dut, OWNER, "02 10 01 0c 00 00 00 ; another chip");
	s = ours();
	dut.head_code = -OTA_EPERM;
	dut.head_detail = OTA_DETAIL_SECURE_VERSION;
	write(OWNER, buf, signed_start(&key, &s, 0, buf));
	says(&dut, OWNER, "02 15 01 24 00 00 00 ; an older secure version");
	dut.head_code = 0;
	dut.forbids = true;
	write(OWNER, buf, signed_start(&key, &s, 0, buf));
	says(&dut, OWNER, "02 12 01 00 00 00 00 ; the product does not permit it");
	dut.forbids = false;
	assert_int_equal(checks, 0);
	write(OWNER, buf, signed_start(&stranger, &s, 0, buf));
	end_check();
	says(&dut, OWNER, "02 17 01 01 00 00 00 ; by another key");
	assert_int_equal(checks, 1);
	silent(&dut);
	assert_int_equal(dut.erases + dut.writes + dut.persists, 0);
}

/*
 * A command that needs no signature goes through, as do all of them if the product asks for none.
 */
static void test_through(void **state)
{
	struct ota_start m;
	uint8_t buf[OTA_CONTROL_MAX];
	struct dut_note note;

	(void)state;
	dut_start(&m, image, SIZE);
	m.flags = OTA_START_SINK;
	write(OWNER, buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)));
	assert_true(dut_take_event(&dut, OTA_EVT_READY, &note));
	say(OWNER, "02");
	assert_true(dut_take_event(&dut, OTA_EVT_RESULT, &note));
	say(OTHER, "05");
	assert_true(dut_take_event(&dut, OTA_EVT_STATUS, &note));
	assert_int_equal(note.conn, OTHER);
	say(OTHER, "");
	assert_true(dut_take_event(&dut, OTA_EVT_ERROR, &note));
	gate_init(false);
	m.flags = 0;
	write(OWNER, buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)));
	assert_true(dut_take_event(&dut, OTA_EVT_READY, &note));
	assert_int_equal(checks, 0);
}

/* Wrong signatures are looked at ever later, up to a bound, and a right one after them in time. */
static void test_delay(void **state)
{
	struct ota_statement s = ours();
	uint8_t wrong[OTA_CONTROL_MAX], right[OTA_CONTROL_MAX];
	const size_t len = signed_start(&stranger, &s, 0, wrong);
	uint32_t wait = 0, at;

	(void)state;
	assert_int_equal(signed_start(&key, &s, 0, right), len);
	for (unsigned int i = 0; i < 8; i++) {
		const uint32_t began = dut.now;

		write(OTHER, wrong, len);
		if (i > 0) {
			assert_int_equal(checks, i);
			assert_true(ota_signed_deadline(&gate, &at));
			assert_int_equal(at - began, wait);
			ota_signed_tick(&gate, at - 1);
			assert_int_equal(checks, i);
			dut.now = at;
			ota_signed_tick(&gate, dut.now);
		}
		assert_int_equal(checks, i + 1);
		assert_false(ota_signed_deadline(&gate, &at));
		end_check();
		says(&dut, OTHER, "02 17 01 01 00 00 00");
		wait = wait == 0 ? OTA_SIGNED_WAIT_MS : 2 * wait;
		if (wait > OTA_SIGNED_WAIT_MOST_MS)
			wait = OTA_SIGNED_WAIT_MOST_MS;
	}
	write(OWNER, right, len);
	silent(&dut);
	assert_true(ota_signed_deadline(&gate, &at));
	assert_in_range(at - dut.now, 1, OTA_SIGNED_WAIT_MOST_MS);
	dut.now = at;
	ota_signed_tick(&gate, dut.now);
	end_check();
	says(&dut, OWNER, "01 00 00 00 00 00 20 00 00 00 02 00 08 00 00 00 ; READY");
	/* A right one ends the waiting. */
	say(OWNER, "02");
	dut_forget_notes(&dut);
	write(OWNER, right, len);
	assert_false(ota_signed_deadline(&gate, &at));
	end_check();
	says(&dut, OWNER, "01 00 00 00 00 00 20 00 00 00 02 00 08 00 00 20 ; READY");
}

/* One at a time; who leaves, or wants something else meanwhile, gets no session by it. */
static void test_beside(void **state)
{
	struct ota_statement s = ours();
	uint8_t buf[OTA_CONTROL_MAX];
	const size_t len = signed_start(&key, &s, 0, buf);

	(void)state;
	write(OWNER, buf, len);
	write(OTHER, buf, len);
	says(&dut, OTHER, "02 04 01 00 00 00 00 ; busy");
	ota_signed_disconnected(&gate, OWNER);
	dut_disconnect(&dut, OWNER);
	write(OTHER, buf, len);
	says(&dut, OTHER, "02 04 01 00 00 00 00 ; the check goes on");
	end_check();
	silent(&dut);
	assert_int_equal(ota_device_owner(&dut.dev), OTA_NO_CONN);
	write(OTHER, buf, len);
	say(OTHER, "02");
	says(&dut, OTHER, "06 02 00 ; ABORT");
	end_check();
	silent(&dut);
	assert_int_equal(ota_device_owner(&dut.dev), OTA_NO_CONN);
	assert_int_equal(dut.erases, 0);
}

/* A platform that cannot check refuses, and so does a check that fails for another reason. */
static void test_no_check(void **state)
{
	struct ota_statement s = ours();
	uint8_t buf[OTA_CONTROL_MAX];
	const struct ota_signed_config none = {.dev = &dut.dev};

	(void)state;
	assert_int_equal(ota_signed_init(&gate, &none), -OTA_EINVAL);
	gate_init(true);
	waits = false;
	write(OWNER, buf, signed_start(&stranger, &s, 0, buf));
	says(&dut, OWNER, "02 17 01 01 00 00 00");
	waits = true;
	gate_init(true);
	write(OWNER, buf, signed_start(&key, &s, 0, buf));
	ota_signed_checked(&gate, -OTA_EIO, dut.now);
	says(&dut, OWNER, "02 17 01 01 00 00 00");
	ota_signed_checked(&gate, 0, dut.now); /* of nothing */
	silent(&dut);
}

static void test_info(void **state)
{
	struct ota_info info = {.features = OTA_FEATURE_RESUME};

	(void)state;
	ota_signed_info(&gate, &info);
	assert_int_equal(info.features, OTA_FEATURE_RESUME | OTA_FEATURE_SIGNED);
	assert_int_equal(info.abilities, OTA_ABILITY_SIGNED_ONLY);
	gate_init(false);
	info.abilities = 0;
	ota_signed_info(&gate, &info);
	assert_int_equal(info.abilities, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_update), TEST(test_every_bit), TEST(test_refusals), TEST(test_through),
		TEST(test_delay),  TEST(test_beside),	 TEST(test_no_check), TEST(test_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
