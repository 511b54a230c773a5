/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of a client and a device, held against the rules; see grade.h. */
#include "serve/grade_priv.h"
#include "ota/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SIGNED_SIZE 180u /* START, section 4.1 */
#define LINK_SIZE 12u
#define TELEMETRY_SIZE 3u
#define RANGE_SIZE 5u /* of PREPARE and BLOCKS: opcode and a number */

void grade_init(struct grade *g)
{
	memset(g, 0, sizeof(*g));
	g->mtu = OTA_ATT_MTU_MIN;
}

void grade_at(struct grade *g, uint64_t now_us)
{
	g->now_us = now_us;
}

void grade_broke(struct grade *g, enum grade_rule rule, const char *format, ...)
{
	struct grade_finding *f = &g->findings[rule];
	va_list ap;

	f->mark = GRADE_BROKEN;
	if (f->times++ > 0)
		return;
	f->first_us = g->now_us;
	va_start(ap, format);
	(void)vsnprintf(f->detail, sizeof(f->detail), format, ap);
	va_end(ap);
}

void grade_kept(struct grade *g, enum grade_rule rule)
{
	if (g->findings[rule].mark == GRADE_UNSEEN)
		g->findings[rule].mark = GRADE_KEPT;
}

/* --- the connection */

void grade_connected(struct grade *g, uint16_t mtu, bool basic_only)
{
	g->connected = true;
	g->basic_only = basic_only;
	g->basic = basic_only;
	g->mtu = mtu;
	g->subscribed = false;
	g->info_read = false;
	g->earlier = false;
	g->failed = false;
	g->starts = 0;
	g->state = GRADE_IDLE;
}

void grade_mtu(struct grade *g, uint16_t mtu)
{
	g->mtu = mtu;
}

void grade_disconnected(struct grade *g, bool by_client)
{
	if (g->connected && by_client && g->state == GRADE_ENDED)
		grade_broke(g, GRADE_STAY, "neither DONE nor ERROR had come");
	g->connected = false;
	g->state = GRADE_IDLE;
}

void grade_subscribed(struct grade *g, bool on)
{
	g->subscribed = on;
}

void grade_info(struct grade *g, const uint8_t *buf, size_t len)
{
	struct ota_info info;

	g->info_read = true;
	if (ota_info_decode(buf, len, &info) == 0)
		g->features = info.features;
}

/* --- commands */

static void start_full(struct grade *g, const uint8_t *buf, size_t len)
{
	struct ota_start m;

	if (ota_start_decode(buf, len, &m) < 0 ||
	    (m.flags & OTA_START_SIGNED && len < SIGNED_SIZE)) {
		grade_broke(g, GRADE_LENGTH, "START of %zu bytes", len);
		g->blamed = true;
		return;
	}
	grade_kept(g, GRADE_LENGTH);
	if (m.version != OTA_PROTOCOL_VERSION) {
		grade_broke(g, GRADE_VERSION, "version %u", m.version);
		g->blamed = true;
	}
	if (m.image_size == 0 ||
	    (m.stream_size != m.image_size && !(m.flags & OTA_START_DECODED))) {
		grade_broke(g, GRADE_SIZE, "image size %lu, stream size %lu",
			    (unsigned long)m.image_size, (unsigned long)m.stream_size);
		g->blamed = true;
	}
	if (!g->info_read)
		grade_broke(g, GRADE_INFO, "the first START of the connection");
	else
		grade_kept(g, GRADE_INFO);
	g->image_size = m.image_size;
	g->stream_size = m.stream_size;
	g->flags = m.flags;
}

static void start(struct grade *g, const uint8_t *buf, size_t len)
{
	if (!g->subscribed)
		grade_broke(g, GRADE_SUBSCRIBE, "nobody hears READY");
	else
		grade_kept(g, GRADE_SUBSCRIBE);
	if (g->starts++ > 0)
		grade_broke(g, GRADE_ONE_START, "neither READY nor ERROR had come");
	g->earlier =
		g->earlier || g->state == GRADE_SENDING || g->state == GRADE_ENDED || g->failed;
	g->blamed = false;
	g->failed = false;
	g->jump = false;
	g->must_jump = false;
	g->resyncing = false;
	g->resumed = false;
	g->sent = 0;
	g->basic = g->basic_only || len == 1;
	g->state = GRADE_STARTED;
	if (!g->basic)
		start_full(g, buf, len);
}

static void end(struct grade *g)
{
	const bool short_of = g->basic ? g->sent == 0 : g->sent < g->stream_size;

	switch (g->state) {
	case GRADE_IDLE:
		if (!g->failed)
			grade_broke(g, GRADE_STATE, "END without a session");
		return;
	case GRADE_STARTED:
		grade_broke(g, GRADE_END, "before READY");
		return;
	case GRADE_ENDED:
		return; /* asked again: the device's ERROR says whether it was too much */
	case GRADE_SENDING:
		break;
	}
	if (short_of && g->basic)
		grade_broke(g, GRADE_END, "before any value");
	else if (short_of)
		grade_broke(g, GRADE_END, "at %lu of %lu bytes", (unsigned long)g->sent,
			    (unsigned long)g->stream_size);
	else
		grade_kept(g, GRADE_END);
	if (!short_of && g->resumed)
		grade_kept(g, GRADE_RESUME);
	g->state = GRADE_ENDED;
}

static void resync(struct grade *g)
{
	if (g->state != GRADE_SENDING) {
		if (!g->failed)
			grade_broke(g, GRADE_STATE, "RESYNC while nothing is received");
		return;
	}
	if (g->resyncing)
		grade_broke(g, GRADE_RESYNC, "RESYNC again");
	g->resyncing = true;
}

static void confirm(struct grade *g)
{
	if (!g->done)
		return;
	g->done = false;
	if (!g->info_read)
		grade_broke(g, GRADE_CONFIRM, "CONFIRM without reading which image runs");
	else
		grade_kept(g, GRADE_CONFIRM);
}

static void ask_link(struct grade *g, const uint8_t *buf, size_t len)
{
	struct ota_link_request q;

	if (ota_link_request_decode(buf, len, &q) < 0)
		return;
	if ((q.interval_min || q.interval_max) &&
	    (q.interval_min < 6 || q.interval_max > 3200 || q.interval_min > q.interval_max))
		grade_broke(g, GRADE_LINK, "intervals %u to %u", q.interval_min, q.interval_max);
	else if (q.latency > 499)
		grade_broke(g, GRADE_LINK, "latency %u", q.latency);
	else if (q.supervision_timeout &&
		 (q.supervision_timeout < 10 || q.supervision_timeout > 3200))
		grade_broke(g, GRADE_LINK, "supervision timeout %u", q.supervision_timeout);
	else if (q.data_length && (q.data_length < 27 || q.data_length > 251))
		grade_broke(g, GRADE_LINK, "data length %u", q.data_length);
	else
		grade_kept(g, GRADE_LINK);
}

/* Bytes that a command has at least; 0: there is no such command. */
static size_t length_of(uint8_t opcode)
{
	switch ((enum ota_command)opcode) {
	case OTA_CMD_START: /* 1 begins a basic session; start_full() has the rest */
	case OTA_CMD_ABORT:
	case OTA_CMD_END:
	case OTA_CMD_STATUS:
	case OTA_CMD_CONFIRM:
	case OTA_CMD_ROLLBACK:
	case OTA_CMD_REBOOT:
	case OTA_CMD_RESYNC:
		return 1;
	case OTA_CMD_LINK:
		return LINK_SIZE;
	case OTA_CMD_TELEMETRY:
		return TELEMETRY_SIZE;
	case OTA_CMD_PREPARE:
	case OTA_CMD_BLOCKS:
		return RANGE_SIZE;
	}
	return 0;
}

void grade_leave(struct grade *g)
{
	g->failed = true;
	g->state = GRADE_IDLE;
	g->starts = 0;
	g->resyncing = false;
}

static void command(struct grade *g, const uint8_t *buf, size_t len)
{
	switch ((enum ota_command)buf[0]) {
	case OTA_CMD_START:
		start(g, buf, len);
		break;
	case OTA_CMD_ABORT:
		grade_leave(g);
		break;
	case OTA_CMD_END:
		end(g);
		break;
	case OTA_CMD_CONFIRM:
		confirm(g);
		break;
	case OTA_CMD_ROLLBACK:
		g->done = false; /* given up on purpose */
		break;
	case OTA_CMD_LINK:
		ask_link(g, buf, len);
		break;
	case OTA_CMD_RESYNC:
		resync(g);
		break;
	case OTA_CMD_STATUS:
		if (g->state == GRADE_SENDING)
			grade_kept(g, GRADE_ALIVE);
		break;
	case OTA_CMD_REBOOT:
	case OTA_CMD_TELEMETRY:
	case OTA_CMD_PREPARE:
	case OTA_CMD_BLOCKS:
		break;
	}
}

static bool is_basic_command(uint8_t opcode)
{
	return opcode == OTA_CMD_START || opcode == OTA_CMD_ABORT || opcode == OTA_CMD_END;
}

void grade_control(struct grade *g, enum grade_mode mode, const uint8_t *buf, size_t len)
{
	const size_t least = len > 0 ? length_of(buf[0]) : 0;

	g->judged = true;
	if (mode == GRADE_COMMAND)
		grade_broke(g, GRADE_REQUESTS, "a command of %zu bytes", len);
	else if (mode == GRADE_REQUEST)
		grade_kept(g, GRADE_REQUESTS);
	if (len == 0) {
		grade_broke(g, GRADE_LENGTH, "an empty command");
		return;
	}
	if (least == 0 || (g->basic_only && !is_basic_command(buf[0]))) {
		grade_broke(g, GRADE_OPCODE, "opcode 0x%02x", buf[0]);
		return;
	}
	grade_kept(g, GRADE_OPCODE);
	if (len < least)
		grade_broke(g, GRADE_LENGTH, "%s of %zu bytes", ota_command_name(buf[0]), len);
	else
		command(g, buf, len);
}

/* --- the end */

void grade_end(struct grade *g)
{
	if (g->done)
		grade_broke(g, GRADE_CONFIRM, "DONE came, and no CONFIRM after it");
	g->done = false;
}

bool grade_good(const struct grade *g)
{
	for (unsigned int i = 0; i < GRADE_RULES; i++)
		if (g->findings[i].mark == GRADE_BROKEN)
			return false;
	return true;
}
