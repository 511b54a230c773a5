/* SPDX-License-Identifier: Apache-2.0 */
/* See snoop.h: links and L2CAP; snoop_att.c has the attribute protocol. */
#include "capture/snoop.h"

#include "base/bytes.h"

#include <string.h>

#define CID_ATT 0x0004u
#define STILL_US 2000000u
#define BRIEF_TIMEOUT 100u /* 1 s: an erase of 64 KiB may take 2 s (data sheets) */

void snoop_init(struct snoop *s)
{
	memset(s, 0, sizeof(*s));
	s->mtu = OTA_ATT_MTU_MIN;
	s->learning = true;
	s->state = SESSION_CONNECTING;
}

/* Guesses the characteristics by their traffic, if no list named them. */
static void guess_handles(struct snoop *s)
{
	const struct snoop_handle *data = NULL;

	for (size_t i = 0; i < s->handle_count; i++) {
		const struct snoop_handle *h = &s->handles[i];

		if (h->started && h->notifies && s->chrs[GATT_CONTROL] == 0)
			s->chrs[GATT_CONTROL] = h->handle;
	}
	for (size_t i = 0; s->chrs[GATT_CONTROL] != 0 && i < s->handle_count; i++) {
		const struct snoop_handle *h = &s->handles[i];

		if (h->handle != s->chrs[GATT_CONTROL] && h->values > 1 &&
		    (!data || h->bytes > data->bytes))
			data = h;
	}
	if (data && s->chrs[GATT_DATA] == 0)
		s->chrs[GATT_DATA] = data->handle;
}

void snoop_begin(struct snoop *s)
{
	void (*stands)(void *userdata, const struct snoop *s) = s->stands;
	void *userdata = s->userdata;
	const bool listed = s->listed;
	uint16_t chrs[GATT_CHRS];

	if (!listed)
		guess_handles(s);
	memcpy(chrs, s->chrs, sizeof(chrs));
	snoop_init(s);
	s->learning = false;
	s->stands = stands;
	s->userdata = userdata;
	s->listed = listed;
	s->service = chrs[GATT_CONTROL] != 0 && chrs[GATT_DATA] != 0;
	memcpy(s->chrs, chrs, sizeof(chrs));
}

/* --- links */

static struct snoop_link *link_of(struct snoop *s, uint16_t index, uint16_t handle)
{
	struct snoop_link *free_one = NULL;

	for (size_t i = 0; i < SNOOP_LINKS; i++) {
		struct snoop_link *l = &s->links[i];

		if (l->used && l->index == index && l->handle == handle)
			return l;
		if (!l->used && !free_one)
			free_one = l;
	}
	if (!free_one)
		return NULL; /* more at once than are followed */
	memset(free_one, 0, sizeof(*free_one));
	free_one->used = true;
	free_one->index = index;
	free_one->handle = handle;
	return free_one;
}

static enum gatt_reason reason_of(uint8_t code)
{
	switch (code) { /* Core Vol 1 Part F 1.3 */
	case 0x05:
	case 0x06:
	case 0x3d: /* MIC failure: the keys differ */
		return GATT_KEY_MISSING;
	case 0x08:
		return GATT_SUPERVISION;
	case 0x13:
	case 0x14:
	case 0x15:
		return GATT_BY_DEVICE;
	case 0x16:
		return GATT_BY_HOST;
	case 0x3e:
		return GATT_CONNECT_FAILED;
	default:
		return GATT_UNKNOWN;
	}
}

static void link_ended(struct snoop *s, uint8_t code)
{
	const enum gatt_reason reason = reason_of(code);
	const enum session_state was = s->state;

	s->connected = false;
	s->asked = false;
	if (s->done || s->aborted)
		return; /* that was to come */
	s->state = SESSION_WAITING;
	s->state_us = s->now_us;
	s->losses[reason]++;
	s->key_missing |= reason == GATT_KEY_MISSING;
	if (reason == GATT_SUPERVISION) {
		s->erasing += s->erase_last;
		if (was == SESSION_SENDING && s->link.supervision_timeout > 0 &&
		    s->link.supervision_timeout < BRIEF_TIMEOUT)
			s->brief++;
		s->silent_ms = (uint32_t)((s->now_us - s->spoke_us) / 1000u);
	}
}

static void link_begun(struct snoop *s, const uint8_t *p)
{
	s->connected = s->ever_connected = true;
	s->link.interval = bytes_get16(p);
	s->link.latency = bytes_get16(p + 2);
	s->link.supervision_timeout = bytes_get16(p + 4);
	s->mtu = OTA_ATT_MTU_MIN;
	s->spoke_us = s->now_us;
	s->state = SESSION_DISCOVERING;
	s->state_us = s->now_us;
}

/* LE Meta, Core Vol 4 Part E 7.7.65; len is of the parameters, behind the subevent. */
static void meta(struct snoop *s, uint16_t index, uint8_t subevent, const uint8_t *p, size_t len)
{
	const size_t parameters =
		subevent == 0x0a ? 23u : 11u; /* enhanced, with two addresses more */

	if ((subevent == 0x01 || subevent == 0x0a) && len >= parameters + 6) {
		if (p[0] != 0) {
			s->losses[GATT_CONNECT_FAILED]++;
			return;
		}
		if (link_of(s, index, bytes_get16(p + 1)) && p[3] == 0) /* as the central */
			link_begun(s, p + parameters);
	} else if (subevent == 0x03 && len >= 9 && p[0] == 0) {
		s->link.interval = bytes_get16(p + 3);
		s->link.latency = bytes_get16(p + 5);
		s->link.supervision_timeout = bytes_get16(p + 7);
	} else if (subevent == 0x07 && len >= 10) {
		s->link.tx_octets = bytes_get16(p + 6); /* as the device sees it */
		s->link.rx_octets = bytes_get16(p + 2);
	} else if (subevent == 0x0c && len >= 5 && p[0] == 0) {
		s->link.tx_phy = p[4];
		s->link.rx_phy = p[3];
	}
}

static void snoop_event(struct snoop *s, const struct btsnoop_record *r)
{
	const uint8_t *p = r->data;

	if (r->len < 3 || r->len < 2u + p[1])
		return;
	if (p[0] == 0x3e && p[1] >= 1) {
		meta(s, r->index, p[2], p + 3, p[1] - 1u);
	} else if (p[0] == 0x05 && p[1] >= 4 && p[2] == 0) {
		struct snoop_link *l = link_of(s, r->index, bytes_get16(p + 3) & 0x0fffu);

		if (l)
			l->used = false;
		if (s->connected)
			link_ended(s, p[5]);
	} else if (p[0] == 0x08 && p[1] >= 4 && (p[2] == 0x05 || p[2] == 0x06)) {
		s->key_missing = true;
	}
}

/* --- L2CAP */

static void frame_add(struct snoop *s, struct snoop_link *l, bool sent, const uint8_t *p,
		      size_t len)
{
	struct snoop_frame *f = &l->frames[sent ? 0 : 1];
	const size_t room = f->want - f->len, n = len < room ? len : room;

	if (f->want == 0)
		return;
	if (!f->skip)
		memcpy(f->bytes + f->len, p, n);
	f->len += n;
	if (f->len < f->want)
		return;
	if (!f->skip)
		snoop_att(s, l, sent, f->bytes, f->len);
	f->want = 0;
}

static void acl(struct snoop *s, const struct btsnoop_record *r)
{
	const uint16_t head = r->len >= 4 ? bytes_get16(r->data) : 0;
	struct snoop_link *l = link_of(s, r->index, head & 0x0fffu);
	struct snoop_frame *f;
	const uint8_t *p = r->data + 4;
	size_t len = r->len < 4 ? 0 : r->len - 4;

	if (r->len < 4 || !l)
		return;
	if (len > bytes_get16(r->data + 2))
		len = bytes_get16(r->data + 2);
	f = &l->frames[r->sent ? 0 : 1];
	if ((head >> 12 & 3u) != 1u) { /* not the continuation of a frame */
		f->want = 0;
		if (len < 4)
			return;
		f->want = bytes_get16(p);
		f->len = 0;
		f->skip = bytes_get16(p + 2) != CID_ATT || f->want > sizeof(f->bytes);
		p += 4;
		len -= 4;
	}
	frame_add(s, l, r->sent, p, len);
	if (r->cut)
		f->want = 0; /* the rest of it is not in the file */
}

/* --- packets */

bool snoop_stands(const struct snoop *s)
{
	return s->connected && !s->done && !s->aborted && !s->failed &&
	       ((s->state == SESSION_SENDING && s->now_us >= s->moved_us + STILL_US &&
		 s->stats.queued > s->stats.received) ||
		(s->state == SESSION_PREPARING && s->now_us >= s->state_us + STILL_US));
}

static void packet(struct snoop *s, const struct btsnoop_record *r)
{
	s->now_us = r->at_us > s->now_us ? r->at_us : s->now_us;
	if (!s->learning && s->stands && snoop_stands(s))
		s->stands(s->userdata, s);
	switch (r->packet) {
	case BTSNOOP_IS_EVENT:
		snoop_event(s, r);
		break;
	case BTSNOOP_IS_ACL:
		acl(s, r);
		break;
	case BTSNOOP_IS_COMMAND:
	case BTSNOOP_IS_OTHER:
		break;
	}
}

void snoop_learn(struct snoop *s, const struct btsnoop_record *r)
{
	packet(s, r);
}

void snoop_take(struct snoop *s, const struct btsnoop_record *r)
{
	packet(s, r);
}
