/* SPDX-License-Identifier: Apache-2.0 */
/* Octets: as integers, as text; and the system's errors as the program's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/hex.h"
#include "base/os_error.h"
#include "ota/error.h"

static void test_integers(void **state)
{
	static const uint8_t bytes[] = {0xff, 0xf8, 0xf7, 0xf6, 0xf5, 0xf4, 0xf3, 0xf2, 0xf1};
	uint8_t buf[10] = {0};

	(void)state;
	assert_int_equal(bytes_get16(bytes + 1), 0xf7f8);
	assert_int_equal(bytes_get32(bytes + 1), 0xf5f6f7f8u);
	assert_true(bytes_get64(bytes + 1) == 0xf1f2f3f4f5f6f7f8u);
	bytes_put64(buf + 1, 0xf1f2f3f4f5f6f7f8u);
	assert_memory_equal(buf + 1, bytes + 1, 8);
	assert_int_equal(buf[0] | buf[9], 0);
	bytes_put32(buf + 1, 0x1122334455667788u); /* only what fits */
	assert_memory_equal(buf + 1, "\x88\x77\x66\x55\xf4", 5);
	bytes_put16(buf + 1, 0x123456u);
	assert_memory_equal(buf + 1, "\x56\x34\x66", 3);
}

static void test_hex(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x9f, 0xa0, 0xff};
	uint8_t back[4];
	char text[9];

	(void)state;
	assert_string_equal(hex_encode(bytes, 4, text), "009fa0ff");
	assert_int_equal(hex_decode(text, back, 4), 0);
	assert_memory_equal(back, bytes, 4);
	assert_string_equal(hex_encode(bytes, 0, text), "");
	assert_int_equal(hex_decode("", back, 0), 0);
}

/* A text that ends early is not read beyond its end. */
static void test_no_hex(void **state)
{
	static const char *const wrong[] = {"", "0", "000", "00 0", "00g0", "0F00", "-1", "0x00"};
	uint8_t back[2];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char exact[5];

		memcpy(exact, wrong[i], strlen(wrong[i]) + 1);
		assert_int_equal(hex_decode(exact, back, 2), -OTA_EBADMSG);
	}
}

static void test_os_error(void **state)
{
	(void)state;
	assert_int_equal(os_error_code(ENOENT), -OTA_ENOENT);
	assert_int_equal(os_error_code(ENOTDIR), -OTA_ENOENT);
	assert_int_equal(os_error_code(EACCES), -OTA_EPERM);
	assert_int_equal(os_error_code(EROFS), -OTA_EPERM);
	assert_int_equal(os_error_code(EISDIR), -OTA_EINVAL);
	assert_int_equal(os_error_code(ENOSPC), -OTA_ENOSPC);
	assert_int_equal(os_error_code(ELOOP), -OTA_EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_no_hex),
		cmocka_unit_test(test_os_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
