/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BlueZ transport in any order of what a job, bluetoothd and the bus may do: whatever
 * comes, it keeps transport.h's contract, and no memory is used that is gone (sanitizers).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "bluezrig.h"
#include "base/rng.h"

#define RUNS 100u
#define STEPS 400u
#define PATIENCE_S 20 /* of real time, more than any of the transport's own */

struct fleet {
	struct rig r;
	struct rng rng;
	uint64_t seed;
	enum state { IDLE, CONNECTING, UP } state;
	bool present, in_call;
	bool calm; /* nothing is called from within events any more */
	bool discovered;
	unsigned int connected, disconnected, kinds; /* so that it is known to get somewhere */
};

static struct fleet w;

static unsigned int below(unsigned int n)
{
	return (unsigned int)rng_below(&w.rng, n);
}

#define require(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail_msg("seed %llu: %s", (unsigned long long)w.seed, #condition);         \
	} while (0)

/* --- a job */

static void call(unsigned int what)
{
	struct transport *t = w.r.t;
	uint8_t value[512] = {0};
	struct transport_link link;
	int rc = 0;

	w.in_call = true;
	switch (what) {
	case 0:
	case 1:
		rc = t->ops->connect(t, FAKE_ADDRESS);
		require((rc == 0) == (w.present && w.state == IDLE));
		if (rc == 0)
			w.state = CONNECTING;
		break;
	case 2:
		rc = t->ops->disconnect(t);
		require((rc == 0) == (w.state != IDLE));
		break;
	case 3:
		(void)t->ops->scan_start(t);
		break;
	case 4:
		(void)t->ops->scan_stop(t);
		break;
	case 5:
	case 6:
		rc = t->ops->discover(t);
		require((rc == 0) == (w.state == UP));
		break;
	case 7:
		rc = t->ops->subscribe(t, GATT_CONTROL);
		break;
	case 8:
		rc = t->ops->read(t, (enum gatt_chr)below(GATT_CHRS));
		break;
	case 9:
		rc = t->ops->write(t, GATT_CONTROL, GATT_REQUEST, value, 1);
		break;
	case 10:
	case 11:
	case 12:
		rc = t->ops->write(t, GATT_DATA, (enum gatt_write)(what - 10), value,
				   1 + below(512));
		break;
	case 13:
		rc = t->ops->passkey(t, (int32_t)below(1000000) - 1);
		break;
	case 14:
		t->ops->link_state(t, &link);
		require(w.state == UP || !link.data_held);
		break;
	default:
		(void)t->ops->maintenance(t, (enum transport_maintenance)below(3), FAKE_ADDRESS);
		break;
	}
	if (what >= 5 && what <= 12)
		require(w.state == UP || rc < 0);
	w.in_call = false;
}

static void on_event(void *userdata, const struct transport_event *e)
{
	(void)userdata;
	require(!w.in_call);
	w.kinds |= 1u << e->kind;
	switch (e->kind) {
	case TRANSPORT_CONNECTED:
		require(w.state == CONNECTING);
		w.state = UP;
		w.connected++;
		break;
	case TRANSPORT_DISCONNECTED:
		require(w.state != IDLE);
		w.state = IDLE;
		w.disconnected++;
		break;
	case TRANSPORT_MTU:
	case TRANSPORT_DISCOVERED:
	case TRANSPORT_SUBSCRIBED:
	case TRANSPORT_READ:
	case TRANSPORT_WRITTEN:
	case TRANSPORT_NOTIFIED:
	case TRANSPORT_WRITABLE:
		require(w.state == UP);
		break;
	case TRANSPORT_PASSKEY:
	case TRANSPORT_PAIRED:
		require(w.state != IDLE);
		break;
	case TRANSPORT_ADAPTER:
		require(w.present == (e->status < 0));
		w.present = e->status == 0;
		break;
	case TRANSPORT_ADVERTISEMENT:
		require(w.present);
		break;
	case TRANSPORT_ALARM:
	case TRANSPORT_LINK:
	case TRANSPORT_MAINTENANCE:
		break;
	}
	w.discovered = w.discovered || e->kind == TRANSPORT_DISCOVERED;
	if (!w.calm && below(4) == 0)
		call(below(16));
}

static void on_call(void *userdata, const struct transport_call *c)
{
	(void)userdata;
	require(strlen(c->text) < TRANSPORT_CALL_TEXT);
	for (const char *p = c->text; *p; p++)
		require((unsigned char)*p >= ' ');
}

/* --- bluetoothd, the bus and the air */

static void answer(struct fake *f)
{
	static const char *const errors[] = {
		"org.bluez.Error.Failed",	"org.bluez.Error.InProgress",
		"org.bluez.Error.NotReady",	"org.bluez.Error.NotPermitted",
		SD_BUS_ERROR_UNKNOWN_OBJECT,	SD_BUS_ERROR_NO_REPLY,
		"org.bluez.Error.NotSupported",
	};
	static const char *const texts[] = {
		"Write acquired",
		"Not connected",
		"Operation failed with ATT error: 0x0a",
	};

	for (size_t i = 0; i < f->held_count; i++)
		/* "Nothing" is no answer to that one, and it has no errors of its own. */
		if (sd_bus_message_is_method_call(f->held[i], NULL, "GetManagedObjects"))
			fake_refuse(f, i, SD_BUS_ERROR_NO_REPLY, "Method call timed out");
		else if (below(2))
			fake_refuse(f, i, errors[below(sizeof(errors) / sizeof(errors[0]))],
				    texts[below(sizeof(texts) / sizeof(texts[0]))]);
		else
			fake_answer(f, i);
	fake_forget_held(f);
	f->hold = NULL;
}

static void hold(struct fake *f)
{
	static const char *const members[] = {
		"Connect",	 "Disconnect",		"StartDiscovery",    "StopDiscovery",
		"RegisterAgent", "RequestDefaultAgent", "AcquireWrite",	     "WriteValue",
		"ReadValue",	 "StartNotify",		"GetManagedObjects", "Set",
		"RemoveDevice",
	};

	f->hold = members[below(sizeof(members) / sizeof(members[0]))];
}

/* The bus answers for it. */
static void owed(struct fake *f)
{
	for (size_t i = 0; i < f->held_count; i++)
		fake_refuse(f, i, SD_BUS_ERROR_NO_REPLY,
			    "Message recipient disconnected from message bus without replying");
	fake_forget_held(f);
}

/* And it comes back, with what it remembers. */
static void daemon_goes(struct fake *f)
{
	const bool told_first = below(2) != 0;

	f->hold = NULL;
	fake_close_socket(f);
	f->discovering = f->devices[0].connected = f->devices[0].resolved = false;
	f->devices[0].exported = f->devices[0].there = below(2) != 0;
	if (!told_first)
		owed(f);
	fake_owner(f, false);
	if (told_first)
		owed(f);
	fake_owner(f, true);
}

/* No answer is waited for: what it is, test_bluez_gatt.c tells. */
static void ask_agent(struct fake *f, const char *member, const char *device)
{
	sd_bus_message *m = NULL;

	assert_true(sd_bus_message_new_method_call(f->server, &m, fake_client_name(f),
						   "/org/otabench/agent", "org.bluez.Agent1",
						   member) >= 0);
	if (device)
		assert_true(sd_bus_message_append(m, "o", device) >= 0);
	assert_true(sd_bus_send(f->server, m, NULL) >= 0);
	sd_bus_message_unref(m);
}

/* In the device and its link; false: that number is none of these. */
static bool device_happens(struct fake *f, unsigned int what, bool yes)
{
	static const char *const reasons[] = {NULL, "org.bluez.Reason.Timeout",
					      "org.bluez.Reason.Authentication"};
	const enum gatt_chr chr = (enum gatt_chr)below(GATT_CHRS);

	switch (what) {
	case 3:
		f->devices[0].audible = below(4) > 0;
		break;
	case 4:
		fake_remove_device(f, 0);
		break;
	case 5:
		if (f->devices[0].there)
			fake_connected(f, 0, yes);
		break;
	case 6:
		fake_resolved(f, 0, yes);
		break;
	case 7:
		fake_export(f, 0, chr, chr + 1);
		break;
	case 8:
		fake_unexport(f, 0, chr);
		break;
	case 9:
		fake_disconnected(f, 0, reasons[below(3)]);
		break;
	case 10:
		fake_notify(f, 0, "\3", 1);
		break;
	default:
		return false;
	}
	return true;
}

static void happen(struct fake *f, unsigned int what)
{
	const bool yes = below(2) != 0;

	if (device_happens(f, what, yes))
		return;
	switch (what) {
	case 0:
		daemon_goes(f);
		break;
	case 1:
		fake_adapter_there(f, below(2), yes);
		break;
	case 2:
		fake_adapter_powered(f, below(2), yes);
		break;
	case 11:
		fake_write_acquired(f, yes);
		break;
	case 12:
		fake_close_socket(f);
		break;
	case 13:
		fake_malformed(f, 0, "org.bluez.Device1", yes ? "Connected" : "RSSI");
		break;
	case 14:
		hold(f);
		break;
	case 15:
	case 16:
		answer(f);
		break;
	case 17:
		f->tells_mtu = yes;
		f->write_held = below(4) == 0;
		f->fd_deaf = below(4) == 0;
		break;
	case 18:
		ask_agent(f, yes ? "RequestPasskey" : "RequestAuthorization",
			  below(4) ? FAKE_DEVICE : FAKE_ADAPTER "/dev_another");
		break;
	case 19:
		ask_agent(f, "Cancel", NULL);
		break;
	default:
		fake_advertise(f, 0);
		break;
	}
}

/* --- whatever has happened, it must go on from there */

static void turn(time_t limit)
{
	require(time(NULL) <= limit);
	assert_true(sd_event_run(w.r.event, 1000000u) >= 0);
}

static void recover(void)
{
	struct fake *f = &w.r.fake;
	struct transport *t = w.r.t;
	const time_t limit = time(NULL) + PATIENCE_S;

	w.calm = true;
	answer(f);
	f->error.member = NULL;
	f->write_held = f->fd_deaf = false;
	f->tells_mtu = f->devices[0].audible = true;
	/* The one that the device is on, with a new bluetoothd or the old one. */
	if (below(2))
		daemon_goes(f);
	f->adapters[0] = (struct fake_adapter){.there = true, .powered = true};
	f->adapters[1].there = false;
	fake_adapter_there(f, 1, false);
	fake_adapter_there(f, 0, true);
	fake_disconnected(f, 0, NULL);
	fake_settle(f);
	while (!w.present)
		turn(limit);
	if (w.state != IDLE)
		assert_int_equal(t->ops->disconnect(t), 0);
	while (w.state != IDLE)
		turn(limit);
	while (w.state != UP) { /* find_ms is short */
		require(time(NULL) <= limit);
		assert_int_equal(t->ops->connect(t, FAKE_ADDRESS), 0);
		w.state = CONNECTING;
		while (w.state == CONNECTING)
			turn(limit);
	}
	w.discovered = false;
	assert_int_equal(t->ops->discover(t), 0);
	while (!w.discovered)
		turn(limit);
	assert_int_equal(t->ops->disconnect(t), 0);
	while (w.state != IDLE)
		turn(limit);
}

static void run(uint64_t seed)
{
	const struct bluez_config config = {.find_ms = 1 + (uint32_t)(seed % 3), .power_on = true};

	w = (struct fleet){.seed = seed,
			   .connected = w.connected,
			   .disconnected = w.disconnected,
			   .kinds = w.kinds};
	rng_init(&w.rng, seed);
	rig_init(&w.r);
	w.present = rig_open(&w.r, &config) == 0;
	w.r.t->handler = on_event;
	if (below(2))
		transport_watch(w.r.t, on_call, NULL);
	for (unsigned int i = 0; i < STEPS; i++) {
		if (below(3))
			call(below(16));
		else
			happen(&w.r.fake, below(23));
		if (below(2))
			fake_settle(&w.r.fake);
		require(w.present == (bluez_ready(w.r.t, NULL, 0) == 0));
	}
	recover();
	rig_finish(&w.r);
}

static void test_any_order(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= RUNS; seed++)
		run(seed);
	/* Otherwise it shows nothing. */
	assert_true(w.connected > 2 * RUNS && w.disconnected > 2 * RUNS);
	for (enum transport_event_kind kind = TRANSPORT_ADVERTISEMENT; kind <= TRANSPORT_PAIRED;
	     kind++)
		if (kind != TRANSPORT_ALARM && kind != TRANSPORT_LINK && !(w.kinds & 1u << kind))
			fail_msg("no %s came", transport_event_name(kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
