/* SPDX-License-Identifier: Apache-2.0 */
/* See clientlib.h.  The members of patterns[] name the sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "clientlib.h"
#include "core/mcumgr.h"

#define SECTOR 4096u

static const uint8_t *image_of(const struct client *c)
{
	return c->u.session.image;
}

static uint32_t size_of(const struct client *c)
{
	return c->u.session.image_size;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static size_t put(struct client *c, enum gatt_chr chr, enum gatt_write mode, size_t len)
{
	c->chr = chr;
	c->mode = mode;
	return len;
}

static void over(struct client *c)
{
	c->waits = true;
	c->ended = sched_now(sim_sched(c->u.simulator));
}

/* --- Espressif's sectors: the client of NimBLEOta, and that of BLEOTA */

static uint16_t crc16(const uint8_t *buf, size_t len)
{
	uint16_t crc = 0;

	for (size_t i = 0; i < len; i++) {
		crc = (uint16_t)(crc ^ buf[i] << 8);
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000u ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

static size_t command(struct client *c, uint16_t which, uint32_t payload, enum gatt_write mode)
{
	memset(c->value, 0, 20);
	bytes_put16(c->value, which);
	bytes_put32(c->value + 2, payload);
	bytes_put16(c->value + 18, crc16(c->value, 18));
	c->waits = true;
	return put(c, GATT_CONTROL, mode, 20);
}

static uint32_t sector_size(const struct client *c)
{
	return least(SECTOR, size_of(c) - c->unit * SECTOR);
}

/* The next value of a sector and its CRC, which has len bytes of them. */
static size_t sector_value(struct client *c, uint16_t number, uint8_t packet, uint32_t len)
{
	const uint32_t size = sector_size(c);
	uint8_t whole[SECTOR + 2u];

	memcpy(whole, image_of(c) + c->unit * SECTOR, size);
	bytes_put16(whole + size, crc16(whole, size));
	bytes_put16(c->value, number);
	c->value[2] = packet;
	memcpy(c->value + 3, whole + c->in_unit, len);
	c->in_unit += len;
	c->waits = packet == 0xff;
	return put(c, GATT_DATA, GATT_COMMAND, 3u + len);
}

static size_t nimbleota_next(struct client *c)
{
	const uint32_t most = least(512, c->mtu - 3u) - 3u, all = sector_size(c) + 2u;
	const uint32_t len = least(most, all - c->in_unit);

	if (c->phase == 0) {
		c->phase = 1;
		return command(c, 1, size_of(c), GATT_REQUEST);
	}
	return sector_value(c, (uint16_t)(all == SECTOR + 2u ? c->unit : 0xffff),
			    (uint8_t)(c->in_unit + len == all ? 0xff : c->in_unit / most), len);
}

static size_t bleota_next(struct client *c)
{
	const uint32_t most = least(507, c->mtu - 8u), size = sector_size(c);
	const uint32_t len = least(most, size - c->in_unit);
	const bool last = c->in_unit + len == size;

	if (c->phase == 0) {
		c->phase = 1;
		return command(c, 1, size_of(c), GATT_COMMAND);
	}
	if (c->phase == 2)
		return command(c, 2, 0, GATT_COMMAND);
	return sector_value(c, (uint16_t)c->unit, (uint8_t)(last ? 0xff : c->in_unit / most),
			    len + (last ? 2u : 0));
}

static void sectors_told(struct client *c, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	assert_int_equal(len, 20);
	assert_int_equal(bytes_get16(buf + (chr == GATT_CONTROL ? 4 : 2)), 0);
	c->waits = false;
	if (chr == GATT_CONTROL) {
		if (c->phase == 2)
			over(c);
		return;
	}
	c->at += sector_size(c);
	c->unit++;
	c->in_unit = 0;
	if (c->at < size_of(c))
		return;
	c->phase = 2; /* BLEOTA's STOP */
	if (c->pattern->id == DIALECT_NIMBLEOTA)
		over(c);
}

/* --- fbiego's parts */

#define PART 19000u
#define PART_VALUE (CLIENT_PART_VALUE - 2u)

static size_t part_value(struct client *c)
{
	const uint32_t size = least(PART, size_of(c) - c->unit * PART);
	const uint32_t len = least(PART_VALUE, size - c->in_unit);

	if (c->in_unit < size) {
		c->value[0] = 0xfb;
		c->value[1] = (uint8_t)(c->in_unit / PART_VALUE);
		memcpy(c->value + 2, image_of(c) + c->unit * PART + c->in_unit, len);
		c->in_unit += len;
		return put(c, GATT_DATA, GATT_COMMAND, 2u + len);
	}
	memcpy(c->value,
	       (uint8_t[]){0xfc, (uint8_t)(size >> 8), (uint8_t)size, (uint8_t)(c->unit >> 8),
			   (uint8_t)c->unit},
	       5);
	c->waits = true;
	return put(c, GATT_CONTROL, GATT_REQUEST, 5);
}

static size_t compact_next(struct client *c)
{
	const uint32_t size = size_of(c), parts = (size - 1u) / PART + 1u;

	switch (c->phase++) {
	case 0:
		memcpy(c->value,
		       (uint8_t[]){0xfe, (uint8_t)(size >> 24), (uint8_t)(size >> 16),
				   (uint8_t)(size >> 8), (uint8_t)size},
		       5);
		return put(c, GATT_CONTROL, GATT_COMMAND, 5);
	case 1:
		memcpy(c->value,
		       (uint8_t[]){0xff, (uint8_t)(parts >> 8), (uint8_t)parts, 0, PART_VALUE}, 5);
		return put(c, GATT_CONTROL, GATT_COMMAND, 5);
	case 2:
		c->value[0] = 0xfd;
		c->waits = true;
		return put(c, GATT_CONTROL, GATT_COMMAND, 1);
	default:
		return part_value(c);
	}
}

static void compact_told(struct client *c, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	(void)chr;
	if (buf[0] == 0xaa)
		assert_int_equal(buf[1], 0); /* it asks for each part */
	if (buf[0] == 0xf1)
		c->unit = buf[2];
	if (buf[0] == 0xaa || buf[0] == 0xf1) {
		c->in_unit = 0;
		c->waits = false;
	}
	if (buf[0] != 0x0f)
		return;
	assert_memory_equal(buf + len - 9, "Success!\n", 9);
	over(c);
}

/* --- Angerer's */

/* As long as its device's buffer takes: the client writes MTU - 3, which is more at an MTU of 517. */
static size_t angerer_next(struct client *c)
{
	const uint32_t most = least(512, c->mtu - 3u), len = least(most, size_of(c) - c->at);

	switch (c->phase) {
	case 0:
		c->phase = 1;
		bytes_put16(c->value, (uint16_t)most);
		return put(c, GATT_DATA, GATT_REQUEST, 2);
	case 1:
		c->phase = 2;
		c->value[0] = 1;
		c->waits = true;
		return put(c, GATT_CONTROL, GATT_REQUEST, 1);
	default:
		break;
	}
	if (c->at == size_of(c)) {
		c->value[0] = 4;
		c->waits = true;
		return put(c, GATT_CONTROL, GATT_REQUEST, 1);
	}
	memcpy(c->value, image_of(c) + c->at, len);
	c->at += len;
	return put(c, GATT_DATA, GATT_REQUEST, len);
}

static void angerer_told(struct client *c, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	(void)chr;
	assert_int_equal(len, 1);
	c->waits = false;
	if (buf[0] == 5)
		over(c);
	else
		assert_int_equal(buf[0], 2);
}

/* --- SMP */

/* One request of the device's buffer, without its own bytes that come from the image. */
static void smp_request(struct client *c)
{
	struct cbor_writer map = {.buf = c->request + MCUMGR_HEADER,
				  .size = sizeof(c->request) - MCUMGR_HEADER};
	struct mcumgr_header h = {.version = 1,
				  .op = MCUMGR_WRITE,
				  .group = MCUMGR_IMAGE,
				  .sequence = (uint8_t)c->unit++,
				  .command = MCUMGR_UPLOAD};
	uint32_t room;

	cbor_put(&map, CBOR_MAP, c->at == 0 ? 6 : 2);
	cbor_put_text(&map, "off");
	cbor_put(&map, CBOR_UINT, c->at);
	if (c->at == 0) {
		cbor_put_text(&map, "image");
		cbor_put(&map, CBOR_UINT, 0);
		cbor_put_text(&map, "len");
		cbor_put(&map, CBOR_UINT, size_of(c));
		cbor_put_text(&map, "sha");
		cbor_put_bytes(&map, c->u.session.sha256, OTA_SHA256_SIZE);
		cbor_put_text(&map, "upgrade");
		cbor_put_bool(&map, false);
	}
	cbor_put_text(&map, "data");
	room = least((uint32_t)(map.size - map.at) - 3u, size_of(c) - c->at);
	cbor_put_bytes(&map, image_of(c) + c->at, room);
	h.length = (uint16_t)map.at;
	mcumgr_header_put(c->request, &h);
	c->request_len = (uint32_t)(MCUMGR_HEADER + map.at);
	c->request_at = 0;
}

static size_t smp_next(struct client *c)
{
	uint32_t len;

	if (c->request_at == c->request_len)
		smp_request(c);
	len = least(c->mtu - 3u, c->request_len - c->request_at);
	memcpy(c->value, c->request + c->request_at, len);
	c->request_at += len;
	c->waits = c->request_at == c->request_len;
	return put(c, GATT_DATA, GATT_COMMAND, len);
}

static void smp_told(struct client *c, enum gatt_chr chr, const uint8_t *buf, size_t len)
{
	struct mcumgr_answer a;

	(void)chr;
	assert_int_equal(mcumgr_answer_decode(buf + MCUMGR_HEADER, len - MCUMGR_HEADER, &a), 0);
	assert_true(a.rc == 0 && a.has_off);
	c->at = a.off;
	c->waits = false;
	if (c->at == size_of(c))
		over(c); /* the test and the reset are left out, which otabench's time has */
}

const struct client_pattern client_patterns[CLIENT_PATTERNS] = {
	{"h2zero/NimBLEOta, scripts/nimbleota.py, upload_sector()", DIALECT_NIMBLEOTA, ESP_SECTORS,
	 true, nimbleota_next, sectors_told},
	{"gb88/BLEOTA, docs/index.html, buildSectorPackets()", DIALECT_BLEOTA, ESP_SECTORS, true,
	 bleota_next, sectors_told},
	{"fbiego/ESP32_BLE_OTA_Arduino, esp32_ble_ota_lib_compact/ota_updater.py, send_part()",
	 DIALECT_FBIEGO_COMPACT, ESP_PARTS, false, compact_next, compact_told},
	{"michael-angerer/esp32_ble_ota, ble_client/main.py, send_ota()", DIALECT_ANGERER,
	 ESP_ANGERER, false, angerer_next, angerer_told},
	{"intercreate/smpclient, src/smpclient/__init__.py, SMPClient.upload()", DIALECT_SMP,
	 ESP_MCUMGR, false, smp_next, smp_told},
};
