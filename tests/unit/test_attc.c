/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated central's ATT client against the virtual ESP32's server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "attclib.h"

static const struct attc_chr *find(const char *uuid)
{
	const struct attc_chr *chrs;
	size_t count;

	chrs = attc_chrs(&attc_rig.client, &count);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *u = chrs[i].uuid.bytes;
		char text[37];

		if (chrs[i].uuid.len == 2)
			snprintf(text, sizeof(text), "%02x%02x", u[1], u[0]);
		else
			snprintf(text, sizeof(text),
				 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
				 "%02x%02x%02x%02x%02x%02x",
				 u[15], u[14], u[13], u[12], u[11], u[10], u[9], u[8], u[7], u[6],
				 u[5], u[4], u[3], u[2], u[1], u[0]);
		if (strcmp(text, uuid) == 0)
			return &chrs[i];
	}
	return NULL;
}

static void check_chr(const char *uuid, uint8_t properties, bool has_ccc)
{
	const struct attc_chr *chr = find(uuid);

	assert_non_null(chr);
	assert_int_equal(chr->properties, properties);
	assert_int_equal(chr->ccc_handle != 0, has_ccc);
	if (has_ccc)
		assert_int_equal(chr->ccc_handle, chr->value_handle + 1);
	assert_int_equal(att_db_find(&attc_rig.server.db, chr->value_handle)->kind, ATT_KIND_VALUE);
}

static void test_mtu(void **state)
{
	(void)state;
	assert_int_equal(attc_mtu(&attc_rig.client), 23);
	attc_rig_exchange();
	assert_int_equal(attc_mtu(&attc_rig.client), 517);
	assert_int_equal(att_server_mtu(&attc_rig.server), 517);
	attc_reset(&attc_rig.client);
	assert_int_equal(attc_mtu(&attc_rig.client), 23);
}

static void test_discover(void **state)
{
	size_t count;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		/* First under MTU 23, where lists come in pieces. */
		attc_rig_discover();
		(void)attc_chrs(&attc_rig.client, &count);
		assert_int_equal(count, 10);
		check_chr("2a00", GATT_PROP_READ, false);
		check_chr("2a01", GATT_PROP_READ, false);
		check_chr("2a05", GATT_PROP_INDICATE, true);
		check_chr("2b2a", GATT_PROP_READ, false);
		check_chr("2a26", GATT_PROP_READ, false);
		check_chr("2a24", GATT_PROP_READ, false);
		check_chr("2a29", GATT_PROP_READ, false);
		check_chr(OTA_UUID_CONTROL, GATT_PROP_WRITE | GATT_PROP_NOTIFY, true);
		check_chr(OTA_UUID_DATA, GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND, false);
		check_chr(OTA_UUID_INFO, GATT_PROP_READ, false);
		attc_rig_exchange();
	}
	assert_int_equal(attc_rig.client.service_count, 4);
	assert_int_equal(find(OTA_UUID_CONTROL)->service.len, 16);
}

/* Over a new connection to the same server, whose Database Hash may have changed. */
static unsigned int discover_again(enum att_table what, struct attc_table *table)
{
	unsigned int asked;

	attc_finish(&attc_rig.client);
	attc_rig_start(what);
	attc_rig.client.config.table = table;
	asked = attc_rig.to_server;
	attc_rig_discover();
	return attc_rig.to_server - asked;
}

static void test_discover_known(void **state)
{
	static struct attc_table table;
	unsigned int all;
	uint16_t handle;

	(void)state;
	all = discover_again(ATT_TABLE_FULL, &table);
	assert_true(all > 2);
	assert_true(table.known);
	handle = find(OTA_UUID_CONTROL)->value_handle;
	assert_int_equal(discover_again(ATT_TABLE_FULL, &table), 1);
	assert_int_equal(find(OTA_UUID_CONTROL)->value_handle, handle);
	check_chr(OTA_UUID_CONTROL, GATT_PROP_WRITE | GATT_PROP_NOTIFY, true);
	/* Another hash, other handles. */
	assert_true(discover_again(ATT_TABLE_MOVED, &table) >= all);
	assert_int_not_equal(find(OTA_UUID_CONTROL)->value_handle, handle);
	check_chr(OTA_UUID_CONTROL, GATT_PROP_WRITE | GATT_PROP_NOTIFY, true);
	/* Without a hash nothing tells that this table is the same: it is discovered each time. */
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(discover_again(ATT_TABLE_HASHLESS, &table) > 2);
		assert_false(table.known);
	}
}

static void test_discover_basic_and_foreign(void **state)
{
	(void)state;
	attc_rig_start(ATT_TABLE_BASIC);
	attc_rig_discover();
	check_chr(OTA_UUID_CONTROL, GATT_PROP_WRITE | GATT_PROP_NOTIFY, true);
	check_chr(OTA_UUID_DATA, GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND, false);
	assert_null(find(OTA_UUID_INFO));
	attc_finish(&attc_rig.client);
	attc_rig_start(ATT_TABLE_FOREIGN);
	attc_rig_discover();
	check_chr(OTA_UUID_CONTROL, GATT_PROP_WRITE, false);
	check_chr(OTA_UUID_DATA, GATT_PROP_INDICATE, true);
}

/* A table that is kept is used whatever the server says, and what it lets one expect. */
static void test_discover_kept(void **state)
{
	static struct attc_table table;
	struct gatt_table own, kept;
	struct gatt_difference d;

	(void)state;
	(void)discover_again(ATT_TABLE_SHUFFLED, &table);
	attc_table_export(&table, &own);
	attc_table_keep(&table, ATT_TABLE_SHUFFLED);
	attc_table_export(&table, &kept);
	assert_false(gatt_table_differ(&kept, &own, &d));
	assert_int_equal(kept.count, own.count);
	/* ... every field of it, as discovery finds it */
	assert_int_equal(discover_again(ATT_TABLE_SHUFFLED, &table), 1);
	check_chr(OTA_UUID_CONTROL, GATT_PROP_WRITE | GATT_PROP_NOTIFY, true);
	check_chr(OTA_UUID_INFO, GATT_PROP_READ, false);
	for (size_t i = 0; i < table.chr_count; i++)
		assert_int_equal(att_db_find(&attc_rig.server.db, table.chrs[i].handle)->kind,
				 ATT_KIND_CHARACTERISTIC);
	assert_int_equal(discover_again(ATT_TABLE_FULL, &table), 1);
	assert_int_equal(attc_rig.client.chr_count, table.chr_count);
	(void)discover_again(ATT_TABLE_FULL, NULL);
}

static void test_read(void **state)
{
	static const size_t lengths[] = {0, 1, 21, 22, 23, 43, 44, 45, 94, 511, 512};

	(void)state;
	attc_rig_discover();
	/* Ends of values before, at and after the ends of PDUs. */
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const struct attc_note *note;

		attc_rig.read_len = lengths[i];
		assert_int_equal(attc_read(&attc_rig.client, find(OTA_UUID_INFO)->value_handle), 0);
		attc_rig_run();
		note = attc_rig_last(ATTC_READ, 0);
		assert_int_equal(note->event.len, lengths[i]);
		assert_int_equal(note->event.handle, find(OTA_UUID_INFO)->value_handle);
		for (size_t k = 0; k < lengths[i]; k++)
			assert_int_equal(note->data[k], (uint8_t)(k * 3));
	}
	assert_int_equal(attc_read(&attc_rig.client, find(OTA_UUID_CONTROL)->value_handle), 0);
	attc_rig_run();
	attc_rig_last(ATTC_READ, ATT_ERR_READ_NOT_PERMITTED);
	assert_int_equal(attc_read(&attc_rig.client, 999), 0);
	attc_rig_run();
	attc_rig_last(ATTC_READ, ATT_ERR_HANDLE);
}

static void test_write(void **state)
{
	uint8_t value[513];

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(i + 5);
	attc_rig_discover();
	for (size_t len = 0; len <= OTA_CONTROL_MAX; len++) {
		assert_int_equal(attc_write(&attc_rig.client, find(OTA_UUID_CONTROL)->value_handle,
					    value, len),
				 0);
		attc_rig_run();
		attc_rig_last(ATTC_WRITTEN, 0);
		assert_int_equal(attc_rig.id, ATT_CONTROL);
		assert_int_equal(attc_rig.value_len, len);
		assert_memory_equal(attc_rig.value, value, len);
		attc_rig.note_count = 0;
	}
	assert_int_equal(attc_rig.writes, OTA_CONTROL_MAX + 1);
	/* Too long for the device: refused when executed, and nothing stays behind. */
	assert_int_equal(attc_write(&attc_rig.client, find(OTA_UUID_CONTROL)->value_handle, value,
				    OTA_CONTROL_MAX + 1),
			 0);
	attc_rig_run();
	attc_rig_last(ATTC_WRITTEN, ATT_ERR_LENGTH);
	assert_int_equal(attc_write(&attc_rig.client, find(OTA_UUID_INFO)->value_handle, value, 30),
			 0);
	attc_rig_run();
	attc_rig_last(ATTC_WRITTEN, ATT_ERR_WRITE_NOT_PERMITTED);
	assert_int_equal(
		attc_write(&attc_rig.client, find(OTA_UUID_DATA)->value_handle, value, 512), 0);
	attc_rig_run();
	attc_rig_last(ATTC_WRITTEN, 0);
	assert_int_equal(attc_rig.value_len, 512);
	assert_memory_equal(attc_rig.value, value, 512);
	assert_int_equal(attc_write(&attc_rig.client, 1, value, 513), -OTA_EMSGSIZE);
	attc_rig.answer = ATT_ERR_UNLIKELY;
	assert_int_equal(
		attc_write(&attc_rig.client, find(OTA_UUID_CONTROL)->value_handle, value, 2), 0);
	attc_rig_run();
	attc_rig_last(ATTC_WRITTEN, ATT_ERR_UNLIKELY);
	assert_int_equal(attc_rig.commands, 0);
}

static void test_write_command(void **state)
{
	static const uint8_t value[515];
	uint16_t data;

	(void)state;
	attc_rig_discover();
	data = find(OTA_UUID_DATA)->value_handle;
	assert_int_equal(attc_write_command(&attc_rig.client, data, value, 21), -OTA_EMSGSIZE);
	attc_rig_exchange();
	attc_rig.note_count = 0;
	assert_int_equal(attc_write_command(&attc_rig.client, data, value, 512), 0);
	assert_int_equal(attc_write_command(&attc_rig.client, data, value, 515), -OTA_EMSGSIZE);
	attc_rig_run();
	assert_int_equal(attc_rig.commands, 1);
	assert_int_equal(attc_rig.value_len, 512);
	assert_int_equal(attc_rig.note_count, 0);
	/* Overtakes requests that wait. */
	attc_rig.answer = ATT_LATER;
	assert_int_equal(attc_write(&attc_rig.client, data, value, 1), 0);
	assert_int_equal(attc_write(&attc_rig.client, data, value, 2), 0);
	assert_int_equal(attc_write_command(&attc_rig.client, data, value, 3), 0);
	attc_rig_run();
	assert_int_equal(attc_rig.value_len, 3);
	assert_int_equal(attc_rig.note_count, 0);
	assert_true(attc_busy(&attc_rig.client));
	assert_int_equal(att_server_write_done(&attc_rig.server, ATT_OK), 0);
	attc_rig_run();
	assert_int_equal(attc_rig.note_count, 1);
	assert_int_equal(attc_rig.value_len, 2);
	assert_int_equal(att_server_write_done(&attc_rig.server, ATT_OK), 0);
	attc_rig_run();
	assert_int_equal(attc_rig.note_count, 2);
	assert_false(attc_busy(&attc_rig.client));
}

static void test_subscribe(void **state)
{
	static const uint8_t event[20] = {7, 6, 5};
	const struct attc_note *note;

	(void)state;
	attc_rig_discover();
	assert_int_equal(attc_subscribe(&attc_rig.client, find(OTA_UUID_CONTROL)), 0);
	attc_rig_run();
	note = attc_rig_last(ATTC_SUBSCRIBED, 0);
	assert_int_equal(note->event.handle, find(OTA_UUID_CONTROL)->value_handle);
	assert_int_equal(att_server_ccc(&attc_rig.server, ATT_CONTROL), ATT_CCC_NOTIFY);
	assert_int_equal(att_server_notify(&attc_rig.server, ATT_CONTROL, event, 20), 0);
	attc_rig_run();
	note = attc_rig_last(ATTC_NOTIFIED, 0);
	assert_int_equal(note->event.handle, find(OTA_UUID_CONTROL)->value_handle);
	assert_int_equal(note->event.len, 20);
	assert_memory_equal(note->data, event, 20);
	/* Service Changed is indicated, and confirmed. */
	assert_int_equal(attc_subscribe(&attc_rig.client, find("2a05")), 0);
	attc_rig_run();
	assert_int_equal(att_server_ccc(&attc_rig.server, ATT_SERVICE_CHANGED), ATT_CCC_INDICATE);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(
			att_server_indicate(&attc_rig.server, ATT_SERVICE_CHANGED, event, 4), 0);
		attc_rig_run();
		assert_int_equal(attc_rig_last(ATTC_NOTIFIED, 0)->event.len, 4);
	}
	assert_int_equal(attc_subscribe(&attc_rig.client, find(OTA_UUID_DATA)), -OTA_ENOTSUP);
}

static void test_one_at_a_time(void **state)
{
	static const uint8_t value[] = {1, 2, 3};

	(void)state;
	attc_rig.read_len = 4;
	assert_int_equal(attc_exchange_mtu(&attc_rig.client), 0);
	assert_int_equal(attc_read(&attc_rig.client, 0x0003), 0);
	assert_int_equal(attc_write(&attc_rig.client, 0x0015, value, 3), 0);
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	assert_int_equal(attc_rig.to_server, 1);
	attc_rig_run();
	assert_int_equal(attc_rig.note_count, 4);
	assert_int_equal(attc_rig.notes[0].event.kind, ATTC_MTU);
	assert_int_equal(attc_rig.notes[1].event.kind, ATTC_READ);
	assert_int_equal(attc_rig.notes[2].event.kind, ATTC_WRITTEN);
	assert_int_equal(attc_rig.notes[3].event.kind, ATTC_DISCOVERED);
	assert_false(attc_busy(&attc_rig.client));
}

static void test_asks_from_within_events(void **state)
{
	(void)state;
	attc_rig.chain = true;
	attc_rig.read_len = 100;
	assert_int_equal(attc_read(&attc_rig.client, 0x0003), 0);
	assert_int_equal(attc_exchange_mtu(&attc_rig.client), 0);
	attc_rig_run();
	assert_int_equal(attc_rig.note_count, 3);
	assert_int_equal(attc_rig.notes[0].event.kind, ATTC_READ);
	assert_int_equal(attc_rig.notes[1].event.kind, ATTC_MTU);
	assert_int_equal(attc_rig.notes[2].event.kind, ATTC_READ);
	assert_int_equal(attc_rig.notes[2].event.len, 100);
}

static void test_timeout(void **state)
{
	(void)state;
	attc_rig.cut = true;
	assert_int_equal(attc_read(&attc_rig.client, 3), 0);
	assert_int_equal(attc_read(&attc_rig.client, 3), 0);
	sched_advance(&attc_rig.sched, ATTC_TIMEOUT_US - 1);
	assert_int_equal(attc_rig.note_count, 0);
	sched_advance(&attc_rig.sched, ATTC_TIMEOUT_US);
	assert_int_equal(attc_rig.note_count, 1);
	attc_rig_last(ATTC_TIMED_OUT, -OTA_ETIMEDOUT);
	assert_int_equal(attc_read(&attc_rig.client, 3), -OTA_ETIMEDOUT);
	assert_int_equal(attc_write_command(&attc_rig.client, 3, NULL, 0), -OTA_ETIMEDOUT);
	/* A late answer is nothing any more. */
	attc_input(&attc_rig.client, (const uint8_t[]){ATT_READ_RSP, 1}, 2);
	assert_int_equal(attc_rig.note_count, 1);
	attc_reset(&attc_rig.client);
	attc_rig.cut = false;
	attc_rig_exchange();
	sched_advance(&attc_rig.sched, 10 * ATTC_TIMEOUT_US);
	attc_rig_last(ATTC_MTU, 0);
}

static void test_link_gone(void **state)
{
	(void)state;
	attc_rig.send_error = -OTA_ENOTCONN;
	assert_int_equal(attc_read(&attc_rig.client, 3), 0);
	attc_rig_last(ATTC_READ, -OTA_ENOTCONN);
	assert_int_equal(attc_write_command(&attc_rig.client, 3, NULL, 0), -OTA_ENOTCONN);
	attc_rig.send_error = 0;
	/* No events for what was pending when the connection ended. */
	assert_int_equal(attc_read(&attc_rig.client, 3), 0);
	assert_int_equal(attc_read(&attc_rig.client, 3), 0);
	attc_reset(&attc_rig.client);
	attc_rig_run();
	assert_int_equal(attc_rig.note_count, 1);
	assert_false(attc_busy(&attc_rig.client));
}

static void test_init(void **state)
{
	struct attc_config config = attc_rig.client.config;
	struct attc client;

	(void)state;
	config.mtu = 22;
	assert_int_equal(attc_init(&client, &config), -OTA_EINVAL);
	config.mtu = 518;
	assert_int_equal(attc_init(&client, &config), -OTA_EINVAL);
	config.mtu = 23;
	config.event = NULL;
	assert_int_equal(attc_init(&client, &config), -OTA_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ATTC_TEST(test_mtu),
		ATTC_TEST(test_discover),
		ATTC_TEST(test_discover_kept),
		ATTC_TEST(test_discover_known),
		ATTC_TEST(test_discover_basic_and_foreign),
		ATTC_TEST(test_read),
		ATTC_TEST(test_write),
		ATTC_TEST(test_write_command),
		ATTC_TEST(test_subscribe),
		ATTC_TEST(test_one_at_a_time),
		ATTC_TEST(test_asks_from_within_events),
		ATTC_TEST(test_timeout),
		ATTC_TEST(test_link_gone),
		ATTC_TEST(test_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
