/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of an update in the basic dialect: the version tells what no hash does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "session_play.h"

static struct play r;

static void basic_to_verifying(const char *sent, const char *before)
{
	play_init(&r, SESSION_UPDATE, 20);
	r.version = before;
	(void)snprintf(r.config.version, sizeof(r.config.version), "%s", sent);
	play_start(&r);
	play_link_up(&r, 23, PLAY_BASIC);
	play_written(&r, GATT_CONTROL);
	play_rx(&r, "01");
	play_written(&r, GATT_DATA);
	play_skip(&r);
	assert_int_equal(r.s.state, SESSION_VERIFYING);
}

/* Back, as often as it is looked for. */
static void basic_back(const char *now)
{
	r.version = now;
	for (int i = 0; i < 100 && r.s.state == SESSION_RECONNECTING; i++) {
		play_pass(&r, 2000);
		play_link_up(&r, 23, PLAY_BASIC);
		if (r.s.state != SESSION_RECONNECTING)
			break;
		play_expect(&r, "disconnect");
		play_lost(&r, GATT_BY_HOST);
	}
}

static void test_basic_by_version(void **state)
{
	static const struct {
		const char *sent, *before, *now;
		bool done, answered;
		enum session_outcome outcome; /* NO_OUTCOME: sent again */
		enum session_verdict verdict;
	} rows[] = {
		{"2", "1", "2", true, true, SESSION_DELIVERED, SESSION_VERDICT_NEW},
		{"2", "1", "1", true, true, SESSION_ROLLED_BACK, SESSION_VERDICT_OLD},
		{"1", "1", "1", true, true, SESSION_DELIVERED, SESSION_VERDICT_UNKNOWN},
		{"2", "1", "3", true, true, SESSION_DELIVERED, SESSION_VERDICT_OTHER},
		{"2", "1", "", true, true, SESSION_DELIVERED, SESSION_VERDICT_UNKNOWN},
		{"2", "", "2", true, true, SESSION_DELIVERED, SESSION_VERDICT_UNKNOWN},
		{"", "1", "1", true, true, SESSION_DELIVERED, SESSION_VERDICT_UNKNOWN},
		{"", "1", "3", true, true, SESSION_DELIVERED, SESSION_VERDICT_OTHER},
		/* DONE was not heard: the link's end is the reboot all the same. */
		{"2", "1", "2", false, true, SESSION_DELIVERED, SESSION_VERDICT_NEW},
		{"2", "1", "2", false, false, SESSION_DELIVERED, SESSION_VERDICT_NEW},
		{"2", "1", "1", false, true, SESSION_ROLLED_BACK, SESSION_VERDICT_OLD},
		{"1", "1", "1", false, true, SESSION_LINK_LOST, SESSION_VERDICT_UNKNOWN},
		/* END itself may have been lost. */
		{"2", "1", "1", false, false, SESSION_NO_OUTCOME, SESSION_VERDICT_OLD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		basic_to_verifying(rows[i].sent, rows[i].before);
		if (rows[i].answered)
			play_written(&r, GATT_CONTROL);
		if (rows[i].done)
			play_rx(&r, "03");
		play_lost(&r, GATT_BY_DEVICE);
		assert_int_equal(r.s.state, SESSION_RECONNECTING);
		basic_back(rows[i].now);
		if (r.s.outcome != rows[i].outcome || r.s.verdict != rows[i].verdict)
			fail_msg("row %zu: %s, verdict %d", i, session_outcome_name(r.s.outcome),
				 r.s.verdict);
		if (rows[i].outcome == SESSION_NO_OUTCOME)
			assert_int_equal(r.s.state, SESSION_WAITING);
		play_end(&r);
	}
}

/* No DONE, and no question that such a device would know: a look. */
static void test_basic_silence(void **state)
{
	(void)state;
	basic_to_verifying("2", "1");
	play_written(&r, GATT_CONTROL);
	play_pass(&r, 30000);
	play_expect(&r, "disconnect");
	play_lost(&r, GATT_BY_HOST);
	basic_back("2");
	assert_int_equal(r.s.outcome, SESSION_DELIVERED);
	play_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basic_by_version),
		cmocka_unit_test(test_basic_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
