/* SPDX-License-Identifier: Apache-2.0 */
/* PDUs wait in a queue, so that neither end is called from within its own call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "attclib.h"

struct attc_rig attc_rig;

static int put_pdu(bool to_server, const uint8_t *pdu, size_t len)
{
	struct attc_pdu *p =
		&attc_rig.pdus[(attc_rig.pdu_first + attc_rig.pdu_count) % ATTC_RIG_PDUS];

	assert_in_range(attc_rig.pdu_count, 0, ATTC_RIG_PDUS - 1);
	assert_in_range(len, 1, 517);
	attc_rig.pdu_count++;
	p->to_server = to_server;
	p->len = len;
	memcpy(p->bytes, pdu, len);
	return 0;
}

static int client_send(void *ctx, const uint8_t *pdu, size_t len)
{
	(void)ctx;
	if (attc_rig.send_error)
		return attc_rig.send_error;
	attc_rig.to_server++;
	return attc_rig.cut ? 0 : put_pdu(true, pdu, len);
}

static int server_send(void *ctx, const uint8_t *pdu, size_t len)
{
	(void)ctx;
	return put_pdu(false, pdu, len);
}

static void client_event(void *ctx, const struct attc_event *event)
{
	struct attc_note *note = &attc_rig.notes[attc_rig.note_count++];

	(void)ctx;
	assert_in_range(attc_rig.note_count, 1, ATTC_RIG_NOTES);
	assert_in_range(event->len, 0, 514);
	note->event = *event;
	if (event->len > 0)
		memcpy(note->data, event->data, event->len);
	if (attc_rig.chain && event->kind == ATTC_READ && attc_rig.note_count < 3)
		assert_int_equal(attc_read(&attc_rig.client, 0x000e), 0);
}

static int device_read(void *ctx, enum att_value_id id, uint8_t *buf, size_t size)
{
	(void)ctx;
	assert_int_equal(size, ATT_VALUE_MAX);
	attc_rig.id = id;
	for (size_t i = 0; i < attc_rig.read_len; i++)
		buf[i] = (uint8_t)(i * 3);
	return (int)attc_rig.read_len;
}

static int device_write(void *ctx, enum att_value_id id, const uint8_t *buf, size_t len,
			bool command)
{
	(void)ctx;
	attc_rig.id = id;
	attc_rig.writes++;
	attc_rig.commands += command;
	memcpy(attc_rig.value, buf, len);
	attc_rig.value_len = len;
	return attc_rig.answer;
}

static const struct att_server_ops ops = {
	.send = server_send, .read = device_read, .write = device_write};

void attc_rig_run(void)
{
	while (attc_rig.pdu_count > 0) {
		struct attc_pdu *p = &attc_rig.pdus[attc_rig.pdu_first];

		if (p->to_server)
			att_server_input(&attc_rig.server, p->bytes, p->len);
		else
			attc_input(&attc_rig.client, p->bytes, p->len);
		attc_rig.pdu_first = (attc_rig.pdu_first + 1) % ATTC_RIG_PDUS;
		attc_rig.pdu_count--;
	}
}

void attc_rig_start(enum att_table table)
{
	struct att_server_config server = {.ops = &ops, .table = table, .mtu = 517};
	struct attc_config client = {
		.send = client_send, .event = client_event, .sched = &attc_rig.sched, .mtu = 517};

	memset(&attc_rig, 0, sizeof(attc_rig));
	sched_init(&attc_rig.sched, 0);
	assert_int_equal(att_server_init(&attc_rig.server, &server), 0);
	assert_int_equal(attc_init(&attc_rig.client, &client), 0);
}

int attc_rig_setup(void **state)
{
	(void)state;
	attc_rig_start(ATT_TABLE_FULL);
	return 0;
}

int attc_rig_teardown(void **state)
{
	(void)state;
	attc_finish(&attc_rig.client);
	assert_null(attc_rig.sched.first);
	return 0;
}

const struct attc_note *attc_rig_last(enum attc_event_kind kind, int status)
{
	const struct attc_note *note = &attc_rig.notes[attc_rig.note_count - 1];

	assert_in_range(attc_rig.note_count, 1, ATTC_RIG_NOTES);
	assert_int_equal(note->event.kind, kind);
	assert_int_equal(note->event.status, status);
	return note;
}

void attc_rig_exchange(void)
{
	assert_int_equal(attc_exchange_mtu(&attc_rig.client), 0);
	attc_rig_run();
	assert_int_equal(attc_rig_last(ATTC_MTU, 0)->event.mtu, 517);
}

void attc_rig_discover(void)
{
	assert_int_equal(attc_discover(&attc_rig.client), 0);
	attc_rig_run();
	attc_rig_last(ATTC_DISCOVERED, 0);
}
