/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as SMP's answers: to the decoder, and to a session in the middle of an update.
 *
 * Each notification is a length octet and so many octets behind it; where the first of these is ff
 * they are the map of an answer that fits the question which the session asked last.  Whatever
 * comes, the session's figures hold, and "confirmed" is told of nothing but the image's hash.
 */
#include "core/mcumgr.h"
#include "core/session_priv.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE 5000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
	struct session s;
	uint64_t now;
	bool link;
	uint8_t asked[MCUMGR_HEADER]; /* the header that was written last */
	size_t left; /* of that request */
};

static uint8_t image[IMAGE];

static void must(bool held)
{
	if (!held)
		abort();
}

static int do_connect(void *ctx)
{
	(void)ctx;
	return 0;
}

static int do_disconnect(void *ctx)
{
	(void)ctx;
	return -OTA_ENOTCONN;
}

static int do_chr(void *ctx, enum gatt_chr chr)
{
	(void)ctx;
	(void)chr;
	return 0;
}

/* A request is written to its end before the next one begins. */
static int do_write(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		    size_t len)
{
	struct peer *p = ctx;
	struct mcumgr_header h;

	(void)chr;
	must(mode == GATT_COMMAND && len > 0 && len <= (size_t)p->s.mtu - OTA_ATT_HEADER);
	if (p->left == 0) {
		must(len >= MCUMGR_HEADER);
		memcpy(p->asked, buf, MCUMGR_HEADER);
		mcumgr_header_get(buf, &h);
		p->left = MCUMGR_HEADER + h.length;
	}
	must(len <= p->left);
	p->left -= len;
	return 0;
}

static void do_link(void *ctx, struct airtime_link *ret)
{
	(void)ctx;
	*ret = (struct airtime_link){
		.phy = OTA_PHY_1M, .data_length = 251, .interval_us = 15000, .refill = true};
}

static int do_approve(void *ctx, const struct ota_info *info, const char *version)
{
	(void)ctx;
	must(!info && version);
	return 0;
}

static void on_state(void *ctx, enum session_state from, enum session_state to)
{
	(void)ctx;
	must(from != to);
}

static void on_note(void *ctx, enum session_note note, uint32_t value)
{
	(void)ctx;
	(void)value;
	must(note < SESSION_NOTES);
}

static const struct session_ops ops = {
	.connect = do_connect,
	.disconnect = do_disconnect,
	.discover = do_connect,
	.subscribe = do_chr,
	.read = do_chr,
	.write = do_write,
	.link = do_link,
	.approve = do_approve,
	.state_changed = on_state,
	.note = on_note,
};

static void connect_it(struct peer *p)
{
	static const uint8_t properties[GATT_CHRS] = {0x14, 0x14, 0, 0, 0, 0};

	p->left = 0;
	session_connected(&p->s, 185, p->now);
	session_discovered(&p->s, DIALECT_SMP, properties, p->now);
	session_subscribed(&p->s, 0, p->now);
}

/* The answer to what was asked last, with any map. */
static void answer(struct peer *p, const uint8_t *map, size_t len)
{
	uint8_t buf[300];
	struct mcumgr_header h;

	mcumgr_header_get(p->asked, &h);
	h.op = (enum mcumgr_op)(h.op + 1);
	h.length = (uint16_t)len;
	mcumgr_header_put(buf, &h);
	memcpy(buf + MCUMGR_HEADER, map, len);
	session_rx(&p->s, buf, MCUMGR_HEADER + len, p->now);
}

static void wait_for(struct peer *p)
{
	const uint64_t at = session_deadline(&p->s);

	if (at == UINT64_MAX)
		return;
	p->now = at > p->now ? at : p->now;
	session_tick(&p->s, p->now);
	if (p->s.step == SESSION_STEP_LINK_UP && p->s.connecting)
		connect_it(p);
}

static void check(const struct peer *p)
{
	const struct session *s = &p->s;

	must(s->stats.received <= s->stats.queued && s->stats.queued <= IMAGE);
	must(s->mcumgr.frames <= SESSION_FRAMES);
	if (s->outcome == SESSION_CONFIRMED)
		must(s->running.known && !s->running.on_trial &&
		     memcmp(s->running.sha256, s->config.boot_sha256, OTA_SHA256_SIZE) == 0);
	must(s->outcome != SESSION_DELIVERED || s->ended);
}

static void run(struct peer *p, const uint8_t *data, size_t size)
{
	while (size > 0 && !session_finished(&p->s)) {
		size_t len = *data++;

		size--;
		len = len < size ? len : size;
		if (len == 0)
			wait_for(p);
		else if (data[0] == 0xff)
			answer(p, data + 1, len - 1);
		else
			session_rx(&p->s, data, len, p->now);
		data += len;
		size -= len;
		check(p);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct session_config config = {
		.goal = SESSION_UPDATE,
		.image = image,
		.image_size = IMAGE,
		.mode_auto = true,
		.mtu_max = 517,
		.confirm = true,
		.stall_ms = 1000,
		.ack_timeout_ms = 2000,
		.connect_timeout_ms = 15000,
		.ready_timeout_ms = 20000,
		.basic_ready_timeout_ms = 60000,
		.verify_timeout_ms = 30000,
		.reconnect_timeout_ms = 60000,
		.retries = 3,
		.backoff_ms = 500,
		.backoff_max_ms = 8000,
	};
	struct session_config sends = config;
	struct peer p = {.now = 1000000};
	struct mcumgr_answer a;

	(void)mcumgr_answer_decode(data, size, &a);
	must(a.count <= MCUMGR_IMAGES);
	memset(sends.boot_sha256, 0xbb, OTA_SHA256_SIZE);
	must(session_init(&p.s, &sends, &ops, &p, p.now) == 0);
	session_start(&p.s, p.now);
	connect_it(&p);
	run(&p, data, size);
	return 0;
}
