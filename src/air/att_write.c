/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes to the server (Core Vol 3 Part F 3.4.5, 3.4.6).
 *
 * A long write is put together here and reaches the device as one value, as it
 * does from NimBLE.  Prepared parts are checked when they are executed, as
 * 3.4.6.3 has it, so that a client can read them back and cancel.
 */
#include "air/att_priv.h"

#include <string.h>

#define ATT_WRITE_HEADER 3u /* opcode, handle */
#define PREPARE_HEADER 5u /* ... and offset */

/*
 * NimBLE-Arduino refuses what is longer than an attribute (NimBLEServer::handleGattEvent()), as
 * this project's firmware does; of a command, which nothing answers, that is a loss without a word.
 * Zephyr's host has no such limit (att_write_cmd()), and its SMP takes what a PDU carries
 * (smp_bt_chr_write()).
 */
static size_t value_max(const struct att_server *server, enum att_value_id id)
{
	if (server->config.table == ATT_TABLE_SMP)
		return ATT_MTU_MAX - ATT_WRITE_HEADER;
	return id == ATT_CONTROL ? OTA_CONTROL_MAX : ATT_VALUE_MAX;
}

static int write_ccc(struct att_server *server, const struct att_attribute *a, const uint8_t *buf,
		     size_t len)
{
	uint16_t allowed = 0, ccc;

	if (len != 2)
		return ATT_ERR_LENGTH;
	if (a->properties & GATT_PROP_NOTIFY)
		allowed |= ATT_CCC_NOTIFY;
	if (a->properties & GATT_PROP_INDICATE)
		allowed |= ATT_CCC_INDICATE;
	ccc = bytes_get16(buf);
	if (ccc & ~allowed)
		return ATT_ERR_CCC;
	if (ccc == server->ccc[a->id])
		return ATT_OK;
	server->ccc[a->id] = ccc;
	if (server->config.ops->subscribed)
		server->config.ops->subscribed(server->config.ctx, a->id, ccc);
	return ATT_OK;
}

/* Checks that a can be written in this way: ATT_OK or an error. */
static int write_allowed(const struct att_server *server, const struct att_attribute *a,
			 bool command)
{
	if (!a)
		return ATT_ERR_HANDLE;
	switch (a->kind) {
	case ATT_KIND_SERVICE:
	case ATT_KIND_CHARACTERISTIC:
		break;
	case ATT_KIND_CCC:
		return command ? ATT_ERR_WRITE_NOT_PERMITTED : ATT_OK;
	case ATT_KIND_VALUE:
		if (!(a->properties & (command ? GATT_PROP_WRITE_COMMAND : GATT_PROP_WRITE)))
			break;
		return server->config.ops->permits
			       ? server->config.ops->permits(server->config.ctx, a->id)
			       : ATT_OK;
	}
	return ATT_ERR_WRITE_NOT_PERMITTED;
}

static int write_attribute(struct att_server *server, const struct att_attribute *a,
			   const uint8_t *buf, size_t len, bool command)
{
	if (a->kind == ATT_KIND_CCC)
		return write_ccc(server, a, buf, len);
	if (len > value_max(server, a->id))
		return ATT_ERR_LENGTH;
	if (!server->config.ops->write)
		return ATT_OK;
	return server->config.ops->write(server->config.ctx, a->id, buf, len, command);
}

/* Answers Write and Execute Write. */
static void write_answer(struct att_server *server, uint8_t opcode, uint16_t handle, int error)
{
	uint8_t response = opcode == ATT_EXECUTE_REQ ? ATT_EXECUTE_RSP : ATT_WRITE_RSP;

	if (error == ATT_OK)
		att_reply(server, &response, 1);
	else
		att_reply_error(server, opcode, handle, error);
}

/* The device's answer to a write now, or that it comes later. */
static void write_result(struct att_server *server, uint8_t opcode, uint16_t handle, int result)
{
	if (result != ATT_LATER) {
		server->later = false;
		write_answer(server, opcode, handle, result);
	}
}

static void write_perform(struct att_server *server, uint8_t opcode, const struct att_attribute *a,
			  const uint8_t *buf, size_t len)
{
	/* Set before: the device may answer from within its callback. */
	server->later = true;
	server->later_opcode = opcode;
	server->later_handle = a->handle;
	write_result(server, opcode, a->handle, write_attribute(server, a, buf, len, false));
}

int att_server_write_done(struct att_server *server, int error)
{
	if (!server->later)
		return -OTA_EINVAL;
	server->later = false;
	write_answer(server, server->later_opcode, server->later_handle, error);
	return 0;
}

void att_write_request(struct att_server *server, const uint8_t *pdu, size_t len)
{
	const struct att_attribute *a;
	uint16_t handle;
	int error;

	if (len < 3) {
		att_reply_error(server, pdu[0], 0, ATT_ERR_PDU);
		return;
	}
	handle = bytes_get16(pdu + 1);
	a = att_db_find(&server->db, handle);
	error = write_allowed(server, a, false);
	if (error)
		att_reply_error(server, pdu[0], handle, error);
	else
		write_perform(server, pdu[0], a, pdu + 3, len - 3);
}

void att_write_command(struct att_server *server, const uint8_t *pdu, size_t len)
{
	const struct att_attribute *a;

	if (len < 3)
		return;
	a = att_db_find(&server->db, bytes_get16(pdu + 1));
	if (!write_allowed(server, a, true))
		(void)write_attribute(server, a, pdu + 3, len - 3, true);
}

void att_prepare_write(struct att_server *server, const uint8_t *pdu, size_t len)
{
	uint8_t response[ATT_MTU_MAX];
	struct att_part part;
	uint16_t handle;
	int error;

	if (len < PREPARE_HEADER) {
		att_reply_error(server, pdu[0], 0, ATT_ERR_PDU);
		return;
	}
	handle = bytes_get16(pdu + 1);
	part.offset = bytes_get16(pdu + 3);
	part.len = (uint16_t)(len - PREPARE_HEADER);
	error = write_allowed(server, att_db_find(&server->db, handle), false);
	if (!error && ((server->prepared_handle && server->prepared_handle != handle) ||
		       server->prepared_parts == ATT_PREPARED_PARTS ||
		       server->prepared_len + part.len > sizeof(server->prepared)))
		error = ATT_ERR_QUEUE_FULL;
	if (error) {
		att_reply_error(server, pdu[0], handle, error);
		return;
	}
	server->prepared_handle = handle;
	server->parts[server->prepared_parts++] = part;
	memcpy(server->prepared + server->prepared_len, pdu + PREPARE_HEADER, part.len);
	server->prepared_len += part.len;
	memcpy(response, pdu, len);
	response[0] = ATT_PREPARE_RSP;
	att_reply(server, response, len);
}

/* The value that the parts make up; a part may not begin behind the end of those before. */
static int assemble(const struct att_server *server, uint8_t *value, size_t *ret_len)
{
	const uint8_t *from = server->prepared;
	size_t len = 0, end;

	for (unsigned int i = 0; i < server->prepared_parts; i++) {
		const struct att_part *part = &server->parts[i];

		if (part->offset > len)
			return ATT_ERR_OFFSET;
		end = (size_t)part->offset + part->len;
		if (end > ATT_VALUE_MAX)
			return ATT_ERR_LENGTH;
		memcpy(value + part->offset, from, part->len);
		from += part->len;
		if (end > len)
			len = end;
	}
	*ret_len = len;
	return ATT_OK;
}

void att_execute_write(struct att_server *server, const uint8_t *pdu, size_t len)
{
	uint16_t handle = server->prepared_handle;
	uint8_t value[ATT_VALUE_MAX];
	size_t value_len = 0;
	int error;

	if (len != 2 || pdu[1] > 1) {
		att_reply_error(server, pdu[0], 0, ATT_ERR_PDU);
		return;
	}
	error = assemble(server, value, &value_len);
	server->prepared_handle = 0;
	server->prepared_parts = 0;
	server->prepared_len = 0;
	if (pdu[1] == 0 || handle == 0)
		write_answer(server, pdu[0], 0, ATT_OK);
	else if (error)
		write_answer(server, pdu[0], handle, error);
	else
		write_perform(server, pdu[0], att_db_find(&server->db, handle), value, value_len);
}
