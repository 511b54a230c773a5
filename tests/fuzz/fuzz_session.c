/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's state machine against any sequence of events: those of a sane
 * stack and device, which get it far, mixed with bytes and calls that make no
 * sense.  Whatever comes, it may not send beyond limit, window or image, not
 * write without a link or after its end, not have two requests outstanding, and
 * time must pass.
 */
#include "core/session_priv.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE 5000u
#define HEADER 2u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fleet {
	struct session s;
	const uint8_t *data;
	size_t left;
	uint64_t now;
	bool link, connecting;
	bool busy[GATT_CHRS]; /* a write request is outstanding */
	int rc; /* that calls answer */
	uint8_t last_command;
	uint16_t sequence;
};

static uint8_t image[IMAGE];

static void must(bool held)
{
	if (!held)
		abort();
}

static uint8_t take(struct fleet *w)
{
	if (w->left == 0)
		return 0;
	w->left--;
	return *w->data++;
}

static uint16_t take16(struct fleet *w)
{
	const uint8_t low = take(w);

	return (uint16_t)(low | (uint16_t)(take(w) << 8));
}

/* --- actions */

static int do_connect(void *ctx)
{
	struct fleet *w = ctx;

	must(!session_finished(&w->s));
	w->connecting = w->rc == 0;
	return w->rc;
}

static int do_disconnect(void *ctx)
{
	return ((struct fleet *)ctx)->rc;
}

static int do_discover(void *ctx)
{
	struct fleet *w = ctx;

	must(w->link && !session_finished(&w->s));
	return w->rc;
}

static int do_chr(void *ctx, enum gatt_chr chr)
{
	struct fleet *w = ctx;

	must(w->link && !session_finished(&w->s) && chr < GATT_CHRS);
	return w->rc;
}

static void check_data(const struct fleet *w, size_t len)
{
	const struct session_stats *st = &w->s.stats;
	const uint32_t header = w->s.dialect == &session_full ? HEADER : 0;
	const uint32_t payload = (uint32_t)len - header;
	const uint32_t flight = st->received_known ? st->queued - st->received : 0;

	must(len > header && len <= OTA_VALUE_MAX);
	must(len <= (size_t)w->s.mtu - OTA_ATT_HEADER && len <= w->s.chunk);
	must(w->s.state == SESSION_SENDING);
	must(st->queued >= st->received && st->queued + payload <= st->limit);
	must(st->queued + payload <= IMAGE);
	must(flight == 0 || flight + payload <= w->s.window);
}

static int do_write(void *ctx, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		    size_t len)
{
	struct fleet *w = ctx;

	must(w->link && !session_finished(&w->s) && len > 0);
	must(chr == GATT_CONTROL || chr == GATT_DATA);
	must(chr != GATT_CONTROL || mode == GATT_REQUEST);
	must(mode != GATT_REQUEST || !w->busy[chr]);
	if (chr == GATT_DATA)
		check_data(w, len);
	else
		w->last_command = buf[0];
	if (w->rc == 0 && mode == GATT_REQUEST)
		w->busy[chr] = true;
	return w->rc;
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

static void lose_link(struct fleet *w, enum gatt_reason reason)
{
	w->link = w->connecting = false;
	memset(w->busy, 0, sizeof(w->busy));
	session_disconnected(&w->s, reason, w->now);
}

static void make_link(struct fleet *w)
{
	if (w->link)
		return;
	w->link = true;
	w->connecting = false;
	session_connected(&w->s, (uint16_t)(take16(w) % 600u), w->now);
}

static void discovered(struct fleet *w)
{
	static const uint8_t kinds[4][GATT_CHRS] = {
		{0x18, 0x0c, 0x02, 0x02, 0x02, 0x02},
		{0x18, 0x0c, 0, 0x02, 0, 0},
		{0x0c, 0x10, 0, 0, 0, 0},
		{0x18, 0x08, 0x02, 0, 0, 0},
	};
	const uint8_t kind = take(w) % 4u;

	session_discovered(&w->s, kinds[kind], w->now);
}

static void read_answer(struct fleet *w)
{
	struct ota_info info = {.version = 1, .features = take(w), .flags = take(w), .phys = 3};
	uint8_t buf[OTA_INFO_SIZE];
	const uint8_t kind = take(w);

	if (kind & 1u)
		memcpy(info.running_sha256, w->s.config.sha256, OTA_SHA256_SIZE);
	(void)ota_info_encode(&info, buf, sizeof(buf));
	session_read(&w->s, (enum gatt_chr)(GATT_INFO + kind / 2u % 3u),
		     kind & 0x80u ? -OTA_EIO : 0, buf, kind & 0x40u ? 7 : sizeof(buf), w->now);
}

static void written(struct fleet *w)
{
	const uint8_t kind = take(w);
	const enum gatt_chr chr = kind & 1u ? GATT_DATA : GATT_CONTROL;

	if (!w->busy[chr])
		return;
	w->busy[chr] = false;
	session_written(&w->s, chr, kind & 0x80u ? -OTA_EIO : 0, w->now);
}

/* A notification that makes sense where the session stands, or nearly. */
static int sensible(struct fleet *w, uint8_t *buf, size_t size)
{
	const struct session_stats *st = &w->s.stats;
	const uint32_t some = take16(w), flight = st->queued - st->received;
	const uint32_t at = st->received + (flight ? some % (flight + 1u) : 0);
	const uint32_t limit = at + some % 3000u < IMAGE ? at + some % 3000u : IMAGE;
	struct ota_done done = {.size = IMAGE, .slot = 1, .reboot_ms = (uint16_t)some};

	memcpy(done.hash, w->s.config.sha256, sizeof(done.hash));
	switch (take(w) % 8u) {
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
		return ota_gap_encode(&(struct ota_gap){.sequence = w->sequence += 0x2000u,
							.offset = at,
							.reason = OTA_GAP_MISSING},
				      buf, size);
	case 3:
		return ota_done_encode(&done, buf, size);
	case 4:
		return ota_result_encode(&(struct ota_result){.opcode = w->last_command,
							      .code = (uint8_t)(some % 5u)},
					 buf, size);
	case 5:
		return ota_status_encode(
			&(struct ota_status){.state = (uint8_t)(some % 8u), .received = at}, buf,
			size);
	case 6:
		return ota_error_encode(&(struct ota_error_event){.code = (uint8_t)(some % 24u),
								  .opcode = w->last_command},
					buf, size);
	default:
		return ota_progress_encode(&(struct ota_progress){.phase = (uint8_t)(some % 6u),
								  .done = some,
								  .total = IMAGE},
					   buf, size);
	}
}

static void notified(struct fleet *w, bool sense)
{
	uint8_t buf[OTA_NOTIFY_MAX];
	int len;

	if (sense) {
		len = sensible(w, buf, sizeof(buf));
	} else {
		len = take(w) % (int)(sizeof(buf) + 1u);
		for (int i = 0; i < len; i++)
			buf[i] = take(w);
	}
	session_rx(&w->s, buf, (size_t)len, w->now);
}

static void pass(struct fleet *w)
{
	const uint64_t end = w->now + take16(w) * 1000ull;
	unsigned int steps = 0;

	while (session_deadline(&w->s) <= end) {
		must(steps++ < 100000u); /* time passes */
		if (session_deadline(&w->s) > w->now)
			w->now = session_deadline(&w->s);
		session_tick(&w->s, w->now);
	}
	w->now = end;
	session_tick(&w->s, w->now);
}

static void user(struct fleet *w)
{
	switch (take(w) % 7u) {
	case 0:
		session_pause(&w->s, w->now);
		break;
	case 1:
		session_resume(&w->s, w->now);
		break;
	case 2:
		session_cancel(&w->s, w->now);
		break;
	case 3:
		(void)session_set_chunk(&w->s, take16(w), w->now);
		break;
	case 4:
		(void)session_set_window(&w->s, take16(w), w->now);
		break;
	case 5:
		(void)session_set_pacing(&w->s, take16(w), w->now);
		break;
	default:
		(void)session_set_mode(&w->s, (enum gatt_write)(take(w) % 3u), w->now);
		break;
	}
}

static void event(struct fleet *w)
{
	static const int rcs[] = {0, 0, 0, -OTA_EAGAIN, -OTA_EIO, -OTA_ENOTCONN};

	switch (take(w) % 14u) {
	case 0:
		make_link(w);
		break;
	case 1:
		if (w->link || w->connecting)
			lose_link(w, (enum gatt_reason)(take(w) % 7u));
		break;
	case 2:
		session_mtu(&w->s, take16(w), w->now);
		break;
	case 3:
		discovered(w);
		break;
	case 4:
		session_subscribed(&w->s, take(w) == 0xff ? -OTA_EPERM : 0, w->now);
		break;
	case 5:
		read_answer(w);
		break;
	case 6:
		written(w);
		break;
	case 7:
	case 8:
		notified(w, true);
		break;
	case 9:
		notified(w, false);
		break;
	case 10:
		session_writable(&w->s, w->now);
		break;
	case 11:
		pass(w);
		break;
	case 12:
		user(w);
		break;
	default:
		w->rc = rcs[take(w) % (sizeof(rcs) / sizeof(rcs[0]))];
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ota_command commands[] = {OTA_CMD_ABORT, OTA_CMD_STATUS, OTA_CMD_CONFIRM,
						    OTA_CMD_ROLLBACK, OTA_CMD_REBOOT};
	struct fleet w = {.data = data, .left = size, .now = 1000000};
	const uint8_t kind = take(&w);
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
	must(session_init(&w.s, &config, &ops, &w, w.now) == 0);
	session_start(&w.s, w.now);
	while (w.left > 0)
		event(&w);
	must(!session_finished(&w.s) || w.s.outcome != SESSION_NO_OUTCOME);
	return 0;
}
