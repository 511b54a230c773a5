/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Angerer's esp32_ble_ota (esp/main/gatt_svr.c of michael-angerer/esp32_ble_ota): the length of the
 * values to come, REQUEST and its answer; values, each a write request; DONE and its answer.
 *
 * The device writes as many bytes of each value to its flash as it was told, whatever the value
 * has, so that the last one is filled up.  It tells nothing of a write that failed: only the
 * image's validation shows it, behind DONE.  There is no abort, and what is written to Data before
 * REQUEST goes to the slot where an update stopped half-way; REQUEST begins it anew.
 */
#include "base/bytes.h"
#include "core/session_priv.h"

/* REQUEST and DONE are what START and END are in the protocol of this project. */
enum { REQUEST_TAKEN = 0x02, REQUEST_REFUSED = 0x03, DONE_TAKEN = 0x05, DONE_REFUSED = 0x06 };

static void begin(struct session *s)
{
	uint8_t length[2];
	int rc;

	if (!session_plain_begin(s))
		return;
	s->told_payload = 0;
	session_choose(s);
	s->told_payload = s->chunk;
	bytes_put16(length, s->chunk);
	session_wait_work(s, SESSION_STEP_READY, s->config.basic_ready_timeout_ms);
	rc = s->ops->write(s->ctx, GATT_DATA, GATT_REQUEST, length, sizeof(length));
	s->data_busy = rc == 0;
	if (rc < 0)
		session_failed(s, rc);
}

static void rx(struct session *s, const uint8_t *buf, size_t len)
{
	if (len != 1)
		return;
	if (s->state == SESSION_PREPARING && s->step == SESSION_STEP_READY && !s->data_busy) {
		if (buf[0] == REQUEST_TAKEN)
			session_begin_sending(s, 0, s->config.image_size, 0);
		else if (buf[0] == REQUEST_REFUSED)
			session_device_error(s, OTA_ERR_SIZE, OTA_CMD_START, 0);
	} else if (s->state == SESSION_VERIFYING && s->ended) {
		if (buf[0] == DONE_REFUSED)
			session_device_error(s, OTA_ERR_IMAGE, OTA_CMD_END, 0);
		if (buf[0] != DONE_TAKEN)
			return;
		session_plain_done(s); /* it reboots half a second later */
	}
}

/* The length of the values was taken, or one of them. */
static void data_written(struct session *s)
{
	if (s->state == SESSION_PREPARING)
		session_opcode(s, OTA_CMD_START);
	else if (s->burst.proves > s->stats.received)
		session_moved(s, s->burst.proves);
}

static const struct dialect_ops ops = {
	.begin = begin,
	.rx = rx,
	.header_put = session_no_header,
	.data_written = data_written,
	.watch = session_watch_stall,
	.watch_at = session_stall_deadline,
	.end = session_send_end,
	.abort = session_plain_stop,
	.abort_written = session_nothing,
};

/* gatt_svr.h: an octet of the service's UUID is written 024, which is 14. */
const struct dialect session_angerer = {
	.id = DIALECT_ANGERER,
	.name = "angerer",
	.title = "protocol of Angerer's esp32_ble_ota",
	.lacks = "no acknowledgements, no resume, no abort, no version, no hash",
	.not_offered = "not offered: it speaks angerer",
	.tool = "",
	.services = {"d6f1d96d-594c-4c53-b1c6-144a1dfde6d8"},
	.chrs =
		{
			[GATT_CONTROL] = {"7ad671aa-21c0-46a4-b722-270e3ae3d830",
					  .all = GATT_PROP_READ | GATT_PROP_WRITE |
						 GATT_PROP_NOTIFY},
			[GATT_DATA] = {"23408888-1f40-4cd8-9b89-ca8d45f8a5b0",
				       .all = GATT_PROP_WRITE, .none = GATT_PROP_NOTIFY},
		},
	.write_mode = GATT_REQUEST,
	.one_byte = true,
	.fills = true,
	.ops = &ops,
};
