/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole runs against devices that lie: a virtual ESP32 whose notifications are replaced on
 * their way to the job.  Each run ends by itself, in bounded time and after bounded sending,
 * with the outcome, exit status and words that fit, and shows no impossible figure meanwhile.
 *
 *   HOSTILE_TELL   a line for each run
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sha256.h"
#include "cli/run.h"
#include "host/job.h"
#include "image/image_build.h"
#include "sim/sim.h"
#include "testlib.h"
#include "transport/wrap.h"

#define DEVICE "esp-sim-01"
#define S 1000000ull
#define IMAGE_BYTES 60000u
#define SENT_MOST (34ull * sizeof(image_bytes) + (1u << 20) + OTA_VALUE_MAX)

struct hostile {
	struct wrap wrap;
	const struct lie *lie;
	struct image image;
	struct job *job;
	bool link_up, confirm_asked;
	uint32_t told; /* lies so far */
	uint32_t states, notes, entries;
	bool finished;
	struct job_result result;
};

/* A device's way to lie, and how a run with it must end. */
struct lie {
	const char *name;
	void (*heard)(struct hostile *h, uint8_t *buf, size_t len); /* a notification comes */
	void (*each_second)(struct hostile *h); /* NULL: nothing */
	bool cancels; /* the user does, while it sends */
	bool takes_confirm; /* CONFIRM reaches the device as STATUS */
	bool runs_new; /* the device runs the image at the end */
	enum session_outcome outcome;
	enum cli_exit code;
	const char *words; /* in the sentence for the user */
	uint32_t longest_s;
};

static uint8_t image_bytes[IMAGE_BYTES];

static void tell(struct hostile *h, const uint8_t *buf, int len)
{
	const struct transport_event event = {
		.kind = TRANSPORT_NOTIFIED,
		.chr = GATT_CONTROL,
		.data = buf,
		.len = (size_t)len,
	};

	h->told++;
	wrap_emit(&h->wrap, &event);
}

static void pass(struct hostile *h, const uint8_t *buf, size_t len)
{
	tell(h, buf, (int)len);
	h->told--;
}

/* --- the lies */

static void abort_is_done(struct hostile *h, uint8_t *buf, size_t len)
{
	struct ota_done done = {.size = (uint32_t)h->image.size, .slot = 1, .reboot_ms = 300};

	if (buf[0] != OTA_EVT_RESULT || buf[1] != OTA_CMD_ABORT) {
		pass(h, buf, len);
		return;
	}
	memcpy(done.hash, h->image.sha256, sizeof(done.hash));
	tell(h, buf, ota_done_encode(&done, buf, OTA_CONTROL_MAX));
}

static void ready_creeps(struct hostile *h, uint8_t *buf, size_t len)
{
	const struct ota_error_event busy = {.code = OTA_ERR_BUSY, .detail = OTA_STATE_RECEIVING};
	struct ota_ready ready;

	if (buf[0] != OTA_EVT_READY)
		return;
	assert_int_equal(ota_ready_decode(buf, len, &ready), 0);
	ready.offset = h->told + 1;
	tell(h, buf, ota_ready_encode(&ready, buf, OTA_CONTROL_MAX));
	pass(h, buf, (size_t)ota_error_encode(&busy, buf, OTA_CONTROL_MAX));
}

static void nothing(struct hostile *h, uint8_t *buf, size_t len)
{
	(void)h;
	(void)buf;
	(void)len;
}

static void same_progress(struct hostile *h)
{
	const struct ota_progress same = {.phase = OTA_PHASE_ERASE, .done = 4096, .total = 65536};
	uint8_t buf[OTA_CONTROL_MAX];

	tell(h, buf, ota_progress_encode(&same, buf, sizeof(buf)));
}

static void more_progress(struct hostile *h)
{
	const struct ota_progress more = {
		.phase = OTA_PHASE_ERASE, .done = h->told, .total = UINT32_MAX};
	uint8_t buf[OTA_CONTROL_MAX];

	tell(h, buf, ota_progress_encode(&more, buf, sizeof(buf)));
}

static void ready_beyond(struct hostile *h, uint8_t *buf, size_t len)
{
	struct ota_ready ready;

	if (buf[0] != OTA_EVT_READY) {
		pass(h, buf, len);
		return;
	}
	assert_int_equal(ota_ready_decode(buf, len, &ready), 0);
	ready.offset = ready.limit = (uint32_t)h->image.size + 1;
	tell(h, buf, ota_ready_encode(&ready, buf, OTA_CONTROL_MAX));
}

static void ack_beyond(struct hostile *h, uint8_t *buf, size_t len)
{
	const struct ota_ack ack = {.received = UINT32_MAX, .limit = UINT32_MAX};

	if (buf[0] == OTA_EVT_ACK)
		tell(h, buf, ota_ack_encode(&ack, buf, OTA_CONTROL_MAX));
	else
		pass(h, buf, len);
}

static void ack_all_at_once(struct hostile *h, uint8_t *buf, size_t len)
{
	const struct ota_ack ack = {.received = (uint32_t)h->image.size,
				    .flushed = (uint32_t)h->image.size,
				    .limit = (uint32_t)h->image.size};

	if (buf[0] == OTA_EVT_ACK && h->told == 0)
		tell(h, buf, ota_ack_encode(&ack, buf, OTA_CONTROL_MAX));
	else
		pass(h, buf, len);
}

/* Whatever was received, one byte of it was; the rest is to come again. */
static void gaps_creep(struct hostile *h, uint8_t *buf, size_t len)
{
	struct ota_gap gap;

	if (buf[0] != OTA_EVT_ACK && buf[0] != OTA_EVT_GAP) {
		pass(h, buf, len);
		return;
	}
	gap.offset = h->told + 1;
	gap.sequence = (uint16_t)((h->told + 1) * 0x2000u);
	gap.reason = OTA_GAP_ASKED;
	tell(h, buf, ota_gap_encode(&gap, buf, OTA_CONTROL_MAX));
}

static void done_of_another(struct hostile *h, uint8_t *buf, size_t len)
{
	if (buf[0] == OTA_EVT_DONE) {
		buf[len - 1] ^= 1u;
		h->told++;
	}
	pass(h, buf, len);
}

static void cut_short(struct hostile *h, uint8_t *buf, size_t len)
{
	tell(h, buf, (int)len - 1);
}

/* A command that reaches the device as STATUS is answered as CONFIRM. */
static void confirms_in_words(struct hostile *h, uint8_t *buf, size_t len)
{
	const struct ota_result ok = {.opcode = OTA_CMD_CONFIRM, .code = OTA_OK};

	if (buf[0] == OTA_EVT_STATUS && h->confirm_asked)
		tell(h, buf, ota_result_encode(&ok, buf, OTA_CONTROL_MAX));
	else
		pass(h, buf, len);
}

/* All but the last hundredth, and then no more, as often as the host comes back. */
static void ends_at_99(struct hostile *h, uint8_t *buf, size_t len)
{
	const struct ota_error_event over = {.code = OTA_ERR_TIMEOUT};
	const uint32_t last = (uint32_t)h->image.size - (uint32_t)h->image.size / 100u;
	struct ota_ready ready;
	struct ota_ack ack;

	if ((buf[0] == OTA_EVT_ACK && ota_ack_decode(buf, len, &ack) == 0 &&
	     ack.received >= last) ||
	    (buf[0] == OTA_EVT_READY && ota_ready_decode(buf, len, &ready) == 0 &&
	     ready.offset >= last))
		tell(h, buf, ota_error_encode(&over, buf, OTA_CONTROL_MAX));
	else
		pass(h, buf, len);
}

static void flood(struct hostile *h)
{
	const struct ota_telemetry telemetry = {.rssi = -50};
	uint8_t buf[OTA_CONTROL_MAX];

	for (unsigned int i = 0; i < 10000; i++)
		tell(h, buf, ota_telemetry_encode(&telemetry, buf, sizeof(buf)));
}

static const struct lie lies[] = {
	{.name = "the end of the session at 99 %",
	 .heard = ends_at_99,
	 .outcome = SESSION_DEVICE_ERROR,
	 .code = CLI_DEVICE_ERROR,
	 .words = "session-timeout",
	 .longest_s = 1800},
	{.name = "10,000 notifications a second, and no other",
	 .heard = nothing,
	 .each_second = flood,
	 .outcome = SESSION_STALLED,
	 .code = CLI_LINK_LOST,
	 .words = "did not become ready",
	 .longest_s = 400},
	{.name = "ABORT is answered with DONE",
	 .heard = abort_is_done,
	 .cancels = true,
	 .outcome = SESSION_PROTOCOL,
	 .code = CLI_DEVICE_ERROR,
	 .words = "DONE before it was told that all was sent",
	 .longest_s = 60},
	{.name = "READY one byte further, and busy",
	 .heard = ready_creeps,
	 .outcome = SESSION_DEVICE_ERROR,
	 .code = CLI_DEVICE_ERROR,
	 .words = "busy, detail 2",
	 .longest_s = 1800},
	{.name = "an erase that never ends: the same PROGRESS for ever",
	 .heard = nothing,
	 .each_second = same_progress,
	 .outcome = SESSION_STALLED,
	 .code = CLI_LINK_LOST,
	 .words = "did not become ready",
	 .longest_s = 400},
	{.name = "more PROGRESS for ever",
	 .heard = nothing,
	 .each_second = more_progress,
	 .outcome = SESSION_STALLED,
	 .code = CLI_LINK_LOST,
	 .words = "did not become ready",
	 .longest_s = 1500},
	{.name = "READY beyond the image",
	 .heard = ready_beyond,
	 .outcome = SESSION_PROTOCOL,
	 .code = CLI_DEVICE_ERROR,
	 .words = "its READY lies outside the image",
	 .longest_s = 60},
	{.name = "ACK beyond the image",
	 .heard = ack_beyond,
	 .outcome = SESSION_PROTOCOL,
	 .code = CLI_DEVICE_ERROR,
	 .words = "its ACK contradicts what was sent",
	 .longest_s = 60},
	{.name = "ACK of what was not sent yet",
	 .heard = ack_all_at_once,
	 .outcome = SESSION_PROTOCOL,
	 .code = CLI_DEVICE_ERROR,
	 .words = "its ACK contradicts what was sent",
	 .longest_s = 60},
	{.name = "GAPs that creep",
	 .heard = gaps_creep,
	 .outcome = SESSION_NO_HEADWAY,
	 .code = CLI_LINK_LOST,
	 .words = "made no progress",
	 .longest_s = 3600},
	{.name = "DONE of another image",
	 .heard = done_of_another,
	 .runs_new = true,
	 .outcome = SESSION_PROTOCOL,
	 .code = CLI_DEVICE_ERROR,
	 .words = "its DONE tells another size or hash",
	 .longest_s = 60},
	{.name = "notifications cut short",
	 .heard = cut_short,
	 .outcome = SESSION_PROTOCOL,
	 .code = CLI_DEVICE_ERROR,
	 .words = "a notification that is too short",
	 .longest_s = 60},
	{.name = "confirmed in words alone",
	 .heard = confirms_in_words,
	 .takes_confirm = true,
	 .runs_new = true,
	 .outcome = SESSION_PROTOCOL,
	 .code = CLI_DEVICE_ERROR,
	 .words = "still has it on trial",
	 .longest_s = 200},
};

/* --- the transport between */

static void hostile_event(void *userdata, const struct transport_event *event)
{
	struct hostile *h = userdata;
	uint8_t buf[OTA_CONTROL_MAX];

	if (event->kind == TRANSPORT_CONNECTED)
		h->link_up = true;
	else if (event->kind == TRANSPORT_DISCONNECTED)
		h->link_up = false;
	if (event->kind != TRANSPORT_NOTIFIED || event->len == 0) {
		wrap_emit(&h->wrap, event);
		return;
	}
	assert_in_range(event->len, 1, sizeof(buf));
	memcpy(buf, event->data, event->len);
	h->lie->heard(h, buf, event->len);
}

static int hostile_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
			 const uint8_t *buf, size_t len)
{
	static const uint8_t status = OTA_CMD_STATUS;
	struct hostile *h = (struct hostile *)t;

	if (h->lie->takes_confirm && chr == GATT_CONTROL && buf[0] == OTA_CMD_CONFIRM) {
		h->confirm_asked = true;
		buf = &status;
	}
	return wrap_inner(t)->ops->write(wrap_inner(t), chr, mode, buf, len);
}

static void hostile_destroy(struct transport *t)
{
	wrap_inner(t)->ops->destroy(wrap_inner(t));
}

static const struct transport_ops hostile_ops = {
	.name = "hostile",
	.write = hostile_write,
	.destroy = hostile_destroy,
};

/* --- the listener, as the command line's */

static void on_state(void *userdata, enum session_state from, enum session_state to)
{
	(void)from;
	assert_true(to < SESSION_STATES);
	((struct hostile *)userdata)->states++;
}

static void on_note(void *userdata, enum session_note note, uint32_t value, const char *text)
{
	(void)note;
	(void)value;
	assert_non_null(text);
	((struct hostile *)userdata)->notes++;
}

static void on_log(void *userdata, const struct job_log_entry *entry)
{
	assert_non_null(entry);
	((struct hostile *)userdata)->entries++;
}

/* Checks that nothing impossible is shown. */
static void on_progress(void *userdata)
{
	const struct hostile *h = userdata;
	struct job_snapshot now;

	job_snapshot(h->job, &now);
	assert_true(now.stats.flushed <= now.stats.received);
	assert_true(now.stats.received <= now.stats.queued);
	assert_true(now.stats.queued <= now.size);
	assert_true(now.stats.limit <= now.size);
}

static void on_finished(void *userdata, const struct job_result *result)
{
	struct hostile *h = userdata;

	h->finished = true;
	h->result = *result;
}

/* --- the run */

static void drive(struct hostile *h)
{
	struct transport *inner = h->wrap.inner;
	const uint64_t begin = inner->ops->now_us(inner);
	bool to_cancel = h->lie->cancels;
	struct job_snapshot now;

	job_start(h->job);
	for (uint64_t at = begin; !h->finished; at += S / 4) {
		if (at > begin + h->lie->longest_s * S)
			fail_msg("%s: it does not end", h->lie->name);
		sched_advance(sim_sched(inner), at);
		if (h->finished)
			break;
		job_snapshot(h->job, &now);
		if (to_cancel && now.state == SESSION_SENDING && now.stats.queued > 0) {
			to_cancel = false;
			job_cancel(h->job);
		}
		if (h->lie->each_second && h->link_up && (at - begin) % S == 0)
			h->lie->each_second(h);
	}
}

static void check(const struct hostile *h)
{
	const struct job_result *r = &h->result;
	const struct lie *lie = h->lie;
	const struct board_running *running =
		board_running(esp_board(sim_device(h->wrap.inner, DEVICE)));

	if (h->told == 0)
		fail_msg("%s: it was not told", lie->name);
	if (r->outcome != lie->outcome || run_exit(r) != lie->code || !strstr(r->what, lie->words))
		fail_msg("%s: %s, exit %d: %s", lie->name, session_outcome_name(r->outcome),
			 (int)run_exit(r), r->what);
	if (r->sent_bytes > SENT_MOST || r->bytes > h->image.size)
		fail_msg("%s: %" PRIu64 " bytes sent, %u received", lie->name, r->sent_bytes,
			 r->bytes);
	if (h->states == 0 || h->entries == 0)
		fail_msg("%s: the listener was told nothing", lie->name);
	if (lie->runs_new && !strstr(r->advice, "shows which image runs"))
		fail_msg("%s: no word of what runs: %s", lie->name, r->advice);
	if ((memcmp(running->sha256, h->image.sha256, OTA_SHA256_SIZE) == 0) != lie->runs_new)
		fail_msg("%s: the device runs %s", lie->name, running->version);
}

static void run_lie(const struct lie *lie)
{
	const struct image_build build = {.version = "2.0.0", .size = IMAGE_BYTES - 4096};
	const struct sim_config sim = {.kind = {.devices = 1,
						.chip_all = true,
						.dialect = ESP_FULL,
						.dialect_all = true,
						.seed = 1}};
	struct hostile h = {.lie = lie};
	const struct job_listener listener = {.userdata = &h,
					      .state = on_state,
					      .note = on_note,
					      .log = on_log,
					      .progress = on_progress,
					      .finished = on_finished};
	struct job_config config = {.goal = SESSION_UPDATE, .device = DEVICE};
	struct lint_report report;
	struct profile profile;
	struct transport *inner;
	sd_event *event;
	size_t size;
	char why[200];

	assert_int_equal(
		image_build(&build, sha256_buffer, image_bytes, sizeof(image_bytes), &size), 0);
	(void)image_read(image_bytes, size, sha256_buffer, &h.image, &report);
	profile_defaults(&profile);
	config.profile = &profile;
	config.image = &h.image;
	config.report = &report;
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(sim_create(event, &sim, &inner, why, sizeof(why)), 0);
	wrap_init(&h.wrap, inner, &hostile_ops, hostile_event);
	assert_int_equal(job_create(&h.wrap.base, &config, &listener, &h.job), 0);
	drive(&h);
	/* A reboot that was announced takes place. */
	sched_advance(sim_sched(inner), inner->ops->now_us(inner) + 10 * S);
	if (getenv("HOSTILE_TELL"))
		print_message("%s: %s, %d, %" PRIu64 " sent: %s %s\n", lie->name,
			      session_outcome_name(h.result.outcome), (int)run_exit(&h.result),
			      h.result.sent_bytes, h.result.what, h.result.advice);
	check(&h);
	job_destroy(h.job);
	h.wrap.base.ops->destroy(&h.wrap.base);
	sd_event_unref(event);
}

static void test_lies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		run_lie(&lies[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lies),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
