/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of ArduinoBleOTA in words: see src/core/session_arduino.c. */
#include "host/pdu_text.h"

#include "base/bytes.h"

#include <stdio.h>

char *pdu_text_packages_command(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	if (len == 1 && bytes[0] == 0x01)
		(void)snprintf(buf, size, "INIT");
	else if (len == 18 && bytes[0] == 0x03)
		(void)snprintf(buf, size, "BEGIN size=%u value=%u checksum=%s",
			       bytes_get32(bytes + 1), bytes_get32(bytes + 5),
			       bytes[17] & 2u ? "yes" : "no");
	else if (len == 5 && bytes[0] == 0x08)
		(void)snprintf(buf, size, "END checksum=0x%08x", bytes_get32(bytes + 1));
	else
		(void)snprintf(buf, size, "unknown command 0x%02x, %zu bytes", bytes[0], len);
	return buf;
}

/* BleOtaStatus.h */
static const char *status_text(uint8_t code)
{
	static const struct {
		uint8_t code;
		const char *text;
	} texts[] = {
		{0x00, "ok"},
		{0x01, "message of a wrong size"},
		{0x02, "unknown message"},
		{0x03, "wrong firmware size"},
		{0x04, "storage error"},
		{0x10, "uploads are disabled"},
		{0x11, "an upload runs"},
		{0x12, "no upload runs"},
		{0x13, "it installs"},
		{0x20, "it has no buffer"},
		{0x21, "its buffer is full"},
		{0x40, "no checksums"},
		{0x41, "wrong checksum"},
		{0x50, "no signatures"},
		{0x51, "wrong signature"},
		{0x52, "signature of a wrong size"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].code == code)
			return texts[i].text;
	return "unknown";
}

char *pdu_text_packages_notification(const uint8_t *bytes, size_t len, char *buf, size_t size)
{
	if (len == 2 && bytes[0] == 0x02)
		(void)snprintf(buf, size, "INIT answered: compression=%s checksum=%s upload=%s%s",
			       bytes[1] & 1u ? "yes" : "no", bytes[1] & 2u ? "yes" : "no",
			       bytes[1] & 4u ? "yes" : "no",
			       bytes[1] & 8u ? " signature=required" : "");
	else if (len == 9 && bytes[0] == 0x04)
		(void)snprintf(buf, size, "BEGIN answered: value=%u buffer=%u",
			       bytes_get32(bytes + 1), bytes_get32(bytes + 5));
	else if (len == 1 && bytes[0] == 0x07)
		(void)snprintf(buf, size, "VALUE answered");
	else if (len == 1 && bytes[0] == 0x09)
		(void)snprintf(buf, size, "END answered");
	else if (len == 2 && bytes[0] == 0x10)
		(void)snprintf(buf, size, "ERROR 0x%02x (%s)", bytes[1], status_text(bytes[1]));
	else
		(void)snprintf(buf, size, "unknown notification 0x%02x, %zu bytes", bytes[0], len);
	return buf;
}
