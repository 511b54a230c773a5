/* SPDX-License-Identifier: Apache-2.0 */
/* See updatelib.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "testlib.h"
#include "transport/trace.h"
#include "base/sha256.h"
#include "updatelib.h"

static struct update *update_of(void *ctx)
{
	return ctx;
}

static int update_approve(void *ctx, const struct ota_info *info, const char *version)
{
	(void)info;
	(void)version;
	return update_of(ctx)->refuse ? -OTA_EPERM : 0;
}

static void update_note(void *ctx, enum session_note note, uint32_t value)
{
	(void)value;
	if (note == SESSION_NOTE_LINK_LOST)
		update_of(ctx)->losses++;
}

static void update_passkey(void *ctx, int32_t shown)
{
	struct update *u = update_of(ctx);

	(void)shown;
	u->asked++;
	u->to_answer = true; /* not from within */
}

static void update_link_changed(void *ctx, const struct transport_event *e)
{
	update_of(ctx)->paired += e->kind == TRANSPORT_PAIRED && e->status == 0;
}

const uint8_t *update_running(const struct update *u, uint32_t *ret_size)
{
	struct board *board = esp_board(update_device(u));
	const struct board_running *running = board_running(board);

	*ret_size = running->size;
	return board_slot_map(board, running->slot, running->size);
}

static int make_stream(struct update *u)
{
	const uint8_t *base;
	struct patch patch;
	uint32_t size;
	int rc;

	if (!u->delta)
		return job_stream_deflate(&u->stream, u->session.image, u->session.image_size,
					  u->window);
	base = update_running(u, &size);
	if (!base || patch_make(&patch, base, size, u->session.image, u->session.image_size) < 0)
		return -OTA_ENOMEM;
	rc = job_stream_delta(&u->stream, &patch, u->window);
	patch_finish(&patch);
	return rc;
}

static int update_stream(void *ctx, const struct ota_info *info, const struct stream **ret)
{
	struct update *u = ctx;

	if (u->window == 0)
		return 0;
	assert_int_equal(info->deflate_window, u->window);
	if (!u->stream.ready)
		assert_int_equal(make_stream(u), 0);
	*ret = &u->stream.stream;
	return 0;
}

/* A device that lies is, to the host, one whose digests are always those that it looks for. */
static const uint32_t *update_digests(void *ctx, const struct ota_info *info)
{
	struct update *u = ctx;
	struct board *board = esp_board(update_device(u));
	const uint8_t *slot = board_slot_map(board, board_update_slot(board), info->slot_size);
	const uint8_t *from = u->deceived ? slot : u->session.image;
	const uint32_t size = u->session.image_size;

	if (!u->asks)
		return NULL;
	assert_non_null(from);
	for (uint32_t at = 0; at < size; at += OTA_BLOCK_SIZE)
		u->digest[at / OTA_BLOCK_SIZE] = (uint32_t)crc32(
			0, from + at, size - at < OTA_BLOCK_SIZE ? size - at : OTA_BLOCK_SIZE);
	return u->digest;
}

static const struct pump_owner update_owner = {
	.approve = update_approve,
	.stream = update_stream,
	.digests = update_digests,
	.note = update_note,
	.passkey = update_passkey,
	.link_changed = update_link_changed,
};

static void update_rearm(struct update *u)
{
	struct transport *t = u->transport;

	assert_int_equal(t->ops->set_alarm(t, session_deadline(&u->s)), 0);
}

static void update_event(void *userdata, const struct transport_event *e)
{
	struct update *u = userdata;
	uint32_t in_flight;

	pump_event(&u->pump, e);
	in_flight = u->s.stats.queued - u->s.stats.received;
	if (u->s.window > u->most_window)
		u->most_window = u->s.window;
	if (u->s.state == SESSION_SENDING && in_flight > u->most_in_flight)
		u->most_in_flight = in_flight;
	update_rearm(u);
}

void update_init(struct update *u, const uint8_t *image, size_t size)
{
	memset(u, 0, sizeof(*u));
	u->sim = (struct sim_config){
		.kind.devices = 1,
		.kind.chip_all = true,
		.phy = OTA_PHY_1M,
		.interval = 12,
		.supervision = 100,
		.kind.dialect = ESP_FULL,
		.kind.dialect_all = true,
		.kind.flash_speed = FLASH_TYPICAL,
		.kind.seed = 1,
	};
	u->session = (struct session_config){
		.goal = SESSION_UPDATE,
		.image = image,
		.image_size = (uint32_t)size,
		.mode_auto = true,
		.mtu_max = 517,
		.confirm = true,
		.stall_ms = 1000,
		.ack_timeout_ms = 2000,
		.connect_timeout_ms = 15000,
		.ready_timeout_ms = 20000,
		.basic_ready_timeout_ms = 60000,
		.verify_timeout_ms = 30000,
		.reconnect_timeout_ms = 60000,
		.retries = 8,
		.backoff_ms = 200,
		.backoff_max_ms = 2000,
		.basic_pacing_us = 20000,
	};
	sha256_buffer(image, size, u->session.sha256);
	u->fault_seed = 7;
}

void update_fault(struct update *u, const char *spec)
{
	char why[200];

	assert_true(u->fault_count < UPDATE_FAULTS);
	if (fault_parse(spec, &u->faults[u->fault_count++], why, sizeof(why)) < 0)
		fail_msg("%s: %s", spec, why);
}

uint64_t update_now(const struct update *u)
{
	return pump_now(&u->pump);
}

struct esp *update_device(const struct update *u)
{
	return sim_device(u->simulator, UPDATE_DEVICE);
}

void update_open(struct update *u)
{
	char why[200] = "";

	u->sim.kind.deflate_window = u->window;
	u->sim.kind.delta = u->delta;
	assert_true(sd_event_new(&u->event) >= 0);
	if (sim_create(u->event, &u->sim, &u->simulator, why, sizeof(why)) < 0)
		fail_msg("sim_create: %s", why);
	memcpy(u->factory, board_running(esp_board(update_device(u)))->sha256, sizeof(u->factory));
}

void update_start(struct update *u, struct transport *t, const char *address)
{
	u->transport = t;
	t->handler = update_event;
	t->userdata = u;
	u->pump = (struct pump){
		.session = &u->s,
		.transport = t,
		.address = address,
		.owner = &update_owner,
		.ctx = u,
	};
	assert_int_equal(pump_init(&u->pump, &u->session), 0);
	session_start(&u->s, update_now(u));
	update_rearm(u);
}

void update_begin(struct update *u)
{
	struct transport *t;

	update_open(u);
	t = u->simulator;
	if (u->fault_count > 0)
		assert_int_equal(fault_wrap(t, u->faults, u->fault_count, u->fault_seed, &t), 0);
	if (u->record)
		assert_int_equal(trace_record(t, u->record, &t), 0);
	update_start(u, t, UPDATE_DEVICE);
}

bool update_step(struct update *u)
{
	if (u->to_answer) {
		u->to_answer = false;
		assert_int_equal(transport_passkey(u->transport, u->typed), 0);
	}
	return sched_step(sim_sched(u->simulator));
}

void update_replay(struct update *u, const char *path)
{
	struct transport *t;
	unsigned int line;

	assert_true(sd_event_new(&u->event) >= 0);
	assert_int_equal(trace_replay(u->event, path, &t, &line), 0);
	u->simulator = t;
	update_start(u, t, UPDATE_DEVICE);
	while (!session_finished(&u->s) && sd_event_run(u->event, 0) > 0)
		;
}

void update_finish(struct update *u, unsigned int seconds)
{
	const uint64_t until = update_now(u) + seconds * 1000000ull;

	while (!session_finished(&u->s)) {
		if (!update_step(u))
			fail_msg("nothing happens any more in state %s",
				 session_state_name(u->s.state));
		if (update_now(u) > until)
			fail_msg("still %s after %u s", session_state_name(u->s.state), seconds);
	}
}

void update_wait(struct update *u, uint64_t us)
{
	sched_advance(sim_sched(u->simulator), update_now(u) + us);
}

bool update_check_boots(struct update *u)
{
	struct esp *esp = update_device(u);
	const struct board_running *running = board_running(esp_board(esp));
	uint8_t hash[OTA_SHA256_SIZE];
	const uint8_t *flash;

	update_wait(u, 10000000u);
	esp_reset(esp);
	update_wait(u, 5000000u);
	assert_int_equal(board_state(esp_board(esp)), BOARD_RUNNING);
	flash = board_slot_map(esp_board(esp), running->slot, running->size);
	assert_non_null(flash);
	sha256_buffer(flash, running->size, hash);
	assert_memory_equal(hash, running->sha256, sizeof(hash));
	if (memcmp(hash, u->session.sha256, sizeof(hash)) == 0)
		return true;
	assert_memory_equal(hash, u->factory, sizeof(hash));
	return false;
}

void update_end(struct update *u)
{
	job_stream_finish(&u->stream);
	u->transport->ops->destroy(u->transport);
	sd_event_unref(u->event);
}

enum session_outcome update_run(struct update *u, unsigned int seconds)
{
	update_begin(u);
	update_finish(u, seconds);
	return u->s.outcome;
}
