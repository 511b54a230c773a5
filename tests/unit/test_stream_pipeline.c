/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compressed and delta updates take hardly longer than link, flash and the ring between them leave.
 *
 * The flash's times are its model's; the link's rate is measured in each set-up, by updates that are
 * thrown away.  Seconds are those of the transfer, from START to DONE.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/sha256.h"
#include "board/flash.h"
#include "codelike.h"
#include "host/job_stream.h"
#include "image/image_build.h"
#include "ota/stream.h"
#include "programlib.h"
#include "testlib.h"

#define SHARE 0.95
#define WINDOW 12u /* --sim=deflate's */
#define RING 32768.0 /* --sim=ring's, in bytes */
#define EVENT 0.015
#define EVENTS 4.0 /* until START, READY and the first bytes went over the air, and DONE */
#define WHOLE 1300000u /* an image that nearly fills its slot */
#define REAL "esp32-nimble-ota.bin"

static const struct flash typical = {
	.speed = FLASH_TYPICAL, .erase_factor = 1, .program_factor = 1};

static char folder[] = "/tmp/otabench-stream.XXXXXX";
static char whole[80], next[80], state_folder[80];

static const char *const set_ups[] = {
	"", ",mtu=185", ",mtu=23", ",loss=5", ",buffers=3x251/event",
};

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static int build(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(whole, sizeof(whole), "%s/whole.bin", folder);
	(void)snprintf(next, sizeof(next), "%s/next.bin", folder);
	(void)snprintf(state_folder, sizeof(state_folder), "%s/state", folder);
	return 0;
}

static int clean(void **state)
{
	char command[100];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command); /* NOLINT(cert-env33-c): a folder made by mkdtemp() */
}

#define SIM "--sim=devices=1,chip=esp32,flash=typical,phy=1M,interval=15,flash_mode=%s%s"

static double number(const struct program_ran *r, const char *key)
{
	return json_number_value(json_object_get(r->last, key));
}

/* Bytes per second that a link carries whose other end has no flash. */
static double link_rate(const char *set_up)
{
	struct program_ran r =
		program_run("--json " SIM " bench esp-sim-01 --parts=link", "auto-suspend", set_up);
	const double rate = number(&r, "goodput");

	assert_int_equal(r.exit, 0);
	program_done(&r);
	assert_true(rate > 0);
	return rate;
}

/* Seconds of an update by a stream; the bytes that it had on air to *ret_air. */
static double seconds(const char *kind, const char *mode, const char *more, const char *image,
		      uint32_t *ret_air)
{
	struct program_ran r = program_run("--json -s stream=%s " SIM " flash esp-sim-01 %s", kind,
					   mode, more, image);
	const double took = number(&r, "seconds");

	program_expect(&r, 0, "confirmed");
	assert_string_equal(program_text(&r, "stream"), kind);
	*ret_air = (uint32_t)program_number(&r, "air_bytes");
	program_done(&r);
	return took;
}

static double erase_seconds(uint32_t size)
{
	const uint32_t sectors = (size + FLASH_SECTOR_SIZE - 1u) / FLASH_SECTOR_SIZE;
	const uint32_t most = 3u * FLASH_SECTOR_SIZE; /* beyond, a block is erased whole */

	return 1e-6 *
	       (double)flash_erase_us(&typical, 0,
				      size > most ? FLASH_BLOCK_SIZE : sectors * FLASH_SECTOR_SIZE);
}

/* Seconds in which the flash has the bytes of a block and reads them back. */
static double write_seconds(uint32_t size)
{
	return 1e-6 * (double)(flash_program_us(&typical, size) + flash_read_us(&typical, size));
}

/* The time after the last byte was read back: the boot loader's check, and otadata. */
static double end_seconds(uint32_t size)
{
	return 1e-6 * (double)(flash_read_us(&typical, size) +
			       flash_erase_us(&typical, 0, FLASH_SECTOR_SIZE));
}

static uint32_t block_size(uint32_t size, uint32_t block)
{
	const uint32_t left = size - block * FLASH_BLOCK_SIZE;

	return left < FLASH_BLOCK_SIZE ? left : FLASH_BLOCK_SIZE;
}

/* Seconds of the flash's work for blocks first to last - 1. */
static double work_seconds(uint32_t size, uint32_t first, uint32_t last)
{
	double sum = 0;

	for (uint32_t i = first; i < last; i++)
		sum += erase_seconds(block_size(size, i)) + write_seconds(block_size(size, i));
	return sum;
}

static double flash_seconds(uint32_t size)
{
	const uint32_t count = (size + FLASH_BLOCK_SIZE - 1u) / FLASH_BLOCK_SIZE;

	return work_seconds(size, 0, count) + end_seconds(size);
}

/*
 * No device can be quicker: for any blocks p and q, the flash has to do all before p, and to erase p,
 * until more is taken than the ring and a sector had; what is left up to q then comes by the link;
 * and from q on the flash has to write, q's erase having been ahead.
 */
static double at_best(const struct stream *s, double link)
{
	const double held = RING + FLASH_SECTOR_SIZE;
	double most = 0;

	for (uint32_t p = 0; p <= s->count; p++)
		for (uint32_t q = p; q <= s->count; q++) {
			const double bytes = (double)(s->at[q] - s->at[p]) - (p > 0 ? held : 0);
			double t = work_seconds(s->image_size, 0, p) +
				   work_seconds(s->image_size, q, s->count);

			if (p > 0 && p < q)
				t += erase_seconds(block_size(s->image_size, p));
			if (p < q && q < s->count)
				t -= erase_seconds(block_size(s->image_size, q));
			t += bytes > 0 ? bytes / link : 0;
			most = t > most ? t : most;
		}
	return most + end_seconds(s->image_size) + EVENTS * EVENT;
}

static void assert_share(const char *what, const char *set_up, double took, double best)
{
	print_message("%-34s %-22s %6.3f s, %5.3f of what is possible\n", what, set_up, took,
		      best / took);
	assert_true(took > 0);
	assert_true(best / took >= SHARE);
}

/* The image's stream, deflated as the host sends it. */
static void deflated(const uint8_t *bytes, size_t size, struct job_stream *ret)
{
	assert_int_equal(job_stream_deflate(ret, bytes, (uint32_t)size, WINDOW), 0);
}

/* An image whose blocks are all alike, so large that its ends are small beside it. */
static void test_rate(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = WHOLE, .seed = 3};
	uint8_t *image = malloc(WHOLE + FLASH_BLOCK_SIZE);
	struct job_stream stream;
	double flash, link, took;
	uint32_t air;
	size_t size;

	(void)state;
	assert_non_null(image);
	assert_int_equal(image_build(&b, sha256_buffer, image, WHOLE + FLASH_BLOCK_SIZE, &size), 0);
	size = code_like(image, size);
	write_file(whole, image, size);
	deflated(image, size, &stream);
	flash = FLASH_BLOCK_SIZE / work_seconds(WHOLE, 0, 1);
	link = link_rate("") * (double)size / stream.stream.size;
	took = seconds("deflate", "auto-suspend", "", whole, &air);
	assert_int_equal(air, stream.stream.size);
	assert_share("1.3 MB of equal blocks, deflated", "", took,
		     (double)size / (flash < link ? flash : link));
	job_stream_finish(&stream);
	free(image);
}

/* The chip that goes on receiving while its flash works. */
static void test_set_ups(void **state)
{
	size_t size = 0;
	uint8_t *image = test_load_image(REAL, &size);
	struct job_stream stream;
	uint32_t air;

	(void)state;
	if (!image)
		skip();
	write_file(whole, image, size);
	deflated(image, size, &stream);
	for (size_t i = 0; i < sizeof(set_ups) / sizeof(set_ups[0]); i++) {
		const double link = link_rate(set_ups[i]);
		const double took = seconds("deflate", "auto-suspend", set_ups[i], whole, &air);

		assert_int_equal(air, stream.stream.size);
		assert_share("deflated, auto-suspend", set_ups[i], took,
			     at_best(&stream.stream, link));
	}
	job_stream_finish(&stream);
	free(image);
}

/* The chip that stands still for each erase leaves the link the rest; writes are short. */
static void test_standstill(void **state)
{
	size_t size = 0;
	uint8_t *image = test_load_image(REAL, &size);
	double erases = 0;
	uint32_t air;

	(void)state;
	if (!image)
		skip();
	write_file(whole, image, size);
	for (uint32_t at = 0; at < size; at += FLASH_BLOCK_SIZE)
		erases += erase_seconds(block_size((uint32_t)size, at / FLASH_BLOCK_SIZE));
	for (size_t i = 0; i < sizeof(set_ups) / sizeof(set_ups[0]); i++) {
		const double link = link_rate(set_ups[i]);
		const double took = seconds("deflate", "usual", set_ups[i], whole, &air);

		assert_share("deflated, usual", set_ups[i], took,
			     air / link + erases + end_seconds((uint32_t)size));
	}
	free(image);
}

/* A build later, of which a hundredth is new: the flash's own time, and hardly any air. */
static void test_delta(void **state)
{
	static const char *const modes[] = {"auto-suspend", "usual"};
	size_t size = 0;
	uint8_t *image = test_load_image(REAL, &size);
	char more[100], command[120];
	struct program_ran r;
	uint32_t air;
	double took;

	(void)state;
	if (!image)
		skip();
	write_file(whole, image, size);
	free(image);
	(void)unsetenv("OTABENCH_IMAGE_STORE");
	(void)setenv("XDG_CACHE_HOME", folder, 1);
	r = program_run("sample-image --like=%s --edit=1 --seed=7 %s", whole, next);
	assert_int_equal(r.exit, 0);
	program_done(&r);
	(void)snprintf(more, sizeof(more), ",state=%s", state_folder);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		(void)snprintf(command, sizeof(command), "rm -rf %s", state_folder);
		assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): likewise */
		(void)seconds("raw", modes[i], more, whole, &air);
		took = seconds("delta", modes[i], more, next, &air);
		print_message("delta, %-26s %u bytes on air, %.3f s, %.3f of the flash's time\n",
			      modes[i], (unsigned int)air, took,
			      took / flash_seconds((uint32_t)size));
		assert_true(air <= size / 20u);
		assert_true(took <= 1.1 * flash_seconds((uint32_t)size));
	}
	(void)setenv("OTABENCH_IMAGE_STORE", "no", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_set_ups),
		cmocka_unit_test(test_standstill),
		cmocka_unit_test(test_delta),
	};

	return cmocka_run_group_tests_name("stream_pipeline", tests, build, clean);
}
