/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the dialects with sectors in words: see src/core/session_sectors.c. */
#include "host/pdu_text.h"

#include "base/bytes.h"

#include <stdio.h>

#define MESSAGE 20u

enum { CMD_START = 1, CMD_STOP = 2, CMD_ANSWER = 3 };

static const char *command_name(uint16_t command)
{
	return command == CMD_START ? "START" : command == CMD_STOP ? "STOP" : "unknown command";
}

char *pdu_text_sectors_command(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	if (len != MESSAGE)
		(void)snprintf(buf, size, "a message of %zu bytes", len);
	else if (bytes_get16(bytes) == CMD_START)
		(void)snprintf(buf, size, "START size=%u", bytes_get32(bytes + 2));
	else
		(void)snprintf(buf, size, "%s", command_name(bytes_get16(bytes)));
	return buf;
}

char *pdu_text_sectors_answer(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	if (len != MESSAGE || bytes_get16(bytes) != CMD_ANSWER)
		(void)snprintf(buf, size, "a message of %zu bytes", len);
	else
		(void)snprintf(buf, size, "ANSWER %s %s", command_name(bytes_get16(bytes + 2)),
			       bytes_get16(bytes + 4) == 0 ? "accepted" : "rejected");
	return buf;
}

char *pdu_text_sectors_data(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	static const char *const words[] = {"ok",	    "wrong CRC", "wrong sector",
					    "wrong length", "status 4",	 "cannot begin"};
	const uint16_t status = len == MESSAGE ? bytes_get16(bytes + 2) : 0;

	if (len != MESSAGE)
		(void)snprintf(buf, size, "a message of %zu bytes", len);
	else if (status < sizeof(words) / sizeof(words[0]))
		(void)snprintf(buf, size, "SECTOR %u %s expects=%u", bytes_get16(bytes),
			       words[status], bytes_get16(bytes + 4));
	else
		(void)snprintf(buf, size, "SECTOR %u status %u", bytes_get16(bytes), status);
	return buf;
}
