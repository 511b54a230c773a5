/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything the device says.
 *
 * A notification that finds no buffer is kept and tried again, in order: a
 * READY or DONE that got lost would leave the host in the dark.  ACK, PROGRESS
 * and TELEMETRY are not kept as bytes, since a later one says the same and
 * more.
 */
#include "device_priv.h"
#include "device_stream.h"

static int try_notify(struct ota_device *dev, uint16_t conn, const uint8_t *buf, size_t len)
{
	const int rc = dev->config.ops->notify(dev->config.ctx, conn, buf, len);

	if (rc == -OTA_EAGAIN) {
		dev->notify_time = dev->now;
		if (dev->notify_fails < UINT8_MAX)
			dev->notify_fails++;
	}
	return rc;
}

static struct ota_notification *queued(struct ota_device *dev, uint8_t i)
{
	return &dev->queue[(dev->queue_head + i) % OTA_NOTIFY_QUEUE];
}

static void queue_remove(struct ota_device *dev, uint8_t i)
{
	for (dev->queue_count--; i < dev->queue_count; i++)
		*queued(dev, i) = *queued(dev, (uint8_t)(i + 1u));
}

/* Events after which the host waits for nothing else. */
static bool decisive(uint8_t event)
{
	return event == OTA_EVT_READY || event == OTA_EVT_DONE || event == OTA_EVT_ERROR;
}

/* Returns true for a notification of which only the latest counts. */
static bool replaces(uint8_t event)
{
	return event == OTA_EVT_READY || event == OTA_EVT_GAP || event == OTA_EVT_STATUS ||
	       event == OTA_EVT_LINK;
}

/*
 * Only hosts that flood commands without reading the answers fill the queue.  Those that
 * do not own the session get half of it, each of two where nobody owns one; and the owner's
 * own answers make room for what decides its session.
 */
static bool queue_room(struct ota_device *dev, uint16_t conn, uint8_t event)
{
	const bool owned = dev->conn != OTA_NO_CONN;
	uint8_t others = 0;

	for (uint8_t i = 0; i < dev->queue_count; i++)
		if (owned ? queued(dev, i)->conn != dev->conn : queued(dev, i)->conn == conn)
			others++;
	if (conn != dev->conn)
		return others < OTA_NOTIFY_QUEUE / 2u && dev->queue_count < OTA_NOTIFY_QUEUE;
	for (uint8_t i = 0; i < dev->queue_count && dev->queue_count == OTA_NOTIFY_QUEUE; i++)
		if (decisive(event) && !decisive(queued(dev, i)->bytes[0]))
			queue_remove(dev, i);
	return dev->queue_count < OTA_NOTIFY_QUEUE;
}

void device_notify(struct ota_device *dev, uint16_t conn, const uint8_t *buf, int len)
{
	struct ota_notification *n;

	if (conn == OTA_NO_CONN || len <= 0 || len > (int)OTA_NOTIFY_MAX)
		return;
	if (dev->queue_count == 0 && try_notify(dev, conn, buf, (size_t)len) != -OTA_EAGAIN)
		return;
	for (uint8_t i = 0; i < dev->queue_count && replaces(buf[0]); i++)
		if (queued(dev, i)->conn == conn && queued(dev, i)->bytes[0] == buf[0])
			queue_remove(dev, i);
	if (!queue_room(dev, conn, buf[0]))
		return;
	n = queued(dev, dev->queue_count++);
	n->conn = conn;
	n->len = (uint8_t)len;
	memcpy(n->bytes, buf, (size_t)len);
}

/* A basic host reads opcodes alone. */
static void say(struct ota_device *dev, uint16_t conn, enum ota_event event, const void *m)
{
	uint8_t buf[OTA_NOTIFY_MAX];
	const int len = ota_event_encode(event, m, buf, sizeof(buf));

	device_notify(dev, conn, buf, decisive((uint8_t)event) && is_basic(dev, conn) ? 1 : len);
}

/*
 * Sends a notification that need not be kept: the next one of its kind makes up for it; 0 when it
 * went out.
 */
static int say_now(struct ota_device *dev, uint16_t conn, enum ota_event event, const void *m)
{
	uint8_t buf[OTA_NOTIFY_MAX];
	const int len = ota_event_encode(event, m, buf, sizeof(buf));

	return dev->queue_count > 0 ? -OTA_EAGAIN : try_notify(dev, conn, buf, (size_t)len);
}

void device_notify_flush(struct ota_device *dev)
{
	while (dev->queue_count > 0) {
		const struct ota_notification *n = queued(dev, 0);

		if (try_notify(dev, n->conn, n->bytes, n->len) == -OTA_EAGAIN)
			return;
		dev->queue_head = (uint8_t)((dev->queue_head + 1u) % OTA_NOTIFY_QUEUE);
		dev->queue_count--;
	}
	if (dev->ack_due)
		device_ack(dev, true);
}

void device_notify_forget(struct ota_device *dev, uint16_t conn)
{
	uint8_t i = 0;

	while (i < dev->queue_count) {
		if (queued(dev, i)->conn == conn)
			queue_remove(dev, i);
		else
			i++;
	}
}

void device_send_result(struct ota_device *dev, uint16_t conn, uint8_t opcode, uint8_t code)
{
	const struct ota_result m = {.opcode = opcode, .code = code};

	/* The only RESULT that a basic host could provoke, and it knows none. */
	if (opcode != OTA_CMD_ABORT || !is_basic(dev, conn))
		say(dev, conn, OTA_EVT_RESULT, &m);
}

void device_send_error(struct ota_device *dev, uint16_t conn, uint8_t code, uint8_t opcode,
		       uint32_t detail)
{
	const struct ota_error_event m = {.code = code, .opcode = opcode, .detail = detail};

	say(dev, conn, OTA_EVT_ERROR, &m);
}

void device_send_progress(struct ota_device *dev, uint8_t phase, uint32_t done, uint32_t total)
{
	const struct ota_progress m = {.phase = phase, .done = done, .total = total};

	if (dev->rx.kind != OTA_KIND_BASIC && dev->conn != OTA_NO_CONN)
		say_now(dev, dev->conn, OTA_EVT_PROGRESS, &m);
}

void device_send_ready(struct ota_device *dev)
{
	const struct ota_ready m = {
		.offset = device_received(dev),
		.limit = device_limit(dev),
		.max_value = dev->config.max_value,
		.ack_interval = dev->rx.ack_interval,
		.flags = dev->rx.flushed > 0 ? OTA_READY_RESUMED : 0,
		.sequence = dev->expected,
	};

	if (device_stream(dev))
		device_stream_ready(dev, &m);
	else
		say(dev, dev->conn, OTA_EVT_READY, &m);
}

void device_send_done(struct ota_device *dev, uint32_t reboot_ms)
{
	struct ota_info info;
	struct ota_done m = {
		.size = dev->rx.received,
		.slot = 0xff,
		.reboot_ms = (uint16_t)min_u32(reboot_ms, OTA_NO_REBOOT),
	};

	if (reboot_ms < OTA_NO_REBOOT) {
		device_info(dev, &info);
		/* The next slot in the order of esp_ota_get_next_update_partition(). */
		m.slot = info.running_slot + 1u < info.slot_count
				 ? (uint8_t)(info.running_slot + 1u)
				 : 0;
		memcpy(m.hash, dev->rx.sha256, sizeof(m.hash));
	}
	/* Without this the time since the last TELEMETRY would never be told. */
	device_send_times(dev);
	say(dev, dev->conn, OTA_EVT_DONE, &m);
}

void device_send_status(struct ota_device *dev, uint16_t conn)
{
	struct ota_status m;

	ota_device_status(dev, &m);
	say(dev, conn, OTA_EVT_STATUS, &m);
}

void device_send_link(struct ota_device *dev, uint16_t conn, uint8_t code)
{
	struct ota_link m;

	memset(&m, 0, sizeof(m));
	dev->config.ops->link_state(dev->config.ctx, conn, &m);
	m.code = code;
	dev->link_waits = dev->link_waits && conn != dev->link_conn;
	say(dev, conn, OTA_EVT_LINK, &m);
}

void device_send_telemetry(struct ota_device *dev)
{
	const uint16_t conn = dev->telemetry_conn;
	struct ota_link link;
	struct ota_telemetry m;

	memset(&link, 0, sizeof(link));
	dev->config.ops->link_state(dev->config.ctx, conn, &link);
	m = (struct ota_telemetry){
		.rssi = dev->config.ops->rssi(dev->config.ctx, conn),
		.interval = link.interval,
		.tx_phy = link.tx_phy,
		.rx_phy = link.rx_phy,
		.rx_octets = link.rx_octets,
		.ring_fill = dev->rx.valid && dev->rx.kind != OTA_KIND_SINK
				     ? device_received(dev) - device_taken(dev)
				     : 0,
		.erase_ms = dev->erase_ms,
		.write_ms = dev->write_ms,
		.dropped = dev->dropped,
		.notify_fails = dev->notify_fails,
	};
	if (dev->config.ops->stack_left)
		m.stack_left = dev->config.ops->stack_left(dev->config.ctx);
	if (say_now(dev, conn, OTA_EVT_TELEMETRY, &m) < 0)
		return; /* the next one carries these figures too */
	dev->erase_ms = 0;
	dev->write_ms = 0;
	device_send_times(dev);
}

void device_send_times(struct ota_device *dev)
{
	const uint16_t *ms = dev->op_ms;
	const struct ota_times m = {
		.clock_ms = (uint16_t)dev->now,
		.erase_ms = ms[OTA_OP_ERASE],
		.write_ms = ms[OTA_OP_WRITE],
		.read_ms = ms[OTA_OP_READ],
		.store_ms = ms[OTA_OP_PERSIST],
	};

	/* The connection that asked may be gone while its session goes on to DONE. */
	if (dev->telemetry_ms > 0 && dev->telemetry_conn != OTA_NO_CONN)
		say_now(dev, dev->telemetry_conn, OTA_EVT_TIMES, &m);
}

static void gap_opened(const struct ota_device *dev, struct ota_receive *rx)
{
	const uint32_t received = device_received(dev);

	rx->gap_apart = received - rx->gap_at;
	rx->gap_at = received;
}

/*
 * Numbering goes on far ahead of the values that are still on their way, so
 * that none of them can be taken for one sent after the gap, whatever its size.
 * A repeated GAP keeps its number: the host may have heard the first one, and
 * what it has sent since must not become worthless.
 */
void device_send_gap(struct ota_device *dev, uint8_t reason)
{
	struct ota_gap m = {.reason = reason, .offset = device_received(dev)};

	dev->gap_wait = dev->gap && reason == OTA_GAP_REPEAT
				? min_u32(dev->gap_wait * 2u, GAP_WAIT_MAX_MS)
				: dev->config.gap_repeat_ms;
	dev->gap = true;
	dev->gap_time = dev->now;
	if (reason != OTA_GAP_REPEAT)
		dev->expected = (uint16_t)(dev->expected + OTA_SEQ_JUMP);
	if (reason == OTA_GAP_MISSING)
		gap_opened(dev, &dev->rx);
	m.sequence = dev->expected;
	say(dev, dev->conn, OTA_EVT_GAP, &m);
}

void device_ack(struct ota_device *dev, bool force)
{
	struct ota_receive *rx = &dev->rx;
	const struct ota_ack m = {
		.received = device_received(dev),
		.flushed = rx->flushed,
		.limit = device_limit(dev),
	};
	const uint32_t moved = m.received - rx->acked_received;
	const uint32_t opened = m.limit - rx->acked_limit;
	const bool all = device_received_all(dev) && moved > 0;
	const uint32_t every =
		ota_ack_step(rx->ack_interval, rx->gap_apart, m.received - rx->gap_at);
	/* The host is out of credit, or will be before the next ACK could come. */
	const bool dry = opened >= OTA_SECTOR_SIZE &&
			 rx->acked_limit - m.received < dev->config.ring_size / 2u;

	if (dev->state != OTA_STATE_RECEIVING || rx->kind == OTA_KIND_BASIC) {
		dev->ack_due = false;
		return;
	}
	if (moved == 0 && opened == 0 && m.flushed == rx->acked_flushed && !dev->ack_due)
		return;
	if (!force && !all && !dry && moved < every && opened < every)
		return;
	dev->ack_due = true;
	if (say_now(dev, dev->conn, OTA_EVT_ACK, &m) == -OTA_EAGAIN)
		return;
	dev->ack_due = false;
	rx->acked_received = m.received;
	rx->acked_flushed = m.flushed;
	rx->acked_limit = m.limit;
}
