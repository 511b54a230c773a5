/* SPDX-License-Identifier: Apache-2.0 */
/* The second log over BlueZ: what is told of calls, answers and signals, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bluezrig.h"

static struct fake_text told;
static uint32_t last_id, answered;

static void on_call(void *userdata, const struct transport_call *call)
{
	struct rig *r = userdata;

	/* An answer is that of a call before it, and took no longer than the clock says. */
	if (call->kind == TRANSPORT_CALL && call->id > 0)
		last_id = call->id;
	if (call->kind == TRANSPORT_REPLY || call->kind == TRANSPORT_ERROR) {
		assert_true(call->id <= last_id);
		assert_true(call->took_us <= call->at_us);
		answered++;
	}
	assert_true(call->at_us <= r->t->ops->now_us(r->t));
	fake_add(&told, "%s %s\n", transport_call_name(call->kind), call->text);
}

static int setup(void **state)
{
	(void)fake_take(&told);
	last_id = answered = 0;
	return bluez_rig_setup(state);
}

static void expect(const char *text)
{
	const char *is = fake_take(&told);

	if (!strstr(is, text))
		fail_msg("not told: %s in:\n%s", text, is);
}

static void test_connection(void **state)
{
	struct rig *r = *state;
	const uint8_t value[] = {0x05};
	const char *is;

	rig_ready(r);
	transport_watch(r->t, on_call, r);
	assert_int_equal(r->t->ops->connect(r->t, FAKE_ADDRESS), 0);
	rig_until(r, "connected");
	expect("call Device1.Connect  hci0/dev_");
	assert_int_equal(r->t->ops->discover(r->t), 0);
	rig_until(r, "discovered");
	assert_int_equal(r->t->ops->subscribe(r->t, GATT_CONTROL), 0);
	rig_until(r, "subscribed");
	assert_int_equal(r->t->ops->write(r->t, GATT_CONTROL, GATT_REQUEST, value, sizeof(value)),
			 0);
	rig_until(r, "written");
	fake_notify(&r->fake, 0, value, sizeof(value));
	rig_until(r, "notified");
	is = fake_take(&told);
	assert_non_null(strstr(is, "call Control StartNotify  hci0/dev_"));
	assert_non_null(strstr(is, "reply Control StartNotify\n"));
	assert_non_null(strstr(is, "call Control WriteValue request 05  hci0/dev_"));
	assert_non_null(strstr(is, "reply Control WriteValue\n"));
	assert_non_null(strstr(is, "signal Control Value=05\n"));
	assert_true(answered > 3);
	/* Without a watcher nothing is told. */
	transport_watch(r->t, NULL, NULL);
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
	rig_until(r, "read");
	assert_string_equal(fake_take(&told), "");
}

static void test_data_is_summed_up(void **state)
{
	struct rig *r = *state;
	static const uint8_t value[100];
	const char *is;

	rig_connect(r);
	transport_watch(r->t, on_call, r);
	for (int i = 0; i < 5; i++)
		assert_int_equal(
			r->t->ops->write(r->t, GATT_DATA, GATT_COMMAND, value, sizeof(value)), 0);
	(void)rig_events(r);
	assert_int_equal(r->t->ops->read(r->t, GATT_INFO), 0);
	rig_until(r, "read");
	is = fake_take(&told);
	assert_non_null(strstr(is, "call Data: 5 values, 500 bytes"));
	assert_null(strstr(is, "WriteValue"));
	assert_non_null(strstr(is, "reply Info ReadValue "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_connection, setup, bluez_rig_teardown),
		cmocka_unit_test_setup_teardown(test_data_is_summed_up, setup, bluez_rig_teardown),
	};

	return cmocka_run_group_tests_name("bluez_calls", tests, NULL, NULL);
}
