/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of fbiego's dialects in words: see src/core/session_parts.c. */
#include "host/pdu_text.h"

#include "base/output.h"

#include <stdio.h>

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

char *pdu_text_parts_command(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	if (len == 1 && bytes[0] == 0xfd)
		(void)snprintf(buf, size, "BEGIN");
	else if (len == 5 && bytes[0] == 0xfe)
		(void)snprintf(buf, size, "LENGTH %u", get16(bytes + 1) << 16 | get16(bytes + 3));
	else if (len == 5 && bytes[0] == 0xff)
		(void)snprintf(buf, size, "PARTS %u of values of %u", get16(bytes + 1),
			       get16(bytes + 3));
	else if (len == 5 && bytes[0] == 0xfc)
		(void)snprintf(buf, size, "END of part %u, %u bytes", get16(bytes + 3),
			       get16(bytes + 1));
	else
		(void)snprintf(buf, size, "unknown command 0x%02x, %zu bytes", bytes[0], len);
	return buf;
}

char *pdu_text_parts_notification(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	int n;

	if (len == 2 && bytes[0] == 0xaa)
		(void)snprintf(buf, size, "MODE %u: %s", bytes[1],
			       bytes[1] ? "all parts" : "it asks for each");
	else if (len == 3 && bytes[0] == 0xf1)
		(void)snprintf(buf, size, "WANTS part %u", get16(bytes + 1));
	else if (len == 3 && bytes[0] == 0xf2)
		(void)snprintf(buf, size, "INSTALLING %u parts", get16(bytes + 1));
	else if (bytes[0] == 0x0f && (n = snprintf(buf, size, "RESULT ")) > 0)
		(void)output_safe_text(bytes + 1, len - 1, buf + n, size - (size_t)n);
	else
		(void)snprintf(buf, size, "unknown notification 0x%02x, %zu bytes", bytes[0], len);
	return buf;
}
