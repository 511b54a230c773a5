/* SPDX-License-Identifier: Apache-2.0 */
/* The progress line: what the device acknowledged, and why it does not go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/progress.h"

static struct progress half(void)
{
	return (struct progress){
		.phase = "sending",
		.size = 600000,
		.queued = 330000,
		.received = 300000,
		.flushed = 270000,
		.received_known = true,
		.rate = 93000,
		.eta_us = 3200000,
		.wait = "",
	};
}

static void test_figures(void **state)
{
	struct progress p = half();
	char text[300];

	(void)state;
	assert_string_equal(progress_format(&p, 119, text, sizeof(text)),
			    "sending      [#########=-.........]  50% 300.0 kB of 600.0 kB  93.0 "
			    "kB/s  ETA 0:03.2  queued 330.0 kB  flushed 270.0 kB");
	assert_string_equal(
		progress_format(&p, 79, text, sizeof(text)),
		"sending      [######=-.......]  50% 300.0 kB of 600.0 kB  93.0 kB/s  ETA 0:03.2");
	/* If nothing is known to have arrived, no rate is known. */
	p.received_known = false;
	p.received = p.flushed = 0;
	assert_string_equal(
		progress_format(&p, 79, text, sizeof(text)),
		"sending      [-------......]  55% queued 330.0 kB of 600.0 kB  not acknowledged");
}

static void test_wait(void **state)
{
	struct progress p = half();
	char text[300];

	(void)state;
	p.wait = "stalled 0:04: device silent 0:04, 30.0 kB unacknowledged";
	assert_string_equal(progress_format(&p, 119, text, sizeof(text)),
			    "sending      [#############=-..............]  50% of 600.0 kB  "
			    "stalled 0:04: device silent 0:04, 30.0 kB unacknowledged");
	assert_string_equal(
		progress_format(&p, 79, text, sizeof(text)),
		" 50% of 600.0 kB  stalled 0:04: device silent 0:04, 30.0 kB unacknowledged");
}

/* Figures that do not fit are dropped whole, from the right. */
static void test_whole_figures(void **state)
{
	static const char *const figures[] = {" 50% 300.0 kB of 600.0 kB", "93.0 kB/s",
					      "ETA 0:03.2", "queued 330.0 kB", "flushed 270.0 kB"};
	const struct progress p = half();
	char text[300];

	(void)state;
	for (size_t width = 40; width < 160; width++) {
		const char *at = progress_format(&p, width, text, sizeof(text));

		at = strstr(at, figures[0]);
		assert_non_null(at);
		for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]) && *at != '\0'; i++) {
			at += i > 0 ? 2 : 0;
			assert_memory_equal(at, figures[i], strlen(figures[i]));
			at += strlen(figures[i]);
		}
		assert_string_equal(at, "");
	}
}

/*
 * On any terminal the line is not wider than it, nor than the buffer; an image of no bytes divides
 * by nothing.
 */
static void test_widths(void **state)
{
	struct progress p = half();
	char text[100];

	(void)state;
	for (int wait = 0; wait < 2; wait++) {
		p.wait = wait ? "link lost: reconnects by itself, retry 2" : "";
		for (size_t width = 0; width < 300; width++) {
			memset(text, 'x', sizeof(text));
			(void)progress_format(&p, width, text, sizeof(text));
			assert_true(memchr(text, '\0', sizeof(text)) != NULL);
			assert_true(strlen(text) <= width);
		}
	}
	p.size = 0;
	assert_non_null(strstr(progress_format(&p, 99, text, sizeof(text)), "0% of 0 B"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_whole_figures),
		cmocka_unit_test(test_widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
