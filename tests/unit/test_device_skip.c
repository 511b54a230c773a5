/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks that the slot holds already: what is told of them, what is left out of the stream, what
 * is erased and written all the same, and what becomes of a map that is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device_host.h"
#include "device_talk.h"

#include <string.h>
#include <zlib.h>

#define CONN 1
#define RING 12288u
#define BLOCKS 4u
/* ota_core's count of erases begins here. */
#define WEAR_NONE 0x0ec00000u
#define SIZE (3u * OTA_BLOCK_SIZE + 12345u)

static uint8_t image[BLOCKS * OTA_BLOCK_SIZE], other[BLOCKS * OTA_BLOCK_SIZE];
static struct dut dut;
static struct host host;

static int set_up_with(const struct dut_options *options)
{
	dut_image(image, sizeof(image), 4);
	/* Half of the bits are the same: about as compressible as code. */
	for (uint32_t i = 16; i < sizeof(image); i++)
		image[i] &= 0x1du;
	if (dut_init(&dut, options) < 0)
		return -1;
	dut_connect(&dut, CONN);
	host_init(&host, &dut, CONN, image, SIZE);
	host_skip(&host);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	return set_up_with(&(struct dut_options){.ring_size = RING, .window = 12, .skip = true});
}

static int tear_down(void **state)
{
	(void)state;
	host_finish(&host);
	return talk_tear_down(&dut);
}

static void anew(void)
{
	tear_down(NULL);
	assert_int_equal(set_up(NULL), 0);
}

/* The slot holds the image, except for the blocks of changed (bits). */
static void fill_slot(unsigned int changed)
{
	uint8_t *slot = dut.slots[1];

	memcpy(slot, image, sizeof(image));
	for (unsigned int i = 0; i < BLOCKS; i++)
		if (changed >> i & 1u)
			slot[i * OTA_BLOCK_SIZE + 77u * i] ^= 1;
}

static unsigned int bits(unsigned int value)
{
	unsigned int n = 0;

	for (; value; value >>= 1)
		n += value & 1u;
	return n;
}

static void update_as(unsigned int window, uint32_t chunk)
{
	host_finish(&host);
	host_init(&host, &dut, CONN, image, SIZE);
	host_skip(&host);
	if (window > 0)
		host_compress(&host, window);
	assert_true(host_start(&host, 0));
	host_run(&host, chunk);
	assert_null(host.complaint);
	assert_int_equal(host.phase, HOST_DONE);
	assert_memory_equal(dut.slots[1], image, SIZE);
	assert_int_equal(dut.boot_slot, 1);
}

/* Whatever blocks differ: these are sent, erased and written, and no others. */
static void test_each_map(void **state)
{
	static const uint32_t len[BLOCKS] = {65536, 65536, 65536, 12345};

	(void)state;
	for (unsigned int changed = 0; changed < 1u << BLOCKS; changed++) {
		for (unsigned int window = 0; window <= 12; window += 12) {
			uint32_t sent = OTA_STREAM_HEAD + 1u, sectors = 0;

			anew();
			fill_slot(changed);
			for (unsigned int i = 0; i < BLOCKS; i++) {
				if (!(changed >> i & 1u))
					continue;
				sent += OTA_BLOCK_HEAD + len[i];
				sectors += (len[i] + OTA_SECTOR_SIZE - 1u) / OTA_SECTOR_SIZE;
			}
			update_as(window, 244);
			assert_int_equal(dut.erases, bits(changed));
			assert_int_equal(dut.writes, sectors);
			assert_int_equal(dut.wear - WEAR_NONE, changed != 0);
			if (window == 0)
				assert_int_equal(host.sent, sent);
			else
				assert_true(host.sent <= sent);
			assert_int_equal(dut.head_checks, 1);
		}
	}
}

static struct ota_status status(void)
{
	struct ota_status s;

	ota_device_status(&dut.dev, &s);
	return s;
}

/* Runs the update of fill_slot(changed) until power is lost in its cut'th operation; false: it
 * ended before. */
static bool cut_in(unsigned int changed, uint64_t cut, bool keeps)
{
	anew();
	fill_slot(changed);
	host_compress(&host, 12);
	dut.cut_at = dut.ops + cut;
	dut.cut_keeps = keeps;
	assert_true(host_start(&host, 0));
	host_run(&host, 244);
	assert_null(host.complaint);
	return dut.off;
}

/*
 * Wherever power is lost: what is kept is there at the next start, too, and the device asked anew
 * tells so.  A block that was cut in the middle of an erase or a write is none that matches.
 */
static void test_power_cuts(void **state)
{
	(void)state;
	for (uint64_t cut = 1; cut_in(0x6, cut, cut % 2u == 0); cut++) {
		dut_boot(&dut);
		dut_connect(&dut, CONN);
		if (dut.boot_slot == 1) /* after the last step but the record */
			continue;
		update_as(12, 244);
		assert_true(host.kept >= 12345u + (host.begins == 0 ? OTA_BLOCK_SIZE : 0));
	}
}

/* A patch goes on behind what is kept, also where that is its first block. */
static void test_patches(void **state)
{
	struct patch patch;

	(void)state;
	memcpy(other, image, sizeof(other));
	for (uint32_t i = 100; i < SIZE; i += 1000)
		other[i] ^= 0x20;
	assert_int_equal(patch_make(&patch, other, SIZE, image, SIZE), 0);
	for (unsigned int changed = 0; changed < 1u << BLOCKS; changed++) {
		tear_down(NULL);
		assert_int_equal(set_up_with(&(struct dut_options){.ring_size = RING,
								   .window = 12,
								   .skip = true,
								   .base = other,
								   .base_size = SIZE}),
				 0);
		fill_slot(changed);
		host.patch = &patch;
		host_compress(&host, 12);
		assert_true(host_start(&host, 0));
		host_run(&host, 244);
		assert_null(host.complaint);
		assert_int_equal(host.phase, HOST_DONE);
		assert_memory_equal(dut.slots[1], image, SIZE);
		assert_int_equal(dut.erases, bits(changed));
	}
	patch_finish(&patch);
}

/* The map is the host's: after a lost link it may be sent again as it was. */
static void test_link_loss(void **state)
{
	(void)state;
	for (uint32_t part = 1; part < 38; part++) {
		anew();
		fill_slot(0x6);
		assert_true(host_start(&host, 0));
		for (uint32_t i = 0; host.offset < part * 3400u && i < 100000u; i++) {
			(void)host_write(&host, 244);
			(void)host_deliver(&host, false);
			dut_settle(&dut);
			host_hear(&host);
		}
		host_link_lost(&host);
		dut_settle(&dut);
		assert_int_equal(status().state, OTA_STATE_SUSPENDED);
		assert_true(status().flushed >= OTA_BLOCK_SIZE); /* the first is kept */
		assert_true(host_start(&host, 0));
		host_run(&host, 244);
		assert_null(host.complaint);
		assert_int_equal(host.phase, HOST_DONE);
		assert_memory_equal(dut.slots[1], image, SIZE);
		/* One behind a kept block may be erased anew: the other session may not keep it. */
		assert_in_range(dut.block_erases, 2, 3);
	}
}

/* The slot's contents are told as they are, the last block as long as the image's. */
static void test_digests(void **state)
{
	struct ota_blocks m = {0};
	struct dut_note note;
	uint8_t buf[OTA_BLOCKS_REQUEST_SIZE];

	(void)state;
	fill_slot(0x8);
	start_full(&dut, CONN, image, SIZE, OTA_START_SKIP);
	assert_true(dut_take_event(&dut, OTA_EVT_READY, &note));
	assert_int_equal(ota_blocks_request_encode(&(struct ota_blocks_request){1, 2}, buf, 5), 5);
	dut_control(&dut, CONN, buf, 5);
	assert_true(dut_take_event(&dut, OTA_EVT_BLOCKS, &note));
	assert_int_equal(ota_blocks_decode(note.bytes, note.len, &m), 0);
	assert_int_equal(m.first, 1);
	assert_int_equal(m.count, 2);
	assert_int_equal(m.crc[0], crc32(0, image + OTA_BLOCK_SIZE, OTA_BLOCK_SIZE));
	assert_int_equal(m.crc[1], crc32(0, image + 2u * OTA_BLOCK_SIZE, OTA_BLOCK_SIZE));
	silent(&dut);
	tell(&dut, CONN, "0d 03 00 ff ff");
	assert_true(dut_take_event(&dut, OTA_EVT_BLOCKS, &note));
	assert_int_equal(ota_blocks_decode(note.bytes, note.len, &m), 0);
	assert_int_equal(m.count, 1);
	assert_int_equal(m.crc[0], crc32(0, dut.slots[1] + 3u * OTA_BLOCK_SIZE, 12345));
	assert_int_not_equal(m.crc[0], crc32(0, image + 3u * OTA_BLOCK_SIZE, 12345));
	assert_int_equal(dut.erases, 0);
}

/* More answers than buffers: none is lost, and nothing is read that could not be told. */
static void test_deaf(void **state)
{
	static uint8_t large[10u * OTA_BLOCK_SIZE];
	struct dut_note note;

	(void)state;
	tear_down(NULL);
	assert_int_equal(set_up_with(&(struct dut_options){
				 .slot_size = sizeof(large), .ring_size = RING, .skip = true}),
			 0);
	dut_image(large, sizeof(large), 9);
	start_full(&dut, CONN, large, sizeof(large), OTA_START_SKIP);
	dut_forget_notes(&dut);
	dut.deaf = DUT_FOREVER;
	tell(&dut, CONN, "0d 00 00 0a 00");
	assert_int_equal(dut.reads, 4u * OTA_BLOCK_SIZE / OTA_SECTOR_SIZE);
	dut.deaf = 0;
	dut_wait(&dut, 100);
	for (uint32_t i = 0; i < 3; i++) {
		struct ota_blocks m = {0};

		assert_true(dut_take_event(&dut, OTA_EVT_BLOCKS, &note));
		assert_int_equal(ota_blocks_decode(note.bytes, note.len, &m), 0);
		assert_int_equal(m.first, 4u * i);
		assert_int_equal(m.count, i < 2 ? 4 : 2);
	}
	silent(&dut);
}

static void sends_map(uint8_t map)
{
	uint8_t bytes[] = {0, 0, 5, 0, 0, 0, map};
	struct ota_ready m = {0};
	struct dut_note note;

	start_full(&dut, CONN, image, SIZE, OTA_START_SKIP);
	assert_true(dut_take_event(&dut, OTA_EVT_READY, &note));
	assert_int_equal(ota_ready_decode(note.bytes, note.len, &m), 0);
	bytes[0] = (uint8_t)m.sequence;
	bytes[1] = (uint8_t)(m.sequence >> 8);
	(void)dut_data(&dut, CONN, bytes, sizeof(bytes), false);
}

static void says_error(uint8_t code)
{
	struct ota_error_event e = {0};
	struct dut_note note;

	assert_true(dut_take_event(&dut, OTA_EVT_ERROR, &note));
	assert_int_equal(ota_error_decode(note.bytes, note.len, &e), 0);
	assert_int_equal(e.code, code);
}

/* A host that says of the slot what is not so changes nothing: nothing was erased, and what lay
 * there may boot as before. */
static void test_wrong_map(void **state)
{
	(void)state;
	fill_slot(0x2);
	dut.info.flags |= OTA_INFO_CAN_ROLLBACK;
	sends_map(0x0f);
	dut_command(&dut, CONN, OTA_CMD_END);
	says_error(OTA_ERR_HASH);
	assert_int_equal(dut.erases + dut.writes + dut.set_boots, 0);
	assert_true(dut.info.flags & OTA_INFO_CAN_ROLLBACK);
	assert_int_equal(dut.slots[1][0], 0xe9);
	assert_int_equal(status().state, OTA_STATE_IDLE);
	update_as(0, 244);
	assert_int_equal(host.kept, SIZE - OTA_BLOCK_SIZE);
}

/* Of a slot that holds no image for this device nothing is taken either. */
static void test_head_is_judged(void **state)
{
	(void)state;
	fill_slot(0);
	dut.head_code = -OTA_EPERM;
	sends_map(0x0f);
	says_error(OTA_ERR_VERSION);
	dut.slots[1][12] ^= 1;
	sends_map(0x0f);
	says_error(OTA_ERR_CHIP);
	assert_int_equal(dut.erases, 0);
}

/* A map that does not go with what is sent. */
static void test_short_stream(void **state)
{
	(void)state;
	fill_slot(0);
	sends_map(0x0e); /* the first is to come, and nothing does */
	says_error(OTA_ERR_STREAM);
}

/* BLOCKS where it has no place, and a START that goes beyond the map. */
static void test_refused(void **state)
{
	(void)state;
	tell(&dut, CONN, "0d 00 00 01 00");
	says(&dut, CONN, "02 03 0d 00 00 00 00"); /* state: idle */
	start_full(&dut, CONN, image, SIZE, OTA_START_COMPRESSED);
	dut_forget_notes(&dut);
	tell(&dut, CONN, "0d 00 00 01 00");
	says(&dut, CONN, "02 03 0d 02 00 00 00"); /* receiving, but not by *skip* */
	start_full(&dut, CONN, image, SIZE, OTA_START_SKIP);
	dut_forget_notes(&dut);
	tell(&dut, CONN, "0d 04 00 01 00"); /* behind the image */
	says(&dut, CONN, "02 03 0d 02 00 00 00");
	tell(&dut, CONN, "0d 00 00 00 00");
	says(&dut, CONN, "02 03 0d 02 00 00 00");
	tell(&dut, CONN, "0d 00 00 01");
	says(&dut, CONN, "02 02 0d 04 00 00 00");
	dut_connect(&dut, CONN + 1);
	tell(&dut, CONN + 1, "0d 00 00 01 00");
	says(&dut, CONN + 1, "02 04 0d 00 00 00 00");
	value(&dut, CONN, "00 20 05");
	tell(&dut, CONN, "0d 00 00 01 00"); /* too late */
	says(&dut, CONN, "02 03 0d 02 00 00 00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_map, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_patches, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_power_cuts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_link_loss, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_digests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_deaf, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_wrong_map, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_head_is_judged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_short_stream, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
