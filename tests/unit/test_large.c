/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cost of a simulation: images as large as a chip can have them, and as many devices as there
 * may be.  Memory is what the runs need, beside each other on the same machine.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "programlib.h"

#define SIZES 2u
#define SPARE_KIB 4096 /* what a run may need besides, whatever it is about */

static const unsigned int sizes[SIZES] = {4000000, 15000000};
static long rest; /* KiB of a run that only listens */
static char folder[] = "/tmp/otabench-large.XXXXXX";

/* Bytes are KiB here: of the largest run so far. */
static long peak(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
	return usage.ru_maxrss;
}

/* Address sanitizer keeps what was freed. */
static void assert_memory(long more)
{
#ifdef __SANITIZE_ADDRESS__
	(void)more;
#else
	const long now = peak();

	if (now > rest + more + SPARE_KIB)
		fail_msg("%ld KiB, and %ld at rest: %ld more were to be enough", now, rest, more);
#endif
}

static void flash(unsigned int size, const char *sim)
{
	struct program_ran r = program_run("--json --sim=devices=1,slots=16M+16M,%s flash "
					   "esp-sim-01 %s/%u.bin",
					   sim, folder, size);

	program_expect(&r, 0, "confirmed");
	assert_int_equal(program_number(&r, "bytes"), size);
	program_done(&r);
}

static void test_devices(void **state)
{
	struct program_ran r = program_run("--json --sim=devices=1 scan");

	(void)state;
	rest = peak();
	assert_int_equal(r.exit, 0);
	program_done(&r);
	r = program_run("--json --sim=devices=64 scan");
	assert_int_equal(r.exit, 0);
	program_done(&r);
	assert_memory(0); /* 64 flashes of 4 MiB would be far more */
}

/* An image is in memory twice, in its file and in the flash: that is all that grows. */
static void test_images(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SIZES; i++) {
		flash(sizes[i], "phy=2M");
		assert_memory(2 * (long)(sizes[i] / 1024));
	}
}

static void test_resume(void **state)
{
	(void)state;
	flash(sizes[SIZES - 1], "phy=2M,fault=disconnect@9000000,fault=reboot@12000000");
}

static int set_up(void **state)
{
	struct program_ran r;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	for (unsigned int i = 0; i < SIZES; i++) {
		r = program_run("--json sample-image --size=%u %s/%u.bin", sizes[i], folder,
				sizes[i]);
		if (r.exit != 0)
			return -1;
		program_done(&r);
	}
	return 0;
}

static int tear_down(void **state)
{
	char path[80];

	(void)state;
	for (unsigned int i = 0; i < SIZES; i++) {
		(void)snprintf(path, sizeof(path), "%s/%u.bin", folder, sizes[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_resume),
	};

	return cmocka_run_group_tests_name("large", tests, set_up, tear_down);
}
