/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated central's ATT client: against the virtual ESP32's server, and
 * against servers that answer wrongly, late or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "radio/att.h"
#include "radio/attc.h"

#define PDUS_MAX 64u
#define EVENTS_MAX 64u

struct pdu {
	bool to_server;
	size_t len;
	uint8_t bytes[600];
};

struct note {
	struct attc_event event;
	uint8_t data[600];
};

struct world {
	struct sched sched;
	struct att_server server;
	struct attc client;
	/* the air */
	struct pdu pdus[PDUS_MAX];
	unsigned int pdu_first, pdu_count, to_server;
	bool cut; /* what the client sends is lost */
	int send_error;
	/* what the client told */
	struct note notes[EVENTS_MAX];
	unsigned int note_count;
	bool chain; /* asks on from within events */
	/* the device */
	uint8_t value[ATT_VALUE_MAX];
	size_t value_len;
	unsigned int writes, commands;
	enum att_value_id id;
	int answer;
	size_t read_len;
};

static struct world w;

static int put_pdu(bool to_server, const uint8_t *pdu, size_t len)
{
	struct pdu *p = &w.pdus[(w.pdu_first + w.pdu_count) % PDUS_MAX];

	assert_in_range(w.pdu_count, 0, PDUS_MAX - 1);
	assert_in_range(len, 1, 517);
	w.pdu_count++;
	p->to_server = to_server;
	p->len = len;
	memcpy(p->bytes, pdu, len);
	return 0;
}

static int client_send(void *ctx, const uint8_t *pdu, size_t len)
{
	(void)ctx;
	if (w.send_error)
		return w.send_error;
	w.to_server++;
	return w.cut ? 0 : put_pdu(true, pdu, len);
}

static int server_send(void *ctx, const uint8_t *pdu, size_t len)
{
	(void)ctx;
	return put_pdu(false, pdu, len);
}

static void client_event(void *ctx, const struct attc_event *event)
{
	struct note *note = &w.notes[w.note_count++];

	(void)ctx;
	assert_in_range(w.note_count, 1, EVENTS_MAX);
	assert_in_range(event->len, 0, 514);
	note->event = *event;
	if (event->len > 0)
		memcpy(note->data, event->data, event->len);
	if (w.chain && event->kind == ATTC_READ && w.note_count < 3)
		assert_int_equal(attc_read(&w.client, 0x000e), 0);
}

static int device_read(void *ctx, enum att_value_id id, uint8_t *buf, size_t size)
{
	(void)ctx;
	assert_int_equal(size, ATT_VALUE_MAX);
	w.id = id;
	for (size_t i = 0; i < w.read_len; i++)
		buf[i] = (uint8_t)(i * 3);
	return (int)w.read_len;
}

static int device_write(void *ctx, enum att_value_id id, const uint8_t *buf, size_t len,
			bool command)
{
	(void)ctx;
	w.id = id;
	w.writes++;
	w.commands += command;
	memcpy(w.value, buf, len);
	w.value_len = len;
	return w.answer;
}

static const struct att_server_ops ops = {
	.send = server_send, .read = device_read, .write = device_write};

/* Delivers everything that is in the air. */
static void run(void)
{
	while (w.pdu_count > 0) {
		struct pdu *p = &w.pdus[w.pdu_first];

		if (p->to_server)
			att_server_input(&w.server, p->bytes, p->len);
		else
			attc_input(&w.client, p->bytes, p->len);
		w.pdu_first = (w.pdu_first + 1) % PDUS_MAX;
		w.pdu_count--;
	}
}

static void start(enum att_table table)
{
	struct att_server_config server = {.ops = &ops, .table = table, .mtu = 517};
	struct attc_config client = {
		.send = client_send, .event = client_event, .sched = &w.sched, .mtu = 517};

	memset(&w, 0, sizeof(w));
	sched_init(&w.sched, 0);
	assert_int_equal(att_server_init(&w.server, &server), 0);
	assert_int_equal(attc_init(&w.client, &client), 0);
}

static int setup(void **state)
{
	(void)state;
	start(ATT_TABLE_FULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	attc_finish(&w.client);
	assert_null(w.sched.first);
	return 0;
}

/* The last event, which must be of that kind. */
static const struct note *last(enum attc_event_kind kind, int status)
{
	const struct note *note = &w.notes[w.note_count - 1];

	assert_in_range(w.note_count, 1, EVENTS_MAX);
	assert_int_equal(note->event.kind, kind);
	assert_int_equal(note->event.status, status);
	return note;
}

static void exchange(void)
{
	assert_int_equal(attc_exchange_mtu(&w.client), 0);
	run();
	assert_int_equal(last(ATTC_MTU, 0)->event.mtu, 517);
}

static void discover(void)
{
	assert_int_equal(attc_discover(&w.client), 0);
	run();
	last(ATTC_DISCOVERED, 0);
}

static const struct attc_chr *find(const char *uuid)
{
	const struct attc_chr *chrs;
	size_t count;

	chrs = attc_chrs(&w.client, &count);
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
	assert_int_equal(att_db_find(&w.server.db, chr->value_handle)->kind, ATT_KIND_VALUE);
}

static void test_mtu(void **state)
{
	(void)state;
	assert_int_equal(attc_mtu(&w.client), 23);
	exchange();
	assert_int_equal(attc_mtu(&w.client), 517);
	assert_int_equal(att_server_mtu(&w.server), 517);
	attc_reset(&w.client);
	assert_int_equal(attc_mtu(&w.client), 23);
}

static void test_discover(void **state)
{
	size_t count;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		/* First under MTU 23, where lists come in pieces. */
		discover();
		(void)attc_chrs(&w.client, &count);
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
		exchange();
	}
	assert_int_equal(w.client.service_count, 4);
	assert_int_equal(find(OTA_UUID_CONTROL)->service.len, 16);
}

static void test_discover_basic_and_foreign(void **state)
{
	(void)state;
	start(ATT_TABLE_BASIC);
	discover();
	check_chr(OTA_UUID_CONTROL, GATT_PROP_WRITE | GATT_PROP_NOTIFY, true);
	check_chr(OTA_UUID_DATA, GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND, false);
	assert_null(find(OTA_UUID_INFO));
	attc_finish(&w.client);
	start(ATT_TABLE_FOREIGN);
	discover();
	check_chr(OTA_UUID_CONTROL, GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND, false);
	check_chr(OTA_UUID_DATA, GATT_PROP_NOTIFY, true);
}

static void test_read(void **state)
{
	static const size_t lengths[] = {0, 1, 21, 22, 23, 43, 44, 45, 94, 511, 512};

	(void)state;
	discover();
	/* Ends of values before, at and after the ends of PDUs. */
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const struct note *note;

		w.read_len = lengths[i];
		assert_int_equal(attc_read(&w.client, find(OTA_UUID_INFO)->value_handle), 0);
		run();
		note = last(ATTC_READ, 0);
		assert_int_equal(note->event.len, lengths[i]);
		assert_int_equal(note->event.handle, find(OTA_UUID_INFO)->value_handle);
		for (size_t k = 0; k < lengths[i]; k++)
			assert_int_equal(note->data[k], (uint8_t)(k * 3));
	}
	assert_int_equal(attc_read(&w.client, find(OTA_UUID_CONTROL)->value_handle), 0);
	run();
	last(ATTC_READ, ATT_ERR_READ_NOT_PERMITTED);
	assert_int_equal(attc_read(&w.client, 999), 0);
	run();
	last(ATTC_READ, ATT_ERR_HANDLE);
}

static void test_write(void **state)
{
	uint8_t value[513];

	(void)state;
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(i + 5);
	discover();
	for (size_t len = 0; len <= 64; len++) {
		assert_int_equal(
			attc_write(&w.client, find(OTA_UUID_CONTROL)->value_handle, value, len), 0);
		run();
		last(ATTC_WRITTEN, 0);
		assert_int_equal(w.id, ATT_CONTROL);
		assert_int_equal(w.value_len, len);
		assert_memory_equal(w.value, value, len);
		w.note_count = 0;
	}
	assert_int_equal(w.writes, 65);
	/* Too long for the device: refused when executed, and nothing stays behind. */
	assert_int_equal(attc_write(&w.client, find(OTA_UUID_CONTROL)->value_handle, value, 65), 0);
	run();
	last(ATTC_WRITTEN, ATT_ERR_LENGTH);
	assert_int_equal(attc_write(&w.client, find(OTA_UUID_INFO)->value_handle, value, 30), 0);
	run();
	last(ATTC_WRITTEN, ATT_ERR_WRITE_NOT_PERMITTED);
	assert_int_equal(attc_write(&w.client, find(OTA_UUID_DATA)->value_handle, value, 512), 0);
	run();
	last(ATTC_WRITTEN, 0);
	assert_int_equal(w.value_len, 512);
	assert_memory_equal(w.value, value, 512);
	assert_int_equal(attc_write(&w.client, 1, value, 513), -OTA_EMSGSIZE);
	w.answer = ATT_ERR_UNLIKELY;
	assert_int_equal(attc_write(&w.client, find(OTA_UUID_CONTROL)->value_handle, value, 2), 0);
	run();
	last(ATTC_WRITTEN, ATT_ERR_UNLIKELY);
	assert_int_equal(w.commands, 0);
}

static void test_write_command(void **state)
{
	static const uint8_t value[515];
	uint16_t data;

	(void)state;
	discover();
	data = find(OTA_UUID_DATA)->value_handle;
	assert_int_equal(attc_write_command(&w.client, data, value, 21), -OTA_EMSGSIZE);
	exchange();
	w.note_count = 0;
	assert_int_equal(attc_write_command(&w.client, data, value, 512), 0);
	assert_int_equal(attc_write_command(&w.client, data, value, 515), -OTA_EMSGSIZE);
	run();
	assert_int_equal(w.commands, 1);
	assert_int_equal(w.value_len, 512);
	assert_int_equal(w.note_count, 0);
	/* Overtakes requests that wait. */
	w.answer = ATT_LATER;
	assert_int_equal(attc_write(&w.client, data, value, 1), 0);
	assert_int_equal(attc_write(&w.client, data, value, 2), 0);
	assert_int_equal(attc_write_command(&w.client, data, value, 3), 0);
	run();
	assert_int_equal(w.value_len, 3);
	assert_int_equal(w.note_count, 0);
	assert_true(attc_busy(&w.client));
	assert_int_equal(att_server_write_done(&w.server, ATT_OK), 0);
	run();
	assert_int_equal(w.note_count, 1);
	assert_int_equal(w.value_len, 2);
	assert_int_equal(att_server_write_done(&w.server, ATT_OK), 0);
	run();
	assert_int_equal(w.note_count, 2);
	assert_false(attc_busy(&w.client));
}

static void test_subscribe(void **state)
{
	static const uint8_t event[20] = {7, 6, 5};
	const struct note *note;

	(void)state;
	discover();
	assert_int_equal(attc_subscribe(&w.client, find(OTA_UUID_CONTROL)), 0);
	run();
	note = last(ATTC_SUBSCRIBED, 0);
	assert_int_equal(note->event.handle, find(OTA_UUID_CONTROL)->value_handle);
	assert_int_equal(att_server_ccc(&w.server, ATT_CONTROL), ATT_CCC_NOTIFY);
	assert_int_equal(att_server_notify(&w.server, ATT_CONTROL, event, 20), 0);
	run();
	note = last(ATTC_NOTIFIED, 0);
	assert_int_equal(note->event.handle, find(OTA_UUID_CONTROL)->value_handle);
	assert_int_equal(note->event.len, 20);
	assert_memory_equal(note->data, event, 20);
	/* Service Changed is indicated, and confirmed. */
	assert_int_equal(attc_subscribe(&w.client, find("2a05")), 0);
	run();
	assert_int_equal(att_server_ccc(&w.server, ATT_SERVICE_CHANGED), ATT_CCC_INDICATE);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(att_server_indicate(&w.server, ATT_SERVICE_CHANGED, event, 4), 0);
		run();
		assert_int_equal(last(ATTC_NOTIFIED, 0)->event.len, 4);
	}
	assert_int_equal(attc_subscribe(&w.client, find(OTA_UUID_DATA)), -OTA_ENOTSUP);
}

static void test_one_at_a_time(void **state)
{
	static const uint8_t value[] = {1, 2, 3};

	(void)state;
	w.read_len = 4;
	assert_int_equal(attc_exchange_mtu(&w.client), 0);
	assert_int_equal(attc_read(&w.client, 0x0003), 0);
	assert_int_equal(attc_write(&w.client, 0x0015, value, 3), 0);
	assert_int_equal(attc_discover(&w.client), 0);
	assert_int_equal(w.to_server, 1);
	run();
	assert_int_equal(w.note_count, 4);
	assert_int_equal(w.notes[0].event.kind, ATTC_MTU);
	assert_int_equal(w.notes[1].event.kind, ATTC_READ);
	assert_int_equal(w.notes[2].event.kind, ATTC_WRITTEN);
	assert_int_equal(w.notes[3].event.kind, ATTC_DISCOVERED);
	assert_false(attc_busy(&w.client));
}

static void test_asks_from_within_events(void **state)
{
	(void)state;
	w.chain = true;
	w.read_len = 100;
	assert_int_equal(attc_read(&w.client, 0x0003), 0);
	assert_int_equal(attc_exchange_mtu(&w.client), 0);
	run();
	assert_int_equal(w.note_count, 3);
	assert_int_equal(w.notes[0].event.kind, ATTC_READ);
	assert_int_equal(w.notes[1].event.kind, ATTC_MTU);
	assert_int_equal(w.notes[2].event.kind, ATTC_READ);
	assert_int_equal(w.notes[2].event.len, 100);
}

static void test_timeout(void **state)
{
	(void)state;
	w.cut = true;
	assert_int_equal(attc_read(&w.client, 3), 0);
	assert_int_equal(attc_read(&w.client, 3), 0);
	sched_advance(&w.sched, ATTC_TIMEOUT_US - 1);
	assert_int_equal(w.note_count, 0);
	sched_advance(&w.sched, ATTC_TIMEOUT_US);
	assert_int_equal(w.note_count, 1);
	last(ATTC_TIMED_OUT, -OTA_ETIMEDOUT);
	assert_int_equal(attc_read(&w.client, 3), -OTA_ETIMEDOUT);
	assert_int_equal(attc_write_command(&w.client, 3, NULL, 0), -OTA_ETIMEDOUT);
	/* A late answer is nothing any more. */
	attc_input(&w.client, (const uint8_t[]){ATT_READ_RSP, 1}, 2);
	assert_int_equal(w.note_count, 1);
	attc_reset(&w.client);
	w.cut = false;
	exchange();
	sched_advance(&w.sched, 10 * ATTC_TIMEOUT_US);
	last(ATTC_MTU, 0);
}

static void test_link_gone(void **state)
{
	(void)state;
	w.send_error = -OTA_ENOTCONN;
	assert_int_equal(attc_read(&w.client, 3), 0);
	last(ATTC_READ, -OTA_ENOTCONN);
	assert_int_equal(attc_write_command(&w.client, 3, NULL, 0), -OTA_ENOTCONN);
	w.send_error = 0;
	/* No events for what was pending when the connection ended. */
	assert_int_equal(attc_read(&w.client, 3), 0);
	assert_int_equal(attc_read(&w.client, 3), 0);
	attc_reset(&w.client);
	run();
	assert_int_equal(w.note_count, 1);
	assert_false(attc_busy(&w.client));
}

/* A server of the test's own: answers with these bytes whatever is asked. */
static void answer(const uint8_t *pdu, size_t len)
{
	w.pdu_count = 0;
	attc_input(&w.client, pdu, len);
}

#define ANSWER(...) answer((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_bad_discovery(void **state)
{
	(void)state;
	/* Services: wrong lengths, handles that go back, end before start. */
	assert_int_equal(attc_discover(&w.client), 0);
	ANSWER(0x11, 0x06, 1, 0, 5, 0, 0);
	last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&w.client), 0);
	ANSWER(0x11, 0x00, 1, 0, 5, 0, 0, 0x18);
	last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&w.client), 0);
	ANSWER(0x11);
	last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&w.client), 0);
	ANSWER(0x11, 0x06, 1, 0, 5, 0, 0, 0x18, 5, 0, 6, 0, 1, 0x18);
	last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&w.client), 0);
	ANSWER(0x11, 0x06, 5, 0, 4, 0, 0, 0x18);
	last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&w.client), 0);
	ANSWER(0x11, 0x07, 1, 0, 5, 0, 0, 0x18, 0);
	last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&w.client), 0);
	ANSWER(0x11, 0x06, 0, 0, 0, 0, 0, 0x18);
	last(ATTC_DISCOVERED, -OTA_EPROTO);
	/* A characteristic that is told again and again, or lies outside its service. */
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(attc_discover(&w.client), 0);
		ANSWER(0x11, 0x06, 1, 0, 0xff, 0xff, 0, 0x18);
		ANSWER(0x09, 0x07, 2, 0, 2, 3, 0, 0, 0x2a);
		if (i == 0)
			ANSWER(0x09, 0x07, 2, 0, 2, 3, 0, 0, 0x2a);
		else
			ANSWER(0x09, 0x07, 4, 0, 2, 4, 0, 0, 0x2a);
		last(ATTC_DISCOVERED, -OTA_EPROTO);
	}
	/* Descriptors that go back. */
	assert_int_equal(attc_discover(&w.client), 0);
	ANSWER(0x11, 0x06, 1, 0, 0xff, 0xff, 0, 0x18);
	ANSWER(0x09, 0x07, 2, 0, 2, 3, 0, 0, 0x2a);
	ANSWER(0x01, 0x08, 4, 0, 0x0a);
	ANSWER(0x05, 0x01, 3, 0, 2, 0x29);
	last(ATTC_DISCOVERED, -OTA_EPROTO);
	assert_int_equal(attc_discover(&w.client), 0);
	ANSWER(0x01, 0x10, 1, 0, 0x0e);
	last(ATTC_DISCOVERED, ATT_ERR_UNLIKELY);
}

/* More than fits: refused, not overrun. */
static void test_endless_discovery(void **state)
{
	(void)state;
	assert_int_equal(attc_discover(&w.client), 0);
	for (uint8_t i = 1; w.note_count == 0; i++) {
		assert_in_range(i, 1, ATTC_SERVICES_MAX + 1);
		ANSWER(0x11, 0x06, i, 0, i, 0, 0, 0x18);
	}
	last(ATTC_DISCOVERED, -OTA_EPROTO);
	w.note_count = 0;
	assert_int_equal(attc_discover(&w.client), 0);
	ANSWER(0x11, 0x06, 1, 0, 0xff, 0xff, 0, 0x18);
	for (uint8_t i = 2; w.note_count == 0; i = (uint8_t)(i + 2)) {
		assert_in_range(i, 2, 2 * ATTC_CHRS_MAX + 2);
		ANSWER(0x09, 0x07, i, 0, 2, (uint8_t)(i + 1), 0, 0, 0x2a);
	}
	last(ATTC_DISCOVERED, -OTA_EPROTO);
}

static void test_bad_answers(void **state)
{
	static const uint8_t value[30];

	(void)state;
	/* What was not asked for is dropped. */
	ANSWER(0x0b, 1, 2);
	ANSWER(0x01, 0x0a, 3, 0, 1);
	ANSWER(0x1b, 3);
	assert_int_equal(attc_read(&w.client, 3), 0);
	ANSWER(0x13);
	ANSWER(0x01, 0x12, 3, 0, 1);
	ANSWER(0x01, 0x0a, 3, 0);
	assert_int_equal(w.note_count, 0);
	ANSWER(0x01, 0x0a, 3, 0, 0);
	last(ATTC_READ, ATT_ERR_UNLIKELY);
	assert_int_equal(attc_exchange_mtu(&w.client), 0);
	ANSWER(0x03, 1);
	last(ATTC_MTU, -OTA_EPROTO);
	assert_int_equal(attc_exchange_mtu(&w.client), 0);
	ANSWER(0x03, 1, 0);
	assert_int_equal(last(ATTC_MTU, 0)->event.mtu, 23);
	/* Longer than the MTU is nothing. */
	assert_int_equal(attc_read(&w.client, 3), 0);
	answer((const uint8_t[24]){0x0b}, 24);
	assert_int_equal(attc_busy(&w.client), true);
	ANSWER(0x0b);
	last(ATTC_READ, 0);
	/* A part that comes back changed cancels the long write. */
	assert_int_equal(attc_write(&w.client, 3, value, 30), 0);
	ANSWER(0x17, 3, 0, 0, 0, 1);
	assert_int_equal(w.pdu_count, 1);
	assert_memory_equal(w.pdus[w.pdu_first].bytes, "\x18\x00", 2);
	ANSWER(0x19);
	last(ATTC_WRITTEN, -OTA_EPROTO);
	/* An endless value. */
	assert_int_equal(attc_read(&w.client, 3), 0);
	answer((const uint8_t[23]){0x0b}, 23);
	for (unsigned int i = 0; attc_busy(&w.client); i++) {
		assert_in_range(i, 0, 24);
		answer((const uint8_t[23]){0x0d}, 23);
	}
	last(ATTC_READ, -OTA_EPROTO);
}

static void test_server_asks(void **state)
{
	(void)state;
	ANSWER(0x02, 0x17, 0);
	assert_int_equal(w.pdu_count, 1);
	assert_int_equal(w.pdus[w.pdu_first].len, 5);
	assert_memory_equal(w.pdus[w.pdu_first].bytes, "\x01\x02\x00\x00\x06", 5);
	w.pdu_count = 0;
	ANSWER(0x52, 3, 0, 1);
	ANSWER(0x1e);
	attc_input(&w.client, NULL, 0);
	assert_int_equal(w.pdu_count, 0);
}

static void test_init(void **state)
{
	struct attc_config config = {.send = client_send, .event = client_event, .mtu = 22};
	struct attc client;

	(void)state;
	assert_int_equal(attc_init(&client, &config), -OTA_EINVAL);
	config.mtu = 518;
	assert_int_equal(attc_init(&client, &config), -OTA_EINVAL);
	config.mtu = 23;
	config.event = NULL;
	assert_int_equal(attc_init(&client, &config), -OTA_EINVAL);
}

#define ATTC_TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ATTC_TEST(test_mtu),
		ATTC_TEST(test_discover),
		ATTC_TEST(test_discover_basic_and_foreign),
		ATTC_TEST(test_read),
		ATTC_TEST(test_write),
		ATTC_TEST(test_write_command),
		ATTC_TEST(test_subscribe),
		ATTC_TEST(test_one_at_a_time),
		ATTC_TEST(test_asks_from_within_events),
		ATTC_TEST(test_timeout),
		ATTC_TEST(test_link_gone),
		ATTC_TEST(test_bad_discovery),
		ATTC_TEST(test_endless_discovery),
		ATTC_TEST(test_bad_answers),
		ATTC_TEST(test_server_asks),
		ATTC_TEST(test_init),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
