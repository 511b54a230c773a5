/* SPDX-License-Identifier: Apache-2.0 */
/* See serve_pipe.h. */
#include "serve/serve_pipe.h"
#include "base/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTU_DEFAULT 247

struct serve_pipe {
	struct serve *serve;
	serve_pipe_answer_fn *answer;
	void *ctx;
	struct gatt_table table; /* as published */
	bool connected;
	uint16_t mtu;
};

/* A read or write under way. */
struct pipe_token {
	json_int_t id;
	bool read;
};

static int say(char *text, size_t size, const char *why)
{
	(void)snprintf(text, size, "%s", why);
	return -OTA_EINVAL;
}

/* --- the front's operations */

static int serve_pipe_publish(void *ctx, const struct gatt_table *table)
{
	struct serve_pipe *p = ctx;

	p->table = *table;
	return 0;
}

/* serve's news already tells who is connected, or wants to be. */
static void serve_pipe_advertise(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
}

static void serve_pipe_notify(void *ctx, uint16_t handle, const uint8_t *buf, size_t len)
{
	(void)ctx;
	(void)handle;
	(void)buf;
	(void)len;
}

static json_t *hex_json(const uint8_t *buf, size_t len)
{
	char text[2u * OTA_VALUE_MAX + 1u];

	return json_string(len <= OTA_VALUE_MAX ? hex_encode(buf, len, text) : "");
}

static void serve_pipe_answer(void *ctx, void *token, int status, const uint8_t *buf, size_t len)
{
	struct serve_pipe *p = ctx;
	struct pipe_token *t = token;

	p->answer(p->ctx, t->id, status, t->read && status == 0 ? hex_json(buf, len) : NULL);
	free(t);
}

static void serve_pipe_hang_up(void *ctx)
{
	struct serve_pipe *p = ctx;

	p->connected = false;
}

const struct serve_front_ops serve_pipe_ops = {
	.publish = serve_pipe_publish,
	.advertise = serve_pipe_advertise,
	.notify = serve_pipe_notify,
	.answer = serve_pipe_answer,
	.hang_up = serve_pipe_hang_up,
};

/* --- lines */

/* The characteristic with this UUID; 0: there is none. */
static uint16_t handle_of(const struct serve_pipe *p, const char *uuid)
{
	for (size_t i = 0; i < p->table.count; i++) {
		const struct gatt_entry *e = &p->table.entries[i];

		if (!e->service && strcmp(e->uuid, uuid) == 0)
			return e->handle;
	}
	return 0;
}

static int do_connect(struct serve_pipe *p, int mtu, char *text, size_t size)
{
	if (p->connected)
		return say(text, size, "it is connected");
	if (mtu < (int)OTA_ATT_MTU_MIN || mtu > 517)
		return say(text, size, "mtu: expected 23..517");
	p->connected = true;
	p->mtu = (uint16_t)mtu;
	serve_client_joined(p->serve, "pipe");
	return 0;
}

static void do_disconnect(struct serve_pipe *p)
{
	p->connected = false;
	serve_client_left(p->serve);
}

static struct pipe_token *token_of(json_int_t id, bool read)
{
	struct pipe_token *t = malloc(sizeof(*t));

	if (t)
		*t = (struct pipe_token){id, read};
	return t;
}

static int do_write(struct serve_pipe *p, uint16_t handle, const char *value, int response,
		    json_int_t id, char *text, size_t size)
{
	uint8_t buf[OTA_VALUE_MAX];
	const size_t len = strlen(value) / 2u;
	struct pipe_token *token;

	if (strlen(value) % 2u != 0 || len > sizeof(buf) || hex_decode(value, buf, len) < 0)
		return say(text, size, "value: expected up to 512 bytes in hexadecimal");
	token = token_of(id, false);
	if (!token)
		return say(text, size, "out of memory");
	serve_client_wrote(p->serve, handle, p->mtu, response ? GRADE_REQUEST : GRADE_COMMAND, buf,
			   len, token);
	return 0;
}

static int perform(struct serve_pipe *p, json_t *line, char *text, size_t size)
{
	const char *what = "", *uuid = "", *value = "";
	int mtu = MTU_DEFAULT, response = 1, on = 1;
	struct pipe_token *token;
	json_int_t id = 0;
	uint16_t handle;

	if (json_unpack(line, "{s:s, s?i, s?s, s?s, s?b, s?b, s?I !}", "do", &what, "mtu", &mtu,
			"uuid", &uuid, "value", &value, "response", &response, "on", &on, "id",
			&id) < 0)
		return say(text, size,
			   "expected an object with \"do\" and, of it, mtu, uuid, value, "
			   "response, on, id");
	if (strcmp(what, "connect") == 0)
		return do_connect(p, mtu, text, size);
	if (strcmp(what, "disconnect") == 0) {
		do_disconnect(p);
		return 0;
	}
	/* A write to a link that was lost meanwhile is answered as such. */
	handle = handle_of(p, uuid);
	if (handle == 0)
		return say(text, size, "uuid: there is no such characteristic");
	if (strcmp(what, "write") == 0)
		return do_write(p, handle, value, response, id, text, size);
	if (strcmp(what, "subscribe") == 0) {
		serve_client_subscribed(p->serve, handle, on != 0);
		return 0;
	}
	if (strcmp(what, "read") != 0)
		return say(text, size,
			   "do: expected connect, subscribe, read, write or disconnect");
	token = token_of(id, true);
	if (!token)
		return say(text, size, "out of memory");
	serve_client_read(p->serve, handle, p->mtu, token);
	return 0;
}

int serve_pipe_line(struct serve_pipe *p, const char *line, char *ret_text, size_t size)
{
	json_t *object = json_loads(line, 0, NULL);
	int rc;

	if (!object)
		return say(ret_text, size, "expected a JSON object in one line");
	rc = perform(p, object, ret_text, size);
	json_decref(object);
	return rc;
}

struct serve_pipe *serve_pipe_create(serve_pipe_answer_fn *answer, void *ctx)
{
	struct serve_pipe *p = calloc(1, sizeof(*p));

	if (p)
		*p = (struct serve_pipe){.answer = answer, .ctx = ctx, .mtu = MTU_DEFAULT};
	return p;
}

void serve_pipe_attach(struct serve_pipe *p, struct serve *serve)
{
	p->serve = serve;
}

void serve_pipe_destroy(struct serve_pipe *p)
{
	free(p);
}
