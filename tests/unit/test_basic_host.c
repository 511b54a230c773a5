/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host as simple as a phone app: subscribe, 01, raw chunks, 04 - written by
 * hand, with nothing of the session's - updates a device that speaks the full
 * protocol.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image/image_build.h"
#include "base/sha256.h"
#include "testlib.h"
#include "sim/sim.h"

#define DEVICE "esp-sim-01"

static uint8_t image[120000];
static size_t image_size;

struct app {
	sd_event *event;
	struct transport *t;
	uint16_t mtu;
	size_t sent;
	uint8_t heard[8]; /* notifications, first bytes */
	size_t heard_len[8], heard_count;
	bool discovered, subscribed, written, gone;
	int status;
};

static void on_event(void *userdata, const struct transport_event *e)
{
	struct app *a = userdata;

	switch (e->kind) {
	case TRANSPORT_MTU:
		a->mtu = e->mtu;
		break;
	case TRANSPORT_DISCOVERED:
		a->discovered = true;
		break;
	case TRANSPORT_SUBSCRIBED:
		a->subscribed = true;
		break;
	case TRANSPORT_WRITTEN:
		a->written = true;
		a->status = e->status;
		break;
	case TRANSPORT_NOTIFIED:
		assert_true(a->heard_count < sizeof(a->heard));
		a->heard[a->heard_count] = e->data[0];
		a->heard_len[a->heard_count++] = e->len;
		break;
	case TRANSPORT_DISCONNECTED:
		a->gone = true;
		break;
	case TRANSPORT_ADVERTISEMENT:
	case TRANSPORT_CONNECTED:
	case TRANSPORT_READ:
	case TRANSPORT_WRITABLE:
	case TRANSPORT_ALARM:
	case TRANSPORT_ADAPTER:
	case TRANSPORT_LINK:
	case TRANSPORT_MAINTENANCE:
	case TRANSPORT_PASSKEY:
	case TRANSPORT_PAIRED:
		break;
	}
}

#define UNTIL(a, condition)                                                                        \
	while (!(condition))                                                                       \
	assert_true(sched_step(sim_sched((a)->t)))

static void let_pass(struct app *a, uint64_t us)
{
	sched_advance(sim_sched(a->t), a->t->ops->now_us(a->t) + us);
}

static void write_value(struct app *a, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
			size_t len)
{
	a->written = false;
	assert_int_equal(a->t->ops->write(a->t, chr, mode, buf, len), 0);
	if (mode == GATT_REQUEST)
		UNTIL(a, a->written);
}

static void connect_app(struct app *a)
{
	assert_int_equal(a->t->ops->connect(a->t, DEVICE), 0);
	UNTIL(a, a->mtu > 0);
	assert_int_equal(a->t->ops->discover(a->t), 0);
	UNTIL(a, a->discovered);
	assert_int_equal(a->t->ops->subscribe(a->t, GATT_CONTROL), 0);
	UNTIL(a, a->subscribed);
}

static struct sim_config configured(enum flash_speed speed, enum esp_flash_mode mode,
				    enum ota_phy phy)
{
	return (struct sim_config){
		.kind.devices = 1,
		.kind.chip_all = true,
		.phy = phy,
		.interval = 12,
		.supervision = 400,
		.kind.dialect = ESP_FULL,
		.kind.flash_speed = speed,
		.kind.flash_mode = mode,
		.kind.seed = 4,
	};
}

static void begin_with(struct app *a, const struct sim_config *config)
{
	memset(a, 0, sizeof(*a));
	assert_true(sd_event_new(&a->event) >= 0);
	assert_int_equal(sim_create(a->event, config, &a->t, NULL, 0), 0);
	a->t->handler = on_event;
	a->t->userdata = a;
	connect_app(a);
}

static void begin(struct app *a, enum flash_speed speed, enum esp_flash_mode mode, enum ota_phy phy)
{
	const struct sim_config config = configured(speed, mode, phy);

	begin_with(a, &config);
}

static void finish(struct app *a)
{
	a->t->ops->destroy(a->t);
	sd_event_unref(a->event);
}

static void send_image(struct app *a, const uint8_t *bytes, size_t size, enum gatt_write mode)
{
	const size_t chunk = (size_t)a->mtu - 3u > 512u ? 512u : (size_t)a->mtu - 3u;

	for (a->sent = 0; a->sent < size; a->sent += chunk) {
		const size_t left = size - a->sent;

		write_value(a, GATT_DATA, mode, bytes + a->sent, left < chunk ? left : chunk);
		assert_int_equal(a->status, 0);
		if (mode == GATT_COMMAND)
			let_pass(a, 10000);
	}
}

static void update(enum gatt_write mode, enum flash_speed speed)
{
	static const uint8_t start = 0x01, end = 0x04;
	const struct board_running *running;
	struct app a;

	begin(&a, speed, ESP_FLASH_USUAL, OTA_PHY_1M);
	running = board_running(esp_board(sim_device(a.t, DEVICE)));
	write_value(&a, GATT_CONTROL, GATT_REQUEST, &start, 1);
	UNTIL(&a, a.heard_count == 1);
	assert_int_equal(a.heard[0], 0x01);
	send_image(&a, image, image_size, mode);
	assert_int_equal(a.heard_count, 1); /* nothing that such an app would not know */
	write_value(&a, GATT_CONTROL, GATT_REQUEST, &end, 1);
	UNTIL(&a, a.heard_count == 2);
	assert_int_equal(a.heard[1], 0x03);
	assert_int_equal(a.heard_len[0], 1);
	assert_int_equal(a.heard_len[1], 1);
	UNTIL(&a, a.gone);
	let_pass(&a, 3000000);
	assert_string_equal(running->version, "2.0.0");
	assert_memory_equal(board_slot_map(esp_board(sim_device(a.t, DEVICE)), running->slot,
					   (uint32_t)image_size),
			    image, image_size);
	/* The app knows no CONFIRM: that it can connect again is the proof. */
	assert_true(running->pending_verify);
	a.mtu = 0;
	a.discovered = a.subscribed = false;
	connect_app(&a);
	let_pass(&a, 1000000);
	assert_false(running->pending_verify);
	finish(&a);
}

static void test_requests(void **state)
{
	(void)state;
	update(GATT_REQUEST, FLASH_TYPICAL);
	update(GATT_REQUEST, FLASH_SLOW);
}

static void test_commands(void **state)
{
	(void)state;
	update(GATT_COMMAND, FLASH_TYPICAL);
}

/* All of it at once, then END. */
static void pour(struct app *a)
{
	static const uint8_t end = 0x04;

	for (size_t at = 0; at < image_size; at += 512)
		write_value(a, GATT_DATA, GATT_COMMAND, image + at,
			    image_size - at < 512 ? image_size - at : 512);
	assert_int_equal(a->t->ops->write(a->t, GATT_CONTROL, GATT_REQUEST, &end, 1), 0);
}

/* Too fast for slow flash: the device's task waits for room with each value, and the link
 * with it. */
static void test_poured(void **state)
{
	static const uint8_t start = 0x01;
	struct app a;

	(void)state;
	begin(&a, FLASH_SLOW, ESP_FLASH_USUAL, OTA_PHY_2M);
	write_value(&a, GATT_CONTROL, GATT_REQUEST, &start, 1);
	UNTIL(&a, a.heard_count == 1);
	pour(&a);
	UNTIL(&a, a.heard_count == 2);
	assert_int_equal(a.heard[1], 0x03);
	finish(&a);
}

/*
 * Values behind START that do not wait for `01`, while the slot is erased: a task that
 * waits longer than its controller loses them unsaid; the firmware's says so before.
 */
static void test_poured_early(void **state)
{
	static const struct {
		uint32_t wait_ticks;
		bool acl_wait_given; /* and is for ever */
		uint8_t heard[2];
	} rows[] = {
		{0, false, {0x02}},
		{600, false, {0x01, 0x02}},
		{600, true, {0x01, 0x03}},
	};
	static const uint8_t start = 0x01;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sim_config config =
			configured(FLASH_TYPICAL, ESP_FLASH_AUTO_SUSPEND, OTA_PHY_2M);
		struct app a;

		config.kind.wait_ticks = rows[i].wait_ticks;
		config.kind.acl_wait_given = rows[i].acl_wait_given;
		begin_with(&a, &config);
		write_value(&a, GATT_CONTROL, GATT_REQUEST, &start, 1);
		pour(&a);
		let_pass(&a, 20000000);
		assert_true(a.heard_count >= 1);
		assert_memory_equal(a.heard, rows[i].heard, rows[i].heard[1] ? 2 : 1);
		finish(&a);
	}
}

static void test_wrong_chip(void **state)
{
	static const uint8_t start = 0x01;
	const struct image_build b = {.chip_id = 5, .size = 20000, .seed = 1};
	static uint8_t other[20000];
	struct app a;
	size_t size;

	(void)state;
	assert_int_equal(image_build(&b, sha256_buffer, other, sizeof(other), &size), 0);
	begin(&a, FLASH_TYPICAL, ESP_FLASH_USUAL, OTA_PHY_1M);
	write_value(&a, GATT_CONTROL, GATT_REQUEST, &start, 1);
	UNTIL(&a, a.heard_count == 1);
	write_value(&a, GATT_DATA, GATT_REQUEST, other, 500);
	UNTIL(&a, a.heard_count == 2);
	assert_int_equal(a.heard[1], 0x02);
	finish(&a);
}

static void test_abort(void **state)
{
	static const uint8_t start = 0x01, stop = 0x02, end = 0x04;
	struct ota_status status;
	struct app a;

	(void)state;
	begin(&a, FLASH_TYPICAL, ESP_FLASH_USUAL, OTA_PHY_1M);
	write_value(&a, GATT_CONTROL, GATT_REQUEST, &start, 1);
	UNTIL(&a, a.heard_count == 1);
	send_image(&a, image, 30000, GATT_REQUEST);
	write_value(&a, GATT_CONTROL, GATT_REQUEST, &stop, 1);
	let_pass(&a, 1000000);
	esp_status(sim_device(a.t, DEVICE), &status);
	assert_int_equal(status.state, OTA_STATE_IDLE);
	assert_int_equal(a.heard_count, 1);
	write_value(&a, GATT_CONTROL, GATT_REQUEST, &end, 1);
	UNTIL(&a, a.heard_count == 2);
	assert_int_equal(a.heard[1], 0x02);
	finish(&a);
}

static int build(void **state)
{
	const struct image_build b = {.version = "2.0.0", .size = 100000, .seed = 77};

	(void)state;
	return image_build(&b, sha256_buffer, image, sizeof(image), &image_size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),   cmocka_unit_test(test_commands),
		cmocka_unit_test(test_poured),	   cmocka_unit_test(test_poured_early),
		cmocka_unit_test(test_wrong_chip), cmocka_unit_test(test_abort),
	};

	return cmocka_run_group_tests_name("basic host", tests, build, NULL);
}
