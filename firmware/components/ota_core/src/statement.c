/* SPDX-License-Identifier: Apache-2.0 */
/* See statement.h. */
#include "ota/statement.h"

#include <string.h>

static uint8_t *put(uint8_t *p, uint32_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		*p++ = (uint8_t)(value >> (8 * i));
	return p;
}

static uint8_t *put_bytes(uint8_t *p, const void *bytes, size_t len)
{
	memcpy(p, bytes, len);
	return p + len;
}

void ota_statement_pack(const struct ota_statement *statement, uint8_t ret[OTA_STATEMENT_SIZE])
{
	uint8_t *p = put_bytes(ret, OTA_STATEMENT_LABEL, OTA_STATEMENT_LABEL_SIZE);

	p = put(p, statement->chip_id, 2);
	p = put(p, statement->secure_version, 4);
	p = put(p, statement->image_size, 4);
	p = put_bytes(p, statement->project, OTA_STATEMENT_TEXT);
	p = put_bytes(p, statement->version, OTA_STATEMENT_TEXT);
	(void)put_bytes(p, statement->sha256, OTA_SHA256_SIZE);
}

void ota_statement_encode(const struct ota_statement *statement,
			  const uint8_t signature[OTA_SIGNATURE_SIZE], uint8_t ret[OTA_SIGNED_SIZE])
{
	uint8_t *p = put(ret, statement->chip_id, 2);

	p = put(p, statement->secure_version, 4);
	p = put_bytes(p, statement->project, OTA_STATEMENT_TEXT);
	p = put_bytes(p, statement->version, OTA_STATEMENT_TEXT);
	(void)put_bytes(p, signature, OTA_SIGNATURE_SIZE);
}

void ota_statement_text(uint8_t ret[OTA_STATEMENT_TEXT], const uint8_t *text)
{
	size_t len = 0;

	while (len < OTA_STATEMENT_TEXT && text[len] != 0)
		len++;
	memset(ret, 0, OTA_STATEMENT_TEXT);
	memcpy(ret, text, len);
}
