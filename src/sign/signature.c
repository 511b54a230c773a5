/* SPDX-License-Identifier: Apache-2.0 */
/* See signature.h. */
#include "sign/signature.h"

#include "image/image_format.h"
#include "sign/sign_file.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

#define NUMBER (OTA_SIGNATURE_SIZE / 2)

int signature_statement(const struct image *image, struct ota_statement *ret)
{
	const uint8_t *descriptor;

	if (image->kind != IMAGE_APPLICATION || !image->has_descriptor)
		return -OTA_EINVAL;
	descriptor = image->data + image->segments[0].offset;
	*ret = (struct ota_statement){
		.chip_id = image->chip_id,
		.secure_version = image->secure_version,
		.image_size = (uint32_t)image->size,
	};
	ota_statement_text(ret->project, descriptor + IMAGE_DESC_PROJECT);
	ota_statement_text(ret->version, descriptor + IMAGE_DESC_VERSION);
	memcpy(ret->sha256, image->sha256, sizeof(ret->sha256));
	return 0;
}

size_t signature_to_der(const uint8_t signature[OTA_SIGNATURE_SIZE],
			uint8_t ret[SIGNATURE_DER_MOST])
{
	uint8_t numbers[2][1 + NUMBER] = {{0}};
	gnutls_datum_t r, s, der = {NULL, 0};
	size_t len = 0;

	/* A zero in front, so that neither number is taken for a negative one. */
	memcpy(numbers[0] + 1, signature, NUMBER);
	memcpy(numbers[1] + 1, signature + NUMBER, NUMBER);
	r = (gnutls_datum_t){numbers[0], sizeof(numbers[0])};
	s = (gnutls_datum_t){numbers[1], sizeof(numbers[1])};
	for (; r.size > 1 && r.data[0] == 0 && r.data[1] < 0x80; r.size--)
		r.data++;
	for (; s.size > 1 && s.data[0] == 0 && s.data[1] < 0x80; s.size--)
		s.data++;
	if (gnutls_encode_rs_value(&der, &r, &s) >= 0 && der.size <= SIGNATURE_DER_MOST) {
		memcpy(ret, der.data, der.size);
		len = der.size;
	}
	gnutls_free(der.data);
	return len;
}

static int take(uint8_t ret[NUMBER], const gnutls_datum_t *from)
{
	const unsigned char *p = from->data;
	unsigned int len = from->size;

	for (; len > NUMBER && *p == 0; len--)
		p++;
	if (len > NUMBER)
		return -OTA_EBADMSG;
	memset(ret, 0, NUMBER - len);
	memcpy(ret + NUMBER - len, p, len);
	return 0;
}

int signature_from_der(const uint8_t *der, size_t len, uint8_t ret[OTA_SIGNATURE_SIZE])
{
	uint8_t same[SIGNATURE_DER_MOST];
	gnutls_datum_t given = {(unsigned char *)(uintptr_t)der, (unsigned int)len};
	gnutls_datum_t r = {NULL, 0}, s = {NULL, 0};
	int rc = -OTA_EBADMSG;

	if (len > 0 && len <= SIGNATURE_DER_MOST && gnutls_decode_rs_value(&given, &r, &s) >= 0) {
		rc = take(ret, &r);
		if (rc == 0)
			rc = take(ret + NUMBER, &s);
	}
	gnutls_free(r.data);
	gnutls_free(s.data);
	if (rc == 0 && (signature_to_der(ret, same) != len || memcmp(same, der, len) != 0))
		rc = -OTA_EBADMSG;
	return rc;
}

int signature_read(const char *path, uint8_t ret[OTA_SIGNATURE_SIZE], char *error, size_t size)
{
	uint8_t der[SIGNATURE_DER_MOST + 1];
	const int r = sign_file_read(path, der, sizeof(der), error, size);

	if (r < 0 || signature_from_der(der, (size_t)r, ret) == 0)
		return r < 0 ? r : 0;
	(void)snprintf(error, size,
		       "%s: expected a signature as 'otabench sign' and 'openssl dgst' write it",
		       path);
	return -OTA_EBADMSG;
}

bool signature_path(const char *image, char *buf, size_t size)
{
	const int n = snprintf(buf, size, "%s%s", image, SIGNATURE_SUFFIX);

	return n > 0 && (size_t)n < size;
}
