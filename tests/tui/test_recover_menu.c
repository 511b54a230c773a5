/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the recover menu's conclusions from facts: what is possible, what comes first, its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/pdu_text.h"
#include "view/keys.h"
#include "view/view_recover.h"

static const struct view_choice *choice_of(const struct recover_menu *m, enum recover_action action)
{
	for (size_t i = 0; i < m->list.count; i++) {
		if (m->list.at[i].action == action)
			return &m->choices[i];
	}
	fail_msg("no such choice");
	return NULL;
}

static bool tells(const struct recover_menu *m, const char *text)
{
	for (size_t i = 0; i < m->fact_count; i++) {
		if (strstr(m->facts[i], text))
			return true;
	}
	return false;
}

static const uint8_t sha256[32] = {0x9a, 0x31, 0x45, 0x65};

static struct recover_known base(void)
{
	return (struct recover_known){.address = "24:6F:28:AA:10:02",
				      .options = "",
				      .image = "a.bin",
				      .image_sha256 = sha256,
				      .stack_keeps = true,
				      .what = "It was lost."};
}

static void test_resume(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();
	const struct view_choice *c;

	(void)state;
	/* If the device's state is not known, the first choice is to ask for it. */
	view_recover_fill(&k, &m);
	c = choice_of(&m, RECOVER_RESUME);
	assert_false(c->possible);
	assert_string_equal(c->effect, "not known: ask for its state first");
	assert_string_equal(c->command, "otabench resume 24:6F:28:AA:10:02 a.bin");
	assert_int_equal(m.list.at[0].action, RECOVER_LOOK);
	/* Halfway through an update of ours, the device keeps what it has. */
	k.have_update = true;
	k.outcome = SESSION_LINK_LOST;
	k.received = 1;
	view_recover_fill(&k, &m);
	assert_true(choice_of(&m, RECOVER_RESUME)->possible);
	assert_int_equal(m.list.at[0].action, RECOVER_LOOK);
	recover_tried(&k.tries, RECOVER_LOOK, false, 0); /* which is not asked twice */
	view_recover_fill(&k, &m);
	assert_int_equal(m.list.at[0].action, RECOVER_RESUME);
	k.flags_known = OTA_INFO_RESUMABLE;
	view_recover_fill(&k, &m);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, "it has nothing to resume");
	k.status_known = true;
	k.status = (struct ota_status){.state = OTA_STATE_SUSPENDED, .flushed = 65536};
	memcpy(k.status.hash, sha256, sizeof(k.status.hash));
	view_recover_fill(&k, &m);
	assert_true(choice_of(&m, RECOVER_RESUME)->possible);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, "resumes at 65.5 kB");
	k.status.hash[0] ^= 1;
	view_recover_fill(&k, &m);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect,
			    "it holds part of another image");
	k.dialect = DIALECT_BASIC;
	view_recover_fill(&k, &m);
	assert_false(choice_of(&m, RECOVER_RESUME)->possible);
	k.image = "";
	view_recover_fill(&k, &m);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, "no image chosen");
	k.image_why = "no image chosen (4, then o)";
	view_recover_fill(&k, &m);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, k.image_why);
	k.readonly = true;
	view_recover_fill(&k, &m);
	for (size_t i = 0; i < m.list.count; i++)
		assert_int_equal(m.choices[i].possible, recover_at_once(m.list.at[i].action));
}

static bool possible(const struct recover_menu *m, enum recover_action action)
{
	return choice_of(m, action)->possible;
}

/* All was sent, and what came of it is known, not known, or the device is gone. */
static void test_whole(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.have_update = k.ended = true;
	k.received = k.total = 65536;
	k.dialect = DIALECT_FULL;
	k.outcome = SESSION_NOT_BACK;
	k.unheard = true;
	view_recover_fill(&k, &m);
	for (size_t i = 0; i < m.list.count; i++)
		assert_int_equal(m.choices[i].possible,
				 recover_at_once(m.list.at[i].action) ||
					 m.list.at[i].action == RECOVER_DISCONNECT ||
					 m.list.at[i].action == RECOVER_FORGET ||
					 m.list.at[i].action == RECOVER_POWER_CYCLE);
	assert_int_equal(m.list.at[0].action, RECOVER_LOOK);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, "it does not advertise");
	k.unheard = false;
	view_recover_fill(&k, &m);
	assert_false(possible(&m, RECOVER_RESUME));
	assert_false(possible(&m, RECOVER_CONFIRM));
	assert_true(possible(&m, RECOVER_RESTART));
	assert_int_equal(m.list.at[0].action, RECOVER_LOOK);
	/* The device's Info was read after the boot loader rolled back. */
	k.outcome = SESSION_ROLLED_BACK;
	k.flags_known = UINT8_MAX;
	view_recover_fill(&k, &m);
	assert_string_equal(choice_of(&m, RECOVER_RESUME)->effect, "it has nothing to resume");
	assert_string_equal(choice_of(&m, RECOVER_CONFIRM)->effect, "it is not on trial");
	assert_false(possible(&m, RECOVER_ABORT));
	/* Not to send once more what did not start. */
	assert_int_equal(m.list.at[0].action, RECOVER_LOOK);
	k.flags = OTA_INFO_PENDING_VERIFY;
	view_recover_fill(&k, &m);
	assert_true(possible(&m, RECOVER_CONFIRM));
	assert_int_equal(m.list.at[0].action, RECOVER_CONFIRM);
}

/* A letter is one action's, and none that a menu has another use for. */
static void test_letters(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	for (int running = 0; running < 2; running++) {
		k.running = running ? "sending" : NULL;
		view_recover_fill(&k, &m);
		for (size_t i = 0; i < m.list.count; i++) {
			assert_int_equal(view_menu_of(m.choices, m.list.count, m.choices[i].key),
					 i);
			assert_int_equal(keys_action(PLACE_MENU, m.choices[i].key), ACTION_CHOOSE);
			assert_int_equal(m.list.at[i].action == RECOVER_LOOK ||
						 m.list.at[i].action == RECOVER_BUNDLE ||
						 m.list.at[i].action == RECOVER_PAUSE,
					 recover_at_once(m.list.at[i].action));
		}
	}
	assert_int_equal(view_menu_of(m.choices, m.list.count, '1'), m.list.count);
}

/* Beside a job the device is asked, and its answer is shown as it comes. */
static void test_asked_beside(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.running = "waiting";
	k.state = SESSION_WAITING;
	k.dialect = DIALECT_FULL;
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "STATUS: there is no link to ask over"));
	k.running = "sending";
	k.state = SESSION_SENDING;
	k.linked = k.asked = true;
	k.asked_age_us = 7000000;
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "STATUS: asked 0:07 ago, no answer yet"));
	k.status_known = true;
	k.status = (struct ota_status){.state = OTA_STATE_RECEIVING, .flushed = 65536};
	k.status_age_us = 60000000;
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "STATUS: asked 0:07 ago, no answer yet"));
	assert_true(tells(&m, "STATUS 1:00 ago: receiving at 65.5 kB"));
	k.asked = false;
	k.status_age_us = 0;
	view_recover_fill(&k, &m);
	assert_false(tells(&m, "no answer yet"));
	assert_true(tells(&m, "STATUS just now: receiving at 65.5 kB"));
	k.status_known = false;
	k.dialect = DIALECT_BASIC;
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "STATUS: not in the basic dialect"));
}

/* Each choice offered beside a job is possible in the job's state. */
static void test_running(void **state)
{
	static const struct {
		enum session_goal goal;
		enum session_state state;
		bool promised, pause, cancel;
	} rows[] = {
		{SESSION_UPDATE, SESSION_CONNECTING, false, true, true},
		{SESSION_UPDATE, SESSION_SENDING, false, true, true},
		{SESSION_UPDATE, SESSION_PAUSED, false, true, true},
		{SESSION_UPDATE, SESSION_WAITING, false, true, true},
		{SESSION_UPDATE, SESSION_VERIFYING, false, false, true},
		{SESSION_UPDATE, SESSION_REBOOTING, true, false, false},
		{SESSION_UPDATE, SESSION_RECONNECTING, true, false, false},
		{SESSION_UPDATE, SESSION_RECONNECTING, false, false, true},
		{SESSION_UPDATE, SESSION_CONFIRMING, true, false, false},
		{SESSION_UPDATE, SESSION_CANCELLING, false, false, false},
		{SESSION_MEASURE, SESSION_SENDING, false, true, true},
	};
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.running = "busy";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		k.goal = rows[i].goal;
		k.state = rows[i].state;
		k.promised = rows[i].promised;
		view_recover_fill(&k, &m);
		assert_int_equal(possible(&m, RECOVER_PAUSE), rows[i].pause);
		assert_int_equal(possible(&m, RECOVER_CANCEL), rows[i].cancel);
		/* Possible choices come first. */
		for (size_t at = 1; at < m.list.count; at++)
			assert_true(m.list.at[at - 1].possible || !m.list.at[at].possible);
	}
	k.goal = SESSION_COMMAND; /* sends nothing that could be paused */
	view_recover_fill(&k, &m);
	for (size_t at = 0; at < m.list.count; at++)
		assert_int_not_equal(m.list.at[at].action, RECOVER_PAUSE);
	assert_string_equal(choice_of(&m, RECOVER_CANCEL)->effect,
			    "what was written to it is not taken back");
}

static void test_factory(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.status_known = true;
	k.status.slot = PDU_TEXT_FACTORY;
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "idle, factory runs"));
	k.status.slot = 1;
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "idle, slot 1 runs"));
}

static void test_foreign(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	assert_false(recover_foreign(&k));
	k.status_known = true;
	k.status.state = OTA_STATE_RECEIVING;
	assert_true(recover_foreign(&k));
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "Another host is updating it now"));
	/* Ours, as far as it can be told. */
	k.have_update = true;
	memcpy(k.status.hash, sha256, sizeof(k.status.hash));
	assert_false(recover_foreign(&k));
	k.status.hash[3] ^= 1;
	assert_true(recover_foreign(&k));
	k.running = "sending";
	assert_false(recover_foreign(&k));
}

/* Another project's firmware, which uses the service's UUID: nothing of the protocol fits. */
static void test_no_service(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.no_service = k.stack_keeps = true;
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "no update service that otabench speaks"));
	for (size_t i = 0; i < m.list.count; i++)
		assert_int_equal(m.choices[i].possible,
				 recover_at_once(m.list.at[i].action) ||
					 m.list.at[i].action == RECOVER_DISCONNECT ||
					 m.list.at[i].action == RECOVER_FORGET ||
					 m.list.at[i].action == RECOVER_POWER_CYCLE);
}

static void test_signal(void **state)
{
	static const int32_t falling[] = {-60, -60, -61, -60, -60, -70, -75, -80, -84, PLOT_NONE},
			     weak[] = {-88, -88, -89, -88, -88, -88, -88, -88, -88, -88},
			     few[] = {-50, -50}, none[] = {PLOT_NONE, PLOT_NONE};
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.have_update = true;
	k.outcome = SESSION_LINK_LOST;
	k.rssi_ms = 1000;
	k.rssi = falling;
	k.rssi_count = 10;
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "fell from -60 to -84 dBm in the last 4 s"));
	k.rssi = weak;
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "steady at -88 dBm, which is weak"));
	k.rssi = few;
	k.rssi_count = 2;
	view_recover_fill(&k, &m);
	assert_true(tells(&m, "-50 dBm at the end"));
	k.rssi = none;
	view_recover_fill(&k, &m);
	assert_false(tells(&m, "signal"));
}

static const char *command_of(const struct recover_menu *m, enum recover_action action)
{
	return choice_of(m, action)->command;
}

static void test_commands(void **state)
{
	static struct recover_menu m;
	struct recover_known k = base();

	(void)state;
	k.address = "24:6F:28:AA:10:02";
	k.options = "--adapter=hci1";
	k.sending = "-p fast -s retries=0";
	k.image = "my app's.bin";
	view_recover_fill(&k, &m);
	/* The command is the one for this host, with the path as one word for a shell. */
	assert_string_equal(command_of(&m, RECOVER_RESUME),
			    "otabench --adapter=hci1 -p fast -s retries=0 resume "
			    "24:6F:28:AA:10:02 'my app'\\''s.bin'");
	assert_string_equal(command_of(&m, RECOVER_LOOK),
			    "otabench --adapter=hci1 info 24:6F:28:AA:10:02");
	k.image = "-rf\033";
	view_recover_fill(&k, &m);
	assert_string_equal(command_of(&m, RECOVER_RESUME),
			    "otabench --adapter=hci1 -p fast -s retries=0 resume "
			    "24:6F:28:AA:10:02 ./$'-rf\\x1b'");
	k.image = "build/app-1.5.0.bin";
	view_recover_fill(&k, &m);
	assert_non_null(strstr(command_of(&m, RECOVER_RESTART), " build/app-1.5.0.bin"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resume),	   cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_signal),	   cmocka_unit_test(test_commands),
		cmocka_unit_test(test_no_service), cmocka_unit_test(test_whole),
		cmocka_unit_test(test_letters),	   cmocka_unit_test(test_asked_beside),
		cmocka_unit_test(test_running),	   cmocka_unit_test(test_factory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
