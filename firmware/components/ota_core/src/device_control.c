/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands: what a host writes to Control, checked and turned into the state
 * that device_work() then works on.  Every opcode gets an answer, in every
 * state; docs/protocol.md section 6 has the table.
 */
#include "device_priv.h"
#include "device_stream.h"

static bool session_active(const struct ota_device *dev)
{
	return dev->state == OTA_STATE_PREPARING || dev->state == OTA_STATE_RECEIVING ||
	       dev->state == OTA_STATE_VERIFYING || dev->state == OTA_STATE_ABORTING;
}

uint16_t ota_device_owner(const struct ota_device *dev)
{
	return session_active(dev) ? dev->conn : OTA_NO_CONN;
}

bool device_owned_by_other(const struct ota_device *dev, uint16_t conn)
{
	const uint16_t owner = ota_device_owner(dev);

	return owner != conn && owner != OTA_NO_CONN;
}

uint32_t device_state_detail(const struct ota_device *dev)
{
	struct ota_info info;

	device_info(dev, &info);
	return (uint32_t)dev->state |
	       (info.flags & OTA_INFO_PENDING_VERIFY ? OTA_DETAIL_PENDING : 0);
}

/* Compares a START with the device's limits; OTA_OK or the refusal. */
static uint8_t start_check(const struct ota_device *dev, const struct ota_start *m,
			   uint32_t *ret_detail)
{
	struct ota_info info;

	device_info(dev, &info);
	*ret_detail = OTA_PROTOCOL_VERSION;
	if (m->version != OTA_PROTOCOL_VERSION)
		return OTA_ERR_UNSUPPORTED;
	*ret_detail = device_start_flags(dev, m);
	if (m->flags & ~*ret_detail)
		return OTA_ERR_UNSUPPORTED;
	*ret_detail = info.slot_size;
	if (m->image_size == 0 || (device_start_decodes(m) ? m->stream_size < OTA_STREAM_HEAD
							   : m->stream_size != m->image_size))
		return OTA_ERR_SIZE;
	if (m->flags & OTA_START_SINK)
		return OTA_OK;
	if (m->image_size > info.slot_size)
		return OTA_ERR_SIZE;
	/* ESP-IDF's esp_ota_begin() refuses too: the other slot is the way back.  A
	 * CONFIRM under way is waited for. */
	*ret_detail = (uint32_t)dev->state | OTA_DETAIL_PENDING;
	if ((info.flags & OTA_INFO_PENDING_VERIFY) && dev->command != OTA_CMD_CONFIRM)
		return OTA_ERR_STATE;
	return OTA_OK;
}

static uint8_t start_decode(struct ota_device *dev, const uint8_t *buf, size_t len, bool basic,
			    struct ota_start *ret)
{
	struct ota_info info;
	uint32_t size = 0;

	if (buf[0] == OTA_CMD_PREPARE) {
		if (ota_prepare_decode(buf, len, &size) < 0)
			return OTA_ERR_LENGTH;
	} else if (!basic)
		return ota_start_decode(buf, len, ret) < 0 ? OTA_ERR_LENGTH : OTA_OK;
	/* A basic host tells no size: there is room for a slot, and END tells. */
	device_info(dev, &info);
	memset(ret, 0, sizeof(*ret));
	ret->version = OTA_PROTOCOL_VERSION;
	ret->image_size = ret->stream_size = size ? size : info.slot_size;
	return OTA_OK;
}

static void refuse_start(struct ota_device *dev, uint16_t conn, uint8_t opcode, uint8_t code,
			 uint32_t detail, bool basic)
{
	static const uint8_t error = OTA_EVT_ERROR;

	if (!device_owned_by_other(dev, conn) && code != OTA_ERR_PERMISSION)
		dev->last_error = code;
	if (basic)
		device_notify(dev, conn, &error, 1);
	else
		device_send_error(dev, conn, code, opcode, detail);
}

/* PREPARE takes nothing from anybody: what is to be resumed needs an ABORT first. */
static bool start_possible(const struct ota_device *dev, uint8_t opcode)
{
	if (opcode == OTA_CMD_PREPARE && dev->state != OTA_STATE_IDLE)
		return false;
	return dev->state != OTA_STATE_VERIFYING && dev->state != OTA_STATE_REBOOTING &&
	       dev->state != OTA_STATE_ABORTING &&
	       (dev->command == 0 || dev->command == OTA_CMD_CONFIRM);
}

/* START and PREPARE */
static void on_start(struct ota_device *dev, uint16_t conn, const uint8_t *buf, size_t len)
{
	struct ota_start start;
	bool prepared;
	uint32_t detail = 0;
	const bool blank = buf[0] == OTA_CMD_PREPARE;
	const bool basic = !blank && (len == 1 || dev->config.basic_only);
	uint8_t code = start_decode(dev, buf, len, basic, &start);

	/* A stranger's START does not change how its owner's session is told of. */
	if (!blank && !device_owned_by_other(dev, conn))
		dev->basic_conn = basic			    ? conn
				  : dev->basic_conn == conn ? OTA_NO_CONN
							    : dev->basic_conn;
	if (code != OTA_OK) {
		detail = (uint32_t)len;
	} else if (device_owned_by_other(dev, conn)) {
		code = OTA_ERR_BUSY;
	} else if (!start_possible(dev, buf[0])) {
		code = OTA_ERR_STATE;
		detail = device_state_detail(dev);
	} else {
		code = start_check(dev, &start, &detail);
	}
	if (code != OTA_OK) {
		refuse_start(dev, conn, buf[0], code, detail, basic);
		return;
	}
	/* PREPARE's erases, of which one is under way. */
	prepared = dev->state == OTA_STATE_PREPARING && dev->prepare == OTA_PREPARE_ERASE &&
		   dev->start_kind == OTA_KIND_BLANK && dev->op == OTA_OP_ERASE && !dev->command;
	dev->start = start;
	dev->start_kind = blank				    ? OTA_KIND_BLANK
			  : basic			    ? OTA_KIND_BASIC
			  : start.flags & OTA_START_SINK    ? OTA_KIND_SINK
			  : start.flags & OTA_START_PATTERN ? OTA_KIND_PATTERN
							    : OTA_KIND_IMAGE;
	dev->conn = conn;
	dev->last_error = OTA_OK;
	dev->prepare = OTA_PREPARE_ADOPT;
	dev->gap = false;
	dev->state = OTA_STATE_PREPARING;
	if (prepared && dev->start_kind == OTA_KIND_IMAGE)
		device_take_over(dev);
}

/* Checks a command that only the owner of a session may give, while it receives. */
static uint8_t session_check(const struct ota_device *dev, uint16_t conn)
{
	if (device_owned_by_other(dev, conn))
		return OTA_ERR_BUSY;
	return dev->state == OTA_STATE_RECEIVING ? OTA_OK : OTA_ERR_STATE;
}

static uint8_t on_end(struct ota_device *dev, uint16_t conn)
{
	struct ota_receive *rx = &dev->rx;
	const uint8_t code = session_check(dev, conn);

	if (code != OTA_OK)
		return code;
	if (rx->kind == OTA_KIND_BASIC && rx->received > 0) {
		rx->image_size = rx->received;
		if (!device_head_ok(dev))
			return OTA_OK; /* told */
	}
	if (!device_received_all(dev))
		return OTA_ERR_INCOMPLETE;
	if (rx->kind == OTA_KIND_SINK) {
		device_measured(dev);
		return OTA_OK;
	}
	dev->verify = OTA_VERIFY_DRAIN;
	dev->state = OTA_STATE_VERIFYING;
	if (rx->flushed < rx->image_size)
		device_send_progress(dev, OTA_PHASE_DRAIN, rx->flushed, rx->image_size);
	return OTA_OK;
}

/* From SET_BOOT or ROLLBACK on another image boots next, whatever is answered. */
static bool past_return(const struct ota_device *dev)
{
	return dev->state == OTA_STATE_REBOOTING || dev->op == OTA_OP_ROLLBACK ||
	       (dev->state == OTA_STATE_VERIFYING && dev->verify >= OTA_VERIFY_SET_BOOT);
}

static void on_abort(struct ota_device *dev, uint16_t conn)
{
	if (device_owned_by_other(dev, conn)) {
		device_send_result(dev, conn, OTA_CMD_ABORT, OTA_ERR_BUSY);
	} else if (past_return(dev)) {
		device_send_result(dev, conn, OTA_CMD_ABORT, OTA_ERR_STATE);
	} else {
		dev->abort_conn = conn;
		dev->data_refused = true; /* values on their way need no answer */
		dev->state = OTA_STATE_ABORTING;
	}
}

void device_abort_finish(struct ota_device *dev)
{
	device_refuse(dev);
	dev->state = OTA_STATE_IDLE;
	device_send_result(dev, dev->abort_conn, OTA_CMD_ABORT, OTA_OK);
}

/* CONFIRM and ROLLBACK write flash and REBOOT must not cut a write short, so they
 * wait their turn in device_work(). */
static void on_slot_command(struct ota_device *dev, uint16_t conn, uint8_t opcode)
{
	/* A measurement must not keep the trial from its end. */
	const bool beside = opcode == OTA_CMD_CONFIRM && dev->state == OTA_STATE_RECEIVING &&
			    dev->rx.kind == OTA_KIND_SINK;
	/* The answer is another's. */
	const bool asked = dev->command == opcode && dev->command_conn != OTA_NO_CONN &&
			   dev->command_conn != conn;
	struct ota_info info;
	uint8_t code = OTA_OK;

	device_info(dev, &info);
	if (asked || (!beside && device_owned_by_other(dev, conn)))
		code = OTA_ERR_BUSY;
	else if (dev->state == OTA_STATE_REBOOTING)
		code = opcode == OTA_CMD_REBOOT ? OTA_OK : OTA_ERR_STATE;
	else if ((!beside && session_active(dev)) || (dev->command && dev->command != opcode))
		code = OTA_ERR_STATE;
	else if (opcode == OTA_CMD_ROLLBACK && !(info.flags & OTA_INFO_CAN_ROLLBACK))
		code = OTA_ERR_NO_ROLLBACK;
	else if (opcode != OTA_CMD_CONFIRM || (info.flags & OTA_INFO_PENDING_VERIFY)) {
		dev->command = opcode; /* asked twice: done once, told once */
		dev->command_conn = conn;
		return;
	}
	device_send_result(dev, conn, opcode, code); /* CONFIRM of a valid image: nothing to do */
}

static bool within(uint16_t value, uint16_t low, uint16_t high)
{
	return value >= low && value <= high;
}

/* Core Vol 4 Part E 7.8.18 and 7.8.33; 0 leaves a parameter as it is. */
static bool link_request_valid(const struct ota_link_request *r)
{
	if (r->interval_min || r->interval_max) {
		if (!within(r->interval_min, 6, 3200) ||
		    !within(r->interval_max, r->interval_min, 3200))
			return false;
		/* units: timeout 10 ms, interval 1.25 ms; timeout > 2 x (1 + latency) x interval */
		if (r->supervision_timeout && (uint32_t)r->supervision_timeout * 4u <=
						      (1u + (uint32_t)r->latency) * r->interval_max)
			return false;
	}
	if (r->supervision_timeout && !within(r->supervision_timeout, 10, 3200))
		return false;
	return r->latency <= 499 && r->phys <= 7 &&
	       (r->data_length == 0 || within(r->data_length, 27, 251));
}

/* Asks for nothing: only wants to know. */
static bool link_request_empty(const struct ota_link_request *r)
{
	return r->interval_min == 0 && r->interval_max == 0 && r->latency == 0 &&
	       r->supervision_timeout == 0 && r->phys == 0 && r->data_length == 0;
}

static uint8_t on_link(struct ota_device *dev, uint16_t conn, const uint8_t *buf, size_t len)
{
	struct ota_link_request req;

	if (ota_link_request_decode(buf, len, &req) < 0)
		return OTA_ERR_LENGTH;
	/* Another's answer, and the air that a session has, are not a stranger's to take. */
	if (device_owned_by_other(dev, conn) || (dev->link_waits && dev->link_conn != conn)) {
		device_send_link(dev, conn, link_request_empty(&req) ? OTA_OK : OTA_ERR_LINK);
		return OTA_OK;
	}
	dev->link_conn = conn;
	dev->link_waits = true;
	dev->link_time = dev->now;
	if (link_request_empty(&req))
		device_send_link(dev, conn, OTA_OK);
	else if (!link_request_valid(&req) ||
		 dev->config.ops->link_request(dev->config.ctx, conn, &req) < 0)
		device_send_link(dev, conn, OTA_ERR_LINK);
	return OTA_OK;
}

static uint8_t on_telemetry(struct ota_device *dev, uint16_t conn, const uint8_t *buf, size_t len)
{
	uint16_t period;

	if (ota_telemetry_request_decode(buf, len, &period) < 0)
		return OTA_ERR_LENGTH;
	/* Only the connection that asked for it stops it, and a session's owner keeps it. */
	if (dev->telemetry_ms > 0 && dev->telemetry_conn != conn &&
	    (period == 0 || device_owned_by_other(dev, conn))) {
		device_send_result(dev, conn, OTA_CMD_TELEMETRY, period ? OTA_ERR_BUSY : OTA_OK);
		return OTA_OK;
	}
	/* Faster than ten a second would cost the transfer what it measures. */
	if (period > 0 && period < 100)
		period = 100;
	dev->telemetry_conn = conn;
	dev->telemetry_ms = period;
	dev->telemetry_time = dev->now;
	memset(dev->op_ms, 0, sizeof(dev->op_ms));
	device_send_result(dev, conn, OTA_CMD_TELEMETRY, OTA_OK);
	return OTA_OK;
}

static uint8_t on_resync(struct ota_device *dev, uint16_t conn)
{
	uint8_t code = session_check(dev, conn);

	if (code == OTA_OK && dev->rx.kind == OTA_KIND_BASIC)
		code = OTA_ERR_STATE;
	if (code != OTA_OK)
		return code;
	device_send_gap(dev, OTA_GAP_ASKED);
	/* An ACK that was lost may have opened the limit that the host waits for. */
	dev->ack_due = true;
	device_ack(dev, true);
	return OTA_OK;
}

#if OTA_CORE_SKIP
static uint8_t on_blocks(struct ota_device *dev, uint16_t conn, const uint8_t *buf, size_t len)
{
	const uint8_t code = session_check(dev, conn);

	return code == OTA_OK ? device_skip_asked(dev, buf, len) : code;
}
#endif

/* START, ABORT, CONFIRM, ROLLBACK, REBOOT, PREPARE: what decides about the firmware. */
#define GUARDED 0x11c6u /* bits by opcode */

/* Returns true if the product does not want this command from conn, which was told. */
static bool forbidden(struct ota_device *dev, uint16_t conn, uint8_t opcode, size_t len)
{
	if (opcode > OTA_CMD_PREPARE || !(GUARDED >> opcode & 1u) || conn == OTA_NO_CONN ||
	    conn == ota_device_owner(dev) || dev->config.ops->permit(dev->config.ctx, conn, opcode))
		return false;
	if (opcode == OTA_CMD_START || opcode == OTA_CMD_PREPARE)
		refuse_start(dev, conn, opcode, OTA_ERR_PERMISSION, 0,
			     len == 1 || dev->config.basic_only);
	else
		device_send_result(dev, conn, opcode, OTA_ERR_PERMISSION);
	return true;
}

/* The code that ERROR is to tell; OTA_OK: it was obeyed, or answered in its own way. */
static uint8_t dispatch(struct ota_device *dev, uint16_t conn, const uint8_t *buf, size_t len)
{
	if (len == 0)
		return OTA_ERR_LENGTH;
	if (dev->config.basic_only && buf[0] != OTA_CMD_START && buf[0] != OTA_CMD_ABORT &&
	    buf[0] != OTA_CMD_END)
		return OTA_ERR_OPCODE;
	if (forbidden(dev, conn, buf[0], len))
		return OTA_OK;
	switch (buf[0]) {
	case OTA_CMD_START:
	case OTA_CMD_PREPARE:
		on_start(dev, conn, buf, len);
		return OTA_OK;
	case OTA_CMD_ABORT:
		on_abort(dev, conn);
		return OTA_OK;
	case OTA_CMD_END:
		return on_end(dev, conn);
	case OTA_CMD_STATUS:
		dev->rx.paused |= conn == dev->conn;
		device_send_status(dev, conn);
		return OTA_OK;
	case OTA_CMD_CONFIRM:
	case OTA_CMD_ROLLBACK:
	case OTA_CMD_REBOOT:
		on_slot_command(dev, conn, buf[0]);
		return OTA_OK;
	case OTA_CMD_LINK:
		return on_link(dev, conn, buf, len);
	case OTA_CMD_TELEMETRY:
		return on_telemetry(dev, conn, buf, len);
	case OTA_CMD_RESYNC:
		return on_resync(dev, conn);
#if OTA_CORE_SKIP
	case OTA_CMD_BLOCKS:
		return on_blocks(dev, conn, buf, len);
#endif
	default:
		return OTA_ERR_OPCODE;
	}
}

static uint32_t error_detail(const struct ota_device *dev, uint8_t code, size_t len)
{
	switch (code) {
	case OTA_ERR_LENGTH:
		return (uint32_t)len;
	case OTA_ERR_STATE:
		return device_state_detail(dev);
	case OTA_ERR_INCOMPLETE:
		return device_received(dev);
	default:
		return 0;
	}
}

void ota_device_control(struct ota_device *dev, uint16_t conn, const uint8_t *buf, size_t len,
			uint32_t now_ms)
{
	uint8_t code;

	device_pass(dev, now_ms);
	if (conn == dev->conn && len > 0)
		dev->last_data = now_ms;
	code = dispatch(dev, conn, buf, len);
	if (code != OTA_OK)
		device_send_error(dev, conn, code, len > 0 ? buf[0] : 0,
				  error_detail(dev, code, len));
	device_work(dev);
}
