/* SPDX-License-Identifier: Apache-2.0 */
/* A wrapper passes on what it does not change, and offers no more than its inner transport. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "transport/fault.h"
#include "transport/wrap.h"

static char calls[200]; /* names of what reached the inner transport */

static int reached(const char *name, int rc)
{
	const size_t used = strlen(calls);

	(void)snprintf(calls + used, sizeof(calls) - used, "%s ", name);
	return rc;
}

static uint64_t now = 42;

static uint64_t in_now(struct transport *t)
{
	(void)t;
	return now;
}

static int in_alarm(struct transport *t, uint64_t at_us)
{
	(void)t;
	return reached("alarm", (int)at_us);
}

static int in_start(struct transport *t)
{
	(void)t;
	return reached("start", -1);
}

static int in_stop(struct transport *t)
{
	(void)t;
	return reached("stop", -2);
}

static int in_connect(struct transport *t, const char *address)
{
	(void)t;
	return reached(address, -3);
}

static int in_disconnect(struct transport *t)
{
	(void)t;
	return reached("disconnect", -4);
}

static int in_discover(struct transport *t)
{
	(void)t;
	return reached("discover", -5);
}

static int in_subscribe(struct transport *t, enum gatt_chr chr)
{
	(void)t;
	return reached("subscribe", (int)chr);
}

static int in_read(struct transport *t, enum gatt_chr chr)
{
	(void)t;
	return reached("read", (int)chr);
}

static int in_write(struct transport *t, enum gatt_chr chr, enum gatt_write mode,
		    const uint8_t *buf, size_t len)
{
	(void)t;
	(void)chr;
	(void)mode;
	return reached((const char *)buf, (int)len);
}

static void in_link(struct transport *t, struct transport_link *ret)
{
	(void)t;
	ret->rssi = -7;
}

static int in_facts(struct transport *t, const char *address, struct transport_facts *ret)
{
	(void)t;
	ret->received = 7;
	return reached(address, -11);
}

static int in_inject(struct transport *t, enum transport_fault_kind kind, uint64_t arg)
{
	(void)t;
	(void)kind;
	return reached("inject", (int)arg);
}

static int in_table(struct transport *t, const char *address, enum transport_table which,
		    struct gatt_table *ret)
{
	(void)t;
	(void)which;
	ret->count = 3;
	return reached(address, -8);
}

static void in_destroy(struct transport *t)
{
	(void)t;
	(void)reached("destroy", 0);
}

static const struct transport_ops inner_ops = {
	.name = "inner",
	.now_us = in_now,
	.set_alarm = in_alarm,
	.scan_start = in_start,
	.scan_stop = in_stop,
	.connect = in_connect,
	.disconnect = in_disconnect,
	.discover = in_discover,
	.subscribe = in_subscribe,
	.read = in_read,
	.write = in_write,
	.link_state = in_link,
	.inject = in_inject,
	.facts = in_facts,
	.table = in_table,
	.destroy = in_destroy,
};

static int changed_read(struct transport *t, enum gatt_chr chr)
{
	return 100 + wrap_inner(t)->ops->read(wrap_inner(t), chr);
}

static void changed_destroy(struct transport *t)
{
	wrap_inner(t)->ops->destroy(wrap_inner(t));
}

static const struct transport_ops changed = {
	.name = "wrapper", .read = changed_read, .destroy = changed_destroy};

static void heard(void *userdata, const struct transport_event *event)
{
	wrap_emit(userdata, event);
}

static void count(void *userdata, const struct transport_event *event)
{
	*(unsigned int *)userdata += event->mtu;
}

static void test_passes_on(void **state)
{
	struct transport inner = {.ops = &inner_ops, .virtual_clock = true};
	struct transport_facts facts;
	struct transport_link link;
	struct wrap w = {.inner = NULL};
	struct transport *t = &w.base;
	struct gatt_table table;

	(void)state;
	calls[0] = '\0';
	wrap_init(&w, &inner, &changed, heard);
	assert_true(t->virtual_clock);
	assert_string_equal(t->ops->name, "wrapper");
	assert_int_equal(t->ops->now_us(t), 42);
	assert_int_equal(t->ops->set_alarm(t, 9), 9);
	assert_int_equal(t->ops->scan_start(t), -1);
	assert_int_equal(t->ops->scan_stop(t), -2);
	assert_int_equal(t->ops->connect(t, "address"), -3);
	assert_int_equal(t->ops->disconnect(t), -4);
	assert_int_equal(t->ops->discover(t), -5);
	assert_int_equal(t->ops->subscribe(t, GATT_CONTROL), GATT_CONTROL);
	assert_int_equal(t->ops->read(t, GATT_INFO), 100 + GATT_INFO);
	assert_int_equal(t->ops->write(t, GATT_DATA, GATT_COMMAND, (const uint8_t *)"bytes", 5), 5);
	assert_int_equal(t->ops->inject(t, TRANSPORT_FAULT_REBOOT, 6), 6);
	assert_int_equal(t->ops->facts(t, "of", &facts), -11);
	assert_int_equal(facts.received, 7);
	assert_int_equal(t->ops->table(t, "whose", TRANSPORT_TABLE_STACK, &table), -8);
	assert_int_equal(table.count, 3);
	t->ops->link_state(t, &link);
	assert_int_equal(link.rssi, -7);
	t->ops->destroy(t);
	assert_string_equal(calls, "alarm start stop address disconnect discover subscribe read "
				   "bytes inject of whose destroy ");
}

static void test_offers_no_more(void **state)
{
	struct transport inner = {.ops = &inner_ops};
	struct wrap w = {.inner = NULL};

	(void)state;
	wrap_init(&w, &inner, &changed, heard);
	assert_null(w.base.ops->passkey);
	assert_null(w.base.ops->maintenance);
	assert_null(w.base.ops->note);
	assert_null(w.base.ops->act);
	assert_int_equal(transport_passkey(&w.base, 1), -OTA_EINVAL);
}

static void test_events(void **state)
{
	const struct transport_event event = {.kind = TRANSPORT_MTU, .mtu = 247};
	struct transport inner = {.ops = &inner_ops};
	struct wrap w = {.inner = NULL};
	unsigned int sum = 0;

	(void)state;
	wrap_init(&w, &inner, &changed, heard);
	inner.handler(inner.userdata, &event); /* nobody listens yet */
	w.base.handler = count;
	w.base.userdata = &sum;
	inner.handler(inner.userdata, &event);
	assert_int_equal(sum, 247);
}

static int no_alarm(struct transport *t, uint64_t at_us)
{
	(void)t;
	(void)at_us;
	return 0;
}

/* A late value, what follows it and the second copy of either arrive in the order written. */
static void test_faults_keep_order(void **state)
{
	static const struct fault_spec specs[] = {
		{.kind = FAULT_DELAY_DATA, .at = 2, .arg = 100},
		{.kind = FAULT_DUP_DATA, .at = 2},
		{.kind = FAULT_DUP_DATA, .at = 3},
	};
	static const char *const values[] = {"one", "two", "three", "four"};
	static const struct transport_event alarm = {.kind = TRANSPORT_ALARM};
	struct transport_ops ops = inner_ops;
	struct transport inner = {.ops = &ops};
	struct transport *t;

	(void)state;
	ops.set_alarm = no_alarm;
	calls[0] = '\0';
	assert_int_equal(fault_wrap(&inner, specs, 3, 1, &t), 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_true(t->ops->write(t, GATT_DATA, GATT_COMMAND, (const uint8_t *)values[i],
					  strlen(values[i]) + 1) >= 0);
	assert_string_equal(calls, "one ");
	now += 100000;
	inner.handler(inner.userdata, &alarm);
	assert_string_equal(calls, "one two two three three four ");
	t->ops->destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passes_on),
		cmocka_unit_test(test_offers_no_more),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_faults_keep_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
