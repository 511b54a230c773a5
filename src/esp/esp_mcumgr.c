/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual ESP32 with Zephyr, MCUboot and MCUmgr, as the sources of these have it
 * (src/core/mcumgr.h names them): requests are put together from values (smp_reassembly.c),
 * queued in as many buffers as the device has, worked at one after the other (smp.c), and
 * answered in notifications of the MTU (smp_bt.c).  Quirks included:
 *
 * - Nothing but the length in a header tells where a request ends.  A value that is lost has the
 *   next request's beginning taken for the end of this one; a value that leads beyond it drops
 *   both.  A request for which no buffer is free is dropped value by value, each taken for a
 *   header.
 * - The answer takes a buffer, too.
 * - Maps in answers have no length, but an end (zcbor without ZCBOR_CANONICAL).
 */
#include "esp/esp_priv.h"

#include "core/mcumgr.h"

#include <stdlib.h>
#include <string.h>

#define BUF_USUAL 2475u /* CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE of Zephyr's smp_svr over Bluetooth */
#define BUFS_USUAL 4u /* CONFIG_MCUMGR_TRANSPORT_NETBUF_COUNT */

#define NOBODY UINT16_MAX /* for a connection that has ended */

static void work(struct esp *esp);

static uint32_t buf_size(const struct esp *esp)
{
	return esp->config.mcumgr_buf_size ? esp->config.mcumgr_buf_size : BUF_USUAL;
}

static uint32_t buf_count(const struct esp *esp)
{
	return esp->config.mcumgr_buf_count ? esp->config.mcumgr_buf_count : BUFS_USUAL;
}

bool esp_mcumgr_is_old(const struct esp *esp)
{
	return esp->config.mcumgr == ESP_MCUMGR_VERSION_1;
}

/* --- answers */

void esp_mcumgr_writable(struct esp *esp)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	struct esp_conn *conn = u->count > 0 ? esp_conn_by_id(esp, u->queue[0].conn) : NULL;

	while (u->out_at < u->out_len) {
		const uint32_t left = (uint32_t)u->out_len - u->out_at;
		const uint32_t room = conn ? esp_conn_mtu(conn) - 3u : 0;
		const uint32_t len = left < room ? left : room;

		if (!conn) {
			u->out_at = u->out_len;
			break;
		}
		if (att_server_notify(&conn->att, ATT_FOREIGN_1, u->out + u->out_at, len) < 0)
			return; /* esp_mcumgr_writable() comes, or the link ends */
		u->out_at = (uint16_t)(u->out_at + len);
	}
	if (u->out_len == 0)
		return;
	u->out_len = u->out_at = 0;
	u->count--;
	memmove(u->queue, u->queue + 1, u->count * sizeof(u->queue[0]));
	work(esp);
}

static struct cbor_writer begin_answer(struct esp *esp)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	struct cbor_writer w = {.buf = u->out + MCUMGR_HEADER,
				.size = sizeof(u->out) - MCUMGR_HEADER};

	cbor_put_open(&w, CBOR_MAP);
	return w;
}

static void end_answer(struct esp *esp, struct cbor_writer *w)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	struct mcumgr_header h;

	cbor_put_end(w);
	mcumgr_header_get(u->queue[0].bytes, &h);
	h.op = h.op == MCUMGR_READ ? MCUMGR_READ_ANSWER : MCUMGR_WRITE_ANSWER;
	h.version = esp_mcumgr_is_old(esp) || h.version == 0 ? 0 : 1;
	h.length = (uint16_t)w->at;
	mcumgr_header_put(u->out, &h);
	u->out_len = (uint16_t)(MCUMGR_HEADER + w->at);
	u->out_at = 0;
	esp_mcumgr_writable(esp);
}

/* img_mgmt_translate_error_code() */
static uint32_t old_code(uint32_t rc)
{
	switch (rc) {
	case MCUMGR_IMAGE_NO_FREE_SLOT:
	case MCUMGR_IMAGE_NEWER:
	case MCUMGR_IMAGE_PENDING:
		return MCUMGR_RC_BAD_STATE;
	case MCUMGR_IMAGE_INVALID_OFFSET:
	case MCUMGR_IMAGE_INVALID_LENGTH:
	case MCUMGR_IMAGE_INVALID_HEADER:
	case MCUMGR_IMAGE_INVALID_HASH:
		return MCUMGR_RC_INVALID;
	default:
		return MCUMGR_RC_UNKNOWN;
	}
}

/* Zephyr has both in an answer of version 2 alone. */
static bool asked_old(const struct esp *esp)
{
	struct mcumgr_header h;

	mcumgr_header_get(esp->mcumgr.queue[0].bytes, &h);
	return esp_mcumgr_is_old(esp) || h.version == 0;
}

void esp_mcumgr_error(const struct esp *esp, struct cbor_writer *w, uint16_t group, uint32_t rc)
{
	if (asked_old(esp) || group == MCUMGR_OS) {
		cbor_put_text(w, "rc");
		cbor_put(w, CBOR_UINT, group == MCUMGR_OS ? rc : old_code(rc));
		return;
	}
	cbor_put_text(w, "err");
	cbor_put_open(w, CBOR_MAP);
	cbor_put_text(w, "group");
	cbor_put(w, CBOR_UINT, group);
	cbor_put_text(w, "rc");
	cbor_put(w, CBOR_UINT, rc);
	cbor_put_end(w);
}

/* --- requests */

static void os(struct esp *esp, const struct mcumgr_header *h, struct cbor_writer *w)
{
	if (h->command == MCUMGR_PARAMETERS && h->op == MCUMGR_READ && !esp_mcumgr_is_old(esp)) {
		cbor_put_text(w, "buf_size");
		cbor_put(w, CBOR_UINT, buf_size(esp));
		cbor_put_text(w, "buf_count");
		cbor_put(w, CBOR_UINT, buf_count(esp));
	} else if (h->command == MCUMGR_RESET && h->op == MCUMGR_WRITE) {
		esp->mcumgr.step = ESP_MCUMGR_OVER;
		esp_restart(esp, MCUMGR_RESET_MS);
	} else {
		esp_mcumgr_error(esp, w, MCUMGR_OS, MCUMGR_RC_UNSUPPORTED);
	}
}

/* The first request of the queue, when it is whole and nothing else is under way. */
static void work(struct esp *esp)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	const struct esp_mcumgr_request *r = u->queue;
	enum esp_mcumgr_result result = ESP_MCUMGR_ANSWERED;
	struct mcumgr_header h;
	struct cbor_writer w;
	bool known;

	if (u->count == 0 || (u->count == 1 && u->expected > 0) || u->out_len > 0 ||
	    u->step != ESP_MCUMGR_IDLE)
		return;
	mcumgr_header_get(r->bytes, &h);
	w = begin_answer(esp);
	known = h.op == MCUMGR_READ || h.op == MCUMGR_WRITE;
	if (known && h.version > 1)
		esp_mcumgr_error(esp, &w, MCUMGR_OS, MCUMGR_RC_TOO_NEW);
	else if (known && h.group == MCUMGR_OS)
		os(esp, &h, &w);
	else if (known && h.group == MCUMGR_IMAGE)
		result = esp_mcumgr_image(esp, &h, r->bytes + MCUMGR_HEADER, &w);
	else
		esp_mcumgr_error(esp, &w, MCUMGR_OS, MCUMGR_RC_UNSUPPORTED);
	if (result == ESP_MCUMGR_ANSWERED)
		end_answer(esp, &w);
	else
		esp_hold(esp);
}

static void op_done(struct esp *esp, int rc)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	struct cbor_writer w = begin_answer(esp);

	if (u->step == ESP_MCUMGR_KEEPING && u->count == 0) { /* at its start, by itself */
		u->step = ESP_MCUMGR_IDLE;
		return;
	}
	if (esp_mcumgr_image_done(esp, rc, &w) == ESP_MCUMGR_LATER) {
		esp_hold(esp);
		return;
	}
	u->step = ESP_MCUMGR_IDLE;
	end_answer(esp, &w);
}

static void lose(struct esp *esp, size_t len, const char *why)
{
	esp->mcumgr.losses++;
	esp_log(esp, "loses %zu bytes: %s", len, why);
}

static void written(struct esp_conn *c, enum att_value_id id, const uint8_t *buf, size_t len)
{
	struct esp *esp = c->esp;
	struct esp_mcumgr *u = &esp->mcumgr;
	struct esp_mcumgr_request *r;
	struct mcumgr_header h;

	(void)id;
	if (u->expected == 0) {
		if (len < MCUMGR_HEADER) {
			lose(esp, len, "no header");
			return;
		}
		mcumgr_header_get(buf, &h);
		if (MCUMGR_HEADER + h.length > buf_size(esp) || len > MCUMGR_HEADER + h.length) {
			lose(esp, len, "longer than a buffer, or than it says");
			return;
		}
		if (u->count > 0 && u->count + 1u >= buf_count(esp)) {
			lose(esp, len, "no buffer is free");
			return;
		}
		r = &u->queue[u->count++];
		r->conn = c->id;
		r->len = 0;
		u->expected = MCUMGR_HEADER + h.length;
	}
	r = &u->queue[u->count - 1u];
	if (len > u->expected) {
		lose(esp, len, "more than the message has");
		u->expected = 0;
		u->count--;
		return;
	}
	memcpy(r->bytes + r->len, buf, len);
	r->len += (uint32_t)len;
	u->expected -= (uint32_t)len;
	if (u->expected == 0)
		work(esp);
}

/* smp_bt_ccc_changed() and smp_rx_remove_invalid() drop all but what is being worked at. */
void esp_mcumgr_gone(struct esp *esp, uint16_t conn)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	const unsigned int worked = u->out_len > 0 || u->step != ESP_MCUMGR_IDLE ? 1 : 0;

	while (u->count > worked && u->queue[u->count - 1u].conn == conn) {
		u->expected = 0;
		u->count--;
	}
	/* The next central to connect does not get the answer. */
	for (unsigned int i = 0; i < u->count; i++)
		if (u->queue[i].conn == conn)
			u->queue[i].conn = NOBODY;
	if (u->out_len > 0)
		esp_mcumgr_writable(esp);
}

/* --- power */

static void start_firmware(struct esp *esp)
{
	struct esp_mcumgr *u = &esp->mcumgr;
	const bool stays = u->permanent || esp->config.mcumgr == ESP_MCUMGR_SELF_CONFIRMS;
	struct esp_mcumgr_request *queue = u->queue;
	const uint32_t losses = u->losses;

	if (!queue)
		queue = calloc(ESP_MCUMGR_BUFS, sizeof(*queue));
	memset(u, 0, sizeof(*u));
	u->queue = queue;
	u->losses = losses;
	if (!queue)
		u->step = ESP_MCUMGR_OVER; /* it takes nothing */
	else if (board_running(esp->board)->pending_verify && stays &&
		 board_confirm(esp->board) == 0)
		u->step = ESP_MCUMGR_KEEPING;
	if (u->step == ESP_MCUMGR_KEEPING)
		esp_hold(esp);
}

void esp_mcumgr_finish(struct esp *esp)
{
	free(esp->mcumgr.queue);
	esp->mcumgr.queue = NULL;
}

uint32_t esp_mcumgr_losses(const struct esp *esp)
{
	return esp->mcumgr.losses;
}

const struct esp_firmware esp_mcumgr_firmware = {start_firmware, written, op_done};
