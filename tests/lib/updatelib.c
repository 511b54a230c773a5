/* SPDX-License-Identifier: Apache-2.0 */
/* See updatelib.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "testlib.h"
#include "transport/trace.h"
#include "updatelib.h"

static struct update *update_of(void *ctx)
{
	return ctx;
}

static int do_connect(void *ctx)
{
	struct transport *t = update_of(ctx)->transport;

	return t->ops->connect(t, UPDATE_DEVICE);
}

static int do_disconnect(void *ctx)
{
	struct transport *t = update_of(ctx)->transport;

	return t->ops->disconnect(t);
}

static int do_discover(void *ctx)
{
	struct transport *t = update_of(ctx)->transport;

	return t->ops->discover(t);
}

static int do_subscribe(void *ctx, enum gatt_chr chr)
{
	struct transport *t = update_of(ctx)->transport;

	return t->ops->subscribe(t, chr);
}

static int do_read(void *ctx, enum gatt_chr chr)
{
	struct transport *t = update_of(ctx)->transport;

	return t->ops->read(t, chr);
}

static int do_write(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		    size_t len)
{
	struct transport *t = update_of(ctx)->transport;

	return t->ops->write(t, chr, mode, buf, len);
}

static void do_link(void *ctx, struct airtime_link *ret)
{
	struct transport *t = update_of(ctx)->transport;
	struct transport_link l;

	t->ops->link_state(t, &l);
	*ret = (struct airtime_link){
		.phy = l.link.rx_phy ? (enum ota_phy)l.link.rx_phy : OTA_PHY_1M,
		.data_length = l.link.rx_octets ? l.link.rx_octets : 251,
		.interval_us = l.link.interval ? l.link.interval * 1250u : 50000u,
		.buffers = l.buffers,
		.buffer_octets = l.buffer_octets,
		.refill = l.refill,
	};
}

static int do_approve(void *ctx, const struct ota_info *info, const char *version)
{
	(void)info;
	(void)version;
	return update_of(ctx)->refuse ? -OTA_EPERM : 0;
}

static void on_state(void *ctx, enum session_state from, enum session_state to)
{
	(void)ctx;
	(void)from;
	(void)to;
}

static void on_note(void *ctx, enum session_note note, uint32_t value)
{
	(void)value;
	if (note == SESSION_NOTE_LINK_LOST)
		update_of(ctx)->losses++;
}

static const struct session_ops ops = {
	.connect = do_connect,
	.disconnect = do_disconnect,
	.discover = do_discover,
	.subscribe = do_subscribe,
	.read = do_read,
	.write = do_write,
	.link = do_link,
	.approve = do_approve,
	.state_changed = on_state,
	.note = on_note,
};

static void rearm(struct update *u)
{
	struct transport *t = u->transport;

	assert_int_equal(t->ops->set_alarm(t, session_deadline(&u->s)), 0);
}

static void on_event(void *userdata, const struct transport_event *e)
{
	struct update *u = userdata;
	const uint64_t now = update_now(u);

	switch (e->kind) {
	case TRANSPORT_CONNECTED:
		session_connected(&u->s, e->mtu, now);
		break;
	case TRANSPORT_DISCONNECTED:
		session_disconnected(&u->s, e->reason, now);
		break;
	case TRANSPORT_MTU:
		session_mtu(&u->s, e->mtu, now);
		break;
	case TRANSPORT_DISCOVERED:
		session_discovered(&u->s, e->properties, now);
		break;
	case TRANSPORT_SUBSCRIBED:
		session_subscribed(&u->s, e->status, now);
		break;
	case TRANSPORT_READ:
		session_read(&u->s, e->chr, e->status, e->data, e->len, now);
		break;
	case TRANSPORT_WRITTEN:
		session_written(&u->s, e->chr, e->status, now);
		break;
	case TRANSPORT_NOTIFIED:
		session_rx(&u->s, e->data, e->len, now);
		break;
	case TRANSPORT_WRITABLE:
		session_writable(&u->s, now);
		break;
	case TRANSPORT_ALARM:
		session_tick(&u->s, now);
		break;
	case TRANSPORT_ADVERTISEMENT:
	case TRANSPORT_ADAPTER:
	case TRANSPORT_LINK:
	case TRANSPORT_MAINTENANCE:
		break;
	case TRANSPORT_PASSKEY:
		u->asked++;
		u->to_answer = true; /* not from within */
		session_pairing(&u->s, now);
		break;
	case TRANSPORT_PAIRED:
		u->paired += e->status == 0;
		session_paired(&u->s, e->status, now);
		break;
	}
	rearm(u);
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
	test_sha256(image, size, u->session.sha256);
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
	return u->fleet->ops->now_us(u->fleet);
}

struct esp *update_device(const struct update *u)
{
	return sim_device(u->fleet, UPDATE_DEVICE);
}

void update_begin(struct update *u)
{
	char why[200] = "";

	assert_true(sd_event_new(&u->event) >= 0);
	if (sim_create(u->event, &u->sim, &u->fleet, why, sizeof(why)) < 0)
		fail_msg("sim_create: %s", why);
	u->transport = u->fleet;
	if (u->fault_count > 0)
		assert_int_equal(fault_wrap(u->fleet, u->faults, u->fault_count, u->fault_seed,
					    &u->transport),
				 0);
	if (u->record)
		assert_int_equal(trace_record(u->transport, u->record, &u->transport), 0);
	u->transport->handler = on_event;
	u->transport->userdata = u;
	memcpy(u->factory, board_running(esp_board(update_device(u)))->sha256, sizeof(u->factory));
	assert_int_equal(session_init(&u->s, &u->session, &ops, u, update_now(u)), 0);
	session_start(&u->s, update_now(u));
	rearm(u);
}

bool update_step(struct update *u)
{
	if (u->to_answer) {
		u->to_answer = false;
		assert_int_equal(transport_passkey(u->transport, u->typed), 0);
	}
	return sched_step(sim_sched(u->fleet));
}

void update_replay(struct update *u, const char *path)
{
	unsigned int line;

	assert_true(sd_event_new(&u->event) >= 0);
	assert_int_equal(trace_replay(u->event, path, &u->transport, &line), 0);
	u->fleet = u->transport;
	u->transport->handler = on_event;
	u->transport->userdata = u;
	assert_int_equal(session_init(&u->s, &u->session, &ops, u, update_now(u)), 0);
	session_start(&u->s, update_now(u));
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
	sched_advance(sim_sched(u->fleet), update_now(u) + us);
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
	test_sha256(flash, running->size, hash);
	assert_memory_equal(hash, running->sha256, sizeof(hash));
	if (memcmp(hash, u->session.sha256, sizeof(hash)) == 0)
		return true;
	assert_memory_equal(hash, u->factory, sizeof(hash));
	return false;
}

void update_end(struct update *u)
{
	u->transport->ops->destroy(u->transport);
	sd_event_unref(u->event);
}

enum session_outcome update_run(struct update *u, unsigned int seconds)
{
	update_begin(u);
	update_finish(u, seconds);
	return u->s.outcome;
}
