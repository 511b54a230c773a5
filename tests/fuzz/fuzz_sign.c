/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a signed update, chosen by the first byte: a key as PEM, a signature as DER, and
 * writes to Control before the gate, of which the keys here have signed none.
 */
#include "device_rig.h"
#include "ota/signed.h"
#include "sign/sign_key.h"
#include "sign/signature.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

/* A key that was read is written, and read again as the same. */
static void key(const char *text, size_t len)
{
	struct sign_key first, again;
	char error[512], *pem;

	if (sign_key_parse(&first, text, len, "key", NULL, NULL, error, sizeof(error)) == 0) {
		pem = sign_key_public_pem(&first);
		require(pem && sign_key_parse(&again, pem, strlen(pem), "pem", NULL, NULL, error,
					      sizeof(error)) == 0);
		require(memcmp(first.pair.point, again.pair.point, ECDSA_POINT) == 0);
		free(pem);
		sign_key_finish(&again);
	}
	sign_key_finish(&first);
}

/* DER has one way to write a signature. */
static void signature(const uint8_t *der, size_t len)
{
	uint8_t numbers[OTA_SIGNATURE_SIZE], back[SIGNATURE_DER_MOST];

	if (signature_from_der(der, len, numbers) == 0)
		require(signature_to_der(numbers, back) == len && memcmp(back, der, len) == 0);
}

static int never(void *ctx, const uint8_t message[OTA_STATEMENT_SIZE],
		 const uint8_t numbers[OTA_SIGNATURE_SIZE])
{
	(void)ctx;
	(void)message;
	(void)numbers;
	return -OTA_EPERM;
}

/* A length and so many bytes, each a write to Control by one of two connections. */
static void control(const uint8_t *data, size_t size)
{
	static struct dut dut;
	struct ota_signed gate;
	const struct ota_signed_config config = {.dev = &dut.dev, .check = never, .only = true};
	const struct dut_options options = {.slot_size = OTA_BLOCK_SIZE};
	struct dut_note note;

	require(dut_init(&dut, &options) == 0);
	dut_boot(&dut);
	for (uint16_t conn = 0; conn < 2; conn++)
		dut_connect(&dut, conn);
	require(ota_signed_init(&gate, &config) == 0);
	while (size > 1) {
		const size_t len = data[0] < size - 1 ? data[0] : size - 1;

		(void)ota_uncovered(&gate, data[0] & 1u, data + 1, len);
		ota_signed_control(&gate, data[0] & 1u, data + 1, len, dut.now);
		data += 1 + len;
		size -= 1 + len;
		dut.now += 500;
		ota_signed_tick(&gate, dut.now);
		dut_settle(&dut); /* READY comes behind operations */
		while (dut_take(&dut, &note))
			require(note.bytes[0] != OTA_EVT_READY || dut.dev.rx.kind == OTA_KIND_SINK);
	}
	require(dut.violation == NULL && dut.dev.rx.flushed == 0);
	dut_finish(&dut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	switch (data[0]) {
	case '-': /* as PEM begins */
		key((const char *)data, size);
		break;
	case 0x30: /* as DER does */
		signature(data, size);
		break;
	default:
		control(data, size);
		break;
	}
	return 0;
}
