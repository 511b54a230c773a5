/* SPDX-License-Identifier: Apache-2.0 */
/* A run recorded, played again, and what damaged files and other hosts get told. */
#include "config.h" /* system extensions: fmemopen(), mkstemp() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "image/image_build.h"
#include "base/sha256.h"
#include "testlib.h"
#include "transport/trace.h"
#include "updatelib.h"

static uint8_t image[80000];
static size_t image_size;
static char path[] = "/tmp/otabench-trace-XXXXXX";

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 70000, .seed = 8};
	const int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

static int cleanup(void **state)
{
	(void)state;
	return unlink(path);
}

static void record(const char *fault)
{
	struct update u;

	update_init(&u, image, image_size);
	u.record = path;
	if (fault)
		update_fault(&u, fault);
	assert_int_equal(update_run(&u, 60), SESSION_CONFIRMED);
	assert_int_equal(trace_error(u.transport), 0);
	update_end(&u);
}

static void test_same_again(void **state)
{
	static const char *const faults[] = {NULL, "drop-data@30", "disconnect@40000",
					     "drop-notify@3"};
	struct update u;

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		record(faults[i]);
		update_init(&u, image, image_size);
		update_replay(&u, path);
		if (trace_mismatch(u.transport))
			fail_msg("%s: line %u", faults[i] ? faults[i] : "undisturbed",
				 trace_mismatch(u.transport));
		assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
		assert_int_equal(u.s.stats.received, image_size);
		update_end(&u);
	}
}

/* A host that does something else is told where. */
static void test_other_host(void **state)
{
	struct update u;

	(void)state;
	record(NULL);
	update_init(&u, image, image_size);
	u.session.chunk = 100;
	u.session.retries = 0;
	update_replay(&u, path);
	assert_true(trace_mismatch(u.transport) > 0);
	assert_true(session_finished(&u.s));
	assert_int_not_equal(u.s.outcome, SESSION_CONFIRMED);
	update_end(&u);
}

static int replay_text(const char *text, unsigned int *ret_line)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	struct transport *t = NULL;
	sd_event *event;
	int rc;

	assert_non_null(file);
	assert_true(sd_event_new(&event) >= 0);
	rc = trace_replay_stream(event, file, &t, ret_line);
	if (rc == 0)
		t->ops->destroy(t);
	fclose(file);
	sd_event_unref(event);
	return rc;
}

/* The state that a replay's diagnosis needs; an older file has less. */
static void test_state(void **state)
{
	struct transport_link link = {
		.link = {.interval = 12, .supervision_timeout = 400},
		.rssi = -71,
		.encrypted = true,
		.data_held = true,
		.misremembered = true,
		.host = GATT_HOST_NO_BUS,
		.pairing = GATT_PAIRING_UNAUTHORIZED,
		.bluetoothd = "5.66",
	};
	uint8_t bytes[TRACE_STATE_SIZE];
	struct transport_link back;

	(void)state;
	trace_state_put(&link, bytes);
	trace_state_get(bytes, sizeof(bytes), &back);
	assert_int_equal(back.link.interval, 12);
	assert_int_equal(back.rssi, -71);
	assert_true(back.encrypted && back.data_held && back.misremembered);
	assert_int_equal(back.host, GATT_HOST_NO_BUS);
	assert_int_equal(back.pairing, GATT_PAIRING_UNAUTHORIZED);
	assert_string_equal(back.bluetoothd, "5.66");
	trace_state_get(bytes, TRACE_STATE_LEAST, &back);
	assert_int_equal(back.rssi, -71);
	assert_int_equal(back.pairing, GATT_PAIRING_UNTOLD);
	assert_string_equal(back.bluetoothd, "");
	assert_int_equal(transport_release("5.82"), 5 << 8 | 82);
	assert_int_equal(transport_release("5.999"), 0);
	assert_int_equal(transport_release(""), 0);
}

static void test_damaged_files(void **state)
{
	static const struct {
		const char *text;
		unsigned int line; /* 0: well-formed */
	} rows[] = {
		{"otabench-trace 1 virtual\n", 0},
		{"otabench-trace 1 virtual\n1 > scan-start\n1 < alarm\n2 < writable\n", 0},
		{"otabench-trace 2 virtual\n", 1},
		{"hello\n", 1},
		{"otabench-trace 1 virtual\n1 > fly\n", 2},
		{"otabench-trace 1 virtual\n1 < scan-start\n", 2},
		{"otabench-trace 1 virtual\n5 < alarm\n4 < alarm\n", 3},
		{"otabench-trace 1 virtual\nx < alarm\n", 2},
		{"otabench-trace 1 virtual\n1 < alarm 1\n", 2},
		{"otabench-trace 1 virtual\n1 < alarm", 2},
		{"otabench-trace 1 virtual\n1 < mtu\n", 2},
		{"otabench-trace 1 virtual\n1 < mtu 23x\n", 2},
		{"otabench-trace 1 virtual\n1 < mtu 99999999999\n", 2},
		{"otabench-trace 1 virtual\n1 < notified 9 01\n", 2},
		{"otabench-trace 1 virtual\n1 < notified -1 01\n", 2},
		{"otabench-trace 1 virtual\n1 < notified 0 0\n", 2},
		{"otabench-trace 1 virtual\n1 < notified 0 0g\n", 2},
		{"otabench-trace 1 virtual\n1 < discovered 0102\n", 2},
		{"otabench-trace 1 virtual\n1 = state 00\n", 2},
	};
	unsigned int line;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int rc = replay_text(rows[i].text, &line);

		assert_int_equal(rc, rows[i].line ? -OTA_EBADMSG : 0);
		if (rows[i].line)
			assert_int_equal(line, rows[i].line);
	}
}

static void test_files_that_cannot_be(void **state)
{
	struct transport inner = {.ops = NULL}, *t;
	sd_event *event;
	unsigned int line;

	(void)state;
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(trace_replay(event, "/nonexistent/trace", &t, &line), -OTA_ENOENT);
	assert_int_equal(trace_record(&inner, "/nonexistent/trace", &t), -OTA_ENOENT);
	sd_event_unref(event);
}

/* A full disk ends the recording, and not the update. */
static void test_full_disk(void **state)
{
	struct update u;

	(void)state;
	if (access("/dev/full", W_OK) != 0) {
		print_message("no /dev/full here\n");
		skip();
	}
	update_init(&u, image, image_size);
	u.record = "/dev/full";
	assert_int_equal(update_run(&u, 60), SESSION_CONFIRMED);
	assert_int_equal(trace_error(u.transport), -OTA_ENOSPC);
	update_end(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_again),
		cmocka_unit_test(test_other_host),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_files_that_cannot_be),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests_name("trace", tests, build, cleanup);
}
