/* SPDX-License-Identifier: Apache-2.0 */
/* Lessons about adapters: kept by address and PHY, the latest first, no more than there
 * is room for; a file that holds something else does no harm. */
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

#include "host/adapters.h"
#include "ota/error.h"

#define FIRST "00:11:22:33:44:55"

static char folder[64], state_file[128];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/otabench-adapters-XXXXXX");
	if (!mkdtemp(folder) || setenv("XDG_STATE_HOME", folder, 1) < 0)
		return -1;
	(void)snprintf(state_file, sizeof(state_file), "%s/otabench/adapters", folder);
	return 0;
}

static int teardown(void **state)
{
	char within[128];

	(void)state;
	(void)unlink(state_file);
	(void)snprintf(within, sizeof(within), "%s/otabench", folder);
	(void)rmdir(within);
	return rmdir(folder);
}

static void test_learn(void **state)
{
	(void)state;
	assert_int_equal(adapters_interval(FIRST, false), 0);
	assert_int_equal(adapters_learn(FIRST, false, 6), 0);
	assert_int_equal(adapters_learn(FIRST, true, 12), 0);
	assert_int_equal(adapters_interval(FIRST, false), 6);
	assert_int_equal(adapters_interval(FIRST, true), 12);
	assert_int_equal(adapters_interval("00:11:22:33:44:56", true), 0);
	assert_int_equal(adapters_learn(FIRST, false, 8), 0);
	assert_int_equal(adapters_interval(FIRST, false), 8);
	assert_int_equal(adapters_interval(FIRST, true), 12);
}

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(adapters_learn("hci0", false, 6), -OTA_EINVAL);
	assert_int_equal(adapters_learn(FIRST "\n", false, 6), -OTA_EINVAL);
	assert_int_equal(adapters_learn(FIRST, false, 5), -OTA_EINVAL);
	assert_int_equal(adapters_learn(FIRST, false, 3201), -OTA_EINVAL);
	assert_int_equal(access(state_file, F_OK), -1);
}

static void test_bounded(void **state)
{
	char address[ADAPTERS_ADDRESS];

	(void)state;
	for (unsigned int i = 0; i <= ADAPTERS_MAX; i++) {
		(void)snprintf(address, sizeof(address), "00:11:22:33:44:%02X", i & 0xffu);
		assert_int_equal(adapters_learn(address, true, (uint16_t)(6 + i)), 0);
	}
	assert_int_equal(adapters_interval("00:11:22:33:44:00", true), 0); /* the oldest */
	assert_int_equal(adapters_interval("00:11:22:33:44:01", true), 7);
	assert_int_equal(adapters_interval(address, true), 6 + ADAPTERS_MAX);
}

static void test_other_content(void **state)
{
	static const char *const lines =
		"nonsense\n" FIRST " 2M 99999\n" FIRST " 3M 6\n" FIRST " 2M 6 more\n" FIRST
		" 2M 9\n00:11:22:33:44:55:66 1M 6\n\n" FIRST " 1M 7";
	FILE *out;

	(void)state;
	assert_int_equal(adapters_learn("00:11:22:33:44:99", true, 6), 0); /* makes the folder */
	out = fopen(state_file, "w");
	assert_non_null(out);
	assert_true(fputs(lines, out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(adapters_interval(FIRST, true), 9);
	assert_int_equal(adapters_interval(FIRST, false), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_learn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_content, setup, teardown),
	};

	return cmocka_run_group_tests_name("adapters", tests, NULL, NULL);
}
