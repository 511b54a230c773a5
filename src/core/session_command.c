/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to the device, in a queue: one is outstanding, as GATT allows per characteristic. */
#include "core/session_priv.h"

static void start_written(struct session *s)
{
	s->started = true;
	if (s->stats.start_us == 0 && (!s->link_waits || session_begins_early(s)))
		s->stats.start_us = s->now;
}

void session_command_written(struct session *s)
{
	s->control_busy = false;
	s->end_answered |= s->control_opcode == OTA_CMD_END && s->ended;
	if (s->state == SESSION_CANCELLING && s->command_count == 0 && s->dialect)
		s->dialect->ops->abort_written(s);
	else if (s->dialect && s->dialect->ops->control_written)
		s->dialect->ops->control_written(s, s->control_opcode);
}

static enum gatt_write command_mode(const struct session *s)
{
	const uint8_t modes =
		s->properties[GATT_CONTROL] & (GATT_PROP_WRITE | GATT_PROP_WRITE_COMMAND);

	return modes == GATT_PROP_WRITE_COMMAND ? GATT_COMMAND : GATT_REQUEST;
}

/* Writes the first of the queue; false: nothing more can be written now. */
static bool command_next(struct session *s)
{
	const uint8_t at = s->command_head;
	const enum gatt_write mode = command_mode(s);
	int rc;

	if (s->control_busy || s->command_count == 0 || !session_live(s))
		return false;
	if (s->dialect && !dialect_is_driven(s->dialect)) {
		s->command_count = 0; /* nothing is written to it, whoever wanted to */
		return false;
	}
	rc = s->ops->write(s->ctx, GATT_CONTROL, mode, s->commands[at], s->command_len[at]);
	if (rc == -OTA_EAGAIN || rc == -OTA_EBUSY)
		return false; /* session_writable() or session_written() comes */
	s->command_head = (uint8_t)((s->command_head + 1u) % SESSION_COMMANDS);
	s->command_count--;
	if (rc < 0) {
		session_failed(s, rc);
		return false;
	}
	s->control_busy = true;
	s->control_opcode = s->commands[at][0];
	if (s->control_opcode == OTA_CMD_START)
		start_written(s);
	if (s->control_opcode == OTA_CMD_END)
		s->ended = true;
	if (s->control_opcode == OTA_CMD_CONFIRM)
		s->confirm_asked = true;
	if (mode == GATT_COMMAND)
		session_command_written(s);
	return mode == GATT_COMMAND;
}

void session_commands_go(struct session *s)
{
	while (command_next(s))
		;
}

void session_command(struct session *s, const uint8_t *buf, int len)
{
	uint8_t at;

	if (len <= 0 || s->command_count == SESSION_COMMANDS)
		return; /* questions are repeated after their time-out */
	at = (uint8_t)((s->command_head + s->command_count++) % SESSION_COMMANDS);
	memcpy(s->commands[at], buf, (size_t)len);
	s->command_len[at] = (uint8_t)len;
	session_commands_go(s);
}

void session_opcode(struct session *s, enum ota_command cmd)
{
	const uint8_t op = (uint8_t)cmd;

	session_command(s, &op, 1);
}
