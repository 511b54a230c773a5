/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Link layer procedures of the modelled link (Core Vol 6 Part B 2.4.2, 5.1).
 *
 * Their PDUs travel with the data and share its luck.  A procedure with an
 * instant fails as in life: a peripheral that has not heard of the change when
 * it takes place stays behind, and both sides time out.
 */
#include "air/link_priv.h"
#include "base/bytes.h"

#include <string.h>

enum {
	LL_CONNECTION_UPDATE_IND = 0x00,
	LL_TERMINATE_IND = 0x02,
	LL_ENC_REQ = 0x03,
	LL_ENC_RSP = 0x04,
	LL_START_ENC_REQ = 0x05,
	LL_START_ENC_RSP = 0x06,
	LL_PAUSE_ENC_REQ = 0x0a,
	LL_PAUSE_ENC_RSP = 0x0b,
	LL_CONNECTION_PARAM_REQ = 0x0f,
	LL_REJECT_EXT_IND = 0x11,
	LL_LENGTH_REQ = 0x14,
	LL_LENGTH_RSP = 0x15,
	LL_PHY_REQ = 0x16,
	LL_PHY_RSP = 0x17,
	LL_PHY_UPDATE_IND = 0x18,
};

#define INSTANT_EVENTS 6u /* 5.1.1: that the peripheral has at least to hear of it */
#define INTERVAL_UNIT_US 1250u

static void ctrl_send(struct link_side *side, const uint8_t *bytes, size_t len)
{
	/* A side under termination sends nothing else. */
	if (!side->gone && !side->terminating)
		(void)link_ctrl_push(&side->ctrl_out, bytes, len);
}

static void running_end(struct link *link, uint8_t code)
{
	enum link_procedure kind = link->running.kind;

	link->running = (struct link_running){0};
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		link->sides[i].paused = false;
		if (!link->sides[i].gone && !(link->deaf && i == LINK_PERIPHERAL))
			link_news_tell(&link->sides[i], LINK_NEWS_CHANGED, (uint8_t)kind, code);
	}
}

static void instant_set(struct link *link)
{
	link->running.instant = true;
	link->running.known = false;
	link->running.event = link->event_counter + INSTANT_EVENTS + link->state.latency;
}

static void send_connection_update(struct link *link)
{
	const struct link_params *p = &link->running.params;
	uint8_t pdu[12] = {LL_CONNECTION_UPDATE_IND, 1}; /* transmit window of 1.25 ms */

	instant_set(link);
	bytes_put16(pdu + 4, p->interval_max);
	bytes_put16(pdu + 6, p->latency);
	bytes_put16(pdu + 8, p->supervision_timeout);
	bytes_put16(pdu + 10, link->running.event);
	ctrl_send(&link->sides[LINK_CENTRAL], pdu, sizeof(pdu));
}

static void send_connection_param_req(struct link_side *side)
{
	const struct link_params *p = &side->link->running.params;
	uint8_t pdu[24] = {LL_CONNECTION_PARAM_REQ};

	bytes_put16(pdu + 1, p->interval_min);
	bytes_put16(pdu + 3, p->interval_max);
	bytes_put16(pdu + 5, p->latency);
	bytes_put16(pdu + 7, p->supervision_timeout);
	memset(pdu + 12, 0xff, 12); /* no preferred offsets */
	ctrl_send(side, pdu, sizeof(pdu));
}

static void send_length(struct link_side *side, uint8_t opcode)
{
	uint8_t pdu[9] = {opcode};
	uint32_t us = airtime_pdu_us(OTA_PHY_1M, side->octets, true);

	bytes_put16(pdu + 1, side->octets);
	bytes_put16(pdu + 3, us);
	bytes_put16(pdu + 5, side->octets);
	bytes_put16(pdu + 7, us);
	ctrl_send(side, pdu, sizeof(pdu));
}

static void send_phy(struct link_side *side, uint8_t opcode)
{
	uint8_t pdu[3] = {opcode, side->phys, side->phys};

	ctrl_send(side, pdu, sizeof(pdu));
}

/* The central decides from what both sides would use. */
static void send_phy_update(struct link *link, uint8_t phys)
{
	uint8_t common = phys & link->sides[LINK_CENTRAL].phys;
	enum ota_phy phy = link->state.phy;
	uint8_t pdu[5] = {LL_PHY_UPDATE_IND};

	if (common & OTA_PHYS_2M)
		phy = OTA_PHY_2M;
	else if (common & OTA_PHYS_1M)
		phy = OTA_PHY_1M;
	if (phy != link->state.phy) {
		instant_set(link);
		link->running.phy = phy;
		pdu[1] = pdu[2] = phy == OTA_PHY_2M ? OTA_PHYS_2M : OTA_PHYS_1M;
		bytes_put16(pdu + 3, link->running.event);
	}
	ctrl_send(&link->sides[LINK_CENTRAL], pdu, sizeof(pdu));
}

/* --- encryption, 5.1.3.1 and 5.1.3.2 */

static void send_opcode(struct link_side *side, uint8_t opcode)
{
	ctrl_send(side, &opcode, 1);
}

static void send_enc_req(struct link *link)
{
	const struct link_key *key = &link->running.key;
	uint8_t pdu[23] = {LL_ENC_REQ};

	memcpy(pdu + 1, key->rand, sizeof(key->rand));
	bytes_put16(pdu + 9, key->ediv);
	ctrl_send(&link->sides[LINK_CENTRAL], pdu, sizeof(pdu));
}

static void encryption_begin(struct link_side *central)
{
	struct link *link = central->link;

	link->running.key = central->want_key;
	central->paused = true;
	if (link->state.encrypted)
		send_opcode(central, LL_PAUSE_ENC_REQ);
	else
		send_enc_req(link);
}

static void answer_enc_req(struct link_side *peripheral)
{
	const uint8_t pdu[13] = {LL_ENC_RSP};

	peripheral->paused = true;
	peripheral->link->running.asked = true;
	ctrl_send(peripheral, pdu, sizeof(pdu));
	link_news_tell(peripheral, LINK_NEWS_KEY_WANTED, 0, 0);
}

static void reject_enc_req(struct link *link)
{
	const uint8_t pdu[3] = {LL_REJECT_EXT_IND, LL_ENC_REQ, LINK_CODE_KEY_MISSING};

	ctrl_send(&link->sides[LINK_PERIPHERAL], pdu, sizeof(pdu));
}

void link_ll_ask_key(struct link_side *side)
{
	const struct link_running *running = &side->link->running;
	const struct link_ops *ops = side->config.ops;

	if (!running->asked || running->kind != LINK_ENCRYPTION)
		return;
	if (ops->key_wanted)
		ops->key_wanted(side->config.ctx, running->key.rand, running->key.ediv);
	else
		(void)link_answer_key(side->link, NULL);
}

int link_answer_key(struct link *link, const uint8_t ltk[LINK_KEY_SIZE])
{
	struct link_running *running = &link->running;

	if (!running->asked || running->kind != LINK_ENCRYPTION)
		return -OTA_EINVAL;
	running->asked = false;
	if (ltk) {
		memcpy(running->ltk, ltk, LINK_KEY_SIZE);
		send_opcode(&link->sides[LINK_PERIPHERAL], LL_START_ENC_REQ);
	} else {
		reject_enc_req(link);
	}
	link_air_wake(link);
	return 0;
}

/* The next PDU would be encrypted with another key, which the other side could not read. */
static void answer_start_enc_req(struct link *link)
{
	if (memcmp(link->running.ltk, link->running.key.ltk, LINK_KEY_SIZE) == 0) {
		link->state.encrypted = true;
		send_opcode(&link->sides[LINK_CENTRAL], LL_START_ENC_RSP);
		return;
	}
	link->running = (struct link_running){0};
	link_side_leave(&link->sides[LINK_PERIPHERAL], LINK_REASON_MIC);
	link_side_leave(&link->sides[LINK_CENTRAL], LINK_REASON_MIC);
}

static void answer_encryption(struct link_side *side, uint8_t opcode)
{
	struct link *link = side->link;

	switch (opcode) {
	case LL_ENC_REQ:
		answer_enc_req(side);
		break;
	case LL_START_ENC_REQ:
		answer_start_enc_req(link);
		break;
	case LL_START_ENC_RSP:
		if (side->role == LINK_PERIPHERAL)
			send_opcode(side, LL_START_ENC_RSP);
		else
			running_end(link, 0);
		break;
	case LL_PAUSE_ENC_REQ:
		side->paused = true;
		send_opcode(side, LL_PAUSE_ENC_RSP);
		break;
	case LL_PAUSE_ENC_RSP:
		if (side->role == LINK_PERIPHERAL)
			break;
		link->state.encrypted = false;
		send_opcode(side, LL_PAUSE_ENC_RSP);
		send_enc_req(link);
		break;
	default: /* LL_ENC_RSP: what follows it is the peripheral's */
		break;
	}
}

static void link_ll_begin(struct link_side *side, enum link_procedure kind)
{
	struct link *link = side->link;

	side->wanted &= ~(1u << kind);
	link->running = (struct link_running){
		.active = true,
		.kind = kind,
		.initiator = side->role,
		.params = side->want_params,
	};
	switch (kind) {
	case LINK_PARAMS:
		if (side->role == LINK_CENTRAL)
			send_connection_update(link);
		else
			send_connection_param_req(side);
		break;
	case LINK_PHY:
		side->phys = side->want_phys;
		send_phy(side, LL_PHY_REQ);
		break;
	case LINK_DATA_LENGTH:
		side->octets = side->want_octets;
		send_length(side, LL_LENGTH_REQ);
		break;
	case LINK_ENCRYPTION:
		encryption_begin(side);
		break;
	case LINK_PROCEDURES:
		break;
	}
}

static void reject_param_req(struct link *link, uint8_t code)
{
	const uint8_t pdu[3] = {LL_REJECT_EXT_IND, LL_CONNECTION_PARAM_REQ, code};

	ctrl_send(&link->sides[LINK_CENTRAL], pdu, sizeof(pdu));
}

static void answer_param_req(struct link *link)
{
	struct link_side *central = &link->sides[LINK_CENTRAL];
	const struct link_ops *ops = central->config.ops;
	const struct link_params wish = link->running.params;

	if (ops && ops->params_wanted) {
		link->running.asked = true;
		ops->params_wanted(central->config.ctx, &wish);
	} else if (!ops || !ops->accept_params || ops->accept_params(central->config.ctx, &wish)) {
		send_connection_update(link);
	} else {
		reject_param_req(link, LINK_CODE_UNACCEPTABLE);
	}
}

int link_answer_params(struct link *link, const struct link_params *params, uint8_t code)
{
	if (!link->running.asked || link->running.kind != LINK_PARAMS ||
	    (params && !link_params_valid(params)))
		return -OTA_EINVAL;
	link->running.asked = false;
	if (params) {
		link->running.params = *params;
		send_connection_update(link);
	} else {
		reject_param_req(link, code);
	}
	return 0;
}

static void length_agreed(struct link *link)
{
	uint16_t central = link->sides[LINK_CENTRAL].octets;
	uint16_t peripheral = link->sides[LINK_PERIPHERAL].octets;

	link->state.data_length = central < peripheral ? central : peripheral;
	running_end(link, 0);
}

/* Each side answers for itself; what an answer says is in the sides' own wishes. */
static void answer_ctrl(struct link_side *side, const struct link_ctrl *ctrl)
{
	struct link *link = side->link;

	switch (ctrl->bytes[0]) {
	case LL_CONNECTION_PARAM_REQ:
		answer_param_req(link);
		break;
	case LL_REJECT_EXT_IND:
		running_end(link, ctrl->bytes[2]);
		break;
	case LL_LENGTH_REQ:
		send_length(side, LL_LENGTH_RSP);
		break;
	case LL_LENGTH_RSP:
		length_agreed(link);
		break;
	case LL_PHY_REQ:
		if (side->role == LINK_PERIPHERAL)
			send_phy(side, LL_PHY_RSP);
		else
			send_phy_update(link, ctrl->bytes[1]);
		break;
	case LL_PHY_RSP:
		send_phy_update(link, ctrl->bytes[1]);
		break;
	case LL_PHY_UPDATE_IND:
		/* One that changes something ends at its instant. */
		if (ctrl->bytes[1] == 0)
			running_end(link, 0);
		break;
	default:
		answer_encryption(side, ctrl->bytes[0]);
		break;
	}
}

void link_ll_received(struct link_side *side, const struct link_ctrl *ctrl)
{
	struct link_running *running = &side->link->running;

	switch (ctrl->bytes[0]) {
	case LL_TERMINATE_IND:
		side->leaving = true;
		side->reason = ctrl->bytes[1];
		break;
	case LL_CONNECTION_UPDATE_IND:
	case LL_PHY_UPDATE_IND:
		if (running->instant &&
		    bytes_get16(ctrl->bytes + ctrl->len - 2) == (uint16_t)running->event)
			running->known = true;
		(void)link_ctrl_push(&side->ctrl_in, ctrl->bytes, ctrl->len);
		break;
	default:
		(void)link_ctrl_push(&side->ctrl_in, ctrl->bytes, ctrl->len);
		break;
	}
}

void link_ll_acked(struct link_side *side, const struct link_ctrl *ctrl)
{
	if (ctrl->bytes[0] == LL_TERMINATE_IND)
		link_side_leave(side, LINK_REASON_LOCAL_HOST);
}

void link_ll_terminate(struct link_side *side, uint8_t reason)
{
	uint8_t pdu[2] = {LL_TERMINATE_IND, reason};
	unsigned int keep = side->out.kind == LINK_PDU_CTRL ? 1u : 0u;

	if (side->ctrl_out.count > keep)
		side->ctrl_out.count = keep;
	ctrl_send(side, pdu, sizeof(pdu));
	side->terminating = true;
	side->wanted = 0;
}

void link_ll_run(struct link *link)
{
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		struct link_side *side = &link->sides[i];
		struct link_ctrl ctrl;

		while (side->ctrl_in.count > 0) {
			ctrl = side->ctrl_in.ctrl[side->ctrl_in.first];
			link_ctrl_pop(&side->ctrl_in);
			answer_ctrl(side, &ctrl);
		}
	}
	for (unsigned int i = 0; i < LINK_ROLES; i++) {
		struct link_side *side = &link->sides[i];

		for (unsigned int kind = 0; kind < LINK_PROCEDURES && !link->running.active; kind++)
			if (side->wanted & 1u << kind && !side->gone)
				link_ll_begin(side, (enum link_procedure)kind);
	}
}

void link_ll_instant(struct link *link)
{
	struct link_running *running = &link->running;

	if (!running->instant || link->event_counter != running->event)
		return;
	if (!running->known) {
		link->deaf = true;
		link_watch(&link->sides[LINK_PERIPHERAL]);
	}
	if (running->kind == LINK_PHY) {
		link->state.phy = running->phy;
	} else {
		link->state.interval = running->params.interval_max;
		link->state.latency = running->params.latency;
		link->state.supervision_timeout = running->params.supervision_timeout;
		link->interval_us = running->params.interval_max * INTERVAL_UNIT_US;
	}
	running_end(link, 0);
}
