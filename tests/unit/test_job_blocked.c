/* SPDX-License-Identifier: Apache-2.0 */
/* The sentence that tells why a run does not go on, for what a snapshot can say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/job_blocked.h"

#include <string.h>

static struct job_snapshot sending(void)
{
	return (struct job_snapshot){
		.state = SESSION_SENDING,
		.dialect = DIALECT_FULL,
		.now_us = 20000000,
		.state_us = 13000000,
		.moved_us = 16000000,
		.spoke_us = 19500000,
		.stats = {.received_known = true,
			  .queued = 24000,
			  .received = 4000,
			  .flushed = 1000,
			  .limit = 24000},
	};
}

static void check(const struct job_snapshot *s, enum job_blocked wait, const char *text)
{
	char buf[JOB_TEXT_MAX];

	assert_int_equal(job_blocked_text(s, buf, sizeof(buf)), wait);
	assert_string_equal(buf, text);
	assert_true(strlen(buf) < 80);
}

static void test_stall(void **state)
{
	struct job_snapshot s = sending();

	(void)state;
	check(&s, JOB_BLOCKED_NONE, "");
	s.stalled = true;
	check(&s, JOB_BLOCKED_STALL, "stalled 0:04: no credit, device has 3.0 kB to write");
	s.stats.progress = (struct ota_progress){OTA_PHASE_ERASE, 4096, 8192};
	check(&s, JOB_BLOCKED_STALL,
	      "stalled 0:04 (erasing 50%): no credit, device has 3.0 kB to write");
	s.stats.limit = 30000;
	check(&s, JOB_BLOCKED_STALL,
	      "stalled 0:04: the device answers, but acknowledges none of 20.0 kB");
	s.stats.queued = s.stats.received;
	s.pacing_us = 50000;
	check(&s, JOB_BLOCKED_STALL,
	      "stalled 0:04: everything sent has arrived, pacing is 50000 us");
	s.blocked = true;
	check(&s, JOB_BLOCKED_STALL, "stalled 0:04: the Bluetooth stack accepts no value");
}

/* As long as it lasts, and said before the user's own pause, which comes to nothing until then. */
static void test_work(void **state)
{
	struct job_snapshot s = sending();

	(void)state;
	s.state = SESSION_PREPARING;
	s.compressing = true;
	s.compressed = 43;
	s.hold = true;
	check(&s, JOB_BLOCKED_WORK, "compressing 43 %");
	s.cancelling = true;
	check(&s, JOB_BLOCKED_USER, "cancelling: the device is told as soon as it can be reached");
	s.finished = true;
	check(&s, JOB_BLOCKED_NONE, "");
}

static void test_silent(void **state)
{
	struct job_snapshot s = sending();

	(void)state;
	s.stalled = true;
	/* Not a word since the last byte, or for long after it. */
	s.spoke_us = s.moved_us;
	check(&s, JOB_BLOCKED_STALL, "stalled 0:04: device silent 0:04, 20.0 kB unacknowledged");
	s.stats.telemetry_known = true;
	s.stats.telemetry.erase_ms = 4000;
	check(&s, JOB_BLOCKED_STALL,
	      "stalled 0:04 (an erase: 4000 ms): device silent 0:04, 20.0 kB unacknowledged");
	s.stats.telemetry_known = false;
	s.spoke_us = 18000000;
	check(&s, JOB_BLOCKED_STALL, "stalled 0:04: device silent 0:02, 20.0 kB unacknowledged");
	s.finished = true;
	check(&s, JOB_BLOCKED_NONE, "");
}

static void test_user(void **state)
{
	struct job_snapshot s = sending();

	(void)state;
	s.hold = true;
	s.state = SESSION_PREPARING;
	check(&s, JOB_BLOCKED_USER, "pausing: nothing is sent once the device is ready");
	s.state = SESSION_PAUSED;
	s.stalled = true; /* the pause is what the user wants to see */
	check(&s, JOB_BLOCKED_USER, "PAUSED 0:07: no more is sent, 20.0 kB still on the way");
	s.stats.received = s.stats.queued;
	s.stats.limit = 28096;
	check(&s, JOB_BLOCKED_USER, "PAUSED 0:07: nothing is sent, 4.1 kB of credit left");
	s.dialect = DIALECT_BASIC;
	check(&s, JOB_BLOCKED_USER, "PAUSED 0:07: nothing is sent, the device waits");
	s.cancelling = true;
	check(&s, JOB_BLOCKED_USER, "cancelling: the device is told as soon as it can be reached");
	s.state = SESSION_CANCELLING;
	check(&s, JOB_BLOCKED_USER, "cancelling: waiting until the device is idle");
	s.stats.received = 4000;
	check(&s, JOB_BLOCKED_USER, "cancelling: 20.0 kB still queued before the ABORT");
}

static void test_link(void **state)
{
	struct job_snapshot s = sending();

	(void)state;
	s.state = SESSION_CONNECTING;
	check(&s, JOB_BLOCKED_NONE, ""); /* for the first time */
	s.stats.retries = 2;
	check(&s, JOB_BLOCKED_STALL, "link lost: reconnecting by itself, retry 2");
	s.state = SESSION_WAITING;
	s.hold = true;
	check(&s, JOB_BLOCKED_STALL, "link lost: reconnects by itself, retry 2, then pauses");
	s.state = SESSION_RECONNECTING;
	check(&s, JOB_BLOCKED_AGAIN, "rebooted: waiting for the device to come back, 0:07");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stall),  cmocka_unit_test(test_work),
		cmocka_unit_test(test_silent), cmocka_unit_test(test_user),
		cmocka_unit_test(test_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
