/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common begin of most tests of the firmware: a board with version 1.0.0, an image of version
 * 1.1.0 and IMAGE bytes, which the test defines, and a host or two.
 */
#ifndef ESPFIXTURE_H
#define ESPFIXTURE_H

#include "esphost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct esphost_image image;
static struct host host;

static int setup(void **state)
{
	(void)state;
	esphost_set_up(&image, IMAGE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return esphost_tear_down(&image);
}

#define ESP_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
