/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's PDUs come in and go out here; reading and notifying are done at
 * once, discovery is in att_find.c and writing in att_write.c.
 */
#include "air/att_priv.h"

#include <string.h>

#define ATT_LAST_KNOWN 0x23u /* multiple handle value notification */

int att_server_init(struct att_server *server, const struct att_server_config *config)
{
	if (!config->ops || !config->ops->send || config->mtu < ATT_MTU_MIN ||
	    config->mtu > ATT_MTU_MAX)
		return -OTA_EINVAL;
	*server = (struct att_server){.config = *config};
	att_db_init(&server->db, config->table);
	att_server_reset(server);
	return 0;
}

void att_server_reset(struct att_server *server)
{
	server->mtu = ATT_MTU_MIN;
	memset(server->ccc, 0, sizeof(server->ccc));
	server->later = false;
	server->unsent_len = 0;
	server->indicated = false;
	server->prepared_handle = 0;
	server->prepared_parts = 0;
	server->prepared_len = 0;
}

/* A client has one request outstanding, so one response is all that can be unsent;
 * one that asks on regardless loses the older answer. */
void att_reply(struct att_server *server, const uint8_t *pdu, size_t len)
{
	server->unsent_len = 0;
	if (server->config.ops->send(server->config.ctx, pdu, len) != -OTA_EAGAIN)
		return;
	memcpy(server->unsent, pdu, len);
	server->unsent_len = len;
}

void att_server_writable(struct att_server *server)
{
	if (server->unsent_len > 0 && server->config.ops->send(server->config.ctx, server->unsent,
							       server->unsent_len) != -OTA_EAGAIN)
		server->unsent_len = 0;
}

void att_reply_error(struct att_server *server, uint8_t opcode, uint16_t handle, int error)
{
	uint8_t pdu[5] = {ATT_ERROR_RSP, opcode};

	bytes_put16(pdu + 2, handle);
	pdu[4] = (uint8_t)(error > 0 && error <= UINT8_MAX ? error : ATT_ERR_UNLIKELY);
	att_reply(server, pdu, sizeof(pdu));
}

static void exchange_mtu(struct att_server *server, const uint8_t *pdu, size_t len)
{
	uint8_t response[3] = {ATT_MTU_RSP};
	uint16_t mtu;

	if (len != 3) {
		att_reply_error(server, pdu[0], 0, ATT_ERR_PDU);
		return;
	}
	mtu = bytes_get16(pdu + 1);
	if (mtu > server->config.mtu)
		mtu = server->config.mtu;
	if (mtu < ATT_MTU_MIN)
		mtu = ATT_MTU_MIN;
	bytes_put16(response + 1, server->config.mtu);
	/* The response itself still goes under the old one (3.4.2.2). */
	att_reply(server, response, sizeof(response));
	if (mtu == server->mtu)
		return;
	server->mtu = mtu;
	if (server->config.ops->mtu)
		server->config.ops->mtu(server->config.ctx, mtu);
}

int att_value_read(struct att_server *server, const struct att_attribute *attribute, uint8_t *buf)
{
	int n;

	switch (attribute->kind) {
	case ATT_KIND_SERVICE:
	case ATT_KIND_CHARACTERISTIC:
		return (int)att_db_declaration(attribute, buf);
	case ATT_KIND_CCC:
		bytes_put16(buf, server->ccc[attribute->id]);
		return 2;
	case ATT_KIND_VALUE:
		break;
	}
	if (!(attribute->properties & GATT_PROP_READ))
		return -ATT_ERR_READ_NOT_PERMITTED;
	if (attribute->id == ATT_DATABASE_HASH) {
		memcpy(buf, server->db.hash, ATT_HASH_SIZE);
		return (int)ATT_HASH_SIZE;
	}
	if (!server->config.ops->read)
		return 0;
	n = server->config.ops->read(server->config.ctx, attribute->id, buf, ATT_VALUE_MAX);
	return n <= (int)ATT_VALUE_MAX ? n : (int)ATT_VALUE_MAX;
}

/* Read and Read Blob; offset 0 for the former. */
static void read_value(struct att_server *server, const uint8_t *pdu, size_t len)
{
	bool blob = pdu[0] == ATT_READ_BLOB_REQ;
	uint8_t response[1u + ATT_VALUE_MAX] = {blob ? ATT_READ_BLOB_RSP : ATT_READ_RSP};
	uint8_t value[ATT_VALUE_MAX];
	const struct att_attribute *a;
	uint16_t handle, offset;
	size_t left;
	int n;

	if (len != (blob ? 5u : 3u)) {
		att_reply_error(server, pdu[0], 0, ATT_ERR_PDU);
		return;
	}
	handle = bytes_get16(pdu + 1);
	offset = blob ? bytes_get16(pdu + 3) : 0;
	a = att_db_find(&server->db, handle);
	n = a ? att_value_read(server, a, value) : -ATT_ERR_HANDLE;
	if (n >= 0 && offset > n)
		n = -ATT_ERR_OFFSET;
	if (n < 0) {
		att_reply_error(server, pdu[0], handle, -n);
		return;
	}
	left = (size_t)n - offset;
	if (left > server->mtu - 1u)
		left = server->mtu - 1u;
	memcpy(response + 1, value + offset, left);
	att_reply(server, response, 1u + left);
}

static void confirmation(struct att_server *server, size_t len)
{
	if (len != 1 || !server->indicated)
		return;
	server->indicated = false;
	if (server->config.ops->confirmed)
		server->config.ops->confirmed(server->config.ctx, server->indicated_id);
}

/* Every PDU that a server sends has an odd number. */
static bool is_for_client(uint8_t opcode)
{
	return (opcode & 1u) && opcode <= ATT_LAST_KNOWN;
}

static void request(struct att_server *server, const uint8_t *pdu, size_t len)
{
	/* A second request before the first was answered breaks 3.3.2. */
	if (server->later) {
		att_reply_error(server, pdu[0], 0, ATT_ERR_RESOURCES);
		return;
	}
	switch (pdu[0]) {
	case ATT_MTU_REQ:
		exchange_mtu(server, pdu, len);
		break;
	case ATT_FIND_INFO_REQ:
		att_find_information(server, pdu, len);
		break;
	case ATT_FIND_BY_TYPE_REQ:
		att_find_by_type_value(server, pdu, len);
		break;
	case ATT_READ_BY_TYPE_REQ:
		att_read_by_type(server, pdu, len);
		break;
	case ATT_READ_REQ:
	case ATT_READ_BLOB_REQ:
		read_value(server, pdu, len);
		break;
	case ATT_READ_BY_GROUP_REQ:
		att_read_by_group_type(server, pdu, len);
		break;
	case ATT_WRITE_REQ:
		att_write_request(server, pdu, len);
		break;
	case ATT_PREPARE_REQ:
		att_prepare_write(server, pdu, len);
		break;
	case ATT_EXECUTE_REQ:
		att_execute_write(server, pdu, len);
		break;
	default:
		att_reply_error(server, pdu[0], 0, ATT_ERR_NOT_SUPPORTED);
		break;
	}
}

void att_server_input(struct att_server *server, const uint8_t *pdu, size_t len)
{
	/* 3.4.1.1: longer than the MTU is the sender's defect; requests are told so. */
	bool too_long = len > server->mtu;

	if (len == 0 || is_for_client(pdu[0]))
		return;
	if (pdu[0] == ATT_CONFIRMATION) {
		confirmation(server, len);
	} else if (pdu[0] & ATT_COMMAND_FLAG) {
		if (pdu[0] == ATT_WRITE_CMD && !too_long)
			att_write_command(server, pdu, len);
	} else if (too_long) {
		att_reply_error(server, pdu[0], 0, ATT_ERR_PDU);
	} else {
		request(server, pdu, len);
	}
}

static int send_value(struct att_server *server, uint8_t opcode, uint16_t ccc, enum att_value_id id,
		      const uint8_t *buf, size_t len)
{
	const struct att_attribute *a = att_db_find_id(&server->db, ATT_KIND_VALUE, id);
	uint8_t pdu[ATT_MTU_MAX] = {opcode};

	if (!a)
		return -OTA_ENOTSUP;
	if (!(server->ccc[id] & ccc))
		return -OTA_EPERM;
	if (len > server->mtu - OTA_ATT_HEADER)
		return -OTA_EMSGSIZE;
	bytes_put16(pdu + 1, a->handle);
	memcpy(pdu + 3, buf, len);
	return server->config.ops->send(server->config.ctx, pdu, OTA_ATT_HEADER + len);
}

int att_server_notify(struct att_server *server, enum att_value_id id, const uint8_t *buf,
		      size_t len)
{
	return send_value(server, ATT_NOTIFICATION, ATT_CCC_NOTIFY, id, buf, len);
}

int att_server_indicate(struct att_server *server, enum att_value_id id, const uint8_t *buf,
			size_t len)
{
	int r;

	if (server->indicated)
		return -OTA_EBUSY;
	r = send_value(server, ATT_INDICATION, ATT_CCC_INDICATE, id, buf, len);
	if (r == 0) {
		server->indicated = true;
		server->indicated_id = id;
	}
	return r;
}

void att_server_restore_ccc(struct att_server *server, enum att_value_id id, uint16_t ccc)
{
	if (att_db_find_id(&server->db, ATT_KIND_CCC, id))
		server->ccc[id] = ccc;
}

uint16_t att_server_mtu(const struct att_server *server)
{
	return server->mtu;
}

uint16_t att_server_ccc(const struct att_server *server, enum att_value_id id)
{
	return server->ccc[id];
}
