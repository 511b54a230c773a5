/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's state machine against any sequence of events: those of a sane
 * stack and device, which get it far, mixed with bytes and calls that make no
 * sense.  Whatever comes, it may not send beyond limit, window or image, not
 * write without a link or after its end, not have two requests outstanding, and
 * time must pass.  Its figures keep their order, and it calls nothing proved that
 * the device did not show.
 *
 * Two of the events are the next step of an update that goes well, so that a few
 * equal bytes lead anywhere in it, and a mutation of them meets it there.
 */
#include "core/session_priv.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE 5000u
#define HEADER 2u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The stack and the device, as the input plays them. */
struct peer {
	struct session s;
	const uint8_t *data;
	size_t left;
	uint64_t now;
	bool link, connecting;
	bool busy[GATT_CHRS]; /* a write request is outstanding */
	int rc; /* that calls answer */
	uint8_t last_command;
	uint16_t sequence;
	bool end, confirm; /* were written */
	bool boots; /* the image, when the link ends next */
	bool runs; /* it does, for a device that is sane */
	bool shown, kept; /* Info told that: with the image's hash, and not on trial */
};

static uint8_t image[IMAGE];

static void must(bool held)
{
	if (!held)
		abort();
}

static uint8_t take(struct peer *p)
{
	if (p->left == 0)
		return 0;
	p->left--;
	return *p->data++;
}

static uint16_t take16(struct peer *p)
{
	const uint8_t low = take(p);

	return (uint16_t)(low | (uint16_t)(take(p) << 8));
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

static void check_data(const struct peer *p, size_t len)
{
	const struct session_stats *st = &p->s.stats;
	const uint32_t header = p->s.dialect ? p->s.dialect->header : 0;
	const uint32_t payload = (uint32_t)len - header;
	const uint32_t flight = st->received_known ? st->queued - st->received : 0;

	must(len > header && len <= OTA_VALUE_MAX);
	must(len <= (size_t)p->s.mtu - OTA_ATT_HEADER && len <= p->s.chunk);
	must(p->s.state == SESSION_SENDING);
	must(st->queued >= st->received && st->queued + payload <= st->limit);
	must(st->queued + payload <= IMAGE);
	must(flight == 0 || flight + payload <= p->s.window);
}

static int do_write(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		    size_t len)
{
	struct peer *p = ctx;

	must(p->link && !session_finished(&p->s) && len > 0);
	must(chr == GATT_CONTROL || chr == GATT_DATA);
	must(chr != GATT_CONTROL || mode == GATT_REQUEST);
	must(mode != GATT_REQUEST || !p->busy[chr]);
	if (chr == GATT_DATA)
		check_data(p, len);
	else
		p->last_command = buf[0];
	if (p->rc == 0 && chr == GATT_CONTROL) {
		p->end |= buf[0] == OTA_CMD_END;
		p->confirm |= buf[0] == OTA_CMD_CONFIRM;
	}
	if (p->rc == 0 && mode == GATT_REQUEST)
		p->busy[chr] = true;
	return p->rc;
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

static const struct session_ops ops = {
	.connect = do_connect,
	.disconnect = do_disconnect,
	.discover = do_discover,
	.subscribe = do_chr,
	.read = do_chr,
	.write = do_write,
	.link = do_link,
	.approve = do_approve,
	.state_changed = on_state,
	.note = on_note,
};

/* --- events */

static void lose_link(struct peer *p, enum gatt_reason reason)
{
	p->link = p->connecting = false;
	p->runs |= p->boots;
	p->boots = false;
	memset(p->busy, 0, sizeof(p->busy));
	session_disconnected(&p->s, reason, p->now);
}

static void connected(struct peer *p, uint16_t mtu)
{
	p->link = true;
	p->connecting = false;
	session_connected(&p->s, mtu, p->now);
}

static void make_link(struct peer *p)
{
	if (!p->link)
		connected(p, (uint16_t)(take16(p) % 600u));
}

static void discovered(struct peer *p, uint8_t kind)
{
	static const uint8_t kinds[4][GATT_CHRS] = {
		{0x18, 0x0c, 0x02, 0x02, 0x02, 0x02},
		{0x18, 0x0c, 0, 0x02, 0, 0},
		{0x0c, 0x0c, 0, 0, 0, 0},
		{0x18, 0x08, 0x02, 0, 0, 0},
	};
	static const enum dialect_id dialects[4] = {DIALECT_FULL, DIALECT_BASIC, DIALECT_FBIEGO,
						    DIALECT_FULL};

	session_discovered(&p->s, dialects[kind], kinds[kind], p->now);
}

static void info_answer(struct peer *p, uint8_t features, uint8_t flags, bool runs)
{
	struct ota_info info = {.version = 1, .features = features, .flags = flags, .phys = 3};
	uint8_t buf[OTA_INFO_SIZE];

	if (runs)
		memcpy(info.running_sha256, p->s.config.sha256, OTA_SHA256_SIZE);
	(void)ota_info_encode(&info, buf, sizeof(buf));
	p->shown |= runs;
	p->kept |= runs && !(flags & OTA_INFO_PENDING_VERIFY);
	session_read(&p->s, GATT_INFO, 0, buf, sizeof(buf), p->now);
}

static void read_answer(struct peer *p)
{
	struct ota_info info = {.version = 1, .features = take(p), .flags = take(p), .phys = 3};
	uint8_t buf[OTA_INFO_SIZE];
	const uint8_t kind = take(p);

	if (kind / 2u % 3u == 0 && !(kind & 0xc0u)) {
		info_answer(p, (uint8_t)info.features, info.flags, kind & 1u);
		return;
	}
	(void)ota_info_encode(&info, buf, sizeof(buf));
	session_read(&p->s, (enum gatt_chr)(GATT_INFO + kind / 2u % 3u),
		     kind & 0x80u ? -OTA_EIO : 0, buf, kind & 0x40u ? 7 : sizeof(buf), p->now);
}

static void written(struct peer *p)
{
	const uint8_t kind = take(p);
	const enum gatt_chr chr = kind & 1u ? GATT_DATA : GATT_CONTROL;

	if (!p->busy[chr])
		return;
	p->busy[chr] = false;
	session_written(&p->s, chr, kind & 0x80u ? -OTA_EIO : 0, p->now);
}

/* A notification that makes sense where the session stands, or nearly. */
static int sensible(struct peer *p, uint8_t *buf, size_t size)
{
	const struct session_stats *st = &p->s.stats;
	const uint32_t some = take16(p), flight = st->queued - st->received;
	const uint32_t at = st->received + (flight ? some % (flight + 1u) : 0);
	const uint32_t limit = at + some % 3000u < IMAGE ? at + some % 3000u : IMAGE;
	struct ota_done done = {.size = IMAGE, .slot = 1, .reboot_ms = (uint16_t)some};

	memcpy(done.hash, p->s.config.sha256, sizeof(done.hash));
	switch (take(p) % 8u) {
	case 0:
		return ota_ready_encode(&(struct ota_ready){.offset = some % 2u ? 0 : at,
							    .limit = limit > at ? limit : at,
							    .max_value = 512},
					buf, size);
	case 1:
		return ota_ack_encode(
			&(struct ota_ack){.received = at, .flushed = at, .limit = limit}, buf,
			size);
	case 2:
		return ota_gap_encode(&(struct ota_gap){.sequence = p->sequence += 0x2000u,
							.offset = at,
							.reason = OTA_GAP_MISSING},
				      buf, size);
	case 3:
		return ota_done_encode(&done, buf, size);
	case 4:
		return ota_result_encode(&(struct ota_result){.opcode = p->last_command,
							      .code = (uint8_t)(some % 5u)},
					 buf, size);
	case 5:
		return ota_status_encode(
			&(struct ota_status){.state = (uint8_t)(some % 8u), .received = at}, buf,
			size);
	case 6:
		return ota_error_encode(&(struct ota_error_event){.code = (uint8_t)(some % 24u),
								  .opcode = p->last_command},
					buf, size);
	default:
		return ota_progress_encode(&(struct ota_progress){.phase = (uint8_t)(some % 6u),
								  .done = some,
								  .total = IMAGE},
					   buf, size);
	}
}

static void notified(struct peer *p, bool sense)
{
	uint8_t buf[OTA_NOTIFY_MAX];
	int len;

	if (sense) {
		len = sensible(p, buf, sizeof(buf));
	} else {
		len = take(p) % (int)(sizeof(buf) + 1u);
		for (int i = 0; i < len; i++)
			buf[i] = take(p);
	}
	session_rx(&p->s, buf, (size_t)len, p->now);
}

static void pass(struct peer *p)
{
	const uint64_t end = p->now + take16(p) * 1000ull;
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
	switch (take(p) % 7u) {
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
		(void)session_set_chunk(&p->s, take16(p), p->now);
		break;
	case 4:
		(void)session_set_window(&p->s, take16(p), p->now);
		break;
	case 5:
		(void)session_set_pacing(&p->s, take16(p), p->now);
		break;
	default:
		(void)session_set_mode(&p->s, (enum gatt_write)(take(p) % 3u), p->now);
		break;
	}
}

/* --- the next step of an update that goes well */

static void tell(struct peer *p, const uint8_t *buf, int len)
{
	session_rx(&p->s, buf, (size_t)len, p->now);
}

static void wait_for(struct peer *p)
{
	const uint64_t at = session_deadline(&p->s);

	if (at == UINT64_MAX)
		return;
	p->now = at > p->now ? at : p->now;
	session_tick(&p->s, p->now);
}

static void tell_done(struct peer *p, bool basic)
{
	struct ota_done done = {.size = IMAGE, .slot = 1, .reboot_ms = 300};
	uint8_t buf[OTA_NOTIFY_MAX];

	if (!p->end) {
		wait_for(p);
		return;
	}
	p->boots = true;
	memcpy(done.hash, p->s.config.sha256, sizeof(done.hash));
	tell(p, buf, basic ? (buf[0] = OTA_EVT_DONE, 1) : ota_done_encode(&done, buf, sizeof(buf)));
}

static void tell_answer(struct peer *p)
{
	const struct ota_result result = {.opcode = p->last_command};
	const struct ota_status status = {.state = OTA_STATE_SUSPENDED};
	uint8_t buf[OTA_NOTIFY_MAX];

	tell(p, buf,
	     p->last_command == OTA_CMD_STATUS ? ota_status_encode(&status, buf, sizeof(buf))
					       : ota_result_encode(&result, buf, sizeof(buf)));
}

static void tell_ready(struct peer *p, bool basic)
{
	const struct ota_ready ready = {.limit = IMAGE, .max_value = 512};
	uint8_t buf[OTA_NOTIFY_MAX];

	tell(p, buf,
	     basic ? (buf[0] = OTA_EVT_READY, 1) : ota_ready_encode(&ready, buf, sizeof(buf)));
}

static void go_on_sending(struct peer *p)
{
	const uint32_t at = p->s.stats.queued;
	const struct ota_ack ack = {.received = at, .flushed = at, .limit = IMAGE};
	uint8_t buf[OTA_NOTIFY_MAX];

	if (p->s.state == SESSION_SENDING && p->s.dialect && p->s.dialect->has_acknowledgements &&
	    at > p->s.stats.received)
		tell(p, buf, ota_ack_encode(&ack, buf, sizeof(buf)));
	else
		wait_for(p);
}

static void go_on(struct peer *p, bool basic)
{
	static const uint8_t version[] = {'2', '.', '0'};

	for (int chr = 0; chr < GATT_CHRS; chr++) {
		if (!p->busy[chr])
			continue;
		p->busy[chr] = false;
		session_written(&p->s, (enum gatt_chr)chr, 0, p->now);
		return;
	}
	switch (p->s.step) {
	case SESSION_STEP_LINK_UP:
		if (p->connecting)
			connected(p, 247);
		else
			wait_for(p);
		break;
	case SESSION_STEP_DISCOVER:
		discovered(p, basic);
		break;
	case SESSION_STEP_SUBSCRIBE:
		session_subscribed(&p->s, 0, p->now);
		break;
	case SESSION_STEP_INFO:
		info_answer(p, 0x1f, p->runs && !p->confirm ? OTA_INFO_PENDING_VERIFY : 0, p->runs);
		break;
	case SESSION_STEP_VERSION:
		session_read(&p->s, GATT_FIRMWARE_REVISION, 0, version, p->runs ? 3 : 1, p->now);
		break;
	case SESSION_STEP_MODEL:
		session_read(&p->s, GATT_MODEL, 0, version, 1, p->now);
		break;
	case SESSION_STEP_READY:
		tell_ready(p, basic);
		break;
	case SESSION_STEP_DONE:
		tell_done(p, basic);
		break;
	case SESSION_STEP_ANSWER:
		tell_answer(p);
		break;
	case SESSION_STEP_LINK_DOWN:
		p->link ? lose_link(p, GATT_BY_DEVICE) : wait_for(p);
		break;
	case SESSION_STEP_NONE:
	case SESSION_STEP_STREAM:
	case SESSION_STEP_BLOCKS:
	case SESSION_STEP_LINK:
		go_on_sending(p);
		break;
	}
}

static void event(struct peer *p)
{
	static const int rcs[] = {0, 0, 0, -OTA_EAGAIN, -OTA_EIO, -OTA_ENOTCONN};

	switch (take(p) % 16u) {
	case 0:
		make_link(p);
		break;
	case 1:
		if (p->link || p->connecting)
			lose_link(p, (enum gatt_reason)(take(p) % 7u));
		break;
	case 2:
		session_mtu(&p->s, take16(p), p->now);
		break;
	case 3:
		discovered(p, take(p) % 4u);
		break;
	case 4:
		session_subscribed(&p->s, take(p) == 0xff ? -OTA_EPERM : 0, p->now);
		break;
	case 5:
		read_answer(p);
		break;
	case 6:
		written(p);
		break;
	case 7:
	case 8:
		notified(p, true);
		break;
	case 9:
		notified(p, false);
		break;
	case 10:
		session_writable(&p->s, p->now);
		break;
	case 11:
		pass(p);
		break;
	case 12:
		user(p);
		break;
	case 13:
	case 14:
		go_on(p, p->data[-1] % 16u == 14u);
		break;
	default:
		p->rc = rcs[take(p) % (sizeof(rcs) / sizeof(rcs[0]))];
		break;
	}
}

/* --- what holds, whatever came */

static void check_figures(const struct peer *p)
{
	const struct session_stats *st = &p->s.stats;

	must(st->received <= st->queued && st->queued <= IMAGE);
	must(st->flushed <= st->received);
	must(st->done_us == 0 || p->end);
}

static void check_end(const struct peer *p)
{
	const struct session *s = &p->s;

	if (!session_finished(s))
		return;
	must(s->outcome != SESSION_NO_OUTCOME);
	must(s->outcome != SESSION_MEASURED || p->end);
	must(s->outcome != SESSION_DELIVERED || p->end);
	must(s->outcome != SESSION_PROTOCOL || s->broken || s->status < 0);
	if (s->outcome == SESSION_UNCONFIRMED)
		must(p->shown);
	if (s->outcome != SESSION_CONFIRMED)
		return;
	must(p->shown && p->kept && p->confirm);
	/* After END, or because an earlier run left no more to do. */
	must(p->end || s->stats.sent_bytes == 0);
	must(memcmp(s->info.running_sha256, s->config.sha256, OTA_SHA256_SIZE) == 0);
	must(!(s->info.flags & OTA_INFO_PENDING_VERIFY));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ota_command commands[] = {OTA_CMD_ABORT, OTA_CMD_STATUS, OTA_CMD_CONFIRM,
						    OTA_CMD_ROLLBACK, OTA_CMD_REBOOT};
	struct peer p = {.data = data, .left = size, .now = 1000000};
	const uint8_t kind = take(&p);
	struct session_config config = {
		.goal = (enum session_goal)(kind & 3u),
		.image = image,
		.image_size = IMAGE,
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

	if (config.goal == SESSION_MEASURE)
		config.image = NULL;
	for (size_t i = 0; i < OTA_SHA256_SIZE; i++)
		config.sha256[i] = (uint8_t)(0xa0u + i);
	must(session_init(&p.s, &config, &ops, &p, p.now) == 0);
	session_start(&p.s, p.now);
	while (p.left > 0) {
		event(&p);
		check_figures(&p);
		check_end(&p);
	}
	return 0;
}
