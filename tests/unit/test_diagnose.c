/* SPDX-License-Identifier: Apache-2.0 */
/* The diagnosis from facts alone: each cause by what proves it. */
#include "config.h" /* system extensions: memmem() */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "diagnose/diagnose.h"
#include "profile/profile.h"
#include "testlib.h"

struct known {
	struct diagnosis_facts f;
	struct session_stats stats;
	struct ota_info info, first;
};

/* An update that stands in mid transfer; each case changes what makes it its own. */
static struct known stalled(void)
{
	struct known k;

	memset(&k, 0, sizeof(k));
	k.f.goal = SESSION_UPDATE;
	k.f.state = SESSION_SENDING;
	k.f.dialect = DIALECT_FULL;
	k.f.heard = k.f.begun = k.f.stalled = true;
	k.f.size = 600000;
	k.f.still_us = 3000000;
	k.f.state_us = 9000000;
	k.f.mtu = 517;
	k.f.chunk = 495;
	k.f.mode = GATT_COMMAND;
	k.f.rssi = k.f.rssi_most = -60;
	k.f.losses.rssi = 127;
	k.f.link = (struct ota_link){.interval = 12, .supervision_timeout = 400};
	k.f.interval_first = 12;
	k.f.ready_timeout_ms = 20000;
	k.f.connect_timeout_ms = 15000;
	k.stats.start_us = 1;
	k.stats.queued = 132000;
	k.stats.received = 100000;
	k.stats.flushed = 98304;
	k.stats.limit = 165536;
	return k;
}

static enum diagnosis_cause first_of(struct known *k)
{
	struct diagnosis found[DIAGNOSES_MAX];

	k->f.stats = &k->stats;
	return diagnose(&k->f, found) > 0 ? found[0].cause : DIAGNOSIS_NONE;
}

static void expect_evidence(struct known *k, const char *evidence)
{
	struct diagnosis found[DIAGNOSES_MAX];

	k->f.stats = &k->stats;
	assert_true(diagnose(&k->f, found) > 0);
	assert_string_equal(found[0].evidence, evidence);
}

static void expect(struct known *k, enum diagnosis_cause cause)
{
	const enum diagnosis_cause found = first_of(k);

	if (found != cause)
		fail_msg("%s, not %s", diagnosis_name(found), diagnosis_name(cause));
}

/* A change is one that a profile takes. */
static void expect_setting(const char *change)
{
	struct setting_errors errors;
	struct profile profile;

	profile_defaults(&profile);
	if (change[0] != '\0' && profile_set(&profile, &change, 1, "--set", &errors) < 0)
		fail_msg("%s is no setting", change);
}

static void expect_change(struct known *k, enum diagnosis_cause cause, const char *change)
{
	struct diagnosis found[DIAGNOSES_MAX];

	k->f.stats = &k->stats;
	assert_true(diagnose(&k->f, found) > 0);
	assert_int_equal(found[0].cause, cause);
	assert_string_equal(found[0].change, change);
	expect_setting(change);
}

/* The figures follow from what was seen; what is as it should be already is not named. */
static void test_changes(void **state)
{
	struct known k = stalled();

	(void)state;
	k.f.begun = k.f.stalled = false;
	k.f.dialect = DIALECT_BASIC;
	k.f.outcome = SESSION_STALLED;
	k.f.ready_timeout_ms = 60000;
	expect_change(&k, DIAGNOSIS_ERASING, "basic_ready_timeout_ms=240000");
	k.f.ready_timeout_ms = 100000;
	expect_change(&k, DIAGNOSIS_ERASING, "basic_ready_timeout_ms=300000");
	k.f.ready_timeout_ms = 300000;
	expect_change(&k, DIAGNOSIS_ERASING, "");

	k = stalled();
	k.f.state = SESSION_WAITING;
	k.f.losses.by[GATT_SUPERVISION] = k.f.losses.erasing = 2;
	k.f.timeout_asked = 42;
	expect_change(&k, DIAGNOSIS_SUPERVISION, "supervision_timeout_ms=8000");
	k.f.erase_ms = 9000;
	expect_change(&k, DIAGNOSIS_SUPERVISION, "supervision_timeout_ms=18000");
	k.f.timeout_asked = 1800; /* the other side did not grant it */
	expect_change(&k, DIAGNOSIS_SUPERVISION, "");

	k = stalled();
	k.f.interval_first = 9;
	k.f.timeout_asked = 500;
	k.f.link.interval = 1600;
	expect_change(&k, DIAGNOSIS_INTERVAL_CHANGED, "connection_interval_ms=11.25");

	k = stalled();
	k.stats.gaps = 3;
	k.f.window = 32768;
	expect_change(&k, DIAGNOSIS_VALUES_DROPPED, "window=16384");
	k.f.outcome = SESSION_STALLED;
	expect_change(&k, DIAGNOSIS_VALUES_DROPPED, "write_mode=request");
	k.f.mode = GATT_REQUEST;
	k.f.window = 512;
	expect_change(&k, DIAGNOSIS_VALUES_DROPPED, "");
}

static void test_device_busy(void **state)
{
	struct known k = stalled();

	(void)state;
	k.stats.progress = (struct ota_progress){OTA_PHASE_ERASE, 131072, 600000};
	k.f.erase_last = true;
	expect(&k, DIAGNOSIS_ERASING);
	k.f.erase_last = false;
	expect(&k, DIAGNOSIS_NONE); /* it speaks, and has credit: not the erase */
	k.stats.flushed = 135168; /* written behind that erase: it is over */
	k.stats.received = 140000;
	k.stats.queued = k.stats.limit;
	k.stats.telemetry_known = true;
	expect(&k, DIAGNOSIS_DEVICE_TASK);
	k.stats.telemetry.write_ms = 900;
	expect(&k, DIAGNOSIS_PROGRAMMING);
	k.stats.telemetry.erase_ms = 1500;
	expect(&k, DIAGNOSIS_ERASING);

	k = stalled();
	k.f.begun = false;
	k.f.state = SESSION_PREPARING;
	expect(&k, DIAGNOSIS_NOTIFICATIONS_LOST); /* READY comes before anything is erased */
	k.stats.progress = (struct ota_progress){OTA_PHASE_ERASE, 0, 600000};
	expect(&k, DIAGNOSIS_ERASING); /* unless it says so */
	k.stats.progress.phase = 0;
	k.f.dialect = DIALECT_BASIC;
	expect(&k, DIAGNOSIS_ERASING);
}

static void test_lost_on_the_way(void **state)
{
	struct known k = stalled();

	(void)state;
	k.f.unheard = 4096;
	expect(&k, DIAGNOSIS_NOTIFICATIONS_LOST);

	k = stalled();
	k.f.queries = k.f.answers = 2;
	expect(&k, DIAGNOSIS_NONE); /* they may be on their way */
	k.f.missing = 8192;
	expect(&k, DIAGNOSIS_VALUES_DROPPED);
	k.f.missing = k.f.answers = 0;
	k.f.silent_us = 5000000;
	expect(&k, DIAGNOSIS_SILENT);
	k.f.written = 2; /* its stack answers, and nothing is notified */
	expect(&k, DIAGNOSIS_NOTIFICATIONS_LOST);
	k.f.written = 0;
	k.f.stack_full = true;
	expect(&k, DIAGNOSIS_ADAPTER_BUFFERS);
	k.f.silent_us = 0;
	expect(&k, DIAGNOSIS_HOST_QUEUE);
	k.f.unanswered = true;
	expect(&k, DIAGNOSIS_ADAPTER_BUFFERS);

	k = stalled();
	k.f.dialect = DIALECT_BASIC;
	k.f.outcome = SESSION_DEVICE_ERROR;
	expect(&k, DIAGNOSIS_WRITES_UNSEEN);
	k.f.mode = GATT_REQUEST; /* every one was answered */
	expect(&k, DIAGNOSIS_NONE);
}

static void lost(struct known *k, unsigned int times)
{
	k->f.state = SESSION_WAITING;
	k->f.losses.by[GATT_SUPERVISION] = (uint16_t)times;
}

static void test_link(void **state)
{
	struct known k = stalled();

	(void)state;
	lost(&k, 1);
	k.f.losses.rssi = -92;
	expect(&k, DIAGNOSIS_SIGNAL_FADING);
	k.f.outcome = SESSION_NOT_FOUND;
	k.f.losses.by[GATT_NOT_FOUND] = 3;
	expect(&k, DIAGNOSIS_OUT_OF_RANGE);

	k = stalled();
	lost(&k, 2);
	expect(&k, DIAGNOSIS_INTERFERENCE);
	k.f.losses.erasing = 2;
	expect(&k, DIAGNOSIS_SUPERVISION);

	/* Kept alive by few packets until the host gave it up; then none came up. */
	k = stalled();
	k.f.state = SESSION_WAITING;
	k.f.silent_us = 3000000;
	k.f.queries = 2;
	k.f.losses.by[GATT_BY_HOST] = 1;
	expect(&k, DIAGNOSIS_NONE);
	k.f.losses.by[GATT_CONNECT_FAILED] = 1;
	expect(&k, DIAGNOSIS_INTERFERENCE);

	k = stalled();
	k.f.silent_us = 3000000;
	k.f.queries = 2;
	expect(&k, DIAGNOSIS_SILENT);
	k.f.silences = 2; /* shorter ones than a task that hangs makes, and several */
	expect(&k, DIAGNOSIS_INTERFERENCE);
	k.f.silent_us = 6000000; /* longer than the link's timeout */
	expect(&k, DIAGNOSIS_SILENT);
}

static void test_timing(void **state)
{
	struct known k = stalled();

	(void)state;
	lost(&k, 1);
	k.f.link = (struct ota_link){.interval = 3200, .supervision_timeout = 42};
	expect(&k, DIAGNOSIS_TIMING);
	/* Larger than (1 + latency) x interval x 2, Core Vol 6 Part B 4.5.2. */
	k.f.link = (struct ota_link){.interval = 80, .latency = 4, .supervision_timeout = 100};
	expect(&k, DIAGNOSIS_TIMING);
	k.f.link.supervision_timeout = 101;
	k.f.losses.by[GATT_SUPERVISION] = 2;
	expect(&k, DIAGNOSIS_INTERFERENCE);

	k = stalled();
	k.f.link.interval = 320;
	expect(&k, DIAGNOSIS_INTERVAL_CHANGED);
	k.f.begun = false;
	k.stats.start_us = 0;
	k.f.state = SESSION_DISCOVERING;
	k.f.link.interval = 3200;
	k.f.outcome = SESSION_STALLED;
	/* The timing is named even if the link did not end by it: two events do not fit. */
	expect(&k, DIAGNOSIS_TIMING);
	k.f.link.supervision_timeout = 3200;
	expect(&k, DIAGNOSIS_INTERVAL);

	k = stalled();
	k.f.losses.by[GATT_BY_DEVICE] = 1;
	k.f.state = SESSION_WAITING;
	expect(&k, DIAGNOSIS_HUNG_UP);
}

/* A run in which nothing was begun. */
static struct known unreached(enum session_outcome outcome)
{
	struct known k = stalled();

	memset(&k.stats, 0, sizeof(k.stats));
	k.f.begun = k.f.stalled = false;
	k.f.still_us = 0;
	k.f.state = SESSION_FAILED;
	k.f.outcome = outcome;
	k.f.dialect = DIALECT_UNKNOWN;
	return k;
}

static void test_unreached(void **state)
{
	struct known k = unreached(SESSION_NOT_FOUND);

	(void)state;
	expect(&k, DIAGNOSIS_NOT_ADVERTISING);
	k = unreached(SESSION_LINK_LOST);
	k.f.losses.by[GATT_CONNECT_FAILED] = 5;
	expect(&k, DIAGNOSIS_CONNECT_FAILS);
	k.f.not_connectable = true;
	expect(&k, DIAGNOSIS_NOT_CONNECTABLE);
	k = unreached(SESSION_NO_SERVICE);
	expect(&k, DIAGNOSIS_DIALECT);
	k.f.misremembered = true;
	expect(&k, DIAGNOSIS_STALE_CACHE);
	k = unreached(SESSION_IN_USE);
	expect(&k, DIAGNOSIS_HELD_HERE);
	k = unreached(SESSION_NO_ADAPTER);
	expect(&k, DIAGNOSIS_ADAPTER_GONE);
	k.f.host = GATT_HOST_ADAPTER_OFF;
	expect(&k, DIAGNOSIS_ADAPTER_OFF);
	k.f.host = GATT_HOST_ADAPTER_BLOCKED;
	expect(&k, DIAGNOSIS_ADAPTER_BLOCKED);
	k = unreached(SESSION_NO_ADAPTER);
	k.f.host = GATT_HOST_DAEMON_GONE;
	expect(&k, DIAGNOSIS_BLUETOOTHD_GONE);
	k.f.release = 5 << 8 | 62;
	expect(&k, DIAGNOSIS_BLUETOOTHD_OLD);
	k.f.release = 5 << 8 | 63;
	expect(&k, DIAGNOSIS_BLUETOOTHD_GONE);
	k.f.host = GATT_HOST_DAEMON_SILENT;
	expect(&k, DIAGNOSIS_BLUETOOTHD_SILENT);
	k.f.host = GATT_HOST_REFUSED;
	expect(&k, DIAGNOSIS_BUS_POLICY);
	k.f.host = GATT_HOST_NO_BUS;
	expect(&k, DIAGNOSIS_NO_BUS);
	k = unreached(SESSION_NO_SERVICE);
	k.f.misremembered = true;
	k.f.release = 5 << 8 | 55;
	expect(&k, DIAGNOSIS_BLUETOOTHD_OLD);
}

static void test_pairing(void **state)
{
	struct known k = unreached(SESSION_NOT_PAIRED);

	(void)state;
	expect(&k, DIAGNOSIS_PAIRING_REFUSED);
	k.f.passkey_asked = true;
	expect(&k, DIAGNOSIS_PAIRING_NEEDED);
	k.f.passkey_given = true;
	expect(&k, DIAGNOSIS_PAIRING_REFUSED);
	k.f.key_missing = true;
	expect(&k, DIAGNOSIS_BOND_LOST);
	k = unreached(SESSION_DEVICE_ERROR);
	k.f.code = OTA_ERR_PERMISSION;
	expect(&k, DIAGNOSIS_PAIRING_NEEDED);
	k.f.pairing = GATT_PAIRING_WANTED;
	expect(&k, DIAGNOSIS_PAIRING_NEEDED);
	k.f.pairing = GATT_PAIRING_BOND_LOST;
	expect(&k, DIAGNOSIS_BOND_LOST);
	k.f.pairing = GATT_PAIRING_UNAUTHORIZED;
	expect(&k, DIAGNOSIS_PERMISSION);
	k.f.host = GATT_HOST_REFUSED; /* nothing of it reached the device */
	expect(&k, DIAGNOSIS_BUS_POLICY);
	k.f.host = GATT_HOST_UNTOLD;
	k.f.pairing = GATT_PAIRING_UNTOLD;
	k.f.opcode = OTA_CMD_START;
	expect(&k, DIAGNOSIS_PERMISSION);
}

static void test_device_says(void **state)
{
	static const struct {
		enum ota_code code;
		uint32_t detail;
		enum diagnosis_cause cause;
	} says[] = {
		{OTA_ERR_BUSY, 0, DIAGNOSIS_OTHER_CLIENT},
		{OTA_ERR_BUSY, 60, DIAGNOSIS_TOO_OFTEN},
		{OTA_ERR_ERASE, 4096, DIAGNOSIS_FLASH_FAULT},
		{OTA_ERR_WRITE, 4096, DIAGNOSIS_FLASH_FAULT},
		{OTA_ERR_READ, 4096, DIAGNOSIS_FLASH_FAULT},
		{OTA_ERR_HASH, 0, DIAGNOSIS_FLASH_FAULT},
		{OTA_ERR_IMAGE, 80, DIAGNOSIS_IMAGE_REFUSED},
		{OTA_ERR_CHIP, 0, DIAGNOSIS_IMAGE_REFUSED},
		{OTA_ERR_VERSION, 48, DIAGNOSIS_IMAGE_REFUSED},
		{OTA_ERR_SIZE, 4096, DIAGNOSIS_IMAGE_REFUSED},
		{OTA_ERR_STATE, OTA_DETAIL_PENDING, DIAGNOSIS_ON_TRIAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		struct known k = unreached(SESSION_DEVICE_ERROR);

		k.f.dialect = DIALECT_FULL;
		k.f.code = (uint8_t)says[i].code;
		k.f.opcode = OTA_CMD_START;
		k.f.detail = says[i].detail;
		expect(&k, says[i].cause);
	}
}

static void test_what_runs(void **state)
{
	struct known k = stalled();

	(void)state;
	k.f.info = &k.info;
	k.f.info_first = &k.first;
	k.info.resets = 1;
	expect(&k, DIAGNOSIS_RESET);
	expect_evidence(&k, "resets since the update began: 1");
	k.info.resets = 3;
	k.info.panics = 2;
	k.info.reset_reason = OTA_RESET_POWER_ON;
	expect_evidence(&k, "it panicked 2 times since the update began (resets: 3, the latest by "
			    "power-on)");
	k.info.running_slot = 1;
	expect(&k, DIAGNOSIS_OTHER_SLOT);

	k = unreached(SESSION_ROLLED_BACK);
	expect(&k, DIAGNOSIS_ROLLED_BACK);
	k.f.verdict = SESSION_VERDICT_OLD;
	expect(&k, DIAGNOSIS_SAME_VERSION);
	k = unreached(SESSION_NOT_BACK);
	expect(&k, DIAGNOSIS_NO_RETURN);

	k = unreached(SESSION_ANSWERED);
	k.f.goal = SESSION_LOOK;
	k.f.info = &k.info;
	expect(&k, DIAGNOSIS_NONE);
	k.info.flags = OTA_INFO_RESUMABLE;
	expect(&k, DIAGNOSIS_LEFT_BEHIND);
	k.info.resets = 2;
	expect(&k, DIAGNOSIS_RESET);
	k.info.flags = OTA_INFO_PENDING_VERIFY;
	expect(&k, DIAGNOSIS_ON_TRIAL);
}

/* A run that ended well, or as asked, has no cause of anything. */
static void test_nothing_wrong(void **state)
{
	static const enum session_outcome good[] = {SESSION_CONFIRMED, SESSION_DELIVERED,
						    SESSION_MEASURED, SESSION_ALREADY_RUNNING};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct known k = stalled();

		k.f.stalled = false;
		k.f.ended = true;
		k.f.state = SESSION_DONE;
		k.f.outcome = good[i];
		k.stats.gaps = 5;
		k.f.losses.by[GATT_SUPERVISION] = 2;
		expect(&k, DIAGNOSIS_NONE);
	}
}

/* Whatever is seen, the list is in order and says something. */
static void test_any_facts(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, 42);
	for (int i = 0; i < 200000; i++) {
		struct diagnosis found[DIAGNOSES_MAX];
		struct known k = stalled();
		size_t count;

		for (size_t at = 0; at < sizeof(k); at++)
			((uint8_t *)&k)[at] =
				rng_below(&rng, 4) ? 0 : (uint8_t)rng_below(&rng, 256);
		k.f.goal = (enum session_goal)rng_below(&rng, SESSION_COMMAND + 1);
		k.f.state = (enum session_state)rng_below(&rng, SESSION_STATES);
		k.f.outcome = (enum session_outcome)rng_below(&rng, SESSION_OUTCOMES);
		k.f.dialect = (enum dialect_id)rng_below(&rng, DIALECTS);
		k.f.verdict = (enum session_verdict)rng_below(&rng, SESSION_VERDICT_UNKNOWN + 1);
		k.f.mode = (enum gatt_write)rng_below(&rng, GATT_ACQUIRE + 1);
		k.f.scanning = rng_below(&rng, 2);
		k.f.heard = rng_below(&rng, 2);
		k.f.not_connectable = rng_below(&rng, 2);
		k.f.begun = rng_below(&rng, 2);
		k.f.ended = rng_below(&rng, 2);
		k.f.proved = rng_below(&rng, 2);
		k.f.stalled = rng_below(&rng, 2);
		k.f.stack_full = rng_below(&rng, 2);
		k.f.misremembered = rng_below(&rng, 2);
		k.f.data_held = rng_below(&rng, 2);
		k.f.key_missing = rng_below(&rng, 2);
		k.f.passkey_asked = rng_below(&rng, 2);
		k.f.passkey_given = rng_below(&rng, 2);
		k.f.host = (enum gatt_host)rng_below(&rng, GATT_HOSTS);
		k.f.pairing = (enum gatt_pairing)rng_below(&rng, GATT_PAIRINGS);
		k.f.release = 5u << 8 | (unsigned int)rng_below(&rng, 99);
		k.f.adapter_gone = rng_below(&rng, 2);
		k.f.erase_last = rng_below(&rng, 2);
		k.f.unanswered = rng_below(&rng, 2);
		k.f.erred = rng_below(&rng, 2);
		k.stats.telemetry_known = rng_below(&rng, 2);
		k.stats.status_known = rng_below(&rng, 2);
		k.f.stats = &k.stats;
		k.f.info = rng_below(&rng, 2) ? &k.info : NULL;
		k.f.info_first = rng_below(&rng, 2) ? &k.first : NULL;
		count = diagnose(&k.f, found);
		assert_true(count <= DIAGNOSES_MAX);
		for (size_t at = 0; at < count; at++) {
			assert_true(found[at].certainty >= 50 && found[at].certainty <= 100);
			assert_true(at == 0 || found[at].certainty <= found[at - 1].certainty);
			assert_int_not_equal(found[at].evidence[0], '\0');
			assert_int_not_equal(found[at].cause, DIAGNOSIS_NONE);
			expect_setting(found[at].change);
		}
	}
}

static void test_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < DIAGNOSIS_CAUSES; i++) {
		assert_int_not_equal(diagnosis_text((enum diagnosis_cause)i)[0], '\0');
		assert_true(i == 0 || diagnosis_cure((enum diagnosis_cause)i)[0] != '\0');
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(diagnosis_name((enum diagnosis_cause)i),
						diagnosis_name((enum diagnosis_cause)j));
	}
}

/* Each cause has a paragraph in the manual, with its words. */
static void test_manual(void **state)
{
	char *path = test_source_path("docs/otabench.1");
	size_t size;
	uint8_t *page = test_load_file(path, &size);

	(void)state;
	assert_non_null(page);
	for (unsigned int c = DIAGNOSIS_NONE + 1; c < DIAGNOSIS_CAUSES; c++) {
		char wanted[512], entry[512];
		size_t len = 0;

		(void)snprintf(wanted, sizeof(wanted), "\n.TP\n.B %s\n%s\n",
			       diagnosis_name((enum diagnosis_cause)c),
			       diagnosis_text((enum diagnosis_cause)c));
		for (const char *at = wanted; *at; at++) {
			if (*at == '-')
				entry[len++] = '\\';
			entry[len++] = *at;
		}
		if (!memmem(page, size, entry, len))
			fail_msg("%s is not in the manual",
				 diagnosis_name((enum diagnosis_cause)c));
	}
	free(page);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),		cmocka_unit_test(test_device_busy),
		cmocka_unit_test(test_lost_on_the_way), cmocka_unit_test(test_link),
		cmocka_unit_test(test_timing),		cmocka_unit_test(test_unreached),
		cmocka_unit_test(test_pairing),		cmocka_unit_test(test_device_says),
		cmocka_unit_test(test_what_runs),	cmocka_unit_test(test_nothing_wrong),
		cmocka_unit_test(test_any_facts),	cmocka_unit_test(test_names),
		cmocka_unit_test(test_manual),

	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
