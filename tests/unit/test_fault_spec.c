/* SPDX-License-Identifier: Apache-2.0 */
/* Fault specifications: every form there and back, and every kind of mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ota/error.h"
#include "transport/fault_spec.h"

static void test_good(void **state)
{
	static const struct {
		const char *text;
		struct fault_spec spec;
		const char *formatted; /* NULL: as text */
	} cases[] = {
		{"drop-data@1", {FAULT_DROP_DATA, 1, 0, 0}, NULL},
		{"drop-data%5", {FAULT_DROP_DATA, 0, 50000, 0}, NULL},
		{"drop-data%0.0001", {FAULT_DROP_DATA, 0, 1, 0}, NULL},
		{"drop-data%100", {FAULT_DROP_DATA, 0, FAULT_SHARE_ALL, 0}, NULL},
		{"drop-data%2.50", {FAULT_DROP_DATA, 0, 25000, 0}, "drop-data%2.5"},
		{"drop-notify@4294967295", {FAULT_DROP_NOTIFY, UINT32_MAX, 0, 0}, NULL},
		{"drop-notify%1.5", {FAULT_DROP_NOTIFY, 0, 15000, 0}, NULL},
		{"dup-data@7", {FAULT_DUP_DATA, 7, 0, 0}, NULL},
		{"dup-data%7", {FAULT_DUP_DATA, 0, 70000, 0}, NULL},
		{"dup-notify@8", {FAULT_DUP_NOTIFY, 8, 0, 0}, NULL},
		{"dup-notify%8", {FAULT_DUP_NOTIFY, 0, 80000, 0}, NULL},
		{"delay-data@9:1", {FAULT_DELAY_DATA, 9, 0, 1}, NULL},
		{"delay-data%9:60000", {FAULT_DELAY_DATA, 0, 90000, 60000}, NULL},
		{"delay-notify@3:250", {FAULT_DELAY_NOTIFY, 3, 0, 250}, NULL},
		{"delay-notify%0.5:250", {FAULT_DELAY_NOTIFY, 0, 5000, 250}, NULL},
		{"disconnect@0", {FAULT_DISCONNECT, 0, 0, 0}, NULL},
		{"disconnect@65536", {FAULT_DISCONNECT, 65536, 0, 0}, NULL},
		{"terminate@65536", {FAULT_TERMINATE, 65536, 0, 0}, NULL},
		{"reboot@1", {FAULT_REBOOT, 1, 0, 0}, NULL},
		{"power-cut@12", {FAULT_POWER_CUT, 12, 0, 0}, NULL},
		{"write-fail@4096", {FAULT_WRITE_FAIL, 4096, 0, 0}, NULL},
		{"slow-erase", {FAULT_SLOW_ERASE, 0, 0, 10}, "slow-erase:10"},
		{"slow-erase:2", {FAULT_SLOW_ERASE, 0, 0, 2}, NULL},
		{"slow-erase:1000", {FAULT_SLOW_ERASE, 0, 0, 1000}, NULL},
		{"no-boot", {FAULT_NO_BOOT, 0, 0, 0}, NULL},
		{"block@65536:290", {FAULT_BLOCK, 65536, 0, 290}, NULL},
		{"stale-cache", {FAULT_STALE_CACHE, 0, 0, 0}, NULL},
		{"garble-notify@7", {FAULT_GARBLE_NOTIFY, 7, 0, 0}, NULL},
		{"garble-notify%2.5", {FAULT_GARBLE_NOTIFY, 0, 25000, 0}, NULL},
		{"flood-notify:500", {FAULT_FLOOD_NOTIFY, 0, 0, 500}, NULL},
		{"loss@0:2.5", {FAULT_LOSS, 0, 0, 25000}, NULL},
		{"loss@9:0", {FAULT_LOSS, 9, 0, 0}, NULL},
		{"drops@65536:100", {FAULT_DROPS, 65536, 0, FAULT_SHARE_ALL}, NULL},
		{"buffers@65536:3", {FAULT_BUFFERS, 65536, 0, 3}, NULL},
		{"buffers@1:0", {FAULT_BUFFERS, 1, 0, 0}, NULL},
	};
	unsigned int kinds = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char why[128] = "", buf[FAULT_TEXT_MAX];
		struct fault_spec spec;

		memset(&spec, 0x5a, sizeof(spec));
		assert_int_equal(fault_parse(cases[i].text, &spec, why, sizeof(why)), 0);
		assert_string_equal(why, "");
		assert_int_equal(spec.kind, cases[i].spec.kind);
		assert_int_equal(spec.at, cases[i].spec.at);
		assert_int_equal(spec.share_ppm, cases[i].spec.share_ppm);
		assert_int_equal(spec.arg, cases[i].spec.arg);
		assert_string_equal(fault_format(&spec, buf, sizeof(buf)),
				    cases[i].formatted ? cases[i].formatted : cases[i].text);
		kinds |= 1u << spec.kind;
	}
	assert_int_equal(kinds, (1u << FAULT_KINDS) - 1);
}

static void test_bad(void **state)
{
	static const char *const cases[][2] = {
		{"", "unknown fault, expected drop-data, drop-notify, dup-data, dup-notify, "
		     "delay-data, delay-notify, disconnect, terminate, reboot, power-cut, "
		     "write-fail, slow-erase, no-boot, block, stale-cache, garble-notify, "
		     "flood-notify, loss, drops or buffers"},
		{"@5", NULL},
		{"explode@5", NULL},
		{"drop-dta@5", "unknown fault (did you mean drop-data?)"},
		{"noboot", "unknown fault (did you mean no-boot?)"},
		{"drop-data", "expected drop-data@N or drop-data%P"},
		{"drop-data:5", "expected drop-data@N or drop-data%P"},
		{"drop-data@", "expected N from 1 to 4294967295, found no number"},
		{"drop-data@0", "expected N from 1 to 4294967295, found 0"},
		{"drop-data@x", "expected N from 1 to 4294967295, found no number"},
		{"drop-data@-1", "expected N from 1 to 4294967295, found no number"},
		{"drop-data@1.5", "expected N from 1 to 4294967295, found 1.5"},
		{"drop-data@4294967296", "expected N from 1 to 4294967295, found 4294967296"},
		{"drop-data@5:7", "expected drop-data@N or drop-data%P and nothing after it"},
		{"drop-data@5%", "expected drop-data@N or drop-data%P and nothing after it"},
		{"drop-data@5 ", "expected drop-data@N or drop-data%P and nothing after it"},
		{"drop-data%0", "expected a share in percent from 0.0001 to 100, found 0"},
		{"drop-data%100.1", "expected a share in percent from 0.0001 to 100, found 100.1"},
		{"drop-data%0.00001",
		 "expected a share in percent from 0.0001 to 100, found 0.00001"},
		{"drop-data%", "expected a share in percent from 0.0001 to 100, found no number"},
		{"drop-data%1.2.3", "expected a share in percent from 0.0001 to 100, found 1.2.3"},
		{"delay-data@5", "expected delay-data@N:MS or delay-data%P:MS"},
		{"delay-data@5:", "expected MS from 1 to 60000, found no number"},
		{"delay-data@5:0", "expected MS from 1 to 60000, found 0"},
		{"delay-data@5:60001", "expected MS from 1 to 60000, found 60001"},
		{"delay-notify:60", "expected delay-notify@N:MS or delay-notify%P:MS"},
		{"disconnect%5", "expected disconnect@BYTE"},
		{"disconnect", "expected disconnect@BYTE"},
		{"loss@5", "expected loss@BYTE:P"},
		{"loss:5", "expected loss@BYTE:P"},
		{"loss@5:100.1", "expected a share in percent from 0 to 100, found 100.1"},
		{"buffers@5:256", "expected N from 0 to 255, found 256"},
		{"disconnect@5:6", "expected disconnect@BYTE and nothing after it"},
		{"power-cut@0", "expected OP from 1 to 4294967295, found 0"},
		{"slow-erase@5", "expected slow-erase or slow-erase:FACTOR and nothing after it"},
		{"slow-erase:", "expected FACTOR from 2 to 1000, found no number"},
		{"slow-erase:1", "expected FACTOR from 2 to 1000, found 1"},
		{"slow-erase:1001", "expected FACTOR from 2 to 1000, found 1001"},
		{"no-boot@5", "expected no-boot and nothing after it"},
		{"no-boot:5", "expected no-boot and nothing after it"},
		{"no-boot%5", "expected no-boot and nothing after it"},
		{"stale-cache@5", "expected stale-cache and nothing after it"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char why[256] = "";
		struct fault_spec spec, before;

		memset(&spec, 0x5a, sizeof(spec));
		before = spec;
		assert_int_equal(fault_parse(cases[i][0], &spec, why, sizeof(why)), -OTA_EINVAL);
		assert_string_equal(why, cases[i][1] ? cases[i][1] : cases[0][1]);
		assert_memory_equal(&spec, &before, sizeof(spec));
	}
}

/* Messages are for terminals, whatever was typed. */
static void test_harmless(void **state)
{
	static const char *const cases[] = {"\033[2J@5", "drop-data@\033[2J", "no-boot\n",
					    "drop-data@5\r", "drop-data%\xff"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char why[256] = "";
		struct fault_spec spec;

		assert_int_equal(fault_parse(cases[i], &spec, why, sizeof(why)), -OTA_EINVAL);
		for (const char *c = why; *c != '\0'; c++)
			assert_in_range(*c, 0x20, 0x7e);
	}
}

/* A short buffer still holds a terminated string. */
static void test_short_buffer(void **state)
{
	struct fault_spec spec;
	char why[8], buf[8];

	(void)state;
	assert_int_equal(fault_parse("bad", &spec, why, sizeof(why)), -OTA_EINVAL);
	assert_string_equal(why, "unknown");
	assert_int_equal(fault_parse("disconnect@12", &spec, why, sizeof(why)), 0);
	assert_string_equal(fault_format(&spec, buf, sizeof(buf)), "disconn");
}

static void test_names(void **state)
{
	(void)state;
	for (int kind = 0; kind < FAULT_KINDS; kind++) {
		const char *name = fault_kind_name((enum fault_kind)kind);
		const char *usage = fault_kind_usage((enum fault_kind)kind);

		assert_non_null(name);
		assert_memory_equal(usage, name, strlen(name));
		assert_true(strlen(fault_kind_help((enum fault_kind)kind)) > 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	 cmocka_unit_test(test_bad),
		cmocka_unit_test(test_harmless), cmocka_unit_test(test_short_buffer),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
