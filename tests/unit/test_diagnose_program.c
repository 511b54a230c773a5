/* SPDX-License-Identifier: Apache-2.0 */
/* The diagnosis of faults that a virtual board, its radio or its flash suffers, as a user's
 * program reports them. */
#include "config.h" /* system extensions: mkdtemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "programlib.h"

static char folder[] = "/tmp/test_diagnose_program.XXXXXX";

struct fault {
	const char *sim, *set;
	const char *cause; /* told first, while it runs or at its end */
	int exit;
};

static const struct fault faults[] = {
	{"fault=slow-erase:40", "", "erasing", 0},
	{"dialect=basic,flash=slow,fault=slow-erase:5", "-s retries=0", "erasing", 75},
	{"interval=4000,supervision=420", "-s retries=0", "supervision-interval", 75},
	{"interval=4000,supervision=8000", "", "supervision-interval", 75},
	{"interval=4000,supervision=8010", "-s retries=0", "interval", 75},
	{"interval=4000", "-s retries=0", "interval", 75},
	{"interval=1000,supervision=1000", "", "supervision-interval", 75},
	{"interval=4000,supervision=32000", "-s retries=0", "interval", 75},
	{"fault=drop-data%40", "", "values-dropped", 0},
	{"fault=no-boot", "", "rolled-back", 76},
	{"fault=reboot@100000", "", "device-reset", 0},
	{"loss=60", "-s retries=3", "interference", 75},
	{"dialect=foreign", "", "dialect", 76},
	{"permit=no", "", "permission", 77},
	{"dialect=basic,fault=no-boot", "", "same-version", 76},
};

static const char *cause_in(json_t *line)
{
	const json_t *d = json_object_get(line, "diagnosis");

	if (json_is_array(d))
		d = json_array_get(d, 0);
	return json_string_value(json_object_get(d, "id"));
}

/* A fault before there is a run is named, too. */
static void test_no_bus(void **state)
{
	struct program_ran r;

	(void)state;
	(void)setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
	r = program_run("--json diagnose 24:6F:28:AA:10:01");
	(void)unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
	assert_int_equal(r.exit, 69);
	assert_string_equal(cause_in(r.last), "no-dbus");
	program_done(&r);
}

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *f = &faults[i];
		struct program_ran ran =
			program_run("--json --sim=devices=1,%s %s flash esp-sim-01 '%s/image.bin'",
				    f->sim, f->set, folder);

		if (ran.exit != f->exit || !cause_in(ran.last) ||
		    strcmp(cause_in(ran.last), f->cause) != 0)
			fail_msg("%s: exit %d, %s", f->sim, ran.exit, cause_in(ran.last));
		program_done(&ran);
	}
}

/* One that nobody hears has a cause, too, although no connection was tried. */
static void test_unheard(void **state)
{
	struct program_ran ran = program_run("--json --sim diagnose nobody --device-timeout=2");

	(void)state;
	assert_int_equal(ran.exit, 68);
	assert_string_equal(cause_in(ran.last), "not-advertising");
	program_done(&ran);
}

static int setup(void **state)
{
	(void)state;
	if (program_folder_make(folder) < 0)
		return -1;
	program_sample(folder, "image.bin", "--size=300000");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return program_folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_bus),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_unheard),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
