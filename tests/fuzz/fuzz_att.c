/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any conversation with the virtual ESP32's ATT server, and any answers to the
 * simulated central's client.
 *
 * The input is a list of steps: an octet that says what happens, an octet of
 * length, and that many octets.  The first octet of the input chooses the table.
 */
#include <stdlib.h>
#include <string.h>

#include "air/att.h"
#include "air/attc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum step {
	STEP_TO_SERVER,
	STEP_TO_SERVER_LONG, /* twice the octets, so that lengths beyond 255 occur */
	STEP_TO_CLIENT,
	STEP_ASK, /* the client asks something */
	STEP_DONE, /* the device answers a write that it put off */
	STEP_NOTIFY,
	STEP_RESET,
	STEP_DEVICE, /* how the device behaves from now on */
	STEPS
};

struct fleet {
	struct att_server server;
	struct attc client;
	uint8_t behaviour;
};

static int server_send(void *ctx, const uint8_t *pdu, size_t len)
{
	struct fleet *w = ctx;

	if (len == 0 || len > att_server_mtu(&w->server) || pdu[0] == ATT_WRITE_CMD)
		abort();
	return w->behaviour & 1 ? -OTA_EAGAIN : 0;
}

static int client_send(void *ctx, const uint8_t *pdu, size_t len)
{
	struct fleet *w = ctx;

	(void)pdu;
	if (len == 0 || len > attc_mtu(&w->client))
		abort();
	return 0;
}

static int device_read(void *ctx, enum att_value_id id, uint8_t *buf, size_t size)
{
	struct fleet *w = ctx;
	size_t len = (size_t)(w->behaviour >> 3) * 17u;

	if (id >= ATT_VALUES || size != ATT_VALUE_MAX)
		abort();
	if (w->behaviour & 4)
		return -ATT_ERR_RESOURCES;
	if (len > size)
		len = size;
	memset(buf, w->behaviour, len);
	return (int)len;
}

static int device_write(void *ctx, enum att_value_id id, const uint8_t *buf, size_t len,
			bool command)
{
	struct fleet *w = ctx;
	const size_t most = w->server.config.table == ATT_TABLE_SMP ? ATT_MTU_MAX - 3u
			    : id == ATT_CONTROL			    ? OTA_CONTROL_MAX
								    : ATT_VALUE_MAX;
	uint8_t *copy;

	if (id >= ATT_VALUES || len > most)
		abort();
	copy = malloc(len ? len : 1);
	if (copy)
		memcpy(copy, buf, len);
	free(copy);
	return w->behaviour & 2 && !command ? ATT_LATER : ATT_OK;
}

static void client_event(void *ctx, const struct attc_event *event)
{
	struct fleet *w = ctx;
	size_t count;

	if (event->len > ATT_VALUE_MAX + 2u)
		abort();
	(void)attc_chrs(&w->client, &count);
	if (count > ATTC_CHRS_MAX)
		abort();
}

static const struct att_server_ops ops = {
	.send = server_send, .read = device_read, .write = device_write};

/* An allocation of its own, so that a sanitizer sees one octet too many being read. */
static void feed(struct fleet *w, bool to_server, const uint8_t *data, size_t len, size_t times)
{
	uint8_t *copy = malloc(len > 0 ? len * times : 1);

	if (!copy)
		return;
	for (size_t i = 0; i < times; i++)
		memcpy(copy + i * len, data, len);
	if (to_server)
		att_server_input(&w->server, copy, len * times);
	else
		attc_input(&w->client, copy, len * times);
	free(copy);
}

static void ask(struct fleet *w, const uint8_t *data, size_t len)
{
	const struct attc_chr *chrs;
	size_t count;

	switch (len > 0 ? data[0] % 6 : 0) {
	case 0:
		(void)attc_exchange_mtu(&w->client);
		break;
	case 1:
		(void)attc_discover(&w->client);
		break;
	case 2:
		(void)attc_read(&w->client, data[0]);
		break;
	case 3:
		(void)attc_write(&w->client, data[0], data, len);
		break;
	case 4:
		(void)attc_write_command(&w->client, data[0], data, len);
		break;
	default:
		chrs = attc_chrs(&w->client, &count);
		if (count > 0)
			(void)attc_subscribe(&w->client, &chrs[data[0] % count]);
		break;
	}
}

static void step(struct fleet *w, uint8_t what, const uint8_t *data, size_t len)
{
	switch ((enum step)(what % STEPS)) {
	case STEP_TO_SERVER:
		feed(w, true, data, len, 1);
		break;
	case STEP_TO_SERVER_LONG:
		feed(w, true, data, len, 2);
		break;
	case STEP_TO_CLIENT:
		feed(w, false, data, len, 1);
		break;
	case STEP_ASK:
		ask(w, data, len);
		break;
	case STEP_DONE:
		(void)att_server_write_done(&w->server, len > 0 ? data[0] : ATT_OK);
		att_server_writable(&w->server);
		break;
	case STEP_NOTIFY:
		(void)att_server_notify(&w->server, ATT_CONTROL, data, len);
		(void)att_server_indicate(&w->server, ATT_SERVICE_CHANGED, data, len);
		break;
	case STEP_RESET:
		att_server_reset(&w->server);
		attc_reset(&w->client);
		break;
	case STEP_DEVICE:
		w->behaviour = len > 0 ? data[0] : 0;
		break;
	case STEPS:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fleet w;
	struct att_server_config server = {.ops = &ops, .ctx = &w, .mtu = 517};
	struct attc_config client = {
		.send = client_send, .event = client_event, .ctx = &w, .mtu = 517};

	if (size == 0)
		return 0;
	w.behaviour = 0;
	server.table = (enum att_table)(data[0] % ATT_TABLES);
	if (att_server_init(&w.server, &server) || attc_init(&w.client, &client))
		abort();
	for (size_t at = 1; at + 2 <= size;) {
		size_t len = data[at + 1];

		if (len > size - at - 2)
			len = size - at - 2;
		step(&w, data[at], data + at + 2, len);
		at += 2 + len;
	}
	attc_finish(&w.client);
	return 0;
}
