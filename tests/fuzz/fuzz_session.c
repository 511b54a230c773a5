/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's state machine against any sequence of events: those of a sane
 * stack and device, which get it far, mixed with bytes and calls that make no
 * sense.  Whatever comes, it may not send beyond limit, window or image, not
 * write without a link or after its end, not have two requests outstanding, and
 * time must pass.  Its figures keep their order, and it calls nothing proved that
 * the device did not show.  fuzz_dialects.c does so for the protocols of other projects.
 *
 * Two of the events are the next step of an update that goes well, so that a few
 * equal bytes lead anywhere in it, and a mutation of them meets it there.
 */
#include "peer.h"

#define IMAGE 5000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct device {
	struct peer peer; /* the first member */
	uint16_t sequence;
	bool basic; /* the dialect in which it goes on */
	bool other; /* a device of another project was met, too */
};

static void check(struct peer *p, enum gatt_chr chr, enum gatt_write mode, const uint8_t *buf,
		  size_t len)
{
	const uint32_t header = p->s.dialect->header;

	must(chr != GATT_CONTROL || mode == GATT_REQUEST);
	if (chr != GATT_DATA)
		return;
	must(len > header && len <= p->s.chunk);
	peer_check_payload(p, buf + header, (uint32_t)len - header);
}

static void was_written(struct peer *p, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	(void)len;
	p->end |= chr == GATT_CONTROL && buf[0] == OTA_CMD_END;
	p->confirm |= chr == GATT_CONTROL && buf[0] == OTA_CMD_CONFIRM;
}

static const struct peer_ops ops = {.check = check, .written = was_written};

/* --- events */

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

	((struct device *)p)->other |= dialects[kind] == DIALECT_FBIEGO;
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
	struct ota_info info = {
		.version = 1, .features = peer_take(p), .flags = peer_take(p), .phys = 3};
	uint8_t buf[OTA_INFO_SIZE];
	const uint8_t kind = peer_take(p);

	if (kind / 2u % 3u == 0 && !(kind & 0xc0u)) {
		info_answer(p, (uint8_t)info.features, info.flags, kind & 1u);
		return;
	}
	(void)ota_info_encode(&info, buf, sizeof(buf));
	session_read(&p->s, (enum gatt_chr)(GATT_INFO + kind / 2u % 3u),
		     kind & 0x80u ? -OTA_EIO : 0, buf, kind & 0x40u ? 7 : sizeof(buf), p->now);
}

/* A notification that makes sense where the session stands, or nearly. */
static int sensible(struct peer *p, uint8_t *buf, size_t size)
{
	struct device *d = (struct device *)p;
	const struct session_stats *st = &p->s.stats;
	const uint32_t some = peer_take16(p), flight = st->queued - st->received;
	const uint32_t at = st->received + (flight ? some % (flight + 1u) : 0);
	const uint32_t limit = at + some % 3000u < IMAGE ? at + some % 3000u : IMAGE;
	struct ota_done done = {.size = IMAGE, .slot = 1, .reboot_ms = (uint16_t)some};

	memcpy(done.hash, p->s.config.sha256, sizeof(done.hash));
	switch (peer_take(p) % 8u) {
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
		return ota_gap_encode(&(struct ota_gap){.sequence = d->sequence += 0x2000u,
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

/* --- the next step of an update that goes well */

static bool is_basic(const struct peer *p)
{
	return ((const struct device *)p)->basic;
}

static void tell(struct peer *p, const uint8_t *buf, int len)
{
	peer_tell(p, buf, (size_t)len);
}

static void tell_sensible(struct peer *p)
{
	uint8_t buf[OTA_NOTIFY_MAX];

	tell(p, buf, sensible(p, buf, sizeof(buf)));
}

static void tell_discovered(struct peer *p)
{
	discovered(p, is_basic(p));
}

static void tell_info(struct peer *p)
{
	info_answer(p, 0x1f, p->runs && !p->confirm ? OTA_INFO_PENDING_VERIFY : 0, p->runs);
}

static void tell_done(struct peer *p)
{
	struct ota_done done = {.size = IMAGE, .slot = 1, .reboot_ms = 300};
	uint8_t buf[OTA_NOTIFY_MAX] = {OTA_EVT_DONE};

	if (!p->end) {
		peer_wait_for(p);
		return;
	}
	p->boots = true;
	memcpy(done.hash, p->s.config.sha256, sizeof(done.hash));
	tell(p, buf, is_basic(p) ? 1 : ota_done_encode(&done, buf, sizeof(buf)));
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

static void tell_ready(struct peer *p)
{
	const struct ota_ready ready = {.limit = IMAGE, .max_value = 512};
	uint8_t buf[OTA_NOTIFY_MAX] = {OTA_EVT_READY};

	tell(p, buf, is_basic(p) ? 1 : ota_ready_encode(&ready, buf, sizeof(buf)));
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
		peer_wait_for(p);
}

static const struct peer_talk talk = {
	.discovered = tell_discovered,
	.info = tell_info,
	.ready = tell_ready,
	.sending = go_on_sending,
	.done = tell_done,
	.answer = tell_answer,
};

static void go_on(struct peer *p, bool basic)
{
	((struct device *)p)->basic = basic;
	peer_go_on(p, &talk);
}

static void event(struct peer *p)
{
	const uint8_t which = peer_take(p) % PEER_EVENTS;

	switch (which) {
	case PEER_DISCOVERED:
		discovered(p, peer_take(p) % 4u);
		break;
	case PEER_READ:
		read_answer(p);
		break;
	case PEER_SENSIBLE:
	case PEER_SENSIBLE_TOO:
		tell_sensible(p);
		break;
	case PEER_TOLD_ANY:
		peer_tell_any(p, false);
		break;
	case PEER_GOES_ON:
	case PEER_GOES_ON_TOO:
		go_on(p, which == PEER_GOES_ON_TOO);
		break;
	default:
		peer_event(p, which);
		break;
	}
}

/* The end, as this project's own protocol tells it. */
static void check_proof(const struct device *d)
{
	const struct peer *p = &d->peer;
	const struct session *s = &p->s;

	must(s->stats.done_us == 0 || p->end || d->other);
	must(s->outcome != SESSION_MEASURED || p->end);
	must(s->outcome != SESSION_DELIVERED || p->end || d->other);
	must(s->outcome != SESSION_UNCONFIRMED || p->shown);
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
	struct device d = {.peer = {.ops = &ops, .data = data, .left = size}};
	struct session_config config;

	peer_config(&config, peer_take(&d.peer), IMAGE);
	peer_init(&d.peer, &config);
	while (d.peer.left > 0) {
		event(&d.peer);
		peer_check(&d.peer);
		check_proof(&d);
	}
	return 0;
}
