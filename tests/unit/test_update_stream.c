/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed updates of a virtual ESP32: power cut at every flash operation, the link lost at
 * fifty places, with a signature, and with a device that cannot do with the stream.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "image/image_build.h"
#include "image/lint.h"
#include "ota/decoder.h"
#include "testlib.h"
#include "updatelib.h"

#define PLACES 50u
#define WINDOW 12u

static uint8_t image[200000];
static size_t image_size;

/* An image of which about half of the bits are the same, as of code. */
static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 180000, .seed = 3};
	struct lint_report report;
	struct image read;

	(void)state;
	if (image_build(&b, sha256_buffer, image, sizeof(image), &image_size) < 0)
		return -1;
	(void)image_read(image, image_size, sha256_buffer, &read, &report);
	for (size_t i = 0; i < read.segment_count; i++)
		for (uint32_t at = i == 0 ? 256 : 0; at < read.segments[i].size; at++)
			image[read.segments[i].offset + at] &= 0x1du;
	image_size = image_seal(image, sha256_buffer);
	return 0;
}

static void begin(struct update *u)
{
	update_init(u, image, image_size);
	u->window = WINDOW;
}

static uint64_t operations(const struct update *u)
{
	struct flash_counters c;

	board_flash_counters(esp_board(update_device(u)), &c);
	return c.operations;
}

static void test_whole(void **state)
{
	struct update u;

	(void)state;
	begin(&u);
	assert_int_equal(update_run(&u, 60), SESSION_CONFIRMED);
	assert_int_equal(session_stream_kind(&u.s), STREAM_DEFLATE);
	assert_int_equal(u.s.stats.sent_bytes, u.stream.stream.size);
	assert_true(u.stream.stream.size < image_size * 3u / 4u);
	assert_true(update_check_boots(&u));
	update_end(&u);
}

/* Bytes of a block, a ring and a length: what a device can lose of a stream. */
static uint64_t most_again(const struct update *u)
{
	const struct stream *s = &u->stream.stream;
	uint32_t most = 0;

	for (uint32_t i = 0; i < s->count; i++)
		if (s->at[i + 1u] - s->at[i] > most)
			most = s->at[i + 1u] - s->at[i];
	return most + OTA_STREAM_HEAD;
}

static void assert_little_again(const struct update *u, const char *spec, uint64_t beside)
{
	if (u->s.stats.sent_bytes > u->stream.stream.size + most_again(u) + beside)
		fail_msg("%s: %u bytes sent again", spec,
			 (unsigned int)(u->s.stats.sent_bytes - u->stream.stream.size));
}

static void again(struct update *u)
{
	update_wait(u, 2000000u);
	assert_int_equal(pump_init(&u->pump, &u->session), 0);
	session_start(&u->s, update_now(u));
	update_finish(u, 60);
}

static void test_power_cut_everywhere(void **state)
{
	struct update u;
	uint64_t n;
	char spec[32];

	(void)state;
	begin(&u);
	update_begin(&u);
	n = operations(&u);
	update_finish(&u, 60);
	n = operations(&u) - n;
	update_end(&u);
	assert_true(n > 50);
	for (uint64_t op = 1; op <= n; op++) {
		begin(&u);
		u.sim.kind.seed = op;
		snprintf(spec, sizeof(spec), "power-cut@%u", (unsigned int)op);
		update_fault(&u, spec);
		update_run(&u, 300);
		if (u.s.outcome == SESSION_ROLLED_BACK && u.s.stats.done_us != 0)
			again(&u);
		if (u.s.outcome != SESSION_CONFIRMED)
			fail_msg("%s: %s", spec, session_outcome_name(u.s.outcome));
		assert_little_again(&u, spec, 32768);
		assert_true(update_check_boots(&u));
		update_end(&u);
	}
}

static void test_disconnect(void **state)
{
	struct update u;
	char spec[32];
	unsigned int resumed = 0;

	(void)state;
	for (uint32_t i = 1; i < PLACES; i++) {
		begin(&u);
		snprintf(spec, sizeof(spec), "disconnect@%u",
			 (unsigned int)(image_size / 2u * i / PLACES));
		update_fault(&u, spec);
		assert_int_equal(update_run(&u, 100), SESSION_CONFIRMED);
		assert_int_equal(u.losses, 1);
		resumed += u.s.stream_base > 0;
		assert_little_again(&u, spec, u.most_in_flight);
		assert_true(update_check_boots(&u));
		update_end(&u);
	}
	assert_true(resumed > PLACES / 3u);
}

/* Bytes of the stream that are not what the encoder made: an ERROR by name, then the image. */
static void test_refused(void **state)
{
	struct update u;

	(void)state;
	begin(&u);
	assert_int_equal(job_stream_deflate(&u.stream, image, (uint32_t)image_size, WINDOW), 0);
	memset(u.stream.bytes + u.stream.at[1] + OTA_BLOCK_HEAD, 0x07, 16); /* no such block */
	assert_int_equal(update_run(&u, 100), SESSION_CONFIRMED);
	assert_int_equal(session_stream_kind(&u.s), STREAM_RAW);
	assert_int_equal(u.s.stats.retries, 1);
	assert_true(update_check_boots(&u));
	update_end(&u);
}

/* Devices of earlier firmware. */
static void test_not_offered(void **state)
{
	struct update u;

	(void)state;
	update_init(&u, image, image_size);
	assert_int_equal(update_run(&u, 60), SESSION_CONFIRMED);
	assert_int_equal(session_stream_kind(&u.s), STREAM_RAW);
	assert_int_equal(u.s.stats.sent_bytes, image_size);
	update_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	    cmocka_unit_test(test_power_cut_everywhere),
		cmocka_unit_test(test_disconnect),  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_offered),
	};

	return cmocka_run_group_tests_name("update stream", tests, build, NULL);
}
