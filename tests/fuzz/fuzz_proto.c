/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes into every decoder.  What a decoder takes must encode, and come out
 * of decoding again as it was: no byte is read twice, skipped or guessed.
 *
 * The input is one PDU, or the value of Info.
 */
#include "ota/error.h"
#include "ota/proto.h"
#include "ota/skip.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MESSAGE_MAX 128u

/*
 * Decodes, encodes and decodes again; compared as bytes, padding zeroed.  From tail on fields
 * may be missing, as older devices leave them out; 0: none.
 */
#define STABLE(name, tail)                                                                         \
	static void name##_stable(const uint8_t *data, size_t size)                                \
	{                                                                                          \
		union {                                                                            \
			struct ota_##name m;                                                       \
			uint8_t bytes[sizeof(struct ota_##name)];                                  \
		} first, second;                                                                   \
		uint8_t buf[MESSAGE_MAX];                                                          \
		int rc, len;                                                                       \
                                                                                                   \
		memset(&first, 0, sizeof(first));                                                  \
		memset(&second, 0, sizeof(second));                                                \
		rc = ota_##name##_decode(data, size, &first.m);                                    \
		if (rc < 0) {                                                                      \
			if (memcmp(first.bytes, second.bytes, sizeof(first.bytes)) != 0 ||         \
			    (rc != -OTA_EMSGSIZE && rc != -OTA_EBADMSG))                           \
				abort();                                                           \
			return;                                                                    \
		}                                                                                  \
		len = ota_##name##_encode(&first.m, buf, sizeof(buf));                             \
		if (len <= 0 || ((size_t)len > size && size < ((tail) ? (tail) : (size_t)len)) ||  \
		    memcmp(buf, data, (size_t)len <= size ? (size_t)len : (tail)) != 0)            \
			abort();                                                                   \
		if (ota_##name##_decode(buf, (size_t)len, &second.m) < 0 ||                        \
		    memcmp(first.bytes, second.bytes, sizeof(first.bytes)) != 0)                   \
			abort();                                                                   \
		if (ota_##name##_decode(data, ((tail) ? (tail) : (size_t)len) - 1, &second.m) !=   \
		    -OTA_EMSGSIZE)                                                                 \
			abort();                                                                   \
	}

STABLE(start, 0u)
STABLE(link_request, 0u)
STABLE(blocks_request, 0u)
STABLE(blocks, 7u)
STABLE(ready, 0u)
STABLE(done, 0u)
STABLE(progress, 0u)
STABLE(status, 17u)
STABLE(result, 0u)
STABLE(ack, 0u)
STABLE(gap, 0u)
STABLE(link, 0u)
STABLE(telemetry, 19u)
STABLE(info, 94u)

static void error_stable(const uint8_t *data, size_t size)
{
	struct ota_error_event m;
	uint8_t buf[MESSAGE_MAX];
	int len;

	if (ota_error_decode(data, size, &m) < 0)
		return;
	len = ota_error_encode(&m, buf, sizeof(buf));
	if (len <= 0 || (size_t)len > size || memcmp(buf, data, (size_t)len) != 0)
		abort();
}

static void telemetry_request_stable(const uint8_t *data, size_t size)
{
	uint16_t period;
	uint8_t buf[MESSAGE_MAX];
	int len;

	if (ota_telemetry_request_decode(data, size, &period) < 0)
		return;
	len = ota_telemetry_request_encode(period, buf, sizeof(buf));
	if (len <= 0 || (size_t)len > size || memcmp(buf, data, (size_t)len) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const stable[])(const uint8_t *data, size_t size) = {
		start_stable,
		link_request_stable,
		blocks_request_stable,
		blocks_stable,
		telemetry_request_stable,
		ready_stable,
		error_stable,
		done_stable,
		progress_stable,
		status_stable,
		result_stable,
		ack_stable,
		gap_stable,
		link_stable,
		telemetry_stable,
		info_stable,
	};

	for (size_t i = 0; i < sizeof(stable) / sizeof(stable[0]); i++)
		stable[i](data, size);
	return 0;
}
