/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device's services past what bluetoothd remembers: over a bearer of its own, whose other
 * end is a virtual ESP32's attribute server here.
 */
#include "config.h" /* system extensions: SOCK_CLOEXEC */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "air/att.h"
#include "bluezrig.h"

static struct device {
	sd_event *event;
	sd_event_source *io;
	struct att_server server;
	int fd; /* -1: there is no bearer */
	int refuses; /* errno of the next bearer */
	unsigned int bearers;
	bool deaf, hangs_up;
	uint8_t last[ATT_MTU_MAX]; /* that it was sent */
	size_t last_len;
} dev;

static int device_send(void *ctx, const uint8_t *pdu, size_t len)
{
	(void)ctx;
	return send(dev.fd, pdu, len, MSG_NOSIGNAL) < 0 ? -OTA_ENOTCONN : 0;
}

static const struct att_server_ops server_ops = {.send = device_send};

static void device_end(void)
{
	dev.io = sd_event_source_disable_unref(dev.io);
	if (dev.fd >= 0)
		(void)close(dev.fd);
	dev.fd = -1;
}

static int on_pdu(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	const ssize_t n = recv(fd, dev.last, sizeof(dev.last), MSG_DONTWAIT);

	(void)source;
	(void)events;
	(void)userdata;
	if (n <= 0 || dev.hangs_up) {
		device_end();
		return 0;
	}
	dev.last_len = (size_t)n;
	if (!dev.deaf)
		att_server_input(&dev.server, dev.last, dev.last_len);
	return 0;
}

static int bearer(void *ctx, const char *address)
{
	int fds[2];

	(void)ctx;
	assert_string_equal(address, FAKE_ADDRESS);
	dev.bearers++;
	if (dev.refuses)
		return -dev.refuses;
	device_end();
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	dev.fd = fds[1];
	att_server_reset(&dev.server);
	assert_true(sd_event_add_io(dev.event, &dev.io, fds[1], EPOLLIN, on_pdu, NULL) >= 0);
	return fds[0];
}

static void start(struct rig *r, enum att_table table)
{
	const struct bluez_config config = {.find_ms = 300, .bearer = bearer};
	const struct att_server_config server = {.ops = &server_ops, .table = table, .mtu = 517};

	dev = (struct device){.event = r->event, .fd = -1};
	assert_int_equal(att_server_init(&dev.server, &server), 0);
	r->fake.devices[0].there = true;
	assert_int_equal(rig_open(r, &config), 0);
	rig_expect(r, "adapter 0\n");
}

static int look(struct rig *r)
{
	return r->t->ops->maintenance(r->t, TRANSPORT_READ_TABLE, FAKE_ADDRESS);
}

static int table(struct rig *r, enum transport_table which, struct gatt_table *ret)
{
	return r->t->ops->table(r->t, FAKE_ADDRESS, which, ret);
}

static void test_read(void **state)
{
	struct rig *r = *state;
	struct gatt_table t;

	start(r, ATT_TABLE_FULL);
	assert_int_equal(table(r, TRANSPORT_TABLE_DEVICE, &t), -OTA_ENOENT);
	assert_int_equal(table(r, TRANSPORT_TABLE_STACK, &t), -OTA_ENOENT);
	assert_int_equal(look(r), 0);
	assert_int_equal(look(r), -OTA_EBUSY);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), -OTA_EBUSY);
	rig_until(r, "upkeep 0\n");
	(void)rig_events(r);
	assert_int_equal(table(r, TRANSPORT_TABLE_DEVICE, &t), 0);
	assert_int_equal(t.count, 14); /* 4 services, 10 characteristics */
	assert_true(t.hashed);
	assert_memory_equal(t.hash, dev.server.db.hash, sizeof(t.hash));
	for (size_t i = 0; i < t.count; i++) {
		const struct att_attribute *a = att_db_find(&dev.server.db, t.entries[i].handle);

		assert_int_equal(a->kind,
				 t.entries[i].service ? ATT_KIND_SERVICE : ATT_KIND_CHARACTERISTIC);
		assert_int_equal(t.entries[i].service ? 0 : a->properties, t.entries[i].properties);
	}
	assert_string_equal(t.entries[11].uuid, OTA_UUID_CONTROL);
	assert_int_equal(dev.fd, -1); /* it hung up */
}

static void test_another(void **state)
{
	struct rig *r = *state;
	struct gatt_table t;

	start(r, ATT_TABLE_SHUFFLED);
	assert_int_equal(look(r), 0);
	rig_until(r, "upkeep 0\n");
	assert_int_equal(table(r, TRANSPORT_TABLE_DEVICE, &t), 0);
	assert_int_equal(t.count, 13);
	assert_false(t.hashed);
	assert_int_equal(r->t->ops->table(r->t, "24:6F:28:AA:10:02", TRANSPORT_TABLE_DEVICE, &t),
			 -OTA_ENOENT);
}

/* The table that bluetoothd shows of the device, by the handles in its objects' paths. */
static void test_shown(void **state)
{
	struct rig *r = *state;
	struct gatt_table t;

	start(r, ATT_TABLE_FULL);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_expect(r, "connected 23\n");
	assert_int_equal(r->t->ops->discover(r->t), 0);
	(void)rig_events(r);
	assert_int_equal(table(r, TRANSPORT_TABLE_STACK, &t), 0);
	assert_int_equal(t.count, GATT_CHRS);
	for (size_t i = 0; i < t.count; i++) {
		assert_int_equal(t.entries[i].handle, 0x11 + i * 3); /* fake_chr_path() */
		assert_false(t.entries[i].service);
	}
	/* The kernel gives bluetoothd's channel to nobody else. */
	assert_int_equal(look(r), -OTA_EBUSY);
	assert_int_equal(dev.bearers, 0);
	assert_int_equal(r->t->ops->disconnect(r->t), 0);
	rig_expect(r, "disconnected by-host\n");
	assert_int_equal(table(r, TRANSPORT_TABLE_STACK, &t), 0);
}

static void test_fails(void **state)
{
	static const struct {
		int refuses, status;
	} rows[] = {
		{EBUSY, -OTA_EBUSY},	       {EACCES, -OTA_EPERM},
		{EHOSTDOWN, -OTA_ETIMEDOUT},   {EAFNOSUPPORT, -OTA_ENOTSUP},
		{ECONNREFUSED, -OTA_ENOTCONN},
	};
	struct rig *r = *state;
	struct gatt_table t;

	start(r, ATT_TABLE_FULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dev.refuses = rows[i].refuses;
		assert_int_equal(look(r), rows[i].status);
	}
	dev.refuses = 0;
	dev.hangs_up = true;
	assert_int_equal(look(r), 0);
	rig_until(r, "upkeep -107\n");
	(void)rig_events(r);
	assert_int_equal(table(r, TRANSPORT_TABLE_DEVICE, &t), -OTA_ENOENT);
	/* The look can be tried again, and be left in the middle. */
	dev.hangs_up = false;
	dev.deaf = true;
	assert_int_equal(look(r), 0);
	rig_expect(r, "");
}

/* bluetoothd takes the device for connected until the kernel ends the link: so long is waited. */
static void test_leaves(void **state)
{
	struct rig *r = *state;

	start(r, ATT_TABLE_FULL);
	dev.deaf = true;
	assert_int_equal(look(r), 0);
	rig_expect(r, "");
	fake_connected(&r->fake, 0, true);
	rig_expect(r, "");
	dev.deaf = false;
	att_server_input(&dev.server, dev.last, dev.last_len);
	while (dev.fd >= 0)
		assert_true(sd_event_run(r->event, 1000000u) >= 0);
	rig_expect(r, "");
	assert_int_equal(look(r), -OTA_EBUSY);
	fake_connected(&r->fake, 0, false);
	rig_expect(r, "upkeep 0\n");
}

/* An indication owed to a bond is sent again if it is not confirmed. */
static void test_unconfirmed(void **state)
{
	static const uint8_t all[4] = {0x01, 0x00, 0xff, 0xff};
	struct rig *r = *state;

	start(r, ATT_TABLE_FULL);
	dev.deaf = true;
	assert_int_equal(look(r), 0);
	rig_expect(r, "");
	att_server_restore_ccc(&dev.server, ATT_SERVICE_CHANGED, ATT_CCC_INDICATE);
	assert_int_equal(att_server_indicate(&dev.server, ATT_SERVICE_CHANGED, all, sizeof(all)),
			 0);
	rig_expect(r, "");
	assert_int_equal(dev.last[0], ATT_READ_BY_TYPE_REQ); /* its own question, and no more */
}

static int teardown(void **state)
{
	device_end();
	return bluez_rig_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bluez_rig_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read),  TEST(test_another), TEST(test_shown),
		TEST(test_fails), TEST(test_leaves),  TEST(test_unconfirmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
