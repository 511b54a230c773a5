/* SPDX-License-Identifier: Apache-2.0 */
/* Events that a session does not wait for, told by the stack while it sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "host/job.h"
#include "image/image_build.h"
#include "testlib.h"
#include "updatelib.h"

static uint8_t image_bytes[60000];
static size_t image_size;

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 50000, .seed = 3};

	(void)state;
	return image_build(&b, sha256_buffer, image_bytes, sizeof(image_bytes), &image_size);
}

static const struct transport_advertisement heard = {
	.address = "24:6F:28:AA:10:02", .name = "another", .rssi = -60, .connectable = true};

static void tell(struct transport *t, const struct transport_event *e)
{
	t->handler(t->userdata, e);
}

static void begin_sending(struct update *u)
{
	update_init(u, image_bytes, image_size);
	update_begin(u);
	while (u->s.state != SESSION_SENDING || u->s.stats.received < 10000)
		assert_true(update_step(u));
}

/* Events that are not for the session change nothing of the update. */
static void test_not_for_the_session(void **state)
{
	static const struct transport_event events[] = {
		{.kind = TRANSPORT_ADVERTISEMENT, .adv = &heard},
		{.kind = TRANSPORT_MAINTENANCE, .status = -OTA_EIO},
		{.kind = TRANSPORT_LINK},
		{.kind = TRANSPORT_NOTIFIED, .chr = GATT_DATA, .data = image_bytes, .len = 20},
	};
	struct update u;

	(void)state;
	begin_sending(&u);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		const struct session before = u.s;

		tell(u.transport, &events[i]);
		assert_memory_equal(&u.s, &before, sizeof(before));
		assert_int_equal(u.asked, 0);
	}
	update_finish(&u, 60);
	assert_int_equal(u.s.outcome, SESSION_CONFIRMED);
	assert_int_equal(u.losses, 0);
	update_end(&u);
}

/* An adapter that is gone takes the link along; one that is back is tried again. */
static void test_adapter_gone(void **state)
{
	const struct transport_event gone = {.kind = TRANSPORT_ADAPTER, .status = -OTA_ENODEV};
	struct update u;

	(void)state;
	begin_sending(&u);
	tell(u.transport, &gone);
	assert_int_not_equal(u.s.state, SESSION_SENDING);
	assert_true(u.s.adapter_gone);
	update_end(&u);
}

/* --- the same through a job, whose log is what people read */

struct job_run {
	struct update update;
	struct image image;
	struct lint_report report;
	struct profile profile;
	struct job *job;
};

static void begin_job(struct job_run *r)
{
	const struct job_config config = {
		.goal = SESSION_UPDATE,
		.device = UPDATE_DEVICE,
		.profile = &r->profile,
		.image = &r->image,
		.report = &r->report,
		.image_name = "image.bin",
	};
	struct job_snapshot s;

	memset(r, 0, sizeof(*r));
	profile_defaults(&r->profile);
	(void)image_read(image_bytes, image_size, sha256_buffer, &r->image, &r->report);
	update_init(&r->update, image_bytes, image_size);
	update_open(&r->update);
	assert_int_equal(job_create(r->update.simulator, &config, NULL, &r->job), 0);
	job_start(r->job);
	do {
		assert_true(sched_step(sim_sched(r->update.simulator)));
		job_snapshot(r->job, &s);
	} while (s.stats.received < 10000);
}

static bool log_has(const struct job *job, const char *word)
{
	struct job_snapshot s;

	job_snapshot(job, &s);
	for (size_t i = 0; i < s.log_count; i++)
		if (job_log(job, i) && strstr(job_log(job, i)->text, word))
			return true;
	return false;
}

static void test_advertisement_is_no_passkey(void **state)
{
	const struct transport_event e = {.kind = TRANSPORT_ADVERTISEMENT, .adv = &heard};
	const struct transport_event asked = {.kind = TRANSPORT_PASSKEY, .passkey = -1};
	struct job_run r;

	(void)state;
	begin_job(&r);
	tell(r.update.simulator, &e);
	assert_false(log_has(r.job, "passkey"));
	tell(r.update.simulator, &asked); /* the log would have said so */
	assert_true(log_has(r.job, "passkey"));
	job_destroy(r.job);
	r.update.simulator->ops->destroy(r.update.simulator);
	sd_event_unref(r.update.event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_for_the_session),
		cmocka_unit_test(test_adapter_gone),
		cmocka_unit_test(test_advertisement_is_no_passkey),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
