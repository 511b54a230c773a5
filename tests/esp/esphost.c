/* SPDX-License-Identifier: Apache-2.0 */
#include "esphost.h"

#include "image/image_build.h"
#include "base/bytes.h"
#include "base/sha256.h"
#include "ota/stream.h"
#include "testlib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_US 5000u /* 495 bytes at 99 kB/s */

struct ota_esp_config esphost_config;

struct esphost_image esphost_image(const char *project, const char *version, uint32_t size,
				   uint32_t secure_version, uint32_t seed)
{
	const struct image_build build = {.chip_id = CONFIG_IDF_FIRMWARE_CHIP_ID,
					  .project = project,
					  .version = version,
					  .size = size,
					  .secure_version = secure_version,
					  .seed = seed};
	struct esphost_image image = {.size = image_build_size(size)};
	size_t got;

	image.bytes = malloc(image.size);
	if (!image.bytes || image_build(&build, sha256_buffer, image.bytes, image.size, &got) < 0)
		abort();
	image.size = (uint32_t)got;
	return image;
}

static bool advertising(void *arg)
{
	(void)arg;
	return fake_radio.advertising;
}

bool esphost_boot(void)
{
	fake_boot();
	if (ota_esp_init(&esphost_config) != ESP_OK || ota_esp_start() != ESP_OK)
		return false;
	return fake_run_until(advertising, NULL, 5000);
}

void esphost_power_on(void)
{
	const struct esphost_image image = esphost_image("otabench-sim", "1.0.0", 200000, 1, 1);

	memset(&esphost_config, 0, sizeof(esphost_config));
	fake_board_reset();
	fake_radio_reset();
	fake_flash_image(0, image.bytes, image.size);
	free(image.bytes);
	if (!esphost_boot())
		abort();
}

void esphost_set_up(struct esphost_image *ret_image, uint32_t size)
{
	esphost_power_on();
	*ret_image = esphost_image("otabench-sim", "1.1.0", size, 1, 2);
}

int esphost_tear_down(struct esphost_image *image)
{
	free(image->bytes);
	image->bytes = NULL;
	if (fake_breach)
		(void)printf("# %s\n", fake_breach);
	return fake_breach ? -1 : 0;
}

static bool restarted(void *arg)
{
	(void)arg;
	return fake_restarted();
}

bool esphost_restarts(uint32_t ms)
{
	return fake_run_until(restarted, NULL, ms);
}

void esphost_connect(struct host *host, const uint8_t *image, uint32_t size)
{
	memset(host, 0, sizeof(*host));
	host->image = image;
	host->size = size;
	host->conn = fake_connect();
	if (host->conn != 0xffff)
		fake_subscribe(host->conn, true);
}

static void on_gap(struct host *host, const uint8_t *buf, size_t len)
{
	struct ota_gap gap;

	if (ota_gap_decode(buf, len, &gap) < 0)
		return;
	host->sequence = gap.sequence;
	host->sent = gap.offset;
}

/* The place in the whole stream at which the session's begins, less the length that comes first. */
static uint32_t session_base(const struct host *host)
{
	return stream_block_at(host->stream, host->begins) - host->stream->at[0];
}

static void on_ready(struct host *host, const uint8_t *buf, size_t len)
{
	struct ota_ready ready;

	if (ota_ready_decode(buf, len, &ready) < 0)
		return;
	host->offset = host->sent = host->received = ready.offset;
	host->limit = ready.limit;
	host->max_value = ready.max_value;
	host->sequence = ready.sequence;
	host->begins = ota_ready_image_offset(&ready, buf, len);
	host->to_send = host->stream ? host->stream->size - session_base(host) : host->size;
	host->ready_at = fake_now_ms();
}

static void on_ack(struct host *host, const uint8_t *buf, size_t len)
{
	struct ota_ack ack;

	if (ota_ack_decode(buf, len, &ack) < 0)
		return;
	host->limit = ack.limit;
	host->received = ack.received;
	host->flushed = ack.flushed;
}

static void on_note(struct host *host, const struct fake_note *note)
{
	const uint8_t *buf = note->bytes;
	const size_t len = note->len;

	host->seen[buf[0] & 15]++;
	switch (buf[0]) {
	case OTA_EVT_READY:
		on_ready(host, buf, len);
		break;
	case OTA_EVT_ERROR:
		if (ota_error_decode(buf, len, &host->error) < 0)
			host->error.code = 0xff; /* basic: the opcode alone */
		break;
	case OTA_EVT_DONE:
		ota_done_decode(buf, len, &host->done);
		host->done_at = note->at;
		break;
	case OTA_EVT_STATUS:
		ota_status_decode(buf, len, &host->status);
		break;
	case OTA_EVT_RESULT:
		ota_result_decode(buf, len, &host->result);
		break;
	case OTA_EVT_BLOCKS:
		(void)ota_blocks_decode(buf, len, &host->blocks);
		break;
	case OTA_EVT_ACK:
		on_ack(host, buf, len);
		break;
	case OTA_EVT_GAP:
		on_gap(host, buf, len);
		break;
	case OTA_EVT_LINK:
		ota_link_decode(buf, len, &host->link);
		break;
	case OTA_EVT_TELEMETRY:
		ota_telemetry_decode(buf, len, &host->telemetry);
		break;
	default:
		break;
	}
}

void esphost_drain(struct host *host)
{
	struct fake_note note;

	while (fake_note(host->conn, &note))
		on_note(host, &note);
}

bool esphost_wait(struct host *host, uint8_t opcode, uint32_t ms)
{
	const uint32_t before = host->seen[opcode];
	const uint32_t end = fake_now_ms() + ms;
	struct fake_note note;

	while (host->seen[opcode] == before) {
		const uint32_t now = fake_now_ms();

		if (now >= end || !fake_wait_note(host->conn, &note, end - now))
			return false;
		on_note(host, &note);
		if (note.bytes[0] == OTA_EVT_ERROR && opcode != OTA_EVT_ERROR &&
		    opcode != OTA_EVT_STATUS)
			return false;
	}
	return true;
}

int esphost_write_start(struct host *host, uint16_t flags)
{
	struct ota_start start = {.version = OTA_PROTOCOL_VERSION,
				  .flags = flags,
				  .image_size = host->size,
				  .stream_size = host->size};
	uint8_t buf[OTA_CONTROL_MAX];
	int len;

	sha256_buffer(host->image, host->size, start.sha256);
	if (host->stream) {
		start.flags |= stream_start_flags(host->stream);
		start.stream_size = host->stream->size;
	}
	len = ota_start_encode(&start, buf, sizeof(buf));
	host->error.code = OTA_OK;
	return fake_write(host->conn, CONTROL, buf, (size_t)len);
}

bool esphost_start(struct host *host, uint16_t flags)
{
	return esphost_write_start(host, flags) == 0 && esphost_wait(host, OTA_EVT_READY, 60000);
}

static void fill(const struct host *host, uint8_t *to, uint32_t len)
{
	uint8_t head[OTA_STREAM_HEAD + OTA_SKIP_MAP];
	uint32_t at = host->sent;

	if (!host->stream) {
		memcpy(to, host->image + host->sent, len);
		return;
	}
	bytes_put32(head, host->to_send);
	if (host->stream->kept)
		memcpy(head + OTA_STREAM_HEAD, host->stream->kept->map, OTA_SKIP_MAP);
	for (; len > 0 && at < host->stream->at[0]; at++, len--)
		*to++ = head[at];
	stream_copy(host->stream, session_base(host) + at, to, len);
}

static void one_value(struct host *host, uint32_t len)
{
	uint8_t buf[OTA_VALUE_MAX];

	buf[0] = (uint8_t)host->sequence;
	buf[1] = (uint8_t)(host->sequence >> 8);
	fill(host, buf + OTA_DATA_HEADER, len);
	fake_write_command(host->conn, DATA, buf, len + OTA_DATA_HEADER);
	host->sequence++;
	host->sent += len;
}

bool esphost_send(struct host *host, uint32_t end)
{
	const uint32_t started = fake_now_ms();
	uint64_t air = fake_now_us();

	while (host->sent < end && host->error.code == OTA_OK) {
		uint32_t len = 495 - OTA_DATA_HEADER;

		if (len > end - host->sent)
			len = end - host->sent;
		esphost_drain(host);
		if (host->limit < host->sent + len) {
			fake_run_ms(1);
			if (fake_restarted() || fake_now_ms() - started > 600000)
				return false;
			continue;
		}
		one_value(host, len);
		air = (air > fake_now_us() ? air : fake_now_us()) + VALUE_US;
		if (air > fake_now_us() + 15000) /* three in an interval */
			fake_run_ms(15);
	}
	fake_run_ms(1);
	esphost_drain(host);
	return host->error.code == OTA_OK;
}

bool esphost_end(struct host *host)
{
	esphost_command(host, OTA_CMD_END);
	return esphost_wait(host, OTA_EVT_DONE, 60000);
}

int esphost_command(struct host *host, enum ota_command cmd)
{
	uint8_t buf[4];
	const int len = ota_command_encode(cmd, buf, sizeof(buf));

	return fake_write(host->conn, CONTROL, buf, (size_t)len);
}

bool esphost_update(struct host *host, const struct esphost_image *image)
{
	esphost_connect(host, image->bytes, image->size);
	return host->conn != 0xffff && esphost_start(host, 0) && esphost_send(host, host->size) &&
	       esphost_end(host);
}

uint32_t esphost_looks(uint32_t ms)
{
	return ms / OTA_ESP_LOOK_MS + 1;
}

uint16_t esphost_owner(void)
{
	uint16_t owner;

	ota_esp_enter();
	owner = ota_device_owner(&ota_esp.device);
	ota_esp_unlock();
	return owner;
}

void esphost_info(struct host *host, struct ota_info *ret)
{
	uint8_t buf[128];
	size_t len = 0;

	memset(ret, 0, sizeof(*ret));
	if (fake_read(host->conn, INFO, buf, sizeof(buf), &len) == 0)
		ota_info_decode(buf, len, ret);
}

uint32_t esphost_version(struct host *host, char *ret, size_t size)
{
	uint8_t buf[64];
	size_t len = 0;

	if (fake_read(host->conn, 0x2a26, buf, sizeof(buf), &len) != 0)
		return 0;
	snprintf(ret, size, "%.*s", (int)len, (const char *)buf);
	return (uint32_t)len;
}
