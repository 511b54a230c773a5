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
	const uint32_t header = w->s.dialect ? w->s.dialect->header : 0;
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
	if (w->rc == 0 && chr == GATT_CONTROL) {
		w->end |= buf[0] == OTA_CMD_END;
		w->confirm |= buf[0] == OTA_CMD_CONFIRM;
	}
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
	w->runs |= w->boots;
	w->boots = false;
	memset(w->busy, 0, sizeof(w->busy));
	session_disconnected(&w->s, reason, w->now);
}

static void connected(struct fleet *w, uint16_t mtu)
{
	w->link = true;
	w->connecting = false;
	session_connected(&w->s, mtu, w->now);
}

static void make_link(struct fleet *w)
{
	if (!w->link)
		connected(w, (uint16_t)(take16(w) % 600u));
}

static void discovered(struct fleet *w, uint8_t kind)
{
	static const uint8_t kinds[4][GATT_CHRS] = {
		{0x18, 0x0c, 0x02, 0x02, 0x02, 0x02},
		{0x18, 0x0c, 0, 0x02, 0, 0},
		{0x0c, 0x10, 0, 0, 0, 0},
		{0x18, 0x08, 0x02, 0, 0, 0},
	};

	session_discovered(&w->s, kinds[kind], w->now);
}

static void info_answer(struct fleet *w, uint8_t features, uint8_t flags, bool runs)
{
	struct ota_info info = {.version = 1, .features = features, .flags = flags, .phys = 3};
	uint8_t buf[OTA_INFO_SIZE];

	if (runs)
		memcpy(info.running_sha256, w->s.config.sha256, OTA_SHA256_SIZE);
	(void)ota_info_encode(&info, buf, sizeof(buf));
	w->shown |= runs;
	w->kept |= runs && !(flags & OTA_INFO_PENDING_VERIFY);
	session_read(&w->s, GATT_INFO, 0, buf, sizeof(buf), w->now);
}

static void read_answer(struct fleet *w)
{
	struct ota_info info = {.version = 1, .features = take(w), .flags = take(w), .phys = 3};
	uint8_t buf[OTA_INFO_SIZE];
	const uint8_t kind = take(w);

	if (kind / 2u % 3u == 0 && !(kind & 0xc0u)) {
		info_answer(w, (uint8_t)info.features, info.flags, kind & 1u);
		return;
	}
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

/* --- the next step of an update that goes well */

static void tell(struct fleet *w, const uint8_t *buf, int len)
{
	session_rx(&w->s, buf, (size_t)len, w->now);
}

static void wait_for(struct fleet *w)
{
	const uint64_t at = session_deadline(&w->s);

	if (at == UINT64_MAX)
		return;
	w->now = at > w->now ? at : w->now;
	session_tick(&w->s, w->now);
}

static void tell_done(struct fleet *w, bool basic)
{
	struct ota_done done = {.size = IMAGE, .slot = 1, .reboot_ms = 300};
	uint8_t buf[OTA_NOTIFY_MAX];

	if (!w->end) {
		wait_for(w);
		return;
	}
	w->boots = true;
	memcpy(done.hash, w->s.config.sha256, sizeof(done.hash));
	tell(w, buf, basic ? (buf[0] = OTA_EVT_DONE, 1) : ota_done_encode(&done, buf, sizeof(buf)));
}

static void tell_answer(struct fleet *w)
{
	const struct ota_result result = {.opcode = w->last_command};
	const struct ota_status status = {.state = OTA_STATE_SUSPENDED};
	uint8_t buf[OTA_NOTIFY_MAX];

	tell(w, buf,
	     w->last_command == OTA_CMD_STATUS ? ota_status_encode(&status, buf, sizeof(buf))
					       : ota_result_encode(&result, buf, sizeof(buf)));
}

static void tell_ready(struct fleet *w, bool basic)
{
	const struct ota_ready ready = {.limit = IMAGE, .max_value = 512};
	uint8_t buf[OTA_NOTIFY_MAX];

	tell(w, buf,
	     basic ? (buf[0] = OTA_EVT_READY, 1) : ota_ready_encode(&ready, buf, sizeof(buf)));
}

static void go_on_sending(struct fleet *w)
{
	const uint32_t at = w->s.stats.queued;
	const struct ota_ack ack = {.received = at, .flushed = at, .limit = IMAGE};
	uint8_t buf[OTA_NOTIFY_MAX];

	if (w->s.state == SESSION_SENDING && w->s.dialect && w->s.dialect->has_acknowledgements &&
	    at > w->s.stats.received)
		tell(w, buf, ota_ack_encode(&ack, buf, sizeof(buf)));
	else
		wait_for(w);
}

static void go_on(struct fleet *w, bool basic)
{
	static const uint8_t version[] = {'2', '.', '0'};

	for (int chr = 0; chr < GATT_CHRS; chr++) {
		if (!w->busy[chr])
			continue;
		w->busy[chr] = false;
		session_written(&w->s, (enum gatt_chr)chr, 0, w->now);
		return;
	}
	switch (w->s.step) {
	case SESSION_STEP_LINK_UP:
		if (w->connecting)
			connected(w, 247);
		else
			wait_for(w);
		break;
	case SESSION_STEP_DISCOVER:
		discovered(w, basic);
		break;
	case SESSION_STEP_SUBSCRIBE:
		session_subscribed(&w->s, 0, w->now);
		break;
	case SESSION_STEP_INFO:
		info_answer(w, 0x1f, w->runs && !w->confirm ? OTA_INFO_PENDING_VERIFY : 0, w->runs);
		break;
	case SESSION_STEP_VERSION:
		session_read(&w->s, GATT_FIRMWARE_REVISION, 0, version, w->runs ? 3 : 1, w->now);
		break;
	case SESSION_STEP_MODEL:
		session_read(&w->s, GATT_MODEL, 0, version, 1, w->now);
		break;
	case SESSION_STEP_READY:
		tell_ready(w, basic);
		break;
	case SESSION_STEP_DONE:
		tell_done(w, basic);
		break;
	case SESSION_STEP_ANSWER:
		tell_answer(w);
		break;
	case SESSION_STEP_LINK_DOWN:
		if (w->link)
			lose_link(w, GATT_BY_DEVICE);
		else
			wait_for(w);
		break;
	case SESSION_STEP_NONE:
	case SESSION_STEP_LINK:
		go_on_sending(w);
		break;
	}
}

static void event(struct fleet *w)
{
	static const int rcs[] = {0, 0, 0, -OTA_EAGAIN, -OTA_EIO, -OTA_ENOTCONN};

	switch (take(w) % 16u) {
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
		discovered(w, take(w) % 4u);
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
	case 13:
	case 14:
		go_on(w, w->data[-1] % 16u == 14u);
		break;
	default:
		w->rc = rcs[take(w) % (sizeof(rcs) / sizeof(rcs[0]))];
		break;
	}
}

/* --- what holds, whatever came */

static void check_figures(const struct fleet *w)
{
	const struct session_stats *st = &w->s.stats;

	must(st->received <= st->queued && st->queued <= IMAGE);
	must(st->flushed <= st->received);
	must(st->done_us == 0 || w->end);
}

static void check_end(const struct fleet *w)
{
	const struct session *s = &w->s;

	if (!session_finished(s))
		return;
	must(s->outcome != SESSION_NO_OUTCOME);
	must(s->outcome != SESSION_MEASURED || w->end);
	must(s->outcome != SESSION_DELIVERED || w->end);
	must(s->outcome != SESSION_PROTOCOL || s->broken || s->status < 0);
	if (s->outcome == SESSION_UNCONFIRMED)
		must(w->shown);
	if (s->outcome != SESSION_CONFIRMED)
		return;
	must(w->shown && w->kept && w->confirm);
	/* After END, or because an earlier run left no more to do. */
	must(w->end || s->stats.sent_bytes == 0);
	must(memcmp(s->info.running_sha256, s->config.sha256, OTA_SHA256_SIZE) == 0);
	must(!(s->info.flags & OTA_INFO_PENDING_VERIFY));
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
	while (w.left > 0) {
		event(&w);
		check_figures(&w);
		check_end(&w);
	}
	return 0;
}
