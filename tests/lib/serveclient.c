/* SPDX-License-Identifier: Apache-2.0 */
/* See serveclient.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "serveclient.h"
#include "transport/fault.h"

#define MTU 247u

/* --- the front */

static int in_publish(void *ctx, const struct gatt_table *table)
{
	struct client *c = ctx;

	c->table = *table;
	c->published++;
	return 0;
}

static void in_advertise(void *ctx, bool on)
{
	struct client *c = ctx;

	c->on_air = on;
}

static void in_notify(void *ctx, uint16_t handle, const uint8_t *buf, size_t len)
{
	struct client *c = ctx;
	struct ota_ack ack;

	(void)handle;
	if (ota_ready_decode(buf, len, &c->ready) == 0) {
		c->readies++;
		c->limit = c->ready.limit;
		c->next = c->ready.sequence;
		c->sent = c->ready.offset;
	} else if (ota_ack_decode(buf, len, &ack) == 0) {
		c->limit = ack.limit;
		c->received = ack.received;
	} else if (ota_error_decode(buf, len, &c->error) == 0)
		c->errors++;
	else if (ota_gap_decode(buf, len, &c->gap) == 0)
		c->gaps++;
	c->dones += buf[0] == OTA_EVT_DONE;
	c->results += buf[0] == OTA_EVT_RESULT;
}

static void in_answer(void *ctx, void *token, int status, const uint8_t *buf, size_t len)
{
	struct client *c = ctx;

	assert_ptr_equal(token, c);
	c->answered++;
	c->refused += status < 0;
	if (buf)
		memcpy(c->value, buf, len);
	c->value_len = len;
}

static void in_hang_up(void *ctx)
{
	struct client *c = ctx;

	c->connected = false;
	c->lost++;
}

static const struct serve_front_ops front_ops = {
	.publish = in_publish,
	.advertise = in_advertise,
	.notify = in_notify,
	.answer = in_answer,
	.hang_up = in_hang_up,
};

static void on_told(void *ctx, const struct serve_news *news)
{
	struct client *c = ctx;
	const size_t len = strlen(c->told);

	if (c->heard)
		c->heard(c->heard_ctx, news);
	c->joined += news->kind == SERVE_JOINED;
	if (news->kind == SERVE_BROKEN)
		(void)snprintf(c->told + len, sizeof(c->told) - len, "%s; ",
			       grade_rule_fault(news->rule));
}

/* --- steps of virtual time */

void client_begin(struct client *c, struct sim_config sim, const char *spec)
{
	struct serve_config config = {
		.front = &front_ops, .front_ctx = c, .told = on_told, .told_ctx = c};
	struct fault_spec dropped;

	memset(c, 0, sizeof(*c));
	c->name = "test";
	c->mtu = MTU;
	sim.kind.devices = 1;
	sim.kind.seed = 3;
	sim.interval = 6;
	assert_true(sd_event_new(&c->event) >= 0);
	assert_int_equal(sim_create(c->event, &sim, &c->sim, NULL, 0), 0);
	c->t = c->sim;
	if (spec) {
		assert_int_equal(fault_parse(spec, &dropped, NULL, 0), 0);
		assert_int_equal(fault_wrap(c->sim, &dropped, 1, 1, &c->t), 0);
	}
	config.t = c->t;
	assert_int_equal(serve_create(&config, &c->serve), 0);
}

void client_finish(struct client *c)
{
	serve_destroy(c->serve);
	c->t->ops->destroy(c->t);
	sd_event_unref(c->event);
}

void client_pass(struct client *c, unsigned int ms)
{
	sched_advance(sim_sched(c->sim), c->t->ops->now_us(c->t) + ms * UINT64_C(1000));
}

bool client_wait(struct client *c, const unsigned int *count, unsigned int before,
		 unsigned int seconds)
{
	const uint64_t until = c->t->ops->now_us(c->t) + seconds * UINT64_C(1000000);

	while (*count == before && c->t->ops->now_us(c->t) < until)
		client_pass(c, 1);
	return *count != before;
}

uint16_t client_handle(const struct client *c, const char *uuid)
{
	for (size_t i = 0; i < c->table.count; i++)
		if (!c->table.entries[i].service && strcmp(c->table.entries[i].uuid, uuid) == 0)
			return c->table.entries[i].handle;
	fail_msg("the device has no %s", uuid);
	return 0;
}

void client_control(struct client *c, const uint8_t *buf, size_t len)
{
	const unsigned int before = c->answered;
	const enum grade_mode mode =
		c->status_as_command && buf[0] == OTA_CMD_STATUS ? GRADE_COMMAND : GRADE_REQUEST;

	serve_client_wrote(c->serve, client_handle(c, OTA_UUID_CONTROL), c->mtu, mode, buf, len, c);
	if (!c->hasty)
		(void)client_wait(c, &c->answered, before, 5);
}

void client_command(struct client *c, enum ota_command what)
{
	const uint8_t opcode = (uint8_t)what;

	client_control(c, &opcode, 1);
}

void client_value(struct client *c, uint16_t sequence, const uint8_t *payload, size_t len)
{
	uint8_t buf[CLIENT_VALUE];

	bytes_put16(buf, sequence);
	memcpy(buf + OTA_DATA_HEADER, payload, len);
	serve_client_wrote(c->serve, client_handle(c, OTA_UUID_DATA), c->mtu, GRADE_COMMAND, buf,
			   len + OTA_DATA_HEADER, NULL);
}

void client_connect(struct client *c)
{
	for (int i = 0; i < 200 && !c->on_air; i++)
		client_pass(c, 100);
	assert_true(c->on_air);
	c->connected = true;
	serve_client_joined(c->serve, c->name);
	if (!c->deaf)
		serve_client_subscribed(c->serve, client_handle(c, OTA_UUID_CONTROL), true);
}

void client_info(struct client *c)
{
	const unsigned int before = c->answered;

	serve_client_read(c->serve, client_handle(c, OTA_UUID_INFO), c->mtu, c);
	assert_true(client_wait(c, &c->answered, before, 5));
	assert_int_equal(c->value_len, OTA_INFO_SIZE);
}
