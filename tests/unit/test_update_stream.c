/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed and delta updates of a virtual ESP32: power cut at every flash operation, the link lost
 * at fifty places, and a device that cannot do with the stream.  The same, sampled, of a device that
 * takes signed images only, and what it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/deflate.h"
#include "base/ecdsa.h"
#include "base/sha256.h"
#include "codelike.h"
#include "image/image_build.h"
#include "image/image_edit.h"
#include "image/lint.h"
#include "ota/decoder.h"
#include "sign/signature.h"
#include "testlib.h"
#include "updatelib.h"

#define PLACES 50u
#define SAMPLE 7u /* every so manieth operation or place, of signed updates */
#define SAMPLE_INSTRUMENTED 3u /* of others with sanitizers, where each takes three times as long */
#define WINDOW 12u

/* The image that is sent, deflated, or a relative of the one that runs, as a patch. */
static uint8_t plain[200000], relative[300000];
static size_t plain_size, relative_size;
static const uint8_t *image;
static size_t image_size;
static bool delta, is_signed;
static struct ecdsa_key key, stranger;

static int build_relative(void)
{
	const struct image_edit edit = {.ppm = 20000, .seed = 5};
	struct lint_report report;
	struct image read;
	struct update u;
	const uint8_t *base;
	uint32_t size;
	int rc;

	update_init(&u, plain, plain_size);
	update_open(&u);
	base = update_running(&u, &size);
	(void)image_read(base, size, sha256_buffer, &read, &report);
	rc = image_edit(&read, &edit, sha256_buffer, relative, sizeof(relative), &relative_size);
	u.transport = u.simulator;
	update_end(&u);
	return rc;
}

/* An image of which about half of the bits are the same, as of code. */
static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 180000, .seed = 3};

	(void)state;
	if (ecdsa_generate(&key) < 0 || ecdsa_generate(&stranger) < 0)
		return -1;
	if (image_build(&b, sha256_buffer, plain, sizeof(plain), &plain_size) < 0)
		return -1;
	plain_size = code_like(plain, plain_size);
	return build_relative();
}

static int deflated(void **state)
{
	(void)state;
	delta = is_signed = false;
	image = plain;
	image_size = plain_size;
	return 0;
}

static int patched(void **state)
{
	(void)state;
	delta = true;
	is_signed = false;
	image = relative;
	image_size = relative_size;
	return 0;
}

static int deflated_signed(void **state)
{
	const int r = deflated(state);

	is_signed = true;
	return r;
}

static int patched_signed(void **state)
{
	const int r = patched(state);

	is_signed = true;
	return r;
}

/* For START, of these bytes by this key. */
static void sign_as(struct update *u, const struct ecdsa_key *who, const uint8_t *bytes,
		    size_t size)
{
	uint8_t message[OTA_STATEMENT_SIZE], signature[OTA_SIGNATURE_SIZE];
	struct ota_statement statement;
	struct lint_report report;
	struct image read;

	(void)image_read(bytes, size, sha256_buffer, &read, &report);
	assert_int_equal(signature_statement(&read, &statement), 0);
	ota_statement_pack(&statement, message);
	assert_int_equal(ecdsa_sign(who, message, sizeof(message), signature), 0);
	ota_statement_encode(&statement, signature, u->session.signed_start);
	u->session.is_signed = true;
}

static void begin(struct update *u)
{
	update_init(u, image, image_size);
	u->window = WINDOW;
	u->delta = delta;
	if (!is_signed)
		return;
	u->sim.kind.signed_only = true;
	memcpy(u->sim.kind.public_key, key.point, sizeof(u->sim.kind.public_key));
	sign_as(u, &key, image, image_size);
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
	assert_int_equal(session_stream_kind(&u.s), delta ? STREAM_DELTA : STREAM_DEFLATE);
	assert_int_equal(u.s.stats.sent_bytes, u.stream.stream.size);
	assert_true(u.stream.stream.size < (delta ? image_size / 15u : image_size * 3u / 4u));
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

static uint32_t every(void)
{
	if (is_signed)
		return SAMPLE;
	return getenv("OTABENCH_INSTRUMENTED") ? SAMPLE_INSTRUMENTED : 1;
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
	for (uint64_t op = 1; op <= n; op += every()) {
		begin(&u);
		if (!delta) /* whose base has a seed, too */
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

/* A patch has arrived in a few events: the link is lost in the midst of the flash's work for it, of
 * which there is as much as for an image, and most of it after END. */
static void lose_at_work(struct update *u, uint64_t operation)
{
	const uint64_t first = operations(u);

	while (operations(u) < first + operation)
		assert_true(update_step(u));
	esp_terminate(update_device(u));
}

/*
 * Bytes in the flash are not sent again, except for the block that they end in; after END nothing
 * is.
 */
static void assert_goes_on(const struct update *u, uint32_t flushed)
{
	const struct stream *s = &u->stream.stream;
	uint32_t block = 0;

	if (u->s.stats.sent_bytes == s->size)
		return;
	while (block < s->count && s->at[block + 1u] <= flushed)
		block++;
	assert_true(u->s.stream_base + OTA_STREAM_HEAD >= s->at[block]);
}

static void test_disconnect(void **state)
{
	struct update u;
	char spec[32];
	unsigned int resumed = 0;
	uint32_t whole, flushed;
	uint64_t work;

	(void)state;
	begin(&u);
	update_begin(&u);
	work = operations(&u);
	update_finish(&u, 60);
	work = operations(&u) - work;
	whole = u.stream.stream.size;
	update_end(&u);
	for (uint32_t i = 1; i <= PLACES; i += every()) {
		begin(&u);
		snprintf(spec, sizeof(spec), "disconnect@%u",
			 (unsigned int)(whole * i / (PLACES + 1u)));
		if (!delta)
			update_fault(&u, spec);
		update_begin(&u);
		if (delta)
			lose_at_work(&u, work * i / (PLACES + 3u));
		flushed = u.s.stats.flushed;
		update_finish(&u, 100);
		assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
		assert_in_range(u.losses, 1, delta ? 2 : 1); /* again while the flash works */
		resumed += u.s.stream_base > 0 || u.s.stats.sent_bytes == whole;
		assert_little_again(&u, spec, u.most_in_flight);
		assert_goes_on(&u, flushed);
		assert_true(update_check_boots(&u));
		update_end(&u);
	}
	assert_true(resumed > PLACES / every() / 3u);
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

/* It is the image that is signed: the same signature goes with it however it is compressed. */
static void test_any_stream(void **state)
{
	uint8_t first[OTA_SIGNED_SIZE] = {0};
	struct update u;

	(void)state;
	for (unsigned int window = 0; window <= DEFLATE_WINDOW_MOST;
	     window = window ? window + 1u : DEFLATE_WINDOW_LEAST) {
		begin(&u);
		if (window > 0) /* of the raw image's update */
			memcpy(u.session.signed_start, first, sizeof(first));
		memcpy(first, u.session.signed_start, sizeof(first));
		u.window = window;
		assert_int_equal(update_run(&u, 60), SESSION_CONFIRMED);
		assert_int_equal(session_stream_kind(&u.s), window ? STREAM_DEFLATE : STREAM_RAW);
		assert_true(update_check_boots(&u));
		update_end(&u);
	}
}

/* A stream of other bytes beside a good signature: they are not the image that was signed. */
static void test_other_image(void **state)
{
	static uint8_t other[sizeof(plain)];
	struct update u;

	(void)state;
	memcpy(other, plain, plain_size);
	other[plain_size / 2] ^= 1;
	begin(&u);
	u.session.retries = 0;
	assert_int_equal(job_stream_deflate(&u.stream, other, (uint32_t)plain_size, WINDOW), 0);
	assert_int_equal(update_run(&u, 100), SESSION_DEVICE_ERROR);
	assert_int_equal(u.s.code, OTA_ERR_HASH);
	assert_false(update_check_boots(&u));
	update_end(&u);
}

/* Before anything is erased, whatever the stream. */
static void test_refused_signature(void **state)
{
	enum { NONE, OTHER_KEY, OTHER_IMAGE, ONE_BIT, KINDS };

	(void)state;
	for (int kind = NONE; kind < KINDS; kind++) {
		struct update u;
		uint64_t before;

		begin(&u);
		u.session.is_signed = kind != NONE;
		if (kind == OTHER_KEY)
			sign_as(&u, &stranger, image, image_size);
		else if (kind == OTHER_IMAGE)
			sign_as(&u, &key, delta ? plain : relative,
				delta ? plain_size : relative_size);
		else if (kind == ONE_BIT)
			u.session.signed_start[OTA_SIGNED_SIZE - 1u] ^= 1;
		update_begin(&u);
		before = operations(&u);
		update_finish(&u, 100);
		assert_int_equal(u.s.outcome, SESSION_DEVICE_ERROR);
		assert_int_equal(u.s.code, OTA_ERR_SIGNATURE);
		assert_int_equal(operations(&u), before);
		assert_int_equal(u.s.stats.sent_bytes, 0);
		assert_false(update_check_boots(&u));
		update_end(&u);
	}
}

#define DEFLATED(test) cmocka_unit_test_setup(test, deflated)
#define PATCHED(test)                                                                              \
	{                                                                                          \
#test "_of_a_patch", test, patched, NULL, NULL                                     \
	}
#define SIGNED(test, setup)                                                                        \
	{                                                                                          \
#test "_" #setup, test, setup, NULL, NULL                                          \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DEFLATED(test_whole),
		DEFLATED(test_power_cut_everywhere),
		DEFLATED(test_disconnect),
		DEFLATED(test_refused),
		DEFLATED(test_not_offered),
		PATCHED(test_whole),
		PATCHED(test_power_cut_everywhere),
		PATCHED(test_disconnect),
		SIGNED(test_whole, deflated_signed),
		SIGNED(test_whole, patched_signed),
		SIGNED(test_power_cut_everywhere, deflated_signed),
		SIGNED(test_power_cut_everywhere, patched_signed),
		SIGNED(test_disconnect, deflated_signed),
		SIGNED(test_disconnect, patched_signed),
		SIGNED(test_any_stream, deflated_signed),
		SIGNED(test_other_image, deflated_signed),
		SIGNED(test_refused_signature, deflated_signed),
		SIGNED(test_refused_signature, patched_signed),
	};

	return cmocka_run_group_tests_name("update stream", tests, build, NULL);
}
