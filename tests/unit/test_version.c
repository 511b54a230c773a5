/* SPDX-License-Identifier: Apache-2.0 */
/* The order of versions; a wrong answer refuses a good update or lets a downgrade pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "image/lint.h"

static void expect(const char *a, const char *b, int want)
{
	bool comparable = false, back = false;
	int c = lint_compare_versions(a, b, &comparable);
	int d = lint_compare_versions(b, a, &back);

	if (!comparable || !back || c != want || d != -want)
		fail_msg("%s against %s: %d and %d, comparable %d and %d", a, b, c, d, comparable,
			 back);
}

static void expect_unordered(const char *a, const char *b)
{
	bool comparable = true;
	int c = lint_compare_versions(a, b, &comparable);

	if (comparable || c != 0)
		fail_msg("%s against %s: %d", a, b, c);
}

/* Each older than the next. */
static void expect_order(const char *const *versions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++)
			expect(versions[i], versions[j], (i > j) - (i < j));
	}
}
#define EXPECT_ORDER(v) expect_order(v, sizeof(v) / sizeof((v)[0]))

static void test_semantic_versions(void **state)
{
	/* The example of semver.org, section 11, and more. */
	static const char *const order[] = {
		"0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
		"1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
		"1.0.0",      "1.0.1",	      "1.2.0",	       "1.10.0",
		"2.0.0",      "10.0.0",
	};

	(void)state;
	EXPECT_ORDER(order);
	expect("1.0.0+build.1", "1.0.0+build.9", 0);
	expect("1.0.0-rc1+5", "1.0.0", -1);
}

static void test_idf_versions(void **state)
{
	static const char *const order[] = {
		"v3.3.5",
		"v3.3.5-1-g85c43024c",
		"v4.4",
		"v5.0-dev",
		"v5.0-dev-10-gabcdef1",
		"v5.0-dev-100-gabcdef1",
		"v5.0-beta1",
		"v5.0-beta1-427-g4532e6e0b2",
		"v5.0-rc1",
		"v5.0",
		"v5.0-1-gabcdef1",
		"v5.0.1",
		"v5.1-dev-3-gabcdef1",
		"v5.2.1",
		"v5.2.1-3-gabcdef",
		"v5.2.1-12-gabcdef",
	};

	(void)state;
	EXPECT_ORDER(order);
}

static void test_spellings(void **state)
{
	(void)state;
	expect("v1.2.3", "1.2.3", 0);
	expect("V1.2.3", "v1.2.4", -1);
	expect("1.2", "1.2.0", 0);
	expect("1", "1.0.1", -1);
	expect("1.02", "1.2", 0);
	expect("1.2-rc2", "1.2-rc10", -1);
	expect("1-g", "2", -1);
	expect("7", "12", -1);
	expect("20240131", "20240201", -1);
	expect("2024.01.31", "2024.02.01", -1);
	expect("lamp-v1.2", "lamp-v1.3", -1);
	expect("release-1.2", "release-1.10", -1);
	expect("qa-test-v5.0-20220830-4-g4532e6", "qa-test-v5.0-20220830-5-g1234567", -1);
	expect("999999999999999999999.1", "999999999999999999999.2", -1);
	expect("1.2.3-dirty", "1.2.4", -1);
	expect("1.2.3-4-gabcdef-dirty", "1.2.3-5-gabcdef0", -1);
	expect("9036908-dirty", "9036908-dirty", 0);
}

static void test_no_order(void **state)
{
	(void)state;
	expect_unordered("", "");
	expect_unordered("", "1.0");
	expect_unordered("9036908-dirty", "9036909-dirty"); /* hashes of Arduino's core */
	expect_unordered("9036908-dirty", "1.0.0");
	expect_unordered("a1b2c3d", "1.0.0");
	expect_unordered("a1b2c3d", "a1b2c3e");
	expect_unordered("lamp-v1.2", "pump-v1.3");
	expect_unordered("1.2.3", "1.2.3-dirty");
	expect_unordered("1.2.3-4-gabcdef0", "1.2.3-4-gabcdef1");
	expect_unordered("master", "1.0");
	expect_unordered("1.2.3 (test)", "1.2.3");
	expect_unordered("1.2_3", "1.2");
	expect_unordered("1.", "1.0");
	expect_unordered("1.0-", "1.0");
	expect_unordered("v", "v1");
	expect_unordered("-dirty", "-1-gabcdef");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_semantic_versions),
		cmocka_unit_test(test_idf_versions),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_no_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
