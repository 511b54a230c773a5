/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One layout table per PDU, read by one encoder and one decoder, so that no
 * byte of the protocol is laid out in two places and no PDU has a bounds check
 * of its own to get wrong.  The tables stand in the order of the bytes on the
 * air; docs/protocol.md sections 3 to 5 show the same tables in prose.
 */
#include "ota/error.h"
#include "ota/proto.h"

#include <string.h>

struct field {
	uint8_t offset; /* in the structure */
	uint8_t size; /* bytes, in the structure and on the air */
	bool raw; /* copied as it is; else an integer of 1, 2 or 4 bytes */
};

struct layout {
	uint8_t opcode; /* first byte; 0 = none (Info is a value, not a PDU) */
	uint8_t length; /* bytes on the air, opcode included */
	uint8_t least; /* bytes that a reader demands; what is cut off keeps its value */
	uint8_t count;
	const struct field *fields;
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define F(type, member)                                                                            \
	{                                                                                          \
		offsetof(struct type, member), sizeof(((struct type *)0)->member), false           \
	}
#define RAW(type, member)                                                                          \
	{                                                                                          \
		offsetof(struct type, member), sizeof(((struct type *)0)->member), true            \
	}
#define LAYOUT_FROM(op, low, len, f)                                                               \
	{                                                                                          \
		.opcode = (op), .length = (len), .least = (low), .count = COUNT(f), .fields = (f)  \
	}
#define LAYOUT(op, len, f) LAYOUT_FROM(op, len, len, f)

static const struct field start_fields[] = {
	F(ota_start, version),	   F(ota_start, flags),	       F(ota_start, image_size),
	F(ota_start, stream_size), F(ota_start, ack_interval), RAW(ota_start, sha256),
};
static const struct layout start_layout = LAYOUT(OTA_CMD_START, 46, start_fields);

static const struct field link_request_fields[] = {
	F(ota_link_request, interval_min), F(ota_link_request, interval_max),
	F(ota_link_request, latency),	   F(ota_link_request, supervision_timeout),
	F(ota_link_request, phys),	   F(ota_link_request, data_length),
};
static const struct layout link_request_layout = LAYOUT(OTA_CMD_LINK, 12, link_request_fields);

struct prepare {
	uint32_t size;
};
static const struct field prepare_fields[] = {F(prepare, size)};
static const struct layout prepare_layout = LAYOUT(OTA_CMD_PREPARE, 5, prepare_fields);

struct telemetry_request {
	uint16_t period_ms;
};
static const struct field telemetry_request_fields[] = {F(telemetry_request, period_ms)};
static const struct layout telemetry_request_layout =
	LAYOUT(OTA_CMD_TELEMETRY, 3, telemetry_request_fields);

static const struct field ready_fields[] = {
	F(ota_ready, offset),	    F(ota_ready, limit), F(ota_ready, max_value),
	F(ota_ready, ack_interval), F(ota_ready, flags), F(ota_ready, sequence),
};
static const struct layout ready_layout = LAYOUT(OTA_EVT_READY, 16, ready_fields);

static const struct field error_fields[] = {
	F(ota_error_event, code),
	F(ota_error_event, opcode),
	F(ota_error_event, detail),
};
static const struct layout error_layout = LAYOUT(OTA_EVT_ERROR, 7, error_fields);

static const struct field done_fields[] = {
	F(ota_done, size),
	F(ota_done, slot),
	F(ota_done, reboot_ms),
	RAW(ota_done, hash),
};
static const struct layout done_layout = LAYOUT(OTA_EVT_DONE, 16, done_fields);

static const struct field progress_fields[] = {
	F(ota_progress, phase),
	F(ota_progress, done),
	F(ota_progress, total),
};
static const struct layout progress_layout = LAYOUT(OTA_EVT_PROGRESS, 10, progress_fields);

static const struct field status_fields[] = {
	F(ota_status, state),  F(ota_status, received),	    F(ota_status, flushed),
	RAW(ota_status, hash), F(ota_status, slot),	    F(ota_status, last_error),
	F(ota_status, flags),  F(ota_status, reset_reason), F(ota_status, resets),
	F(ota_status, panics),
};
static const struct layout status_layout = LAYOUT_FROM(OTA_EVT_STATUS, 17, 20, status_fields);

static const struct field result_fields[] = {F(ota_result, opcode), F(ota_result, code)};
static const struct layout result_layout = LAYOUT(OTA_EVT_RESULT, 3, result_fields);

static const struct field ack_fields[] = {
	F(ota_ack, received),
	F(ota_ack, flushed),
	F(ota_ack, limit),
};
static const struct layout ack_layout = LAYOUT(OTA_EVT_ACK, 13, ack_fields);

static const struct field gap_fields[] = {
	F(ota_gap, sequence),
	F(ota_gap, offset),
	F(ota_gap, reason),
};
static const struct layout gap_layout = LAYOUT(OTA_EVT_GAP, 8, gap_fields);

static const struct field link_fields[] = {
	F(ota_link, code),	F(ota_link, interval),
	F(ota_link, latency),	F(ota_link, supervision_timeout),
	F(ota_link, tx_phy),	F(ota_link, rx_phy),
	F(ota_link, tx_octets), F(ota_link, rx_octets),
	F(ota_link, mtu),
};
static const struct layout link_layout = LAYOUT(OTA_EVT_LINK, 16, link_fields);

static const struct field telemetry_fields[] = {
	F(ota_telemetry, rssi),		F(ota_telemetry, interval),   F(ota_telemetry, tx_phy),
	F(ota_telemetry, rx_phy),	F(ota_telemetry, rx_octets),  F(ota_telemetry, ring_fill),
	F(ota_telemetry, erase_ms),	F(ota_telemetry, write_ms),   F(ota_telemetry, dropped),
	F(ota_telemetry, notify_fails), F(ota_telemetry, stack_left),
};
static const struct layout telemetry_layout =
	LAYOUT_FROM(OTA_EVT_TELEMETRY, 19, 20, telemetry_fields);

static const struct field times_fields[] = {
	F(ota_times, clock_ms), F(ota_times, erase_ms), F(ota_times, write_ms),
	F(ota_times, read_ms),	F(ota_times, store_ms),
};
static const struct layout times_layout = LAYOUT(OTA_EVT_TIMES, 11, times_fields);

static const struct field info_fields[] = {
	F(ota_info, version),	     F(ota_info, min_version),
	F(ota_info, features),	     F(ota_info, chip_id),
	F(ota_info, chip_revision),  F(ota_info, slot_count),
	F(ota_info, running_slot),   F(ota_info, flags),
	F(ota_info, phys),	     F(ota_info, slot_size),
	F(ota_info, ring_size),	     F(ota_info, running_size),
	F(ota_info, secure_version), RAW(ota_info, running_sha256),
	RAW(ota_info, project),	     F(ota_info, block_revision),
	F(ota_info, reset_reason),   F(ota_info, abilities),
	F(ota_info, resets),	     F(ota_info, panics),
	F(ota_info, deflate_window), F(ota_info, reserved),
};
static const struct layout info_layout =
	LAYOUT_FROM(0, OTA_INFO_SIZE_MIN, OTA_INFO_SIZE, info_fields);

/*
 * Numbers go over the air with the least byte first, and stand in a structure as the
 * processor has them.
 */
static void copy(uint8_t *to, const uint8_t *from, const struct field *f)
{
	const union {
		uint16_t number;
		uint8_t first;
	} one = {.number = 1};
	const bool turn = !f->raw && one.first == 0;

	for (uint8_t i = 0; i < f->size; i++)
		to[i] = from[turn ? f->size - 1u - i : i];
}

static int encode(const struct layout *l, const void *from, uint8_t *buf, size_t size)
{
	const uint8_t *const m = from;
	uint8_t *at = buf;

	if (size < l->length)
		return -OTA_ENOSPC;
	if (l->opcode)
		*at++ = l->opcode;
	for (const struct field *f = l->fields; f < l->fields + l->count; at += f++->size)
		copy(at, m + f->offset, f);
	return l->length;
}

static int decode(const struct layout *l, const uint8_t *buf, size_t len, void *to)
{
	uint8_t *const m = to;
	const uint8_t *at = buf;

	if (l->opcode && len > 0 && *at++ != l->opcode)
		return -OTA_EBADMSG;
	if (len < l->least)
		return -OTA_EMSGSIZE;
	for (const struct field *f = l->fields; f < l->fields + l->count; at += f++->size) {
		if (f->size > len - (size_t)(at - buf))
			break;
		copy(m + f->offset, at, f);
	}
	return 0;
}

int ota_event_encode(enum ota_event event, const void *m, uint8_t *buf, size_t size)
{
	static const struct layout *const layouts[] = {
		[OTA_EVT_READY] = &ready_layout,   [OTA_EVT_ERROR] = &error_layout,
		[OTA_EVT_DONE] = &done_layout,	   [OTA_EVT_PROGRESS] = &progress_layout,
		[OTA_EVT_STATUS] = &status_layout, [OTA_EVT_RESULT] = &result_layout,
		[OTA_EVT_ACK] = &ack_layout,	   [OTA_EVT_GAP] = &gap_layout,
		[OTA_EVT_LINK] = &link_layout,	   [OTA_EVT_TELEMETRY] = &telemetry_layout,
		[OTA_EVT_TIMES] = &times_layout,
	};

	return encode(layouts[event], m, buf, size);
}

int ota_start_encode(const struct ota_start *m, uint8_t *buf, size_t size)
{
	return encode(&start_layout, m, buf, size);
}

int ota_start_decode(const uint8_t *buf, size_t len, struct ota_start *ret)
{
	return decode(&start_layout, buf, len, ret);
}

int ota_link_request_encode(const struct ota_link_request *m, uint8_t *buf, size_t size)
{
	return encode(&link_request_layout, m, buf, size);
}

int ota_link_request_decode(const uint8_t *buf, size_t len, struct ota_link_request *ret)
{
	return decode(&link_request_layout, buf, len, ret);
}

int ota_prepare_encode(uint32_t size, uint8_t *buf, size_t len)
{
	const struct prepare m = {size};

	return encode(&prepare_layout, &m, buf, len);
}

int ota_prepare_decode(const uint8_t *buf, size_t len, uint32_t *ret_size)
{
	struct prepare m;
	const int rc = decode(&prepare_layout, buf, len, &m);

	if (rc == 0)
		*ret_size = m.size;
	return rc;
}

int ota_telemetry_request_encode(uint16_t period_ms, uint8_t *buf, size_t size)
{
	const struct telemetry_request m = {period_ms};

	return encode(&telemetry_request_layout, &m, buf, size);
}

int ota_telemetry_request_decode(const uint8_t *buf, size_t len, uint16_t *ret_period_ms)
{
	struct telemetry_request m;
	const int rc = decode(&telemetry_request_layout, buf, len, &m);

	if (rc == 0)
		*ret_period_ms = m.period_ms;
	return rc;
}

int ota_command_encode(enum ota_command cmd, uint8_t *buf, size_t size)
{
	if (size < 1)
		return -OTA_ENOSPC;
	buf[0] = (uint8_t)cmd;
	return 1;
}

int ota_ready_encode(const struct ota_ready *m, uint8_t *buf, size_t size)
{
	return encode(&ready_layout, m, buf, size);
}

int ota_ready_decode(const uint8_t *buf, size_t len, struct ota_ready *ret)
{
	return decode(&ready_layout, buf, len, ret);
}

uint32_t ota_ready_image_offset(const struct ota_ready *m, const uint8_t *buf, size_t len)
{
	const uint8_t *p = buf + OTA_READY_SIZE;

	if (len < OTA_READY_STREAM_SIZE)
		return m->offset;
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int ota_error_encode(const struct ota_error_event *m, uint8_t *buf, size_t size)
{
	return encode(&error_layout, m, buf, size);
}

int ota_error_decode(const uint8_t *buf, size_t len, struct ota_error_event *ret)
{
	return decode(&error_layout, buf, len, ret);
}

int ota_done_encode(const struct ota_done *m, uint8_t *buf, size_t size)
{
	return encode(&done_layout, m, buf, size);
}

int ota_done_decode(const uint8_t *buf, size_t len, struct ota_done *ret)
{
	return decode(&done_layout, buf, len, ret);
}

int ota_progress_encode(const struct ota_progress *m, uint8_t *buf, size_t size)
{
	return encode(&progress_layout, m, buf, size);
}

int ota_progress_decode(const uint8_t *buf, size_t len, struct ota_progress *ret)
{
	return decode(&progress_layout, buf, len, ret);
}

int ota_status_encode(const struct ota_status *m, uint8_t *buf, size_t size)
{
	return encode(&status_layout, m, buf, size);
}

int ota_status_decode(const uint8_t *buf, size_t len, struct ota_status *ret)
{
	struct ota_status m;
	int rc;

	memset(&m, 0, sizeof(m));
	rc = decode(&status_layout, buf, len, &m);
	if (rc == 0)
		*ret = m;
	return rc;
}

int ota_result_encode(const struct ota_result *m, uint8_t *buf, size_t size)
{
	return encode(&result_layout, m, buf, size);
}

int ota_result_decode(const uint8_t *buf, size_t len, struct ota_result *ret)
{
	return decode(&result_layout, buf, len, ret);
}

int ota_ack_encode(const struct ota_ack *m, uint8_t *buf, size_t size)
{
	return encode(&ack_layout, m, buf, size);
}

int ota_ack_decode(const uint8_t *buf, size_t len, struct ota_ack *ret)
{
	return decode(&ack_layout, buf, len, ret);
}

int ota_gap_encode(const struct ota_gap *m, uint8_t *buf, size_t size)
{
	return encode(&gap_layout, m, buf, size);
}

int ota_gap_decode(const uint8_t *buf, size_t len, struct ota_gap *ret)
{
	return decode(&gap_layout, buf, len, ret);
}

int ota_link_encode(const struct ota_link *m, uint8_t *buf, size_t size)
{
	return encode(&link_layout, m, buf, size);
}

int ota_link_decode(const uint8_t *buf, size_t len, struct ota_link *ret)
{
	return decode(&link_layout, buf, len, ret);
}

int ota_telemetry_encode(const struct ota_telemetry *m, uint8_t *buf, size_t size)
{
	return encode(&telemetry_layout, m, buf, size);
}

int ota_telemetry_decode(const uint8_t *buf, size_t len, struct ota_telemetry *ret)
{
	struct ota_telemetry m = {.stack_left = 0};
	const int rc = decode(&telemetry_layout, buf, len, &m);

	if (rc == 0)
		*ret = m;
	return rc;
}

int ota_times_encode(const struct ota_times *m, uint8_t *buf, size_t size)
{
	return encode(&times_layout, m, buf, size);
}

int ota_times_decode(const uint8_t *buf, size_t len, struct ota_times *ret)
{
	return decode(&times_layout, buf, len, ret);
}

int ota_info_encode(const struct ota_info *m, uint8_t *buf, size_t size)
{
	return encode(&info_layout, m, buf, size);
}

int ota_info_decode(const uint8_t *buf, size_t len, struct ota_info *ret)
{
	struct ota_info m;
	int rc;

	memset(&m, 0, sizeof(m));
	m.block_revision = OTA_REVISION_UNKNOWN;
	rc = decode(&info_layout, buf, len, &m);
	if (rc == 0)
		*ret = m;
	return rc;
}
