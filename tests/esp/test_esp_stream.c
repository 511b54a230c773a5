/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware with CONFIG_OTA_ESP_DEFLATE and CONFIG_OTA_ESP_DELTA: compressed images and patches
 * of the one that runs, by an inflate with the ROM's interface; the link lost and power cut
 * wherever they can be; and what it takes of the heap.
 */
#include <stdio.h>
#define IMAGE 150000u
#include "espfixture.h"

#include "base/sha256.h"
#include "image/image_build.h"
#include "image/lint.h"

#include <zlib.h>

#ifdef CONFIG_OTA_ESP_DEFLATE_WINDOW
#define WINDOW CONFIG_OTA_ESP_DEFLATE_WINDOW
#else
#define WINDOW 12 /* for a checker, which reads this without the product's configuration */
#endif
#define BASE_SIZE image_build_size(200000u) /* bytes of what esphost_power_on() has run */

static struct job_stream stream;
static size_t at_rest; /* bytes of the heap */

/* Makes bytes of the image's segments anew, except for its first ones. */
static void change(uint8_t (*byte)(uint32_t at))
{
	struct lint_report report;
	struct image read;

	(void)image_read(image.bytes, image.size, sha256_buffer, &read, &report);
	for (size_t i = 0; i < read.segment_count; i++)
		for (uint32_t n = i == 0 ? 256 : 0; n < read.segments[i].size; n++)
			image.bytes[read.segments[i].offset + n] =
				byte(read.segments[i].offset + n);
	assert_int_equal(image_seal(image.bytes, sha256_buffer), image.size);
}

/* Bytes like code's: about half of the bits are the same. */
static uint8_t like_code(uint32_t at)
{
	return image.bytes[at] & 0x1du;
}

static void deflates(void)
{
	change(like_code);
	assert_int_equal(job_stream_deflate(&stream, image.bytes, image.size, WINDOW), 0);
}

/* The image is a build later than the one that runs: some of it is new, and the rest moved. */
static uint8_t moved(uint32_t at)
{
	return at % 20000u < 900u ? image.bytes[at] : fake_board.slot[0][at + 12u * (at / 20000u)];
}

static void differs(void)
{
	struct patch patch;

	change(moved);
	assert_int_equal(patch_make(&patch, fake_board.slot[0], BASE_SIZE, image.bytes, image.size),
			 0);
	assert_int_equal(job_stream_delta(&stream, &patch, WINDOW), 0);
	patch_finish(&patch);
}

static int stream_setup(void **state)
{
	at_rest = 0;
	if (setup(state) < 0)
		return -1;
	fake_run_ms(2000); /* the running image is looked at */
	at_rest = fake_heap_used();
	return 0;
}

static int stream_teardown(void **state)
{
	job_stream_finish(&stream);
	return teardown(state);
}

#define STREAM_TEST(test) cmocka_unit_test_setup_teardown(test, stream_setup, stream_teardown)

static void meet(void)
{
	esphost_connect(&host, image.bytes, image.size);
	host.stream = &stream.stream;
}

static void assert_arrived(void)
{
	assert_memory_equal(fake_board.slot[1], image.bytes, image.size);
	assert_true(esphost_restarts(10000));
	assert_true(esphost_boot());
	assert_int_equal(fake_board.running, 1);
}

static void sends_the_rest(void)
{
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.to_send));
	assert_true(esphost_end(&host));
}

static void info_tells_what_it_takes(void **state)
{
	struct ota_info info;

	(void)state;
	meet();
	esphost_info(&host, &info);
	assert_true(info.features & OTA_FEATURE_COMPRESSED);
	assert_true(info.features & OTA_FEATURE_DELTA);
	assert_true(info.features & OTA_FEATURE_SKIP);
	assert_int_equal(info.deflate_window, WINDOW);
	assert_int_equal(info.running_size, BASE_SIZE);
}

static void compressed_image(void **state)
{
	(void)state;
	deflates();
	assert_true(stream.stream.size < image.size * 3u / 4u);
	meet();
	sends_the_rest();
	assert_arrived();
}

static void patch_of_the_image_that_runs(void **state)
{
	(void)state;
	differs();
	assert_true(stream.stream.size < image.size / 8u);
	meet();
	sends_the_rest();
	assert_arrived();
}

/* Each length of a value's rest goes through the decoder's stages at another place. */
static void memory_is_given_back(void **state)
{
	(void)state;
	deflates();
	meet();
	assert_int_equal(fake_heap_used(), at_rest);
	assert_true(esphost_start(&host, 0));
	/* firmware/README.md says so; pointers are longer here */
	assert_true(fake_heap_used() - at_rest > 15500u + (1u << WINDOW));
	assert_true(fake_heap_used() - at_rest < 16000u + (1u << WINDOW));
	assert_true(esphost_send(&host, 60000));
	fake_disconnect(host.conn);
	fake_run_ms(2000);
	assert_int_equal(fake_heap_used(), at_rest);
	meet();
	assert_true(esphost_start(&host, 0));
	assert_int_equal(host.begins, OTA_BLOCK_SIZE);
	esphost_command(&host, OTA_CMD_ABORT);
	fake_run_ms(2000);
	assert_int_equal(fake_heap_used(), at_rest);
	meet();
	sends_the_rest();
	assert_arrived();
}

static void without_memory_the_image_goes_as_it_is(void **state)
{
	(void)state;
	deflates();
	meet();
	fake_board.no_heap = true;
	assert_false(esphost_start(&host, 0));
	assert_int_equal(host.error.code, OTA_ERR_UNSUPPORTED);
	assert_int_equal(host.error.opcode, OTA_CMD_START);
	assert_int_equal(fake_board.erases, 0);
	host.stream = NULL;
	sends_the_rest();
	fake_board.no_heap = false;
	assert_arrived();
}

/*
 * The stream's blocks that came before the link was lost are in the image's place, and stay there.
 */
static void image_goes_on_where_its_stream_ended(void **state)
{
	(void)state;
	deflates();
	meet();
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, 50000));
	fake_disconnect(host.conn);
	fake_run_ms(3000);
	meet();
	host.stream = NULL;
	assert_true(esphost_start(&host, 0));
	assert_true(host.offset > OTA_BLOCK_SIZE);
	assert_true(esphost_send(&host, host.to_send));
	assert_true(esphost_end(&host));
	assert_arrived();
}

/* Bytes behind deflate's end: the ROM takes up to three without a word. */
static void bytes_behind_the_end_are_damage(void **state)
{
	uint32_t first;

	(void)state;
	deflates();
	first = stream.at[1] - stream.at[0] - OTA_BLOCK_HEAD;
	/* The block is a byte longer, and the next one a byte later. */
	stream.bytes = realloc(stream.bytes, stream.stream.size + 1u);
	assert_non_null(stream.bytes);
	memmove(stream.bytes + stream.at[1] + 1, stream.bytes + stream.at[1],
		stream.stream.size - stream.at[1]);
	stream.bytes[stream.at[1]] = 0;
	stream.bytes[stream.at[0]] = (uint8_t)(first + 1u);
	stream.bytes[stream.at[0] + 1] = (uint8_t)((first + 1u) >> 8);
	stream.stream.size++;
	stream.stream.bytes = stream.bytes;
	meet();
	assert_true(esphost_start(&host, 0));
	(void)esphost_send(&host, host.to_send);
	assert_int_equal(host.error.code, OTA_ERR_STREAM);
}

static void patch_of_another_image(void **state)
{
	struct patch patch;

	(void)state;
	assert_int_equal(patch_make(&patch, image.bytes, image.size, image.bytes, image.size), 0);
	assert_int_equal(job_stream_delta(&stream, &patch, WINDOW), 0);
	patch_finish(&patch);
	meet();
	assert_true(esphost_start(&host, 0));
	(void)esphost_send(&host, host.to_send);
	assert_true(esphost_wait(&host, OTA_EVT_ERROR, 5000));
	assert_int_equal(host.error.code, OTA_ERR_BASE);
	assert_int_equal(fake_board.erases, 0);
}

static void base_that_cannot_be_read(void **state)
{
	(void)state;
	differs();
	meet();
	assert_true(esphost_start(&host, 0));
	fake_board.fail_read = 1;
	(void)esphost_send(&host, host.to_send);
	assert_int_equal(host.error.code, OTA_ERR_READ);
	meet();
	sends_the_rest();
	assert_arrived();
}

/* The slot holds the image except for its second block; the first is known by its digest. */
static struct stream_kept kept;

static void keeps(const struct stream *whole)
{
	uint8_t request[OTA_BLOCKS_REQUEST_SIZE];
	const struct ota_blocks_request ask = {.first = 0, .count = UINT16_MAX};

	memcpy(fake_board.slot[1], image.bytes, image.size);
	fake_board.slot[1][OTA_BLOCK_SIZE + 100u] ^= 8;
	stream_keep_begin(&kept, whole, image.bytes, image.size);
	meet();
	host.stream = &kept.stream;
	assert_true(esphost_start(&host, 0));
	(void)ota_blocks_request_encode(&ask, request, sizeof(request));
	assert_int_equal(fake_write(host.conn, CONTROL, request, sizeof(request)), 0);
	assert_true(esphost_wait(&host, OTA_EVT_BLOCKS, 1000));
	assert_int_equal(host.blocks.count, 3);
	for (uint32_t i = 0; i < 3; i++) {
		const uint32_t at = i * OTA_BLOCK_SIZE, left = image.size - at;
		const uint32_t len = left < OTA_BLOCK_SIZE ? left : OTA_BLOCK_SIZE;
		const bool same = host.blocks.crc[i] == crc32(0, image.bytes + at, len);

		assert_int_equal(same, i != 1);
		if (same)
			kept.map[0] |= (uint8_t)(1u << i);
	}
	stream_keep(&kept);
	host.to_send = kept.stream.size;
	assert_true(esphost_send(&host, host.to_send));
	assert_true(esphost_end(&host));
	assert_int_equal(fake_board.erases, 1);
	assert_arrived();
}

static void blocks_of_the_slot_are_kept(void **state)
{
	(void)state;
	keeps(NULL);
}

static void blocks_are_kept_beside_compressed_ones(void **state)
{
	(void)state;
	deflates();
	keeps(&stream.stream);
}

/* A map that says what is not so: the hash tells, and nothing was erased. */
static void map_that_lies(void **state)
{
	(void)state;
	memcpy(fake_board.slot[1], image.bytes, image.size);
	fake_board.slot[1][image.size / 2u] ^= 8;
	stream_keep_begin(&kept, NULL, image.bytes, image.size);
	kept.map[0] = 7;
	stream_keep(&kept);
	meet();
	host.stream = &kept.stream;
	assert_true(esphost_start(&host, 0));
	assert_true(esphost_send(&host, host.to_send));
	assert_false(esphost_end(&host));
	assert_int_equal(host.error.code, OTA_ERR_HASH);
	assert_int_equal(fake_board.erases, 0);
	fake_run_ms(2000);
	assert_int_equal(fake_heap_used(), at_rest);
	assert_int_equal(fake_board.running, 0);
}

#define PLACES 50u

/* At most a block of the image twice: what is decoded again is not written again. */
static void lost_links(void (*makes)(void))
{
	for (uint32_t i = 1; i <= PLACES; i++) {
		uint32_t flushed;

		assert_int_equal(stream_teardown(NULL), 0);
		assert_int_equal(stream_setup(NULL), 0);
		makes();
		meet();
		assert_true(esphost_start(&host, 0));
		assert_true(esphost_send(&host, stream.stream.size * i / (PLACES + 1u)));
		fake_disconnect(host.conn);
		fake_run_ms(3000);
		meet();
		esphost_command(&host, OTA_CMD_STATUS);
		assert_true(esphost_wait(&host, OTA_EVT_STATUS, 1000));
		flushed = host.status.flushed;
		sends_the_rest();
		assert_true(flushed - host.begins < OTA_BLOCK_SIZE);
		assert_arrived();
	}
}

static void link_lost_while_deflated(void **state)
{
	(void)state;
	lost_links(deflates);
}

static void link_lost_while_patched(void **state)
{
	(void)state;
	lost_links(differs);
}

/* All that changes flash: the nth from the beginning is the last before the power goes. */
struct cut {
	uint32_t operations, at;
};

static uint32_t changes(void)
{
	return fake_board.erases + fake_board.writes;
}

static bool is_cut(void *arg)
{
	return changes() >= *(const uint32_t *)arg;
}

/* Begins the update, and runs it until so many changes of flash were begun; false: it ended. */
static bool runs_until(uint32_t cut)
{
	meet();
	if (!esphost_start(&host, 0))
		return true;
	for (uint32_t end = 0; end < host.to_send && !is_cut(&cut);) {
		end = host.to_send - end < 490u ? host.to_send : end + 490u;
		if (!esphost_send(&host, end))
			return true;
	}
	if (is_cut(&cut))
		return true;
	esphost_command(&host, OTA_CMD_END);
	return fake_run_until(is_cut, &cut, 5000);
}

static void cuts(void (*makes)(void), uint32_t step)
{
	uint32_t cut = 1;
	bool more = true;

	for (; more; cut += step) {
		uint32_t recorded;

		assert_int_equal(stream_teardown(NULL), 0);
		assert_int_equal(stream_setup(NULL), 0);
		makes();
		more = runs_until(cut);
		recorded = host.flushed - host.flushed % OTA_BLOCK_SIZE;
		assert_true(esphost_boot());
		if (fake_board.running == 1)
			break;
		meet();
		sends_the_rest();
		/* The record of the last whole block is made when its last byte was read back. */
		if (host.begins + 2u * OTA_BLOCK_SIZE <= recorded)
			fail_msg("change %u: from %u, and %u were there", (unsigned int)cut,
				 (unsigned int)host.begins, (unsigned int)recorded);
		assert_arrived();
	}
	assert_true(cut > 10u);
}

/* Sampled; with ESP_STREAM_CUTS=all each of them. */
static uint32_t step(void)
{
	return getenv("ESP_STREAM_CUTS") ? 1u : 7u;
}

static void power_cut_while_deflated(void **state)
{
	(void)state;
	cuts(deflates, step());
}

static void power_cut_while_patched(void **state)
{
	(void)state;
	cuts(differs, step());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(blocks_of_the_slot_are_kept),
		STREAM_TEST(blocks_are_kept_beside_compressed_ones),
		STREAM_TEST(map_that_lies),
		STREAM_TEST(info_tells_what_it_takes),
		STREAM_TEST(compressed_image),
		STREAM_TEST(patch_of_the_image_that_runs),
		STREAM_TEST(memory_is_given_back),
		STREAM_TEST(without_memory_the_image_goes_as_it_is),
		STREAM_TEST(image_goes_on_where_its_stream_ended),
		STREAM_TEST(bytes_behind_the_end_are_damage),
		STREAM_TEST(patch_of_another_image),
		STREAM_TEST(base_that_cannot_be_read),
		STREAM_TEST(link_lost_while_deflated),
		STREAM_TEST(link_lost_while_patched),
		STREAM_TEST(power_cut_while_deflated),
		STREAM_TEST(power_cut_while_patched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
