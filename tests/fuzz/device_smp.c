/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMP of MCUmgr: requests put together from values as a device does it, which finds the begin of
 * one by the length of the one before.
 */
#include "core/mcumgr.h"
#include "device.h"

#define BUFFER_LEAST 128u /* less than this no host can do with */
#define ANSWER_MAX 400u

static uint8_t request[DEVICE_REQUEST_MAX];

/* --- what is written */

static void check(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	uint32_t wanted = d->wanted;
	struct mcumgr_header h;

	(void)chr;
	must(d->peer.s.mcumgr.frames <= SESSION_FRAMES);
	if (d->got == 0) {
		must(len >= MCUMGR_HEADER);
		mcumgr_header_get(buf, &h);
		must(h.op == MCUMGR_READ || h.op == MCUMGR_WRITE);
		wanted = MCUMGR_HEADER + h.length;
		must(d->buffer == 0 || wanted <= d->buffer || wanted <= BUFFER_LEAST);
	}
	must(d->got + len <= wanted);
}

static void check_upload(const struct device *d, uint64_t off, const struct cbor_item *data)
{
	const uint32_t size = d->peer.s.config.image_size;

	must(off <= size && data->value <= size - off && data->value > 0);
	must(memcmp(data->bytes, peer_image + off, (size_t)data->value) == 0);
}

/* A map of whole items, with nothing behind it. */
static void take_map(struct device *d, const struct mcumgr_header *h)
{
	struct cbor_item key, value, data = {.type = CBOR_UINT};
	struct cbor_reader r;
	struct cbor_walk map;
	uint64_t off = UINT64_MAX;
	bool confirm = false;

	cbor_read(&r, request + MCUMGR_HEADER, h->length);
	must(cbor_enter(&r, CBOR_MAP, &map));
	while (cbor_pair(&r, &map, &key, &value)) {
		if (cbor_is_text(&key, "off"))
			off = value.value;
		if (cbor_is_text(&key, "data"))
			data = value;
		if (cbor_is_text(&key, "confirm"))
			confirm = value.value == CBOR_TRUE;
		cbor_skip(&r, &value);
	}
	must(!r.bad && r.at == r.end);
	if (h->op != MCUMGR_WRITE || h->group != MCUMGR_IMAGE)
		return;
	if (h->command == MCUMGR_UPLOAD) {
		must(data.type == CBOR_BYTES);
		check_upload(d, off, &data);
	} else {
		d->pending |= !confirm;
		d->kept |= confirm && d->peer.runs;
	}
}

static void written(struct device *d, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	struct mcumgr_header h;

	(void)chr;
	if (d->got == 0) {
		memcpy(d->asked, buf, sizeof(d->asked));
		mcumgr_header_get(buf, &h);
		d->wanted = MCUMGR_HEADER + h.length;
	}
	memcpy(request + d->got, buf, len);
	d->got += (uint32_t)len;
	if (d->got < d->wanted)
		return;
	d->got = 0;
	mcumgr_header_get(request, &h);
	take_map(d, &h);
}

/* --- answers */

static void tell(struct device *d, struct mcumgr_header h, const uint8_t *map, size_t len)
{
	uint8_t buf[MCUMGR_HEADER + ANSWER_MAX];

	h.op = (enum mcumgr_op)(h.op | MCUMGR_READ_ANSWER);
	h.length = (uint16_t)len;
	mcumgr_header_put(buf, &h);
	memcpy(buf + MCUMGR_HEADER, map, len);
	peer_tell(&d->peer, buf, MCUMGR_HEADER + len);
}

void device_smp_answer(struct device *d, const uint8_t *map, size_t len)
{
	struct mcumgr_header h;

	mcumgr_header_get(d->asked, &h);
	tell(d, h, map, len < ANSWER_MAX ? len : ANSWER_MAX);
}

static void put_number(struct cbor_writer *w, const char *key, uint32_t value)
{
	cbor_put_text(w, key);
	cbor_put(w, CBOR_UINT, value);
}

static void put_flag(struct cbor_writer *w, const char *key, bool value)
{
	cbor_put_text(w, key);
	cbor_put_bool(w, value);
}

enum { ACTIVE = 1, PENDING = 2, CONFIRMED = 4, THE_IMAGE = 8, HASHED = 16, BOOTABLE = 32 };

static void put_slot(struct cbor_writer *w, const struct device *d, uint32_t slot, uint8_t flags)
{
	static const uint8_t old[OTA_SHA256_SIZE] = {1};

	cbor_put(w, CBOR_MAP, flags & HASHED ? 7 : 6);
	put_number(w, "slot", slot);
	cbor_put_text(w, "version");
	cbor_put_text(w, flags & THE_IMAGE ? "2.0" : "1");
	if (flags & HASHED) {
		cbor_put_text(w, "hash");
		cbor_put_bytes(w, flags & THE_IMAGE ? d->peer.s.config.boot_sha256 : old,
			       OTA_SHA256_SIZE);
	}
	put_flag(w, "bootable", flags & BOOTABLE);
	put_flag(w, "pending", flags & PENDING);
	put_flag(w, "confirmed", flags & CONFIRMED);
	put_flag(w, "active", flags & ACTIVE);
}

static void tell_slots(struct device *d, uint8_t first, uint8_t second)
{
	uint8_t buf[ANSWER_MAX];
	struct cbor_writer w = {.buf = buf, .size = sizeof(buf)};

	cbor_put(&w, CBOR_MAP, 1);
	cbor_put_text(&w, "images");
	cbor_put(&w, CBOR_ARRAY, 2);
	put_slot(&w, d, 0, first);
	put_slot(&w, d, 1, second);
	device_smp_answer(d, buf, w.at);
}

static void tell_state(struct device *d)
{
	const struct peer *p = &d->peer;
	const uint8_t first = p->runs ? THE_IMAGE | (d->kept ? CONFIRMED : 0) : CONFIRMED;
	const uint8_t second = p->runs ? 0
				       : (d->pending   ? PENDING | THE_IMAGE
					  : p->s.ended ? THE_IMAGE
						       : 0);

	tell_slots(d, ACTIVE | HASHED | BOOTABLE | first, HASHED | BOOTABLE | second);
}

static void tell_parameters(struct device *d, uint16_t size, uint8_t count)
{
	uint8_t buf[40];
	struct cbor_writer w = {.buf = buf, .size = sizeof(buf)};
	const bool awaited = d->peer.s.mcumgr.ask == 1 && !d->peer.s.mcumgr.told;

	cbor_put(&w, CBOR_MAP, 2);
	put_number(&w, "buf_size", size);
	put_number(&w, "buf_count", count);
	device_smp_answer(d, buf, w.at);
	if (awaited && d->peer.s.mcumgr.told)
		d->buffer = d->peer.s.mcumgr.buf_size;
}

static void tell_refused(struct device *d, uint8_t rc, bool grouped)
{
	uint8_t buf[40];
	struct cbor_writer w = {.buf = buf, .size = sizeof(buf)};

	cbor_put(&w, CBOR_MAP, 1);
	if (grouped) {
		cbor_put_text(&w, "err");
		cbor_put(&w, CBOR_MAP, 2);
		put_number(&w, "group", MCUMGR_IMAGE);
	}
	put_number(&w, "rc", rc);
	device_smp_answer(d, buf, w.at);
}

static void tell_offset(struct device *d, uint8_t sequence, uint32_t off, uint8_t match)
{
	const struct mcumgr_header h = {.version = d->old ? 0 : 1,
					.op = MCUMGR_WRITE,
					.group = MCUMGR_IMAGE,
					.sequence = sequence,
					.command = MCUMGR_UPLOAD};
	uint8_t buf[40];
	struct cbor_writer w = {.buf = buf, .size = sizeof(buf)};

	cbor_put(&w, CBOR_MAP, match ? 2 : 1);
	put_number(&w, "off", off);
	if (match)
		put_flag(&w, "match", match & 1u);
	tell(d, h, buf, w.at);
}

static void tell_nearly_offset(struct device *d, uint8_t kind)
{
	const struct session *s = &d->peer.s;
	const struct session_frame *f = &s->mcumgr.frame[kind / 8u % SESSION_FRAMES];
	const uint32_t places[] = {f->end, s->stats.queued, s->stats.received,
				   0,	   s->mcumgr.to,    peer_take16(&d->peer)};
	const uint8_t sequence = kind & 0x80u ? f->sequence : s->mcumgr.ask_sequence;

	tell_offset(d, sequence, places[peer_take(&d->peer) % 6u], kind & 0x40u ? kind & 3u : 0);
}

static void nearly(struct device *d)
{
	const uint8_t kind = peer_take(&d->peer);

	switch (kind % 8u) {
	case 0: {
		const uint8_t first = peer_take(&d->peer);

		tell_slots(d, first, peer_take(&d->peer));
		break;
	}
	case 1:
		tell_parameters(d, peer_take16(&d->peer), kind / 8u);
		break;
	case 2:
		tell_refused(d, kind / 8u, peer_take(&d->peer) & 1u);
		break;
	case 3: {
		const uint8_t empty = 0xa0;

		device_smp_answer(d, &empty, 1);
		break;
	}
	default:
		tell_nearly_offset(d, kind);
		break;
	}
}

/* --- an update that goes well */

/* The answer to the request that was written last. */
static void answer(struct device *d)
{
	const uint8_t empty = 0xa0;
	struct mcumgr_header h;

	if (d->peer.s.blocked) {
		session_writable(&d->peer.s, d->peer.now);
		return;
	}
	mcumgr_header_get(d->asked, &h);
	if (h.group == MCUMGR_IMAGE && h.command == MCUMGR_UPLOAD) {
		tell_offset(d, h.sequence, d->peer.s.mcumgr.to, 0);
	} else if (h.group == MCUMGR_IMAGE) {
		tell_state(d);
	} else if (h.command == MCUMGR_RESET) {
		d->peer.boots = d->pending;
		device_smp_answer(d, &empty, 1);
	} else if (d->old) {
		tell_refused(d, MCUMGR_RC_UNSUPPORTED, false);
	} else {
		tell_parameters(d, d->mode ? 2475 : 384, d->buffers);
	}
}

static void sending(struct device *d)
{
	const struct session_mcumgr *m = &d->peer.s.mcumgr;

	if (d->peer.s.state == SESSION_SENDING && d->peer.s.blocked)
		session_writable(&d->peer.s, d->peer.now);
	else if (d->peer.s.state == SESSION_SENDING && d->peer.link && m->frames > 0)
		tell_offset(d, m->frame[0].sequence, m->frame[0].end, 0);
	else
		peer_wait_for(&d->peer);
}

const struct device_kind device_smp = {
	.dialect = DIALECT_SMP,
	.check = check,
	.written = written,
	.nearly = nearly,
	.info = answer,
	.ready = answer,
	.sending = sending,
	.done = answer,
	.answer = answer,
};
