/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device whose Bluetooth task stands still: 24 buffers of its pool fill, then those of its
 * controller.  What an ESP32-C3's controller does then, ble_hci_rx_acl() of ESP-IDF's
 * esp_nimble_hci.c says: it drops a packet, unsaid, after 29 ticks of 10 ms.  A later chip's
 * refuses on the air.
 */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "programlib.h"

#define DROP_MS 290
/* 24 packets of the pool, at 14 in each event of 10 ms on 2M, and one more; the first event may
 * be over for the most part. */
#define FILL_MS 40

static char folder[] = "/tmp/otabench-host-task.XXXXXX";

static int build(void **state)
{
	static const char *const chips[] = {"esp32c3", "esp32c6"};

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	for (int i = 0; i < 2; i++)
		program_sample(folder, chips[i], "--chip=%s --size=300000", chips[i]);
	return 0;
}

static int clean(void **state)
{
	(void)state;
	return program_folder_remove(folder);
}

/* Gaps that an update had whose device stood still in the middle, for so long. */
static json_int_t gaps(const char *chip, int ms, const char *more)
{
	struct program_ran r = program_run("--sim=devices=1,chip=%s,phy=2M,interval=10,"
					   "flash=ideal,fault=block@150000:%d%s --json flash "
					   "esp-sim-01 %s/%s",
					   chip, ms, more, folder, chip);
	json_int_t count;

	program_expect(&r, 0, "confirmed");
	count = json_integer_value(json_object_get(r.last, "gaps"));
	program_done(&r);
	return count;
}

static void test_drops_after_29_ticks(void **state)
{
	(void)state;
	assert_int_equal(gaps("esp32c3", DROP_MS, ""), 0);
	assert_true(gaps("esp32c3", DROP_MS + FILL_MS, "") > 0);
}

/* Shorter than the host waits for an ACK, behind which it would ask by itself. */
static void test_later_chips_wait(void **state)
{
	(void)state;
	assert_int_equal(gaps("esp32c6", 2 * DROP_MS, ""), 0);
	assert_int_equal(gaps("esp32c3", 2 * DROP_MS, ",acl_wait=0"), 0);
	assert_int_equal(gaps("esp32c3", 2 * DROP_MS, ",flash_mode=lenient"), 0);
}

/* A tick of 1 ms, which Arduino has, leaves the task a tenth of the time. */
static void test_given(void **state)
{
	(void)state;
	assert_int_equal(gaps("esp32c3", 29, ",acl_wait=29"), 0);
	assert_true(gaps("esp32c3", 29 + FILL_MS, ",acl_wait=29") > 0);
	assert_true(gaps("esp32c6", 29 + FILL_MS, ",acl_wait=29") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drops_after_29_ticks),
		cmocka_unit_test(test_later_chips_wait),
		cmocka_unit_test(test_given),
	};

	return cmocka_run_group_tests(tests, build, clean);
}
