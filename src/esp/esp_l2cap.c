/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual ESP32's L2CAP beside ATT, as NimBLE answers without channels of its
 * own: signalling (Core Vol 3 Part A 4).  The Security Manager's is esp_security.c.
 */
#include "esp/esp_priv.h"
#include "base/bytes.h"

#include <string.h>

enum signal_code {
	SIGNAL_REJECT = 0x01,
	SIGNAL_PARAM_REQUEST = 0x12,
	SIGNAL_PARAM_RESPONSE = 0x13,
};

#define REJECT_NOT_UNDERSTOOD 0x0000u
#define PARAMS_ACCEPTED 0x0000u
#define SIGNAL_HEADER 4u

/* An answer that finds no buffer is lost, as in NimBLE; the peer's timer sees to it. */
static int signal_send(struct esp_conn *c, uint8_t code, uint8_t id, const uint8_t *data,
		       size_t len)
{
	uint8_t frame[SIGNAL_HEADER + 8] = {code, id};

	bytes_put16(frame + 2, (uint16_t)len);
	memcpy(frame + SIGNAL_HEADER, data, len);
	return link_send(c->link, LINK_PERIPHERAL, LINK_CID_SIGNALLING, frame, SIGNAL_HEADER + len);
}

int esp_l2cap_ask_params(struct esp_conn *c, const struct link_params *params)
{
	uint8_t data[8];

	bytes_put16(data, params->interval_min);
	bytes_put16(data + 2, params->interval_max);
	bytes_put16(data + 4, params->latency);
	bytes_put16(data + 6, params->supervision_timeout);
	if (++c->signal_id == 0) /* 0 is no identifier, 4 */
		c->signal_id = 1;
	return signal_send(c, SIGNAL_PARAM_REQUEST, c->signal_id, data, sizeof(data));
}

/* Returns true if a command asks for an answer; the others are answers. */
static bool is_request(uint8_t code)
{
	switch (code) {
	case 0x02: /* connection */
	case 0x04: /* configuration */
	case 0x06: /* disconnection */
	case 0x08: /* echo */
	case 0x0a: /* information */
	case SIGNAL_PARAM_REQUEST: /* of a central: not allowed, 4.20 */
	case 0x14: /* LE credit based connection */
	case 0x17: /* credit based connection */
	case 0x19: /* credit based reconfigure */
		return true;
	default:
		return false;
	}
}

static void signal_input(struct esp_conn *c, const uint8_t *buf, size_t len)
{
	const uint8_t reject[2] = {REJECT_NOT_UNDERSTOOD};
	const bool mine = len >= SIGNAL_HEADER && c->signal_id != 0 && buf[1] == c->signal_id;

	/* One command a frame on LE, 4. */
	if (len < SIGNAL_HEADER || bytes_get16(buf + 2) != len - SIGNAL_HEADER)
		return;
	if (is_request(buf[0]))
		(void)signal_send(c, SIGNAL_REJECT, buf[1], reject, sizeof(reject));
	else if (mine && (buf[0] == SIGNAL_REJECT ||
			  (buf[0] == SIGNAL_PARAM_RESPONSE && len >= SIGNAL_HEADER + 2u &&
			   bytes_get16(buf + SIGNAL_HEADER) != PARAMS_ACCEPTED)))
		esp_procedure_done(c, LINK_PARAMS, LINK_CODE_UNACCEPTABLE);
}

void esp_l2cap_input(struct esp_conn *c, uint16_t cid, const uint8_t *buf, size_t len)
{
	if (cid == LINK_CID_SIGNALLING)
		signal_input(c, buf, len);
	else if (cid == LINK_CID_SECURITY)
		esp_security_input(c, buf, len);
}
