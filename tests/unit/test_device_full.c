/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The full dialect where all goes well: literal conversations, credits,
 * acknowledgements, gaps, the order of the flash work.
 */
#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_talk.h"

#include <string.h>

#define CONN 7
#define RING 8192u

static uint8_t image[4u * OTA_BLOCK_SIZE];
static struct dut dut;

static int set_up(const struct dut_options *options)
{
	return talk_set_up(&dut, options, CONN, image, sizeof(image), 2);
}

static int automatic(void **state)
{
	(void)state;
	return set_up(&(struct dut_options){.ring_size = RING});
}

static int manual(void **state)
{
	(void)state;
	return set_up(&(struct dut_options){.ring_size = RING, .manual = true});
}

static int tear_down(void **state)
{
	(void)state;
	return talk_tear_down(&dut);
}

static void next(uint8_t event, struct dut_note *ret)
{
	assert_true(dut_take(&dut, ret));
	if (ret->bytes[0] != event)
		print_error("event %u instead of %u\n", ret->bytes[0], event);
	assert_int_equal(ret->bytes[0], event);
}

static struct ota_ack last_ack(void)
{
	struct ota_ack ack = {0};
	struct dut_note note;

	while (dut_take_event(&dut, OTA_EVT_ACK, &note))
		assert_int_equal(ota_ack_decode(note.bytes, note.len, &ack), 0);
	return ack;
}

/* READY comes first, the erase with the first bytes; the image in three writes; DONE; the proof. */
static void test_update(void **state)
{
	struct ota_done done;
	struct dut_note note;
	uint8_t hash[OTA_SHA256_SIZE];

	(void)state;
	sha256_buffer(image, 8292, hash);
	start_full(&dut, CONN, image, 8292, 0);
	/* offset 0, limit 8192, values up to 512, an ACK every 2048 bytes, not resumed */
	says(&dut, CONN, "01 00 00 00 00 00 20 00 00 00 02 00 08 00 00 00");
	silent(&dut);
	assert_int_equal(dut.op, OTA_OP_NONE);
	send_value(&dut, CONN, 0, image, 0, 240);
	silent(&dut);
	assert_int_equal(dut.op, OTA_OP_NONE);
	send_value(&dut, CONN, 1, image, 240, 240); /* header and descriptor are there */
	assert_int_equal(dut.op, OTA_OP_ERASE); /* a sector: cheaper than a block for so little */
	assert_int_equal(dut.op_len, OTA_SECTOR_SIZE);
	says(&dut, CONN, "07 e0 01 00 00 00 00 00 00 00 20 00 00");
	says(&dut, CONN, "04 01 00 00 00 00 00 30 00 00");
	silent(&dut);
	dut_settle(&dut);
	dut_forget_notes(&dut);

	send_rest(&dut, CONN, 2, image, 480, 4096);
	/* 2640 received, nothing flushed; then all of it, and a limit that the size ends. */
	says(&dut, CONN, "07 50 0a 00 00 00 00 00 00 00 20 00 00");
	silent(&dut);
	dut_wait(&dut, 100);
	says(&dut, CONN, "07 00 10 00 00 00 10 00 00 64 20 00 00");
	silent(&dut);
	send_rest(&dut, CONN, 18, image, 4096, 8292);
	dut_forget_notes(&dut);
	dut_wait(&dut, 100);

	tell(&dut, CONN, "04");
	dut_settle(&dut);
	says(&dut, CONN, "04 04 00 20 00 00 64 20 00 00"); /* PROGRESS: verify from 8192 */
	says(&dut, CONN, "04 05 00 00 00 00 64 20 00 00"); /* ... validate */
	next(OTA_EVT_DONE, &note);
	assert_int_equal(ota_done_decode(note.bytes, note.len, &done), 0);
	assert_int_equal(done.size, 8292);
	assert_int_equal(done.slot, 1);
	assert_int_equal(done.reboot_ms, 300);
	assert_memory_equal(done.hash, hash, sizeof(done.hash));
	silent(&dut);
	assert_int_equal(dut.reboots, 1);
	assert_memory_equal(dut.slots[1], image, 8292);
	assert_memory_equal(dut.image_hash[1], hash, sizeof(hash));

	dut_disconnect(&dut, CONN);
	dut_boot(&dut);
	dut_connect(&dut, CONN);
	silent(&dut);
	assert_int_equal(dut.confirms, 0); /* only basic updates confirm themselves */
	tell(&dut, CONN, "06");
	dut_settle(&dut);
	says(&dut, CONN, "06 06 00");
	assert_int_equal(dut.confirms, 1);
	tell(&dut, CONN, "06"); /* again: nothing to do, no error */
	says(&dut, CONN, "06 06 00");
	assert_int_equal(dut.confirms, 1);
}

/* The limit is what the ring has room for, and opens as sectors are flushed. */
static void test_credits(void **state)
{
	struct ota_ready ready;
	struct ota_ack ack;
	struct dut_note note;

	(void)state;
	start_full(&dut, CONN, image, sizeof(image), 0);
	next(OTA_EVT_READY, &note);
	assert_int_equal(ota_ready_decode(note.bytes, note.len, &ready), 0);
	assert_int_equal(ready.limit, RING);
	/* While the first erase runs the ring takes all it has room for. */
	for (uint16_t i = 0; i < 32; i++)
		assert_int_equal(send_value(&dut, CONN, i, image, i * 256u, 256), 0);
	ack = last_ack();
	/* 512 were acknowledged before the erase, and every 2048 since. */
	assert_int_equal(ack.received, RING - 1536);
	assert_int_equal(ack.limit, RING);
	dut_op_end(&dut); /* erase */
	assert_int_equal(dut.op, OTA_OP_WRITE);
	dut_op_end(&dut);
	ack = last_ack();
	assert_int_equal(ack.flushed, OTA_SECTOR_SIZE);
	assert_int_equal(ack.limit, RING + OTA_SECTOR_SIZE);
	/* One byte beyond it ends the session, which can be resumed. */
	for (uint16_t i = 0; i < 16; i++)
		assert_int_equal(
			send_value(&dut, CONN, (uint16_t)(32 + i), image, RING + i * 256u, 256), 0);
	dut_forget_notes(&dut);
	assert_int_equal(send_value(&dut, CONN, 48, image, RING + 4096, 1), -OTA_EPROTO);
	says(&dut, CONN, "02 0e 00 00 30 00 00"); /* OVERFLOW, detail: the limit */
	assert_int_equal(dut.dev.state, OTA_STATE_SUSPENDED);
	dut_settle(&dut);
}

static void test_beyond_end(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, 1000, 0);
	send_rest(&dut, CONN, 0, image, 0, 960);
	dut_forget_notes(&dut);
	assert_int_equal(send_value(&dut, CONN, 4, image, 960, 41), -OTA_EPROTO);
	says(&dut, CONN, "02 0e 00 e8 03 00 00"); /* OVERFLOW, detail: the image's size */
}

static void test_value_lengths(void **state)
{
	uint8_t buf[OTA_VALUE_MAX + 1] = {0};

	(void)state;
	start_full(&dut, CONN, image, 5000, 0);
	assert_int_equal(value(&dut, CONN, "00 00"), 0); /* no payload: takes a number */
	memcpy(buf + 2, image, 510);
	buf[0] = 1;
	assert_int_equal(dut_data(&dut, CONN, buf, 512, false), 0);
	dut_forget_notes(&dut);
	buf[0] = 2;
	assert_int_equal(dut_data(&dut, CONN, buf, 513, false), -OTA_EMSGSIZE);
	says(&dut, CONN, "02 02 00 01 02 00 00");
	dut_settle(&dut);
	start_full(&dut, CONN, image, 5000, 0);
	dut_forget_notes(&dut);
	assert_int_equal(value(&dut, CONN, "00"), -OTA_EMSGSIZE);
	says(&dut, CONN, "02 02 00 01 00 00 00");
}

/* Blocks are erased ahead, the last bit by sectors, nothing beyond the image. */
static void test_erase_ahead(void **state)
{
	const uint32_t size = 2u * OTA_BLOCK_SIZE + 100u;

	(void)state;
	start_full(&dut, CONN, image, size, 0);
	assert_int_equal(dut.op, OTA_OP_NONE);
	send_value(&dut, CONN, 0, image, 0, 300); /* one block ahead of these */
	for (uint32_t at = 0; at <= OTA_BLOCK_SIZE; at += OTA_BLOCK_SIZE) {
		assert_int_equal(dut.op, OTA_OP_ERASE);
		assert_int_equal(dut.op_at, at);
		assert_int_equal(dut.op_len, OTA_BLOCK_SIZE);
		dut_op_end(&dut);
	}
	assert_int_equal(dut.op, OTA_OP_NONE);
	dut.manual = false;
	send_rest(&dut, CONN, 1, image, 300, size);
	assert_int_equal(dut.block_erases, 2);
	assert_int_equal(dut.erases, 3);
	assert_int_equal(dut.slots[1][3u * OTA_SECTOR_SIZE + 2u * OTA_BLOCK_SIZE], 0xa5);
}

/* With flash slower than the link, erases still go by blocks and records are made. */
static void test_flash_bound(void **state)
{
	uint32_t sent = 0;
	uint16_t sequence = 0;

	(void)state;
	start_full(&dut, CONN, image, sizeof(image), 0);
	while (sent < sizeof(image)) {
		/* Before each operation ends the host has filled the ring. */
		while (sent < sizeof(image) && sent + 256u <= dut.dev.rx.flushed + RING) {
			assert_int_equal(send_value(&dut, CONN, sequence++, image, sent, 256), 0);
			sent += 256;
			dut_forget_notes(&dut);
		}
		assert_true(dut.dev.rx.recorded + OTA_BLOCK_SIZE + OTA_SECTOR_SIZE >=
			    dut.dev.rx.flushed);
		assert_true(dut_op_end(&dut));
	}
	dut_settle(&dut);
	assert_int_equal(dut.erases, 4);
	assert_int_equal(dut.block_erases, 4);
	assert_int_equal(dut.persists, 4);
	assert_int_equal(dut.record.offset, sizeof(image));
}

/* A missing value is asked for once, and again when nothing comes. */
static void test_gap(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, 8000, 0);
	dut_settle(&dut);
	assert_int_equal(send_value(&dut, CONN, 0, image, 0, 200), 0);
	dut_forget_notes(&dut);
	assert_int_equal(send_value(&dut, CONN, 2, image, 400, 200), -OTA_EPROTO);
	says(&dut, CONN, "08 01 20 c8 00 00 00 01"); /* go on with 2001 at 200 */
	assert_int_equal(send_value(&dut, CONN, 3, image, 600, 200), -OTA_EPROTO);
	assert_int_equal(send_value(&dut, CONN, 1, image, 200, 200), -OTA_EPROTO); /* late */
	silent(&dut);
	dut_wait(&dut, 499);
	says(&dut, CONN, "07 c8 00 00 00 00 00 00 00 40 1f 00 00"); /* ACK of what came */
	silent(&dut);
	dut_wait(&dut, 1);
	says(&dut, CONN, "08 01 20 c8 00 00 00 02"); /* the same number: it may have been heard */
	dut_wait(&dut, 999);
	silent(&dut);
	dut_wait(&dut, 1);
	says(&dut, CONN, "08 01 20 c8 00 00 00 02");
	/* The GAP was heard, and the first value of the answer is missing: that is a gap of its
	 * own. */
	assert_int_equal(send_value(&dut, CONN, 0x2002, image, 400, 200), -OTA_EPROTO);
	says(&dut, CONN, "08 01 40 c8 00 00 00 01");
	assert_int_equal(send_value(&dut, CONN, 0x2003, image, 600, 200), -OTA_EPROTO);
	assert_int_equal(send_value(&dut, CONN, 0x5001, image, 600, 200), -OTA_EPROTO); /* far */
	silent(&dut);
	dut_wait(&dut, 499);
	silent(&dut);
	dut_wait(&dut, 1);
	says(&dut, CONN, "08 01 40 c8 00 00 00 02");
	assert_int_equal(send_value(&dut, CONN, 0x4001, image, 200, 100), 0);
	says(&dut, CONN, "07 2c 01 00 00 00 00 00 00 40 1f 00 00"); /* enough to begin */
	says(&dut, CONN, "04 01 00 00 00 00 00 20 00 00");
	says(&dut, CONN, "04 01 00 10 00 00 00 20 00 00");
	dut_wait(&dut, 60);
	silent(&dut);
	/* Repeated: dropped without a word, it is there. */
	assert_int_equal(send_value(&dut, CONN, 0x4001, image, 200, 100), -OTA_EPROTO);
	silent(&dut);
	assert_int_equal(send_value(&dut, CONN, 0x4003, image, 500, 100), -OTA_EPROTO);
	says(&dut, CONN, "08 02 60 2c 01 00 00 01"); /* a gap of its own, at once */
	assert_int_equal(dut.dev.dropped, 8);
}

/* Sends so many values of 256 bytes; returns the offset of the first that is acknowledged. */
static uint32_t until_ack(uint16_t *number, uint32_t *sent, uint32_t values)
{
	struct dut_note note;

	for (uint32_t i = 0; i < values; i++) {
		assert_int_equal(send_value(&dut, CONN, (*number)++, image, *sent, 256), 0);
		*sent += 256;
		if (dut_take_event(&dut, OTA_EVT_ACK, &note))
			return *sent;
	}
	return 0;
}

/* The bytes that one ACK tells: by the distance of two gaps, and by the bytes since. */
static void test_ack_after_gap(void **state)
{
	uint32_t sent = 0, from;
	uint16_t number = 0;

	(void)state;
	start_full(&dut, CONN, image, sizeof(image), OTA_START_SINK);
	dut_settle(&dut);
	dut_forget_notes(&dut);
	/* No value was lost yet. */
	assert_int_equal(until_ack(&number, &sent, 100), 2048);
	assert_int_equal(until_ack(&number, &sent, 100), 4096);
	/* 4096 bytes without a gap: each 256. */
	assert_int_equal(send_value(&dut, CONN, (uint16_t)(number + 1u), image, sent, 256),
			 -OTA_EPROTO);
	dut_forget_notes(&dut);
	number = (uint16_t)(number + 0x2000u);
	assert_int_equal(until_ack(&number, &sent, 100), 4352);
	assert_int_equal(until_ack(&number, &sent, 100), 4608);
	/* A sixteenth of what came since, up to the interval that READY told. */
	while (sent < 4096u + 16u * 1024u)
		assert_true(until_ack(&number, &sent, 100) > 0);
	from = sent;
	assert_int_equal(until_ack(&number, &sent, 100), from + 1280);
	while (sent < 4096u + 32u * dut.dev.rx.ack_interval)
		assert_true(until_ack(&number, &sent, 100) > 0);
	from = sent;
	assert_int_equal(until_ack(&number, &sent, 100), from + dut.dev.rx.ack_interval);
}

static void test_resync(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, 8000, 0);
	dut_settle(&dut);
	send_value(&dut, CONN, 0, image, 0, 300);
	dut_forget_notes(&dut);
	tell(&dut, CONN, "0b");
	says(&dut, CONN, "08 01 20 2c 01 00 00 03");
	/* And the limit again: the ACK that told it may be what was lost. */
	says(&dut, CONN, "07 2c 01 00 00 00 00 00 00 40 1f 00 00");
	assert_int_equal(send_value(&dut, CONN, 0x2001, image, 300, 300), 0);
	dut_wait(&dut, 100);
	says(&dut, CONN, "07 58 02 00 00 00 00 00 00 40 1f 00 00");
	silent(&dut);
}

/* 100 000 values: the number goes round, and nobody notices. */
static void test_sequence_wraps(void **state)
{
	uint32_t at = 0;
	uint16_t sequence = 0;
	uint8_t hash[OTA_SHA256_SIZE];
	struct dut_note note;

	(void)state;
	sha256_buffer(image, 100000, hash);
	start_full(&dut, CONN, image, 100000, 0);
	for (; at < 66000; at++)
		assert_int_equal(send_value(&dut, CONN, sequence++, image, at, 1), 0);
	assert_int_equal(sequence, 66000 - 65536);
	/* A gap near the end of the numbers jumps over it. */
	for (; sequence != 0xf000; at++) {
		const uint32_t empty = at < 90000 ? 1 : 0;

		assert_int_equal(send_value(&dut, CONN, sequence++, image, at, empty), 0);
		at -= empty == 0;
	}
	dut_forget_notes(&dut);
	assert_int_equal(send_value(&dut, CONN, 0xf001, image, at, 1), -OTA_EPROTO);
	assert_true(dut_take_event(&dut, OTA_EVT_GAP, &note));
	assert_int_equal(note.bytes[2], 0x10);
	send_rest(&dut, CONN, 0x1000, image, at, 100000);
	dut_forget_notes(&dut);
	tell(&dut, CONN, "04");
	assert_true(dut_take_event(&dut, OTA_EVT_DONE, &note));
	assert_memory_equal(dut.image_hash[1], hash, sizeof(hash));
}

/* The rest is acknowledged when data pauses, and all of it at once at the end. */
static void test_ack_timing(void **state)
{
	(void)state;
	start_full(&dut, CONN, image, 600, 0);
	dut_forget_notes(&dut);
	send_value(&dut, CONN, 0, image, 0, 200);
	silent(&dut);
	dut_wait(&dut, 99);
	silent(&dut);
	dut_wait(&dut, 1);
	says(&dut, CONN, "07 c8 00 00 00 00 00 00 00 58 02 00 00");
	dut_wait(&dut, 5000);
	silent(&dut);
	send_value(&dut, CONN, 1, image, 200, 100);
	says(&dut, CONN, "07 2c 01 00 00 00 00 00 00 58 02 00 00"); /* before the erase */
	says(&dut, CONN, "04 01 00 00 00 00 00 10 00 00");
	send_value(&dut, CONN, 2, image, 300, 300);
	says(&dut, CONN, "07 58 02 00 00 00 00 00 00 58 02 00 00"); /* received */
	says(&dut, CONN, "07 58 02 00 00 58 02 00 00 58 02 00 00"); /* and flushed */
	silent(&dut);
}

/* The host's wish for ACKs is kept between nothing and half the ring. */
static void test_ack_interval(void **state)
{
	static const uint16_t wishes[] = {0, 1, 1000, 4096, 4097, 65535};
	static const uint16_t got[] = {2048, 1, 1000, 4096, 4096, 4096};
	struct ota_start m;
	struct ota_ready ready;
	struct dut_note note;
	uint8_t buf[OTA_CONTROL_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
		dut_start(&m, image, 100000);
		m.ack_interval = wishes[i];
		dut_control(&dut, CONN, buf, (size_t)ota_start_encode(&m, buf, sizeof(buf)));
		assert_true(dut_take_event(&dut, OTA_EVT_READY, &note));
		assert_int_equal(ota_ready_decode(note.bytes, note.len, &ready), 0);
		assert_int_equal(ready.ack_interval, got[i]);
	}
}

/* Counts and throws away: no flash, no record, no hash, another image's record untouched. */
static void test_sink(void **state)
{
	uint16_t sequence = 0;

	(void)state;
	start_full(&dut, CONN, image, sizeof(image), OTA_START_SINK);
	says(&dut, CONN, "01 00 00 00 00 00 20 00 00 00 02 00 08 00 00 00");
	for (uint32_t at = 0; at < sizeof(image); at += 500) {
		const uint32_t rest = (uint32_t)sizeof(image) - at, len = rest < 500 ? rest : 500;

		assert_int_equal(send_value(&dut, CONN, sequence++, image, 0, len), 0);
	}
	dut_forget_notes(&dut);
	tell(&dut, CONN, "04");
	says(&dut, CONN, "03 00 00 04 00 ff ff ff 00 00 00 00 00 00 00 00");
	assert_int_equal(dut.dev.state, OTA_STATE_IDLE);
	assert_int_equal(dut.ops, 0);
	assert_int_equal(dut.reboots, 0);
}

static void test_status_and_info(void **state)
{
	uint8_t buf[OTA_INFO_SIZE];
	struct ota_info info;

	(void)state;
	tell(&dut, CONN, "05");
	says(&dut, CONN, "05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 01 00 00");
	start_full(&dut, CONN, image, 8000, 0);
	dut_settle(&dut);
	send_rest(&dut, CONN, 0, image, 0, 4800);
	dut_forget_notes(&dut);
	memset(dut.dev.rx.sha256, 0x99, 4);
	tell(&dut, CONN, "05");
	/* receiving, 4800 received, 4096 flushed, RESUMABLE */
	says(&dut, CONN, "05 02 c0 12 00 00 00 10 00 00 99 99 99 99 00 00 04 01 00 00");
	assert_int_equal(ota_device_read_info(&dut.dev, buf, sizeof(buf)), OTA_INFO_SIZE);
	assert_int_equal(ota_device_read_info(&dut.dev, buf, sizeof(buf) - 1), -OTA_ENOSPC);
	assert_int_equal(ota_info_decode(buf, sizeof(buf), &info), 0);
	assert_int_equal(info.flags, OTA_INFO_RESUMABLE);
	assert_int_equal(info.ring_size, RING);
	assert_string_equal(info.project, "dut");
}

static void test_config(void **state)
{
	struct ota_device_config config = dut.config;

	(void)state;
	config.ring_size = 4096;
	assert_int_equal(ota_device_init(&dut.dev, &config, NULL, 0), -OTA_EINVAL);
	config.ring_size = 10000;
	assert_int_equal(ota_device_init(&dut.dev, &config, NULL, 0), -OTA_EINVAL);
	config.ring_size = (1u << 20) + 4096u;
	assert_int_equal(ota_device_init(&dut.dev, &config, NULL, 0), -OTA_EINVAL);
	config.ring_size = 8192;
	config.max_value = 19;
	assert_int_equal(ota_device_init(&dut.dev, &config, NULL, 0), -OTA_EINVAL);
	config.max_value = 513;
	assert_int_equal(ota_device_init(&dut.dev, &config, NULL, 0), -OTA_EINVAL);
	config.max_value = 20;
	assert_int_equal(ota_device_init(&dut.dev, &config, NULL, 0), 0);
}

#define TEST(name, how) cmocka_unit_test_setup_teardown(name, how, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_update, manual),	  TEST(test_credits, manual),
		TEST(test_beyond_end, automatic), TEST(test_value_lengths, manual),
		TEST(test_erase_ahead, manual),	  TEST(test_flash_bound, manual),
		TEST(test_gap, automatic),	  TEST(test_ack_after_gap, automatic),
		TEST(test_resync, automatic),	  TEST(test_sequence_wraps, automatic),
		TEST(test_ack_timing, automatic), TEST(test_ack_interval, automatic),
		TEST(test_sink, automatic),	  TEST(test_status_and_info, automatic),
		TEST(test_config, automatic),
	};

	return cmocka_run_group_tests_name("device_full", tests, NULL, NULL);
}
