/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every command in every state, from the session's owner and from another
 * connection: the table of docs/protocol.md, "The device".  An answer that has
 * to wait for the flash operation under way is looked for after it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_talk.h"

#include <string.h>

#define OWNER 3
#define OTHER 4
#define SIZE 8000u
#define BIG (2u * OTA_BLOCK_SIZE)

enum place {
	IDLE,
	PREPARING, /* re-hashing, a read under way */
	RECEIVING, /* nothing under way */
	VERIFYING, /* hashing, a read under way */
	COMMITTED, /* verifying, the boot slot being set */
	REBOOTING,
	SUSPENDED, /* nothing under way; both connected again */
	ABORTING, /* an erase under way */
	PLACES
};

static const char *const place_names[PLACES] = {
	"idle",	     "preparing", "receiving", "verifying",
	"committed", "rebooting", "suspended", "aborting",
};

static uint8_t image[BIG];
static struct dut dut;

static void receive(uint32_t size, uint32_t sent)
{
	start_full(&dut, OWNER, image, size, 0);
	dut_settle(&dut);
	send_rest(&dut, OWNER, 0, image, 0, sent);
}

static void go_to(enum place place)
{
	dut_image(image, sizeof(image), 3);
	assert_int_equal(dut_init(&dut, &(struct dut_options){.manual = true}), 0);
	dut_connect(&dut, OWNER);
	dut_connect(&dut, OTHER);
	switch (place) {
	case IDLE:
		break;
	case PREPARING:
		receive(BIG, OTA_BLOCK_SIZE);
		dut_settle(&dut);
		dut_boot(&dut);
		dut_connect(&dut, OWNER);
		dut_connect(&dut, OTHER);
		dut_settle(&dut); /* the record of the boot that it counts */
		start_full(&dut, OWNER, image, BIG, 0);
		assert_int_equal(dut.op, OTA_OP_READ);
		break;
	case RECEIVING:
		receive(SIZE, 240);
		break;
	case VERIFYING:
	case COMMITTED:
	case REBOOTING:
		receive(SIZE, SIZE);
		dut_settle(&dut);
		dut_command(&dut, OWNER, OTA_CMD_END);
		while (place == COMMITTED && dut.op != OTA_OP_SET_BOOT)
			assert_true(dut_op_end(&dut));
		if (place == REBOOTING)
			dut_settle(&dut);
		break;
	case SUSPENDED:
		receive(SIZE, 4800);
		dut_disconnect(&dut, OWNER);
		dut_settle(&dut);
		dut_connect(&dut, OWNER);
		break;
	case ABORTING:
		start_full(&dut, OWNER, image, SIZE, 0);
		send_value(&dut, OWNER, 0, image, 0, 300);
		assert_int_equal(dut.op, OTA_OP_ERASE);
		dut_command(&dut, OWNER, OTA_CMD_ABORT);
		break;
	case PLACES:
		break;
	}
	dut_forget_notes(&dut);
}

struct row {
	enum place place;
	const char *owner, *other; /* first bytes of the answer; "" = none */
	enum ota_state next; /* after the owner's, once the flash is still */
};

#define READY "01"
#define STATE_ERROR(op) "02 03 " op
#define BUSY_ERROR(op) "02 04 " op

static bool is_answer(const struct dut_note *note)
{
	return note->bytes[0] != OTA_EVT_PROGRESS && note->bytes[0] != OTA_EVT_ACK;
}

static bool has_answer(void)
{
	for (uint32_t i = 0; i < dut.note_count; i++)
		if (is_answer(&dut.notes[(dut.note_head + i) % DUT_NOTES]))
			return true;
	return false;
}

/* The first notification that is no PROGRESS begins with text. */
static bool answered(const char *text)
{
	uint8_t wanted[TALK_MAX];
	const size_t len = talk_hex(text, wanted);
	struct dut_note note;

	while (dut_take(&dut, &note)) {
		if (!is_answer(&note))
			continue;
		if (len > 0 && note.len >= len && memcmp(note.bytes, wanted, len) == 0)
			return true;
		print_error("answer %02x %02x %02x\n", note.bytes[0], note.bytes[1], note.bytes[2]);
		return false;
	}
	return len == 0;
}

/* Answers that need no flash come at once; the rest once the operation ended. */
static void check_answer(const char *text, const char *what, enum place place, const char *who)
{
	struct dut_note note;
	bool ok;

	if (!has_answer())
		dut_settle(&dut);
	ok = answered(text);
	if (!ok)
		print_error("%s in state %s from %s: expected \"%s\"\n", what, place_names[place],
			    who, text);
	assert_true(ok);
	while (dut_take(&dut, &note))
		;
}

static void check_table(const char *what, const uint8_t *buf, size_t len, const struct row *rows)
{
	for (int i = 0; i < PLACES; i++) {
		const struct row *row = &rows[i];
		bool ok;

		assert_int_equal(row->place, i);
		go_to(row->place);
		dut_control(&dut, OTHER, buf, len);
		check_answer(row->other, what, row->place, "another");
		sound(&dut);
		dut_finish(&dut);

		go_to(row->place);
		dut_control(&dut, OWNER, buf, len);
		check_answer(row->owner, what, row->place, "the owner");
		dut_settle(&dut);
		ok = dut.dev.state == row->next;
		if (!ok)
			print_error("%s in state %s: state %s, not %s\n", what,
				    place_names[row->place], ota_state_name(dut.dev.state),
				    ota_state_name(row->next));
		assert_true(ok);
		sound(&dut);
		dut_finish(&dut);
	}
}

static void check_opcode(uint8_t op, const char *what, const struct row *rows)
{
	check_table(what, &op, 1, rows);
}

static void test_start(void **state)
{
	static const struct row rows[PLACES] = {
		{IDLE, READY, READY, OTA_STATE_RECEIVING},
		{PREPARING, READY, BUSY_ERROR("01"), OTA_STATE_RECEIVING},
		{RECEIVING, READY, BUSY_ERROR("01"), OTA_STATE_RECEIVING},
		{VERIFYING, STATE_ERROR("01 03"), BUSY_ERROR("01"), OTA_STATE_REBOOTING},
		{COMMITTED, STATE_ERROR("01 03"), BUSY_ERROR("01"), OTA_STATE_REBOOTING},
		{REBOOTING, STATE_ERROR("01 04"), STATE_ERROR("01 04"), OTA_STATE_REBOOTING},
		{SUSPENDED, READY, READY, OTA_STATE_RECEIVING},
		{ABORTING, STATE_ERROR("01 06"), BUSY_ERROR("01"), OTA_STATE_IDLE},
	};
	struct ota_start m;
	uint8_t buf[OTA_CONTROL_MAX];

	(void)state;
	dut_image(image, sizeof(image), 3);
	dut_start(&m, image, SIZE);
	check_table("START", buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)), rows);
}

static void test_start_basic(void **state)
{
	static const struct row rows[PLACES] = {
		{IDLE, READY, READY, OTA_STATE_RECEIVING},
		{PREPARING, READY, "02", OTA_STATE_RECEIVING},
		{RECEIVING, READY, "02", OTA_STATE_RECEIVING},
		{VERIFYING, "02", "02", OTA_STATE_REBOOTING},
		{COMMITTED, "02", "02", OTA_STATE_REBOOTING},
		{REBOOTING, "02", "02", OTA_STATE_REBOOTING},
		{SUSPENDED, READY, READY, OTA_STATE_RECEIVING},
		{ABORTING, "02", "02", OTA_STATE_IDLE},
	};

	(void)state;
	check_opcode(OTA_CMD_START, "START (basic)", rows);
}

static void test_abort(void **state)
{
	static const struct row rows[PLACES] = {
		{IDLE, "06 02 00", "06 02 00", OTA_STATE_IDLE},
		{PREPARING, "06 02 00", "06 02 04", OTA_STATE_IDLE},
		{RECEIVING, "06 02 00", "06 02 04", OTA_STATE_IDLE},
		{VERIFYING, "06 02 00", "06 02 04", OTA_STATE_IDLE},
		{COMMITTED, "06 02 03", "06 02 04", OTA_STATE_REBOOTING},
		{REBOOTING, "06 02 03", "06 02 03", OTA_STATE_REBOOTING},
		{SUSPENDED, "06 02 00", "06 02 00", OTA_STATE_IDLE},
		{ABORTING, "06 02 00", "06 02 04", OTA_STATE_IDLE},
	};

	(void)state;
	check_opcode(OTA_CMD_ABORT, "ABORT", rows);
}

static void test_end(void **state)
{
	static const struct row rows[PLACES] = {
		{IDLE, STATE_ERROR("04 00"), STATE_ERROR("04 00"), OTA_STATE_IDLE},
		{PREPARING, STATE_ERROR("04 01"), BUSY_ERROR("04"), OTA_STATE_RECEIVING},
		{RECEIVING, "02 14 04 f0 00", BUSY_ERROR("04"), OTA_STATE_RECEIVING},
		{VERIFYING, STATE_ERROR("04 03"), BUSY_ERROR("04"), OTA_STATE_REBOOTING},
		{COMMITTED, STATE_ERROR("04 03"), BUSY_ERROR("04"), OTA_STATE_REBOOTING},
		{REBOOTING, STATE_ERROR("04 04"), STATE_ERROR("04 04"), OTA_STATE_REBOOTING},
		{SUSPENDED, STATE_ERROR("04 05"), STATE_ERROR("04 05"), OTA_STATE_SUSPENDED},
		{ABORTING, STATE_ERROR("04 06"), BUSY_ERROR("04"), OTA_STATE_IDLE},
	};

	(void)state;
	check_opcode(OTA_CMD_END, "END", rows);
}

static void test_status(void **state)
{
	static const struct row rows[PLACES] = {
		{IDLE, "05 00", "05 00", OTA_STATE_IDLE},
		{PREPARING, "05 01", "05 01", OTA_STATE_RECEIVING},
		{RECEIVING, "05 02", "05 02", OTA_STATE_RECEIVING},
		{VERIFYING, "05 03", "05 03", OTA_STATE_REBOOTING},
		{COMMITTED, "05 03", "05 03", OTA_STATE_REBOOTING},
		{REBOOTING, "05 04", "05 04", OTA_STATE_REBOOTING},
		{SUSPENDED, "05 05", "05 05", OTA_STATE_SUSPENDED},
		{ABORTING, "05 06", "05 06", OTA_STATE_IDLE},
	};

	(void)state;
	check_opcode(OTA_CMD_STATUS, "STATUS", rows);
}

/* The running image needs none: OK wherever it could be asked for. */
static void test_confirm(void **state)
{
	static const struct row rows[PLACES] = {
		{IDLE, "06 06 00", "06 06 00", OTA_STATE_IDLE},
		{PREPARING, "06 06 03", "06 06 04", OTA_STATE_RECEIVING},
		{RECEIVING, "06 06 03", "06 06 04", OTA_STATE_RECEIVING},
		{VERIFYING, "06 06 03", "06 06 04", OTA_STATE_REBOOTING},
		{COMMITTED, "06 06 03", "06 06 04", OTA_STATE_REBOOTING},
		{REBOOTING, "06 06 03", "06 06 03", OTA_STATE_REBOOTING},
		{SUSPENDED, "06 06 00", "06 06 00", OTA_STATE_SUSPENDED},
		{ABORTING, "06 06 03", "06 06 04", OTA_STATE_IDLE},
	};

	(void)state;
	check_opcode(OTA_CMD_CONFIRM, "CONFIRM", rows);
}

/* Once a session erased the other slot, there is nothing to go back to. */
static void test_rollback(void **state)
{
	static const struct row rows[PLACES] = {
		{IDLE, "06 07 00", "06 07 00", OTA_STATE_REBOOTING},
		{PREPARING, "06 07 03", "06 07 04", OTA_STATE_RECEIVING},
		{RECEIVING, "06 07 03", "06 07 04", OTA_STATE_RECEIVING},
		{VERIFYING, "06 07 03", "06 07 04", OTA_STATE_REBOOTING},
		{COMMITTED, "06 07 03", "06 07 04", OTA_STATE_REBOOTING},
		{REBOOTING, "06 07 03", "06 07 03", OTA_STATE_REBOOTING},
		{SUSPENDED, "06 07 0f", "06 07 0f", OTA_STATE_SUSPENDED},
		{ABORTING, "06 07 03", "06 07 04", OTA_STATE_IDLE},
	};

	(void)state;
	check_opcode(OTA_CMD_ROLLBACK, "ROLLBACK", rows);
}

static void test_reboot(void **state)
{
	static const struct row rows[PLACES] = {
		{IDLE, "06 08 00", "06 08 00", OTA_STATE_REBOOTING},
		{PREPARING, "06 08 03", "06 08 04", OTA_STATE_RECEIVING},
		{RECEIVING, "06 08 03", "06 08 04", OTA_STATE_RECEIVING},
		{VERIFYING, "06 08 03", "06 08 04", OTA_STATE_REBOOTING},
		{COMMITTED, "06 08 03", "06 08 04", OTA_STATE_REBOOTING},
		{REBOOTING, "06 08 00", "06 08 00", OTA_STATE_REBOOTING},
		{SUSPENDED, "06 08 00", "06 08 00", OTA_STATE_REBOOTING},
		{ABORTING, "06 08 03", "06 08 04", OTA_STATE_IDLE},
	};

	(void)state;
	check_opcode(OTA_CMD_REBOOT, "REBOOT", rows);
}

/* LINK and TELEMETRY are answered to anybody at any time. */
static void test_link_and_telemetry(void **state)
{
	static const enum ota_state next[PLACES] = {
		OTA_STATE_IDLE,	     OTA_STATE_RECEIVING, OTA_STATE_RECEIVING, OTA_STATE_REBOOTING,
		OTA_STATE_REBOOTING, OTA_STATE_REBOOTING, OTA_STATE_SUSPENDED, OTA_STATE_IDLE,
	};
	struct row link[PLACES], telemetry[PLACES];
	uint8_t buf[TALK_MAX];

	(void)state;
	for (int i = 0; i < PLACES; i++) {
		link[i] = (struct row){(enum place)i, "09 00", "09 00", next[i]};
		telemetry[i] = (struct row){(enum place)i, "06 0a 00", "06 0a 00", next[i]};
	}
	check_table("LINK", buf, talk_hex("09 00 00 00 00 00 00 00 00 00 00 00", buf), link);
	check_table("TELEMETRY", buf, talk_hex("0a e8 03", buf), telemetry);
}

static void test_resync(void **state)
{
	static const struct row rows[PLACES] = {
		{IDLE, STATE_ERROR("0b 00"), STATE_ERROR("0b 00"), OTA_STATE_IDLE},
		{PREPARING, STATE_ERROR("0b 01"), BUSY_ERROR("0b"), OTA_STATE_RECEIVING},
		{RECEIVING, "08 01 20 f0 00 00 00 03", BUSY_ERROR("0b"), OTA_STATE_RECEIVING},
		{VERIFYING, STATE_ERROR("0b 03"), BUSY_ERROR("0b"), OTA_STATE_REBOOTING},
		{COMMITTED, STATE_ERROR("0b 03"), BUSY_ERROR("0b"), OTA_STATE_REBOOTING},
		{REBOOTING, STATE_ERROR("0b 04"), STATE_ERROR("0b 04"), OTA_STATE_REBOOTING},
		{SUSPENDED, STATE_ERROR("0b 05"), STATE_ERROR("0b 05"), OTA_STATE_SUSPENDED},
		{ABORTING, STATE_ERROR("0b 06"), BUSY_ERROR("0b"), OTA_STATE_IDLE},
	};

	(void)state;
	check_opcode(OTA_CMD_RESYNC, "RESYNC", rows);
}

static void test_prepare(void **state)
{
	static const struct row rows[PLACES] = {
		{IDLE, "06 0c 00", "06 0c 00", OTA_STATE_IDLE},
		{PREPARING, STATE_ERROR("0c 01"), BUSY_ERROR("0c"), OTA_STATE_RECEIVING},
		{RECEIVING, STATE_ERROR("0c 02"), BUSY_ERROR("0c"), OTA_STATE_RECEIVING},
		{VERIFYING, STATE_ERROR("0c 03"), BUSY_ERROR("0c"), OTA_STATE_REBOOTING},
		{COMMITTED, STATE_ERROR("0c 03"), BUSY_ERROR("0c"), OTA_STATE_REBOOTING},
		{REBOOTING, STATE_ERROR("0c 04"), STATE_ERROR("0c 04"), OTA_STATE_REBOOTING},
		{SUSPENDED, STATE_ERROR("0c 05"), STATE_ERROR("0c 05"), OTA_STATE_SUSPENDED},
		{ABORTING, STATE_ERROR("0c 06"), BUSY_ERROR("0c"), OTA_STATE_IDLE},
	};
	uint8_t buf[TALK_MAX];

	(void)state;
	check_table("PREPARE", buf, talk_hex("0c 00 00 00 00", buf), rows);
}

static void check_everywhere(const char *what, const char *write, const char *answer)
{
	static const enum ota_state next[PLACES] = {
		OTA_STATE_IDLE,	     OTA_STATE_RECEIVING, OTA_STATE_RECEIVING, OTA_STATE_REBOOTING,
		OTA_STATE_REBOOTING, OTA_STATE_REBOOTING, OTA_STATE_SUSPENDED, OTA_STATE_IDLE,
	};
	struct row rows[PLACES];
	uint8_t buf[TALK_MAX];
	const size_t len = talk_hex(write, buf);

	for (int i = 0; i < PLACES; i++)
		rows[i] = (struct row){(enum place)i, answer, answer, next[i]};
	check_table(what, buf, len, rows);
}

static void test_malformed(void **state)
{
	(void)state;
	check_everywhere("an unknown opcode", "7e 01 02", "02 01 7e 00 00 00 00");
	check_everywhere("opcode 03", "03", "02 01 03 00 00 00 00");
	check_everywhere("nothing", "", "02 02 00 00 00 00 00");
	check_everywhere("a short LINK", "09 00 00 00 00 00 00 00 00 00 00", "02 02 09 0b");
	check_everywhere("a short TELEMETRY", "0a e8", "02 02 0a 02");
	check_everywhere("a short START", "01 01", "02 02 01 02");
	check_everywhere("a short PREPARE", "0c 00 00 00", "02 02 0c 04");
}

/* A command that is longer than its definition is a later version's: taken. */
static void test_longer_commands(void **state)
{
	struct ota_start m;
	uint8_t buf[OTA_CONTROL_MAX] = {0};

	(void)state;
	go_to(IDLE);
	dut_start(&m, image, SIZE);
	ota_start_encode(&m, buf, sizeof(buf));
	dut_control(&dut, OWNER, buf, sizeof(buf));
	assert_true(answered(READY));
	tell(&dut, OWNER, "05 aa bb");
	assert_true(answered("05 02"));
	tell(&dut, OWNER, "02 01");
	dut_settle(&dut);
	assert_true(answered("06 02 00"));
	sound(&dut);
	dut_finish(&dut);
}

static void test_start_refused(void **state)
{
	struct ota_start m;
	uint8_t buf[OTA_CONTROL_MAX];
	static const struct {
		uint8_t version;
		uint16_t flags;
		uint32_t image_size, stream_size;
		const char *answer;
	} cases[] = {
		{2, 0, SIZE, SIZE, "02 05 01 01 00 00 00"}, /* UNSUPPORTED: version 1 is */
		{0, 0, SIZE, SIZE, "02 05 01 01 00 00 00"},
		{1, OTA_START_COMPRESSED, SIZE, SIZE, "02 05 01 13 00 00 00"}, /* flags 0x13 are */
		{1, 0x8000, SIZE, SIZE, "02 05 01 13 00 00 00"},
		{1, 0, 0, 0, "02 06 01 00 00 04 00"}, /* SIZE: 256 KiB fit */
		{1, 0, 262145, 262145, "02 06 01 00 00 04 00"},
		{1, 0, SIZE, SIZE + 1, "02 06 01 00 00 04 00"},
		{1, OTA_START_SINK, 0, 0, "02 06 01 00 00 04 00"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		go_to(IDLE);
		dut_start(&m, image, SIZE);
		m.version = cases[i].version;
		m.flags = cases[i].flags;
		m.image_size = cases[i].image_size;
		m.stream_size = cases[i].stream_size;
		dut_control(&dut, OWNER, buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)));
		says(&dut, OWNER, cases[i].answer);
		silent(&dut);
		assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
		assert_int_equal(dut.ops, 0);
		/* STATUS keeps it until the next START. */
		assert_int_equal(dut.dev.last_error, i < 4 ? OTA_ERR_UNSUPPORTED : OTA_ERR_SIZE);
		dut_finish(&dut);
	}
	/* An image pending verify must be confirmed first; a measurement may run. */
	go_to(IDLE);
	dut.info.flags |= OTA_INFO_PENDING_VERIFY;
	start_full(&dut, OWNER, image, SIZE, 0);
	says(&dut, OWNER, "02 03 01 00 01 00 00");
	tell(&dut, OWNER, "01");
	says(&dut, OWNER, "02");
	start_full(&dut, OWNER, image, SIZE, OTA_START_SINK);
	assert_true(answered(READY));
	dut_finish(&dut);
}

/* Data where none is expected: told once, and never to who cannot help it. */
static void test_data(void **state)
{
	static const char *const answers[PLACES][2] = {
		/* owner, another */
		[IDLE] = {"02 03 00 00 00", "02 03 00 00 00"},
		[PREPARING] = {"", "02 04 00 01"},
		[RECEIVING] = {"", "02 04 00 02"},
		[VERIFYING] = {"", "02 04 00 03"},
		[COMMITTED] = {"", "02 04 00 03"},
		[REBOOTING] = {"", ""},
		[SUSPENDED] = {"02 03 00 05", "02 03 00 05"},
		[ABORTING] = {"", ""},
	};

	(void)state;
	for (int place = 0; place < PLACES; place++) {
		for (uint16_t who = 0; who < 2; who++) {
			const uint16_t conn = who == 0 ? OWNER : OTHER;
			const bool taken = place == RECEIVING && conn == OWNER;

			go_to((enum place)place);
			assert_int_equal(value(&dut, conn, "01 00 aa"), taken ? 0 : -OTA_EPROTO);
			if (!taken) {
				if (!answered(answers[place][who]))
					fail_msg("data in state %s", place_names[place]);
				value(&dut, conn, "02 00 aa");
				silent(&dut);
			}
			sound(&dut);
			dut_finish(&dut);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_start_basic),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_confirm),
		cmocka_unit_test(test_rollback),
		cmocka_unit_test(test_reboot),
		cmocka_unit_test(test_link_and_telemetry),
		cmocka_unit_test(test_resync),
		cmocka_unit_test(test_prepare),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_longer_commands),
		cmocka_unit_test(test_start_refused),
		cmocka_unit_test(test_data),
	};

	return cmocka_run_group_tests_name("device_table", tests, NULL, NULL);
}
