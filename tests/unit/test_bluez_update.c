/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole updates: the real session over the real transport over a fake org.bluez
 * with a virtual ESP32 behind it, whose clock runs some eighty times as fast as
 * ours.  The device's flash decides whether an update worked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bluezfake.h"
#include "image/image_build.h"
#include "core/session.h"
#include "testlib.h"
#include "sim/sim.h"

#define SPEED 80000u /* thousandths of real time */
#define DEVICE "esp-sim-01"
#define PATIENCE_S 60

static uint8_t image[200000];
static size_t image_size;

struct run {
	sd_event *event;
	struct fake fake;
	struct transport *radio, *t;
	struct session s;
	unsigned int losses;
	uint32_t fault_at; /* bytes received: then fault() */
	void (*fault)(struct run *r);
	uint32_t most_in_flight;
};

static struct transport *of(void *ctx)
{
	return ((struct run *)ctx)->t;
}

static int do_connect(void *ctx)
{
	return of(ctx)->ops->connect(of(ctx), ((struct run *)ctx)->fake.devices[0].address);
}

static int do_disconnect(void *ctx)
{
	return of(ctx)->ops->disconnect(of(ctx));
}

static int do_discover(void *ctx)
{
	return of(ctx)->ops->discover(of(ctx));
}

static int do_subscribe(void *ctx, enum gatt_chr chr)
{
	return of(ctx)->ops->subscribe(of(ctx), chr);
}

static int do_read(void *ctx, enum gatt_chr chr)
{
	return of(ctx)->ops->read(of(ctx), chr);
}

static int do_write(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		    size_t len)
{
	return of(ctx)->ops->write(of(ctx), chr, mode, buf, len);
}

static void do_link(void *ctx, struct airtime_link *ret)
{
	(void)ctx;
	*ret = (struct airtime_link){
		.phy = OTA_PHY_1M, .data_length = 251, .interval_us = 15000, .refill = true};
}

static int do_approve(void *ctx, const struct ota_info *info, const char *version)
{
	(void)ctx;
	(void)info;
	(void)version;
	return 0;
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
		((struct run *)ctx)->losses++;
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

static void feed(struct run *r, const struct transport_event *e, uint64_t now)
{
	switch (e->kind) {
	case TRANSPORT_CONNECTED:
		session_connected(&r->s, e->mtu, now);
		break;
	case TRANSPORT_DISCONNECTED:
		session_disconnected(&r->s, e->reason, now);
		break;
	case TRANSPORT_MTU:
		session_mtu(&r->s, e->mtu, now);
		break;
	case TRANSPORT_DISCOVERED:
		session_discovered(&r->s, e->properties, now);
		break;
	case TRANSPORT_SUBSCRIBED:
		session_subscribed(&r->s, e->status, now);
		break;
	case TRANSPORT_READ:
		session_read(&r->s, e->chr, e->status, e->data, e->len, now);
		break;
	case TRANSPORT_WRITTEN:
		session_written(&r->s, e->chr, e->status, now);
		break;
	case TRANSPORT_NOTIFIED:
		session_rx(&r->s, e->data, e->len, now);
		break;
	case TRANSPORT_WRITABLE:
		session_writable(&r->s, now);
		break;
	case TRANSPORT_ALARM:
		session_tick(&r->s, now);
		break;
	case TRANSPORT_ADVERTISEMENT:
	case TRANSPORT_ADAPTER:
	case TRANSPORT_LINK:
	case TRANSPORT_MAINTENANCE:
	case TRANSPORT_PASSKEY:
	case TRANSPORT_PAIRED:
		break;
	}
}

static void on_event(void *userdata, const struct transport_event *e)
{
	struct run *r = userdata;
	const uint64_t now = r->t->ops->now_us(r->t);
	uint32_t flight;

	feed(r, e, now);
	flight = r->s.stats.queued - r->s.stats.received;
	if (r->s.state == SESSION_SENDING && flight > r->most_in_flight)
		r->most_in_flight = flight;
	assert_int_equal(r->t->ops->set_alarm(r->t, session_deadline(&r->s)), 0);
}

static void open_radio(struct run *r)
{
	const struct sim_config sim = {
		.kind.devices = 1,
		.kind.chip_all = true,
		.interval = 12,
		.phy = OTA_PHY_1M,
		.supervision = 100,
		.kind.dialect = ESP_FULL,
		.kind.dialect_all = true,
		.kind.flash_speed = FLASH_TYPICAL,
		.kind.seed = 1,
		.speed = SPEED,
	};
	char why[200] = "";

	if (sim_create(r->event, &sim, &r->radio, why, sizeof(why)) < 0)
		fail_msg("sim_create: %s", why);
	r->fake.devices[0].address = esp_address(sim_device(r->radio, DEVICE));
	fake_set_radio(&r->fake, r->radio);
}

static void begin(struct run *r, enum gatt_write mode)
{
	struct bluez_config config = {.adapter = NULL};
	struct session_config session = {
		.goal = SESSION_UPDATE,
		.image = image,
		.image_size = (uint32_t)image_size,
		.mode = mode,
		.mtu_max = 517,
		.confirm = true,
		.stall_ms = 5000,
		.ack_timeout_ms = 2000,
		.connect_timeout_ms = 15000,
		.ready_timeout_ms = 20000,
		.basic_ready_timeout_ms = 20000,
		.verify_timeout_ms = 30000,
		.reconnect_timeout_ms = 30000,
		.retries = 8,
		.backoff_ms = 10,
		.backoff_max_ms = 100,
	};

	memset(r, 0, sizeof(*r));
	assert_true(sd_event_new(&r->event) >= 0);
	fake_init(&r->fake, r->event);
	open_radio(r);
	config.bus = r->fake.client;
	assert_int_equal(bluez_create(r->event, &config, &r->t, NULL, 0), 0);
	while (bluez_ready(r->t, NULL, 0) == -OTA_EAGAIN)
		assert_true(sd_event_run(r->event, 1000000u) >= 0);
	r->t->handler = on_event;
	r->t->userdata = r;
	test_sha256(image, image_size, session.sha256);
	assert_int_equal(session_init(&r->s, &session, &ops, r, r->t->ops->now_us(r->t)), 0);
}

static void finish(struct run *r)
{
	r->t->ops->destroy(r->t);
	fake_finish(&r->fake);
	sd_event_unref(r->event);
}

static enum session_outcome run(struct run *r)
{
	const time_t until = time(NULL) + PATIENCE_S;

	session_start(&r->s, r->t->ops->now_us(r->t));
	assert_int_equal(r->t->ops->set_alarm(r->t, session_deadline(&r->s)), 0);
	while (!session_finished(&r->s)) {
		if (time(NULL) > until)
			fail_msg("still %s, %u bytes received", session_state_name(r->s.state),
				 (unsigned int)r->s.stats.received);
		assert_true(sd_event_run(r->event, 1000000u) >= 0);
		if (r->fault && r->s.state == SESSION_SENDING &&
		    r->s.stats.received >= r->fault_at) {
			void (*fault)(struct run * r) = r->fault;

			r->fault = NULL;
			fault(r);
		}
	}
	return r->s.outcome;
}

/* The board runs the image that was sent: bytes of its flash. */
static void check_flash(struct run *r)
{
	struct board *board = esp_board(sim_device(r->radio, DEVICE));
	const struct board_running *running = board_running(board);
	const uint8_t *flash = board_slot_map(board, running->slot, running->size);

	assert_int_equal(running->size, image_size);
	assert_memory_equal(flash, image, image_size);
}

static void confirmed(struct run *r)
{
	const enum session_outcome outcome = run(r);

	if (outcome != SESSION_CONFIRMED)
		fail_msg("%s (status %d, device: %s)", session_outcome_name(outcome), r->s.status,
			 ota_code_name(r->s.code));
	check_flash(r);
	assert_int_equal(r->s.chunk, 495);
	assert_true(r->most_in_flight <= r->s.window);
}

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 180000, .seed = 5};

	(void)state;
	return image_build(&b, test_sha256, image, sizeof(image), &image_size);
}

static void mode_works(enum gatt_write mode)
{
	struct run r;

	begin(&r, mode);
	confirmed(&r);
	assert_int_equal(r.losses, 0);
	assert_int_equal(r.s.stats.gaps, 0);
	assert_int_equal(r.fake.values, r.s.stats.values);
	finish(&r);
}

static void test_command(void **state)
{
	(void)state;
	mode_works(GATT_COMMAND);
}

static void test_request(void **state)
{
	(void)state;
	mode_works(GATT_REQUEST);
}

static void test_acquire(void **state)
{
	(void)state;
	mode_works(GATT_ACQUIRE);
}

/* Before 5.62, and the older way round of services and objects. */
static void test_old_daemon(void **state)
{
	struct run r;

	(void)state;
	begin(&r, GATT_COMMAND);
	r.fake.tells_mtu = false;
	confirmed(&r);
	finish(&r);
}

/*
 * At a sixth, two or three of the image: more than a window before the end, which
 * could be reached without another turn of this side.
 */
static void with_fault(enum gatt_write mode, uint32_t sixths, void (*fault)(struct run *r))
{
	struct run r;

	begin(&r, mode);
	r.fault_at = (uint32_t)(image_size * sixths / 6u);
	r.fault = fault;
	confirmed(&r);
	assert_true(r.losses <= 1); /* none where a write told it first */
	/* Resumed: no more than what was in flight or not yet in flash came again. */
	assert_in_range(r.s.stats.sent_bytes, image_size, image_size + OTA_BLOCK_SIZE + r.s.window);
	finish(&r);
}

static void lose_link(struct run *r)
{
	assert_int_equal(r->radio->ops->inject(r->radio, TRANSPORT_FAULT_TERMINATE, 0), 0);
}

static void test_link_lost(void **state)
{
	(void)state;
	with_fault(GATT_COMMAND, 1, lose_link);
	with_fault(GATT_ACQUIRE, 2, lose_link);
	with_fault(GATT_REQUEST, 3, lose_link);
}

static void reboot(struct run *r)
{
	assert_int_equal(r->radio->ops->inject(r->radio, TRANSPORT_FAULT_REBOOT, 0), 0);
}

static void test_device_reboots(void **state)
{
	(void)state;
	with_fault(GATT_COMMAND, 2, reboot);
}

/* Killed: the kernel ends its links.  The next one starts from nothing. */
static void kill_daemon(struct run *r)
{
	(void)r->radio->ops->disconnect(r->radio);
	r->fake.devices[0].connected = r->fake.devices[0].resolved = r->fake.devices[0].there =
		r->fake.devices[0].exported = r->fake.discovering = false;
	fake_close_socket(&r->fake);
	fake_owner(&r->fake, false);
	fake_owner(&r->fake, true);
}

static void test_daemon_killed(void **state)
{
	(void)state;
	with_fault(GATT_COMMAND, 1, kill_daemon);
	with_fault(GATT_ACQUIRE, 3, kill_daemon);
}

static void switch_off_and_on(struct run *r)
{
	fake_adapter_powered(&r->fake, 0, false);
	(void)r->radio->ops->disconnect(r->radio);
	fake_adapter_powered(&r->fake, 0, true);
}

static void test_adapter_off_and_on(void **state)
{
	(void)state;
	with_fault(GATT_COMMAND, 3, switch_off_and_on);
}

static void cancel(struct run *r)
{
	session_cancel(&r->s, r->t->ops->now_us(r->t));
}

static void test_cancel(void **state)
{
	static const enum gatt_write modes[] = {GATT_REQUEST, GATT_COMMAND, GATT_ACQUIRE};
	struct ota_status status;
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		begin(&r, modes[i]);
		r.fault_at = (uint32_t)image_size / 2;
		r.fault = cancel;
		assert_int_equal(run(&r), SESSION_CANCELLED);
		assert_int_equal(r.s.status, 0);
		esp_status(sim_device(r.radio, DEVICE), &status);
		assert_int_equal(status.state, OTA_STATE_IDLE);
		finish(&r);
	}
}

/* From one way to write to each other one in mid transfer: nothing is lost. */
static void change_mode(struct run *r)
{
	const uint64_t now = r->t->ops->now_us(r->t);

	assert_int_equal(session_set_mode(&r->s,
					  r->s.mode == GATT_ACQUIRE ? GATT_COMMAND : GATT_ACQUIRE,
					  now),
			 0);
}

static void test_change_mode(void **state)
{
	static const enum gatt_write modes[] = {GATT_REQUEST, GATT_COMMAND, GATT_ACQUIRE};
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		begin(&r, modes[i]);
		r.fault_at = (uint32_t)image_size / 3;
		r.fault = change_mode;
		confirmed(&r);
		assert_int_equal(r.s.stats.gaps, 0);
		finish(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command),	      cmocka_unit_test(test_request),
		cmocka_unit_test(test_acquire),	      cmocka_unit_test(test_old_daemon),
		cmocka_unit_test(test_link_lost),     cmocka_unit_test(test_device_reboots),
		cmocka_unit_test(test_daemon_killed), cmocka_unit_test(test_adapter_off_and_on),
		cmocka_unit_test(test_cancel),	      cmocka_unit_test(test_change_mode),
	};

	return cmocka_run_group_tests(tests, build, NULL);
}
