/* SPDX-License-Identifier: Apache-2.0 */
/* HCI packets out of a stream: every way to cut it gives the same ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "radiod/h4.h"

#define GOT_MAX 8

struct got {
	uint8_t bytes[256];
	size_t len, ends[GOT_MAX], count;
};

static void on_packet(void *ctx, const uint8_t *packet, size_t len)
{
	struct got *got = ctx;

	assert_true(got->count < GOT_MAX && got->len + len <= sizeof(got->bytes));
	memcpy(got->bytes + got->len, packet, len);
	got->len += len;
	got->ends[got->count++] = got->len;
}

/* A command without and one with parameters, ACL, SCO, ISO whose reserved bits are set. */
static const uint8_t stream[] = {
	0x01, 0x03, 0x0c, 0x00, /* Reset */
	0x01, 0x01, 0x0c, 0x08, 1,    2,    3,	  4,	5, 6, 7, 8, /* Set Event Mask */
	0x02, 0x40, 0x00, 0x05, 0x00, 0x01, 0x00, 0x04, 0, 9, /* ACL */
	0x03, 0x41, 0x00, 0x02, 7,    7, /* SCO */
	0x05, 0x42, 0x00, 0x03, 0xc0, 1,    2,	  3, /* ISO */
};
static const size_t ends[] = {4, 16, 26, 32, 40};

static void expect_all(const struct got *got)
{
	assert_int_equal(got->count, sizeof(ends) / sizeof(ends[0]));
	assert_memory_equal(got->ends, ends, sizeof(ends));
	assert_int_equal(got->len, sizeof(stream));
	assert_memory_equal(got->bytes, stream, sizeof(stream));
}

static void every_cut_gives_the_same_packets(void **state)
{
	static struct h4 h4;

	(void)state;
	for (size_t first = 0; first <= sizeof(stream); first++)
		for (size_t second = first; second <= sizeof(stream); second++) {
			struct got got = {0};

			h4_init(&h4);
			assert_int_equal(h4_feed(&h4, stream, first, on_packet, &got), 0);
			assert_int_equal(
				h4_feed(&h4, stream + first, second - first, on_packet, &got), 0);
			assert_int_equal(h4_feed(&h4, stream + second, sizeof(stream) - second,
						 on_packet, &got),
					 0);
			expect_all(&got);
		}
}

static void a_byte_at_a_time(void **state)
{
	static struct h4 h4;
	struct got got = {0};

	(void)state;
	h4_init(&h4);
	for (size_t i = 0; i < sizeof(stream); i++)
		assert_int_equal(h4_feed(&h4, stream + i, 1, on_packet, &got), 0);
	expect_all(&got);
}

static void count_longest(void *ctx, const uint8_t *packet, size_t len)
{
	(void)packet;
	assert_int_equal(len, HCI_PACKET_MAX);
	++*(int *)ctx;
}

static void the_longest_packet_fits(void **state)
{
	static struct h4 h4;
	static const uint8_t head[] = {HCI_TYPE_ACL, 0, 0, 0xff, 0xff};
	static uint8_t data[0xffff];
	int whole = 0;

	(void)state;
	h4_init(&h4);
	assert_int_equal(h4_feed(&h4, head, sizeof(head), count_longest, &whole), 0);
	assert_int_equal(h4_feed(&h4, data, sizeof(data) - 1, count_longest, &whole), 0);
	assert_int_equal(whole, 0);
	assert_int_equal(h4_feed(&h4, data, 1, count_longest, &whole), 0);
	assert_int_equal(whole, 1);
}

static void what_begins_no_packet_is_refused(void **state)
{
	static struct h4 h4;

	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		const bool host = type == HCI_TYPE_COMMAND || type == HCI_TYPE_ACL ||
				  type == HCI_TYPE_SCO || type == HCI_TYPE_ISO;
		const uint8_t bytes[] = {0x01, 0x03, 0x0c, 0x00, (uint8_t)type};
		struct got got = {0};

		h4_init(&h4);
		assert_int_equal(h4_feed(&h4, bytes, sizeof(bytes), on_packet, &got),
				 host ? 0 : -OTA_EPROTO);
		assert_int_equal(got.count, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_gives_the_same_packets),
		cmocka_unit_test(a_byte_at_a_time),
		cmocka_unit_test(the_longest_packet_fits),
		cmocka_unit_test(what_begins_no_packet_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
