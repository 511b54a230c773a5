/* SPDX-License-Identifier: Apache-2.0 */
/* See device_host.h. */
#include "device_host.h"

#include "base/bytes.h"
#include "base/deflate.h"
#include "base/sha256.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void host_init(struct host *host, struct dut *dut, uint16_t conn, const uint8_t *image,
	       uint32_t size)
{
	memset(host, 0, sizeof(*host));
	host->dut = dut;
	host->conn = conn;
	host->image = image;
	host->size = size;
	sha256_buffer(image, size, host->sha256);
}

static int stored_block(const uint8_t *from, uint32_t len, uint8_t *to)
{
	bytes_put32(to, len); /* and the kind, which is 0 */
	memcpy(to + OTA_BLOCK_HEAD, from, len);
	return (int)(OTA_BLOCK_HEAD + len);
}

/* Returns true if what goes over Data is not the image itself. */
static bool streams(const struct host *host)
{
	return host->window > 0 || host->skip;
}

uint8_t *host_make_stream(const struct host *host, uint32_t offset, uint32_t *ret_size)
{
	const struct patch *patch = host->patch;
	const uint32_t whole = patch ? (uint32_t)patch->size : host->size;
	const uint32_t blocks = (host->size - offset) / OTA_BLOCK_SIZE + 1u;
	const uint32_t map = host->skip ? ota_skip_map_size(host->size) : 0;
	uint8_t *stream = malloc(OTA_STREAM_HEAD + map + whole + (size_t)blocks * OTA_BLOCK_HEAD);
	uint32_t at = OTA_STREAM_HEAD + map;

	if (stream != NULL && map > 0)
		memcpy(stream + OTA_STREAM_HEAD, host->map, map);

	for (; stream != NULL && offset < host->size; offset += OTA_BLOCK_SIZE) {
		const uint32_t left = host->size - offset, block = offset / OTA_BLOCK_SIZE;
		const uint8_t *from =
			patch ? patch->data + patch->borders[block] : host->image + offset;
		const uint32_t len = patch ? patch->borders[block + 1] - patch->borders[block]
				     : left < OTA_BLOCK_SIZE ? left
							     : OTA_BLOCK_SIZE;
		int made;

		if (host->skip && ota_skip_has(host->map, offset))
			continue;
		made = host->window > 0 ? deflate_block(from, len, host->window, stream + at,
							DEFLATE_BLOCK_ROOM(len))
					: stored_block(from, len, stream + at);

		if (made < 0) {
			free(stream);
			return NULL;
		}
		at += (uint32_t)made;
	}
	if (stream != NULL)
		bytes_put32(stream, at);
	*ret_size = at;
	return stream;
}

void host_compress(struct host *host, unsigned int window)
{
	host->window = window;
}

void host_skip(struct host *host)
{
	host->skip = true;
}

void host_finish(struct host *host)
{
	free(host->stream);
	host->stream = NULL;
}

static void complain(struct host *host, const char *text)
{
	if (host->complaint == NULL)
		host->complaint = text;
}

/* --- writing */

static struct host_write *air_push(struct host *host)
{
	if (host->air_count == HOST_AIR)
		return NULL;
	return &host->air[(host->air_head + host->air_count++) % HOST_AIR];
}

bool host_start(struct host *host, uint16_t flags)
{
	struct host_write *w = air_push(host);
	struct ota_start m;

	if (w == NULL)
		return false;
	dut_start(&m, host->image, host->size);
	m.flags = flags;
	if (host->window > 0)
		m.flags |= OTA_START_COMPRESSED;
	if (host->patch)
		m.flags |= OTA_START_DELTA;
	if (host->skip)
		m.flags |= OTA_START_SKIP;
	if (streams(host)) {
		free(host->stream);
		host->stream = host_make_stream(host, 0, &m.stream_size);
	}
	w->control = true;
	w->len = (uint16_t)ota_start_encode(&m, w->bytes, sizeof(w->bytes));
	host->starts++;
	host->phase = HOST_STARTING;
	return true;
}

bool host_command(struct host *host, enum ota_command cmd)
{
	struct host_write *w = air_push(host);

	if (w == NULL)
		return false;
	w->control = true;
	w->len = 1;
	w->bytes[0] = (uint8_t)cmd;
	return true;
}

bool host_resync(struct host *host)
{
	if (host->phase != HOST_SENDING || host->resyncing)
		return false;
	host->resyncing = host_command(host, OTA_CMD_RESYNC);
	return host->resyncing;
}

bool host_write(struct host *host, uint32_t chunk)
{
	struct host_write *w;
	uint32_t len = host->limit - host->offset;

	if (host->phase != HOST_SENDING)
		return false;
	if (host->offset == host->to_send) {
		if (host->received != host->to_send || !host_command(host, OTA_CMD_END))
			return false;
		host->phase = HOST_ENDING;
		return true;
	}
	if (chunk > host->ready.max_value)
		chunk = host->ready.max_value;
	if (len > chunk - OTA_DATA_HEADER)
		len = chunk - OTA_DATA_HEADER;
	if (len > host->to_send - host->offset)
		len = host->to_send - host->offset;
	w = len > 0 ? air_push(host) : NULL;
	if (w == NULL)
		return false;
	w->control = false;
	w->len = (uint16_t)(OTA_DATA_HEADER + len);
	w->bytes[0] = (uint8_t)host->sequence;
	w->bytes[1] = (uint8_t)(host->sequence >> 8);
	memcpy(w->bytes + OTA_DATA_HEADER,
	       (streams(host) ? host->stream : host->image) + host->offset, len);
	host->sequence++;
	host->offset += len;
	host->sent += len;
	if (host->furthest < host->offset)
		host->furthest = host->offset;
	return true;
}

bool host_deliver(struct host *host, bool repeated)
{
	const struct host_write *w = &host->air[host->air_head];

	if (host->air_count == 0)
		return false;
	host->air_head = (host->air_head + 1u) % HOST_AIR;
	host->air_count--;
	if (w->control) {
		dut_control(host->dut, host->conn, w->bytes, w->len);
		return true;
	}
	dut_data(host->dut, host->conn, w->bytes, w->len, false);
	if (repeated)
		dut_data(host->dut, host->conn, w->bytes, w->len, false);
	return true;
}

bool host_lose(struct host *host)
{
	if (host->air_count == 0)
		return false;
	if (host->air[host->air_head].control)
		return host_deliver(host, false);
	host->air_head = (host->air_head + 1u) % HOST_AIR;
	host->air_count--;
	return true;
}

void host_link_lost(struct host *host)
{
	dut_disconnect(host->dut, host->conn);
	host->air_count = 0;
	host->phase = HOST_IDLE;
	dut_forget_notes(host->dut);
	dut_connect(host->dut, host->conn);
}

/* --- hearing */

/* The rest of the stream, from where the image goes on. */
static void on_stream_ready(struct host *host)
{
	if (host->ready.offset != 0 || host->begins % OTA_BLOCK_SIZE != 0 ||
	    host->begins > host->size)
		complain(host, "a stream that begins in mid block");
	free(host->stream);
	host->stream = host_make_stream(host, host->begins, &host->to_send);
}

static void ask_blocks(struct host *host)
{
	const struct ota_blocks_request m = {(uint16_t)(host->begins / OTA_BLOCK_SIZE), UINT16_MAX};
	struct host_write *w = air_push(host);

	if (w == NULL)
		return;
	w->control = true;
	w->len = (uint16_t)ota_blocks_request_encode(&m, w->bytes, sizeof(w->bytes));
}

static void on_ready(struct host *host, const struct dut_note *note)
{
	struct ota_ready *m = &host->ready;

	if (host->readies++ >= host->starts || ota_ready_decode(note->bytes, note->len, m) < 0)
		complain(host, "READY without START, or a short one");
	host->begins = ota_ready_image_offset(m, note->bytes, note->len);
	host->to_send = host->size;
	if (streams(host)) {
		on_stream_ready(host);
	} else {
		if (m->offset > host->size || m->limit < m->offset || m->limit > host->size)
			complain(host, "READY's offset and limit are out of the image");
		if ((m->offset > 0) != ((m->flags & OTA_READY_RESUMED) != 0))
			complain(host, "READY's resumed flag does not fit its offset");
	}
	host->phase = host->skip && !host->mapped ? HOST_ASKING : HOST_SENDING;
	host->offset = host->furthest = host->received = m->offset;
	host->flushed = host->begins;
	host->limit = m->limit;
	host->sequence = m->sequence;
	host->resyncing = false;
	host->gaps = 0;
	if (host->phase == HOST_ASKING)
		ask_blocks(host);
}

/* Blocks that equal the image's are kept; the answer comes in the order of the blocks. */
static void on_blocks(struct host *host, const struct dut_note *note)
{
	const uint32_t blocks = (host->size + OTA_BLOCK_SIZE - 1u) / OTA_BLOCK_SIZE;
	struct ota_blocks m = {0};

	if (host->phase != HOST_ASKING || ota_blocks_decode(note->bytes, note->len, &m) < 0 ||
	    m.first + m.count > blocks) {
		complain(host, "BLOCKS that nobody asked for, or of none");
		return;
	}
	for (uint32_t i = m.first; i < m.first + m.count; i++) {
		const uint32_t at = i * OTA_BLOCK_SIZE, left = host->size - at;
		const uint32_t len = left < OTA_BLOCK_SIZE ? left : OTA_BLOCK_SIZE;

		if (crc32(0, host->image + at, len) != m.crc[i - m.first])
			continue;
		host->map[i / 8u] |= (uint8_t)(1u << i % 8u);
		host->kept += len;
	}
	if (m.first + m.count < blocks)
		return;
	host->mapped = true;
	on_stream_ready(host);
	host->phase = HOST_SENDING;
}

static void on_ack(struct host *host, const struct dut_note *note)
{
	struct ota_ack m = {0};

	if (host->phase != HOST_SENDING && host->phase != HOST_ENDING)
		return;
	if (ota_ack_decode(note->bytes, note->len, &m) < 0)
		complain(host, "a short ACK");
	if ((streams(host) ? m.flushed > host->size
			   : m.flushed > m.received || m.limit > host->size) ||
	    m.received > host->furthest || m.limit < m.received)
		complain(host, "ACK: flushed <= received <= sent, received <= limit <= size");
	if (m.received < host->received || m.flushed < host->flushed || m.limit < host->limit)
		complain(host, "ACK goes back");
	if (m.limit - (streams(host) ? m.received : m.flushed) > host->dut->config.ring_size)
		complain(host, "ACK gives more credit than the ring has room");
	host->received = m.received;
	host->flushed = m.flushed;
	host->limit = m.limit;
}

static void on_gap(struct host *host, const struct dut_note *note)
{
	struct ota_gap m = {0};

	if (host->phase != HOST_SENDING)
		return;
	if (ota_gap_decode(note->bytes, note->len, &m) < 0)
		complain(host, "a short GAP");
	if (m.offset > host->furthest)
		complain(host, "GAP goes where nothing was sent");
	if (host->gaps > 0 && m.sequence == host->gap_sequence)
		return; /* a repetition: what followed the first one is on its way */
	if (m.offset < host->received)
		complain(host, "GAP goes where nothing was lost");
	host->resyncing = false;
	host->gap_sequence = m.sequence;
	host->received = host->offset = m.offset;
	host->sequence = m.sequence;
	host->gaps++;
}

static void on_done(struct host *host, const struct dut_note *note)
{
	struct ota_done *m = &host->done;

	if (ota_done_decode(note->bytes, note->len, m) < 0 || host->phase != HOST_ENDING)
		complain(host, "DONE without END, or a short one");
	if (m->size != host->size || memcmp(m->hash, host->sha256, sizeof(m->hash)) != 0)
		complain(host, "DONE is about another image");
	host->phase = HOST_DONE;
}

static void hear_one(struct host *host, const struct dut_note *note)
{
	switch (note->bytes[0]) {
	case OTA_EVT_READY:
		on_ready(host, note);
		break;
	case OTA_EVT_ERROR:
		if (ota_error_decode(note->bytes, note->len, &host->error) < 0)
			complain(host, "a short ERROR");
		host->errors++;
		if (host->phase != HOST_DONE)
			host->phase = HOST_REFUSED;
		break;
	case OTA_EVT_DONE:
		on_done(host, note);
		break;
	case OTA_EVT_BLOCKS:
		on_blocks(host, note);
		break;
	case OTA_EVT_ACK:
		on_ack(host, note);
		break;
	case OTA_EVT_GAP:
		on_gap(host, note);
		break;
	default:
		break;
	}
}

void host_hear(struct host *host)
{
	struct dut_note note;

	while (dut_take(host->dut, &note))
		if (note.conn == host->conn)
			hear_one(host, &note);
}

bool host_run(struct host *host, uint32_t chunk)
{
	uint32_t idle = 0;

	while (idle < 4 && !host->dut->off) {
		bool moved = false;

		while (host_write(host, chunk))
			moved = true;
		while (host_deliver(host, false))
			moved = true;
		moved = dut_op_end(host->dut) || moved;
		host_hear(host);
		if (host->phase == HOST_DONE || host->phase == HOST_REFUSED)
			break;
		/* The device acknowledges a rest when data pauses. */
		if (!moved) {
			dut_wait(host->dut, 100);
			idle++;
		} else {
			idle = 0;
		}
	}
	return host->phase == HOST_DONE;
}
