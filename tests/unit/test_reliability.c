/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kind of fault at every place, in virtual time: whether the right cause comes first, with
 * the right cure, and what becomes of the update.  The table is docs/reliability.md:
 * `make reliability` writes it, the test compares it.
 *
 *   RELIABILITY_ONLY   kinds whose names contain that; nothing is compared
 *   RELIABILITY_TELL   a line for each that is not as it should be
 *   UPDATE_RELIABILITY writes the file
 */
#include "config.h" /* system extensions: open_memstream() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "faultkinds.h"
#include "testlib.h"

static const struct bench_kind *const lists[] = {faultkinds_device, faultkinds_link,
						 faultkinds_host};
static struct bench bench;

static unsigned int all_places(const struct bench_kind *kind)
{
	unsigned int good = 0;

	for (unsigned int place = 0; place < BENCH_PLACES; place++) {
		if (bench_run(&bench, kind, place))
			good++;
		else if (getenv("RELIABILITY_TELL"))
			print_message("# %s, %s: %s\n", kind->name, bench_places[place].name,
				      bench.why);
	}
	return good;
}

static void row(FILE *out, const struct bench_kind *k, unsigned int good)
{
	static const char *const ends[] = {
		[BENCH_GOES_ON] = "completes by itself",
		[BENCH_CURED] = "ends; completes after the cure",
		[BENCH_KEPT] = "ends; the device keeps its image",
	};

	(void)fprintf(out, "| %s | %s | `%s` | %u of %u | %s | %s |\n", k->name, k->how,
		      diagnosis_name(k->cause), good, BENCH_PLACES, diagnosis_cure(k->cause),
		      ends[k->end]);
}

#define DOCUMENT "docs/reliability.md"
#define LEAST_PERCENT 95u

static void intro(FILE *out)
{
	(void)fputs(
		"# What goes wrong, and what otabench makes of it\n\n"
		"`make reliability` writes this file, `make check` compares it: every fault below "
		"is tried at\nten places, in virtual time, on simulated devices. It is caused on "
		"the board, in the air, in\nthe host's stack or by another central; the program "
		"that updates is told nothing of it.\nRight is a place where the cause named "
		"comes first, with that cure, where no stall is logged\nwithout a reason, and "
		"where the update ends as the last column says.\n\nThe places:\n\n",
		out);
	for (unsigned int i = 0; i < BENCH_PLACES; i++)
		(void)fprintf(out, "- %s\n", bench_places[i].name);
	(void)fputs("\nThey are shares of the image, about 460 kB; a fault that comes before the "
		    "transfer has the same\nten devices and links.\n\n"
		    "| fault | caused by | cause told first | right | cure | the update |\n"
		    "| --- | --- | --- | --- | --- | --- |\n",
		    out);
}

/* All of them as the file has them; returns how many places were right. */
static unsigned int matrix(FILE *out, const char *only, unsigned int *ret_kinds)
{
	unsigned int good = 0;

	*ret_kinds = 0;
	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
		for (const struct bench_kind *k = lists[l]; k->name; k++) {
			unsigned int n;

			if (only && !strstr(k->name, only))
				continue;
			n = all_places(k);
			row(out, k, n);
			good += n;
			++*ret_kinds;
		}
	}
	return good;
}

static void compare(const char *text, size_t len)
{
	char *path = test_source_path(DOCUMENT);
	size_t size;
	uint8_t *kept;
	FILE *file;

	if (getenv("UPDATE_RELIABILITY")) {
		file = fopen(path, "w");
		assert_non_null(file);
		assert_int_equal(fwrite(text, 1, len, file), len);
		assert_int_equal(fclose(file), 0);
	}
	kept = test_load_file(path, &size);
	assert_non_null(kept);
	if (size != len || memcmp(kept, text, len) != 0)
		fail_msg("%s is not what the test finds: run 'make reliability'", DOCUMENT);
	free(kept);
	free(path);
}

static void test_matrix(void **state)
{
	const char *only = getenv("RELIABILITY_ONLY");
	unsigned int kinds, good;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	intro(out);
	good = matrix(out, only, &kinds);
	assert_true(kinds > 0);
	(void)fprintf(out, "\n%u kinds at %u places: right in %u of %u, %u.%u %%.\n", kinds,
		      BENCH_PLACES, good, kinds * BENCH_PLACES, good * 10u / (kinds ? kinds : 1u),
		      good * 100u / (kinds ? kinds : 1u) % 10u);
	assert_int_equal(fclose(out), 0);
	print_message("# %u kinds, right in %u of %u\n", kinds, good, kinds * BENCH_PLACES);
	if (!only) {
		assert_true(kinds >= 30u);
		assert_true(good * 100u >= kinds * BENCH_PLACES * LEAST_PERCENT);
		compare(text, len);
	}
	free(text);
}

/* Causes that no row above can have, with the reason. */
static bool elsewhere(enum diagnosis_cause cause)
{
	return cause == DIAGNOSIS_NO_HEADWAY; /* a device that lies: test_hostile */
}

static void test_all_causes(void **state)
{
	(void)state;
	for (unsigned int c = DIAGNOSIS_NONE + 1; c < DIAGNOSIS_CAUSES; c++) {
		bool found = elsewhere((enum diagnosis_cause)c);

		for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++)
			for (const struct bench_kind *k = lists[l]; k->name; k++)
				found |= k->cause == (enum diagnosis_cause)c;
		if (!found)
			fail_msg("no fault has the cause %s",
				 diagnosis_name((enum diagnosis_cause)c));
	}
}

/* A cure that has other words now may need another deed. */
static void test_deeds(void **state)
{
	const char *cause = bench_stale_deed();

	(void)state;
	if (cause)
		fail_msg("the cure of %s has other words than its deed in faultbench_cure.c",
			 cause);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_all_causes),
		cmocka_unit_test(test_deeds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
