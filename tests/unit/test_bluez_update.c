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
#include "base/sha256.h"
#include "testlib.h"
#include "updatelib.h"

#define SPEED 80000u /* thousandths of real time */
#define PATIENCE_S 60

static uint8_t image[200000];
static size_t image_size;

struct run {
	struct update u; /* its fleet is what the fake daemon's adapter hears */
	struct fake fake;
	uint32_t fault_at; /* bytes received: then fault() */
	void (*fault)(struct run *r);
};

static void begin(struct run *r, enum gatt_write mode)
{
	struct bluez_config config = {.adapter = NULL};
	struct transport *t;

	memset(r, 0, sizeof(*r));
	update_init(&r->u, image, image_size);
	r->u.sim.speed = SPEED;
	r->u.session.mode_auto = false;
	r->u.session.mode = mode;
	r->u.session.stall_ms = 5000;
	r->u.session.backoff_ms = 10;
	r->u.session.backoff_max_ms = 100;
	update_open(&r->u);
	fake_init(&r->fake, r->u.event);
	r->fake.devices[0].address = esp_address(update_device(&r->u));
	fake_set_radio(&r->fake, r->u.simulator);
	config.bus = r->fake.client;
	assert_int_equal(bluez_create(r->u.event, &config, &t, NULL, 0), 0);
	while (bluez_ready(t, NULL, 0) == -OTA_EAGAIN)
		assert_true(sd_event_run(r->u.event, 1000000u) >= 0);
	update_start(&r->u, t, r->fake.devices[0].address);
}

static void finish(struct run *r)
{
	r->u.transport->ops->destroy(r->u.transport);
	fake_finish(&r->fake);
	sd_event_unref(r->u.event);
}

static enum session_outcome run(struct run *r)
{
	const struct session *s = &r->u.s;
	const time_t until = time(NULL) + PATIENCE_S;

	while (!session_finished(s)) {
		if (time(NULL) > until)
			fail_msg("still %s, %u bytes received", session_state_name(s->state),
				 (unsigned int)s->stats.received);
		assert_true(sd_event_run(r->u.event, 1000000u) >= 0);
		if (r->fault && s->state == SESSION_SENDING && s->stats.received >= r->fault_at) {
			void (*fault)(struct run * r) = r->fault;

			r->fault = NULL;
			fault(r);
		}
	}
	return s->outcome;
}

/* The board runs the image that was sent: bytes of its flash. */
static void check_flash(struct run *r)
{
	struct board *board = esp_board(update_device(&r->u));
	const struct board_running *running = board_running(board);
	const uint8_t *flash = board_slot_map(board, running->slot, running->size);

	assert_int_equal(running->size, image_size);
	assert_memory_equal(flash, image, image_size);
}

static void confirmed(struct run *r)
{
	const struct session *s = &r->u.s;
	const enum session_outcome outcome = run(r);

	if (outcome != SESSION_CONFIRMED)
		fail_msg("%s (status %d, device: %s)", session_outcome_name(outcome), s->status,
			 ota_code_name(s->code));
	check_flash(r);
	assert_int_equal(s->chunk, s->mode == GATT_REQUEST ? 512 : 495);
	assert_true(r->u.most_in_flight <= r->u.most_window);
}

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 180000, .seed = 5};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

static void mode_works(enum gatt_write mode)
{
	struct run r;

	begin(&r, mode);
	confirmed(&r);
	assert_int_equal(r.u.losses, 0);
	assert_int_equal(r.u.s.stats.gaps, 0);
	assert_int_equal(r.fake.values, r.u.s.stats.values);
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
	assert_true(r.u.losses <= 1); /* none where a write told it first */
	/* Resumed: no more than what was in flight or not yet in flash came again. */
	assert_in_range(r.u.s.stats.sent_bytes, image_size,
			image_size + OTA_BLOCK_SIZE + r.u.s.window);
	finish(&r);
}

static void lose_link(struct run *r)
{
	assert_int_equal(r->u.simulator->ops->inject(r->u.simulator, TRANSPORT_FAULT_TERMINATE, 0),
			 0);
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
	assert_int_equal(r->u.simulator->ops->inject(r->u.simulator, TRANSPORT_FAULT_REBOOT, 0), 0);
}

static void test_device_reboots(void **state)
{
	(void)state;
	with_fault(GATT_COMMAND, 2, reboot);
}

/* Killed: the kernel ends its links.  The next one starts from nothing. */
static void kill_daemon(struct run *r)
{
	(void)r->u.simulator->ops->disconnect(r->u.simulator);
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
	(void)r->u.simulator->ops->disconnect(r->u.simulator);
	fake_adapter_powered(&r->fake, 0, true);
}

static void test_adapter_off_and_on(void **state)
{
	(void)state;
	with_fault(GATT_COMMAND, 3, switch_off_and_on);
}

static void cancel(struct run *r)
{
	session_cancel(&r->u.s, update_now(&r->u));
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
		assert_int_equal(r.u.s.status, 0);
		esp_status(update_device(&r.u), &status);
		assert_int_equal(status.state, OTA_STATE_IDLE);
		finish(&r);
	}
}

/* From one way to write to each other one in mid transfer: nothing is lost. */
static void change_mode(struct run *r)
{
	const uint64_t now = update_now(&r->u);

	assert_int_equal(session_set_mode(&r->u.s,
					  r->u.s.mode == GATT_ACQUIRE ? GATT_COMMAND : GATT_ACQUIRE,
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
		assert_int_equal(r.u.s.stats.gaps, 0);
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
