/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#define MTU_BEYOND 600u /* of what a stack may tell */

static uint8_t image[PEER_IMAGE_MAX];
const uint8_t *const peer_image = image;

uint8_t peer_take(struct peer *p)
{
	if (p->left == 0)
		return 0;
	p->left--;
	return *p->data++;
}

uint16_t peer_take16(struct peer *p)
{
	const uint8_t low = peer_take(p);

	return (uint16_t)(low | (uint16_t)(peer_take(p) << 8));
}

/* --- actions */

static int do_connect(void *ctx)
{
	struct peer *p = ctx;

	must(!session_finished(&p->s));
	p->connecting = p->rc == 0;
	return p->rc;
}

static int do_disconnect(void *ctx)
{
	return ((struct peer *)ctx)->rc;
}

static int do_discover(void *ctx)
{
	struct peer *p = ctx;

	must(p->link && !session_finished(&p->s));
	return p->rc;
}

static int do_chr(void *ctx, enum gatt_chr chr)
{
	struct peer *p = ctx;

	must(p->link && !session_finished(&p->s) && chr < GATT_CHRS);
	return p->rc;
}

static int do_subscribe(void *ctx, enum gatt_chr chr)
{
	must(dialect_is_driven(((struct peer *)ctx)->s.dialect));
	return do_chr(ctx, chr);
}

void peer_check_payload(const struct peer *p, const uint8_t *buf, uint32_t len)
{
	const struct session_stats *st = &p->s.stats;
	const uint32_t flight = st->received_known ? st->queued - st->received : 0;

	must(p->s.state == SESSION_SENDING);
	must(st->queued >= st->received && st->queued + len <= st->limit);
	must(st->queued + len <= p->s.config.image_size);
	must(flight == 0 || flight + len <= p->s.window);
	must(!p->s.config.image || memcmp(buf, image + st->queued, len) == 0);
}

/* A write that the device's properties do not have would be answered with an error, or not at all. */
static void check_write(const struct peer *p, enum gatt_chr chr, enum gatt_write mode, size_t len)
{
	const uint8_t needs = mode == GATT_REQUEST ? GATT_PROP_WRITE : GATT_PROP_WRITE_COMMAND;

	must(p->link && !session_finished(&p->s));
	must(p->s.dialect && dialect_is_driven(p->s.dialect));
	must(chr == GATT_CONTROL || chr == GATT_DATA);
	must(len > 0 && len <= OTA_VALUE_MAX);
	must(p->s.properties[chr] & needs);
	must(mode != GATT_REQUEST || !p->busy[chr]);
	/* Control of this project's own protocol may be a long write. */
	must(len <= (size_t)p->s.mtu - OTA_ATT_HEADER ||
	     (chr == GATT_CONTROL && p->s.dialect->family == DIALECT_OTABENCH));
}

static int do_write(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		    size_t len)
{
	struct peer *p = ctx;

	check_write(p, chr, mode, len);
	p->ops->check(p, chr, mode, buf, len);
	if (p->rc < 0)
		return p->rc;
	if (chr == GATT_CONTROL)
		p->last_command = buf[0];
	if (mode == GATT_REQUEST)
		p->busy[chr] = true;
	p->ops->written(p, chr, buf, len);
	return 0;
}

static void do_link(void *ctx, struct airtime_link *ret)
{
	(void)ctx;
	*ret = (struct airtime_link){
		.phy = OTA_PHY_2M, .data_length = 251, .interval_us = 15000, .refill = true};
}

static int do_approve(void *ctx, const struct ota_info *info, const char *version)
{
	(void)ctx;
	(void)info;
	must(version != NULL);
	return 0;
}

static void on_state(void *ctx, enum session_state from, enum session_state to)
{
	(void)ctx;
	must(from != to && from != SESSION_DONE && from != SESSION_FAILED);
}

static void on_note(void *ctx, enum session_note note, uint32_t value)
{
	(void)ctx;
	(void)value;
	must(note < SESSION_NOTES);
}

static const struct session_ops session_ops = {
	.connect = do_connect,
	.disconnect = do_disconnect,
	.discover = do_discover,
	.subscribe = do_subscribe,
	.read = do_chr,
	.write = do_write,
	.link = do_link,
	.approve = do_approve,
	.state_changed = on_state,
	.note = on_note,
};

void peer_config(struct session_config *config, uint8_t kind, uint32_t size)
{
	static const enum ota_command commands[] = {OTA_CMD_ABORT, OTA_CMD_STATUS, OTA_CMD_CONFIRM,
						    OTA_CMD_ROLLBACK, OTA_CMD_REBOOT};

	*config = (struct session_config){
		.goal = (enum session_goal)(kind & 3u),
		.image = image,
		.image_size = size,
		.command = commands[kind / 4u % 5u],
		.mode_auto = true,
		.mtu_max = 517,
		.telemetry_ms = 1000,
		.confirm = true,
		.resume_only = (kind & 0x80u) != 0,
		.stall_action = (enum session_stall_action)(kind / 32u % 3u),
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
	if (config->goal == SESSION_MEASURE)
		config->image = NULL;
	for (size_t i = 0; i < OTA_SHA256_SIZE; i++) {
		config->sha256[i] = (uint8_t)(0xa0u + i);
		config->boot_sha256[i] = (uint8_t)(0xb0u + i);
	}
}

static void fill_image(void)
{
	static bool filled;

	for (uint32_t i = 0; i < sizeof(image) && !filled; i++)
		image[i] = (uint8_t)((i * 2654435761u) >> 24);
	filled = true;
}

void peer_init(struct peer *p, const struct session_config *config)
{
	fill_image();
	p->now = 1000000;
	if (p->mtu == 0)
		p->mtu = 247;
	must(session_init(&p->s, config, &session_ops, p, p->now) == 0);
	session_start(&p->s, p->now);
}

/* --- events */

void peer_lose_link(struct peer *p, enum gatt_reason reason)
{
	p->link = p->connecting = false;
	p->runs |= p->boots;
	p->boots = false;
	memset(p->busy, 0, sizeof(p->busy));
	session_disconnected(&p->s, reason, p->now);
}

void peer_connected(struct peer *p, uint16_t mtu)
{
	p->link = true;
	p->connecting = false;
	session_connected(&p->s, mtu, p->now);
}

static void make_link(struct peer *p)
{
	if (!p->link)
		peer_connected(p, (uint16_t)(peer_take16(p) % MTU_BEYOND));
}

/* The answer to a write request, if one is outstanding. */
static void written(struct peer *p)
{
	const uint8_t kind = peer_take(p);
	const enum gatt_chr chr = kind & 1u ? GATT_DATA : GATT_CONTROL;

	if (!p->busy[chr])
		return;
	p->busy[chr] = false;
	session_written(&p->s, chr, kind & 0x80u ? -OTA_EIO : 0, p->now);
}

void peer_tell(struct peer *p, const uint8_t *buf, size_t len)
{
	session_rx(&p->s, buf, len, p->now);
}

void peer_tell_any(struct peer *p, bool of_data)
{
	uint8_t buf[OTA_NOTIFY_MAX];
	const size_t len = peer_take(p) % (sizeof(buf) + 1u);

	for (size_t i = 0; i < len; i++)
		buf[i] = peer_take(p);
	if (of_data)
		session_rx_data(&p->s, buf, len, p->now);
	else
		peer_tell(p, buf, len);
}

void peer_tell_version(struct peer *p)
{
	static const uint8_t version[] = {'2', '.', '0'};

	session_read(&p->s, GATT_FIRMWARE_REVISION, 0, version, p->runs ? 3 : 1, p->now);
}

void peer_wait_for(struct peer *p)
{
	const uint64_t at = session_deadline(&p->s);

	if (at == UINT64_MAX)
		return;
	p->now = at > p->now ? at : p->now;
	session_tick(&p->s, p->now);
}

/* Time goes on as long as the input says. */
static void pass(struct peer *p)
{
	const uint64_t end = p->now + peer_take16(p) * 1000ull;
	unsigned int steps = 0;

	while (session_deadline(&p->s) <= end) {
		must(steps++ < 100000u); /* time passes */
		if (session_deadline(&p->s) > p->now)
			p->now = session_deadline(&p->s);
		session_tick(&p->s, p->now);
	}
	p->now = end;
	session_tick(&p->s, p->now);
}

static void user(struct peer *p)
{
	switch (peer_take(p) % 7u) {
	case 0:
		session_pause(&p->s, p->now);
		break;
	case 1:
		session_resume(&p->s, p->now);
		break;
	case 2:
		session_cancel(&p->s, p->now);
		break;
	case 3:
		(void)session_set_chunk(&p->s, peer_take16(p), p->now);
		break;
	case 4:
		(void)session_set_window(&p->s, peer_take16(p), p->now);
		break;
	case 5:
		(void)session_set_pacing(&p->s, peer_take16(p), p->now);
		break;
	default:
		(void)session_set_mode(&p->s, (enum gatt_write)(peer_take(p) % 3u), p->now);
		break;
	}
}

/* Calls answer something else from now on. */
static void answer_calls(struct peer *p)
{
	static const int rcs[] = {0, 0, 0, -OTA_EAGAIN, -OTA_EIO, -OTA_ENOTCONN};

	p->rc = rcs[peer_take(p) % (sizeof(rcs) / sizeof(rcs[0]))];
}

void peer_event(struct peer *p, uint8_t which)
{
	switch (which) {
	case PEER_LINK_MADE:
		make_link(p);
		break;
	case PEER_LINK_LOST:
		if (p->link || p->connecting)
			peer_lose_link(p, (enum gatt_reason)(peer_take(p) % 7u));
		break;
	case PEER_MTU:
		session_mtu(&p->s, peer_take16(p), p->now);
		break;
	case PEER_SUBSCRIBED:
		session_subscribed(&p->s, peer_take(p) == 0xff ? -OTA_EPERM : 0, p->now);
		break;
	case PEER_WRITTEN:
		written(p);
		break;
	case PEER_WRITABLE:
		session_writable(&p->s, p->now);
		break;
	case PEER_TIME:
		pass(p);
		break;
	case PEER_USER:
		user(p);
		break;
	case PEER_CALLS_ANSWER:
		answer_calls(p);
		break;
	default:
		break;
	}
}

/* --- the next step of an update that goes well */

static bool answer_write(struct peer *p)
{
	for (int chr = 0; chr < GATT_CHRS; chr++) {
		if (!p->busy[chr])
			continue;
		p->busy[chr] = false;
		session_written(&p->s, (enum gatt_chr)chr, 0, p->now);
		return true;
	}
	return false;
}

void peer_go_on(struct peer *p, const struct peer_talk *talk)
{
	static const uint8_t model[] = {'2'};

	if (answer_write(p))
		return;
	switch (p->s.step) {
	case SESSION_STEP_LINK_UP:
		if (p->connecting)
			peer_connected(p, p->mtu);
		else
			peer_wait_for(p);
		break;
	case SESSION_STEP_DISCOVER:
		talk->discovered(p);
		break;
	case SESSION_STEP_SUBSCRIBE:
		session_subscribed(&p->s, 0, p->now);
		break;
	case SESSION_STEP_INFO:
		talk->info(p);
		break;
	case SESSION_STEP_VERSION:
		peer_tell_version(p);
		break;
	case SESSION_STEP_MODEL:
		session_read(&p->s, GATT_MODEL, 0, model, sizeof(model), p->now);
		break;
	case SESSION_STEP_READY:
		talk->ready(p);
		break;
	case SESSION_STEP_DONE:
		talk->done(p);
		break;
	case SESSION_STEP_ANSWER:
		talk->answer(p);
		break;
	case SESSION_STEP_LINK_DOWN:
		p->link ? peer_lose_link(p, GATT_BY_DEVICE) : peer_wait_for(p);
		break;
	case SESSION_STEP_NONE:
	case SESSION_STEP_STREAM:
	case SESSION_STEP_BLOCKS:
	case SESSION_STEP_LINK:
		talk->sending(p);
		break;
	}
}

/* --- what holds, whatever came */

static void check_figures(const struct peer *p)
{
	const struct session_stats *st = &p->s.stats;

	must(st->received <= st->queued && st->queued <= p->s.config.image_size);
	must(st->flushed <= st->received);
}

static void check_end(const struct peer *p)
{
	const struct session *s = &p->s;

	if (!session_finished(s))
		return;
	must(s->outcome != SESSION_NO_OUTCOME);
	must(s->outcome != SESSION_DELIVERED || s->ended);
	must(s->outcome != SESSION_PROTOCOL || s->broken || s->status < 0);
	if (s->outcome != SESSION_CONFIRMED)
		return;
	must(s->running.known && !s->running.on_trial);
	must(memcmp(s->running.sha256,
		    s->running.boot_hash ? s->config.boot_sha256 : s->config.sha256,
		    OTA_SHA256_SIZE) == 0);
}

void peer_check(const struct peer *p)
{
	check_figures(p);
	check_end(p);
}
